"""What a decision posts sums to the charge, a reversal undoes it exactly, and nothing is posted twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.claim_answers import ProviderAdjustment, RemittedClaim, RemittedLine
from models.claim_form import LineAdjustment, PayerRank
from models.ledger import (
    COST_SHARE_REASONS,
    Balances,
    LedgerAccount,
    LedgerKind,
    LedgerLine,
    balance_of,
    balances,
    cash_from_payers,
    standing,
)
from models.remittance import AlreadyPosted, NeedsAPerson, Postings, SentLine
from rules.ledger import (
    charges,
    moved_to_secondary,
    patient_payment,
    reopened,
    sent_to_secondary,
    withdrawn,
    written_off,
)
from rules.posting import kind_of, payment_postings
from rules.remittance import match_lines
from tests.remittances import cas, claim, line, lines_of, payment, posted, reversal, sent

C45, PR2, PR3, AUTH = ("CO", "45", 3_000), ("PR", "2", 2_400), ("PR", "3", 2_000), ("CO", "197", 15_000)
OURS = [sent()]
CHARGED = charges("C100", OURS)
ALL_BY_CONTRACT = ("CO", "45", 15_000)


def told(lines: Sequence[LedgerLine]) -> list[tuple[str, str, int, str]]:
    """Account, kind, cents and reason of each line."""
    return [(each.account.value, each.kind.value, each.amount_cents, each.group + each.reason) for each in lines]


def after(*results: Sequence[LedgerLine]) -> Balances:
    return balances([each for lines in results for each in lines])


def refused(result: object) -> str:
    assert isinstance(result, NeedsAPerson), result
    return result.reason


def test_paid_line_posts_its_payment_its_contract_and_the_patients_share() -> None:
    lines = lines_of(posted(claim(line(C45, PR3)), OURS, CHARGED))
    assert told(lines) == [
        ("payer", "payer_payment", -10_000, ""),
        ("payer", "contractual", -3_000, "CO45"),
        ("payer", "patient_responsibility", -2_000, "PR3"),
        ("patient", "patient_responsibility", 2_000, "PR3"),
    ]
    assert after(CHARGED, lines) == Balances(patient_cents=2_000)
    assert cash_from_payers(lines) == 10_000


def test_line_of_the_ledger_says_where_it_comes_from() -> None:
    first, *_ = lines_of(posted(claim(line(C45)), OURS, CHARGED))
    assert first.source == "NW001:T1/C100/P1/1"
    assert (first.claim_number, first.line_control, first.payer_control) == ("C100", "L1", "P1")
    assert (first.file_id, first.segment, first.reverses) == ("F1", 20, None)
    assert first.key == "NW001:T1/C100/P1/1#1"


@pytest.mark.parametrize(
    ("adjustment", "kind"),
    [
        (("CO", "45"), LedgerKind.CONTRACTUAL),
        (("PI", "45"), LedgerKind.CONTRACTUAL),
        (("OA", "253"), LedgerKind.CONTRACTUAL),
        (("PR", "45"), LedgerKind.DENIAL),
        (("PR", "1"), LedgerKind.PATIENT_RESPONSIBILITY),
        (("CO", "1"), LedgerKind.DENIAL),
        (("PR", "96"), LedgerKind.DENIAL),
        (("CO", "197"), LedgerKind.DENIAL),
        (("OA", "23"), LedgerKind.DENIAL),
        (("CO", "9999"), LedgerKind.DENIAL),
    ],
)
def test_adjustment_is_contract_cost_share_or_denial(adjustment: tuple[str, str], kind: LedgerKind) -> None:
    assert kind_of(LineAdjustment(*adjustment, 1)) is kind


def test_denied_line_stays_owed_until_somebody_gives_up() -> None:
    lines = lines_of(posted(claim(line(AUTH), status="4"), OURS, CHARGED))
    assert told(lines) == [("payer", "denial", -15_000, "CO197"), ("denied", "denial", 15_000, "CO197")]
    assert after(CHARGED, lines) == Balances(denied_cents=15_000)


def test_contract_takes_nothing_off_a_denied_line() -> None:
    lines = lines_of(posted(claim(line(C45, ("CO", "50", 12_000)), status="4"), OURS, CHARGED))
    assert after(CHARGED, lines) == Balances(denied_cents=15_000)
    assert {each.reason for each in lines} == {"45", "50"}


@pytest.mark.parametrize(
    ("said", "owed"),
    [
        ([ALL_BY_CONTRACT], Balances(denied_cents=15_000)),  # that is no discount
        ([("CO", "45", 14_999), ("PR", "1", 1)], Balances(patient_cents=1)),
        ([("CO", "24", 15_000)], Balances()),  # paid by capitation
    ],
)
def test_reduction_by_contract_of_the_whole_charge_is_a_denial(
    said: list[tuple[str, str, int]], owed: Balances
) -> None:
    assert after(CHARGED, lines_of(posted(claim(line(*said)), OURS, CHARGED))) == owed


def test_partly_denied_line_keeps_its_contract_reduction() -> None:
    lines = lines_of(posted(claim(line(C45, ("CO", "97", 2_000))), OURS, CHARGED))
    assert after(CHARGED, lines) == Balances(denied_cents=2_000)


def test_parts_of_a_split_line_are_posted_as_that_line() -> None:
    parts = line(C45, charge=10_000, segment=20), line(PR2, charge=5_000, segment=24)
    lines = lines_of(posted(claim(*parts), OURS, CHARGED))
    assert after(CHARGED, lines) == Balances(patient_cents=2_400)
    assert {each.line_control for each in lines} == {"L1"}
    assert cash_from_payers(lines) == 9_600


def test_adjustment_of_the_whole_claim_lowers_what_its_lines_say_was_paid() -> None:
    lines = lines_of(posted(claim(line(C45), adjustments=cas(("CO", "253", 240))), OURS, CHARGED))
    assert cash_from_payers(lines) == 11_760
    assert after(CHARGED, lines) == Balances()


def test_claim_answered_without_its_lines_is_posted_as_a_whole() -> None:
    denied = claim(status="4", charge=15_000, paid=0, adjustments=cas(AUTH))
    lines = lines_of(posted(denied, OURS, CHARGED))
    assert after(CHARGED, lines) == Balances(denied_cents=15_000)
    assert {each.line_control for each in lines} == {""}


@pytest.mark.parametrize("status", ["1", "19"])
def test_processed_status_is_posted(status: str) -> None:
    assert isinstance(posted(claim(line(C45), status=status), OURS, CHARGED), Postings)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (claim(line(C45), status="23"), "the payer says that this is not its claim"),
        (claim(line(C45), status="25"), "this only says what would be paid; nothing was decided"),
        (claim(line(C45), status="5"), "the claim status '5' is not known"),
        (claim(line(C45), status=""), "the claim status '' is not known"),
        (claim(line(C45), status="4"), "the claim is denied and paid"),
        (
            claim(line(C45), status="2"),
            "we sent the claim as the primary payer's; it was decided as that of a later one",
        ),
        (claim(line(C45, paid=12_001)), "the line in segment 20 is off by 1 cents"),
        (claim(line(control="", code="99999")), "no sent line fits this line"),
        (claim(line(("CO", "45", 15_001))), "an amount is negative outside a reversal"),
        (claim(line(C45), status="22"), "no sent line fits this line"),
    ],
)
def test_claim_that_no_rule_may_post_is_for_a_person(said: RemittedClaim, reason: str) -> None:
    assert reason in refused(posted(said, [sent()] if said.status != "22" else [sent("L9")], CHARGED))


def test_reversal_that_adds_to_a_payment_is_for_a_person() -> None:
    wrong = claim(line(("CO", "45", -15_001), charge=-15_000), status="22")
    assert refused(posted(wrong, OURS, CHARGED)) == "a reversal adds to a payment"


# Twice


def test_same_decision_is_posted_once_whatever_file_it_comes_in() -> None:
    said = claim(line(C45, PR3))
    lines = (*CHARGED, *lines_of(posted(said, OURS, CHARGED)))
    assert posted(said, OURS, lines) == AlreadyPosted("NW001:T1/C100/P1/1", "F1")
    moved = replace(said, segment=99, lines=(replace(said.lines[0], segment=100),))
    assert posted(moved, OURS, lines, file_id="F2") == AlreadyPosted("NW001:T1/C100/P1/1", "F1")


def test_same_decision_twice_in_one_file_is_for_a_person() -> None:
    lines = lines_of(posted(claim(line(C45)), OURS, CHARGED))
    again = claim(line(C45, segment=60), segment=50)
    # the first segment is that of the line that was posted first
    assert "twice" in refused(posted(again, OURS, (*CHARGED, *lines)))


def test_same_payment_that_says_something_else_is_for_a_person() -> None:
    lines = lines_of(posted(claim(line(C45)), OURS, CHARGED))
    other = posted(claim(line(("CO", "45", 3_001))), OURS, (*CHARGED, *lines))
    assert refused(other) == "the same payment said something else of this claim before"


@pytest.mark.parametrize("said", [claim(line(C45)), claim(line(PR3, ("CO", "45", 13_000)))], ids=["paid", "patient"])
def test_second_decision_without_a_reversal_is_for_a_person(said: RemittedClaim) -> None:
    lines = lines_of(posted(said, OURS, CHARGED))
    assert "was not reversed" in refused(posted(claim(line(C45)), OURS, (*CHARGED, *lines), trace="T2"))


def test_denied_line_may_be_decided_anew() -> None:
    denied = lines_of(posted(claim(line(AUTH), status="4"), OURS, CHARGED))
    paid = lines_of(posted(claim(line(C45)), OURS, (*CHARGED, *denied), trace="T2"))
    assert after(CHARGED, denied, paid) == Balances()
    assert [each.reverses for each in paid[:2]] == [each.key for each in denied]
    assert isinstance(posted(claim(line(C45)), OURS, (*CHARGED, *denied, *paid), trace="T2"), AlreadyPosted)


def test_claim_in_two_parts_is_posted_line_by_line() -> None:
    ours = [sent(), sent("L2", "90785", 1_500)]
    opened = charges("C100", ours)
    first = lines_of(posted(claim(line(C45)), ours, opened))
    second = lines_of(
        posted(claim(line(control="L2", code="90785", charge=1_500), payer_control="P2"), ours, (*opened, *first))
    )
    assert after(opened, first, second) == Balances()


# Reversal


def test_reversal_undoes_exactly_what_was_posted() -> None:
    said = claim(line(C45, PR3))
    paid = lines_of(posted(said, OURS, CHARGED))
    undone = lines_of(posted(reversal(said), OURS, (*CHARGED, *paid), trace="T2"))
    assert [each.reverses for each in undone] == [each.key for each in paid]
    assert [each.amount_cents for each in undone] == [-each.amount_cents for each in paid]
    assert after(CHARGED, paid, undone) == after(CHARGED)
    assert standing((*CHARGED, *paid, *undone)) == CHARGED
    assert isinstance(posted(reversal(said), OURS, (*CHARGED, *paid, *undone), trace="T2"), AlreadyPosted)


def test_reversal_then_correction_in_the_same_file_works() -> None:
    said = claim(line(C45, PR3))
    ledger = (*CHARGED, *lines_of(posted(said, OURS, CHARGED)))
    ledger = (*ledger, *lines_of(posted(reversal(said), OURS, ledger, trace="T2")))
    ledger = (*ledger, *lines_of(posted(claim(line(C45), segment=50), OURS, ledger, trace="T2")))
    assert balances(ledger) == Balances()
    assert cash_from_payers(ledger) == 12_000
    assert len({each.key for each in ledger}) == len(ledger)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (None, "nothing was posted"),
        (claim(line(("CO", "45", 3_001))), "something else"),
        (claim(line(("OA", "45", 3_000))), "something else"),
    ],
)
def test_reversal_of_something_else_is_for_a_person(before: RemittedClaim | None, reason: str) -> None:
    lines = lines_of(posted(before, OURS, CHARGED)) if before else ()
    assert reason in refused(posted(reversal(claim(line(C45))), OURS, (*CHARGED, *lines), trace="T2"))


def test_reversal_of_what_was_reversed_already_is_for_a_person() -> None:
    said = claim(line(C45))
    ledger = (*CHARGED, *lines_of(posted(said, OURS, CHARGED)))
    ledger = (*ledger, *lines_of(posted(reversal(said), OURS, ledger, trace="T2")))
    assert "nothing was posted" in refused(posted(reversal(said), OURS, ledger, trace="T3"))


def test_reversal_of_a_denial_that_we_withdrew_changes_nothing() -> None:
    said = claim(line(AUTH), status="4")
    ledger = (*CHARGED, *lines_of(posted(said, OURS, CHARGED)))
    gone = withdrawn(ledger, "resubmission:9")
    assert not isinstance(gone, NeedsAPerson)
    assert balances((*ledger, *gone)) == Balances()
    assert isinstance(posted(reversal(said), OURS, (*ledger, *gone), trace="T2"), AlreadyPosted)


def test_reversal_of_one_of_two_equal_parts_takes_the_one_with_the_payers_number() -> None:
    whole = [replace(sent("", charge=5_000))]
    first = lines_of(posted(claim(charge=5_000, paid=5_000, payer_control="P1"), whole, ()))
    second = tuple(replace(each, source=each.source.replace("P1", "P2"), payer_control="P2") for each in first)
    undone = lines_of(
        posted(reversal(claim(charge=5_000, paid=5_000, payer_control="P2")), whole, (*first, *second), trace="T2")
    )
    assert [each.reverses for each in undone] == [second[0].key]
    other = reversal(claim(charge=5_000, paid=5_000, payer_control="P3"))
    assert "something else" in refused(posted(other, whole, (*first, *second), trace="T2"))


def test_posting_that_leaves_a_credit_wants_a_persons_eye() -> None:
    denied = claim(line(AUTH), status="4")
    ledger = (*CHARGED, *lines_of(posted(denied, OURS, CHARGED)))
    ledger = (*ledger, written_off("C100", LedgerAccount.DENIED, 15_000, "write-off:1", reason="too late"))
    assert balances(ledger) == Balances()
    paid = posted(claim(line(C45)), OURS, ledger, trace="T2")
    assert isinstance(paid, Postings)
    assert [each.reason for each in paid.attention] == ["after this the claim has a credit of 15000 cents"]


def test_payment_of_the_patient_beforehand_is_no_credit_once_the_share_is_posted() -> None:
    ledger = (*CHARGED, patient_payment("C100", 2_000, "receipt:1"))
    result = posted(claim(line(C45, PR3)), OURS, ledger)
    assert isinstance(result, Postings)
    assert result.attention == ()
    assert after(ledger, result.lines) == Balances()


def test_credit_that_was_there_before_wants_no_further_eye() -> None:
    ledger = (*CHARGED, patient_payment("C100", 5_000, "receipt:1"))
    result = posted(claim(line(C45, PR3)), OURS, ledger)
    assert isinstance(result, Postings)
    assert (result.attention, after(ledger, result.lines)) == ((), Balances(patient_cents=-3_000))


# Secondary


PRIMARY = claim(line(C45, PR2))  # pays 96.00, leaves 24.00


def secondary() -> tuple[tuple[LedgerLine, ...], tuple[SentLine, ...]]:
    """The secondary claim's opening lines and its sent lines."""
    ledger = (*CHARGED, *lines_of(posted(PRIMARY, OURS, CHARGED)))
    moved = moved_to_secondary(ledger, "C200", {"L1": "S1"}, "secondary:1")
    assert not isinstance(moved, NeedsAPerson)
    assert balances(each for each in (*ledger, *moved) if each.claim_number == "C100") == Balances()
    return tuple(each for each in moved if each.claim_number == "C200"), sent_to_secondary([sent("S1")], moved)


