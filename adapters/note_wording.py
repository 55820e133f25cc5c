"""Words every export of a signed note uses for its times, its signatures, what cannot be shown."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from adapters.spoken_times import spoken_day, spoken_hour
from models.codes import AuthenticatedHow
from models.errors import ContractBroken
from models.signed_note import NoteSection, NoteSignature, SignedNote

PROVED_BY = {
    AuthenticatedHow.DESK_PASSWORD_AND_CODE.value: "password and one-time code, at the desk",
    AuthenticatedHow.DESK_OIDC.value: "the practice's sign-in service, at the desk",
    AuthenticatedHow.PREFECT_CODE.value: "one-time code, in Prefect",
    AuthenticatedHow.COMMAND_LINE_PASSWORD_AND_CODE.value: "password and one-time code, at a terminal",
}
NOT_ASSESSED, NONE_NOT_ASSESSED = "Not assessed", "Nothing is listed as not assessed."
NO_DIAGNOSES = "None recorded."


def signatures(note: SignedNote) -> tuple[NoteSignature, ...]:
    """The note's own signature, then that of each addendum."""
    return (note.signature, *(addendum.signature for addendum in note.addenda))


def last_signed_at(note: SignedNote) -> datetime:
    """When the newest of its signatures was given."""
    return max(aware(each.at, "signature.at") for each in signatures(note))


def title_of(note: SignedNote) -> str:
    """What the document is called: its number alone, since titles show in lists, logs and tabs."""
    return f"Progress note {note.note_number}"


def signer(signature: NoteSignature) -> str:
    """``Ana Pérez, LCSW``."""
    return f"{signature.name}, {signature.credential}" if signature.credential else signature.name


def proved_by(signature: NoteSignature) -> str:
    """How the signer proved who they are, in words."""
    return PROVED_BY.get(signature.how) or plain(signature.how)


def plain(code: str) -> str:
    """``family without patient``: a code as a person reads it."""
    return code.replace("_", " ")


def format_in_words(note: SignedNote) -> str:
    """``SOAP, template soap-3``."""
    return f"{note.format}, template {note.template_version}" if note.template_version else note.format


def addon_line(addon: tuple[str, int]) -> str:
    """``90840``, the sign for times, ``2``."""
    return "{} \N{MULTIPLICATION SIGN} {}".format(*addon)


def drafted_line(note: SignedNote) -> str | None:
    """Who proposed the draft and who answers for it; None where a person wrote it all."""
    if note.drafted_by is None:
        return None
    return f"Drafted by {note.drafted_by}; reviewed and signed by {signer(note.signature)}."


def session_time(note: SignedNote) -> str:
    """``Monday, November 2, 2026, 9:00 AM CST to 9:53 AM CST``: the place's clock, each time with its own offset."""
    start = local_time(note.started_at, note.time_zone, "started_at")
    end = local_time(note.ended_at, note.time_zone, "ended_at")
    until = _hour(end) if start.date() == end.date() else f"{_day(end)}, {_hour(end)}"
    return f"{_day(start)}, {_hour(start)} to {until}"


def signed_time(signature: NoteSignature, time_zone: str) -> str:
    """``Monday, November 2, 2026, 10:14 AM CST (2026-11-02T16:14:05Z)``."""
    local = local_time(signature.at, time_zone, "signature.at")
    return f"{_day(local)}, {_hour(local)} ({local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"


def local_time(at: datetime, time_zone: str, field: str) -> datetime:
    """The moment on the clock of a zone; ContractBroken where it is no moment or the zone is unknown."""
    zone = _zone_of(time_zone)
    if zone is None:
        raise ContractBroken("the place's time zone is unknown", field="time_zone")
    return aware(at, field).astimezone(zone)


def _zone_of(time_zone: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(time_zone)
    except (ValueError, OSError, KeyError):
        return None


def aware(at: datetime, field: str) -> datetime:
    """The same; ContractBroken where it lacks its offset, since this machine's own would be a guess."""
    if at.tzinfo is None:
        raise ContractBroken("a time of the note lacks its offset", field=field)
    return at


def sentences_of(section: NoteSection) -> tuple[str, ...]:
    """What stands under a heading, said in words where that is nothing."""
    return tuple(each for each in section.sentences if each.strip()) or ("Nothing was written under this heading.",)


def visible(text: str, can_show: Callable[[str], bool]) -> str:
    """The text with each character that cannot be shown as its number and name; lines end with a line feed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(each if each == "\n" or can_show(each) else character_mark(each) for each in lines)


def character_mark(character: str) -> str:
    """``[U+1F44D thumbs up sign]``, without a name where that only repeats the number."""
    number = f"{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"[U+{number}]" if not name or name.endswith(number) else f"[U+{number} {name.lower()}]"


def _day(local: datetime) -> str:
    return f"{spoken_day(local, str(local.tzinfo), 'en')}, {local.year}"


def _hour(local: datetime) -> str:
    name = local.tzname() or ""
    return f"{spoken_hour(local, str(local.tzinfo), 'en')} {name if name.isalpha() else f'UTC{name}'}"
