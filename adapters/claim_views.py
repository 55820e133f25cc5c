"""What the desk shows of claims: the exceptions a biller works through, every claim by number, one claim's thread."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from adapters.desk_views import CLAIM_TO_DOS, WAITING_TO_DO, case_facts
from adapters.operational_store import one, one_case, reading
from models.case_facts import CaseFacts
from models.claim_codes import ExceptionQueue, FileStatus, RemittanceOutcome
from models.claim_findings import REFUND_BY
from models.codes import ClaimStatus, Role, ToDoKind
from models.ledger import Balances, LedgerAccount
from models.operational import (
    Approval,
    AuditEvent,
    Authorisation,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    Decision,
    EligibilityCheck,
    LedgerEntry,
    Patient,
    PatientBilling,
    PatientCoverage,
    RemittedClaimRecord,
    SessionNote,
    SubmittedLine,
    ToDo,
)

S = ClaimStatus

EXCEPTIONS = (S.CORRECTION, S.REMITTANCE_REVIEW, S.DENIED, S.CLAIM_SIGNATURE)
WITH_PAYERS = (S.SENT, S.ACKNOWLEDGED, S.ACCEPTED, S.APPEALED)
PATIENT_HAS = timedelta(days=7)
"""How long a patient is left alone with what is missing where no day was set."""
SIGNATURE = "signature"
"""The queue of claims that wait for a biller's signature; the others are ``ExceptionQueue``."""
QUEUES = (SIGNATURE, *(each.value for each in ExceptionQueue))
QUEUE_AT = {
    S.CORRECTION: ExceptionQueue.CHECKS.value,
    S.MISSING_INFORMATION: ExceptionQueue.MISSING_INFORMATION.value,
    S.REMITTANCE_REVIEW: ExceptionQueue.REMITTANCE.value,
    S.DENIED: ExceptionQueue.DENIAL.value,
    S.CLAIM_SIGNATURE: SIGNATURE,
}
"""The queue of a claim that names none itself; elsewhere a payer has not answered in time."""
PAGE = 50


@dataclass(frozen=True)
class ExceptionRow:
    """One thing that waits for a biller; ``href`` is where it is dealt with.

    ``deadline`` is the last day and ``deadline_of`` of what: filing, appeal or session. ``segment`` or ``rule`` say
    where ``message`` came from. ``facts`` is None for what belongs to no case.
    """

    queue: str
    number: str
    href: str
    message: str
    since: datetime
    patient_name: str = field(default="", repr=False)
    payer_code: str = ""
    location_id: str = ""
    rule: str = ""
    segment: str = ""
    suggestion: str = ""
    deadline: date | None = None
    deadline_of: str = "filing"
    amount_cents: int | None = None
    to_do: ToDo | None = None
    assigned_to: str | None = None
    facts: CaseFacts | None = None

    @property
    def owner(self) -> str | None:
        """Who has taken it, or was given it by name."""
        return (self.to_do.claimed_by or self.to_do.assigned_to) if self.to_do else self.assigned_to

    @property
    def order(self) -> tuple[date, datetime, str]:
        return self.deadline or date.max, self.since, self.number


def exceptions(location_ids: Collection[str], now: datetime, refund_within: timedelta) -> list[ExceptionRow]:
    """Everything that waits for a biller at these locations, the nearest deadline first; what belongs to no claim, such
    as a refused file, is everybody's.

    ``refund_within``: how long what a payer keeps back without saying why may stay so.
    """
    with reading() as db:
        rows = [*_claims(db, location_ids, now), *_coverage(db, location_ids), *_remitted(db), *_files(db)]
        rows += _kept_back(db, refund_within)
    return sorted(rows, key=lambda row: row.order)


