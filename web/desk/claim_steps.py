"""The forms on a claim's page: which fit where it stands, which act a post asks for, what is said once it is done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from acts import billing_records, claims, refunds, visit_payments
from acts.billing_records import ADDRESS_FIELDS
from models.claim_facts import SELF
from models.codes import ClaimStatus
from models.operational import Claim
from models.therapy_text import TherapyText
from web.desk.claim_evidence import ShownClaim

S = ClaimStatus
Form = Mapping[str, str]

WITH_A_BILLER = frozenset(claims.WITH_A_BILLER)
AT_THE_PAYER = frozenset(claims.AT_THE_PAYER)
FITS: Mapping[str, frozenset[ClaimStatus]] = {
    "correct": frozenset(claims.BUILT_AGAIN),
    "build_again": frozenset(claims.BUILT_AGAIN),
    "ask_coverage_again": frozenset({S.CORRECTION}),
    "ask_patient": frozenset({S.CORRECTION}),
    "appeal": WITH_A_BILLER,
    "bill_patient": AT_THE_PAYER,
    "accept_decision": frozenset({S.REMITTANCE_REVIEW}),
    "wait_for_payer": AT_THE_PAYER,
    "refund": AT_THE_PAYER,
    "patient_payment": frozenset({S.PATIENT_BALANCE}),
    "patient_overpaid": frozenset({S.CLOSED_PAID}),
    "take_back": frozenset(claims.TAKEN_BACK),
    "write_off": AT_THE_PAYER | {S.PATIENT_BALANCE},
    "do_not_bill": frozenset(claims.NEVER_LEFT),
    "owe_visit_back": frozenset({S.CLOSED_NOT_BILLED}),
}
"""Where each step is offered, as the acts take it; they have the last word."""
ONLY_SENT = frozenset({"take_back", "write_off", "wait_for_payer", "bill_patient", "appeal"})
RECORDS = ("coverage", "address", "authorisation")
"""Steps about the patient's record rather than about the claim; they fit while it is open."""
SUBSCRIBER_FIELDS = (
    *("group_number", "relationship", "subscriber_family_name", "subscriber_given_name"),
    *("subscriber_birth_date", "subscriber_sex"),
)
SAID = {
    "correct": "The correction is kept; the claim is built and checked anew.",
    "build_again": "The claim is built and checked anew.",
    "ask_coverage_again": "The payer is asked once more; then the claim is built anew.",
    "ask_patient": "The patient gets a message with a link to fill in just that.",
    "appeal": "The letter is kept as it goes out. The claim waits for the payer's decision.",
    "accept_decision": "The decision stands as it was posted.",
    "bill_patient": "The patient owes it now and gets a statement.",
    "wait_for_payer": "The claim waits for the payer again.",
    "patient_payment": "The payment is posted.",
    "patient_overpaid": "The payment is posted; it is owed back to the patient.",
    "refund": "The refund is posted, or waits for an owner's signature where it is above the limit.",
    "take_back": "The claim is being taken back.",
    "write_off": "The write-off is posted, or waits for an owner's signature where it is above the limit.",
    "do_not_bill": "The claim is closed; nothing is billed.",
    "owe_visit_back": "It is owed back to the patient. Record the refund once it is made.",
    "coverage": "The insurance is on record. Build the claim again to use it.",
    "address": "The patient's details are on record. Build the claim again to use them.",
    "authorisation": "The authorisation is on record. Build the claim again to use it.",
    "claimed": "This is yours now.",
    "given_back": "It waits for whoever takes it next.",
    "settled": "The payment is settled.",
}


@dataclass(frozen=True)
class Asked:
    """One step as it was posted on a claim's page. ``present`` is the claim as it was built last, if it was."""

    claim: Claim
    staff_id: str
    form: Form
    present: ShownClaim | None = None

    @property
    def number(self) -> str:
        return self.claim.case_number

    @property
    def reason(self) -> TherapyText:
        return TherapyText(self.form.get("reason", "").replace("\r\n", "\n"))

    def field(self, name: str) -> str:
        return self.form.get(name, "").strip()


def offered(
    claim: Claim, *, held: bool = False, owed_back: bool = False, paid_at_visit: bool = False
) -> tuple[str, ...]:
    """The steps that fit where the claim stands, the likeliest first.

    ``held``: claims are held at its location. ``owed_back``: more was paid on it than is owed. ``paid_at_visit``: the
    patient paid something at its session that stands in no ledger.
    """
    sent = claim.first_sent_at is not None
    fitting = [step for step, statuses in FITS.items() if claim.status in statuses]
    if held and claim.status in claims.HELD_UP:
        fitting.append("do_not_bill")
    hidden = {"do_not_bill"} if sent else set(ONLY_SENT)
    hidden |= {"write_off"} if owed_back else {"refund"}
    hidden |= set() if paid_at_visit else {"owe_visit_back"}
    records = () if claim.status.is_closed else RECORDS
    return (*(step for step in fitting if step not in hidden), *records)


def cents_of(text: str) -> int:
    """An amount as a person types it (``$1,234.50``) in cents; raises ValueError."""
    try:
        amount = Decimal(text.strip().removeprefix("$").replace(",", ""))
        cents = amount * 100
        if not amount.is_finite() or cents != int(cents) or not 0 < cents < 10**12:
            raise ValueError
    except (InvalidOperation, ValueError):
        raise ValueError("the amount must be dollars and cents, such as 25.00") from None
    return int(cents)


