"""`countersign prove`, `workflows`, `demote`: what a workflow may do where, tried out, shown, taken down."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout
from rich.console import Console
from rich.text import Text

from acts import standings
from adapters.code_version import code_version
from adapters.operational_store import audit, writing
from adapters.settings import CHECKOUT, settings
from models.columns import new_id
from models.errors import OutsideRefused
from models.governance_codes import Level, Workflow
from models.operational import WorkflowProof, WorkflowStanding
from models.standing import DEMOTION_LABELS, DemotionReason, ProofKind

OWN = ("COUNTERSIGN_HOME", "COUNTERSIGN_OPERATIONAL_URL", "COUNTERSIGN_THERAPY_URL")
"""Settings that name this installation: a scratch one must see none of them."""
LONGEST_SECONDS = 300
SCRATCH_PREFIX = ".trying-out-"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def register(app: typer.Typer, console: Console) -> None:
    """Add the commands."""

    @app.command()
    def prove(
        workflow: Annotated[Workflow | None, typer.Argument(help="All of them, unless one is named.")] = None,
        quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing; for the worker.")] = False,
    ) -> None:
        """Try workflows out on this version, in a scratch installation. Exit code 1 when a proof fails."""
        proofs = prove_here([workflow] if workflow else list(Workflow))
        for each in proofs if not quiet else ():
            said = "passed" if each.passed else f"FAILED: {each.why}"
            console.print(
                Text(f"{each.workflow.value} {each.kind.value}: {said} ({each.seconds:.2f} s)"), soft_wrap=True
            )
        if any(not each.passed for each in proofs):
            raise typer.Exit(1)

    @app.command("prove-in-scratch", hidden=True)
    def prove_in_scratch(names: Annotated[list[Workflow], typer.Argument()]) -> None:
        """Try workflows out right here, which must be a scratch installation."""
        from tasks import proofs

        os.nice(10)
        proofs.begin()
        for name in names:
            for each in proofs.prove(name):
                print(json.dumps({**vars(each)}))

    @app.command()
    def workflows(as_json: AsJson = False) -> None:
        """How far each workflow goes at each location, and why not further."""
        rows = [each.record for each in standings.overview()]
        if as_json:
            print(json.dumps([_plain(row) for row in rows], indent=2))
            return
        for row in rows:
            locked = " · LOCKED" if row.locked else ""
            console.print(
                Text(f"{row.workflow.value} {row.location_id}: {row.runs_as.value} (set to {row.level.value}){locked}"),
                soft_wrap=True,
            )
            for reason in row.reasons:
                console.print(Text(f"  {reason}"), soft_wrap=True)

    @app.command()
    def demote(
        workflow: Workflow,
        location: Annotated[str, typer.Argument(help="Such as LOC-1.")],
        staff_id: Annotated[str, typer.Option(help="Who does it.")],
        to: Annotated[Level, typer.Option(help="How far it may still go.")] = Level.OFF,
        reason: Annotated[DemotionReason, typer.Option(help="Why.")] = DemotionReason.WRONG_RESULT,
    ) -> None:
        """Take a workflow down at a location, at once; going up is an owner's signature on the desk."""
        done = standings.demote(workflow, location, to, staff_id=staff_id, reason=reason)
        console.print(
            Text(f"{workflow.value} runs as {done.runs_as.value} at {location}: {DEMOTION_LABELS[reason].lower()}."),
            soft_wrap=True,
        )


def prove_here(workflows: list[Workflow]) -> list[WorkflowProof]:
    """Have these workflows tried out in a process and an installation of their own, and keep what came of it.

    One at a time in an installation; whoever comes second finds nothing left to do and gets what was kept.
    """
    settings().make_folders()
    version = code_version()
    try:
        with FileLock(settings().home / "proving.lock", timeout=0):
            for left in settings().home.glob(f"{SCRATCH_PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)  # of one that was killed; nobody else has the lock
            proofs = [
                WorkflowProof(
                    id=new_id("WP"),
                    workflow=Workflow(row["workflow"]),
                    code_version=version,
                    kind=ProofKind(row["kind"]),
                    passed=row["passed"],
                    why=row["why"],
                    seconds=row["seconds"],
                )
                for row in _tried_out(workflows)
            ]
            _keep(proofs)
            return proofs
    except Timeout:
        raise OutsideRefused("another process is trying workflows out here: wait for it") from None


def _tried_out(workflows: list[Workflow]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=settings().home) as scratch:
        (Path(scratch) / "scratch-installation").touch()
        ended = subprocess.run(
            [sys.executable, "-m", "cli.app", "prove-in-scratch", *(each.value for each in workflows)],
            cwd=CHECKOUT,
            env={
                **{name: value for name, value in os.environ.items() if name not in OWN},
                "COUNTERSIGN_HOME": scratch,
                "COUNTERSIGN_SAMPLES": "false",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    if ended.returncode != 0:
        return [
            {"workflow": each, "kind": kind, "passed": False, "why": "the trial itself broke off", "seconds": 0.0}
            for each in workflows
            for kind in ProofKind
        ]
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def _keep(proofs: list[WorkflowProof]) -> None:
    with writing() as db:
        for proof in proofs:
            db.add(proof)
            audit(
                db,
                "system",
                "workflow.proved",
                ("workflow", proof.workflow.value),
                kind=proof.kind.value,
                passed=proof.passed,
                version=proof.code_version,
            )


def _plain(record: WorkflowStanding) -> dict[str, object]:
    names = ("workflow", "location_id", "level", "runs_as", "locked", "reasons", "checks", "budget", "code_version")
    return {name: getattr(record, name) for name in names}
