"""Makes fictional claims at every point of their thread, with their content, files, answers and ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from adapters import therapy_store_claims
from adapters.claim_values import form_to_plain
from adapters.operational_store import audit, writing
from adapters.portal_links import MadeLink, make_link
from models.claim_codes import (
    ExceptionQueue,
    FileKind,
    FileStatus,
    RemittanceOutcome,
    SubmissionStatus,
)
from models.claim_form import (
    BillingProvider,
    ClaimForm,
    ClaimFrequency,
    PayerName,
    PersonName,
    PostalAddress,
    RenderingClinician,
    ServiceLine,
    Subscriber,
)
from models.codes import ApprovalKind, ClaimStatus, LinkPurpose, NoteStatus, Role, ToDoKind
from models.columns import new_id, utc_now
from models.ledger import LedgerAccount, LedgerKind
from models.operational import (
    Approval,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    EligibilityCheck,
    LedgerEntry,
    Location,
    OperationalRecord,
    Patient,
    PatientCoverage,
    RemittedClaimRecord,
    SessionNote,
    Staff,
    SubmittedLine,
    ToDo,
    VisitPayment,
)
from models.therapy_text import TherapyText
from rules.sign_off import SIGNING_ROLE, digest
from tests import factories

S = ClaimStatus
CHARGE = 15000
TO_DO_AT = {
    S.CORRECTION: ToDoKind.CORRECT_CLAIM,
    S.REMITTANCE_REVIEW: ToDoKind.REVIEW_REMITTANCE,
    S.DENIED: ToDoKind.ANSWER_DENIAL,
}
SIGNED_AT = {
    S.CLAIM_SIGNATURE: ApprovalKind.CLAIM,
    S.CLINICAL_SIGNATURE: ApprovalKind.CLAIM_CLINICAL,
    S.WRITE_OFF_SIGNATURE: ApprovalKind.WRITE_OFF,
    S.REFUND_SIGNATURE: ApprovalKind.REFUND,
}
QUEUE_AT = {
    S.CORRECTION: ExceptionQueue.CHECKS,
    S.MISSING_INFORMATION: ExceptionQueue.MISSING_INFORMATION,
    S.REMITTANCE_REVIEW: ExceptionQueue.REMITTANCE,
    S.DENIED: ExceptionQueue.DENIAL,
}
SENT_AT = frozenset(S) - {
    *(S.RECEIVED, S.COVERAGE_ASKED, S.READY_TO_BUILD, S.MISSING_INFORMATION, S.CORRECTION, S.CLINICAL_SIGNATURE),
    *(S.CLAIM_SIGNATURE, S.READY_TO_SEND, S.CLOSED_NOT_BILLED),
}
FINDING = {
    "rule": "authorisation.left",
    "severity": "blocking",
    "field": "authorisation",
    "segment": "REF*G1",
    "message": "The authorisation has no session left on the date of service.",
    "suggestion": "Put a new authorisation on record, then build the claim again.",
    "owner": "biller",
}
DENIAL = {
    "rule": "CO-197",
    "severity": "blocking",
    "field": "",
    "segment": "31",
    "message": "authorisation: the payer refuses 150.00 with reason 197.",
    "suggestion": "Appeal with the authorisation's number.",
    "owner": "biller",
    "corrects_by": "appeal",
    "template": "",
    "due_on": "",
}


@dataclass
class MadeClaim:
    """A claim with everyone and everything around it."""

    claim: Claim
    patient: Patient
    session: SessionNote
    location: Location
    clinician: Staff
    form: ClaimForm
    approval: Approval | None = None
    to_do: ToDo | None = None

    @property
    def number(self) -> str:
        return self.claim.case_number


def keep(*records: OperationalRecord) -> None:
    with writing() as db:
        for record in records:
            db.add(record)
            db.flush()


def claim_form(patient: Patient, session: SessionNote, number: str, **given: Any) -> ClaimForm:
    """A whole claim of one session in the office."""
    person = PersonName(patient.family_name, patient.given_name, birth_date=patient.birth_date, sex="F")
    home = PostalAddress("1 Elm Street", "Portland", "OR", "97201")
    facts: dict[str, Any] = {
        "claim_number": f"{number}-1",
        "charge_cents": CHARGE,
        "place_of_service": "11",
        "diagnoses": ("F41.1",),
        "lines": (ServiceLine(1, "90837", CHARGE, session.started_at.date(), f"{number}-1-1"),),
        "billing": BillingProvider("Harbor Street Practice", "1234567893", "101YM0800X", "123456789", home),
        "rendering": RenderingClinician("Example", "Robin", "1234567893", "101YM0800X"),
        "subscriber": Subscriber(person, "MEM-4711", home, group_number="G-1"),
        "payer": PayerName("Blue Harbor Health", "BLUEH"),
    }
    return ClaimForm(**{**facts, **given})


def claim_content(claim: Claim, form: ClaimForm, **given: Any) -> dict[str, Any]:
    """What is kept of a built claim."""
    facts = {
        "minutes": 53,
        "service": "individual",
        "modality": "office",
        "note_digest": "a" * 64,
        "note_code": "90837",
        "note_addons": [],
        "note_diagnoses": ["F41.1"],
        "session": claim.session_number,
    }
    content = {
        "case": claim.case_number,
        "session": claim.session_number,
        "form": form_to_plain(form),
        "facts": facts,
        "findings": [],
        "changes": [],
        "biller": [],
        "clinician": [],
        "rule": "signatures_needed",
    }
    return {**content, **given}


def make_claim_at(
    status: ClaimStatus = S.CORRECTION,
    *,
    location: Location | None = None,
    patient: Patient | None = None,
    clinician: Staff | None = None,
    to_do: bool = True,
    form: dict[str, Any] | None = None,
    content: dict[str, Any] | None = None,
    signer: Staff | None = None,
    **given: Any,
) -> MadeClaim:
    """A claim in any status with what waits there; ``content`` changes what is to be signed, ``form`` the claim."""
    place = location or factories.make_location()
    person = patient or factories.make_patient()
    held_by = clinician or factories.make_signer(location=place)
    session = factories.make_session(
        NoteStatus.CLOSED_SIGNED, patient=person, clinician=held_by, location=place, procedure_code="90837"
    )
    number = session.case_number.replace("SN-", "CL-")
    made_form = claim_form(person, session, number, **(form or {}))
    today = utc_now().date()
    facts: dict[str, Any] = {
        "case_number": number,
        "session_number": session.case_number,
        "patient_id": person.id,
        "clinician_id": held_by.id,
        "location_id": place.id,
        "service_date": session.started_at.date(),
        "procedure_code": "90837",
        "payer_code": "BLUEH",
        "charge_cents": CHARGE,
        "file_by": today + timedelta(days=60),
        "status": status,
        "queue": QUEUE_AT[status].value if status in QUEUE_AT else "",
        "findings": [dict(DENIAL if status == S.DENIED else FINDING)] if status in TO_DO_AT else [],
        "closed_at": utc_now() if status.is_closed else None,
        "first_sent_at": utc_now() - timedelta(days=20) if status in SENT_AT else None,
    }
    if status == S.DENIED:
        facts |= {"carc": "197", "decided_on": today, "appeal_by": today + timedelta(days=30)}
    claim = Claim(**{**facts, **given})
    kept = factories.spelled(claim_content(claim, made_form))
    if claim.status not in (S.RECEIVED, S.COVERAGE_ASKED, S.READY_TO_BUILD):
        claim.edition, claim.content_id, claim.content_digest = 1, f"{number}-0", digest(kept)
        therapy_store_claims.keep_content(claim.content_id, number, TherapyText(kept))
    keep(claim)
    made = MadeClaim(claim, person, session, place, held_by, made_form)
    if status in TO_DO_AT and to_do:
        made.to_do = factories.make_to_do(claim, TO_DO_AT[status], role=Role.BILLER)
    if status in SIGNED_AT:
        made.approval = make_claim_approval(made, SIGNED_AT[status], signer, **(content or {}))
    return made


def make_claim_approval(made: MadeClaim, kind: ApprovalKind, signer: Staff | None = None, **given: Any) -> Approval:
    """An open sign-off about a claim."""
    if kind == ApprovalKind.WRITE_OFF:
        words = {
            "kind": kind.value,
            "case": made.number,
            "cents": CHARGE,
            "accounts": {"payer": 0, "denied": CHARGE, "patient": 0},
            "why": [DENIAL["message"]],
            "asked_by": "ST-ASKED",
            "said": "Too small to appeal.",
            "reasons": ["The amount is above what a biller may write off alone."],
            "payer": made.claim.payer_code,
            "service_date": made.claim.service_date.isoformat(),
        }
    elif kind == ApprovalKind.REFUND:
        words = {
            "kind": kind.value,
            "case": made.number,
            "cents": CHARGE,
            "to": "patient",
            "method": "check",
            "reference": "1042",
            "accounts": {"payer": 0, "denied": 0, "patient": -CHARGE},
            "after": "closed_paid",
            "asked_by": "ST-ASKED",
            "said": "They paid twice.",
            "reasons": ["The amount is above what a biller may give back alone."],
            "payer": made.claim.payer_code,
            "service_date": made.claim.service_date.isoformat(),
        }
    else:
        built = claim_content(made.claim, made.form)
        kept = ("case", "biller", "findings", "form", "changes", "facts")
        words = {name: built[name] for name in kept} | {"kind": kind.value, "content_digest": made.claim.content_digest}
        words["reasons"] = ["No claim of this clinician has been paid by this payer yet."]
    words |= given
    return factories.make_approval(
        kind,
        case=made.claim,
        content=factories.spelled(words),
        role=SIGNING_ROLE[kind],
        assigned_to=signer.id if signer else None,
        due_at=utc_now() + timedelta(hours=20),
    )


# -- what happened to it


def make_file(kind: FileKind, status: FileStatus, *, outgoing: bool = False, **given: Any) -> ClearinghouseFile:
    file_id = new_id("CF")
    facts = {
        "id": file_id,
        "outgoing": outgoing,
        "kind": kind,
        "name": f"{kind.value.lower()}-{file_id[-6:].lower()}.x12",
        "control_number": 905,
        "sender_id": "PRACTICE" if outgoing else "BLUEH",
        "digest": digest(file_id),
        "status": status,
        "count": 1,
        "at": utc_now() - timedelta(days=9),
        "sent_at": utc_now() - timedelta(days=9) if outgoing else None,
    }
    file = ClearinghouseFile(**{**facts, **given})
    keep(file)
    return file


def make_submission(
    made: MadeClaim, number: int = 1, status: SubmissionStatus = SubmissionStatus.DECIDED, **given: Any
) -> ClaimSubmission:
    """One time the claim was sent, with its file and lines, as far as its status says."""
    file = make_file(FileKind.CLAIMS, FileStatus.ANSWERED, outgoing=True)
    control = f"{made.number}-{number}"
    came = {SubmissionStatus.ACCEPTED, SubmissionStatus.DECIDED, SubmissionStatus.REVERSED, SubmissionStatus.REPLACED}
    facts = {
        "claim_control": control,
        "case_number": made.number,
        "number": number,
        "file_id": file.id,
        "content_id": f"{made.number}-0",
        "content_digest": made.claim.content_digest,
        "payer_code": made.claim.payer_code,
        "rank": "P",
        "frequency": ClaimFrequency.ORIGINAL.value if number == 1 else ClaimFrequency.REPLACEMENT.value,
        "charge_cents": CHARGE,
        "status": status,
        "payer_control": "PC-77" if status in came else "",
        "sent_by": "system",
        "at": utc_now() - timedelta(days=9),
        "received_at": utc_now() - timedelta(days=8),
        "accepted_at": utc_now() - timedelta(days=7) if status in came else None,
    }
    submission = ClaimSubmission(**{**facts, **given})
    line = SubmittedLine(
        control_number=f"{control}-1",
        claim_control=control,
        number=1,
        procedure_code="90837",
        modifiers=["95"],
        units=1,
        charge_cents=CHARGE,
        service_date=made.claim.service_date,
    )
    keep(submission, line)
    return submission


def make_check(made_or_patient: MadeClaim | Patient, location: Location, **given: Any) -> EligibilityCheck:
    """An eligibility check that was answered with a copay; ``given`` says what else."""
    patient = made_or_patient.patient if isinstance(made_or_patient, MadeClaim) else made_or_patient
    key = new_id("EC")
    facts = {
        "id": key,
        "unique_key": key,
        "case_number": made_or_patient.number if isinstance(made_or_patient, MadeClaim) else "RF-000001",
        "patient_id": patient.id,
        "location_id": location.id,
        "clinician_id": given.pop("clinician_id", None)
        or (made_or_patient.clinician.id if isinstance(made_or_patient, MadeClaim) else ""),
        "payer_code": "BLUEH",
        "service_date": utc_now().date() + timedelta(days=1),
        "asked_at": utc_now() - timedelta(days=12),
        "answered_at": utc_now() - timedelta(days=11),
        "status": "active_mental_health",
        "reason": "EB says that mental health is active",
        "shares": [
            {"kind": "copay", "cents": 2500, "percent": None, "visits": None, "in_network": True, "segment": 14}
        ],
        "segment": 13,
    }
    check = EligibilityCheck(**{**facts, **given})
    keep(check)
    return check


def pay_at_the_visit(made: MadeClaim, cents: int) -> VisitPayment:
    """The patient has paid this much at the claim's session; it stands in no ledger yet."""
    claim = made.claim
    check = make_check(made, made.location, service_date=claim.service_date)
    paid = VisitPayment(
        id=new_id("VP"),
        unique_key=f"{check.id}:R 1",
        check_id=check.id,
        patient_id=claim.patient_id,
        clinician_id=claim.clinician_id,
        location_id=claim.location_id,
        service_date=claim.service_date,
        cents=cents,
        method="card",
        reference="R 1",
        recorded_by="ST-301",
    )
    keep(paid)
    return paid


