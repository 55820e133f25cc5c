"""What billers do to a claim: correct, send again, take back, appeal, write off, bill the patient, settle by hand."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from acts import billing, claim_money, remitted_claims
from acts.appeal_facts import appeal_facts
from acts.billing_records import PATIENT_FIELDS
from acts.insurance import coverage_in_force
from acts.patient_messages import channel_for
from adapters import therapy_store, therapy_store_claims
from adapters.appeal_letters import appeal_letter
from adapters.claim_values import remitted_from_plain
from adapters.held_places import is_held
from adapters.operational_store import audit, move_case, one, reading, writing
from models.claim_answers import RemittanceHead
from models.claim_codes import RemittanceOutcome, SubmissionStatus
from models.claim_form import ClaimFrequency, PayerName
from models.codes import ClaimStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.governance_codes import Workflow
from models.ledger import LedgerAccount, balances
from models.operational import Claim, ClaimSubmission, EligibilityCheck, Patient, RemittedClaimRecord, Staff
from models.remittance import NeedsAPerson
from models.therapy_text import TherapyText
from rules import ledger
from rules.claim_sign_off import WRITE_OFF_ASKED, asks_owner
from rules.deadlines import Awaited

C = ClaimStatus
BILLERS = (Role.BILLER, Role.ADMIN)
CLAIM_FIELDS = ("place_of_service", "modifiers", "authorisation", "procedure_code", "addons", "diagnoses")
"""What may be changed about one claim; the last three are clinical: a clinician signs them."""
CLINICAL_FIELDS = frozenset({"procedure_code", "addons", "diagnoses"})
WITH_A_BILLER = (C.CORRECTION, C.DENIED, C.REMITTANCE_REVIEW)
AT_THE_PAYER = (*WITH_A_BILLER, C.APPEALED)
"""Where a payer has said no, or somebody asks it again: an appeal may be lost by telephone."""
BUILT_AGAIN = (*AT_THE_PAYER, C.MISSING_INFORMATION, C.PATIENT_BALANCE)
"""Where a claim may be built anew: also while a patient is asked who has rung instead, or owes what is in doubt."""
TAKEN_BACK = (*AT_THE_PAYER, C.PATIENT_BALANCE, C.CLOSED_PAID)
NEVER_LEFT = (C.CORRECTION, C.MISSING_INFORMATION, C.CLAIM_SIGNATURE, C.CLINICAL_SIGNATURE, C.COVERAGE_ASKED)
HELD_UP = (C.RECEIVED, C.READY_TO_BUILD)
"""Where the system would act, and does not while claims are held."""
LONGEST_WAIT = 120
FORMS: dict[str, re.Pattern[str]] = {
    "place_of_service": re.compile(r"[0-9]{2}"),
    "modifiers": re.compile(r"[A-Z0-9]{2}"),
    "authorisation": re.compile(r"[A-Za-z0-9 .-]{1,50}"),
    "procedure_code": re.compile(r"[0-9A-Z]{5}"),
    "addons": re.compile(r"[0-9A-Z]{5} [1-9][0-9]?"),
    "diagnoses": re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?"),
}
MOST = {"modifiers": 4, "addons": 6, "diagnoses": 12}
"""Of what there may be several, and how many (005010X222A1: SV101-3 to -6, HI)."""


def _biller(db: Session, staff_id: str) -> Staff:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in BILLERS:
        raise NotAllowed("a biller does this")
    return staff


def locked_thread(db: Session, case_number: str, staff_id: str, *wanted: ClaimStatus) -> Claim:
    """The claim, locked, for a biller of its place, where it stands in one of these statuses."""
    claim = db.get(Claim, case_number, with_for_update=True)
    if claim is None:
        raise MovedOn(f"there is no claim {case_number}")
    if claim.location_id not in _biller(db, staff_id).location_ids:
        raise NotAllowed("the claim belongs to another location")
    if wanted and claim.status not in wanted:
        raise MovedOn(f"claim {case_number} has moved on")
    return claim


def keep_reason(case_number: str, staff_id: str, reason: TherapyText, *wanted: ClaimStatus) -> str:
    """Keep the words of somebody who may act on this claim; what happens to it is checked again when it is written."""
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        locked_thread(db, case_number, staff_id, *wanted)
    words_id = new_id("RS")
    therapy_store.keep_to_do_words(words_id, case_number, answer=reason, actor=staff_id)
    return words_id


def as_changes(changes: Mapping[str, str]) -> dict[str, Any]:
    """What somebody typed as values; "" takes a change back. Raises ValueError naming a field, never its value."""
    found: dict[str, Any] = {}
    for name, typed in changes.items():
        if name not in CLAIM_FIELDS:
            raise ValueError(f"{name} cannot be changed here")
        parts = [part.strip().upper() if name != "authorisation" else part.strip() for part in typed.split(",")]
        parts = [part for part in parts if part]
        if any(not FORMS[name].fullmatch(part) for part in parts):
            raise ValueError(f"{name} is not in the form it must have")
        if len(parts) > MOST.get(name, 1):
            raise ValueError(f"{name} takes {MOST.get(name, 'one')} at most")
        if len({part.split(" ")[0] for part in parts}) < len(parts):
            raise ValueError(f"{name} names something twice")
        if not parts:
            found[name] = None
        elif name == "addons":
            found[name] = [[code, int(units)] for code, units in (part.split(" ") for part in parts)]
        else:
            found[name] = parts if name in MOST else parts[0]
    return found


def correct(case_number: str, *, staff_id: str, changes: Mapping[str, str], reason: TherapyText) -> None:
    """Change what this claim says (``CLAIM_FIELDS``; "" takes a change back) and have it built and checked anew.

    ``modifiers``, ``diagnoses`` and ``addons`` (``90785 1``) are separated by commas. A claim that the payer has
    decided goes as a replacement (7) of it, one that was rejected or never sent as an original. Raises ValueError
    naming a field or without a reason, NotAllowed, MovedOn where the claim is not with a biller.
    """
    values = as_changes(changes)
    if not values:
        raise ValueError("nothing was changed")
    _build_again(case_number, staff_id, keep_reason(case_number, staff_id, reason, *BUILT_AGAIN), values)


def build_again(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Have a claim built and checked anew as it stands, after the practice's own records were put right.

    Raises ValueError, NotAllowed, MovedOn as ``correct`` does.
    """
    _build_again(case_number, staff_id, keep_reason(case_number, staff_id, reason, *BUILT_AGAIN), {})


