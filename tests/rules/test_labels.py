"""Which flags may be labelled, and that only those are."""

from typing import Any

import pytest

from rules.labels import labelled, offered

FLAG: dict[str, Any] = {
    "id": "FL-1", "kind": "self_harm", "status": "present", "level": "moderate", "raised_by": "classifier",
    "rule_id": "classifier.self_harm", "why": "", "version": "v7", "probability": 0.9, "text_id": "TX-1", "edition": 2,
    "starts": 0, "ends": 4, "reviewed": False,
}  # fmt: skip


def review(**given: Any) -> dict[str, Any]:
    return {"flags": [FLAG | given], "texts": [{"id": "TX-1", "edition": 2}], "level": "moderate"}


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ({}, True),
        ({"raised_by": "rule"}, True),
        ({"reviewed": True}, True),
        ({"raised_by": "item"}, False),
        ({"raised_by": "rule", "kind": "unread_text", "probability": None}, False),
        ({"kind": "severe_symptoms"}, False),
        ({"kind": "unknown_signal"}, False),
        ({"status": "historical"}, False),
        ({"status": "someone_else"}, False),
        ({"probability": None}, False),
        ({"text_id": None}, False),
        ({"text_id": "TX-2"}, False),
        ({"edition": 1}, False),
        ({"edition": None}, False),
    ],
)
def test_label_is_offered_for_what_the_reader_raised_as_present_in_words_that_stand(given: dict[str, Any], may: bool):
    assert set(offered(review(**given))) == ({"FL-1"} if may else set())


def test_label_is_offered_in_a_review_from_before_texts_had_editions():
    content = review(edition=None)
    del content["flags"][0]["edition"], content["texts"][0]["edition"]
    assert set(offered(content)) == {"FL-1"}


@pytest.mark.parametrize("content", [{"letter": "Dear Alex"}, {"candidates": []}])
def test_label_is_offered_in_risk_reviews_alone(content: dict[str, Any]):
    assert offered(content) == {}


def test_labels_become_a_part_of_what_is_signed():
    assert labelled(review(), {"FL-1": False}) == review() | {"labels": {"FL-1": False}}


def test_review_without_labels_is_signed_as_it_was_shown():
    assert labelled(review(), {}) == review()


@pytest.mark.parametrize("labels", [{"FL-2": True}, {"FL-1": True, "": False}])
def test_label_of_what_is_not_offered_is_refused(labels: dict[str, bool]):
    with pytest.raises(ValueError, match="does not offer"):
        labelled(review(), labels)
