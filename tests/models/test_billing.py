"""A lookup gives the one row in force on a date of service, or nothing."""

from datetime import date

import pytest

from models.billing import BillingTables, Contract, Fee, Payer, PracticeBilling, holds, overlap
from models.claim_form import BillingProvider, PostalAddress

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def payer(valid_from: date, valid_to: date | None = None, name: str = "A") -> Payer:
    return Payer("A", name, "A1", "A1", "CI", valid_from, valid_to)


def fee(payer_code: str, charge_cents: int, modifiers: tuple[str, ...] = (), valid_from: date = FIRST) -> Fee:
    return Fee(payer_code, "90834", charge_cents, valid_from, modifiers=modifiers)


@pytest.mark.parametrize(
    ("on", "held"),
    [(date(2025, 12, 31), False), (FIRST, True), (LAST, True), (date(2027, 1, 1), False)],
)
def test_row_holds_from_its_first_day_to_its_last(on: date, held: bool) -> None:
    assert holds(payer(FIRST, LAST), on) is held
    assert (BillingTables(payers=(payer(FIRST, LAST),)).payer("A", on) is not None) is held


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ((FIRST, LAST), (date(2027, 1, 1), None), False),
        ((FIRST, LAST), (LAST, None), True),
        ((FIRST, None), (LAST, LAST), True),
        ((FIRST, FIRST), (FIRST, FIRST), True),
        ((date(2027, 1, 1), None), (FIRST, LAST), False),
    ],
)
def test_rows_overlap_where_a_date_has_both(
    one: tuple[date, date | None], other: tuple[date, date | None], clash: bool
) -> None:
    assert overlap(payer(*one), payer(*other)) is clash
    assert overlap(payer(*other), payer(*one)) is clash


def test_two_rows_in_force_at_once_answer_nothing() -> None:
    assert BillingTables(payers=(payer(FIRST), payer(FIRST, LAST, "B"))).payer("A", FIRST) is None


def test_lookup_of_what_is_not_there_answers_nothing() -> None:
    tables = BillingTables(payers=(payer(FIRST, LAST),))
    assert (tables.payer("B", FIRST), tables.contract("A", FIRST), tables.practice(FIRST)) == (None, None, None)
    assert (tables.clinician("ST-101", FIRST), tables.fee("A", "90834", (), FIRST)) == (None, None)
    assert tables.knows_payer("A") and not tables.knows_payer("B")


@pytest.mark.parametrize(
    ("code", "modifiers", "cents"),
    [("A", ("95",), 1), ("A", ("93",), 2), ("A", (), 2), ("B", ("95",), 3), ("B", ("HQ", "95"), 4), ("B", (), 4)],
)
def test_fee_of_the_payer_and_of_the_modifiers_comes_first(code: str, modifiers: tuple[str, ...], cents: int) -> None:
    rows = (fee("*", 4), fee("*", 3, ("95",)), fee("A", 2), fee("A", 1, ("95",)))
    found = BillingTables(fees=rows).fee(code, "90834", modifiers, FIRST)
    assert found is not None and found.charge_cents == cents


def test_fee_for_several_modifiers_is_found_in_any_order() -> None:
    tables = BillingTables(fees=(fee("*", 7, ("95", "HQ")),))
    assert tables.fee("A", "90834", ("HQ", "95"), FIRST) is not None
    assert tables.fee("A", "90834", ("HQ",), FIRST) is None


def test_fee_that_is_out_of_date_gives_way_to_everybodys() -> None:
    tables = BillingTables(fees=(Fee("A", "90834", 1, FIRST, LAST), fee("*", 2)))
    found = [tables.fee("A", "90834", (), on) for on in (LAST, date(2027, 1, 1))]
    assert [each and each.charge_cents for each in found] == [1, 2]


@pytest.mark.parametrize(
    ("codes", "needed"),
    [(frozenset(), False), (frozenset({"90837"}), False), (frozenset({"90834"}), True), (frozenset({"*"}), True)],
)
def test_authorisation_is_asked_for_by_code(codes: frozenset[str], needed: bool) -> None:
    row = Payer("A", "A", "A1", "A1", "CI", FIRST, authorisation_codes=codes)
    assert row.needs_authorisation("90834") is needed


def test_practice_and_contract_are_looked_up_by_date() -> None:
    provider = BillingProvider(
        "P", "1000000996", "101YM0800X", "001234567", PostalAddress("1 S", "P", "OR", "972050100")
    )
    practice = PracticeBilling(provider, "S", "R", "C", "5035550151", 100, FIRST, LAST)
    contract = Contract("A", 90, 90, 90, 24, 2, 30, 100, FIRST, LAST)
    tables = BillingTables(contracts=(contract,), practices=(practice,))
    assert (tables.contract("A", LAST), tables.practice(LAST)) == (contract, practice)
    assert (tables.contract("A", date(2027, 1, 1)), tables.practice(date(2027, 1, 1))) == (None, None)
    assert "001234567" not in repr(practice)
