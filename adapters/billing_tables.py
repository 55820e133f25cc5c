"""Reads the practice's billing tables from a folder: payers.csv, contracts.csv, fees.csv, practice.yaml.

In a CSV a cell of several modifiers or codes separates them with spaces; money is dollars such as 120.00. A column that
is missing or unknown is a fault: a misspelled one must not be taken for an empty one.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from adapters.file_text import text_of
from adapters.roster_file import read_document
from models.billing import (
    ANY_CODE,
    ANY_PAYER,
    MOST_REFUND_DAYS,
    BillingTables,
    ClinicianBilling,
    Contract,
    Dated,
    DeadlineStart,
    Fee,
    Payer,
    PracticeBilling,
    overlap,
)
from models.claim_form import BillingProvider, PostalAddress
from models.errors import ContractBroken
from models.referral_table import read_code, read_day, read_id, read_state
from models.roster import read_npi

PAYERS, CONTRACTS, FEES, PRACTICE = "payers.csv", "contracts.csv", "fees.csv", "practice.yaml"
FILES = (PAYERS, CONTRACTS, FEES, PRACTICE)
HEADER_LINE = 1
MOST_DAYS = 3650
MOST_HOURS = 720

Row = TypeVar("Row", bound=Dated)


@dataclass(frozen=True)
class TableFault:
    """One thing to correct; ``line`` counts from 1 (a CSV's header), ``field`` "" means a whole file or row."""

    file: str
    line: int
    field: str
    words: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}{f' {self.field}' if self.field else ''}: {self.words}"


