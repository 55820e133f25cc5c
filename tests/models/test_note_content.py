"""A note's sentences survive being written as JSON; broken ones are refused by field; vocabularies agree."""

import json
from typing import Any

import pytest

from language.note_values import Topic
from models.errors import ContractBroken
from models.note_codes import NoteTopic, SentenceOrigin
from models.note_content import FlagAnswer, NoteSentence, sentence_from_plain, sentence_to_plain

SENTENCE = NoteSentence("s1", "concern", "Subjective", "Sleeps badly.", ((0, 3, 9), (2, 0, 0)), SentenceOrigin.EDITED)


@pytest.mark.parametrize("sentence", [SENTENCE, NoteSentence("s2", "", "Plan", "", (), SentenceOrigin.ADDED)])
def test_sentence_survives_json(sentence: NoteSentence) -> None:
    assert sentence_from_plain(json.loads(json.dumps(sentence_to_plain(sentence)))) == sentence


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", 7),
        ("topic", "weather"),
        ("section", None),
        ("text", ["secret"]),
        ("origin", "copied"),
        ("origin", ["drafted"]),
        ("sources", "0,1,2"),
        ("sources", [[0, 1]]),
        ("sources", [[0, 2, 1]]),
        ("sources", [[-1, 0, 1]]),
        ("sources", [[0, 0, True]]),
        ("sources", [[0, 0, 1.0]]),
    ],
)
def test_broken_sentence_is_refused_by_field_alone(field: str, value: Any) -> None:
    with pytest.raises(ContractBroken) as broken:
        sentence_from_plain(sentence_to_plain(SENTENCE) | {field: value})
    assert broken.value.field == field
    assert "secret" not in str(broken.value)


@pytest.mark.parametrize("change", ["missing", "surplus"])
def test_sentence_with_other_fields_is_refused(change: str) -> None:
    plain = sentence_to_plain(SENTENCE)
    if change == "missing":
        del plain["origin"]
    else:
        plain["author"] = "x"
    with pytest.raises(ContractBroken):
        sentence_from_plain(plain)


def test_content_is_not_printed() -> None:
    assert "Sleeps" not in repr(SENTENCE)
    assert "words" not in repr(FlagAnswer("f1", None, "said words"))


def test_topics_are_the_drafters() -> None:
    assert {topic.value for topic in NoteTopic} == {topic.value for topic in Topic}
