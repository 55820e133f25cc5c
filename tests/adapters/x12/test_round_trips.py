"""Does every kind of file say, when it is read, what was written, whatever the values and the delimiters?"""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.x12 import (
    USUAL,
    Delimiters,
    cents,
    money,
    read_270,
    read_271,
    read_277ca,
    read_835,
    read_837,
    read_999,
    write_270,
    write_271,
    write_277ca,
    write_835,
    write_837,
    write_999,
)
from models.claim_answers import ClaimAcknowledgement, GroupAcknowledgement, RemittancePart
from models.claim_form import BillingProvider, ClaimForm, Envelope
from models.eligibility import EligibilityAnswer, EligibilityRequest
from tests.adapters.x12 import values

both = st.sampled_from((USUAL, values.OTHERS))


@given(values.envelopes, st.lists(values.claims(), min_size=1, max_size=3), both)
@settings(max_examples=25, deadline=None)
def test_claims_come_back_grouped_by_who_bills(envelope: Envelope, claims: list[ClaimForm], delimiters: Delimiters):
    together: dict[BillingProvider, list[ClaimForm]] = {}
    for claim in claims:
        together.setdefault(claim.billing, []).append(claim)
    written = write_837(envelope, claims, delimiters)
    assert values.all_of(read_837, written) == [claim for of_one in together.values() for claim in of_one]


@given(values.envelopes, st.lists(values.requests, min_size=1, max_size=4), both)
@settings(max_examples=25, deadline=None)
def test_requests_come_back(envelope: Envelope, requests: list[EligibilityRequest], delimiters: Delimiters):
    assert values.all_of(read_270, write_270(envelope, requests, delimiters)) == requests


@given(values.envelopes, st.lists(values.answers(), max_size=3), both)
@settings(max_examples=25, deadline=None)
def test_answers_come_back(envelope: Envelope, answers: list[EligibilityAnswer], delimiters: Delimiters):
    assert values.all_of(read_271, write_271(envelope, answers, delimiters)) == answers


@given(values.envelopes, st.lists(values.groups, max_size=3), both)
@settings(max_examples=25, deadline=None)
def test_file_acknowledgements_come_back(
    envelope: Envelope, groups: list[GroupAcknowledgement], delimiters: Delimiters
):
    assert values.all_of(read_999, write_999(envelope, groups, delimiters)) == groups


@given(values.envelopes, st.lists(values.acknowledgements, max_size=3), both)
@settings(max_examples=25, deadline=None)
def test_claim_acknowledgements_come_back(
    envelope: Envelope, acknowledgements: list[ClaimAcknowledgement], delimiters: Delimiters
):
    assert values.all_of(read_277ca, write_277ca(envelope, acknowledgements, delimiters)) == acknowledgements


@given(values.envelopes, values.remittances(), both)
@settings(max_examples=25, deadline=None)
def test_remittances_come_back(envelope: Envelope, parts: list[RemittancePart], delimiters: Delimiters):
    assert values.all_of(read_835, write_835(envelope, parts, delimiters)) == parts


@given(st.integers(-(10**14), 10**14))
def test_money_comes_back(amount: int):
    assert cents(money(amount)) == amount


@pytest.mark.parametrize("year", [1920, 2079])
def test_dates_come_back_at_both_ends(year: int):
    request = values.replace(values.REQUEST, service_date=date(year, 1, 1))
    assert values.all_of(read_270, write_270(values.ENVELOPE, [request])) == [request]
