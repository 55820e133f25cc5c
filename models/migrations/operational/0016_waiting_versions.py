"""What does this revision change? Versions that wait for signatures, pilots in shadow of every kind, texts by kind."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0016"
down_revision = "operational_0015"

FACTS = ("version_signature", "pilot_shadow")
"""Tables whose rows are never changed or removed."""


def upgrade() -> None:
    op.create_table(
        "waiting_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("location_ids", sa.JSON(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_why", sa.String(length=48), nullable=True),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_waiting_version_ended_at", "waiting_version", ["ended_at"], unique=False)

    op.create_table(
        "version_signature",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("waiting_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=48), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("authenticated", sa.String(length=48), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["waiting_id"], ["waiting_version.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("waiting_id", "role"),
    )
    op.create_index("ix_version_signature_waiting_id", "version_signature", ["waiting_id"], unique=False)

    op.create_table(
        "pilot_shadow",
        sa.Column("pilot_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("present", sa.Float(), nullable=False),
        sa.Column("new", sa.Float(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"]),
        sa.PrimaryKeyConstraint("pilot_id", "subject_id"),
    )

    # only constant defaults, so that no table is written anew and the guards of the append-only ones stay
    op.add_column("pilot", sa.Column("text_kind", sa.String(length=48), server_default="referral", nullable=False))
    op.add_column(
        "pilot_reading", sa.Column("text_kind", sa.String(length=48), server_default="referral", nullable=False)
    )

    for table in FACTS:
        for statement in _refusing(table, op.get_bind().dialect.name):
            op.execute(statement)


def _refusing(table: str, dialect: str) -> list[str]:
    """What makes the database refuse a change of this table's rows."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for change in ("UPDATE", "DELETE")
        ]
    function = f"{table}_append_only"
    return [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
        *(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} EXECUTE FUNCTION {function}()"
            for change in ("UPDATE", "DELETE", "TRUNCATE")
        ),
    ]
