"""The risk reader as it is in force in this practice: with the shipped weights, or a version that was promoted here."""

from adapters import risk_versions
from language import risk_signals
from language.risk_classifier import SHIPPED, settings
from language.risk_values import RiskReading, SignalKind


def session_threshold(kind: SignalKind) -> float:
    """The probability from which the version in force raises a passage of a whole session."""
    return settings(risk_versions.folder_in_force() or SHIPPED).session_threshold(kind)


def read_risk(text: str, rules_only: bool = False) -> RiskReading:
    """The signals in one text, by the version in force at this moment; raises WeightsDiffer when it is not intact."""
    return risk_signals.read_risk(text, rules_only, risk_versions.folder_in_force() or SHIPPED)
