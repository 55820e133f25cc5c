"""Asks payers whether patients are covered on a date of service, reads their answers, shows what is wrong in time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from acts import billing
from acts.case_to_dos import open_for_case
from acts.clearinghouse_files import queue_file
from acts.insurance import address_of, coverage_facts, in_force, insurances_of, local_date, person_of
from adapters import operational_store as store
from adapters.held_places import not_held
from models.billing import Payer, PracticeBilling
from models.claim_codes import FileKind
from models.claim_facts import CoverageFacts
from models.claim_form import PayerName
from models.codes import AppointmentStatus, ClaimStatus, Role, ToDoKind
from models.columns import utc_now
from models.eligibility import EligibilityAnswer, EligibilityRequest
from models.governance_codes import Workflow
from models.operational import (
    Appointment,
    Claim,
    ClearinghouseFile,
    Clinician,
    EligibilityCheck,
    Location,
    Patient,
    PatientBilling,
    PatientCoverage,
    Referral,
)
from rules.cost_shares import TOLD_DIFFERENTLY
from rules.coverage import CoverageStatus
from rules.eligibility import CheckedCoverage, coverage_from
from tasks.steps import step

MOST_ATTEMPTS = 4
ASK_AGAIN = (timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
"""Until the same question is asked again where the payer's own system was away (AAA 42, 80)."""
ANSWER_WITHIN = timedelta(hours=24)
"""A 271 that takes longer is a person's to ask for by telephone."""
STILL_TO_COME = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
MOST_IN_A_FILE = 500
MOST_AT_ONCE = 500
"""Appointments or answers in one transaction."""


@dataclass(frozen=True)
class Question:
    """Whether an insurance covers its patient on a date, and which case needs to know."""

    row: PatientCoverage
    service_date: date
    case_number: str
    patient_id: str
    location_id: str
    clinician_id: str

    @property
    def key(self) -> str:
        return _key(self.patient_id, self.row, self.service_date)


def ask_all(db: Session, questions: Sequence[Question]) -> list[EligibilityCheck]:
    """The check of each question, asked now unless it was, in the caller's transaction."""
    keys = {question.key for question in questions}
    if not keys:
        return []
    known = db.exec(select(EligibilityCheck).where(col(EligibilityCheck.unique_key).in_(keys))).all()
    checks = {check.unique_key: check for check in known}
    new = {question.key: question for question in questions if question.key not in checks}
    for number, (key, question) in zip(
        store.next_numbers(db, "eligibility", len(new)) if new else (), new.items(), strict=True
    ):
        check = EligibilityCheck(
            id=f"EC{number:09d}",
            unique_key=key,
            case_number=question.case_number,
            patient_id=question.patient_id,
            location_id=question.location_id,
            clinician_id=question.clinician_id,
            payer_code=question.row.payer_code,
            service_date=question.service_date,
        )
        db.add(check)
        checks[key] = check
        day = question.service_date.isoformat()
        store.audit(db, "system", "coverage.to_ask", check, check.case_number, date=day)
    db.flush()
    return [checks[question.key] for question in questions]


def _key(patient_id: str, row: PatientCoverage, service_date: date) -> str:
    return f"{patient_id}:{row.payer_code}:{row.member_id and row.id}:{service_date.isoformat()}"


@step("ask about the days ahead")
def ask_ahead(location: str = "all", days: int = 3) -> int:
    """Ask about every appointment of the next days whose coverage is not known yet; returns how many are new."""
    now = utc_now()
    query = select(Appointment).where(
        col(Appointment.status).in_(STILL_TO_COME),
        col(Appointment.starts_at) > now,
        col(Appointment.starts_at) < now + timedelta(days=days + 1),
        not_held(Workflow.CLAIMS, Appointment.location_id),
    )
    if location != "all":
        query = query.where(Appointment.location_id == location)
    query = query.order_by(col(Appointment.starts_at), col(Appointment.id)).limit(MOST_AT_ONCE)
    asked = 0
    after: Appointment | None = None
    while True:
        later = query
        if after is not None:
            later = query.where(tuple_(col(Appointment.starts_at), col(Appointment.id)) > (after.starts_at, after.id))
        with store.writing() as db:
            some = db.exec(later).all()
            asked += _ask_all(db, some)
        if len(some) < MOST_AT_ONCE:
            return asked
        after = some[-1]


def _ask_all(db: Session, appointments: Sequence[Appointment]) -> int:
    """Ask about these appointments, each patient, insurance and date once; returns how many are new."""
    if not appointments:
        return 0
    zones = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
    ids = {each.patient_id for each in appointments}
    patients = {each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(ids))).all()}
    insurances = insurances_of(db, ids)
    questions = []
    for each in appointments:
        day = local_date(each.starts_at, zones[each.location_id])
        row = in_force(insurances, patients[each.patient_id], "P", day)
        if row is not None:
            questions.append(Question(row, day, each.case_number, each.patient_id, each.location_id, each.clinician_id))
    known = set(
        db.exec(
            select(EligibilityCheck.unique_key).where(col(EligibilityCheck.unique_key).in_({q.key for q in questions}))
        ).all()
    )
    new = [question for question in questions if question.key not in known]
    ask_all(db, new)
    return len({question.key for question in new})


