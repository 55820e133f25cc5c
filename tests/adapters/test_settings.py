"""What does a setting mean that is named in the environment and left empty?"""

from pathlib import Path

import pytest

from adapters.settings import CHECKOUT, Settings


def test_empty_setting_is_none_at_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_HOME", "")
    monkeypatch.setenv("COUNTERSIGN_PREFECT_PORT", "")
    assert Settings().home == CHECKOUT / "var"
    assert Settings().prefect_port == 4200


def test_setting_that_says_something_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    assert Settings().home == tmp_path
