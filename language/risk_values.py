"""What a reading of free text for risk is made of: the kinds, the statuses and the frozen values.

These are flags for a clinician's review. None of them is a diagnosis, and their absence says nothing.
"""

from dataclasses import dataclass
from enum import StrEnum


class SignalKind(StrEnum):
    """What a passage may speak of."""

    SUICIDAL_IDEATION = "suicidal_ideation"
    SUICIDE_PLAN_INTENT_OR_BEHAVIOUR = "suicide_plan_intent_or_behaviour"
    SELF_HARM = "self_harm"
    HARM_TO_OTHERS = "harm_to_others"
    PSYCHOSIS_OR_MANIA = "psychosis_or_mania"
    ABUSE_OR_SAFEGUARDING = "abuse_or_safeguarding"
    SUBSTANCE_CRISIS = "substance_crisis"


class SignalStatus(StrEnum):
    """Of whom and of when the passage speaks; only PRESENT raises a flag.

    DOUBTED: a rule takes it for present, and the network hears no risk of any kind in it.
    """

    PRESENT = "present"
    HISTORICAL = "historical"
    NEGATED = "negated"
    SOMEONE_ELSE = "someone_else"
    QUOTED = "quoted"
    HYPOTHETICAL = "hypothetical"
    IDIOM = "idiom"
    DOUBTED = "doubted"


@dataclass(frozen=True)
class RiskSignal:
    """One passage that may speak of risk: what, in which status, where in the text, and who says so.

    `text[start:end]` of the text that was read is the evidence. `probability` is the classifier's calibrated one, or
    for a rule the share of its kind that was right on the hand-written training sentences. `raised_by` is "rule" or
    "classifier"; `why` never repeats the text.
    """

    kind: SignalKind
    status: SignalStatus
    probability: float
    start: int
    end: int
    raised_by: str
    rule_id: str
    why: str
    version: str


@dataclass(frozen=True)
class RiskReading:
    """What was read in one text. Unreadable means that a person must read it; no signal means nothing was claimed."""

    readable: bool
    unreadable_reason: str
    signals: tuple[RiskSignal, ...]
    version: str

    @property
    def present(self) -> tuple[RiskSignal, ...]:
        """The signals that ask for a clinician's review."""
        return tuple(signal for signal in self.signals if signal.status is SignalStatus.PRESENT)
