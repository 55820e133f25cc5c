"""Are the weights that are read with those on record, and is every other named and refused?"""

import hashlib
import shutil
from pathlib import Path

import pytest

from language import note_scores, risk_classifier
from language.encoder import PINNED, pinned_weights
from language.manifests import MANIFEST, content_of, faults, read_manifest, write_manifest
from language.risk_classifier import SHIPPED, THRESHOLDS
from language.risk_network import NETWORK, load_network
from language.risk_signals import read_risk
from models.errors import WeightsDiffer


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A version that a test may damage."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "version"))


@pytest.mark.parametrize(
    ("recorded", "files"), [(SHIPPED, SHIPPED), (note_scores.FOLDER, note_scores.FOLDER), (PINNED, pinned_weights())]
)
def test_every_shipped_file_is_the_one_on_record(recorded: Path, files: Path) -> None:
    manifest = read_manifest(recorded)
    assert faults(manifest, files) == []
    assert (recorded / "MODEL_CARD.md").is_file() and manifest.licence
    lying = {path.name for path in recorded.iterdir()} - {MANIFEST, "MODEL_CARD.md"}
    assert lying in (set(manifest.files), set()), "every file of weights is on record"


def test_the_shipped_version_is_named_by_its_network() -> None:
    assert read_manifest(SHIPPED).version == f"risk-{read_manifest(SHIPPED).files[NETWORK][:8]}"


@pytest.mark.parametrize("name", [NETWORK, THRESHOLDS])
def test_another_file_is_named_with_both_digests_and_refused(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-2] + b" " + content[-1:])
    [fault] = faults(read_manifest(copy), copy)
    assert str(copy / name) in fault
    assert read_manifest(copy).files[name] in fault
    assert hashlib.sha256((copy / name).read_bytes()).hexdigest() in fault
    with pytest.raises(WeightsDiffer, match=name):
        content_of(copy, name)


def test_a_version_that_is_not_intact_reads_nothing(copy: Path) -> None:
    (copy / NETWORK).write_bytes(b"other")
    with pytest.raises(WeightsDiffer, match=NETWORK):
        load_network(copy)
    with pytest.raises(WeightsDiffer, match=NETWORK):
        read_risk("I want to die.", folder=copy)
    (copy / THRESHOLDS).unlink()
    with pytest.raises(WeightsDiffer, match=r"thresholds\.json cannot be read"):
        risk_classifier.settings(copy / ".." / copy.name)


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"files": {}}'])
def test_a_manifest_that_cannot_be_read_is_no_manifest(copy: Path, content: bytes | None) -> None:
    (copy / MANIFEST).unlink() if content is None else (copy / MANIFEST).write_bytes(content)
    with pytest.raises(WeightsDiffer, match="cannot be read"):
        risk_classifier.settings(copy)


def test_notes_with_other_heads_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Path(shutil.copytree(note_scores.FOLDER, tmp_path / "notes"))
    (copy / note_scores.WEIGHTS).write_bytes(b"other")
    monkeypatch.setattr(note_scores, "FOLDER", copy)
    with pytest.raises(WeightsDiffer, match=note_scores.WEIGHTS):
        note_scores._weights.__wrapped__()


def test_whoever_writes_weights_records_them_as_they_lie(copy: Path) -> None:
    (copy / THRESHOLDS).write_bytes(b"{}")
    write_manifest(copy, "risk-new", "ours", (NETWORK, THRESHOLDS))
    assert faults(read_manifest(copy), copy) == []
    assert content_of(copy, THRESHOLDS) == b"{}"
    assert read_manifest(copy).version == "risk-new"