def _build_again(case_number: str, staff_id: str, words: str, changes: dict[str, Any]) -> None:
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *BUILT_AGAIN)
        _goes_as(db, claim)
        details: dict[str, Any] = {"changed": sorted(changes)} if changes else {}
        # insurance that was put right meanwhile is asked about anew
        move_case(db, claim, C.RECEIVED, actor=staff_id, words=words, frequency=claim.frequency, **details)
        if changes:
            # once nothing refuses any more; a crash before the move is written leaves what the next building takes up
            therapy_store_claims.change(case_number, changes, staff_id)


def _goes_as(db: Session, claim: Claim) -> None:
    """Settle how the claim leaves next: what the payer has in its books is replaced, else it goes as an original."""
    in_books = _in_their_books(db, claim)
    claim.frequency, claim.touched = ClaimFrequency.ORIGINAL.value, True
    if in_books:
        claim.frequency, claim.payer_control = ClaimFrequency.REPLACEMENT.value, _their_number(in_books)
    db.add(claim)


def _in_their_books(db: Session, claim: Claim) -> list[ClaimSubmission]:
    """What the payer that is billed now has accepted or decided of the claim and not taken back, the newest first."""
    held = coverage_in_force(db, one(db, Patient, claim.patient_id), claim.rank, claim.service_date)
    found = db.exec(
        select(ClaimSubmission)
        .where(
            ClaimSubmission.case_number == claim.case_number,
            ClaimSubmission.rank == claim.rank,
            ClaimSubmission.payer_code == (held.payer_code if held is not None else claim.payer_code),
            ClaimSubmission.frequency != ClaimFrequency.VOID.value,
            col(ClaimSubmission.status).not_in((SubmissionStatus.REJECTED, SubmissionStatus.REVERSED)),
        )
        .order_by(col(ClaimSubmission.number).desc())
    ).all()
    return [each for each in found if each.accepted_at is not None or each.decided_at is not None]