def _claims(db: Session, location_ids: Collection[str], now: datetime) -> Iterable[ExceptionRow]:
    called = select(ToDo.case_number).where(
        col(ToDo.kind).in_(CLAIM_TO_DOS), ToDo.role == Role.BILLER, col(ToDo.status).in_(WAITING_TO_DO)
    )
    late = (col(Claim.status) == S.MISSING_INFORMATION) & (
        (col(Claim.answer_by) < now) | (col(Claim.answer_by).is_(None) & (col(Claim.status_since) < now - PATIENT_HAS))
    )
    found = db.exec(
        select(Claim, Patient)
        .join(Patient, col(Patient.id) == col(Claim.patient_id))
        .where(
            col(Claim.location_id).in_(location_ids),
            col(Claim.closed_at).is_(None),
            col(Claim.status).in_(EXCEPTIONS) | late | col(Claim.case_number).in_(called),
        )
    ).all()
    claims = [claim for claim, _ in found]
    facts = case_facts(db, claims)
    to_dos = _to_dos(db, [claim.case_number for claim in claims])
    signers = {
        approval.case_number: approval
        for approval in db.exec(
            select(Approval).where(
                col(Approval.case_number).in_(
                    [claim.case_number for claim in claims if claim.status == S.CLAIM_SIGNATURE]
                ),
                Approval.status == "open",
            )
        ).all()
    }
    for claim, patient in found:
        yield _claim_row(claim, patient, facts[claim.case_number], to_dos, signers.get(claim.case_number))


def _to_dos(db: Session, numbers: Sequence[str]) -> dict[str, ToDo]:
    """The open to-do of each of these claims that is done on its page."""
    return {
        to_do.case_number: to_do
        for to_do in db.exec(
            select(ToDo)
            .where(
                col(ToDo.case_number).in_(numbers),
                col(ToDo.kind).in_(CLAIM_TO_DOS),
                col(ToDo.status).in_(WAITING_TO_DO),
            )
            .order_by(col(ToDo.opened_at))
        ).all()
    }


def refund_by(claim: Claim) -> date | None:
    """Until when what is owed back on a claim must be given back; None where nothing is."""
    found = next((str(each[REFUND_BY]) for each in claim.findings if each.get(REFUND_BY)), "")
    return date.fromisoformat(found) if found and not claim.status.is_closed else None


def deadline(claim: Claim) -> tuple[date, str] | None:
    """A claim's next day, with what it is the last of: the nearer one of an appeal and a refund, else the filing; None
    where the claim is closed, or none is known."""
    if claim.status.is_closed:
        return None
    appeal_by = claim.appeal_by if claim.status == S.DENIED else None
    days = [(day, what) for day, what in ((appeal_by, "appeal"), (refund_by(claim), "refund")) if day]
    if not days and claim.file_by:
        return claim.file_by, "filing"
    return min(days, default=None)


def _claim_row(
    claim: Claim, patient: Patient, facts: CaseFacts, to_dos: dict[str, ToDo], approval: Approval | None
) -> ExceptionRow:
    first = claim.findings[0] if claim.findings else {}
    to_do = to_dos.get(claim.case_number)
    signs = approval is not None
    last_day, last_day_of = deadline(claim) or (None, "filing")
    owed = claim.payer_cents or claim.charge_cents
    return ExceptionRow(
        queue=SIGNATURE if signs else claim.queue or QUEUE_AT.get(claim.status, ExceptionQueue.NO_ANSWER.value),
        number=claim.case_number,
        href=f"/approvals/{approval.id}" if approval is not None else f"/claims/{claim.case_number}",
        message=str(first.get("message", "")),
        since=claim.status_since,
        patient_name=f"{patient.given_name} {patient.family_name}",
        payer_code=claim.payer_code,
        location_id=claim.location_id,
        rule=str(first.get("rule", "")),
        segment=str(first.get("segment", "")),
        suggestion=str(first.get("suggestion", "")),
        deadline=last_day,
        deadline_of=last_day_of,
        amount_cents=-(min(claim.payer_cents, 0) + min(claim.patient_cents, 0)) if last_day_of == "refund" else owed,
        to_do=to_do,
        assigned_to=approval.assigned_to if approval is not None else None,
        facts=facts,
    )


