"""What an analyst reads in Prefect: the result of an intake, and who waits for whom; ids and counts only."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import pandas as pd
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from adapters.settings import settings
from models.codes import RowOutcome
from models.operational import WorkflowStanding
from rules.claim_metrics import Share
from rules.claim_sign_off import dollars
from rules.metrics import NoShowRate, TimeToFirstAppointment
from rules.waitlist_fairness import RATES
from tasks.claim_figures import ClaimFigures
from tasks.claim_report import ClaimsStanding
from tasks.intake import FileResult
from tasks.night_report import NightSummary, PartDone
from tasks.sessions import ExportResult, SessionCounts
from tasks.waiting import Waiting

INTAKE_KEY = "intake-result"
WAITING_KEY = "waiting-for-whom"
FIGURES_KEY = "first-appointment-figures"
SESSIONS_KEY = "sessions-result"
CLAIMS_KEY = "claims-standing"
FAIRNESS_KEY = "waitlist-fairness"
NIGHT_KEY = "the-night"
PROGRESS_KEY = "the-night-so-far"
STANDING_KEY = "workflow-standing"


def intake_markdown(results: Sequence[FileResult]) -> str:
    """The intake's result as Markdown: totals, then each file with its faults by row and field."""
    names = ["received", *(outcome.value for outcome in RowOutcome)]
    total = {name: sum(result.counts.get(name, 0) for result in results) for name in names}
    lines = [
        "# Intake result",
        "",
        "| " + " | ".join(names) + " |",
        "|" + "---|" * len(names),
        "| " + " | ".join(str(total[name]) for name in names) + " |",
        "",
    ]
    if not results:
        lines.append("Nothing new was in the intake folder.")
    for result in results:
        lines += _file_lines(result)
    lines += [
        "",
        f"Rows to correct are on the desk ({settings().desk_url}/intake) and in the folder `to-fix`; "
        "a corrected file is dropped like a new one, and only its rows are received.",
    ]
    return "\n".join(lines)


def _file_lines(result: FileResult) -> list[str]:
    counts = ", ".join(f"{name} {count}" for name, count in result.counts.items())
    lines = ["", f"## `{result.file_id}` ({result.kind})", "", counts]
    if result.refused:
        lines.append(f"\nRefused as a whole: {result.refused}")
    if result.docs_path:
        lines.append(f"\n[Great Expectations Data Docs]({settings().desk_url}/contract-docs/{result.docs_path})")
    if result.findings:
        lines += ["", "| row | field | what is wanted |", "|---|---|---|"]
        lines += [f"| {row} | {field} | {reason} |" for row, field, reason in result.findings]
    return lines


async def publish_intake(results: Sequence[FileResult]) -> None:
    await acreate_markdown_artifact(
        markdown=intake_markdown(results), key=INTAKE_KEY, description="Received, accepted, quarantined, duplicates"
    )


def sessions_markdown(results: Sequence[ExportResult], counts: SessionCounts) -> str:
    """What the exports brought and where the sessions stand, without any value of theirs."""
    lines = ["# Sessions", ""]
    for result in results:
        brought = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.counts.items())) or "nothing"
        lines.append(f"- `{result.file_id}`: {result.refused or brought}")
        lines += [f"  - row {row}, {field}: {reason}" for row, field, reason in result.findings]
    for title, part in (
        ("Where they stand", counts.by_status),
        ("What was proposed", counts.by_draft),
        ("What became of the transcripts", counts.by_transcript),
        ("Waiting for the signature of", counts.waiting_for),
    ):
        lines += ["", f"## {title}", "", "| | sessions |", "|---|---|"]
        lines += [f"| {name.replace('_', ' ')} | {count} |" for name, count in sorted(part.items())]
    return "\n".join(lines) + "\n"


async def publish_sessions(results: Sequence[ExportResult], counts: SessionCounts) -> None:
    await acreate_markdown_artifact(
        markdown=sessions_markdown(results, counts),
        key=SESSIONS_KEY,
        description="Session exports: received, drafted, refused and why, waiting for whom",
    )