def make_remitted(made: MadeClaim | None = None, **given: Any) -> RemittedClaimRecord:
    """What an 835 says of one claim: the full charge denied."""
    file = make_file(FileKind.REMITTANCE, FileStatus.TAKEN_IN)
    key = new_id("RC")
    line = {
        "procedure_code": "90837",
        "control_number": f"{made.number}-1-1" if made else "",
        "charge_cents": CHARGE,
        "paid_cents": 0,
        "adjustments": [{"group": "CO", "reason": "197", "amount_cents": CHARGE, "quantity": None}],
    }
    facts = {
        "id": key,
        "unique_key": key,
        "file_id": file.id,
        "case_number": made.number if made else None,
        "claim_control": f"{made.number}-1" if made else "UNKNOWN-1",
        "payer_control": "PC-77",
        "payer_id": "BLUEH",
        "trace": "EFT-1001",
        "paid_on": utc_now().date(),
        "status": "4",
        "charge_cents": CHARGE,
        "paid_cents": 0,
        "patient_cents": 0,
        "segment": 31,
        "outcome": RemittanceOutcome.POSTED if made else RemittanceOutcome.FOR_A_PERSON,
        "reason": "" if made else "no claim of ours has this number, or its lines belong to several claims",
        "content": {"lines": [line], "adjustments": []},
    }
    record = RemittedClaimRecord(**{**facts, **given})
    keep(record)
    return record


