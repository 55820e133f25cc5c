"""The operational records; importing this package registers every table on ``METADATA``."""

from models.columns import store_enum_values
from models.operational.appointments import Appointment
from models.operational.approvals import Approval, Decision, ToDo
from models.operational.audit import AuditEvent, AuditHead
from models.operational.base import METADATA, OperationalRecord
from models.operational.claims import (
    Authorisation,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    EligibilityCheck,
    LedgerEntry,
    PatientBilling,
    PatientCoverage,
    RemittanceFigures,
    RemittedClaimRecord,
    SubmittedLine,
)
from models.operational.engagement import CheckIn, CheckInPlan, FollowUp, MaterialSent
from models.operational.messages import OutboxMessage
from models.operational.people import (
    Availability,
    BreakGlass,
    Clinician,
    Licence,
    Location,
    PanelMembership,
    Patient,
    RecoveryCode,
    Staff,
    StaffLogin,
)
from models.operational.referrals import (
    IntakeFile,
    IntakeRow,
    MatchCandidate,
    Offer,
    PortalLink,
    QuarantinedRow,
    Referral,
    Slot,
)
from models.operational.retention import LegalHold, RetentionItem, RetentionList
from models.operational.running import Heartbeat, NightPart, NumberSequence, PracticeSetting, RunClaim, WorkerBeat
from models.operational.scheduling import (
    CalendarException,
    Episode,
    NoShowEstimate,
    NoShowNetwork,
    PastAppointment,
    ReminderPreference,
    Room,
    Series,
    WaitlistEntry,
    WaitlistOffer,
)
from models.operational.sessions import NoteAddendumSigned, PatientConsent, SessionNote

store_enum_values(METADATA)

__all__ = [
    "METADATA",
    "Appointment",
    "Approval",
    "AuditEvent",
    "AuditHead",
    "Authorisation",
    "Availability",
    "BreakGlass",
    "CalendarException",
    "CheckIn",
    "CheckInPlan",
    "Claim",
    "ClaimSubmission",
    "ClearinghouseFile",
    "Clinician",
    "Decision",
    "EligibilityCheck",
    "Episode",
    "FollowUp",
    "Heartbeat",
    "IntakeFile",
    "IntakeRow",
    "LedgerEntry",
    "LegalHold",
    "Licence",
    "Location",
    "MatchCandidate",
    "MaterialSent",
    "NightPart",
    "NoShowEstimate",
    "NoShowNetwork",
    "NoteAddendumSigned",
    "NumberSequence",
    "Offer",
    "OperationalRecord",
    "OutboxMessage",
    "PanelMembership",
    "PastAppointment",
    "Patient",
    "PatientBilling",
    "PatientConsent",
    "PatientCoverage",
    "PortalLink",
    "PracticeSetting",
    "QuarantinedRow",
    "RecoveryCode",
    "Referral",
    "ReminderPreference",
    "RemittanceFigures",
    "RemittedClaimRecord",
    "RetentionItem",
    "RetentionList",
    "Room",
    "RunClaim",
    "Series",
    "SessionNote",
    "Slot",
    "Staff",
    "StaffLogin",
    "SubmittedLine",
    "ToDo",
    "WaitlistEntry",
    "WaitlistOffer",
    "WorkerBeat",
]
