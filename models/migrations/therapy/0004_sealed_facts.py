"""What does this revision change? Scores and what a risk flag says become content; a screening names an edition.

What was stored in columns is written into the new content fields as it is; ``adapters.therapy_store_keys`` seals it.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "therapy_0004"
down_revision = "therapy_0003"

FACTS = (
    *("kind", "status", "level", "raised_by", "rule_id", "why", "version", "probability"),
    *("text_id", "starts", "ends"),
)


def upgrade() -> None:
    with op.batch_alter_table("intake_text") as batch_op:
        batch_op.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("questionnaire_answers") as batch_op:
        batch_op.add_column(sa.Column("scored", sa.Text(), nullable=True))
    with op.batch_alter_table("risk_flag") as batch_op:
        batch_op.add_column(sa.Column("facts", sa.Text(), nullable=False, server_default=""))
    move_scores()
    move_facts()
    name_editions()
    with op.batch_alter_table("intake_text") as batch_op:
        batch_op.alter_column("edition", server_default=None)
    with op.batch_alter_table("questionnaire_answers") as batch_op:
        batch_op.drop_column("band")
        batch_op.drop_column("total")
    with op.batch_alter_table("risk_flag") as batch_op:
        batch_op.alter_column("facts", server_default=None)
        for name in FACTS:
            batch_op.drop_column(name)


def move_scores() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, total, band FROM questionnaire_answers")).mappings().all()
    for row in rows:
        connection.execute(
            sa.text("UPDATE questionnaire_answers SET scored = :scored WHERE id = :id"),
            {"id": row["id"], "scored": spelled([row["total"], row["band"]])},
        )


def move_facts() -> None:
    connection = op.get_bind()
    names = ", ".join(f'"{name}"' for name in FACTS)
    for row in connection.execute(sa.text(f"SELECT id, unique_key, {names} FROM risk_flag")).mappings().all():
        facts = {"key": row["unique_key"], **{name: row[name] for name in FACTS}}
        connection.execute(
            sa.text("UPDATE risk_flag SET facts = :facts WHERE id = :id"), {"id": row["id"], "facts": spelled(facts)}
        )


def name_editions() -> None:
    """A text that was screened as it stands was screened in its first edition; digests of words do not stay."""
    connection = op.get_bind()
    for row in connection.execute(sa.text("SELECT id, text FROM intake_text")).mappings().all():
        state = hashlib.sha256(row["text"].encode()).hexdigest()
        connection.execute(
            sa.text("UPDATE screened SET state = '1' WHERE source_id = :id AND state = :state"),
            {"id": row["id"], "state": state},
        )
        connection.execute(sa.text("DELETE FROM screened WHERE source_id = :id AND state <> '1'"), {"id": row["id"]})


def spelled(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
