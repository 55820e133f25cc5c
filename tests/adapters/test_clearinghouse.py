"""Do claim files leave through the folder exactly once, and are answers taken only when they are whole?"""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.clearinghouse import FolderCarrier, carrier
from adapters.clearinghouse_sftp import SftpCarrier
from adapters.settings import Settings, settings
from models.errors import OutsideRefused

DATA = b"ISA*00*~IEA*1*000000001~"


@pytest.fixture
def drop(tmp_path: Path) -> FolderCarrier:
    made = FolderCarrier(tmp_path, settle_seconds=0.0)
    made.incoming.mkdir()
    return made


def outside(drop: FolderCarrier) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in drop.outgoing.iterdir()}


def test_sent_file_lies_in_outgoing_for_its_owner_alone(drop: FolderCarrier):
    assert drop.send("837P-1.txt", DATA)
    assert outside(drop) == {"837P-1.txt": DATA}
    assert (drop.outgoing / "837P-1.txt").stat().st_mode & 0o777 == 0o600


def test_same_file_again_changes_nothing_even_after_it_was_carried_on(drop: FolderCarrier):
    drop.send("837P-1.txt", DATA)
    assert not drop.send("837P-1.txt", DATA)
    (drop.outgoing / "837P-1.txt").unlink()
    assert not drop.send("837P-1.txt", DATA)
    assert outside(drop) == {}


@pytest.mark.parametrize("marked", [True, False])
def test_name_used_for_other_content_is_refused(drop: FolderCarrier, marked: bool):
    drop.send("837P-1.txt", DATA)
    if not marked:
        (drop.sent / "837P-1.txt").unlink()
    with pytest.raises(OutsideRefused, match=r"837P-1\.txt .* with other content"):
        drop.send("837P-1.txt", DATA + b"more")
    assert outside(drop) == {"837P-1.txt": DATA}


def test_file_that_lies_there_without_a_mark_is_marked_and_not_laid_again(drop: FolderCarrier):
    drop.send("837P-1.txt", DATA)
    (drop.sent / "837P-1.txt").unlink()
    assert not drop.send("837P-1.txt", DATA)
    (drop.outgoing / "837P-1.txt").unlink()
    assert not drop.send("837P-1.txt", DATA)


@pytest.mark.parametrize("killed_in", ["stage", "release"])
def test_sending_killed_at_any_step_is_finished_by_the_next_try(
    drop: FolderCarrier, monkeypatch: pytest.MonkeyPatch, killed_in: str
):
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FolderCarrier, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            drop.send("837P-1.txt", DATA)
    assert drop.send("837P-1.txt", DATA)
    assert not drop.send("837P-1.txt", DATA)
    assert outside(drop) == {"837P-1.txt": DATA}


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../a", "a\0b", "a b", "ä.txt", "x" * 101, "-_."])
def test_name_that_no_folder_should_take_is_refused(drop: FolderCarrier, name: str):
    with pytest.raises(OutsideRefused, match="name"):
        drop.send(name, DATA)


def test_longest_name_is_taken(drop: FolderCarrier):
    assert drop.send("x" * 100, DATA)


def test_whole_files_are_fetched_and_half_written_ones_wait(drop: FolderCarrier):
    (drop.incoming / "835-1.txt").write_bytes(DATA)
    for name in (".835-2.txt", "835-3.part"):
        (drop.incoming / name).write_bytes(DATA)
    assert [each.name for each in drop.fetch()] == ["835-1.txt"]
    assert FolderCarrier(drop.incoming.parent, settle_seconds=60).fetch() == []


def test_done_file_is_gone_and_done_again_changes_nothing(drop: FolderCarrier):
    (drop.incoming / "835-1.txt").write_bytes(DATA)
    (fetched,) = drop.fetch()
    drop.done(fetched)
    drop.done(fetched)
    assert drop.fetch() == []


def test_other_content_that_took_the_name_meanwhile_stays(drop: FolderCarrier):
    (drop.incoming / "835-1.txt").write_bytes(DATA)
    (fetched,) = drop.fetch()
    (drop.incoming / "835-1.txt").write_bytes(DATA + b"new")
    drop.done(fetched)
    (again,) = drop.fetch()
    assert again.path.read_bytes() == DATA + b"new"


def test_folder_that_is_not_there_holds_nothing(tmp_path: Path):
    assert FolderCarrier(tmp_path / "none").fetch() == []


# The settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    settings.cache_clear()
    monkeypatch.setattr("adapters.clearinghouse.settings", Settings)
    return monkeypatch


SFTP = {
    "COUNTERSIGN_CLEARINGHOUSE": "sftp",
    "COUNTERSIGN_CLEARINGHOUSE_HOST": "sftp.example.org",
    "COUNTERSIGN_CLEARINGHOUSE_USER": "practice",
    "COUNTERSIGN_CLEARINGHOUSE_KEY_FILE": "key",
    "COUNTERSIGN_CLEARINGHOUSE_HOST_KEY": "ssh-ed25519 AAAA, ssh-rsa BBBB,",
}


def test_folder_is_the_carrier_by_default(place: pytest.MonkeyPatch, tmp_path: Path):
    chosen = carrier()
    assert isinstance(chosen, FolderCarrier)
    assert chosen.outgoing == tmp_path / "clearinghouse" / "outgoing"


def test_sftp_is_the_carrier_where_the_settings_name_it(place: pytest.MonkeyPatch):
    for name, value in SFTP.items():
        place.setenv(name, value)
    chosen = carrier()
    assert isinstance(chosen, SftpCarrier)
    assert (chosen.place.host, chosen.place.port) == ("sftp.example.org", 22)
    assert chosen.place.host_keys == ("ssh-ed25519 AAAA", "ssh-rsa BBBB")


@pytest.mark.parametrize("missing", sorted(set(SFTP) - {"COUNTERSIGN_CLEARINGHOUSE"}))
def test_sftp_without_a_setting_is_refused_by_its_name(place: pytest.MonkeyPatch, missing: str):
    for name, value in SFTP.items():
        if name != missing:
            place.setenv(name, value)
    with pytest.raises(OutsideRefused, match=missing):
        carrier()


@pytest.mark.parametrize(
    ("given", "seeded", "simulates"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"samples": False}, True, False),
        ({"claim_usage": "P"}, True, False),
        ({"clearinghouse": "sftp"}, True, False),
        ({"simulated_payer": False}, True, False),
        ({"simulated_payer": True}, False, True),
    ],
)
def test_payer_is_simulated_for_the_sample_practice_alone_unless_asked_for(
    tmp_path: Path, given: dict[str, Any], seeded: bool, simulates: bool
):
    if seeded:
        (tmp_path / "sample-sign-ins.json").write_text("[]")
    assert Settings(home=tmp_path, **given).simulates_payer is simulates


@pytest.mark.parametrize("given", [{"claim_usage": "P"}, {"clearinghouse": "sftp"}])
def test_simulated_payer_never_stands_where_claims_leave_for_real(given: dict[str, Any]):
    with pytest.raises(ValidationError, match="answers test claims"):
        Settings(simulated_payer=True, **given)


def test_key_words_of_the_settings_do_not_print():
    assert "word" not in repr(Settings(clearinghouse_key_passphrase="word"))
