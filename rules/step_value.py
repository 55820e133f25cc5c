"""How many minutes did an automated step remove in a period, by its entry in the register and by real counts?"""

from collections.abc import Mapping

from models.automated_steps import AutomatedStep, Per, Removes

SHARED = ("case.opened", "risk.screened", "case.moved")
"""Actions that more than one workflow leaves: only cases of the step's own count."""


def times_done(
    step: AutomatedStep, runs: int, days: int, by_audit: Mapping[tuple[str, str], int], prefix: str | None
) -> int:
    """How often the step did its work: by the audit where its entry names actions, by its own runs where not.

    ``by_audit``: (action, first three letters of the case number) to a count. ``prefix``: those of the step's own
    workflow, None for all. A step whose minutes are a day's counts the days on which it ran.
    """
    if step.removes.per is Per.DAY:
        return days
    if not step.removes.counted_by:
        return runs
    return sum(
        count
        for (action, start), count in by_audit.items()
        if action in step.removes.counted_by
        and (prefix is None or start == prefix or action.partition(":")[0] not in SHARED)
    )


def minutes_removed(removes: Removes, times: int) -> float:
    return removes.minutes * times
