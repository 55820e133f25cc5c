"""A signed note becomes a claim: what a biller, a patient and a payer do to it until what is denied is written off."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from adapters.settings import CHECKOUT, settings
from adapters.simulated_payer import PayerRules, SimulatedPayer, Treatment
from adapters.x12 import write_835
from models.claim_answers import RemittanceHead, RemittedClaim, RemittedLine
from models.claim_codes import FileKind, FileStatus
from models.claim_form import Envelope, LineAdjustment, PayerName
from models.codes import ApprovalStatus, ClaimStatus, LinkPurpose
from models.columns import utc_now
from models.operational import Approval, Claim, ClearinghouseFile, EligibilityCheck, RemittedClaimRecord
from tests.leaks.people import ADMIN, CLINICIANS, COORDINATOR, FILE_NAME, NOTED, ROLES, SAID, Practice

C = ClaimStatus
BILLER, OWNER = "ST-301", "ST-501"
CLAIM_READERS = (BILLER, OWNER, ADMIN)

INSURED = {
    "group_number": "GRENDOLPH8",
    "subscriber_family_name": "Pelquistra",
    "subscriber_given_name": "Zandravorn",
    "authorisation": "TOVELBRACK5",
    "line": "48 Thistlebrunk Row",
    "second_line": "Unit Vexholmer",
    "city": "Quentlebury",
}
"""What is put on record of the booked patient's insurance and address, by field."""
OF_INSURANCE = ("grendolph8", "pelquistra", "zandravorn", "tovelbrack5", "thistlebrunk", "vexholmer", "quentlebury")
STRAY = ("frobnishaw", "dwindlecourt")
"""Member number and name of somebody whose payment a payer sends us by mistake; kept nowhere."""
HEADING, CHANGED = "Z62.82", "Z62.821"
"""A code that no claim may carry, and what is billed in the end instead of the note's ``NOTED``."""
CODES = (HEADING.lower(), NOTED.lower().replace(".", ""), CHANGED.lower().replace(".", ""))

RULES = PayerRules("denies", treatments={Treatment.DENIED: 1}, denials={"197": 1}, acknowledges_requests=True)


def open_billing() -> None:
    """The sample's tables; its payers are the ones that the simulated payer answers for."""
    shutil.copytree(CHECKOUT / "samples" / "billing", settings().billing_folder, dirs_exist_ok=True)


def payer_folder() -> Path:
    return settings().clearinghouse_folder / "simulated-payer"


def _claim(at: Practice) -> Claim | None:
    found: Claim | None = at.find(Claim, Claim.patient_id == at.case("booked").patient_id)
    return found


def claim_at(at: Practice, *statuses: ClaimStatus) -> Claim:
    """The booked patient's claim once it has come here; meanwhile the payer answers what lies in the folder."""
    folder = payer_folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    payer = SimulatedPayer(1, RULES, folder)

    def come() -> Claim | None:
        payer.work(settings().clearinghouse_folder, utc_now())
        claim = _claim(at)
        return claim if claim is not None and claim.status in statuses else None

    found: Claim = at.until(f"the claim at {statuses}", come)
    return found


def fill_in_the_card(at: Practice) -> None:
    """The payer has said that the patient is covered; they are asked where they live."""
    number = claim_at(at, C.MISSING_INFORMATION).case_number
    patient, home = at.arrive("booked", LinkPurpose.BILLING_DETAILS, number)
    patient.get(f"{home}/billing")
    patient.post(f"{home}/billing", 422, line=INSURED["line"])
    where = {name: INSURED[name] for name in ("line", "second_line", "city")}
    patient.post(f"{home}/billing", **where, state="OR", zip_code="97205", sex="F")
    patient.get(home)


def _step(at: Practice, name: str, *expected: int, **fields: str) -> str:
    claim = _claim(at)
    assert claim is not None
    page, seat = f"/claims/{claim.case_number}", at.seat(BILLER)
    seat.get(page)
    return seat.post(page, *expected, step=name, version=str(claim.version), **fields).text


def _decide(at: Practice, status: ClaimStatus, verdict: str = "approve", reason: str = "") -> None:
    """Whoever the claim waits for reads what is to be signed and decides it; before, they forget their password."""
    claim = claim_at(at, status)
    which = (Approval.case_number == claim.case_number, Approval.status == ApprovalStatus.OPEN)
    approval = at.until("a claim to sign", lambda: at.find(Approval, *which))
    signer = approval.assigned_to or BILLER
    path, seat = f"/approvals/{approval.id}", at.seat(signer)
    digest = re.search(r'name="seen_digest" value="(\w+)"', seat.get(path))
    form = {"verdict": verdict, "reason": reason, "seen_digest": digest.group(1) if digest else ""}
    seat.post(path, 422, **form)
    seat.post(path, **form, **at.proof(signer))
    seat.get(f"{path}/signed")


def correct_the_claim(at: Practice) -> None:
    """The biller returns it, puts another's insurance on record, and takes a code that no claim may carry."""
    _decide(at, C.CLAIM_SIGNATURE, "return", f"{SAID['claim returned']}: who is insured?")
    claim_at(at, C.CORRECTION)
    insurance = {name: INSURED[name] for name in ("group_number", "subscriber_family_name", "subscriber_given_name")}
    _step(
        at,
        "coverage",
        **insurance,
        rank="P",
        payer_code="AETNA",
        member_id=f"{INSURED['group_number']}77",
        relationship="19",
        subscriber_birth_date="1931-02-03",
        subscriber_sex="M",
        valid_from="2026-01-01",
    )
    spans = {"valid_from": "2026-01-01", "valid_to": f"{utc_now().year}-12-31"}
    _step(at, "authorisation", payer_code="AETNA", number=INSURED["authorisation"], sessions="20", **spans)
    _step(at, "correct", 422, diagnoses=HEADING)
    _step(at, "correct", diagnoses=HEADING, reason=f"{SAID['correction']} was said on the telephone")


