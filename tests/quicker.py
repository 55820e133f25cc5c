"""What thousands of short-lived installations may share in one process, so that each test pays only for itself."""

import gc
import sys
from functools import cache

from argon2 import PasswordHasher
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from adapters import credentials

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


hasher_as_installed = credentials._hasher
"""What makes passwords costly to guess where somebody could steal them."""


def hash_passwords_cheaply() -> None:
    """A password of a test costs next to nothing to hash, where an installation's takes 64 MiB and a tenth of a second.

    A hash says what it cost, so whoever is started by a test checks it as well.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    credentials._hasher = lambda: cheap


class _Compiled(BytecodeCache):
    """Compiled pages by their names and places, which jinja's key stands for; it looks at their text, too."""

    def __init__(self) -> None:
        self.codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.codes:
            bucket.bytecode_from_string(self.codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key] = bucket.bytecode_to_string()


def share_compiled_docs() -> None:
    """Let Great Expectations compile the templates of its pages once a process: it does so for every page it writes.

    To be called when the tests are collected; where none of them checks tables, nothing is imported for it.
    """
    contract = sys.modules.get("data_contracts.table_contract")
    if contract is None:
        return
    make = contract._context

    def context(docs_dir):
        _share_docs_templates()
        return make(docs_dir)

    contract._context = context


@cache
def _share_docs_templates() -> None:
    from great_expectations.render.view.view import DefaultJinjaView

    compiled, begin = _Compiled(), DefaultJinjaView.__init__

    def begin_with_them(self, *given, **named) -> None:
        begin(self, *given, **named)
        self.env.bytecode_cache = compiled

    DefaultJinjaView.__init__ = begin_with_them


def leave_what_is_loaded() -> None:
    """Take what was imported and collected out of the collector's way: it stays until the end."""
    gc.collect()
    gc.freeze()
