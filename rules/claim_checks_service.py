"""What a claim says was done, held against the signed note: codes, minutes, diagnoses, charges, signature."""

import re
from collections.abc import Collection, Iterator

from models.claim_facts import ClaimFacts
from models.claim_findings import ClaimFinding
from models.claim_form import ClaimForm
from rules.claim_building import MOST_POINTERS, claimed_codes
from rules.claim_rule import CLINICIAN, ScrubContext, blocks, claim_rule, finding, warns
from rules.diagnoses import DiagnosisStatus, check_diagnosis
from rules.session_codes import CodeProblem, check_code

MOST_DIAGNOSES = 12
LONGEST_CLAIM_NUMBER = 20
_CLAIM_NUMBER = re.compile(r"[A-Za-z0-9-]+")
CODE_SEGMENT = "2400 SV101-2"
NOT_CLAIMED = {
    DiagnosisStatus.NOT_A_CODE: "is not written as an ICD-10-CM code",
    DiagnosisStatus.NOT_IN_TABLE: "is not in the table of behavioural-health codes; a person checks it",
    DiagnosisStatus.NOT_SPECIFIC: "is a heading that no claim may carry",
    DiagnosisStatus.NOT_VALID_ON_DATE: "was not valid on the date of service",
    DiagnosisStatus.BEFORE_TABLE: "is of a date before the table of codes begins; a person checks it",
}
UNKNOWN = (DiagnosisStatus.NOT_IN_TABLE, DiagnosisStatus.BEFORE_TABLE)


def _code_findings(
    facts: ClaimFacts, context: ScrubContext, problems: Collection[CodeProblem]
) -> Iterator[ClaimFinding]:
    same_day = [code for made in context.others(facts) for code in made.codes]
    for each in check_code(
        facts.procedure_code, facts.service, facts.note.minutes, addons=facts.addons, same_day=same_day
    ):
        if each.problem in problems:
            suggestion = (
                f"{each.supported} is what the session supports." if each.supported else "Choose the code anew."
            )
            yield finding(each.problem.stops)("procedure_code", CODE_SEGMENT, each.reason, suggestion, CLINICIAN)


