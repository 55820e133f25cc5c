"""Runs Alembic on the connection it is given; ``adapters.migrating`` sets connection and database name."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import AutoString

import models.operational
import models.therapy
from models.columns import UtcDateTime
from models.therapy.base import TherapyTextColumn

METADATA = {"operational": models.operational.METADATA, "therapy": models.therapy.METADATA}


def plain_type(kind: str, column_type: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our column types as what the database stores, so that old revisions outlive our classes."""
    if kind != "type":
        return False
    if isinstance(column_type, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(column_type, TherapyTextColumn):
        return "sa.Text()"
    if isinstance(column_type, sa.String | AutoString) and not isinstance(column_type, sa.Text):
        return f"sa.String(length={column_type.length})" if column_type.length else "sa.String()"
    return False


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA[context.config.attributes["database"]],
    render_item=plain_type,
    compare_type=True,
    # SQLite cannot alter a table in place; Alembic then copies it. The first revision only makes tables.
    render_as_batch=not context.config.attributes.get("first", False),
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
