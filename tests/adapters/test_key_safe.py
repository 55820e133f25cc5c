"""The key files of an installation, kept under a passphrase and put back."""

from pathlib import Path

import pytest

from adapters import key_safe
from adapters.backup_key import active_backup_key
from adapters.key_safe import keep_keys, put_keys_back
from adapters.link_keys import link_keys
from models.errors import BackupRefused

PHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_safe, "ROUNDS", 1 << 10)


@pytest.fixture
def kept(home: Path, tmp_path: Path) -> Path:
    active_backup_key()
    link_keys()
    assert {"keys/backup-key", "keys/master-key", "link-signing-key"} <= set(keep_keys(tmp_path / "keys.kept", PHRASE))
    return tmp_path / "keys.kept"


def test_kept_keys_come_back_private_and_unchanged(home: Path, kept: Path) -> None:
    before = {path: path.read_bytes() for path in (*(home / "keys").iterdir(), home / "link-signing-key")}
    for path in before:
        path.unlink()
    assert {"backup-key", "link-signing-key", "master-key"} <= set(put_keys_back(kept, PHRASE))
    for path, content in before.items():
        if content:
            assert path.read_bytes() == content
            assert path.stat().st_mode & 0o077 == 0
    assert put_keys_back(kept, PHRASE) == []


def test_kept_file_shows_no_key(home: Path, kept: Path) -> None:
    content = kept.read_text()
    assert (home / "keys" / "backup-key").read_text().strip() not in content
    assert (home / "link-signing-key").read_text() not in content
    assert kept.stat().st_mode & 0o077 == 0


def test_wrong_passphrase_opens_nothing(kept: Path) -> None:
    with pytest.raises(BackupRefused, match="the passphrase does not open it"):
        put_keys_back(kept, PHRASE + " ")


def test_altered_file_opens_nothing(kept: Path) -> None:
    whole = kept.read_bytes()
    for at in range(0, len(whole), 7):
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        if kept.read_bytes().rstrip() != whole.rstrip():
            with pytest.raises(BackupRefused):
                put_keys_back(kept, PHRASE)


def test_another_key_that_is_here_is_never_replaced(home: Path, kept: Path) -> None:
    (home / "keys" / "backup-key").write_text("another")
    with pytest.raises(BackupRefused, match="backup-key is here already and is another one"):
        put_keys_back(kept, PHRASE)
    assert (home / "keys" / "backup-key").read_text() == "another"


def test_short_passphrase_and_existing_file_are_refused(home: Path, kept: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="at least 16 characters"):
        keep_keys(tmp_path / "other", "short")
    with pytest.raises(BackupRefused, match="is there already"):
        keep_keys(kept, PHRASE)


def test_name_that_leads_elsewhere_is_refused(home: Path) -> None:
    for name in ("../evil", "keys/../../evil", "/etc/evil", "other/evil"):
        with pytest.raises(BackupRefused, match="outside this installation"):
            key_safe._place(name)
