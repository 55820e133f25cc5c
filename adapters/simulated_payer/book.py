"""The simulated payer's own book: what it decided about each claim and line, what it paid with which check."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from adapters.private_files import write_private
from models.claim_form import ClaimForm, LineAdjustment

FORMAT = 1


class Standing(StrEnum):
    """How a submission stands in the book."""

    PAID = "paid"
    DENIED = "denied"
    REJECTED = "rejected"
    REPLACED = "replaced"
    VOIDED = "voided"


@dataclass
class BookLine:
    """One line as it stands now; ``patient_cents`` is what the patient owes by it."""

    control_number: str
    procedure_code: str
    modifiers: tuple[str, ...]
    charge_cents: int
    units: int
    paid_cents: int
    adjustments: tuple[LineAdjustment, ...]
    remark: str = ""
    service_date: date | None = None

    @property
    def patient_cents(self) -> int:
        return sum(each.amount_cents for each in self.adjustments if each.group == "PR")


@dataclass
class BookEntry:
    """One submission of a claim, by the payer's own number of it. ``checks`` are those that changed what was paid.

    A reversed submission stands with what its correction paid; a replaced or voided one with nothing.
    """

    payer_control: str
    claim_number: str
    payer_id: str
    npi: str
    interchange: str
    charge_cents: int
    standing: Standing
    reason: str = ""
    status: str = ""
    lines: tuple[BookLine, ...] = ()
    checks: tuple[str, ...] = ()
    services: tuple[str, ...] = field(default=(), repr=False)
    deductible_of: str = field(default="", repr=False)
    deductible_cents: int = 0
    remitted_at: datetime | None = None

    @property
    def paid_cents(self) -> int:
        return sum(line.paid_cents for line in self.lines) if self.stands else 0

    @property
    def patient_cents(self) -> int:
        return sum(line.patient_cents for line in self.lines) if self.stands else 0

    @property
    def stands(self) -> bool:
        return self.standing in (Standing.PAID, Standing.DENIED)


@dataclass(frozen=True)
class Check:
    """One payment: ``paid_cents`` (BPR02) is ``claims_cents`` less ``adjustments`` (PLB: reason, reference, cents)."""

    number: str
    payer_id: str
    npi: str
    paid_cents: int
    claims_cents: int
    adjustments: tuple[tuple[str, str, int], ...]
    file: str


@dataclass
class Book:
    """Everything the payer must not forget; ``pending`` are answers that are not due yet: name, content, when.

    ``interchanges`` holds the digest of each that was taken in, ``forced`` what a test or a demonstration asked for.
    """

    entries: dict[str, BookEntry] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    interchanges: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    deductibles: dict[str, int] = field(default_factory=dict)
    balances: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    forced: dict[str, str] = field(default_factory=dict)
    pending: list[tuple[str, str, datetime]] = field(default_factory=list)
    by_claim: dict[str, list[str]] = field(default_factory=dict, repr=False)
    by_service: dict[str, str] = field(default_factory=dict, repr=False)

    def next(self, counter: str) -> int:
        self.counters[counter] = self.counters.get(counter, 0) + 1
        return self.counters[counter]

    def enter(self, entry: BookEntry) -> None:
        self.entries[entry.payer_control] = entry
        self.by_claim.setdefault(entry.claim_number, []).append(entry.payer_control)
        for service in entry.services:
            self.by_service[service] = entry.payer_control

    def earlier(self, claim_number: str) -> list[BookEntry]:
        """The submissions of this claim number, the first one first."""
        return [self.entries[control] for control in self.by_claim.get(claim_number, ())]

    def same_service(self, services: Iterable[str]) -> BookEntry | None:
        """A paid submission of one of these services."""
        for service in services:
            known = self.entries.get(self.by_service.get(service, ""))
            if known is not None and known.standing is Standing.PAID:
                return known
        return None

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        parts = {name: value for name, value in vars(self).items() if not name.startswith("by_")}
        write_private(path, orjson.dumps({"format": FORMAT, **parts}))


def load(path: Path) -> Book:
    """The book in the file, an empty one where there is none."""
    if not path.exists():
        return Book()
    parts: dict[str, Any] = orjson.loads(path.read_bytes())
    entries = parts.pop("entries")
    book = Book(
        checks=[
            Check(**{**each, "adjustments": tuple(tuple(one) for one in each["adjustments"])})
            for each in parts.pop("checks")
        ],
        pending=[(name, data, datetime.fromisoformat(due)) for name, data, due in parts.pop("pending")],
        balances={name: (owed, check) for name, (owed, check) in parts.pop("balances").items()},
        **{name: value for name, value in parts.items() if name != "format"},
    )
    for each in entries.values():
        book.enter(_entry(each))
    return book


def _entry(parts: dict[str, Any]) -> BookEntry:
    at = parts["remitted_at"]
    return BookEntry(
        **{
            **parts,
            "standing": Standing(parts["standing"]),
            "lines": tuple(_line(each) for each in parts["lines"]),
            "checks": tuple(parts["checks"]),
            "services": tuple(parts["services"]),
            "remitted_at": datetime.fromisoformat(at) if at else None,
        }
    )


def _line(parts: dict[str, Any]) -> BookLine:
    adjustments = tuple(LineAdjustment(**each) for each in parts["adjustments"])
    on = parts["service_date"]
    return BookLine(
        **{
            **parts,
            "modifiers": tuple(parts["modifiers"]),
            "adjustments": adjustments,
            "service_date": date.fromisoformat(on) if on else None,
        }
    )


def member_of(member_id: str) -> str:
    """A member as the book names them: never by the number itself."""
    return hashlib.blake2b(member_id.strip().upper().encode(), digest_size=8).hexdigest()


def services_of(claim: ClaimForm) -> tuple[str, ...]:
    """One key for each line: the same person, day, code and biller at the same payer is the same service."""
    person = claim.patient or claim.subscriber.person
    patient = member_of(f"{claim.subscriber.member_id}/{person.given_name}/{person.birth_date}")
    whose = f"{claim.payer.payer_id}/{claim.billing.npi}/{patient}"
    return tuple(
        f"{whose}/{line.service_date:%Y%m%d}/{line.procedure_code}/{'.'.join(line.modifiers)}" for line in claim.lines
    )
