"""The therapy records; imported by ``adapters.therapy_store`` and the migrations alone."""

from models.therapy.base import METADATA, TherapyRecord
from models.therapy.records import (
    CaseFocus,
    DecisionWords,
    IntakeText,
    QuarantinedContent,
    QuestionnaireAnswers,
    RiskFlag,
    Screened,
    SignOffContent,
    TherapyAuditEvent,
    ToDoWords,
)

__all__ = [
    "METADATA",
    "CaseFocus",
    "DecisionWords",
    "IntakeText",
    "QuarantinedContent",
    "QuestionnaireAnswers",
    "RiskFlag",
    "Screened",
    "SignOffContent",
    "TherapyAuditEvent",
    "TherapyRecord",
    "ToDoWords",
]
