"""What billers do to a claim: correct, send again, take back, appeal, write off, bill the patient, settle by hand."""

from collections.abc import Mapping

from models.codes import Role
from models.therapy_text import TherapyText

BILLERS = (Role.BILLER, Role.ADMIN)
CLAIM_FIELDS = ("place_of_service", "modifiers", "authorisation", "procedure_code", "addons", "diagnoses")
"""What may be changed about one claim; the last three are clinical: a clinician signs them."""
CLINICAL_FIELDS = frozenset({"procedure_code", "addons", "diagnoses"})


def correct(case_number: str, *, staff_id: str, changes: Mapping[str, str], reason: TherapyText) -> None:
    """Change what this claim says (``CLAIM_FIELDS``; "" takes a change back) and have it built and checked anew.

    ``modifiers``, ``diagnoses`` and ``addons`` (``90785 1``) are separated by commas. A claim that the payer has
    decided goes as a replacement (7) of it, one that was rejected or never sent as an original. Raises ValueError
    naming a field or without a reason, NotAllowed, MovedOn where the claim is not with a biller.
    """
    raise NotImplementedError


def build_again(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Have a claim built and checked anew as it stands, after the practice's own records were put right."""
    raise NotImplementedError


def take_back(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Void (frequency 8) what the payer has decided or accepted."""
    raise NotImplementedError


def do_not_bill(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Close a claim that never left: nothing is billed."""
    raise NotImplementedError


def write_off(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Give up what is still owed on the claim; above the practice's limit an owner signs first."""
    raise NotImplementedError


def appeal(
    case_number: str, *, staff_id: str, template: str, corrected: str, attached: str, reason: TherapyText
) -> str:
    """Answer a denial with a letter from a template; returns the letter's id. The claim waits for the payer's decision.

    ``corrected`` and ``attached`` name, separated by commas, what was corrected and which papers go with it.
    """
    raise NotImplementedError


def bill_patient(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Move what the payer denied to the patient, who gets a statement."""
    raise NotImplementedError


def record_patient_payment(case_number: str, *, staff_id: str, cents: int, reference: str) -> None:
    """Post what the patient has paid; ``reference`` makes a payment count once. The last cent closes the claim."""
    raise NotImplementedError


def wait_for_payer(case_number: str, *, staff_id: str, days: int, reason: TherapyText) -> None:
    """Somebody called and the payer is at it: wait on, with a new day by which an answer is due."""
    raise NotImplementedError


def ask_patient(case_number: str, *, staff_id: str, fields: tuple[str, ...]) -> None:
    """Write to the patient with a link to fill in what is missing, and nothing else."""
    raise NotImplementedError


def settle_remitted(remitted_id: str, *, staff_id: str, case_number: str, reason: TherapyText) -> None:
    """Settle one claim of a remittance that could not be posted: "" as case number means it is none of ours.

    With a case number it is posted to that thread if it adds up there; raises ValueError with the reason where not.
    """
    raise NotImplementedError