def post(made: MadeClaim, *entries: tuple[LedgerAccount, LedgerKind, int], **given: Any) -> None:
    """Ledger lines of a claim: account, kind, cents."""
    for part, (account, kind, cents) in enumerate(entries, start=1):
        key = f"{made.number}:{new_id('T')}#{part}"
        facts = {"key": key, "case_number": made.number, "claim_number": made.number, "source": "test", "part": part}
        keep(LedgerEntry(**{**facts, "account": account, "kind": kind, "amount_cents": cents, **given}))


DENIED_LINES: Sequence[tuple[LedgerAccount, LedgerKind, int]] = (
    (LedgerAccount.PAYER, LedgerKind.CHARGE, CHARGE),
    (LedgerAccount.PAYER, LedgerKind.DENIAL, -CHARGE),
    (LedgerAccount.DENIED, LedgerKind.DENIAL, CHARGE),
)


def make_denied_thread(group: str = "CO", reason: str = "197", **given: Any) -> MadeClaim:
    """A claim that was checked, sent, received, accepted and denied."""
    made = make_claim_at(S.DENIED, **given)
    make_check(made, made.location, service_date=made.claim.service_date)
    make_submission(made, decided_at=utc_now())
    make_remitted(made)
    post(made, *DENIED_LINES, group=group, reason=reason)
    return made


