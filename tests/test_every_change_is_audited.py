"""Does every transaction that writes leave an event, unless it is listed here with its reason?

Read from the source, so that code which no test runs is covered too: each ``with writing()`` block must reach a call of
``audit``, by itself or through the functions it calls.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("acts", "adapters", "cli", "tasks", "web")
AUDITING = {("adapters.operational_store", "audit"), ("adapters.therapy_store", "audit")}

NOT_AUDITED: dict[tuple[str, str], str] = {
    (
        "acts.signers",
        "_pass_door",
    ): "sets the count of failures back; the sign-in or decision after it is the event",
    ("adapters.desk_logins", "recognise"): "when a browser was last seen; would be an event for every page",
    ("adapters.operational_store", "installation_id"): "the name of the database, made once, before anybody acts",
    ("adapters.operational_store", "take_case"): "the fencing token of a leg; what the leg does is the event",
    ("adapters.operational_store", "take_cases"): "the fencing tokens of a batch; what it does is the event",
    ("adapters.outbox", "_free_dead_leases"): "who is sending a message right now; that it was sent is the event",
    ("adapters.outbox", "_lease"): "who is sending a message right now; that it was sent is the event",
    ("adapters.run_claims", "beat"): "that a worker lives",
    ("adapters.run_claims", "claim"): "which worker runs a leg; what the leg does is the event",
    ("adapters.run_claims", "release"): "which worker runs a leg; what the leg does is the event",
    ("adapters.step_counts", "_add"): "how often steps ran and read; counts, nothing about a case or a person",
    ("adapters.therapy_store", "keep_repeat"): "only compares; what it keeps, add_text and keep_answers audit",
    ("adapters.therapy_store", "key_of_owner"): "makes a data key where there is none; what it seals is the event",
    ("adapters.therapy_store_keys", "_reseal_secrets"): "a part of a rotation; keys.rotated at its end is the event",
    ("adapters.therapy_store_keys", "_wrap_batches"): "a part of a rotation; keys.rotated at its end is the event",
    ("tasks.claim_files", "_apply"): "what kind of file it is; that it was taken in or refused is the event",
    ("tasks.intake", "_remember_docs"): "where the report on a file lies; that the file was received is the event",
    ("tasks.past_appointments", "_remember_docs"): "where the report on a file lies; that it was received is the event",
    ("tasks.sign_offs", "next_wait_key"): "how often a run has waited at a gate",
    ("tasks.runs", "_next_of"): "when a run was last asked to wake",
    ("tasks.watch", "watch"): "that the watch lives",
    ("tasks.trial_cases", "_add"): "an invented case in a scratch installation; what its steps do is the event",
    ("tasks.trial_cases", "_number"): "the number of an invented case",
    ("tasks.trial_cases", "make_place"): "the invented people of a scratch installation",
}
"""Transactions of the machinery, which change nothing about a case, a person or a right."""

Function = tuple[str, str]


def module_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")


@cache
def trees() -> dict[str, ast.Module]:
    return {module_of(path): ast.parse(path.read_text()) for room in ROOMS for path in (ROOT / room).rglob("*.py")}


@cache
def names_of(module: str) -> dict[str, Function | str]:
    """What a name means in a module: a function of it, one taken from elsewhere, or a module."""
    known: dict[str, Function | str] = {}
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                known[alias.asname or alias.name] = whole if whole in trees() else (node.module, alias.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            known.setdefault(node.name, (module, node.name))
    return known


def calls(module: str, node: ast.AST) -> Iterator[Function]:
    known = names_of(module)
    for each in ast.walk(node):
        if not isinstance(each, ast.Call):
            continue
        if isinstance(each.func, ast.Name):
            meant = known.get(each.func.id)
            if isinstance(meant, tuple):
                yield meant
        elif isinstance(each.func, ast.Attribute) and isinstance(each.func.value, ast.Name):
            meant = known.get(each.func.value.id)
            if isinstance(meant, str):
                yield (meant, each.func.attr)


def functions() -> Iterator[tuple[Function, ast.AST]]:
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (module, node.name), node


@cache
def auditing() -> frozenset[Function]:
    """Every function that reaches ``audit``."""
    reached = set(AUDITING)
    called = {function: set(calls(function[0], node)) for function, node in functions()}
    while more := {function for function, these in called.items() if these & reached} - reached:
        reached |= more
    return frozenset(reached)


def writing_blocks() -> Iterator[tuple[Function, ast.With]]:
    for function, node in functions():
        for each in ast.walk(node):
            if isinstance(each, ast.With) and any(is_writing(item.context_expr) for item in each.items):
                yield function, each


def is_writing(opened: ast.expr) -> bool:
    return isinstance(opened, ast.Call) and ast.unparse(opened.func).split(".")[-1] == "writing"


def silent() -> set[Function]:
    """The functions with a transaction that can write without leaving an event."""
    return {
        function
        for function, block in writing_blocks()
        if function[1] != "writing"
        and not any(call in auditing() for each in block.body for call in calls(function[0], each))
    }


def test_every_transaction_that_writes_is_audited_or_listed():
    assert silent() - set(NOT_AUDITED) == set()


def test_list_holds_nothing_that_is_audited_by_now():
    assert set(NOT_AUDITED) - silent() == set()


@pytest.mark.parametrize(
    "function", [("acts.cases", "stop"), ("acts.decisions", "decide"), ("adapters.therapy_store", "texts")]
)
def test_test_finds_the_event_behind_what_is_called(function: Function):
    assert function in auditing()


def test_test_sees_most_transactions():
    assert len(list(writing_blocks())) > 80