@pytest.mark.parametrize(
    ("said", "owed", "paid"),
    [
        ([("OA", "23", 12_600)], Balances(), 2_400),
        ([("OA", "23", 9_600), ("CO", "45", 5_000)], Balances(), 400),
        ([("CO", "45", 5_000), ("OA", "23", 9_600)], Balances(), 400),
        ([("CO", "45", 3_000), ("OA", "23", 9_600), ("PR", "3", 1_000)], Balances(patient_cents=1_000), 1_400),
        ([("OA", "23", 12_600), ("PR", "1", 2_400)], Balances(patient_cents=2_400), 0),
        ([("CO", "22", 15_000)], Balances(denied_cents=2_400), 0),
        ([("PR", "96", 15_000)], Balances(denied_cents=2_400), 0),
        ([("OA", "23", 12_600), ("CO", "45", 2_400)], Balances(denied_cents=0), 0),
    ],
)
def test_secondary_payer_settles_only_what_the_first_left(
    said: list[tuple[str, str, int]], owed: Balances, paid: int
) -> None:
    opened, ours = secondary()
    assert ours == (replace(sent("S1"), earlier_cents=12_600),)
    result = posted(
        claim(line(*said, control="S1"), status="2", claim_number="C200"), ours, opened, rank=PayerRank.SECONDARY
    )
    assert after(opened, lines_of(result)) == owed
    assert cash_from_payers(lines_of(result)) == paid


