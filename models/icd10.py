"""Diagnosis codes of ICD-10-CM as the practice knows them: which codes, from when to when, how specific."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from types import MappingProxyType

_SHAPE = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?")


@dataclass(frozen=True)
class DiagnosisCode:
    """One code as it was from ``valid_from`` to ``valid_to`` (both included; None: still valid).

    ``billable`` says that it is a leaf: a claim may carry it. ``source`` is where the row comes from.
    """

    code: str
    label: str
    valid_from: date
    valid_to: date | None
    billable: bool
    source: str

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class DiagnosisTable:
    """Every row by code; a code has several where its meaning changed.

    ``starts`` is the first date that the table speaks of, ``checked_until`` the last one it was checked for: later
    releases may have added or withdrawn codes.
    """

    rows: Mapping[str, tuple[DiagnosisCode, ...]]
    starts: date
    checked_until: date

    def valid(self, code: str, on: date) -> DiagnosisCode | None:
        """The row of a code that holds on a date; None where there is none."""
        return next((row for row in self.rows.get(code, ()) if row.is_valid(on)), None)

    def children(self, code: str, on: date) -> tuple[DiagnosisCode, ...]:
        """The codes one level below, valid on the date, in order."""
        below = [
            row
            for name, rows in self.rows.items()
            if name != code and name.startswith(code)
            for row in rows
            if row.is_valid(on)
        ]
        names = {row.code for row in below}
        return tuple(
            sorted(
                (row for row in below if not any(other != row.code and row.code.startswith(other) for other in names)),
                key=lambda row: row.code,
            )
        )


def diagnosis_table(rows: Iterable[DiagnosisCode], *, starts: date, checked_until: date) -> DiagnosisTable:
    """The table of these rows. Raises ValueError where two rows of a code hold on the same date."""
    by_code: dict[str, list[DiagnosisCode]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    for several in by_code.values():
        several.sort(key=lambda row: row.valid_from)
        for earlier, later in pairwise(several):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise ValueError(f"two rows of {later.code} hold on {later.valid_from.isoformat()}")
    return DiagnosisTable(
        MappingProxyType({code: tuple(several) for code, several in by_code.items()}), starts, checked_until
    )


def dotted(code: str) -> str | None:
    """A code as the table spells it (``F41.1``), from any of its spellings (``f411``); None if it is no code at all."""
    letters = code.strip().upper().replace(".", "")
    spelled = f"{letters[:3]}.{letters[3:]}" if len(letters) > 3 else letters
    dots_fit = "." not in code or code.strip().upper() == spelled
    return spelled if dots_fit and _SHAPE.fullmatch(spelled) else None