def correct_the_code(at: Practice) -> None:
    """The checks have found the heading: the claim waits for its biller, and everybody looks at it."""
    claim = at.until("the checks", lambda: (found := claim_at(at, C.CORRECTION)) and found.queue == "checks" and found)
    assert not [code for code in CODES if code in str(claim.findings).lower()]
    for staff_id in ROLES:
        for path in pages_of(claim.case_number):
            at.seat(staff_id).get(path, 200, 403, 409)
    _step(at, "correct", diagnoses=CHANGED, reason=f"{SAID['code']} is what was treated")


def answer_the_denial(at: Practice) -> None:
    """Two signatures send the claim, the payer denies it, and a letter goes to the payer."""
    _decide(at, C.CLINICAL_SIGNATURE)
    _decide(at, C.CLAIM_SIGNATURE)
    number = claim_at(at, C.DENIED).case_number
    letter = {"template": "authorisation", "attached": f"the {SAID['attached']}", "reason": SAID["appeal"]}
    assert SAID["attached"] in _step(at, "appeal", 200, preview="yes", **letter)
    _step(at, "appeal", **letter)
    seat = at.seat(BILLER)
    link = re.search(rf"/claims/{number}/letters/[^\"]+", seat.get(f"/claims/{number}"))
    assert link
    seat.get(link.group(0))
    for staff_id in (OWNER, *CLINICIANS):
        at.seat(staff_id).get(link.group(0), 200, 403)


def give_it_up(at: Practice) -> None:
    """The appeal is lost by telephone; what the patient paid at the visit goes back; what is owed is above what a
    biller writes off alone."""
    check = at.find(EligibilityCheck, EligibilityCheck.id == claim_at(at, C.APPEALED).eligibility_id)
    assert check is not None
    at.seat(BILLER).get("/coverage")
    paid = {"amount": "120.00", "method": "cash", "reference": "R 7"}
    at.seat(BILLER).post(f"/coverage/{check.id}/payment", 422, **paid | {"reference": SAID["write-off"] + "*"})
    at.seat(BILLER).post(f"/coverage/{check.id}/payment", **paid)
    back = {"to": "patient", "amount": "120.00", "method": "check", "reference": "1042"}
    _step(at, "refund", reason=f"{SAID['write-off']} is all they said", **back)
    _decide(at, C.REFUND_SIGNATURE)
    claim_at(at, C.APPEALED)
    _step(at, "write_off", reason=f"{SAID['write-off']} is all they said")
    _decide(at, C.WRITE_OFF_SIGNATURE)
    claim_at(at, C.CLOSED_WRITTEN_OFF)


def pages_of(number: str) -> tuple[str, ...]:
    return ("/claims", "/claims/all", f"/claims/{number}", "/coverage", "/clearinghouse")


# -- payments that are not ours


def _remittance(control: int) -> str:
    """A payer's decision about a claim that nobody here has sent."""
    line = RemittedLine("90834", (), 13_000, 0, 1, (LineAdjustment("CO", "197", 13_000),))
    claim = RemittedClaim(
        *("NOT-OURS-1", "4", 13_000, 0, 0, f"THEIRS-{control}", (), (line,)),
        member_id=f"{STRAY[0]}9".upper(),
        patient_name=" ".join(STRAY).upper(),
    )
    payer, now = PayerName("AETNA", "SAMPLE01"), datetime.now(UTC)
    head = RemittanceHead("1", 0, f"TRACE{control}", "NON", now.date(), payer, "1000000996", "HARBOR GROUP")
    return write_835(Envelope("SAMPLECH", "HARBORGRP", control, now), [head, claim])


def drop_remittances() -> None:
    """One that is whole, and one that says a word where an amount should stand; a name stands in the files' names."""
    for control, text in ((71, _remittance(71)), (72, _remittance(72).replace("*130*", f"*{STRAY[0]}*", 1))):
        whole = settings().clearinghouse_folder / "incoming" / f"{FILE_NAME}-{control}.835"
        hidden = whole.with_name(f".{whole.name}")
        hidden.write_text(text)
        hidden.rename(whole)


def settle_a_stray_payment(at: Practice) -> None:
    record = at.until("a payment that is not ours", lambda: at.find(RemittedClaimRecord))
    refused = (ClearinghouseFile.status == FileStatus.REFUSED, ClearinghouseFile.kind == FileKind.REMITTANCE)
    file = at.until("the file that is refused", lambda: at.find(ClearinghouseFile, *refused))
    page, seat = f"/claims/remitted/{record.id}", at.seat(BILLER)
    for staff_id in (*CLAIM_READERS, COORDINATOR):
        at.seat(staff_id).get(page, 200, 403)
    seat.get(page)
    seat.post(page, 422, reason=SAID["stray"])
    seat.post(page, whose="nobody", reason=f"{SAID['stray']} is nobody of ours")
    seat.post(f"/clearinghouse/{file.id}/put-aside", 422, reason=" ")
    seat.post(f"/clearinghouse/{file.id}/put-aside", reason=f"{SAID['stray']} came anew")
