"""Does recalibration find a known distortion, keep to what it may not touch, and judge on later labels alone?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from language import recalibration
from language.evaluation import on_labels
from language.evaluation.calibration import calibration_error, log_loss
from language.evaluation.on_labels import figures_of, judged
from language.feedback import SELECTION, Label
from language.manifests import CARD, read_manifest
from language.recalibration import Candidate, earlier_and_later, recalibrated
from language.risk_classifier import SHIPPED, THRESHOLDS, settings
from language.risk_network import NETWORK
from language.risk_signals import RULE
from language.risk_values import SignalKind
from tests.labels import FIRST, KIND, make_label, make_labels

NOW = datetime(2026, 11, 26, tzinfo=UTC)
KNOWN = {settings().version: SHIPPED}
OTHER = SignalKind.HARM_TO_OTHERS


def made(labels: list[Label], wanted: dict[SignalKind, float] | None = None, refit: bool = False) -> Candidate:
    return recalibrated(labels, SHIPPED, KNOWN, wanted or {}, refit=refit, now=NOW)


@pytest.fixture
def kept(tmp_path: Path):
    """Puts the files of a candidate where it can be read."""

    def keep(candidate: Candidate) -> Path:
        folder = tmp_path / candidate.version
        folder.mkdir()
        for name, content in candidate.files.items():
            (folder / name).write_bytes(content)
        return folder

    return keep


def line(folder: Path, kind: SignalKind = KIND) -> tuple[float, float]:
    """What a version does to the log-odds that the shipped one gives."""
    (slope, shift), (new_slope, new_shift) = settings().calibration[kind], settings(folder).calibration[kind]
    turn = new_slope / slope
    return turn, new_shift - turn * shift


@pytest.mark.parametrize(("slope", "shift"), [(1.0, -1.0), (0.6, 0.5), (1.5, -0.7)])
def test_a_known_distortion_is_found_again(kept, slope: float, shift: float) -> None:
    folder = kept(made(make_labels(6000, slope, shift)))
    assert line(folder) == pytest.approx((slope, shift), abs=0.15)


def test_few_labels_move_it_little(kept) -> None:
    turn, lift = line(kept(made(make_labels(60, 1.0, -2.0))))
    assert 0.5 < turn < 1.1 and -1.5 < lift < 0


def test_the_same_flags_are_raised_after_it(kept) -> None:
    labels = make_labels(2000, 0.7, -0.8)
    at_the_edge = [make_label(at, probability=settings().thresholds[KIND]) for at in range(5)]
    verdict = judged([*labels, *at_the_edge], SHIPPED, kept(made(labels)), KNOWN)
    assert verdict and verdict.candidate.raised == verdict.in_force.raised
    assert verdict.lost == 0 and verdict.confirmed == sum(each.confirmed for each in labels) + 5
    assert verdict.candidate.log_loss < verdict.in_force.log_loss
    assert verdict.candidate.calibration_error < verdict.in_force.calibration_error


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (make_labels(29, kinds=[OTHER]), "fewer than 30 labels"),
        ([make_label(at, kind=OTHER) for at in range(50)], "all labels say the same"),
    ],
)
def test_a_kind_that_says_too_little_stays_as_it_is_and_is_named(kept, labels: list[Label], why: str) -> None:
    candidate = made([*make_labels(200, 1.0, -1.0), *labels])
    folder = kept(candidate)
    assert candidate.untouched[f"{OTHER.value} by classifier"] == why
    assert f"{KIND.value} by classifier" not in candidate.untouched
    assert settings(folder).calibration[OTHER] == settings().calibration[OTHER]
    assert settings(folder).thresholds[OTHER] == settings().thresholds[OTHER]
    assert f"{OTHER.value} by classifier: {why}" in (folder / CARD).read_text()


def test_thirty_labels_are_enough() -> None:
    assert f"{KIND.value} by classifier" not in made(make_labels(30, 1.0, -1.0)).untouched


def test_labels_that_turn_the_order_round_are_not_followed() -> None:
    with pytest.raises(ValueError, match="change nothing"):
        made(make_labels(3000, -1.0))
    stay = made([*make_labels(3000, -1.0), *make_labels(100, 1.0, -1.0, [OTHER])]).untouched
    assert "look at its flags" in stay[f"{KIND.value} by classifier"]


def test_a_rule_is_worth_what_its_flags_were(kept) -> None:
    flags = [make_label(at, raised_by=RULE, version="lexicon", confirmed=at % 4 == 0) for at in range(400)]
    before, after = settings().rule_precision[KIND], settings(kept(made(flags))).rule_precision[KIND]
    assert after == pytest.approx((100 + 30 * before) / 430, abs=1e-4)


def test_nothing_is_made_from_nothing() -> None:
    for labels in ([], [make_label(version="risk-gone")], make_labels(10)):
        with pytest.raises(ValueError):
            made(labels)


def test_what_was_made_says_from_what_and_what_it_cannot_know(kept) -> None:
    labels = make_labels(100, 1.0, -1.0)
    folder = kept(made(labels))
    manifest = read_manifest(folder)
    assert (manifest.version, manifest.made_from) == (folder.name, settings().version)
    assert (manifest.labels, manifest.labels_until) == (100, labels[-1].decided_at.isoformat())
    assert manifest.version == settings(folder).version != settings().version
    assert SELECTION in (folder / CARD).read_text()
    assert made(labels).version == folder.name, "the same labels make the same version"


# -- thresholds


def test_a_threshold_goes_down_at_will(kept) -> None:
    candidate = made(make_labels(100, 1.0, -1.0), {KIND: 0.05, OTHER: 0.1})
    assert settings(kept(candidate)).thresholds[KIND] == 0.05
    assert settings(kept(replace(candidate, version="again"))).thresholds[OTHER] == 0.1


def test_a_threshold_goes_up_only_where_no_confirmed_flag_is_lost(kept) -> None:
    doubted = [make_label(at, probability=0.45, confirmed=False) for at in range(40)]
    believed = [make_label(at, probability=0.8) for at in range(40)]
    lowest = settings(kept(made([*doubted, *believed]))).thresholds[KIND]
    assert settings(kept(made([*doubted, *believed], {KIND: 0.6}))).thresholds[KIND] == 0.6 > lowest
    with pytest.raises(ValueError, match="loses 40 of 40 confirmed flags"):
        made([*doubted, *believed], {KIND: 0.99})
    with pytest.raises(ValueError, match="too few labels to raise"):
        made([*doubted, *believed], {OTHER: 0.9})
    with pytest.raises(ValueError, match="between 0 and 1"):
        made([*doubted, *believed], {OTHER: 1.5})


# -- earlier and later


def test_labels_are_split_by_time_and_no_moment_is_on_both_sides() -> None:
    labels = [make_label(at, decided_at=FIRST + timedelta(hours=at // 4)) for at in reversed(range(40))]
    earlier, later = earlier_and_later(labels)
    assert (len(earlier), len(later)) == (28, 12)
    assert max(each.decided_at for each in earlier) < min(each.decided_at for each in later)
    assert earlier_and_later([]) == ([], [])
    assert earlier_and_later(labels[:1]) == (labels[:1], [])


# -- figures


class FakeNetwork:
    """Gives every passage the same raw scores, and remembers what it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def scores(self, passages: list[str]) -> np.ndarray:
        self.asked += passages
        return np.full((len(passages), len(SignalKind)), 2.0, dtype=np.float32)

    def views(self, passages: list[str]) -> np.ndarray:
        """Two kinds of passages, told apart by their first dimensions."""
        views = np.zeros((len(passages), 768), dtype=np.float32)
        views[:, 0] = 1.0
        views[:, 1] = [1.0 if "alone" in each else -1.0 for each in passages]
        return views


