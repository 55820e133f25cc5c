"""A network is used only where later appointments prove it, says how sure it is, and is the same each time."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pandas as pd
import pytest

from estimates import learning
from estimates.features import MISSED, before_any_reminder, empty_history, features, history_before
from estimates.generated_history import generated_history
from estimates.lead_time import LeadTimeTable, lead_time_table
from estimates.learning import ENOUGH, Learned, NotTaken, labelled, learn
from estimates.network import SHAPES, NoShowEnsemble
from models.errors import ContractBroken


@pytest.fixture(autouse=True, scope="module")
def _few_steps() -> Iterator[None]:
    """A quarter of the training is enough to tell an evening from a morning."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("estimates.network._STEPS", 50)
        yield


@cache
def told_history() -> pd.DataFrame:
    """A history in which the evening is missed and the rest is kept: there is something to learn."""
    made = generated_history(1_600, seed=5)
    hours = made["starts_at"].dt.tz_convert("America/Los_Angeles").dt.hour
    chance = np.random.default_rng(5).random(len(made))
    over = made["status"].isin(["attended", "no_show"])
    told = np.where(chance < np.where(hours >= 17, 0.7, 0.05), "no_show", "attended")
    return made.assign(status=np.where(over, told, made["status"]))


@cache
def told() -> Learned:
    found = learn(told_history())
    assert found is not None
    return found


def rows_of(table: pd.DataFrame) -> np.ndarray:
    return features(table, empty_history(table.index), table["starts_at"])


def test_network_that_beats_the_lead_time_on_later_appointments_is_taken():
    assert told().refused == "" and not told().present_fails
    saved, low, _ = told().figures["log_loss_saved_over_lead_time"]
    assert saved > low > 0


def test_network_is_compared_on_appointments_later_than_it_was_trained_on():
    known = labelled(told_history())
    figures = told().figures
    assert (known["starts_at"] > told().trained_until).sum() == figures["compared_on"]
    assert figures["trained_on"] + figures["calibrated_on"] + figures["compared_on"] == told().appointments


def test_later_appointments_do_not_change_what_is_trained():
    """Their endings are turned round, and the network is the same."""
    history = told_history()
    later = history["starts_at"] > told().trained_until
    turned = history["status"].map({"attended": "no_show", "no_show": "attended"}).fillna(history["status"])
    again = learn(history.assign(status=history["status"].where(~later, turned)))
    assert again is not None and again.ensemble.to_bytes() == told().ensemble.to_bytes()
    assert again.refused == NotTaken.NO_BETTER_THAN_LEAD_TIME


def test_network_that_finds_nothing_is_refused_with_its_figures():
    history = told_history()
    over = history["status"].isin(["attended", "no_show"])
    shuffled = np.random.default_rng(3).choice(["attended", "no_show"], len(history), p=[0.9, 0.1])
    found = learn(history.assign(status=np.where(over, shuffled, history["status"])))
    assert found is not None and found.refused == NotTaken.NO_BETTER_THAN_LEAD_TIME
    assert {"network", "lead_time", "log_loss_saved_over_lead_time"} <= set(found.figures)


def test_network_no_better_than_the_present_one_is_refused():
    found = learn(told_history(), told().ensemble, told().trained_until)
    assert found is not None and found.refused == NotTaken.NO_BETTER_THAN_PRESENT
    assert found.figures["present"] == found.figures["network"] and not found.present_fails


def test_network_takes_the_place_of_one_that_fails():
    backwards = {name: each.clone() for name, each in told().ensemble.tensors.items()}
    for name in ("skip", "outer"):
        backwards[name] *= -1
    found = learn(told_history(), NoShowEnsemble(backwards), told().trained_until)
    assert found is not None and found.refused == "" and found.present_fails


def test_nothing_is_compared_that_the_present_network_saw():
    until = labelled(told_history())["starts_at"].iloc[-learning.LATER - 1]
    found = learn(told_history(), told().ensemble, until.to_pydatetime())
    assert found is not None and found.figures["compared_on"] <= learning.LATER
    after = labelled(told_history())["starts_at"].iloc[-learning.LATER + 1]
    assert learn(told_history(), told().ensemble, after.to_pydatetime()) is None


