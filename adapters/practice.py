"""What the practice calls itself in front of patients: a neutral name, set by the practice."""

import json

from sqlmodel import Session

from models.operational import PracticeSetting

SHIPPED_NAME = "Harbor Group"
PRACTICE_NAME = "practice_name"


def practice_name(db: Session) -> str:
    """The name from the practice's own settings, or the shipped one."""
    row = db.get(PracticeSetting, PRACTICE_NAME)
    return str(json.loads(row.value)) if row else SHIPPED_NAME
