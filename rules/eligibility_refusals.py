"""What a refused eligibility question (AAA) says of the patient, who acts next, and whether it may be asked again."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.codes import CaseOwner
from models.eligibility import Refusal

PATIENT, BILLER = CaseOwner.PATIENT, CaseOwner.BILLER


@dataclass(frozen=True)
class NextStep:
    """What a refusal (AAA) or an answer asks of somebody; ``code`` is AAA03, "" where no AAA asks."""

    owner: CaseOwner
    reason: str
    code: str = ""
    segment: int = 0


ASK_AGAIN = frozenset({"42", "80"})
MAY_BE_ASKED_AGAIN = frozenset({"", "P", "R"})
"""AAA04: resubmit, or nothing said; C wants a correction, N and S forbid it, W, X and Y ask for days or for nothing."""
NOT_FOUND = frozenset({"67", "75", "77", "78"})
"""Reasons by which the payer says that it does not have this person."""

REFUSALS: dict[str, tuple[CaseOwner, str]] = {
    "04": (BILLER, "The payer takes no more than one question at a time."),
    "15": (BILLER, "Something that the payer requires is missing in the question; see what its companion guide asks."),
    "33": (BILLER, "The question has an input error."),
    "35": (BILLER, "The practice is not in this payer's network."),
    "41": (BILLER, "The practice may not ask this payer; enrol with the clearinghouse."),
    "42": (BILLER, "The payer cannot answer now."),
    "43": (BILLER, "The practice's NPI is missing or not valid for this payer."),
    "44": (BILLER, "The practice's name is missing or not valid for this payer."),
    "45": (BILLER, "The practice's taxonomy is missing or not valid for this payer."),
    "46": (BILLER, "The practice's telephone number is missing or not valid for this payer."),
    "47": (BILLER, "The practice's state is missing or not valid for this payer."),
    "48": (BILLER, "The practice's number is missing or not valid for this payer."),
    "49": (BILLER, "The payer answers only the patient's primary care physician."),
    "50": (BILLER, "The practice may not ask this payer; enrol with it."),
    "51": (BILLER, "The practice is not on the payer's file; enrol with it."),
    "52": (BILLER, "The date of service lies outside the practice's enrolment with the plan."),
    "53": (BILLER, "The payer does not tell this benefit to a practice of this kind."),
    "56": (BILLER, "The date of service is not a date the payer takes."),
    "57": (BILLER, "The date of service is missing or not valid."),
    "58": (PATIENT, "The birth date is missing or not valid; ask for it as the card's owner has it."),
    "60": (PATIENT, "The birth date lies after the date of service; ask for it again."),
    "61": (BILLER, "The payer has a date of death before the date of service."),
    "62": (BILLER, "The date of service is too long ago or too far ahead for this payer."),
    "63": (BILLER, "The date of service lies in the future for this payer; ask on the day."),
    "64": (PATIENT, "The patient's number is missing or not valid; ask for the insurance card."),
    "65": (PATIENT, "The patient's name is missing or not as the payer has it; ask for the insurance card."),
    "66": (PATIENT, "The patient's sex is missing or not as the payer has it."),
    "67": (PATIENT, "The payer does not find the patient; ask for the insurance card."),
    "68": (BILLER, "The payer has several patients under this number; call it."),
    "69": (BILLER, "The question does not fit the patient's age as the payer has it."),
    "70": (BILLER, "The question does not fit the patient's sex as the payer has it."),
    "71": (PATIENT, "The patient's birth date is not the one the payer has; ask for it again."),
    "72": (PATIENT, "The member number is missing or not valid; ask for the insurance card."),
    "73": (PATIENT, "The subscriber's name is missing or not as the payer has it; ask for the insurance card."),
    "74": (PATIENT, "The subscriber's sex is missing or not as the payer has it."),
    "75": (PATIENT, "The payer does not find the subscriber; ask for the insurance card."),
    "76": (BILLER, "The payer has several subscribers under this number; call it."),
    "77": (PATIENT, "The payer finds the subscriber, not the patient; ask who is on the policy."),
    "78": (PATIENT, "The subscriber is not in this group or plan; ask for the insurance card."),
    "79": (BILLER, "The payer or the practice is not valid at the clearinghouse; check the payer's id."),
    "80": (BILLER, "The payer did not answer in time."),
    "T4": (BILLER, "The payer's name or id is missing in the question."),
}
"""AAA03 with who acts and why, in our own words. Source: ASC X12, 005010X279A1, AAA03 in loops 2000A to 2110D."""


def next_steps(refusals: Sequence[Refusal]) -> tuple[NextStep, ...]:
    """One step for each refusal; a code that no table knows is a biller's."""
    return tuple(_step(each) for each in refusals)


def may_ask_again(refusals: Sequence[Refusal]) -> bool:
    """Whether nothing but the payer's absence (42, 80) stands in the way, and the payer does not forbid asking."""
    return bool(refusals) and all(
        each.reason in ASK_AGAIN and each.follow_up in MAY_BE_ASKED_AGAIN for each in refusals
    )


def _step(refusal: Refusal) -> NextStep:
    owner, reason = REFUSALS.get(
        refusal.reason, (BILLER, "The payer refused with a reason that is not known here; call it.")
    )
    return NextStep(owner, reason, refusal.reason, refusal.segment)
