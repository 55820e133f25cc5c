"""A referral as it came in, before any of it is stored: one value whatever format carried it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from models.codes import Modality
from models.therapy_text import TherapyText


@dataclass(frozen=True)
class MeasureAnswers:
    """A questionnaire's answers by item number; an item that was not answered is absent, never zero.

    ``version`` is the sender's version of the form, or ``unstated``. ``authored_at`` is UTC.
    """

    measure: str
    version: str
    authored_at: datetime
    answers: Mapping[int, int]

    def __repr__(self) -> str:
        return "<measure answers>"


@dataclass(frozen=True)
class ReferralIn:
    """A referral that keeps its contract. ``None`` means the sender did not say: ask a person, never assume.

    ``received_at`` is UTC; ``phone`` is E.164; ``state`` is the USPS code of where the patient is;
    ``time_zone`` an IANA name; ``language`` a BCP 47 primary subtag; ``preferred_channel`` is email, sms or
    phone; ``preferred_times`` read like ``mon-am``. ``source_row`` is the spreadsheet row, or the FHIR
    bundle's entry (1 = first).
    """

    external_id: str
    source: str
    source_row: int
    received_at: datetime
    given_name: str
    family_name: str
    birth_date: date
    email: str | None
    phone: str | None
    state: str | None
    time_zone: str | None
    language: str | None
    preferred_channel: str
    payer_code: str | None
    plan_code: str | None
    member_id: str | None
    self_pay: bool
    modality: Modality
    location_id: str
    needs_accessible: bool
    focus_areas: tuple[str, ...]
    preferred_times: tuple[str, ...]
    referrer_name: str | None
    referral_text: TherapyText
    consent_ai: bool | None
    consent_ai_on: date | None
    answers: tuple[MeasureAnswers, ...]

    def __post_init__(self) -> None:
        if self.received_at.tzinfo is not UTC:
            raise ValueError("received_at must be in UTC")

    def __repr__(self) -> str:
        return f"<referral {self.source} row {self.source_row}>"


@dataclass(frozen=True)
class Finding:
    """One broken rule of a contract: where, which, and what is wanted; never the value that broke it.

    ``row`` is the spreadsheet row (header = 1), or the FHIR bundle's entry (1 = first, 0 = the bundle
    itself).
    """

    row: int
    field: str
    rule: str
    reason: str
