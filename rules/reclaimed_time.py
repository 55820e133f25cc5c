"""How many minutes of work do automated steps save? The register's assumptions, or what the practice has measured.

The register (models/step_register) is the one table of minutes. The page of the steps shows each entry of it; the
scorecard counts what came of several steps at once, and takes their minutes together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.automated_steps import Removes
from models.governance_codes import Workflow
from models.scorecard_rows import Step
from models.step_register import BY_NAME, STEPS

ASSUMED = "assumed"


@dataclass(frozen=True)
class Measured:
    """What a practice has measured of one step: the minutes that one time saves, what they lie in, where and how."""

    minutes: float
    low: float
    high: float
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.minutes <= self.high:
            raise ValueError("the minutes lie between the least and the most, and none of them is below nothing")
        if not self.source.strip():
            raise ValueError("say where the minutes were measured, and how")


def in_force(own: Mapping[str, Measured] | None = None) -> dict[str, Removes]:
    """What each step of the register removes, by its name: as assumed there, or as the practice has measured.

    Raises ValueError for a step that the register does not know, or that removes nothing of its own.
    """
    own = own or {}
    for name in own:
        if name not in BY_NAME or not BY_NAME[name].removes.minutes:
            raise ValueError(f"no automated step {name!r} removes minutes")
    found = {step.name: step.removes for step in STEPS}
    for name, measured in own.items():
        found[name] = replace(
            found[name],
            minutes=measured.minutes,
            source=f"measured here: {measured.source}",
            between=(measured.low, measured.high),
        )
    return found


@dataclass(frozen=True)
class Saved:
    """Minutes that one time of what the scorecard counts saves, their range, whose they are, who says so.

    ``source`` is ``assumed``, or whose steps were measured; ``of`` names the steps of the register it is the sum of.
    """

    label: str
    workflow: Workflow
    clinical: bool
    minutes: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Counted:
    """One thing that the scorecard counts: what came of these steps, whose minutes (a clinician's?) they were."""

    label: str
    workflow: Workflow
    clinical: bool
    of: tuple[str, ...]


COUNTED: Mapping[Step, Counted] = {
    Step.REFERRAL_TAKEN_IN: Counted(
        "a referral taken in without typing", Workflow.REFERRAL, False, ("receive file", "begin the case")
    ),
    Step.TIME_CHOSEN_ONLINE: Counted("a first time chosen by the patient", Workflow.REFERRAL, False, ("offer times",)),
    Step.REMINDER_SENT: Counted("a reminder sent", Workflow.SCHEDULING, False, ("queue reminders",)),
    Step.FREED_TIME_OFFERED: Counted("a freed time offered", Workflow.SCHEDULING, False, ("offer freed times",)),
    Step.CHECK_IN_SCORED: Counted(
        "a check-in asked, scored and charted", Workflow.FOLLOW_UP, True, ("ask what is due between sessions",)
    ),
    Step.NOTE_DRAFTED: Counted("a note drafted, then corrected and signed", Workflow.NOTES, True, ("draft notes",)),
    Step.CLAIM_BUILT: Counted(
        "a claim built and sent that nobody touched", Workflow.CLAIMS, False, ("build claim", "batch claims")
    ),
    Step.DECISION_POSTED: Counted("a payer's decision posted", Workflow.CLAIMS, False, ("take in a file",)),
}


def saved(own: Mapping[str, Measured] | None = None) -> dict[Step, Saved]:
    """What each thing that the scorecard counts saves, from the same minutes as the page of the steps."""
    removes, own = in_force(own), own or {}
    found = {}
    for step, each in COUNTED.items():
        parts = [removes[name] for name in each.of]
        measured = [name for name in each.of if name in own]
        source = ASSUMED if not measured else "measured here"
        if measured and len(measured) < len(each.of):
            source = f"measured here for {', '.join(measured)}, else assumed"
        found[step] = Saved(
            each.label,
            each.workflow,
            each.clinical,
            sum(part.minutes for part in parts),
            sum(part.low for part in parts),
            sum(part.high for part in parts),
            source,
        )
    return found


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
