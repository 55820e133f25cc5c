"""What the payer asks of a claim: its row and contract in force, places, modifiers, authorisations, time to file."""

from collections.abc import Iterator

from models.claim_facts import Authorisation, ClaimFacts
from models.claim_findings import ClaimFinding
from models.claim_form import ClaimForm, ClaimFrequency, PayerRank
from models.codes import Modality
from rules.claim_building import claimed_codes, modifiers, place_of_service
from rules.claim_rule import BILLER, CLINICIAN, ScrubContext, blocks, claim_rule, finding, warns
from rules.deadlines import FilingKind, days_left, filing_deadline

FEW_SESSIONS = 2
FEW_DAYS = 21
FILE_SOON_DAYS = 14
TELEHEALTH_MODIFIERS = frozenset({"93", "95", "GT", "GQ", "FQ"})
"""Modifiers that say the session was by telehealth (AMA, CPT, appendix A; CMS, HCPCS level II)."""


@claim_rule
def payer_is_known(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Has the payer a row in force on the date of service, and is it the one the claim names?

    Source: ASC X12, 005010X222A1, 2010BB NM109; the practice's table of payers.
    """
    payer = context.payer(facts)
    if payer is None:
        dates = "has no row in force" if context.tables.knows_payer(facts.coverage.payer_code) else "is not known"
        message = f"The payer {dates} on {facts.service_date.isoformat()}."
        yield blocks("coverage.payer_code", "2010BB NM109", message, "Correct payers.csv, or the patient's payer.")
    elif form.payer.payer_id != payer.payer_id:
        message = "The claim names another payer than the coverage."
        yield blocks("payer.payer_id", "2010BB NM109", message, "Build the claim again.")


@claim_rule
def contract_in_force(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is there a contract with the payer on the date of service?

    Source: the practice's contracts; without one neither the limit to file nor the price is known.
    """
    if context.contract(facts) is None:
        message = f"No contract with the payer is in force on {facts.service_date.isoformat()}."
        yield blocks("contract", "2010BB NM1", message, "Add the contract's row to contracts.csv.")


@claim_rule
def not_carved_out(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does this payer pay mental health itself?

    Source: the practice's table of payers; X12, Claim Adjustment Reason Code 109 (not covered by this payer).
    """
    payer = context.payer(facts)
    if payer is not None and payer.carve_out_payer:
        message = f"{payer.code} has mental health carved out to {payer.carve_out_payer}."
        suggestion = f"Put the coverage with {payer.carve_out_payer} on record and bill it."
        yield blocks("coverage.payer_code", "2010BB NM109", message, suggestion)


@claim_rule
def place_of_service_fits(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the place one that this payer takes for this kind of session? Another of its places warns.

    Source: CMS, "Place of Service Code Set" (11, 02, 10); the payer's row says which it wants.
    """
    payer = context.payer(facts)
    if payer is None:
        return
    if facts.modality is Modality.OFFICE:
        taken = {payer.place_office}
    else:
        taken = {payer.place_telehealth_home, payer.place_telehealth_elsewhere}
    wanted, said, segment = place_of_service(payer, facts), form.place_of_service, "2300 CLM05-1"
    if said not in taken:
        message = f"Place {said or 'none'} does not fit a session by {facts.modality.value} for {payer.code}."
        suggestion = f"{payer.code} takes {' or '.join(sorted(taken))}."
        yield blocks("place_of_service", segment, message, suggestion)
    elif said != wanted:
        message = f"Place {said}; from the session it would be {wanted or 'not known'}."
        yield warns("place_of_service", segment, message, "Check where the patient was.", CLINICIAN)


@claim_rule
def modifiers_fit(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Has each line the payer's modifiers? Others warn; one that says telehealth of a session in the office blocks.

    Source: AMA, CPT, appendix A (93, 95); CMS, HCPCS level II (GT); the payer's row says which it wants.
    """
    payer = context.payer(facts)
    if payer is None:
        return
    wanted = modifiers(payer, facts)
    for line in form.lines:
        segment, said = f"2400 SV101-3 (LX {line.number})", line.modifiers
        suggestion = f"{payer.code} wants {' '.join(wanted) or 'none'}."
        if facts.modality is Modality.OFFICE and TELEHEALTH_MODIFIERS & set(said):
            message = f"Line {line.number} says telehealth; the session was in the office."
            yield blocks("modifiers", segment, message, suggestion)
        elif len(said) > 4 or len(set(said)) < len(said):
            message = f"Line {line.number} has more than four modifiers, or one twice."
            yield blocks("modifiers", segment, message, suggestion)
        elif sorted(said) != sorted(wanted):
            message = f"Line {line.number} has the modifiers {' '.join(said) or 'none'}."
            yield warns("modifiers", segment, message, suggestion)


# --- authorisations -------------------------------------------------------------------------------

AUTHORISATION_SEGMENT = "2300 REF02 (G1)"


def _needed(facts: ClaimFacts, context: ScrubContext) -> bool:
    payer = context.payer(facts)
    return payer is not None and any(payer.needs_authorisation(code) for code, _ in claimed_codes(facts))


def _held(facts: ClaimFacts) -> Authorisation | None:
    return facts.authorisation if facts.authorisation is not None and facts.authorisation.number else None


@claim_rule
def authorisation_present(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Where the payer asks for an authorisation, does the claim carry its number?

    Source: the payer's row; ASC X12, 005010X222A1, 2300 REF*G1; X12, Claim Adjustment Reason Code 197.
    """
    if _needed(facts, context) and _held(facts) is None:
        message = "The payer asks for an authorisation of this service; none is on record."
        yield blocks("authorisation", AUTHORISATION_SEGMENT, message, "Obtain it; ask whether it can be back-dated.")
    elif form.authorisation != (facts.authorisation.number if facts.authorisation else ""):
        message = "The authorisation number is not the one on record."
        yield blocks("authorisation", AUTHORISATION_SEGMENT, message, "Build the claim again.")


@claim_rule
def authorisation_has_sessions(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Are sessions left on the authorisation? None blocks where the payer needs one; one or two, this one among them,
    warn.

    Source: X12, Claim Adjustment Reason Code 198 (authorisation exceeded); two sessions are the practice's notice.
    """
    held = _held(facts)
    left = held.sessions_left if held is not None else None
    if left is None:
        return
    if left <= 0:
        message = "The authorisation has no session left."
        stops, suggestion = _needed(facts, context), "Ask the payer for more sessions before this claim is sent."
        yield finding(stops)("authorisation", AUTHORISATION_SEGMENT, message, suggestion)
    elif left <= FEW_SESSIONS:
        message = f"The authorisation has {left} session{'s' if left > 1 else ''} left, this one among them."
        yield warns("authorisation", AUTHORISATION_SEGMENT, message, "Ask the payer for more sessions now.")


@claim_rule
def authorisation_is_in_force(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Was the authorisation in force on the date of service? One that ends within three weeks of it warns.

    Source: X12, Claim Adjustment Reason Codes 15 and 197; three weeks are the practice's notice.
    """
    held, on = _held(facts), facts.service_date
    if held is None:
        return
    stops = _needed(facts, context)
    if held.valid_from is not None and on < held.valid_from:
        message = f"The authorisation begins on {held.valid_from.isoformat()}, after the session."
        suggestion = "Find the authorisation of that date, or ask for it to be back-dated."
        yield finding(stops)("authorisation", AUTHORISATION_SEGMENT, message, suggestion)
    if held.valid_to is None:
        return
    if held.valid_to < on:
        message = f"The authorisation ended on {held.valid_to.isoformat()}, before the session."
        yield finding(stops)("authorisation", AUTHORISATION_SEGMENT, message, "Ask the payer to extend it.")
    elif (held.valid_to - on).days <= FEW_DAYS:
        message = f"The authorisation ends on {held.valid_to.isoformat()}, within three weeks of the session."
        yield warns("authorisation", AUTHORISATION_SEGMENT, message, "Ask the payer to extend it now.")


@claim_rule
def authorisation_covers_codes(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the authorisation for the codes that need one?

    Source: X12, Claim Adjustment Reason Code 15 (the authorisation number does not apply to the service).
    """
    held, payer = _held(facts), context.payer(facts)
    if held is None or payer is None or not held.codes:
        return
    for code, _ in claimed_codes(facts):
        if payer.needs_authorisation(code) and code not in held.codes:
            message = f"The authorisation is for {', '.join(sorted(held.codes))}, not for {code}."
            yield blocks("authorisation", AUTHORISATION_SEGMENT, message, f"Ask the payer to add {code}.")


# --- filing ---------------------------------------------------------------------------------------


@claim_rule
def filed_in_time(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the contract's limit to file still ahead? Past it blocks; two weeks or less warn. A void has no limit.

    Source: the contract's row; X12, Claim Adjustment Reason Code 29 (the limit to file has expired).
    """
    contract = context.contract(facts)
    if contract is None or facts.frequency is ClaimFrequency.VOID:
        return
    kind, decided_on = FilingKind.ORIGINAL, facts.decided_on
    if facts.frequency is ClaimFrequency.REPLACEMENT:
        kind = FilingKind.CORRECTED
    elif facts.coverage.rank is not PayerRank.PRIMARY:
        kind = FilingKind.SECONDARY
        decided_on = max((each.decided_on for each in facts.earlier_payments), default=None)
    deadline = filing_deadline(contract, facts.service_date, kind, decided_on=decided_on)
    if deadline is None:
        message = "The limit to file counts from the earlier payer's decision, which is not on record."
        yield warns("service_date", "2330B DTP03 (573)", message, "Put the earlier payer's decision on record.")
        return
    left = days_left(deadline, context.today)
    if left < 0:
        message = f"The limit to file passed on {deadline.isoformat()}."
        suggestion = "Send it with proof of timely filing if there is any, else write it off."
        yield blocks("service_date", "2400 DTP03 (472)", message, suggestion)
    elif left <= FILE_SOON_DAYS:
        message = f"The limit to file is {deadline.isoformat()}: {left} days are left."
        yield warns("service_date", "2400 DTP03 (472)", message, "Send it before anything else.")


@claim_rule
def frequency_names_original(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does a replacement or a void name the payer's number of what it replaces?

    Source: ASC X12, 005010X222A1, CLM05-3 and 2300 REF*F8 (required for 7 and 8).
    """
    if form.frequency is not ClaimFrequency.ORIGINAL and not form.original_number:
        message = f"Frequency {form.frequency.value} needs the payer's number of the original claim."
        yield blocks("original_number", "2300 REF02 (F8)", message, "Take it from the 277CA or the remittance.")
    if form.frequency is not facts.frequency or form.original_number != facts.original_number:
        message = "Frequency or original number are not those the claim was made with."
        yield blocks("frequency", "2300 CLM05-3", message, "Build the claim again.")


@claim_rule
def secondary_has_earlier_payment(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does a secondary claim say what the payer before it decided, balanced line by line?

    Source: ASC X12, 005010X222A1, 2320 and 2430; section 1.4.4: charge less adjustments is what was paid.
    """
    if form.subscriber.rank is PayerRank.PRIMARY:
        return
    if not form.earlier_payments:
        message = "A secondary claim needs the earlier payer's decision; none is on it."
        yield blocks("earlier_payments", "2320 AMT02 (D)", message, "Wait for the earlier payer's remittance.")
    charges = {line.number: line.charge_cents for line in form.lines}
    for payment in form.earlier_payments:
        for number in sorted({*payment.line_paid, *payment.line_adjustments}):
            told = payment.line_paid.get(number, 0)
            told += sum(each.amount_cents for each in payment.line_adjustments.get(number, ()))
            if told != charges.get(number):
                message = f"The earlier payer's decision on line {number} does not add up to its charge."
                suggestion = "Compare it with the remittance."
                yield blocks("earlier_payments", f"2430 SVD02 (LX {number})", message, suggestion, BILLER)


RULES = (
    payer_is_known,
    contract_in_force,
    not_carved_out,
    place_of_service_fits,
    modifiers_fit,
    authorisation_present,
    authorisation_has_sessions,
    authorisation_is_in_force,
    authorisation_covers_codes,
    filed_in_time,
    frequency_names_original,
    secondary_has_earlier_payment,
)
