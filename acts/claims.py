"""What billers do to a claim: correct, send again, take back, appeal, write off, bill the patient, settle by hand."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from acts import billing, claim_money
from acts.appeal_facts import appeal_facts
from acts.billing_records import PATIENT_FIELDS
from acts.patient_messages import channel_for
from adapters import therapy_store, therapy_store_claims
from adapters.appeal_letters import appeal_letter
from adapters.claim_values import remitted_from_plain
from adapters.operational_store import audit, move_case, one, reading, writing
from models.claim_answers import RemittanceHead
from models.claim_codes import RemittanceOutcome, SubmissionStatus
from models.claim_form import ClaimFrequency, PayerName
from models.codes import ClaimStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.ledger import LedgerAccount, LedgerKind, LedgerLine, balances
from models.operational import (
    Claim,
    EligibilityCheck,
    LedgerEntry,
    Patient,
    RemittedClaimRecord,
    Staff,
)
from models.therapy_text import TherapyText
from rules import ledger
from rules.deadlines import Awaited

C = ClaimStatus
BILLERS = (Role.BILLER, Role.ADMIN)
CLAIM_FIELDS = ("place_of_service", "modifiers", "authorisation", "procedure_code", "addons", "diagnoses")
"""What may be changed about one claim; the last three are clinical: a clinician signs them."""
CLINICAL_FIELDS = frozenset({"procedure_code", "addons", "diagnoses"})
WITH_A_BILLER = (C.CORRECTION, C.DENIED, C.REMITTANCE_REVIEW)
NEVER_LEFT = (C.CORRECTION, C.MISSING_INFORMATION, C.CLAIM_SIGNATURE, C.CLINICAL_SIGNATURE, C.COVERAGE_ASKED)
LONGEST_WAIT = 120
FORMS: dict[str, re.Pattern[str]] = {
    "place_of_service": re.compile(r"[0-9]{2}"),
    "modifiers": re.compile(r"[A-Z0-9]{2}"),
    "authorisation": re.compile(r"[A-Za-z0-9 .-]{1,50}"),
    "procedure_code": re.compile(r"[0-9A-Z]{5}"),
    "addons": re.compile(r"[0-9A-Z]{5} [0-9]{1,2}"),
    "diagnoses": re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?"),
}
LISTS = frozenset({"modifiers", "addons", "diagnoses"})


def _thread(db: Session, case_number: str, staff_id: str, *wanted: ClaimStatus) -> Claim:
    """The claim, locked, for a biller of its place, where it stands in one of these statuses."""
    claim = db.get(Claim, case_number, with_for_update=True)
    if claim is None:
        raise MovedOn(f"there is no claim {case_number}")
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in BILLERS:
        raise NotAllowed("a biller does this")
    if claim.location_id not in staff.location_ids:
        raise NotAllowed("the claim belongs to another location")
    if wanted and claim.status not in wanted:
        raise MovedOn(f"claim {case_number} has moved on")
    return claim


def _keep_reason(case_number: str, staff_id: str, reason: TherapyText, *wanted: ClaimStatus) -> str:
    """Keep the words of somebody who may act on this claim; what happens to it is checked again when it is written."""
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        _thread(db, case_number, staff_id, *wanted)
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
        if name not in LISTS and len(parts) > 1:
            raise ValueError(f"{name} takes one value")
        if not parts:
            found[name] = None
        elif name == "addons":
            found[name] = [[code, int(units)] for code, units in (part.split(" ") for part in parts)]
        else:
            found[name] = parts if name in LISTS else parts[0]
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
    words = _keep_reason(case_number, staff_id, reason, *WITH_A_BILLER)
    # before the move: a crash in between leaves a change that the next building takes up
    therapy_store_claims.change(case_number, values, staff_id)
    _build_again(case_number, staff_id, words, changed=sorted(values))


def build_again(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Have a claim built and checked anew as it stands, after the practice's own records were put right."""
    _build_again(case_number, staff_id, _keep_reason(case_number, staff_id, reason, *WITH_A_BILLER))


