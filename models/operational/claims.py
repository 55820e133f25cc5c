"""Claims on their way from a signed note to their money: threads, submissions, files, remittances, the ledger."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, UniqueConstraint
from sqlmodel import Field

from models.claim_codes import FileKind, FileStatus, RemittanceOutcome, SubmissionStatus
from models.codes import ClaimStatus
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class PatientBilling(OperationalRecord, table=True):
    """What a claim says of the patient besides name and birth date; ``sex`` is F, M or U, "" where nobody said."""

    __tablename__ = "patient_billing"
    patient_id: str = Field(primary_key=True, foreign_key="patient.id")
    sex: str = ""
    line: str = ""
    second_line: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PatientCoverage(OperationalRecord, table=True):
    """One insurance of a patient; ``rank`` is P, S or T. ``relationship`` 18: the patient is the subscriber.

    A change ends the row (``valid_to``) and begins another, so that what an old claim said stays on record.
    """

    __tablename__ = "patient_coverage"
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    rank: str = "P"
    payer_code: str
    plan_code: str = ""
    member_id: str = ""
    group_number: str = ""
    relationship: str = "18"
    subscriber_family_name: str = ""
    subscriber_given_name: str = ""
    subscriber_birth_date: date | None = None
    subscriber_sex: str = ""
    valid_from: date
    valid_to: date | None = None
    recorded_by: str
    recorded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Authorisation(OperationalRecord, table=True):
    """A payer's leave for so many sessions of a patient; ``procedure_codes`` empty: for every code."""

    __tablename__ = "authorisation"
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    payer_code: str
    number: str
    procedure_codes: list[str] = Field(default_factory=list, sa_type=JSON)
    sessions: int
    valid_from: date
    valid_to: date
    recorded_by: str
    recorded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class EligibilityCheck(OperationalRecord, table=True):
    """One question whether a patient is covered on a date of service, and its answer; the id is the 270's trace.

    ``case_number`` is the referral, session or claim that needed to know. ``status`` is a rules.coverage value.
    ``shares`` are cost shares as JSON: name, cents or count, network, and the EB segment each came from.
    """

    __tablename__ = "eligibility_check"
    id: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    case_number: str = Field(index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id")
    payer_code: str
    service_date: date = Field(index=True)
    asked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    not_before: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    attempts: int = 0
    file_id: str | None = Field(default=None, index=True)
    answer_file_id: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: str = "unknown"
    reason: str = "not answered yet"
    carve_out_payer: str = ""
    shares: list[dict] = Field(default_factory=list, sa_type=JSON)
    next_owner: str = ""
    segment: int | None = None


class Claim(OperationalRecord, table=True):
    """One thread: a signed session and everything that happens until its money is in.

    The run's fields (``fence`` to ``run_generation``) mean what they mean on a referral. ``rank`` is the coverage that
    is billed now. ``edition`` counts the contents built for it; the present one, ``content_id``, lies in the therapy
    database and has ``content_digest``. ``signed_digest`` is the signed note's. ``queue`` and ``findings`` say what is
    wrong, for a biller: rule, field, segment, message, suggestion; codes and ids only. ``file_by`` is the contract's
    last day for filing. ``touched``: a person changed it after it was built first. Cents: ``charge_cents`` billed,
    ``payer_cents`` still expected from payers, ``patient_cents`` still owed by the patient, ``paid_cents`` received in
    all. ``appeal_by`` and ``decided_on`` go with a denial.
    """

    __tablename__ = "claim"
    case_number: str = Field(primary_key=True)
    session_number: str = Field(foreign_key="session_note.case_number", unique=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    service_date: date = Field(index=True)
    procedure_code: str = ""
    payer_code: str = Field(default="", index=True)
    rank: str = "P"
    frequency: str = "1"
    edition: int = 0
    content_id: str = ""
    content_digest: str = ""
    signed_digest: str = ""
    eligibility_id: str | None = None
    payer_control: str = ""
    queue: str = ""
    findings: list[dict] = Field(default_factory=list, sa_type=JSON)
    missing: list[str] = Field(default_factory=list, sa_type=JSON)
    touched: bool = False
    charge_cents: int = Field(default=0, sa_type=BigInteger)
    payer_cents: int = Field(default=0, sa_type=BigInteger)
    patient_cents: int = Field(default=0, sa_type=BigInteger)
    paid_cents: int = Field(default=0, sa_type=BigInteger)
    write_off_cents: int = Field(default=0, sa_type=BigInteger)
    file_by: date | None = None
    answer_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appeal_by: date | None = None
    decided_on: date | None = None
    carc: str = ""
    first_sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    status: ClaimStatus = Field(default=ClaimStatus.RECEIVED, index=True)
    status_since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 0
    fence: int = 0
    run_id: str | None = None
    wake_wanted: bool = Field(default=False, index=True)
    wake_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run_generation: int = 0
    came_from: ClaimStatus | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VisitPayment(OperationalRecord, table=True):
    """What a patient paid at a visit, before its claim was decided or even opened; ``reference`` is the receipt's.

    ``case_number`` is the claim whose ledger has it, None until that claim leaves. ``check_id`` is the eligibility
    check that said what to ask for.
    """

    __tablename__ = "visit_payment"
    id: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    check_id: str = Field(foreign_key="eligibility_check.id", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id")
    location_id: str = Field(foreign_key="location.id", index=True)
    service_date: date
    cents: int = Field(sa_type=BigInteger)
    method: str
    reference: str
    case_number: str | None = Field(default=None, index=True)
    recorded_by: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ClearinghouseFile(OperationalRecord, table=True):
    """One X12 file, ours or a payer's. ``control_number`` is ISA13; of our own files no two have the same.

    What a payer sent lies sealed in the received folder under the same id. ``digest`` is the SHA-256 of its bytes; ours
    is set when it is written first, and every later writing must equal it. ``problem`` says why it was refused, by
    segment and element.
    """

    __tablename__ = "clearinghouse_file"
    __table_args__ = (UniqueConstraint("outgoing", "digest"),)
    id: str = Field(primary_key=True)
    outgoing: bool
    kind: FileKind
    name: str
    control_number: int | None = None
    sender_id: str = ""
    digest: str | None = None
    status: FileStatus = Field(index=True)
    count: int = 0
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    not_before: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    problem: str = ""
    segment: int | None = None


class ClaimSubmission(OperationalRecord, table=True):
    """One time a claim was sent. ``claim_control`` (CLM01) is unique for ever and comes back in every answer.

    ``sequence`` is ST02's number of its set in the file. ``payer_control`` is the payer's own number of it.
    """

    __tablename__ = "claim_submission"
    __table_args__ = (UniqueConstraint("case_number", "number"),)
    claim_control: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="claim.case_number", index=True)
    number: int
    file_id: str = Field(foreign_key="clearinghouse_file.id", index=True)
    content_id: str
    content_digest: str
    payer_code: str
    rank: str
    frequency: str
    charge_cents: int = Field(sa_type=BigInteger)
    status: SubmissionStatus = SubmissionStatus.QUEUED
    payer_control: str = ""
    sent_by: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SubmittedLine(OperationalRecord, table=True):
    """One service line of a submission; ``control_number`` is REF*6R.

    ``earlier_cents``: what payers before this one paid or took off for good, 0 on a primary claim.
    """

    __tablename__ = "submitted_line"
    control_number: str = Field(primary_key=True)
    claim_control: str = Field(foreign_key="claim_submission.claim_control", index=True)
    number: int
    procedure_code: str
    modifiers: list[str] = Field(default_factory=list, sa_type=JSON)
    units: int
    charge_cents: int = Field(sa_type=BigInteger)
    service_date: date
    earlier_cents: int = Field(default=0, sa_type=BigInteger)


class RemittedClaimRecord(OperationalRecord, table=True):
    """One claim of a remittance as the payer decided it; what could not be posted waits for a person.

    ``content`` is the whole of it as JSON (codes, cents, numbers; no names), so that a person sees what was said.
    """

    __tablename__ = "remitted_claim"
    id: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    file_id: str = Field(foreign_key="clearinghouse_file.id", index=True)
    case_number: str | None = Field(default=None, index=True)
    claim_control: str = Field(index=True)
    payer_control: str = ""
    payer_id: str = ""
    trace: str
    paid_on: date
    status: str
    charge_cents: int = Field(sa_type=BigInteger)
    paid_cents: int = Field(sa_type=BigInteger)
    patient_cents: int = Field(sa_type=BigInteger)
    segment: int
    outcome: RemittanceOutcome = Field(index=True)
    reason: str = ""
    content: dict = Field(default_factory=dict, sa_type=JSON)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RemittanceFigures(OperationalRecord, table=True):
    """One 835 set in sums: what was paid must be the claims less what was kept back; ``off_cents``: by how much not.

    ``problem``: what was kept back or added and wants a person's eye.
    """

    __tablename__ = "remittance_figures"
    id: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    file_id: str = Field(foreign_key="clearinghouse_file.id", index=True)
    payer_id: str
    trace: str
    paid_on: date
    paid_cents: int = Field(sa_type=BigInteger)
    claims_cents: int = Field(sa_type=BigInteger)
    kept_back_cents: int = Field(sa_type=BigInteger)
    off_cents: int = Field(sa_type=BigInteger)
    claims: int
    problem: str = ""


class LedgerEntry(OperationalRecord, table=True):
    """One posting in cents, as ``models.ledger.LedgerLine`` explains; never changed, another undoes it.

    ``key`` makes a posting happen once. ``claim_number`` is the submission's claim control; ``case_number`` is None for
    what a payer pays or keeps back without saying it of a claim.
    """

    __tablename__ = "ledger_entry"
    key: str = Field(primary_key=True)
    case_number: str | None = Field(default=None, index=True)
    claim_number: str = Field(index=True)
    account: str = Field(index=True)
    kind: str
    amount_cents: int = Field(sa_type=BigInteger)
    source: str
    part: int
    line_control: str = ""
    group: str = ""
    reason: str = ""
    payer_control: str = ""
    payer_code: str = ""
    reverses: str | None = None
    file_id: str = Field(default="", index=True)
    segment: int = 0
    actor: str = "system"
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
