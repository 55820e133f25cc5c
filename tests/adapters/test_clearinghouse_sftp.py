"""Do claim files reach a real SFTP server exactly once, and only the server whose host key is known?"""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.clearinghouse_sftp import SftpCarrier, SftpPlace, _RemoteFolder
from models.errors import OutsideRefused, OutsideUnavailable
from tests.adapters.sftp_server import SftpServer, free_port, make_key, running_sshd

DATA = b"ISA*00*~IEA*1*000000001~"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def place(server: SftpServer) -> Iterator[SftpPlace]:
    yield SftpPlace("127.0.0.1", server.user, server.key_file, (server.host_key,), port=server.port)
    for path in server.files.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.fixture
def carrier(place: SftpPlace, tmp_path: Path) -> SftpCarrier:
    return SftpCarrier(place, tmp_path, settle_seconds=0.0)


def far(server: SftpServer, folder: str = "outgoing") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (server.files / folder).iterdir()}


def with_place(carrier: SftpCarrier, tmp_path: Path, **changes: Any) -> SftpCarrier:
    return SftpCarrier(replace(carrier.place, **changes), tmp_path, settle_seconds=0.0)


def test_sent_file_lies_on_the_server_under_its_name(carrier: SftpCarrier, server: SftpServer):
    assert carrier.send("837P-1.txt", DATA)
    assert far(server) == {"837P-1.txt": DATA}


def test_file_sent_again_is_not_uploaded_again_even_when_the_server_has_taken_it(
    carrier: SftpCarrier, server: SftpServer
):
    carrier.send("837P-1.txt", DATA)
    assert not carrier.send("837P-1.txt", DATA)
    (server.files / "outgoing" / "837P-1.txt").unlink()
    assert not carrier.send("837P-1.txt", DATA)
    assert far(server) == {}


@pytest.mark.parametrize("marked", [True, False])
def test_name_used_for_other_content_is_refused(carrier: SftpCarrier, server: SftpServer, tmp_path: Path, marked: bool):
    carrier.send("837P-1.txt", DATA)
    if not marked:
        (tmp_path / "sent" / "837P-1.txt").unlink()
    with pytest.raises(OutsideRefused, match=r"837P-1\.txt .* with other content"):
        carrier.send("837P-1.txt", DATA + b"more")
    assert far(server) == {"837P-1.txt": DATA}


def test_upload_interrupted_before_its_release_is_released_at_the_next_try(
    carrier: SftpCarrier, server: SftpServer, monkeypatch: pytest.MonkeyPatch
):
    def cut(*_: Any) -> None:
        raise EOFError

    with monkeypatch.context() as patch:
        patch.setattr(_RemoteFolder, "release", cut)
        with pytest.raises(OutsideUnavailable):
            carrier.send("837P-1.txt", DATA)
    assert far(server) == {".837P-1.txt.part": DATA}
    assert carrier.send("837P-1.txt", DATA)
    assert far(server) == {"837P-1.txt": DATA}


def test_upload_interrupted_half_way_is_begun_anew(carrier: SftpCarrier, server: SftpServer):
    (server.files / "outgoing" / ".837P-1.txt.part").write_bytes(DATA[:5])
    assert carrier.send("837P-1.txt", DATA)
    assert far(server) == {"837P-1.txt": DATA}


def test_fetched_file_leaves_the_server_and_waits_here_until_done(carrier: SftpCarrier, server: SftpServer):
    (server.files / "incoming" / "835-1.txt").write_bytes(DATA)
    (fetched,) = carrier.fetch()
    assert (fetched.name, fetched.path.read_bytes(), far(server, "incoming")) == ("835-1.txt", DATA, {})
    assert fetched.path.stat().st_mode & 0o777 == 0o600
    assert carrier.fetch() == [fetched]
    carrier.done(fetched)
    carrier.done(fetched)
    assert carrier.fetch() == []


def test_fetched_file_is_moved_on_the_server_where_the_settings_say_so(
    carrier: SftpCarrier, server: SftpServer, tmp_path: Path
):
    (server.files / "incoming" / "835-1.txt").write_bytes(DATA)
    with_place(carrier, tmp_path, taken_folder="taken").fetch()
    assert (far(server, "incoming"), far(server, "taken")) == ({}, {"835-1.txt": DATA})


def test_two_files_of_one_name_are_both_kept_and_one_content_twice_is_one_file(
    carrier: SftpCarrier, server: SftpServer
):
    for content in (DATA, DATA, DATA + b"other"):
        (server.files / "incoming" / "835-1.txt").write_bytes(content)
        fetched = carrier.fetch()
    assert {each.name: each.path.read_bytes() for each in fetched} == {
        "835-1.txt": DATA,
        "835-1-2.txt": DATA + b"other",
    }


