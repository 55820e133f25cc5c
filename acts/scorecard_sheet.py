"""The scorecard as a sheet that may leave the practice: no case number, nothing that tells of few people."""

from datetime import datetime

from acts.scorecard import Scorecard
from acts.scorecard_charts import TITLES, drawings, said, specification
from adapters.operational_store import reading
from adapters.practice import practice_name
from adapters.scorecard_pdf import Sheet
from models.governance_codes import Workflow
from models.periods import Period
from models.scorecard_charts import Chart
from models.small_cells import FEWEST
from rules.scorecard import MADE, Card, figures_of, outside
from rules.scorecard_words import WORDS, Words, change_told, interval_told, told, words_of

EVERY = "Every workflow"
RULES = (
    f"Counts below {FEWEST}, and shares that tell of fewer than {FEWEST}, are hidden. A change is called one only "
    "where its 95 % interval leaves out no change."
)
TOO_YOUNG = (
    "The charges on record do not go back a whole year, so days in receivables reads too high and is not compared yet."
)


def sheet(card: Scorecard, places: dict[str, str], written_at: datetime) -> Sheet:
    """What the PDF of this scorecard says; ``places``: the names of its locations."""
    wanted = card.wanted
    found = drawings(card, leaves=True)
    with reading() as db:
        name = practice_name(db)
    about = (
        ("Period", spelled(wanted.period)),
        ("Compared with", spelled(wanted.compared)),
        ("Locations", ", ".join(places[each] for each in wanted.location_ids)),
        ("Workflow", wanted.workflow.label if wanted.workflow else "all"),
        ("Team", wanted.team or "all"),
    )
    charts = [(TITLES[chart], said(found, chart), specification(found, chart)) for chart in Chart]
    return Sheet(
        practice_name=name,
        written_at=written_at,
        about=about,
        notes=(RULES,) if card.whole_year else (RULES, TOO_YOUNG),
        groups=[(name, [_figure(each) for each in cards]) for name, cards in groups(outside(card.cards))],
        charts=[(title, words, drawn) for title, words, drawn in charts if drawn is not None],
        definitions=[(words.name, words.counted) for words in _words(card)],
    )


def _words(card: Scorecard) -> list[Words]:
    return [words_of(each, card.known.saved) for each in figures_of(card.wanted.workflow)]


def spelled(period: Period) -> str:
    return f"{period.first.isoformat()} to {period.last.isoformat()}"


def groups(cards: tuple[Card, ...]) -> list[tuple[str, list[Card]]]:
    """The figures by the workflow they are of, in the order of the page; those of every workflow last."""
    found = [
        (flow.label if flow else EVERY, [card for card in cards if MADE[card.figure].workflow is flow])
        for flow in (*Workflow, None)
    ]
    return [(name, some) for name, some in found if some]


def _figure(card: Card) -> tuple[str, str]:
    figure, now, before = card.figure, card.now, card.before
    value = f"{told(figure, now.value)} ({interval_told(figure, now)}, from {now.n})"
    earlier = told(figure, before.value) if before.value is not None else _missing(before.n)
    return (
        f"{WORDS[figure].name}: {value if now.value is not None else _missing(now.n)}",
        f"{WORDS[figure].means} Before: {earlier}. Change: {change_told(figure, card.change)}.",
    )


def _missing(n: int) -> str:
    return "nothing to count" if n == 0 else "not known, or too few to show"