def test_flags_of_another_network_are_judged_by_their_passage_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    network = FakeNetwork()
    monkeypatch.setattr(on_labels, "load_network", lambda folder: network)
    labels = [make_label(version="risk-gone"), make_label(version="risk-gone", passage="w0rds"), make_label()]
    verdict = judged(labels, SHIPPED, SHIPPED, KNOWN)
    assert verdict and (verdict.candidate.labels, verdict.candidate.left_out) == (2, 1)
    assert len(network.asked) == 2
    assert judged(labels[:1], SHIPPED, SHIPPED, KNOWN) is None
    assert figures_of([], SHIPPED, KNOWN) is None


class ListeningNetwork(FakeNetwork):
    """Hears something only where two sentences stand together."""

    def scores(self, passages: list[str]) -> np.ndarray:
        raw = [2.0 if "The rope" in each and "is ready" in each else -5.0 for each in passages]
        return np.tile(np.array(raw, dtype=np.float32)[:, None], (1, len(SignalKind)))


TOGETHER = (
    "A is here. B is here. The bus came. The rope was bought. All of it is ready. C is here. D is here. E is here."
)


def test_flag_that_several_sentences_raise_together_is_judged_by_what_they_say_together() -> None:
    starts = TOGETHER.index("The rope")
    flag = make_label(passage=TOGETHER, starts=starts, ends=TOGETHER.index(" All of it"))
    assert flag.passage == "The rope was bought."
    [(words, raw)] = on_labels.heard_in([flag], ListeningNetwork(), settings())
    assert raw == 2.0 and "The rope was bought. All of it is ready." in words and words.count(".") == 4
    [(_, elsewhere)] = on_labels.heard_in([replace(flag, starts=0, ends=10)], ListeningNetwork(), settings())
    assert elsewhere == -5.0
    [(_, unread)] = on_labels.heard_in([replace(flag, text="")], ListeningNetwork(), settings())
    assert np.isnan(unread)


