"""Has each step declared every kind of therapy content that its source can reach?

What the door refuses at run time is read from the source here, so that a path which no test walks is not met for the
first time by a patient's case.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import models.therapy as therapy
from models.declared_reads import DECLARED
from models.therapy import content_fields
from tasks import nights, sign_offs
from tests.test_every_change_is_audited import Function, functions, names_of, trees

DOOR = "adapters.therapy_store"
ROOT = Path(__file__).parents[1]
KIND_OF = {
    name: str(getattr(therapy, name).__tablename__)
    for name in therapy.__all__
    if isinstance(getattr(therapy, name), type)
    and hasattr(getattr(therapy, name), "__table__")
    and content_fields(getattr(therapy, name))
}
OPENED_THROUGH: dict[Function, set[str]] = {
    (DOOR, "unread_sources"): {"intake_text", "questionnaire_answers"},  # it selects in a function of its own
}
NOT_REACHED: dict[str, dict[str, str]] = {
    "watch every wait": {"risk_flag": "therapy_store.raise_flags has a parameter called flags, like a function"},
}
"""What only looks as if a step could reach it, with the reason."""
BATCHES: dict[str, Function] = {
    "send what is due": ("acts.sending", "send_due"),
    "tell of a refused read": ("tasks.refused_reads", "tell"),
    "begin the case": ("tasks.questionnaires", "begin"),
    "note what the shadow would do": ("tasks.shadow", "note"),
}


@cache
def constants() -> dict[Function, ast.expr]:
    """Module-level values: a table of functions is a way to them."""
    found: dict[Function, ast.expr] = {}
    for module, tree in trees().items():
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            if isinstance(node, ast.Assign | ast.AnnAssign) and value is not None:
                found.update({(module, each.id): value for each in targets if isinstance(each, ast.Name)})
    return found


def named(module: str, node: ast.AST) -> Iterator[Function]:
    """Everything that a piece of source names: functions, and what module-level values name in their turn."""
    known = names_of(module)
    for each in ast.walk(node):
        meant: Function | None = None
        if isinstance(each, ast.Name):
            found = known.get(each.id, (module, each.id))
            meant = found if isinstance(found, tuple) else None
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            module_meant = known.get(each.value.id)
            meant = (module_meant, each.attr) if isinstance(module_meant, str) else None
        if meant is None:
            continue
        yield meant
        if meant in constants() and constants()[meant] is not node:
            yield from named(meant[0], constants()[meant])


@cache
def reached_from() -> dict[Function, frozenset[Function]]:
    reached: dict[Function, set[Function]] = {}
    for function, node in functions():
        reached.setdefault(function, set()).update(named(function[0], node))
    return {function: frozenset(these & set(reached)) for function, these in reached.items()}


@cache
def openers() -> dict[Function, frozenset[str]]:
    """The functions of the door that open content, with its kinds."""
    found: dict[Function, set[str]] = {}
    for function, node in functions():
        if not function[0].startswith(DOOR) or function[0] == f"{DOOR}_seals":
            continue
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if names & {"opened", "opened_one"}:
            kinds = {kind for name, kind in KIND_OF.items() if name in names}
            found.setdefault(function, set()).update(kinds | OPENED_THROUGH.get(function, set()))
    return {function: frozenset(kinds) for function, kinds in found.items()}


@cache
def recorded() -> dict[str, Function]:
    """The function of each step that is recorded as a Prefect task."""
    found = {}
    for function, node in functions():
        for each in getattr(node, "decorator_list", []):
            if (
                isinstance(each, ast.Call)
                and ast.unparse(each.func) == "step"
                and isinstance(each.args[0], ast.Constant)
            ):
                found[str(each.args[0].value)] = function
    return found


@cache
def beginnings() -> dict[str, set[Function]]:
    """Where each step begins, by its name; a sign-off's content is laid out in a name of its own."""
    found: dict[str, set[Function]] = {name: {function} for name, function in {**recorded(), **BATCHES}.items()}
    for part in nights.PARTS:
        found.setdefault(part.does, set()).add((part.do.__module__, part.do.__name__))
    layers = {
        "review_content": "lay out a risk review",
        "assignment_content": "lay out an assignment",
        "_letter_content": "lay out a closing letter",
        "note_content": "lay out a note",
        "claim_content": "lay out a claim",
        "write_off_content": "lay out a claim",
        "refund_content": "lay out a claim",
        "escalation_content": "lay out a follow-up",
        "message_content": "lay out a follow-up",
    }
    for function in reached_from()["tasks.sign_offs", "_content"]:
        if function[1] in layers:
            found.setdefault(layers[function[1]], set()).add(function)
    return found


def kinds_within_reach(begins: Function) -> set[str]:
    """Through everything but what another step does in its own name."""
    parts = {(part.do.__module__, part.do.__name__) for part in nights.PARTS}
    others = {*recorded().values(), *BATCHES.values(), *parts, ("tasks.sign_offs", "_content")} - {begins}
    seen: set[Function] = set()
    left = [begins]
    kinds: set[str] = set()
    while left:
        function = left.pop()
        if function in seen or function in others:
            continue
        seen.add(function)
        kinds |= openers().get(function, frozenset())
        left += reached_from().get(function, ())
    return kinds


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_what_a_step_can_reach_is_declared(name: str):
    reached = {kind for begins in beginnings().get(name, ()) for kind in kinds_within_reach(begins)}
    assert reached - DECLARED[name].content - set(NOT_REACHED.get(name, {})) == set()
    assert DECLARED[name].content - reached == set(), "declared, and nothing in its source could open it"


def test_every_step_s_beginning_is_known():
    assert set(DECLARED) - set(beginnings()) == {"steer the runs"}, "its rounds open nothing: they only start runs"
    assert set(sign_offs.LAID_OUT_BY.values()) <= set(beginnings())


A_PERSONS: set[Function] = {("tasks.sign_offs", "take_decision_from_prefect")}
"""What a run does for a person who has proven who they are (models.step_reads.a_persons_act)."""


def test_what_a_flow_calls_in_no_step_s_name_opens_nothing():
    """A worker would refuse it, and the case would stand still."""
    called = {
        meant
        for path in (ROOT / "flows").glob("*.py")
        for meant in called_in(ast.parse(path.read_text()))
        if meant in reached_from()
    }
    assert len(called) > 40
    in_a_name = {*recorded().values(), *BATCHES.values(), *A_PERSONS}
    opening = {each: kinds for each in called - in_a_name if (kinds := kinds_within_reach(each))}
    assert opening == {}
    assert {("tasks.questionnaires", "begin"), *A_PERSONS} <= called


def called_in(tree: ast.Module) -> set[Function]:
    """The functions of ``tasks`` that a flow names: ``module.function``."""
    modules = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "tasks"
        for alias in node.names
    }
    return {
        (modules[each.value.id], each.attr)
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in modules
    }


def test_look_at_the_source_can_fail():
    assert kinds_within_reach(("tasks.risk", "screen")) == {"intake_text", "questionnaire_answers", "risk_flag"}
    assert {"decision_words"} <= kinds_within_reach(("acts.sending", "send_due"))
    assert kinds_within_reach(("tasks.coverage", "check_coverage")) == set()
