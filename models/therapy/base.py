"""The base of the therapy records: what was said or written; a database of its own."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from models.therapy_text import TherapyText


class TherapyRecord(SQLModel, registry=registry()):
    """Lives in the therapy database; only ``adapters.therapy_store`` and the migrations import it."""


METADATA = TherapyRecord.metadata


class TherapyTextColumn(TypeDecorator[TherapyText]):
    """A content field: only sealed text goes in, and it comes out closed.

    ``adapters.therapy_store_seals`` seals what is about to be written and opens what was read. Open text that reaches
    the database unsealed raises TypeError.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: TherapyText | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if not isinstance(value, TherapyText) or value.sealed_form is None:
            raise TypeError("therapy content is stored as sealed TherapyText only")
        return value.sealed_form

    def process_result_value(self, value: str | None, dialect: Dialect) -> TherapyText | None:
        return None if value is None else TherapyText.closed(value)

    def compare_values(self, x: Any, y: Any) -> bool:
        """Whether nothing changed; a closed text tells nothing about an open one, so that counts as a change."""
        if x is y or not (isinstance(x, TherapyText) and isinstance(y, TherapyText)):
            return x is y
        if x.is_open and y.is_open:
            return bool(x == y)
        return not x.is_open and not y.is_open and x.sealed_form == y.sealed_form


def content_fields(record_type: type[TherapyRecord]) -> tuple[str, ...]:
    """The names of the fields of a record that hold content."""
    columns = METADATA.tables[str(record_type.__tablename__)].columns
    return tuple(column.name for column in columns if isinstance(column.type, TherapyTextColumn))


def record_id_of(record: TherapyRecord) -> str:
    """The primary key of a record that holds content; each such table has one column for it."""
    [column] = METADATA.tables[str(record.__tablename__)].primary_key.columns
    return str(getattr(record, column.name))
