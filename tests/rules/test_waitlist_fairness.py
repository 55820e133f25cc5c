"""The fairness report: counts and rates of each group, and none of them small enough to tell who it is."""

import pandas as pd
import pytest

from models.small_cells import FEWEST
from rules.waitlist_fairness import COUNTS, DIMENSIONS, fairness, suppressed, wait_band


def entries(*groups: tuple[int, dict]) -> pd.DataFrame:
    """So many entries of each kind."""
    plain = {"wait_days": 1, "language": "en", "payer": "AETNA", "location": "LOC-1", "offers": 0, "filled": False}
    rows = [plain | given for number, given in groups for _ in range(number)]
    return pd.DataFrame(rows, columns=list(plain))


def row(table: pd.DataFrame, dimension: str, group: str) -> list:
    found = table[(table["dimension"] == dimension) & (table["group"] == group)]
    [values] = found[[*COUNTS, "offered_rate", "filled_rate"]].astype(object).to_numpy().tolist()
    return [None if pd.isna(each) else each for each in values]


@pytest.mark.parametrize(
    ("days", "band"),
    [
        *((0, "under 2 weeks"), (13, "under 2 weeks"), (14, "2 to 4 weeks"), (27, "2 to 4 weeks")),
        *((28, "4 to 8 weeks"), (55, "4 to 8 weeks"), (56, "8 weeks and more"), (4000, "8 weeks and more")),
    ],
)
def test_wait_is_counted_in_bands(days: int, band: str):
    assert wait_band(days) == band


def test_each_group_is_counted_with_its_rates():
    table = fairness(entries((6, {"offers": 2, "filled": True}), (4, {"language": "es", "wait_days": 60})))
    assert list(table["dimension"].unique()) == list(DIMENSIONS)
    assert row(table, "language", "en") == [6, 6, 12, 6, 1.0, 1.0]
    assert row(table, "language", "es") == [4, 0, 0, 0, 0.0, 0.0]
    assert row(table, "wait", "8 weeks and more") == [4, 0, 0, 0, 0.0, 0.0]
    assert row(table, "location", "LOC-1") == [10, 6, 12, 6, 0.6, 0.6]


def test_what_is_not_known_is_a_group_of_its_own():
    assert row(fairness(entries((5, {"payer": None}))), "payer", "not known")[0] == 5


def test_nobody_waiting_is_an_empty_report():
    assert len(fairness(entries())) == 0 and len(suppressed(fairness(entries()))) == 0


@pytest.mark.parametrize("number", [FEWEST - 1, FEWEST])
def test_count_below_five_is_hidden_with_its_rate(number: int):
    table = suppressed(fairness(entries((number, {"language": "es"}), (7, {"language": "vi"}), (9, {}))))
    hidden = number < FEWEST
    assert row(table, "language", "es") == ([None, 0, 0, 0, None, None] if hidden else [5, 0, 0, 0, 0.0, 0.0])
    assert row(table, "language", "vi")[0] == (None if hidden else 7)
    assert row(table, "language", "en")[0] == 9


def test_small_count_cannot_be_had_from_the_others():
    """Alone it would be the total of another dimension less the groups beside it."""
    table = suppressed(fairness(entries((2, {"language": "es"}), (7, {}), (20, {"language": "vi"}))))
    assert [row(table, "language", each)[0] for each in ("es", "en", "vi")] == [None, None, 20]
    assert row(table, "location", "LOC-1")[0] == 29


def test_nought_is_no_small_count():
    table = suppressed(fairness(entries((9, {}), (6, {"language": "es", "offers": 1}))))
    assert row(table, "language", "en") == [9, 0, 0, 0, 0.0, 0.0]


def test_no_hidden_count_is_left_in_the_table():
    table = suppressed(fairness(entries((3, {"offers": 3}), (4, {"language": "es", "filled": True, "offers": 1}))))
    for count in COUNTS:
        assert not ((table[count] > 0) & (table[count] < FEWEST)).fillna(False).any()
