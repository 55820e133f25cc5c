"""The therapy records; imported by ``adapters.therapy_store`` and the migrations alone."""

from models.therapy.base import METADATA, TherapyRecord
from models.therapy.records import (
    CaseFocus,
    CaseKey,
    ContentKey,
    ContentSeal,
    DecisionWords,
    IntakeText,
    QuarantinedContent,
    QuestionnaireAnswers,
    RiskFlag,
    Screened,
    SignOffContent,
    TherapyAuditEvent,
    TherapyAuditHead,
    ToDoWords,
)

__all__ = [
    "METADATA",
    "CaseFocus",
    "CaseKey",
    "ContentKey",
    "ContentSeal",
    "DecisionWords",
    "IntakeText",
    "QuarantinedContent",
    "QuestionnaireAnswers",
    "RiskFlag",
    "Screened",
    "SignOffContent",
    "TherapyAuditEvent",
    "TherapyAuditHead",
    "TherapyRecord",
    "ToDoWords",
]
