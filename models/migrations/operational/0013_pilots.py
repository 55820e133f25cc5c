"""What does this revision change? Versions of what a practice tunes, pilots, arms, looks; what is a fact stays."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0013"
down_revision = "operational_0012"

FACTS = ("practice_version", "pilot_signature", "pilot_placing", "pilot_reading", "pilot_edits", "pilot_look")
"""Tables whose rows are never changed or removed."""


def upgrade() -> None:
    op.create_table(
        "practice_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_practice_version_kind", "practice_version", ["kind"], unique=False)

    op.create_table(
        "pilot",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("mode", sa.String(length=48), nullable=False),
        sa.Column("location_ids", sa.JSON(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("unit", sa.String(length=48), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("measure", sa.String(length=48), nullable=False),
        sa.Column("smallest", sa.Float(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("spread", sa.Float(), nullable=False),
        sa.Column("planned_units", sa.Integer(), nullable=False),
        sa.Column("harm_measure", sa.String(length=48), nullable=True),
        sa.Column("most_harm", sa.Float(), nullable=True),
        sa.Column("most_lost", sa.Integer(), nullable=False),
        sa.Column("present", sa.JSON(), nullable=False),
        sa.Column("screens_less", sa.Boolean(), nullable=False),
        sa.Column("less_accepted", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_why", sa.String(length=48), nullable=True),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["practice_version.id"]),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_pilot_version_id", "pilot", ["version_id"], unique=False)
    op.create_index("ix_pilot_kind", "pilot", ["kind"], unique=False)

    op.create_table(
        "pilot_signature",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pilot_id", sa.String(), nullable=False),
        sa.Column("act", sa.String(length=48), nullable=False),
        sa.Column("role", sa.String(length=48), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("authenticated", sa.String(length=48), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("accepts_less", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pilot_id", "act", "role"),
    )
    op.create_index("ix_pilot_signature_pilot_id", "pilot_signature", ["pilot_id"], unique=False)

    op.create_table(
        "pilot_placing",
        sa.Column("pilot_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("arm", sa.String(length=48), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"]),
        sa.PrimaryKeyConstraint("pilot_id", "unit_id"),
    )

    op.create_table(
        "pilot_reading",
        sa.Column("pilot_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("read_digest", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("arm", sa.String(length=48), nullable=True),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("raised", sa.Integer(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("lost", sa.JSON(), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"]),
        sa.PrimaryKeyConstraint("pilot_id", "case_number", "read_digest"),
    )

    op.create_table(
        "pilot_edits",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["session_note.case_number"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.PrimaryKeyConstraint("case_number"),
    )

    op.create_table(
        "pilot_look",
        sa.Column("pilot_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("units_a", sa.Integer(), nullable=False),
        sa.Column("units_b", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("mean_a", sa.Float(), nullable=True),
        sa.Column("mean_b", sa.Float(), nullable=True),
        sa.Column("estimate", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("verdict", sa.String(length=48), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"]),
        sa.PrimaryKeyConstraint("pilot_id", "number"),
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