@step("batch coverage questions")
def batch(now: datetime | None = None) -> int:
    """Put the questions that are due into files for the clearinghouse, each with its own control number; returns how
    many questions."""
    moment = now or utc_now()
    with store.writing() as db:
        due = db.exec(
            select(EligibilityCheck)
            .where(
                col(EligibilityCheck.file_id).is_(None),
                col(EligibilityCheck.answered_at).is_(None),
                col(EligibilityCheck.not_before) <= moment,
                not_held(Workflow.CLAIMS, EligibilityCheck.location_id),
            )
            .order_by(col(EligibilityCheck.service_date), col(EligibilityCheck.id))
            .limit(MOST_IN_A_FILE)
            .with_for_update()
        ).all()
        sendable = []
        requests = requests_of(db, due)
        for check in due:
            if requests[check.id] is None:
                settle(db, check, _cannot_ask(check), None, moment)
            else:
                sendable.append(check)
        if not sendable:
            return len(due)
        practice = billing.tables().practice(moment.date())
        if practice is None:
            return 0
        file = queue_file(db, FileKind.COVERAGE_QUESTIONS, practice.submitter_id, len(sendable), moment)
        for check in sendable:
            check.file_id, check.asked_at, check.attempts = file.id, moment, check.attempts + 1
            db.add(check)
            store.audit(db, "system", "coverage.asked", check, check.case_number, file=file.id)
    return len(due)


def _cannot_ask(check: EligibilityCheck) -> CheckedCoverage:
    return CheckedCoverage(
        CoverageStatus.UNKNOWN, "the payer cannot be asked: it is not in the billing tables, or no number is on record"
    )


def request_of(db: Session, check: EligibilityCheck) -> EligibilityRequest | None:
    """The question as a 270 asks it; None where the payer is not known or nothing is on record to ask with."""
    return requests_of(db, [check])[check.id]


def requests_of(db: Session, checks: Sequence[EligibilityCheck]) -> dict[str, EligibilityRequest | None]:
    """The same of many, by check, in a fixed number of queries."""
    tables = billing.tables()
    ids = {check.patient_id for check in checks}
    patients = {each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(ids))).all()}
    addresses = db.exec(select(PatientBilling).where(col(PatientBilling.patient_id).in_(ids))).all()
    own = {each.patient_id: each for each in addresses}
    insurances = insurances_of(db, ids)
    staff = {check.clinician_id for check in checks}
    clinicians = set(db.exec(select(Clinician.id).where(col(Clinician.id).in_(staff))).all())
    found: dict[str, EligibilityRequest | None] = {}
    for check in checks:
        payer = tables.payer(check.payer_code, check.service_date)
        practice = tables.practice(check.service_date)
        patient = patients[check.patient_id]
        row = in_force(insurances, patient, "P", check.service_date)
        if row is not None and row.payer_code != check.payer_code:
            row = in_force(insurances, patient, "S", check.service_date)
        lacks = payer is None or practice is None or check.clinician_id not in clinicians
        if lacks or row is None or not row.member_id:
            found[check.id] = None
            continue
        assert payer is not None and practice is not None
        address = own.get(patient.id)
        facts = coverage_facts(row, address_of(address))
        found[check.id] = _request(check, payer, practice, patient, address, facts)
    return found


def _request(
    check: EligibilityCheck,
    payer: Payer,
    practice: PracticeBilling,
    patient: Patient,
    own: PatientBilling | None,
    facts: CoverageFacts,
) -> EligibilityRequest:
    person = person_of(patient, own)
    return EligibilityRequest(
        trace=check.id,
        payer=PayerName(payer.name, payer.eligibility_payer_id),
        provider_name=practice.billing.name,
        provider_npi=practice.billing.npi,
        subscriber=facts.subscriber or person,
        member_id=facts.member_id,
        service_date=check.service_date,
        dependent=person if facts.subscriber is not None else None,
    )


@dataclass
class Answered:
    """What a 271 brought: answers read, checks settled, traces that are none of ours."""

    answers: int = 0
    settled: int = 0
    unknown: int = 0


def take_answers(file_id: str, answers: Iterable[EligibilityAnswer], now: datetime | None = None) -> Answered:
    """Settle each check a 271 answers; several answers with one trace are read together."""
    moment = now or utc_now()
    by_trace: dict[str, list[EligibilityAnswer]] = defaultdict(list)
    result = Answered()
    for answer in answers:
        by_trace[answer.trace].append(answer)
        result.answers += 1
    traces = sorted(by_trace)
    for start in range(0, len(traces), MOST_AT_ONCE):
        some = traces[start : start + MOST_AT_ONCE]
        with store.writing() as db:
            checks = db.exec(
                select(EligibilityCheck)
                .where(col(EligibilityCheck.id).in_(some))
                .order_by(col(EligibilityCheck.id))
                .with_for_update()
            ).all()
            result.unknown += len(some) - len(checks)
            unsettled = [check for check in checks if check.answered_at is None]  # the first answer stands
            requests = requests_of(db, unsettled)
            concerned = _concerned(db, unsettled)
            for check in unsettled:
                request = requests[check.id]
                own = by_trace[check.id]
                checked = _cannot_ask(check) if request is None else coverage_from(request, own, on=check.service_date)
                settle(db, check, checked, file_id, moment, concerned)
            result.settled += len(unsettled)
    return result


