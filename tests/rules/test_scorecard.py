"""Each figure of the scorecard against an example worked by hand, with what just does not count beside it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.codes import AppointmentStatus, ReferralStatus
from models.governance_codes import Workflow
from models.periods import Period
from models.scorecard_rows import (
    AnswerRow,
    AppointmentRow,
    AskedRow,
    BilledRow,
    DoneRow,
    MessageRow,
    NoteRow,
    ReferralRow,
    Step,
    StepRow,
    Tables,
)
from rules.admin_time import AdminTimePolicy
from rules.intervals import Difference, Estimate, Verdict
from rules.reclaimed_time import HourlyValue
from rules.scorecard import (
    MADE,
    Card,
    Figure,
    card,
    cards,
    counted,
    estimate,
    figures_of,
    hidden_if_few,
    is_better,
    known_now,
    outside,
)
from rules.scorecard_rows import of_places, only, workflow_of_work

QUARTER = Period(date(2026, 7, 1), date(2026, 9, 30))
FIRST, LAST = QUARTER.first, QUARTER.last
EARLY, LATE = FIRST - timedelta(days=1), LAST + timedelta(days=1)
AS_OF = date(2026, 10, 10)
KNOWN = known_now(AS_OF, HourlyValue(clinical_hour_cents=12_000), AdminTimePolicy(idle_cap_minutes=90))
A, S = AppointmentStatus, ReferralStatus


def of(figure: Figure, tables: Tables, workflow: Workflow | None = None) -> Estimate:
    return estimate(figure, counted(figure, tables, QUARTER, KNOWN, workflow), KNOWN)


def referral(number: int, received: date = FIRST, attended: int | None = None, **given: Any) -> ReferralRow:
    on = received + timedelta(days=attended) if attended is not None else None
    default = {"clinician_id": "ST-1", "closed_on": on, "status": S.CLOSED_ATTENDED if on else S.OFFERED}
    return ReferralRow(
        f"RF-{number}", f"PT-{number}", "LOC-1", received_on=received, first_attended_on=on, **default | given
    )


def appointment(number: int, status: AppointmentStatus, on: date = FIRST, patient: str = "PT-1") -> AppointmentRow:
    return AppointmentRow(f"AP-{number}", f"EP-{number}", patient, "LOC-1", "ST-1", on, status)


def test_time_to_first_appointment_by_hand() -> None:
    """Four attend after 10, 20, 30, 40 days; one waits since 50 days, one left after 5: the median is day 30.

    At risk on day 10: 5 (the one who left is gone): 4/5; on day 20: 3/5; on day 30: 2/5, below one half.
    """
    left = referral(5, closed_on=FIRST + timedelta(days=5), status=S.CLOSED_WITHDRAWN)
    waits = referral(6, AS_OF - timedelta(days=50))
    outside = (referral(7, EARLY, 1), referral(8, LATE, 1))
    rows = tuple(referral(number, attended=10 * number) for number in range(1, 5))
    tables = Tables(referrals=(*rows, left, waits, *outside))
    assert of(Figure.FIRST_APPOINTMENT_MEDIAN, tables).value == 30
    assert of(Figure.FIRST_APPOINTMENT_P90, tables) == Estimate(
        None, of(Figure.FIRST_APPOINTMENT_P90, tables).low, None, 6
    )
    said = {row.case_number: row.said for row in counted(Figure.FIRST_APPOINTMENT_MEDIAN, tables, QUARTER, KNOWN)}
    assert said["RF-5"] == "left: closed, withdrawn" and said["RF-6"] == "still waiting"


def test_what_happens_after_today_has_not_happened() -> None:
    tables = Tables(referrals=(referral(1, LAST, 30),))
    (row,) = counted(Figure.FIRST_APPOINTMENT_MEDIAN, tables, QUARTER, KNOWN)
    assert (row.value, row.ended) == ((AS_OF - LAST).days, False)


def test_leakage_counts_what_ended_in_the_period() -> None:
    gone = {"status": S.CLOSED_UNREACHABLE, "left_from": "contact_patient"}
    tables = Tables(
        referrals=(
            referral(1, EARLY, 1),
            referral(2, EARLY, closed_on=LAST, **gone),
            referral(3, FIRST),
            referral(4, EARLY, closed_on=LATE, **gone),
            referral(5, FIRST, 3),
        )
    )
    assert (of(Figure.LEAKAGE, tables).value, of(Figure.LEAKAGE, tables).n) == (1 / 3, 3)
    assert "closed, unreachable, from contact patient" in {
        r.said for r in counted(Figure.LEAKAGE, tables, QUARTER, KNOWN)
    }


def test_missed_and_late_cancelled_appointments() -> None:
    """3 attended, 1 missed, 1 cancelled late, 2 in time: a quarter missed, a fifth cancelled late."""
    statuses = (A.ATTENDED, A.ATTENDED, A.ATTENDED, A.NO_SHOW, A.LATE_CANCELLED, A.CANCELLED, A.CANCELLED, A.BOOKED)
    rows = [appointment(number, status) for number, status in enumerate(statuses)]
    rows += [appointment(20, A.NO_SHOW, EARLY), appointment(21, A.LATE_CANCELLED, LATE)]
    tables = Tables(appointments=tuple(rows))
    assert (of(Figure.NO_SHOWS, tables).value, of(Figure.NO_SHOWS, tables).n) == (0.25, 4)
    assert (of(Figure.LATE_CANCELLATIONS, tables).value, of(Figure.LATE_CANCELLATIONS, tables).n) == (0.2, 5)


def done(number: str, patient: str, minutes: float, on: date = FIRST) -> DoneRow:
    taken = datetime(2026, 7, 1, 9, tzinfo=UTC)
    return DoneRow(f"TD-{number}", number, patient, "LOC-1", "ST-1", on, taken, taken + timedelta(minutes=minutes))


def test_admin_hours_are_shared_by_every_active_patient() -> None:
    """90 (of 100, idle is capped) and 30 minutes, 60, and none for who only came: an hour for each of three."""
    tables = Tables(
        done=(
            done("RF-1", "PT-1", 100),
            done("CL-1", "PT-1", 30),
            done("RF-2", "PT-2", 60),
            done("RF-3", "PT-9", 60, LATE),
        ),
        appointments=(appointment(1, A.ATTENDED, patient="PT-3"), appointment(2, A.CANCELLED, patient="PT-4")),
    )
    assert of(Figure.ADMIN_HOURS, tables) == Estimate(1.0, None, None, 3)
    # of claims alone: 30 minutes; patient 2 was active in nothing that counts here
    assert of(Figure.ADMIN_HOURS, tables, Workflow.CLAIMS) == Estimate(0.25, None, None, 2)


def claim(number: int, **given: Any) -> BilledRow:
    return BilledRow(f"CL-{number}", "LOC-1", "ST-1", **{"service_on": FIRST, "charge_cents": 10_000} | given)


def test_claims_by_hand() -> None:
    tables = Tables(
        claims=(
            claim(1, submitted_on=FIRST, decided_on=LAST),
            claim(2, submitted_on=LAST, touched=True, sent_again=1, decided_on=LAST, denied_cents=4_000),
            claim(3, submitted_on=FIRST, decided_on=LATE, denied_cents=10_000),
            claim(4, submitted_on=EARLY, touched=True, decided_on=FIRST, charge_cents=20_000),
            claim(5),
        )
    )
    assert (of(Figure.CLEAN_CLAIMS, tables).value, of(Figure.CLEAN_CLAIMS, tables).n) == (2 / 3, 3)
    assert (of(Figure.CLAIM_REWORK, tables).value, of(Figure.CLAIM_REWORK, tables).n) == (1 / 3, 3)
    assert (of(Figure.DENIED_CLAIMS, tables).value, of(Figure.DENIED_CLAIMS, tables).n) == (1 / 3, 3)
    assert of(Figure.DENIED_DOLLARS, tables).value == 4_000 / 40_000


def test_days_in_receivables_by_hand() -> None:
    """(50 owed - 20 credit) / (365 charged / 365): 30 days; a charge of a year ago is none any more."""
    year_ago = LAST - timedelta(days=365)
    tables = Tables(
        claims=(
            claim(1, submitted_on=FIRST, charge_cents=30_000),
            claim(2, submitted_on=FIRST, service_on=year_ago + timedelta(days=1), charge_cents=6_500),
            claim(3, submitted_on=FIRST, service_on=year_ago, charge_cents=99_900),
            claim(4, submitted_on=LATE, charge_cents=99_900),
            claim(5, charge_cents=99_900),
        ),
        owed={LAST: {"CL-1": 4_000, "CL-2": -2_000, "CL-3": 1_000}},
    )
    assert of(Figure.DAYS_IN_RECEIVABLES, tables).value == pytest.approx(30.0)


def test_rework_by_hand() -> None:
    notes = [NoteRow(f"SN-{n}", "LOC-1", "ST-1", FIRST, ("returned",) if n == 1 else ()) for n in range(4)]
    sent = [MessageRow(f"MS-{n}", "RF-1", "LOC-1", "ST-1", FIRST, 3 if n == 1 else 1) for n in range(5)]
    cases = [referral(n, EARLY, 3, reworked=("rerouted",) if n == 1 else ()) for n in range(2)]
    tables = Tables(referrals=tuple(cases), notes=tuple(notes), messages=tuple(sent))
    assert of(Figure.NOTE_REWORK, tables).value == 0.25
    assert of(Figure.MESSAGES_AGAIN, tables).value == 0.2
    assert of(Figure.MESSAGES_AGAIN, tables, Workflow.CLAIMS).n == 0
    assert of(Figure.REFERRAL_REWORK, tables).value == 0.5


def test_reclaimed_hours_are_counted_by_the_assumed_minutes() -> None:
    """60 drafts of 7 minutes (3 to 12): 7 hours (3 to 12), at 120 dollars 840; nobody set what office time is worth."""
    steps = [StepRow("", f"SN-{n}", "LOC-1", "ST-1", FIRST, Step.NOTE_DRAFTED) for n in range(60)]
    steps += [StepRow(f"MS-{n}", "EP-1", "LOC-1", "ST-1", LAST, Step.REMINDER_SENT) for n in range(20)]
    steps += [StepRow("", "SN-99", "LOC-1", "ST-1", LATE, Step.NOTE_DRAFTED)]
    tables = Tables(steps=tuple(steps))
    assert of(Figure.CLINICAL_HOURS, tables) == Estimate(7.0, 3.0, 12.0, 60)
    assert of(Figure.CLINICAL_VALUE, tables) == Estimate(84_000, 36_000, 144_000, 60)
    assert of(Figure.OFFICE_HOURS, tables).value == 1.0
    assert of(Figure.OFFICE_VALUE, tables) == Estimate(None, None, None, 20)
    assert of(Figure.CLINICAL_HOURS, tables, Workflow.CLAIMS).value is None


def test_satisfaction_by_hand() -> None:
    answers = ((5, 10), (4, 9), (3, 7), (1, 0), (5, None), (None, 6))
    rows = [AnswerRow("LOC-1", FIRST, *each) for each in answers] + [AnswerRow("LOC-1", LATE, 1, 1)]
    asked = [AskedRow("LOC-1", FIRST, number < 6) for number in range(8)]
    tables = Tables(answers=tuple(rows), asked=tuple(asked))
    assert of(Figure.SATISFIED, tables).value == 3 / 5
    assert of(Figure.NET_PROMOTER, tables).value == 0.0
    assert of(Figure.RESPONSES, tables).value == 6 / 8


def test_too_few_answers_are_told_to_nobody() -> None:
    answers = tuple(AnswerRow("LOC-1", FIRST, 5, 10) for _ in range(4))
    assert of(Figure.SATISFIED, Tables(answers=answers)) == Estimate(None, None, None, 4)
    assert of(Figure.SATISFIED, Tables(answers=(*answers, answers[0]))).value == 1.0


@pytest.mark.parametrize(
    ("figure", "part", "n", "shown"),
    [
        (Figure.ADMIN_HOURS, 2, 4, False),
        (Figure.ADMIN_HOURS, 2, 5, True),
        (Figure.NO_SHOWS, 0, 5, True),
        (Figure.NO_SHOWS, 4, 40, False),
        (Figure.NO_SHOWS, 5, 40, True),
        (Figure.NO_SHOWS, 35, 40, True),
        (Figure.NO_SHOWS, 36, 40, False),
        (Figure.NO_SHOWS, 40, 40, True),
    ],
)
def test_what_tells_of_few_is_hidden_outside(figure: Figure, part: int, n: int, shown: bool) -> None:
    found = Estimate(part / n, 0.0, 1.0, n)
    assert hidden_if_few(figure, found) == (found if shown else Estimate(None, None, None, n))


def test_denied_dollars_are_hidden_with_the_claims_they_tell_of() -> None:
    many, few = Estimate(0.5, 0.4, 0.6, 100), Estimate(0.02, 0.0, 0.1, 100)
    change = Difference(0.1, 0.05, 0.2)
    claims, dollars = outside(
        (Card(Figure.DENIED_CLAIMS, few, many, change), Card(Figure.DENIED_DOLLARS, few, many, change))
    )
    assert (claims.now.value, dollars.now.value, dollars.before.value) == (None, None, 0.5)
    assert claims.change is dollars.change is None


@pytest.mark.parametrize("workflow", [None, *Workflow])
def test_figures_of_a_workflow_are_its_own_and_the_common_ones(workflow: Workflow | None) -> None:
    found = figures_of(workflow)
    assert set(found) == {each for each in Figure if workflow is None or MADE[each].workflow in (None, workflow)}
    assert Figure.ADMIN_HOURS in found


def test_a_change_is_called_one_only_beyond_chance() -> None:
    def quarter(missed: int, of_all: int, on: date) -> list[AppointmentRow]:
        return [appointment(n, A.NO_SHOW if n < missed else A.ATTENDED, on) for n in range(of_all)]

    last = Period(date(2026, 4, 1), date(2026, 6, 30))
    few = Tables(appointments=(*quarter(4, 20, last.first), *quarter(2, 20, FIRST)))
    many = Tables(appointments=(*quarter(200, 1000, last.first), *quarter(100, 1000, FIRST)))
    found = {each.figure: each for each in cards(few, QUARTER, last, KNOWN)}[Figure.NO_SHOWS].change
    assert found is not None and found.verdict is Verdict.CANNOT_TELL
    assert is_better(Figure.NO_SHOWS, found) is None
    found = {each.figure: each for each in cards(many, QUARTER, last, KNOWN)}[Figure.NO_SHOWS].change
    assert found is not None and found.verdict is Verdict.LOWER
    assert is_better(Figure.NO_SHOWS, found) is True
    assert is_better(Figure.CLEAN_CLAIMS, found) is False
    assert is_better(Figure.RESPONSES, found) is None


def test_arms_are_cut_out_by_case() -> None:
    tables = Tables(appointments=tuple(appointment(n, A.NO_SHOW if n < 3 else A.ATTENDED) for n in range(10)))
    arms = only(tables, {f"EP-{n}" for n in range(5)}), only(tables, {f"EP-{n}" for n in range(5, 10)})
    found = card(Figure.NO_SHOWS, (arms[0], QUARTER), (arms[1], QUARTER), KNOWN)
    assert (found.now.value, found.before.value) == (0.6, 0.0)


def test_places_and_teams() -> None:
    tables = Tables(
        referrals=(referral(1), referral(2, clinician_id="ST-2")), answers=(AnswerRow("LOC-1", FIRST, 5, 10),)
    )
    assert of_places(tables, {"LOC-1"}) == tables
    assert of_places(tables, {"LOC-2"}) == Tables()
    assert of_places(tables, {"LOC-1"}, {"ST-2"}) == Tables(referrals=(tables.referrals[1],))


@pytest.mark.parametrize(
    ("number", "workflow"),
    [
        ("RF-1", Workflow.REFERRAL),
        ("SN-1", Workflow.NOTES),
        ("CL-1", Workflow.CLAIMS),
        ("BS-1", Workflow.FOLLOW_UP),
        ("EP-1", Workflow.SCHEDULING),
    ],
)
def test_work_counts_for_the_workflow_of_its_case(number: str, workflow: Workflow) -> None:
    assert workflow_of_work(number) is workflow


@pytest.mark.parametrize("cents", [0, -1])
def test_an_hour_is_worth_something(cents: int) -> None:
    with pytest.raises(ValueError):
        HourlyValue(office_hour_cents=cents)
