"""Tests of how a moment is said: the patient's clock, both sides of noon, midnight and a change of clocks."""

from datetime import UTC, datetime

import pytest

from adapters.spoken_times import spoken_time, spoken_zone


@pytest.mark.parametrize(
    ("at", "zone", "language", "said"),
    [
        ((2026, 12, 1, 22, 30), "America/Los_Angeles", "en", "Tuesday, December 1 at 2:30 PM (Pacific Time)"),
        ((2026, 12, 1, 22, 30), "America/New_York", "es", "martes, 1 de diciembre a las 5:30 p. m. (hora del Este)"),
        ((2026, 12, 1, 18, 0), "America/New_York", "es", "martes, 1 de diciembre a la 1:00 p. m. (hora del Este)"),
        ((2026, 12, 1, 17, 0), "America/New_York", "en", "Tuesday, December 1 at 12:00 PM (Eastern Time)"),
        ((2026, 12, 1, 5, 0), "America/New_York", "en", "Tuesday, December 1 at 12:00 AM (Eastern Time)"),
        ((2026, 12, 1, 4, 59), "America/New_York", "en", "Monday, November 30 at 11:59 PM (Eastern Time)"),
        ((2026, 3, 8, 9, 59), "America/Los_Angeles", "en", "Sunday, March 8 at 1:59 AM (Pacific Time)"),
        ((2026, 3, 8, 10, 0), "America/Los_Angeles", "en", "Sunday, March 8 at 3:00 AM (Pacific Time)"),
    ],
)
def test_spoken_time_is_on_the_patients_clock(at: tuple, zone: str, language: str, said: str) -> None:
    assert spoken_time(datetime(*at, tzinfo=UTC), zone, language) == said


@pytest.mark.parametrize(("language", "said"), [("en", "Puerto Rico time"), ("es", "hora de Puerto Rico")])
def test_spoken_zone_without_a_common_name_is_called_after_its_city(language: str, said: str) -> None:
    assert spoken_zone("America/Puerto_Rico", language) == said
