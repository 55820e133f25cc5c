"""Made-up cases: each error is one, each sound case is sound, and the lot is nobody's to choose."""

import pytest

from models.measures import Measure
from models.safety_codes import PracticeKind
from rules.measures import score
from rules.practice_rounds import CASES, invited, is_caught, practice_case
from rules.session_codes import check_code

EVERY = [(kind, at) for kind in PracticeKind for at in range(len(CASES[kind]))]


@pytest.mark.parametrize(("kind", "variant"), EVERY)
def test_case_says_what_is_wrong_or_that_nothing_is(kind: PracticeKind, variant: int):
    case = practice_case(kind, variant)
    keys = [part.key for part in case.parts]
    assert len(set(keys)) == len(keys) >= 3 and case.sources and case.asks
    assert (case.wrong in keys and bool(case.why)) if case.planted else (case.wrong is None and not case.why)


def test_every_kind_has_sound_cases_and_planted_ones():
    assert {(kind, case.planted) for kind, cases in CASES.items() for case in cases} == {
        (kind, planted) for kind in PracticeKind for planted in (True, False)
    }


@pytest.mark.parametrize("variant", range(len(CASES[PracticeKind.RISK_SCORE])))
def test_score_differs_from_the_answers_exactly_where_it_is_planted(variant: int):
    case = practice_case(PracticeKind.RISK_SCORE, variant)
    answers = {int(line.split()[1].strip(":")): int(line.split()[-1]) for line in case.sources}
    scored = score(Measure.PHQ9, answers)
    shown = {part.key: part.text for part in case.parts}
    wrong = set()
    if shown["total"] != f"Total {scored.total} of 27":
        wrong.add("total")
    if not shown["item9"].endswith(f"answer {answers[9]}"):
        wrong.add("item9")
    if shown["band"] != f"Band: {str(scored.band).replace('_', ' ')}":
        wrong.add("band")
    assert wrong == ({case.wrong} if case.planted else set())


@pytest.mark.parametrize("variant", range(len(CASES[PracticeKind.CLAIM_CODE])))
def test_code_is_refused_by_the_rules_exactly_where_it_is_planted(variant: int):
    case = practice_case(PracticeKind.CLAIM_CODE, variant)
    code = case.parts[0].text.split()[-1]
    minutes = int(case.parts[1].text.split()[0])
    assert bool(check_code(code, "individual", minutes)) is case.planted


def test_planted_sentence_is_the_only_one_that_no_sound_draft_of_the_session_has():
    sound = {
        case.sources: {part.text for part in case.parts} for case in CASES[PracticeKind.NOTE_DRAFT] if not case.planted
    }
    for case in CASES[PracticeKind.NOTE_DRAFT]:
        others = [part.key for part in case.parts if part.text not in sound[case.sources]]
        assert others == ([case.wrong] if case.planted else [])


@pytest.mark.parametrize(
    ("sent_back", "named", "planted_found", "sound_found"),
    [(True, "right", True, True), (True, "other", False, True), (False, "right", False, False)],
)
def test_error_is_caught_when_it_is_sent_back_and_named(
    sent_back: bool, named: str, planted_found: bool, sound_found: bool
):
    planted = next(case for case in CASES[PracticeKind.CLAIM_CODE] if case.planted)
    sound = next(case for case in CASES[PracticeKind.CLAIM_CODE] if not case.planted)
    key = planted.wrong if named == "right" else "minutes"
    assert is_caught(planted, sent_back, str(key)) is planted_found
    assert is_caught(sound, sent_back, str(key)) is sound_found


def test_lot_gives_about_as_many_as_the_chance_says_and_the_same_again():
    seeds = [f"lot:2026-03-10:ST-{n}" for n in range(4000)]
    given = [invited(seed, 10) for seed in seeds]
    share = sum(each is not None for each in given) / len(seeds)
    assert 0.08 < share < 0.12
    assert [invited(seed, 10) for seed in seeds] == given
    assert {each[0] for each in given if each} == set(PracticeKind)
    assert not any(invited(seed, 0) for seed in seeds[:200])
