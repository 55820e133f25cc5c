"""Who signs a waiting version, how long its figures hold, which versions it may be gone back to."""

from datetime import UTC, datetime, timedelta

import pytest

from models.codes import Role
from rules.sign_off import Signer
from rules.version_signing import GOOD_FOR, is_stale, may_sign, still_to_sign, ways_back

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def signer(role: Role, *, active: bool = True, at: str = "LOC-1", states: frozenset[str] = frozenset({"OR"})) -> Signer:
    return Signer("ST-1", role, active, frozenset({at}), states)


@pytest.mark.parametrize("role", list(Role))
def test_owner_and_clinician_sign_and_nobody_else(role: Role):
    assert may_sign(signer(role), (), ()).allowed is (role in (Role.OWNER, Role.CLINICIAN))


@pytest.mark.parametrize(
    ("who", "signed", "places", "reason"),
    [
        (signer(Role.OWNER), (Role.OWNER,), (), "still to sign: clinician"),
        (signer(Role.CLINICIAN), (Role.CLINICIAN,), (), "still to sign: owner"),
        (signer(Role.OWNER, active=False), (), (), "still to sign"),
        (signer(Role.CLINICIAN, states=frozenset()), (), (), "licensed"),
        (signer(Role.OWNER, at="LOC-2"), (), ("LOC-1",), "works where it would hold"),
    ],
)
def test_signature_that_cannot_be_is_refused_with_its_reason(who: Signer, signed, places, reason: str):
    permission = may_sign(who, signed, places)
    assert not permission.allowed and reason in "; ".join(permission.reasons)


def test_either_may_sign_again_what_both_have_signed():
    both = (Role.OWNER, Role.CLINICIAN)
    assert still_to_sign(both) == () and still_to_sign(()) == both
    assert may_sign(signer(Role.OWNER), both, ("LOC-1",)).allowed


def test_figures_hold_for_so_long():
    assert not is_stale(NOW - GOOD_FOR, NOW)
    assert is_stale(NOW - GOOD_FOR - timedelta(seconds=1), NOW)


@pytest.mark.parametrize(
    ("moved", "ways"),
    [
        ([], ["a"]),
        ([("b", False)], ["b", "a"]),
        ([("b", False), ("c", False)], ["c", "b", "a"]),
        ([("b", False), ("c", False), ("b", True)], ["b", "a"]),
        ([("b", False), ("a", True)], ["a"]),
        ([("b", False), ("a", True), ("b", True)], ["a"]),
        ([("b", False), ("a", True), ("b", False)], ["b", "a"]),
        ([("b", False), ("b", False)], ["b", "a"]),
    ],
)
def test_way_back_leads_to_what_was_before(moved: list[tuple[str, bool]], ways: list[str]):
    assert ways_back("a", moved) == ways
