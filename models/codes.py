"""The closed vocabularies of the operational records: statuses, roles, kinds; values are stored as they read here."""

from enum import StrEnum


class Role(StrEnum):
    CLINICIAN = "clinician"
    COORDINATOR = "coordinator"
    BILLER = "biller"
    ANALYST = "analyst"
    OWNER = "owner"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


class CaseOwner(StrEnum):
    """Who must act next while a record is in a status."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    COORDINATOR = "coordinator"
    BILLER = "biller"
    OWNER = "owner"
    PAYER = "payer"
    SYSTEM = "system"
    NOBODY = "nobody"


class CaseFlow(StrEnum):
    """The flow in Prefect that walks a kind of case."""

    REFERRAL = "referral-to-first-session"
    NOTES = "session-to-note-draft"
    CLAIMS = "eligibility-to-claim"
    BETWEEN_SESSIONS = "between-sessions"
    SCHEDULING = "scheduling"


class ReferralStatus(StrEnum):
    RECEIVED = "received"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    QUESTIONNAIRES_REQUESTED = "questionnaires_requested"
    CONTACT_PATIENT = "contact_patient"
    READY_TO_SCREEN = "ready_to_screen"
    RISK_REVIEW = "risk_review"
    QUESTION_OPEN = "question_open"
    READY_TO_MATCH = "ready_to_match"
    ASSIGNMENT = "assignment"
    READY_TO_OFFER = "ready_to_offer"
    OFFERED = "offered"
    WAITLISTED = "waitlisted"
    BOOKED = "booked"
    MISSED = "missed"
    CLOSING_LETTER = "closing_letter"
    CLOSED_ATTENDED = "closed_attended"
    CLOSED_DECLINED = "closed_declined"
    CLOSED_HIGHER_LEVEL_OF_CARE = "closed_higher_level_of_care"
    CLOSED_UNREACHABLE = "closed_unreachable"
    CLOSED_WITHDRAWN = "closed_withdrawn"
    CLOSED_DUPLICATE = "closed_duplicate"

    @property
    def is_closed(self) -> bool:
        return self.value.startswith("closed_")

    @property
    def label(self) -> str:
        """The words a person reads: ``risk review``."""
        return REFERRAL_LABELS.get(self, self.value.replace("_", " "))


REFERRAL_LABELS = {
    ReferralStatus.QUESTIONNAIRES_REQUESTED: "questionnaires",
    ReferralStatus.CONTACT_PATIENT: "call the patient",
    ReferralStatus.QUESTION_OPEN: "question to answer",
    ReferralStatus.OFFERED: "patient chooses a time",
    ReferralStatus.WAITLISTED: "waitlist",
    ReferralStatus.BOOKED: "first session",
    ReferralStatus.MISSED: "missed first session",
    ReferralStatus.CLOSED_ATTENDED: "closed, first session attended",
    ReferralStatus.CLOSED_DECLINED: "closed, declined",
    ReferralStatus.CLOSED_HIGHER_LEVEL_OF_CARE: "closed, referred to a higher level of care",
    ReferralStatus.CLOSED_UNREACHABLE: "closed, unreachable",
    ReferralStatus.CLOSED_WITHDRAWN: "closed, withdrawn",
    ReferralStatus.CLOSED_DUPLICATE: "closed, duplicate",
}


class NoteStatus(StrEnum):
    """Where one session stands on its way to a signed note."""

    RECEIVED = "received"
    READY_TO_SCREEN = "ready_to_screen"
    READY_TO_DRAFT = "ready_to_draft"
    NOTE_SIGNATURE = "note_signature"
    CHECK_TRANSCRIPT = "check_transcript"
    CLOSED_SIGNED = "closed_signed"
    CLOSED_NO_NOTE = "closed_no_note"

    @property
    def is_closed(self) -> bool:
        return self.value.startswith("closed_")

    @property
    def label(self) -> str:
        """The words a person reads: ``note signature``."""
        return NOTE_LABELS.get(self, self.value.replace("_", " "))


NOTE_LABELS = {
    NoteStatus.CLOSED_SIGNED: "closed, note signed",
    NoteStatus.CLOSED_NO_NOTE: "closed, no note from here",
}


class ClaimStatus(StrEnum):
    """Where one claim stands on its way from a signed note to its money."""

    RECEIVED = "received"
    COVERAGE_ASKED = "coverage_asked"
    READY_TO_BUILD = "ready_to_build"
    MISSING_INFORMATION = "missing_information"
    CORRECTION = "correction"
    CLINICAL_SIGNATURE = "clinical_signature"
    CLAIM_SIGNATURE = "claim_signature"
    READY_TO_SEND = "ready_to_send"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REMITTANCE_REVIEW = "remittance_review"
    DENIED = "denied"
    APPEALED = "appealed"
    WRITE_OFF_SIGNATURE = "write_off_signature"
    REFUND_SIGNATURE = "refund_signature"
    PATIENT_BALANCE = "patient_balance"
    CLOSED_PAID = "closed_paid"
    CLOSED_WRITTEN_OFF = "closed_written_off"
    CLOSED_VOID = "closed_void"
    CLOSED_NOT_BILLED = "closed_not_billed"

    @property
    def is_closed(self) -> bool:
        return self.value.startswith("closed_")

    @property
    def label(self) -> str:
        """The words a person reads: ``waits for the payer's decision``."""
        return CLAIM_LABELS.get(self, self.value.replace("_", " "))


