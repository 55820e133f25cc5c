"""A season of claims against a payer that makes mistakes: nothing is lost, and the money agrees to the cent.

60 claims of one fixed seed, 2,000 with ``COUNTERSIGN_TEST_SEASON_CLAIMS=2000`` (minutes). The payer
(adapters.simulated_payer) knows none of our rules: it rejects, denies, reverses, pays in part, loses files, answers
late, twice and out of order, cuts files in half and sends garbage.
"""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from acts import claim_books, claim_money, claims, refunds, visit_payments
from adapters import operational_store as store
from adapters import therapy_store, x12
from adapters.sample_claims import seed_sample_billing
from adapters.sample_sessions import seed_sample_sessions
from adapters.settings import settings
from adapters.simulated_payer import SEASON, SimulatedPayer
from models.claim_codes import FileStatus, RemittanceOutcome
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    CaseOwner,
    DraftKind,
    Modality,
    NoteStatus,
    Role,
    TranscriptState,
    Verdict,
)
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.ledger import balances, cash_from_payers
from models.operational import (
    Approval,
    AuditEvent,
    Claim,
    ClearinghouseFile,
    Clinician,
    Decision,
    EligibilityCheck,
    LedgerEntry,
    Licence,
    PanelMembership,
    Patient,
    PatientBilling,
    PatientCoverage,
    RemittanceFigures,
    RemittedClaimRecord,
    SessionNote,
    Staff,
    VisitPayment,
)
from models.session_index import NoteFormatCode, SessionService
from models.therapy_text import TherapyText
from models.transitions import CLAIM_OWNERS
from rules.sign_off import canonical, digest
from tasks import claim_waits, coverage_checks
from tasks.claim_receipts import ON_ITS_WAY
from tests.billing_walk import clean_claims_go, let_clean_claims_go, one_round

CLAIMS = int(os.environ.get("COUNTERSIGN_TEST_SEASON_CLAIMS", "60"))
PER_PATIENT = 5
SEED = 1789
DAYS = 140
BILLER = "ST-301"
PAYERS = ("AETNA", "BCBS", "CIGNA", "UHC")


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory, seeded_installation: Path) -> Iterator[SimulatedPayer]:
    """The whole season, walked once; what became of it is asked by the tests."""
    from tests import conftest as shared

    folder = tmp_path_factory.mktemp("season") / "home"
    with pytest.MonkeyPatch.context() as patch, shared.copied(seeded_installation, folder, patch), clean_claims_go():
        assert seed_sample_sessions()
        assert seed_sample_billing()
        let_clean_claims_go()
        sign_notes(CLAIMS)
        payer = SimulatedPayer(SEED, SEASON, settings().clearinghouse_folder / "simulated-payer")
        walk(payer)
        yield payer


