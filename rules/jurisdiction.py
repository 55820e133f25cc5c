"""Whether a program may read what a patient wrote or said, by where they are and what they agreed to.

Item rules (PHQ-9 item 9, C-SSRS) are arithmetic on answers a person gave; they are on everywhere and ask
nothing here. These tables are a practice's policy read from the law, not legal advice; a row holds from its
effective date on.
"""

from dataclasses import dataclass
from datetime import date

from models.consents import Consent
from models.note_codes import ConsentKind

STATES_BY_REGION = (
    ("AK", "AZ", "CA", "CO", "HI", "ID", "MT", "NM", "NV", "OR", "UT", "WA", "WY"),
    ("IA", "IL", "IN", "KS", "MI", "MN", "MO", "ND", "NE", "OH", "SD", "WI"),
    ("AL", "AR", "DC", "DE", "FL", "GA", "KY", "LA", "MD", "MS", "NC", "OK", "SC", "TN", "TX", "VA", "WV"),
    ("CT", "MA", "ME", "NH", "NJ", "NY", "PA", "RI", "VT"),
    ("AS", "GU", "MP", "PR", "VI"),
)
STATES = frozenset(state for region in STATES_BY_REGION for state in region)


@dataclass(frozen=True)
class StateRule:
    """What one state's law means for the classifier, from ``effective`` on."""

    state: str
    citation: str
    effective: date
    classifier_allowed: bool
    reason: str


@dataclass(frozen=True)
class ConsentFacts:
    """What the patient has said about automated reading of their text; ``None`` means they were not asked."""

    agreed: bool | None
    agreed_on: date | None = None
    revoked_on: date | None = None


@dataclass(frozen=True)
class Permission:
    """Whether the classifier may run; if not, ``ask_a_person`` says that asking could change the answer."""

    allowed: bool
    ask_a_person: bool
    reasons: tuple[str, ...]
    citations: tuple[str, ...]


STATE_RULES: tuple[StateRule, ...] = (
    StateRule(
        "IL",
        "Illinois Public Act 104-0054 (225 ILCS 155/15, 155/20)",
        date(2025, 8, 1),
        False,
        "Illinois: AI may not detect emotions or mental states; the free-text classifier is off",
    ),
    StateRule(
        "NV",
        "Nevada Assembly Bill 406 (2025), section 8",
        date(2025, 7, 1),
        False,
        "Nevada: AI may do administrative work only, with an accuracy review; reading a patient's words for "
        "risk touches "
        "direct care, so the free-text classifier is off",
    ),
    StateRule(
        "UT",
        "Utah House Bill 452 (2025), Utah Code 13-72a",
        date(2025, 5, 7),
        True,
        "Utah: the law is about generative mental-health chatbots; the classifier talks to nobody",
    ),
)


@dataclass(frozen=True)
class NoteRule:
    """What one state's law means for drafting notes from transcripts, from ``effective`` on."""

    state: str
    citation: str
    effective: date
    ai_may_draft: bool
    reason: str


@dataclass(frozen=True)
class NotePermission:
    """What may be done with a session's transcript. A draft is never a note before a clinician has signed it.

    ``transcript_may_be_kept`` False: it may not even be read. ``ai_may_draft`` False, with a transcript: the note
    starts from a plain template. ``classifier_may_read`` is for the free-text risk classifier. ``ask_a_person`` says
    that asking could change a no.
    """

    transcript_may_be_kept: bool
    ai_may_draft: bool
    classifier_may_read: bool
    reasons: tuple[str, ...]
    citations: tuple[str, ...]
    ask_a_person: bool


NOTE_RULES: tuple[NoteRule, ...] = (
    NoteRule(
        "IL",
        "Illinois Public Act 104-0054 (225 ILCS 155/10, 155/15, 155/20)",
        date(2025, 8, 1),
        True,
        "Illinois: AI may prepare therapy notes from a recorded or transcribed session only where the patient was "
        "told in writing that it is used and for which purpose, and consented; the clinician stays responsible and "
        "reviews everything",
    ),
    NoteRule(
        "NV",
        "Nevada Assembly Bill 406 (2025), section 8",
        date(2025, 7, 1),
        True,
        "Nevada: AI may do administrative work on session files and notes, not care; the clinician reviews each "
        "draft for accuracy",
    ),
    NoteRule(
        "UT",
        "Utah House Bill 452 (2025), Utah Code 13-72a",
        date(2025, 5, 7),
        True,
        "Utah: the law is about generative mental-health chatbots; a drafter of notes talks to nobody",
    ),
)
"""Illinois: sections 10 (supplementary support includes therapy notes), 15 (written notice, purpose, consent) and 20
(what AI may never do). Nevada: section 8 lists managing records and organising session files and notes among the
administrative tasks, and asks for an independent review; that a draft is such a task is this practice's reading.
"""


