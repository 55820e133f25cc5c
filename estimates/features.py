"""What a no-show estimate may know about an appointment, as numbers.

The two lists below are all of it. Neighbourhood, welfare status, race, diagnosis or payer are not in them, nor anything
that a patient said; a test holds both lists.
"""

from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.codes import AppointmentStatus, Modality

APPOINTMENT_COLUMNS = (
    "patient", "booked_at", "starts_at", "zone", "modality", "status", "reminded", "confirmed",
)  # fmt: skip
"""A table of appointments: times UTC, ``zone`` the place's, ``reminded`` reminders sent (blank: not known),
``confirmed`` whether the patient confirmed. ``patient`` joins the rows of one patient and is no feature."""

HISTORY_COLUMNS = ("attended", "missed", "late", "cancelled", "answered", "last_at", "last_missed_at")
"""What is known of a patient's earlier appointments at one moment: counts, of which ``answered`` were confirmed;
when the last kept or missed one was, and the last missed one, UTC or blank."""

FEATURES = (
    "lead_time", "booked_within_a_day", "no_history", "past_appointments", "past_missed", "past_late_cancelled",
    "past_answered", "last_missed", "since_last", "monday", "tuesday", "wednesday", "thursday", "friday", "weekend",
    "early", "hour", "evening", "telehealth", "reminders_unknown", "reminded", "confirmed",
)  # fmt: skip

KNOWN_BEFORE = timedelta(hours=72)
"""A past appointment is learnt from with what was known this long before it: the first reminder is planned then."""
MISSED, ATTENDED = AppointmentStatus.NO_SHOW, AppointmentStatus.ATTENDED
LABELLED = (ATTENDED, MISSED)
"""As the no-show rate counts them: cancelled ones, late or not, are no answer to whether somebody comes."""
OVER = (*LABELLED, AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)

# A share of few is drawn towards this one, worth so many appointments.
_USUAL_SHARE, _WORTH = 0.12, 4.0


def history_before(appointments: pd.DataFrame, known_before: timedelta = KNOWN_BEFORE) -> pd.DataFrame:
    """What was known of each appointment's patient so long before it: HISTORY_COLUMNS, in the table's order.

    Only appointments that are over count, each from its start on.
    """
    over = appointments[appointments["status"].isin(OVER)].sort_values("starts_at", kind="stable")
    status = over["status"]
    kept_or_missed = status.isin(LABELLED)
    seen = pd.DataFrame(
        {
            "patient": over["patient"],
            "known_at": over["starts_at"],
            "attended": status == ATTENDED,
            "missed": status == MISSED,
            "late": status == AppointmentStatus.LATE_CANCELLED,
            "cancelled": status == AppointmentStatus.CANCELLED,
            "answered": over["confirmed"].eq(True),
            "last_at": over["starts_at"].where(kept_or_missed),
            "last_missed_at": over["starts_at"].where(status == MISSED),
        }
    )
    by_patient = seen.groupby("patient", sort=False)
    counts = list(HISTORY_COLUMNS[:5])
    seen[counts] = by_patient[counts].cumsum().astype(float)
    seen[["last_at", "last_missed_at"]] = by_patient[["last_at", "last_missed_at"]].ffill()
    asked = pd.DataFrame({"patient": appointments["patient"], "at": appointments["starts_at"] - known_before})
    asked = asked.assign(place=np.arange(len(asked))).sort_values("at", kind="stable")
    found = pd.merge_asof(asked, seen, left_on="at", right_on="known_at", by="patient")
    found = found.sort_values("place")[list(HISTORY_COLUMNS)].set_axis(appointments.index)
    return found.fillna(dict.fromkeys(counts, 0.0))


def features(appointments: pd.DataFrame, history: pd.DataFrame, at: "pd.Series | pd.Timestamp") -> NDArray[np.float32]:
    """One row of FEATURES for each appointment: float32 [n, 22]. ``at``: the moment the history was known, UTC."""
    lead = lead_hours(appointments)
    weekday, hour = _local(appointments)
    attended, missed, late, cancelled, answered = (history[name].to_numpy(float) for name in HISTORY_COLUMNS[:5])
    every = attended + missed + late + cancelled
    since_last = (at - history["last_at"]).dt.total_seconds().to_numpy(float) / 86_400
    reminded = appointments["reminded"].to_numpy(float, na_value=np.nan)
    columns = {
        "lead_time": np.log1p(lead),
        "booked_within_a_day": lead < 24,
        "no_history": every == 0,
        "past_appointments": np.log1p(every),
        "past_missed": _share(missed, attended + missed),
        "past_late_cancelled": _share(late, every),
        "past_answered": _share(answered, every),
        "last_missed": (history["last_missed_at"].notna() & (history["last_missed_at"] == history["last_at"])),
        "since_last": np.log1p(np.clip(np.nan_to_num(since_last, nan=0.0), 0.0, 365.0)),
        "monday": weekday == 0,
        "tuesday": weekday == 1,
        "wednesday": weekday == 2,
        "thursday": weekday == 3,
        "friday": weekday == 4,
        "weekend": weekday >= 5,
        "early": hour < 10,
        "hour": hour,
        "evening": hour >= 17,
        "telehealth": (appointments["modality"] == Modality.TELEHEALTH),
        "reminders_unknown": np.isnan(reminded),
        "reminded": np.clip(np.nan_to_num(reminded, nan=0.0), 0.0, 4.0),
        "confirmed": appointments["confirmed"].eq(True),
    }
    return np.column_stack([np.asarray(columns[name], dtype=np.float32) for name in FEATURES])


def lead_hours(appointments: pd.DataFrame) -> NDArray[np.float64]:
    """From booking to start; 0 for one that was booked on the spot."""
    seconds = (appointments["starts_at"] - appointments["booked_at"]).dt.total_seconds().to_numpy(float)
    return np.asarray(np.maximum(seconds / 3600, 0.0))


def before_any_reminder(appointments: pd.DataFrame) -> pd.DataFrame:
    """The appointments as they stood before anybody was reminded, which is when most is decided about them."""
    early = appointments.copy()
    early["reminded"] = early["reminded"].where(early["reminded"].isna(), 0.0)
    early["confirmed"] = False
    return early


def empty_history(index: pd.Index) -> pd.DataFrame:
    """The history of patients who have none."""
    blank = pd.Series(pd.NaT, index=index, dtype="datetime64[us, UTC]")
    counts = {name: pd.Series(0.0, index=index) for name in HISTORY_COLUMNS[:5]}
    return pd.DataFrame({**counts, "last_at": blank, "last_missed_at": blank})


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return (part + _WORTH * _USUAL_SHARE) / (whole + _WORTH)


def _local(appointments: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weekday (0 = Monday) and hour on the clock of the place."""
    weekday, hour = np.zeros(len(appointments)), np.zeros(len(appointments))
    zones = appointments["zone"].to_numpy()
    for zone in pd.unique(zones):
        there = zones == zone
        local = appointments["starts_at"][there].dt.tz_convert(str(zone)).dt
        weekday[there], hour[there] = local.day_of_week, local.hour + local.minute / 60
    return weekday, hour
