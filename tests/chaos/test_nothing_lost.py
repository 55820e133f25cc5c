"""Whatever is killed and whenever: every case ends where it ends undisturbed, and nothing is done twice."""

import json
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from sqlmodel import col, func, select

from adapters import operational_store as store
from adapters.audit_chain import verify_all
from adapters.settings import settings
from models.codes import AppointmentStatus, ApprovalStatus, MessageStatus, RowOutcome, ToDoKind, ToDoStatus
from models.columns import utc_now
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Decision,
    IntakeRow,
    OutboxMessage,
    Referral,
    RunClaim,
    ToDo,
    WorkerBeat,
)
from tests.chaos.people import PLANS, Actors, Plan, row_of
from tests.chaos.practice import PARTS, Parts, events, running
from tests.databases import KIND
from tests.flows.people import drop

SEED = 20261125
CASES = int(os.environ.get("COUNTERSIGN_TEST_CHAOS_CASES", "0"))
"""How many cases run under the kills; it takes minutes, so only where this is set: 200 in full."""
KILLS = max(20, CASES // 9)
pytestmark = [
    pytest.mark.timeout(0),
    pytest.mark.skipif(not CASES, reason="takes minutes: set COUNTERSIGN_TEST_CHAOS_CASES, 200 for the full test"),
    pytest.mark.skipif(KIND != "sqlite", reason="its installation runs on SQLite, whatever the other tests run on"),
]

PER_FILE = 20
NOTHING_HAPPENS_SECONDS = 180
"""When nothing goes on for so long, the next kill comes all the same."""
UNDISTURBED_EACH = 2
EVENTS_OF_A_CASE = 30
"""About so many a case appends to the audit; it spreads the kills over the whole run."""
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)


def planned(count: int) -> list[Plan]:
    """Which plan each case has: the same every time."""
    chance = random.Random(SEED)
    return chance.choices(PLANS, [plan.weight for plan in PLANS], k=count)


