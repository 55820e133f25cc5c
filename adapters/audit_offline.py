"""Checks an export of the audit where there is no database: the JSON lines and the anchors are enough."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from adapters.audit_chain import Verdict, verify_rows
from adapters.audit_export import COLUMNS
from models.audit_chain import CHAINS
from models.errors import OutsideRefused


def verify_export(file: Path, anchors: Path | None, *, from_the_start: bool = True) -> list[Verdict]:
    """Recompute the chains of an export in JSON lines; ``from_the_start`` False: it is of some days only.

    Raises OutsideRefused for a line that is none of an export.
    """
    verdicts = []
    chains = {chain.database: chain for chain in CHAINS}
    with file.open("rb") as lines:
        for database, rows in groupby(_facts(lines), key=lambda facts: facts[0]):
            if database not in chains:
                raise OutsideRefused(f"{file.name} names a database {database!r} that is none of ours")
            verdicts.append(
                verify_rows(chains[database], (row[1:] for row in rows), anchors, from_the_start=from_the_start)
            )
    met = [verdict.database for verdict in verdicts]
    for missing in (set(chains) - set(met)) if from_the_start else ():
        verdicts.append(verify_rows(chains[missing], iter(()), anchors, from_the_start=True))
    return verdicts


def _facts(lines: Iterator[bytes] | Any) -> Iterator[Sequence[Any]]:
    """One line after the other in the order of the export's columns, spelled as the digests were made from."""
    for number, line in enumerate(lines, start=1):
        try:
            facts = orjson.loads(line)
            row = [facts[name] for name in COLUMNS]
        except (ValueError, KeyError, TypeError):
            raise OutsideRefused(f"line {number} is no line of an export in JSON lines") from None
        row[COLUMNS.index("details")] = orjson.dumps(facts["details"]).decode()
        yield row
