"""The base of the therapy records: what was said or written; a database of its own."""

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
    """A content field; goes in and comes out as TherapyText so that printing a row prints no content.

    The trust issue seals the stored value here (AES-256-GCM), behind the same door.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: TherapyText | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if not isinstance(value, TherapyText):
            raise TypeError("therapy content is stored as TherapyText only")
        return value.unwrap()

    def process_result_value(self, value: str | None, dialect: Dialect) -> TherapyText | None:
        return None if value is None else TherapyText(value)
