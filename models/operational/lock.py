"""How far each workflow may go at each location: level, who signed for it, what was proved, what shadow would do."""

from datetime import datetime

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from models.codes import AuthenticatedHow
from models.columns import UtcDateTime, utc_now
from models.governance_codes import Level, Workflow
from models.operational.base import OperationalRecord
from models.standing import ProofKind, ShadowKind


class WorkflowStanding(OperationalRecord, table=True):
    """One workflow at one location. ``level`` is what people have decided; ``runs_as`` what holds after the lock.

    No row: the shipped level, not judged yet. ``locked`` None: not judged since the level was set. ``checks`` is how
    the lock was judged last: a list of ``{"name", "passed", "said"}``; ``budget`` the shares of the error budget.
    """

    __tablename__ = "workflow_standing"
    workflow: Workflow = Field(primary_key=True)
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    level: Level
    runs_as: Level
    locked: bool | None = None
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    checks: list[dict] = Field(default_factory=list, sa_type=JSON)
    budget: list[dict] = Field(default_factory=list, sa_type=JSON)
    judged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code_version: str = ""
    changed_by: str = "system"
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 0


class LevelChange(OperationalRecord, table=True):
    """One change of a level by a person, never changed; ``digest`` is of ``content``, what was shown and signed."""

    __tablename__ = "level_change"
    id: str = Field(primary_key=True)
    workflow: Workflow = Field(index=True)
    location_id: str = Field(index=True)
    old: Level
    new: Level
    by: str
    authenticated: AuthenticatedHow | None = None
    reason: str
    content: str
    digest: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class WorkflowProof(OperationalRecord, table=True):
    """What came of trying a workflow out in a scratch installation, on one version of the code; never changed."""

    __tablename__ = "workflow_proof"
    id: str = Field(primary_key=True)
    workflow: Workflow = Field(index=True)
    code_version: str = Field(index=True)
    kind: ProofKind
    passed: bool
    why: str
    seconds: float
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ShadowAction(OperationalRecord, table=True):
    """What a workflow at the level shadow would have done, once per subject and content; never changed.

    ``subject_id`` is what it is about: an appointment, a slot, a check-in; the case itself where it is about a case.
    ``content`` is what it is held against what the staff did with: ids, enums, counts and digests, no words.
    """

    __tablename__ = "shadow_action"
    __table_args__ = (UniqueConstraint("case_number", "kind", "digest"),)
    id: str = Field(primary_key=True)
    workflow: Workflow = Field(index=True)
    location_id: str = Field(index=True)
    case_number: str
    kind: ShadowKind
    subject_id: str = Field(default="", index=True, sa_column_kwargs={"server_default": ""})
    content: dict = Field(default_factory=dict, sa_type=JSON, sa_column_kwargs={"server_default": "{}"})
    digest: str
    would_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
