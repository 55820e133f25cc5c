"""Which weights the risk classifier has: trains the network's last layers, calibrates them and sets their thresholds.

    python -m language.training.train_risk [--from-minilm]

Goes on from the network before, which lies beside this file, with the texts that were written last and a part of the
older ones, and writes the mean of the two networks: half an hour on two cores. Or learns everything from MiniLM, in
minutes on a GPU and in hours without one. Seeded. Writes network.safetensors, thresholds.json and their manifest to the
folder of the shipped weights, language/weights/risk_signals. Which passage of a longer disclosure tells it is nowhere
written down: the network before says which. The texts are split by hash: five parts of six train, the sixth
(development) calibrates and sets the thresholds; what is held out (risk_corpora) is touched by neither.
`python -m benchmarks.risk` prints the figures on that.
"""

import argparse
import copy
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression

from language.encoder import pinned_weights, tokenizer_and_network
from language.manifests import write_manifest
from language.plain import plain
from language.risk_classifier import SHIPPED, THRESHOLDS, passages_of, raw_of
from language.risk_network import NETWORK
from language.risk_signals import read_risk
from language.risk_values import SignalKind, SignalStatus
from language.sentences import sentence_spans
from language.training import risk_corpora, risk_tuning
from language.training.risk_corpora import TRAIN, Post, Sentence
from language.training.risk_tuning import Learner, Passage

LICENCE = (
    "this project's; trained on C-SSRS Reddit 500 (CC BY), MTS-Dialog (CC BY 4.0) and texts of this project, "
    "from all-MiniLM-L6-v2 (Apache-2.0)"
)
BEFORE = Path(__file__).parent / "risk-405bd0d9.safetensors"
"""The network that is gone on from: learned from MiniLM with ``--from-minilm`` and everything written until then."""
SEEDS = (1, 2, 3)
SEED_GOING_ON = 1
SEED_OF_TALKS = 20261125
ROUNDS = 7
ROUNDS_GOING_ON = 3
OLDER_SHARE = 0.5
"""Of the older texts so many are read again in each round, so that they are not forgotten."""
TOGETHER = 4
TAKEN_BACK = 6.0
"""What a passage is, and when a sentence alone does not count. On three writers left out, fours alone ranked best:
AUROC .964, recall .81 at 5 % of the rest; with single sentences .957, .76; with those not taken back by six .961, .80.
"""
ONE_TEXT_IN = 6
MEDICAL_TALKS = 400
PASSAGES_OF_A_NEGATIVE = 12
PASSAGES_OF_A_TALK = 4
PASSAGES_OF_A_POST = 3
LONGEST_POST = 600
POSTS_WEIGH = 0.3
SET_ASIDE_WEIGH = 2.0
# Of ordinary development texts each kind may flag this share; the rules come on top. Twice what it was before
# training_more, whose ordinary texts are as dark as its present ones: of the texts before it, fewer are flagged now.
ORDINARY_FLAGS_ALLOWED = {SignalKind.SUICIDAL_IDEATION: 0.04}
ORDINARY_FLAGS_ALLOWED_ELSE = 0.02
DOUBT_BELOW = 0.15
"""Chosen on development texts between .05 and .4 (docs/language.md); a fifth would lose a must-pass case."""
SUICIDE = (SignalKind.SUICIDAL_IDEATION, SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR)
KINDS = tuple(SignalKind)
# What is labelled as one of a group may well be another of it, too; its absence is not taught.
AKIN = (
    {SignalKind.SUICIDAL_IDEATION, SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR, SignalKind.SELF_HARM},
    {SignalKind.HARM_TO_OTHERS, SignalKind.ABUSE_OR_SAFEGUARDING},
    {SignalKind.SUBSTANCE_CRISIS, SignalKind.ABUSE_OR_SAFEGUARDING},
)
ALL = tuple(1.0 for _ in KINDS)
NONE = tuple(0.0 for _ in KINDS)
Rounds = list[list[Passage]]
Telling = Mapping[str, tuple[str, ...]]
"""Which passages of a longer disclosure tell it, by its text."""
NOTHING_TELLS: Telling = MappingProxyType({})


