"""The ledger of a claim: what is posted to it, what that leaves owed, and until when a payer may take to answer."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from acts import billing
from acts.claim_books import Books, Posting, close, line_of, post_all, sent_line
from models.claim_codes import ExceptionQueue
from models.claim_findings import REFUND_BY, blocking
from models.codes import ClaimStatus
from models.columns import utc_now
from models.ledger import Balances, LedgerAccount, LedgerKind, LedgerLine, balances, cash
from models.operational import Claim, ClaimSubmission, LedgerEntry, SubmittedLine
from models.remittance import NeedsAPerson, SentLine
from rules import deadlines, ledger
from rules.claim_sign_off import dollars
from rules.deadlines import Awaited

C = ClaimStatus
CREDIT = "credit"
GIVE_IT_BACK = "Record the refund once it is made; or the payer keeps it back itself (PLB)."
LOOK_AT_IT = "Compare the remittance with the claim; call the payer, or settle it by hand."


def lines_of(db: Session, claim_number: str) -> list[LedgerLine]:
    """All postings under one number of the ledger (a submission's claim control), in the order they were made."""
    found = db.exec(
        select(LedgerEntry).where(LedgerEntry.claim_number == claim_number).order_by(LedgerEntry.at, LedgerEntry.key)  # type: ignore[arg-type]
    ).all()
    return [line_of(entry) for entry in found]


def lines_of_case(db: Session, case_number: str) -> list[LedgerLine]:
    """All postings of a thread, to whichever payer or the patient."""
    found = db.exec(select(LedgerEntry).where(LedgerEntry.case_number == case_number)).all()
    return [line_of(entry) for entry in found]


def lines_of_cases(db: Session, case_numbers: Collection[str]) -> dict[str, list[LedgerLine]]:
    """The same of many threads in one query."""
    found: dict[str, list[LedgerLine]] = {number: [] for number in case_numbers}
    for entry in db.exec(select(LedgerEntry).where(col(LedgerEntry.case_number).in_(case_numbers))).all():
        found[str(entry.case_number)].append(line_of(entry))
    return found


def post(
    db: Session,
    lines: Iterable[LedgerLine],
    *,
    case_number: str | None,
    payer_code: str = "",
    actor: str = "system",
    at: datetime | None = None,
) -> int:
    """Write postings, each once: one whose key stands in the ledger is left as it is; returns how many were new."""
    return post_all(db, [Posting(tuple(lines), case_number, payer_code, at)], actor=actor)


def refresh(db: Session, claim: Claim) -> None:
    """Bring the claim's own sums to what its ledger says."""
    set_sums(db, claim, lines_of_case(db, claim.case_number))


def sum_up(books: Books, claim: Claim) -> Balances:
    """The same where the books of the thread are open; returns what is owed."""
    lines = books.lines_of_case(claim.case_number)
    set_sums(books.db, claim, lines)
    return balances(lines)


def set_sums(db: Session, claim: Claim, lines: Sequence[LedgerLine]) -> None:
    """The same from the thread's postings, read before."""
    owed = balances(lines)
    claim.payer_cents = owed.payer_cents + owed.denied_cents
    claim.patient_cents = owed.patient_cents
    claim.paid_cents = cash(lines)
    db.add(claim)


def statement_facts(db: Session, claims: Sequence[Claim]) -> dict[str, dict[str, str]]:
    """What a statement says of each claim, in one query: the balance, what was paid of it and what went back."""
    patients_cash = (LedgerKind.PATIENT_PAYMENT.value, LedgerKind.REFUND.value)
    found = db.exec(
        select(LedgerEntry.case_number, LedgerEntry.kind, func.sum(LedgerEntry.amount_cents))
        .where(
            col(LedgerEntry.case_number).in_([claim.case_number for claim in claims]),
            LedgerEntry.account == LedgerAccount.PATIENT.value,
            col(LedgerEntry.kind).in_(patients_cash),
        )
        .group_by(col(LedgerEntry.case_number), col(LedgerEntry.kind))
    ).all()
    sums = {(number, kind): abs(int(cents)) for number, kind, cents in found}
    facts = {}
    for claim in claims:
        facts[claim.case_number] = {"amount": dollars(claim.patient_cents)}
        for name, kind in zip(("paid", "returned"), patients_cash, strict=True):
            if cents := sums.get((claim.case_number, kind), 0):
                facts[claim.case_number][name] = dollars(cents)
    return facts


def sent_lines(db: Session, claim_control: str) -> tuple[SentLine, ...]:
    found = db.exec(
        select(SubmittedLine).where(SubmittedLine.claim_control == claim_control).order_by(col(SubmittedLine.number))
    ).all()
    return tuple(sent_line(line) for line in found)


def newest_submission(db: Session, case_number: str) -> ClaimSubmission | None:
    """The last submission of a thread; answers about earlier ones move nothing any more."""
    return db.exec(
        select(ClaimSubmission)
        .where(ClaimSubmission.case_number == case_number)
        .order_by(col(ClaimSubmission.number).desc())
        .limit(1)
    ).first()


def withdraw(db: Session, thread: Claim, number: str, source: str, actor: str = "system") -> bool:
    """Empty the ledger of a submission that another one replaces; says whether that could be done now.

    Of one that was paid, the payer's reversal comes first; until then both are owed.
    """
    undone = ledger.withdrawn(lines_of(db, number), source)
    if isinstance(undone, NeedsAPerson):
        return False
    post(db, undone, case_number=thread.case_number, payer_code=thread.payer_code, actor=actor)
    return True


def to_person(books: Books, thread: Claim, why: Sequence[NeedsAPerson]) -> None:
    """Show the thread to a biller, whatever it was waiting for."""
    thread.queue = ExceptionQueue.REMITTANCE.value
    thread.findings = [
        blocking("remittance", each.reason, LOOK_AT_IT, segment=str(each.segment) if each.segment else "")
        for each in why
    ]
    books.move(thread, C.REMITTANCE_REVIEW, queue=thread.queue)


def owe_back(books: Books, thread: Claim, owed: Balances, segment: int = 0) -> None:
    """Show a biller what somebody has paid more than they owe, and until when it must go back."""
    known = next((each[REFUND_BY] for each in thread.findings if each.get(REFUND_BY)), "")
    parts = {"payers": -owed.payer_cents, "the patient": -owed.patient_cents}
    sides = " and ".join(f"${dollars(cents)} to {who}" for who, cents in parts.items() if cents > 0)
    said = f"More was paid than is owed: {sides or f'${dollars(owed.credit_cents)}'} is owed back."
    found = blocking(CREDIT, said, GIVE_IT_BACK, segment=str(segment) if segment else "")
    by = known or (utc_now().date() + billing.refund_within()).isoformat()
    thread.queue, thread.findings = ExceptionQueue.CREDIT.value, [found | {REFUND_BY: by}]
    books.move(thread, C.REMITTANCE_REVIEW, queue=thread.queue)


def settle(db: Session, thread: Claim, actor: str, **details: Any) -> None:
    """Close a thread on which nothing is owed any more, or have the patient told what they owe."""
    books = Books(db, [thread.case_number], actor=actor)
    settle_in(books, thread, **details)
    close(books)


def settle_in(books: Books, thread: Claim, **details: Any) -> None:
    """The same where the books of the thread are open."""
    owed = sum_up(books, thread)
    if owed.credit_cents and not (owed.payer_cents > 0 or owed.denied_cents):
        owe_back(books, thread, owed)
    elif owed.payer_cents or owed.denied_cents:
        sides = f"payer {owed.payer_cents}, denied {owed.denied_cents}, patient {owed.patient_cents} cents"
        to_person(books, thread, [NeedsAPerson(f"after this decision something is left open: {sides}")])
    elif owed.patient_cents:
        books.move(thread, C.PATIENT_BALANCE, cents=owed.patient_cents, **details)
    else:
        books.move(thread, evened_out(thread), **details)


def evened_out(thread: Claim) -> ClaimStatus:
    """Where a thread closes on which nothing is owed: one that never left was not billed, whatever has gone back."""
    return C.CLOSED_PAID if thread.first_sent_at is not None else C.CLOSED_NOT_BILLED


def owed_by(db: Session, case_number: str) -> list[tuple[str, LedgerAccount, int]]:
    """What is open on a thread: number of the ledger, account, cents; nothing that is even."""
    sums: dict[tuple[str, LedgerAccount], int] = {}
    for line in lines_of_case(db, case_number):
        key = (line.claim_number, line.account)
        sums[key] = sums.get(key, 0) + line.amount_cents
    return [(number, account, cents) for (number, account), cents in sorted(sums.items()) if cents]


def could_give_up(db: Session, case_number: str) -> int:
    """The cents that giving up everything owed on a thread would cost."""
    return sum(cents for *_, cents in owed_by(db, case_number) if cents > 0)


def post_write_off(db: Session, thread: Claim, *, source: str, actor: str) -> int:
    """Give up everything that is still owed on a thread; returns the cents given up."""
    lines = [
        ledger.written_off(number, account, cents, f"{source}/{number}/{account.value}", reason="given_up")
        for number, account, cents in owed_by(db, thread.case_number)
        if cents > 0
    ]
    post(db, lines, case_number=thread.case_number, payer_code=thread.payer_code, actor=actor)
    given_up = -sum(line.amount_cents for line in lines)
    thread.write_off_cents += given_up
    refresh(db, thread)
    return given_up


def answer_by(thread: Claim, awaited: Awaited, since: datetime | None = None) -> datetime:
    """Until when an answer of this kind may take; without a contract on file, ten days."""
    moment = since or utc_now()
    contract = billing.tables().contract(thread.payer_code, thread.service_date)
    if contract is None:
        return moment + timedelta(days=10)
    return deadlines.answer_due(contract, awaited, moment)