def sign_notes(count: int) -> None:
    """So many signed sessions of invented, insured patients with clinicians who are on every panel."""
    people = [f"PT-Z{number:05d}" for number in range(-(-count // PER_PATIENT))]
    with store.writing() as db:
        clinicians = [one.id for one in db.exec(select(Clinician).join(Staff).where(Staff.active)).all()][:6]
        for clinician in clinicians:
            _on_every_panel(db, clinician)
        for index, person in enumerate(people):
            _insured(db, person, index)
    began = utc_now() - timedelta(days=30)
    for number in range(count):
        person = people[number // PER_PATIENT]
        _signed(number, person, clinicians[number % len(clinicians)], began + timedelta(days=number % PER_PATIENT))


def _on_every_panel(db: Session, clinician: str) -> None:
    rows = db.exec(select(PanelMembership).where(PanelMembership.clinician_id == clinician)).all()
    held = {(row.payer_code, row.plan_code) for row in rows}
    for payer in PAYERS:
        if (payer, "*") not in held:
            db.add(PanelMembership(clinician_id=clinician, payer_code=payer))
    states = {row.state for row in db.exec(select(Licence).where(Licence.clinician_id == clinician)).all()}
    if "OR" not in states:
        until = utc_now().date() + timedelta(days=400)
        db.add(Licence(clinician_id=clinician, state="OR", number="X1", expires_on=until))


def _insured(db: Session, person: str, index: int) -> None:
    db.add(
        Patient(
            id=person,
            given_name=f"Given{index}",
            family_name="Seasoned",
            match_name=f"given{index} seasoned",
            birth_date=date(1980, 1, 1) + timedelta(days=index),
            email=f"{person.lower()}@example.org",
            state="OR",
        )
    )
    db.flush()
    db.add(PatientBilling(patient_id=person, sex="F", line="1 Elm", city="Portland", state="OR", zip_code="97205"))
    ranks = ("P", "S") if index % 10 == 0 else ("P",)
    for rank in ranks:
        payer = PAYERS[(index + (rank == "S")) % len(PAYERS)]
        db.add(
            PatientCoverage(
                id=f"PV-{person}-{rank}",
                patient_id=person,
                rank=rank,
                payer_code=payer,
                member_id=f"M{index:07d}{rank}",
                valid_from=date(2026, 1, 1),
                recorded_by=BILLER,
            )
        )


def _signed(number: int, person: str, clinician: str, started: datetime) -> None:
    key = f"SN-9{number:06d}"
    started = started.replace(hour=18, minute=0, second=0, microsecond=0)
    minutes, code = ((53, "90837"), (45, "90834"), (30, "90832"))[number % 3]
    session = SessionNote(
        case_number=key,
        external_key=key,
        patient_id=person,
        clinician_id=clinician,
        location_id="LOC-1",
        source="season",
        received_at=started,
        started_at=started,
        ended_at=started + timedelta(minutes=minutes),
        minutes=minutes,
        modality=Modality.OFFICE,
        service=SessionService.INDIVIDUAL,
        note_format=NoteFormatCode.SOAP,
        transcript=TranscriptState.NONE,
        draft=DraftKind.PLAIN_NO_TRANSCRIPT,
        status=NoteStatus.CLOSED_SIGNED,
        closed_at=started,
        procedure_code=code,
    )
    text = canonical({"procedure_code": code, "addons": [], "diagnoses": ["F41.1"], "drafted_by": None})
    with store.writing() as db:
        db.add(session)
    decision = Decision(
        id=f"DC-{key}",
        approval_id=f"AP-{key}",
        case_number=key,
        staff_id=clinician,
        authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
        verdict=Verdict.APPROVE,
        digest=digest(text),
        signed_digest=digest(text),
        at=started + timedelta(hours=1),
    )
    nothing, words = TherapyText(""), TherapyText(text)
    therapy_store.keep_decision_words(decision.id, decision.approval_id, key, nothing, words, clinician)
    with store.writing() as db:
        db.add(
            Approval(
                id=decision.approval_id,
                case_number=key,
                kind=ApprovalKind.SESSION_NOTE,
                digest=decision.digest,
                why="session note",
                role=Role.CLINICIAN,
                location_id="LOC-1",
                assigned_to=clinician,
                status=ApprovalStatus.DECIDED,
                opened_at=started,
                due_at=started,
                decided_at=started,
            )
        )
        db.flush()
        db.add(decision)
        present = db.get_one(SessionNote, key)
        present.signed_decision_id = decision.id
        db.add(present)


def walk(payer: SimulatedPayer) -> None:
    """Day after day: a round of ours, the payer's work, a biller who does the simplest right thing."""
    now = utc_now()
    folder = settings().clearinghouse_folder
    for day in range(DAYS):
        one_round(now)
        payer.work(folder, now)
        for path in (folder / "incoming").iterdir():
            os.utime(path, (now.timestamp() - 60, min(now.timestamp(), utc_now().timestamp()) - 60))
        one_round(now)
        claim_waits.find_silence.fn(now)
        coverage_checks.find_silence.fn(now)
        the_front_desk()
        if day % 3 == 0:
            a_billers_day()
        if payer.next_due() is None and not moving():
            break
        now += timedelta(days=1)


def moving() -> bool:
    with store.reading() as db:
        states = set(db.exec(select(Claim.status)).all())
    return bool(states & {C.RECEIVED, C.COVERAGE_ASKED, C.READY_TO_BUILD, C.READY_TO_SEND, *ON_ITS_WAY})


WHY = TherapyText("done in the season")
TILL: Counter[str] = Counter()
"""What passed the practice's own hands, counted here alone: from patients, back to patients, back to payers."""
AT_THE_VISIT = 2_000


def the_front_desk() -> None:
    """Every fourth patient pays something at the visit, whatever the payer then leaves to them."""
    with store.reading() as db:
        checks = db.exec(select(EligibilityCheck).order_by(EligibilityCheck.id)).all()
        paid = set(db.exec(select(VisitPayment.check_id)).all())
    for check in checks:
        if int(check.patient_id[-1]) % 4 == 0 and check.patient_id.startswith("PT-Z") and check.id not in paid:
            visit_payments.record(check.id, staff_id=BILLER, cents=AT_THE_VISIT, method="cash", reference="visit")
            TILL["from patients"] += AT_THE_VISIT


def give_back(number: str) -> None:
    for credit in refunds.credits_of(number):
        to = credit.payer_code or "patient"
        if credit.cents <= claims.write_off_limit():
            # a reference makes a refund count once: a second credit of a claim goes back by a check of its own
            check = f"check {TILL['back to payers'] + TILL['back to patients']}"
            refunds.refund(
                number, staff_id=BILLER, to=to, cents=credit.cents, method="check", reference=check, reason=WHY
            )
            TILL["back to payers" if credit.payer_code else "back to patients"] += credit.cents


def a_billers_day() -> None:
    """Every exception gets the simplest right answer; what only a person could settle stays with its owner."""
    with store.reading() as db:
        open_ones = db.exec(select(Claim).where(Claim.closed_at == None).order_by(Claim.case_number)).all()  # noqa: E711
    for claim in open_ones:
        number = claim.case_number
        try:
            if claim.status == C.CORRECTION and claim.queue == "no_answer" and not claim.touched:
                claims.wait_for_payer(number, staff_id=BILLER, days=30, reason=WHY)
            elif (claim.status == C.CORRECTION and claim.queue in ("rejection", "no_answer")) or (
                claim.status == C.DENIED and claim.carc == "16"
            ):
                claims.build_again(number, staff_id=BILLER, reason=WHY)
            elif claim.status == C.DENIED and claim.carc in ("29", "119"):
                claims.write_off(number, staff_id=BILLER, reason=WHY)
            elif claim.status == C.DENIED and claim.carc in ("96", "204"):
                claims.bill_patient(number, staff_id=BILLER, reason=WHY)
            elif claim.status == C.PATIENT_BALANCE and int(number[-1]) % 2:
                claims.record_patient_payment(number, staff_id=BILLER, cents=claim.patient_cents, reference="card 1")
                TILL["from patients"] += claim.patient_cents
            elif claim.queue == "credit":
                give_back(number)
        except ValueError:
            continue  # the act does not fit: it stays with its owner


def all_claims() -> list[Claim]:
    with store.reading() as db:
        return list(db.exec(select(Claim)).all())


def test_every_claim_of_the_season_ends_or_has_an_owner(season: SimulatedPayer) -> None:
    found = all_claims()
    assert len(found) >= CLAIMS
    assert [one.case_number for one in found if CLAIM_OWNERS[one.status] is CaseOwner.SYSTEM] == []
    assert [one.case_number for one in found if one.status in ON_ITS_WAY and one.answer_by is None] == []
    counts = Counter(one.status for one in found)
    assert counts[C.CLOSED_PAID] + counts[C.PATIENT_BALANCE] > CLAIMS // 2, counts


def test_a_claim_that_is_closed_owes_nothing(season: SimulatedPayer) -> None:
    with store.reading() as db:
        owed = {
            one.case_number: balances(claim_money.lines_of_case(db, one.case_number))
            for one in all_claims()
            if one.status.is_closed
        }
    assert {number: sums for number, sums in owed.items() if not sums.settled} == {}


def test_the_ledger_is_what_was_remitted_is_what_the_payer_paid(season: SimulatedPayer) -> None:
    with store.reading() as db:
        cash = cash_from_payers(claim_books.line_of(entry) for entry in db.exec(select(LedgerEntry)).all())
        by_hand = db.exec(
            select(RemittedClaimRecord).where(RemittedClaimRecord.outcome == RemittanceOutcome.FOR_A_PERSON)
        ).all()
        remitted = db.exec(select(RemittanceFigures)).all()
    assert sum(each.paid_cents for each in remitted) == season.paid_cents()
    assert all(each.off_cents == 0 for each in remitted)
    # what waits for a person is money that came and is not posted: it is named, never plugged
    assert cash + sum(each.paid_cents for each in by_hand) == season.paid_cents()


def test_the_ledger_is_what_the_practice_took_from_patients_and_gave_back(season: SimulatedPayer) -> None:
    with store.reading() as db:
        entries = db.exec(select(LedgerEntry)).all()
        waiting = db.exec(select(VisitPayment).where(col(VisitPayment.case_number).is_(None))).all()
    paid = -sum(each.amount_cents for each in entries if each.kind == "patient_payment")
    assert paid + sum(each.cents for each in waiting) == TILL["from patients"] > 0
    for account, went in (("patient", "back to patients"), ("payer", "back to payers")):
        back = sum(each.amount_cents for each in entries if each.kind == "refund" and each.account == account)
        assert back == TILL[went]
    assert TILL["back to patients"] > 0


def test_each_claims_cash_is_what_the_payer_has_in_its_own_book(season: SimulatedPayer) -> None:
    waiting = set()
    with store.reading() as db:
        for record in db.exec(select(RemittedClaimRecord)).all():
            if record.outcome is RemittanceOutcome.FOR_A_PERSON:
                waiting.add(record.claim_control)
        ours: Counter[str] = Counter()
        for entry in db.exec(select(LedgerEntry).where(LedgerEntry.kind == "payer_payment")).all():
            ours[entry.claim_number] -= entry.amount_cents
    theirs = {entry.claim_number: entry.paid_cents for entry in season.book() if entry.claim_number not in waiting}
    wrong = {number: (ours[number], paid) for number, paid in theirs.items() if ours[number] != paid}
    assert wrong == {}


def test_cut_repeated_and_meaningless_files_were_refused_or_known(season: SimulatedPayer) -> None:
    with store.reading() as db:
        files = db.exec(select(ClearinghouseFile).where(col(ClearinghouseFile.outgoing).is_(False))).all()
        again = db.exec(select(AuditEvent).where(AuditEvent.action == "file.duplicate")).all()
    refused = [file for file in files if file.status == FileStatus.REFUSED]
    assert {file.status for file in files} <= {FileStatus.TAKEN_IN, FileStatus.REFUSED}
    assert refused and all(file.problem for file in refused)
    assert again


def test_pyx12_accepts_every_claim_file_of_the_season(season: SimulatedPayer) -> None:
    taken = settings().clearinghouse_folder / "simulated-payer" / "taken"
    files = sorted(taken.glob("*-837p-*"))
    assert files
    against = {path.name: x12.second_opinion(path.read_text()) for path in files}
    assert {name: found for name, found in against.items() if found} == {}


def test_no_claim_was_ever_taken_twice_by_one_file(season: SimulatedPayer) -> None:
    taken = settings().clearinghouse_folder / "simulated-payer" / "taken"
    sent = [form.claim_number for path in taken.glob("*-837p-*") for form in x12.read_837(BytesIO(path.read_bytes()))]
    assert [number for number, times in Counter(sent).items() if times > 1] == []
