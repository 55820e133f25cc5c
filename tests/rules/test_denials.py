"""A denial finds its queue by the most specific row; what no row knows is reviewed by a person."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from models.claim_answers import RemittedClaim
from models.codes import CaseOwner
from models.denials import CorrectsBy, Denial, DenialRoute, DenialRoutes
from rules.denials import ORDER, REVIEW, denials_of, route, routed
from tests.remittances import cas, claim, line

ON = date(2026, 11, 20)


def row(number: int, reason: str = "197", **said: Any) -> DenialRoute:
    return DenialRoute(
        reason=reason,
        remark=said.pop("remark", ""),
        group=said.pop("group", ""),
        payer_code=said.pop("payer", ""),
        queue=f"queue_{number}",
        next_action="Do it.",
        days=said.pop("days", 5),
        owner=CaseOwner.BILLER,
        corrects_by=said.pop("by", CorrectsBy.RESUBMIT),
        row=number,
        **said,
    )


def table(*rows: DenialRoute) -> DenialRoutes:
    return DenialRoutes({reason: tuple(r for r in rows if r.reason == reason) for reason in {r.reason for r in rows}})


def denial(reason: str = "197", cents: int = 15_000, *remarks: str, group: str = "CO") -> Denial:
    return Denial(group, reason, cents, remarks)


ALL = table(
    row(1),
    row(2, payer="NW"),
    row(3, remark="N54"),
    row(4, remark="N54", payer="NW"),
    row(5, group="PR"),
    row(6, remark="M20"),
    row(7, payer="NW", group="PR"),
)


@pytest.mark.parametrize(
    ("said", "payer", "taken"),
    [
        (denial(), "OTHER", 1),
        (denial(), "NW", 2),
        (denial("197", 1, "N54"), "OTHER", 3),
        (denial("197", 1, "N54"), "NW", 4),
        (denial("197", 1, "M20"), "NW", 6),  # the remark goes before the payer
        (denial(group="PR"), "OTHER", 5),
        (denial(group="PR"), "NW", 7),
        (denial("197", 1, "N54", group="PR"), "OTHER", 3),  # and before the group
        (denial("197", 1, "M20", "N54"), "OTHER", 6),  # the remark that was given first
        (denial("197", 1, "N54", "M20"), "OTHER", 3),
        (denial("197", 1, "N999"), "OTHER", 1),
    ],
)
def test_most_specific_row_wins(said: Denial, payer: str, taken: int) -> None:
    assert route(said, ALL, payer, ON)[0].row == taken


def test_route_says_why_it_was_taken() -> None:
    assert route(denial("197", 1, "N54"), ALL, "NW", ON)[1] == "row 4: reason 197, remark N54, payer NW"
    assert route(denial("9"), ALL, "NW", ON)[1] == "no row of the table fits reason 9"


@pytest.mark.parametrize(
    ("on", "known"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
    ],
)
def test_row_holds_from_its_first_day_to_its_last(on: date, known: bool) -> None:
    dated = table(row(1, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30)))
    assert (route(denial(), dated, "NW", on)[0] is not REVIEW) is known


@pytest.mark.parametrize("said", [denial("9999"), denial("")])
def test_unknown_reason_is_reviewed_and_never_dropped(said: Denial) -> None:
    found = routed([said], ALL, "NW", ON)
    assert found is not None
    assert (found.route.queue, found.route.owner) == ("review", CaseOwner.BILLER)
    assert found.due_on == ON + timedelta(days=3)


def test_nothing_denied_goes_nowhere() -> None:
    assert routed([], ALL, "NW", ON) is None


def test_every_way_to_correct_has_its_place_in_the_order() -> None:
    assert sorted(ORDER) == sorted(CorrectsBy)


@pytest.mark.parametrize(("first", "second"), list(pairwise(ORDER)))
def test_denial_that_must_be_answered_first_decides(first: CorrectsBy, second: CorrectsBy) -> None:
    routes = table(row(1, "1a", by=first), row(2, "2a", by=second))
    small, large = denial("1a", 1), denial("2a", 9_999)
    for order in ([small, large], [large, small]):
        found = routed(order, routes, "NW", ON)
        assert found is not None
        assert (found.denial, [each.reason for each, _ in found.others]) == (small, ["2a"])


def test_of_two_alike_the_larger_decides_then_the_earlier() -> None:
    routes = table(row(1, "1a"), row(2, "2a"), row(3, "3a"))
    found = routed([denial("1a", 100), denial("2a", 101), denial("3a", 101)], routes, "NW", ON)
    assert found is not None
    assert [found.denial.reason, *(each.reason for each, _ in found.others)] == ["2a", "3a", "1a"]


def test_unknown_reason_keeps_money_from_being_given_up() -> None:
    routes = table(row(1, "1a", by=CorrectsBy.WRITE_OFF))
    found = routed([denial("1a", 9_999), denial("9999", 1)], routes, "NW", ON)
    assert found is not None
    assert found.route.queue == "review"


def test_action_is_due_days_after_the_decision() -> None:
    found = routed([denial()], table(row(1, days=14)), "NW", date(2026, 12, 25))
    assert found is not None
    assert found.due_on == date(2027, 1, 8)


@pytest.mark.parametrize(
    ("by", "appealable"), [(each, each in ("appeal", "obtain_authorisation")) for each in CorrectsBy]
)
def test_route_is_appealable_where_it_asks_the_payer_again(by: CorrectsBy, appealable: bool) -> None:
    assert row(1, by=by).appealable is appealable


# What of a remittance is a denial

C45, PR3 = ("CO", "45", 3_000), ("PR", "3", 2_000)


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        (claim(line(C45, PR3)), []),
        (claim(line(("CO", "197", 15_000)), status="4"), ["197"]),
        (claim(line(C45, ("CO", "50", 12_000)), status="4"), ["50"]),
        (claim(line(("PR", "96", 15_000)), status="4"), ["96"]),
        (claim(line(("CO", "45", 15_000))), ["45"]),
        (claim(line(("CO", "45", 14_999))), []),
        (claim(line(("CO", "45", 15_000), ("CO", "144", -500))), []),  # paid 5.00 as an incentive
        (claim(line(("CO", "24", 15_000))), []),
        (claim(line(("CO", "97", -100))), []),
        (claim(line(("OA", "23", 15_000))), ["23"]),
        (claim(line(("OA", "23", 12_000), ("CO", "50", 3_000)), status="2"), ["50"]),
        (claim(charge=15_000, paid=0, adjustments=cas(("CO", "29", 15_000)), status="4"), ["29"]),
    ],
)
def test_denials_are_what_is_neither_contract_nor_cost_share(said: RemittedClaim, reasons: list[str]) -> None:
    assert [each.reason for each in denials_of(said)] == reasons


def test_denial_carries_the_remarks_of_its_line_and_claim() -> None:
    said = claim(line(("CO", "16", 15_000), remarks=("N290",), segment=22), remarks=("MA130", "N290"), status="4")
    assert denials_of(said) == (Denial("CO", "16", 15_000, ("N290", "MA130"), "L1", 22),)