def _coverage(db: Session, location_ids: Collection[str]) -> Iterable[ExceptionRow]:
    to_dos = db.exec(
        select(ToDo).where(
            ToDo.kind == ToDoKind.COVERAGE_PROBLEM,
            col(ToDo.status).in_(WAITING_TO_DO),
            col(ToDo.location_id).in_(location_ids),
        )
    ).all()
    for to_do in to_dos:
        case = one_case(db, to_do.case_number)
        patient = one(db, Patient, case.patient_id)
        check = _check_of(db, to_do)
        yield ExceptionRow(
            queue=ExceptionQueue.COVERAGE.value,
            number=to_do.case_number,
            href=f"/to-dos/{to_do.id}",
            message=check.reason if check else "",
            since=to_do.opened_at,
            patient_name=f"{patient.given_name} {patient.family_name}",
            payer_code=check.payer_code if check else "",
            location_id=to_do.location_id,
            rule=check.status if check else "",
            segment=f"271 segment {check.segment}" if check and check.segment else "",
            suggestion="Call the payer, then the patient, before the session.",
            deadline=check.service_date if check else None,
            deadline_of="session",
            to_do=to_do,
            facts=case_facts(db, [case])[to_do.case_number],
        )


def _check_of(db: Session, to_do: ToDo) -> EligibilityCheck | None:
    """The check a to-do is about: the one its key names, else the newest one of its case."""
    return db.exec(
        select(EligibilityCheck)
        .where(EligibilityCheck.case_number == to_do.case_number)
        .order_by(
            (col(EligibilityCheck.id) == to_do.unique_key.partition(":")[2]).desc(),
            col(EligibilityCheck.asked_at).desc(),
        )
    ).first()


def check_of(to_do: ToDo) -> EligibilityCheck | None:
    """The eligibility check that a coverage problem is about; None where there is none on record."""
    with reading() as db:
        return _check_of(db, to_do)


def _remitted(db: Session) -> Iterable[ExceptionRow]:
    for record in db.exec(
        select(RemittedClaimRecord).where(
            RemittedClaimRecord.outcome == RemittanceOutcome.FOR_A_PERSON,
            col(RemittedClaimRecord.case_number).is_(None),
        )
    ).all():
        yield ExceptionRow(
            queue=ExceptionQueue.REMITTANCE.value,
            number=record.claim_control or record.id,
            href=f"/claims/remitted/{record.id}",
            message=record.reason,
            since=record.at,
            payer_code=record.payer_id,
            segment=f"835 segment {record.segment}",
            suggestion="Find its claim, or say that it is none of ours.",
            amount_cents=record.paid_cents,
        )


def _kept_back(db: Session, refund_within: timedelta) -> Iterable[ExceptionRow]:
    """What payers keep back, or have paid, without saying it of a claim (PLB) and without undoing it since; interest
    and balances carried forward apart. A row for each reference of theirs."""
    owed = func.sum(LedgerEntry.amount_cents)
    for reference, payer, cents, since in db.exec(
        select(
            LedgerEntry.payer_control,
            func.min(LedgerEntry.payer_code),
            owed,
            func.min(LedgerEntry.at),
        )
        .where(
            LedgerEntry.account == LedgerAccount.BEYOND_CLAIMS.value,
            col(LedgerEntry.payer_control) != "",
            col(LedgerEntry.reason) != "FB",
        )
        .group_by(col(LedgerEntry.payer_control))
        .having(owed != 0)
    ).all():
        kept = cents > 0
        yield ExceptionRow(
            queue=ExceptionQueue.CREDIT.value,
            number=reference,
            href="/clearinghouse",
            message="The payer keeps this back." if kept else "The payer has paid this beyond any claim.",
            since=since,
            payer_code=payer,
            segment="835 PLB",
            suggestion="Find the claim it took too much of, and record there that it was kept back."
            if kept
            else "Ask the payer what it is for.",
            deadline=since.date() + refund_within,
            deadline_of="refund",
            amount_cents=abs(cents),
        )


