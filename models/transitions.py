"""Which status may follow which, and who owns each: one table per record with a status, checked in one place."""

from collections.abc import Mapping
from enum import StrEnum

from models.codes import (
    AppointmentStatus,
    ApprovalStatus,
    CaseOwner,
    CaseStatus,
    ClaimStatus,
    EpisodeStatus,
    FollowUpStatus,
    MessageStatus,
    NoteStatus,
    OfferStatus,
    QuarantineStatus,
    ReferralStatus,
    SlotStatus,
    ToDoStatus,
)
from models.errors import MovedOn
from models.scheduling_codes import CheckInStatus, SeriesStatus, WaitlistOfferStatus, WaitlistStatus

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

C = ClaimStatus

_BUILT_AGAIN = frozenset({C.READY_TO_BUILD, C.CORRECTION})
_ANSWERED = frozenset(
    {
        C.CORRECTION,
        C.REMITTANCE_REVIEW,
        C.DENIED,
        C.PATIENT_BALANCE,
        C.CLOSED_PAID,
        C.CLOSED_VOID,
        C.RECEIVED,  # what the first payer left is claimed from the second
        C.READY_TO_BUILD,  # its file was refused for another claim's fault
        C.ACCEPTED,  # a payer has passed it on to the second one itself
    }
)
_BY_HAND = frozenset(
    {
        C.READY_TO_BUILD,
        C.CORRECTION,
        C.DENIED,
        C.APPEALED,
        C.ACCEPTED,
        C.WRITE_OFF_SIGNATURE,
        C.REFUND_SIGNATURE,
        C.CLOSED_WRITTEN_OFF,
        C.PATIENT_BALANCE,
        C.CLOSED_PAID,
    }
)

_CLAIM_FOLLOWS: Mapping[ClaimStatus, frozenset[ClaimStatus]] = {
    C.RECEIVED: _BUILT_AGAIN | {C.COVERAGE_ASKED, C.CLOSED_NOT_BILLED},
    C.COVERAGE_ASKED: _BUILT_AGAIN | {C.RECEIVED, C.CLOSED_NOT_BILLED},
    C.READY_TO_BUILD: frozenset(
        {
            C.CORRECTION,
            C.MISSING_INFORMATION,
            C.COVERAGE_ASKED,
            C.CLINICAL_SIGNATURE,
            C.CLAIM_SIGNATURE,
            C.READY_TO_SEND,
            C.CLOSED_NOT_BILLED,
        }
    ),
    C.MISSING_INFORMATION: _BUILT_AGAIN | {C.RECEIVED, C.CLOSED_NOT_BILLED},
    # an answer may come after somebody was asked to look for it
    C.CORRECTION: frozenset(
        {
            C.ACKNOWLEDGED,
            C.MISSING_INFORMATION,
            C.APPEALED,
            C.CLOSED_NOT_BILLED,
            C.WRITE_OFF_SIGNATURE,
            C.REFUND_SIGNATURE,
            C.CLOSED_WRITTEN_OFF,
        }
    )
    | _ANSWERED,
    C.CLINICAL_SIGNATURE: _BUILT_AGAIN | {C.CLAIM_SIGNATURE, C.READY_TO_SEND, C.CLOSED_NOT_BILLED},
    C.CLAIM_SIGNATURE: _BUILT_AGAIN | {C.READY_TO_SEND, C.CLOSED_NOT_BILLED},
    C.READY_TO_SEND: _BUILT_AGAIN | {C.SENT},
    # answers come late or out of order: each is taken as it comes
    C.SENT: _ANSWERED | {C.ACKNOWLEDGED},
    C.ACKNOWLEDGED: _ANSWERED,
    C.ACCEPTED: _ANSWERED,
    C.REMITTANCE_REVIEW: _BY_HAND | _ANSWERED | {C.CLOSED_NOT_BILLED},
    C.DENIED: _BY_HAND | _ANSWERED,
    C.APPEALED: _BY_HAND | _ANSWERED,
    C.WRITE_OFF_SIGNATURE: _ANSWERED | {C.CLOSED_WRITTEN_OFF},
    C.REFUND_SIGNATURE: _ANSWERED | {C.APPEALED, C.CLOSED_NOT_BILLED},
    C.PATIENT_BALANCE: _BY_HAND | _ANSWERED,
    # a payer may take its decision back, or correct it, after the claim was closed
    C.CLOSED_PAID: frozenset({C.REMITTANCE_REVIEW}),
    C.CLOSED_WRITTEN_OFF: frozenset({C.REMITTANCE_REVIEW}),
    C.CLOSED_VOID: frozenset({C.REMITTANCE_REVIEW}),
    C.CLOSED_NOT_BILLED: frozenset({C.REMITTANCE_REVIEW}),  # what was paid at the visit goes back
}

CLAIM: Mapping[ClaimStatus, frozenset[ClaimStatus]] = {
    status: following - {status} for status, following in _CLAIM_FOLLOWS.items()
}

