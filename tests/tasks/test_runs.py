"""Every accepted case gets one run, and every moved case is woken."""

import os
import shutil
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from adapters.prefect_runs import Woken
from adapters.settings import CHECKOUT, settings
from models.claim_codes import FileKind, FileStatus
from models.codes import ClaimStatus, NoteStatus, ReferralStatus, RowOutcome
from models.columns import new_id, utc_now
from models.errors import NotDeployed, OutsideRefused, OutsideUnavailable
from models.operational import AuditEvent, IntakeFile, IntakeRow, OutboxMessage, Referral, SessionNote
from tasks import cases, runs
from tests import claim_factories as made_of
from tests.exports import TALK, put
from tests.factories import MadeCase, make_case_at, make_message, make_session
from tests.tasks.conftest import FakePrefect

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus


def came_in(case: MadeCase, *, finished: bool = True, outcome: RowOutcome = RowOutcome.ACCEPTED) -> None:
    """This case stands in a file of its own."""
    with writing() as db:
        file = IntakeFile(id=new_id("IF"), digest=new_id("D"), kind="csv", finished_at=utc_now() if finished else None)
        db.add(file)
        db.flush()
        db.add(
            IntakeRow(
                id=new_id("IR"), file_id=file.id, row=2, external_key="k", outcome=outcome, case_number=case.number
            )
        )


def accepted(**given: Any) -> MadeCase:
    case = make_case_at(R.RECEIVED)
    came_in(case, **given)
    return case


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def running(status: ReferralStatus = R.RISK_REVIEW, **given: Any) -> tuple[MadeCase, UUID]:
    run_id = uuid4()
    return make_case_at(status, run_id=str(run_id), **{"wake_wanted": True, **given}), run_id


async def test_every_accepted_case_gets_one_run(prefect: FakePrefect) -> None:
    made = [accepted(), accepted(outcome=RowOutcome.AMBIGUOUS)]
    assert await runs.start_missing_runs() == 2
    assert await runs.start_missing_runs() == 0
    assert [start["parameters"] for start in prefect.started] == [{"case_number": case.number} for case in made]
    keys = [start["idempotency_key"] for start in prefect.started]
    assert [key.endswith(f"{case.number}-0") for key, case in zip(keys, made, strict=True)] == [True, True]
    assert all(case_now(case).run_id for case in made)


async def test_case_named_by_two_files_gets_one_run(prefect: FakePrefect) -> None:
    case = accepted()
    came_in(case, outcome=RowOutcome.DUPLICATE)
    assert await runs.start_missing_runs() == 1


async def test_case_whose_file_is_not_finished_is_not_started_by_a_duplicate(prefect: FakePrefect) -> None:
    case = accepted(finished=False)
    came_in(case, outcome=RowOutcome.DUPLICATE)
    assert await runs.start_missing_runs() == 0
    assert (prefect.started, case_now(case).run_id) == ([], None)


async def test_closed_case_gets_no_run(prefect: FakePrefect) -> None:
    came_in(make_case_at(R.CLOSED_WITHDRAWN))
    assert await runs.start_missing_runs() == 0


async def test_run_that_could_not_be_started_is_started_later_as_the_same_run(prefect: FakePrefect) -> None:
    case = accepted()
    prefect.down = OutsideUnavailable("no Prefect")
    with pytest.raises(OutsideUnavailable):
        await runs.start_missing_runs()
    assert case_now(case).run_id is None
    prefect.down = None
    assert await runs.start_missing_runs() == 1


async def test_moved_case_is_woken_until_a_leg_has_read_it(prefect: FakePrefect) -> None:
    case, run_id = running()
    running(wake_wanted=False)
    make_case_at(R.RISK_REVIEW, wake_wanted=True)
    assert await runs.wake_wanted() == 1
    assert await runs.wake_wanted() == 1
    assert prefect.woken == [run_id, run_id]
    cases.take(case.number)
    assert await runs.wake_wanted() == 0


async def test_run_that_does_not_wait_is_asked_again(prefect: FakePrefect) -> None:
    case, run_id = running()
    prefect.answers[run_id] = Woken.not_waiting
    assert await runs.wake_wanted() == 0
    assert case_now(case).wake_wanted is True


