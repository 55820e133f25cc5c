"""Has every automated step its entry and its declaration, does every entry name a step, is what it says there?"""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import typer.main
from prefect import Task

import tasks
from models.automated_steps import AutomatedStep, Scale, StepKind
from models.codes import ApprovalKind, ToDoKind
from models.declared_reads import DECLARED
from models.operational import METADATA as OPERATIONAL
from models.step_register import BY_HAND, BY_NAME, STEPS
from models.therapy import METADATA as THERAPY
from models.therapy import TherapyTextColumn
from rules.access import ROUTES
from tasks import nights, runs, sign_offs

ROOT = Path(__file__).parents[2]
TABLES = {**OPERATIONAL.tables, **THERAPY.tables}
CONTENT = {
    table.name
    for table in THERAPY.tables.values()
    if any(isinstance(column.type, TherapyTextColumn) for column in table.columns)
}


def recorded_steps() -> set[str]:
    """The name of every Prefect task that a module of ``tasks`` makes."""
    modules = [importlib.import_module(f"tasks.{each.name}") for each in pkgutil.iter_modules(tasks.__path__)]
    return {value.name for module in modules for value in vars(module).values() if isinstance(value, Task)}


def named_in_the_source() -> set[str]:
    """What else runs in a step's name: ``in_its_name("…")`` anywhere."""
    found = set()
    for path in (ROOT / "tasks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "in_its_name":
                found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    return found


def everything_that_runs() -> dict[str, StepKind]:
    return {
        **dict.fromkeys((part.does for part in nights.PARTS), StepKind.NIGHT_PART),
        **dict.fromkeys(recorded_steps(), StepKind.TASK),
        **dict.fromkeys(sign_offs.LAID_OUT_BY.values(), StepKind.LAYING_OUT),
        **dict.fromkeys(named_in_the_source() | {runs.STEERING}, StepKind.WORKER),
    }


def test_every_automated_step_has_its_entry_and_every_entry_names_one():
    assert {step.name: step.kind for step in STEPS} == everything_that_runs()
    assert len(BY_NAME) == len(STEPS), "two entries under one name"


def test_every_entry_has_its_declaration():
    assert set(DECLARED) == set(BY_NAME)


def test_declarations_name_fields_and_content_that_exist():
    unknown = [
        f"{step}: {name}"
        for step, declared in DECLARED.items()
        for name in declared.names()
        if name.partition(".")[2] not in TABLES[name.partition(".")[0]].columns
    ]
    assert unknown == []
    assert {kind for declared in DECLARED.values() for kind in declared.content} <= CONTENT


def test_private_notes_are_no_step_s_to_open():
    assert [name for name, declared in DECLARED.items() if "private_note" in declared.content] == []


def test_what_reads_all_there_is_opens_nothing_of_it():
    whole = {name: declared for name, declared in DECLARED.items() if declared.whole}
    assert set(whole) == {"verify the audit", "back up"}
    assert not any(declared.content for declared in whole.values())


def test_who_opens_content_is_rated_as_complex_as_that():
    low = [
        step.name
        for step in STEPS
        if DECLARED[step.name].content and not step.carries_out and step.compliance.scale < Scale.MODERATE
    ]
    assert low == []


def commands() -> set[str]:
    from cli.app import app

    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_overrides_name_routes_with_roles_or_commands_that_exist():
    known = commands()
    for step in STEPS:
        assert step.overrides, step.name
        for each in step.overrides:
            assert bool(each.route) != bool(each.command), step.name
            if each.route:
                assert ROUTES[each.route], step.name
            else:
                program, command = each.command.split()[:2]
                assert program == "countersign" and command in known, each.command


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_entry_says_everything(step: AutomatedStep):
    assert step.does and step.prevents and step.stopped_by and step.clinical.why and step.compliance.why
    assert step.removes.source.startswith("assumed by us: " if step.removes.minutes else "nothing")
    assert set(step.carries_out) <= set(BY_NAME)
    assert not (step.carries_out and step.removes.minutes), "its steps' minutes would be counted twice"
    assert step.compliance.scale == Scale.NONE or step.compliance.rules, "which rules make it complex?"


def test_counted_actions_are_ones_the_program_writes():
    written = "\n".join(
        path.read_text() for room in ("acts", "adapters", "tasks") for path in ROOT.glob(f"{room}/*.py")
    )
    made = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', written)) | {
        *("outbox_message.sent", "remitted_claim.posted"),  # names that are made: of a status, of an outcome
    }
    actions = {action.partition(":")[0] for step in STEPS for action in step.removes.counted_by}
    assert actions - made == set()


def test_everything_done_by_hand_is_a_candidate_or_kept_for_a_reason():
    assert {entry.kind for entry in BY_HAND} == {*ToDoKind, *ApprovalKind}
    assert len(BY_HAND) == len({entry.kind for entry in BY_HAND})
    for entry in BY_HAND:
        assert entry.kept_by or entry.undone_by, entry.kind


@pytest.mark.parametrize(
    "kind",
    [ApprovalKind.RISK_REVIEW, ApprovalKind.SESSION_NOTE, ApprovalKind.ESCALATION, ApprovalKind.MESSAGE],
)
def test_what_the_law_keeps_with_a_clinician_is_never_a_candidate(kind: ApprovalKind):
    [entry] = [each for each in BY_HAND if each.kind == kind]
    assert "Illinois PA 104-0054" in entry.kept_by


STARTS_THREADS = {"adapters/in_process_worker.py"}
"""It runs the legs of cases; each step says its own name inside."""
SPAWNING = re.compile(r"\b(ThreadPoolExecutor|ProcessPoolExecutor|threading\.Thread\b|multiprocessing|run_in_executor)")


def test_no_step_starts_a_thread_in_which_nobody_would_know_its_name():
    """A new thread does not inherit the step at work (``asyncio.to_thread`` does)."""
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ("acts", "adapters", "estimates", "language", "rules", "tasks")
        for path in (ROOT / room).rglob("*.py")
        if SPAWNING.search(path.read_text()) and "training" not in path.parts and "evaluation" not in path.parts
    }
    assert found == STARTS_THREADS
