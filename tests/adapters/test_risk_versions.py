"""Is a version of a practice's own kept whole, in force only when it was put so, and refused when it is another?"""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adapters import risk_versions
from adapters.settings import CHECKOUT, settings
from models.errors import WeightsDiffer

FILES = {"manifest.json": b"{}", "network.safetensors": b"weights"}


@pytest.fixture(autouse=True)
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


def pointer() -> Path:
    return settings().models_folder / "risk_signals" / "in-force.json"


def test_without_any_version_the_shipped_one_is_in_force():
    assert risk_versions.made() == {}
    assert risk_versions.folder_in_force() is None
    risk_versions.put_shipped_in_force()


def test_version_is_kept_as_it_was_and_closed_to_others():
    folder = risk_versions.keep("risk-1", FILES)
    assert risk_versions.made() == {"risk-1": folder}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert risk_versions.keep("risk-1", {"manifest.json": b"another"}) == folder
    assert (folder / "manifest.json").read_bytes() == b"{}"
    risk_versions.put_in_force("risk-1")
    closed = [folder.parent, folder]
    assert {stat.S_IMODE(path.stat().st_mode) for path in closed} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in [pointer(), *folder.iterdir()]} == {0o600}


def test_what_is_in_force_changes_with_the_note():
    first, second = risk_versions.keep("risk-1", FILES), risk_versions.keep("risk-2", FILES)
    assert risk_versions.folder_in_force() is None
    for version, folder in (("risk-1", first), ("risk-2", second), ("risk-1", first)):
        risk_versions.put_in_force(version)
        assert risk_versions.folder_in_force() == folder
    risk_versions.put_shipped_in_force()
    assert risk_versions.folder_in_force() is None


def test_process_that_runs_sees_the_change():
    risk_versions.keep("risk-1", FILES)
    asks = (
        "import sys; from adapters.risk_versions import folder_in_force as f\n"
        "for _ in sys.stdin: print(f(), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", asks], cwd=CHECKOUT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin and running.stdout

        def asked() -> str:
            running.stdin.write("\n")  # type: ignore[union-attr]
            running.stdin.flush()  # type: ignore[union-attr]
            return running.stdout.readline().strip()  # type: ignore[union-attr]

        assert asked() == "None"
        risk_versions.put_in_force("risk-1")
        assert asked() == str(risk_versions.made()["risk-1"])
        risk_versions.put_shipped_in_force()
        assert asked() == "None"
        running.stdin.close()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": "risk-1"}', '{"version": 7, "manifest_sha256": "0"}', "\x00"]
)
def test_note_that_cannot_be_read_stops_the_reading(content: str):
    risk_versions.keep("risk-1", FILES)
    pointer().write_text(content)
    with pytest.raises(WeightsDiffer):
        risk_versions.folder_in_force()


def test_version_that_is_gone_or_another_is_refused_by_name():
    folder = risk_versions.keep("risk-1", FILES)
    risk_versions.put_in_force("risk-1")
    promoted = json.loads(pointer().read_bytes())["manifest_sha256"]
    (folder / "manifest.json").write_bytes(b'{"files": {}}')
    with pytest.raises(WeightsDiffer, match=f"{folder}/manifest.json has SHA-256 .* promoted was {promoted}"):
        risk_versions.folder_in_force()
    os.rename(folder, folder.with_name("away"))
    with pytest.raises(WeightsDiffer, match="risk-1, which is in force, cannot be read"):
        risk_versions.folder_in_force()


KILLED_HALF_WAY = """
import sys, time
from adapters import risk_versions
whole = risk_versions.write_private
def slow(path, content):
    whole(path, content)
    print(path, flush=True)
    time.sleep(600)
risk_versions.write_private = slow
risk_versions.keep("risk-1", {"manifest.json": b"{}", "network.safetensors": b"weights"})
"""


def test_version_killed_half_way_is_none_and_can_be_made_again():
    with subprocess.Popen([sys.executable, "-c", KILLED_HALF_WAY], cwd=CHECKOUT, stdout=subprocess.PIPE) as writing:
        assert writing.stdout and Path(writing.stdout.readline().decode().strip()).is_file()
        writing.send_signal(signal.SIGKILL)
    assert risk_versions.made() == {}
    assert risk_versions.folder_in_force() is None
    with pytest.raises(FileNotFoundError):
        risk_versions.put_in_force("risk-1")
    assert risk_versions.made() == {}
    assert set(risk_versions.keep("risk-1", FILES).iterdir())


def test_note_is_read_in_far_less_than_a_reading_takes():
    risk_versions.keep("risk-1", FILES)
    risk_versions.put_in_force("risk-1")
    risk_versions.folder_in_force()
    started = time.perf_counter()
    for _ in range(100):
        risk_versions.folder_in_force()
    assert (time.perf_counter() - started) / 100 < 0.01
