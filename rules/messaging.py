"""When a message may be sent, when one must not be sent any more, and which words it must not carry."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# 47 CFR 64.1200(c)(1): not before 8 am or after 9 pm, local time of the person called.
SENDING_HOURS = (8, 21)
QUESTIONNAIRE_REMINDERS = (timedelta(hours=48), timedelta(days=5))
# After the second reminder the patient has two days before a person calls.
CALL_AFTER = timedelta(days=7)
APPOINTMENT_REMINDER_HOURS = (72, 24)


def next_send_time(now_utc: datetime, zone: str, sending_hours: tuple[int, int] = SENDING_HOURS) -> datetime:
    """The first moment from now on in the patient's sending hours, UTC; opening hour in, closing hour out.

    ``zone`` is the patient's stored IANA zone, never guessed from a phone number.
    """
    opens, closes = sending_hours
    local = now_utc.astimezone(ZoneInfo(zone))
    if opens <= local.hour < closes:
        return now_utc.astimezone(UTC)
    day = local.date() if local.hour < opens else local.date() + timedelta(days=1)
    return datetime.combine(day, time(opens), ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True)
class ReminderPlan:
    """When to remind about questionnaires and when a person calls instead; UTC, not yet in sending hours."""

    reminders: tuple[datetime, ...]
    call_due: datetime


def reminder_times(requested_at: datetime) -> ReminderPlan:
    """Reminders 48 hours and 5 days after the request, a call to-do after 7 days."""
    return ReminderPlan(tuple(requested_at + after for after in QUESTIONNAIRE_REMINDERS), requested_at + CALL_AFTER)


def appointment_reminder_times(
    starts_at: datetime,
    zone: str,
    *,
    booked_at: datetime,
    hours_before: Sequence[int] = APPOINTMENT_REMINDER_HOURS,
    sending_hours: tuple[int, int] = SENDING_HOURS,
) -> tuple[datetime, ...]:
    """When to remind of an appointment, UTC: the given hours before, moved into sending hours.

    Left out: a reminder due before the booking (the confirmation has just said it), or not before the start.
    """
    due = [starts_at - timedelta(hours=hours) for hours in hours_before]
    times = {next_send_time(at, zone, sending_hours) for at in due if at > booked_at}
    return tuple(sorted(at for at in times if at < starts_at))


# 47 CFR 64.1200(a)(10) names the first seven; the others are what a reasonable person also means by one word.
OPT_OUT_WORDS = frozenset(
    {
        *("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"),
        *("optout", "stopall", "stop all", "remove", "unsub", "alto", "parar", "detener", "basta", "no mas"),
    }
)
POLITENESS = frozenset({"please", "pls", "plz", "thanks", "thank", "you", "now", "por", "favor", "gracias", "ok"})
MESSAGES = r"(?:text|texts|texting|message|messages|messaging|msg|msgs|sms|email|emails|emailing|contact|contacting)"
NOT = r"(?:do not|don t|dont|never)"
OPT_OUT_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        rf""
        rf"\b(?:stop|quit|cease)\s+(?:(?:sending|getting|all|any|the|these|your|with|me|my|of)\s+)*{MESSAGES}\b",
        r"\b(?:stop|quit)\s+(?:sending|calling|bothering|spamming|harassing)\b",
        rf"\b{NOT}\s+(?:ever\s+)?(?:send|{MESSAGES})\s+(?:me|us|this|here|any|anymore|again)\b",
        rf"\b(?:no more|no further)\s+(?:\w+\s+)?{MESSAGES}\b",
        rf"\b{NOT}\s+(?:want|wish|like)\s+(?:to\s+(?:get|receive|have)\s+)?(?:\w+\s+){{0,3}}{MESSAGES}\b",
        r"\b(?:remove|delete)\s+(?:me|my (?:phone )?number|this number)\b",
        r"\btake\s+(?:me|my (?:phone )?number|this number)\s+off\b",
        r"\b(?:unsubscribe|opt out|optout|opt me out)\b",
        r"\brevoke\s+(?:my\s+)?(?:consent|permission)\b",
        r"\b(?:withdraw|cancel|end)\s+(?:my\s+)?(?:consent|subscription|permission|text|texts|messages)\b",
        r"\b(?:leave me alone|lose my number)\b",
        # Not a revocation in words, but writing on would tell a stranger about the patient.
        r"\bwrong (?:number|person)\b",
        r"\bno (?:me )?(?:envie|envien|mande|manden|escriba|escriban)\b",
    )
)
NEGATED_OPT_OUT = re.compile(
    r"\b(?:do not|don t|dont|never|no need to|can t|cant|cannot|could not|couldn t)\s+(?:want to\s+)?"
    r"(?:stop|quit|unsubscribe|opt out)\b"
)


def is_opt_out(text: str) -> bool:
    """Whether a reply revokes consent to messages: one of the words alone, or a phrase that plainly asks it.

    Source: 47 CFR 64.1200(a)(10) (FCC 24-24): stop, quit, end, revoke, opt out, cancel, unsubscribe, or what
    a reasonable person would understand as revoking. CANCEL alone opts out; "cancel my appointment" is about
    the appointment.
    """
    words = _plain_words(text)
    bare = [word for word in words if word not in POLITENESS]
    if " ".join(bare) in OPT_OUT_WORDS or "".join(bare) in OPT_OUT_WORDS:
        return True
    sentence = " ".join(words)
    if NEGATED_OPT_OUT.search(sentence):
        return False
    return any(phrase.search(sentence) for phrase in OPT_OUT_PHRASES)


def _plain_words(text: str) -> list[str]:
    """Lower-case words without accents, punctuation or invisible characters."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    visible = "".join(char for char in folded if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return re.findall(r"[a-z0-9]+", visible)


SENSITIVE = (
    r"\w*therap(?:y|ies|ist|ists|eutic)",
    r"psych\w*",
    r"counsel\w*",
    r"mental\w*",
    r"behaviou?ral",
    r"depress\w*",
    r"anxi\w*",
    r"panic",
    r"bipolar",
    r"mania|manic",
    r"schizo\w*",
    r"trauma\w*",
    r"ptsd|adhd|ocd|cbt|dbt|emdr",
    r"suicid\w*",
    r"self[\s-]?(?:harm|injury)\w*",
    r"crisis",
    r"phq|gad|c-?ssrs|audit-c|pcl-?5",
    r"diagnos\w*",
    r"disorder\w*",
    r"addict\w*",
    r"substance\w*",
    r"alcohol\w*",
    r"drugs?",
    r"rehab\w*",
    r"detox\w*",
    r"medication\w*",
    r"griev\w*|grief",
    r"abus\w*",
    r"symptoms?",
    r"treatment\w*",
)
SENSITIVE_WORDS = re.compile(rf"\b(?:{'|'.join(SENSITIVE)})(?![a-z])", re.IGNORECASE)


def sensitive_words(text: str) -> tuple[str, ...]:
    """Which words in a text name the service or a diagnosis, in order, lower case, each once.

    An SMS or email carries none of them: it may be read on someone else's screen.
    """
    folded = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return tuple(dict.fromkeys(found.group().lower() for found in SENSITIVE_WORDS.finditer(plain)))


def contains_sensitive_words(text: str) -> bool:
    """Whether a text names the service or a diagnosis, and so must not leave as an SMS or email."""
    return bool(sensitive_words(text))
