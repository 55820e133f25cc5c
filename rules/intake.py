"""Which questionnaires a referral still needs."""

from collections.abc import Set

from models.measures import Measure

REQUIRED = (Measure.PHQ9, Measure.GAD7)
ASKED_ON_THE_PORTAL = (Measure.PHQ9, Measure.GAD7, Measure.CSSRS_SCREENER)


def missing_measures(complete: Set[str]) -> tuple[Measure, ...]:
    """Which measures must still be asked for; none when the required ones came complete with the referral.

    Once a patient is asked at all, the portal asks the C-SSRS screener too.
    """
    if set(REQUIRED) <= set(complete):
        return ()
    return tuple(measure for measure in ASKED_ON_THE_PORTAL if measure not in complete)
