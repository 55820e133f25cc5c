"""Draws the map of a workflow as SVG: a lane for each owner, a row for each status, an arrow for each move.

No library that is kept sets statuses in lanes (docs/decisions/0027-workflow-map.md). Colours are attributes, not
styles, so that the desk's content policy lets them stand; text is text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

from models.codes import CaseOwner
from models.governance_codes import Workflow
from models.transitions import OWNERS
from models.workflow_steps import STATUSES, mapped, owner_at

MARGIN, LANE, ROW, HEAD, BOX_WIDTH, BOX_HEIGHT = 18, 110, 64, 40, 94, 46
LETTERS_A_LINE = 15
"""What fits into a box at its size of letters."""
FROM_ANYWHERE = 0.8
"""A status that this share of the steps lead to gets arrows from the steps just before it alone: all of them would hide
every other."""
JUST_BEFORE = 3
INK, SOFT, LINE, WALKED, BACK, WRONG = "#17252e", "#4d5c64", "#7c8a8f", "#0b5563", "#7a4a00", "#9c1f17"
FILLS = {
    CaseOwner.PATIENT: "#e5edf5",
    CaseOwner.CLINICIAN: "#e4f2e9",
    CaseOwner.COORDINATOR: "#fdf0d5",
    CaseOwner.BILLER: "#fdf0d5",
    CaseOwner.OWNER: "#e4f2e9",
    CaseOwner.PAYER: "#e5edf5",
    CaseOwner.SYSTEM: "#f4f6f5",
    CaseOwner.NOBODY: "#ffffff",
}
LANES = (
    CaseOwner.SYSTEM,
    CaseOwner.PATIENT,
    CaseOwner.COORDINATOR,
    CaseOwner.CLINICIAN,
    CaseOwner.BILLER,
    CaseOwner.PAYER,
    CaseOwner.OWNER,
    CaseOwner.NOBODY,
)
LANE_NAMES = {CaseOwner.NOBODY: "closed"}


def lanes_of(workflow: Workflow) -> list[CaseOwner]:
    """Who ever has a case of it, in the order of the lanes."""
    owners = set(OWNERS[STATUSES[workflow]].values())
    return [each for each in LANES if each in owners]


def span(hours: float | None) -> str:
    """A wait in few letters: ``40 min``, ``5.2 h``, ``3.1 d``; None is one that too many still have."""
    if hours is None:
        return "not yet known"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"


def draw_mapped(workflow: Workflow, steps: Mapping[str, str], never: Iterable[tuple[str, str]] = ()) -> str:
    """The workflow as its flow and its table of transitions say it; moves in ``never`` are drawn broken."""
    moves = mapped(workflow)
    unwalked = set(never)
    open_steps = [each for each in STATUSES[workflow] if owner_at(workflow, each) != CaseOwner.NOBODY]
    arrivals = Counter(new for _, new in moves)
    anywhere = {new for new, count in arrivals.items() if count >= FROM_ANYWHERE * len(open_steps)}
    order = [each.value for each in STATUSES[workflow]]
    arrows = [
        _arrow(workflow, old, new, LINE, 1.2, "4 3" if (old, new) in unwalked else "", "mapped")
        for old, new in moves
        if new not in anywhere or 0 < order.index(new) - order.index(old) <= JUST_BEFORE
    ]
    notes = {status: steps.get(status, "") for status in (each.value for each in open_steps)}
    notes |= {status: "from most steps" for status in anywhere}
    title = f"{workflow.label}: as mapped"
    told = (
        f"{len(open_steps)} steps and {len(moves)} moves that the table of transitions allows; the lanes say who must "
        "act. The tables below say the same in words."
    )
    return _svg(workflow, "mapped", title, told, arrows, notes, {})


@dataclass(frozen=True)
class Walked:
    """What is drawn of a walked workflow: rows as rules.workflow_map makes them, and sums."""

    workflow: Workflow
    edges: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]
    cases: int
    moves: int
    open_cases: int | None
    """None: too few to be told where this is read."""


def draw_walked(found: Walked) -> str:
    """The workflow as its cases walked it: the wider an arrow, the more moves; a move back is brown, one that nothing
    allows is red."""
    workflow = found.workflow
    order = {status.value: place for place, status in enumerate(STATUSES[workflow])}
    most = max((edge["count"] for edge in found.edges), default=1)
    arrows, labels = [], []
    for edge in reversed(found.edges):
        old, new = edge["old"], edge["new"]
        if old not in order or new not in order:
            continue
        colour = WRONG if not edge["allowed"] else BACK if order[new] < order[old] else WALKED
        arrows.append(_arrow(workflow, old, new, colour, 1 + 5 * edge["count"] / most, "", "walked"))
        labels.append((old, new, str(edge["count"]), colour))
    notes, seen = {}, {}
    for step in found.steps:
        if step["owner"] != CaseOwner.SYSTEM.value:
            notes[step["status"]] = f"median {span(step['median_hours'])}"
        if step["waiting"]:
            seen[step["status"]] = f"{step['waiting']} wait"
    title = f"{workflow.label}: as walked"
    told = (
        f"{found.cases} cases made {found.moves} moves; {'few' if found.open_cases is None else found.open_cases} are "
        "open. The number at an arrow is how often it was walked. The tables below say the same in words."
    )
    return _svg(workflow, "walked", title, told, arrows + _labels(workflow, labels), notes, seen)


def size_of(workflow: Workflow) -> tuple[int, int]:
    """Width and height of its drawings."""
    return MARGIN + len(lanes_of(workflow)) * LANE, HEAD + len(STATUSES[workflow]) * ROW


def _svg(
    workflow: Workflow,
    kind: str,
    title: str,
    told: str,
    arrows: list[str],
    notes: Mapping[str, str],
    waiting: Mapping[str, str],
) -> str:
    width, height = size_of(workflow)
    name = f"{workflow.value}-{kind}"
    markers = "".join(
        f'<marker id="{name}-{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="{colour}"/></marker>'
        for colour in (LINE, WALKED, BACK, WRONG)
    )
    lanes = "".join(
        f'<rect x="{MARGIN + place * LANE}" y="0" width="{LANE}" height="{height}" '
        f'fill="{"#ffffff" if place % 2 else "#fafbfb"}"/>'
        f'<text x="{MARGIN + place * LANE + LANE / 2:g}" y="24" text-anchor="middle" font-size="13" font-weight="600" '
        f'fill="{INK}">{escape(LANE_NAMES.get(owner, owner.value).capitalize())}</text>'
        for place, owner in enumerate(lanes_of(workflow))
    )
    boxes = "".join(
        _box(workflow, status.value, notes.get(status.value, ""), waiting.get(status.value, ""))
        for status in STATUSES[workflow]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="{name}-title {name}-told" '
        f'font-family="system-ui, &quot;DejaVu Sans&quot;, sans-serif">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-told">{escape(told)}</desc>'
        f"<defs>{markers}</defs>{lanes}{''.join(arrows)}{boxes}</svg>"
    )


def _middle(workflow: Workflow, status: str) -> tuple[float, float]:
    statuses = [each.value for each in STATUSES[workflow]]
    lane = lanes_of(workflow).index(CaseOwner(owner_at(workflow, status)))
    return MARGIN + lane * LANE + LANE / 2, HEAD + statuses.index(status) * ROW + ROW / 2


def _box(workflow: Workflow, status: str, note: str, waiting: str) -> str:
    x, y = _middle(workflow, status)
    label = STATUSES[workflow](status).label.removeprefix("closed, ")
    lines = wrap(label, LETTERS_A_LINE, max_lines=2, placeholder=" …")
    below = _shortened(note, lines=1 if len(lines) == 2 else 2)
    texts = [(each, 11, INK, "600") for each in lines] + [(each, 9.5, SOFT, "400") for each in below]
    top = y - (len(texts) - 1) * 6.5 + 3.5
    drawn = "".join(
        f'<text x="{x:g}" y="{top + place * 13:g}" text-anchor="middle" font-size="{size:g}" font-weight="{weight}" '
        f'fill="{fill}">{escape(each)}</text>'
        for place, (each, size, fill, weight) in enumerate(texts)
    )
    badge = (
        f'<rect x="{x + BOX_WIDTH / 2 - 46:g}" y="{y - BOX_HEIGHT / 2 - 8:g}" width="50" height="15" rx="7" '
        f'fill="{INK}"/><text x="{x + BOX_WIDTH / 2 - 21:g}" y="{y - BOX_HEIGHT / 2 + 3:g}" text-anchor="middle" '
        f'font-size="10" fill="#ffffff">{escape(waiting)}</text>'
        if waiting
        else ""
    )
    fill = FILLS[CaseOwner(owner_at(workflow, status))]
    return (
        f'<rect x="{x - BOX_WIDTH / 2:g}" y="{y - BOX_HEIGHT / 2:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" '
        f'fill="{fill}" stroke="{LINE}"/>{drawn}{badge}'
    )


def _shortened(note: str, lines: int) -> list[str]:
    return wrap(note, LETTERS_A_LINE + 4, max_lines=lines, placeholder=" …")


Curve = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


def _curve(workflow: Workflow, old: str, new: str) -> Curve:
    """Downwards from box to box; back up, or past others of the same lane, out at the side."""
    (x1, y1), (x2, y2) = _middle(workflow, old), _middle(workflow, new)
    half, tall = BOX_WIDTH / 2, BOX_HEIGHT / 2
    far = abs(y2 - y1) / ROW
    if y2 < y1:  # back: leaves and comes in at the right
        out = max(x1, x2) + half + 6 + min(3 * far, 14)
        return (x1 + half, y1 - 8), (out, y1 - 8), (out, y2 + 8), (x2 + half, y2 + 8)
    if x1 == x2 and far > 1:  # past the others of this lane, at the left
        out = x1 - half - min(4 + 3 * far, 18)
        return (x1 - half, y1 + 8), (out, y1 + 8), (out, y2 - 8), (x2 - half, y2 - 8)
    if owner_at(workflow, new) == CaseOwner.NOBODY:  # to its end, which is reached from the left
        end, tail = (x2 - half, y2), (x1 + (16 if x2 > x1 else 0), y1 + tall)
        return tail, (tail[0], end[1]), (end[0] - 30, end[1]), end
    lean = max(-34.0, min(34.0, (x2 - x1) / LANE * 12))
    start, end = (x1 + lean, y1 + tall), (x2 - lean, y2 - tall)
    reach = (end[1] - start[1]) / 2
    return start, (start[0], start[1] + reach), (end[0], end[1] - reach), end


def _arrow(workflow: Workflow, old: str, new: str, colour: str, width: float, dashes: str, kind: str) -> str:
    (a, b), (c, d), (e, f), (g, h) = _curve(workflow, old, new)
    broken = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="M{a:g} {b:g}C{c:g} {d:g} {e:g} {f:g} {g:g} {h:g}" fill="none" stroke="{colour}" '
        f'stroke-width="{width:.1f}"{broken} stroke-opacity="0.85" '
        f'marker-end="url(#{workflow.value}-{kind}-{colour[1:]})"/>'
    )


def _labels(workflow: Workflow, wanted: list[tuple[str, str, str, str]]) -> list[str]:
    """How often each arrow was walked, at a place on it where nothing else is written; the most walked first."""
    taken = [
        (x - BOX_WIDTH / 2 - 2, y - BOX_HEIGHT / 2 - 9, x + BOX_WIDTH / 2 + 2, y + BOX_HEIGHT / 2 + 2)
        for x, y in (_middle(workflow, status.value) for status in STATUSES[workflow])
    ]
    drawn = []
    for old, new, text, colour in reversed(wanted):
        curve = _curve(workflow, old, new)
        half = 3.2 * len(text) + 3
        for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85):
            x, y = _point(curve, share)
            around = (x - half, y - 7, x + half, y + 7)
            if all(_apart(around, other) for other in taken):
                taken.append(around)
                drawn.append(
                    f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11" font-weight="600" '
                    f'fill="{colour}" stroke="#ffffff" stroke-width="3" paint-order="stroke">{escape(text)}</text>'
                )
                break
    return drawn


def _point(curve: Curve, share: float) -> tuple[float, float]:
    rest = 1 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    return (
        sum(weight * x for weight, (x, _) in zip(weights, curve, strict=True)),
        sum(weight * y for weight, (_, y) in zip(weights, curve, strict=True)),
    )


def _apart(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