def kill_list(count: int) -> list[tuple[str, int, float]]:
    """Which part is killed when: after so many more audit events, and this many seconds later."""
    chance = random.Random(SEED + 1)
    parts = [PARTS[number % len(PARTS)] for number in range(count)]
    chance.shuffle(parts)
    return [(part, chance.randint(10, EVENTS_OF_A_CASE * CASES // count), chance.uniform(0, 0.5)) for part in parts]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """One installation for the whole file: the later tests go on with what the first one left."""
    with running(tmp_path_factory.mktemp("chaos") / "home") as started:
        yield started


class Cases:
    """The cases of this test: which plan each has, and what has become of it."""

    def __init__(self) -> None:
        undisturbed = [plan for plan in PLANS for _ in range(UNDISTURBED_EACH)]
        self.plans = dict(enumerate([*undisturbed, *planned(CASES)]))
        self.undisturbed = range(len(undisturbed))
        self.disturbed = range(len(undisturbed), len(self.plans))

    def by_key(self) -> dict[str, Plan]:
        return {f"csv:CH-{number:04d}": plan for number, plan in self.plans.items()}

    def births(self) -> dict[str, str]:
        return {f"CH-{number:04d}": row_of(number, plan)["birth_date"] for number, plan in self.plans.items()}

    def drop(self, numbers: range) -> None:
        drop(*(row_of(number, self.plans[number]) for number in numbers))

    def not_there_yet(self, numbers: range) -> dict[str, str]:
        """Cases that are not where their plan ends, with where they are."""
        with store.reading() as db:
            now = dict(db.exec(select(Referral.external_key, Referral.status)).all())
            again = set(db.exec(select(Referral.external_key).where(col(Referral.wake_wanted).is_(True))).all())
        late = {}
        for number in numbers:
            key, plan = f"csv:CH-{number:04d}", self.plans[number]
            if now.get(key) != plan.ends or key in again or not _is_done(key, plan):
                late[f"{key} {plan.name}"] = str(now.get(key))
        return late


def _is_done(key: str, plan: Plan) -> bool:
    """A status may be passed more than once on the way; then what lies before its end must have happened."""
    if plan.cancels != "new" and plan.name != "returned":
        return True
    with store.reading() as db:
        number = db.exec(select(Referral.case_number).where(Referral.external_key == key)).one()
        visits = db.exec(select(func.count()).select_from(Appointment).where(Appointment.case_number == number)).one()
    return plan.cancels != "new" or visits == 2


def facts() -> dict[str, dict[str, Any]]:
    """What every case has come to, in words that do not depend on when or in which order."""
    found: dict[str, dict[str, Any]] = {}
    with store.reading() as db:
        cases = db.exec(select(Referral)).all()
        for case in cases:
            number = case.case_number
            decided = db.exec(
                select(Approval.kind, Decision.verdict)
                .join(Decision, col(Decision.approval_id) == col(Approval.id))
                .where(Approval.case_number == number)
            ).all()
            moves = db.exec(
                select(AuditEvent.details).where(AuditEvent.case_number == number, AuditEvent.action == "case.moved")
            ).all()
            told = db.exec(
                select(OutboxMessage.template).where(
                    OutboxMessage.case_number == number, col(OutboxMessage.to_patient_id).is_not(None)
                )
            ).all()
            found[case.external_key] = {
                "status": case.status.value,
                "risk": case.risk_level and case.risk_level.value,
                "decisions": Counter(f"{kind.value} {verdict.value}" for kind, verdict in decided),
                "open": Counter(
                    kind.value
                    for kind in db.exec(
                        select(Approval.kind).where(
                            Approval.case_number == number, Approval.status == ApprovalStatus.OPEN
                        )
                    ).all()
                ),
                "to_dos": Counter(
                    f"{kind.value} {status.value}"
                    for kind, status in db.exec(select(ToDo.kind, ToDo.status).where(ToDo.case_number == number)).all()
                ),
                "appointments": Counter(
                    db.exec(select(Appointment.status).where(Appointment.case_number == number)).all()
                ),
                "moves": Counter(f"{move['old']} → {move['new']}" for move in moves),
                "told": Counter(told),
            }
    return found


def expected(undisturbed: dict[str, dict[str, Any]], cases: Cases) -> dict[str, dict[str, Any]]:
    """What each plan comes to when nobody disturbs it; the cases of one plan must agree."""
    by_plan: dict[str, dict[str, Any]] = {}
    for number in cases.undisturbed:
        found, plan = _comparable(undisturbed[f"csv:CH-{number:04d}"]), cases.plans[number]
        assert found["status"] == plan.ends.value
        assert by_plan.setdefault(plan.name, found) == found, plan.name
    return by_plan


def kill_at_random(parts: Parts, cases: Cases) -> None:
    """Drop the files one after the other, and meanwhile kill part after part."""
    kills = kill_list(KILLS)
    files = [cases.disturbed[start : start + PER_FILE] for start in range(0, len(cases.disturbed), PER_FILE)]
    dropped_before = {len(kills) * turn // len(files): file for turn, file in enumerate(files)}
    assert len(dropped_before) == len(files), "at least one kill for each file"
    begun, started = cases.undisturbed, time.monotonic()
    for turn, (part, after, pause) in enumerate(kills):
        if turn in dropped_before:
            cases.drop(dropped_before[turn])
            begun = range(dropped_before[turn].stop)
        until, patience = events() + after, time.monotonic() + NOTHING_HAPPENS_SECONDS
        while events() < until and cases.not_there_yet(begun) and time.monotonic() < patience:
            time.sleep(0.1)
        time.sleep(pause)
        parts.kill(part)
        print(
            f"{time.monotonic() - started:.0f} s: {part} killed, {len(cases.not_there_yet(begun))} cases on their way"
        )


def test_nothing_is_lost_and_nothing_is_done_twice_whatever_is_killed(parts: Parts) -> None:
    cases = Cases()
    with Actors(parts.desk, parts.portal, cases.by_key(), cases.births()) as actors:
        cases.drop(cases.undisturbed)
        _until_there(parts, cases, cases.undisturbed, actors)
        wanted = expected(facts(), cases)
        kill_at_random(parts, cases)
        _until_there(parts, cases, range(len(cases.plans)), actors)
    assert len(parts.kills) == KILLS and set(parts.kills) == set(PARTS)
    parts.wait_for("every message to leave", lambda: not _due_messages())
    parts.wait_for("every run to rest", lambda: _all_rest(parts))
    found = facts()
    wrong = {
        f"{key} {plan.name}": _difference(_comparable(found[key]), wanted[plan.name])
        for key, plan in cases.by_key().items()
        if _comparable(found[key]) != wanted[plan.name]
    }
    assert not wrong, json.dumps(wrong, indent=1, default=str)
    nothing_twice(cases)
    nothing_left_behind()
    assert verify_all() == []
    print(json.dumps({"cases": CASES, "kills": Counter(parts.kills), "acts": actors.acts, "refused": actors.refusals}))


def test_killed_supervisor_leaves_nothing_in_the_way_of_the_next_start(parts: Parts) -> None:
    before = facts()
    assert before and parts.supervisor is not None
    parts.supervisor.kill()
    parts.supervisor.wait()
    parts.start()
    parts.wait_for("every run to rest", lambda: _all_rest(parts))
    assert facts() == before


def test_lost_database_of_the_server_gives_every_open_case_a_new_run(parts: Parts) -> None:
    before = facts()
    assert before
    with store.reading() as db:
        old = dict(
            db.exec(select(Referral.case_number, Referral.run_id).where(col(Referral.closed_at).is_(None))).all()
        )
    for path in settings().prefect_home.glob("prefect.db*"):
        path.unlink()
    parts.kill("prefect")

    def all_new() -> bool:
        with store.reading() as db:
            new = dict(db.exec(select(Referral.case_number, Referral.run_id)).all())
        return all(new[number] not in (None, run_id) for number, run_id in old.items()) and _open_rest(parts, old)

    parts.wait_for("a new run of every open case", all_new, pause=1.0)
    assert facts() == before


def _open_rest(parts: Parts, numbers: Iterable[str]) -> bool:
    resting = Counter(run["parameters"].get("case_number") for run in parts.runs() if run["state_name"] == "Suspended")
    return all(resting[number] == 1 for number in numbers)


def _comparable(found: dict[str, Any]) -> dict[str, Any]:
    """Whoever is quicker has the time: a patient may be offered times more than once, for the same end.

    How often a patient is reminded depends on how far away the time is that was left.
    """
    loop = {"offered → ready_to_offer", "ready_to_offer → offered"}
    moves = {move: count for move, count in found["moves"].items() if move not in loop}
    told = {
        template: count
        for template, count in found["told"].items()
        if template not in ("times_offered", "appointment_reminder")
    }
    return found | {"moves": moves, "told": told}


def _difference(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: {"is": found[name], "should be": wanted[name]} for name in found if found[name] != wanted[name]}


def _until_there(parts: Parts, cases: Cases, numbers: range, actors: Actors) -> None:
    def there() -> bool:
        assert not actors.broken, actors.broken
        return not cases.not_there_yet(numbers)

    try:
        parts.wait_for("the end of every case", there, pause=1.0)
    except AssertionError as late:
        raise AssertionError(f"{cases.not_there_yet(numbers)}\n{actors.refusals}\n{late}") from None


def _due_messages() -> int:
    with store.reading() as db:
        return db.exec(
            select(func.count())
            .select_from(OutboxMessage)
            .where(OutboxMessage.status == MessageStatus.QUEUED, col(OutboxMessage.not_before) <= utc_now())
        ).one()


def _all_rest(parts: Parts) -> bool:
    """Every open case's own run is suspended, every closed one's has completed, and no case has a second one."""
    with store.reading() as db:
        cases = db.exec(select(Referral)).all()
        of_case: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for run in parts.runs():
        of_case[run["parameters"].get("case_number", "")].append((run["id"], run["state_name"]))
    for case in cases:
        rest = {"Completed"} if case.status.is_closed else {"Suspended"}
        resting = [run_id for run_id, state in of_case[case.case_number] if state in rest]
        if not resting or (not case.status.is_closed and resting != [case.run_id]):
            return False
        if any(state in ("Running", "Pending", "Scheduled", "AwaitingRetry") for _, state in of_case[case.case_number]):
            return False
    return True


def nothing_twice(cases: Cases) -> None:
    """No referral, decision, booking or message exists or left twice."""
    with store.reading() as db:
        rows = Counter(db.exec(select(IntakeRow.external_key).where(IntakeRow.outcome == RowOutcome.ACCEPTED)).all())
        decisions = Counter(db.exec(select(Decision.approval_id)).all())
        slots = Counter(db.exec(select(Appointment.slot_id).where(col(Appointment.status).in_(STANDING))).all())
        standing = Counter(db.exec(select(Appointment.case_number).where(col(Appointment.status).in_(STANDING))).all())
        open_sign_offs = Counter(
            db.exec(select(Approval.case_number).where(Approval.status == ApprovalStatus.OPEN)).all()
        )
        messages = db.exec(select(OutboxMessage)).all()
        sent_events = Counter(
            db.exec(select(AuditEvent.subject_id).where(AuditEvent.action == "outbox_message.sent")).all()
        )
    assert sorted(rows) == sorted(cases.by_key())
    for counted in (rows, decisions, slots, standing, open_sign_offs, sent_events):
        assert not {key: count for key, count in counted.items() if count != 1}
    sent = {message.id for message in messages if message.status == MessageStatus.SENT}
    files = Counter(path.stem for path in settings().outbox_folder.rglob("*") if path.is_file())
    assert files == Counter(sent), "one file for every message that was sent, and none for any other"
    assert MessageStatus.FAILED not in {message.status for message in messages}


def nothing_left_behind() -> None:
    """No file half taken in, no to-do or sign-off of a case that is closed, no claim of a dead worker."""
    left = [path for path in settings().intake_folder.rglob("*") if path.is_file()]
    assert left == []
    with store.reading() as db:
        closed = select(Referral.case_number).where(col(Referral.closed_at).is_not(None))
        live = col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED))
        # whoever was declined is handed over by a person, which outlives the case
        of_closed = (col(ToDo.case_number).in_(closed), ToDo.kind != ToDoKind.WARM_HANDOFF)
        assert not db.exec(select(ToDo.id).where(live, *of_closed)).all()
        assert not db.exec(
            select(Approval.id).where(Approval.status == ApprovalStatus.OPEN, col(Approval.case_number).in_(closed))
        ).all()
        newest = db.exec(select(WorkerBeat.worker_id).order_by(col(WorkerBeat.at).desc())).first()
        assert not db.exec(select(RunClaim.run_id).where(RunClaim.worker_id != newest)).all()
