"""The scorecard: how the practice does, how sure that is, how it changed, and the rows behind each number."""

from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import date
from threading import Lock
from time import monotonic
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from acts import scorecard_charts, scorecard_sheet
from acts.scorecard import Scorecard, Wanted, scorecard_of, teams_at
from acts.scorecard_charts import Drawings, drawings, still_waiting
from adapters import desk_views
from adapters.scorecard_charts import svg
from adapters.scorecard_pdf import scorecard_pdf
from models.columns import utc_now
from models.governance_codes import Workflow
from models.periods import Period
from models.scorecard_charts import BEFORE, NOW, Chart
from rules.access import ROUTES
from rules.periods import before, month_of, quarter_of
from rules.scorecard import MADE, Counted, Figure, figures_of, is_better
from rules.scorecard_words import WORDS, change_told, interval_told, told, words_of
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

QUARTERS, MONTHS = 6, 6
OWN_DAYS = "days"
ROWS_OF_A_PAGE = 100
KEPT_DRAWINGS, KEPT_SECONDS = 16, 60.0
CURVE_DAYS = (0, 7, 14, 21, 28, 42, 56, 84)
CASE_ROUTES = {"/claims/": "claim_page", "/care/": "care_page", "/notes/": "note_page", "/cases/": "case_page"}


@dataclass(frozen=True)
class Asked:
    """The form above the page; an empty field leaves that to the page."""

    period: str = ""
    begin: str = ""
    end: str = ""
    compare_begin: str = ""
    compare_end: str = ""
    workflow: str = ""
    team: str = ""
    location: str = ""

    def address(self, path: str, **more: str | int) -> str:
        """Another page about the same."""
        given = {name: value for name, value in (asdict(self) | more).items() if value}
        return f"{path}?{urlencode(given)}" if given else path


Filters = Annotated[Asked, Depends()]


class _Drawn:
    """What the charts of the pages shown last show, for a minute, so that drawing one reads nothing again."""

    def __init__(self) -> None:
        self._found: OrderedDict[Wanted, tuple[float, Drawings]] = OrderedDict()
        self._lock = Lock()

    def keep(self, card: Scorecard) -> Drawings:
        found = drawings(card)
        with self._lock:
            self._found[card.wanted] = (monotonic(), found)
            self._found.move_to_end(card.wanted)
            while len(self._found) > KEPT_DRAWINGS:
                self._found.popitem(last=False)
        return found

    def of(self, wanted: Wanted) -> Drawings:
        with self._lock:
            since, found = self._found.get(wanted, (0.0, None))
        if found is None or monotonic() - since > KEPT_SECONDS:
            return self.keep(scorecard_of(wanted))
        return found

    def clear(self) -> None:
        with self._lock:
            self._found.clear()


DRAWN = _Drawn()


@router.get("/scorecard", name="scorecard")
def scorecard(request: Request, me: SignedIn, asked: Filters) -> HTMLResponse:
    """Every figure of a period beside the one it is compared with."""
    wanted, problem = _wanted(me, asked)
    card = scorecard_of(wanted)
    found = DRAWN.keep(card)
    today = utc_now().date()
    return page(
        request,
        "scorecard.html",
        status_code=422 if problem else 200,
        asked=asked,
        wanted=wanted,
        problem=problem,
        groups=scorecard_sheet.groups(card.cards),
        figures=WORDS,
        told=told,
        interval_told=interval_told,
        change_told=change_told,
        is_better=is_better,
        charts=[(chart, scorecard_charts.TITLES[chart]) for chart in Chart if found.of(chart)],
        said={chart: scorecard_charts.said(found, chart) for chart in Chart},
        found=found,
        curve=_curve_table(found),
        too_young="" if card.whole_year or not _has_claims(wanted) else scorecard_sheet.TOO_YOUNG,
        periods=_periods(today),
        workflows=list(Workflow),
        teams=teams_at(me.staff.location_ids),
        places=desk_views.places(),
        spelled=scorecard_sheet.spelled,
        own_days=OWN_DAYS,
    )


@router.get("/scorecard/scorecard.pdf", name="scorecard_pdf")
def pdf(me: SignedIn, asked: Filters) -> Response:
    """The same on paper, without anything that tells of few people."""
    wanted, problem = _wanted(me, asked)
    if problem:
        raise HTTPException(422)
    places = {each.id: each.name for each in desk_views.places().values()}
    content = scorecard_pdf(scorecard_sheet.sheet(scorecard_of(wanted), places, utc_now()))
    name = f"scorecard-{wanted.period.first.isoformat()}-{wanted.period.last.isoformat()}.pdf"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/scorecard/charts/{chart}.svg", name="scorecard_chart")
def chart_svg(me: SignedIn, chart: Chart, asked: Filters) -> Response:
    """One chart; a chart without anything to show is not there."""
    wanted, problem = _wanted(me, asked)
    drawn = None if problem else scorecard_charts.specification(DRAWN.of(wanted), chart)
    if drawn is None:
        raise HTTPException(404)
    return Response(svg(drawn), media_type="image/svg+xml")


