"""How the command line shows rows: tables for a person, plain values for a program."""

from datetime import datetime
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from acts.accounts import FIRST_PASSWORD, NewSignIn, id_of
from adapters.desk_logins import living_logins
from adapters.health import look
from adapters.portal_links import url_of
from adapters.sample_practice import sample_sign_ins
from adapters.settings import settings
from cli import views
from models.columns import utc_now
from models.operational import OutboxMessage, QuarantinedRow, Staff, ToDo
from web.desk import words


def parts() -> dict[str, bool]:
    """Which parts answer now."""
    here = settings()
    addresses = {
        "prefect": f"{here.prefect_api_url}/health",
        "desk": f"http://127.0.0.1:{here.desk_port}/healthz",
        "portal": f"http://127.0.0.1:{here.portal_port}/healthz",
    }
    return {name: _answers(url) for name, url in addresses.items()}


def health() -> dict[str, bool]:
    """Every check of the installation, and whether each part that has an address answers."""
    answering = {name: lives for name, lives in parts().items() if name != "prefect"}
    return {**look().checks, **answering}


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def show_status(console: Console, report: dict[str, Any]) -> None:
    for name, lives in report["parts"].items():
        console.print(f"{name:8} {'answers' if lives else '[red]does not answer[/]'}")
    console.print(f"Prefect's pages: {settings().prefect_ui_url}, {report['prefect_sign_in']}")
    console.print(f"worker   last seen {report['worker_last_seen'] or '[red]never[/]'}")
    for name, at in report["heartbeats"].items():
        console.print(f"{name}: last round {at}")
    table = Table("status", "cases", title="Cases", title_justify="left")
    for label, count in report["cases_by_status"].items():
        table.add_row(label, str(count))
    console.print(table)
    for name in ("open_sign_offs", "open_to_dos", "messages_queued", "messages_failed", "quarantined_rows"):
        console.print(f"{name.replace('_', ' ')}: {report[name]}")
    late = report["overdue_cases"]
    console.print(f"overdue: {', '.join(late) if late else 'nothing'}")


def case_table(rows: list[views.CaseRow], now: datetime) -> Table:
    table = _table("case", "waits for", "owner", "location", "since", "due", "assigned to")
    for row in rows:
        due = clock(row.due_at, now) if row.due_at else ""
        table.add_row(
            row.case_number, row.label, row.owner, row.location, ago(row.since, now), due, row.assigned_to or ""
        )
    return table


def show_case(console: Console, row: views.CaseRow, events: list[tuple[datetime, str, str, dict[str, Any]]]) -> None:
    console.print(f"[bold]{row.case_number}[/] · {row.label} · {row.location} · owner: {row.owner}")
    table = _table("UTC", "who", "what", "details")
    for at, actor, action, details in events:
        words = ", ".join(f"{name} {value}" for name, value in details.items())
        table.add_row(f"{at:%Y-%m-%d %H:%M:%S}", actor, action, words)
    console.print(table)


def waits() -> list[dict[str, Any]]:
    """Every open sign-off and to-do, the first due first."""
    found = [
        {
            "id": approval.id,
            "case_number": approval.case_number,
            "what": approval.kind.label,
            "level": approval.level.value if approval.level else None,
            "role": approval.role.value,
            "person": approval.assigned_to,
            "location": approval.location_id,
            "since": approval.opened_at,
            "due_at": approval.due_at,
        }
        for approval in views.open_sign_offs()
    ]
    found += [
        {
            "id": to_do.id,
            "case_number": to_do.case_number,
            "what": to_do.kind.label,
            "level": None,
            "role": to_do.role.value,
            "person": to_do.claimed_by or to_do.assigned_to,
            "location": to_do.location_id,
            "since": to_do.opened_at,
            "due_at": to_do.due_at,
        }
        for to_do in views.open_to_dos()
    ]
    return sorted(found, key=lambda one: one["due_at"])


