"""Money, numbers, dates and shares: exact, or refused."""

from datetime import date

import pytest

from adapters.x12 import cents, money
from adapters.x12.elements import day, hundredths, share, whole


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100", 10_000),
        ("100.", 10_000),
        ("100.5", 10_050),
        ("100.50", 10_050),
        ("100.500", 10_050),
        ("-12.3", -1_230),
        (".5", 50),
        (".05", 5),
        ("-.05", -5),
        ("0", 0),
        ("-0", 0),
        ("007", 700),
        (" 7 ", 700),
        ("0.1", 10),
        ("999999999999999.99", 99_999_999_999_999_999),
    ],
)
def test_money_is_read_exactly(text: str, amount: int):
    assert cents(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "-", "-.", "1e3", "12.345", "0.001", "1,000", "+5", "--5", "1.2.3", "$5", "٣", "NaN", "1" * 16],
)
def test_money_that_is_not_exact_is_refused(text: str):
    with pytest.raises(ValueError):
        cents(text)


@pytest.mark.parametrize(
    ("amount", "text"), [(10_000, "100"), (10_050, "100.5"), (5, "0.05"), (-1_230, "-12.3"), (0, "0"), (1_000, "10")]
)
def test_money_is_written_without_idle_zeros(amount: int, text: str):
    assert money(amount) == text


@pytest.mark.parametrize(("text", "number"), [("2", 2), ("2.00", 2), ("2.", 2), ("0", 0), ("-1", -1), ("61.00", 61)])
def test_whole_numbers_may_be_written_with_decimals(text: str, number: int):
    assert whole(text) == number


@pytest.mark.parametrize("text", ["", "1.5", "two", "1e1", "½"])
def test_what_is_no_whole_number_is_refused(text: str):
    with pytest.raises(ValueError):
        whole(text)


@pytest.mark.parametrize(
    "text",
    ["", "20260230", "20261301", "260101", "2026-1-1", "00000101", "\uff12\uff10\uff12\uff16\uff10\uff11\uff10\uff11"],
)
def test_what_is_no_date_is_refused(text: str):
    with pytest.raises(ValueError):
        day(text)


def test_leap_day_is_a_date_in_a_leap_year_alone():
    assert day("20240229") == date(2024, 2, 29)
    with pytest.raises(ValueError):
        day("20230229")


@pytest.mark.parametrize(
    ("text", "percent"), [("0.2", 2_000), (".2", 2_000), ("0", 0), ("1", 10_000), ("0.125", 1_250), ("20", 2_000)]
)
def test_share_is_read_as_hundredths_of_a_percent(text: str, percent: int):
    assert hundredths(text) == percent


@pytest.mark.parametrize("text", ["", ".", "101", "-0.2", "0.00001", "20%"])
def test_what_is_no_share_is_refused(text: str):
    with pytest.raises(ValueError):
        hundredths(text)


@pytest.mark.parametrize("percent", [0, 1, 50, 2_000, 3_333, 9_999, 10_000])
def test_share_comes_back(percent: int):
    assert hundredths(share(percent)) == percent
