"""How figures, intervals and changes are told."""

import pytest

from rules.intervals import Difference, Estimate
from rules.scorecard import Figure
from rules.scorecard_words import WORDS, change_told, interval_told, told

F = Figure


def test_every_figure_has_its_words() -> None:
    assert set(WORDS) == set(Figure)
    assert all(words.name and words.means and words.counted for words in WORDS.values())


@pytest.mark.parametrize(
    ("figure", "value", "said"),
    [
        (F.NO_SHOWS, 0.1085, "10.8 %"),
        (F.FIRST_APPOINTMENT_MEDIAN, 15.0, "15 days"),
        (F.DAYS_IN_RECEIVABLES, 34.26, "34.3 days"),
        (F.ADMIN_HOURS, 0.265, "0.27 hours"),
        (F.OFFICE_HOURS, 1314.2, "1,314 hours"),
        (F.OFFICE_VALUE, 1_264_400, "$12,644"),
        (F.NET_PROMOTER, 0.466, "+47"),
        (F.NET_PROMOTER, -0.1, "-10"),
        (F.NO_SHOWS, None, "not known yet"),
    ],
)
def test_values(figure: Figure, value: float | None, said: str) -> None:
    assert told(figure, value) == said


@pytest.mark.parametrize(
    ("figure", "found", "said"),
    [
        (F.NO_SHOWS, Estimate(0.1, 0.05, 0.2, 9), "5.0 to 20.0 %"),
        (F.FIRST_APPOINTMENT_P90, Estimate(50.0, 40.0, None, 9), "40 days or more"),
        (F.FIRST_APPOINTMENT_P90, Estimate(50.0, None, 60.0, 9), "60 days or less"),
        (F.ADMIN_HOURS, Estimate(0.5, None, None, 3), "no interval"),
        (F.OFFICE_VALUE, Estimate(9.0, 100_000, 200_000, 3), "$1,000 to $2,000"),
    ],
)
def test_intervals(figure: Figure, found: Estimate, said: str) -> None:
    assert interval_told(figure, found) == said


@pytest.mark.parametrize(
    ("figure", "change", "said"),
    [
        (F.NO_SHOWS, Difference(-0.061, -0.102, -0.019), "lower by 6.1 points (1.9 to 10.2)"),
        (F.CLEAN_CLAIMS, Difference(0.09, 0.05, 0.14), "higher by 9.0 points (5.0 to 14.0)"),
        (F.NO_SHOWS, Difference(-0.01, -0.05, 0.03), "cannot tell yet (-5.0 to +3.0 points)"),
        (F.FIRST_APPOINTMENT_P90, Difference(5.0, None, 9.0), "cannot tell yet"),
        (F.FIRST_APPOINTMENT_P90, Difference(9.0, 3.0, None), "higher by at least 3.0 days"),
        (F.FIRST_APPOINTMENT_P90, Difference(-9.0, None, -3.0), "lower by at least 3.0 days"),
        (F.NO_SHOWS, Difference(None, None, None), "not known yet"),
        (F.OFFICE_HOURS, None, "not compared"),
    ],
)
def test_changes(figure: Figure, change: Difference | None, said: str) -> None:
    assert change_told(figure, change) == said
