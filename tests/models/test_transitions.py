"""Do the transition tables hold for every member of every status?"""

from enum import StrEnum

import pytest

from models.codes import OUTCOMES, CaseOwner, ReferralStatus, ToDoKind
from models.errors import MovedOn
from models.transitions import REFERRAL, REFERRAL_OWNERS, TABLES, check_transition, mermaid

PAIRS = [(old, new) for statuses in TABLES for old in statuses for new in statuses]


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=lambda one: f"{type(one).__name__}.{one.value}")
def test_transition_is_allowed_exactly_when_the_table_lists_it(old: StrEnum, new: StrEnum):
    if new in TABLES[type(old)][old]:
        check_transition(old, new)
    else:
        with pytest.raises(MovedOn, match=f"{old.value} may not become {new.value}"):
            check_transition(old, new)


@pytest.mark.parametrize("status", ReferralStatus)
def test_case_closes_exactly_where_nobody_owns_it(status: ReferralStatus):
    assert status.is_closed == (REFERRAL_OWNERS[status] == CaseOwner.NOBODY)
    assert status.is_closed == (REFERRAL[status] == frozenset())


@pytest.mark.parametrize("status", [one for one in ReferralStatus if not one.is_closed])
def test_open_case_can_reach_a_closed_status(status: ReferralStatus):
    reached, frontier = {status}, {status}
    while frontier:
        frontier = {new for old in frontier for new in REFERRAL[old]} - reached
        reached |= frontier
    assert any(one.is_closed for one in reached)


@pytest.mark.parametrize("status", [one for one in ReferralStatus if one != ReferralStatus.RECEIVED])
def test_case_can_come_to_every_status_from_received(status: ReferralStatus):
    reached, frontier = {ReferralStatus.RECEIVED}, {ReferralStatus.RECEIVED}
    while frontier:
        frontier = {new for old in frontier for new in REFERRAL[old]} - reached
        reached |= frontier
    assert status in reached


@pytest.mark.parametrize("kind", ToDoKind)
def test_to_do_kind_has_its_outcomes(kind: ToDoKind):
    assert OUTCOMES[kind]


@pytest.mark.parametrize("statuses", TABLES, ids=lambda one: one.__name__)
def test_diagram_shows_every_transition_once(statuses: type[StrEnum]):
    arrows = [line.strip() for line in mermaid(statuses).splitlines()[1:]]
    wanted = {f"{old.value} --> {new.value}" for old, following in TABLES[statuses].items() for new in following}
    assert set(arrows) == wanted
    assert len(arrows) == len(wanted)
