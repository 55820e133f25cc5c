"""The therapy records of intake: texts, answers, flags, what is signed, why it was decided."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.therapy.base import TherapyRecord, TherapyTextColumn


class IntakeText(TherapyRecord, table=True):
    """One piece of free text of a case: the referral text, a patient's own words, an answered question.

    ``edition`` grows with every change of the words, so that a screening of the earlier ones does not count.
    """

    __tablename__ = "intake_text"
    __table_args__ = (UniqueConstraint("case_number", "kind", "source_key"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    kind: str
    source_key: str = ""
    text: Any = Field(sa_type=TherapyTextColumn)
    edition: int = 1
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class QuestionnaireAnswers(TherapyRecord, table=True):
    """The answers to one measure; ``answers`` is JSON text ``{"1": 2, …}`` by item number.

    ``scored`` is JSON text ``[total, band]``; both stay empty until the form is complete.
    """

    __tablename__ = "questionnaire_answers"
    __table_args__ = (UniqueConstraint("case_number", "measure", "source_key"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    measure: str
    instrument_version: str
    source_key: str
    answers: Any = Field(sa_type=TherapyTextColumn)
    authored_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    complete: bool = False
    scored: Any = Field(default=None, sa_type=TherapyTextColumn, nullable=True)

    @property
    def total(self) -> int | None:
        return None if self.scored is None else json.loads(self.scored.unwrap())[0]

    @property
    def band(self) -> str | None:
        return None if self.scored is None else json.loads(self.scored.unwrap())[1]


class SealedFlag(TherapyRecord, table=True):
    """One risk flag as it is stored: what it says is ``facts``, JSON text.

    ``unique_key`` is a keyed digest of what the flag is about, so that the same finding is kept once and the column
    tells nothing.
    """

    __tablename__ = "risk_flag"
    __table_args__ = (UniqueConstraint("case_number", "unique_key"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    unique_key: str
    facts: Any = Field(sa_type=TherapyTextColumn)
    reviewed_by_approval: str | None = None
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Screened(TherapyRecord, table=True):
    """One text, or one set of answers as it stood, that a screening has covered; what has no row here is unread.

    ``source_id`` is the id of the text or answers; ``state`` is the text's ``edition`` or the answers'
    ``authored_at``, so that changed words count as unread again.
    """

    __tablename__ = "screened"
    source_id: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SignOffContent(TherapyRecord, table=True):
    """Exactly what is to be signed: canonical JSON text whose SHA-256 the approval pins."""

    __tablename__ = "sign_off_content"
    approval_id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    content: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class DecisionWords(TherapyRecord, table=True):
    """The reason a signer gave and, if they edited, the exact content they signed."""

    __tablename__ = "decision_words"
    decision_id: str = Field(primary_key=True)
    approval_id: str = Field(index=True)
    case_number: str = Field(index=True)
    reason: Any = Field(sa_type=TherapyTextColumn)
    signed_content: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SealedDecidedFlag(TherapyRecord, table=True):
    """One flag of the reader that stood in a signed risk review, as it is stored; a later review adds its own row.

    What the flag was and what the signer said of it is ``facts``, JSON text; who signed and how stands in the decision.
    """

    __tablename__ = "decided_flag"
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    decision_id: str = Field(index=True)
    facts: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class QuarantinedContent(TherapyRecord, table=True):
    """A row that broke its contract, whole, so that nothing is lost."""

    __tablename__ = "quarantined_content"
    id: str = Field(primary_key=True)
    row_json: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class CaseFocus(TherapyRecord, table=True):
    """The focus areas a referral asks for; clinical, so they stay here."""

    __tablename__ = "case_focus"
    case_number: str = Field(primary_key=True)
    focus_areas: Any = Field(sa_type=TherapyTextColumn)


class ToDoWords(TherapyRecord, table=True):
    """The question behind a to-do and the words it was answered with."""

    __tablename__ = "to_do_words"
    to_do_id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    question: Any = Field(default=None, sa_type=TherapyTextColumn, nullable=True)
    answer: Any = Field(default=None, sa_type=TherapyTextColumn, nullable=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class TherapyAuditEvent(TherapyRecord, table=True):
    """Every change and every read of therapy content: who, on which step or page, why."""

    __tablename__ = "therapy_audit_event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    actor: str
    action: str = Field(index=True)
    subject_kind: str
    subject_id: str
    case_number: str | None = Field(default=None, index=True)
    where: str = ""
    purpose: str = ""
    details: dict = Field(default_factory=dict, sa_type=JSON)
    previous_digest: str
    digest: str


class TherapyAuditHead(TherapyRecord, table=True):
    """The newest event of this database's chain; whoever appends holds this row until they commit."""

    __tablename__ = "therapy_audit_head"
    name: str = Field(primary_key=True)
    last_id: int = 0
    last_digest: str = ""


class ContentKey(TherapyRecord, table=True):
    """The data key of one owner (a patient, or a quarantined row nobody could be found for), wrapped by a master key.

    ``wrapped`` is empty once the key was destroyed: whatever it sealed can then never be read again.
    """

    __tablename__ = "content_key"
    id: str = Field(primary_key=True)
    owner_id: str = Field(unique=True)
    wrapped: str
    master_key_id: str = Field(index=True)
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    destroyed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseKey(TherapyRecord, table=True):
    """Which data key seals the content of a case."""

    __tablename__ = "case_key"
    case_number: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="content_key.id", index=True)


class ContentSeal(TherapyRecord, table=True):
    """The newest version of each sealed field, and the SHA-256 of its sealed form: an older one put back is refused."""

    __tablename__ = "content_seal"
    record_table: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    version: int
    digest: str
