"""Which questionnaires a referral still needs, and how the patient is asked for them."""

from collections.abc import Set

from models.codes import ReferralStatus
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


def who_is_asked(screened_after: ReferralStatus | None) -> ReferralStatus:
    """Where a case with missing questionnaires waits: for the patient, or for a coordinator's call.

    A patient who had to be called, and whose case was screened meanwhile because they wrote something, is still to be
    called: another link would only be one more that nobody answers.
    """
    if screened_after == ReferralStatus.CONTACT_PATIENT:
        return ReferralStatus.CONTACT_PATIENT
    return ReferralStatus.QUESTIONNAIRES_REQUESTED