CLAIM_LABELS = {
    ClaimStatus.COVERAGE_ASKED: "coverage asked",
    ClaimStatus.MISSING_INFORMATION: "patient fills in what is missing",
    ClaimStatus.CORRECTION: "to correct",
    ClaimStatus.SENT: "sent, no receipt yet",
    ClaimStatus.ACKNOWLEDGED: "received, not checked yet",
    ClaimStatus.ACCEPTED: "accepted, waits for payment",
    ClaimStatus.REMITTANCE_REVIEW: "payment to look at",
    ClaimStatus.DENIED: "denied",
    ClaimStatus.PATIENT_BALANCE: "patient owes",
    ClaimStatus.CLOSED_PAID: "closed, paid",
    ClaimStatus.CLOSED_WRITTEN_OFF: "closed, written off",
    ClaimStatus.CLOSED_VOID: "closed, taken back",
    ClaimStatus.CLOSED_NOT_BILLED: "closed, not billed",
}


class EpisodeStatus(StrEnum):
    """Whether a patient is in ongoing care."""

    ACTIVE = "active"
    CLOSED_ENDED = "closed_ended"

    @property
    def is_closed(self) -> bool:
        return self.value.startswith("closed_")

    @property
    def label(self) -> str:
        return "in care" if self is EpisodeStatus.ACTIVE else "closed, care ended"


class FollowUpStatus(StrEnum):
    """Where an escalation, or a message that waits for its signature, stands between two sessions."""

    RECEIVED = "received"
    ESCALATION = "escalation"
    MESSAGE_SIGNATURE = "message_signature"
    QUESTION_OPEN = "question_open"
    READY_TO_SEND = "ready_to_send"
    CLOSED_ANSWERED = "closed_answered"
    CLOSED_SENT = "closed_sent"
    CLOSED_NOT_SENT = "closed_not_sent"

    @property
    def is_closed(self) -> bool:
        return self.value.startswith("closed_")

    @property
    def label(self) -> str:
        """The words a person reads: ``message signature``."""
        return FOLLOW_UP_LABELS.get(self, self.value.replace("_", " "))


FOLLOW_UP_LABELS = {
    FollowUpStatus.QUESTION_OPEN: "question to answer",
    FollowUpStatus.CLOSED_ANSWERED: "closed, a clinician has decided",
    FollowUpStatus.CLOSED_SENT: "closed, message sent",
    FollowUpStatus.CLOSED_NOT_SENT: "closed, message not sent",
}

CaseStatus = ReferralStatus | NoteStatus | ClaimStatus | EpisodeStatus | FollowUpStatus
"""Where a case of any workflow stands."""


class TranscriptState(StrEnum):
    """What became of a session's transcript; whatever is not ``kept`` leaves the clinician a plain template."""

    NONE = "none"
    KEPT = "kept"
    NO_CONSENT = "no_consent"
    UNREADABLE = "unreadable"
    TOO_SHORT = "too_short"
    PURGED = "purged"