def wait_table() -> Table:
    now = utc_now()
    table = _table("id", "case", "what", "role", "person", "since", "due")
    for one in waits():
        level = f" ({one['level']})" if one["level"] else ""
        table.add_row(
            one["id"],
            one["case_number"],
            one["what"] + level,
            one["role"],
            one["person"] or f"any, {one['location']}",
            ago(one["since"], now),
            clock(one["due_at"], now),
        )
    return table


def to_do_table(to_dos: list[ToDo]) -> Table:
    now = utc_now()
    table = _table("id", "case", "what", "role", "location", "claimed by", "due")
    for to_do in to_dos:
        table.add_row(
            to_do.id,
            to_do.case_number,
            words.title(to_do.kind, to_do.role, to_do.unique_key),
            to_do.role.value,
            to_do.location_id,
            to_do.claimed_by or "",
            clock(to_do.due_at, now),
        )
    return table


def show_quarantine(console: Console, rows: list[QuarantinedRow]) -> None:
    table = _table("file", "row", "field", "reason", "status")
    for row in rows:
        table.add_row(row.file_id, str(row.row), row.field, row.reason, row.status.value)
    console.print(table)
    if rows:
        console.print(
            f"The broken rows lie in {settings().to_fix_folder}, one file for each received file. Correct them there, "
            "then: countersign drop FILE"
        )


def message_table(messages: list[OutboxMessage]) -> Table:
    """Messages by kind and case; a link only while its patient can use it."""
    table = _table("queued (UTC)", "case", "message", "by", "status", "link")
    newest: set[str] = set()
    for message in messages:
        address = ""
        if message.case_number and message.to_patient_id and message.case_number not in newest:
            found = views.usable_link(message.case_number)
            address = url_of(found) if found else ""
            newest.add(message.case_number)
        table.add_row(
            f"{message.created_at:%Y-%m-%d %H:%M}",
            message.case_number or "",
            message.template.replace("_", " "),
            message.channel.value,
            message.status.value,
            address,
        )
    return table


def staff_table(people: list[Staff]) -> Table:
    table = _table("id", "role", "name", "e-mail", "locations", "team", "on call", "active")
    for one in people:
        table.add_row(
            one.id,
            one.role.value,
            one.name,
            one.email,
            ", ".join(one.location_ids),
            one.team,
            "yes" if one.on_call else "",
            "yes" if one.active else "no",
        )
    return table


def sign_in_table() -> Table:
    table = _table("id", "role", "name", "e-mail", "password")
    for one in sample_sign_ins():
        table.add_row(one.staff_id, one.role.value, one.name, one.email, one.password)
    return table


def show_new_sign_in(console: Console, made: NewSignIn) -> None:
    show_new_sign_ins(console, (made,))


def show_new_sign_ins(console: Console, made: tuple[NewSignIn, ...]) -> None:
    for each in made:
        console.print(f"{each.staff_id} · {each.email}")
        console.print(f"password: {each.password}", highlight=False)
    if not made:
        return
    console.print("The first sign-in on the desk sets their own password and authenticator app: leave its code empty.")
    console.print(f"It works for {FIRST_PASSWORD.days} days. Shown once; hand it over in person.")


def _table(*headings: str) -> Table:
    """A table that folds what is too long instead of cutting it: half an id is of no use; the first stays whole."""
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == headings[0])
    return table


def ago(then: datetime, now: datetime) -> str:
    """How long since, in the one unit a person would use."""
    return _span((now - then).total_seconds())


def clock(due: datetime, now: datetime) -> str:
    """``in 40 min``, or how long something is overdue."""
    left = (due - now).total_seconds()
    return f"in {_span(left)}" if left >= 0 else f"[red]overdue {_span(-left)}[/]"


def _span(seconds: float) -> str:
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"


def login_table(email: str) -> Table:
    """Where a person is signed in now."""
    table = _table("since", "last seen", "where", "how")
    for login in living_logins(id_of(email)):
        table.add_row(
            f"{login.created_at:%Y-%m-%d %H:%M}", f"{login.last_seen_at:%Y-%m-%d %H:%M}", login.browser, login.how
        )
    return table
