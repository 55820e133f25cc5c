"""The house's rules that no linter knows: doors, words, purposes, owners, nothing of this machine."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from models.codes import AuthenticatedHow
from models.purposes import PURPOSES
from models.transitions import OWNERS, TABLES
from tests.conftest import BOTH_KINDS_AT_ONCE, TEST_PLACES, WITHOUT_A_DATABASE

ROOT = Path(__file__).parents[1]
ROOMS = (
    "acts", "adapters", "cli", "data_contracts", "estimates", "flows", "language", "models", "rules", "tasks", "web",
)  # fmt: skip

THERAPY_STORE = {
    "adapters/therapy_store.py",
    "adapters/therapy_store_check.py",
    "adapters/therapy_store_claims.py",
    "adapters/therapy_store_everything.py",
    "adapters/therapy_store_keys.py",
    "adapters/therapy_store_private.py",
    "adapters/therapy_store_seals.py",
    "adapters/therapy_store_sessions.py",
}
"""The door itself: what is asked for, how it is sealed, what is done to all keys at once."""

THERAPY_DOOR = {
    "acts/addenda.py",
    "acts/alarms.py",
    "acts/break_glass.py",
    "acts/care_ends.py",
    "acts/cases.py",
    "acts/check_in_answers.py",
    "acts/check_ins.py",
    "acts/claims.py",
    "acts/clearinghouse_files.py",
    "acts/consent_papers.py",
    "acts/decisions.py",
    "acts/follow_ups.py",
    "acts/forgetting.py",
    "acts/intake.py",
    "acts/labels.py",
    "acts/missed_risk.py",
    "acts/note_editing.py",
    "acts/pilot_reading.py",
    "acts/pilot_templates.py",
    "acts/patient_answers.py",
    "acts/patient_file.py",
    "acts/patient_messages.py",
    "acts/retention.py",
    "acts/remitted_claims.py",
    "acts/risk_flags.py",
    "acts/safety.py",
    "acts/signed_notes.py",
    "acts/to_dos.py",
    "adapters/audit_chain.py",
    "adapters/audit_pages.py",
    "adapters/migrating.py",
    "adapters/signed_letters.py",
    "adapters/received_files.py",
    "adapters/sample_claims.py",
    "cli/keys.py",
    "cli/signing.py",
    "tasks/assignments.py",
    "tasks/check_in_words.py",
    "tasks/claim_building.py",
    "tasks/claim_facts.py",
    "tasks/claim_files.py",
    "tasks/claim_sign_offs.py",
    "tasks/follow_up_sign_offs.py",
    "tasks/held_transcripts.py",
    "tasks/intake.py",
    "tasks/matching.py",
    "tasks/questionnaires.py",
    "tasks/repeats.py",
    "tasks/risk.py",
    "tasks/session_drafts.py",
    "tasks/own_words.py",
    "tasks/past_appointments.py",
    "tasks/session_gate.py",
    "tasks/sessions.py",
    "tasks/sign_offs.py",
    "tasks/unread.py",
    "web/desk/claim_evidence.py",
    "web/desk/evidence.py",
    "web/desk/note_evidence.py",
    "web/desk/private_notes.py",
}
"""Who may open the therapy database. A file is added here by somebody who has thought about it."""

ASK_THROUGH_EVIDENCE = {
    "web/desk/approvals.py",
    "acts/patient_reading.py",
    "adapters/outbox.py",
    "web/desk/break_glass.py",
    "cli/patient_files.py",
    "web/desk/care.py",
    "web/desk/cases.py",
    "web/desk/intake.py",
    "web/desk/note_changes.py",
    "web/desk/note_drafts.py",
    "web/desk/note_exports.py",
    "web/desk/notes.py",
    "web/desk/patient_file.py",
    "web/desk/to_dos.py",
}
"""What shows content through a file of the door, such as web/desk/evidence.py, and names where it is shown."""

NEVER = {"client", "provider", "manager", "processor", "handler", "helper", "helpers", "util", "utils"}
THEIR_WORDS = {
    "client": "what talks to Prefect's server is called so by Prefect",
}
"""Words of other people's interfaces, allowed only in the adapters that face them and in what starts Prefect."""
TEXTS = {"", ".py", ".md", ".toml", ".yaml", ".txt", ".j2", ".json", ".html", ".mako", ".css", ".js"}
WHERE_THEIR_WORDS_FIT = re.compile(r"adapters/(prefect_\w+|in_process_worker)\.py|cli/deploying\.py")
X12_WORDS = {
    "provider": "who bills is called so by X12, whose loops and segments these names are",
}
WHERE_X12_WORDS_FIT = re.compile(r"adapters/x12/\w+\.py|models/(claim_form|claim_answers|eligibility)\.py")
"""Words of the X12 guides, allowed only where X12 is spoken."""