def test_secondary_payer_that_pays_more_than_the_first_left_is_for_a_person() -> None:
    opened, ours = secondary()
    said = claim(line(("OA", "23", 12_599), control="S1"), status="2", claim_number="C200")
    assert "than the payers before left" in refused(posted(said, ours, opened, rank=PayerRank.SECONDARY))


def test_forwarded_claim_that_comes_back_under_the_first_number_is_posted_to_its_own_ledger() -> None:
    opened, ours = secondary()
    said = claim(line(("OA", "23", 12_600), control="S1"), status="2")
    lines = lines_of(posted(said, ours, opened, rank=PayerRank.SECONDARY, as_claim="C200"))
    assert {each.claim_number for each in lines} == {"C200"}


def test_share_of_the_whole_claim_is_not_moved_to_a_secondary_claim() -> None:
    said = claim(line(C45), adjustments=cas(("PR", "3", 2_000)))
    ledger = (*CHARGED, *lines_of(posted(said, OURS, CHARGED)))
    assert isinstance(moved_to_secondary(ledger, "C200", {"L1": "S1"}, "secondary:1"), NeedsAPerson)


def test_what_was_moved_to_the_secondary_claim_is_not_moved_again() -> None:
    ledger = (*CHARGED, *lines_of(posted(PRIMARY, OURS, CHARGED)))
    moved = moved_to_secondary(ledger, "C200", {"L1": "S1"}, "secondary:1")
    assert not isinstance(moved, NeedsAPerson)
    assert sum(each.amount_cents for each in moved) == 0
    assert moved_to_secondary((*ledger, *moved), "C200", {"L1": "S1"}, "secondary:2") == ()


