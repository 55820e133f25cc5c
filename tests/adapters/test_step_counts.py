"""What steps read is counted by the day, added up, and given back for a period; nothing says about whom."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from acts import step_reports
from acts.step_reports import Days
from adapters import audit_pages, step_counts
from adapters import operational_store as store
from models import step_reads
from models.codes import ReferralStatus, Role, ToDoKind, ToDoOutcome, ToDoStatus
from models.columns import utc_now
from models.errors import RecordsUnavailable
from models.operational import Patient, Referral, StepReads, StepRuns, ToDo
from tests import factories

MADE_UP = "a made-up step"
"""In no register, so that tests/step_watch.py lets it read."""


@pytest.fixture(autouse=True)
def _counted_by_others() -> None:
    step_reads.take_counts()


def look_at(number: str) -> None:
    with step_reads.at_work(MADE_UP), store.reading() as db:
        found = db.exec(select(Referral).where(Referral.case_number == number)).one()
        assert found.status == ReferralStatus.RECEIVED
        assert db.exec(select(Patient.state, col(Patient.id)).where(Patient.id == found.patient_id)).one()


def test_read_is_what_was_looked_at_and_what_was_selected_by_name(home: Path):
    """A whole record may be loaded, and a field compared: neither is a read."""
    case = factories.make_referral()
    look_at(case.case_number)
    counted = step_reads.take_counts()
    assert counted.runs == {MADE_UP: 1}
    assert set(counted.reads) == {
        (MADE_UP, "referral.status"),
        (MADE_UP, "referral.patient_id"),
        (MADE_UP, "patient.state"),
        (MADE_UP, "patient.id"),
    }


def test_what_a_step_makes_itself_is_not_read(home: Path):
    with step_reads.at_work(MADE_UP) as run:
        made = StepRuns(day=date(2026, 1, 1), step="x")
        assert made.step == "x"
    assert run.fields() == set()


def test_field_inside_a_function_of_the_database_is_read(home: Path):
    with step_reads.at_work(MADE_UP) as run, store.reading() as db:
        db.exec(select(func.max(Referral.received_at), func.count())).one()
    assert run.fields() == {"referral.received_at"}


def test_nothing_is_noted_where_no_step_is_at_work(home: Path):
    case = factories.make_referral()
    with store.reading() as db:
        assert db.get_one(Referral, case.case_number).status
    assert step_reads.take_counts() == step_reads.Counted({}, {}, {})


def test_counts_are_kept_by_the_day_and_added_up(home: Path):
    case = factories.make_referral()
    look_at(case.case_number)
    assert step_counts.keep() == 5  # one row of runs, four of fields
    look_at(case.case_number)
    look_at(case.case_number)
    step_counts.keep()
    assert step_counts.keep() == 0
    today = utc_now().date()
    totals = step_counts.totals(today, today)[MADE_UP]
    assert (totals.runs, totals.days, totals.fields["patient.state"], totals.refused) == (3, 1, 3, {})
    assert step_counts.totals(today - timedelta(days=9), today - timedelta(days=1)) == {}
    with store.reading() as db:
        kept = db.exec(select(StepReads)).all()
    assert case.case_number not in repr(kept) and case.patient_id not in repr(kept)


def test_what_cannot_be_kept_now_is_kept_with_the_next(home: Path, monkeypatch: pytest.MonkeyPatch):
    look_at(factories.make_referral().case_number)

    def full(*_: object) -> int:
        raise RecordsUnavailable("full")

    with monkeypatch.context() as patch:
        patch.setattr(step_counts, "_add", full)
        with pytest.raises(RecordsUnavailable):
            step_counts.keep()
    assert step_counts.keep() == 5


def test_audit_says_how_often_nobody_did_it_by_hand(home: Path):
    case = factories.make_referral()
    with store.writing() as db:
        for actor, action in (
            *(("system", "offer.made"),) * 3,
            *(("outbox", "outbox_message.sent"),) * 2,
            ("ST-1", "offer.made"),
        ):
            store.audit(db, actor, action, ("x", "1"), case.case_number)
        store.audit(db, "system", "case.moved", ("x", "1"), "CL-000001", old="ready_to_send", new="sent")
        store.audit(db, "system", "case.moved", ("x", "1"), "CL-000001", old="sent", new="accepted")
    now = datetime.now(UTC)
    wanted = {"operational": ["offer.made", "outbox_message.sent", "case.moved:sent"]}
    counts = audit_pages.done_by_itself(wanted, now - timedelta(hours=1), now + timedelta(hours=1))
    assert counts == {("offer.made", "RF-"): 3, ("outbox_message.sent", "RF-"): 2, ("case.moved:sent", "CL-"): 1}
    assert audit_pages.done_by_itself(wanted, now + timedelta(hours=1), now + timedelta(hours=2)) == {}


# -- what the pages are made from


def period() -> Days:
    return Days(utc_now().date() - timedelta(days=2), utc_now().date())


def test_step_s_minutes_are_its_times_by_the_register(home: Path):
    case = factories.make_referral()
    with store.writing() as db:
        for _ in range(4):
            store.audit(db, "system", "risk.screened", case, case.case_number)
        store.audit(db, "system", "risk.screened", ("session_note", "SN-000001"), "SN-000001")
    shown = {each.step.name: each for each in step_reports.steps_in(period())}
    assert (shown["score and screen for risk"].times, shown["score and screen for risk"].minutes) == (4, 28)
    assert (shown["screen the session for risk"].times, shown["screen the session for risk"].minutes) == (1, 5)
    assert shown["offer times"].minutes == 0


def test_minutes_by_hand_are_measured_from_finished_to_dos(home: Path):
    place = factories.make_location()
    case = factories.make_referral(location=place)
    now = utc_now()
    with store.writing() as db:
        for number, minutes in enumerate([2, 4, 6, 8, 300]):  # the last lay: the practice's cap is half an hour
            db.add(
                ToDo(
                    id=f"TD-{number}", unique_key=f"k{number}", case_number=case.case_number,
                    kind=ToDoKind.RECORD_OUTCOME, role=Role.COORDINATOR, location_id=place.id, due_at=now,
                    status=ToDoStatus.DONE, claimed_at=now - timedelta(minutes=minutes), done_at=now,
                    outcome=ToDoOutcome.ATTENDED,
                )
            )  # fmt: skip
    first = step_reports.by_hand_in(period())[0]
    assert (first.entry.kind, first.judged.place) == (ToDoKind.RECORD_OUTCOME, 1)
    assert (first.judged.candidate.times, first.judged.candidate.minutes) == (5, 2 + 4 + 6 + 8 + 30)


def test_export_hides_small_counts_and_is_on_record(home: Path):
    case = factories.make_referral()
    for _ in range(4):
        look_at(case.case_number)
    step_counts.keep()
    text = step_reports.reads_as_csv(period(), actor="ST-1")
    assert f"{MADE_UP},fewer than 5,patient.id,fewer than 5,no,," in text
    look_at(case.case_number)
    step_counts.keep()
    assert f"{MADE_UP},5,patient.id,5,no,," in step_reports.reads_as_csv(period(), actor="ST-1")
    assert case.case_number not in text