class DraftKind(StrEnum):
    """What the clinician is given to sign: drafted sentences, or the empty template and why."""

    DRAFTED = "drafted"
    PLAIN_NO_TRANSCRIPT = "plain_no_transcript"
    PLAIN_NO_CONSENT = "plain_no_consent"
    PLAIN_JURISDICTION = "plain_jurisdiction"
    PLAIN_UNREADABLE = "plain_unreadable"
    PLAIN_TOO_SHORT = "plain_too_short"
    PLAIN_NOTHING_SUPPORTED = "plain_nothing_supported"

    @property
    def is_plain(self) -> bool:
        return self is not DraftKind.DRAFTED


class ExitKind(StrEnum):
    """Why a closing letter is being written; it becomes the closed status once the letter is signed."""

    DECLINED = "declined"
    HIGHER_LEVEL_OF_CARE = "higher_level_of_care"
    UNREACHABLE = "unreachable"


class RiskLevel(StrEnum):
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class ApprovalKind(StrEnum):
    RISK_REVIEW = "risk_review"
    ASSIGNMENT = "assignment"
    CLOSING_LETTER = "closing_letter"
    SESSION_NOTE = "session_note"
    CLAIM = "claim"
    CLAIM_CLINICAL = "claim_clinical"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    ESCALATION = "escalation"
    MESSAGE = "message"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class ApprovalStatus(StrEnum):
    OPEN = "open"
    DECIDED = "decided"
    SUPERSEDED = "superseded"


class Verdict(StrEnum):
    APPROVE = "approve"
    EDIT_AND_APPROVE = "edit_and_approve"
    RETURN = "return"
    REJECT = "reject"


SIGNED = (Verdict.APPROVE, Verdict.EDIT_AND_APPROVE)
"""The verdicts by which somebody puts their name to it; the others send it back or stop it."""


class AuthenticatedHow(StrEnum):
    DESK_PASSWORD_AND_CODE = "desk_password_and_code"
    DESK_OIDC = "desk_oidc"
    PREFECT_CODE = "prefect_code"
    COMMAND_LINE_PASSWORD_AND_CODE = "command_line_password_and_code"


