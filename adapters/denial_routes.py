"""Reads the practice's table of denials, denial_routes.csv: which reason goes where, and what is done about it.

An empty cell of rarc, group or payer_code fits any; a CARC or RARC that two rows answer alike on one date is a fault.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from adapters.appeal_letters import TITLES
from adapters.billing_tables import BrokenTables, TableFault
from adapters.file_text import text_of
from models.billing import overlap
from models.codes import CaseOwner
from models.denials import CorrectsBy, DenialRoute, DenialRoutes
from models.errors import ContractBroken
from models.referral_table import read_code, read_day

HEADER_LINE = 1
LONGEST_DAYS = 365
OWNERS = (CaseOwner.BILLER, CaseOwner.CLINICIAN, CaseOwner.COORDINATOR, CaseOwner.PATIENT)
GROUPS = ("CO", "PR", "OA", "PI")
_CARC = re.compile(r"[1-9]\d{0,2}|[A-Z]\d{1,2}")
_RARC = re.compile(r"MA\d{2,3}|[MN]\d{1,3}")
_QUEUE = re.compile(r"[a-z][a-z_]{1,38}[a-z]")


@dataclass(frozen=True)
class _Column:
    """``to`` is the field of the value; ``required`` where an empty cell is a fault."""

    name: str
    to: str
    wanted: str
    reads: Callable[[str], object | None]
    required: bool = True


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if text.isascii() and pattern.fullmatch(text) else None


def _words(longest: int) -> Callable[[str], str | None]:
    return lambda text: text if len(text) <= longest and text.isprintable() else None


def _days(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= LONGEST_DAYS else None


def _owner(text: str) -> CaseOwner | None:
    return CaseOwner(text) if text in OWNERS else None


def _corrects(text: str) -> CorrectsBy | None:
    return CorrectsBy(text) if text in set(CorrectsBy) else None


COLUMNS = (
    _Column("carc", "reason", "a reason code such as 197 or B7", _matching(_CARC)),
    _Column("rarc", "remark", "a remark code such as N290, or empty", _matching(_RARC), False),
    _Column("group", "group", f"one of {', '.join(GROUPS)}, or empty", lambda text: text if text in GROUPS else None,
            False),
    _Column("payer_code", "payer_code", "a payer's code in letters, digits, - and _, or empty", read_code, False),
    _Column("label", "label", "at most 80 characters that say what the payer means", _words(80)),
    _Column("queue", "queue", "a name of small letters and _", _matching(_QUEUE)),
    _Column("next_action", "next_action", "at most 200 characters", _words(200)),
    _Column("days", "days", f"whole days from 1 to {LONGEST_DAYS}", _days),
    _Column("owner", "owner", f"one of {', '.join(OWNERS)}", _owner),
    _Column("corrects_by", "corrects_by", f"one of {', '.join(CorrectsBy)}", _corrects),
    _Column("template", "template", f"one of {', '.join(TITLES)}, or empty",
            lambda text: text if text in TITLES else None, False),
    _Column("valid_from", "valid_from", "a date such as 2026-01-01", read_day),
    _Column("valid_to", "valid_to", "a date such as 2026-12-31, or empty", read_day, False),
    _Column("source", "source", "at most 120 characters: who says so", _words(120)),
)  # fmt: skip


def load(path: Path) -> DenialRoutes:
    """The table of a file. Raises BrokenTables with every fault by line and field."""
    faults: list[TableFault] = []
    rows: list[DenialRoute] = []
    for line, cells in _rows(path, faults):
        row = _row(path.name, line, cells, faults)
        if row is not None:
            rows.append(row)
    faults += _alike(path.name, rows)
    if faults:
        raise BrokenTables(sorted(faults, key=lambda each: each.line))
    found: dict[str, tuple[DenialRoute, ...]] = {}
    for row in rows:
        found[row.reason] = (*found.get(row.reason, ()), row)
    return DenialRoutes(found)


def _rows(path: Path, faults: list[TableFault]) -> list[tuple[int, dict[str, str]]]:
    """Each filled row with the line it begins in."""

    def broken(line: int, words: str, field: str = "") -> None:
        faults.append(TableFault(path.name, line, field, words))

    if not path.is_file():
        broken(HEADER_LINE, "there is no such file")
        return []
    try:
        reader = csv.reader(io.StringIO(text_of(path.read_bytes(), "table", "CSV (UTF-8)"), newline=""), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        begins, said = reader.line_num + 1, []
        for cells in reader:
            said.append((begins, [cell.strip() for cell in cells]))
            begins = reader.line_num + 1
    except ContractBroken as refused:
        broken(refused.row or HEADER_LINE, str(refused))
        return []
    except csv.Error:
        broken(HEADER_LINE, "a quotation mark is opened or closed in the wrong place")
        return []
    if not any(header) and not said:
        broken(HEADER_LINE, "the file is empty")
        return []
    times, known = Counter(header), [column.name for column in COLUMNS]
    for name in known:
        if times[name] != 1:
            broken(HEADER_LINE, "stands twice" if times[name] else "the column is missing", name)
    for name in times:
        if name not in known:
            broken(HEADER_LINE, f"is no column here; there are {', '.join(known)}", name)
    if faults:
        return []
    filled = [(line, cells) for line, cells in said if any(cells)]
    for line, cells in filled:
        if len(cells) != len(header):
            broken(line, f"has {len(cells)} cells where the header has {len(header)}")
    return [(line, dict(zip(header, cells, strict=True))) for line, cells in filled if len(cells) == len(header)]


def _row(file: str, line: int, cells: dict[str, str], faults: list[TableFault]) -> DenialRoute | None:
    said: dict[str, Any] = {}
    before = len(faults)
    for column in COLUMNS:
        text = cells[column.name]
        value = column.reads(text) if text else None
        if text and value is None:
            faults.append(TableFault(file, line, column.name, f"must be {column.wanted}"))
        elif not text and column.required:
            faults.append(TableFault(file, line, column.name, f"is empty; it must be {column.wanted}"))
        elif text:
            said[column.to] = value
    ends, begins = said.get("valid_to"), said.get("valid_from")
    if isinstance(ends, date) and isinstance(begins, date) and ends < begins:
        faults.append(TableFault(file, line, "valid_to", "ends before it begins"))
    if len(faults) > before:
        return None
    return DenialRoute(**{"remark": "", "group": "", "payer_code": "", **said}, row=line)


def _alike(file: str, rows: list[DenialRoute]) -> Iterator[TableFault]:
    """Two rows of which a lookup could not tell which is meant."""
    groups: dict[tuple[str, ...], list[DenialRoute]] = {}
    for row in rows:
        groups.setdefault((row.reason, row.remark, row.group, row.payer_code), []).append(row)
    for several in groups.values():
        for one, other in combinations(several, 2):
            if overlap(one, other):
                yield TableFault(file, other.row, "valid_from", f"overlaps the dates of line {one.row}")
