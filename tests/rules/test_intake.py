"""Which questionnaires are still asked for."""

import pytest

from models.codes import ReferralStatus
from models.measures import Measure
from rules.intake import missing_measures, who_is_asked

PHQ9, GAD7, CSSRS = Measure.PHQ9, Measure.GAD7, Measure.CSSRS_SCREENER


@pytest.mark.parametrize(
    ("complete", "missing"),
    [
        (set(), (PHQ9, GAD7, CSSRS)),
        ({PHQ9}, (GAD7, CSSRS)),
        ({GAD7}, (PHQ9, CSSRS)),
        ({CSSRS}, (PHQ9, GAD7)),
        ({PHQ9, CSSRS}, (GAD7,)),
        ({GAD7, CSSRS}, (PHQ9,)),
        ({PHQ9, GAD7}, ()),
        ({PHQ9, GAD7, CSSRS}, ()),
    ],
)
def test_missing_measures_for_every_set_of_complete_ones(complete: set[Measure], missing: tuple[Measure, ...]) -> None:
    assert missing_measures(complete) == missing


def test_missing_measures_reads_stored_names() -> None:
    assert missing_measures({"phq9", "gad7"}) == ()


def test_missing_measures_ignores_a_measure_nobody_asks() -> None:
    assert missing_measures({"phq9", "audit"}) == (GAD7, CSSRS)


@pytest.mark.parametrize("before", [None, *ReferralStatus])
def test_patient_who_had_to_be_called_is_called_and_any_other_is_written_to(before: ReferralStatus | None) -> None:
    to_be_called = before == ReferralStatus.CONTACT_PATIENT
    expected = ReferralStatus.CONTACT_PATIENT if to_be_called else ReferralStatus.QUESTIONNAIRES_REQUESTED
    assert who_is_asked(before) == expected