def test_half_written_hidden_and_linked_files_stay_on_the_server(carrier: SftpCarrier, server: SftpServer):
    incoming = server.files / "incoming"
    for name in (".hidden", "835-1.part", "835-2.tmp"):
        (incoming / name).write_bytes(DATA)
    (incoming / "835-3.txt").symlink_to(server.key_file)
    assert carrier.fetch() == []
    (incoming / "835-3.txt").unlink()


def test_file_that_still_grows_stays_on_the_server(
    carrier: SftpCarrier, server: SftpServer, monkeypatch: pytest.MonkeyPatch
):
    growing = server.files / "incoming" / "835-1.txt"
    growing.write_bytes(DATA)
    monkeypatch.setattr("adapters.clearinghouse_sftp.time.sleep", lambda _: growing.write_bytes(DATA * 2))
    assert carrier.fetch() == []
    assert far(server, "incoming") == {"835-1.txt": DATA * 2}


def test_unknown_host_key_is_refused_before_we_sign_in(carrier: SftpCarrier, server: SftpServer, tmp_path: Path):
    other = make_key(tmp_path / "other")
    before = server.log.read_text().count("Accepted publickey")
    with pytest.raises(OutsideRefused, match="host key"):
        with_place(carrier, tmp_path, host_keys=(other,)).send("837P-1.txt", DATA)
    assert server.log.read_text().count("Accepted publickey") == before
    assert far(server) == {}


def test_host_key_of_another_kind_is_refused(carrier: SftpCarrier, tmp_path: Path):
    import paramiko

    rsa = paramiko.RSAKey.generate(2048)
    with pytest.raises(OutsideRefused, match="host key"):
        with_place(carrier, tmp_path, host_keys=(f"ssh-rsa {rsa.get_base64()}",)).fetch()


def test_one_of_several_known_host_keys_is_enough(carrier: SftpCarrier, server: SftpServer, tmp_path: Path):
    keys = (make_key(tmp_path / "next"), f"{server.host_key} with a comment")
    assert with_place(carrier, tmp_path, host_keys=keys).fetch() == []


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-unknown AAAA", "SHA256:abc"])
def test_what_is_no_host_key_is_refused(carrier: SftpCarrier, tmp_path: Path, line: str):
    with pytest.raises(OutsideRefused, match="is no host key"):
        with_place(carrier, tmp_path, host_keys=(line,)).fetch()


def test_sign_in_that_the_server_does_not_accept_is_refused(carrier: SftpCarrier, tmp_path: Path):
    make_key(tmp_path / "stranger")
    with pytest.raises(OutsideRefused, match="sign-in"):
        with_place(carrier, tmp_path, key_file=tmp_path / "stranger").fetch()


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0o600, "there is no key file"),
        ("nonsense", 0o600, "cannot be opened"),
        ("nonsense", 0o640, "can be read by others"),
    ],
)
def test_key_file_that_is_none_is_refused(
    carrier: SftpCarrier, tmp_path: Path, content: str | None, mode: int, said: str
):
    key_file = tmp_path / "key"
    if content is not None:
        key_file.write_text(content)
        key_file.chmod(mode)
    with pytest.raises(OutsideRefused, match=said):
        with_place(carrier, tmp_path, key_file=key_file).fetch()


@pytest.mark.parametrize("changes", [{"upload_folder": "nowhere"}, {"upload_folder": "../own_key"}])
def test_folder_that_is_not_there_is_refused_or_tried_again(
    carrier: SftpCarrier, tmp_path: Path, changes: dict[str, str]
):
    with pytest.raises((OutsideRefused, OutsideUnavailable)):
        with_place(carrier, tmp_path, **changes).send("837P-1.txt", DATA)
    assert not (tmp_path / "sent" / "837P-1.txt").exists()


def test_folder_without_rights_is_refused(carrier: SftpCarrier, monkeypatch: pytest.MonkeyPatch):
    def not_permitted(*_: Any) -> None:
        raise PermissionError("the server's own words")

    monkeypatch.setattr(_RemoteFolder, "stage", not_permitted)  # root, who may run this test, may write everywhere
    with pytest.raises(OutsideRefused, match="does not permit it"):
        carrier.send("837P-1.txt", DATA)


def test_server_that_is_away_is_tried_again(carrier: SftpCarrier, tmp_path: Path):
    with pytest.raises(OutsideUnavailable):
        with_place(carrier, tmp_path, port=free_port()).fetch()


def test_server_that_says_nothing_is_tried_again(carrier: SftpCarrier, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(OutsideUnavailable):
            with_place(carrier, tmp_path, port=port, timeout=0.2).fetch()
