"""Which texts the risk classifier is trained and measured on, and which of them are held out.

The hand-written sets lie in tests/data/risk. The public sets lie outside the checkout and are never copied into it.
"""

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
HAND_WRITTEN = CHECKOUT / "tests" / "data" / "risk"
PUBLIC = CHECKOUT.parent / "shared" / "data"
REDDIT = PUBLIC / "risk" / "cssrs-reddit-500" / "posts.jsonl"
HARD_CASES = PUBLIC / "risk" / "crisis-hard-cases" / "hard_crisis_dataset.json"
MEDICAL_TALK = PUBLIC / "notes" / "mts-dialog"

WRITTEN_LAST = "training_quiet"
NEW_TO_THE_RULES = ("training_wide", "training_more", "training_turns", WRITTEN_LAST)
"""Texts by which no rule was mended."""
TRAINED_ON_BEFORE = (
    "challenge",
    "ordinary",
    "training",
    "training_next",
    "training_wide",
    "training_more",
    "training_turns",
)
TRAINED_ON = (*TRAINED_ON_BEFORE, WRITTEN_LAST)
HELD_OUT = "held_out"
TRAIN = "train"
UNSEEN = "unseen"
BEHAVIOUR_OR_ATTEMPT = ("behavior", "attempt")
IDEATION_OR_WORSE = ("ideation", *BEHAVIOUR_OR_ATTEMPT)
ONE_USER_IN = 5


@dataclass(frozen=True)
class Sentence:
    """A hand-written text: which kind it is about (None: ordinary talk), in which status, which kinds it also holds."""

    text: str
    kind: str | None
    status: str
    split: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Post:
    """A public post rated by experts; `positive` means ideation, behaviour or attempt, `severe` one of the last two."""

    text: str
    user: str
    positive: bool
    split: str
    severe: bool = False


def hand_written(name: str) -> list[Sentence]:
    """The texts of one of the hand-written files, by its name."""
    with (HAND_WRITTEN / f"{name}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Sentence(
            row["text"],
            row.get("kind"),
            row.get("status", "ordinary"),
            row.get("split", TRAIN),
            tuple(row.get("also", ())),
        )
        for row in rows
    ]


def posts() -> list[Post]:
    """The posts with a label of their own, split by user so that nobody is on both sides."""
    with REDDIT.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Post(
            row["text"],
            row["user"],
            row["risk"] in IDEATION_OR_WORSE,
            _split_of_user(row["user"]),
            row["risk"] in BEHAVIOUR_OR_ATTEMPT,
        )
        for row in rows
        if row["level"] == "post" and row["risk"]
    ]


def medical_talk(part: str) -> list[str]:
    """Ordinary consultations (part: train or valid): talk about health that holds no disclosure."""
    with (MEDICAL_TALK / f"{part}.csv").open(encoding="utf-8", newline="") as table:
        return [row["dialogue"] for row in csv.DictReader(table)]


def hard_cases() -> list[tuple[str, bool]]:
    """The students' messages of each case, and whether it should reach a person."""
    stored = json.loads(HARD_CASES.read_text(encoding="utf-8"))
    return [
        (
            "\n".join(m["content"] for m in case["messages"] if m["role"] == "student"),
            case["labels"]["risk_level"] != "SAFE",
        )
        for case in stored["conversations"]
    ]


def _split_of_user(user: str) -> str:
    return TRAIN if hashlib.sha256(user.encode()).digest()[0] % ONE_USER_IN else HELD_OUT
