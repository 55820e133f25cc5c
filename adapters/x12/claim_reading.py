"""Reads an 837P (005010X222A1) back into the claims it holds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, TypeVar

from adapters.x12.adjustments import adjustments_of
from adapters.x12.elements import (
    broken,
    cents_at,
    date_at,
    needed,
    out_of_place,
    parts_at,
    period_at,
    value,
    whole,
    whole_at,
)
from adapters.x12.hierarchy import Hierarchy
from adapters.x12.kinds import CLAIM
from adapters.x12.segments import Segments
from models.claim_form import (
    BillingProvider,
    ClaimForm,
    ClaimFrequency,
    EarlierPayment,
    LineAdjustment,
    PayerName,
    PayerRank,
    PersonName,
    PostalAddress,
    RenderingClinician,
    ServiceLine,
    Subscriber,
)
from models.errors import X12Broken

PARENTS = {"20": ("",), "22": ("20",), "23": ("22",)}
_ICD_10 = ("ABK", "ABF")
_DIAGNOSES = (*_ICD_10, "BK", "BF")

T = TypeVar("T")


def read_837(stream: BinaryIO) -> Iterator[ClaimForm]:
    """The claims of the file, in its order.

    Where 2310B is left out the rendering clinician is the billing provider, whose whole name is then the family name;
    a billing provider who is a person has given and family name in one. A procedure's date is the first day of its
    period. Raises X12Broken (see the package).
    """
    segments = Segments(stream, CLAIM)
    reading = _Reading(segments.delimiters.component)
    for number, elements in segments:
        if elements[0] in ("CLM", "HL", "SE") and reading.claim is not None:
            yield reading.finished_claim()
        take = _TAKE.get(elements[0])
        if take is not None:
            take(reading, number, elements)


@dataclass
class _Person:
    number: int
    name: PersonName
    is_named: bool = False
    member_id: str = ""
    address: PostalAddress | None = None
    rank: PayerRank = PayerRank.PRIMARY
    relationship: str = ""
    group_number: str = ""
    filing_code: str = ""

    def called(self, elements: list[str]) -> None:
        self.name = PersonName(value(elements, 3), value(elements, 4), value(elements, 5))
        self.member_id = value(elements, 9)
        self.is_named = True

    def subscriber(self, relationship: str = "") -> Subscriber:
        return Subscriber(
            person=self.name,
            member_id=self.member_id,
            address=self.address,
            rank=self.rank,
            relationship=relationship or self.relationship or "18",
            group_number=self.group_number,
            filing_code=self.filing_code,
        )


@dataclass
class _Billing:
    number: int
    taxonomy: str = ""
    name: str = ""
    npi: str = ""
    tax_id: str = ""
    tax_id_kind: str = "EI"
    address: PostalAddress | None = None


@dataclass
class _Earlier:
    number: int
    other: _Person
    paid: int | None = None
    payer: PayerName | None = None
    decided_on: date | None = None
    line_paid: dict[int, int] = field(default_factory=dict)
    line_adjustments: dict[int, tuple[LineAdjustment, ...]] = field(default_factory=dict)

    @property
    def has_decided(self) -> bool:
        """Another coverage that comes later, so that its payer has said nothing yet, is no earlier payment."""
        return self.paid is not None or bool(self.line_paid)


@dataclass
class _Line:
    number: int
    line_number: int
    procedure: tuple[str, ...] = ()
    charge: int = 0
    units: int = 1
    pointers: tuple[int, ...] = ()
    service_date: date | None = None
    control_number: str = ""


@dataclass
class _Claim:
    number: int
    claim_number: str
    charge: int
    place_of_service: str
    frequency: ClaimFrequency
    diagnoses: tuple[str, ...] = ()
    authorisation: str = ""
    original_number: str = ""
    rendering: tuple[str, str, str] | None = None
    rendering_taxonomy: str = ""
    earlier: list[_Earlier] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)


class _Reading:
    """What has been read of the set so far; ``place`` is the loop whose N3, REF, DTP ... come next."""

    def __init__(self, component: str) -> None:
        self.component = component
        self.hierarchy = Hierarchy(PARENTS)
        self.place = ""
        self.billing: _Billing | None = None
        self.subscriber: _Person | None = None
        self.payer: PayerName | None = None
        self.patient: _Person | None = None
        self.claim: _Claim | None = None
        self.decided: _Earlier | None = None
        self.line_of_street: tuple[str, str] = ("", "")

    def set(self, number: int, elements: list[str]) -> None:
        self.hierarchy = Hierarchy(PARENTS)
        self.billing = self.subscriber = self.payer = self.patient = self.claim = None

    def level(self, number: int, elements: list[str]) -> None:
        code = self.hierarchy.level(number, elements)
        self.patient = self.claim = None
        if code != "23":
            self.subscriber = self.payer = None
        elif self.subscriber is None:
            raise out_of_place(number, elements, "the subscriber (NM1*IL)")
        if code == "20":
            self.billing = _Billing(number)
        elif code == "23":
            self.patient = _Person(number, PersonName(""))
        self.place = {"20": "2000A", "22": "2000B", "23": "2000C"}[code]

    def provider_taxonomy(self, number: int, elements: list[str]) -> None:
        if self.place == "2000A" and self.billing and value(elements, 1) == "BI":
            self.billing.taxonomy = value(elements, 3)
        elif self.place == "2310B" and self.claim:
            self.claim.rendering_taxonomy = value(elements, 3)

    def name(self, number: int, elements: list[str]) -> None:
        code, kind = value(elements, 1), value(elements, 2)
        if kind not in ("1", "2"):
            raise broken(number, elements, 2, "1 (a person) or 2 (an organisation)")
        self.line_of_street = ("", "")
        if self.claim is not None:
            self._name_in_claim(number, elements, code)
        elif code == "85":
            billing = self._there(self.billing, number, elements, "HL of level 20")
            billing.name, billing.npi = _whole_name(elements), value(elements, 9)
            self.place = "2010AA"
        elif code == "IL":
            subscriber = self._there(self.subscriber, number, elements, "SBR")
            subscriber.called(elements)
            self.place = "2010BA"
        elif code == "PR":
            self._there(self.subscriber, number, elements, "SBR")
            self.payer = PayerName(value(elements, 3), value(elements, 9))
            self.place = "2010BB"
        elif code == "QC":
            patient = self._there(self.patient, number, elements, "HL of level 23")
            patient.called(elements)
            self.place = "2010CA"
        else:
            self.place = "elsewhere"

    def _name_in_claim(self, number: int, elements: list[str], code: str) -> None:
        claim = self._there(self.claim, number, elements, "CLM")
        in_line, in_other = bool(claim.lines), bool(claim.earlier)
        if code == "82" and not in_line and not in_other:
            claim.rendering = (value(elements, 3), value(elements, 4), value(elements, 9))
            self.place = "2310B"
        elif code == "IL" and in_other and not in_line:
            claim.earlier[-1].other.called(elements)
            self.place = "2330A"
        elif code == "PR" and in_other and not in_line:
            claim.earlier[-1].payer = PayerName(value(elements, 3), value(elements, 9))
            self.place = "2330B"
        else:
            self.place = "elsewhere"

    def street(self, number: int, elements: list[str]) -> None:
        self.line_of_street = (value(elements, 1), value(elements, 2))

    def city(self, number: int, elements: list[str]) -> None:
        line, second_line = self.line_of_street
        address = PostalAddress(line, value(elements, 1), value(elements, 2), value(elements, 3), second_line)
        if self.place == "2010AA" and self.billing:
            self.billing.address = address
        elif self.place == "2010BA" and self.subscriber:
            self.subscriber.address = address
        elif self.place == "2010CA" and self.patient:
            self.patient.address = address
        elif self.place == "2330A" and self.claim:
            self.claim.earlier[-1].other.address = address

    def born(self, number: int, elements: list[str]) -> None:
        person = {"2010BA": self.subscriber, "2010CA": self.patient}.get(self.place)
        if person is not None:
            was = person.name
            person.name = PersonName(
                was.family_name, was.given_name, was.middle_name, date_at(number, elements, 2), value(elements, 3)
            )

    def coverage(self, number: int, elements: list[str]) -> None:
        try:
            rank = PayerRank(value(elements, 1))
        except ValueError:
            raise broken(number, elements, 1, "P, S or T") from None
        person = _Person(
            number,
            PersonName(""),
            rank=rank,
            relationship=value(elements, 2),
            group_number=value(elements, 3),
            filing_code=value(elements, 9),
        )
        if self.claim is not None:
            self.claim.earlier.append(_Earlier(number, person))
            self.place = "2320"
        else:
            self.subscriber = person

    def patient_is(self, number: int, elements: list[str]) -> None:
        if self.place == "2000C" and self.patient:
            self.patient.relationship = needed(number, elements, 1, "the patient's relationship")

    def reference(self, number: int, elements: list[str]) -> None:
        code, said = value(elements, 1), value(elements, 2)
        if self.place == "2010AA" and self.billing and code in ("EI", "SY"):
            self.billing.tax_id_kind, self.billing.tax_id = code, said
        elif self.place == "2300" and self.claim and code == "G1":
            self.claim.authorisation = said
        elif self.place == "2300" and self.claim and code == "F8":
            self.claim.original_number = said
        elif self.place == "2400" and self.claim and code == "6R":
            self.claim.lines[-1].control_number = said

    def begin_claim(self, number: int, elements: list[str]) -> None:
        self._check_above(number, elements)
        where = parts_at(number, elements, 5, self.component, 3)
        try:
            frequency = ClaimFrequency(where[2])
        except ValueError:
            raise broken(number, elements, 5, "1, 7 or 8", part=3) from None
        self.claim = _Claim(
            number,
            needed(number, elements, 1, "the claim's number"),
            cents_at(number, elements, 2),
            where[0],
            frequency,
        )
        self.place = "2300"

    def diagnosed(self, number: int, elements: list[str]) -> None:
        if self.claim is None:
            raise out_of_place(number, elements, "CLM")
        codes = list(self.claim.diagnoses)
        for index in range(1, len(elements)):
            qualifier, code = parts_at(number, elements, index, self.component, 2)[:2]
            if qualifier in _DIAGNOSES:
                if not code:
                    raise broken(number, elements, index, "a diagnosis", part=2)
                codes.append(_with_dot(code) if qualifier in _ICD_10 else code)
        self.claim.diagnoses = tuple(codes)

    def line(self, number: int, elements: list[str]) -> None:
        claim = self._there(self.claim, number, elements, "CLM")
        claim.lines.append(_Line(number, whole_at(number, elements, 1)))
        self.place = "2400"

    def service(self, number: int, elements: list[str]) -> None:
        line = self._line(number, elements)
        said = parts_at(number, elements, 1, self.component, 2)
        if not said[1]:
            raise broken(number, elements, 1, "a procedure", part=2)
        line.procedure = (said[1], *(modifier for modifier in said[2:6] if modifier))
        line.charge = cents_at(number, elements, 2)
        line.units = whole_at(number, elements, 4)
        try:
            line.pointers = tuple(
                whole(pointer) for pointer in needed(number, elements, 7, "a pointer").split(self.component)
            )
        except ValueError:
            raise broken(number, elements, 7, "pointers to diagnoses") from None

    def dated(self, number: int, elements: list[str]) -> None:
        code = value(elements, 1)
        if self.place == "2400" and code == "472":
            self._line(number, elements).service_date = period_at(number, elements, 3)[0]
        elif code == "573" and self.place == "2330B" and self.claim:
            self.claim.earlier[-1].decided_on = date_at(number, elements, 3)
        elif code == "573" and self.place == "2430" and self.decided:
            self.decided.decided_on = date_at(number, elements, 3)

    def amount(self, number: int, elements: list[str]) -> None:
        if self.place == "2320" and self.claim and value(elements, 1) == "D":
            self.claim.earlier[-1].paid = cents_at(number, elements, 2)

    def line_decided(self, number: int, elements: list[str]) -> None:
        line = self._line(number, elements)
        claim = self._there(self.claim, number, elements, "CLM")
        payer_id = value(elements, 1)
        of_payer = [earlier for earlier in claim.earlier if earlier.payer and earlier.payer.payer_id == payer_id]
        if not of_payer:
            raise broken(number, elements, 1, "the id of a payer that loop 2330B names")
        self.decided = of_payer[0]
        self.decided.line_paid[line.line_number] = cents_at(number, elements, 2)
        self.place = "2430"

    def adjusted(self, number: int, elements: list[str]) -> None:
        if self.place == "2430" and self.decided:
            line = self._line(number, elements).line_number
            before = self.decided.line_adjustments.get(line, ())
            self.decided.line_adjustments[line] = before + adjustments_of(number, elements)

    def _check_above(self, number: int, elements: list[str]) -> tuple[_Billing, PostalAddress, _Person, PayerName]:
        """What must stand above a claim; refused where one of them is missing."""
        billing = self.billing
        if billing is None or not billing.name or billing.address is None:
            raise out_of_place(number, elements, "the billing provider (loop 2010AA: NM1*85, N3, N4)")
        subscriber = self._there(self.subscriber, number, elements, "the subscriber (loop 2000B: SBR)")
        payer = self._there(self.payer, number, elements, "the payer (loop 2010BB: NM1*PR)")
        if not subscriber.is_named:
            raise out_of_place(number, elements, "the subscriber (loop 2010BA: NM1*IL)")
        if self.patient is not None and not (self.patient.relationship and self.patient.is_named):
            raise out_of_place(number, elements, "the patient (loops 2000C and 2010CA: PAT, NM1*QC)")
        return billing, billing.address, subscriber, payer

    def finished_claim(self) -> ClaimForm:
        """The claim that has ended; refused where its guide's required parts are missing."""
        claim = self.claim
        assert claim is not None
        billing, address, subscriber, payer = self._check_above(claim.number, ["CLM"])
        if not claim.lines:
            raise X12Broken(
                f"segment {claim.number} (CLM): a service line (LX) was expected after it", segment=claim.number
            )
        provider = BillingProvider(
            billing.name, billing.npi, billing.taxonomy, billing.tax_id, address, billing.tax_id_kind
        )
        family_name, given_name, npi = claim.rendering or (billing.name, "", billing.npi)
        taxonomy = claim.rendering_taxonomy if claim.rendering else billing.taxonomy
        self.claim = None
        return ClaimForm(
            claim_number=claim.claim_number,
            charge_cents=claim.charge,
            place_of_service=claim.place_of_service,
            diagnoses=claim.diagnoses,
            lines=tuple(self._service_line(line) for line in claim.lines),
            billing=provider,
            rendering=RenderingClinician(family_name, given_name, npi, taxonomy),
            subscriber=subscriber.subscriber(self.patient.relationship if self.patient else "18"),
            payer=payer,
            frequency=claim.frequency,
            original_number=claim.original_number,
            authorisation=claim.authorisation,
            patient=self.patient.name if self.patient else None,
            patient_address=self.patient.address if self.patient else None,
            earlier_payments=tuple(self._payment(earlier) for earlier in claim.earlier if earlier.has_decided),
        )

    def _service_line(self, line: _Line) -> ServiceLine:
        if not line.procedure:
            raise X12Broken(f"segment {line.number} (LX): SV1 was expected after it", segment=line.number)
        if line.service_date is None:
            raise X12Broken(f"segment {line.number} (LX): DTP*472 was expected after it", segment=line.number)
        return ServiceLine(
            number=line.line_number,
            procedure_code=line.procedure[0],
            charge_cents=line.charge,
            service_date=line.service_date,
            control_number=line.control_number,
            modifiers=line.procedure[1:],
            units=line.units,
            pointers=line.pointers,
        )

    def _payment(self, earlier: _Earlier) -> EarlierPayment:
        at = earlier.number, ["SBR"]
        return EarlierPayment(
            payer=self._there(earlier.payer, *at, "a payer (NM1*PR) in loop 2330B"),
            subscriber=earlier.other.subscriber(),
            paid_cents=self._there(earlier.paid, *at, "AMT*D"),
            decided_on=self._there(earlier.decided_on, *at, "DTP*573"),
            line_paid=earlier.line_paid,
            line_adjustments=earlier.line_adjustments,
        )

    def _line(self, number: int, elements: list[str]) -> _Line:
        if self.claim is None or not self.claim.lines:
            raise out_of_place(number, elements, "LX")
        return self.claim.lines[-1]

    @staticmethod
    def _there(found: T | None, number: int, elements: list[str], expected: str) -> T:
        if found is None:
            raise out_of_place(number, elements, expected)
        return found


_TAKE: dict[str, Callable[[_Reading, int, list[str]], None]] = {
    "ST": _Reading.set,
    "HL": _Reading.level,
    "PRV": _Reading.provider_taxonomy,
    "NM1": _Reading.name,
    "N3": _Reading.street,
    "N4": _Reading.city,
    "DMG": _Reading.born,
    "SBR": _Reading.coverage,
    "PAT": _Reading.patient_is,
    "REF": _Reading.reference,
    "CLM": _Reading.begin_claim,
    "HI": _Reading.diagnosed,
    "LX": _Reading.line,
    "SV1": _Reading.service,
    "DTP": _Reading.dated,
    "AMT": _Reading.amount,
    "SVD": _Reading.line_decided,
    "CAS": _Reading.adjusted,
}


def _whole_name(elements: list[str]) -> str:
    return " ".join(part for part in (value(elements, 4), value(elements, 3)) if part)


def _with_dot(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code