# What the practice posts itself


def test_reopened_denial_is_owed_by_the_payer_again() -> None:
    denied = lines_of(posted(claim(line(AUTH), status="4"), OURS, CHARGED))
    opened = reopened((*CHARGED, *denied), "appeal:1")
    assert after(CHARGED, denied, opened) == Balances(payer_cents=15_000)
    assert reopened((*CHARGED, *denied, *opened), "appeal:2") == ()
    paid = lines_of(posted(claim(line(C45)), OURS, (*CHARGED, *denied, *opened), trace="T2"))
    assert after(CHARGED, denied, opened, paid) == Balances()


@pytest.mark.parametrize(
    "line_",
    [
        line(C45),
        line(("CO", "45", 13_000), PR3),
    ],
)
def test_claim_of_which_something_was_settled_is_not_withdrawn(line_: RemittedLine) -> None:
    ledger = (*CHARGED, *lines_of(posted(claim(line_), OURS, CHARGED)))
    assert isinstance(withdrawn(ledger, "resubmission:9"), NeedsAPerson)
    undone = lines_of(posted(reversal(claim(line_)), OURS, ledger, trace="T2"))
    gone = withdrawn((*ledger, *undone), "resubmission:9")
    assert not isinstance(gone, NeedsAPerson)
    assert after(ledger, undone, gone) == Balances()