class BrokenTables(ContractBroken):
    """The billing tables cannot be used; ``faults`` are all of them, in the order of files and lines."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        super().__init__("; ".join(str(each) for each in faults), row=faults[0].line, field=faults[0].field)
        self.faults = tuple(faults)


def load(folder: Path) -> BillingTables:
    """The tables of a folder. Raises BrokenTables with every fault of every file."""
    faults: list[TableFault] = []
    payers_said = _table(folder, PAYERS, _PAYER, faults)
    payers = _rows(PAYERS, payers_said, _PAYER, Payer, faults)
    contracts = _rows(CONTRACTS, _table(folder, CONTRACTS, _CONTRACT, faults), _CONTRACT, Contract, faults)
    fees = _rows(FEES, _table(folder, FEES, _FEE, faults), _FEE, Fee, faults)
    entries = _entries(folder, faults)
    practices = _rows(PRACTICE, entries["practice"], _PRACTICE, _practice, faults)
    clinicians = _rows(PRACTICE, entries["clinicians"], _CLINICIAN, ClinicianBilling, faults)
    faults += [
        *_twice(PAYERS, payers, lambda row: row.code),
        *_twice(CONTRACTS, contracts, lambda row: row.payer_code),
        *_twice(FEES, fees, lambda row: (row.payer_code, row.procedure_code, row.modifiers)),
        *_twice(PRACTICE, practices, lambda row: "practice"),
        *_twice(PRACTICE, clinicians, lambda row: row.staff_id),
        *_unknown_payers({each.cells["code"].upper() for each in payers_said}, payers, contracts, fees),
    ]
    if faults:
        raise BrokenTables(sorted(faults, key=lambda each: (FILES.index(each.file), each.line)))
    return BillingTables(
        payers=tuple(row for _, row in payers),
        contracts=tuple(row for _, row in contracts),
        fees=tuple(row for _, row in fees),
        practices=tuple(row for _, row in practices),
        clinicians=tuple(row for _, row in clinicians),
    )


# --- what a cell may say --------------------------------------------------------------------------

_MONEY = re.compile(r"[0-9]{1,7}(?:\.[0-9]{2})?")
_PLACE = re.compile(r"\d{2}")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_PROCEDURE = re.compile(r"[A-Z0-9]{5}")
_TAXONOMY = re.compile(r"\d{3}[A-Z0-9]{6}X")
_SEPARATORS = re.compile(r"[*~:^|\x00-\x1f\x7f]")
_POST_BOX = re.compile(r"\bP\.? ?O\.? BOX\b|\bPOST OFFICE BOX\b|\bLOCK ?BOX\b", re.IGNORECASE)
_FILING = frozenset(["11", "12", "13", "14", "15", "16", "17", "AM", "BL", "CH", "CI", "DS", "FI", "HM", "LM", "MA",
                     "MB", "MC", "OF", "TV", "VA", "WC", "ZZ"])  # fmt: skip
"""SBR09 as 005010X222A1 lists it."""


def read_money(text: str) -> int | None:
    """Dollars such as 120.00 or 120 as cents; a sign, a currency or one decimal is refused."""
    if not _MONEY.fullmatch(text):
        return None
    dollars, _, cents = text.partition(".")
    return int(dollars) * 100 + int(cents or 0)


def _above_zero(text: str) -> int | None:
    return read_money(text) or None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if text.isascii() and pattern.fullmatch(text) else None


def _several(pattern: re.Pattern[str], *, most: int, any_word: str = "") -> Callable[[str], tuple[str, ...] | None]:
    def reads(text: str) -> tuple[str, ...] | None:
        words = text.split()
        if any_word and words == [any_word]:
            return (any_word,)
        fits = all(word.isascii() and pattern.fullmatch(word) for word in words)
        return tuple(sorted(words)) if fits and len(set(words)) == len(words) <= most else None

    return reads


def _codes(text: str) -> frozenset[str] | None:
    words = _several(_PROCEDURE, most=50, any_word=ANY_CODE)(text)
    return None if words is None else frozenset(words)


def _whole(first: int, last: int) -> Callable[[str], int | None]:
    return lambda text: int(text) if re.fullmatch(r"[0-9]{1,6}", text) and first <= int(text) <= last else None


def _words(longest: int) -> Callable[[str], str | None]:
    return lambda text: text if len(text) <= longest and not _SEPARATORS.search(text) else None


def _one_of(words: Iterable[str]) -> Callable[[str], str | None]:
    known = frozenset(words)
    return lambda text: text if text in known else None


def _start(text: str) -> DeadlineStart | None:
    return DeadlineStart(text) if text in set(DeadlineStart) else None


def _payer_or_any(text: str) -> str | None:
    return ANY_PAYER if text == ANY_PAYER else read_code(text)


def _street(text: str) -> str | None:
    return None if _POST_BOX.search(text) else _words(55)(text)


class _Required:
    """Marks a column whose cell may not be blank."""


@dataclass(frozen=True)
class _Column:
    """``name`` heads it, ``to`` is the field of the value (``name`` where ""), ``blank`` what an empty cell means."""

    name: str
    wanted: str
    reads: Callable[[str], object | None]
    blank: object = _Required
    to: str = ""


_DATES = (
    _Column("valid_from", "a date such as 2026-01-01", read_day),
    _Column("valid_to", "a date such as 2026-12-31, or empty", read_day, None),
)
_CODE = "a payer's code in letters, digits, - and _"
_PLACE_WORDS = "a place of service of two digits"
_MODIFIERS = "modifiers of two letters or digits, at most four, with a space between"
_AMOUNT = "dollars such as 120.00, not negative"
_PAYER_ID = "the clearinghouse's id: 2 to 80 letters and digits"
_DAYS = f"whole days from 1 to {MOST_DAYS}"
_ID = re.compile(r"[A-Za-z0-9]{2,80}")
_ISA_ID = re.compile(r"[A-Za-z0-9]{2,15}")
_PHONE = re.compile(r"\d{10}")

_PAYER = (
    _Column("code", _CODE, read_code),
    _Column("name", "a name of at most 60 characters, without * ~ : ^ |", _words(60)),
    _Column("payer_id", _PAYER_ID, _matching(_ID)),
    _Column("eligibility_payer_id", _PAYER_ID, _matching(_ID)),
    _Column("filing_code", f"one of {', '.join(sorted(_FILING))}", _one_of(_FILING)),
    _Column("place_office", _PLACE_WORDS, _matching(_PLACE)),
    _Column("place_telehealth_home", _PLACE_WORDS, _matching(_PLACE)),
    _Column("place_telehealth_elsewhere", _PLACE_WORDS, _matching(_PLACE)),
    _Column("place_telehealth_unsaid", f"{_PLACE_WORDS}, or empty", _matching(_PLACE), ""),
    _Column("telehealth_modifiers", _MODIFIERS, _several(_MODIFIER, most=4), ()),
    _Column("audio_modifiers", _MODIFIERS, _several(_MODIFIER, most=4), ()),
    _Column("authorisation_codes", "procedure codes with a space between, or *", _codes, frozenset()),
    _Column("carve_out_payer", f"{_CODE}, or empty", read_code, ""),
    *_DATES,
)
_CONTRACT = (
    _Column("payer_code", _CODE, read_code),
    _Column("timely_filing_days", _DAYS, _whole(1, MOST_DAYS)),
    _Column("corrected_days", _DAYS, _whole(1, MOST_DAYS)),
    _Column("corrected_from", f"one of {', '.join(DeadlineStart)}", _start),
    _Column("secondary_from", f"one of {', '.join(DeadlineStart)}", _start),
    _Column("appeal_days", _DAYS, _whole(1, MOST_DAYS)),
    _Column("overdue_999_hours", f"whole hours from 1 to {MOST_HOURS}", _whole(1, MOST_HOURS)),
    _Column("overdue_277ca_days", _DAYS, _whole(1, MOST_DAYS)),
    _Column("overdue_835_days", _DAYS, _whole(1, MOST_DAYS)),
    _Column("sign_off_above", _AMOUNT, read_money, to="sign_off_above_cents"),
    *_DATES,
)
_FEE = (
    _Column("payer_code", f"{_CODE}, or * for every payer", _payer_or_any),
    _Column("procedure_code", "a procedure code of five letters and digits", _matching(_PROCEDURE)),
    _Column("modifiers", _MODIFIERS, _several(_MODIFIER, most=4), ()),
    _Column("charge", f"{_AMOUNT} and not zero", _above_zero, to="charge_cents"),
    _Column("allowed", f"{_AMOUNT}, or empty", read_money, None, to="allowed_cents"),
    *_DATES,
)
_PRACTICE = (
    _Column("name", "a name of at most 60 characters, without * ~ : ^ |", _words(60)),
    _Column("npi", "a National Provider Identifier: ten digits, whose last one checks the others", read_npi),
    _Column("taxonomy", "a taxonomy code such as 101YM0800X", _matching(_TAXONOMY)),
    _Column("tax_id", "nine digits without a dash", _matching(re.compile(r"\d{9}"))),
    _Column("tax_id_kind", "EI or SY", _one_of(("EI", "SY")), "EI"),
    _Column("street", "a street with its number, at most 55 characters, and no post office box", _street),
    _Column("second_line", "at most 55 characters, without * ~ : ^ |", _words(55), ""),
    _Column("city", "a name of at most 30 characters", _words(30)),
    _Column("state", "the two-letter USPS code of a state", read_state),
    _Column("zip_code", "nine digits without a dash: a billing address needs all of them",
            _matching(re.compile(r"\d{9}"))),
    _Column("submitter_id", "2 to 15 letters and digits", _matching(_ISA_ID)),
    _Column("receiver_id", "2 to 15 letters and digits", _matching(_ISA_ID)),
    _Column("receiver_name", "a name of at most 60 characters", _words(60), ""),
    _Column("submitter_qualifier", "two letters or digits", _matching(_MODIFIER), "ZZ"),
    _Column("receiver_qualifier", "two letters or digits", _matching(_MODIFIER), "ZZ"),
    _Column("usage", "P (production) or T (test)", _one_of(("P", "T"))),
    _Column("contact_name", "a name of at most 60 characters", _words(60)),
    _Column("contact_phone", "ten digits", _matching(_PHONE)),
    _Column("write_off_limit", _AMOUNT, read_money, to="write_off_limit_cents"),
    _Column("refund_days", f"whole days from 1 to {MOST_REFUND_DAYS}, or empty", _whole(1, MOST_REFUND_DAYS),
            MOST_REFUND_DAYS),
    *_DATES,
)  # fmt: skip
_CLINICIAN = (
    _Column("staff_id", "a staff id", read_id),
    _Column("taxonomy", "a taxonomy code such as 101YM0800X", _matching(_TAXONOMY)),
    *_DATES,
)


def _practice(**said: Any) -> PracticeBilling:
    address = PostalAddress(said.pop("street"), said.pop("city"), said.pop("state"), said.pop("zip_code"),
                            said.pop("second_line"))  # fmt: skip
    who = {name: said.pop(name) for name in ("name", "npi", "taxonomy", "tax_id", "tax_id_kind")}
    return PracticeBilling(BillingProvider(address=address, **who), **said)


# --- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """One row or entry: its text by column and the line of each; ``line`` is where it begins."""

    line: int
    cells: Mapping[str, str]
    lines: Mapping[str, int]


def _table(folder: Path, name: str, columns: tuple[_Column, ...], faults: list[TableFault]) -> list[_Said]:
    path = folder / name
    if not path.is_file():
        faults.append(TableFault(name, HEADER_LINE, "", "there is no such file"))
        return []
    try:
        text = text_of(path.read_bytes(), "table", "CSV (UTF-8)")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except ContractBroken as broken:
        faults.append(TableFault(name, broken.row or HEADER_LINE, "", str(broken)))
        return []
    except csv.Error:
        faults.append(TableFault(name, HEADER_LINE, "", "a quotation mark is opened or closed in the wrong place"))
        return []
    header = [cell.strip() for cell in rows[0]] if rows else []
    wrong = [*_header_faults(name, header, [column.name for column in columns])]
    faults += wrong
    if wrong:
        return []
    said = []
    for line, row in enumerate(rows[1:], HEADER_LINE + 1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            faults.append(TableFault(name, line, "", f"has {len(row)} cells where the header has {len(header)}"))
            continue
        said.append(_Said(line, dict(zip(header, (cell.strip() for cell in row), strict=True)), {}))
    return said


def _header_faults(name: str, header: list[str], known: list[str]) -> Iterator[TableFault]:
    times = Counter(header)
    for column in known:
        if times[column] == 0:
            yield TableFault(name, HEADER_LINE, column, "the column is missing")
        if times[column] > 1:
            yield TableFault(name, HEADER_LINE, column, "stands twice")
    for column in times:
        if column not in known:
            yield TableFault(name, HEADER_LINE, column, f"is no column here; there are {', '.join(known)}")


def _entries(folder: Path, faults: list[TableFault]) -> dict[str, list[_Said]]:
    """The two lists of practice.yaml."""
    lists: dict[str, list[_Said]] = {"practice": [], "clinicians": []}
    path = folder / PRACTICE
    if not path.is_file():
        faults.append(TableFault(PRACTICE, HEADER_LINE, "", "there is no such file"))
        return lists
    document = read_document(path.read_bytes())
    for each in document.faults:
        faults.append(TableFault(PRACTICE, document.line_of(each.path) or HEADER_LINE, "", each.words))
    if not isinstance(document.content, dict):
        if not document.faults:
            faults.append(TableFault(PRACTICE, HEADER_LINE, "", f"must say {' and '.join(lists)}"))
        return lists
    for key, content in document.content.items():
        at = document.line_of((key,)) or HEADER_LINE
        if key not in lists:
            faults.append(TableFault(PRACTICE, at, key, f"is no list here; there are {' and '.join(lists)}"))
        elif not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
            faults.append(TableFault(PRACTICE, at, key, "must be a list of entries"))
        else:
            known = [column.name for column in (_PRACTICE if key == "practice" else _CLINICIAN)]
            for place, entry in enumerate(content):
                lines = {name: document.line_of((key, place, name)) or at for name in (*known, *entry)}
                begins = document.line_of((key, place)) or at
                for name, value in entry.items():
                    if name not in known:
                        faults.append(TableFault(PRACTICE, lines[name], name, "is no field here"))
                    elif not isinstance(value, str):
                        faults.append(TableFault(PRACTICE, lines[name], name, "must be one value"))
                cells = {name: value.strip() for name, value in entry.items() if isinstance(value, str)}
                lists[key].append(_Said(begins, cells, lines))
    if not lists["practice"] and not any(each.file == PRACTICE for each in faults):
        faults.append(TableFault(PRACTICE, HEADER_LINE, "practice", "says nothing of who bills"))
    return lists


def _rows(
    file: str,
    said: list[_Said],
    columns: tuple[_Column, ...],
    makes: Callable[..., Row],
    faults: list[TableFault],
) -> list[tuple[int, Row]]:
    """Each row that could be read, with its line."""
    rows: list[tuple[int, Row]] = []
    for each in said:
        values: dict[str, Any] = {}
        before = len(faults)
        for column in columns:
            text = each.cells.get(column.name, "")
            value = column.reads(text) if text else column.blank
            line = each.lines.get(column.name, each.line)
            if value is _Required:
                faults.append(TableFault(file, line, column.name, f"is empty; it must be {column.wanted}"))
            elif value is None and text:
                faults.append(TableFault(file, line, column.name, f"must be {column.wanted}"))
            else:
                values[column.to or column.name] = value
        ends = values.get("valid_to")
        if ends is not None and "valid_from" in values and ends < values["valid_from"]:
            faults.append(TableFault(file, each.lines.get("valid_to", each.line), "valid_to", "ends before it begins"))
        if len(faults) == before:
            rows.append((each.line, makes(**values)))
    return rows


# --- what rows say about each other ---------------------------------------------------------------


def _twice(file: str, rows: list[tuple[int, Row]], key: Callable[[Row], object]) -> Iterator[TableFault]:
    """Two rows of one thing that hold on the same date: a lookup could not tell which is meant."""
    groups: dict[object, list[tuple[int, Row]]] = {}
    for line, row in rows:
        groups.setdefault(key(row), []).append((line, row))
    for several in groups.values():
        for (first, one), (line, other) in combinations(several, 2):
            if overlap(one, other):
                same = (one.valid_from, one.valid_to) == (other.valid_from, other.valid_to)
                words = f"repeats line {first}" if same else f"overlaps the dates of line {first}"
                yield TableFault(file, line, "valid_from", words)


def _unknown_payers(
    known: Collection[str],
    payers: list[tuple[int, Payer]],
    contracts: list[tuple[int, Contract]],
    fees: list[tuple[int, Fee]],
) -> Iterator[TableFault]:
    """Payers that no row of payers.csv names; one whose row has a fault is named all the same."""
    for line, payer in payers:
        if payer.carve_out_payer == payer.code:
            yield TableFault(PAYERS, line, "carve_out_payer", "names the payer itself")
        elif payer.carve_out_payer and payer.carve_out_payer not in known:
            yield TableFault(PAYERS, line, "carve_out_payer", f"names a payer that is not in {PAYERS}")
    for line, contract in contracts:
        if contract.payer_code not in known:
            yield TableFault(CONTRACTS, line, "payer_code", f"names a payer that is not in {PAYERS}")
    for line, fee in fees:
        if fee.payer_code not in (ANY_PAYER, *known):
            yield TableFault(FEES, line, "payer_code", f"names a payer that is not in {PAYERS}")
