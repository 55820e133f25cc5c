"""What does this revision change? Draws of unflagged intakes with their findings, alarm tests, practice rounds."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0014"
down_revision = "operational_0013"

APPEND_ONLY = {
    "risk_draw": "id",
    "risk_draw_case": "case_number",
    "risk_finding": "to_do_id",
}
"""Tables of facts, with their key: what was drawn and found stays as it was."""


def upgrade() -> None:
    op.create_table(
        "risk_draw",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("intakes", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_risk_draw_night", "risk_draw", ["night"], unique=False)
    op.create_table(
        "risk_draw_case",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("to_do_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_number"], ["referral.case_number"]),
        sa.ForeignKeyConstraint(["draw_id"], ["risk_draw.id"]),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.ForeignKeyConstraint(["to_do_id"], ["to_do.id"]),
        sa.PrimaryKeyConstraint("case_number"),
        sa.UniqueConstraint("to_do_id"),
    )
    op.create_index("ix_risk_draw_case_draw_id", "risk_draw_case", ["draw_id"], unique=False)
    op.create_table(
        "risk_finding",
        sa.Column("to_do_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("finding", sa.String(length=48), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["referral.case_number"]),
        sa.ForeignKeyConstraint(["found_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["to_do_id"], ["to_do.id"]),
        sa.PrimaryKeyConstraint("to_do_id"),
    )
    op.create_index("ix_risk_finding_case_number", "risk_finding", ["case_number"], unique=False)
    op.create_table(
        "alarm_test",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paged", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.ForeignKeyConstraint(["raised_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alarm_test_location_id", "alarm_test", ["location_id"], unique=False)
    op.create_table(
        "practice_round",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("for_staff_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["for_staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("for_staff_id"),
    )
    op.create_table(
        "practice_tally",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("planted", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("caught", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_practice_tally_month", "practice_tally", ["month"], unique=False)
    for statement in _guards():
        op.execute(statement)


def _guards() -> list[str]:
    """What makes the database itself refuse a change of a fact, on both kinds of database (see models.audit_guards)."""
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        return [
            f"CREATE TRIGGER {table}_no_{name} BEFORE {when} ON {table} {refuse.format(table=table)}"
            for table, key in APPEND_ONLY.items()
            for name, when in (("update", "UPDATE"), ("delete", "DELETE"))
        ] + [
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse.format(table=table)}"
            for table, key in APPEND_ONLY.items()
        ]
    function = (
        "CREATE FUNCTION safety_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_no_{when.lower()} BEFORE {when} ON {table} EXECUTE FUNCTION safety_append_only()"
        for table in APPEND_ONLY
        for when in ("UPDATE", "DELETE", "TRUNCATE")
    ]