@pytest.mark.parametrize("cents", [0, -1])
def test_nothing_is_written_off_that_is_not_owed(cents: int) -> None:
    with pytest.raises(ValueError):
        written_off("C100", LedgerAccount.DENIED, cents, "write-off:1", reason="too late")


# PLB


def plb(*said: tuple[str, str, int]) -> list[ProviderAdjustment]:
    return [ProviderAdjustment(*each, 40 + at) for at, each in enumerate(said)]


def test_interest_is_income_and_a_recovery_stands_beyond_claims_until_it_ends() -> None:
    lines = payment_postings(payment(), plb(("L6", "P1", -50), ("FB", "X", -9_600)), ())
    assert isinstance(lines, Postings)
    assert cash_from_payers(lines.lines) == 9_650
    assert balance_of(lines.lines, LedgerAccount.INTEREST) == -50
    assert lines.attention == ()
    later = payment_postings(payment("T2"), plb(("FB", "X", 9_600)), ())
    assert isinstance(later, Postings)
    assert balance_of((*lines.lines, *later.lines), LedgerAccount.BEYOND_CLAIMS) == 0


@pytest.mark.parametrize(
    ("said", "attention"),
    [
        (("L6", "P1", -50), []),
        (("FB", "P1", -50), []),
        (("WO", "P7", 50), []),
        (("WO", "P8", 50), ["50 cents are kept back for a claim that was not reversed"]),
        (("72", "P7", 50), ["the payment is adjusted by 50 cents for reason 72"]),
    ],
)
def test_adjustment_of_a_payment_is_posted_and_looked_at(said: tuple[str, str, int], attention: list[str]) -> None:
    result = payment_postings(payment(), plb(said), (), reversed_controls={"P7"})
    assert isinstance(result, Postings)
    assert [each.reason for each in result.attention] == attention
    assert [each.amount_cents for each in result.lines] == [said[2]]


