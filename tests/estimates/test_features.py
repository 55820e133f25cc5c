"""What a no-show estimate may know: the list, each number, and never anything that came after."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from estimates.features import (
    APPOINTMENT_COLUMNS,
    FEATURES,
    HISTORY_COLUMNS,
    before_any_reminder,
    empty_history,
    features,
    history_before,
)

MONDAY = datetime(2026, 3, 2, 17, tzinfo=UTC)


def appointment(**said: object) -> dict[str, object]:
    plain = {
        "patient": "A",
        "booked_at": MONDAY - timedelta(days=10),
        "starts_at": MONDAY,
        "zone": "America/Los_Angeles",
        "modality": "office",
        "status": "booked",
        "reminded": 0.0,
        "confirmed": False,
    }
    return {**plain, **said}


def table(*rows: dict[str, object]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=list(APPOINTMENT_COLUMNS))
    made["reminded"] = made["reminded"].astype(float)
    return made


def number(feature: str, **said: object) -> float:
    one = table(appointment(**said))
    return float(features(one, empty_history(one.index), one["starts_at"])[0, FEATURES.index(feature)])


def test_features_are_these_and_no_others():
    """Never where somebody lives, what pays for them, what they are or what they have."""
    assert APPOINTMENT_COLUMNS == (
        "patient", "booked_at", "starts_at", "zone", "modality", "status", "reminded", "confirmed",
    )  # fmt: skip
    assert HISTORY_COLUMNS == ("attended", "missed", "late", "cancelled", "answered", "last_at", "last_missed_at")
    assert FEATURES == (
        "lead_time", "booked_within_a_day", "no_history", "past_appointments", "past_missed", "past_late_cancelled",
        "past_answered", "last_missed", "since_last", "monday", "tuesday", "wednesday", "thursday", "friday", "weekend",
        "early", "hour", "evening", "telehealth", "reminders_unknown", "reminded", "confirmed",
    )  # fmt: skip


def test_features_are_the_same_for_two_patients_alike():
    both = table(appointment(patient="A"), appointment(patient="B"))
    first, second = features(both, empty_history(both.index), both["starts_at"])
    assert (first == second).all()


@pytest.mark.parametrize(
    ("feature", "said", "expected"),
    [
        ("lead_time", {"booked_at": MONDAY}, 0.0),
        ("lead_time", {"booked_at": MONDAY + timedelta(hours=1)}, 0.0),  # booked after it began: on the spot
        ("lead_time", {"booked_at": MONDAY - timedelta(hours=47)}, np.log(48)),
        ("booked_within_a_day", {"booked_at": MONDAY - timedelta(hours=23, minutes=59)}, 1.0),
        ("booked_within_a_day", {"booked_at": MONDAY - timedelta(hours=24)}, 0.0),
        ("monday", {}, 1.0),
        ("monday", {"zone": "Pacific/Kiritimati"}, 0.0),
        ("tuesday", {"zone": "Pacific/Kiritimati"}, 1.0),
        ("weekend", {"starts_at": MONDAY - timedelta(days=1)}, 1.0),
        ("friday", {"starts_at": MONDAY - timedelta(days=3)}, 1.0),
        ("hour", {}, 9.0),
        ("hour", {"starts_at": datetime(2026, 3, 9, 16, 30, tzinfo=UTC)}, 9.5),  # the clocks went forward
        ("early", {}, 1.0),
        ("early", {"starts_at": MONDAY + timedelta(hours=1)}, 0.0),
        ("evening", {"starts_at": MONDAY + timedelta(hours=8)}, 1.0),
        ("evening", {"starts_at": MONDAY + timedelta(hours=7, minutes=59)}, 0.0),
        ("telehealth", {"modality": "telehealth"}, 1.0),
        ("telehealth", {"modality": "either"}, 0.0),
        ("telehealth", {"modality": None}, 0.0),
        ("reminders_unknown", {"reminded": None}, 1.0),
        ("reminders_unknown", {"reminded": 0}, 0.0),
        ("reminded", {"reminded": None}, 0.0),
        ("reminded", {"reminded": 9}, 4.0),
        ("confirmed", {"confirmed": True}, 1.0),
        ("confirmed", {"confirmed": None}, 0.0),
        ("no_history", {}, 1.0),
    ],
)
def test_feature_is(feature: str, said: dict[str, object], expected: float):
    assert number(feature, **said) == pytest.approx(expected)


def history_of(status: str, before: timedelta, **said: object) -> pd.Series:
    past = appointment(starts_at=MONDAY - before, status=status, **said)
    return history_before(table(past, appointment())).iloc[1]


def test_history_counts_only_what_was_known_three_days_before():
    just, later = timedelta(hours=72), timedelta(hours=71, minutes=59)
    assert history_of("no_show", just)["missed"] == 1
    assert history_of("no_show", later)["missed"] == 0


@pytest.mark.parametrize(
    ("status", "counted"),
    [("attended", "attended"), ("no_show", "missed"), ("late_cancelled", "late"), ("cancelled", "cancelled")],
)
def test_history_counts_each_ending_apart(status: str, counted: str):
    found = history_of(status, timedelta(days=7), confirmed=True)
    assert found[list(HISTORY_COLUMNS[:5])].to_dict() == {
        **dict.fromkeys(HISTORY_COLUMNS[:4], 0.0),
        counted: 1.0,
        "answered": 1.0,
    }
    assert pd.notna(found["last_at"]) == (counted in ("attended", "missed"))
    assert pd.notna(found["last_missed_at"]) == (counted == "missed")


def test_history_leaves_out_other_patients_and_what_is_not_over():
    assert history_of("no_show", timedelta(days=7), patient="B")["missed"] == 0
    assert history_of("booked", timedelta(days=7))[list(HISTORY_COLUMNS[:5])].sum() == 0


def test_history_keeps_the_order_of_the_table():
    rows = [
        appointment(patient=who, starts_at=MONDAY + timedelta(days=day), status="attended")
        for day, who in ((21, "A"), (0, "B"), (7, "A"), (14, "B"), (0, "A"))
    ]
    assert history_before(table(*rows))["attended"].tolist() == [2, 0, 1, 1, 0]


def test_appointment_before_any_reminder_has_neither_reminder_nor_answer():
    early = before_any_reminder(table(appointment(reminded=2, confirmed=True), appointment(reminded=None)))
    assert early["reminded"].tolist()[0] == 0 and pd.isna(early["reminded"].iloc[1])
    assert early["confirmed"].tolist() == [False, False]
