"""A sealed file is read whole, in order, with its key, or refused by name."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import sealed_stream
from adapters.backup_key import BackupKey
from adapters.sealed_stream import opened, sealing
from models.errors import BackupRefused

KEY = BackupKey("BK-one", bytes(range(32)))
OTHER = BackupKey("BK-other", bytes(range(1, 33)))
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MARKER = b"zibbertrance"


@pytest.fixture(autouse=True)
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_stream, "FRAME_BYTES", 256)


def sealed(path: Path, content: bytes) -> Path:
    with sealing(path, KEY, NOW) as out:
        for at in range(0, len(content), 100):
            out.write(content[at : at + 100])
    return path


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def read(path: Path, *keys: BackupKey) -> bytes:
    return b"".join(opened(path, keys or (KEY,)))


def frames_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """The head of a sealed file, and its frames with their marks."""
    at = len(sealed_stream.MAGIC)
    at += 4 + int.from_bytes(data[at : at + 4], "big")
    head, frames = data[:at], []
    while at < len(data):
        size = 4 + (int.from_bytes(data[at : at + 4], "big") & ~sealed_stream.LAST)
        frames.append(data[at : at + size])
        at += size
    return head, frames


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 5000])
def test_sealed_file_gives_back_what_was_written(tmp_path: Path, size: int) -> None:
    content = noise(size)
    assert read(sealed(tmp_path / "one.backup", content)) == content


def test_sealed_file_opens_with_any_of_the_known_keys(tmp_path: Path) -> None:
    path = sealed(tmp_path / "one.backup", noise(900))
    assert read(path, OTHER, KEY) == noise(900)


def test_sealed_file_shows_nothing_of_its_content(tmp_path: Path) -> None:
    data = sealed(tmp_path / "one.backup", MARKER * 500).read_bytes()
    assert MARKER not in data
    assert (tmp_path / "one.backup").stat().st_mode & 0o077 == 0


def test_every_altered_bit_is_refused(tmp_path: Path) -> None:
    path = sealed(tmp_path / "one.backup", noise(600))
    whole = path.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(bytes(changed))
        with pytest.raises(BackupRefused):
            read(path)


def test_every_shorter_file_is_refused(tmp_path: Path) -> None:
    path = sealed(tmp_path / "one.backup", noise(600))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(BackupRefused):
            read(path)


def swapped(frames: list[bytes]) -> list[bytes]:
    return [frames[1], frames[0], *frames[2:]]


def left_out(frames: list[bytes]) -> list[bytes]:
    return [frames[0], *frames[2:]]


def doubled(frames: list[bytes]) -> list[bytes]:
    return [frames[0], *frames]


def ended_early(frames: list[bytes]) -> list[bytes]:
    """The last frame is gone, and the one before claims to be the last."""
    size = int.from_bytes(frames[-2][:4], "big") | sealed_stream.LAST
    return [*frames[:-2], size.to_bytes(4, "big") + frames[-2][4:]]


@pytest.mark.parametrize("disorder", [swapped, left_out, doubled, ended_early])
def test_frames_in_disorder_are_refused(tmp_path: Path, disorder: Callable[[list[bytes]], list[bytes]]) -> None:
    path = sealed(tmp_path / "one.backup", noise(1500))
    head, frames = frames_of(path.read_bytes())
    assert len(frames) > 4
    path.write_bytes(head + b"".join(disorder(frames)))
    with pytest.raises(BackupRefused, match=r"frame \d+ has been altered, moved or left out"):
        read(path)


def test_frame_of_another_file_is_refused(tmp_path: Path) -> None:
    one, two = sealed(tmp_path / "one.backup", noise(1500)), sealed(tmp_path / "two.backup", noise(1500))
    head, frames = frames_of(one.read_bytes())
    one.write_bytes(head + frames[0] + b"".join(frames_of(two.read_bytes())[1][1:]))
    with pytest.raises(BackupRefused, match="frame 2 has been altered"):
        read(one)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:-1], "cut off in frame"),
        (lambda data: data[: data.index(b"}") + 1], "cut off after frame 0"),
        (lambda data: data + b"x", "something follows its last frame"),
        (lambda data: b"", "is no backup of Countersign"),
        (lambda data: b"PK\x03\x04" + data, "is no backup of Countersign"),
        (lambda data: data.replace(b'"format": 1', b'"format": 2'), "has format 2; this program reads format 1"),
        (lambda data: data.replace(b"2026-11-25", b"2026-11-26"), "its header has been altered"),
    ],
)
def test_refusal_names_what_is_wrong(tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    path = sealed(tmp_path / "one.backup", noise(900))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BackupRefused, match=said):
        read(path)


def test_another_key_is_named_and_never_shown(tmp_path: Path) -> None:
    path = sealed(tmp_path / "one.backup", noise(900))
    with pytest.raises(BackupRefused, match="made with the backup key BK-one, which is not here"):
        read(path, OTHER)
    assert "secret" not in repr(KEY)


def test_wrong_secret_under_the_right_id_is_refused(tmp_path: Path) -> None:
    path = sealed(tmp_path / "one.backup", noise(900))
    with pytest.raises(BackupRefused, match="its header has been altered"):
        read(path, BackupKey(KEY.id, OTHER.secret))


def test_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = sealed(tmp_path / "one.backup", b"first")
    with pytest.raises(BackupRefused, match="is there already"):
        sealed(path, b"second")
    assert read(path) == b"first"


def test_writing_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sealing(tmp_path / "one.backup", KEY, NOW) as out:
        out.write(noise(2000))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_digest_and_size_are_those_of_the_file(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "one.backup"
    with sealing(path, KEY, NOW) as out:
        out.write(noise(700))
    assert out.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert out.size == path.stat().st_size