def _their_number(in_books: list[ClaimSubmission]) -> str:
    number = next((each.payer_control for each in in_books if each.payer_control), "")
    if not number:
        raise ValueError("payer_control is not known: what the payer has in its books is replaced under its number")
    return number


def ask_coverage_again(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Have the payer asked once more whether the patient was covered, then the claim built anew."""
    words = keep_reason(case_number, staff_id, reason, C.CORRECTION)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, C.CORRECTION)
        check = db.get(EligibilityCheck, claim.eligibility_id) if claim.eligibility_id else None
        if check is not None:
            check.unique_key = f"{check.unique_key}:{check.id}"  # the next question about this date is a new one
            db.add(check)
            audit(db, staff_id, "coverage.ask_again", check, case_number)
        claim.eligibility_id = None
        _goes_as(db, claim)
        move_case(db, claim, C.RECEIVED, actor=staff_id, words=words)


def take_back(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Void (frequency 8) what the payer has decided or accepted, even paid."""
    words = keep_reason(case_number, staff_id, reason, *TAKEN_BACK)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *TAKEN_BACK)
        in_books = _in_their_books(db, claim)
        if not in_books:
            raise ValueError("the payer has nothing of this claim that could be taken back")
        claim.frequency, claim.payer_control = ClaimFrequency.VOID.value, _their_number(in_books)
        claim.touched = True
        db.add(claim)
        if claim.status.is_closed:
            move_case(db, claim, C.REMITTANCE_REVIEW, actor=staff_id, why="taken back")
        move_case(db, claim, C.READY_TO_BUILD, actor=staff_id, words=words, frequency=claim.frequency)


def do_not_bill(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Close a claim that never left: nothing is billed from here. While claims are held at its location, also one that
    no step takes on meanwhile: somebody bills it elsewhere."""
    with reading() as db:
        claim = one(db, Claim, case_number)
        held = is_held(db, Workflow.CLAIMS, claim.location_id)
    where = (*NEVER_LEFT, *(HELD_UP if held else ()))
    words = keep_reason(case_number, staff_id, reason, *where)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *where)
        if claim.first_sent_at is not None:
            raise ValueError("the claim has left once: take it back or write it off")
        claim.touched = True
        db.add(claim)
        move_case(db, claim, C.CLOSED_NOT_BILLED, actor=staff_id, words=words)


def write_off_limit() -> int:
    """Up to how many cents a biller writes off, or gives back, alone; without billing data, none."""
    practice = billing.tables().practice(utc_now().date())
    return practice.write_off_limit_cents if practice is not None else 0


def write_off(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Give up what is still owed on the claim; above the practice's limit an owner signs first."""
    wanted = (*AT_THE_PAYER, C.PATIENT_BALANCE)
    words = keep_reason(case_number, staff_id, reason, *wanted)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *wanted)
        if claim.first_sent_at is None:
            raise ValueError("the claim never left: say that it is not billed")
        cents = claim_money.could_give_up(db, case_number)
        if not cents:
            raise ValueError("nothing is owed that could be given up")
        if balances(claim_money.lines_of_case(db, case_number)).credit_cents:
            raise ValueError("something is owed back: refund it first")
        claim.touched = True
        db.add(claim)
        if cents > write_off_limit():
            claim.findings = [*claim.findings, asks_owner(WRITE_OFF_ASKED, cents, staff_id=staff_id, words=words)]
            move_case(db, claim, C.WRITE_OFF_SIGNATURE, actor=staff_id, words=words, cents=cents)
            return
        claim_money.post_write_off(db, claim, source=f"write-off:{words}", actor=staff_id)
        move_case(db, claim, C.CLOSED_WRITTEN_OFF, actor=staff_id, words=words, cents=cents)


