"""A payer by hand and the batch without Prefect: what tests of claims walk with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import select

from adapters import operational_store as store
from adapters import x12
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
from models.claim_form import ClaimForm, Envelope, LineAdjustment, PayerName
from models.columns import utc_now
from models.eligibility import Benefit, EligibilityAnswer
from models.governance_codes import Level, Workflow
from models.operational import (
    Claim,
    ClearinghouseFile,
    EligibilityCheck,
    WorkflowStanding,
)
from tasks import claim_building, claim_files, claims, coverage_checks

NOW = utc_now()
ON = date(2026, 11, 26)


class Payer:
    """Writes the files a payer would, under control numbers of its own."""

    def __init__(self, control: int = 0) -> None:
        self.control = control

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
            ClaimAcknowledgement(
                control, f"P{control}", (StatusNote(category, status, action="WQ"),), on=date(2026, 11, 26)
            )
            for control in controls
        ]
        return self.drop(x12.write_277ca(self.envelope(), said))

    def remits(self, *claims: RemittedClaim, trace: str = "EFT1", **given: Any) -> str:
        return self.drop(self.remittance(*claims, trace=trace, **given))

    def remittance(self, *claims: RemittedClaim, trace: str = "EFT1", **given: Any) -> str:
        paid = sum(claim.paid_cents for claim in claims)
        head = RemittanceHead("0001", paid, trace, "ACH", date(2026, 11, 25), PayerName("Sample", "SAMPLE01"))
        return x12.write_835(self.envelope(**given), [head, *claims, RemittanceEnd("0001", 0)])


def sent_forms() -> list[ClaimForm]:
    """Every claim in the files that lie in the clearinghouse's folder, as an outsider reads them."""
    folder = settings().clearinghouse_folder / "outgoing"
    return [form for path in sorted(folder.glob("*837p*")) for form in x12.read_837(BytesIO(path.read_bytes()))]


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
        for place in ("LOC-1", "LOC-2", "LOC-3"):
            db.add(WorkflowStanding(workflow=Workflow.CLAIMS, location_id=place, level=Level.LIVE, runs_as=Level.LIVE))


PAYERS_OF_THE_SAMPLE = ("AETNA", "BCBS", "CIGNA", "UHC", "MEDICAID_OR")


def prove_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        claim_building,
        "_proven_pairs",
        lambda _, claims: {(payer, claim.clinician_id) for claim in claims for payer in PAYERS_OF_THE_SAMPLE},
    )


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


def sent(patient: str = "PT-S101") -> ClaimForm:
    """The newest form of this patient's claim that has left."""
    number = claim_of(patient).case_number
    return [form for form in sent_forms() if form.claim_number.startswith(number)][-1]


def our_file(kind: str = "837P") -> ClearinghouseFile:
    with store.reading() as db:
        files = db.exec(select(ClearinghouseFile).where(ClearinghouseFile.outgoing == True)).all()  # noqa: E712
    return max((file for file in files if file.kind == kind), key=lambda file: file.control_number or 0)


@contextmanager
def clean_claims_go() -> Iterator[None]:
    """Clean claims of any pair may leave by themselves."""
    with pytest.MonkeyPatch.context() as patch:
        prove_every_pair(patch)
        yield


def send_what_can_leave() -> Payer:
    """Bill the sample's signed notes as far as it goes: coverage asked and answered, clean claims sent."""
    payer = Payer()
    one_round()
    assert payer.answers_coverage() == "taken_in"
    one_round()
    return payer
