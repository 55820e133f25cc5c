"""Checks an export of the audit where there is no database: the JSON lines and the anchors are enough."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from adapters.audit_chain import Verdict, verify_picked, verify_rows
from adapters.audit_export import COLUMNS, PART
from models.audit_chain import CHAINS
from models.errors import OutsideRefused


def verify_export(file: Path, anchors: Path | None, *, from_the_start: bool = True) -> list[Verdict]:
    """Recompute the chains of an export in JSON lines; ``from_the_start`` False: it is one stretch of the chain.

    What a search picked out says so in each line: then every event is checked for itself, with its neighbour where
    that is there too. Raises OutsideRefused for a line that is none of an export.
    """
    verdicts = []
    chains = {chain.database: chain for chain in CHAINS}
    with file.open("rb") as lines:
        for (database, part), rows in groupby(_facts(lines), key=lambda facts: (facts[0], facts[-1])):
            if database not in chains:
                raise OutsideRefused(f"{file.name} names a database {database!r} that is none of ours")
            chain, facts = chains[database], (row[1:-1] for row in rows)
            if part is not None:
                verdicts.append(verify_picked(chain, facts, anchors, said=part[0], part_of=part[1]))
            else:
                verdicts.append(verify_rows(chain, facts, anchors, from_the_start=from_the_start))
    met = [verdict.database for verdict in verdicts]
    of_a_part = any(verdict.part_of is not None for verdict in verdicts)
    for missing in (set(chains) - set(met)) if from_the_start and not of_a_part else ():
        verdicts.append(verify_rows(chains[missing], iter(()), anchors, from_the_start=True))
    return verdicts


def _facts(lines: Iterator[bytes] | Any) -> Iterator[Sequence[Any]]:
    """One line after the other in the order of the export's columns, spelled as the digests were made from; last, what
    it says of the part it is of, None in a whole export."""
    for number, line in enumerate(lines, start=1):
        try:
            facts = orjson.loads(line)
            row = [facts[name] for name in COLUMNS]
            part = (int(facts[PART]["found"]), int(facts[PART]["of"])) if PART in facts else None
        except (ValueError, KeyError, TypeError):
            raise OutsideRefused(f"line {number} is no line of an export in JSON lines") from None
        row[COLUMNS.index("details")] = orjson.dumps(facts["details"]).decode()
        yield [*row, part]
