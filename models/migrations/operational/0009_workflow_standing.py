"""What does this revision change? Each workflow has a level at each location, its signatures, proofs, shadow acts."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from models.audit_guards import append_only

revision = "operational_0009"
down_revision = "operational_0008"


def upgrade() -> None:
    op.create_table(
        "workflow_standing",
        sa.Column("workflow", sa.String(length=48), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("level", sa.String(length=48), nullable=False),
        sa.Column("runs_as", sa.String(length=48), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("budget", sa.JSON(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("workflow", "location_id"),
    )
    op.create_table(
        "level_change",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(length=48), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("old", sa.String(length=48), nullable=False),
        sa.Column("new", sa.String(length=48), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("authenticated", sa.String(length=48), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "workflow_proof",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(length=48), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "shadow_action",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(length=48), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("would_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "kind", "digest"),
    )
    for table, columns in {
        "level_change": ("workflow", "location_id"),
        "workflow_proof": ("workflow", "code_version"),
        "shadow_action": ("workflow", "location_id"),
    }.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
    _claims_keep_their_level()
    # last: a table that SQLite copies loses its triggers
    for table in ("level_change", "workflow_proof", "shadow_action"):
        append_only(op.get_bind(), table)


def _claims_keep_their_level() -> None:
    """Where clean claims left by themselves stood in a setting until now: it becomes the level of claims there."""
    connection = op.get_bind()
    setting = sa.table("practice_setting", sa.column("name"), sa.column("value"))
    is_it = setting.c.name == "claims_by_themselves"
    allowed = connection.execute(sa.select(setting.c.value).where(is_it)).scalar()
    places: set[str] = set(connection.execute(sa.select(sa.column("id")).select_from(sa.table("location"))).scalars())
    json = sa.JSON()
    standing = sa.table(
        "workflow_standing",
        *(sa.column(name) for name in ("workflow", "location_id", "level", "runs_as", "code_version", "changed_by")),
        *(sa.column(name, json) for name in ("reasons", "checks", "budget")),
        sa.column("changed_at", sa.DateTime(timezone=True)),
        sa.column("version"),
    )
    for place in sorted(places & {each.strip() for each in (allowed or "").split(",")}):
        connection.execute(
            sa.insert(standing).values(
                workflow="claims",
                location_id=place,
                level="live",
                runs_as="live",
                code_version="",
                changed_by="system",
                reasons=[],
                checks=[],
                budget=[],
                changed_at=datetime.now(UTC),
                version=0,
            )
        )
    connection.execute(sa.delete(setting).where(is_it))
