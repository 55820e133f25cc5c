"""Words of governance: the workflows of the practice, and how far each may go by itself."""

from enum import StrEnum


class Workflow(StrEnum):
    """What is governed as one: measured, piloted, locked and let go on by location."""

    REFERRAL = "referral"
    NOTES = "notes"
    CLAIMS = "claims"
    FOLLOW_UP = "follow_up"
    SCHEDULING = "scheduling"

    @property
    def label(self) -> str:
        return WORKFLOW_LABELS[self]

    @property
    def prefix(self) -> str | None:
        """How the numbers of its cases begin; None for scheduling, which moves appointments and has no cases."""
        return PREFIXES.get(self)


WORKFLOW_LABELS: dict[Workflow, str] = {
    Workflow.REFERRAL: "Referral to first session",
    Workflow.NOTES: "Session to signed note",
    Workflow.CLAIMS: "Eligibility to claim to money",
    Workflow.FOLLOW_UP: "Between sessions",
    Workflow.SCHEDULING: "Reminders, waitlist, cancellations",
}
PREFIXES: dict[Workflow, str] = {
    Workflow.REFERRAL: "RF-",
    Workflow.NOTES: "SN-",
    Workflow.CLAIMS: "CL-",
    Workflow.FOLLOW_UP: "BS-",
}


def workflow_of(case_number: str) -> Workflow:
    """The workflow a case belongs to, by its number. Raises ValueError for a number of no workflow."""
    for workflow, prefix in PREFIXES.items():
        if case_number.startswith(prefix):
            return workflow
    raise ValueError(f"no workflow has cases numbered like {case_number}")


class Level(StrEnum):
    """How far a workflow goes by itself at a location, from nothing to all but the exceptions."""

    OFF = "off"
    SHADOW = "shadow"
    ASSISTED = "assisted"
    LIVE = "live"

    @property
    def rank(self) -> int:
        return list(Level).index(self)
