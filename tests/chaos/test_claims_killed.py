"""Killed at any moment while claims are built, batched, sent, paid: none is lost or sent twice, and the money agrees.

The practice's rounds run in a process of their own that is killed (``kill -9``); the simulated payer and the
clearinghouse's folder are somebody else's and go on. 18 claims and 6 kills; with ``COUNTERSIGN_TEST_CHAOS_CASES`` so
many claims, and a kill for every nine.
"""

import multiprocessing
import os
import random
import time
from collections import Counter
from datetime import timedelta
from io import BytesIO
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from sqlmodel import select

from acts import claim_books
from adapters import operational_store as store
from adapters import x12
from adapters.audit_chain import verify_all
from adapters.settings import settings
from adapters.simulated_payer import CLEAN, SimulatedPayer
from benchmarks import generated_group
from models.claim_codes import FileStatus, RemittanceOutcome
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.ledger import balances, cash_from_payers
from models.operational import Claim, ClaimSubmission, ClearinghouseFile, LedgerEntry, RemittedClaimRecord
from tests.billing_walk import one_round
from tests.chaos.claim_rounds import CLOCK, go_on
from tests.chaos.practice import events
from tests.test_claim_season import moving
from tests.test_night_queries import settled

SEED = 20261126
CLAIMS = int(os.environ.get("COUNTERSIGN_TEST_CHAOS_CASES", "0")) or 18
KILLS = max(6, CLAIMS // 9)
pytestmark = pytest.mark.timeout(0 if CLAIMS > 18 else 600)
EVENTS_OF_A_CLAIM = 14
"""About so many a claim appends to the audit; it spreads the kills over the whole way."""
NOTHING_HAPPENS_SECONDS = 0.4
"""When nothing goes on for so long, it is the next day."""
DAYS = 60
PAID_BEFORE = "CL-P"
"""The claims of the generated group that were paid long ago."""


class Outside:
    """What is not the practice: the payer, its folder and the calendar."""

    def __init__(self) -> None:
        self.payer = SimulatedPayer(SEED, CLEAN, settings().home / "payer")
        self.now = utc_now()
        self._keep()
        self._seen, self._since = -1, time.monotonic()

    def goes_on(self) -> None:
        """The payer works; where nothing happens any more, a day passes."""
        self.payer.work(settings().clearinghouse_folder, self.now)
        settled(settings().clearinghouse_folder / "incoming")
        here = events()
        if here != self._seen:
            self._seen, self._since = here, time.monotonic()
        elif time.monotonic() - self._since > NOTHING_HAPPENS_SECONDS:
            self.a_day_passes()

    def a_day_passes(self) -> None:
        self.now += timedelta(days=1)
        self._since = time.monotonic()
        self._keep()

    def _keep(self) -> None:
        new = settings().home / f"{CLOCK}.new"
        new.write_text(self.now.isoformat())
        new.replace(settings().home / CLOCK)


def start() -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.claim_rounds"])
    kept = {name: value for name, value in os.environ.items() if name.startswith("COUNTERSIGN_")}
    process = context.Process(target=go_on, args=(kept,), daemon=True)
    process.start()
    return process


def test_no_claim_is_lost_or_sent_twice_and_the_money_agrees_whenever_it_is_killed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_SIMULATED_PAYER", "true")
    settings.cache_clear()
    generated_group.make(10 * CLAIMS, utc_now())
    outside, chance = Outside(), random.Random(SEED)
    statuses: Counter[str] = Counter()
    for _ in range(KILLS):
        process = start()
        until = events() + chance.randint(3, 2 * EVENTS_OF_A_CLAIM * CLAIMS // KILLS)
        patience = time.monotonic() + 10 * NOTHING_HAPPENS_SECONDS
        while events() < until and time.monotonic() < patience:
            assert process.is_alive(), "it ended by itself"
            outside.goes_on()
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join()
        statuses.update(where_claims_stand())
    undisturbed(outside)
    assert len({C.READY_TO_SEND, C.SENT, C.ACKNOWLEDGED, C.ACCEPTED} & statuses.keys()) > 1, statuses
    every_claim_ended_once(outside.payer)
    the_money_agrees(outside.payer)
    assert verify_all() == []
    print({"claims": CLAIMS, "kills": KILLS, "standing when killed": dict(statuses)})


def where_claims_stand() -> Counter[C]:
    with store.reading() as db:
        return Counter(db.exec(select(Claim.status).where(Claim.edition > 0)).all())


def undisturbed(outside: Outside) -> None:
    """The rest of the way, in this process."""
    for _ in range(DAYS):
        one_round(outside.now)
        outside.goes_on()
        one_round(outside.now)
        if outside.payer.next_due() is None and not moving():
            return
        outside.a_day_passes()
    raise AssertionError(f"the claims never came to rest: {where_claims_stand()}")


def every_claim_ended_once(payer: SimulatedPayer) -> None:
    taken = settings().home / "payer" / "taken"
    sent = [form.claim_number for path in taken.glob("*-837p-*") for form in x12.read_837(BytesIO(path.read_bytes()))]
    with store.reading() as db:
        claims = db.exec(select(Claim).where(Claim.edition > 0)).all()
        submissions = db.exec(select(ClaimSubmission)).all()
        files = db.exec(select(ClearinghouseFile)).all()
    ours = [each for each in submissions if not each.claim_control.startswith(PAID_BEFORE)]
    assert len(claims) == CLAIMS
    assert {claim.status for claim in claims} <= {C.CLOSED_PAID, C.PATIENT_BALANCE}
    assert Counter(sent) == Counter(each.claim_control for each in ours), "each left once, and nothing else did"
    assert Counter(each.case_number for each in ours) == Counter({claim.case_number: 1 for claim in claims})
    book = Counter(each.claim_number for each in payer.book())
    assert book == Counter(sent)
    controls = Counter(file.control_number for file in files if file.outgoing)
    assert {number: times for number, times in controls.items() if times > 1} == {}
    assert {file.status for file in files if not file.outgoing} == {FileStatus.TAKEN_IN}
    assert list((settings().clearinghouse_folder / "incoming").glob("*.*")) == []


def the_money_agrees(payer: SimulatedPayer) -> None:
    with store.reading() as db:
        entries = db.exec(select(LedgerEntry)).all()
        remitted = db.exec(select(RemittedClaimRecord)).all()
        claims = {claim.case_number: claim for claim in db.exec(select(Claim)).all()}
    assert {each.outcome for each in remitted} == {RemittanceOutcome.POSTED}
    assert cash_from_payers(map(claim_books.line_of, entries)) == payer.paid_cents() > 0
    ours: Counter[str] = Counter()
    for each in entries:
        if each.kind == "payer_payment":
            ours[each.claim_number] -= each.amount_cents
    assert dict(ours) == {each.claim_number: each.paid_cents for each in payer.book() if each.paid_cents}
    for number in {each.case_number for each in entries if each.case_number}:
        owed = balances(claim_books.line_of(each) for each in entries if each.case_number == number)
        assert (owed.payer_cents, owed.denied_cents) == (0, 0)
        assert claims[number].patient_cents == owed.patient_cents
