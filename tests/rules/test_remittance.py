"""A remittance balances to the cent or says where it does not; every line finds the one it answers, or a person."""

from datetime import date

import pytest

from models.claim_answers import ProviderAdjustment, RemittedLine
from models.remittance import Imbalance, MatchedBy, SentLine
from rules.remittance import balance_claim, balance_file, balance_line, match_lines
from tests.remittances import cas, claim, head, line, reversal, sent

C45, PR3 = ("CO", "45", 3_000), ("PR", "3", 2_000)


@pytest.mark.parametrize(
    ("paid", "off"),
    [(10_000, None), (10_001, 1), (9_999, -1), (-10_000, -20_000)],
    ids=["even", "over", "under", "turned"],
)
def test_line_balances_to_the_cent(paid: int, off: int | None) -> None:
    found = balance_line(line(C45, PR3, paid=paid, segment=21))
    assert found == (off and Imbalance("line", off, 21))


def test_line_balances_with_an_adjustment_that_raises_the_payment() -> None:
    assert balance_line(line(("CO", "45", -500), paid=15_500)) is None


def test_balanced_claim_has_nothing_off() -> None:
    assert balance_claim(claim(line(C45, PR3), line(control="L2", code="90785", charge=1_500))) == ()


def test_balanced_reversal_has_nothing_off() -> None:
    assert balance_claim(reversal(claim(line(C45, PR3)))) == ()


def test_adjustment_of_the_whole_claim_is_balanced_beside_its_lines() -> None:
    assert balance_claim(claim(line(C45), adjustments=cas(("CO", "253", 240)))) == ()


def test_claim_without_lines_balances_by_itself() -> None:
    denied = claim(status="4", charge=15_000, paid=0, adjustments=cas(("CO", "197", 15_000)))
    assert balance_claim(denied) == ()
    assert balance_claim(claim(charge=15_000, paid=1, adjustments=denied.adjustments)) == (Imbalance("claim", 1, 10),)


@pytest.mark.parametrize(
    ("said", "off"),
    [
        (
            {"charge": 15_001, "paid": 12_001},
            [("charge of the claim beside its lines", 1), ("payment of the claim beside its lines", 1)],
        ),
        ({"paid": 11_999}, [("claim", -1), ("payment of the claim beside its lines", -1)]),
        ({"charge": 15_001}, [("claim", -1), ("charge of the claim beside its lines", 1)]),
    ],
)
def test_claim_says_where_it_is_off_its_lines(said: dict[str, int], off: list[tuple[str, int]]) -> None:
    assert [(each.where, each.off_cents) for each in balance_claim(claim(line(C45), **said))] == off


def test_line_that_is_off_is_named_by_its_segment_though_the_claim_adds_up() -> None:
    lines = line(C45, paid=12_001, segment=20), line(C45, control="L2", paid=11_999, segment=25)
    assert balance_claim(claim(*lines)) == (Imbalance("line", 1, 20), Imbalance("line", -1, 25))
    assert balance_claim(claim(*lines))[0].reason == "the line in segment 20 is off by 1 cents"


@pytest.mark.parametrize(
    ("paid", "total", "kept_back", "off"),
    [
        (10_000, 10_000, [], None),
        (9_000, 10_000, [1_000], None),  # kept back
        (10_050, 10_000, [-50], None),  # interest is added
        (0, -9_600, [-9_600], None),  # a negative total is carried forward
        (9_999, 10_000, [], -1),
        (10_001, 10_000, [], 1),
        (10_000, 10_000, [1_000], 1_000),
    ],
)
def test_file_balances_with_its_adjustments(paid: int, total: int, kept_back: list[int], off: int | None) -> None:
    adjustments = [ProviderAdjustment("WO", "P1", cents, 40) for cents in kept_back]
    assert balance_file(head(paid), total, adjustments) == (off and Imbalance("payment of the remittance", off, 4))


def test_debit_is_a_negative_payment() -> None:
    assert balance_file(head(500, credit=False), -500, []) is None
    assert balance_file(head(500, credit=False), 500, []) == Imbalance("payment of the remittance", -1_000, 4)


# Matching


def found(
    said: list[RemittedLine], ours: list[SentLine]
) -> tuple[dict[str, list[int]], list[str], list[tuple[str, int]]]:
    """Segments by our line, unanswered lines, problems."""
    match = match_lines(claim(*said), ours)
    return (
        {each.sent.control_number: [part.segment for part in each.remitted] for each in match.lines},
        [each.control_number for each in match.unanswered],
        [(each.reason, each.segment) for each in match.problems],
    )


ADD_ON = sent("L2", "90785", 1_500)


def test_line_is_matched_by_its_control_number_whatever_the_order_or_the_code() -> None:
    said = [line(control="L2", code="90785", charge=1_500, segment=20), line(control="L1", code="90834", segment=24)]
    assert found(said, [sent(), ADD_ON]) == ({"L1": [24], "L2": [20]}, [], [])