def ask_coverage_again(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Have the payer asked once more whether the patient was covered, then the claim built anew."""
    words = _keep_reason(case_number, staff_id, reason, C.CORRECTION)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, C.CORRECTION)
        check = db.get(EligibilityCheck, claim.eligibility_id) if claim.eligibility_id else None
        if check is not None:
            check.unique_key = f"{check.unique_key}:{check.id}"  # the next question about this date is a new one
            db.add(check)
            audit(db, staff_id, "coverage.ask_again", check, case_number)
        claim.touched, claim.eligibility_id = True, None
        db.add(claim)
        move_case(db, claim, C.RECEIVED, actor=staff_id, words=words)


def _build_again(case_number: str, staff_id: str, words: str, **details: Any) -> None:
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *WITH_A_BILLER)
        claim.frequency, claim.touched = _frequency(db, claim), True
        if claim.frequency != ClaimFrequency.ORIGINAL and not claim.payer_control:
            raise ValueError(
                "payer_control is not known: a claim that was decided is replaced under the payer's number"
            )
        db.add(claim)
        # insurance that was put right meanwhile is asked about anew
        to = C.RECEIVED if claim.status == C.CORRECTION else C.READY_TO_BUILD
        move_case(db, claim, to, actor=staff_id, words=words, frequency=claim.frequency, **details)


def _frequency(db: Session, claim: Claim) -> str:
    """What the payer has decided or taken into its books is replaced; what never got there goes as an original."""
    newest = claim_money.newest_submission(db, claim.case_number)
    in_their_books = (SubmissionStatus.DECIDED, SubmissionStatus.ACCEPTED)
    if newest is not None and newest.status in in_their_books and newest.rank == claim.rank:
        return ClaimFrequency.REPLACEMENT.value
    return ClaimFrequency.ORIGINAL.value


def take_back(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Void (frequency 8) what the payer has decided or accepted."""
    words = _keep_reason(case_number, staff_id, reason, *WITH_A_BILLER)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *WITH_A_BILLER)
        if _frequency(db, claim) == ClaimFrequency.ORIGINAL or not claim.payer_control:
            raise ValueError("the payer has nothing of this claim that could be taken back")
        claim.frequency, claim.touched = ClaimFrequency.VOID.value, True
        db.add(claim)
        move_case(db, claim, C.READY_TO_BUILD, actor=staff_id, words=words, frequency=claim.frequency)


def do_not_bill(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Close a claim that never left: nothing is billed."""
    words = _keep_reason(case_number, staff_id, reason, *NEVER_LEFT)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *NEVER_LEFT)
        if claim.first_sent_at is not None:
            raise ValueError("the claim has left once: take it back or write it off")
        claim.touched = True
        db.add(claim)
        move_case(db, claim, C.CLOSED_NOT_BILLED, actor=staff_id, words=words)


def write_off_limit(claim: Claim) -> int:
    """Up to how many cents a biller writes off alone; without billing data, none."""
    practice = billing.tables().practice(utc_now().date())
    return practice.write_off_limit_cents if practice is not None else 0


def write_off(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Give up what is still owed on the claim; above the practice's limit an owner signs first."""
    wanted = (*WITH_A_BILLER, C.PATIENT_BALANCE)
    words = _keep_reason(case_number, staff_id, reason, *wanted)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *wanted)
        owed = balances(claim_money.lines_of_case(db, case_number)).owed_cents
        if claim.first_sent_at is None:
            raise ValueError("the claim never left: say that it is not billed")
        claim.touched = True
        db.add(claim)
        if owed > write_off_limit(claim):
            move_case(db, claim, C.WRITE_OFF_SIGNATURE, actor=staff_id, words=words, cents=owed)
            return
        claim_money.post_write_off(db, claim, source=f"write-off:{words}", actor=staff_id)
        move_case(db, claim, C.CLOSED_WRITTEN_OFF, actor=staff_id, words=words, cents=owed)


def appeal(
    case_number: str, *, staff_id: str, template: str, corrected: str, attached: str, reason: TherapyText
) -> str:
    """Answer a denial with a letter from a template; returns the letter's id. The claim waits for the payer's decision.

    ``corrected`` and ``attached`` name, separated by commas, what was corrected and which papers go with it.
    """
    wanted = (C.DENIED, C.REMITTANCE_REVIEW)
    text = preview_appeal(case_number, staff_id=staff_id, template=template, corrected=corrected, attached=attached)
    words = _keep_reason(case_number, staff_id, reason, *wanted)
    letter_id = f"AL-{words}"
    therapy_store_claims.keep_letter(letter_id, case_number, TherapyText(text), staff_id)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *wanted)
        claim.answer_by = claim_money.answer_by(claim, Awaited.REMITTANCE)
        claim.touched = True
        db.add(claim)
        move_case(db, claim, C.APPEALED, actor=staff_id, words=words, letter=letter_id, template=template)
    return letter_id


def preview_appeal(case_number: str, *, staff_id: str, template: str, corrected: str, attached: str) -> str:
    """The letter as it would be sent. Raises ValueError for a template that there is not."""
    with reading() as db:
        claim = _thread(db, case_number, staff_id, C.DENIED, C.REMITTANCE_REVIEW)
        facts = appeal_facts(db, claim)
    named = {"corrected": _named(corrected), "attached": _named(attached), "written_on": utc_now().date()}
    return appeal_letter(template, replace(facts, **named))  # type: ignore[arg-type]


def _named(typed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in typed.split(",") if part.strip())