class TakingBack(FakeNetwork):
    """A sentence that the next takes back."""

    def scores(self, passages: list[str]) -> np.ndarray:
        raw = [9.0 if each == "I wanted to die." else 1.0 for each in passages]
        return np.tile(np.array(raw, dtype=np.float32)[:, None], (1, len(SignalKind)))


def test_what_was_taken_back_is_judged_by_what_takes_it_back() -> None:
    text = "I wanted to die. That was in 2009."
    flags = [make_label(passage=text, ends=16), make_label(passage=text, ends=16, raised_by=RULE)]
    (words, raw), rules = on_labels.heard_in(flags, TakingBack(), settings())
    assert (words, raw) == (text, 1.0)
    assert rules[0] == "" and np.isnan(rules[1])


def test_evidence_is_found_again_in_a_text_that_was_made_plain() -> None:
    text = "Tired. Sl33ping badly. The r0pe was bought. All of it is ready."
    starts = text.index("The r0pe")
    flag = make_label(passage=text, starts=starts, ends=text.index(" All"))
    [(words, raw)] = on_labels.heard_in([flag], ListeningNetwork(), settings())
    assert raw == 2.0 and "The rope was bought." in words


def test_figures_name_no_kind_with_few_flags() -> None:
    found = figures_of([*make_labels(40), *make_labels(29, kinds=[OTHER])], SHIPPED, KNOWN)
    assert found and found.labels == 69 and set(found.by_kind) == {KIND}


def test_log_loss_and_calibration_error_of_known_values() -> None:
    said, truth = np.array([0.5, 0.5, 0.9, 0.9]), np.array([True, False, True, True])
    assert log_loss(said, truth) == pytest.approx((2 * -np.log(0.5) + 2 * -np.log(0.9)) / 4)
    assert calibration_error(said, truth) == pytest.approx(0.5 * 0.0 + 0.5 * 0.1)
    assert log_loss(np.array([1.0]), np.array([False])) < 20


# -- other heads


def passages(count: int) -> list[Label]:
    """Flags that are right exactly where somebody is alone."""
    return [make_label(at, passage="alone" if at % 2 else "in company", confirmed=bool(at % 2)) for at in range(count)]


def test_heads_are_refitted_towards_what_the_labels_say(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalibration, "load_network", lambda folder: FakeNetwork())
    candidate = made(passages(600), refit=True)
    folder = kept(candidate)
    assert read_manifest(folder).files[NETWORK] != read_manifest(SHIPPED).files[NETWORK]
    from safetensors.numpy import load_file

    old, new = load_file(SHIPPED / NETWORK), load_file(folder / NETWORK)
    changed = {name for name in old if not np.array_equal(old[name], new[name])}
    assert changed <= {"head.weight", "head.bias"}
    column = tuple(SignalKind).index(KIND)
    assert new["head.weight"][column, 1] > old["head.weight"][column, 1] + 0.1
    assert np.array_equal(np.delete(new["head.weight"], column, 0), np.delete(old["head.weight"], column, 0))
    assert settings(folder).calibration == settings().calibration
    assert settings(folder).thresholds[KIND] <= settings().thresholds[KIND]


def test_heads_need_500_labels_with_a_passage() -> None:
    with pytest.raises(ValueError, match="500"):
        made([*passages(499), make_label(500)], refit=True)


def test_thresholds_hold_what_the_reader_reads() -> None:
    assert set(settings().thresholds) == set(SignalKind)
    assert THRESHOLDS in read_manifest(SHIPPED).files


def test_flags_that_all_sound_alike_move_the_line_and_do_not_turn_it(kept):
    alike = [make_label(at, probability=0.9, confirmed=at % 2 == 0) for at in range(100)]
    candidate = made(alike)
    assert not any(name.startswith(KIND.value) and name.endswith("classifier") for name in candidate.untouched)
    turn, shift = line(kept(candidate))
    assert turn == pytest.approx(1, abs=0.01) and shift < -1
