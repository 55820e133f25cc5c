"""Writes the map of workflows as a page of Markdown with drawings, small counts left out."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from acts.workflow_map import as_drawn, walked
from adapters import workflow_drawing, workflow_views
from adapters.operational_store import reading
from adapters.workflow_drawing import span
from models.governance_codes import Workflow
from models.operational import Location
from models.small_cells import FEWEST, tells
from models.workflow_steps import STATUSES
from rules.workflow_map import Map, rows_of, slowest, suppressed

PAGE, FOLDER = "workflow-map.md", "workflow-map"
SAMPLE = (
    "**A sample.** The practice and its patients are invented, and what people decide is drawn by chance with a fixed "
    "seed; the intake, every step, act, sign-off and overdue notice is the program's own, under a clock that was moved "
    "on. `python -m benchmarks.walked_referrals --docs` walks it again and writes this page."
)
HEAD = """# Workflow map

Generated from the flows, the tables of transitions and the audit. `countersign map --docs` writes it for an
installation; the desk's page *Workflow map* shows the same with who waits now
([why it is made so](decisions/0027-workflow-map.md)).

{sample}

A wait ends when the case is moved on; who still waits counts as waiting until {as_of:%Y-%m-%d}, and medians are
Kaplan-Meier's. Counts of fewer than {fewest} cases are left out.
"""


def write(docs: Path, as_of: datetime, workflows: Sequence[Workflow], sample: str = "") -> list[Path]:
    """The page and the drawings of these workflows at every location, under ``docs``; returns what was written."""
    with reading() as db:
        places = list(db.exec(select(Location.id)).all())
    folder = docs / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    parts, written = [HEAD.format(sample=sample, as_of=as_of, fewest=FEWEST)], []
    for workflow in workflows:
        whole = walked(workflow, places, as_of)
        drawings = {"mapped": workflow_drawing.draw_mapped(workflow, workflow_views.flow_steps(workflow))}
        if whole.cases >= FEWEST:
            found = suppressed(whole)
            still_open = found.open_cases if _enough(found) else None
            drawings["walked"] = workflow_drawing.draw_walked(as_drawn(found, open_cases=still_open))
            parts.append(_section(found, whole))
        else:
            parts.append(f"## {workflow.label}\n\nFewer than {FEWEST} cases: nothing is told of them.\n")
        for kind, drawn in drawings.items():
            path = folder / f"{workflow.value}-{kind}.svg"
            path.write_text(drawn + "\n")
            written.append(path)
    page = docs / PAGE
    page.write_text("\n".join(parts))
    return [page, *written]


def _enough(found: Map) -> bool:
    """Whether so many are open that their number may leave the practice."""
    return not tells(found.open_cases)


def _section(found: Map, whole: Map) -> str:
    workflow = found.workflow
    still_open = found.open_cases if _enough(found) else f"fewer than {FEWEST}"
    odd = int(whole.not_allowed["count"].sum())
    lines = [
        f"## {workflow.label}\n",
        f"{found.cases} cases, {still_open} of them open, {found.moves} moves of {len(whole.edges)} kinds. "
        f"Moves that the table of transitions does not allow: {odd}. Moves that do not begin where the one before "
        f"ended: {found.gaps}. Allowed moves that no case walked: {len(found.never_walked)}.\n",
        "| as mapped | as walked |\n|---|---|",
        f"| ![{workflow.label} as mapped]({FOLDER}/{workflow.value}-mapped.svg) "
        f"| ![{workflow.label} as walked]({FOLDER}/{workflow.value}-walked.svg) |\n",
        "### Where cases wait\n",
        _waits(
            rows_of(found.steps),
            lambda row: [_step(workflow, row["status"]), row["owner"]],
            "step",
            "waits for",
        ),
        "### By whom they wait for\n",
        _waits(rows_of(found.owners), lambda row: [row["owner"]], "waits for"),
        "### The ten slowest handoffs, by the time waited in all\n",
        _handoffs(workflow, slowest(found.handoffs, "total_hours")),
        "### The ten slowest handoffs, by the median wait\n",
        _handoffs(workflow, slowest(found.handoffs, "median_hours")),
        "### Where it fails\n",
        _table(
            ("step", "what", "times", "cases", "of all cases"),
            [
                (_step(workflow, row["status"]), row["failure"], row["count"], row["cases"], f"{row['share']:.0%}")
                for row in rows_of(found.failures)
            ],
        ),
        "### Moves as walked\n",
        _table(
            ("from", "to", "times", "of all cases", "median wait before", "9 of 10 by"),
            [
                (
                    _step(workflow, row["old"]),
                    _step(workflow, row["new"]),
                    row["count"],
                    f"{row['share']:.0%}",
                    span(row["median_hours"]),
                    span(row["p90_hours"]),
                )
                for row in rows_of(found.edges)
            ],
        ),
    ]
    return "\n".join(lines)


def _step(workflow: Workflow, status: str) -> str:
    known: Any = {each.value: each for each in STATUSES[workflow]}
    return str(known[status].label) if status in known else status or "before there is a case"


def _waits(rows: list[dict[str, Any]], names: Any, *heads: str) -> str:
    return _table(
        (*heads, "visits", "median wait", "9 of 10 by", "waited in all", "wait at the end"),
        [
            (
                *names(row),
                row["visits"],
                span(row["median_hours"]),
                span(row["p90_hours"]),
                span(row["total_hours"]),
                f"fewer than {FEWEST}" if row["waiting"] is None else row["waiting"],
            )
            for row in rows
        ],
    )


def _handoffs(workflow: Workflow, rows: list[dict[str, Any]]) -> str:
    def names(row: dict[str, Any]) -> list[str]:
        left = f" ({_step(workflow, row['gave_at'])})" if row["gave_at"] else ""
        return [f"{row['giver']}{left}", f"{row['receiver']} ({_step(workflow, row['received_at'])})"]

    return _waits(rows, names, "from", "to")


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join(lines + [f"| {' | '.join(str(each) for each in row)} |" for row in rows]) + "\n"