def bill_patient(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Move what the payer denied to the patient, who gets a statement."""
    words = _keep_reason(case_number, staff_id, reason, *WITH_A_BILLER)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *WITH_A_BILLER)
        denied = [each for each in claim_money.owed_by(db, case_number) if each[1] is LedgerAccount.DENIED]
        if not denied:
            raise ValueError("the payer has denied nothing that the patient could owe")
        moved = [
            LedgerLine(number, account, LedgerKind.TRANSFER, amount, f"to-patient:{words}:{number}", part)
            for number, _, cents in denied
            for part, (account, amount) in enumerate(
                ((LedgerAccount.DENIED, -cents), (LedgerAccount.PATIENT, cents)), start=1
            )
        ]
        claim_money.post(db, moved, case_number=case_number, payer_code=claim.payer_code, actor=staff_id)
        claim.touched = True
        claim_money.refresh(db, claim)
        claim_money.settle(db, claim, staff_id)


def record_patient_payment(case_number: str, *, staff_id: str, cents: int, reference: str) -> None:
    """Post what the patient has paid; ``reference`` makes a payment count once. The last cent closes the claim."""
    if cents <= 0:
        raise ValueError("cents must be more than 0")
    if not re.fullmatch(r"[A-Za-z0-9 .-]{1,40}", reference.strip()):
        raise ValueError("reference may hold letters, digits, dots and dashes only")
    with writing() as db:
        claim = _thread(db, case_number, staff_id, C.PATIENT_BALANCE)
        source = f"paid:{case_number}:{reference.strip()}:"
        known = db.exec(select(LedgerEntry.key).where(col(LedgerEntry.source).startswith(source, autoescape=True)))
        if known.first() is not None:
            return  # this payment is in the ledger
        owes = [each for each in claim_money.owed_by(db, case_number) if each[1] is LedgerAccount.PATIENT]
        if cents > sum(open_cents for _, _, open_cents in owes):
            raise ValueError("cents is more than the patient owes")
        lines, left = [], cents
        for number, _, open_cents in owes:
            part = min(left, open_cents)
            if part > 0:
                lines.append(ledger.patient_payment(number, part, f"{source}{number}"))
                left -= part
        claim_money.post(db, lines, case_number=case_number, actor=staff_id)
        if balances(claim_money.lines_of_case(db, case_number)).patient_cents:
            claim_money.refresh(db, claim)
            return  # the rest is still owed
        claim_money.settle(db, claim, staff_id)


def wait_for_payer(case_number: str, *, staff_id: str, days: int, reason: TherapyText) -> None:
    """Somebody called and the payer is at it: wait on, with a new day by which an answer is due."""
    if not 1 <= days <= LONGEST_WAIT:
        raise ValueError(f"days must be from 1 to {LONGEST_WAIT}")
    words = _keep_reason(case_number, staff_id, reason, *WITH_A_BILLER)
    with writing() as db:
        claim = _thread(db, case_number, staff_id, *WITH_A_BILLER)
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
        claim = _thread(db, case_number, staff_id, C.CORRECTION)
        if channel_for(one(db, Patient, claim.patient_id)) is None:
            raise ValueError("the patient cannot be written to: call")
        claim.missing, claim.touched = list(fields), True
        db.add(claim)
        move_case(db, claim, C.MISSING_INFORMATION, actor=staff_id, fields=sorted(fields))


def settle_remitted(remitted_id: str, *, staff_id: str, case_number: str, reason: TherapyText) -> None:
    """Settle one claim of a remittance that could not be posted: "" as case number means it is none of ours.

    With a case number it is posted to that thread if it adds up there; raises ValueError with the reason where not.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role not in BILLERS:
            raise NotAllowed("a biller does this")
    words = new_id("RS")
    therapy_store.keep_to_do_words(words, case_number, answer=reason, actor=staff_id)
    with writing() as db:
        record = db.get(RemittedClaimRecord, remitted_id, with_for_update=True)
        if record is None or record.outcome is not RemittanceOutcome.FOR_A_PERSON:
            raise MovedOn(f"remitted claim {remitted_id} is settled")
        if not case_number:
            record.outcome, record.reason = RemittanceOutcome.SETTLED_BY_HAND, "none of ours"
            db.add(record)
            audit(db, staff_id, "remitted_claim.settled_by_hand", record, None, words=words)
            return
        claim = _thread(db, case_number, staff_id)
        submission = claim_money.newest_submission(db, claim.case_number)
        if submission is None:
            raise ValueError("this claim never left: nothing can be paid on it")
        head = RemittanceHead(
            set_control="",
            paid_cents=0,
            trace=record.trace,
            method="",
            paid_on=record.paid_on,
            payer=PayerName("", record.payer_id),
        )
        posted = claim_money.post_decision(
            db, head, remitted_from_plain(record.content), record.file_id, actor=staff_id, by_hand=submission
        )
        if posted.outcome is not RemittanceOutcome.POSTED:
            raise ValueError(posted.reason or "it does not fit this claim")
        audit(db, staff_id, "remitted_claim.matched_by_hand", record, case_number, words=words)