@router.get("/scorecard/figures/{figure}", name="scorecard_figure")
def figure_page(request: Request, me: SignedIn, figure: Figure, asked: Filters, part: int = 1) -> HTMLResponse:
    """How one figure is counted, and the rows it was counted from; of private answers only how often each was given."""
    wanted, problem = _wanted(me, asked)
    if problem or figure not in figures_of(wanted.workflow):
        raise HTTPException(404)
    card = scorecard_of(wanted)
    rows = card.rows(figure)
    private = MADE[figure].private
    parts = max(1, -(-len(rows) // ROWS_OF_A_PAGE))
    part = min(max(1, part), parts)
    shown = [] if private else rows[(part - 1) * ROWS_OF_A_PAGE :][:ROWS_OF_A_PAGE]
    found = next(each for each in card.cards if each.figure is figure)
    return page(
        request,
        "scorecard_figure.html",
        asked=asked,
        wanted=wanted,
        figure=figure,
        words_of=words_of(figure, card.known.saved),
        card=found,
        value=told(figure, found.now.value),
        earlier=told(figure, found.before.value),
        interval=interval_told(figure, found.now),
        earlier_interval=interval_told(figure, found.before),
        change=change_told(figure, found.change),
        private=private,
        tally=_tally(rows, hidden=private and found.now.value is None),
        rows=[(row, _link(me, row)) for row in shown],
        count=len(rows),
        part=part,
        parts=parts,
        spelled=scorecard_sheet.spelled,
    )


def _tally(rows: list[Counted], *, hidden: bool) -> list[tuple[str, int]]:
    """How often each thing was counted; only where that says more than the rows."""
    if hidden:
        return []
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.said] = counts.get(row.said, 0) + 1
    return sorted(counts.items(), key=lambda each: (-each[1], each[0])) if len(counts) <= 20 else []


def _link(me: Member, row: Counted) -> str | None:
    """The page of a row's case, for whoever may open it; None for whoever may not even read its number."""
    if not row.case_number:
        return None
    address = words.case_address(row.case_number)
    route = next(route for start, route in CASE_ROUTES.items() if address.startswith(start))
    return address if me.staff.role in ROUTES[route] else None


def _curve_table(found: Drawings) -> list[tuple[int, list[str]]]:
    """The waiting curve in numbers, on some days, of both periods."""
    table = []
    for day in CURVE_DAYS:
        points = [still_waiting(found.waiting, when, day) for when in (NOW, BEFORE)]
        if any(points):
            table.append((day, [_percent(point) for point in points]))
    return table


def _percent(point: object) -> str:
    if point is None:
        return "not followed so long"
    return f"{100 * point.waiting:.0f} % ({100 * point.low:.0f} to {100 * point.high:.0f} %)"  # type: ignore[attr-defined]


def _has_claims(wanted: Wanted) -> bool:
    return Figure.DAYS_IN_RECEIVABLES in figures_of(wanted.workflow)


# -- what is asked for


def _periods(today: date) -> list[tuple[str, str]]:
    """The quarters and months that the form offers, the newest first."""
    quarter, month, found = quarter_of(today), month_of(today), []
    for _ in range(QUARTERS):
        found.append((_quarter_name(quarter), f"Quarter {_quarter_name(quarter)}"))
        quarter = before(quarter)
    for _ in range(MONTHS):
        found.append((f"{month.first:%Y-%m}", f"{month.first:%B %Y}"))
        month = before(month)
    return found


def _quarter_name(quarter: Period) -> str:
    return f"{quarter.first.year}-Q{(quarter.first.month + 2) // 3}"


def _wanted(me: Member, asked: Asked) -> tuple[Wanted, str]:
    """What the form asks for, and what of it could not be read; then the last whole quarter is shown."""
    today, problem = utc_now().date(), ""
    try:
        period, compared = _both_periods(asked, today)
    except ValueError as fault:
        period = before(quarter_of(today))
        compared, problem = before(period), words.sentence(str(fault)) + "."
    own = tuple(me.staff.location_ids)
    places = (asked.location,) if asked.location in own else own
    workflow = Workflow(asked.workflow) if asked.workflow in tuple(Workflow) else None
    team = asked.team if asked.team and asked.team in teams_at(own) else ""
    return Wanted(period, compared, places, workflow, team), problem


def _both_periods(asked: Asked, today: date) -> tuple[Period, Period]:
    period = _period(asked, today)
    running = period.first <= today < period.last
    compared = before(period)
    if asked.compare_begin or asked.compare_end:
        compared = Period(_day(asked.compare_begin), _day(asked.compare_end))
    # a period that is not over yet ends today
    return (Period(period.first, today) if running else period), compared


def _period(asked: Asked, today: date) -> Period:
    if asked.period == OWN_DAYS:
        return Period(_day(asked.begin), _day(asked.end))
    if not asked.period:
        return before(quarter_of(today))
    year, _, part = asked.period.partition("-")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise ValueError("there is no such period")
    if part in ("Q1", "Q2", "Q3", "Q4"):
        return quarter_of(date(int(year), 3 * int(part[1]), 1))
    return month_of(_day(f"{asked.period}-01"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a period needs its first and its last day") from None
