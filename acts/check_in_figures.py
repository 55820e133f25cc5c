"""The practice's own figures for check-ins: which hold, and their change on record."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from acts.practice_clocks import CHECK_INS, check_in_policy, check_in_policy_with
from adapters.operational_store import audit, reading, writing
from models.operational import PracticeSetting
from rules.check_ins import DEFAULT_POLICY, CheckInPolicy

logger = logging.getLogger(__name__)


def figures() -> CheckInPolicy:
    """The figures that hold now; raises ValueError where the setting says what cannot be."""
    with reading() as db:
        return check_in_policy(db)


def figures_to_weigh_by() -> CheckInPolicy:
    """The same for an answer that is weighed now: a setting nobody can read must not keep it from a clinician."""
    try:
        return figures()
    except ValueError:
        logger.error("the practice setting %s cannot be read: answers are weighed by the shipped figures", CHECK_INS)
        return DEFAULT_POLICY


def set_figures(values: Mapping[str, Any], *, actor: str) -> CheckInPolicy:
    """Change some figures, by name; raises ValueError for an unknown or fixed one, or one out of its bounds."""
    with writing() as db:
        before, policy = check_in_policy(db), check_in_policy_with(db, values)
        changed = {name: value for name in values if (value := getattr(policy, name)) != getattr(before, name)}
        if not changed:
            return policy
        setting = db.get(PracticeSetting, CHECK_INS) or PracticeSetting(name=CHECK_INS, value="{}")
        setting.value = json.dumps(json.loads(setting.value) | changed)
        db.add(setting)
        old = {name: getattr(before, name) for name in changed}
        audit(db, actor, "check_in_figures.set", ("practice_setting", CHECK_INS), old=old, new=changed)
        return policy