def main(from_minilm: bool = False) -> None:
    """Train, write, say what was written."""
    tokenizer, network = tokenizer_and_network(pinned_weights())
    before = risk_tuning.beginning_with(network, load_file(BEFORE)).eval()
    telling = telling_passages(tokenizer, before, _fit(own_texts()))
    learner = _from_minilm(tokenizer, network, telling) if from_minilm else _going_on(tokenizer, before, telling)
    save_file(risk_tuning.tensors_of(learner), SHIPPED / NETWORK)
    calibrate(tokenizer, network)


def calibrate(tokenizer: Any, network: Any) -> None:
    """Write everything that belongs to the network that is there: calibration, thresholds, manifest."""
    # Calibrated as it will be read: the file holds half precision.
    learner = risk_tuning.beginning_with(network, load_file(SHIPPED / NETWORK)).eval()
    own = own_texts()
    settings = {
        **_calibration(tokenizer, learner, [text for text in own if in_development(text.text)]),
        "rule_precision": _rule_precision(
            [text for name in risk_corpora.NEW_TO_THE_RULES for text in risk_corpora.hand_written(name)]
        ),
        "doubt_below": DOUBT_BELOW,
        "together": TOGETHER,
        "taken_back": TAKEN_BACK,
    }
    (SHIPPED / THRESHOLDS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    version = f"risk-{hashlib.sha256((SHIPPED / NETWORK).read_bytes()).hexdigest()[:8]}"
    write_manifest(SHIPPED, version, LICENCE, (NETWORK, THRESHOLDS))
    print(json.dumps({"version": version} | settings))


def _from_minilm(tokenizer: Any, network: Any, telling: Telling) -> Learner:
    material = _material(own_texts())

    def rounds(choose: random.Random) -> Rounds:
        return [list(passages(material.own, material.posts, material.talks, choose, telling)) for _ in range(ROUNDS)]

    # What is chosen at random (passages of a long text, what stands beside a disclosure) is chosen anew each round.
    return risk_tuning.averaged(
        [risk_tuning.trained(tokenizer, Learner(network), rounds(random.Random(seed)), seed) for seed in SEEDS]
    )


def _going_on(tokenizer: Any, before: Learner, telling: Telling) -> Learner:
    """The mean of the network before and of what it becomes with what was written last and a part of the rest.

    On what neither was trained on the mean is better than both (Wortsman et al. 2022, arXiv 2109.01903): what is gone
    on with for a few rounds takes something of what was learned long and evenly.
    """
    new = _fit(own_texts([risk_corpora.WRITTEN_LAST]))
    older = _material(own_texts(risk_corpora.TRAINED_ON_BEFORE))
    choose = random.Random(SEED_GOING_ON)
    parts = [older.some(OLDER_SHARE, choose) for _ in range(ROUNDS_GOING_ON)]
    rounds = [list(passages([*new, *part.own], part.posts, part.talks, choose, telling)) for part in parts]
    gone_on = risk_tuning.trained(tokenizer, copy.deepcopy(before), rounds, SEED_GOING_ON, risk_tuning.GOING_ON)
    return risk_tuning.averaged([before, gone_on])


@dataclass(frozen=True)
class _Material:
    """What may be trained on, made plain."""

    own: list[Sentence]
    posts: list[Post]
    talks: list[str]

    def some(self, share: float, choose: random.Random) -> "_Material":
        """So much of each, chosen at random."""
        own, posts, talks = (int(share * len(those)) for those in (self.own, self.posts, self.talks))
        return _Material(
            choose.sample(self.own, own), choose.sample(self.posts, posts), choose.sample(self.talks, talks)
        )


def _material(own: Sequence[Sentence]) -> _Material:
    posts = [post for post in risk_corpora.posts() if post.split == TRAIN and not in_development(post.user)]
    posts = [replace(post, text=plain(post.text).text) for post in posts]
    return _Material(_fit(own), posts, _talks(random.Random(SEED_OF_TALKS)))


def _fit(own: Sequence[Sentence]) -> list[Sentence]:
    return [replace(text, text=plain(text.text).text) for text in own if not in_development(text.text)]


def own_texts(names: Sequence[str] = risk_corpora.TRAINED_ON) -> list[Sentence]:
    """Everything hand-written that may be trained on, or what of it stands in these files."""
    return [text for name in names for text in risk_corpora.hand_written(name) if text.split == TRAIN]


def in_development(name: str) -> bool:
    """Whether a text, or a user, calibrates instead of training."""
    return hashlib.sha256(name.encode()).digest()[1] % ONE_TEXT_IN == 0


# -- passages


def _talks(choose: random.Random) -> list[str]:
    # A consultation in which the rules find anything at all is no certain negative.
    talks = choose.sample(risk_corpora.medical_talk("train"), MEDICAL_TALKS)
    return [plain(talk).text for talk in talks if not read_risk(talk, rules_only=True).signals]


def passages(
    own: Sequence[Sentence],
    posts: Sequence[Post],
    talks: Sequence[str],
    choose: random.Random,
    telling: Telling = NOTHING_TELLS,
) -> Iterator[Passage]:
    """What one round of training reads, from texts made plain."""
    ordinary = [text.text for text in own if text.kind is None and _is_one_sentence(text.text)]
    for text in own:
        yield from _of_own(text, choose, telling.get(text.text, ()))
        # Without the same beside what is denied or past, a sentence that changes the subject would speak for risk.
        if text.kind is not None and _sentences(text.text) < TOGETHER:
            for _ in range(TIMES_AMONG_ORDINARY):
                yield _among_ordinary_ones(text, ordinary, choose)
    for post in posts:
        yield from _of_post(post, choose)
    for talk in talks:
        yield from (Passage(words, NONE, ALL, 0.5) for words in _some(talk, PASSAGES_OF_A_TALK, choose))


def telling_passages(tokenizer: Any, learner: Learner, own: Sequence[Sentence]) -> Telling:
    """The passage, and the passage of TOGETHER sentences, in which a network hears most of what a longer text tells.

    A long disclosure is labelled as a whole and read in passages; most of them tell nothing (multiple instances,
    Dietterich et al. 1997).
    """
    longer = [text for text in own if kinds_of(text) and _sentences(text.text) > 2]
    parts = [_parts(text.text) for text in longer]
    raw = risk_tuning.scores(tokenizer, learner, [part for each in parts for part in each])
    found: dict[str, tuple[str, ...]] = {}
    at = 0
    for text, each in zip(longer, parts, strict=True):
        columns = [KINDS.index(kind) for kind in kinds_of(text)]
        heard = dict(zip(each, raw[at : at + len(each), columns].max(1), strict=True))
        loudest = [max(those, key=heard.__getitem__) for those in (each, _fours(text.text)) if those]
        found[text.text] = tuple(dict.fromkeys(loudest))
        at += len(each)
    return found


def _of_own(text: Sentence, choose: random.Random, telling: Sequence[str]) -> Iterator[Passage]:
    kinds = kinds_of(text)
    weight = _weight(text)
    if kinds or _sentences(text.text) <= 2:
        yield Passage(text.text, _flags(kinds), _flags(_known(kinds)), 0.5 * weight if telling else weight)
    yield from (Passage(part, _flags(kinds), _flags(_known(kinds)), weight) for part in telling)
    if not kinds and not _is_one_sentence(text.text):
        parts = _some(text.text, PASSAGES_OF_A_NEGATIVE, choose)
        yield from (Passage(part, NONE, ALL, 0.5 * weight) for part in parts)


def _weight(text: Sentence) -> float:
    return 1.0 if text.kind is None or kinds_of(text) else SET_ASIDE_WEIGH


OTHERS_BESIDE = (1, 1, 2, 3)
TIMES_AMONG_ORDINARY = 2


def _among_ordinary_ones(text: Sentence, ordinary: Sequence[str], choose: random.Random) -> Passage:
    """What is said stays said when the sentences beside it are about something else."""
    all_of_them = [text.text, *(choose.choice(ordinary) for _ in range(choose.choice(OTHERS_BESIDE)))]
    choose.shuffle(all_of_them)
    kinds = kinds_of(text)
    return Passage(" ".join(all_of_them), _flags(kinds), _flags(_known(kinds)), 0.5 * _weight(text))


def _of_post(post: Post, choose: random.Random) -> Iterator[Passage]:
    # A post is labelled as a whole and for one kind only; which sentence of it speaks is not known.
    only = _flags({SUICIDE[0]})
    if post.positive:
        yield Passage(post.text[:LONGEST_POST], only, only, 2 * POSTS_WEIGH)
    else:
        parts = _some(post.text, PASSAGES_OF_A_POST, choose)
        yield from (Passage(part, NONE, only, POSTS_WEIGH) for part in parts)


def _some(text: str, count: int, choose: random.Random) -> list[str]:
    return choose.sample(_parts(text), min(count, len(_parts(text))))


@cache
def _parts(text: str) -> tuple[str, ...]:
    """Each sentence of a text, each two and each four that follow each other."""
    pairs = [text[each.start : each.end] for each in passages_of(text, 2)]
    return tuple(dict.fromkeys([*pairs, *_fours(text)]))


def _fours(text: str) -> list[str]:
    if _sentences(text) < TOGETHER:
        return []
    return [text[each.start : each.end] for each in passages_of(text, TOGETHER) if each.first != each.last]


@cache
def _sentences(text: str) -> int:
    return len(sentence_spans(text))


def _is_one_sentence(text: str) -> bool:
    return _sentences(text) <= 1


def kinds_of(text: Sentence) -> set[SignalKind]:
    """The kinds that are present in a hand-written text."""
    if text.status != SignalStatus.PRESENT or text.kind is None:
        return set()
    kinds = {SignalKind(text.kind), *map(SignalKind, text.also)}
    # Whoever has a plan has the thoughts as well.
    return kinds | {SUICIDE[0]} if SUICIDE[1] in kinds else kinds


def _known(kinds: set[SignalKind]) -> set[SignalKind]:
    unsaid = {akin for group in AKIN if group & kinds for akin in group} - kinds
    return set(KINDS) - unsaid


def _flags(kinds: Iterable[SignalKind]) -> tuple[float, ...]:
    inside = set(kinds)
    return tuple(float(kind in inside) for kind in KINDS)


# -- calibration and thresholds


def _calibration(tokenizer: Any, learner: Learner, texts: Sequence[Sentence]) -> dict[str, dict[str, object]]:
    """Platt's slope and shift and the threshold of each kind, from the highest raw score in each development text."""
    best = _best(tokenizer, learner, [text.text for text in texts])
    present = [kinds_of(text) for text in texts]
    ordinary = np.array([text.kind is None for text in texts])
    calibration: dict[str, object] = {}
    thresholds: dict[str, object] = {}
    for column, kind in enumerate(KINDS):
        known = [i for i, kinds in enumerate(present) if kind in _known(kinds)]
        platt = LogisticRegression(C=1e3).fit(best[known, column : column + 1], [kind in present[i] for i in known])
        slope, shift = float(platt.coef_[0][0]), float(platt.intercept_[0])
        calibration[kind.value] = [round(slope, 4), round(shift, 4)]
        probability = 1 / (1 + np.exp(-(best[ordinary, column] * slope + shift)))
        allowed = ORDINARY_FLAGS_ALLOWED.get(kind, ORDINARY_FLAGS_ALLOWED_ELSE)
        thresholds[kind.value] = round(float(np.quantile(probability, 1 - allowed)), 4)
    return {"calibration": calibration, "thresholds": thresholds}


def _best(tokenizer: Any, learner: Learner, texts: Sequence[str]) -> NDArray[np.float32]:
    words = [plain(text).text for text in texts]
    heard = raw_of(words, lambda parts: risk_tuning.scores(tokenizer, learner, parts), TOGETHER, TAKEN_BACK)
    return np.array([raw.max(0) for raw in heard])


def _rule_precision(own: Sequence[Sentence]) -> dict[str, float]:
    """The share of a kind's present rule signals that were right on the training sentences (with one miss added)."""
    precision = {}
    found = [{signal.kind for signal in read_risk(text.text, rules_only=True).present} for text in own]
    for kind in KINDS:
        right = [bool(kinds_of(text)) for text, kinds in zip(own, found, strict=True) if kind in kinds]
        precision[kind.value] = round((sum(right) + 1) / (len(right) + 2), 4)
    return precision


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Trains the risk network.")
    parser.add_argument("--from-minilm", action="store_true", help="Learn everything anew; wants a GPU.")
    main(parser.parse_args().from_minilm)
