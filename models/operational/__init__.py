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
    VisitPayment,
)
from models.operational.engagement import CheckIn, CheckInPlan, FollowUp, MaterialSent
from models.operational.lock import LevelChange, ShadowAction, WorkflowProof, WorkflowStanding
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
from models.operational.pilots import (
    Pilot,
    PilotEdits,
    PilotLook,
    PilotPlacing,
    PilotReading,
    PilotSignature,
    PracticeVersion,
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
from models.operational.safety import (
    AlarmTest,
    PracticeRound,
    PracticeTally,
    RiskDraw,
    RiskDrawCase,
    RiskFinding,
)
from models.operational.satisfaction import SatisfactionAnswer, SatisfactionSurvey
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
from models.operational.steps import StepReads, StepRuns
from models.step_reads import watch_attributes

store_enum_values(METADATA)
watch_attributes(OperationalRecord._sa_registry.mappers)  # type: ignore[attr-defined]

__all__ = [
    "METADATA",
    "AlarmTest",
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
    "LevelChange",
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
    "Pilot",
    "PilotEdits",
    "PilotLook",
    "PilotPlacing",
    "PilotReading",
    "PilotSignature",
    "PortalLink",
    "PracticeRound",
    "PracticeSetting",
    "PracticeTally",
    "PracticeVersion",
    "QuarantinedRow",
    "RecoveryCode",
    "Referral",
    "ReminderPreference",
    "RemittanceFigures",
    "RemittedClaimRecord",
    "RetentionItem",
    "RetentionList",
    "RiskDraw",
    "RiskDrawCase",
    "RiskFinding",
    "Room",
    "RunClaim",
    "SatisfactionAnswer",
    "SatisfactionSurvey",
    "Series",
    "SessionNote",
    "ShadowAction",
    "Slot",
    "Staff",
    "StaffLogin",
    "StepReads",
    "StepRuns",
    "SubmittedLine",
    "ToDo",
    "VisitPayment",
    "WaitlistEntry",
    "WaitlistOffer",
    "WorkerBeat",
    "WorkflowProof",
    "WorkflowStanding",
]
