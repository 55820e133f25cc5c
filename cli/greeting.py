"""What a newcomer sees once everything runs: addresses, sign-ins, and what is waiting for whom."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from adapters.sample_practice import SampleSignIn, sample_sign_ins
from adapters.settings import settings
from cli import codes, views
from models.codes import CaseOwner, Role
from models.errors import NotAllowed
from models.operational import Staff


def show(console: Console, *, took: float, first_case: float | None) -> None:
    here = settings()
    console.print()
    console.print(f"[bold]Sign-off desk[/]   {here.desk_url}")
    console.print(f"[bold]Prefect[/]         {here.prefect_ui_url}   ({prefect_sign_in_hint()})")
    console.print(f"[bold]Portal[/]          {here.portal_url}   (patients come with a link: countersign outbox)")
    sign_ins = sample_sign_ins()
    if sign_ins:
        console.print(_sign_in_table(sign_ins))
        console.print("A code works once and for half a minute; the next one: [bold]countersign code EMAIL[/]")
    console.print(waiting_table())
    if first_case is not None:
        console.print(f"First case waiting for a signature {first_case:.1f} s after the start.")
    console.print(f"Everything up after {took:.1f} s. Ctrl-C stops all of it.\n")


def prefect_sign_in_hint() -> str:
    """Where whoever opens Prefect's pages finds what they ask for; never the words themselves."""
    here = settings()
    if here.prefect_sign_in:
        return "sign in with what COUNTERSIGN_PREFECT_SIGN_IN says"
    return f"sign in with the line in {here.prefect_sign_in_file}"


def _sign_in_table(sign_ins: list[SampleSignIn]) -> Table:
    """Everybody for whom something waits, and one person of every other role."""
    waiting = _waiting_by_person()
    shown: list[SampleSignIn] = []
    for each in sign_ins:
        if waiting[each.staff_id] or each.role not in {other.role for other in shown}:
            shown.append(each)
    table = Table(title="Sign in as", title_justify="left", caption_justify="left")
    for heading in ("role", "name", "e-mail", "password", "code now", "waiting"):
        table.add_column(heading, no_wrap=True)
    for each in sorted(shown, key=lambda one: (list(Role).index(one.role), one.staff_id)):
        count = waiting[each.staff_id]
        table.add_row(each.role.value, each.name, each.email, each.password, _code(each), str(count or ""))
    if len(shown) < len(sign_ins):
        table.caption = f"{len(sign_ins) - len(shown)} more: countersign users list --sign-ins"
    return table


def _code(sign_in: SampleSignIn) -> str:
    try:
        return codes.next_code(sign_in)
    except NotAllowed:
        return "in 30 s"


def _waiting_by_person() -> Counter[str]:
    """Open sign-offs and to-dos by the member of staff they are assigned to; a coordinator's by place too."""
    counts: Counter[str] = Counter()
    people = views.staff()
    for approval in views.open_sign_offs():
        counts.update(_for_whom(people, approval.assigned_to, approval.role, approval.location_id))
    for to_do in views.open_to_dos():
        holder = to_do.claimed_by or to_do.assigned_to
        counts.update(_for_whom(people, holder, to_do.role, to_do.location_id))
    return counts


def _for_whom(people: list[Staff], holder: str | None, role: Role, location_id: str) -> list[str]:
    if holder:
        return [holder]
    return [one.id for one in people if one.role == role and location_id in one.location_ids]


def waiting_table() -> Table:
    """How many cases wait for whom: by role, person and kind."""
    names = {person.id: person.name for person in views.staff()}
    counts: Counter[tuple[str, str, str]] = Counter()
    for approval in views.open_sign_offs():
        level = f" ({approval.level.value})" if approval.level else ""
        who = names.get(approval.assigned_to or "", f"any {approval.role.value}, {approval.location_id}")
        counts[approval.role.value, who, f"sign-off: {approval.kind.label}{level}"] += 1
    for to_do in views.open_to_dos():
        who = names.get(to_do.claimed_by or to_do.assigned_to or "", f"any {to_do.role.value}, {to_do.location_id}")
        counts[to_do.role.value, who, to_do.kind.label] += 1
    for row in views.cases():
        if row.owner == CaseOwner.PATIENT.value:
            counts["patient", "the patient", row.label] += 1
    table = Table(title="What is waiting for whom", title_justify="left")
    for heading in ("role", "person", "what", "cases"):
        table.add_column(heading, justify="right" if heading == "cases" else "left")
    for (role, who, what), count in sorted(counts.items()):
        table.add_row(role, who, what, str(count))
    return table
