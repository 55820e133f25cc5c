"""What tests of a biller's acts share: a payer's usual answers, the ledger in sums, the gate opened and signed."""

from typing import Any

from sqlmodel import select

from acts import claim_money
from acts.decisions import decide
from adapters import operational_store as store
from adapters import staff_secrets
from models.claim_form import ClaimForm, LineAdjustment
from models.codes import AuthenticatedHow, ClaimStatus, Verdict
from models.governance_codes import Level
from models.ledger import Balances, balances
from models.operational import Approval, Claim, Decision, Staff, WorkflowStanding
from models.therapy_text import TherapyText
from tasks import cases, claims, sign_offs
from tests.billing_walk import Payer, claim_of, decided, sent
from tests.factories import TOTP_SECRET, fresh_code

BILLER, OWNER, COORDINATOR, ADMIN = "ST-301", "ST-501", "ST-201", "ST-701"
WHY = TherapyText("agreed with the payer by telephone, marker-of-the-reason")


def cas(group: str, reason: str, cents: int) -> LineAdjustment:
    return LineAdjustment(group, reason, cents)


def deny(
    payer: Payer, group: str = "CO", reason: str = "197", *, trace: str = "EFT1", patient: str = "PT-S101", **said: Any
) -> ClaimForm:
    """The payer denies the newest sending whole; returns it."""
    form = sent(patient)
    payer.remits(decided(form, 0, cas(group, reason, form.charge_cents), status="4", **said), trace=trace)
    return form


def reject(payer: Payer, patient: str = "PT-S101") -> ClaimForm:
    """The clearinghouse rejects the newest sending; returns it."""
    form = sent(patient)
    payer.accepts(form.claim_number, category="A3", status="164")
    return form


def pay(
    payer: Payer, *adjustments: LineAdjustment, trace: str = "EFT1", patient: str = "PT-S101", **said: Any
) -> ClaimForm:
    """The payer pays the newest sending, less these adjustments; returns it."""
    form = sent(patient)
    payer.remits(
        decided(form, form.charge_cents - sum(each.amount_cents for each in adjustments), *adjustments, **said),
        trace=trace,
    )
    return form


def owed(patient: str = "PT-S101") -> Balances:
    """What the thread's ledger says is owed; the claim's own sums must say the same."""
    claim = claim_of(patient)
    with store.reading() as db:
        found = balances(claim_money.lines_of_case(db, claim.case_number))
    assert (claim.payer_cents, claim.patient_cents) == (found.payer_cents + found.denied_cents, found.patient_cents)
    return found


def make_biller(staff_id: str = "ST-302", places: tuple[str, ...] = ("LOC-2",), **given: Any) -> str:
    """A second biller, by default of another place than PT-S101's claim; returns the id."""
    values: dict[str, Any] = {
        "name": "Second Biller",
        "email": f"{staff_id.lower()}@example.org",
        "role": "biller",
        "totp_secret": staff_secrets.sealed(staff_id, TOTP_SECRET),
    }
    with store.writing() as db:
        db.add(Staff(id=staff_id, location_ids=list(places), team="billing", **{**values, **given}))
    return staff_id


def nothing_leaves_unsigned() -> None:
    with store.writing() as db:
        for standing in db.exec(select(WorkflowStanding)).all():
            standing.level = standing.runs_as = Level.ASSISTED
            db.add(standing)


def put_to(status: ClaimStatus, patient: str = "PT-S101", **values: Any) -> Claim:
    """The claim as if it stood there."""
    number = claim_of(patient).case_number
    with store.writing() as db:
        claim = db.get_one(Claim, number)
        for name, value in {"status": status, **values}.items():
            setattr(claim, name, value)
        db.add(claim)
    return claim_of(patient)


def build(patient: str = "PT-S101") -> Claim:
    """Take the claim through what needs nobody."""
    claims.drive(claim_of(patient).case_number)
    return claim_of(patient)


def open_gate(patient: str = "PT-S101") -> Approval:
    """Open the sign-off of where the claim stands."""
    claim = claim_of(patient)
    approval_id = sign_offs.open_sign_off.fn(cases.take(claim.case_number), claim.status)
    with store.reading() as db:
        return store.one(db, Approval, approval_id)


def sign(approval: Approval, staff_id: str, verdict: Verdict = Verdict.APPROVE, **given: Any) -> Decision:
    facts: dict[str, Any] = {
        "reason": WHY,
        "seen_digest": approval.digest,
        "how": AuthenticatedHow.PREFECT_CODE,
        "code": fresh_code(staff_id),
    }
    return decide(approval.id, staff_id=staff_id, verdict=verdict, **{**facts, **given})
