"""Do the practice's own lines move exactly what is owed, and only where it may be moved?"""

from dataclasses import replace

import pytest

from models.ledger import Balances, LedgerAccount, LedgerKind, LedgerLine, balances, cash
from models.remittance import NeedsAPerson
from rules.ledger import (
    NOT_INSURED,
    Credit,
    billed_to_patient,
    evened,
    kept_back_for,
    moved_to_secondary,
    owed_back,
    refunded,
    taken_off_with,
    withdrawn,
)

A, K = LedgerAccount, LedgerKind


def line(account: A, kind: K, cents: int, number: str = "C1", **said: str) -> LedgerLine:
    source = f"{number}/{account}/{kind}/{cents}/{said.get('group', '')}{said.get('reason', '')}"
    return LedgerLine(number, account, kind, cents, source, 1, line_control=f"{number}L1", **said)


def denied(*said: tuple[str, str, int]) -> list[LedgerLine]:
    """A charge that was denied with these adjustments, to the cent."""
    found = [line(A.PAYER, K.CHARGE, sum(cents for *_, cents in said))]
    for group, reason, cents in said:
        found.append(line(A.PAYER, K.DENIAL, -cents, group=group, reason=reason))
        found.append(line(A.DENIED, K.DENIAL, cents, group=group, reason=reason))
    return found


@pytest.mark.parametrize(
    ("said", "patient", "given_up"),
    [
        ([("PR", "204", 100)], 100, 0),
        ([("OA", "96", 100)], 100, 0),
        ([("CO", "45", 30), ("PR", "204", 70)], 70, 30),
        ([("CO", "45", 100)], 0, 100),
        *(([("CO", "45", 30), ("CO", reason, 70)], 100, 0) for reason in sorted(NOT_INSURED)),
    ],
)
def test_denied_money_becomes_the_patients(said: list[tuple[str, str, int]], patient: int, given_up: int) -> None:
    before = denied(*said)
    moved = billed_to_patient(before, "S")
    assert not isinstance(moved, NeedsAPerson)
    after = balances((*before, *moved))
    assert (after.patient_cents, after.denied_cents, after.payer_cents) == (patient, 0, 0)
    assert -sum(each.amount_cents for each in moved if each.kind is K.WRITE_OFF) == given_up
    assert len({each.key for each in moved}) == len(moved)


def test_nothing_denied_is_nothing_moved() -> None:
    assert billed_to_patient([line(A.PAYER, K.CHARGE, 100)], "S") == ()


@pytest.mark.parametrize("said", [[("CO", "197", 100)], [("PR", "204", 50), ("CO", "29", 50)]])
def test_the_practices_own_loss_is_for_a_person(said: list[tuple[str, str, int]]) -> None:
    assert isinstance(billed_to_patient(denied(*said), "S"), NeedsAPerson)


@pytest.mark.parametrize("kind", [K.WRITE_OFF, K.TRANSFER])
def test_what_was_moved_in_part_before_is_for_a_person(kind: K) -> None:
    assert isinstance(billed_to_patient([*denied(("PR", "204", 100)), line(A.DENIED, kind, -1)], "S"), NeedsAPerson)


SAME, OTHER = {"C1": "AETNA", "C2": "AETNA"}, {"C1": "AETNA", "C2": "BCBS"}


@pytest.mark.parametrize(
    ("first", "second", "payers", "left"),
    [
        (-100, 100, SAME, (0, 0)),
        (-60, 100, SAME, (0, 40)),
        (-100, 60, SAME, (-40, 0)),
        (-100, 100, OTHER, (-100, 100)),
        (-100, 100, {"C1": "AETNA"}, (-100, 100)),
        (100, 100, SAME, (100, 100)),
        (0, 100, SAME, (0, 100)),
        (-100, 0, SAME, (-100, 0)),
    ],
)
@pytest.mark.parametrize("account", [A.PAYER, A.DENIED])
def test_what_one_sending_has_too_much_pays_for_another_of_the_same_payer(
    account: A, first: int, second: int, payers: dict[str, str], left: tuple[int, int]
) -> None:
    before = [line(A.PAYER, K.PAYER_PAYMENT, first), line(account, K.CHARGE, second, "C2")]
    moved = evened(before, payers, "S")
    assert sum(each.amount_cents for each in moved) == 0
    for number, cents in zip(("C1", "C2"), left, strict=True):
        sums = balances(each for each in (*before, *moved) if each.claim_number == number)
        assert sums.owed_cents == cents
    assert evened((*before, *moved), payers, "again") == ()


def test_a_patients_credit_is_theirs() -> None:
    before = [line(A.PATIENT, K.PATIENT_PAYMENT, -100), line(A.PAYER, K.CHARGE, 100, "C2")]
    assert evened(before, SAME, "S") == ()


# -- owed back


def paid_twice() -> list[LedgerLine]:
    """C1 was replaced by C2, and the payer pays both: 70, and 30 that the contract takes off, each time."""
    return [
        *(line(A.PAYER, K.PAYER_PAYMENT, -70, number) for number in ("C1", "C2")),
        *(line(A.PAYER, K.CONTRACTUAL, -30, number, group="CO", reason="45") for number in ("C1", "C2")),
        line(A.PAYER, K.CHARGE, 100, "C2"),
    ]


