"""A season of claims against a payer that makes mistakes: nothing is lost, and the money agrees to the cent.

2,000 claims of one fixed seed; ``COUNTERSIGN_TEST_SEASON_CLAIMS`` asks for another number. The payer
knows none of our rules: it rejects, denies, reverses, pays in part, loses files, answers late and twice, cuts files in half.
"""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from acts import claims
from adapters import operational_store as store
from adapters import therapy_store
from adapters.sample_claims import seed_sample_billing
from adapters.sample_sessions import seed_sample_sessions
from adapters.settings import settings
from adapters.simulated_payer import SEASON, SimulatedPayer
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
from models.operational import (
    Approval,
    Claim,
    Clinician,
    Decision,
    Licence,
    PanelMembership,
    Patient,
    PatientBilling,
    PatientCoverage,
    SessionNote,
    Staff,
)
from models.session_index import NoteFormatCode, SessionService
from models.therapy_text import TherapyText
from models.transitions import CLAIM_OWNERS
from rules.sign_off import canonical, digest
from tasks import claim_waits, coverage_checks
from tests.billing_walk import clean_claims_go, let_clean_claims_go, one_round

CLAIMS = int(os.environ.get("COUNTERSIGN_TEST_SEASON_CLAIMS", "2000"))
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
    held = {(row.payer_code, row.plan_code) for row in db.exec(select(PanelMembership)).all() if row.clinician_id == clinician}
    for payer in PAYERS:
        if (payer, "*") not in held:
            db.add(PanelMembership(clinician_id=clinician, payer_code=payer))
    states = {row.state for row in db.exec(select(Licence).where(Licence.clinician_id == clinician)).all()}
    if "OR" not in states:
        db.add(Licence(clinician_id=clinician, state="OR", number="X1", expires_on=utc_now().date() + timedelta(days=400)))


def _insured(db: Session, person: str, index: int) -> None:
    from datetime import date

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
    therapy_store.keep_decision_words(decision.id, decision.approval_id, key, TherapyText(""), TherapyText(text), clinician)
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
        if day % 3 == 0:
            a_billers_day()
        if payer.next_due() is None and not moving():
            break
        now += timedelta(days=1)


def moving() -> bool:
    with store.reading() as db:
        states = set(db.exec(select(Claim.status)).all())
    return bool(states & {C.RECEIVED, C.COVERAGE_ASKED, C.READY_TO_BUILD, C.READY_TO_SEND, C.SENT, C.ACKNOWLEDGED, C.ACCEPTED})


WHY = TherapyText("done in the season")


def a_billers_day() -> None:
    """Every exception gets the simplest right answer; what only a person could settle stays with its owner."""
    with store.reading() as db:
        open_ones = db.exec(select(Claim).where(Claim.closed_at == None).order_by(Claim.case_number)).all()  # noqa: E711
    for claim in open_ones:
        number = claim.case_number
        try:
            if (claim.status == C.CORRECTION and claim.queue == "no_answer") or (claim.status == C.CORRECTION and claim.queue == "rejection") or (claim.status == C.DENIED and claim.carc in ("16", "18")):
                claims.build_again(number, staff_id=BILLER, reason=WHY)
            elif claim.status == C.DENIED and claim.carc in ("29", "119"):
                claims.write_off(number, staff_id=BILLER, reason=WHY)
            elif claim.status == C.DENIED and claim.carc in ("96", "204"):
                claims.bill_patient(number, staff_id=BILLER, reason=WHY)
            elif claim.status == C.PATIENT_BALANCE and int(number[-1]) % 2:
                claims.record_patient_payment(number, staff_id=BILLER, cents=claim.patient_cents, reference="card 1")
        except ValueError as refused:
            print(number, claim.status, claim.queue, claim.carc, refused)


def test_every_claim_of_the_season_ends_or_has_an_owner(season: SimulatedPayer) -> None:
    with store.reading() as db:
        found = db.exec(select(Claim)).all()
    counts = Counter(claim.status.value for claim in found)
    print(counts)
    assert len(found) >= CLAIMS
    loose = [claim.case_number for claim in found if CLAIM_OWNERS[claim.status] is CaseOwner.SYSTEM]
    assert loose == []
