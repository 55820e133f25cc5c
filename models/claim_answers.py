"""What comes back about a claim file: 999 (005010X231A1), 277CA (005010X214), 835 (005010X221A1), as values.

``segment`` always counts the file's segments from 1 (ISA = 1); money is integer cents.
"""

from dataclasses import dataclass, field
from datetime import date

from models.claim_form import LineAdjustment, PayerName, PersonName


@dataclass(frozen=True)
class SetError:
    """One fault a 999 found in our file: IK3 (segment) with its IK4 (element), if any.

    ``position`` is the segment's place in the set (ST = 1), ``element`` such as ``2`` or ``2-3``; ``code`` is IK304 or
    IK403. ``segment`` is the fault's own segment in the 999.
    """

    segment_id: str
    position: int
    loop: str
    code: str
    element: str = ""
    bad_value: str = field(default="", repr=False)
    segment: int = 0


@dataclass(frozen=True)
class SetAcknowledgement:
    """AK2 to IK5 about one transaction set: ``outcome`` is IK501 (A accepted, E accepted with errors, R rejected).

    ``codes`` are IK502 to IK506: what is wrong with the set as a whole.
    """

    set_id: str
    set_control: str
    outcome: str
    errors: tuple[SetError, ...] = ()
    segment: int = 0
    codes: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.outcome in ("A", "E")


@dataclass(frozen=True)
class GroupAcknowledgement:
    """One 999: about the group with this control number (AK102); ``outcome`` is AK901, ``codes`` are AK905 to AK909."""

    group_control: str
    functional_id: str
    outcome: str
    sets: tuple[SetAcknowledgement, ...]
    segment: int = 0
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StatusNote:
    """One STC composite: ``category`` A0 to A8, ``status`` code, ``entity``; ``action``: STC03 (WQ, or U: reject)."""

    category: str
    status: str
    entity: str = ""
    action: str = ""
    amount_cents: int | None = None
    message: str = field(default="", repr=False)
    segment: int = 0


@dataclass(frozen=True)
class ClaimAcknowledgement:
    """What a 277CA says of one claim: our number (TRN02), the payer's own (REF*1K), all its statuses.

    ``on`` is the first status' date (STC02). ``line_notes`` go by the line's control number (REF*FJ). ``batch`` is the
    BHT03 of the file it answers. ``level`` is PT for a claim; 21 (the whole file) or 19 (one billing provider) where
    all of that was rejected: ``claim_number`` is then "".
    """

    claim_number: str
    payer_control: str
    notes: tuple[StatusNote, ...]
    on: date | None = None
    line_notes: tuple[tuple[str, StatusNote], ...] = ()
    segment: int = 0
    batch: str = ""
    level: str = "PT"
    patient: PersonName | None = field(default=None, repr=False)
    member_id: str = field(default="", repr=False)


@dataclass(frozen=True)
class RemittedLine:
    """Loop 2110: ``control_number`` is REF*6R, "" where the payer did not return it. ``units`` may be 0.

    ``submitted_code`` is SVC06: the procedure we had billed, where the payer paid another (``procedure_code``).
    """

    procedure_code: str
    modifiers: tuple[str, ...]
    charge_cents: int
    paid_cents: int
    units: int
    adjustments: tuple[LineAdjustment, ...]
    service_date: date | None = None
    control_number: str = ""
    remarks: tuple[str, ...] = ()
    allowed_cents: int | None = None
    segment: int = 0
    submitted_code: str = ""


@dataclass(frozen=True)
class RemittedClaim:
    """Loop 2100. ``status`` is CLP02 (1, 2, 3 processed, 4 denied, 19 to 21 forwarded, 22 reversal, 23 not our claim).

    ``claim_number`` is CLP01 as the payer returned it; ``payer_control`` CLP07; ``patient_cents`` CLP05. ``crossover``
    names the payer it was forwarded to.
    """

    claim_number: str
    status: str
    charge_cents: int
    paid_cents: int
    patient_cents: int
    payer_control: str
    adjustments: tuple[LineAdjustment, ...]
    lines: tuple[RemittedLine, ...]
    remarks: tuple[str, ...] = ()
    member_id: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    crossover: PayerName | None = None
    filing_code: str = ""
    segment: int = 0


@dataclass(frozen=True)
class ProviderAdjustment:
    """One PLB pair: ``reason`` (WO overpayment recovery, 72, FB, L6 interest, ...), ``reference``; a positive amount is
    kept back from the payment, a negative one is added to it."""

    reason: str
    reference: str
    amount_cents: int
    segment: int = 0


@dataclass(frozen=True)
class RemittanceHead:
    """BPR, TRN and N1 of one 835 set: ``paid_cents`` is BPR02, ``trace`` TRN02 (the check or EFT number), ``method``
    BPR04 (CHK, ACH, NON), ``credit`` whether BPR03 says C. ``payer.payer_id`` is REF*2U, or else N104 of N1*PR;
    ``company`` is TRN03, the payer's number as the one who pays."""

    set_control: str
    paid_cents: int
    trace: str
    method: str
    paid_on: date
    payer: PayerName
    payee_npi: str = ""
    payee_name: str = ""
    credit: bool = True
    segment: int = 0
    company: str = ""


@dataclass(frozen=True)
class RemittanceEnd:
    """SE of one 835 set: nothing more of it follows; ``segments`` is SE01 as it was counted."""

    set_control: str
    segments: int
    segment: int = 0


RemittancePart = RemittanceHead | RemittedClaim | ProviderAdjustment | RemittanceEnd
"""An 835 is read as a stream of these, in file order, so that a file of any size needs little memory."""
