"""How pilots, their terms and what their looks say are put to a reader."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.operational import Pilot, PilotLook
from models.pilot_codes import EndedWhy, LookVerdict, PilotMeasure, PilotMode, PilotUnit, VersionKind
from rules.pilots import standing

UNITS = {PilotUnit.CASE: "cases", PilotUnit.PATIENT: "patients", PilotUnit.CLINICIAN: "clinicians"}
MODES = {
    PilotMode.SHADOW: "Shadow: both versions run, only the present one is acted on",
    PilotMode.ARM: "Arms: some have the new version, the others the present one",
}
ENDED = {
    EndedWhy.BY_HAND: "ended by hand",
    EndedWhy.B_WORSE: "stopped by itself: the new version is worse",
    EndedWhy.HARM: "stopped by itself: a limit of harm was reached",
    EndedWhy.PUT_IN_FORCE: "the new version was put in force",
    EndedWhy.PRESENT_CHANGED: "ended by itself: what it was compared with was changed meanwhile",
}
SAYS = {
    LookVerdict.TOO_EARLY: "too early",
    LookVerdict.B_BETTER: "new is better",
    LookVerdict.NO_DIFFERENCE: "no difference worth having",
    LookVerdict.B_WORSE: "new is worse: stop",
    LookVerdict.UNDECIDED: "neither is better",
    LookVerdict.DIFFERS: "it differs",
    LookVerdict.HARM: "harm: stop",
}
FIGURES = {
    "hours_before": "Hours before the session, such as 48, 24",
    "extra_hours": "Hours before for one reminder more, where a missed session is likely",
    "high_risk": "From which estimate on there is one more (0 to 1)",
    "history_least": "Appointments from which what has worked is followed",
    "history_margin": "How much better it must have worked (0 to 1)",
    "batch": "Patients who hold a time at once",
    "deepest": "At most, where some are likely to miss",
    "deepen_at": "From which estimate of missing on (0 to 1)",
    "hold_minutes": "Minutes a hold lasts",
    "shortest_hold_minutes": "Minutes at least",
    "last_call_minutes": "Minutes before the start in which nobody is asked",
    "most_open": "Offers a patient may hold at once",
}
SHOWN = {
    VersionKind.REMINDER_PLAN: ("hours_before", "extra_hours", "high_risk", "history_least", "history_margin"),
    VersionKind.WAITLIST_RULE: (
        *("batch", "deepest", "deepen_at", "hold_minutes"),
        *("shortest_hold_minutes", "last_call_minutes", "most_open"),
    ),
}
"""The figures of a kind that a form offers."""


def state(pilot: Pilot) -> str:
    if pilot.in_force_at is not None:
        return "in force"
    if pilot.ended_at is not None:
        return "ended"
    return "running" if pilot.started_at is not None else "to be signed"


def amount(value: float | None, measure: PilotMeasure, *, signed: bool = False) -> str:
    """A figure of a measure: a share in per cent, a difference of shares in points."""
    if value is None:
        return "not yet"
    sign = "+" if signed else ""
    if measure.is_share:
        return f"{100 * value:{sign}.1f} {'points' if signed else '%'}"
    return f"{value:{sign}.2f}"


def interval(look: PilotLook, measure: PilotMeasure) -> str:
    if look.low is None or look.high is None:
        return "not yet"
    low, high = amount(look.low, measure, signed=True), amount(look.high, measure, signed=True)
    return f"{low.removesuffix(' points')} to {high}"


def gain(look: PilotLook, measure: PilotMeasure) -> str:
    """By how much the new version is better or worse, without a sign, with its interval."""
    assert look.estimate is not None and look.low is not None and look.high is not None
    ends = sorted((abs(look.low), abs(look.high)))
    unit = " points" if measure.is_share else ""
    factor = 100 if measure.is_share else 1
    digits = 1 if measure.is_share else 2
    spelled = [f"{factor * each:.{digits}f}" for each in (abs(look.estimate), *ends)]
    return f"{spelled[0]}{unit} ({spelled[1]} to {spelled[2]})"


def seen(look: PilotLook, pilot: Pilot) -> str:
    """How far a pilot is: ``120 of 1,654 patients``."""
    done = look.units_b if pilot.mode == PilotMode.SHADOW else look.units_a + look.units_b
    return f"{done:,} of {look.of:,} {counted(pilot)}"


def counted(pilot: Pilot) -> str:
    """What is counted: units in both arms, or what both versions worked on in shadow."""
    if pilot.mode != PilotMode.SHADOW:
        return UNITS[pilot.unit]
    if pilot.kind.reads_risk:
        return "cases read by both"
    return "freed times" if pilot.kind == VersionKind.WAITLIST_RULE else UNITS[pilot.unit]


def verdict(look: PilotLook | None, said: LookVerdict, pilot: Pilot) -> str:
    """What the looks say together; ``look`` is the one that settled it, or the newest."""
    if look is None:
        return "No look was taken yet."
    measure = pilot.measure
    what = measure.label.lower()
    if said == LookVerdict.TOO_EARLY:
        return f"Too early: {seen(look, pilot)}."
    if said == LookVerdict.NO_DIFFERENCE:
        least = amount(pilot.smallest, measure).replace(" %", " points")
        return f"No difference worth having: {what} {interval(look, measure)}, and {least} would be."
    if said == LookVerdict.B_BETTER:
        return f"The new version is better: {what} by {gain(look, measure)}."
    if said == LookVerdict.B_WORSE:
        return f"The new version is worse: {what} by {gain(look, measure)}. Stopped; everybody has the present one."
    if said == LookVerdict.DIFFERS:
        more = "more" if (look.estimate or 0) > 0 else "fewer"
        return f"The new version differs: {what}, {gain(look, measure)} {more}. Shadow cannot tell which is better."
    if said == LookVerdict.HARM:
        return "A limit of harm was reached. Stopped; everybody has the present version."
    return f"The planned size is reached and neither is better: {what} {interval(look, measure)}."


def standing_of(pilot: Pilot, looks: Sequence[PilotLook]) -> tuple[LookVerdict, str]:
    """What the looks of a pilot say together, as a code and in words: by the look that settled it, or the newest."""
    together = standing([each.verdict for each in looks])
    newest = looks[-1] if looks else None
    telling = next((each for each in looks if each.verdict == together), newest) if together.is_settled else newest
    return together, verdict(telling, together, pilot)


def lines(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a version holds, as names and values for a list."""
    found = []
    for name, value in content.items():
        if name == "sections":
            found += [(title, ", ".join(topic.replace("_", " ") for topic in topics)) for title, topics in value]
        elif name == "thresholds":
            found += [(kind.replace("_", " "), f"{threshold:g}") for kind, threshold in value.items()]
        elif isinstance(value, list):
            found.append((_name(name), "; ".join(_spelled(each) for each in value)))
        else:
            found.append((_name(name), str(value)))
    return found


def _name(name: str) -> str:
    return FIGURES.get(name, name.replace("_", " ")).split(",")[0]


def _spelled(value: Any) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)