def _files(db: Session) -> Iterable[ExceptionRow]:
    for file in db.exec(select(ClearinghouseFile).where(ClearinghouseFile.status == FileStatus.REFUSED)).all():
        yield ExceptionRow(
            queue=ExceptionQueue.FILE.value,
            number=file.name,
            href=f"/clearinghouse#file-{file.id}",
            message=file.problem,
            since=file.at,
            segment=f"{file.kind.value} segment {file.segment}" if file.segment else file.kind.value,
            suggestion="Ask the clearinghouse for the file again; nothing of it was taken in.",
        )


def counts(location_ids: Collection[str]) -> dict[ClaimStatus, int]:
    """How many claims stand where."""
    with reading() as db:
        found = db.exec(
            select(Claim.status, func.count()).where(col(Claim.location_id).in_(location_ids)).group_by(Claim.status)
        ).all()
    return {ClaimStatus(status): count for status, count in found}


# -- the list of all claims


@dataclass(frozen=True)
class ClaimRow:
    """One claim in the list."""

    claim: Claim
    facts: CaseFacts
    patient_name: str = field(repr=False)


@dataclass(frozen=True)
class ClaimsAsked:
    """What of the claims is wanted; "" and None: any. ``search`` is part of a claim's number, or a whole other number.

    ``after`` and ``before`` bound the date of service, both included.
    """

    status: str = ""
    payer: str = ""
    search: str = ""
    after: date | None = None
    before: date | None = None


def claims(location_ids: Collection[str], asked: ClaimsAsked, page: int) -> tuple[list[ClaimRow], int]:
    """One page (counted from 1) of the claims that fit, newest service first; and how many fit in all."""
    where: list[Any] = [col(Claim.location_id).in_(location_ids)]
    if asked.status:
        where.append(Claim.status == ClaimStatus(asked.status))
    if asked.payer:
        where.append(Claim.payer_code == asked.payer)
    if asked.after:
        where.append(col(Claim.service_date) >= asked.after)
    if asked.before:
        where.append(col(Claim.service_date) <= asked.before)
    if wanted := asked.search.strip().upper():
        sent = select(ClaimSubmission.case_number).where(
            (func.upper(col(ClaimSubmission.claim_control)) == wanted)
            | (func.upper(col(ClaimSubmission.payer_control)) == wanted)
        )
        where.append(
            col(Claim.case_number).contains(wanted, autoescape=True)
            | (col(Claim.session_number) == wanted)
            | (func.upper(col(Claim.patient_id)) == wanted)
            | col(Claim.case_number).in_(sent)
        )
    with reading() as db:
        total = db.exec(select(func.count()).select_from(Claim).where(*where)).one()
        found = db.exec(
            select(Claim, Patient)
            .join(Patient, col(Patient.id) == col(Claim.patient_id))
            .where(*where)
            .order_by(col(Claim.service_date).desc(), col(Claim.case_number).desc())
            .offset((page - 1) * PAGE)
            .limit(PAGE)
        ).all()
        facts = case_facts(db, [claim for claim, _ in found])
    rows = [
        ClaimRow(claim, facts[claim.case_number], f"{patient.given_name} {patient.family_name}")
        for claim, patient in found
    ]
    return rows, total


def payers() -> list[str]:
    """The codes of the payers that claims have gone to, in order."""
    with reading() as db:
        return sorted(code for code in db.exec(select(Claim.payer_code).distinct()).all() if code)


# -- one claim


