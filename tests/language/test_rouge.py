"""Does our ROUGE give what the package rouge-score gives?"""

import pytest

from language.evaluation.rouge import rouge, stem

# Recorded from rouge-score 0.1.2 with use_stemmer=True.
RECORDED = [
    (
        "The patient reports trouble sleeping most nights.\nShe denies headaches.",
        "Reports trouble sleeping most nights.\nDenies any headache.",
        (0.777778, 0.5, 0.777778),
    ),
    (
        "Dizziness is lying behind the flies; generously relational news.",
        "The patient is generously dizzy, lying about relations.\nThe news of flying dying skies.",
        (0.695652, 0.0, 0.434783),
    ),
    (
        "Plan\nBreathing exercises twice daily.\nReturn in 2 weeks.",
        "We will practise breathing twice daily and return in two weeks.",
        (0.6, 0.222222, 0.6),
    ),
    ("a b c", "d e f", (0.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("reference", "text", "recorded"), RECORDED)
def test_rouge_is_that_of_the_package(reference: str, text: str, recorded: tuple[float, float, float]) -> None:
    scores = rouge(reference, text)
    assert (scores.r1, scores.r2, scores.rlsum) == pytest.approx(recorded, abs=1e-6)


@pytest.mark.parametrize(("reference", "text"), [pair[:2] for pair in RECORDED])
def test_rouge_agrees_with_the_package_where_it_is_installed(reference: str, text: str) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer", reason="rouge-score is no dependency of this project")
    theirs = scorer.RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True).score(reference, text)
    ours = rouge(reference, text)
    assert ours.r1 == pytest.approx(theirs["rouge1"].fmeasure)
    assert ours.r2 == pytest.approx(theirs["rouge2"].fmeasure)
    assert ours.rlsum == pytest.approx(theirs["rougeLsum"].fmeasure)


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("flies", "fli"),
        ("dying", "die"),
        ("relational", "relat"),
        ("hopping", "hop"),
        ("agreed", "agre"),
        ("skies", "sky"),
    ],
)
def test_stem_is_porters(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed
