"""Column types both databases share: UTC times, opaque ids."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets zones, so a naive value is refused going in and made aware coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """The present moment; only adapters, tasks and acts call it, rules are given their time."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """An opaque identifier such as ``AP-1f0c…``; holds nothing about a person."""
    return f"{prefix}-{uuid4().hex[:20]}"


def store_enum_values(metadata: MetaData) -> None:
    """Store every enum column as its plain value in a text column, so that rows read as the code does.

    SQLModel would store member names in a native enum type, which PostgreSQL cannot extend inside a migration.
    """
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Enum) and column.type.native_enum:
                column.type = Enum(
                    column.type.enum_class,  # type: ignore[arg-type]
                    native_enum=False,
                    create_constraint=False,
                    length=48,
                    values_callable=lambda members: [member.value for member in members],
                )
