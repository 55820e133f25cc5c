"""Rates, ageing and waits of claims, worked out by hand."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.claim_metrics import (
    BUCKETS,
    OLDEST,
    Ageing,
    ClaimRow,
    DaysToPayment,
    DenialCount,
    DenialRate,
    Share,
    bucket_of,
    cents_by_stage,
    clean_claim_rate,
    days_in_receivables,
    days_to_payment,
    denial_rate,
    denials_by_reason,
    first_pass_acceptance,
    gross_charges,
    patient_ageing,
    payer_ageing,
)

AS_OF = date(2026, 11, 26)


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def row(**said: Any) -> ClaimRow:
    return ClaimRow(
        claim_number="C1",
        payer_code=said.pop("payer", "NW"),
        stage=said.pop("stage", "submitted"),
        charge_cents=said.pop("charge", 15_000),
        service_date=said.pop("on", ago(10)),
        **said,
    )


def test_clean_claims_are_those_nobody_touched_of_those_submitted() -> None:
    rows = [row(submitted_on=ago(9))] * 19 + [row(submitted_on=ago(9), touched=True), row(touched=True), row()]
    assert clean_claim_rate(rows) == Share(19, 20)
    assert clean_claim_rate(rows).rate == Fraction(95, 100)


def test_first_pass_counts_only_what_was_answered() -> None:
    rows = [row(first_accepted=True), row(first_accepted=True), row(first_accepted=False), row()]
    assert first_pass_acceptance(rows) == Share(2, 3)


@pytest.mark.parametrize("rate", [clean_claim_rate([]).rate, first_pass_acceptance([row()]).rate])
def test_rate_of_nothing_is_no_number(rate: Fraction | None) -> None:
    assert rate is None


def test_denial_rate_goes_by_count_and_by_dollars() -> None:
    rows = [
        row(decided_on=ago(1), denied={"197": 15_000}),
        row(decided_on=ago(1), charge=20_000, denied={"97": 1_500, "16": 500}),
        row(decided_on=ago(1), charge=5_000, denied={"45": 0}),
        row(decided_on=ago(1), charge=10_000),
        row(denied={"197": 15_000}),  # not decided
    ]
    assert denial_rate(rows) == DenialRate(Share(2, 4), Share(17_000, 50_000))
    assert denial_rate(rows).cents.rate == Fraction(17, 50)


def test_denials_are_told_by_payer_and_reason_the_largest_first() -> None:
    rows = [
        row(decided_on=ago(1), denied={"197": 15_000}),
        row(decided_on=ago(1), denied={"197": 1_000, "16": 500}),
        row(decided_on=ago(1), payer="AB", denied={"16": 500, "4": 0}),
        row(denied={"29": 9_000}),
    ]
    assert denials_by_reason(rows) == (
        DenialCount("NW", "197", 2, 16_000),
        DenialCount("AB", "16", 1, 500),
        DenialCount("NW", "16", 1, 500),
    )


@pytest.mark.parametrize(
    ("on", "counted"), [(AS_OF + timedelta(days=1), 0), (AS_OF, 100), (ago(364), 100), (ago(365), 0)]
)
def test_gross_charges_are_those_of_365_days(on: date, counted: int) -> None:
    assert gross_charges([(on, 100)], AS_OF) == counted


@pytest.mark.parametrize(
    ("owed", "credit", "year", "days"),
    [
        (4_000_000, 0, 36_500_000, Fraction(40)),  # 40,000 owed, 1,000 charged a day
        (4_000_000, 500_000, 36_500_000, Fraction(35)),
        (100, 0, 30_000, Fraction(365, 300)),
        (0, 500, 36_500, Fraction(-5)),
        (0, 0, 1, Fraction(0)),
        (100, 0, 0, None),
    ],
)
def test_days_in_receivables(owed: int, credit: int, year: int, days: Fraction | None) -> None:
    assert days_in_receivables(owed, credit, year) == days


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-1, "0-30"),
        (0, "0-30"),
        (30, "0-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, "over 120"),
        (9_999, "over 120"),
    ],
)
def test_bucket_holds_both_its_ends(days: int, bucket: str) -> None:
    assert bucket_of(days) == bucket


def test_payers_age_from_the_service_each_by_itself() -> None:
    rows = [
        row(on=ago(30), payer_cents=100),
        row(on=ago(31), payer_cents=200),
        row(on=ago(200), payer_cents=-50, patient_cents=9),
        row(on=ago(121), payer="AB", payer_cents=400),
        row(payer="ZZ"),  # owes nothing
    ]
    none = dict.fromkeys([*(name for _, name in BUCKETS), OLDEST], 0)
    found = payer_ageing(rows, AS_OF)
    assert found == {
        "AB": Ageing({**none, "over 120": 400}),
        "NW": Ageing({**none, "0-30": 100, "31-60": 200}, credit_cents=50),
    }
    assert found["NW"].total_cents == 300


def test_patients_age_from_when_the_payer_left_it_to_them() -> None:
    rows = [
        row(on=ago(100), patient_since=ago(5), patient_cents=2_000),
        row(on=ago(100), patient_cents=300),
        row(patient_cents=-40),
    ]
    found = patient_ageing(rows, AS_OF)
    assert {name: cents for name, cents in found.cents.items() if cents} == {"0-30": 2_000, "91-120": 300}
    assert found.credit_cents == 40


def test_dollars_by_stage_are_what_is_owed() -> None:
    rows = [
        row(stage="submitted", payer_cents=100),
        row(stage="submitted", payer_cents=50, patient_cents=-20),
        row(stage="denied", payer_cents=70),
        row(stage="paid"),
    ]
    assert cents_by_stage(rows) == {"denied": 70, "submitted": 130}


def sent(days: int, paid_after: int | None = None) -> ClaimRow:
    return row(submitted_on=ago(days), paid_on=None if paid_after is None else ago(days - paid_after))


def test_days_to_payment_of_paid_claims_is_their_median() -> None:
    rows = [sent(60, after) for after in (10, 12, 14, 20, 21, 22, 23, 24, 30, 50)]
    assert days_to_payment(rows, AS_OF) == DaysToPayment(10, 10, median_days=21, p90_days=30)


def test_unpaid_claims_still_wait() -> None:
    rows = [sent(60, 10), sent(60, 20), sent(60), sent(60), sent(5), row()]
    # one of five is still young: of the four at risk on day 10 one is paid, of the three on day 20 one
    assert days_to_payment(rows, AS_OF) == DaysToPayment(5, 2, median_days=20, p90_days=None)
    assert days_to_payment([sent(60), sent(60)], AS_OF).median_days is None


def test_what_happens_after_the_day_does_not_count() -> None:
    rows = [sent(10, 5), sent(10, 10), sent(-1)]
    assert days_to_payment(rows, AS_OF) == DaysToPayment(2, 2, 5, 10)
    assert days_to_payment(rows, ago(1)) == DaysToPayment(2, 1, 5, None)


def test_payment_before_the_sending_is_refused() -> None:
    with pytest.raises(ValueError):
        days_to_payment([sent(10, -1)], AS_OF)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-10, 400), st.integers(-500, 500)), max_size=12))
def test_ageing_loses_no_cent(drawn: list[tuple[int, int]]) -> None:
    rows = [row(on=ago(days), payer_cents=cents, patient_cents=cents) for days, cents in drawn]
    net = sum(cents for _, cents in drawn)
    payers = payer_ageing(rows, AS_OF).values()
    assert sum(each.total_cents - each.credit_cents for each in payers) == net
    patients = patient_ageing(rows, AS_OF)
    assert patients.total_cents - patients.credit_cents == net
    assert sum(cents_by_stage(rows).values()) == 2 * net
