"""Who stands on a claim: who bills, who held the session, whose policy it is, who the patient is."""

import re
from collections.abc import Iterator

from models.claim_facts import ClaimFacts
from models.claim_findings import ClaimFinding
from models.claim_form import ClaimForm, PersonName, PostalAddress
from rules.claim_rule import BILLER, CLINICIAN, PATIENT, ScrubContext, blocks, claim_rule, finding, warns
from rules.coverage import CoverageStatus
from rules.matching import EVERY_PLAN
from rules.npi import is_npi

_TAX_ID = re.compile(r"[0-9]{9}")
_ZIP = re.compile(r"[0-9]{5}(?:[0-9]{4})?")
_NPI_WORDS = "is no NPI: ten digits that begin with 1 or 2, whose last one checks the others."


@claim_rule
def billing_npi_checks(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the NPI of who bills one? It may be the clinician's own.

    Source: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit".
    """
    if not is_npi(form.billing.npi):
        yield blocks("billing.npi", "2010AA NM109", f"The billing NPI {_NPI_WORDS}", "Correct practice.yaml.")


@claim_rule
def rendering_npi_checks(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the NPI of who held the session one, and that of the session's clinician?

    Source: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit".
    """
    if not is_npi(form.rendering.npi):
        message = f"The clinician's NPI {_NPI_WORDS}"
        yield blocks("rendering.npi", "2310B NM109", message, "Correct the clinician's record.")
    elif form.rendering.npi != facts.clinician.npi:
        message = "The rendering NPI is not that of the clinician who held the session."
        yield blocks("rendering.npi", "2310B NM109", message, "Build the claim again.")


@claim_rule
def tax_id_has_nine_digits(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Has the tax number nine digits and a kind, EI or SY?

    Source: ASC X12, 005010X222A1, 2010AA REF (EI or SY); IRS, Publication 1635 (nine digits).
    """
    if not _TAX_ID.fullmatch(form.billing.tax_id) or form.billing.tax_id_kind not in ("EI", "SY"):
        message = "The tax number must be nine digits of kind EI or SY."
        yield blocks("billing.tax_id", "2010AA REF02", message, "Correct practice.yaml.")


@claim_rule
def patient_demographics(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Have birth date and sex of the patient been given: of a self subscriber in 2010BA, of a dependent in 2010CA?

    Source: ASC X12, 005010X222A1, 2010BA DMG (required where the patient is the subscriber) and 2010CA DMG.
    """
    if form.subscriber.is_patient:
        yield from _demographics("subscriber", "2010BA", form.subscriber.person)
    elif form.patient is None:
        message = "The patient is not the subscriber and is not named."
        yield blocks("patient", "2010CA NM1", message, "Build the claim again.")
    else:
        yield from _demographics("patient", "2010CA", form.patient)


def _demographics(who: str, loop: str, person: PersonName) -> Iterator[ClaimFinding]:
    if not person.family_name:
        message = f"The {who}'s name is missing."
        yield blocks(f"{who}.family_name", f"{loop} NM103", message, "Ask for the name as the card has it.", PATIENT)
    if person.birth_date is None:
        message = f"The {who}'s birth date is missing."
        yield blocks(f"{who}.birth_date", f"{loop} DMG02", message, "Ask for the birth date.", PATIENT)
    if person.sex not in ("F", "M", "U"):
        message = f"The {who}'s sex as the payer has it (F, M or U) is missing."
        yield blocks(f"{who}.sex", f"{loop} DMG03", message, "Ask what the payer has on record.", PATIENT)


@claim_rule
def subscriber_named(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the subscriber of a dependent named?

    Source: ASC X12, 005010X222A1, 2010BA NM103 (required).
    """
    if not form.subscriber.is_patient and not form.subscriber.person.family_name:
        message = "The subscriber's name is missing."
        yield blocks("subscriber.family_name", "2010BA NM103", message, "Ask whose policy it is.", PATIENT)


@claim_rule
def addresses_present(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the patient's address whole: in 2010BA of a self subscriber, in 2010CA of a dependent?

    Source: ASC X12, 005010X222A1, 2010BA and 2010CA N3, N4 (required of the patient; N403 five or nine digits).
    """
    own = form.subscriber.is_patient
    who, loop = ("subscriber", "2010BA") if own else ("patient", "2010CA")
    address = form.subscriber.address if own else form.patient_address
    if address is None or not (address.line and address.city and address.state):
        message = f"The {who}'s address is missing or not whole."
        yield blocks(f"{who}.address", f"{loop} N3", message, "Ask for the address.", PATIENT)
    elif not _ZIP.fullmatch(address.zip_code):
        message = f"The ZIP code of the {who}'s address must be five or nine digits."
        yield blocks(f"{who}.zip_code", f"{loop} N403", message, "Ask for the ZIP code.", PATIENT)


@claim_rule
def billing_address_whole(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the address of who bills whole, with all nine digits of its ZIP code?

    Source: ASC X12, 005010X222A1, 2010AA N3 and N4 (N403: the full nine digits of a billing address).
    """
    address: PostalAddress = form.billing.address
    if not (address.line and address.city and address.state and re.fullmatch(r"[0-9]{9}", address.zip_code)):
        message = "The billing address is not whole, or its ZIP code has not nine digits."
        yield blocks("billing.address", "2010AA N4", message, "Correct practice.yaml.")


@claim_rule
def member_number_present(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is there a member number, of at least two characters?

    Source: ASC X12, 005010X222A1, 2010BA NM109 (qualifier MI, 2 to 80 characters).
    """
    if len(form.subscriber.member_id.strip()) < 2:
        message = "The member number is missing."
        yield blocks("member_id", "2010BA NM109", message, "Ask for the insurance card.", PATIENT)


@claim_rule
def coverage_was_active(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Was mental health covered on the date of service? Only active without saying so for mental health may go on.

    Source: ASC X12, 005010X279A1, EB01 and EB03; rules.coverage: what is not known is never taken for active.
    """
    status = context.coverage
    if status is CoverageStatus.ACTIVE_MENTAL_HEALTH:
        return
    suggestion, owner = _COVERAGE_STEPS[status]
    message = f"The coverage on the date of service is {status.label}."
    stops = status is not CoverageStatus.ACTIVE_NOT_SPECIFIED
    yield finding(stops)("coverage", "2000B SBR", message, suggestion, owner)


_COVERAGE_STEPS = {
    CoverageStatus.ACTIVE_NOT_SPECIFIED: ("Call the payer: is outpatient mental health covered?", BILLER),
    CoverageStatus.CARVE_OUT: ("Bill the payer that mental health is carved out to.", BILLER),
    CoverageStatus.INACTIVE: ("Ask the patient for the insurance of that date.", PATIENT),
    CoverageStatus.NOT_FOUND: ("Ask the patient for the insurance card.", PATIENT),
    CoverageStatus.UNKNOWN: ("Check the coverage for the date of service again.", BILLER),
}


@claim_rule
def clinician_was_licensed(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Was the clinician licensed on the date of service in the state where the patient was?

    Source: state licensing laws bind care to the patient's location, as set out in rules.matching; X12, Claim
    Adjustment Reason Code B7 (not certified or eligible on the date of service).
    """
    segment, state = "2310B NM1", facts.patient_state
    if state is None:
        message = "The state in which the patient was is not on record."
        yield warns("patient_state", segment, message, "Say where the patient was.", CLINICIAN)
    elif state not in context.licences:
        message = f"The clinician has no licence in {state} on record."
        yield blocks("licence", segment, message, "Put the licence on record, or correct the state.", CLINICIAN)
    elif context.licences[state] < facts.service_date:
        message = f"The licence in {state} had expired on {context.licences[state].isoformat()}."
        yield blocks("licence", segment, message, "Put the renewed licence on record.", CLINICIAN)


@claim_rule
def clinician_is_on_panel(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the clinician credentialed with this payer for this plan? Where the plan is not known, another plan's warns.

    Source: the payer's participation agreement; X12, Claim Adjustment Reason Code 185.
    """
    code, plan = facts.coverage.payer_code, facts.coverage.plan_code
    plans = {each for payer, each in context.panels if payer == code}
    if EVERY_PLAN in plans or (plan and plan in plans):
        return
    if plans and not plan:
        message = f"The patient's plan is not on record; the clinician is on {', '.join(sorted(plans))} of {code}."
        yield warns("plan_code", "2310B NM1", message, "Put the plan on record.", BILLER)
    else:
        message = f"The clinician is not on the panel of {code}{f' {plan}' if plan else ''}."
        yield blocks("panel", "2310B NM1", message, "Credential the clinician, or bill the patient.", BILLER)


RULES = (
    billing_npi_checks,
    rendering_npi_checks,
    tax_id_has_nine_digits,
    patient_demographics,
    subscriber_named,
    addresses_present,
    billing_address_whole,
    member_number_present,
    coverage_was_active,
    clinician_was_licensed,
    clinician_is_on_panel,
)
