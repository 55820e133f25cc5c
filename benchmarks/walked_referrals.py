"""How does the map look when referrals have really been walked? A sample, on a practice and people that are invented.

``python -m benchmarks.walked_referrals --docs`` makes an installation of its own, drops referral tables into its
folder day by day, and takes every referral through the real intake, the real steps, acts and sign-offs; only the clock
is moved on, and what people decide is drawn with a fixed seed. Then ``acts.workflow_report`` writes
docs/workflow-map.md and its drawings from that installation's audit. Prints one JSON line.
"""

import argparse
import heapq
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from acts import cases as case_acts
from acts import decisions, patient, to_dos, workflow_report
from acts.workflow_map import walked
from adapters import outbox, portal_links
from adapters.migrating import migrate_all
from adapters.operational_store import reading
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from models import columns
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    LinkPurpose,
    Modality,
    OfferStatus,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
    Verdict,
)
from models.errors import CountersignError, MovedOn
from models.governance_codes import Workflow
from models.measures import Measure
from models.operational import Appointment, Approval, Location, Offer, PortalLink, Referral, Slot, Staff, ToDo
from models.therapy_text import TherapyText
from tasks import cases, coverage, intake, matching, nightly, questionnaires, risk, sign_offs, waits, watch
from tests.factories import fresh_code
from tests.flows.people import drop, referral_row

R = ReferralStatus
SEED = 20260302
BEGAN = datetime(2026, 3, 2, 14, tzinfo=UTC)
DAYS, ARRIVALS = 56, 42
"""For how many days the practice is watched, and on how many of them referrals come."""
A_DAY = (2, 3, 4, 5)
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
WORDS = TherapyText("as it was said")
CALM = {
    Measure.PHQ9: dict.fromkeys(range(1, 10), 0),
    Measure.GAD7: dict.fromkeys(range(1, 8), 1),
    Measure.CSSRS_SCREENER: {1: 0, 2: 0, 6: 0},
}
WORRYING = {**CALM, Measure.PHQ9: {**CALM[Measure.PHQ9], 9: 1}}
USUAL = {
    ToDoKind.CALL_PATIENT: (ToDoOutcome.REACHED_SEND_LINK_AGAIN, ToDoOutcome.UNREACHABLE, ToDoOutcome.WITHDREW),
    ToDoKind.CHECK_DUPLICATE: (ToDoOutcome.DIFFERENT_PERSON, ToDoOutcome.SAME_PERSON, ToDoOutcome.DIFFERENT_PERSON),
    ToDoKind.ANSWER_QUESTION: (ToDoOutcome.ANSWERED,) * 3,
    ToDoKind.MISSED_SESSION: (ToDoOutcome.OFFER_NEW_TIMES, ToDoOutcome.UNREACHABLE, ToDoOutcome.WITHDREW),
    ToDoKind.WAITLIST: (ToDoOutcome.OFFER_NEW_TIMES, ToDoOutcome.WITHDREW, ToDoOutcome.OFFER_NEW_TIMES),
    ToDoKind.WARM_HANDOFF: (ToDoOutcome.HANDED_OVER,) * 3,
}


class Clock(datetime):
    """The moment it is in the sample; ``models.columns`` asks it."""

    moment = BEGAN

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.moment.astimezone(tz)


@contextmanager
def own_clock() -> Iterator[None]:
    real = columns.datetime
    columns.datetime = Clock  # type: ignore[misc]
    try:
        yield
    finally:
        columns.datetime = real  # type: ignore[misc]


