"""Inserts rows unless they are there already, on either database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session


def insert_unless_there(db: Session, record_type: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in one statement; one whose key is there, or comes from another transaction first, stays as it is.

    What the caller has added before and these rows lean on must be flushed.
    """
    if not rows:
        return
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    db.connection().execute(insert(record_type.__table__).on_conflict_do_nothing(), list(rows))
