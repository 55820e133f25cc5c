"""After a decision: a statement, a secondary claim, a denial to work, or a person."""

from typing import Any

import pytest

from models.claim_answers import RemittedClaim
from models.claim_form import LineAdjustment, PayerName, PersonName, Subscriber
from models.remittance import ClaimOutcome, NeedsAPerson, OutcomeKind
from rules.claim_outcomes import earlier_payment, outcome_of
from rules.ledger import charges
from rules.remittance import match_lines
from tests.remittances import ON, PAYER, cas, claim, head, line, posted, reversal, sent

C45, AUTH = ("CO", "45", 3_000), ("CO", "197", 15_000)
PR1, PR2, PR3 = ("PR", "1", 500), ("PR", "2", 700), ("PR", "3", 2_000)
ADD_ON = line(("CO", "97", 1_500), control="L2", code="90785", charge=1_500, segment=24)
OURS = [sent(), sent("L2", "90785", 1_500)]
OTHER = PayerName("Second Mutual", "SM002")
POLICY = Subscriber(PersonName("Example"), "M1")


def outcome(said: RemittedClaim, **more: Any) -> ClaimOutcome:
    result = posted(said, OURS[: max(len(said.lines), 1)], charges("C100", OURS))
    return outcome_of(said, result, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "kind", "statement"),
    [
        (claim(line(C45)), OutcomeKind.PAID, False),
        (claim(line(C45, PR3)), OutcomeKind.PAID, True),
        (claim(line(("CO", "24", 15_000))), OutcomeKind.PAID, False),
        (claim(line(C45, ("PR", "1", 12_000))), OutcomeKind.PATIENT_OWES, True),
        (claim(line(AUTH), status="4"), OutcomeKind.DENIED, False),
        (claim(line(AUTH)), OutcomeKind.DENIED, False),
        (claim(line(C45), ADD_ON), OutcomeKind.PAID_IN_PART, False),
        (claim(line(C45, PR3), ADD_ON), OutcomeKind.PAID_IN_PART, True),
        (claim(line(C45, ("PR", "1", 12_000)), ADD_ON), OutcomeKind.PAID_IN_PART, True),
        (claim(line(("PR", "96", 15_000)), status="4"), OutcomeKind.DENIED, False),
        (claim(line(C45, PR3), status="19"), OutcomeKind.FORWARDED, False),
        (claim(line(C45, PR3), crossover=OTHER), OutcomeKind.FORWARDED, False),
        (claim(line(AUTH), crossover=OTHER), OutcomeKind.DENIED, False),
    ],
)
def test_outcome_follows_what_was_paid_denied_and_left(said: RemittedClaim, kind: OutcomeKind, statement: bool) -> None:
    found = outcome(said)
    assert (found.kind, found.statement_due, found.secondary_due) == (kind, statement, False)


def test_outcome_tells_the_kinds_of_the_patients_share_apart() -> None:
    found = outcome(claim(line(C45, PR1, PR2, PR3, ("PR", "66", 11)), patient=3_211))
    assert (found.deductible_cents, found.coinsurance_cents, found.copay_cents) == (500, 700, 2_000)
    assert (found.other_share_cents, found.patient_cents) == (11, 3_211)
    assert (found.paid_cents, found.contractual_cents, found.denied_cents) == (8_789, 3_000, 0)


def test_outcome_names_the_denied_lines() -> None:
    found = outcome(claim(line(C45), ADD_ON))
    assert (found.denied_lines, found.denied_cents) == (("L2",), 1_500)
    assert outcome(claim(status="4", charge=15_000, paid=0, adjustments=cas(AUTH))).denied_lines == ("",)


@pytest.mark.parametrize(
    ("said", "due"),
    [
        (claim(line(C45, PR3)), True),
        (claim(line(C45)), False),  # nothing is left
        (claim(line(C45, PR3), ADD_ON), False),  # the primary payer has not spoken its last word
        (claim(line(C45, PR3), status="19"), False),  # the payer forwards it
        (claim(line(AUTH), status="4"), False),
    ],
)
def test_secondary_claim_is_due_for_what_is_left_and_no_statement_before_it(said: RemittedClaim, due: bool) -> None:
    found = outcome(said, has_secondary=True)
    assert (found.secondary_due, found.statement_due) == (due, False)


@pytest.mark.parametrize(("patient", "statement"), [(0, True), (2_000, True), (1_999, False), (2_001, False)])
def test_statement_waits_where_the_payer_contradicts_itself(patient: int, statement: bool) -> None:
    found = outcome(claim(line(C45, PR3), patient=patient))
    assert (found.statement_due, bool(found.reason)) == (statement, not statement)


def test_outcome_of_a_reversal_and_of_what_a_person_must_see() -> None:
    said = claim(line(C45))
    paid = posted(said, OURS[:1])
    undone = posted(reversal(said), OURS[:1], paid.lines, trace="T2")  # type: ignore[union-attr]
    found = outcome_of(reversal(said), undone)  # type: ignore[arg-type]
    assert (found.kind, found.paid_cents) == (OutcomeKind.REVERSED, -12_000)
    seen = outcome_of(said, NeedsAPerson("off by 1 cents", 20))
    assert (seen.kind, seen.reason) == (OutcomeKind.NEEDS_A_PERSON, "off by 1 cents")


def test_secondary_payer_is_told_each_line_of_the_decision() -> None:
    parts = line(C45, charge=10_000, segment=20), line(("CO", "45", 100), PR2, charge=5_000, segment=22)
    said = claim(*parts, line(control="L2", code="90785", charge=1_500, segment=24))
    told = earlier_payment(head(), said, match_lines(said, OURS), {"L1": 1, "L2": 2}, PAYER, POLICY)
    assert not isinstance(told, NeedsAPerson)
    assert (told.payer, told.subscriber, told.decided_on, told.paid_cents) == (PAYER, POLICY, ON, 12_700)
    assert told.line_paid == {1: 11_200, 2: 1_500}
    assert told.line_adjustments == {1: (LineAdjustment("CO", "45", 3_100), LineAdjustment("PR", "2", 700)), 2: ()}
    for number, charge in ((1, 15_000), (2, 1_500)):
        taken = sum(each.amount_cents for each in told.line_adjustments[number])
        assert told.line_paid[number] + taken == charge


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (reversal(claim(line(C45))), "a reversal is no decision"),
        (claim(line(C45, paid=12_001)), "does not balance"),
        (claim(line(control="", code="99999")), "does not fit"),
        (claim(line(C45), adjustments=cas(("PR", "3", 500))), "each line by itself"),
        (claim(charge=15_000, paid=15_000), "each line by itself"),
    ],
)
def test_decision_that_a_secondary_payer_could_not_follow_is_for_a_person(said: RemittedClaim, reason: str) -> None:
    told = earlier_payment(head(), said, match_lines(said, OURS[:1]), {"L1": 1}, PAYER, POLICY)
    assert isinstance(told, NeedsAPerson)
    assert reason in told.reason


def test_secondary_claim_must_have_every_line_and_the_payer_must_have_decided_each() -> None:
    said = claim(line(C45))
    unanswered = earlier_payment(head(), said, match_lines(said, OURS), {"L1": 1, "L2": 2}, PAYER, POLICY)
    assert isinstance(unanswered, NeedsAPerson)
    assert "each line by itself" in unanswered.reason
    lacking = earlier_payment(head(), said, match_lines(said, OURS[:1]), {"L2": 2}, PAYER, POLICY)
    assert isinstance(lacking, NeedsAPerson)
    assert "lacks a line" in lacking.reason
