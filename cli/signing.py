"""Signing at the terminal: shows exactly what is to be signed, asks for the decision, hands it to the one gate."""

import json
from typing import Any

import click
import typer
from rich.console import Console
from rich.json import JSON
from rich.panel import Panel
from rich.prompt import Prompt

from acts import decisions
from acts.signers import signer_facts
from adapters import therapy_store
from adapters.operational_store import one, one_case, reading
from models.codes import ApprovalKind, AuthenticatedHow, RiskLevel, Verdict
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import Approval, Decision, Patient, Staff
from models.therapy_text import TherapyText
from rules import sign_off

HOW = AuthenticatedHow.COMMAND_LINE_PASSWORD_AND_CODE
WHERE = "command line: sign"


def sign(console: Console, approval_id: str, staff: Staff) -> Decision:
    """Show one sign-off, ask for the decision and record it; raises NotAllowed before anything is shown."""
    approval = _may_open(approval_id, staff)
    content = therapy_store.sign_off_content(approval_id, actor=staff.id, where=WHERE).unwrap()
    decisions.mark_seen(approval_id, staff.id)
    _show(console, approval, content, staff)
    verdict = Verdict(
        Prompt.ask("Verdict", choices=[each.value for each in Verdict], console=console, show_choices=True)
    )
    edited = _edits(console, approval.kind, json.loads(content)) if verdict == Verdict.EDIT_AND_APPROVE else None
    asked = "Your question" if verdict == Verdict.RETURN else "Reason"
    default = None if sign_off.needs_reason(verdict, approval.kind) else ""
    reason = typer.prompt(asked, default=default, show_default=False)
    password = typer.prompt("Password", hide_input=True)
    code = typer.prompt("One-time code")
    return decisions.decide(
        approval_id,
        staff_id=staff.id,
        verdict=verdict,
        reason=TherapyText(reason),
        seen_digest=sign_off.digest(content),
        how=HOW,
        code=code,
        password=password,
        edited=edited,
    )


def _may_open(approval_id: str, staff: Staff) -> Approval:
    """The sign-off, if this person may sign it; who may not sign it has no reason to read it here."""
    with reading() as db:
        approval = one(db, Approval, approval_id)
        case = one_case(db, approval.case_number)
        patient = one(db, Patient, case.patient_id)
    permission = sign_off.may_sign(
        approval.kind,
        approval.status,
        location_id=approval.location_id,
        assigned_to=approval.assigned_to,
        requested_by=approval.requested_by,
        patient_state=decisions.state_of(case, patient),
        signer=signer_facts(staff.id, utc_now().date()),
    )
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    return approval


def _show(console: Console, approval: Approval, content: str, reader: Staff) -> None:
    console.print(f"[bold]{approval.kind.label}[/] · {approval.case_number} · due {approval.due_at:%Y-%m-%d %H:%M} UTC")
    console.print(approval.why)
    if approval.kind == ApprovalKind.RISK_REVIEW:
        for text in therapy_store.texts(approval.case_number, actor=reader.id, where=WHERE):
            console.print(Panel(text.text.unwrap(), title=text.kind.replace("_", " "), title_align="left"))
    console.print(JSON(content))
    console.print(f"You sign exactly this. SHA-256 {approval.digest}")


def _edits(console: Console, kind: ApprovalKind, content: dict[str, Any]) -> dict[str, Any]:
    """The edited fields, each offered with its present value."""
    if kind == ApprovalKind.RISK_REVIEW:
        levels = [each.value for each in RiskLevel]
        return {
            "level": Prompt.ask("Level", choices=levels, default=content["level"], console=console),
            "disposition": Prompt.ask(
                "Disposition", choices=list(sign_off.DISPOSITIONS), default=content["disposition"], console=console
            ),
            "safety_note": typer.prompt("Safety note", default=content["safety_note"]),
        }
    if kind == ApprovalKind.ASSIGNMENT:
        return {"clinician_id": typer.prompt("Clinician", default=content["clinician_id"] or "")}
    if kind == ApprovalKind.ESCALATION:
        return {
            "done": Prompt.ask("What is done", choices=list(sign_off.DONE), console=console),
            "done_words": typer.prompt("Note", default=""),
        }
    return {"letter": click.edit(content["letter"]) or content["letter"]}
