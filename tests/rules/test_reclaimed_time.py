"""One table of minutes: what the scorecard counts and what the page of the steps shows cannot disagree."""

import pytest

from models.automated_steps import Per, Removes
from models.scorecard_rows import Step
from models.step_register import BY_NAME, STEPS
from rules.reclaimed_time import COUNTED, Measured, in_force, saved

OWN = Measured(12, 10, 14, "thirty referrals in October, with a watch")


def test_everything_the_scorecard_counts_is_the_sum_of_steps_of_the_register():
    assert set(COUNTED) == set(Step)
    for each in COUNTED.values():
        for name in each.of:
            assert BY_NAME[name].removes.minutes and BY_NAME[name].removes.per is Per.CASE
            assert BY_NAME[name].workflow in (each.workflow, None)
    names = [name for each in COUNTED.values() for name in each.of]
    assert len(names) == len(set(names)), "its minutes would be counted twice"


@pytest.mark.parametrize("own", [{}, {"receive file": OWN}, {"receive file": OWN, "draft notes": OWN}])
def test_scorecard_takes_its_minutes_from_the_steps_as_they_are_in_force(own: dict[str, Measured]):
    steps = in_force(own)
    for step, found in saved(own).items():
        parts = [steps[name] for name in COUNTED[step].of]
        for which in ("minutes", "low", "high"):
            assert getattr(found, which) == sum(getattr(part, which) for part in parts)


def test_minutes_are_those_that_the_decision_page_states():
    """As docs/decisions/0026-scorecard.md has them, by hand."""
    assert {step: (each.minutes, each.low, each.high) for step, each in saved().items()} == {
        Step.REFERRAL_TAKEN_IN: (10, 5, 15),
        Step.TIME_CHOSEN_ONLINE: (8, 4, 12),
        Step.REMINDER_SENT: (3, 1, 5),
        Step.FREED_TIME_OFFERED: (4, 2, 6),
        Step.CHECK_IN_SCORED: (4, 2, 6),
        Step.NOTE_DRAFTED: (7, 3, 12),
        Step.CLAIM_BUILT: (8, 4, 12),
        Step.DECISION_POSTED: (3, 2, 6),
    }
    assert {each.source for each in saved().values()} == {"assumed"}


def test_what_was_measured_counts_instead_and_says_so():
    assert in_force({"receive file": OWN})["receive file"] == Removes(
        12, Per.CASE, "measured here: thirty referrals in October, with a watch", ("case.opened",), (10, 14)
    )
    found = saved({"receive file": OWN})
    assert (found[Step.REFERRAL_TAKEN_IN].minutes, found[Step.REFERRAL_TAKEN_IN].source) == (
        13, "measured here for receive file, else assumed",
    )  # fmt: skip
    assert saved({"draft notes": OWN})[Step.NOTE_DRAFTED].source == "measured here"
    assert found[Step.NOTE_DRAFTED] == saved()[Step.NOTE_DRAFTED]


@pytest.mark.parametrize("name", ["nothing of the kind", "steer the runs"])
def test_only_steps_that_save_minutes_are_measured(name: str):
    with pytest.raises(ValueError, match="removes minutes"):
        in_force({name: OWN})


@pytest.mark.parametrize("figures", [(12, 13, 14), (12, 10, 11), (-1, -2, 0)])
def test_figures_that_cannot_be_are_refused(figures: tuple[float, float, float]):
    with pytest.raises(ValueError, match="between"):
        Measured(*figures, "a watch")
    with pytest.raises(ValueError, match="where"):
        Measured(12, 10, 14, " ")


def test_every_step_has_a_range_around_its_minutes():
    for step in STEPS:
        assert step.removes.low <= step.removes.minutes <= step.removes.high, step.name