async def test_one_run_that_is_refused_keeps_no_other_asleep(prefect: FakePrefect) -> None:
    _, refused = running()
    _, fine = running()
    prefect.answers[refused] = OutsideRefused("Prefect answered 422")
    assert await runs.wake_wanted() == 1
    assert set(prefect.woken) == {refused, fine}


async def test_case_whose_run_was_deleted_gets_a_new_one(prefect: FakePrefect) -> None:
    case, run_id = running(R.RECEIVED)
    came_in(case)
    prefect.answers[run_id] = Woken.gone
    assert await runs.wake_wanted() == 0
    assert case_now(case).run_id is None
    assert await runs.start_missing_runs() == 1
    assert case_now(case).run_id not in (None, str(run_id))


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"])
@pytest.mark.parametrize("found_by", [runs.wake_wanted, runs.replace_ended_runs])
async def test_open_case_whose_run_has_ended_gets_a_successor(prefect: FakePrefect, state: str, found_by: Any) -> None:
    case, run_id = running()
    prefect.answers[run_id] = Woken.not_waiting
    prefect.ended[run_id] = (state, utc_now())
    await found_by()
    assert (case_now(case).run_id, case_now(case).run_generation) == (None, 1)
    assert await runs.start_missing_runs() == 1
    assert case_now(case).run_id not in (None, str(run_id))
    assert prefect.started[0]["idempotency_key"].endswith(f"{case.number}-1")
    with reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.case_number == case.number)).all()
    assert [(event.action, event.details.get("why")) for event in events] == [
        ("run.ended", state.lower()),
        ("run.replaced", None),
    ]


async def test_case_that_nobody_wants_woken_is_found_by_the_sweep(prefect: FakePrefect) -> None:
    case, run_id = running(wake_wanted=False)
    prefect.ended[run_id] = ("FAILED", utc_now())
    await runs.sweep_runs()
    assert case_now(case).run_id is None


async def test_run_that_waits_or_whose_case_is_closed_is_left_alone(prefect: FakePrefect) -> None:
    waits, _ = running(wake_wanted=False)
    closed, ended = running(R.CLOSED_WITHDRAWN)
    prefect.ended[ended] = ("COMPLETED", utc_now())
    prefect.answers[ended] = Woken.not_waiting
    assert await runs.replace_ended_runs() == 0
    await runs.wake_wanted()
    assert case_now(waits).run_id and case_now(closed).run_id
    assert not case_now(closed).wake_wanted
    woken = len(prefect.woken)
    await runs.wake_wanted()
    assert len(prefect.woken) == woken


async def test_runs_that_keep_ending_follow_each_other_more_slowly(prefect: FakePrefect) -> None:
    case, run_id = running(run_generation=3)
    prefect.ended[run_id] = ("CRASHED", utc_now() - timedelta(minutes=2))
    assert await runs.replace_ended_runs() == 0
    prefect.ended[run_id] = ("CRASHED", utc_now() - timedelta(minutes=3))
    assert await runs.replace_ended_runs() == 1
    assert case_now(case).run_generation == 4