def appeal(
    case_number: str, *, staff_id: str, template: str, corrected: str, attached: str, reason: TherapyText
) -> str:
    """Answer a denial with a letter from a template; returns the letter's id. The claim waits for the payer's decision.

    ``corrected`` and ``attached`` name, separated by commas, what was corrected and which papers go with it.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    text = preview_appeal(case_number, staff_id=staff_id, template=template, corrected=corrected, attached=attached)
    words = keep_reason(case_number, staff_id, reason, *WITH_A_BILLER)
    letter_id = f"AL-{words}"
    # before the move: a claim that waits for an answer has its letter
    therapy_store_claims.keep_letter(letter_id, case_number, TherapyText(text), staff_id)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *WITH_A_BILLER)
        claim.answer_by = claim_money.answer_by(claim, Awaited.REMITTANCE)
        claim.queue, claim.touched = "", True
        db.add(claim)
        move_case(db, claim, C.APPEALED, actor=staff_id, words=words, letter=letter_id, template=template)
    return letter_id


def preview_appeal(case_number: str, *, staff_id: str, template: str, corrected: str, attached: str) -> str:
    """The letter as it would be sent. Raises ValueError for a template that there is not, naming what it lacks, or
    where nothing is denied."""
    with reading() as db:
        claim = locked_thread(db, case_number, staff_id, *WITH_A_BILLER)
        if not balances(claim_money.lines_of_case(db, case_number)).denied_cents:
            raise ValueError("the payer has denied nothing that could be appealed")
        facts = appeal_facts(db, claim)
    named = {"corrected": _named(corrected), "attached": _named(attached), "written_on": utc_now().date()}
    return appeal_letter(template, replace(facts, **named))  # type: ignore[arg-type]


def _named(typed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in typed.split(",") if part.strip())


def bill_patient(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Move what the payer denied to the patient, who gets a statement; what they owe already stays theirs.

    What the contract would take off is given up with it. Raises ValueError where the patient may not be asked for it:
    the payer has denied it as the practice's own loss (group CO) of somebody it insures.
    """
    words = keep_reason(case_number, staff_id, reason, *AT_THE_PAYER)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *AT_THE_PAYER)
        lines = claim_money.lines_of_case(db, case_number)
        moved = ledger.billed_to_patient(lines, f"to-patient:{words}")
        if isinstance(moved, NeedsAPerson):
            raise ValueError(moved.reason)
        left = balances((*lines, *moved))
        if left.patient_cents <= 0:
            raise ValueError("there is nothing on this claim that the patient could owe")
        if left.payer_cents or left.denied_cents:
            raise ValueError("the payer has not decided all of this claim")
        claim_money.post(db, moved, case_number=case_number, payer_code=claim.payer_code, actor=staff_id)
        claim.touched, claim.queue, claim.findings = True, "", []
        claim_money.settle(db, claim, staff_id, words=words)


def accept_decision(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """What a payer decided was looked at and is right as it was posted: close the claim, or have the patient told.

    Raises ValueError where something is still open at the payer, or the patient is owed something back.
    """
    words = keep_reason(case_number, staff_id, reason, C.REMITTANCE_REVIEW)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, C.REMITTANCE_REVIEW)
        owed = balances(claim_money.lines_of_case(db, case_number))
        if owed.payer_cents or owed.denied_cents or owed.patient_cents < 0:
            raise ValueError("the ledger is not even: something is open at the payer, or owed back")
        claim.touched, claim.queue, claim.findings = True, "", []
        claim_money.settle(db, claim, staff_id, words=words)


def record_patient_payment(case_number: str, *, staff_id: str, cents: int, reference: str, more: bool = False) -> None:
    """Post what the patient has paid; ``reference`` makes a payment count once. The last cent closes the claim.

    ``more``: whoever records it has seen that it is more than is owed, or that nothing is; the rest is owed back.
    """
    if cents <= 0:
        raise ValueError("cents must be more than 0")
    reference = ledger.read_reference(reference)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id)
        source = f"paid:{case_number}:{reference}:"
        known = [line for line in claim_money.lines_of_case(db, case_number) if line.source.startswith(source)]
        if known:
            if -sum(line.amount_cents for line in known) != cents:
                raise ValueError("reference was used before for another amount")
            return  # this payment is in the ledger
        if claim.status not in ((C.PATIENT_BALANCE, C.CLOSED_PAID) if more else (C.PATIENT_BALANCE,)):
            raise MovedOn(f"claim {case_number} has moved on")
        owes = [each for each in claim_money.owed_by(db, case_number) if each[1] is LedgerAccount.PATIENT]
        if cents > sum(open_cents for _, _, open_cents in owes) and not more:
            raise ValueError("cents is more than the patient owes")
        lines, left = [], cents
        for number, _, open_cents in owes:
            part = min(left, open_cents)
            if part > 0:
                lines.append(ledger.patient_payment(number, part, f"{source}{number}"))
                left -= part
        if left:
            number = _last_sent(db, claim)
            lines.append(ledger.patient_payment(number, left, f"{source}{number}/more"))
        claim_money.post(db, lines, case_number=case_number, payer_code=claim.payer_code, actor=staff_id)
        if balances(claim_money.lines_of_case(db, case_number)).patient_cents > 0:
            claim_money.refresh(db, claim)
            return  # the rest is still owed
        claim_money.settle(db, claim, staff_id)


