"""How the desk words claims: queues, files, submissions, the ledger, amounts, days until a deadline."""

from datetime import date

from adapters.claim_views import SIGNATURE
from models.claim_codes import ExceptionQueue, FileKind, FileStatus, RemittanceOutcome, SubmissionStatus
from models.codes import ClaimStatus
from models.ledger import LedgerAccount, LedgerKind
from rules import claim_sign_off
from rules.coverage import CoverageStatus
from rules.deadlines import days_left

SOON = 14
"""Days before a deadline from which it is shown as pressing."""

QUEUES = {
    SIGNATURE: "To sign",
    ExceptionQueue.COVERAGE: "Coverage",
    ExceptionQueue.MISSING_INFORMATION: "Missing information",
    ExceptionQueue.CHECKS: "Found by our checks",
    ExceptionQueue.REJECTION: "Rejected",
    ExceptionQueue.RETURNED: "Returned by a signer",
    ExceptionQueue.NO_ANSWER: "No answer",
    ExceptionQueue.REMITTANCE: "Payment to look at",
    ExceptionQueue.DENIAL: "Denied",
    ExceptionQueue.APPEAL: "Appeal",
    ExceptionQueue.CREDIT: "Owed back",
    ExceptionQueue.FILE: "Files",
}

WRONG = {
    ClaimStatus.CORRECTION: "Something has to be corrected; open it to see what.",
    ClaimStatus.MISSING_INFORMATION: "The patient has not filled in what was asked.",
    ClaimStatus.CLAIM_SIGNATURE: "It waits for a biller's signature.",
    ClaimStatus.REMITTANCE_REVIEW: "A payment could not be posted as it was said.",
    ClaimStatus.DENIED: "The payer says no.",
}
UNSAID = "The payer has not answered in time."
UNSAID_IN = {SIGNATURE: WRONG[ClaimStatus.CLAIM_SIGNATURE]}
"""What a row says that names nothing wrong, by its queue."""

COVERAGE = {status.value: status.label for status in CoverageStatus}
FREQUENCIES = {"1": "original", "7": "replacement", "8": "void"}
RANKS = {"P": "first", "S": "second", "T": "third"}
RELATIONSHIPS = {
    "18": "the patient",
    "01": "husband, wife or partner",
    "19": "parent (the patient is the child)",
    "G8": "other",
}
SEXES = {"": "not said", "F": "female", "M": "male", "U": "unknown"}

