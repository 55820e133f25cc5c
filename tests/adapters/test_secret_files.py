"""Are the secrets that an installation makes kept once, closed to others, and told apart when broken?"""

from pathlib import Path

import pytest

from adapters.secret_files import kept_secret
from adapters.settings import settings


def test_secret_is_made_once_and_closed_to_others(tmp_path: Path):
    path = tmp_path / "home" / "secret"
    assert kept_secret(path, lambda: "first") == "first"
    assert kept_secret(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_secret_of_a_process_that_was_first_counts(tmp_path: Path):
    path = tmp_path / "secret"

    def other_is_first() -> str:
        path.write_text("other")
        return "ours"

    assert kept_secret(path, other_is_first) == "other"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


def test_prefect_sign_in_is_made_once_with_a_name(home: Path):
    assert not settings().has_prefect_sign_in
    words = settings().prefect_sign_in_words()
    name, _, password = words.partition(":")
    assert name == "analyst"
    assert len(password) >= 40
    assert settings().has_prefect_sign_in
    assert settings().prefect_sign_in_words() == words
    assert settings().prefect_sign_in_file.read_text() == words


def test_prefect_sign_in_of_the_environment_goes_before_the_file(home: Path, monkeypatch: pytest.MonkeyPatch):
    settings().prefect_sign_in_words()
    monkeypatch.setenv("COUNTERSIGN_PREFECT_SIGN_IN", "lee:long and random")
    settings.cache_clear()
    assert settings().prefect_sign_in_words() == "lee:long and random"
    assert "long and random" not in repr(settings())


@pytest.mark.parametrize("broken", ["no colon", ":no name", "no-password:", "  "])
def test_broken_prefect_sign_in_is_named_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch, broken: str):
    monkeypatch.setenv("COUNTERSIGN_PREFECT_SIGN_IN", broken)
    settings.cache_clear()
    with pytest.raises(ValueError, match=r"COUNTERSIGN_PREFECT_SIGN_IN must hold name:password$"):
        settings().prefect_sign_in_words()
