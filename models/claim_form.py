"""What a professional claim says (ASC X12 837P, 005010X222A1), as values: money in integer cents, dates as dates."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class ClaimFrequency(StrEnum):
    """CLM05-3: what this submission does to an earlier one."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


class PayerRank(StrEnum):
    """SBR01: in which order a coverage pays."""

    PRIMARY = "P"
    SECONDARY = "S"
    TERTIARY = "T"


@dataclass(frozen=True)
class PostalAddress:
    """N3 and N4; ``state`` is the USPS code, ``zip_code`` five or nine digits without a dash."""

    line: str = field(repr=False)
    city: str = field(repr=False)
    state: str
    zip_code: str = field(repr=False)
    second_line: str = field(default="", repr=False)


@dataclass(frozen=True)
class PersonName:
    """NM1 and DMG of a person; ``sex`` is F, M or U, "" where nobody said; such a DMG is not written."""

    family_name: str = field(repr=False)
    given_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: str = ""


@dataclass(frozen=True)
class PayerName:
    """NM1*PR: ``payer_id`` is the clearinghouse's id of the payer (NM109, qualifier PI)."""

    name: str
    payer_id: str


@dataclass(frozen=True)
class BillingProvider:
    """Loop 2010AA. ``tax_id`` has nine digits, ``tax_id_kind`` is EI (employer) or SY (social security)."""

    name: str
    npi: str
    taxonomy: str
    tax_id: str = field(repr=False)
    address: PostalAddress = field(repr=False)
    tax_id_kind: str = "EI"


@dataclass(frozen=True)
class RenderingClinician:
    """Loop 2310B: who held the session."""

    family_name: str
    given_name: str
    npi: str
    taxonomy: str


@dataclass(frozen=True)
class Subscriber:
    """Loops 2000B and 2010BA: whose policy it is.

    ``relationship`` (SBR02 or PAT01): 18 where the patient is the subscriber, else 01 spouse, 19 child, G8 other.
    ``filing_code`` is SBR09, such as CI (commercial), BL (Blue Cross), MB (Medicare part B), MC (Medicaid).
    """

    person: PersonName = field(repr=False)
    member_id: str = field(repr=False)
    address: PostalAddress | None = field(default=None, repr=False)
    rank: PayerRank = PayerRank.PRIMARY
    relationship: str = "18"
    group_number: str = field(default="", repr=False)
    filing_code: str = "CI"

    @property
    def is_patient(self) -> bool:
        return self.relationship == "18"


@dataclass(frozen=True)
class ServiceLine:
    """Loop 2400. ``pointers`` count the claim's diagnoses from 1. ``control_number`` is REF*6R, unique for ever."""

    number: int
    procedure_code: str
    charge_cents: int
    service_date: date
    control_number: str
    modifiers: tuple[str, ...] = ()
    units: int = 1
    pointers: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class LineAdjustment:
    """One CAS triple. ``group`` is CO, PR, OA or PI; ``reason`` a CARC; a positive amount lowers what is paid."""

    group: str
    reason: str
    amount_cents: int
    quantity: int | None = None


@dataclass(frozen=True)
class EarlierPayment:
    """Loops 2320, 2330 and 2430: what a payer before this one has decided, told to a secondary payer.

    ``line_paid`` and ``line_adjustments`` go by the line's number; ``decided_on`` is that payer's date (DTP*573).
    """

    payer: PayerName
    subscriber: Subscriber
    paid_cents: int
    decided_on: date
    line_paid: dict[int, int] = field(default_factory=dict)
    line_adjustments: dict[int, tuple[LineAdjustment, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ClaimForm:
    """One claim as it is submitted: loop 2300 with everything around it.

    ``claim_number`` is CLM01, at most 20 letters, digits and dashes, and comes back in every answer. ``diagnoses`` are
    ICD-10-CM codes with their dot (the writer drops it), the principal one first. ``patient`` is None where the
    patient is the subscriber. ``original_number`` (REF*F8) is the payer's number of the claim that is replaced or
    voided. ``authorisation`` is REF*G1. ``charge_cents`` must be the sum of the lines' charges.
    """

    claim_number: str
    charge_cents: int
    place_of_service: str
    diagnoses: tuple[str, ...] = field(repr=False)
    lines: tuple[ServiceLine, ...]
    billing: BillingProvider
    rendering: RenderingClinician
    subscriber: Subscriber
    payer: PayerName
    frequency: ClaimFrequency = ClaimFrequency.ORIGINAL
    original_number: str = ""
    authorisation: str = ""
    patient: PersonName | None = field(default=None, repr=False)
    patient_address: PostalAddress | None = field(default=None, repr=False)
    earlier_payments: tuple[EarlierPayment, ...] = ()


@dataclass(frozen=True)
class Envelope:
    """ISA, GS, ST and loops 1000A and 1000B of one file. ``at`` is the moment of writing, UTC.

    ``control_number`` (1 to 999,999,999) is ISA13 and, per group and set, GS06 and ST02. ``usage`` is P (production) or
    T (test). Qualifiers are ISA05 and ISA07 (ZZ, 30, ...).
    """

    sender_id: str
    receiver_id: str
    control_number: int
    at: datetime
    submitter_name: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    receiver_name: str = ""
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    usage: str = "T"