@pytest.mark.parametrize(("count", "enough"), [(ENOUGH - 1, False), (ENOUGH, True)])
def test_history_is_enough_from_five_hundred_on(count: int, enough: bool):
    assert (learn(labelled(told_history()).iloc[:count]) is not None) == enough


def test_history_of_kept_appointments_alone_takes_no_network():
    kept = told_history().replace({"status": {"no_show": "attended"}})
    found = learn(kept)
    assert found is not None and found.refused == NotTaken.ONE_KIND_ONLY


def test_same_history_gives_the_same_bytes():
    again = learn(told_history())
    assert again is not None and again.ensemble.to_bytes() == told().ensemble.to_bytes()
    assert again.figures == told().figures


def test_weights_come_back_as_they_were():
    some = rows_of(told_history().iloc[:50])
    kept = NoShowEnsemble.from_bytes(told().ensemble.to_bytes())
    for ours, theirs in zip(kept.estimates(some), told().ensemble.estimates(some), strict=True):
        assert (ours == theirs).all()


@pytest.mark.parametrize("weights", [b"", b"\x80\x04N.", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"])
def test_weights_of_anything_else_are_refused(weights: bytes):
    with pytest.raises(ContractBroken):
        NoShowEnsemble.from_bytes(weights)


def test_weights_of_other_features_are_refused():
    narrow = {**told().ensemble.tensors, "middle": told().ensemble.tensors["middle"][:-1]}
    with pytest.raises(ContractBroken):
        NoShowEnsemble(narrow)
    assert set(told().ensemble.tensors) == set(SHAPES)


def test_estimates_lie_in_their_intervals_and_are_close_to_what_happened():
    known = labelled(told_history())
    later = known[known["starts_at"] > told().trained_until]
    history = history_before(told_history()).loc[later.index]
    share, low, high = told().ensemble.estimates(features(before_any_reminder(later), history, later["starts_at"]))
    assert ((low >= 0) & (low <= share) & (share <= high) & (high <= 1)).all() and (low < high).all()
    evening = later["starts_at"].dt.tz_convert("America/Los_Angeles").dt.hour >= 17
    assert share[evening].mean() > 0.45 > 0.2 > share[~evening].mean()
    assert abs(share.mean() - (later["status"] == MISSED).mean()) < 0.06


def test_estimates_are_surer_of_more_history():
    little = learn(labelled(told_history()).iloc[:ENOUGH])
    assert little is not None
    some = rows_of(told_history().iloc[:200])
    widths = [high - low for _, low, high in (each.ensemble.estimates(some) for each in (little, told()))]
    assert widths[0].mean() > widths[1].mean()


@pytest.mark.parametrize(
    ("hours", "group"),
    [(0.0, 0), (23.9, 0), (24.0, 1), (71.9, 1), (72.0, 2), (168.0, 3), (336.0, 4), (671.9, 4), (672.0, 5), (9e4, 5)],
)
def test_lead_time_falls_into_its_group(hours: float, group: int):
    table = lead_time_table(np.array([hours]), np.array([1.0]))
    assert table.counted[group] == table.missed[group] == 1 == sum(table.counted)


def test_lead_time_table_of_nothing_says_what_is_usual_and_is_unsure():
    share, low, high = lead_time_table(np.array([]), np.array([])).estimates(np.array([1.0, 900.0]))
    assert share.tolist() == pytest.approx([0.12, 0.12]) and (low < 0.05).all() and (high > 0.25).all()


def test_lead_time_table_of_many_says_what_was():
    counted = (2_000.0,) * 6
    table = LeadTimeTable((40.0, 100.0, 200.0, 300.0, 400.0, 600.0), counted)
    share, low, high = table.estimates(np.array([1.0, 900.0]))
    assert share.tolist() == pytest.approx([0.02, 0.3], abs=0.003)
    assert ((low < share) & (share < high)).all() and (high - low < 0.05).all()
