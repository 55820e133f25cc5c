"""Reads an 835 (005010X221A1) as a stream: what was paid, for which claim and line, and why not more."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import BinaryIO

from adapters.x12.adjustments import adjustments_of
from adapters.x12.elements import (
    broken,
    cents_at,
    cents_or_none,
    date_at,
    needed,
    out_of_place,
    parts_at,
    value,
    whole_at,
)
from adapters.x12.kinds import REMITTANCE
from adapters.x12.segments import Segments
from models.claim_answers import (
    ProviderAdjustment,
    RemittanceEnd,
    RemittanceHead,
    RemittancePart,
    RemittedClaim,
    RemittedLine,
)
from models.claim_form import LineAdjustment, PayerName


def read_835(stream: BinaryIO) -> Iterator[RemittancePart]:
    """The parts of the file in its order, each as soon as it is complete; memory does not grow with the file.

    A claim and a line are kept as they stand: nothing is summed or balanced here. A line without a date of its own has
    None. A negative payment is an amount like any other. Raises X12Broken (see the package).
    """
    segments = Segments(stream, REMITTANCE)
    reading = _Reading(segments.delimiters.component)
    parts = reading.parts
    take = reading.takes.get
    for number, elements in segments:
        if (step := take(elements[0])) is not None:
            step(number, elements)
            if parts:
                yield from parts
                parts.clear()


class _Reading:
    """What has been read of the set so far; ``parts`` are complete and wait to be taken."""

    def __init__(self, component: str) -> None:
        self.component = component
        self.parts: list[RemittancePart] = []
        self.takes: dict[str, Callable[[int, list[str]], None]] = {
            "ST": self.begin_set,
            "BPR": self.payment,
            "TRN": self.trace,
            "N1": self.party,
            "REF": self.reference,
            "LX": self.close,
            "TS3": self.close,
            "CLP": self.begin_claim,
            "CAS": self.adjusted,
            "NM1": self.name,
            "MIA": self.inpatient_remarks,
            "MOA": self.outpatient_remarks,
            "SVC": self.begin_line,
            "DTM": self.dated,
            "AMT": self.amount,
            "LQ": self.remark,
            "PLB": self.provider_adjustments,
            "SE": self.end_set,
        }
        self.head: _Head | None = None
        self.claim: _Claim | None = None
        self.line: _Line | None = None

    def begin_set(self, number: int, elements: list[str]) -> None:
        self.head = _Head(number, value(elements, 2))
        self.claim = self.line = None

    def payment(self, number: int, elements: list[str]) -> None:
        head = self._open_head(number, elements)
        head.paid = cents_at(number, elements, 2)
        flag = value(elements, 3)
        if flag not in ("C", "D"):
            raise broken(number, elements, 3, "C (credit) or D (debit)")
        head.credit = flag == "C"
        head.method = needed(number, elements, 4, "the way of payment")
        head.paid_on = date_at(number, elements, 16)

    def trace(self, number: int, elements: list[str]) -> None:
        head = self._open_head(number, elements)
        head.trace = needed(number, elements, 2, "the payment's number")
        head.company = value(elements, 3)

    def party(self, number: int, elements: list[str]) -> None:
        head = self._open_head(number, elements)
        head.party = value(elements, 1)
        if head.party == "PR":
            head.payer_name, head.payer_id = value(elements, 2), value(elements, 4)
        elif head.party == "PE":
            head.payee_name = value(elements, 2)
            head.payee_npi = value(elements, 4) if value(elements, 3) == "XX" else ""

    def close(self, number: int, elements: list[str]) -> None:
        self._close_head(number, elements)
        self._close_claim()

    def begin_claim(self, number: int, elements: list[str]) -> None:
        self.close(number, elements)
        self.claim = _Claim(
            number,
            needed(number, elements, 1, "the claim's number"),
            needed(number, elements, 2, "the claim's status"),
            cents_at(number, elements, 3),
            cents_at(number, elements, 4),
            cents_or_none(number, elements, 5) or 0,
            value(elements, 6),
            value(elements, 7),
        )

    def begin_line(self, number: int, elements: list[str]) -> None:
        self._open_claim(number, elements)
        self._close_line()
        procedure = parts_at(number, elements, 1, self.component, 2)
        if not procedure[1]:
            raise broken(number, elements, 1, "a procedure", part=2)
        submitted = parts_at(number, elements, 6, self.component, 2)[1] if value(elements, 6) else ""
        self.line = _Line(
            number,
            procedure[1],
            tuple([modifier for modifier in procedure[2:6] if modifier]),
            cents_at(number, elements, 2),
            cents_at(number, elements, 3),
            # The guide: one unit was paid where SVC05 is left out.
            whole_at(number, elements, 5) if value(elements, 5) else 1,
            submitted,
        )

    def adjusted(self, number: int, elements: list[str]) -> None:
        claim = self._open_claim(number, elements)
        (self.line or claim).adjustments.extend(adjustments_of(number, elements))

    def name(self, number: int, elements: list[str]) -> None:
        claim, code = self._open_claim(number, elements), value(elements, 1)
        if code == "QC":
            claim.patient_name = " ".join(part for part in (value(elements, 4), value(elements, 3)) if part)
            claim.member_id = value(elements, 9)
        elif code == "TT":
            claim.crossover = PayerName(value(elements, 3), value(elements, 9))

    def inpatient_remarks(self, number: int, elements: list[str]) -> None:
        self._open_claim(number, elements).remarks.extend(_said(elements, (5, 20, 21, 22, 23)))

    def outpatient_remarks(self, number: int, elements: list[str]) -> None:
        self._open_claim(number, elements).remarks.extend(_said(elements, (3, 4, 5, 6, 7)))

    def dated(self, number: int, elements: list[str]) -> None:
        # 472 is the day of service, 150 the first day where there are several; the line's last day is not asked for.
        if self.line is not None and value(elements, 1) in ("472", "150"):
            self.line.service_date = date_at(number, elements, 2)

    def reference(self, number: int, elements: list[str]) -> None:
        code = value(elements, 1)
        if self.line is not None and code == "6R":
            self.line.control_number = value(elements, 2)
        elif self.head is not None and self.head.party == "PR" and code == "2U":
            self.head.payer_id = value(elements, 2)

    def amount(self, number: int, elements: list[str]) -> None:
        if self.line is not None and value(elements, 1) == "B6":
            self.line.allowed = cents_at(number, elements, 2)

    def remark(self, number: int, elements: list[str]) -> None:
        if value(elements, 1) == "HE":
            if self.line is None:
                raise out_of_place(number, elements, "SVC")
            self.line.remarks.append(needed(number, elements, 2, "a remark code"))

    def provider_adjustments(self, number: int, elements: list[str]) -> None:
        self.close(number, elements)
        for index in range(3, len(elements), 2):
            if not value(elements, index) and not value(elements, index + 1):
                continue
            reason, *rest = needed(number, elements, index, "a reason").split(self.component)
            self.parts.append(
                ProviderAdjustment(
                    reason.strip(), rest[0].strip() if rest else "", cents_at(number, elements, index + 1), number
                )
            )

    def end_set(self, number: int, elements: list[str]) -> None:
        self.close(number, elements)
        self.parts.append(RemittanceEnd(value(elements, 2), whole_at(number, elements, 1), number))

    def _open_head(self, number: int, elements: list[str]) -> "_Head":
        if self.head is None:
            raise out_of_place(number, elements, "the next set (ST)")
        return self.head

    def _open_claim(self, number: int, elements: list[str]) -> "_Claim":
        if self.claim is None:
            raise out_of_place(number, elements, "CLP")
        return self.claim

    def _close_head(self, number: int, elements: list[str]) -> None:
        if self.head is not None:
            self.parts.append(self.head.finished(number, elements))
            self.head = None

    def _close_claim(self) -> None:
        if self.claim is not None:
            self._close_line()
            self.parts.append(self.claim.finished())
            self.claim = None

    def _close_line(self) -> None:
        if self.line is not None and self.claim is not None:
            self.claim.lines.append(self.line.finished())
            self.line = None


class _Head:
    def __init__(self, number: int, set_control: str) -> None:
        self.number = number
        self.set_control = set_control
        self.paid: int | None = None
        self.trace = self.company = self.method = ""
        self.credit = True
        self.paid_on: date | None = None
        self.party = self.payer_id = self.payee_npi = self.payee_name = ""
        self.payer_name: str | None = None

    def finished(self, number: int, elements: list[str]) -> RemittanceHead:
        if self.paid is None or self.paid_on is None:
            raise out_of_place(number, elements, "the payment (BPR)")
        if not self.trace:
            raise out_of_place(number, elements, "the payment's number (TRN)")
        if self.payer_name is None:
            raise out_of_place(number, elements, "the payer (N1*PR)")
        return RemittanceHead(
            self.set_control,
            self.paid,
            self.trace,
            self.method,
            self.paid_on,
            PayerName(self.payer_name, self.payer_id),
            self.payee_npi,
            self.payee_name,
            self.credit,
            self.number,
            self.company,
        )


class _Claim:
    def __init__(
        self,
        number: int,
        claim_number: str,
        status: str,
        charge: int,
        paid: int,
        patient: int,
        filing_code: str,
        payer_control: str,
    ) -> None:
        self.number = number
        self.claim_number = claim_number
        self.status = status
        self.charge = charge
        self.paid = paid
        self.patient = patient
        self.filing_code = filing_code
        self.payer_control = payer_control
        self.adjustments: list[LineAdjustment] = []
        self.lines: list[RemittedLine] = []
        self.remarks: list[str] = []
        self.member_id = self.patient_name = ""
        self.crossover: PayerName | None = None

    def finished(self) -> RemittedClaim:
        return RemittedClaim(
            self.claim_number,
            self.status,
            self.charge,
            self.paid,
            self.patient,
            self.payer_control,
            tuple(self.adjustments),
            tuple(self.lines),
            tuple(self.remarks),
            self.member_id,
            self.patient_name,
            self.crossover,
            self.filing_code,
            self.number,
        )


class _Line:
    def __init__(
        self,
        number: int,
        procedure: str,
        modifiers: tuple[str, ...],
        charge: int,
        paid: int,
        units: int,
        submitted: str,
    ) -> None:
        self.number = number
        self.procedure = procedure
        self.modifiers = modifiers
        self.charge = charge
        self.paid = paid
        self.units = units
        self.submitted = submitted
        self.adjustments: list[LineAdjustment] = []
        self.service_date: date | None = None
        self.control_number = ""
        self.remarks: list[str] = []
        self.allowed: int | None = None

    def finished(self) -> RemittedLine:
        return RemittedLine(
            self.procedure,
            self.modifiers,
            self.charge,
            self.paid,
            self.units,
            tuple(self.adjustments),
            self.service_date,
            self.control_number,
            tuple(self.remarks),
            self.allowed,
            self.number,
            self.submitted,
        )


def _said(elements: list[str], indexes: tuple[int, ...]) -> list[str]:
    return [text for index in indexes if (text := value(elements, index))]