CLAIM_OWNERS: Mapping[ClaimStatus, CaseOwner] = {
    C.RECEIVED: CaseOwner.SYSTEM,
    C.COVERAGE_ASKED: CaseOwner.PAYER,
    C.READY_TO_BUILD: CaseOwner.SYSTEM,
    C.MISSING_INFORMATION: CaseOwner.PATIENT,
    C.CORRECTION: CaseOwner.BILLER,
    C.CLINICAL_SIGNATURE: CaseOwner.CLINICIAN,
    C.CLAIM_SIGNATURE: CaseOwner.BILLER,
    C.READY_TO_SEND: CaseOwner.SYSTEM,
    C.SENT: CaseOwner.PAYER,
    C.ACKNOWLEDGED: CaseOwner.PAYER,
    C.ACCEPTED: CaseOwner.PAYER,
    C.REMITTANCE_REVIEW: CaseOwner.BILLER,
    C.DENIED: CaseOwner.BILLER,
    C.APPEALED: CaseOwner.PAYER,
    C.WRITE_OFF_SIGNATURE: CaseOwner.OWNER,
    C.REFUND_SIGNATURE: CaseOwner.OWNER,
    C.PATIENT_BALANCE: CaseOwner.PATIENT,
    **{status: CaseOwner.NOBODY for status in C if status.is_closed},
}

EPISODE: Mapping[EpisodeStatus, frozenset[EpisodeStatus]] = {
    EpisodeStatus.ACTIVE: frozenset({EpisodeStatus.CLOSED_ENDED}),
    EpisodeStatus.CLOSED_ENDED: frozenset(),
}

EPISODE_OWNERS: Mapping[EpisodeStatus, CaseOwner] = {
    EpisodeStatus.ACTIVE: CaseOwner.CLINICIAN,
    EpisodeStatus.CLOSED_ENDED: CaseOwner.NOBODY,
}

F = FollowUpStatus

FOLLOW_UP: Mapping[FollowUpStatus, frozenset[FollowUpStatus]] = {
    F.RECEIVED: frozenset({F.ESCALATION, F.MESSAGE_SIGNATURE}),
    F.ESCALATION: frozenset({F.CLOSED_ANSWERED, F.QUESTION_OPEN}),
    F.MESSAGE_SIGNATURE: frozenset({F.READY_TO_SEND, F.CLOSED_NOT_SENT, F.QUESTION_OPEN}),
    F.QUESTION_OPEN: frozenset({F.RECEIVED, F.CLOSED_NOT_SENT}),
    F.READY_TO_SEND: frozenset({F.CLOSED_SENT, F.CLOSED_NOT_SENT}),
    **{status: frozenset() for status in F if status.is_closed},
}

FOLLOW_UP_OWNERS: Mapping[FollowUpStatus, CaseOwner] = {
    F.RECEIVED: CaseOwner.SYSTEM,
    F.ESCALATION: CaseOwner.CLINICIAN,
    F.MESSAGE_SIGNATURE: CaseOwner.CLINICIAN,
    F.QUESTION_OPEN: CaseOwner.COORDINATOR,
    F.READY_TO_SEND: CaseOwner.SYSTEM,
    **{status: CaseOwner.NOBODY for status in F if status.is_closed},
}

SERIES: Mapping[SeriesStatus, frozenset[SeriesStatus]] = {
    SeriesStatus.ACTIVE: frozenset({SeriesStatus.ENDED}),
    SeriesStatus.ENDED: frozenset(),
}

WAITLIST: Mapping[WaitlistStatus, frozenset[WaitlistStatus]] = {
    WaitlistStatus.WAITING: frozenset({WaitlistStatus.FILLED, WaitlistStatus.LEFT}),
    WaitlistStatus.FILLED: frozenset(),
    WaitlistStatus.LEFT: frozenset(),
}

W = WaitlistOfferStatus

WAITLIST_OFFER: Mapping[WaitlistOfferStatus, frozenset[WaitlistOfferStatus]] = {
    W.OPEN: frozenset({W.ACCEPTED, W.DECLINED, W.EXPIRED, W.REVOKED}),
    **{status: frozenset() for status in (W.ACCEPTED, W.DECLINED, W.EXPIRED, W.REVOKED)},
}

CHECK_IN: Mapping[CheckInStatus, frozenset[CheckInStatus]] = {
    CheckInStatus.DUE: frozenset({CheckInStatus.SENT, CheckInStatus.WITHDRAWN}),
    CheckInStatus.SENT: frozenset({CheckInStatus.ANSWERED, CheckInStatus.UNANSWERED, CheckInStatus.WITHDRAWN}),
    # an answer that comes late is still an answer
    CheckInStatus.UNANSWERED: frozenset({CheckInStatus.ANSWERED}),
    CheckInStatus.ANSWERED: frozenset(),
    CheckInStatus.WITHDRAWN: frozenset(),
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
    ClaimStatus: CLAIM,
    EpisodeStatus: EPISODE,
    FollowUpStatus: FOLLOW_UP,
    SeriesStatus: SERIES,
    WaitlistStatus: WAITLIST,
    WaitlistOfferStatus: WAITLIST_OFFER,
    CheckInStatus: CHECK_IN,
    ApprovalStatus: APPROVAL,
    ToDoStatus: TO_DO,
    OfferStatus: OFFER,
    SlotStatus: SLOT,
    AppointmentStatus: APPOINTMENT,
    MessageStatus: MESSAGE,
    QuarantineStatus: QUARANTINE,
}


OWNERS: Mapping[type[StrEnum], Mapping] = {
    ReferralStatus: REFERRAL_OWNERS,
    NoteStatus: NOTE_OWNERS,
    ClaimStatus: CLAIM_OWNERS,
    EpisodeStatus: EPISODE_OWNERS,
    FollowUpStatus: FOLLOW_UP_OWNERS,
}


def owner_of(status: CaseStatus) -> CaseOwner:
    """Who must act next while a case of any workflow stands there."""
    owner: CaseOwner = OWNERS[type(status)][status]
    return owner


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
