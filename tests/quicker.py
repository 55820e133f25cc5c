"""What thousands of short-lived installations may share in one process, so that each test pays only for itself."""

import gc

from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_compiled: LRUCache = LRUCache(4000)


def share_compiled_statements() -> None:
    """Let every engine of a kind use one store of compiled statements.

    A test's home has engines of its own, so each test would compile all of its statements again: a third of its time.
    The store's keys hold the dialect; those of a kind count as equal here, because all of a run speak to one version.
    """
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__eq__ = lambda self, other: type(self) is type(other)
        kind.__hash__ = lambda self: hash(type(self))
    event.listen(Engine, "engine_connect", _use_shared)


def _use_shared(connection) -> None:
    if "compiled_cache" not in connection.get_execution_options():
        connection.execution_options(compiled_cache=_compiled)


def leave_what_is_loaded() -> None:
    """Take what was imported and collected out of the collector's way: it stays until the end."""
    gc.collect()
    gc.freeze()
