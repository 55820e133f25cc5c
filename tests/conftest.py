"""The installations that tests run on: a migrated one, and one with the sample practice; both are throw-away."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

os.environ.update(
    {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "HF_HUB_OFFLINE": "1",
        # what tests/adapters/prefect_server.py asks of everybody
        "PREFECT_API_AUTH_STRING": "tests:only-for-tests",
    }
)

from adapters import operational_store, therapy_store
from adapters.migrating import migrate_all
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings


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
        settings.cache_clear()


def _made_once(folder: Path, *, seeded: bool) -> Path:
    """An installation that tests copy, because copying two files is quicker than migrating and hashing again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERSIGN_HOME", str(folder))
        with _settings_read_anew():
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
    yield from _copied(migrated_installation, tmp_path / "home", monkeypatch)


@pytest.fixture
def sample_practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeded_installation: Path) -> Iterator[Path]:
    """A fresh installation of the sample practice: locations, staff, clinicians, slots, sign-ins."""
    yield from _copied(seeded_installation, tmp_path / "home", monkeypatch)


def _copied(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(source, target)
    monkeypatch.setenv("COUNTERSIGN_HOME", str(target))
    with _settings_read_anew():
        yield target