@pytest.mark.parametrize(
    ("lines", "payer_of", "expected"),
    [
        ([], SAME, ()),
        ([line(A.PAYER, K.CHARGE, 100)], SAME, ()),
        ([line(A.PATIENT, K.PATIENT_PAYMENT, -20)], SAME, (Credit("", (("C1", 20),)),)),
        # what another sending is owed comes first
        (
            [line(A.PATIENT, K.PATIENT_PAYMENT, -20), line(A.PATIENT, K.PATIENT_RESPONSIBILITY, 15, "C2")],
            SAME,
            (Credit("", (("C1", 5),)),),
        ),
        (
            [line(A.PATIENT, K.PATIENT_PAYMENT, -20), line(A.PATIENT, K.PATIENT_RESPONSIBILITY, 20, "C2")],
            SAME,
            (),
        ),
        # of what a payer took off twice nothing was ever paid
        (paid_twice(), SAME, (Credit("AETNA", (("C1", 70),)),)),
        (paid_twice(), OTHER, (Credit("AETNA", (("C1", 70),)),)),
        ([line(A.PAYER, K.CONTRACTUAL, -30)], SAME, ()),
        # a payer does not pay for another one
        (
            [line(A.PAYER, K.PAYER_PAYMENT, -70), line(A.PAYER, K.CHARGE, 70, "C2")],
            OTHER,
            (Credit("AETNA", (("C1", 70),)),),
        ),
        ([line(A.PAYER, K.PAYER_PAYMENT, -70), line(A.PAYER, K.REFUND, 50)], SAME, (Credit("AETNA", (("C1", 20),)),)),
    ],
)
def test_no_more_is_owed_back_than_was_paid_too_much(
    lines: list[LedgerLine], payer_of: dict[str, str], expected: tuple[Credit, ...]
) -> None:
    assert owed_back(lines, payer_of) == expected


@pytest.mark.parametrize("cents", [0, -1, 26])
def test_refund_of_more_than_the_credit_or_of_nothing_is_refused(cents: int) -> None:
    with pytest.raises(ValueError, match=r"^cents"):
        refunded(Credit("", (("C1", 20), ("C2", 5))), cents, "S", method="check", reference="1")


def test_refund_takes_one_number_after_the_other() -> None:
    lines = refunded(Credit("", (("C1", 20), ("C2", 5))), 22, "S", method="check", reference="1")
    assert [(each.claim_number, each.amount_cents, each.key) for each in lines] == [("C1", 20, "S#1"), ("C2", 2, "S#2")]


@pytest.mark.parametrize(("cents", "left"), [(69, -31), (70, 0)])
def test_what_the_contract_took_off_goes_with_the_last_cent_that_was_paid(cents: int, left: int) -> None:
    before = paid_twice()
    back = refunded(owed_back(before, SAME)[0], cents, "S", method="check", reference="1")
    undone = taken_off_with(before, back, "S/contract")
    assert balances((*before, *back, *undone)).payer_cents == left
    assert bool(undone) is (left == 0)


def test_what_the_payer_kept_back_itself_changes_no_cash() -> None:
    back = refunded(Credit("AETNA", (("C1", 70),)), 70, "S", method="kept_back", reference="ICN1")
    other = kept_back_for(back, "S")
    assert (other.account, other.amount_cents, other.claim_number) == (A.BEYOND_CLAIMS, -70, "")
    assert cash((*back, other)) == 0 and other.key not in {each.key for each in back}


def test_what_a_patient_paid_stands_when_a_claim_is_replaced() -> None:
    before = [line(A.PAYER, K.CHARGE, 100), line(A.PATIENT, K.PATIENT_PAYMENT, -20), line(A.PATIENT, K.REFUND, 5)]
    undone = withdrawn(before, "S")
    assert not isinstance(undone, NeedsAPerson)
    assert balances((*before, *undone)) == Balances(0, 0, -15)
    assert isinstance(withdrawn([*before, line(A.PAYER, K.REFUND, 5)], "S"), NeedsAPerson)


def test_what_was_evened_out_of_no_line_does_not_stop_a_secondary_claim():
    left = LedgerLine("CL1", LedgerAccount.PATIENT, LedgerKind.PATIENT_RESPONSIBILITY, 3000, "835", 1, "L1")
    much = LedgerLine("CL0", LedgerAccount.PATIENT, LedgerKind.PATIENT_PAYMENT, -1000, "visit", 1)
    off = evened([left, much], {}, "even")
    assert [(line.claim_number, line.amount_cents) for line in off] == [("CL0", 1000), ("CL1", -1000)]
    moved = moved_to_secondary([left, off[1]], "CL2", {"L1": "S1"}, "moved")
    assert [(line.claim_number, line.account, line.amount_cents) for line in moved] == [
        ("CL1", LedgerAccount.PATIENT, -3000),
        ("CL2", LedgerAccount.PAYER, 3000),
    ]
    # what was left or billed to the patient of the whole claim stays a person's
    for kind in (LedgerKind.PATIENT_RESPONSIBILITY, LedgerKind.TRANSFER):
        whole = replace(left, kind=kind, line_control="")
        assert isinstance(moved_to_secondary([whole], "CL2", {"L1": "S1"}, "moved"), NeedsAPerson)