@dataclass(frozen=True)
class Concerned:
    """Whom the answers to some checks move on: claims that wait, by check, and referrals, by case."""

    claims: dict[str, list[Claim]]
    referrals: dict[str, Referral]


def _concerned(db: Session, checks: Sequence[EligibilityCheck]) -> Concerned:
    claims: dict[str, list[Claim]] = defaultdict(list)
    for claim in db.exec(
        select(Claim)
        .where(
            col(Claim.eligibility_id).in_([check.id for check in checks]), Claim.status == ClaimStatus.COVERAGE_ASKED
        )
        .order_by(col(Claim.case_number))
    ).all():
        claims[claim.eligibility_id or ""].append(claim)
    cases = select(Referral).where(col(Referral.case_number).in_({check.case_number for check in checks}))
    return Concerned(claims, {case.case_number: case for case in db.exec(cases).all()})


def settle(
    db: Session,
    check: EligibilityCheck,
    checked: CheckedCoverage,
    file_id: str | None,
    now: datetime,
    concerned: Concerned | None = None,
) -> None:
    """Write down what was answered, let what waited for it go on, and open a to-do where there is still time to call.

    A payer whose system was away is asked again, a bounded number of times.
    """
    if checked.retry and check.attempts < MOST_ATTEMPTS:
        check.file_id = None
        check.not_before = now + ASK_AGAIN[min(check.attempts, len(ASK_AGAIN)) - 1]
        check.reason = checked.reason
        db.add(check)
        store.audit(db, "system", "coverage.not_answered", check, check.case_number, attempts=check.attempts)
        return
    check.answered_at, check.answer_file_id = now, file_id
    check.status, check.reason, check.segment = checked.status.value, checked.reason, checked.segment
    check.carve_out_payer = checked.carve_out_payer
    check.shares = shares_of(checked)
    check.next_owner = ", ".join(sorted({one.owner.value for one in checked.next_steps}))
    db.add(check)
    store.audit(db, "system", "coverage.answered", check, check.case_number, status=check.status, file=file_id or "")
    _tell_the_cases(db, check, checked, concerned or _concerned(db, [check]))


def shares_of(checked: CheckedCoverage) -> list[dict]:
    """The cost shares as JSON: what, cents or percent or visits, network, and the EB segment each came from."""
    within = (
        checked.copay,
        checked.coinsurance,
        checked.deductible_remaining,
        checked.out_of_pocket_remaining,
        checked.visits_left,
    )
    return [
        {
            "kind": share.kind.value,
            "cents": share.cents,
            "percent": share.percent,
            "visits": share.visits,
            "in_network": share.in_network,
            "segment": share.segment,
        }
        for share in (*within, *checked.out_of_network)
        if share is not None
    ] + [{"kind": TOLD_DIFFERENTLY, "segment": segment} for segment in checked.contradicting]


def _tell_the_cases(db: Session, check: EligibilityCheck, checked: CheckedCoverage, concerned: Concerned) -> None:
    for claim in concerned.claims.get(check.id, ()):
        store.move_case(db, claim, ClaimStatus.READY_TO_BUILD, actor="system", check=check.id, status=check.status)
    referral = concerned.referrals.get(check.case_number)
    if referral is None:
        return
    referral.coverage_status, referral.coverage_reason = check.status, check.reason
    db.add(referral)
    if not checked.coverage.needs_a_person or referral.closed_at is not None:
        return
    open_for_case(db, check, ToDoKind.COVERAGE_PROBLEM, f"coverage:{check.id}", role=Role.BILLER)


@step("look for coverage answers that do not come")
def find_silence(now: datetime | None = None) -> int:
    """Settle what no payer has answered in time as unknown, so that a person asks by telephone; returns how many."""
    moment = now or utc_now()
    with store.writing() as db:
        late = db.exec(
            select(EligibilityCheck)
            .join(ClearinghouseFile, col(ClearinghouseFile.id) == col(EligibilityCheck.file_id))
            .where(
                col(EligibilityCheck.answered_at).is_(None),
                col(ClearinghouseFile.sent_at).is_not(None),
                col(ClearinghouseFile.sent_at) < moment - ANSWER_WITHIN,
            )
            .with_for_update(of=EligibilityCheck)
        ).all()
        for check in late:
            silence = CheckedCoverage(CoverageStatus.UNKNOWN, "the payer has not answered within 24 hours: call")
            settle(db, check, silence, None, moment)
    return len(late)