async def test_sweep_waits_for_the_next_round_when_prefect_is_away(
    prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, run_id = running()

    async def away(_: Any) -> Any:
        raise OutsideUnavailable("no Prefect")

    monkeypatch.setattr("adapters.prefect_runs.read_runs", away)
    await runs.sweep_runs()
    assert case_now(case).run_id == str(run_id)


async def test_runs_that_cannot_be_woken_starve_no_other(prefect: FakePrefect) -> None:
    for _ in range(3):
        _, run_id = running()
        prefect.answers[run_id] = OutsideRefused("Prefect answered 422")
    _, fine = running()
    assert await runs.wake_wanted(limit=3) == 0
    assert await runs.wake_wanted(limit=3) == 1
    assert fine in prefect.woken


async def test_leg_that_took_its_case_is_tried_first_next_time(prefect: FakePrefect) -> None:
    case, _ = running()
    await runs.wake_wanted()
    assert case_now(case).wake_tried_at is not None
    cases.take(case.number)
    assert case_now(case).wake_tried_at is None


async def test_any_failure_of_one_run_keeps_no_other_asleep(
    prefect: FakePrefect, caplog: pytest.LogCaptureFixture
) -> None:
    _, broken = running()
    _, fine = running()
    prefect.answers[broken] = ValueError("marker words")
    assert await runs.wake_wanted() == 1
    assert fine in prefect.woken
    assert "ValueError" in caplog.text and "marker words" not in caplog.text


async def test_broken_part_of_the_tick_stops_no_other_and_pages_leave_first(
    prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    case, run_id = running()
    page = make_message(to_staff_id=case.clinician.id, channel="page", template="page_risk_review", urgent=True)
    left: list[Any] = []

    async def broken() -> int:
        with reading() as db:
            left.append(db.get_one(OutboxMessage, page.id).sent_at)
        raise RuntimeError("marker words")

    monkeypatch.setattr(runs, "start_intake", broken)
    await runs.tick()
    assert left and left[0] is not None
    assert prefect.woken == [run_id]
    assert "RuntimeError" in caplog.text and "marker words" not in caplog.text


async def test_tick_does_the_rest_when_prefect_is_away(prefect: FakePrefect, caplog: pytest.LogCaptureFixture) -> None:
    accepted()
    _, run_id = running()
    prefect.down = OutsideUnavailable("no connection to Prefect")
    await runs.tick()
    assert prefect.woken == [run_id]
    assert "start_missing_runs" in caplog.text


async def test_dropped_files_start_one_intake(prefect: FakePrefect) -> None:
    assert await runs.start_intake() == 0
    folder = settings().intake_folder
    (folder / "half.csv.part").write_text("x")
    (folder / ".hidden").write_text("x")
    assert await runs.start_intake() == 0
    (folder / "marker-name.csv").write_text("x")
    assert await runs.start_intake() == 1
    [start] = prefect.started
    assert (start["parameters"], "marker-name" in str(start)) == ({"location": "all"}, False)
    with reading() as db:
        assert db.exec(select(IntakeFile)).all() == []


@pytest.mark.parametrize(
    ("ago", "kept", "started"), [(4, True, 0), (6, True, 1), (6, False, 0)], ids=["under way", "lost", "gone"]
)
async def test_intake_that_was_lost_after_it_took_its_files_starts_again(
    prefect: FakePrefect, ago: int, kept: bool, started: int
) -> None:
    with writing() as db:
        db.add(IntakeFile(id="IF-1", digest="d" * 64, kind="csv", received_at=utc_now() - timedelta(minutes=ago)))
    if kept:
        (settings().received_folder / f"{'d' * 32}.csv").write_text("x")
    assert await runs.start_intake() == started
    assert len(prefect.started) == started


async def test_same_trouble_is_said_once_a_minute(
    prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [100.0]
    monkeypatch.setattr(runs.time, "monotonic", lambda: clock[0])

    async def act() -> int:
        raise OutsideUnavailable("no connection to Prefect")

    for moment in (100.0, 100.3, 159.9, 160.0):
        clock[0] = moment
        await runs._quietly(act)
    assert len(caplog.records) == 2


async def test_what_is_not_deployed_yet_is_no_error(prefect: FakePrefect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def act() -> int:
        raise NotDeployed("Prefect does not know the deployment watch-waits/every-minute")

    await runs._quietly(act)
    assert [record.levelname for record in caplog.records] == ["INFO"]


# -- sessions


N = NoteStatus


def session_now(session: SessionNote) -> SessionNote:
    with reading() as db:
        return db.get_one(SessionNote, session.case_number)


async def test_session_gets_its_run_once_the_batch_has_drafted_it(prefect: FakePrefect) -> None:
    drafted, waiting = make_session(N.NOTE_SIGNATURE), make_session(N.RECEIVED)
    assert await runs.start_missing_runs() == 1
    assert await runs.start_missing_runs() == 0
    [start] = prefect.started
    assert (start["deployment"], start["parameters"], start["tags"]) == (
        runs.NOTE_DEPLOYMENT,
        {"case_number": drafted.case_number},
        ["note"],
    )
    assert start["name"] == f"{drafted.case_number} · note signature"
    assert session_now(drafted).run_id and not session_now(waiting).run_id


@pytest.mark.parametrize("status", [N.RECEIVED, N.READY_TO_SCREEN, N.READY_TO_DRAFT, N.CHECK_TRANSCRIPT])
@pytest.mark.parametrize(("seconds", "started"), [(-5, 0), (5, 1)])
async def test_session_that_a_batch_has_lost_gets_a_run_of_its_own(
    prefect: FakePrefect, status: NoteStatus, seconds: int, started: int
) -> None:
    make_session(status, status_since=utc_now() - runs.LOST_BATCH_AFTER - timedelta(seconds=seconds))
    assert await runs.start_missing_runs() == started


@pytest.mark.parametrize("status", [N.CLOSED_SIGNED, N.CLOSED_NO_NOTE])
async def test_closed_session_gets_no_run(prefect: FakePrefect, status: NoteStatus) -> None:
    make_session(status, status_since=utc_now() - timedelta(days=1))
    assert await runs.start_missing_runs() == 0


async def test_sessions_and_referrals_are_woken_and_replaced_alike(prefect: FakePrefect) -> None:
    session = make_session(N.RECEIVED, run_id=str(uuid4()), wake_wanted=True)
    _, of_referral = running()
    assert await runs.wake_wanted() == 2
    assert set(prefect.woken) == {UUID(str(session.run_id)), of_referral}
    prefect.ended[UUID(str(session.run_id))] = ("CRASHED", utc_now() - timedelta(hours=1))
    assert await runs.replace_ended_runs() == 1
    assert (session_now(session).run_id, session_now(session).run_generation) == (None, 1)
    assert await runs.start_missing_runs() == 1
    assert prefect.started[0]["idempotency_key"].endswith(f"{session.case_number}-1")


async def test_dropped_index_starts_one_batch_and_a_transcript_alone_starts_none(prefect: FakePrefect) -> None:
    put("K1.txt", TALK)
    put(".hidden.csv", "x")
    assert await runs.start_sessions() == 0
    put("Sessions.CSV", "x")
    for _ in range(2):
        assert await runs.start_sessions() == 1
    keys = {start["idempotency_key"] for start in prefect.started}
    assert len(keys) <= 2  # the second may fall into the next five minutes
    assert {start["deployment"] for start in prefect.started} == {runs.SESSIONS_DEPLOYMENT}
    assert prefect.started[0]["parameters"] == {"location": "all"}
    assert "Sessions" not in prefect.started[0]["name"]


@pytest.mark.parametrize(
    ("given", "started"),
    [
        ({}, 1),
        ({"not_before": timedelta(seconds=-9)}, 0),
        ({"not_before": timedelta(hours=2)}, 0),
        ({"file_id": "in a file"}, 0),
        ({"answered_at": timedelta(0)}, 0),
    ],
)
async def test_question_about_coverage_that_is_in_no_file_starts_a_batch(
    prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], started: int
) -> None:
    """A claim's own run asks too, when the insurance was put right: nobody waits for the night."""
    shutil.copytree(CHECKOUT / "samples" / "billing", settings().billing_folder, dirs_exist_ok=True)
    monkeypatch.setattr(runs, "_looked_at", {})
    now = utc_now()
    asked: dict[str, Any] = {"file_id": None, "answered_at": None, "not_before": timedelta(seconds=-11)} | given
    facts = {name: now + each if isinstance(each, timedelta) else each for name, each in asked.items()}
    if facts["file_id"]:
        facts["file_id"] = made_of.make_file(FileKind.COVERAGE_QUESTIONS, FileStatus.SENT, outgoing=True).id
    made = made_of.make_claim_at(ClaimStatus.COVERAGE_ASKED)
    made_of.make_check(made, made.location, **facts)
    assert await runs.start_claims() == started
    assert [each["deployment"] for each in prefect.started] == ["eligibility-to-claim/claims"] * started


@pytest.mark.parametrize(("age", "started"), [(1, 0), (3, 1)])
async def test_answer_that_may_be_half_written_starts_no_batch(
    prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch, age: int, started: int
) -> None:
    """A batch would leave it lying, and the same state starts no other for five minutes."""
    shutil.copytree(CHECKOUT / "samples" / "billing", settings().billing_folder, dirs_exist_ok=True)
    monkeypatch.setattr(runs, "_looked_at", {})
    answer = settings().clearinghouse_folder / "incoming" / "one.271"
    answer.write_text("ISA")
    os.utime(answer, (utc_now().timestamp() - age,) * 2)
    assert await runs.start_claims() == started
