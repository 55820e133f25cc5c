"""Installations beside each other: a home with two databases of either kind, entered one at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.settings import settings
from tests import conftest as shared
from tests import databases

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Place:
    """One installation: its home, and what must stand in the environment of whoever works in it."""

    home: Path
    environment: dict[str, str]


@contextmanager
def entered(place: Place) -> Iterator[Path]:
    """Be in this installation: its settings, its databases."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COUNTERSIGN_OPERATIONAL_URL", "COUNTERSIGN_THERAPY_URL"):
            patch.delenv(name, raising=False)
        for name, value in place.environment.items():
            patch.setenv(name, value)
        with shared._settings_read_anew():
            settings().make_folders()
            yield place.home


@contextmanager
def places(folder: Path) -> Iterator[Callable[[str], Place]]:
    """Makes empty places of a kind; the databases on PostgreSQL are dropped at the end."""
    made: list[str] = []

    def make(kind: str) -> Place:
        home = folder / f"place-{uuid4().hex[:8]}"
        environment = {"COUNTERSIGN_HOME": str(home)}
        if kind == "postgresql":
            if not databases.SERVER:
                pytest.skip("COUNTERSIGN_TEST_POSTGRES names no PostgreSQL server")
            for which in ("OPERATIONAL", "THERAPY"):
                made.append(databases.create())
                environment[f"COUNTERSIGN_{which}_URL"] = databases.url_of(made[-1])
        return Place(home, environment)

    try:
        yield make
    finally:
        for name in made:
            databases.drop(name)