def test_adjustments_of_a_payment_are_posted_once() -> None:
    first = payment_postings(payment(), plb(("L6", "P1", -50)), ())
    assert isinstance(first, Postings)
    assert payment_postings(payment(file_id="F2"), plb(("L6", "P1", -50)), first.lines) == AlreadyPosted(
        "NW001:T1/PLB", "F1"
    )
    assert isinstance(payment_postings(payment(), plb(("L6", "P1", -51)), first.lines), NeedsAPerson)
    assert isinstance(payment_postings(payment(), [], first.lines), NeedsAPerson)


# Whatever a payer says, if it balances


REASONS = st.sampled_from(
    [("CO", "45"), ("CO", "197"), ("PR", "1"), ("PR", "2"), ("PR", "3"), ("PR", "96"), ("OA", "18"), ("PI", "253")]
)


@st.composite
def balanced(draw: st.DrawFn) -> tuple[RemittedClaim, list[SentLine]]:
    """A claim of one to four lines, some split, some without our number, its adjustments within its charge."""
    ours, said = [], []
    for at in range(draw(st.integers(1, 4))):
        charge = draw(st.integers(1, 40_000))
        ours.append(sent(f"L{at}", f"9083{at}", charge))
        cut = draw(st.integers(0, charge)) if draw(st.booleans()) else 0
        control = f"L{at}" if cut or draw(st.booleans()) else ""
        for part in [cut, charge - cut] if cut else [charge]:
            left, adjustments = part, []
            for group, reason in draw(st.lists(REASONS, max_size=3, unique=True)):
                cents = draw(st.integers(0, left))
                adjustments.append((group, reason, cents))
                left -= cents
            said.append(line(*adjustments, control=control, code=f"9083{at}", charge=part, segment=20 + len(said)))
    return claim(*draw(st.permutations(said))), ours


