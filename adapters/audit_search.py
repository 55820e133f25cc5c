"""Which events of the audit are wanted: one search for the page that lists them, the count and the export."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters import operational_store
from adapters.operational_store import CASES
from models.audit_chain import OPERATIONAL, Chain


@dataclass(frozen=True)
class Wanted:
    """Which events; what is empty is no limit. ``actor``: how it begins; ``begin`` ≤ time < ``end``, UTC.

    ``record``: the id of what was changed or read, or its kind; ``location``: of the case it is about.
    """

    case: str = ""
    actor: str = ""
    action: str = ""
    record: str = ""
    location: str = ""
    begin: datetime | None = None
    end: datetime | None = None

    def tidied(self) -> "Wanted":
        """The same without blanks around what was typed, case numbers in capitals."""
        return replace(self, case=self.case.strip().upper(), actor=self.actor.strip(), record=self.record.strip())

    @property
    def is_everything(self) -> bool:
        return self.tidied() == Wanted()


def conditions(chain: Chain, wanted: Wanted, until: int, dialect: str) -> list[sa.ColumnElement[bool]]:
    """The search as conditions on the events of this chain up to number ``until``; the audit only grows, so what fits
    never changes."""
    wanted, table = wanted.tidied(), chain.events_table
    found: list[sa.ColumnElement[bool]] = [table.c.id <= until]
    if wanted.case:
        found.append(table.c.case_number == wanted.case)
    if wanted.actor:
        found.append(table.c.actor.startswith(wanted.actor, autoescape=True))
    if wanted.action:
        found.append(table.c.action == wanted.action)
    if wanted.record:
        found.append((table.c.subject_id == wanted.record) | (table.c.subject_kind == wanted.record))
    if wanted.location:
        found.append(table.c.case_number.in_(_cases_at(chain, wanted.location, dialect)))
    if wanted.begin is not None:
        found.append(table.c.at >= wanted.begin)
    if wanted.end is not None:
        found.append(table.c.at < wanted.end)
    return found


def _cases_at(chain: Chain, location_id: str, dialect: str) -> Any:
    """The cases of a location: as a query where they lie in the same database, else as one list in one parameter,
    because a database takes some ten thousand parameters and a location may have more cases."""
    query = sa.union_all(*(sa.select(record.case_number).where(record.location_id == location_id) for record in CASES))
    if chain is OPERATIONAL:
        return query
    with operational_store.reading() as db:
        numbers = list(db.connection().execute(query).scalars())
    if dialect == "sqlite":
        listed = sa.func.json_each(sa.bindparam(None, numbers, sa.JSON())).table_valued("value")
        return sa.select(listed.c.value)
    return sa.select(sa.func.unnest(sa.bindparam(None, numbers, sa.ARRAY(sa.String()))).column_valued())
