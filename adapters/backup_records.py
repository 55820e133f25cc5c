"""The portable content of a backup: tables as lines of JSON, files as they are, each part with its count and digest.

Nothing here knows a model: tables are read as the database describes them, so that sealed fields stay as they are
sealed and a backup of one kind of database goes into the other. Times are UTC, JSON columns travel as the stored text.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import orjson
import sqlalchemy as sa

from adapters.migrating import UNFINISHED_RESTORE
from models.errors import BackupRefused

BATCH_ROWS = 1000
LONGEST_RECORD = 1 << 30
NOT_COPIED = frozenset({"alembic_version", UNFINISHED_RESTORE})


class Part(StrEnum):
    """What one record of the stream is."""

    HEAD = "H"
    TABLE = "T"
    ROWS = "R"
    TABLE_END = "E"
    FILE = "F"
    CHUNK = "C"
    FILE_END = "G"
    MANIFEST = "M"


class Shape(StrEnum):
    """How a column's values travel."""

    PLAIN = "plain"
    JSON = "json"
    MOMENT = "moment"
    DAY = "day"
    TIME = "time"
    BYTES = "bytes"


class Told(NamedTuple):
    """How many rows, and the SHA-256 of their lines in the order of the primary key."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class TableShape:
    """A table as a backup knows it, and as the database describes it."""

    name: str
    columns: tuple[tuple[str, Shape], ...]
    described: sa.Table = field(repr=False, compare=False)


class Sink(Protocol):
    def write(self, plain: bytes) -> None: ...


def put(out: Sink, part: Part, payload: bytes | dict[str, Any]) -> None:
    """Write one record: a letter, the length, the payload."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload, sort_keys=True).encode()
    out.write(part.value.encode() + len(body).to_bytes(4, "big") + body)