@settings(max_examples=60, deadline=None)
@given(balanced())
def test_postings_sum_to_the_charge(drawn: tuple[RemittedClaim, list[SentLine]]) -> None:
    said, ours = drawn
    opened = charges("C100", ours)
    lines = lines_of(posted(said, ours, opened))
    assert balance_of((*opened, *lines), LedgerAccount.PAYER) == 0
    taken: Counter[LedgerKind] = Counter()
    for each in lines:
        if each.account is LedgerAccount.PAYER:
            taken[each.kind] -= each.amount_cents
    assert sum(taken.values()) == said.charge_cents
    assert taken[LedgerKind.PAYER_PAYMENT] == said.paid_cents == cash_from_payers(lines)
    share = sum(
        a.amount_cents
        for each in said.lines
        for a in each.adjustments
        if a.group == "PR" and a.reason in COST_SHARE_REASONS
    )
    assert balance_of(lines, LedgerAccount.PATIENT) == share
    assert balances((*opened, *lines)).owed_cents == taken[LedgerKind.DENIAL] + share
    for each in ours:
        of_line = [one for one in (*opened, *lines) if one.line_control == each.control_number]
        assert balance_of(of_line, LedgerAccount.PAYER) == 0


@settings(max_examples=60, deadline=None)
@given(balanced())
def test_reversal_leaves_what_was_charged_and_a_second_posting_nothing(
    drawn: tuple[RemittedClaim, list[SentLine]],
) -> None:
    said, ours = drawn
    opened = charges("C100", ours)
    lines = lines_of(posted(said, ours, opened))
    assert isinstance(posted(said, ours, (*opened, *lines), file_id="F2"), AlreadyPosted)
    undone = lines_of(posted(reversal(said), ours, (*opened, *lines), trace="T2"))
    assert balances((*opened, *lines, *undone)) == balances(opened)
    assert sum(each.amount_cents for each in (*lines, *undone)) == 0
    again = lines_of(posted(said, ours, (*opened, *lines, *undone), trace="T3"))
    assert balances((*opened, *lines, *undone, *again)) == balances((*opened, *lines))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "L0", "L1", "L2", "X"]), st.sampled_from([100, 200])), max_size=6),
    st.lists(st.sampled_from([100, 200, 300]), max_size=4),
)
def test_no_line_is_used_twice(said: list[tuple[str, int]], ours: list[int]) -> None:
    remitted = [line(control=control, charge=charge, segment=at) for at, (control, charge) in enumerate(said)]
    lines = [sent(f"L{at}", charge=charge) for at, charge in enumerate(ours)]
    match = match_lines(claim(*remitted), lines)
    used = [each.sent.control_number for each in match.lines]
    assert len(set(used)) == len(used)
    answered = [part.segment for each in match.lines for part in each.remitted]
    assert len(set(answered)) == len(answered)
    for each in match.lines:
        assert sum(part.charge_cents for part in each.remitted) == each.sent.charge_cents
    if remitted and not match.problems:
        assert sorted(answered) == [each.segment for each in remitted]