def sources(*rooms: str) -> list[Path]:
    return [
        path
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.py"))
        if not re.fullmatch(r"models/migrations/\w+/\d.*", path.relative_to(ROOT).as_posix())
    ]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, with the names taken from it: ``adapters`` and ``adapters.therapy_store``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_arrow_is_kept():
    """import-linter's contracts stand in pyproject.toml."""
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout


def test_rules_import_only_models_and_the_standard_library():
    allowed = {*sys.stdlib_module_names, "models", "rules", "pandas"}
    foreign = {
        f"{named(path)} imports {module}"
        for path in sources("rules")
        for module in imports(path)
        if module.split(".")[0] not in allowed
    }
    assert not foreign


def test_rules_read_neither_clock_nor_chance():
    forbidden = re.compile(r"(random|secrets|uuid\d|now|utcnow|utc_now|today|monotonic|perf_counter|open|print)")
    called = {
        f"{named(path)} calls {ast.unparse(node.func)}"
        for path in sources("rules")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and forbidden.fullmatch(ast.unparse(node.func).split(".")[-1])
    }
    assert not called
    assert not {m for path in sources("rules") for m in imports(path) if m.split(".")[0] in ("random", "secrets", "os")}


def test_therapy_records_are_imported_by_their_store_and_migrations_alone():
    openers = {
        named(path)
        for path in sources(*ROOMS)
        if any(module == "models.therapy" or module.startswith("models.therapy.") for module in imports(path))
    }
    inside = {name for name in openers if name.startswith("models/therapy/")}
    assert openers - inside == {*THERAPY_STORE, "models/migrations/env.py"}


def test_tests_that_are_not_run_on_postgresql_touch_no_database():
    fixtures = re.compile(r"\b(home|sample_practice|migrated_installation|seeded_installation)\b")
    for place in set(WITHOUT_A_DATABASE) - {"test_architecture.py"}:
        folder = ROOT / "tests" / place
        for path in [folder] if folder.is_file() else folder.rglob("*.py"):
            stores = [module for module in imports(path) if module.endswith("_store") or module == "tests.factories"]
            assert (stores, fixtures.findall(path.read_text())) == ([], []), path.name


def test_therapy_store_is_opened_by_the_listed_files():
    openers = {
        named(path)
        for path in sources(*ROOMS)
        if any(
            module.startswith("adapters.therapy_store") and named(path) not in THERAPY_STORE for module in imports(path)
        )
    }
    assert openers == THERAPY_DOOR


def test_private_notes_are_opened_by_their_page_and_destroyed_by_forgetting_alone():
    """45 CFR 164.501: kept apart from the record; no task, no draft, no export, no search."""
    openers = {
        named(path)
        for path in sources(*ROOMS)
        if any(module.startswith("adapters.therapy_store_private") for module in imports(path))
    }
    assert openers == {"acts/forgetting.py", "web/desk/private_notes.py"}


