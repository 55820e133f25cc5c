"""The whole installation is killed part by part while claims are on their way: each leaves once, and the money agrees.

`countersign run` with its worker, server, desk and portal, and the sample's simulated payer, which denies, rejects,
reverses and sends twice. As many claims as ``COUNTERSIGN_TEST_CHAOS_CASES`` says; without it, none.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import pytest
from sqlmodel import select

from acts import claim_books
from adapters import operational_store as store
from adapters import x12
from adapters.audit_chain import verify_all
from adapters.settings import settings
from adapters.simulated_payer import SAMPLE, SimulatedPayer
from adapters.simulated_payer.here import SEED as PAYER_SEED
from benchmarks import generated_group
from models.claim_codes import RemittanceOutcome
from models.codes import CaseOwner, ClaimStatus
from models.columns import utc_now
from models.ledger import cash_from_payers
from models.operational import Claim, ClaimSubmission, LedgerEntry, RemittanceFigures, RemittedClaimRecord
from models.transitions import CLAIM_OWNERS
from tests.chaos.practice import PARTS, Parts, events, running
from tests.chaos.test_claims_killed import PAID_BEFORE
from tests.databases import KIND

SEED = 20261127
CLAIMS = int(os.environ.get("COUNTERSIGN_TEST_CHAOS_CASES", "0"))
KILLS = max(8, CLAIMS // 9)
pytestmark = [
    pytest.mark.skipif(not CLAIMS, reason="takes minutes: set COUNTERSIGN_TEST_CHAOS_CASES"),
    pytest.mark.skipif(KIND != "sqlite", reason="its installation runs on SQLite, whatever the other tests run on"),
]
UNDER_WAY = (CaseOwner.SYSTEM, CaseOwner.PAYER)
EVENTS_OF_A_CLAIM = 12


@pytest.fixture
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    def seed() -> None:
        generated_group.make(10 * CLAIMS, utc_now())

    home = tmp_path_factory.mktemp("claims") / "home"
    with running(home, seed, COUNTERSIGN_SIMULATED_PAYER="true") as started:
        yield started


def under_way() -> Counter[ClaimStatus]:
    """Claims that wait for nobody of the practice; none before any is opened counts as one."""
    with store.reading() as db:
        found = db.exec(select(Claim.status).where(~Claim.case_number.startswith(PAID_BEFORE))).all()  # type: ignore[attr-defined]
    if len(found) < CLAIMS:
        return Counter({ClaimStatus.RECEIVED: CLAIMS - len(found)})
    return Counter(status for status in found if CLAIM_OWNERS[status] in UNDER_WAY)


def book() -> SimulatedPayer:
    return SimulatedPayer(PAYER_SEED, SAMPLE, settings().clearinghouse_folder / "simulated-payer")


def at_rest() -> bool:
    quiet = book().next_due() is None and not list((settings().clearinghouse_folder / "incoming").glob("*.*"))
    return quiet and not under_way()


def test_claims_are_sent_once_and_their_money_agrees_whatever_is_killed(parts: Parts) -> None:
    chance = random.Random(SEED)
    for turn in range(KILLS):
        # half of them the worker, where claims are built, sent and posted
        part = "worker" if turn % 2 else chance.choice(PARTS)
        until, patience = events() + chance.randint(5, 2 * EVENTS_OF_A_CLAIM * CLAIMS // KILLS), time.monotonic() + 120
        while events() < until and time.monotonic() < patience and not at_rest():
            time.sleep(0.1)
        time.sleep(chance.uniform(0, 0.5))
        parts.kill(part)
        print(f"{part} killed, {dict(under_way())} under way")
    parts.wait_for("the claims to rest", at_rest, pause=1.0)
    payer = book()
    taken = settings().clearinghouse_folder / "simulated-payer" / "taken"
    sent = [form.claim_number for path in taken.glob("*-837p-*") for form in x12.read_837(BytesIO(path.read_bytes()))]
    with store.reading() as db:
        submissions = db.exec(select(ClaimSubmission.claim_control)).all()
        cash = cash_from_payers(map(claim_books.line_of, db.exec(select(LedgerEntry)).all()))
        remitted = db.exec(select(RemittedClaimRecord)).all()
        figures = db.exec(select(RemittanceFigures)).all()
    assert Counter(sent) == Counter(each for each in submissions if not each.startswith(PAID_BEFORE))
    assert set(Counter(sent).values()) == {1}
    by_hand = sum(each.paid_cents for each in remitted if each.outcome is RemittanceOutcome.FOR_A_PERSON)
    assert sum(each.paid_cents for each in figures) == payer.paid_cents() == cash + by_hand > 0
    assert verify_all() == []
    print({"claims": CLAIMS, "kills": dict(Counter(parts.kills)), "paid": payer.paid_cents()})
