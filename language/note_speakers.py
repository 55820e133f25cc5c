"""Whose words are they, where a recording's two speakers were named the wrong way round?"""

import re
from collections.abc import Sequence
from dataclasses import replace

from language.note_values import Role, Turn

# Clinicians speak of "you", patients of "I". Of the 67 visits of ACI-Bench train 62 name their speakers rightly:
# the clinician's share of "you" is .50 to .84 there, the patient's at most .30. In the other five they are .03 to .25
# and .59 to .71.
MOST_OF_A_PATIENT = 0.4
LEAST_OF_A_CLINICIAN = 0.55
FEWEST_WORDS = 20
"""So many of these words each must have said before anything is concluded."""

_YOU = re.compile(r"\b(?:you(?! know)|your|yourself)\b", re.I)
_I = re.compile(r"\b(?:i|me|my|myself)\b", re.I)


def rightly_named(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The same turns, clinician and patient exchanged where each plainly speaks as the other does."""
    clinician, patient = _share_of_you(turns, Role.CLINICIAN), _share_of_you(turns, Role.PATIENT)
    if clinician is None or patient is None or clinician > MOST_OF_A_PATIENT or patient < LEAST_OF_A_CLINICIAN:
        return turns
    return [replace(turn, role=_OTHER_WAY.get(turn.role, turn.role)) for turn in turns]


_OTHER_WAY = {Role.CLINICIAN: Role.PATIENT, Role.PATIENT: Role.CLINICIAN}


def _share_of_you(turns: Sequence[Turn], role: Role) -> float | None:
    """How much of what somebody says of "you" and "I" is of "you"; None where it is too little to tell."""
    said = " ".join(turn.text for turn in turns if turn.role is role)
    you, own = len(_YOU.findall(said)), len(_I.findall(said))
    return you / (you + own) if you + own >= FEWEST_WORDS else None
