"""What a workflow that is held at a location goes on doing there, and the words of the lock."""

from collections.abc import Mapping
from enum import StrEnum

from models.codes import CaseStatus, ClaimStatus, EpisodeStatus, FollowUpStatus, NoteStatus, ReferralStatus
from models.governance_codes import Level, Workflow

HELD_LEVELS = (Level.OFF, Level.SHADOW)
"""At these a workflow sends, books, files and changes nothing at a location."""
SHIPPED: Mapping[Workflow, Level] = dict.fromkeys(Workflow, Level.ASSISTED)
"""The level of a workflow at a location nobody has set one for: everything is signed that is signed today."""


class ProofKind(StrEnum):
    """What is tried out on the deployed version before a workflow may run live."""

    AUDIT = "audit"
    MONITORING = "monitoring"
    OVERRIDE = "override"


PROOF_LABELS = {
    ProofKind.AUDIT: "a step leaves its events, the chain verifies, a tampered copy is found",
    ProofKind.MONITORING: "what is overdue is passed on, and a stopped watch is seen",
    ProofKind.OVERRIDE: "demoted, a case stands still; a person moves it; promoted, it goes on",
}


class DemotionReason(StrEnum):
    """Why somebody took a workflow down; chosen from a list, so that nothing about a patient is typed."""

    WRONG_RESULT = "wrong_result"
    HARM_FEARED = "harm_feared"
    NOBODY_TO_SIGN = "nobody_to_sign"
    OUTSIDE_BROKEN = "outside_broken"
    BEING_CHANGED = "being_changed"
    OTHER = "other"


DEMOTION_LABELS = {
    DemotionReason.WRONG_RESULT: "It did something wrong",
    DemotionReason.HARM_FEARED: "Somebody could come to harm",
    DemotionReason.NOBODY_TO_SIGN: "Too few people to sign",
    DemotionReason.OUTSIDE_BROKEN: "Something outside does not work",
    DemotionReason.BEING_CHANGED: "It is being changed",
    DemotionReason.OTHER: "Another reason",
}

R, N, C, F = ReferralStatus, NoteStatus, ClaimStatus, FollowUpStatus

_GOES_ON: Mapping[type[StrEnum], frozenset[StrEnum]] = {
    # what arrives is put on record and screened; whatever a person has to do is put before that person
    R: frozenset(
        {
            *(R.RECEIVED, R.READY_TO_SCREEN, R.RISK_REVIEW, R.QUESTION_OPEN, R.POSSIBLE_DUPLICATE),
            *(R.CONTACT_PATIENT, R.WAITLISTED, R.BOOKED, R.MISSED, R.CLOSING_LETTER),
        }
    ),
    N: frozenset({N.RECEIVED, N.READY_TO_SCREEN, N.CHECK_TRANSCRIPT}),
    # a payer's answer is put on record; what it asks of a biller or an owner is put before them
    C: frozenset(
        {
            *(C.COVERAGE_ASKED, C.CORRECTION, C.SENT, C.ACKNOWLEDGED, C.ACCEPTED, C.REMITTANCE_REVIEW, C.DENIED),
            *(C.APPEALED, C.WRITE_OFF_SIGNATURE, C.REFUND_SIGNATURE),
        }
    ),
    # an escalation is a safety path from its first step; a message waits for its signature as before
    F: frozenset({F.RECEIVED, F.ESCALATION, F.MESSAGE_SIGNATURE, F.QUESTION_OPEN}),
    EpisodeStatus: frozenset(EpisodeStatus),
}


def goes_on_held(status: CaseStatus) -> bool:
    """Whether a case in this status is walked on although its workflow is held: a safety path, or a person's turn."""
    return status.is_closed or status in _GOES_ON[type(status)]


def held_statuses(statuses: type[StrEnum]) -> tuple[StrEnum, ...]:
    """The statuses of this kind of case in which it stands still while its workflow is held."""
    return tuple(status for status in statuses if not goes_on_held(status))  # type: ignore[arg-type]


TEMPLATES: Mapping[str, Workflow | None] = {
    # what a workflow would say by itself is held with it
    "questionnaires_invite": Workflow.REFERRAL,
    "questionnaires_reminder": Workflow.REFERRAL,
    "times_offered": Workflow.REFERRAL,
    "no_times_yet": Workflow.REFERRAL,
    "appointment_reminder": Workflow.SCHEDULING,
    "earlier_time_offered": Workflow.SCHEDULING,
    "check_in": Workflow.FOLLOW_UP,
    "survey": Workflow.FOLLOW_UP,
    "material_waits": Workflow.FOLLOW_UP,
    "message_waits": Workflow.FOLLOW_UP,
    "billing_details": Workflow.CLAIMS,
    "patient_statement": Workflow.CLAIMS,
    # an appointment that was made, moved or cancelled: a patient who is not told stands before a closed door
    "booking_confirmed": None,
    "booking_moved": None,
    "booking_cancelled": None,
    # the answer to what the patient has just done
    "earlier_time_taken": None,
    "waitlisted": None,
    # asked for by a person, signed by a clinician, and holds the numbers to call in a crisis
    "closing_letter": None,
}
"""Of every message to a patient the workflow that holds it back; None: it always leaves. Messages to staff do too."""


class ShadowKind(StrEnum):
    """What a workflow at the level shadow would have done."""

    MATCH = "match"
    NOTE_DRAFT = "note_draft"
    CLAIM = "claim"
