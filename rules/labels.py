"""Which flags of a risk review a clinician may label, and the review with their labels in it."""

from collections.abc import Mapping
from typing import Any

from rules.triage import DEFAULT_LEVELS, PRESENT

READER = ("rule", "classifier")
"""What of the reader raises a flag from free text; an answer to a question needs no label, it says what it says."""


def offered(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The flags of this content that may be labelled, by id.

    They are what the reader raised as present, from words that still stand as it read them.
    """
    editions = {text["id"]: text.get("edition") for text in content.get("texts", ())}
    return {
        flag["id"]: flag
        for flag in content.get("flags", ())
        if flag["raised_by"] in READER
        and flag["kind"] in DEFAULT_LEVELS.present
        and flag["status"] == PRESENT
        and flag["probability"] is not None
        and flag["text_id"] in editions
        and flag.get("edition") == editions[flag["text_id"]]
    }


def labelled(content: Mapping[str, Any], labels: Mapping[str, bool]) -> dict[str, Any]:
    """The content with the signer's labels: flag id → whether they confirm it; without any it stays as it is.

    Raises ValueError for a label of anything that is not offered.
    """
    if not labels.keys() <= offered(content).keys():
        raise ValueError("a label is given to a flag that this sign-off does not offer")
    return {**content, "labels": dict(labels)} if labels else dict(content)
