"""Do the practice's own lines move exactly what is owed, and only where it may be moved?"""

import pytest

from models.ledger import LedgerAccount, LedgerKind, LedgerLine, balances
from models.remittance import NeedsAPerson
from rules.ledger import NOT_INSURED, billed_to_patient, evened

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
