"""Do the transition tables hold for every member of every status?"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from models.codes import OUTCOMES, CaseOwner, CaseStatus, ClaimStatus, ToDoKind
from models.errors import MovedOn
from models.transitions import (
    CLAIM,
    CLAIM_OWNERS,
    EPISODE,
    EPISODE_OWNERS,
    FOLLOW_UP,
    FOLLOW_UP_OWNERS,
    NOTE,
    NOTE_OWNERS,
    REFERRAL,
    REFERRAL_OWNERS,
    TABLES,
    check_transition,
    mermaid,
)

PAIRS = [(old, new) for statuses in TABLES for old in statuses for new in statuses]


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=lambda one: f"{type(one).__name__}.{one.value}")
def test_transition_is_allowed_exactly_when_the_table_lists_it(old: StrEnum, new: StrEnum):
    if new in TABLES[type(old)][old]:
        check_transition(old, new)
    else:
        with pytest.raises(MovedOn, match=f"{old.value} may not become {new.value}"):
            check_transition(old, new)


CASES = [
    (table, owners, status)
    for table, owners in (
        (REFERRAL, REFERRAL_OWNERS),
        (NOTE, NOTE_OWNERS),
        (CLAIM, CLAIM_OWNERS),
        (EPISODE, EPISODE_OWNERS),
        (FOLLOW_UP, FOLLOW_UP_OWNERS),
    )
    for status in table
]
of_every_case = pytest.mark.parametrize(("table", "owners", "status"), CASES, ids=lambda one: getattr(one, "value", ""))
C = ClaimStatus
REOPENED = {C.CLOSED_PAID, C.CLOSED_WRITTEN_OFF, C.CLOSED_VOID, C.CLOSED_NOT_BILLED}
"""A payer may take a decision back, or correct it, after the claim was closed; what was paid at a visit may go back."""


def reached_from(table: Mapping[StrEnum, frozenset[StrEnum]], status: StrEnum) -> set[StrEnum]:
    reached, frontier = {status}, {status}
    while frontier:
        frontier = {new for old in frontier for new in table[old]} - reached
        reached |= frontier
    return reached


@of_every_case
def test_case_closes_exactly_where_nobody_owns_it(table: Any, owners: Any, status: CaseStatus):
    assert status.is_closed == (owners[status] == CaseOwner.NOBODY)
    assert (status.is_closed and status not in REOPENED) == (table[status] == frozenset())


@of_every_case
def test_case_can_reach_a_closed_status(table: Any, owners: Any, status: CaseStatus):
    assert any(one.is_closed for one in reached_from(table, status))


@of_every_case
def test_case_can_come_to_every_status_from_its_first(table: Any, owners: Any, status: CaseStatus):
    assert status in reached_from(table, next(iter(type(status))))


@pytest.mark.parametrize("status", C)
def test_no_status_of_a_claim_follows_itself(status: ClaimStatus):
    assert status not in CLAIM[status]


@pytest.mark.parametrize("status", [one for one in C if one.is_closed])
def test_closed_claim_is_opened_again_for_a_biller_alone(status: ClaimStatus):
    assert CLAIM[status] == frozenset({C.REMITTANCE_REVIEW})


def test_claim_leaves_from_one_status_alone():
    assert {old for old in C if C.SENT in CLAIM[old]} == {C.READY_TO_SEND}


@pytest.mark.parametrize("status", [one for one in C if CLAIM_OWNERS[one] == CaseOwner.PAYER])
def test_claim_whose_payer_is_silent_can_go_to_a_biller(status: ClaimStatus):
    assert C.CORRECTION in CLAIM[status]


@pytest.mark.parametrize("status", [C.SENT, C.ACKNOWLEDGED, C.ACCEPTED, C.APPEALED, C.DENIED, C.PATIENT_BALANCE])
def test_claim_that_has_left_is_never_closed_as_not_billed_at_once(status: ClaimStatus):
    assert C.CLOSED_NOT_BILLED not in CLAIM[status]


@pytest.mark.parametrize("kind", ToDoKind)
def test_to_do_kind_has_its_outcomes(kind: ToDoKind):
    """A claim is moved on from its own page, which ends its to-do."""
    from_its_page = {ToDoKind.CORRECT_CLAIM, ToDoKind.REVIEW_REMITTANCE, ToDoKind.ANSWER_DENIAL}
    assert bool(OUTCOMES[kind]) == (kind not in from_its_page)


@pytest.mark.parametrize("statuses", TABLES, ids=lambda one: one.__name__)
def test_diagram_shows_every_transition_once(statuses: type[StrEnum]):
    arrows = [line.strip() for line in mermaid(statuses).splitlines()[1:]]
    wanted = {f"{old.value} --> {new.value}" for old, following in TABLES[statuses].items() for new in following}
    assert set(arrows) == wanted
    assert len(arrows) == len(wanted)