def _last_sent(db: Session, claim: Claim) -> str:
    sent = claim_money.newest_submission(db, claim.case_number)
    if sent is None:
        raise ValueError("the claim never left: nothing can be paid on it")
    return sent.claim_control


def wait_for_payer(case_number: str, *, staff_id: str, days: int, reason: TherapyText) -> None:
    """Somebody called and the payer is at it: wait on, with a new day by which an answer is due."""
    if not 1 <= days <= LONGEST_WAIT:
        raise ValueError(f"days must be from 1 to {LONGEST_WAIT}")
    words = keep_reason(case_number, staff_id, reason, *AT_THE_PAYER)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, *AT_THE_PAYER)
        if claim.first_sent_at is None:
            raise ValueError("the claim never left: no payer is at it")
        claim.answer_by, claim.touched = utc_now() + timedelta(days=days), True
        claim.queue, claim.findings = "", []
        db.add(claim)
        move_case(db, claim, C.ACCEPTED, actor=staff_id, words=words, days=days)


def ask_patient(case_number: str, *, staff_id: str, fields: tuple[str, ...]) -> None:
    """Write to the patient with a link to fill in what is missing, and nothing else."""
    if not fields or any(field not in PATIENT_FIELDS for field in fields):
        raise ValueError("fields must be some that a patient can be asked for")
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, C.CORRECTION)
        if channel_for(one(db, Patient, claim.patient_id)) is None:
            raise ValueError("the patient cannot be written to: call")
        claim.missing = sorted(set(fields))
        _goes_as(db, claim)
        move_case(db, claim, C.MISSING_INFORMATION, actor=staff_id, fields=claim.missing)


def settle_remitted(remitted_id: str, *, staff_id: str, case_number: str, reason: TherapyText) -> None:
    """Settle one claim of a remittance that could not be posted: "" as case number means it is none of ours.

    With a case number it is posted to that thread if it adds up there; raises ValueError with the reason where not.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        _for_hand(db, remitted_id, staff_id, case_number)
    words = new_id("RS")
    therapy_store.keep_to_do_words(words, case_number, answer=reason, actor=staff_id)
    with writing() as db:
        record = _for_hand(db, remitted_id, staff_id, case_number)
        if not case_number:
            record.outcome, record.reason = RemittanceOutcome.SETTLED_BY_HAND, "none of ours"
            db.add(record)
            audit(db, staff_id, "remitted_claim.settled_by_hand", record, record.case_number, words=words)
            return
        head = RemittanceHead(
            set_control="",
            paid_cents=0,
            trace=record.trace,
            method="",
            paid_on=record.paid_on,
            payer=PayerName("", record.payer_id),
        )
        said = remitted_from_plain(record.content)
        remitted_claims.post_by_hand(db, record, head, said, case_number, actor=staff_id)
        audit(db, staff_id, "remitted_claim.matched_by_hand", record, case_number, words=words)


def _for_hand(db: Session, remitted_id: str, staff_id: str, case_number: str) -> RemittedClaimRecord:
    """A remitted claim that waits for a person, for a biller of the places of the threads it has to do with."""
    record = db.get(RemittedClaimRecord, remitted_id, with_for_update=True)
    if record is None or record.outcome is not RemittanceOutcome.FOR_A_PERSON:
        raise MovedOn(f"remitted claim {remitted_id} is settled")
    threads = {case_number, record.case_number or ""} - {""}
    for number in sorted(threads):
        locked_thread(db, number, staff_id)
    if not threads:
        _biller(db, staff_id)
    return record
