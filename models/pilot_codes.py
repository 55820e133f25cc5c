"""Words of pilots: what can be a version, how it is tried, on whom, by what it is judged, what a look says."""

from enum import StrEnum

from models.governance_codes import Workflow


class VersionKind(StrEnum):
    """What of the practice can be changed as a version and tried beside the present one."""

    REMINDER_PLAN = "reminder_plan"
    NOTE_TEMPLATE = "note_template"
    RISK_THRESHOLD = "risk_threshold"
    RISK_WEIGHTS = "risk_weights"
    WAITLIST_RULE = "waitlist_rule"

    @property
    def label(self) -> str:
        return KIND_LABELS[self]

    @property
    def is_clinical(self) -> bool:
        """Whether a clinician signs beside the owner."""
        return self in (VersionKind.NOTE_TEMPLATE, VersionKind.RISK_THRESHOLD, VersionKind.RISK_WEIGHTS)

    @property
    def reads_risk(self) -> bool:
        return self in (VersionKind.RISK_THRESHOLD, VersionKind.RISK_WEIGHTS)

    @property
    def workflow(self) -> Workflow:
        return KIND_WORKFLOWS[self]


KIND_LABELS: dict[VersionKind, str] = {
    VersionKind.REMINDER_PLAN: "Reminder plan",
    VersionKind.NOTE_TEMPLATE: "Note template",
    VersionKind.RISK_THRESHOLD: "Risk thresholds",
    VersionKind.RISK_WEIGHTS: "Risk reader's weights",
    VersionKind.WAITLIST_RULE: "Waitlist rule",
}
KIND_WORKFLOWS: dict[VersionKind, Workflow] = {
    VersionKind.REMINDER_PLAN: Workflow.SCHEDULING,
    VersionKind.NOTE_TEMPLATE: Workflow.NOTES,
    VersionKind.RISK_THRESHOLD: Workflow.REFERRAL,
    VersionKind.RISK_WEIGHTS: Workflow.REFERRAL,
    VersionKind.WAITLIST_RULE: Workflow.SCHEDULING,
}


class PilotMode(StrEnum):
    """Shadow: the new version runs beside the present one and nothing follows from it. Arm: some cases go by it."""

    SHADOW = "shadow"
    ARM = "arm"


class TextKind(StrEnum):
    """What of a patient's words the risk reader reads: of a referral, of a session, of a check-in between sessions."""

    REFERRAL = "referral"
    SESSION = "session"
    CHECK_IN = "check_in"

    @property
    def label(self) -> str:
        return TEXT_LABELS[self]


TEXT_LABELS: dict[TextKind, str] = {
    TextKind.REFERRAL: "Referrals' texts",
    TextKind.SESSION: "Sessions' transcripts",
    TextKind.CHECK_IN: "Texts between sessions",
}


class PilotUnit(StrEnum):
    """What is put into one arm or the other as a whole."""

    CASE = "case"
    PATIENT = "patient"
    CLINICIAN = "clinician"


class Arm(StrEnum):
    """A is the present version, B the new one."""

    A = "a"
    B = "b"


class PilotMeasure(StrEnum):
    """What the arms are compared by."""

    NO_SHOWS = "no_shows"
    EDITS_PER_DRAFT = "edits_per_draft"
    HOURS_TO_SIGN = "hours_to_sign"
    FLAGS_PER_CASE = "flags_per_case"
    FLAGS_CONFIRMED = "flags_confirmed"
    TIMES_FILLED = "times_filled"
    REMINDERS_PLANNED = "reminders_planned"
    POINTS_OPEN = "points_open"
    PATIENTS_ASKED = "patients_asked"

    @property
    def label(self) -> str:
        return MEASURE_LABELS[self]

    @property
    def is_share(self) -> bool:
        """Whether it is a proportion, which is shown in per cent."""
        return self in (PilotMeasure.NO_SHOWS, PilotMeasure.FLAGS_CONFIRMED, PilotMeasure.TIMES_FILLED)

    @property
    def lower_is_better(self) -> bool:
        return self not in (PilotMeasure.FLAGS_CONFIRMED, PilotMeasure.TIMES_FILLED)

    @property
    def says_better(self) -> bool:
        """Whether more or less of it is better; what would only have been planned says that it differs, no more."""
        return self not in (PilotMeasure.REMINDERS_PLANNED, PilotMeasure.POINTS_OPEN, PilotMeasure.PATIENTS_ASKED)