def make_coverage_problem(location: Location, patient: Patient | None = None, **given: Any) -> tuple[Any, ToDo]:
    """A referral whose first session is tomorrow and whose coverage is not known; its check and its to-do."""
    person = patient or factories.make_patient()
    clinician = factories.make_signer(location=location)
    case = factories.make_referral(factories.ReferralStatus.BOOKED, patient=person, location=location)
    facts = {"status": "carve_out", "reason": "mental health is with another payer", "carve_out_payer": "MINDCO"}
    check = make_check(
        person, location, **{"case_number": case.case_number, "clinician_id": clinician.id, **facts, **given}
    )
    to_do = factories.make_to_do(case, ToDoKind.COVERAGE_PROBLEM, role=Role.BILLER, unique_key=f"coverage:{check.id}")
    return check, to_do


def make_insurance(patient: Patient, **given: Any) -> PatientCoverage:
    """A first coverage in force since long ago."""
    facts = {"id": new_id("PV"), "patient_id": patient.id, "payer_code": "BLUEH", "member_id": "OLD-1"}
    row = PatientCoverage(**{**facts, "valid_from": date(2020, 1, 1), "recorded_by": "test", **given})
    keep(row)
    return row


def make_billing_link(made: MadeClaim) -> MadeLink:
    """The link by which the patient fills in what this claim lacks."""
    with writing() as db:
        return make_link(db, made.number, LinkPurpose.BILLING_DETAILS, made.claim.version)


def make_letter(made: MadeClaim) -> str:
    """A letter to the payer that stands in the claim's thread; returns its id."""
    letter_id = new_id("AL")
    therapy_store_claims.keep_letter(letter_id, made.number, TherapyText("Dear payer,\nplease look again.\n"), "test")
    moved = {"old": "denied", "new": "appealed", "letter": letter_id}
    with writing() as db:
        audit(db, made.clinician.id, "case.moved", made.claim, made.number, **moved)
    return letter_id
