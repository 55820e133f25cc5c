"""What in a quarantined row is worrying: every word of it, every risk question, and what cannot be read."""

import json
from typing import Any

import pytest

from tasks.quarantine import is_worrying
from tests.tasks.conftest import SAMPLE

FHIR = SAMPLE.parent / "fhir"


def bundle(*resources: dict[str, Any]) -> dict[str, str]:
    return {"bundle": json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]})}


def answered(link: str, *answers: dict[str, Any], **given: Any) -> dict[str, str]:
    """A questionnaire with this question, and one harmless question so that it can be read."""
    harmless = {"linkId": "/44250-9", "answer": [{"valueCoding": {"code": "LA6568-5"}}]}
    items = [harmless, {"linkId": link, "answer": list(answers)}]
    form = {"resourceType": "QuestionnaireResponse", "authored": "2026-11-10", "status": "completed", "item": items}
    return bundle({**form, **given})


def code(value: str) -> dict[str, Any]:
    return {"valueCoding": {"code": value}}


@pytest.mark.parametrize(
    ("link", "answers", "worrying"),
    [
        ("44260-8", [code("LA6568-5")], False),
        ("/44249-1/44260-8", [code("LA6568-5")], False),
        ("44260-8", [], False),
        ("44260-8", [code("LA6569-3")], True),
        ("/44249-1/44260-8", [code("LA6571-9")], True),
        ("phq9.44260-8", [code("LA6569-3")], True),
        ("44260-8", [code("unknown")], True),
        ("44260-8", [{"valueInteger": 0}], False),
        ("44260-8", [{"valueInteger": 1}], True),
        ("44260-8", [{"valueDecimal": 0.5}], True),
        ("44260-8", [{"valueString": "often"}], True),
        ("44260-8", [code("LA6568-5"), code("LA6569-3")], True),
        ("93246-7", [code("LA32-8")], False),
        ("93246-7", [code("LA33-6")], True),
        ("93267-3", [{"valueInteger": 1}], True),
        ("44255-8", [code("LA6571-9")], False),
    ],
)
def test_risk_question_worries_unless_it_is_a_plain_no(
    link: str, answers: list[dict[str, Any]], worrying: bool
) -> None:
    assert is_worrying(answered(link, *answers)) is worrying


@pytest.mark.parametrize("given", [{"authored": "some day"}, {"item": "none"}, {"item": []}])
def test_questionnaire_that_cannot_be_read_worries(given: dict[str, Any]) -> None:
    assert is_worrying(answered("44260-8", code("LA6568-5"), **given))


@pytest.mark.parametrize(
    ("resource", "worrying"),
    [
        ({"resourceType": "ServiceRequest", "note": [{"text": "I want to die"}]}, True),
        ({"resourceType": "ServiceRequest", "reasonCode": [{"coding": [{"display": "suicidal ideation"}]}]}, True),
        ({"resourceType": "ServiceRequest", "unheardOf": "wants to kill herself"}, True),
        ({"resourceType": "ServiceRequest", "note": [{"text": "我想死"}]}, True),
        ({"resourceType": "ServiceRequest", "note": [{"text": "Would like help with sleep."}]}, False),
        ({"resourceType": "ServiceRequest", "code": {"text": "PHQ-9"}, "id": "a1-0000-42"}, False),
    ],
)
def test_every_string_of_a_bundle_is_read(resource: dict[str, Any], worrying: bool) -> None:
    assert is_worrying(bundle(resource)) is worrying


def test_wording_of_the_form_is_nobodys_words() -> None:
    asked = "Thoughts that you would be better off dead, or of hurting yourself in some way"
    item = {"linkId": "44260-8", "text": asked, "answer": [code("LA6568-5")]}
    form = {"resourceType": "QuestionnaireResponse", "authored": "2026-11-10", "item": [item]}
    assert is_worrying(bundle(form)) is False
    assert is_worrying(bundle({**form, "note": f"patient says: {asked}"})) is True


@pytest.mark.parametrize(
    ("name", "worrying"),
    [("ehr-77010", False), ("ehr-77011", True), ("ehr-77013", True), ("ehr-77014", False), ("ehr-77015", False)],
)
def test_whole_bundle_of_a_sender_worries_for_its_answers_and_words_alone(name: str, worrying: bool) -> None:
    assert is_worrying({"bundle": (FHIR / f"{name}.json").read_text()}) is worrying


@pytest.mark.parametrize("content", ["{", "not JSON", "[" * 200_000])
def test_bundle_that_is_no_json_worries(content: str) -> None:
    assert is_worrying({"bundle": content})


def test_words_in_the_wrong_column_are_read_too() -> None:
    assert is_worrying({"referral_text": "", "plan_code": "says she wants to kill herself"})
    assert not is_worrying({"referral_text": "Would like help with sleep.", "plan_code": "PPO-1", "phq9_9": "0"})
