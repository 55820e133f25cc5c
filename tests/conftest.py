"""The installations that tests run on: a migrated one, and one with the sample practice; both are throw-away."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

os.environ.update(
    {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "HF_HUB_OFFLINE": "1",
        # the workers of other tests have no time for it; tests/tasks/test_proofs.py does it
        "COUNTERSIGN_PROVE_BY_ITSELF": "false",
        # what tests/adapters/prefect_server.py asks of everybody
        "PREFECT_API_AUTH_STRING": "tests:only-for-tests",
    }
)

from adapters import operational_store, therapy_store
from adapters.migrating import migrate_all
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from models.purposes import PURPOSES, PurposeOfUse
from tests import databases, quicker, step_watch

quicker.share_compiled_statements()
quicker.hash_passwords_cheaply()
step_watch.begin()

TEST_PLACES = {"test": PurposeOfUse.COMPLIANCE}
"""What a test calls the place where it looks at content."""
PURPOSES.update(TEST_PLACES)


@contextmanager
def _settings_read_anew() -> Iterator[None]:
    """Run with the environment as it is now, and leave no open database behind."""
    settings.cache_clear()
    try:
        yield
    finally:
        here = settings()
        operational_store.engine_for(here.operational_database).dispose()
        therapy_store.engine_for(here.therapy_database).dispose()
        if not databases.ON_POSTGRES:  # a connection that a thread still holds must not be lost open
            operational_store.engine_for.cache_clear()
            therapy_store.engine_for.cache_clear()
        settings.cache_clear()


def _made_once(folder: Path, *, seeded: bool) -> Path:
    """An installation that tests copy, because copying is quicker than migrating and hashing again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERSIGN_HOME", str(folder))
        with databases.in_force(folder, patch, keep=True), _settings_read_anew():
            settings().make_folders()
            migrate_all()
            if seeded:
                seed_sample_practice()
    return folder


@pytest.fixture(scope="session")
def migrated_installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made_once(tmp_path_factory.mktemp("migrated"), seeded=False)


@pytest.fixture(scope="session")
def seeded_installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made_once(tmp_path_factory.mktemp("seeded"), seeded=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_installation: Path) -> Iterator[Path]:
    """A fresh installation: its folders and both databases at the newest revision, without a single row."""
    with copied(migrated_installation, tmp_path / "home", monkeypatch) as folder:
        yield folder


@pytest.fixture
def sample_practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeded_installation: Path) -> Iterator[Path]:
    """A fresh installation of the sample practice: locations, staff, clinicians, slots, sign-ins."""
    with copied(seeded_installation, tmp_path / "home", monkeypatch) as folder:
        yield folder


@contextmanager
def copied(source: Path, target: Path, patch: pytest.MonkeyPatch, *, keep: bool = False) -> Iterator[Path]:
    """A copy of an installation, folders and databases, that the settings name while the block lasts.

    ``keep`` leaves its databases to be copied in their turn.
    """
    shutil.copytree(source, target)
    patch.setenv("COUNTERSIGN_HOME", str(target))
    with databases.in_force(target, patch, source, keep=keep), _settings_read_anew():
        yield target


TESTS = Path(__file__).parent
LONG = (
    "test_nothing_lost",
    "test_leaks_everywhere",
    "test_fresh_start",
    "test_accessibility",
    "test_killed_worker",
    "test_files",
    "test_engine_traps",
    "test_referral_t",
    "test_session_to_note",
)
"""Files, by the start of their names, that take minutes; the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first: begun last, one of them would run alone while the other cores wait."""
    places = {path: _place(path.name) for path in {item.path for item in items}}
    items.sort(key=lambda item: places[item.path])


def _place(name: str) -> int:
    return next((place for place, start in enumerate(LONG) if name.startswith(start)), len(LONG))


WITHOUT_A_DATABASE = (
    "rules",
    "language",
    "data_contracts",
    "estimates",
    "adapters/test_note_fhir.py",
    "adapters/test_note_pdf.py",
    "adapters/test_clearinghouse_sftp.py",
    "adapters/test_note_wording.py",
    "adapters/test_simulated_payer.py",
    "adapters/test_simulated_payer_coverage.py",
    "test_architecture.py",
    "test_packages.py",
    "test_step_content.py",
    "models/test_step_register.py",
)
"""What touches no database is not run again on PostgreSQL; tests/test_architecture.py sees that it stays so."""
BOTH_KINDS_AT_ONCE = (
    "adapters/test_audit_chain.py",
    "adapters/test_backup.py",
    "adapters/test_released_data.py",
    "models/test_migrations.py",
)
"""Nor is what works on both kinds in one test, where ``COUNTERSIGN_TEST_POSTGRES`` names a server."""


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if not databases.ON_POSTGRES or not collection_path.is_relative_to(TESTS):
        return None
    ours = collection_path.relative_to(TESTS)
    return True if str(ours) in (*WITHOUT_A_DATABASE, *BOTH_KINDS_AT_ONCE) else None


UNTIL = float(os.environ.get("COUNTERSIGN_TEST_UNTIL", "inf"))
"""Seconds since 1970; what has not begun by then is skipped, so that CI ends in its time (.ci/run)."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is about the other kind of database (the reason is the mark's argument), and what has no time left."""
    if time.time() > UNTIL:
        pytest.skip("no time left")
    other = "sqlite_only" if databases.ON_POSTGRES else "postgresql_only"
    mark = item.get_closest_marker(other)
    if mark is not None:
        pytest.skip(f"{other}: {mark.args[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A step that reads what it has not declared fails the test it ran in."""
    yield
    if undeclared := step_watch.take_undeclared():
        pytest.fail(f"a step read what it has not declared (models/declared_reads): {undeclared}", pytrace=False)


def pytest_collection_finish() -> None:
    quicker.share_compiled_docs()
    quicker.leave_what_is_loaded()


def pytest_sessionfinish() -> None:
    databases.drop_all()


@pytest.fixture(scope="session")
def billed_installation(tmp_path_factory: pytest.TempPathFactory, seeded_installation: Path) -> Path:
    """The sample practice with its insured patients, signed notes, and the claims that could leave; copied by tests."""
    folder = tmp_path_factory.mktemp("billed") / "home"
    with pytest.MonkeyPatch.context() as patch, copied(seeded_installation, folder, patch, keep=True):
        # here, so that tests without claims need not import what sends them
        from adapters.sample_claims import seed_sample_billing
        from adapters.sample_sessions import seed_sample_sessions
        from tests import billing_walk

        assert seed_sample_sessions()
        assert seed_sample_billing()
        with billing_walk.clean_claims_go():
            billing_walk.let_clean_claims_go()
            billing_walk.send_what_can_leave()
    return folder


@pytest.fixture
def billed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, billed_installation: Path) -> Iterator[Path]:
    """The sample practice with claims on their way; throw-away. A payer by hand is tests.billing_walk.Payer."""
    from tests import billing_walk

    billing_walk.prove_every_pair(monkeypatch)
    with copied(billed_installation, tmp_path / "home", monkeypatch) as folder:
        yield folder


@pytest.fixture
def payer(billed: Path) -> Any:
    """The payer whose 271 has come, with the next control number of its own."""
    from tests.billing_walk import Payer

    return Payer(control=1)
