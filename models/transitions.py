"""Which status may follow which, and who owns each: one table per record with a status, checked in one place."""

from collections.abc import Mapping
from enum import StrEnum

from models.codes import (
    AppointmentStatus,
    ApprovalStatus,
    CaseOwner,
    CaseStatus,
    MessageStatus,
    NoteStatus,
    OfferStatus,
    QuarantineStatus,
    ReferralStatus,
    SlotStatus,
    ToDoStatus,
)
from models.errors import MovedOn

R = ReferralStatus

_STOPPABLE = frozenset({R.CLOSED_WITHDRAWN, R.CLOSING_LETTER, R.CONTACT_PATIENT})

REFERRAL: Mapping[ReferralStatus, frozenset[ReferralStatus]] = {
    R.RECEIVED: _STOPPABLE | {R.POSSIBLE_DUPLICATE, R.READY_TO_SCREEN},
    R.POSSIBLE_DUPLICATE: _STOPPABLE | {R.RECEIVED, R.CLOSED_DUPLICATE},
    R.QUESTIONNAIRES_REQUESTED: _STOPPABLE | {R.READY_TO_SCREEN},
    R.CONTACT_PATIENT: _STOPPABLE
    | {R.QUESTIONNAIRES_REQUESTED, R.READY_TO_SCREEN, R.READY_TO_MATCH, R.READY_TO_OFFER, R.WAITLISTED},
    R.READY_TO_SCREEN: _STOPPABLE | {R.RISK_REVIEW, R.READY_TO_MATCH},
    R.RISK_REVIEW: _STOPPABLE | {R.READY_TO_MATCH, R.QUESTION_OPEN, R.READY_TO_SCREEN},
    R.QUESTION_OPEN: _STOPPABLE | {R.READY_TO_SCREEN, R.QUESTIONNAIRES_REQUESTED, R.READY_TO_MATCH},
    R.READY_TO_MATCH: _STOPPABLE | {R.QUESTIONNAIRES_REQUESTED, R.ASSIGNMENT, R.READY_TO_SCREEN},
    R.ASSIGNMENT: _STOPPABLE | {R.READY_TO_OFFER, R.QUESTION_OPEN, R.WAITLISTED, R.READY_TO_SCREEN, R.READY_TO_MATCH},
    R.READY_TO_OFFER: _STOPPABLE | {R.OFFERED, R.WAITLISTED, R.READY_TO_SCREEN, R.READY_TO_MATCH},
    R.OFFERED: _STOPPABLE | {R.BOOKED, R.WAITLISTED, R.READY_TO_OFFER, R.READY_TO_SCREEN, R.READY_TO_MATCH},
    R.WAITLISTED: _STOPPABLE | {R.READY_TO_OFFER, R.READY_TO_SCREEN, R.READY_TO_MATCH},
    R.BOOKED: _STOPPABLE | {R.CLOSED_ATTENDED, R.MISSED, R.READY_TO_OFFER, R.READY_TO_SCREEN, R.READY_TO_MATCH},
    R.MISSED: _STOPPABLE | {R.READY_TO_OFFER, R.READY_TO_SCREEN, R.READY_TO_MATCH, R.WAITLISTED},
    R.CLOSING_LETTER: frozenset(
        {
            R.CLOSED_DECLINED,
            R.CLOSED_HIGHER_LEVEL_OF_CARE,
            R.CLOSED_UNREACHABLE,
            R.CLOSED_WITHDRAWN,
            R.CONTACT_PATIENT,
            R.QUESTION_OPEN,
        }
    ),
    **{status: frozenset() for status in R if status.is_closed},
}

REFERRAL_OWNERS: Mapping[ReferralStatus, CaseOwner] = {
    R.RECEIVED: CaseOwner.SYSTEM,
    R.POSSIBLE_DUPLICATE: CaseOwner.COORDINATOR,
    R.QUESTIONNAIRES_REQUESTED: CaseOwner.PATIENT,
    R.CONTACT_PATIENT: CaseOwner.COORDINATOR,
    R.READY_TO_SCREEN: CaseOwner.SYSTEM,
    R.RISK_REVIEW: CaseOwner.CLINICIAN,
    R.QUESTION_OPEN: CaseOwner.COORDINATOR,
    R.READY_TO_MATCH: CaseOwner.SYSTEM,
    R.ASSIGNMENT: CaseOwner.COORDINATOR,
    R.READY_TO_OFFER: CaseOwner.SYSTEM,
    R.OFFERED: CaseOwner.PATIENT,
    R.WAITLISTED: CaseOwner.COORDINATOR,
    R.BOOKED: CaseOwner.PATIENT,
    R.MISSED: CaseOwner.COORDINATOR,
    R.CLOSING_LETTER: CaseOwner.CLINICIAN,
    **{status: CaseOwner.NOBODY for status in R if status.is_closed},
}

N = NoteStatus