MEASURE_LABELS: dict[PilotMeasure, str] = {
    PilotMeasure.NO_SHOWS: "Sessions missed",
    PilotMeasure.EDITS_PER_DRAFT: "Edits per draft",
    PilotMeasure.HOURS_TO_SIGN: "Hours to sign",
    PilotMeasure.FLAGS_PER_CASE: "Flags raised per case",
    PilotMeasure.FLAGS_CONFIRMED: "Flags confirmed",
    PilotMeasure.TIMES_FILLED: "Freed times filled",
    PilotMeasure.REMINDERS_PLANNED: "Reminders planned per session",
    PilotMeasure.POINTS_OPEN: "Points asked for and not covered, per draft",
    PilotMeasure.PATIENTS_ASKED: "Patients asked per freed time",
}
MEASURES_OF: dict[VersionKind, tuple[PilotMeasure, ...]] = {
    VersionKind.REMINDER_PLAN: (PilotMeasure.NO_SHOWS,),
    VersionKind.NOTE_TEMPLATE: (PilotMeasure.EDITS_PER_DRAFT, PilotMeasure.HOURS_TO_SIGN),
    VersionKind.RISK_THRESHOLD: (PilotMeasure.FLAGS_PER_CASE, PilotMeasure.FLAGS_CONFIRMED),
    VersionKind.RISK_WEIGHTS: (PilotMeasure.FLAGS_PER_CASE, PilotMeasure.FLAGS_CONFIRMED),
    VersionKind.WAITLIST_RULE: (PilotMeasure.TIMES_FILLED,),
}
"""What a version of each kind may be judged by; the first is offered first."""
SHADOW_MEASURE_OF: dict[VersionKind, PilotMeasure] = {
    VersionKind.REMINDER_PLAN: PilotMeasure.REMINDERS_PLANNED,
    VersionKind.NOTE_TEMPLATE: PilotMeasure.POINTS_OPEN,
    VersionKind.RISK_THRESHOLD: PilotMeasure.FLAGS_PER_CASE,
    VersionKind.RISK_WEIGHTS: PilotMeasure.FLAGS_PER_CASE,
    VersionKind.WAITLIST_RULE: PilotMeasure.PATIENTS_ASKED,
}
"""What both versions are compared by in shadow, where nothing happens to anybody by the new one."""
UNITS_OF: dict[VersionKind, tuple[PilotUnit, ...]] = {
    VersionKind.REMINDER_PLAN: (PilotUnit.PATIENT, PilotUnit.CASE, PilotUnit.CLINICIAN),
    VersionKind.NOTE_TEMPLATE: (PilotUnit.PATIENT, PilotUnit.CASE, PilotUnit.CLINICIAN),
    VersionKind.RISK_THRESHOLD: (PilotUnit.CASE, PilotUnit.PATIENT),
    VersionKind.RISK_WEIGHTS: (PilotUnit.CASE, PilotUnit.PATIENT),
    # a freed time is offered to several patients at once: what holds for it holds for all of them
    VersionKind.WAITLIST_RULE: (PilotUnit.CLINICIAN,),
}


class LookVerdict(StrEnum):
    """What one look at a pilot says."""

    TOO_EARLY = "too_early"
    B_BETTER = "b_better"
    NO_DIFFERENCE = "no_difference"
    B_WORSE = "b_worse"
    UNDECIDED = "undecided"
    DIFFERS = "differs"
    HARM = "harm"

    @property
    def is_settled(self) -> bool:
        """Whether it ends the comparison; a later look does not take it back."""
        return self is not LookVerdict.TOO_EARLY

    @property
    def stops(self) -> bool:
        """Whether the new version is taken out of use at once."""
        return self in (LookVerdict.B_WORSE, LookVerdict.HARM)


class WaitingKind(StrEnum):
    """What may wait to be put in force without a pilot."""

    RISK_READER = "risk_reader"
    NOTE_TEMPLATE = "note_template"

    @property
    def label(self) -> str:
        return "Risk reader" if self is WaitingKind.RISK_READER else "Note template"


class WaitedWhy(StrEnum):
    """Why a version waits no longer."""

    SIGNED = "signed"
    DISCARDED = "discarded"


class SignedAct(StrEnum):
    """What a signature on a pilot is for."""

    START = "start"
    PUT_IN_FORCE = "put_in_force"


class EndedWhy(StrEnum):
    """Why a pilot came to its end."""

    BY_HAND = "by_hand"
    B_WORSE = "b_worse"
    HARM = "harm"
    PUT_IN_FORCE = "put_in_force"
    PRESENT_CHANGED = "present_changed"

    @property
    def is_a_stop(self) -> bool:
        """Whether the new version was found to be worse, so that it is not put in force."""
        return self in (EndedWhy.B_WORSE, EndedWhy.HARM)