@dataclass(frozen=True)
class Thread:
    """Everything on record of one claim but its content. ``files`` holds those that its parts name, by id.

    ``receipts`` are the 999 files by the file of ours they answer. ``signed`` are its sign-offs, each with its decision
    once there is one. ``events`` is its audit, oldest first.
    """

    claim: Claim
    session: SessionNote
    checks: tuple[EligibilityCheck, ...]
    submissions: tuple[ClaimSubmission, ...]
    lines: dict[str, tuple[SubmittedLine, ...]]
    remitted: tuple[RemittedClaimRecord, ...]
    ledger: tuple[LedgerEntry, ...]
    files: dict[str, ClearinghouseFile]
    receipts: dict[str, str]
    events: tuple[AuditEvent, ...]
    to_dos: tuple[ToDo, ...]
    signed: tuple[tuple[Approval, Decision | None], ...]

    @property
    def balances(self) -> Balances:
        sums: dict[str, int] = defaultdict(int)
        for entry in self.ledger:
            sums[entry.account] += entry.amount_cents
        return Balances(sums[LedgerAccount.PAYER], sums[LedgerAccount.DENIED], sums[LedgerAccount.PATIENT])

    @property
    def open_to_do(self) -> ToDo | None:
        """What a person has to do on the claim's page, if anything."""
        return next((each for each in self.to_dos if each.kind in CLAIM_TO_DOS and each.status in WAITING_TO_DO), None)

    @property
    def open_sign_off(self) -> Approval | None:
        return next((approval for approval, _ in self.signed if approval.status == "open"), None)


def thread(case_number: str) -> Thread:
    """A claim's whole thread, each part oldest first. Raises MovedOn."""
    with reading() as db:
        claim = one(db, Claim, case_number)
        checks = db.exec(
            select(EligibilityCheck)
            .where(
                col(EligibilityCheck.case_number).in_([case_number, claim.session_number])
                | (col(EligibilityCheck.id) == claim.eligibility_id)
            )
            .order_by(col(EligibilityCheck.asked_at))
        ).all()
        submissions = db.exec(
            select(ClaimSubmission)
            .where(ClaimSubmission.case_number == case_number)
            .order_by(col(ClaimSubmission.number))
        ).all()
        lines: dict[str, list[SubmittedLine]] = defaultdict(list)
        for line in db.exec(
            select(SubmittedLine)
            .where(col(SubmittedLine.claim_control).in_([each.claim_control for each in submissions]))
            .order_by(col(SubmittedLine.number))
        ).all():
            lines[line.claim_control].append(line)
        remitted = db.exec(
            select(RemittedClaimRecord)
            .where(RemittedClaimRecord.case_number == case_number)
            .order_by(col(RemittedClaimRecord.at), col(RemittedClaimRecord.segment))
        ).all()
        ledger = db.exec(
            select(LedgerEntry)
            .where(LedgerEntry.case_number == case_number)
            .order_by(col(LedgerEntry.at), col(LedgerEntry.source), col(LedgerEntry.part))
        ).all()
        events = db.exec(
            select(AuditEvent).where(AuditEvent.case_number == case_number).order_by(col(AuditEvent.id))
        ).all()
        receipts = {
            answer.subject_id: str(answer.details["receipt"])
            for answer in db.exec(
                select(AuditEvent).where(
                    col(AuditEvent.subject_id).in_([each.file_id for each in submissions]),
                    col(AuditEvent.action).in_(("file.answered", "file.rejected")),
                )
            ).all()
            if "receipt" in answer.details
        }
        named = {
            *receipts.values(),
            *(event.details.get("file") for event in events),
            *(each.file_id for each in checks),
            *(each.file_id for each in submissions),
            *(each.file_id for each in remitted),
            *(each.file_id for each in ledger),
            *(each.answer_file_id for each in checks),
        }
        files = db.exec(
            select(ClearinghouseFile).where(col(ClearinghouseFile.id).in_([it for it in named if it]))
        ).all()
        signed = db.exec(
            select(Approval, Decision)
            .join(Decision, col(Decision.approval_id) == col(Approval.id), isouter=True)
            .where(Approval.case_number == case_number)
            .order_by(col(Approval.opened_at))
        ).all()
        return Thread(
            claim=claim,
            session=one(db, SessionNote, claim.session_number),
            checks=tuple(checks),
            submissions=tuple(submissions),
            lines={control: tuple(each) for control, each in lines.items()},
            remitted=tuple(remitted),
            ledger=tuple(ledger),
            files={file.id: file for file in files},
            receipts=receipts,
            events=tuple(events),
            to_dos=tuple(
                db.exec(select(ToDo).where(ToDo.case_number == case_number).order_by(col(ToDo.opened_at))).all()
            ),
            signed=tuple((approval, decision) for approval, decision in signed),
        )