def places_of_reading(path: Path) -> Iterator[str]:
    """Every step or page a file names as ``where`` or ``WHERE``, with what is put into it spelled out."""
    tree = ast.parse(path.read_text())
    own = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("WHERE", "where")
    }

    def spelled(value: ast.expr | None) -> Iterator[str]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.Name) and value.id == "WHERE":
            yield own["WHERE"]
        elif isinstance(value, ast.JoinedStr):
            words = ast.unparse(value)
            if "{how.value}" in words:
                yield from (f"sign:{how.value}" for how in AuthenticatedHow)
            elif "{WHERE}" in words:
                yield words.removeprefix("f").strip("'\"").replace("{WHERE}", own["WHERE"])
            else:
                raise AssertionError(f"{named(path)} reads at {words}: this test must learn to spell that")

    for node in ast.walk(tree):
        named_so = isinstance(node, ast.keyword) and node.arg == "where"
        kept_so = isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == ["where"]
        if isinstance(node, ast.keyword | ast.Assign) and (named_so or kept_so):
            yield from spelled(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("evidence."):
            yield from spelled(node.args[-1] if node.args else None)
        elif isinstance(node, ast.arguments):
            for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                if argument.arg == "where":
                    yield from spelled(default)


@pytest.mark.parametrize("name", sorted(THERAPY_DOOR | ASK_THROUGH_EVIDENCE))
def test_every_place_that_reads_content_has_a_purpose(name: str):
    without = {where for where in places_of_reading(ROOT / name) if where not in PURPOSES}
    assert not without, "name its purpose in models/purposes.py"


def test_every_purpose_belongs_to_a_place_that_reads():
    places = {where for name in THERAPY_DOOR | ASK_THROUGH_EVIDENCE for where in places_of_reading(ROOT / name)}
    assert set(PURPOSES) - set(TEST_PLACES) <= places


def test_therapy_text_is_never_unwrapped_by_flows_or_rules():
    """What faces the orchestrator has no business with the text itself; a rule is given plain values."""
    outside = [*sources("flows", "rules"), *(ROOT / "adapters").glob("prefect_*.py")]
    unwrapping = {named(path) for path in outside if ".unwrap()" in path.read_text()}
    assert not unwrapping


@pytest.mark.parametrize("path", sources(*ROOMS), ids=named)
def test_file_says_its_purpose_in_one_sentence(path: Path):
    text = path.read_text()
    if path.name == "__init__.py" and not text.strip():
        return
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "no docstring"
    first = docstring.split("\n\n")[0].replace("\n", " ")
    assert re.search(r"[.?!:]$", first), "the first line is a sentence"
    assert len(re.findall(r"[.?!](?=\s+[A-Z])", docstring.splitlines()[0])) <= 1, "one sentence, or question and answer"


def definitions(tree: ast.AST) -> Iterator[str]:
    """Every name that we ourselves choose: functions, classes, parameters, variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def words_of(name: str) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("path", sources(*ROOMS), ids=named)
def test_names_use_no_empty_words(path: Path):
    allowed = set(THEIR_WORDS) if WHERE_THEIR_WORDS_FIT.fullmatch(named(path)) else set()
    allowed |= set(X12_WORDS) if WHERE_X12_WORDS_FIT.fullmatch(named(path)) else set()
    chosen = {*definitions(ast.parse(path.read_text())), path.stem if path.parent != ROOT else ""}
    bad = {name for name in chosen if words_of(name) & (NEVER - allowed)}
    if WHERE_THEIR_WORDS_FIT.fullmatch(named(path)):
        bad.discard(path.stem)
    assert not bad


@pytest.mark.parametrize("statuses", TABLES, ids=lambda one: one.__name__)
def test_every_status_has_its_row_in_the_transition_table(statuses: type[StrEnum]):
    assert set(TABLES[statuses]) == set(statuses)


def test_every_status_of_a_case_has_an_owner():
    assert all(set(owners) == set(statuses) for statuses, owners in OWNERS.items())


def test_nothing_of_a_machine_is_committed():
    """No absolute path of a checkout, no package registry: the project runs wherever it is cloned."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so what is committed cannot be told")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    # Spelled in pieces, so that this file does not find itself.
    traces = re.compile(
        "|".join(("/" + "work/(main|shared)", "/" + r"root/\.", "/" + "opt/(wheels|pypi)", r"extra-index-" + "url"))
    )
    found = []
    for name in tracked:
        path = ROOT / name
        if path.is_file() and path.suffix in TEXTS and traces.search(path.read_text(errors="ignore")):
            found.append(name)
    assert not found


def test_ci_knows_every_test_that_runs_on_postgresql():
    lines = re.findall(r"'\d+ (tests/[^']*)'", (ROOT / ".ci" / "run").read_text())
    named = {path for line in lines for each in line.split() for path in ROOT.glob(each)}
    files = {path for each in named for path in ([each] if each.is_file() else each.rglob("test_*.py"))}
    tests = ROOT / "tests"
    elsewhere = [tests / each for each in (*WITHOUT_A_DATABASE, *BOTH_KINDS_AT_ONCE)]
    left_out = {path for path in tests.rglob("test_*.py") for each in elsewhere if path.is_relative_to(each)}
    assert {path for path in tests.rglob("test_*.py")} - left_out <= files
    # pytest never passes over a file that is named, only what it finds in a folder
    assert not named & left_out