def records(pieces: Iterable[bytes]) -> Iterator[tuple[Part, bytes]]:
    """The records of a stream, however it is cut."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        at = 0
        while len(waiting) - at >= 5:
            size = int.from_bytes(waiting[at + 1 : at + 5], "big")
            if size > LONGEST_RECORD:
                raise BackupRefused("the backup holds a record that is too long")
            if len(waiting) - at - 5 < size:
                break
            try:
                part = Part(chr(waiting[at]))
            except ValueError:
                raise BackupRefused("the backup holds a record of an unknown kind") from None
            yield part, bytes(waiting[at + 5 : at + 5 + size])
            at += 5 + size
        del waiting[:at]
    if waiting:
        raise BackupRefused("the backup ends in the middle of a record")


def tables_of(connection: sa.Connection) -> list[TableShape]:
    """Every table of a database, each after the tables it refers to."""
    known = sa.MetaData()
    known.reflect(connection)
    return [
        TableShape(
            table.name,
            tuple((column.name, _shape(column.type)) for column in table.columns),
            table,
        )
        for table in known.sorted_tables
        if table.name not in NOT_COPIED
    ]


def _shape(kind: sa.types.TypeEngine[Any]) -> Shape:
    for wanted, shape in (
        (sa.JSON, Shape.JSON),
        (sa.DateTime, Shape.MOMENT),
        (sa.Date, Shape.DAY),
        (sa.Time, Shape.TIME),
        (sa.LargeBinary, Shape.BYTES),
    ):
        if isinstance(kind, wanted):
            return shape
    if isinstance(kind, sa.String | sa.Integer | sa.Float | sa.Boolean):
        return Shape.PLAIN
    raise BackupRefused(f"a backup cannot hold a column of type {type(kind).__name__}")


def lines_of(connection: sa.Connection, table: TableShape) -> Iterator[list[bytes]]:
    """The rows as lines of JSON in the order of the primary key, a batch at a time; the same on both databases."""
    known = table.described
    # PostgreSQL sorts text by a language's rules unless it is told not to
    on_postgres = connection.dialect.name == "postgresql"
    order = [
        sa.collate(column, "C") if on_postgres and isinstance(column.type, sa.String) else column
        for column in known.primary_key.columns
    ]
    wanted: list[Any] = [
        known.columns[name]
        if shape != Shape.JSON
        else sa.cast(known.columns[name], sa.Text)
        if on_postgres
        else sa.type_coerce(known.columns[name], sa.Text)
        for name, shape in table.columns
    ]
    found = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS).execute(
        sa.select(*wanted).order_by(*order)
    )
    for batch in found.partitions(BATCH_ROWS):
        yield [orjson.dumps(tuple(row), default=_as_text, option=orjson.OPT_NAIVE_UTC) for row in batch]


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a backup cannot hold a {type(value).__name__}")


def told(connection: sa.Connection, table: TableShape) -> Told:
    """What the rows of a table add up to as they stand in this database."""
    rows, digest = 0, hashlib.sha256()
    for lines in lines_of(connection, table):
        rows += len(lines)
        digest.update(b"\n".join(lines) + b"\n")
    return Told(rows, digest.hexdigest())


def put_table(out: Sink, database: str, connection: sa.Connection, table: TableShape) -> Told:
    """Write one table with its count and digest."""
    put(out, Part.TABLE, {"database": database, "table": table.name, "columns": table.columns})
    rows, digest = 0, hashlib.sha256()
    for lines in lines_of(connection, table):
        payload = b"\n".join(lines)
        rows += len(lines)
        digest.update(payload + b"\n")
        put(out, Part.ROWS, payload)
    end = Told(rows, digest.hexdigest())
    put(out, Part.TABLE_END, end._asdict())
    return end


def load_rows(connection: sa.Connection, table: TableShape, lines: bytes) -> int:
    """Insert one batch of lines as they are; returns how many."""
    rows = [orjson.loads(line) for line in lines.split(b"\n")]
    names = [name for name, _ in table.columns]
    on_postgres = connection.dialect.name == "postgresql"
    read_as = {Shape.BYTES: base64.b64decode} if on_postgres else _READ  # its COPY reads the other texts itself
    read_back = [(at, read_as[shape]) for at, (_, shape) in enumerate(table.columns) if shape in read_as]
    for row in rows:
        for at, read in read_back:
            if row[at] is not None:
                row[at] = read(row[at])
    if on_postgres:
        _copy(connection, table.name, names, rows)
        return len(rows)
    there = sa.table(table.name, *(sa.column(name, _STORED[shape]) for name, shape in table.columns))
    connection.execute(sa.insert(there), [dict(zip(names, row, strict=True)) for row in rows])
    return len(rows)


_STORED: dict[Shape, Any] = {
    Shape.PLAIN: sa.types.NullType(),
    Shape.JSON: sa.Text(),
    Shape.MOMENT: sa.DateTime(),
    Shape.DAY: sa.Date(),
    Shape.TIME: sa.Time(),
    Shape.BYTES: sa.LargeBinary(),
}
_READ: dict[Shape, Any] = {
    Shape.BYTES: base64.b64decode,
    Shape.MOMENT: datetime.fromisoformat,
    Shape.DAY: date.fromisoformat,
    Shape.TIME: time.fromisoformat,
}


def _copy(connection: sa.Connection, table: str, names: Sequence[str], rows: list[list[Any]]) -> None:
    """PostgreSQL reads every value but bytes from its text, so the lines need no types."""
    from psycopg import sql

    raw: Any = connection.connection.dbapi_connection
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    with (
        raw.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def set_sequences(connection: sa.Connection, tables: Iterable[TableShape]) -> None:
    """Make PostgreSQL's own numbering go on after the loaded rows; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.described.primary_key.columns:
            if isinstance(column.type, sa.Integer):
                connection.execute(
                    sa.text(
                        f"SELECT setval(pg_get_serial_sequence(:name, :key), max({column.name})) "
                        f'FROM "{table.name}" HAVING max({column.name}) IS NOT NULL'
                    ),
                    {"name": table.name, "key": column.name},
                )
