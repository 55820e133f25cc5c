"""What the practice calls itself in front of patients."""

import json

from adapters.operational_store import audit, writing
from adapters.practice import PRACTICE_NAME
from models.operational import PracticeSetting

LONGEST_NAME = 60
"""Characters: the name stands in text messages."""


def rename(name: str, *, actor: str) -> str:
    """Set the name in every message and on every page that patients see; returns it as kept.

    Raises ValueError for an empty or too long name, or one of several lines.
    """
    kept = name.strip()
    if not kept or len(kept) > LONGEST_NAME or not kept.isprintable():
        raise ValueError(f"the practice's name is one line of 1 to {LONGEST_NAME} characters")
    with writing() as db:
        setting = db.get(PracticeSetting, PRACTICE_NAME) or PracticeSetting(name=PRACTICE_NAME, value="")
        if setting.value != json.dumps(kept):
            setting.value = json.dumps(kept)
            db.add(setting)
            audit(db, actor, "practice.renamed", ("practice_setting", PRACTICE_NAME))
    return kept