@dataclass(frozen=True)
class Insurance:
    """What is on record of a patient's insurance on a day; ``coverages`` in the order in which they pay."""

    billing: PatientBilling | None = field(repr=False)
    coverages: tuple[PatientCoverage, ...] = field(repr=False)
    authorisations: tuple[Authorisation, ...] = field(repr=False)


def insurance(patient_id: str, on: date) -> Insurance:
    with reading() as db:
        coverages = db.exec(
            select(PatientCoverage)
            .where(
                PatientCoverage.patient_id == patient_id,
                col(PatientCoverage.valid_from) <= on,
                col(PatientCoverage.valid_to).is_(None) | (col(PatientCoverage.valid_to) >= on),
            )
            .order_by(col(PatientCoverage.rank))
        ).all()
        authorisations = db.exec(
            select(Authorisation)
            .where(Authorisation.patient_id == patient_id)
            .order_by(col(Authorisation.valid_to).desc())
        ).all()
        return Insurance(db.get(PatientBilling, patient_id), tuple(coverages), tuple(authorisations))


def remitted(remitted_id: str) -> tuple[RemittedClaimRecord, ClearinghouseFile]:
    """One claim of a remittance, with its file. Raises MovedOn."""
    with reading() as db:
        record = one(db, RemittedClaimRecord, remitted_id)
        return record, one(db, ClearinghouseFile, record.file_id)


# -- coverage and the clearinghouse


@dataclass(frozen=True)
class CheckRow:
    """One eligibility check of the next days, with its patient and its open to-do."""

    check: EligibilityCheck
    patient: Patient = field(repr=False)
    to_do: ToDo | None


def checks(location_ids: Collection[str], first: date, last: date) -> list[CheckRow]:
    """The newest check of each patient and date of service between these days, soonest first."""
    with reading() as db:
        found = db.exec(
            select(EligibilityCheck, Patient)
            .join(Patient, col(Patient.id) == col(EligibilityCheck.patient_id))
            .where(
                col(EligibilityCheck.location_id).in_(location_ids),
                col(EligibilityCheck.service_date) >= first,
                col(EligibilityCheck.service_date) <= last,
            )
            .order_by(col(EligibilityCheck.asked_at))
        ).all()
        newest = {(check.patient_id, check.service_date, check.payer_code): (check, who) for check, who in found}
        to_dos = {
            to_do.case_number: to_do
            for to_do in db.exec(
                select(ToDo).where(
                    col(ToDo.case_number).in_([check.case_number for check, _ in newest.values()]),
                    ToDo.kind == ToDoKind.COVERAGE_PROBLEM,
                    col(ToDo.status).in_(WAITING_TO_DO),
                )
            ).all()
        }
    rows = [CheckRow(check, who, to_dos.get(check.case_number)) for check, who in newest.values()]
    return sorted(rows, key=lambda row: (row.check.service_date, row.check.id))


def files(page: int, *, refused_first: bool = True) -> tuple[list[ClearinghouseFile], int]:
    """One page (from 1) of the files in and out, refused and rejected ones first, then the newest; how many in all."""
    bad = col(ClearinghouseFile.status).in_((FileStatus.REFUSED, FileStatus.REJECTED))
    with reading() as db:
        total = db.exec(select(func.count()).select_from(ClearinghouseFile)).one()
        order = [bad.desc()] if refused_first else []
        found = db.exec(
            select(ClearinghouseFile)
            .order_by(*order, col(ClearinghouseFile.at).desc(), col(ClearinghouseFile.id))
            .offset((page - 1) * PAGE)
            .limit(PAGE)
        ).all()
    return list(found), total
