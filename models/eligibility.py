"""What an eligibility request asks and what its answer says (ASC X12 270/271, 005010X279A1), as values."""

from dataclasses import dataclass, field
from datetime import date

from models.claim_form import PayerName, PersonName


@dataclass(frozen=True)
class EligibilityRequest:
    """One 270 inquiry. ``trace`` is our own number of it (TRN02) and comes back in the answer.

    ``service_date`` is the date of service, never the policy's. ``service_types`` are EB03 codes: MH, A4, A6 ask for
    mental health. ``dependent`` is the patient where another person is the subscriber.
    """

    trace: str
    payer: PayerName
    provider_name: str
    provider_npi: str
    subscriber: PersonName = field(repr=False)
    member_id: str = field(repr=False)
    service_date: date
    service_types: tuple[str, ...] = ("MH", "A4", "A6")
    dependent: PersonName | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Benefit:
    """One EB segment with what hangs under it.

    ``code`` is EB01. ``percent`` is EB08 in hundredths of a percent (20 % = 2000). ``quantity`` is EB10 with
    ``quantity_kind`` EB09 (VS visits). ``period`` is EB06 (27 visit, 23 calendar year, 29 remaining). ``in_network`` is
    EB12 (Y, N, W, ""). ``procedure`` is the code of EB13, where the benefit is of that procedure alone. ``related`` are
    the names of loop 2120 (NM1: entity code, name, id). ``segment`` counts the file's segments from 1 (ISA = 1).
    """

    code: str
    segment: int
    level: str = ""
    service_types: tuple[str, ...] = ()
    insurance_type: str = ""
    plan: str = ""
    period: str = ""
    amount_cents: int | None = None
    percent: int | None = None
    quantity_kind: str = ""
    quantity: int | None = None
    needs_authorisation: str = ""
    in_network: str = ""
    messages: tuple[str, ...] = field(default=(), repr=False)
    dates: tuple[tuple[str, date, date | None], ...] = ()
    related: tuple[tuple[str, str, str], ...] = ()
    procedure: str = ""


@dataclass(frozen=True)
class Refusal:
    """One AAA segment: ``reason`` is AAA03, ``follow_up`` AAA04; ``loop`` says whom it is about."""

    reason: str
    follow_up: str
    loop: str
    segment: int


@dataclass(frozen=True)
class EligibilityAnswer:
    """One answer of a 271: one subscriber, or one dependent under theirs.

    ``patient`` is the person the benefits are about (the dependent where there is one). ``plan_dates`` are loop 2100's
    DTP: qualifier (346 plan begins, 347 plan ends, 291 plan, 307 eligibility, 356, 357), from, to. ``first_segment``
    and ``last_segment`` bound it in its file.
    """

    trace: str
    payer: PayerName
    member_id: str = field(repr=False)
    patient: PersonName = field(repr=False)
    benefits: tuple[Benefit, ...]
    refusals: tuple[Refusal, ...]
    plan_dates: tuple[tuple[str, date, date | None], ...] = ()
    group_number: str = field(default="", repr=False)
    is_dependent: bool = False
    first_segment: int = 0
    last_segment: int = 0
