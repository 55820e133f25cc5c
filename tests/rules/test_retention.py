"""Until when a patient is kept: each rule on both sides of its boundary."""

from datetime import date

import pytest

from rules.retention import LONGEST, RULES, Kept, Kind, due, term_of, years_after


def kept(**given) -> Kept:
    known = {
        "patient_id": "PT-1", "born_on": date(1980, 5, 1), "state": "OR", "last_contact_on": date(2019, 3, 1),
        "seen": True, "open_cases": 0, "held": False,
    }  # fmt: skip
    return Kept(**known | given)


@pytest.mark.parametrize(
    ("given", "until", "rule"),
    [
        ({}, date(2026, 3, 1), "Oregon"),
        ({"state": "WA"}, date(2027, 3, 1), "Washington"),
        ({"state": "CA"}, date(2026, 3, 1), "California"),
        # of minors: seven years from the 18th birthday, or until 22 but not less than eight years
        ({"state": "CA", "born_on": date(2005, 6, 1)}, date(2030, 6, 1), "California"),
        ({"state": "CA", "born_on": date(2001, 3, 1)}, date(2026, 3, 1), "California"),  # 18 on the day: no minor
        ({"state": "CA", "born_on": date(2001, 3, 2)}, date(2026, 3, 2), "California"),
        ({"state": "WA", "born_on": date(2005, 6, 1)}, date(2027, 6, 1), "Washington"),
        ({"state": "WA", "born_on": date(2002, 6, 1)}, date(2027, 3, 1), "Washington"),
        # no row of this state, or an older contact than the row: the longest of all
        ({"state": "TX"}, date(2027, 3, 1), LONGEST),
        ({"state": None}, date(2027, 3, 1), LONGEST),
        ({"last_contact_on": date(2017, 12, 31)}, date(2025, 12, 31), LONGEST),
        ({"last_contact_on": date(2018, 1, 1)}, date(2025, 1, 1), "Oregon"),
        ({"state": "TX", "born_on": date(2010, 1, 1)}, date(2035, 1, 1), LONGEST),
        ({"seen": False}, date(2025, 3, 1), "the practice's policy"),
        ({"seen": False, "state": "WA"}, date(2025, 3, 1), "the practice's policy"),
        ({"last_contact_on": date(2020, 2, 29)}, date(2027, 3, 1), "Oregon"),
    ],
)
def test_term_follows_the_rule(given: dict, until: date, rule: str):
    term = term_of(kept(**given))
    assert term.kept_until == until and term.rule.startswith(rule)


@pytest.mark.parametrize(
    ("given", "today", "over"),
    [
        ({}, date(2026, 3, 1), False),
        ({}, date(2026, 3, 2), True),
        ({"held": True}, date(2090, 1, 1), False),
        ({"open_cases": 1}, date(2090, 1, 1), False),
    ],
)
def test_over_its_time_is_the_day_after(given: dict, today: date, over: bool):
    assert bool(due([kept(**given)], today)) is over


def test_the_longest_over_come_first():
    people = [kept(patient_id="B"), kept(patient_id="A"), kept(patient_id="C", seen=False)]
    assert [each.kept.patient_id for each in due(people, date(2030, 1, 1))] == ["C", "A", "B"]


def test_every_rule_has_its_citation_and_day():
    assert all(rule.citation and rule.years >= 6 and rule.effective < date(2026, 1, 1) for rule in RULES)
    assert {rule.kind for rule in RULES} == set(Kind)


def test_a_leap_day_ends_nothing_early():
    assert years_after(date(2020, 2, 29), 4) == date(2024, 2, 29)
    assert years_after(date(2020, 2, 29), 7) == date(2027, 3, 1)
