"""Backups at the terminal and at night: what is written, proven, put back, and what is said of it."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from adapters import audit_chain, risk_versions, therapy_store
from adapters import operational_store as store
from adapters.backup_key import backup_keys
from adapters.migrating import migrate_all
from adapters.settings import settings
from models.codes import ReferralStatus
from models.columns import utc_now
from models.errors import BackupRefused, OutsideRefused
from models.operational import AuditEvent, Referral
from models.therapy_text import TherapyText
from tasks import backups as night
from tests.cli.conftest import Calls
from tests.factories import make_patient, make_referral

PASSPHRASE = "four lamps near the quiet harbor"
WORDS = "quizzlebramble"

pytestmark = pytest.mark.sqlite_only("moves whole installations; tests/adapters/test_backup.py does it on both kinds")


@pytest.fixture
def case(home: Path) -> Referral:
    found = make_referral(ReferralStatus.CLOSED_DECLINED, patient=make_patient(), closed_at=utc_now())
    therapy_store.add_text(found.case_number, "referral_text", TherapyText(WORDS))
    return found


def elsewhere(patch: pytest.MonkeyPatch, home: Path) -> Path:
    """From now on the settings name an installation that is not there yet."""
    store.engine_for(settings().operational_database).dispose()
    therapy_store.engine_for(settings().therapy_database).dispose()
    patch.setenv("COUNTERSIGN_HOME", str(home))
    settings.cache_clear()
    settings().make_folders()
    return home


def test_backup_travels_with_its_keys_apart_and_is_restored_elsewhere(
    case: Referral, call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, keys = tmp_path / "today.backup", tmp_path / "usb" / "keys"
    keys.parent.mkdir()
    monkeypatch.setenv("COUNTERSIGN_PASSPHRASE", PASSPHRASE)
    said = call("backup", str(file)).output
    assert "rows" in said and "SHA-256" in said and "opens only with the backup key" in said
    assert WORDS.encode() not in file.read_bytes()
    assert "master" in call("backup-keys", str(keys)).output
    elsewhere(monkeypatch, tmp_path / "other")
    with pytest.raises(BackupRefused):
        call("restore", str(file))
    assert "Put back: " in call("restore-keys", str(keys)).output
    assert "all were here" in call("restore-keys", str(keys)).output
    assert "Counts, digests and the audit were proven." in call("restore", str(file)).output
    migrate_all()
    assert [each.text.unwrap() for each in therapy_store.texts(case.case_number, actor="test", where="test")] == [WORDS]
    assert audit_chain.verify_all() == []
    with pytest.raises(BackupRefused):
        call("restore", str(file))


def test_own_version_of_the_risk_reader_is_in_force_after_a_restore(
    case: Referral, call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    risk_versions.keep("risk-own", {"manifest.json": b"{}"})
    risk_versions.put_in_force("risk-own")
    call("backup", str(tmp_path / "today.backup"))
    keys = settings().keys_folder
    other = elsewhere(monkeypatch, tmp_path / "other")
    shutil.copytree(keys, settings().keys_folder, dirs_exist_ok=True)
    call("restore", str(tmp_path / "today.backup"))
    assert risk_versions.folder_in_force() == other / "models" / "risk_signals" / "risk-own"


def test_check_proves_a_backup_and_touches_nothing(case: Referral, call: Calls, tmp_path: Path) -> None:
    file = tmp_path / "today.backup"
    call("backup", str(file))
    before = sorted(path.name for path in settings().home.iterdir())
    assert "Can be restored as of" in call("backup", "--check", str(file)).output
    assert sorted(path.name for path in settings().home.iterdir()) == before
    spoiled = tmp_path / "spoiled.backup"
    shutil.copy(file, spoiled)
    with spoiled.open("r+b") as whole:
        whole.seek(-40, 2)
        whole.write(b"\0")
    with pytest.raises(BackupRefused, match=r"cannot be restored: BackupRefused: .*spoiled\.backup: .* altered"):
        call("backup", "--check", str(spoiled))
    assert sorted(path.name for path in settings().home.iterdir()) == before


def test_wrong_passphrase_puts_no_key_back(
    case: Referral, call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys.safe"
    call("backup-keys", str(keys), typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    there = elsewhere(monkeypatch, tmp_path / "other") / "keys"
    with pytest.raises((BackupRefused, OutsideRefused)):
        call("restore-keys", str(keys), typed="another one altogether\n")
    assert list(there.glob("*")) == []


def test_new_key_seals_the_next_backup_and_opens_the_last(case: Referral, call: Calls, tmp_path: Path) -> None:
    old = tmp_path / "old.backup"
    call("backup", str(old))
    said = call("new-backup-key").output
    assert backup_keys()[0].id in said or backup_keys()[-1].id in said
    assert len(backup_keys()) == 2
    assert "Can be restored" in call("backup", "--check", str(old)).output


def test_night_backs_up_where_a_folder_is_named(
    case: Referral, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert night.back_up.fn() == 0
    monkeypatch.setenv("COUNTERSIGN_BACKUP_FOLDER", str(tmp_path / "nightly"))
    settings.cache_clear()
    written = night.back_up.fn()
    (made,) = (tmp_path / "nightly").iterdir()
    assert made.stat().st_size == written > 0
    with store.reading() as db:
        event = db.exec(select(AuditEvent).where(AuditEvent.action == "backup.made")).one()
    assert (event.actor, event.details["bytes"]) == ("system", written)
    shutil.rmtree(tmp_path / "nightly")
    (tmp_path / "nightly").write_text("a file, where the folder should be")
    with pytest.raises(OSError):
        night.back_up.fn()
