"""How often a step did its work, and the minutes that removed."""

from dataclasses import replace

import pytest

from models.automated_steps import AutomatedStep, Override, Per, Rated, Removes, Scale, StepKind
from models.governance_codes import Workflow
from rules.step_value import minutes_removed, times_done

STEP = AutomatedStep(
    name="a step",
    kind=StepKind.TASK,
    workflow=Workflow.REFERRAL,
    does="",
    prevents="",
    removes=Removes(6, Per.CASE, ""),
    clinical=Rated(Scale.NONE, ""),
    compliance=Rated(Scale.NONE, ""),
    stopped_by="",
    overrides=(Override("", route="cases"),),
)
BY_AUDIT = {
    ("case.opened", "RF-"): 40,
    ("case.opened", "SN-"): 9,
    ("case.moved:sent", "CL-"): 5,
    ("waitlist_offer.made", "EP-"): 3,
    ("waitlist_offer.made", "RF-"): 2,
}


@pytest.mark.parametrize(
    ("removes", "prefix", "times"),
    [
        (Removes(6, Per.CASE, ""), "RF-", 70),  # its own runs
        (Removes(6, Per.DAY, ""), "RF-", 12),
        (Removes(6, Per.DAY, "", ("case.opened",)), "RF-", 12),
        (Removes(6, Per.CASE, "", ("case.opened",)), "RF-", 40),
        (Removes(6, Per.CASE, "", ("case.opened",)), "SN-", 9),
        (Removes(6, Per.CASE, "", ("case.opened",)), None, 49),
        (Removes(6, Per.CASE, "", ("case.moved:sent",)), "CL-", 5),
        (Removes(6, Per.CASE, "", ("case.moved:sent",)), "BS-", 0),
        # an action of one workflow alone counts whatever case it is about
        (Removes(6, Per.CASE, "", ("waitlist_offer.made",)), "BS-", 5),
        (Removes(6, Per.CASE, "", ("never.done",)), "RF-", 0),
    ],
)
def test_work_is_counted_by_the_audit_or_by_runs_or_by_days(removes: Removes, prefix: str | None, times: int):
    assert times_done(replace(STEP, removes=removes), 70, 12, BY_AUDIT, prefix) == times


def test_minutes_are_those_of_one_time_times_how_often():
    assert minutes_removed(STEP.removes, 40) == 240
