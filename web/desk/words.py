"""How the desk words things: durations, local times, audit events, dispositions, scripts for calls."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.undelivered import CALL_KEY, POST_KEY
from models.codes import (
    ApprovalKind,
    AuthenticatedHow,
    CaseOwner,
    ClaimStatus,
    DraftKind,
    EpisodeStatus,
    FollowUpStatus,
    NoteStatus,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoOutcome,
    TranscriptState,
    Verdict,
)
from models.note_codes import ConsentKind
from models.operational import AuditEvent, PatientConsent
from models.scheduling_codes import CheckInKind, FollowUpReason
from rules.assignment_sign_off import WHY_LABELS, Why
from rules.check_ins import MOOD_SCALE
from rules.sign_off import CONTINUE, DECLINE, HIGHER_LEVEL, NOTHING_NEEDED

ROLES = {
    Role.CLINICIAN: "Clinician",
    Role.COORDINATOR: "Intake coordinator",
    Role.BILLER: "Biller",
    Role.ANALYST: "Operations analyst",
    Role.OWNER: "Practice owner",
    Role.COMPLIANCE: "Compliance officer",
    Role.ADMIN: "Administrator",
}

DISPOSITIONS = {
    CONTINUE: "Continue intake here",
    HIGHER_LEVEL: "Refer to a higher level of care",
    DECLINE: "Decline this referral",
}

VERDICTS = {
    Verdict.APPROVE: "approved as proposed",
    Verdict.EDIT_AND_APPROVE: "edited and approved",
    Verdict.RETURN: "returned with a question",
    Verdict.REJECT: "rejected",
}

FLAG_STATUS = {
    "present": "present",
    "historical": "in the past",
    "negated": "negated in the text",
    "someone_else": "about someone else",
    "hypothetical": "hypothetical",
    "quoted": "quoted",
    "idiom": "figure of speech",
    "doubted": "found by a rule, doubted by the classifier",
}

RAISED_BY = {
    "rule": "text rule",
    "item": "answer to a question",
    "classifier": "classifier",
    "clinician": "clinician, in the missed-risk sample",
}

LABELS = {"confirmed": "This is what it says", "in_error": "Raised in error", "": "Leave it open"}

NOTE_VERDICTS = {
    Verdict.APPROVE: "signed as drafted",
    Verdict.EDIT_AND_APPROVE: "edited and signed",
    Verdict.RETURN: "returned with a question",
    Verdict.REJECT: "closed: no note from here",
}

DRAFTS = {
    DraftKind.DRAFTED: "drafted",
    DraftKind.PLAIN_NO_TRANSCRIPT: "empty template: no transcript came",
    DraftKind.PLAIN_NO_CONSENT: "empty template: a consent is missing",
    DraftKind.PLAIN_JURISDICTION: "empty template: the law where the patient was",
    DraftKind.PLAIN_UNREADABLE: "empty template: the transcript could not be read",
    DraftKind.PLAIN_TOO_SHORT: "empty template: the transcript is too short",
    DraftKind.PLAIN_NOTHING_SUPPORTED: "empty template: nothing said supports a sentence",
}

WHOM_TO_ASK = {
    DraftKind.PLAIN_NO_TRANSCRIPT: "If the session was recorded, return this note: a coordinator asks for the file.",
    DraftKind.PLAIN_NO_CONSENT: (
        "Ask the patient. Once a coordinator or you put the signed paper on record, a session held after it is drafted."
    ),
    DraftKind.PLAIN_JURISDICTION: "Nobody can change this by asking; write the note yourself.",
    DraftKind.PLAIN_UNREADABLE: "Return this note: a coordinator asks for the transcript again.",
    DraftKind.PLAIN_TOO_SHORT: "If more was said, return this note: a coordinator asks for the whole transcript.",
    DraftKind.PLAIN_NOTHING_SUPPORTED: "The transcript is beside the note; write the note yourself.",
}

TRANSCRIPTS = {
    TranscriptState.NONE: "none came",
    TranscriptState.KEPT: "kept",
    TranscriptState.NO_CONSENT: "not opened: no consent",
    TranscriptState.UNREADABLE: "could not be read",
    TranscriptState.TOO_SHORT: "too short to be a session",
    TranscriptState.PURGED: "destroyed on request",
}

LEFT_UNSAID = {
    "small_talk": "small talk",
    "command": "instructions in an exercise",
    "empty": "nothing but fillers",
    "question": "questions without an answer of their own",
    "unclear": "could not be made a statement without guessing",
    "repeated": "said before",
    "less_salient": "mattered less than what is there",
    "unsupported": "not supported by the transcript",
}

SPEAKERS = {"patient": "Patient", "clinician": "Clinician"}

NECESSITY = {
    "diagnosis": "Diagnosis",
    "symptoms": "Symptoms",
    "impairment": "What is harder in daily life",
    "intervention": "What you did",
    "response": "Response",
    "progress": "Progress towards a goal",
    "plan": "What happens next",
}

EDITS = {
    "kept": "kept as drafted",
    "edited": "edited",
    "moved": "moved",
    "dropped": "left out",
    "added": "added by the clinician",
}

PROVED_HOW = {
    AuthenticatedHow.DESK_PASSWORD_AND_CODE: "password and one-time code on the desk",
    AuthenticatedHow.DESK_OIDC: "the practice's sign-in service",
}

CHECK_INS = {
    CheckInKind.PHQ9: "PHQ-9",
    CheckInKind.GAD7: "GAD-7",
    CheckInKind.MOOD: "Mood, one question",
    CheckInKind.HOMEWORK: "Homework",
}

FOLLOW_UP_REASONS = {
    FollowUpReason.SELF_HARM_ITEM: "PHQ-9 item 9: thoughts of being better off dead or of self-harm",
    FollowUpReason.RELIABLE_WORSENING: "reliably worse than before",
    FollowUpReason.TWO_UNANSWERED: "check-ins in a row without an answer",
    FollowUpReason.WORRYING_WORDS: "words that worry",
    FollowUpReason.WORDS_UNREAD: "words that no program has read: a person must",
    FollowUpReason.LOW_MOOD: "a very low mood",
}

FOLLOW_UP_DONE = {
    "call": "I have called, or call now",
    "sooner_appointment": "A sooner appointment is arranged",
    "message": "I write to the patient",
    NOTHING_NEEDED: "Nothing is needed",
}

OWNERS = {
    CaseOwner.PATIENT: "the patient",
    CaseOwner.PAYER: "the payer",
    CaseOwner.OWNER: "the practice's owner",
    CaseOwner.SYSTEM: "the system",
    CaseOwner.NOBODY: "nobody",
}

READER_TABLES = {
    "raised_by": "By what raised them",
    "version": "By version",
    "kind": "By kind",
    "rule": "By rule",
}

FAIRNESS_TABLES = {
    "wait": "By how long they wait",
    "language": "By language",
    "payer": "By payer",
    "location": "By location",
}

TEXT_KINDS = {
    "referral_text": "Referral text",
    "patient_words": "In the patient's own words",
    "answered_question": "Answer to a question",
    "check_in_words": "Written with a check-in",
}

OUTCOMES = {
    ToDoOutcome.REACHED_SEND_LINK_AGAIN: "Reached: send the link again",
    ToDoOutcome.NO_ANSWER_TRY_AGAIN: "No answer: try again later",
    ToDoOutcome.UNREACHABLE: "Cannot be reached: prepare a closing letter",
    ToDoOutcome.WITHDREW: "No longer wants this: close as withdrawn",
    ToDoOutcome.SAME_PERSON: "The same person",
    ToDoOutcome.DIFFERENT_PERSON: "Two different people",
    ToDoOutcome.ANSWERED: "Answered: send it back to be signed",
    ToDoOutcome.OFFER_NEW_TIMES: "Offer new times",
    ToDoOutcome.HANDED_OVER: "Handed over to a person",
    ToDoOutcome.ATTENDED: "The patient attended",
    ToDoOutcome.NO_SHOW: "The patient did not come",
    ToDoOutcome.DRAFT_AGAIN: "It is set right: draft the note again",
    ToDoOutcome.NO_NOTE: "No note from here: close the session",
    ToDoOutcome.COVERAGE_SETTLED: "It is settled: coverage is put right or confirmed",
    ToDoOutcome.PATIENT_PAYS: "The patient knows and pays for it themselves",
    ToDoOutcome.POSTED: "The statement is posted",
    ToDoOutcome.TOLD: "The patient knows",
    ToDoOutcome.NOT_REACHED: "Cannot be reached: nobody has told them",
    ToDoOutcome.AGREED_TO_PAY: "The patient knows, and has agreed how they pay",
    ToDoOutcome.NOTHING_MISSED: "Read: no risk, the screening missed nothing",
    ToDoOutcome.RISK_MISSED: "A risk was missed: flag it and open its review now",
    ToDoOutcome.CANNOT_SAY: "Cannot say from what is there",
    ToDoOutcome.TIME_SETTLED: "It is settled with the patient: moved, cancelled, or left out",
    ToDoOutcome.DONE_BY_HAND: "What could not wait is done by hand",
}

SCRIPTS = {
    ToDoKind.CALL_PATIENT: (
        "Say your own name and the practice's name only. Ask for the patient; name no service to anyone else, "
        "and leave none on voicemail.",
        "Once you have checked the birth date: they have a link from us that still waits. Offer to send it again, "
        "or to book a time on the phone.",
        "If they speak of wanting to die or of hurting somebody: stay on the line, call the clinician on call, and "
        "give them 988 (call or text); for danger now, 911.",
    ),
    ToDoKind.CHECK_DUPLICATE: (
        "Compare name, birth date and contact. If they differ in one of them, call the patient before you decide.",
        "If it is the same person with an open case, this one closes; without one, it goes on under their record.",
    ),
    ToDoKind.ANSWER_QUESTION: (
        "A signer asked this before they could decide. Find the answer (from the referrer or the patient) and write "
        "it down; it goes back to be signed with your answer beside it.",
    ),
    ToDoKind.MISSED_SESSION: (
        "Call the patient, name no service to anyone else. Ask kindly whether another time would suit better.",
        "If they speak of wanting to die or of hurting somebody: stay on the line, call the clinician on call, and "
        "give them 988 (call or text); for danger now, 911.",
    ),
    ToDoKind.WARM_HANDOFF: (
        "A clinician decided that this practice is not the right place. Speak with the patient before any letter "
        "reaches them, and make sure that somebody else has taken them on.",
        "Stay on the line until the other service has answered. 988 (call or text) is open at any hour.",
    ),
    ToDoKind.WAITLIST: (
        "No offered time suits, or none is free. Ask which days and hours would, and whether telehealth would do.",
    ),
    ToDoKind.RECORD_OUTCOME: (
        "The session's time has passed and nothing on record shows that it took place. Say whether it did.",
    ),
    ToDoKind.CHECK_TRANSCRIPT: (
        "The clinician returned the draft of a session's note: something of the transcript, the session's times or the "
        "consents is not right. Their words stand above.",
        "Set it right: ask whoever records for the right file and drop it with its index again, or put a signed paper "
        "on record. Then have the note drafted again.",
        "If there will be no note from here, for instance because it was written elsewhere, close the session.",
    ),
    ToDoKind.COVERAGE_PROBLEM: (
        "The payer did not say plainly that mental health is covered on this day. Call before the session: the payer "
        "first, then the patient.",
        "Ask the patient for the card they have now, and put the insurance on record. If mental health is with another "
        "payer, ask for that one's member number.",
        "If it is not covered, the patient decides with the price before them; nobody is billed by surprise.",
    ),
    ToDoKind.CORRECT_CLAIM: ("Correct the claim on its page, which shows what is wrong with it.",),
    ToDoKind.REVIEW_REMITTANCE: ("Settle the payment on the claim's page, which shows what the payer said.",),
    ToDoKind.ANSWER_DENIAL: (
        "Answer the denial on the claim's page: correct it, appeal, bill the patient, write off.",
    ),
    ToDoKind.POST_STATEMENT: (
        "The patient owes what their plan leaves to them, and no message can reach them. Post a statement with the "
        "amount on the claim's page; it names no service and no diagnosis.",
    ),
    ToDoKind.UNPAID_BALANCE: (
        "The patient was sent a statement, and what their plan leaves to them has not come. Call them. Say your own "
        "name and the practice's name only; name no service and no sum to anyone else, and leave neither on voicemail.",
        "Once you have checked the birth date: ask whether the statement came and whether it is right, and agree how "
        "they pay. Care does not depend on it.",
        "A payment, a correction or a write-off is made on the claim's page, and ends this. Otherwise it comes back in "
        "a month.",
    ),
    ToDoKind.TELL_PATIENT: (
        "Call the patient. Say your own name and the practice's name only; name no service to anyone else, and leave "
        "none on voicemail.",
    ),
    ToDoKind.REVIEW_UNFLAGGED: (
        "Nothing in this intake was flagged, and it was drawn by lot: read it as if nobody had, and say whether the "
        "screening missed a risk. It shows the practice how much its screening misses.",
        "If a risk was missed, say here which: it is flagged at once, a clinician is paged, and it is reviewed like "
        "any other flag. If what is there does not let you say, say that: it is counted and shown, not left out.",
    ),
    ToDoKind.MOVE_APPOINTMENT: (
        "An appointment cannot be held as agreed, because the clinician's calendar or a room has changed; or a "
        "recurring one found no place on one of its dates. Nobody has cancelled anything, and the patient does not "
        "know yet.",
        "See on the clinician's calendar what it collides with, and which times are free. Call the patient, name no "
        "service to anyone else, and agree on another time or on none.",
        "Then move the appointment on the calendar, or cancel it, and say here that it is settled.",
    ),
    ToDoKind.CARRY_ON_BY_HAND: (
        "This workflow is held at your location, so the system does nothing further with this case. It was put on "
        "record, and what it says about risk was screened as always.",
        "Look at the case and do what cannot wait: call the patient, send the case where a person takes it on, or stop "
        "it. Who may let the workflow go on, and why it is held, stands on the page Workflows.",
        "When the workflow goes on here, the case goes on by itself from where you left it. A message to a patient "
        "that you have said by hand is not sent then.",
    ),
}

READ_WORDS_SCRIPT = (
    "No clinician has read this yet: the patient wrote or answered something outside a review, or the case was "
    "stopped or sent on before its risk was reviewed.",
    "Read what was said and decide: call them, or have the case screened again.",
    "If somebody may be in danger, call now and stay on the line. 988 (call or text) is open at any hour; for danger "
    "now, 911.",
)
CALL_SCRIPTS = {
    "appointment_reminder": (
        "Nobody can write to this patient: remind them by phone. Say your own name and the practice's name only; name "
        "no service to anyone else, and leave none on voicemail.",
        "“You have a visit with us on … at …. Will you come?” If not: find another time with them, or cancel it, so "
        "that somebody else can have the time. Ask for an address that works.",
    ),
    "call_wanted": (
        "The patient asked on their own page to be called about a visit. Say your own name and the practice's name "
        "only; name no service to anyone else, and leave none on voicemail.",
        "Ask what would suit them, and book or cancel with them on the phone.",
    ),
}
"""How to make a call by what it is about: the template that cannot arrive, or the wish."""
CALL_ABOUT_SCRIPT = (
    "A message to this patient could not be delivered, or there is no way to write to them. Say your own name and the "
    "practice's name only; name no service to anyone else, and leave none on voicemail.",
    "Once you have checked the birth date: tell them what the message would have told them (see the case), and ask for "
    "an address that works.",
)
POST_SCRIPT = (
    "The letter is signed, and no e-mail can carry it. Print exactly what this page shows and post it to the patient.",
    "What is printed is the letter alone, with its digest beneath.",
)


CALL_TITLES = {"appointment_reminder": "call: remind of a visit", "call_wanted": "call: the patient asks for it"}


def _about(unique_key: str) -> str:
    """What a call is about, as its key says: ``undelivered:<case>:<about>:<which>``."""
    return unique_key.split(":")[2] if unique_key.count(":") >= 2 else ""


def title(kind: ApprovalKind | ToDoKind, role: Role | None = None, unique_key: str = "") -> str:
    """What a sign-off or to-do is called; a hand-over that is really something else by what it is."""
    if unique_key.startswith(POST_KEY):
        return "post the letter"
    if unique_key.startswith(CALL_KEY):
        return CALL_TITLES.get(_about(unique_key), "call: a message did not arrive")
    if kind == ToDoKind.WARM_HANDOFF and role == Role.CLINICIAN:
        return "read this as a clinician"
    return kind.label


def script(kind: ToDoKind, role: Role, unique_key: str) -> tuple[str, ...]:
    """How to do a to-do."""
    if unique_key.startswith(POST_KEY):
        return POST_SCRIPT
    if unique_key.startswith(CALL_KEY):
        return CALL_SCRIPTS.get(_about(unique_key), CALL_ABOUT_SCRIPT)
    if kind == ToDoKind.WARM_HANDOFF and role == Role.CLINICIAN:
        return READ_WORDS_SCRIPT
    return SCRIPTS[kind]


def outcome(outcome: ToDoOutcome, role: Role, unique_key: str) -> str:
    """What an outcome is called on the page of its to-do."""
    if outcome == ToDoOutcome.HANDED_OVER:
        if unique_key.startswith(POST_KEY):
            return "The letter is posted"
        if role == Role.CLINICIAN:
            return "Read and dealt with"
    return OUTCOMES[outcome]


_EVENTS = {
    "case.opened": "Case opened from what was received",
    "approval.seen": "Opened on the desk for the first time",
    "approval.superseded": "Sign-off no longer needed",
    "coverage.checked": "Coverage checked: {status}",
    "risk.screened": "Screened for risk; flags to review: {flags}",
    "risk_sample.drawn": "Unflagged intakes drawn for a clinician: {drawn} of {unflagged}",
    "risk_sample.answered": "Drawn intake read: {finding}",
    "alarm.tested": "Alarm tested; people paged: {paged}",
    "alarm.test_acknowledged": "Test of the alarm acknowledged",
    "practice_round.opened": "Practice round given",
    "practice_round.answered": "Took part in a practice round",
    "practice_rounds.set": "Chance of practice rounds set from {old} to {new} percent",
    "to_do.claimed": "To-do taken",
    "to_do.open": "To-do given back",
    "to_do.done": "To-do finished: {outcome}",
    "to_do.superseded": "To-do no longer needed",
    "to_do.no_answer": "Called, no answer",
    "to_do.overdue": "To-do overdue: its role was told",
    "to_do.opened": "To-do opened: {kind}",
    "approval.opened": "Sign-off opened: {kind}",
    "approval.reassigned": "Sign-off reassigned",
    "assignment.unsigned": "Assigned with nobody's signature, by the rule {rule}",
    "assignment.to_sign": "To be signed although the level is live: {why}",
    "approval.escalated": "Sign-off overdue: passed on",
    "approval.decided": "Sign-off decided",
    "decision.signed": "Signed: {verdict}",
    "decision.refused": "A decision from Prefect was refused",
    "message.queued": "Message queued: {template}",
    "outbox_message.sent": "Message sent",
    "outbox_message.failed": "Message could not be sent",
    "outbox_message.dropped": "Message withdrawn: {why}",
    "message.no_channel": "No way to write to the patient",
    "offer.made": "Time offered",
    "offer.accepted": "Offered time accepted",
    "offer.revoked": "Offered time withdrawn",
    "slot.booked": "Time booked",
    "slot.freed": "Time free again",
    "appointment.booked": "Session booked",
    "appointment.confirmed": "Session confirmed by the patient",
    "appointment.attended": "Session attended",
    "appointment.no_show": "Session missed",
    "appointment.cancelled": "Session cancelled",
    "appointment.late_cancelled": "Session cancelled late",
    "appointment.moved": "Session moved to another time",
    "appointment.reminders_planned": "Reminders planned: {plan} hours before, by {channel}",
    "message.waits": "Message waits: {why}",
    "portal.call_wanted": "The patient asks to be called",
    "booked.by_hand": "Booked by hand",
    "series.made": "Recurring appointment made",
    "series.extended": "Appointments of the recurring one made: {count}",
    "series.ends": "Recurring appointment ends on {last_on}",
    "series.ended": "Recurring appointment ended",
    "patient.consent_ai": "Agrees to automated reading: {agreed}",
    "duplicate.chosen": "Known record chosen to compare with",
    "break_glass.opened": "Opened in an emergency by somebody whose case it is not",
    "break_glass.read": "Looked at in an emergency: {page}",
    "break_glass.reviewed": "Emergency access reviewed by compliance",
    "portal_link.made": "Link made for the patient",
    "portal.verified": "Patient opened their link",
    "session.gate": "Consent and transcript checked: transcript {transcript}, AI may draft: {ai}",
    "session.transcript_received": "Transcript received",
    "session.purged": "What was derived from the session was destroyed on request",
    "session_risk.seen": "Its clinician has looked at the risk flags",
    "session_risk.paged": "Its clinician was told of risk flags",
    "note.proposed": "Note proposed: {draft}",
    "note.signed": "Note signed, procedure code {procedure_code}",
    "note_template.chosen": "Note template chosen: {version}",
    "addendum.signed": "Addendum {number} signed",
    "consent.recorded": "Consent put on record: {kind}",
    "consent.revoked": "Consent taken back: {kind}",
    "coverage.to_ask": "Coverage to be asked for {date}",
    "coverage.answered": "Coverage answered: {status}",
    "coverage.ask_again": "Coverage is asked again",
    "coverage.recorded": "Insurance put on record",
    "authorisation.recorded": "Authorisation put on record",
    "patient.billing_recorded": "What a claim needs of the patient put on record",
    "claim.built": "Claim built",
    "claim.changed": "What the claim says changed",
    "claim.refunded": "Given back: what was paid too much",
    "visit_payment.recorded": "Paid at the visit",
    "visit_payment.owed_back": "What was paid at the visit is owed back",
    "ledger.posted": "Posted to the ledger: {count} lines",
    "remitted_claim.posted": "Payment posted",
    "remitted_claim.duplicate": "The same payment came again",
    "remitted_claim.for_a_person": "A payment that a person must settle",
    "remitted_claim.settled_by_hand": "Payment settled: none of ours",
    "remitted_claim.matched_by_hand": "Payment matched by hand",
    "follow_up.opened": "Opened between sessions: {kind}",
    "check_in.assigned": "Asked regularly: {kind}",
    "check_in.ended": "Not asked any more: {kind}",
    "material.sent": "Material sent: {material}",
    "material.opened": "Material opened by the patient",
    "message.opened": "Message opened by the patient",
    "row.accepted": "Row accepted",
    "row.duplicate": "Sent again: a duplicate row",
    "row.ambiguous": "Row accepted; may be a known patient",
}


def event(event: AuditEvent) -> str:
    """What an audit event says, in words; an unfamiliar one as its own name."""
    details = {name: _said(value) for name, value in event.details.items()}
    if event.action == "assignment.to_sign":
        details["why"] = "; ".join(WHY_LABELS[Why(each)] for each in event.details.get("reasons", ()))
    if event.action == "case.moved":
        return f"{_status(event.details.get('old'))} → {_status(event.details.get('new'))}"
    wording = _EVENTS.get(event.action)
    if wording is None:
        return event.action.replace(".", ": ").replace("_", " ")
    try:
        return wording.format(**details)
    except KeyError:
        return wording.split(":")[0]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")


def _status(value: object) -> str:
    text = str(value)
    for statuses in (ReferralStatus, NoteStatus, ClaimStatus, FollowUpStatus, EpisodeStatus):
        if text in tuple(statuses):
            return str(statuses(text).label)
    return text


def paper_state(paper: PatientConsent, today: date) -> str:
    """Whether a paper still holds, in words."""
    if paper.revoked_on is not None and paper.revoked_on <= today:
        return f"taken back on {paper.revoked_on.isoformat()}"
    if not paper.written:
        return "not in writing: it does not count"
    return "in force"


def case_address(number: str) -> str:
    """The page of a case by its number: a claim, a session's note, ongoing care, or a referral."""
    if is_claim(number):
        return f"/claims/{number}"
    if is_follow_up(number) or is_care(number):
        return f"/care/{number}"
    return f"/notes/{number}" if is_note(number) else f"/cases/{number}"