@claim_rule
def minutes_support_codes(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Do the note's whole minutes support the codes? More than they do blocks, less warns.

    Source: AMA, CPT, psychiatry section, as set out in rules.session_codes.
    """
    yield from _code_findings(facts, context, (CodeProblem.OVER_CODED, CodeProblem.UNDER_CODED))


@claim_rule
def code_fits_service(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the code one for this kind of session? Another kind's blocks, one that no rule knows warns.

    Source: AMA, CPT, psychiatry section, as set out in rules.session_codes.
    """
    yield from _code_findings(facts, context, (CodeProblem.OTHER_SERVICE, CodeProblem.NOT_KNOWN))


@claim_rule
def codes_go_together(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """May these codes stand beside each other and beside the day's others?

    Source: AMA, CPT, parenthetical notes to 90785, 90839 and 90840; CMS, National Correct Coding Initiative Policy
    Manual, chapter XI.
    """
    yield from _code_findings(facts, context, (CodeProblem.NOT_TOGETHER,))


@claim_rule
def form_says_the_facts(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does the claim say the codes, units, dates and diagnoses that it was made from, and no others?

    Source: 31 USC 3729 (a claim says what happened); our own rule that what leaves is what was signed.
    """
    again = "Build the claim again from the note."
    if tuple((line.procedure_code, line.units) for line in form.lines) != claimed_codes(facts):
        yield blocks("procedure_code", CODE_SEGMENT, "The lines are not the codes the claim was made from.", again)
    if any(line.service_date != facts.service_date for line in form.lines):
        yield blocks("service_date", "2400 DTP03 (472)", "A line has another date than the session.", again)
    if form.diagnoses != facts.diagnoses:
        yield blocks("diagnoses", "2300 HI", "The diagnoses are not those the claim was made from.", again)
    if form.claim_number != facts.claim_number:
        yield blocks("claim_number", "2300 CLM01", "The claim number is not the one the claim was made for.", again)


@claim_rule
def diagnosis_present(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is there a diagnosis, at most twelve, each once?

    Source: ASC X12, 005010X222A1, 2300 HI (required, ABK once and ABF up to eleven times).
    """
    if not form.diagnoses:
        yield blocks("diagnoses", "2300 HI01 (ABK)", "No diagnosis.", "Add the note's principal diagnosis.", CLINICIAN)
    if len(form.diagnoses) > MOST_DIAGNOSES:
        message = f"{len(form.diagnoses)} diagnoses; a claim holds {MOST_DIAGNOSES}."
        yield blocks("diagnoses", "2300 HI", message, "Keep those that were treated.", CLINICIAN)
    if len(set(form.diagnoses)) < len(form.diagnoses):
        yield blocks("diagnoses", "2300 HI", "A diagnosis stands twice.", "Take one out.", CLINICIAN)


@claim_rule
def diagnosis_specific_and_valid(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is each diagnosis at full specificity and valid on the date of service? One that the table lacks warns.

    What is said names no code, only which of the claim's diagnoses it is: findings stand in the operational database.

    Source: ICD-10-CM Official Guidelines, section I.B.2; 45 CFR 162.1002, as set out in rules.diagnoses.
    """
    for number, code in enumerate(form.diagnoses, 1):
        found = check_diagnosis(code, facts.service_date, context.diagnoses)
        if found.may_be_claimed:
            continue
        message = f"Diagnosis {number} {NOT_CLAIMED[found.status]}."
        below = len(found.children)
        suggestion = f"Choose one of the {below} codes below it." if below else "Look the code up and correct the note."
        yield finding(found.status not in UNKNOWN)(
            "diagnoses", f"2300 HI{number:02d}-2", message, suggestion, CLINICIAN
        )


@claim_rule
def pointers_in_range(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does each line point to one to four of the claim's diagnoses, each once?

    Source: ASC X12, 005010X222A1, 2400 SV107 (SV107-1 required, up to four pointers).
    """
    for line in form.lines:
        pointers, segment = line.pointers, f"2400 SV107 (LX {line.number})"
        if not pointers or len(pointers) > MOST_POINTERS:
            message = f"Line {line.number} has {len(pointers)} diagnosis pointers; it needs 1 to {MOST_POINTERS}."
            yield blocks("pointers", segment, message, "Point to the diagnoses that were treated.")
        if any(not 1 <= each <= len(form.diagnoses) for each in pointers):
            message = f"Line {line.number} points to a diagnosis that the claim does not have."
            yield blocks("pointers", segment, message, "Build the claim again.")
        if len(set(pointers)) < len(pointers):
            yield blocks("pointers", segment, f"Line {line.number} points twice to a diagnosis.", "Take one out.")


@claim_rule
def charge_is_sum_of_lines(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the claim's charge the sum of its lines' charges?

    Source: ASC X12, 005010X222A1, CLM02 (must equal the sum of SV102).
    """
    total = sum(line.charge_cents for line in form.lines)
    if form.charge_cents != total:
        message = f"The claim charges {form.charge_cents} cents, its lines {total}."
        yield blocks("charge_cents", "2300 CLM02", message, "Build the claim again.")


@claim_rule
def charges_above_zero(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does the claim have lines, and does each charge something?

    Source: ASC X12, 005010X222A1, 2400 LX and SV102; a practice that bills nothing sends no claim.
    """
    if not form.lines:
        yield blocks("lines", "2400 LX", "The claim has no service line.", "Build the claim again.")
    for line in form.lines:
        if line.charge_cents <= 0 or line.units < 1:
            message = f"Line {line.number} charges {line.charge_cents} cents for {line.units} units."
            yield blocks("charge_cents", f"2400 SV102 (LX {line.number})", message, "Correct the fee table.")


@claim_rule
def claim_number_fits(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Has the claim number 1 to 20 letters, digits and dashes, and each line a control number of its own?

    Source: ASC X12, 005010X222A1, CLM01 (payers return 20 characters) and 2400 REF*6R (unique within the submitter).
    """
    if not _CLAIM_NUMBER.fullmatch(form.claim_number) or len(form.claim_number) > LONGEST_CLAIM_NUMBER:
        message = f"The claim number must be 1 to {LONGEST_CLAIM_NUMBER} letters, digits and dashes."
        yield blocks("claim_number", "2300 CLM01", message, "Give the claim a new number.")
    numbers = [line.control_number for line in form.lines]
    if len(set(numbers)) < len(numbers) or not all(numbers):
        message = "A line has no control number of its own."
        yield blocks("control_number", "2400 REF02 (6R)", message, "Build the claim again.")


@claim_rule
def note_is_signed(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Is the note signed, and is it still the one that the claim was made from?

    Source: CMS, Medicare Program Integrity Manual, chapter 3, 3.3.2.4 (services are authenticated by a signature).
    """
    segment = "2300 CLM"
    if facts.note.signed_at is None or context.signed_digest is None:
        yield blocks("note.signed_at", segment, "The note is not signed.", "Sign the note first.", CLINICIAN)
    elif not facts.note.digest or facts.note.digest != context.signed_digest:
        message = "The signed note is not the one that this claim was made from."
        yield blocks("note.digest", segment, message, "Build the claim again from the note.")


@claim_rule
def service_date_not_future(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Has the session taken place?

    Source: ASC X12, 005010X222A1, 2400 DTP*472 (date on which the service was rendered).
    """
    if facts.service_date > context.today:
        message = f"The date of service, {facts.service_date.isoformat()}, lies in the future."
        yield blocks("service_date", "2400 DTP03 (472)", message, "Wait for the session, or correct its date.")


@claim_rule
def not_a_duplicate(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Has a code of this session been claimed already for the patient, the clinician and the date?

    Source: X12, Claim Adjustment Reason Code 18 (duplicate); CMS, Medicare Claims Processing Manual, chapter 1, 120.
    """
    mine = {code for code, _ in claimed_codes(facts)}
    for made in context.others(facts):
        if again := sorted(mine & set(made.codes)):
            message = f"{', '.join(again)} of this day is on claim {made.claim_number} already."
            suggestion = "Replace that claim (frequency 7), or take this one back."
            yield blocks("procedure_code", CODE_SEGMENT, message, suggestion)


@claim_rule
def changed_against_note(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
    """Does the claim say other codes or diagnoses than the signed note? Then its clinician looks.

    Source: CMS, Medicare Program Integrity Manual, chapter 3, 3.3.2.1 (the record supports what is billed).
    """
    note = facts.note
    if claimed_codes(facts) != ((note.procedure_code, 1), *note.addons):
        message = "The codes differ from the signed note's."
        yield warns("procedure_code", CODE_SEGMENT, message, "The clinician signs the change.", CLINICIAN)
    if facts.diagnoses != note.diagnoses:
        message = "The diagnoses differ from the signed note's."
        yield warns("diagnoses", "2300 HI", message, "The clinician signs the change.", CLINICIAN)


RULES = (
    minutes_support_codes,
    code_fits_service,
    codes_go_together,
    form_says_the_facts,
    diagnosis_present,
    diagnosis_specific_and_valid,
    pointers_in_range,
    charge_is_sum_of_lines,
    charges_above_zero,
    claim_number_fits,
    note_is_signed,
    service_date_not_future,
    not_a_duplicate,
    changed_against_note,
)