class Sample:
    """One practice, moved on from one planned act to the next."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.planned: list[tuple[datetime, int, Callable[[], None]]] = []
        self.count = 0
        self.seen: dict[str, tuple[R, datetime]] = {}
        self.refused = 0

    # -- time

    def plan(self, at: datetime, act: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.planned, (at, self.count, act))

    def later(self, mean_hours: float, *, at_work: bool) -> datetime:
        """After a while; staff act on weekdays between 9 and 17 on the practice's clock, which is UTC-8 here."""
        at = Clock.moment + timedelta(hours=0.05 + self.luck.expovariate(1 / mean_hours))
        while at_work and not ((at - timedelta(hours=8)).weekday() < 5 and 9 <= (at - timedelta(hours=8)).hour < 17):
            at += timedelta(minutes=37)
        return at

    def run(self) -> None:
        for day in range(DAYS):
            begins = BEGAN + timedelta(days=day)
            if day < ARRIVALS and begins.weekday() < 5:
                self.plan(begins + timedelta(hours=2), self.referrals_come)
            self.plan(begins + timedelta(hours=16), self.night)
            for hours in range(0, 24, 6):
                self.plan(begins + timedelta(hours=hours, minutes=13), self.watch)
        ends = BEGAN + timedelta(days=DAYS)
        while self.planned and self.planned[0][0] <= ends:
            Clock.moment, _, act = heapq.heappop(self.planned)
            with suppress(CountersignError, ValueError, LookupError):  # somebody came too late, as people do
                act()
            self.runs_go_on()
        Clock.moment = ends

    def night(self) -> None:
        nightly.open_times_ahead.fn()
        outbox.send_due(columns.utc_now(), limit=2000)

    def watch(self) -> None:
        watch.watch.fn(columns.utc_now())

    # -- the runs, as the flow walks them

    def runs_go_on(self) -> None:
        for _ in range(12):
            with reading() as db:
                woken = db.exec(
                    select(Referral.case_number).where(
                        col(Referral.closed_at).is_(None),
                        col(Referral.wake_wanted).is_(True) | (Referral.status == R.RECEIVED),
                    )
                ).all()
            for number in woken:
                self.leg(number)
            if not woken:
                break
        with reading() as db:
            standing = db.exec(select(Referral).where(col(Referral.closed_at).is_(None))).all()
        for case in standing:
            if self.seen.get(case.case_number) != (case.status, case.status_since):
                self.seen[case.case_number] = (case.status, case.status_since)
                self.foresee(case)

    def leg(self, number: str) -> None:
        case = cases.take(number)
        for _ in range(12):
            status = cases.status_now(case)
            if status.is_closed:
                return
            try:
                if not self.step(case, status):
                    return
            except MovedOn:
                if cases.status_now(case) == status:
                    raise

    def step(self, case: cases.Case, status: Any) -> bool:
        match status:
            case R.RECEIVED:
                questionnaires.begin(case)
            case R.READY_TO_SCREEN:
                risk.screen.fn(case)
            case R.READY_TO_MATCH:
                if not questionnaires.ask_for_missing.fn(case):
                    coverage.check_coverage.fn(case)
                    matching.propose.fn(case)
            case R.READY_TO_OFFER:
                matching.offer.fn(case)
            case R.RISK_REVIEW | R.ASSIGNMENT | R.CLOSING_LETTER:
                if not sign_offs.approval_of(case, status):
                    sign_offs.open_sign_off.fn(case, status)
                return False
            case _:
                waits.prepare.fn(case, status)
                return cases.status_now(case) != status
        return True

    # -- people

    def referrals_come(self) -> None:
        rows = []
        for _ in range(self.luck.choice(A_DAY)):
            number = f"WK-{self.count}-{len(rows)}"
            given = {
                "received_at": (Clock.moment - timedelta(hours=3)).isoformat(timespec="seconds"),
                "consent_ai": "no",
                "consent_ai_on": "2026-02-20",
                "location_id": self.luck.choice(["LOC-1", "LOC-1", "LOC-2"]),
                "family_name": f"Sample {chr(65 + self.count % 26)}{self.count}{len(rows)}",
                "birth_date": f"{self.luck.randrange(1940, 2006)}-{self.luck.randrange(1, 13):02d}-11",
                "phone": f"+1 503 555 {1000 + self.count % 9000:04d}",
            }
            if self.luck.random() < 0.45:  # no answers came with it: the patient is asked
                given |= {f"phq9_{item}": "" for item in range(1, 10)} | {f"gad7_{item}": "" for item in range(1, 8)}
            elif self.luck.random() < 0.35:
                given |= {"phq9_9": "1"}
            if self.luck.random() < 0.06:
                given |= {"birth_date": "not given"}
            rows.append(referral_row(number, **given))
        drop(*rows)
        for file_id in intake.collect.fn(settle_seconds=0):
            intake.receive.fn(file_id)

    def foresee(self, case: Referral) -> None:
        """What the next person will do about a case that has come to wait for them, and when; some never do."""
        number, luck = case.case_number, self.luck
        match case.status:
            case R.QUESTIONNAIRES_REQUESTED if luck.random() < 0.8:
                self.plan(self.later(40, at_work=False), lambda: self.answer(number))
            case R.OFFERED if luck.random() < 0.88:
                self.plan(self.later(22, at_work=False), lambda: self.choose(number))
            case R.RISK_REVIEW | R.CLOSING_LETTER | R.ASSIGNMENT:
                hours = {R.RISK_REVIEW: 3.0, R.CLOSING_LETTER: 30.0}.get(case.status, 14.0)
                self.plan(self.later(hours, at_work=True), lambda: self.sign(number))
            case R.CONTACT_PATIENT | R.QUESTION_OPEN | R.WAITLISTED | R.MISSED | R.POSSIBLE_DUPLICATE:
                self.plan(self.later(26, at_work=True), lambda: self.finish(number))
            case R.BOOKED:
                with reading() as db:
                    visit = db.exec(
                        select(Appointment).where(
                            Appointment.case_number == number, col(Appointment.status).in_(STANDING)
                        )
                    ).one()
                if luck.random() < 0.07:
                    self.plan(self.later(30, at_work=False), lambda: self.cancel(number))
                self.plan(visit.starts_at + timedelta(minutes=65), lambda: self.be_held(number))

    def opened(self, number: str, purpose: LinkPurpose) -> tuple[str, str]:
        with reading() as db:
            links = db.exec(
                select(PortalLink).where(PortalLink.case_number == number, PortalLink.purpose == purpose)
            ).all()
        if not links:
            raise MovedOn("no link was sent")
        link = max(links, key=lambda each: (each.created_at, each.id))
        return portal_links.token_of(link), portal_links.make_proof(link.id)

    def answer(self, number: str) -> None:
        token, proof = self.opened(number, LinkPurpose.QUESTIONNAIRES)
        answers = WORRYING if self.luck.random() < 0.3 else CALM
        patient.answer(token, proof, answers, WORDS, patient.IntakeChoices((), Modality.EITHER, "en", False, False))

    def choose(self, number: str) -> None:
        token, proof = self.opened(number, LinkPurpose.CHOOSE_TIME)
        if self.luck.random() < 0.12:
            patient.none_suit(token, proof)
            return
        with reading() as db:
            offers = db.exec(
                select(Offer.id)
                .join(Slot, col(Slot.id) == col(Offer.slot_id))
                .where(Offer.case_number == number, Offer.status == OfferStatus.OPEN)
                .order_by(col(Slot.starts_at), col(Slot.clinician_id))
            ).all()
        patient.choose(token, proof, self.luck.choice(offers))

    def cancel(self, number: str) -> None:
        patient.cancel(*self.opened(number, LinkPurpose.APPOINTMENT), wants_new_time=self.luck.random() < 0.7)

    def be_held(self, number: str) -> None:
        outcome = ToDoOutcome.ATTENDED if self.luck.random() < 0.86 else ToDoOutcome.NO_SHOW
        with reading() as db:
            place = db.get_one(Referral, number).location_id
        case_acts.record_outcome(number, staff_id=self.somebody(Role.COORDINATOR, place), outcome=outcome)

    def sign(self, number: str) -> None:
        with reading() as db:
            waiting = db.exec(
                select(Approval).where(Approval.case_number == number, Approval.status == ApprovalStatus.OPEN)
            ).first()
        if waiting is None:
            raise MovedOn("the sign-off is over")
        verdict = self.luck.choices([Verdict.APPROVE, Verdict.RETURN, Verdict.REJECT], [88, 8, 4])[0]
        if waiting.kind != ApprovalKind.RISK_REVIEW and verdict == Verdict.REJECT:
            verdict = Verdict.RETURN
        signer = waiting.assigned_to or self.somebody(waiting.role, waiting.location_id)
        decisions.decide(
            waiting.id,
            staff_id=signer,
            verdict=verdict,
            reason=WORDS,
            seen_digest=waiting.digest,
            how=AuthenticatedHow.PREFECT_CODE,
            code=fresh_code(signer),
        )
        if verdict == Verdict.REJECT:  # somebody also sees to it that the patient is handed over
            self.plan(self.later(20, at_work=True), lambda: self.finish(number))

    def finish(self, number: str) -> None:
        with reading() as db:
            waiting = db.exec(
                select(ToDo).where(
                    ToDo.case_number == number, col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED))
                )
            ).all()
        for to_do in waiting:
            outcome = self.luck.choices(USUAL[to_do.kind], [80, 10, 10])[0]
            person = to_do.assigned_to or self.somebody(to_do.role, to_do.location_id)
            to_dos.claim(to_do.id, person)
            to_dos.finish(to_do.id, person, outcome, WORDS)

    def somebody(self, role: Role, location_id: str) -> str:
        with reading() as db:
            people = db.exec(select(Staff).where(Staff.role == role).order_by(Staff.id)).all()
        return self.luck.choice([each.id for each in people if location_id in each.location_ids])


def walk(folder: Path, docs: Path | None) -> dict[str, Any]:
    """The figures of one sample; with ``docs`` its page and drawings are written there."""
    os.environ["COUNTERSIGN_HOME"] = str(folder)
    settings.cache_clear()
    began = time.monotonic()
    with own_clock():
        settings().make_folders()
        migrate_all()
        seed_sample_practice()
        Sample(SEED).run()
        with reading() as db:
            places = list(db.exec(select(Location.id)).all())
        found = walked(Workflow.REFERRAL, places, columns.utc_now())
        if docs is not None:
            workflow_report.write(docs, columns.utc_now(), [Workflow.REFERRAL], sample=workflow_report.SAMPLE)
    return {
        "cases": found.cases,
        "open": found.open_cases,
        "moves": found.moves,
        "kinds_of_moves": len(found.edges),
        "not_allowed": int(found.not_allowed["count"].sum()),
        "gaps": found.gaps,
        "failures": int(found.failures["count"].sum()),
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Prints one JSON line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--docs", action="store_true", help="Write docs/workflow-map.md and its drawings.")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        docs = Path(__file__).parents[1] / "docs" if given.docs else None
        print(json.dumps(walk(Path(folder) / "home", docs)))


if __name__ == "__main__":
    main()
