"""The scorecard's pages: figures, rows, pictures, paper, and what each role may see of them."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from acts.scorecard import hourly_value_set, set_hourly_value
from adapters import operational_store as store
from models.codes import AppointmentStatus, ReferralStatus, Role
from models.columns import utc_now
from models.operational import Appointment, Location, Referral, SatisfactionAnswer
from models.scheduling_codes import SurveyMoment
from rules.reclaimed_time import HourlyValue
from rules.scorecard import Figure
from tests import factories
from web.desk.scorecard import DRAWN

TODAY = utc_now().date()
DAYS = f"period=days&begin={TODAY - timedelta(days=60)}&end={TODAY}"
MAY = (Role.OWNER, Role.COMPLIANCE, Role.ANALYST)


@pytest.fixture(autouse=True)
def nothing_drawn() -> None:
    """All tests ask one desk about the same days, each of another installation."""
    DRAWN.clear()


def visits(place: Location, *statuses: AppointmentStatus) -> list[Appointment]:
    """Appointments of ten days ago, each of a patient in care of their own."""
    made = []
    for number, status in enumerate(statuses):
        episode = factories.make_episode(location=place)
        made.append(
            Appointment(
                id=f"AT-{place.id}-{number}",
                case_number=episode.case_number,
                patient_id=episode.patient_id,
                clinician_id=episode.clinician_id,
                location_id=place.id,
                starts_at=utc_now() - timedelta(days=10),
                minutes=50,
                modality="office",
                status=status,
            )
        )
    with store.writing() as db:
        db.add_all(made)
    return made


def attended(place: Location, **given: Any) -> Referral:
    # Noon at the practice: near midnight, nine days across a change of the clocks are eight on the calendar.
    seen = (utc_now() - timedelta(days=20)).replace(hour=20)
    return factories.make_referral(
        ReferralStatus.CLOSED_ATTENDED,
        location=place,
        received_at=seen - timedelta(days=9),
        first_session_at=seen,
        closed_at=seen,
        **given,
    )


def row_of(page: str, name: str) -> str:
    """The cells of one figure, as a reader hears them."""
    (row,) = [each for each in re.findall(r"<tr>.*?</tr>", page, re.S) if f">{name}</a>" in each]
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


A, N = AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW


def test_page_shows_figures_with_their_ranges(at_the_desk: Any, place: Location) -> None:
    visits(place, *[N] * 2, *[A] * 6)
    attended(place)
    shown = at_the_desk(Role.OWNER).get(f"/scorecard?{DAYS}")
    assert shown.status_code == 200
    # Wilson of 2 in 8, by hand: (2 + 1.92 ± 1.96 * sqrt(1.5 + 0.96)) / 11.84
    assert "25.0 % 7.1 to 59.1 % 8" in row_of(shown.text, "No-shows")
    assert "9 days" in row_of(shown.text, "Days to the first appointment, median")
    assert "not known yet" in row_of(shown.text, "Clean claims")
    assert 'src="/scorecard/charts/waiting.svg?' in shown.text and "still waiting: 100 % after 7 days" in shown.text


def test_other_locations_are_not_counted(at_the_desk: Any, place: Location) -> None:
    visits(factories.make_location(id="LOC-2"), N)
    visits(place, A)
    owner = at_the_desk(Role.OWNER)
    for asked in (DAYS, f"{DAYS}&location=LOC-2"):
        assert "0.0 %" in row_of(owner.get(f"/scorecard?{asked}").text, "No-shows")


@pytest.mark.parametrize("figure", list(Figure))
def test_every_figure_has_its_page(at_the_desk: Any, place: Location, figure: Figure) -> None:
    shown = at_the_desk(Role.OWNER).get(f"/scorecard/figures/{figure.value}?{DAYS}")
    assert shown.status_code == 200 and "How it is counted" in shown.text


def test_figure_opens_its_rows_and_their_cases(at_the_desk: Any, place: Location) -> None:
    case = attended(place)
    left = factories.make_referral(
        ReferralStatus.CLOSED_UNREACHABLE, location=place, closed_at=utc_now() - timedelta(days=3)
    )
    shown = at_the_desk(Role.COMPLIANCE).get(f"/scorecard/figures/leakage?{DAYS}").text
    for number in (case.case_number, left.case_number):
        assert f'<a href="/cases/{number}">{number}</a>' in shown
    assert "2 rows" in shown and "Closed, unreachable" in shown


def test_case_that_a_role_may_not_open_is_not_named(at_the_desk: Any, place: Location) -> None:
    (visit,) = visits(place, N)
    shown = at_the_desk(Role.ANALYST).get(f"/scorecard/figures/no_shows?{DAYS}").text
    assert "not yours to open" in shown
    assert visit.case_number not in shown and visit.id not in shown


def answers(place: Location, *given: tuple[int, int]) -> None:
    with store.writing() as db:
        for number, (satisfied, recommends) in enumerate(given):
            db.add(
                SatisfactionAnswer(
                    id=f"SA-{number}",
                    location_id=place.id,
                    moment=SurveyMoment.AFTER_FIRST,
                    month=TODAY.replace(day=1),
                    satisfied=satisfied,
                    recommends=recommends,
                )
            )


@pytest.mark.parametrize(("count", "shown"), [(4, False), (5, True)])
def test_few_answers_are_not_shown_even_to_staff(at_the_desk: Any, place: Location, count: int, shown: bool) -> None:
    answers(place, *[(1, 0)] * count)
    owner = at_the_desk(Role.OWNER)
    page = owner.get(f"/scorecard/figures/satisfied?{DAYS}").text
    assert ("Answered 1 of 5" in page) is shown
    assert "never one by one" in page and "The rows it was counted from" not in page
    assert ("0.0 %" in row_of(owner.get(f"/scorecard?{DAYS}").text, "Satisfied patients")) is shown


def test_charts_are_pictures_without_scripts_or_styles(at_the_desk: Any, place: Location) -> None:
    attended(place)
    owner = at_the_desk(Role.OWNER)
    drawn = owner.get(f"/scorecard/charts/waiting.svg?{DAYS}")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert drawn.text.startswith("<svg") and "style=" not in drawn.text and "<script" not in drawn.text
    assert owner.get(f"/scorecard/charts/missed.svg?{DAYS}").status_code == 404
    assert owner.get(f"/scorecard/charts/other.svg?{DAYS}").status_code == 422


def test_pdf_names_no_case_and_hides_what_is_few(at_the_desk: Any, place: Location) -> None:
    cases = [attended(place) for _ in range(6)]
    visits(place, *[N] * 4, *[A] * 30)
    owner = at_the_desk(Role.OWNER)
    assert "11.8 %" in row_of(owner.get(f"/scorecard?{DAYS}").text, "No-shows")
    answer = owner.get(f"/scorecard/scorecard.pdf?{DAYS}")
    assert answer.headers["content-type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "Days to the first appointment, median: 9 days" in text
    assert "No-shows: not known, or too few to show" in text and "11.8" not in text
    assert "Clean claims: nothing to count" in text
    assert not any(case.case_number in text or case.patient_id in text for case in cases)
    assert "RF-" not in text and "How the figures are counted" in text


@pytest.mark.parametrize(
    ("asked", "first", "compared"),
    [
        ("period=2026-Q3", "2026-07-01 to 2026-09-30", "2026-04-01 to 2026-06-30"),
        ("period=2026-02", "2026-02-01 to 2026-02-28", "2026-01-01 to 2026-01-31"),
        ("period=days&begin=2026-03-11&end=2026-03-20", "2026-03-11 to 2026-03-20", "2026-03-01 to 2026-03-10"),
        (
            "period=2026-Q3&compare_begin=2025-07-01&compare_end=2025-09-30",
            "2026-07-01 to 2026-09-30",
            "2025-07-01 to 2025-09-30",
        ),
    ],
)
def test_periods_that_are_asked_for(at_the_desk: Any, asked: str, first: str, compared: str) -> None:
    shown = at_the_desk(Role.OWNER).get(f"/scorecard?{asked}").text
    assert f"{first}, compared with {compared}." in shown


@pytest.mark.parametrize(
    "asked",
    [
        "period=days",
        "period=days&begin=2026-03-02&end=2026-03-01",
        "period=days&begin=2020-01-01&end=2026-01-01",
        "period=soon",
        "period=0000-Q1",
        "period=2026-13",
        "period=2026-Q3&compare_begin=2026-01-01",
    ],
)
def test_period_that_cannot_be_is_said_so(at_the_desk: Any, asked: str) -> None:
    owner = at_the_desk(Role.OWNER)
    shown = owner.get(f"/scorecard?{asked}")
    assert shown.status_code == 422 and "The last whole quarter is shown." in shown.text
    assert owner.get(f"/scorecard/scorecard.pdf?{asked}").status_code == 422
    assert owner.get(f"/scorecard/figures/no_shows?{asked}").status_code == 404


def test_one_workflow_and_an_unknown_one(at_the_desk: Any, place: Location) -> None:
    owner = at_the_desk(Role.OWNER)
    shown = owner.get("/scorecard?workflow=claims").text
    assert "Clean claims" in shown and ">No-shows</a>" not in shown
    assert owner.get("/scorecard/figures/no_shows?workflow=claims").status_code == 404
    assert ">No-shows</a>" in owner.get("/scorecard?workflow=everything").text


@pytest.mark.parametrize("role", list(Role))
def test_governance_leads_whoever_may_to_the_scorecard(at_the_desk: Any, role: Role) -> None:
    assert ('href="/scorecard"' in at_the_desk(role).get("/governance").text) is (role in MAY)


def test_hours_are_worth_what_the_practice_says(at_the_desk: Any, place: Location) -> None:
    for _ in range(6):
        attended(place)
    owner = at_the_desk(Role.OWNER)
    assert "not known yet" in row_of(owner.get(f"/scorecard?{DAYS}").text, "Value of the office hours")
    set_hourly_value(HourlyValue(office_hour_cents=3_000), actor="command line")
    # six referrals of ten minutes: an hour
    assert "$30" in row_of(owner.get(f"/scorecard?{DAYS}").text, "Value of the office hours")
    assert hourly_value_set() == HourlyValue(office_hour_cents=3_000)
