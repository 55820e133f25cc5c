"""What the practice bills its payers as, under which terms and at what price; rows have dates, money is in cents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

from models.claim_form import BillingProvider

ANY_PAYER = "*"
ANY_CODE = "*"
MOST_REFUND_DAYS = 60
"""From when a credit is known until it must be back with whoever paid it, at most: 42 U.S.C. 1320a-7k(d), which is
Medicare's and Medicaid's; a contract or a state may give less."""


class DeadlineStart(StrEnum):
    """What a contract counts the days of a corrected or a secondary claim from."""

    SERVICE = "service"
    DECISION = "decision"


@dataclass(frozen=True)
class Payer:
    """How one payer wants to be asked and billed; ``code`` is Patient.payer_code.

    ``payer_id`` (NM109 of a claim) and ``eligibility_payer_id`` (of a 270) are the clearinghouse's. ``filing_code`` is
    SBR09. Places are CLM05-1: ``place_telehealth_unsaid`` stands where nobody wrote down whether the patient was at
    home; "" there: a person is asked. ``telehealth_modifiers`` and ``audio_modifiers`` (telehealth by sound alone) are
    what the payer wants beside every code, () for none. ``authorisation_codes`` are the procedure codes that need an
    authorisation, ``*`` for all. ``carve_out_payer`` is the code of the payer that pays mental health instead, or "".
    """

    code: str
    name: str
    payer_id: str
    eligibility_payer_id: str
    filing_code: str
    valid_from: date
    valid_to: date | None = None
    place_office: str = "11"
    place_telehealth_home: str = "10"
    place_telehealth_elsewhere: str = "02"
    place_telehealth_unsaid: str = ""
    telehealth_modifiers: tuple[str, ...] = ()
    audio_modifiers: tuple[str, ...] = ()
    authorisation_codes: frozenset[str] = frozenset()
    carve_out_payer: str = ""

    def needs_authorisation(self, procedure_code: str) -> bool:
        return ANY_CODE in self.authorisation_codes or procedure_code in self.authorisation_codes


@dataclass(frozen=True)
class Contract:
    """The terms in force with one payer on a date of service.

    Days are calendar days: ``timely_filing_days`` from the date of service; ``corrected_days`` from what
    ``corrected_from`` says; ``appeal_days`` from the payer's decision. Where ``secondary_from`` says decision, a
    secondary claim has ``timely_filing_days`` from the earlier payer's. ``overdue_999_hours`` and the two in days count
    from the sending: after them somebody looks. A charge above ``sign_off_above_cents`` waits for a biller's signature.
    """

    payer_code: str
    timely_filing_days: int
    corrected_days: int
    appeal_days: int
    overdue_999_hours: int
    overdue_277ca_days: int
    overdue_835_days: int
    sign_off_above_cents: int
    valid_from: date
    valid_to: date | None = None
    corrected_from: DeadlineStart = DeadlineStart.SERVICE
    secondary_from: DeadlineStart = DeadlineStart.SERVICE


@dataclass(frozen=True)
class Fee:
    """What one unit of a code is billed at, and what the payer has agreed to allow (None: not known).

    ``modifiers`` is sorted; () holds for every modifier that has no row of its own.
    """

    payer_code: str
    procedure_code: str
    charge_cents: int
    valid_from: date
    valid_to: date | None = None
    modifiers: tuple[str, ...] = ()
    allowed_cents: int | None = None


@dataclass(frozen=True)
class PracticeBilling:
    """Who bills: loops 1000A, 1000B and 2010AA. Qualifiers are ISA05 and ISA07, ``usage`` is ISA15 (P or T).

    A write-off above ``write_off_limit_cents`` needs a second signature. What is owed back goes back within
    ``refund_days`` (calendar days) of when it is known.
    """

    billing: BillingProvider
    submitter_id: str
    receiver_id: str
    contact_name: str
    contact_phone: str
    write_off_limit_cents: int
    valid_from: date
    valid_to: date | None = None
    receiver_name: str = ""
    submitter_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    usage: str = "T"
    refund_days: int = MOST_REFUND_DAYS


@dataclass(frozen=True)
class ClinicianBilling:
    """A clinician's taxonomy code (NUCC); the NPI stands in the clinician's own record."""

    staff_id: str
    taxonomy: str
    valid_from: date
    valid_to: date | None = None


class Dated(Protocol):
    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date | None: ...


Row = TypeVar("Row", bound=Dated)


def holds(row: Dated, on: date) -> bool:
    """Whether a row is in force on a date; its first and last days both are."""
    return row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)


def overlap(one: Dated, other: Dated) -> bool:
    """Whether some date has both rows in force."""
    return (other.valid_to is None or one.valid_from <= other.valid_to) and (
        one.valid_to is None or other.valid_from <= one.valid_to
    )


@dataclass(frozen=True)
class BillingTables:
    """All tables. Each lookup gives the one row in force on a date of service, or None; nothing stands in for it."""

    payers: tuple[Payer, ...] = ()
    contracts: tuple[Contract, ...] = ()
    fees: tuple[Fee, ...] = ()
    practices: tuple[PracticeBilling, ...] = ()
    clinicians: tuple[ClinicianBilling, ...] = field(default=())

    def payer(self, code: str, on: date) -> Payer | None:
        return _in_force(self._payers.get(code, ()), on)

    def knows_payer(self, code: str) -> bool:
        """Whether the payer has a row at all, whatever its dates."""
        return code in self._payers

    def contract(self, payer_code: str, on: date) -> Contract | None:
        return _in_force(self._contracts.get(payer_code, ()), on)

    def fee(self, payer_code: str, procedure_code: str, modifiers: Iterable[str], on: date) -> Fee | None:
        """The payer's own row before everybody's; of each, the one for these very modifiers before the one for any."""
        wanted = tuple(sorted(modifiers))
        for payer in (payer_code, ANY_PAYER):
            for beside in dict.fromkeys((wanted, ())):
                found = _in_force(self._fees.get((payer, procedure_code, beside), ()), on)
                if found is not None:
                    return found
        return None

    def practice(self, on: date) -> PracticeBilling | None:
        return _in_force(self.practices, on)

    def clinician(self, staff_id: str, on: date) -> ClinicianBilling | None:
        return _in_force(self._clinicians.get(staff_id, ()), on)

    @cached_property
    def _payers(self) -> dict[str, list[Payer]]:
        return _grouped((row.code, row) for row in self.payers)

    @cached_property
    def _contracts(self) -> dict[str, list[Contract]]:
        return _grouped((row.payer_code, row) for row in self.contracts)

    @cached_property
    def _fees(self) -> dict[tuple[str, str, tuple[str, ...]], list[Fee]]:
        return _grouped(((row.payer_code, row.procedure_code, row.modifiers), row) for row in self.fees)

    @cached_property
    def _clinicians(self) -> dict[str, list[ClinicianBilling]]:
        return _grouped((row.staff_id, row) for row in self.clinicians)


Key = TypeVar("Key")


def _grouped(pairs: Iterable[tuple[Key, Row]]) -> dict[Key, list[Row]]:
    groups: dict[Key, list[Row]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return groups


def _in_force(rows: Sequence[Row], on: date) -> Row | None:
    """The one row that holds; two at once were never told apart by whoever loaded them, so neither is taken."""
    found = [row for row in rows if holds(row, on)]
    return found[0] if len(found) == 1 else None
