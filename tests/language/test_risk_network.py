"""Is what was trained what is read, whichever version it is of?"""

import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from language.encoder import DIMENSIONS, Encoder, pinned_weights, tokenizer_and_network
from language.risk_network import HEAD_BIAS, HEAD_WEIGHT, RiskNetwork
from language.risk_values import SignalKind
from language.training import risk_tuning, train_risk
from language.training.risk_corpora import Post, Sentence

TEXTS = ["The bus was late.", "I have the rope ready.", "I slept badly again, and the week was long, but it passed."]
KINDS = len(SignalKind)


@pytest.fixture(scope="module")
def pinned() -> tuple[object, object]:
    return tokenizer_and_network(pinned_weights())


def passages(*texts: str) -> list[risk_tuning.Passage]:
    rope = tuple(float(kind is SignalKind.SUICIDAL_IDEATION) for kind in SignalKind)
    nothing, known = (0.0,) * KINDS, (1.0,) * KINDS
    return [risk_tuning.Passage(text, rope if "rope" in text else nothing, known, 1.0) for text in texts]


def learned(pinned, seed: int, rounds: int = 1) -> risk_tuning.Learner:
    tokenizer, network = pinned
    return risk_tuning.trained(tokenizer, risk_tuning.Learner(network), [passages(*TEXTS)] * rounds, seed)


def test_what_was_trained_is_what_is_read(pinned) -> None:
    learner = learned(pinned, seed=1, rounds=2)
    read = RiskNetwork(risk_tuning.tensors_of(learner))
    # the file holds half precision
    assert np.allclose(read.scores(TEXTS), risk_tuning.scores(pinned[0], learner, TEXTS), atol=0.02)
    assert read.views(TEXTS).shape == (3, 2 * DIMENSIONS)


def test_only_the_last_layers_and_the_heads_learn(pinned) -> None:
    _, network = pinned
    learner = learned(pinned, seed=1)
    kept = len(network.encoder.layer) - risk_tuning.TRAINED_LAYERS
    stored = risk_tuning.tensors_of(learner)
    assert {name.split(".")[1] for name in stored if name.startswith("layer.")} == {str(n) for n in range(kept, 6)}
    assert torch.equal(learner.embeddings.word_embeddings.weight, network.embeddings.word_embeddings.weight)
    same = [
        torch.equal(a, b) for a, b in zip(learner.below.parameters(), network.encoder.layer.parameters(), strict=False)
    ]
    assert all(same) and len(same) > kept


def test_the_same_seed_learns_the_same(pinned) -> None:
    first, again, other = (learned(pinned, seed) for seed in (1, 1, 2))
    assert torch.equal(first.head.weight, again.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)


def test_what_was_learned_before_is_gone_on_with(pinned) -> None:
    tokenizer, network = pinned
    before = risk_tuning.tensors_of(learned(pinned, seed=1, rounds=2))
    again = risk_tuning.beginning_with(network, before)
    assert all(torch.equal(tensor, before[name]) for name, tensor in risk_tuning.tensors_of(again).items())
    further = risk_tuning.trained(tokenizer, again, [passages(*TEXTS)], 1, risk_tuning.GOING_ON)
    moved = risk_tuning.tensors_of(further)
    assert set(moved) == set(before)
    assert not torch.equal(moved[HEAD_WEIGHT], before[HEAD_WEIGHT])


def test_the_average_lies_between(pinned) -> None:
    one, two = (learned(pinned, seed) for seed in (1, 2))
    mean = risk_tuning.averaged([one, two])
    assert torch.allclose(mean.head.weight, (one.head.weight + two.head.weight) / 2)
    assert not mean.training


def test_an_older_version_is_read_with_its_heads_on_the_mean() -> None:
    heads = torch.zeros(KINDS, DIMENSIONS)
    heads[0, 0] = 1.0
    old = RiskNetwork({HEAD_WEIGHT: heads.half(), HEAD_BIAS: torch.zeros(KINDS).half()})
    # no layer of its own: the mean is that of the encoder, before it is made one long
    means = old.views(TEXTS)
    assert means.shape == (3, DIMENSIONS)
    # one of its own: the process's may have been loaded before, and compute in bf16
    exact = Encoder(pinned_weights(), bf16=False).encode(TEXTS)
    assert np.allclose(means / np.linalg.norm(means, axis=1, keepdims=True), exact, atol=1e-4)
    assert np.allclose(old.scores(TEXTS)[:, 0], means[:, 0], atol=1e-5)


# -- what a round reads

