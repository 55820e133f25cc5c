"""How many minutes of work an automated step is taken to save: stated assumptions, until they are measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.governance_codes import Workflow
from models.scorecard_rows import Step

ASSUMED = "assumed"


@dataclass(frozen=True)
class Saved:
    """Minutes that one time of a step saves, with the range they are taken to lie in, whose they are, who says so.

    ``source`` is ``assumed``, or where the minutes were measured.
    """

    label: str
    workflow: Workflow
    clinical: bool
    minutes: float
    low: float
    high: float
    source: str = ASSUMED


SAVED: Mapping[Step, Saved] = {
    Step.REFERRAL_TAKEN_IN: Saved("a referral taken in without typing", Workflow.REFERRAL, False, 10, 5, 15),
    Step.TIME_CHOSEN_ONLINE: Saved("a first time chosen by the patient", Workflow.REFERRAL, False, 8, 4, 12),
    Step.REMINDER_SENT: Saved("a reminder sent", Workflow.SCHEDULING, False, 3, 1, 5),
    Step.FREED_TIME_OFFERED: Saved("a freed time offered", Workflow.SCHEDULING, False, 4, 2, 6),
    Step.CHECK_IN_SCORED: Saved("a check-in asked, scored and charted", Workflow.FOLLOW_UP, True, 4, 2, 6),
    Step.NOTE_DRAFTED: Saved("a note drafted, then corrected and signed", Workflow.NOTES, True, 7, 3, 12),
    Step.CLAIM_BUILT: Saved("a claim built and sent that nobody touched", Workflow.CLAIMS, False, 8, 4, 12),
    Step.DECISION_POSTED: Saved("a payer's decision posted", Workflow.CLAIMS, False, 3, 2, 6),
}


@dataclass(frozen=True)
class HourlyValue:
    """What the practice says an hour of work is worth, in cents; None: nobody has said, so no value is shown."""

    clinical_hour_cents: int | None = None
    office_hour_cents: int | None = None

    def __post_init__(self) -> None:
        if any(cents is not None and cents <= 0 for cents in (self.clinical_hour_cents, self.office_hour_cents)):
            raise ValueError("an hour is worth something")

    def of(self, clinical: bool) -> int | None:
        return self.clinical_hour_cents if clinical else self.office_hour_cents
