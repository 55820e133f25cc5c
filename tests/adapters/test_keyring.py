"""Master keys: made once, refused when others may have read them, known beside each other while they are changed."""

import base64
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from adapters import keyring
from adapters.migrating import migrate_all
from adapters.settings import settings
from models.errors import KeyMissing, SealBroken


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without a key."""
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path / "bare"))
    settings.cache_clear()
    settings().make_folders()
    yield tmp_path / "bare"
    settings.cache_clear()


def from_environment(monkeypatch: pytest.MonkeyPatch, *keys: keyring.MasterKey) -> None:
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY", " ".join(keyring.spelled(key) for key in keys))
    settings.cache_clear()


def from_command(monkeypatch: pytest.MonkeyPatch, said: Path) -> None:
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY_COMMAND", f"cat {shlex.quote(str(said))}")
    settings.cache_clear()
    keyring._commands.forget()


def test_first_key_is_made_once_and_only_its_owner_can_read_it(bare: Path):
    assert keyring.make_first_key()
    first = keyring.active_master_key()
    assert not keyring.make_first_key()
    assert keyring.master_keys() == (first,)
    assert stat.S_IMODE(keyring.key_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(keyring.key_file().parent.stat().st_mode) == 0o700
    assert [path.name for path in keyring.key_file().parent.iterdir()] == ["master-key"]


def test_processes_that_start_at_once_end_with_one_key(bare: Path):
    code = "from adapters import keyring; keyring.make_first_key(); print(keyring.active_master_key().id)"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(4)
    ]
    said = {process.communicate(timeout=60)[0].strip() for process in started}
    assert said == {keyring.active_master_key().id}


def test_lost_key_is_not_replaced_by_a_new_one(home: Path):
    from adapters import therapy_store
    from models.therapy import ContentKey

    with therapy_store.writing() as db:
        db.add(ContentKey(id="CK-1", owner_id="PT-1", wrapped="something", master_key_id="MK-gone"))
    keyring.key_file().unlink()
    with pytest.raises(KeyMissing, match="put it back"):
        migrate_all()
    assert not keyring.key_file().exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_key_file_that_others_may_read_is_refused(bare: Path, mode: int):
    keyring.make_first_key()
    keyring.key_file().chmod(mode)
    with pytest.raises(KeyMissing, match="0600"):
        keyring.active_master_key()


def test_link_in_the_place_of_the_key_file_is_refused(bare: Path, tmp_path: Path):
    keyring.make_first_key()
    elsewhere = tmp_path / "elsewhere"
    os.replace(keyring.key_file(), elsewhere)
    keyring.key_file().symlink_to(elsewhere)
    with pytest.raises(KeyMissing, match="cannot be opened"):
        keyring.active_master_key()


def test_missing_key_file_is_named(bare: Path):
    with pytest.raises(KeyMissing, match="keys/master-key is not here"):
        keyring.active_master_key()


@pytest.mark.parametrize("text", ["", "not base64 at all!", base64.b64encode(b"short").decode()])
def test_key_that_is_none_is_refused_without_being_shown(text: str):
    with pytest.raises(KeyMissing) as refused:
        keyring.parsed(text, "here")
    assert not text or text not in str(refused.value)


def test_keys_come_from_the_environment_first_one_active(bare: Path, monkeypatch: pytest.MonkeyPatch):
    new, old = keyring.fresh_master_key(), keyring.fresh_master_key()
    from_environment(monkeypatch, new, old)
    assert keyring.source() == keyring.KeySource.ENVIRONMENT
    assert keyring.master_keys() == (new, old)
    assert keyring.master_key(old.id) == old
    assert not keyring.make_first_key() and not keyring.key_file().exists()
    assert keyring.spelled(new) not in repr(settings()) + repr(keyring.master_keys())


def test_keys_come_from_a_command_which_is_asked_again_for_a_key_nobody_knows(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    said, old, new = tmp_path / "vault", keyring.fresh_master_key(), keyring.fresh_master_key()
    said.write_text(keyring.spelled(old))
    from_command(monkeypatch, said)
    assert keyring.active_master_key() == old
    said.write_text(f"{keyring.spelled(new)}\n{keyring.spelled(old)}")
    assert keyring.active_master_key() == old, "the answer is kept for a while"
    assert keyring.master_key(new.id) == new
    assert keyring.active_master_key() == new


def test_command_that_fails_is_named_without_its_words(bare: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY_COMMAND", "false token-in-the-command")
    settings.cache_clear()
    keyring._commands.forget()
    with pytest.raises(KeyMissing) as refused:
        keyring.active_master_key()
    assert "ended with 1" in str(refused.value) and "token" not in str(refused.value)


def test_failing_command_does_not_take_away_a_key_that_is_known():
    now = [0.0]
    commands = keyring._Commands(lambda: now[0])
    key = keyring.fresh_master_key()
    commands._kept["false"] = (0.0, (key,))
    now[0] = keyring.COMMAND_AGAIN_AFTER + 1
    assert commands.keys("false") == (key,)


def test_two_sources_at_once_are_refused(bare: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY_COMMAND", "true")
    from_environment(monkeypatch, keyring.fresh_master_key())
    with pytest.raises(KeyMissing, match="not both"):
        keyring.active_master_key()


def test_new_key_is_active_at_once_and_the_old_one_still_opens(bare: Path):
    keyring.make_first_key()
    old = keyring.active_master_key()
    master_id, wrapped = keyring.wrap_data_key("CK-1", "PT-1", b"d" * 32)
    new = keyring.add_master_key()
    assert keyring.master_keys() == (new, old)
    assert keyring.unwrap_data_key("CK-1", "PT-1", master_id, wrapped) == b"d" * 32
    assert keyring.wrap_data_key("CK-1", "PT-1", b"d" * 32)[0] == new.id
    assert keyring.drop_master_keys([old.id, new.id]) == [old.id], "the active key stays"
    with pytest.raises(KeyMissing, match=old.id):
        keyring.unwrap_data_key("CK-1", "PT-1", master_id, wrapped)
    assert stat.S_IMODE(keyring.key_file().stat().st_mode) == 0o600


@pytest.mark.parametrize("place", [("CK-2", "PT-1"), ("CK-1", "PT-2")])
def test_wrapped_data_key_in_anothers_place_is_refused(bare: Path, place: tuple[str, str]):
    keyring.make_first_key()
    master_id, wrapped = keyring.wrap_data_key("CK-1", "PT-1", b"d" * 32)
    with pytest.raises(SealBroken, match=place[0]):
        keyring.unwrap_data_key(*place, master_id, wrapped)


def test_secret_opens_for_its_purpose_and_owner_alone(bare: Path):
    keyring.make_first_key()
    sealed = keyring.seal_secret("totp", "ST-1", "JBSWY3DPEHPK3PXP")
    assert keyring.is_sealed(sealed) and "JBSWY3DPEHPK3PXP" not in sealed
    assert sealed != keyring.seal_secret("totp", "ST-1", "JBSWY3DPEHPK3PXP")
    assert keyring.open_secret("totp", "ST-1", sealed) == "JBSWY3DPEHPK3PXP"
    cut, flipped = sealed[:-8], sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for purpose, owner, text in [
        ("totp", "ST-2", sealed),
        ("other", "ST-1", sealed),
        ("totp", "ST-1", cut),
        ("totp", "ST-1", flipped),
        ("totp", "ST-1", "JBSWY3DPEHPK3PXP"),
        ("totp", "ST-1", ""),
    ]:
        with pytest.raises(SealBroken, match=f"the {purpose} of {owner}"):
            keyring.open_secret(purpose, owner, text)


def test_secret_moves_to_the_active_key(bare: Path):
    keyring.make_first_key()
    sealed = keyring.seal_secret("totp", "ST-1", "secret")
    assert keyring.resealed("totp", "ST-1", sealed) == sealed
    old, new = keyring.active_master_key(), keyring.add_master_key()
    moved = keyring.resealed("totp", "ST-1", sealed)
    assert new.id in moved
    keyring.drop_master_keys([old.id])
    assert keyring.open_secret("totp", "ST-1", moved) == "secret"


def test_places_never_look_alike():
    assert keyring.bound_to("a", "b,c") != keyring.bound_to("a,b", "c") != keyring.bound_to('a","b', "c")
    assert keyring.bound_to("1") != keyring.bound_to(1)