FILES = {
    FileKind.CLAIMS: "Claims",
    FileKind.COVERAGE_QUESTIONS: "Coverage questions",
    FileKind.COVERAGE_ANSWERS: "Coverage answers",
    FileKind.RECEIPT: "Receipt of a file",
    FileKind.CLAIM_RECEIPT: "Receipt of claims",
    FileKind.REMITTANCE: "Remittance",
    FileKind.UNKNOWN: "Unknown",
}
FILE_STATUS = {
    FileStatus.QUEUED: "to be sent",
    FileStatus.SENT: "sent",
    FileStatus.ANSWERED: "receipt came",
    FileStatus.REJECTED: "rejected by the receiver",
    FileStatus.RECEIVED: "came, not read yet",
    FileStatus.TAKEN_IN: "taken in",
    FileStatus.REFUSED: "refused by us",
    FileStatus.DUPLICATE: "came before",
    FileStatus.PUT_ASIDE: "refused, put aside",
}
AWAITED = {
    FileKind.CLAIMS: "999",
    FileKind.COVERAGE_QUESTIONS: "271",
}
SUBMISSIONS = {
    SubmissionStatus.QUEUED: "to be sent",
    SubmissionStatus.SENT: "sent",
    SubmissionStatus.RECEIVED: "received",
    SubmissionStatus.ACCEPTED: "accepted",
    SubmissionStatus.REJECTED: "rejected",
    SubmissionStatus.DECIDED: "decided",
    SubmissionStatus.REVERSED: "decision taken back",
    SubmissionStatus.REPLACED: "replaced by a later one",
}
REMITTED = {
    RemittanceOutcome.POSTED: "posted",
    RemittanceOutcome.DUPLICATE: "came before: not posted again",
    RemittanceOutcome.FOR_A_PERSON: "for a person to settle",
    RemittanceOutcome.SETTLED_BY_HAND: "settled by hand",
}
CLP_STATUS = {
    "1": "processed as primary",
    "2": "processed as secondary",
    "3": "processed as tertiary",
    "4": "denied",
    "19": "processed as primary, forwarded",
    "20": "processed as secondary, forwarded",
    "21": "processed as tertiary, forwarded",
    "22": "reversal of an earlier decision",
    "23": "not our claim, forwarded",
    "25": "predetermination only",
}
ACCOUNTS = {
    LedgerAccount.PAYER: "Payers owe",
    LedgerAccount.DENIED: "Denied, to be answered",
    LedgerAccount.PATIENT: "Patient owes",
    LedgerAccount.BEYOND_CLAIMS: "Beyond claims",
    LedgerAccount.INTEREST: "Interest",
}
LEDGER = {
    LedgerKind.CHARGE: "charge",
    LedgerKind.PAYER_PAYMENT: "payer paid",
    LedgerKind.CONTRACTUAL: "contract takes off",
    LedgerKind.PATIENT_RESPONSIBILITY: "patient's share",
    LedgerKind.DENIAL: "denied",
    LedgerKind.TRANSFER: "moved",
    LedgerKind.WRITE_OFF: "written off",
    LedgerKind.PATIENT_PAYMENT: "patient paid",
    LedgerKind.PAYMENT_ADJUSTMENT: "kept back or added by the payer",
    LedgerKind.REFUND: "given back",
}
REFUND_METHODS = {
    "check": "check",
    "electronic": "electronic transfer",
    "card": "back to the card",
    "cash": "cash",
    "kept_back": "the payer has kept it back itself (PLB)",
}
VISIT_METHODS = {"card": "card", "cash": "cash", "check": "check"}
PATIENT_FIELDS = {
    "member_id": "Member number",
    "group_number": "Group number",
    "relationship": "Whose policy it is",
    "subscriber_family_name": "Policy holder's family name",
    "subscriber_given_name": "Policy holder's given name",
    "subscriber_birth_date": "Policy holder's birth date",
    "subscriber_sex": "Policy holder's sex",
    "birth_date": "Patient's birth date",
    "sex": "Patient's sex",
    "line": "Street and number",
    "second_line": "Flat, floor",
    "city": "City",
    "state": "State",
    "zip_code": "ZIP code",
}
CLAIM_FIELDS = {
    "place_of_service": "Place of service",
    "modifiers": "Modifiers",
    "authorisation": "Authorisation number",
    "procedure_code": "Procedure code",
    "addons": "Add-on codes",
    "diagnoses": "Diagnoses",
}
FIELD_HINTS = {
    "place_of_service": "Two digits: 11 office, 10 telehealth at home, 02 telehealth elsewhere.",
    "modifiers": "With commas between them; 95 or 93 for telehealth where the payer wants it.",
    "addons": "Each with its units, with commas between them: 90785 1.",
    "diagnoses": "ICD-10-CM with the dot, the principal one first, commas between them.",
}


def segment(named: str) -> str:
    """Where something stands in a file: a number of a segment, or a segment's name."""
    return f"segment {named}" if named.isdecimal() else named


def money(cents: int | None) -> str:
    """An amount with its sign; "" where nothing is known."""
    return "" if cents is None else claim_sign_off.money(cents)


def plain_dollars(cents: int) -> str:
    """An amount as it is typed into a form: ``1234.50``."""
    return claim_sign_off.dollars(cents).replace(",", "")


def deadline(day: date, today: date, of: str = "filing") -> str:
    """How long is left: ``12 days to file``, ``past by 3 days``."""
    left = days_left(day, today)
    if of == "session":
        return {0: "session today", 1: "session tomorrow"}.get(left, f"session in {left} days" if left > 0 else "past")
    if left < 0:
        return f"past by {_days(-left)}"
    doing = {"appeal": "to appeal", "refund": "to give it back"}.get(of, "to file")
    return f"today is the last day {doing}" if left == 0 else f"{_days(left)} {doing}"


def pressing(day: date | None, today: date) -> bool:
    """Whether a deadline is shown in red."""
    return day is not None and days_left(day, today) < SOON


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def spoken(day: date | None) -> str:
    """A date as the desk shows it: ``Nov 23, 2026``."""
    return f"{day:%b} {day.day}, {day.year}" if day else ""


def page_of(text: str) -> int:
    """Which page of a list an address asks for, from 1; what is no such number asks for the first."""
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
