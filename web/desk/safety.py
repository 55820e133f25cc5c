"""Clinical safety: what the screening misses, how often flags are right, how soon seen, whether alarms arrive."""

import csv
import io
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import alarm_tests, safety
from acts.practice_rounds import rate_of, waiting_for
from acts.safety_rows import SECTIONS, rows_of
from adapters import alarm_views, case_views, desk_views
from adapters.operational_store import reading
from models.codes import Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.small_cells import FEWEST
from rules.access import may_read_content, may_see_case
from rules.safety_rows import Row, Unit, suppressed
from web.desk import words
from web.desk.audit import limits
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

DONE = {
    "tested": "The test has been raised. Below it says when its pages left, and who has said that one came.",
    "acknowledged": "It is on record that the test reached you.",
    "rate": "The rate of practice rounds is set, with your signature.",
}
HEADS = ("section", "figure", "count", "of", "value", "low", "high", "unit", "definition")
HIDDEN = f"fewer than {FEWEST}"


@router.get("/safety", name="safety")
def show_safety(
    request: Request, me: SignedIn, begin: str = "", end: str = "", location: str = "", done: str = ""
) -> HTMLResponse:
    """The figures of a period (UTC, both days count) at one of this person's locations, or at all of them."""
    return _show(request, me, begin, end, location, notice=DONE.get(done))


def _show(
    request: Request,
    me: Member,
    begin: str = "",
    end: str = "",
    location: str = "",
    *,
    notice: str | None = None,
    problem: str | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    asked = _asked(me, begin, end, location)
    found = safety.standing(asked, actor=me.id)
    rows = rows_of(found)
    with reading() as db:
        waiting = alarm_views.waiting_tests(db, me.id)
    last = asked.end - timedelta(days=1)
    return page(
        request,
        "safety.html",
        status_code=status_code,
        sections=[(name, [row for row in rows if row.section == name]) for name in SECTIONS],
        value=value_of,
        interval=interval_of,
        found=found,
        missed=_visible(me, found.missed_cases),
        waiting=waiting,
        round=waiting_for(me.id) if me.staff.role == Role.CLINICIAN else None,
        rate=rate_of(),
        sets_rate=me.staff.role == Role.OWNER,
        places=desk_views.places(),
        mine=sorted(me.staff.location_ids),
        names=desk_views.staff_names(),
        asked={"begin": asked.begin.date().isoformat(), "end": last.date().isoformat(), "location": location},
        notice=notice,
        problem=problem,
    )


def show_problem(request: Request, me: Member, problem: str) -> HTMLResponse:
    """The page with what speaks against what was asked of it."""
    return _show(request, me, problem=problem, status_code=422)


def _asked(me: Member, begin: str, end: str, location: str) -> safety.Asked:
    return safety.asked_for(me.staff.location_ids, location, *limits(begin, end), utc_now())


def _visible(me: Member, case_numbers: Any) -> list[str]:
    """The cases of missed risks that this person may read: clinicians, of the cases they may see."""
    views = [case_views.case(number) for number in case_numbers] if me.staff.role == Role.CLINICIAN else []
    return [
        view.referral.case_number
        for view in views
        if may_see_case(me.viewer, view.facts).allowed and may_read_content(me.viewer, view.facts).allowed
    ]


def value_of(row: Row) -> str:
    """The value in words, "" where there is none."""
    number = row.value.value
    if row.hidden:
        return HIDDEN
    if row.unit == Unit.NONE:
        return ""
    return "not known" if number is None else _spelled(number, row.unit)


def interval_of(row: Row) -> str:
    low, high = row.value.low, row.value.high
    if low is None and high is None:
        return ""
    ends = [_spelled(end, row.unit) if end is not None else "?" for end in (low, high)]
    return f"{ends[0].removesuffix(' %').removesuffix(' min')} to {ends[1]}"


def _spelled(number: float, unit: Unit) -> str:
    if unit == Unit.SHARE:
        return f"{100 * number:.1f} %"
    return f"{number:.0f} min" if unit == Unit.MINUTES else f"{number:.1f}".removesuffix(".0")


@router.get("/safety/export", name="safety_export")
def export(me: SignedIn, begin: str = "", end: str = "", location: str = "") -> Response:
    """The figures as a CSV file without small cells: it may leave the practice."""
    asked = _asked(me, begin, end, location)
    rows = suppressed(rows_of(safety.standing(asked, actor=me.id)))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerows(cells(row) for row in rows)
    name = f"safety-{asked.begin.date().isoformat()}-{asked.end.date().isoformat()}.csv"
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def cells(row: Row) -> list[str]:
    """A row as it stands in the file; what is hidden says so."""
    if row.hidden:
        return [row.section, row.figure, HIDDEN, "", HIDDEN, "", "", row.unit.value, row.definition]
    numbers = [row.value.value, row.value.low, row.value.high]
    return [
        row.section,
        row.figure,
        *("" if count is None else str(count) for count in (row.count, row.of)),
        *("" if number is None else f"{number:.4f}" for number in numbers),
        row.unit.value,
        row.definition,
    ]


@router.post("/safety/test-alarm", name="raise_test_alarm")
def raise_test_alarm(request: Request, me: SignedIn, location: Annotated[str, Form()] = "") -> Response:
    try:
        if location not in me.staff.location_ids:
            raise NotAllowed("choose one of your locations")
        alarm_tests.raise_test(location, me.id)
    except NotAllowed as refusal:
        return show_problem(request, me, words.sentence(str(refusal)) + ".")
    return RedirectResponse("/safety?done=tested#alarm-tests", status_code=303)


@router.post("/safety/test-alarm/{test_id}/acknowledge", name="acknowledge_test_alarm")
def acknowledge_test_alarm(request: Request, me: SignedIn, test_id: str) -> Response:
    try:
        alarm_tests.acknowledge(test_id, me.id)
    except (NotAllowed, MovedOn) as refusal:
        return show_problem(request, me, words.sentence(str(refusal)) + ".")
    return RedirectResponse("/safety?done=acknowledged#alarm-tests", status_code=303)