@pytest.mark.parametrize("control", ["", "PAYERS-OWN-7"])
def test_line_without_our_control_number_is_matched_by_code_modifiers_and_charge(control: str) -> None:
    ours = [sent("L1", modifiers=("95", "HO")), sent("L2", modifiers=("GT",))]
    match = match_lines(claim(line(control=control, modifiers=("HO", "95"))), ours)
    assert [(each.sent.control_number, each.by) for each in match.lines] == [("L1", MatchedBy.CODE_AND_MODIFIERS)]
    assert [each.control_number for each in match.unanswered] == ["L2"]


def test_line_whose_modifiers_the_payer_changed_is_matched_by_code_and_charge() -> None:
    match = match_lines(claim(line(control="", modifiers=())), [sent(modifiers=("95",)), ADD_ON])
    assert [(each.sent.control_number, each.by) for each in match.lines] == [("L1", MatchedBy.CODE)]


@pytest.mark.parametrize(
    "said", [line(control="", charge=15_001), line(control="", code="90834")], ids=["charge", "code"]
)
def test_line_that_fits_nothing_is_for_a_person(said: RemittedLine) -> None:
    assert found([said], [sent()]) == ({}, ["L1"], [("no sent line fits this line", 20)])


def test_two_lines_that_fit_equally_well_are_for_a_person() -> None:
    said = [line(control="", segment=20), line(control="", segment=24)]
    reason = "more than one sent line fits this line"
    assert found(said, [sent("L1"), sent("L2")]) == ({}, ["L1", "L2"], [(reason, 20), (reason, 24)])
    assert found(said, [sent("L1")]) == ({}, ["L1"], [(reason, 20), (reason, 24)])
    assert found(said[:1], [sent("L1"), sent("L2")]) == ({}, ["L1", "L2"], [(reason, 20)])


def test_alike_lines_are_told_apart_by_their_dates() -> None:
    said = [
        line(control="", segment=20, service_date=date(2026, 11, 9)),
        line(control="", segment=24, service_date=date(2026, 11, 2)),
    ]
    ours = [sent("L1", service_date=date(2026, 11, 2)), sent("L2", service_date=date(2026, 11, 9))]
    assert found(said, ours) == ({"L1": [24], "L2": [20]}, [], [])
    assert found([said[0]], ours[:1]) == ({}, ["L1"], [("no sent line fits this line", 20)])


def test_line_that_was_matched_by_number_is_not_used_again_by_code() -> None:
    said = [line(segment=20), line(control="", segment=24)]
    assert found(said, [sent("L1")]) == ({"L1": [20]}, [], [("no sent line fits this line", 24)])


def test_parts_of_a_split_line_must_sum_to_its_charge() -> None:
    parts = [line(charge=10_000, segment=20), line(charge=5_000, segment=24)]
    assert found(parts, [sent()]) == ({"L1": [20, 24]}, [], [])
    more = [line(charge=10_000, segment=20), line(charge=5_001, segment=24)]
    assert found(more, [sent()]) == ({}, [], [("the 2 parts of the line charge 15001 cents; 15000 were sent", 20)])


def test_line_with_our_number_and_another_charge_is_for_a_person() -> None:
    assert found([line(charge=14_999)], [sent()]) == ({}, [], [("the line charges 14999 cents; 15000 were sent", 20)])


def test_number_that_two_sent_lines_carry_is_for_a_person() -> None:
    matched, _, problems = found([line()], [sent("L1"), sent("L1")])
    assert (matched, problems) == ({}, [("2 sent lines have the number L1", 20)])


def test_reversal_is_matched_with_what_was_sent() -> None:
    match = match_lines(reversal(claim(line(C45), line(control="", code="90785", charge=1_500))), [sent(), ADD_ON])
    assert [(each.sent.control_number, each.by) for each in match.lines] == [
        ("L1", MatchedBy.CONTROL_NUMBER),
        ("L2", MatchedBy.CODE_AND_MODIFIERS),
    ]


def test_claim_without_lines_is_answered_as_a_whole_where_its_charge_is_what_was_sent() -> None:
    match = match_lines(claim(charge=16_500, paid=0), [sent(earlier_cents=100), ADD_ON])
    assert match.whole == SentLine("", "", (), 16_500, earlier_cents=100)
    assert (match.lines, match.unanswered, match.problems) == ((), (), ())
    off = match_lines(claim(charge=15_000, paid=0), [sent(), ADD_ON])
    assert off.whole is None
    assert [each.reason for each in off.problems] == [
        "the claim without its lines charges 15000 cents; 16500 were sent"
    ]


def test_line_that_the_payer_has_not_answered_yet_is_no_problem() -> None:
    assert found([line()], [sent(), ADD_ON]) == ({"L1": [20]}, ["L2"], [])