def day_of(text: str, what: str) -> date:
    """A date from a form; raises ValueError naming what it is of."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{what} must be a date") from None


def whole(text: str, what: str, most: int = 10_000) -> int:
    """A whole number from 1; raises ValueError naming what it is."""
    wanted = text.strip()
    if not wanted.isascii() or not wanted.isdecimal() or not 0 < int(wanted[:9]) <= most:
        raise ValueError(f"{what} must be a whole number from 1 to {most}")
    return int(wanted)


def _correct(asked: Asked) -> None:
    present = asked.present.fields if asked.present else {}
    changes = {
        name: asked.field(name)
        for name in claims.CLAIM_FIELDS
        if name in asked.form and asked.field(name) != present.get(name, "")
    }
    if not changes:
        raise ValueError("nothing is changed")
    claims.correct(asked.number, staff_id=asked.staff_id, changes=changes, reason=asked.reason)


def _ask_patient(asked: Asked) -> None:
    fields = tuple(name for name in billing_records.PATIENT_FIELDS if asked.form.get(f"ask-{name}"))
    if not fields:
        raise ValueError("choose what the patient is asked")
    claims.ask_patient(asked.number, staff_id=asked.staff_id, fields=fields)


def _appeal(asked: Asked) -> None:
    if not asked.field("template"):
        raise ValueError("choose a letter")
    claims.appeal(
        asked.number,
        staff_id=asked.staff_id,
        template=asked.field("template"),
        corrected=asked.field("corrected"),
        attached=asked.field("attached"),
        reason=asked.reason,
    )


def _wait(asked: Asked) -> None:
    days = whole(asked.field("days"), "the number of days", most=claims.LONGEST_WAIT)
    claims.wait_for_payer(asked.number, staff_id=asked.staff_id, days=days, reason=asked.reason)


def _patient_payment(asked: Asked) -> None:
    if not asked.field("reference"):
        raise ValueError("the reference is missing: it makes the payment count once")
    claims.record_patient_payment(
        asked.number,
        staff_id=asked.staff_id,
        cents=cents_of(asked.field("amount")),
        reference=asked.field("reference"),
        more=bool(asked.form.get("more")),
    )


def _refund(asked: Asked) -> None:
    if asked.reason.is_blank:
        raise ValueError("a reason is needed")
    refunds.refund(
        asked.number,
        staff_id=asked.staff_id,
        to=asked.field("to"),
        cents=cents_of(asked.field("amount")),
        method=asked.field("method"),
        reference=asked.field("reference"),
        reason=asked.reason,
    )


def _given(asked: Asked, names: Iterable[str]) -> dict[str, str]:
    """The fields that hold something."""
    return {name: asked.field(name) for name in names if asked.field(name)}


def _coverage(asked: Asked) -> None:
    own = asked.field("relationship") == SELF
    billing_records.record_coverage(
        asked.claim.patient_id,
        actor=asked.staff_id,
        rank=asked.field("rank") or "P",
        payer_code=asked.field("payer_code"),
        plan_code=asked.field("plan_code"),
        member_id=asked.field("member_id"),
        valid_from=day_of(asked.field("valid_from"), "the first day"),
        details=_given(asked, ("group_number", "relationship") if own else SUBSCRIBER_FIELDS),
    )


def _address(asked: Asked) -> None:
    fields = _given(asked, ADDRESS_FIELDS)
    if not fields:
        raise ValueError("nothing is filled in")
    if "line" in fields:
        fields["second_line"] = asked.field("second_line")
    billing_records.record_patient_fields(asked.claim.patient_id, fields, actor=asked.staff_id)


def _authorisation(asked: Asked) -> None:
    codes = asked.field("procedure_codes").replace(",", " ").split()
    billing_records.record_authorisation(
        asked.claim.patient_id,
        actor=asked.staff_id,
        payer_code=asked.field("payer_code"),
        number=asked.field("number"),
        procedure_codes=tuple(codes),
        sessions=whole(asked.field("sessions"), "the number of sessions"),
        valid_from=day_of(asked.field("valid_from"), "the first day"),
        valid_to=day_of(asked.field("valid_to"), "the last day"),
    )


def _plainly(act: Callable[..., object]) -> Callable[[Asked], None]:
    """A step that needs a reason and nothing else."""

    def do(asked: Asked) -> None:
        if asked.reason.is_blank:
            raise ValueError("a reason is needed")
        act(asked.number, staff_id=asked.staff_id, reason=asked.reason)

    return do


STEPS: Mapping[str, Callable[[Asked], None]] = {
    "correct": _correct,
    "build_again": _plainly(lambda *it, **more: claims.build_again(*it, **more)),
    "ask_coverage_again": _plainly(lambda *it, **more: claims.ask_coverage_again(*it, **more)),
    "ask_patient": _ask_patient,
    "appeal": _appeal,
    "accept_decision": _plainly(lambda *it, **more: claims.accept_decision(*it, **more)),
    "bill_patient": _plainly(lambda *it, **more: claims.bill_patient(*it, **more)),
    "wait_for_payer": _wait,
    "patient_payment": _patient_payment,
    "patient_overpaid": _patient_payment,
    "refund": _refund,
    "take_back": _plainly(lambda *it, **more: claims.take_back(*it, **more)),
    "write_off": _plainly(lambda *it, **more: claims.write_off(*it, **more)),
    "do_not_bill": _plainly(lambda *it, **more: claims.do_not_bill(*it, **more)),
    "owe_visit_back": _plainly(lambda *it, **more: visit_payments.owe_back(*it, **more)),
    "coverage": _coverage,
    "address": _address,
    "authorisation": _authorisation,
}