def is_claim(number: str) -> bool:
    return number.startswith("CL-")


def is_follow_up(number: str) -> bool:
    return number.startswith("BS-")


def is_care(number: str) -> bool:
    return number.startswith("EP-")


def is_note(number: str) -> bool:
    return number.startswith("SN-")


def actor(actor: str, names: dict[str, str]) -> str:
    """Who did it: a member of staff by name, otherwise what kind of actor it was."""
    if actor.startswith("patient:"):
        return "the patient"
    return names.get(actor, actor)


def span(length: timedelta) -> str:
    """A duration as people say it: 25 min, 5 h, 3 days."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def due(due_at: datetime, now: datetime) -> str:
    if now >= due_at:
        return f"overdue by {span(now - due_at)}"
    return f"due in {span(due_at - now)}"


def local(moment: datetime, zone: str) -> str:
    """A moment as a clock at that place shows it: ``Mon, Nov 23, 2:05 PM PST``."""
    there = moment.astimezone(ZoneInfo(zone))
    hour = there.strftime("%I").lstrip("0")
    return f"{there:%a, %b} {there.day}, {hour}:{there:%M %p %Z}"


def day(moment: datetime, zone: str) -> str:
    """A moment's date at that place: ``Nov 23, 2026``."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%b} {there.day}, {there.year}"