class ToDoKind(StrEnum):
    CALL_PATIENT = "call_patient"
    CHECK_DUPLICATE = "check_duplicate"
    ANSWER_QUESTION = "answer_question"
    MISSED_SESSION = "missed_session"
    WARM_HANDOFF = "warm_handoff"
    WAITLIST = "waitlist"
    RECORD_OUTCOME = "record_outcome"
    CHECK_TRANSCRIPT = "check_transcript"
    COVERAGE_PROBLEM = "coverage_problem"
    CORRECT_CLAIM = "correct_claim"
    REVIEW_REMITTANCE = "review_remittance"
    ANSWER_DENIAL = "answer_denial"
    POST_STATEMENT = "post_statement"
    UNPAID_BALANCE = "unpaid_balance"
    TELL_PATIENT = "tell_patient"
    REVIEW_UNFLAGGED = "review_unflagged"
    MOVE_APPOINTMENT = "move_appointment"
    CARRY_ON_BY_HAND = "carry_on_by_hand"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class ToDoStatus(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    SUPERSEDED = "superseded"


class ToDoOutcome(StrEnum):
    """What came of a to-do; which outcomes fit which kind is ``OUTCOMES`` below."""

    REACHED_SEND_LINK_AGAIN = "reached_send_link_again"
    NO_ANSWER_TRY_AGAIN = "no_answer_try_again"
    UNREACHABLE = "unreachable"
    WITHDREW = "withdrew"
    SAME_PERSON = "same_person"
    DIFFERENT_PERSON = "different_person"
    ANSWERED = "answered"
    OFFER_NEW_TIMES = "offer_new_times"
    HANDED_OVER = "handed_over"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    DRAFT_AGAIN = "draft_again"
    NO_NOTE = "no_note"
    COVERAGE_SETTLED = "coverage_settled"
    PATIENT_PAYS = "patient_pays"
    POSTED = "posted"
    TOLD = "told"
    NOT_REACHED = "not_reached"
    NOTHING_MISSED = "nothing_missed"
    RISK_MISSED = "risk_missed"
    CANNOT_SAY = "cannot_say"
    TIME_SETTLED = "time_settled"
    AGREED_TO_PAY = "agreed_to_pay"
    DONE_BY_HAND = "done_by_hand"


OUTCOMES: dict[ToDoKind, tuple[ToDoOutcome, ...]] = {
    ToDoKind.CALL_PATIENT: (
        ToDoOutcome.REACHED_SEND_LINK_AGAIN,
        ToDoOutcome.NO_ANSWER_TRY_AGAIN,
        ToDoOutcome.UNREACHABLE,
        ToDoOutcome.WITHDREW,
    ),
    ToDoKind.CHECK_DUPLICATE: (ToDoOutcome.SAME_PERSON, ToDoOutcome.DIFFERENT_PERSON),
    ToDoKind.ANSWER_QUESTION: (ToDoOutcome.ANSWERED, ToDoOutcome.WITHDREW),
    ToDoKind.MISSED_SESSION: (ToDoOutcome.OFFER_NEW_TIMES, ToDoOutcome.UNREACHABLE, ToDoOutcome.WITHDREW),
    ToDoKind.WARM_HANDOFF: (ToDoOutcome.HANDED_OVER,),
    ToDoKind.WAITLIST: (ToDoOutcome.OFFER_NEW_TIMES, ToDoOutcome.UNREACHABLE, ToDoOutcome.WITHDREW),
    ToDoKind.RECORD_OUTCOME: (ToDoOutcome.ATTENDED, ToDoOutcome.NO_SHOW),
    ToDoKind.CHECK_TRANSCRIPT: (ToDoOutcome.DRAFT_AGAIN, ToDoOutcome.NO_NOTE),
    ToDoKind.COVERAGE_PROBLEM: (ToDoOutcome.COVERAGE_SETTLED, ToDoOutcome.PATIENT_PAYS),
    # a claim is moved on from its own page, which shows what is wrong; that ends its to-do
    ToDoKind.CORRECT_CLAIM: (),
    ToDoKind.REVIEW_REMITTANCE: (),
    ToDoKind.ANSWER_DENIAL: (),
    ToDoKind.POST_STATEMENT: (ToDoOutcome.POSTED,),
    ToDoKind.UNPAID_BALANCE: (ToDoOutcome.AGREED_TO_PAY, ToDoOutcome.NOT_REACHED),
    ToDoKind.TELL_PATIENT: (ToDoOutcome.TOLD, ToDoOutcome.NO_ANSWER_TRY_AGAIN, ToDoOutcome.NOT_REACHED),
    ToDoKind.REVIEW_UNFLAGGED: (ToDoOutcome.NOTHING_MISSED, ToDoOutcome.RISK_MISSED, ToDoOutcome.CANNOT_SAY),
    ToDoKind.MOVE_APPOINTMENT: (ToDoOutcome.TIME_SETTLED,),
    ToDoKind.CARRY_ON_BY_HAND: (ToDoOutcome.DONE_BY_HAND,),
}


class SlotStatus(StrEnum):
    OPEN = "open"
    BOOKED = "booked"
    CLOSED = "closed"


class OfferStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    LATE_CANCELLED = "late_cancelled"


class MessageChannel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PAGE = "page"


class MessageStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class LinkPurpose(StrEnum):
    QUESTIONNAIRES = "questionnaires"
    CHOOSE_TIME = "choose_time"
    APPOINTMENT = "appointment"
    BILLING_DETAILS = "billing_details"
    EARLIER_TIME = "earlier_time"
    CHECK_IN = "check_in"
    MATERIAL = "material"
    MESSAGE = "message"
    SURVEY = "survey"


class RowOutcome(StrEnum):
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"


class QuarantineStatus(StrEnum):
    OPEN = "open"
    REPLACED = "replaced"
    DISMISSED = "dismissed"


class Modality(StrEnum):
    OFFICE = "office"
    TELEHEALTH = "telehealth"
    EITHER = "either"


class RunTrouble(StrEnum):
    """What Prefect says of a run that somebody should look at."""

    FAILED = "failed"
    CRASHED = "crashed"
    LATE = "late"