NOTE: Mapping[NoteStatus, frozenset[NoteStatus]] = {
    # back to the start whenever the consent or the transcript has changed under it
    N.RECEIVED: frozenset({N.READY_TO_SCREEN, N.READY_TO_DRAFT}),
    N.READY_TO_SCREEN: frozenset({N.READY_TO_DRAFT, N.RECEIVED}),
    N.READY_TO_DRAFT: frozenset({N.NOTE_SIGNATURE, N.RECEIVED}),
    N.NOTE_SIGNATURE: frozenset({N.CLOSED_SIGNED, N.CLOSED_NO_NOTE, N.CHECK_TRANSCRIPT, N.RECEIVED}),
    N.CHECK_TRANSCRIPT: frozenset({N.RECEIVED, N.CLOSED_NO_NOTE}),
    N.CLOSED_SIGNED: frozenset(),
    N.CLOSED_NO_NOTE: frozenset(),
}

NOTE_OWNERS: Mapping[NoteStatus, CaseOwner] = {
    N.RECEIVED: CaseOwner.SYSTEM,
    N.READY_TO_SCREEN: CaseOwner.SYSTEM,
    N.READY_TO_DRAFT: CaseOwner.SYSTEM,
    N.NOTE_SIGNATURE: CaseOwner.CLINICIAN,
    N.CHECK_TRANSCRIPT: CaseOwner.COORDINATOR,
    N.CLOSED_SIGNED: CaseOwner.NOBODY,
    N.CLOSED_NO_NOTE: CaseOwner.NOBODY,
}

APPROVAL: Mapping[ApprovalStatus, frozenset[ApprovalStatus]] = {
    ApprovalStatus.OPEN: frozenset({ApprovalStatus.DECIDED, ApprovalStatus.SUPERSEDED}),
    ApprovalStatus.DECIDED: frozenset(),
    ApprovalStatus.SUPERSEDED: frozenset(),
}

TO_DO: Mapping[ToDoStatus, frozenset[ToDoStatus]] = {
    ToDoStatus.OPEN: frozenset({ToDoStatus.CLAIMED, ToDoStatus.DONE, ToDoStatus.SUPERSEDED}),
    ToDoStatus.CLAIMED: frozenset({ToDoStatus.OPEN, ToDoStatus.DONE, ToDoStatus.SUPERSEDED}),
    ToDoStatus.DONE: frozenset(),
    ToDoStatus.SUPERSEDED: frozenset(),
}

OFFER: Mapping[OfferStatus, frozenset[OfferStatus]] = {
    OfferStatus.OPEN: frozenset({OfferStatus.ACCEPTED, OfferStatus.REVOKED}),
    OfferStatus.ACCEPTED: frozenset(),
    OfferStatus.REVOKED: frozenset(),
}

SLOT: Mapping[SlotStatus, frozenset[SlotStatus]] = {
    SlotStatus.OPEN: frozenset({SlotStatus.BOOKED, SlotStatus.CLOSED}),
    SlotStatus.BOOKED: frozenset({SlotStatus.OPEN}),
    SlotStatus.CLOSED: frozenset({SlotStatus.OPEN}),
}

APPOINTMENT: Mapping[AppointmentStatus, frozenset[AppointmentStatus]] = {
    AppointmentStatus.BOOKED: frozenset(AppointmentStatus) - {AppointmentStatus.BOOKED},
    AppointmentStatus.CONFIRMED: frozenset(AppointmentStatus) - {AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED},
    AppointmentStatus.ATTENDED: frozenset(),
    AppointmentStatus.NO_SHOW: frozenset(),
    AppointmentStatus.CANCELLED: frozenset(),
    AppointmentStatus.LATE_CANCELLED: frozenset(),
}

MESSAGE: Mapping[MessageStatus, frozenset[MessageStatus]] = {
    MessageStatus.QUEUED: frozenset({MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.DROPPED}),
    MessageStatus.SENT: frozenset(),
    MessageStatus.FAILED: frozenset({MessageStatus.QUEUED}),
    MessageStatus.DROPPED: frozenset(),
}

QUARANTINE: Mapping[QuarantineStatus, frozenset[QuarantineStatus]] = {
    QuarantineStatus.OPEN: frozenset({QuarantineStatus.REPLACED, QuarantineStatus.DISMISSED}),
    QuarantineStatus.REPLACED: frozenset(),
    QuarantineStatus.DISMISSED: frozenset(),
}

TABLES: Mapping[type[StrEnum], Mapping] = {
    ReferralStatus: REFERRAL,
    NoteStatus: NOTE,
    ApprovalStatus: APPROVAL,
    ToDoStatus: TO_DO,
    OfferStatus: OFFER,
    SlotStatus: SLOT,
    AppointmentStatus: APPOINTMENT,
    MessageStatus: MESSAGE,
    QuarantineStatus: QUARANTINE,
}


def owner_of(status: CaseStatus) -> CaseOwner:
    """Who must act next while a case of any workflow stands there."""
    return NOTE_OWNERS[status] if isinstance(status, NoteStatus) else REFERRAL_OWNERS[status]


def check_transition(old: StrEnum, new: StrEnum) -> None:
    """Refuse a change of status its table does not list; raises MovedOn naming both statuses."""
    if new not in TABLES[type(old)][old]:
        raise MovedOn(f"{type(old).__name__}: {old.value} may not become {new.value}")


def mermaid(statuses: type[StrEnum]) -> str:
    """The state diagram of one record as Mermaid text, generated so that docs cannot drift from the table."""
    lines = ["stateDiagram-v2"]
    for old, following in TABLES[statuses].items():
        lines += [f"    {old.value} --> {new.value}" for new in sorted(following)]
    return "\n".join(lines) + "\n"