def day_or_none(typed: str) -> date | None:
    """A day as a browser's date field sends it; None where none was typed, or none that there is."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def spoken_date(day: date) -> str:
    """A date with its weekday: ``Mon, Nov 23, 2026``."""
    return f"{day:%a, %b} {day.day}, {day.year}"


def at_clock(moment: datetime, zone: str) -> str:
    """What a clock at that place shows: ``2:05 PM``."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there.strftime('%I').lstrip('0')}:{there:%M %p}"


def typed_moment(moment: datetime, zone: str) -> str:
    """A moment as a browser's date and time field holds it."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def dated(moment: datetime, zone: str) -> str:
    """A moment as a record shows it, with its year: ``Mon, Nov 23, 2026, 2:05 PM PST``."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%a, %b} {there.day}, {there.year}, {there.strftime('%I').lstrip('0')}:{there:%M %p %Z}"


def consent(kind: str) -> str:
    """What a consent is called."""
    return sentence(ConsentKind(kind).label) if kind in tuple(ConsentKind) else plain(kind)


def clock(seconds: float) -> str:
    """A time within a session: ``05:07``, from an hour on ``1:05:07``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:02d}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def proved(how: str) -> str:
    """How a signature was proved, in words."""
    return PROVED_HOW.get(AuthenticatedHow(how), plain(how)) if how in tuple(AuthenticatedHow) else plain(how)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def reader_group(table: str, group: tuple[str, ...]) -> str:
    """What a row of the tables about the reader is called; a rule by its id, as beside each flag."""
    if table == "rule":
        return group[0]
    first, *rest = group
    return sentence(" ".join((RAISED_BY.get(first, plain(first)), *rest)))


def answer(kind: str, total: int | None, complete: bool) -> str:
    """The result of one check-in in words."""
    if not complete or total is None:
        return "not finished"
    if kind == CheckInKind.MOOD:
        return f"{total} of {MOOD_SCALE[-1]}"
    return {0: "no", 1: "in part", 2: "yes"}.get(total, str(total)) if kind == CheckInKind.HOMEWORK else str(total)


def own_answers(measures: list[dict[str, Any]]) -> list[str]:
    """The answers to questions of our own that a sign-off holds, the newest first."""
    return [
        f"{CHECK_INS[CheckInKind(each['measure'])]}: {answer(each['measure'], each['total'], each['complete'])}, "
        f"{each['at'][:10]}"
        for each in reversed(measures)
        if each["measure"] in (CheckInKind.MOOD, CheckInKind.HOMEWORK)
    ]


def plain(value: object) -> str:
    """An enum or key as words: ``higher_level_of_care`` → ``higher level of care``."""
    return str(value).replace("_", " ")


def sentence(text: str) -> str:
    """The text with a capital first letter; the rest (names, ids) as it is."""
    return text[:1].upper() + text[1:]