def claims_markdown(standing: ClaimsStanding) -> str:
    """How claims stand, in counts and dollars."""
    lines = [
        "# Claims",
        "",
        f"Paid {dollars(standing.paid_cents)}, still owed {dollars(standing.owed_cents)}; owed back "
        f"{dollars(standing.owed_back_cents)}, given back {dollars(standing.given_back_cents)}; "
        f"{standing.files_refused} files refused. Exceptions are on the desk ({settings().desk_url}/claims).",
    ]
    for title, part in (
        ("Where they stand", standing.by_status),
        ("Who must act", standing.by_owner),
        ("Exceptions by queue", standing.by_queue),
        ("Coverage of the days ahead", standing.coverage),
    ):
        lines += ["", f"## {title}", "", "| | count |", "|---|---|"]
        lines += [f"| {name.replace('_', ' ')} | {count} |" for name, count in sorted(part.items())]
    lines += ["", "## Dollars by stage", "", "| | owed |", "|---|---|"]
    lines += [f"| {name} | {dollars(cents)} |" for name, cents in sorted(standing.cents_by_stage.items())]
    if standing.figures is not None:
        lines += _figure_lines(standing.figures)
    return "\n".join(lines) + "\n"


def _figure_lines(figures: ClaimFigures) -> list[str]:
    """Rates, denials and ageing, each with what it was counted from."""
    days = figures.days_in_receivables
    wait = figures.days_to_payment
    rates = (
        ("clean claims (nobody touched them)", figures.clean),
        ("accepted at the first sending", figures.accepted_first),
        ("denied, by claims", figures.denied.claims),
        ("denied, by dollars", figures.denied.cents),
    )
    lines = ["", "## Figures", "", "| | rate | of |", "|---|---|---|"]
    lines += [f"| {name} | {_percent(share)} | {share.whole} |" for name, share in rates]
    lines.append(f"| days in receivables | {'not known yet' if days is None else round(float(days), 1)} | |")
    lines.append(f"| days to payment, median | {_known(wait.median_days)} | {wait.submitted} |")
    lines.append(f"| days to payment, nine in ten | {_known(wait.p90_days)} | {wait.submitted} |")
    lines += ["", "## Denials by payer and reason", "", "| payer | reason | claims | dollars |", "|---|---|---|---|"]
    lines += [f"| {one.payer_code} | {one.reason} | {one.claims} | {dollars(one.cents)} |" for one in figures.denials]
    names = list(figures.patient_ageing.cents)
    lines += ["", "## Owed, by days waited", "", "| who | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for who, ageing in (*figures.payer_ageing.items(), ("patients", figures.patient_ageing)):
        lines.append(f"| {who} | " + " | ".join(dollars(ageing.cents[name]) for name in names) + " |")
    return lines


def _percent(share: Share) -> str:
    return "not known yet" if share.rate is None else f"{float(share.rate):.1%}"


def _known(days: int | None) -> str:
    return "not known yet" if days is None else str(days)


async def publish_claims(standing: ClaimsStanding) -> None:
    await acreate_markdown_artifact(
        markdown=claims_markdown(standing),
        key=CLAIMS_KEY,
        description="Claims: where they stand, who must act, dollars",
    )


def waiting_rows(waits: Sequence[Waiting], now: datetime) -> list[dict[str, str]]:
    """One row per wait: case, what, for whom, since how long, overdue or not."""
    return [
        {
            "case": one.case_number,
            "waits for": one.wait,
            "role": one.owner,
            "who": one.who,
            "location": one.location_id,
            "waiting": _span((now - one.since).total_seconds()),
            "due": one.due_at.strftime("%Y-%m-%d %H:%M UTC") if one.due_at else "",
            "overdue": _span((now - one.due_at).total_seconds()) if one.due_at and one.due_at < now else "",
        }
        for one in waits
    ]


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, rest = divmod(minutes, 24 * 60)
    return (f"{days} d " if days else "") + f"{rest // 60} h {rest % 60:02d} min"


async def publish_waiting(waits: Sequence[Waiting], now: datetime) -> None:
    await acreate_table_artifact(
        table=waiting_rows(waits, now), key=WAITING_KEY, description="Which cases wait for whom, how long, overdue"
    )


def standing_rows(standings: Iterable[WorkflowStanding]) -> list[dict[str, str]]:
    """How far each workflow goes where, as rows; the same as on the desk's page."""
    return [
        {
            "workflow": each.workflow.value,
            "location": each.location_id,
            "level": each.level.value,
            "runs as": each.runs_as.value,
            "locked": {True: "yes", False: "no", None: "not judged yet"}[each.locked],
            "why": "; ".join(each.reasons),
        }
        for each in standings
    ]


async def publish_standings(standings: Iterable[WorkflowStanding]) -> None:
    await acreate_table_artifact(
        table=standing_rows(standings),
        key=STANDING_KEY,
        description=f"How far each workflow goes at each location, and why; {settings().desk_url}/workflows",
    )


async def publish_figures(figures: tuple[TimeToFirstAppointment, NoShowRate]) -> None:
    rows = [
        {"figure": name, "value": "not known yet" if value is None else str(value)}
        for part in figures
        for name, value in asdict(part).items()
    ]
    await acreate_table_artifact(table=rows, key=FIGURES_KEY, description="Time to first appointment, no-show rate")


def fairness_rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """The waitlist's report as rows; what is hidden says so. ``table`` has its small counts hidden already."""
    rows = []
    for row in table.to_dict(orient="records"):
        told = {str(name): "hidden" if pd.isna(value) else str(value) for name, value in row.items()}
        rates = {name: told[name] if told[name] == "hidden" else f"{float(row[name]):.0%}" for name in RATES}
        rows.append(told | rates)
    return rows


async def publish_fairness(table: pd.DataFrame) -> None:
    await acreate_table_artifact(
        table=fairness_rows(table), key=FAIRNESS_KEY, description="Waitlist: who is offered times and who gets them"
    )


def night_markdown(night: NightSummary) -> str:
    """A night that a person reads in a minute: what went wrong first, then who must act, then what was done."""
    desk = settings().desk_url
    failed = [part for part in night.parts if part.status == "failed"]
    lines = [f"# The night of {night.night.isoformat()}", ""]
    lines.append(
        f"**{len(failed)} of {len(night.parts)} parts failed.** Run `nightly/nightly` again for this night: it does "
        "only what is missing."
        if failed
        else f"All {len(night.parts)} parts are done."
    )
    lines += [f"- {part.part} ({part.location_id}): {part.failure}, {part.attempts} attempts" for part in failed]
    lines += ["", "## Who must act", "", "| | waiting | overdue |", "|---|---|---|"]
    lines += [f"| {who} | {count} | {night.overdue.get(who, 0)} |" for who, count in night.waiting.items()]
    if not night.waiting:
        lines.append("| nobody | 0 | 0 |")
    lines += [
        "",
        f"[The queue]({desk}/queue) shows each of them.",
        "",
        "## Put aside",
        "",
        f"- {night.rows_quarantined} rows in quarantine, to be corrected: [intake]({desk}/intake)",
        f"- {night.files_refused} files of the clearinghouse refused: [claims]({desk}/claims)",
        "",
        "## Done",
        "",
        "| part | location | seconds | counts |",
        "|---|---|---|---|",
    ]
    lines += [_part_line(part) for part in night.parts]
    lines += ["", "## Figures", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in night.figures.items()]
    return "\n".join(lines) + "\n"


def _part_line(part: PartDone) -> str:
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in part.counts.items() if count)
    said = counts if part.status == "done" else part.status
    seconds = "" if part.seconds is None else part.seconds
    return f"| {part.part} | {part.location_id} | {seconds} | {said or 'nothing new'} |"


async def publish_night(night: NightSummary) -> None:
    """The one artifact of a night."""
    await acreate_markdown_artifact(
        markdown=night_markdown(night), key=NIGHT_KEY, description="Done, waiting by owner, overdue, put aside, failed"
    )


async def begin_progress() -> UUID:
    """A bar in Prefect's page of the run; each part moves it on."""
    return await acreate_progress_artifact(0.0, key=PROGRESS_KEY, description="How much of the night is done")


async def show_progress(bar: UUID, done: int, of: int, part: str) -> None:
    await aupdate_progress_artifact(bar, 100.0 * done / of, description=f"{done} of {of}: {part}")
