"""Makes appointments whose chance of being missed is known, to measure estimates against: invented, and nobody's.

Every figure here is an assumption of ours, except that a reminded appointment is missed 0.77 times as often (the
meta-analysis that docs/simulated-year.md names). Nothing of it is read where a practice's estimates are made.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from models.codes import AppointmentStatus, Modality

REMINDED_RISK = 0.77
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
ZONE = "America/Los_Angeles"
CANCELLED, LATE = 0.09, 0.05
_CONFIRMED_IF_KEPT, _CONFIRMED_IF_MISSED = 0.55, 0.12


def generated_history(
    appointments: int, *, seed: int, patients: int | None = None, days: int = 540, zone: str = ZONE
) -> pd.DataFrame:
    """About so many past appointments of estimates.features.APPOINTMENT_COLUMNS, with ``truth`` beside them.

    ``truth``: the chance that the appointment is missed unless it is cancelled, as it is before anybody is reminded,
    all reminders that it will get counted in. A part of it is the patient's own and shows only in what they did.
    """
    chance = np.random.default_rng(seed)
    count = patients or max(appointments // 18, 8)
    each = chance.poisson(appointments / count, count).clip(1)
    who = np.repeat(np.arange(count), each)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(each) - each, each)
    tendency = chance.normal(0.0, 0.9, count)[who]
    first_day = (chance.uniform(0, days * 0.9, count))[who]
    weekly = np.where(chance.random(count) < 0.6, 7, 14)[who]
    weekday, hour = chance.integers(0, 5, count)[who], chance.choice([8, 9, 11, 13, 15, 17, 18], count)[who]
    week = np.floor(first_day / 7) * 7 + nth * weekly
    moved = chance.random(len(who)) < 0.15  # now and then at another time
    weekday = np.where(moved, chance.integers(0, 5, len(who)), weekday)
    hour = np.where(moved, chance.integers(8, 19, len(who)), hour)
    kept = week + weekday < days
    lead = np.where(nth == 0, chance.gamma(2.0, 9.0, len(who)), chance.gamma(1.6, 6.0, len(who))) + 0.1
    telehealth = chance.random(len(who)) < np.where(chance.random(count) < 0.5, 0.9, 0.1)[who]
    odds = (
        -2.35
        + tendency
        + 0.55 * np.log1p(lead / 7)
        + 0.5 * (nth == 0)
        + 0.35 * (hour <= 8)
        - 0.25 * (hour >= 17) * (weekday < 4)
        + 0.3 * (weekday == 4) * (hour >= 15)
        - 0.4 * telehealth
        + 0.4 * telehealth * (hour <= 8)
    )
    reminded = np.where(lead > 3, 2.0, np.where(lead > 1, 1.0, 0.0))
    truth = 1 / (1 + np.exp(-odds)) * np.where(reminded > 0, REMINDED_RISK, 1.0)
    missed = chance.random(len(who)) < truth
    fate = chance.random(len(who))
    status = np.where(missed, AppointmentStatus.NO_SHOW.value, AppointmentStatus.ATTENDED.value).astype(object)
    status[fate < CANCELLED + LATE] = AppointmentStatus.LATE_CANCELLED.value
    status[fate < CANCELLED] = AppointmentStatus.CANCELLED.value
    answers = chance.random(len(who)) < np.where(missed, _CONFIRMED_IF_MISSED, _CONFIRMED_IF_KEPT)
    starts = pd.Series(
        [
            pd.Timestamp(BEGIN.replace(tzinfo=None)) + timedelta(days=float(day), hours=int(at))
            for day, at in zip(week + weekday, hour, strict=True)
        ]
    )
    starts = starts.dt.tz_localize(zone).dt.tz_convert(UTC).dt.as_unit("us")
    table = pd.DataFrame(
        {
            "patient": [f"made-up-{number}" for number in who],
            "booked_at": (starts - pd.to_timedelta(np.round(lead * 24, 1), unit="h")).dt.as_unit("us"),
            "starts_at": starts,
            "zone": zone,
            "modality": np.where(telehealth, Modality.TELEHEALTH.value, Modality.OFFICE.value),
            "status": status,
            "reminded": reminded,
            "confirmed": answers & (reminded > 0),
            "truth": truth,
        }
    )
    return table[kept].sort_values(["starts_at", "patient"], kind="stable", ignore_index=True)
