"""Is what lies in the therapy database what the audit says was sealed there? Needs no key and reads no words.

Three things must agree on each sealed field: the audit (``content.sealed``: version and SHA-256 of the form), the
ledger (``ContentSeal``), and the form itself. An old form put back together with its old ledger row passes every read;
the audit, whose chain is anchored outside, tells it.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from adapters import sealing, therapy_store
from models.therapy import ContentSeal, content_fields


def differences(connection: sa.Connection) -> Iterator[str]:
    """Each field on which the three do not agree, in words with ids only; held in memory: one entry for each field."""
    told = _told_by_audit(connection)
    ledger: dict[str, str] = {}
    seal = sa.inspect(ContentSeal).local_table.c
    for table, record, field, version, digest in connection.execute(
        sa.select(seal.record_table, seal.record_id, seal.field, seal.version, seal.digest)
    ):
        ledger[f"{table}/{record}/{field}"] = f"{version}:{digest}"
    if not told and not ledger:  # of a release before there were seals; the next start seals all
        return
    for path, mark in ledger.items():
        said = told.pop(path, None)
        if said is None:
            yield f"{_named(path)}: the ledger has a seal of which the audit knows nothing"
        elif said != mark:
            yield f"{_named(path)}: the ledger has {_version(mark)}, the audit says {_version(said)} was sealed last"
    for path in told:
        yield f"{_named(path)}: it was sealed, but its seal is gone from the ledger"
    for record_type in therapy_store.ALL_CONTENT:
        yield from _forms_that_differ(connection, record_type, ledger)
    for path in ledger:
        yield f"{_named(path)}: what was sealed is gone"


def _told_by_audit(connection: sa.Connection) -> dict[str, str]:
    """``table/id/field`` → ``version:digest``, the newest of each that the audit holds."""
    event = sa.inspect(therapy_store.TherapyAuditEvent).local_table.c
    told: dict[str, str] = {}
    query = sa.select(event.details).where(event.action == "content.sealed").order_by(event.id)
    for details in connection.execution_options(yield_per=2000).execute(query).scalars():
        told.update(details.get("seals", {}))
    return told


def _forms_that_differ(connection: sa.Connection, record_type: type[Any], ledger: dict[str, str]) -> Iterator[str]:
    """Compare every form of one table with the ledger; takes out of it what was met."""
    table = record_type.__table__
    [key] = table.primary_key.columns
    for name in content_fields(record_type):
        for record_id, value in connection.execute(sa.select(key, table.c[name])):
            path = f"{table.name}/{record_id}/{name}"
            mark = ledger.pop(path, None)
            form = None if value is None else value.sealed_form
            if form is None and mark is not None:
                yield f"{_named(path)}: what was sealed has been taken away"
            elif form is not None and mark is None:
                yield f"{_named(path)}: it is not in the ledger of seals"
            elif form is not None and mark is not None and sealing.digest_of(form) != mark.partition(":")[2]:
                yield f"{_named(path)}: it is not what was sealed as {_version(mark)}"


def _named(path: str) -> str:
    table, _, rest = path.partition("/")
    record, _, field = rest.rpartition("/")
    return f"{table} {record}, field {field}"


def _version(mark: str) -> str:
    return f"version {mark.partition(':')[0]} (SHA-256 {mark.partition(':')[2][:12]}…)"