def note_drafting_may_run(
    state: str | None, recording: Consent | None, ai: Consent | None, on: date, *, session_on: date | None = None
) -> NotePermission:
    """What may be done on a date with the transcript of a session, and why.

    ``state`` is where the patient was (USPS code). ``session_on`` is the session's date, the same as ``on`` where left
    out: a consent must be given by then, and not be taken back by ``on``. Without consent to recording nothing may be
    kept or read; without consent to AI, or where the state is not known, the transcript is kept and no AI reads it.
    """
    given_by = session_on or on
    recording_reason, recorded, ask_recording = _in_force(
        recording, ConsentKind.RECORDING_AND_TRANSCRIPTION, given_by, on
    )
    ai_reason, ai_agreed, ask_ai = _in_force(ai, ConsentKind.AI_NOTE_DRAFTING, given_by, on)
    state_reasons, citations, state_allows = _by_note_rules(state, on)
    classifier_reasons, classifier_citations, classifier_allowed = _by_state(state, on)
    read_by_ai = recorded and ai_agreed and state_allows
    if not recorded:
        recording_reason += "; the transcript may not be kept or read"
    if not ai_agreed:
        ai_reason += "; no AI, a plain template"
    kept_from_classifier = read_by_ai and not classifier_allowed
    law_forbids = state in STATES and not state_allows
    asking_helps = ask_ai or (ai_agreed and state not in STATES)
    return NotePermission(
        transcript_may_be_kept=recorded,
        ai_may_draft=read_by_ai,
        classifier_may_read=read_by_ai and classifier_allowed,
        reasons=(recording_reason, ai_reason, *state_reasons, *(classifier_reasons if kept_from_classifier else ())),
        citations=tuple(dict.fromkeys((*citations, *(classifier_citations if kept_from_classifier else ())))),
        ask_a_person=ask_recording or (recorded and not law_forbids and asking_helps),
    )


def ai_may_draft_in(state: str | None, on: date) -> bool:
    """Whether the law where the patient was lets a program draft notes at all, whatever was consented to."""
    return _by_note_rules(state, on)[2]


def classifier_may_run(state: str | None, consent: ConsentFacts, on: date) -> Permission:
    """Whether the free-text risk classifier may read this patient's text on a date, and why.

    ``state`` is where the patient is (USPS code). Off wherever a fact is missing: an unknown state or an
    unanswered consent is a question for a person, never a default.
    """
    state_reasons, citations, state_allows = _by_state(state, on)
    consent_reason, consent_allows = _by_consent(consent, on)
    law_forbids = not state_allows and state in STATES
    allowed = state_allows and consent_allows
    refused = consent.agreed is False or (consent.revoked_on is not None and consent.revoked_on <= on)
    return Permission(
        allowed=allowed,
        ask_a_person=not allowed and not law_forbids and not refused,
        reasons=(*state_reasons, consent_reason),
        citations=citations,
    )


def _by_state(state: str | None, on: date) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    if state is None or state not in STATES:
        return ("where the patient is, is not known: ask",), (), False
    rules = [rule for rule in STATE_RULES if rule.state == state and rule.effective <= on]
    if not rules:
        return (f"no rule on record for {state} on this date",), (), True
    return (
        tuple(rule.reason for rule in rules),
        tuple(f"{rule.citation}, effective {rule.effective.isoformat()}" for rule in rules),
        all(rule.classifier_allowed for rule in rules),
    )


def _by_consent(consent: ConsentFacts, on: date) -> tuple[str, bool]:
    if consent.revoked_on is not None and consent.revoked_on <= on:
        return "consent was revoked", False
    if consent.agreed is None:
        return "the patient has not been asked for consent", False
    if not consent.agreed:
        return "the patient did not agree", False
    if consent.agreed_on is None:
        return "consent has no date: ask again", False
    if consent.agreed_on > on:
        return "consent is dated later than this reading", False
    return "the patient agreed", True


def _by_note_rules(state: str | None, on: date) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    if state is None or state not in STATES:
        return ("where the patient was, is not known: no AI, a plain template",), (), False
    rules = [rule for rule in NOTE_RULES if rule.state == state and rule.effective <= on]
    if not rules:
        return (f"no rule about notes on record for {state} on this date; both consents decide",), (), True
    return (
        tuple(rule.reason for rule in rules),
        tuple(f"{rule.citation}, effective {rule.effective.isoformat()}" for rule in rules),
        all(rule.ai_may_draft for rule in rules),
    )


def _in_force(consent: Consent | None, kind: ConsentKind, given_by: date, on: date) -> tuple[str, bool, bool]:
    """Why a consent holds or not, whether it does, and whether asking the patient could change a no."""
    name = kind.label
    if consent is None:
        return f"{name}: no consent on record", False, True
    if consent.revoked_on is not None and consent.revoked_on <= on:
        return f"{name}: consent was taken back", False, False
    if consent.kind is not kind:
        return f"{name}: the consent on record is for something else", False, True
    if not consent.written:
        return f"{name}: consent is not in writing", False, True
    if consent.purpose is None or consent.purpose.kind is not kind:
        return f"{name}: consent does not name this purpose", False, True
    if consent.given_on is None:
        return f"{name}: consent has no date", False, True
    if consent.given_on > given_by:
        return f"{name}: consent is dated later than the session", False, True
    return f"{name}: consent in writing", True, False
