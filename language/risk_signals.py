"""What a free text may say about risk: signals for a clinician's review, each with its evidence and its reason.

Rules and a calibrated sentence classifier both raise; the reading of negation, time and person comes first. What a rule
takes for present, and the network hears nothing in, is told as doubted. A text that cannot be read is said to be
unreadable, and where nothing is raised nothing is claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from language import risk_classifier, risk_lexicon
from language.legible import why_unreadable
from language.plain import Plain, plain
from language.risk_classifier import SHIPPED, Passage, Settings, passages_of
from language.risk_place import Place
from language.risk_scope import PRESENT, goes_on, scope_of, scope_of_sentence
from language.risk_values import RiskReading, RiskSignal, SignalKind, SignalStatus
from language.sentences import sentence_spans

__all__ = ["RiskReading", "RiskSignal", "SignalKind", "SignalStatus", "read_risk", "read_risk_many"]

RULE = "rule"
CLASSIFIER = "classifier"


def read_risk(text: str, rules_only: bool = False, folder: Path = SHIPPED) -> RiskReading:
    """The signals in one text. `rules_only` runs no transformer, for places where the law forbids the classifier.

    `folder` holds the version of the weights; raises WeightsDiffer when they are not the recorded ones.
    """
    return read_risk_many([text], rules_only, folder)[0]


def read_risk_many(texts: Sequence[str], rules_only: bool = False, folder: Path = SHIPPED) -> list[RiskReading]:
    """The signals in each text, in the order given; the same as one by one, but the network runs once."""
    settings = risk_classifier.settings(folder)
    plains = [plain(text) for text in texts]
    scores = _scores([each.text for each in plains], rules_only, folder)
    return [_reading(each, settings, its) for each, its in zip(plains, scores, strict=True)]


# Over a denial or condition that stands far from its find, or one of another kind of risk, a score this high is
# believed rather than the cue.
SCORE_OVER_A_DISTANT_CUE = 0.5
# A score this high is believed where rules take what is said for past, another's, quoted or supposed: of whom a whole
# sentence speaks they know less than they know a denial.
SCORE_OVER_A_READING = 0.8
# A short plain statement is what rules are for: the network calls a burden to everyone nothing much.
FEWEST_WORDS_TO_DOUBT = 8
MOST_CHARACTERS_TO_DOUBT = 300
_SURELY_SET_ASIDE = (SignalStatus.NEGATED, SignalStatus.IDIOM)


@dataclass(frozen=True)
class _Finds:
    """What the rules found in one sentence; `settled`: at least one status was decided by a cue close by.

    `goes_on`: after every find the sentence turns to something else.
    """

    signals: tuple[RiskSignal, ...]
    settled: bool
    goes_on: bool


# A text may say the same on every line; a reader needs the strongest passages, not all of them.
MAX_CLASSIFIER_SIGNALS_PER_KIND = 3


def _scores(texts: Sequence[str], rules_only: bool, folder: Path) -> list["risk_classifier.Scores | None"]:
    if rules_only:
        return [None] * len(texts)
    return list(risk_classifier.scores_of(texts, folder))


def _reading(text: Plain, settings: Settings, scores: "risk_classifier.Scores | None") -> RiskReading:
    version = risk_lexicon.VERSION if scores is None else f"{risk_lexicon.VERSION}+{settings.version}"
    reason = why_unreadable(text.text)
    low = text.low
    by_rule = [_by_rules(low, span, settings) for span in sentence_spans(text.text)]
    passages = passages_of(text.text, settings.together)
    unheard = set() if scores is None else _unheard(low, passages, scores, settings)
    signals = [
        _doubted(signal) if at in unheard else signal for at, found in enumerate(by_rule) for signal in found.signals
    ]
    if scores is not None:
        signals += _by_classifier(text, passages, by_rule, scores, settings)
    signals.sort(key=lambda signal: (signal.start, signal.end, signal.kind, signal.rule_id))
    return RiskReading(not reason, reason, tuple(_in_original(text, signal) for signal in signals), version)


def _in_original(text: Plain, signal: RiskSignal) -> RiskSignal:
    start, end = text.span(signal.start, signal.end)
    return replace(signal, start=start, end=end)


def _by_rules(low: str, sentence: tuple[int, int], settings: Settings) -> _Finds:
    found, settled, turns = [], False, True
    for rule in risk_lexicon.RULES:
        for match in rule.pattern.finditer(low, *sentence):
            place = Place(low, sentence, match.span())
            scope = scope_of(rule, place)
            settled = settled or not scope.distant
            turns = turns and goes_on(place)
            found.append(
                RiskSignal(
                    rule.kind,
                    scope.status,
                    settings.rule_precision[rule.kind],
                    *match.span(),
                    RULE,
                    rule.rule_id,
                    f"{rule.why}; {scope.why}",
                    risk_lexicon.VERSION,
                )
            )
    return _Finds(tuple(_without_repeats(found)), settled, turns)


def _without_repeats(found: list[RiskSignal]) -> list[RiskSignal]:
    """One signal per kind, status and passage: of finds that overlap, the longest."""
    kept: list[RiskSignal] = []
    for signal in sorted(found, key=lambda s: (s.start - s.end, s.start, s.rule_id)):
        overlaps = any(
            (s.kind, s.status) == (signal.kind, signal.status) and s.start < signal.end and signal.start < s.end
            for s in kept
        )
        if not overlaps:
            kept.append(signal)
    return kept


def _unheard(low: str, passages: Sequence[Passage], scores: "risk_classifier.Scores", settings: Settings) -> set[int]:
    """The sentences, by number, in which the network hears next to nothing, read alone or among others.

    It has to be able to hear: not in a few words, which say little without what they answer, nor in more than it reads.
    """
    loudest = (scores / [settings.thresholds[kind] for kind in SignalKind]).max(1)
    heard = {
        at
        for passage, loud in zip(passages, loudest, strict=True)
        if loud >= settings.doubt_below
        for at in range(passage.first, passage.last + 1)
    }
    return {
        each.first
        for each in passages
        if each.first == each.last
        and each.first not in heard
        and each.end - each.start <= MOST_CHARACTERS_TO_DOUBT
        and len(low[each.start : each.end].split()) >= FEWEST_WORDS_TO_DOUBT
    }


def _doubted(signal: RiskSignal) -> RiskSignal:
    if signal.status is not SignalStatus.PRESENT:
        return signal
    return replace(signal, status=SignalStatus.DOUBTED, why=f"{signal.why}; the network hears no risk in it")


def _by_classifier(
    text: Plain,
    passages: Sequence[Passage],
    by_rule: list[_Finds],
    scores: "risk_classifier.Scores",
    settings: Settings,
) -> list[RiskSignal]:
    low = text.low
    raised = []
    for column, kind in enumerate(SignalKind):
        of_kind = scores[:, column]
        over = [
            (score, passage)
            for row, passage in enumerate(passages)
            if (score := float(of_kind[row])) >= settings.thresholds[kind]
            and not _decided(by_rule[_loudest(passage, of_kind)], kind, score)
        ]
        for score, passage in _apart(over)[:MAX_CLASSIFIER_SIGNALS_PER_KIND]:
            telling = passages[_loudest(passage, of_kind)]
            span = (telling.start, telling.end)
            scope = scope_of_sentence(Place(low, span, span))
            if score >= SCORE_OVER_A_READING and scope.status not in _SURELY_SET_ASIDE:
                scope = PRESENT
            raised.append(
                RiskSignal(
                    kind,
                    scope.status,
                    round(score, 4),
                    *span,
                    CLASSIFIER,
                    f"classifier.{kind.value}",
                    f"sounds like {kind.value.replace('_', ' ')}; {scope.why}",
                    settings.version,
                )
            )
    return raised


def _loudest(passage: Passage, of_kind: "risk_classifier.Scores") -> int:
    """The sentence of a passage, by number, that sounds most like a kind by itself: flags point to it, rules judge it.

    The first rows of a text's scores, and of its passages, are those of each sentence alone.
    """
    return passage.first + int(of_kind[passage.first : passage.last + 1].argmax())


def _apart(over: Sequence[tuple[float, Passage]]) -> list[tuple[float, Passage]]:
    """The strongest first; of passages that overlap, the strongest alone."""
    kept: list[tuple[float, Passage]] = []
    for score, each in sorted(over, key=lambda one: (-one[0], one[1].start, one[1].end)):
        if all(each.last < other.first or other.last < each.first for _, other in kept):
            kept.append((score, each))
    return kept


def _decided(found: _Finds, kind: SignalKind, score: float) -> bool:
    # Negation, time and person are read by rules: where they set a sentence aside, its sound alone does not raise it,
    # unless the cue stands far from the find, or speaks of another kind, and the sentence sounds much like risk.
    if any(signal.status is SignalStatus.PRESENT for signal in found.signals):
        return any(signal.kind is kind and signal.status is SignalStatus.PRESENT for signal in found.signals)
    if found.goes_on and all(signal.kind is not kind for signal in found.signals):
        return False  # "I don't use drugs, but I hear …": what was set aside is another matter
    statuses = {signal.status for signal in found.signals if signal.kind is kind}
    if found.settled and not statuses.isdisjoint(_SURELY_SET_ASIDE):
        return True
    settled = found.settled and bool(statuses)
    return bool(found.signals) and score < (SCORE_OVER_A_READING if settled else SCORE_OVER_A_DISTANT_CUE)
