"""Where, and with whose consent, the free-text classifier may run."""

from datetime import date

import pytest

from rules.jurisdiction import STATE_RULES, STATES, ConsentFacts, classifier_may_run

TODAY = date(2026, 11, 23)
AGREED = ConsentFacts(agreed=True, agreed_on=date(2026, 11, 20))


@pytest.mark.parametrize(
    ("state", "allowed", "citations"),
    [("OR", True, 0), ("NY", True, 0), ("UT", True, 1), ("IL", False, 1), ("NV", False, 1)],
)
def test_state_decides_with_consent_given(state: str, allowed: bool, citations: int) -> None:
    permission = classifier_may_run(state, AGREED, TODAY)
    assert permission.allowed is allowed
    assert len(permission.citations) == citations
    assert permission.ask_a_person is False


@pytest.mark.parametrize(
    ("state", "last_day_before", "first_day"),
    [("IL", date(2025, 7, 31), date(2025, 8, 1)), ("NV", date(2025, 6, 30), date(2025, 7, 1))],
)
def test_state_rule_holds_from_its_effective_date(state: str, last_day_before: date, first_day: date) -> None:
    consent = ConsentFacts(agreed=True, agreed_on=date(2025, 1, 1))
    assert classifier_may_run(state, consent, last_day_before).allowed is True
    refused = classifier_may_run(state, consent, first_day)
    assert refused.allowed is False
    assert first_day.isoformat() in refused.citations[0]


@pytest.mark.parametrize("state", [None, "", "XX", "il", "Oregon"])
def test_unknown_state_is_off_and_a_question(state: str | None) -> None:
    permission = classifier_may_run(state, AGREED, TODAY)
    assert (permission.allowed, permission.ask_a_person) == (False, True)


@pytest.mark.parametrize(
    ("consent", "allowed", "ask"),
    [
        (ConsentFacts(None), False, True),
        (ConsentFacts(False), False, False),
        (ConsentFacts(True), False, True),
        (ConsentFacts(True, TODAY), True, False),
        (ConsentFacts(True, date(2026, 11, 24)), False, True),
        (ConsentFacts(True, date(2026, 11, 1), revoked_on=TODAY), False, False),
        (ConsentFacts(True, date(2026, 11, 1), revoked_on=date(2026, 11, 24)), True, False),
    ],
)
def test_consent_decides_where_the_law_allows(consent: ConsentFacts, allowed: bool, ask: bool) -> None:
    permission = classifier_may_run("OR", consent, TODAY)
    assert (permission.allowed, permission.ask_a_person) == (allowed, ask)


def test_nobody_is_asked_where_the_law_forbids_anyway() -> None:
    permission = classifier_may_run("IL", ConsentFacts(None), TODAY)
    assert (permission.allowed, permission.ask_a_person) == (False, False)
    assert len(permission.reasons) == 2


def test_state_table_names_known_states_with_a_citation() -> None:
    assert len(STATES) == 56
    assert all(rule.state in STATES and rule.citation and rule.reason for rule in STATE_RULES)
