"""Commands on the audit: verify it, take it out, anchor it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from adapters import audit_anchors, audit_chain, audit_offline
from adapters.audit_chain import Verdict
from adapters.audit_export import Asked, Format, export
from adapters.audit_search import Wanted
from adapters.migrating import Database
from cli import login
from cli.days import From, To, limits
from models.audit_chain import CHAINS
from models.audit_guards import rights_of_app_role
from models.codes import Role
from models.errors import CountersignError, NotAllowed


class AuditBroken(CountersignError):
    """The audit does not say what was written; the report names the events."""


def register(app: typer.Typer, console: Console) -> None:
    """Add the audit's commands to the command line."""

    @app.command("verify-audit")
    def verify_audit(
        database: Annotated[Database | None, typer.Option(help="Only this one; default both.")] = None,
        anchors: Annotated[Path | None, typer.Option(help="Another folder of anchors, such as a shipped copy.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
        exported: Annotated[
            Path | None, typer.Option("--export", help="An export in JSON lines, checked without any database.")
        ] = None,
        part: Annotated[
            bool,
            typer.Option("--part", help="The export is one stretch of the chain, which does not begin at its start."),
        ] = False,
    ) -> None:
        """Recompute both audit chains; says which event is wrong and how. Exit code 1 when any is."""
        if anchors is not None and not anchors.is_dir():
            raise ValueError(f"{anchors} is no folder")
        if exported is not None:
            whole = audit_offline.verify_export(exported, anchors, from_the_start=not part)
            verdicts = [verdict for verdict in whole if database in (None, verdict.database)]
        else:
            chains = [chain for chain in CHAINS if database in (None, chain.database)]
            verdicts = audit_chain.verify(anchors, chains)
        if as_json:
            print(json.dumps([asdict(verdict) for verdict in verdicts], indent=2))
        else:
            for verdict in verdicts:
                _show(console, verdict)
        faults = sum(verdict.fault_count for verdict in verdicts)
        if faults:
            raise AuditBroken(f"{faults} faults")

    @app.command("audit-export")
    def audit_export(
        form: Annotated[Format, typer.Option("--format", help="CSV, JSON lines, or one FHIR AuditEvent a line.")],
        begin: From = None,
        end: To = None,
        case: Annotated[str, typer.Option(help="Only this case, such as RF-000042.")] = "",
        actor: Annotated[str, typer.Option(help="Only by actors whose id begins so.")] = "",
        action: Annotated[str, typer.Option(help="Only this action, such as case.moved.")] = "",
        record: Annotated[str, typer.Option(help="Only of this record, or of this kind of record.")] = "",
        location: Annotated[str, typer.Option(help="Only of cases of this location.")] = "",
        database: Annotated[Database | None, typer.Option(help="Only this one; default both.")] = None,
    ) -> None:
        """Print the audit, or what fits; for compliance officers, and itself audited."""
        me = login.who()
        if me.role != Role.COMPLIANCE:
            raise NotAllowed("the audit is taken out by compliance officers")
        first, after = limits(begin, end)
        chains = tuple(chain for chain in CHAINS if database in (None, chain.database))
        asked = Asked(Wanted(case, actor, action, record, location, first, after), chains)
        for piece in export(form, asked, actor=me.id, where="command line: audit-export"):
            sys.stdout.write(piece)

    @app.command("database-rights")
    def database_rights(database: Database, role: str) -> None:
        """Print the SQL that gives a PostgreSQL role what Countersign needs and no way to change the audit."""
        if not role.isidentifier():
            raise ValueError("a role is named with letters, digits and _")
        [chain] = [each for each in CHAINS if each.database == database]
        for statement in rights_of_app_role(chain, role):
            print(f"{statement};")

    @app.command()
    def anchor() -> None:
        """Note how both audit chains end now, in the anchor files outside the databases."""
        for written in audit_anchors.write_anchors():
            console.print(f"{written.database}: event {written.last_id}, {written.last_digest}")


def _show(console: Console, verdict: Verdict) -> None:
    anchored = f"{verdict.anchors} anchors" if verdict.anchors else "no anchor yet"
    events = f"{verdict.events} events"
    if verdict.part_of is not None:
        events = (
            f"{events}, a part of {verdict.part_of}: each checked for itself, and that none was left out cannot be told"
        )
    console.print(f"{verdict.database}: {events}, {anchored}, {verdict.fault_count or 'no'} faults")
    for fault in verdict.faults:
        console.print(Text(f"  {fault}"))
    if verdict.fault_count > len(verdict.faults):
        console.print(f"  and {verdict.fault_count - len(verdict.faults)} more")