SAID = Sentence("I have the rope ready.", "suicidal_ideation", "present", "train")
DENIED = Sentence("I have no rope.", "suicidal_ideation", "negated", "train")
ORDINARY = Sentence("The bus was late.", None, "ordinary", "train")
LONG = Sentence(" ".join(f"On day {n} it rained." for n in range(40)), None, "ordinary", "train")


def round_of(*texts: Sentence, posts: tuple[Post, ...] = (), seed: int = 1) -> Iterator[risk_tuning.Passage]:
    return train_risk.passages(texts, posts, (), random.Random(seed))


def test_what_is_set_aside_stands_beside_something_ordinary_too() -> None:
    read = list(round_of(SAID, DENIED, ORDINARY))
    for text, present in ((SAID.text, True), (DENIED.text, False)):
        pair = next(each for each in read if text in each.text and ORDINARY.text in each.text)
        assert any(pair.kinds) == present


def test_a_few_sentences_are_shown_among_ordinary_ones_and_more_are_not() -> None:
    few = Sentence("I have the rope. It is in the car.", "suicidal_ideation", "present", "train")
    beside = [each for each in round_of(few, ORDINARY) if few.text in each.text and ORDINARY.text in each.text]
    assert len(beside) == train_risk.TIMES_AMONG_ORDINARY and all(each.kinds[0] for each in beside)
    other = Sentence("We had soup.", None, "ordinary", "train")
    assert [each.text for each in round_of(LONGER, other) if other.text in each.text] == [other.text]


def test_what_is_set_aside_weighs_more_than_ordinary_talk() -> None:
    weights = {each.text: each.weight for each in round_of(SAID, DENIED, ORDINARY)}
    assert weights[SAID.text] == weights[ORDINARY.text] == 1.0
    assert weights[DENIED.text] == train_risk.SET_ASIDE_WEIGH


def test_a_kind_is_not_taught_to_lack_one_akin_to_it() -> None:
    read = next(each for each in round_of(SAID, ORDINARY) if each.text == SAID.text)
    harm = list(SignalKind).index(SignalKind.SELF_HARM)
    assert read.kinds[0] and read.known[0] and not read.known[harm]


def test_another_round_reads_other_passages_of_a_long_text() -> None:
    first, second = ({each.text for each in round_of(LONG, seed=seed)} for seed in (1, 2))
    assert first != second and len(first) == train_risk.PASSAGES_OF_A_NEGATIVE


def test_a_post_teaches_one_kind_alone() -> None:
    [read] = round_of(posts=(Post("I cannot do this any more.", "u", True, "train"),))
    assert sum(read.kinds) == sum(read.known) == 1


# -- which passage of a longer disclosure tells it

LONGER = Sentence(
    "The bus was late. It rained. I made soup. I have the rope ready. The cat slept. We sat.",
    "suicidal_ideation", "present", "train",
)  # fmt: skip


def telling_of(text: Sentence, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    def scores(_tokenizer: object, _learner: object, parts: list[str]) -> np.ndarray:
        return np.array([[(10.0 if "rope" in part else 0.0) - len(part) / 1000] * KINDS for part in parts])

    monkeypatch.setattr(risk_tuning, "scores", scores)
    return dict(train_risk.telling_passages(None, None, [text])).get(text.text, ())  # type: ignore[arg-type]


def test_the_sentence_and_the_few_that_tell_most_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, few = telling_of(LONGER, monkeypatch)
    assert alone == "I have the rope ready."
    assert "rope" in few and few.count(".") == train_risk.TOGETHER


@pytest.mark.parametrize("text", [SAID, DENIED, ORDINARY, LONG])
def test_what_is_short_or_no_disclosure_has_no_telling_passage(text: Sentence, monkeypatch: pytest.MonkeyPatch) -> None:
    assert telling_of(text, monkeypatch) == ()


def test_a_longer_disclosure_is_learned_as_a_whole_by_half_and_in_what_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    telling = {LONGER.text: telling_of(LONGER, monkeypatch)}
    read = list(train_risk.passages([LONGER], (), (), random.Random(1), telling))
    assert [(each.text, each.weight) for each in read] == [
        (LONGER.text, 0.5), *((part, 1.0) for part in telling[LONGER.text])
    ]  # fmt: skip
    assert all(each.kinds[0] for each in read)


def test_a_disclosure_stands_among_up_to_three_ordinary_sentences() -> None:
    many = {each.text.count(ORDINARY.text) for seed in range(20) for each in round_of(SAID, ORDINARY, seed=seed)}
    assert many == {0, 1, 2, 3}
