"""Is a no-show network trained on a practice's own past good enough to be used? Decided on later appointments alone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimates import scores
from estimates.features import KNOWN_BEFORE, LABELLED, MISSED, before_any_reminder, features, history_before, lead_hours
from estimates.lead_time import LeadTimeTable, lead_time_table
from estimates.network import NoShowEnsemble, calibrate, train

ENOUGH = 500
"""Kept or missed appointments that a network needs; below, the lead time alone estimates."""
TRAINED_ON, CALIBRATED_UNTIL = 0.7, 0.85
"""Shares of the past in the order of time: trained on, then calibrated on; the rest is later, and compares."""
LATER = 50
"""Fewer later appointments than these compare nothing."""


class NotTaken(StrEnum):
    """Why a trained network was not taken into use."""

    NO_BETTER_THAN_LEAD_TIME = "no better than the lead time alone"
    NO_BETTER_THAN_PRESENT = "no better than the network in use"
    ONE_KIND_ONLY = "the appointments compared were all kept or all missed"


@dataclass(frozen=True)
class Learned:
    """One trained network, and what later appointments said about it; ``refused`` "" where it is to be used.

    ``present_fails``: the network in use does worse than the lead time alone, so it must not stay either.
    """

    ensemble: NoShowEnsemble
    trained_until: datetime
    appointments: int
    figures: dict[str, object]
    refused: str
    present_fails: bool


def labelled(appointments: pd.DataFrame) -> pd.DataFrame:
    """The kept or missed appointments, in the order of time."""
    known = appointments[appointments["status"].isin(LABELLED)]
    return known.sort_values(["starts_at", "patient"], kind="stable")


def lead_time_of(appointments: pd.DataFrame) -> LeadTimeTable:
    """The lead-time table of everything that was kept or missed."""
    known = labelled(appointments)
    return lead_time_table(lead_hours(known), _missed(known))


def learn(
    appointments: pd.DataFrame, present: NoShowEnsemble | None = None, present_until: datetime | None = None
) -> Learned | None:
    """Train on the earlier part of the past, compare on the later one; None below ``ENOUGH``, or too few later.

    ``appointments``: estimates.features.APPOINTMENT_COLUMNS, over or not. The network trains on each appointment as it
    stood before any reminder and, where it had some, as it stood after them; it is compared as before. Neither the
    new network nor the one in use, trained until ``present_until``, ever saw what they are compared on.
    """
    known = labelled(appointments)
    if len(known) < ENOUGH:
        return None
    history = history_before(appointments).loc[known.index]
    first, second = int(len(known) * TRAINED_ON), int(len(known) * CALIBRATED_UNTIL)
    if present_until is not None:  # an import of older appointments may have moved the shares back in time
        second = max(second, int((known["starts_at"] <= present_until).sum()))
    if len(known) - second < LATER:
        return None
    early = _Rows(before_any_reminder(known), history)
    late = _Rows(known, history)
    fitted = early.part(0, first).beside(late.part(0, first).reminded())
    held_out = early.part(first, second).beside(late.part(first, second).reminded())
    ensemble = calibrate(train(fitted.numbers(), fitted.missed, fitted.patients), held_out.numbers(), held_out.missed)
    later, before = early.part(second, len(known)), known.iloc[:second]
    table = lead_time_table(lead_hours(before), _missed(before))
    estimated = {
        "network": ensemble.estimates(later.numbers())[0],
        "lead_time": table.estimates(lead_hours(later.appointments))[0],
    }
    if present is not None:
        estimated["present"] = present.estimates(later.numbers())[0]
    losses = {name: scores.log_losses(each, later.missed) for name, each in estimated.items()}
    over_lead_time = scores.gain(losses["network"], losses["lead_time"], later.patients)
    figures: dict[str, object] = {
        "trained_on": first,
        "calibrated_on": second - first,
        "compared_on": len(later.missed),
        "later_from": known["starts_at"].iloc[second].isoformat(),
        "missed_of_compared": int(later.missed.sum()),
        **{name: scores.figures(each, later.missed) for name, each in estimated.items()},
        "log_loss_saved_over_lead_time": over_lead_time.as_figures(),
    }
    refused = "" if over_lead_time.is_sure else NotTaken.NO_BETTER_THAN_LEAD_TIME.value
    present_fails = False
    if present is not None:
        over_present = scores.gain(losses["network"], losses["present"], later.patients)
        present_over_table = scores.gain(losses["present"], losses["lead_time"], later.patients)
        figures["log_loss_saved_over_present"] = over_present.as_figures()
        present_fails = present_over_table.is_surely_a_loss
        if not refused and not over_present.is_sure:
            refused = NotTaken.NO_BETTER_THAN_PRESENT.value
    if later.missed.min() == later.missed.max():
        refused = NotTaken.ONE_KIND_ONLY.value
    trained_until = known["starts_at"].iloc[second - 1].to_pydatetime()
    return Learned(ensemble, trained_until, len(known), figures, refused, present_fails)


@dataclass(frozen=True)
class _Rows:
    """Some appointments with what was known of their patients."""

    appointments: pd.DataFrame
    history: pd.DataFrame

    @property
    def missed(self) -> NDArray[np.float64]:
        return _missed(self.appointments)

    @property
    def patients(self) -> NDArray[np.object_]:
        return self.appointments["patient"].to_numpy(object)

    def numbers(self) -> NDArray[np.float32]:
        return features(self.appointments, self.history, self.appointments["starts_at"] - KNOWN_BEFORE)

    def part(self, start: int, end: int) -> "_Rows":
        return _Rows(self.appointments.iloc[start:end], self.history.iloc[start:end])

    def reminded(self) -> "_Rows":
        """Those that had a reminder or an answer."""
        had = self.appointments["reminded"].gt(0) | self.appointments["confirmed"].eq(True)
        return _Rows(self.appointments[had], self.history[had])

    def beside(self, other: "_Rows") -> "_Rows":
        return _Rows(pd.concat([self.appointments, other.appointments]), pd.concat([self.history, other.history]))


def _missed(appointments: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(appointments["status"] == MISSED, dtype=float)
