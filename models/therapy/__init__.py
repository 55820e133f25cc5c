"""The therapy records; imported by ``adapters.therapy_store`` and the migrations alone."""

from models.therapy.base import METADATA, TherapyRecord, TherapyTextColumn, content_fields, record_id_of
from models.therapy.records import (
    CaseFocus,
    CaseKey,
    ContentKey,
    ContentSeal,
    DecisionWords,
    IntakeText,
    QuarantinedContent,
    QuestionnaireAnswers,
    Screened,
    SealedDecidedFlag,
    SealedFlag,
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
    "Screened",
    "SealedDecidedFlag",
    "SealedFlag",
    "SignOffContent",
    "TherapyAuditEvent",
    "TherapyAuditHead",
    "TherapyRecord",
    "TherapyTextColumn",
    "ToDoWords",
    "content_fields",
    "record_id_of",
]
