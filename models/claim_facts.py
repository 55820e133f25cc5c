"""What a claim is made from: the signed note, the people, the coverage, as they were read on one day."""

from dataclasses import dataclass, field
from datetime import date, datetime

from models.claim_form import ClaimFrequency, EarlierPayment, PayerRank, PersonName, PostalAddress
from models.codes import Modality
from models.session_index import SessionService

SELF = "18"
"""SBR02 where the patient is the subscriber."""


@dataclass(frozen=True)
class NoteFacts:
    """What the signed note says that a claim may carry.

    ``minutes`` are whole face-to-face minutes, ``addons`` pairs (code, units), ``diagnoses`` ICD-10-CM with dots, the
    principal one first. ``digest`` is the SHA-256 of what was signed when the claim was built; ``signed_at`` is UTC,
    None while nobody has signed.
    """

    digest: str
    signed_at: datetime | None
    minutes: int
    procedure_code: str
    addons: tuple[tuple[str, int], ...] = ()
    diagnoses: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class ClinicianFacts:
    """Who held the session; the taxonomy is in the billing tables."""

    staff_id: str
    family_name: str
    given_name: str
    npi: str


@dataclass(frozen=True)
class CoverageFacts:
    """One coverage of the patient. ``relationship`` is SBR02 (18: the patient is the subscriber).

    ``subscriber`` and ``subscriber_address`` are None where the patient is the subscriber: theirs are the patient's.
    """

    payer_code: str
    member_id: str = field(repr=False)
    relationship: str = SELF
    group_number: str = field(default="", repr=False)
    plan_code: str = ""
    subscriber: PersonName | None = field(default=None, repr=False)
    subscriber_address: PostalAddress | None = field(default=None, repr=False)
    rank: PayerRank = PayerRank.PRIMARY

    @property
    def patient_is_subscriber(self) -> bool:
        return self.relationship == SELF


@dataclass(frozen=True)
class Authorisation:
    """What a payer has allowed beforehand; ``sessions_left`` (this session counted as not yet used) None: unlimited.

    ``codes`` are the procedure codes it is for, () for any.
    """

    number: str
    valid_from: date | None = None
    valid_to: date | None = None
    sessions_left: int | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimFacts:
    """All of one claim. ``service_date`` is the date at the place of the session.

    ``procedure_code``, ``addons`` (pairs: code, units) and ``diagnoses`` are what is to be claimed; where they differ
    from ``note`` somebody changed them. ``patient_at_home`` is about telehealth, None: nobody wrote it down.
    ``audio_only``: telehealth by sound alone. ``patient_state`` is where the patient was (USPS), None: not known.
    ``decided_on`` is the date of this payer's decision that a replacement answers, None while there is none.
    """

    claim_number: str
    patient_id: str
    service_date: date
    service: SessionService
    modality: Modality
    procedure_code: str
    note: NoteFacts
    clinician: ClinicianFacts
    patient: PersonName = field(repr=False)
    coverage: CoverageFacts
    addons: tuple[tuple[str, int], ...] = ()
    diagnoses: tuple[str, ...] = field(default=(), repr=False)
    patient_address: PostalAddress | None = field(default=None, repr=False)
    patient_state: str | None = None
    patient_at_home: bool | None = None
    audio_only: bool = False
    authorisation: Authorisation | None = None
    frequency: ClaimFrequency = ClaimFrequency.ORIGINAL
    original_number: str = ""
    decided_on: date | None = None
    earlier_payments: tuple[EarlierPayment, ...] = ()


@dataclass(frozen=True)
class ClaimMade:
    """A claim that was made already: what a new one must not repeat. A void or refused one is not among them."""

    claim_number: str
    patient_id: str
    staff_id: str
    service_date: date
    codes: tuple[str, ...]
    payer_code: str = ""
    payer_claim_number: str = ""
