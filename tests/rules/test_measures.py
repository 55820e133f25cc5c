"""Questionnaire wording, scoring, completeness and reliable change."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ContractBroken
from models.measures import DEFINITIONS, GAD7, PHQ9, Item, Measure
from rules.measures import (
    ReliableChange,
    Score,
    change,
    is_reliable,
    phq2_positive,
    questions_to_ask,
    recovered,
    reliable_change_index,
    score,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "fhir"
needs_shared_fhir = pytest.mark.skipif(not SHARED.is_dir(), reason="public FHIR samples are not beside the checkout")


def spread(total: int, items: int, highest: int = 3) -> dict[int, int]:
    """Answers to items 1 to n that add up to a total, filled from the first item on."""
    answers = {}
    for number in range(1, items + 1):
        answers[number] = min(highest, total)
        total -= answers[number]
    assert total == 0
    return answers


def phq9(total: int) -> Score:
    return score(Measure.PHQ9, spread(total, 9))


def gad7(total: int) -> Score:
    return score(Measure.GAD7, spread(total, 7))


@pytest.mark.parametrize(
    ("total", "band", "positive"),
    [
        (0, "minimal", False),
        (4, "minimal", False),
        (5, "mild", False),
        (9, "mild", False),
        (10, "moderate", True),
        (14, "moderate", True),
        (15, "moderately severe", True),
        (19, "moderately severe", True),
        (20, "severe", True),
        (27, "severe", True),
    ],
)
def test_phq9_bands_on_both_sides_of_every_cut(total: int, band: str, positive: bool) -> None:
    scored = phq9(total)
    assert (scored.complete, scored.total, scored.band, scored.screen_positive) == (
        True,
        total,
        band,
        positive,
    )


@pytest.mark.parametrize(
    ("total", "band", "positive"),
    [
        (0, "minimal", False),
        (4, "minimal", False),
        (5, "mild", False),
        (9, "mild", False),
        (10, "moderate", True),
        (14, "moderate", True),
        (15, "severe", True),
        (21, "severe", True),
    ],
)
def test_gad7_bands_on_both_sides_of_every_cut(total: int, band: str, positive: bool) -> None:
    scored = gad7(total)
    assert (scored.total, scored.band, scored.screen_positive, scored.item_flags) == (
        total,
        band,
        positive,
        (),
    )


@pytest.mark.parametrize(
    ("measure", "total", "items", "positive"),
    [
        (Measure.AUDIT_C, 2, 3, False),
        (Measure.AUDIT_C, 3, 3, None),
        (Measure.AUDIT_C, 4, 3, True),
        (Measure.AUDIT_C, 12, 3, True),
        (Measure.PCL5, 30, 20, False),
        (Measure.PCL5, 31, 20, None),
        (Measure.PCL5, 32, 20, None),
        (Measure.PCL5, 33, 20, True),
    ],
)
def test_screen_between_two_cuts_is_left_to_a_person(
    measure: Measure, total: int, items: int, positive: bool | None
) -> None:
    scored = score(measure, spread(total, items, highest=4))
    assert (scored.total, scored.screen_positive, scored.band) == (total, positive, None)


@pytest.mark.parametrize(("total", "further"), [(4, False), (5, True)])
def test_audit_c_further_step_from_five(total: int, further: bool) -> None:
    reasons = score(Measure.AUDIT_C, spread(total, 3, highest=4)).reasons
    assert ("a further step from 5" in reasons) is further


def test_difficulty_question_is_not_scored() -> None:
    assert score(Measure.PHQ9, spread(9, 9) | {10: 3}).total == 9


@given(st.sets(st.integers(1, 9), min_size=1))
def test_incomplete_phq9_is_never_scored(missing: set[int]) -> None:
    answers = {number: 3 for number in range(1, 10) if number not in missing}
    scored = score(Measure.PHQ9, answers)
    assert (scored.complete, scored.missing) == (False, tuple(sorted(missing)))
    assert (scored.total, scored.band, scored.screen_positive) == (None, None, None)


@given(st.dictionaries(st.integers(1, 7), st.integers(0, 3), min_size=7))
def test_gad7_total_is_the_sum_of_its_items(answers: dict[int, int]) -> None:
    assert score(Measure.GAD7, answers).total == sum(answers.values())


@pytest.mark.parametrize(("answer", "flags"), [(0, ()), (1, ("phq9 item 9",)), (3, ("phq9 item 9",))])
@pytest.mark.parametrize("others", [{}, {number: 0 for number in range(1, 9)}])
def test_phq9_item_9_is_flagged_whether_or_not_the_form_is_complete(
    answer: int, flags: tuple[str, ...], others: dict[int, int]
) -> None:
    assert score(Measure.PHQ9, others | {9: answer}).item_flags == flags


@pytest.mark.parametrize(
    ("measure", "number", "value"),
    [
        (Measure.PHQ9, 3, 4),
        (Measure.PHQ9, 3, -1),
        (Measure.PHQ9, 11, 0),
        (Measure.PHQ9, 0, 0),
        (Measure.GAD7, 8, 0),
        (Measure.CSSRS_SCREENER, 6, 2),
        (Measure.AUDIT_C, 1, 5),
        (Measure.PCL5, 20, 5),
        (Measure.PHQ9, 9, True),
    ],
)
def test_answer_outside_its_options_breaks_the_contract(measure: Measure, number: int, value: int) -> None:
    with pytest.raises(ContractBroken, match=f"{measure}.* item {number}") as broken:
        score(measure, {number: value})
    assert broken.value.field == f"{measure}_{number}"


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({}, (1, 2)),
        ({1: 1}, (2,)),
        ({1: 0, 2: 0}, (6,)),
        ({1: 0, 2: 1}, (3, 4, 5, 6)),
        ({1: 1, 2: 0, 6: 0}, ()),
        ({1: 1, 2: 0, 6: 1}, (7,)),
        ({1: 1, 2: 1, 3: 0, 4: 0, 5: 0, 6: 0}, ()),
        ({1: 1, 2: 1, 3: 0, 4: 0, 5: 0, 6: 1}, (7,)),
        ({1: 1, 2: 1, 3: 0, 4: 0, 5: 0, 6: 1, 7: 0}, ()),
    ],
)
def test_cssrs_questions_follow_the_branching(answers: dict[int, int], asked: tuple[int, ...]) -> None:
    assert questions_to_ask(Measure.CSSRS_SCREENER, answers) == asked


@pytest.mark.parametrize(
    ("answers", "complete", "positive"),
    [
        ({1: 0, 2: 0, 6: 0}, True, False),
        ({1: 0, 2: 0}, False, None),
        ({1: 1}, False, True),
        ({1: 0, 2: 0, 6: 1, 7: 0}, True, True),
    ],
)
def test_cssrs_screener_is_never_summed(answers: dict[int, int], complete: bool, positive: bool | None) -> None:
    scored = score(Measure.CSSRS_SCREENER, answers)
    assert (scored.complete, scored.screen_positive, scored.total, scored.band) == (
        complete,
        positive,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("first", "second", "positive"), [(0, 2, False), (1, 1, False), (0, 3, True), (2, 1, True), (3, 3, True)]
)
def test_phq2_is_positive_from_three(first: int, second: int, positive: bool) -> None:
    assert phq2_positive({1: first, 2: second}) is positive


@pytest.mark.parametrize("answers", [{}, {1: 3}, {2: 3}])
def test_phq2_without_both_answers_says_nothing(answers: dict[int, int]) -> None:
    assert phq2_positive(answers) is None


@pytest.mark.parametrize(
    ("measure", "before", "after", "verdict"),
    [
        (Measure.PHQ9, 15, 10, ReliableChange.NO_RELIABLE_CHANGE),
        (Measure.PHQ9, 15, 9, ReliableChange.IMPROVED),
        (Measure.PHQ9, 10, 15, ReliableChange.NO_RELIABLE_CHANGE),
        (Measure.PHQ9, 9, 15, ReliableChange.DETERIORATED),
        (Measure.GAD7, 12, 9, ReliableChange.NO_RELIABLE_CHANGE),
        (Measure.GAD7, 12, 8, ReliableChange.IMPROVED),
        (Measure.GAD7, 8, 12, ReliableChange.DETERIORATED),
    ],
)
def test_change_is_reliable_from_the_published_points(
    measure: Measure, before: int, after: int, verdict: ReliableChange
) -> None:
    make = phq9 if measure is Measure.PHQ9 else gad7
    found = change(measure, make(before), make(after))
    assert (found.verdict, found.points) == (verdict, after - before)


@pytest.mark.parametrize(
    ("after", "verdict", "response"),
    [
        (36, ReliableChange.NO_RELIABLE_CHANGE, False),
        (35, ReliableChange.NO_RELIABLE_CHANGE, True),
        (31, ReliableChange.NO_RELIABLE_CHANGE, True),
        (30, ReliableChange.IMPROVED, False),
    ],
)
def test_pcl5_change_names_response_and_meaningful_change(after: int, verdict: ReliableChange, response: bool) -> None:
    before, now = (score(Measure.PCL5, spread(total, 20, highest=4)) for total in (40, after))
    found = change(Measure.PCL5, before, now)
    assert found.verdict is verdict
    assert any("a response" in reason for reason in found.reasons) is response


def test_change_from_an_incomplete_form_is_not_comparable() -> None:
    incomplete = score(Measure.PHQ9, {1: 3})
    assert change(Measure.PHQ9, incomplete, phq9(3)).verdict is ReliableChange.NOT_COMPARABLE
    assert change(Measure.PHQ9, phq9(3), incomplete).points is None


def test_change_without_a_published_threshold_is_not_comparable() -> None:
    scored = score(Measure.AUDIT_C, spread(4, 3, highest=4))
    assert change(Measure.AUDIT_C, scored, scored).verdict is ReliableChange.NOT_COMPARABLE


def test_reliable_change_index_by_hand() -> None:
    # 10 points, SD 5, r 0.5: 10 / (5 · √2 · √0.5) = 10 / 5 = 2, just past 1.96.
    index = reliable_change_index(20, 10, standard_deviation=5, reliability=0.5)
    assert index == pytest.approx(-2)
    assert is_reliable(index)


@pytest.mark.parametrize(("index", "reliable"), [(1.96, False), (1.961, True), (-1.96, False), (-1.961, True)])
def test_reliable_change_index_cut(index: float, reliable: bool) -> None:
    assert is_reliable(index) is reliable


@pytest.mark.parametrize(("deviation", "reliability"), [(0, 0.8), (-1, 0.8), (5, 1), (5, -0.1)])
def test_reliable_change_index_refuses_impossible_statistics(deviation: float, reliability: float) -> None:
    with pytest.raises(ValueError, match="positive deviation"):
        reliable_change_index(10, 5, standard_deviation=deviation, reliability=reliability)


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [
        ((10, 0), (9, 7), True),
        ((10, 0), (10, 7), False),
        ((10, 0), (9, 8), False),
        ((0, 8), (9, 7), True),
        ((9, 7), (0, 0), None),
    ],
)
def test_recovered_needs_both_below_their_cut_after_one_above(
    before: tuple[int, int], after: tuple[int, int], answer: bool | None
) -> None:
    first = {Measure.PHQ9: phq9(before[0]), Measure.GAD7: gad7(before[1])}
    last = {Measure.PHQ9: phq9(after[0]), Measure.GAD7: gad7(after[1])}
    assert recovered(first, last) is answer


def test_recovered_with_a_form_missing_or_incomplete_is_not_known() -> None:
    whole = {Measure.PHQ9: phq9(15), Measure.GAD7: gad7(15)}
    assert recovered(whole, {Measure.PHQ9: phq9(2)}) is None
    assert recovered(whole, {Measure.PHQ9: phq9(2), Measure.GAD7: score(Measure.GAD7, {1: 0})}) is None


def test_printed_score_shows_nothing_of_the_answers() -> None:
    assert repr(phq9(27)) == "Score(complete=True, missing=())"


def loinc_check_digit(number: str) -> int:
    """Mod 10 over the digits, every second one from the right doubled (LOINC Users' Guide, check digit)."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(number))]
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def loinc_codes() -> list[str]:
    """Every panel, total and item code; answer codes (LA...) follow another scheme."""
    codes = [
        code
        for definition in DEFINITIONS.values()
        for code in (
            definition.panel_code,
            definition.total_code,
            *(item.link_id for item in definition.items),
        )
    ]
    return sorted({code for code in codes if code is not None and not code.startswith("pcl5-")})


@pytest.mark.parametrize("code", loinc_codes())
def test_loinc_code_has_a_valid_check_digit(code: str) -> None:
    number, digit = code.split("-")
    assert loinc_check_digit(number) == int(digit)


@pytest.mark.parametrize("measure", list(Measure))
def test_definition_numbers_items_from_one_and_values_from_zero(measure: Measure) -> None:
    definition = DEFINITIONS[measure]
    assert [item.number for item in definition.items] == list(range(1, len(definition.items) + 1))
    assert all(item.values == tuple(range(len(item.values))) for item in definition.items)
    assert len({item.link_id for item in definition.items}) == len(definition.items)


@pytest.mark.parametrize("link", ["44260-8", "/44260-8"])
def test_item_is_found_by_its_link_with_or_without_slash(link: str) -> None:
    item = PHQ9.item_of_link(link)
    assert item is not None and item.number == 9


@pytest.mark.parametrize(
    ("code", "value"), [("LA6568-5", 0), ("LA6571-9", 3), ("LA18938-3", 2), ("LA6573-5", None), ("", None)]
)
def test_answer_code_means_a_value_only_where_it_is_an_option(code: str, value: int | None) -> None:
    assert PHQ9.items[0].value_of_code(code) == value


def plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


@needs_shared_fhir
@pytest.mark.parametrize(("name", "definition"), [("PHQ9", PHQ9), ("GAD7", GAD7)])
def test_wording_and_codes_agree_with_the_public_questionnaire(name: str, definition: Any) -> None:
    public = json.loads((SHARED / "questionnaires" / f"1_Questionnaire-{name}.json").read_text())
    questions = [item for item in public["item"] if item["type"] == "choice"]
    assert [question["linkId"] for question in questions] == [f"/{item.link_id}" for item in definition.items]
    for question, item in zip(questions, definition.items, strict=True):
        assert plain(question["text"]).endswith(plain(item.text))
        codes = [option["valueCoding"]["code"] for option in question["answerOption"]]
        assert [item.value_of_code(code) for code in codes] == [0, 1, 2, 3]


def scoring_case(name: str, resources: str) -> tuple[dict[int, int], dict[str, Any]]:
    """The answers and expected results of one public scoring case; a later answer replaces an earlier one."""
    folder = SHARED / "scoring-cases"
    shared_part = (folder / f"{resources}_reusable_resources.yml").read_text()
    # The case uses YAML anchors of the resources file, so the two are read as one document.
    case = (folder / f"{name}.yml").read_text().split("---", 1)[1]
    document = yaml.safe_load(shared_part + "\n" + case)
    definition = PHQ9 if resources == "phq9" else GAD7
    response = next(
        part for part in document["data"] if part.get("status") == "in-progress" and "questionnaire" in part
    )
    answers = {}
    for entry in response["item"]:
        item = definition.item_of_link(entry["linkId"])
        assert isinstance(item, Item)
        value = item.value_of_code(entry["answer"][0]["valueCoding"]["code"])
        if value is not None:
            answers[item.number] = value
    return answers, document["results"]


@needs_shared_fhir
@pytest.mark.parametrize("name", ["gad7_total_score_case1", "gad7_total_score_case3"])
def test_gad7_total_agrees_with_the_public_case(name: str) -> None:
    answers, results = scoring_case(name, "gad7")
    assert score(Measure.GAD7, answers).total == results["ScoreFullGad7"]


@needs_shared_fhir
def test_phq9_public_case_with_item_6_unanswered_is_incomplete_not_summed() -> None:
    """The public case sums although item 6 is missing; ours names the gap. The sum of the rest agrees."""
    answers, results = scoring_case("phq9_total_score_case", "phq9")
    scored = score(Measure.PHQ9, answers)
    assert (scored.complete, scored.missing, scored.total) == (False, (6,), None)
    assert score(Measure.PHQ9, answers | {6: 0}).total == results["ScoreFullPhq9"]


@needs_shared_fhir
def test_single_item_values_agree_with_the_public_cases() -> None:
    first, first_expected = scoring_case("phq9_question1_case", "phq9")
    ninth, ninth_expected = scoring_case("phq9_question9_case", "phq9")
    assert first == {1: first_expected["Phq9ScoreQuestion1"]}
    assert ninth == {9: ninth_expected["Phq9ScoreQuestion9"]}
    assert score(Measure.PHQ9, ninth).item_flags == ("phq9 item 9",)
