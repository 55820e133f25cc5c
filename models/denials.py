"""Where a denial goes: the routes of the practice's table, and what one claim's denial was routed to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from models.codes import CaseOwner


class CorrectsBy(StrEnum):
    """What brings the money, if anything does."""

    RESUBMIT = "resubmit"
    APPEAL = "appeal"
    BILL_PATIENT = "bill_patient"
    WRITE_OFF = "write_off"
    CALL_PAYER = "call_payer"
    OBTAIN_AUTHORISATION = "obtain_authorisation"
    BILL_OTHER_PAYER = "bill_other_payer"
    REVIEW = "review"


REVIEW_QUEUE = "review"


@dataclass(frozen=True)
class DenialRoute:
    """One row of the table. "" in ``remark``, ``group`` or ``payer_code`` fits any; ``days`` are calendar days from the
    payer's decision until the next action is due; ``template`` names a letter, "" where none answers it. ``label`` says
    in our own words what the payer means."""

    reason: str
    remark: str
    group: str
    payer_code: str
    queue: str
    next_action: str
    days: int
    owner: CaseOwner
    corrects_by: CorrectsBy
    template: str = ""
    valid_from: date = date.min
    valid_to: date | None = None
    source: str = ""
    label: str = ""
    row: int = 0

    @property
    def appealable(self) -> bool:
        return self.corrects_by in (CorrectsBy.APPEAL, CorrectsBy.OBTAIN_AUTHORISATION)


@dataclass(frozen=True)
class DenialRoutes:
    """The whole table, by CARC."""

    by_reason: Mapping[str, tuple[DenialRoute, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Denial:
    """One adjustment that a payer gave as its reason: ``remarks`` are the RARC of its line and claim."""

    group: str
    reason: str
    amount_cents: int
    remarks: tuple[str, ...] = ()
    line_control: str = ""
    segment: int = 0


@dataclass(frozen=True)
class RoutedDenial:
    """The adjustment that decides, where it goes and why this route, the others with their own routes, most telling
    first. ``due_on`` is when the next action must have been taken."""

    denial: Denial
    route: DenialRoute
    why: str
    due_on: date
    others: tuple[tuple[Denial, DenialRoute], ...] = ()


@dataclass(frozen=True)
class AppealFacts:
    """What a letter to a payer may say: identifiers, dates and amounts; nothing of what was said in a session.

    ``dates_of_service`` first to last. ``accepted_on`` is the payer's own acceptance (277CA), ``sent_on`` our first
    submission. ``attached`` names the papers that go with the letter; a person attaches them.
    """

    practice_name: str
    practice_address: str
    practice_phone: str
    npi: str
    tax_id: str = field(repr=False)
    payer_name: str = ""
    claim_number: str = ""
    payer_control: str = ""
    member_id: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    dates_of_service: tuple[date, ...] = ()
    procedure_codes: tuple[str, ...] = ()
    charge_cents: int = 0
    denied_cents: int = 0
    denied_on: date | None = None
    reason: str = ""
    remarks: tuple[str, ...] = ()
    sent_on: date | None = None
    accepted_on: date | None = None
    acceptance_number: str = ""
    authorisation: str = ""
    other_claim_number: str = ""
    other_payer_name: str = ""
    corrected: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    written_on: date | None = None
