"""From a signed note to its money: each step of a claim's thread on real records, with a payer's files by hand."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from acts import claim_money
from adapters import operational_store as store
from adapters import x12
from adapters.sample_claims import seed_sample_billing
from adapters.sample_sessions import seed_sample_sessions
from adapters.settings import settings
from models.claim_answers import (
    ClaimAcknowledgement,
    GroupAcknowledgement,
    RemittanceEnd,
    RemittanceHead,
    RemittedClaim,
    RemittedLine,
    SetAcknowledgement,
    StatusNote,
)
from models.claim_codes import FileStatus
from models.claim_form import ClaimForm, Envelope, LineAdjustment
from models.codes import ClaimStatus as C
from models.codes import MessageStatus
from models.columns import utc_now
from models.eligibility import Benefit, EligibilityAnswer
from models.ledger import balances
from models.operational import (
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    EligibilityCheck,
    OutboxMessage,
    PracticeSetting,
    RemittedClaimRecord,
    SessionNote,
)
from tasks import claim_building, claim_files, claim_waits, claims, coverage_checks

NOW = utc_now()


@pytest.fixture
def billing(sample_practice: Path) -> Path:
    """The sample practice with its insured patients and six signed notes; clean claims may leave by themselves."""
    assert seed_sample_sessions()
    assert seed_sample_billing()
    return sample_practice


class Payer:
    """Writes the files a payer would, under control numbers of its own."""

    def __init__(self) -> None:
        self.control = 0

    def envelope(self, **given: Any) -> Envelope:
        self.control += 1
        values: dict[str, Any] = {
            "sender_id": "SAMPLECH",
            "receiver_id": "HARBORGRP",
            "control_number": self.control,
            "at": datetime(2026, 11, 26, 12, tzinfo=UTC),
        }
        return Envelope(**{**values, **given})

    def drop(self, text: str, name: str = "") -> str:
        """Lay a file into the clearinghouse folder and take it in; returns what became of it."""
        folder = settings().clearinghouse_folder / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (name or f"in-{self.control}.x12")
        path.write_bytes(text.encode("latin-1"))
        old = (NOW - timedelta(minutes=5)).timestamp()
        import os

        os.utime(path, (old, old))
        outcomes = claim_files.take_in_all.fn()
        assert not list(folder.glob("*.x12")), "a file was left in the drop"
        return ", ".join(outcomes)

    def answers_coverage(self, code: str = "1", types: tuple[str, ...] = ("MH",)) -> str:
        with store.reading() as db:
            checks = db.exec(select(EligibilityCheck)).all()
            asked = {check.id: coverage_checks.request_of(db, check) for check in checks if check.answered_at is None}
        answers = [
            EligibilityAnswer(
                trace=trace,
                payer=request.payer,
                member_id=request.member_id,
                patient=request.dependent or request.subscriber,
                benefits=(Benefit(code=code, segment=0, service_types=types),),
                refusals=(),
            )
            for trace, request in asked.items()
            if request is not None
        ]
        return self.drop(x12.write_271(self.envelope(), answers))

    def acknowledges(self, file: ClearinghouseFile, outcome: str = "A") -> str:
        receipt = GroupAcknowledgement(
            group_control=str(file.control_number),
            functional_id="HC",
            outcome=outcome,
            sets=(SetAcknowledgement("837", f"{1:04d}", outcome),),
        )
        return self.drop(x12.write_999(self.envelope(), [receipt]))

    def accepts(self, *controls: str, category: str = "A2", status: str = "20") -> str:
        said = [
            ClaimAcknowledgement(control, f"P{control}", (StatusNote(category, status, action="WQ"),), on=date(2026, 11, 26))
            for control in controls
        ]
        return self.drop(x12.write_277ca(self.envelope(), said))

    def remits(self, *claims: RemittedClaim, trace: str = "EFT1", **given: Any) -> str:
        return self.drop(self.remittance(*claims, trace=trace, **given))

    def remittance(self, *claims: RemittedClaim, trace: str = "EFT1", **given: Any) -> str:
        from models.claim_form import PayerName

        paid = sum(claim.paid_cents for claim in claims)
        head = RemittanceHead("0001", paid, trace, "ACH", date(2026, 11, 25), PayerName("Sample", "SAMPLE01"))
        return x12.write_835(self.envelope(**given), [head, *claims, RemittanceEnd("0001", 0)])


def sent_forms() -> list[ClaimForm]:
    """Every claim in the files that lie in the clearinghouse's folder, as an outsider reads them."""
    folder = settings().clearinghouse_folder / "outgoing"
    return [
        form for path in sorted(folder.glob("*837p*")) for form in x12.read_837(BytesIO(path.read_bytes()))
    ]


def decided(form: ClaimForm, paid: int, *adjustments: LineAdjustment, status: str = "1", **given: Any) -> RemittedClaim:
    """A decision on a claim of one line."""
    [line] = form.lines
    sign = -1 if status == "22" else 1
    patient = sum(each.amount_cents for each in adjustments if each.group == "PR")
    remitted = RemittedLine(
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        charge_cents=sign * line.charge_cents,
        paid_cents=paid,
        units=1,
        adjustments=adjustments,
        service_date=line.service_date,
        control_number=line.control_number,
    )
    values: dict[str, Any] = {
        "claim_number": form.claim_number,
        "status": status,
        "charge_cents": sign * form.charge_cents,
        "paid_cents": paid,
        "patient_cents": patient,
        "payer_control": f"P{form.claim_number}",
        "adjustments": (),
        "lines": (remitted,),
    }
    return RemittedClaim(**{**values, **given})


def let_clean_claims_go() -> None:
    with store.writing() as db:
        db.add(PracticeSetting(name=claim_building.LIVE_LEVEL, value="LOC-1,LOC-2,LOC-3"))


def prove_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_building, "_pair_proven", lambda *_: True)


def one_round(now: datetime | None = None) -> None:
    """What the batch flow does, without Prefect."""
    claim_files.take_in_all.fn(now)
    claim_building.open_claims.fn()
    claims.move_on.fn()
    coverage_checks.batch.fn(now)
    claims.move_on.fn()
    claim_files.batch.fn(now=now)
    claim_files.send_queued.fn(now)


def claims_now() -> dict[str, Claim]:
    with store.reading() as db:
        return {claim.patient_id: claim for claim in db.exec(select(Claim)).all()}


def claim_of(patient: str = "PT-S101") -> Claim:
    return claims_now()[patient]


def test_signed_notes_become_claims_that_leave(billing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_clean_claims_go()
    prove_every_pair(monkeypatch)
    from rules.eligibility import CheckedCoverage
    from rules.coverage import CoverageStatus
    monkeypatch.setattr(coverage_checks, "coverage_from", lambda *a, **k: CheckedCoverage(CoverageStatus.ACTIVE_MENTAL_HEALTH, "x"))
    payer = Payer()
    one_round()
    stands = {patient: claim.status for patient, claim in claims_now().items()}
    print(stands)
    assert payer.answers_coverage() == "taken_in"
    one_round()
    for claim in claims_now().values():
        print(claim.case_number, claim.patient_id, claim.status, claim.queue, claim.findings, claim.missing)
    print([form.claim_number for form in sent_forms()])
    assert claim_of().status == C.SENT
