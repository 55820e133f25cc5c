"""Makes valid, fictional records in the databases of a test; every keyword has a default."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from adapters import credentials, staff_secrets, therapy_store
from adapters.operational_store import CaseRecord, writing
from adapters.portal_links import MadeLink, make_link, make_proof, token_of
from models.claim_codes import FileKind, FileStatus
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ClaimStatus,
    DraftKind,
    ExitKind,
    LinkPurpose,
    MessageChannel,
    Modality,
    NoteStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    SlotStatus,
    ToDoKind,
    TranscriptState,
    Verdict,
)
from models.columns import new_id, utc_now
from models.note_codes import ConsentPurpose
from models.operational import (
    Appointment,
    Approval,
    CheckIn,
    CheckInPlan,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    Clinician,
    Decision,
    Episode,
    FollowUp,
    Licence,
    Location,
    Offer,
    OperationalRecord,
    OutboxMessage,
    Patient,
    PatientConsent,
    Referral,
    SatisfactionSurvey,
    SessionNote,
    Slot,
    Staff,
    ToDo,
    WaitlistEntry,
)
from models.scheduling_codes import CheckInKind, CheckInStatus, FollowUpKind, SurveyMoment
from models.session_index import NoteFormatCode, SessionService
from models.therapy_text import TherapyText
from rules.duplicates import normalise_name
from tests.notes import note_content

_numbers = count(1)
BIRTH_DATE = date(1990, 4, 23)
SIGNING_ROLES = {
    ApprovalKind.RISK_REVIEW: Role.CLINICIAN,
    ApprovalKind.ASSIGNMENT: Role.COORDINATOR,
    ApprovalKind.CLOSING_LETTER: Role.CLINICIAN,
    ApprovalKind.SESSION_NOTE: Role.CLINICIAN,
    ApprovalKind.CLAIM_CLINICAL: Role.CLINICIAN,
    ApprovalKind.CLAIM: Role.BILLER,
    ApprovalKind.WRITE_OFF: Role.OWNER,
    ApprovalKind.REFUND: Role.OWNER,
    ApprovalKind.ESCALATION: Role.CLINICIAN,
    ApprovalKind.MESSAGE: Role.CLINICIAN,
}


def _keep(record: OperationalRecord) -> None:
    with writing() as db:
        db.add(record)


def _made(record_type: Any, defaults: dict[str, Any], given: dict[str, Any]) -> Any:
    record = record_type(**{**defaults, **given})
    _keep(record)
    return record


def make_location(**given: Any) -> Location:
    number = next(_numbers)
    return _made(
        Location,
        {
            "id": f"LOC-T{number}",
            "name": "Harbor Street",
            "state": "OR",
            "time_zone": "America/Los_Angeles",
            "phone": "+1 503 555 0140",
        },
        given,
    )


def make_staff(*, location: Location | None = None, **given: Any) -> Staff:
    number = next(_numbers)
    place = location or make_location()
    given = {"id": f"ST-T{number}"} | given
    if given.get("totp_secret"):
        given["totp_secret"] = staff_secrets.sealed(given["id"], given["totp_secret"])
    return _made(
        Staff,
        {
            "name": f"Robin Example {number}",
            "email": f"staff{number}@example.org",
            "role": Role.COORDINATOR,
            "location_ids": [place.id],
            "team": "T",
        },
        given,
    )


def make_clinician(*, location: Location | None = None, on_call: bool = False, **given: Any) -> Clinician:
    staff = make_staff(location=location, role=Role.CLINICIAN, on_call=on_call, phone="+15035550141")
    return _made(Clinician, {"id": staff.id, "npi": "1234567893", "credential": "LCSW"}, given)


def make_patient(**given: Any) -> Patient:
    number = next(_numbers)
    return _made(
        Patient,
        {
            "id": f"PT-T{number}",
            "given_name": "Alex",
            "family_name": f"Sample{number}",
            "match_name": normalise_name(given.get("given_name", "Alex"), given.get("family_name", f"Sample{number}")),
            "birth_date": BIRTH_DATE,
            "email": f"patient{number}@example.org",
            "phone": f"+1503555{100 + number % 100:04d}",
            "state": "OR",
            "time_zone": "America/Los_Angeles",
            "language": "en",
        },
        given,
    )


def make_referral(
    status: ReferralStatus = ReferralStatus.RECEIVED,
    *,
    patient: Patient | None = None,
    location: Location | None = None,
    **given: Any,
) -> Referral:
    number = next(_numbers)
    return _made(
        Referral,
        {
            "case_number": f"RF-9{number:05d}",
            "patient_id": (patient or make_patient()).id,
            "location_id": (location or make_location()).id,
            "external_key": f"test-{number}",
            "source": "test",
            "received_at": utc_now() - timedelta(days=1),
            "status": status,
        },
        given,
    )


def make_slot(clinician: Clinician, location: Location, *, hours_ahead: float = 96, **given: Any) -> Slot:
    starts = (datetime.now(UTC) + timedelta(hours=hours_ahead)).replace(minute=0, second=0, microsecond=0)
    return _made(
        Slot,
        {
            "id": f"SL-T{next(_numbers)}",
            "clinician_id": clinician.id,
            "location_id": location.id,
            "starts_at": starts,
            "minutes": 50,
            "modality": Modality.OFFICE,
        },
        given,
    )


def make_offer(referral: Referral, slot: Slot, **given: Any) -> Offer:
    defaults = {"id": new_id("OF"), "case_number": referral.case_number, "round": referral.round}
    return _made(Offer, {**defaults, "slot_id": slot.id}, given)


def make_portal_link(referral: Referral, purpose: LinkPurpose, days: int = 14) -> MadeLink:
    with writing() as db:
        return make_link(db, referral.case_number, purpose, referral.round, days)


def make_message(patient: Patient | None = None, **given: Any) -> OutboxMessage:
    number = next(_numbers)
    return _made(
        OutboxMessage,
        {
            "id": f"MS-T{number}",
            "unique_key": f"test-message-{number}",
            "channel": MessageChannel.EMAIL,
            "to_patient_id": patient.id if patient else None,
            "template": "waitlisted",
            "not_before": utc_now() - timedelta(minutes=1),
        },
        given,
    )


def make_approval(
    kind: ApprovalKind = ApprovalKind.RISK_REVIEW,
    *,
    referral: Referral | None = None,
    case: CaseRecord | None = None,
    content: str = "{}",
    level: RiskLevel | None = None,
    **given: Any,
) -> Approval:
    """An open sign-off whose content lies in the therapy database."""
    case = case or referral or make_referral(ReferralStatus(kind.value))
    approval = _made(
        Approval,
        {
            "id": new_id("AP"),
            "case_number": case.case_number,
            "kind": kind,
            "digest": hashlib.sha256(content.encode()).hexdigest(),
            "why": "test",
            "role": SIGNING_ROLES[kind],
            "location_id": case.location_id,
            "level": level,
            "due_at": utc_now() + timedelta(hours=1),
        },
        given,
    )
    therapy_store.keep_sign_off_content(approval.id, case.case_number, TherapyText(content))
    return approval


def make_decision(
    approval: Approval, staff: Staff, signed: str, flags: Sequence[therapy_store.DecidedFlag] = (), **given: Any
) -> Decision:
    """A decision on an approval with the words that were signed."""
    decision = _made(
        Decision,
        {
            "id": new_id("DC"),
            "approval_id": approval.id,
            "case_number": approval.case_number,
            "staff_id": staff.id,
            "authenticated": "desk_password_and_code",
            "verdict": Verdict.APPROVE,
            "digest": approval.digest,
            "signed_digest": hashlib.sha256(signed.encode()).hexdigest(),
        },
        given,
    )
    therapy_store.keep_decision_words(
        decision.id, approval.id, approval.case_number, TherapyText(""), TherapyText(signed), staff.id, flags
    )
    return decision


def make_decided_flag(case_number: str, **given: Any) -> therapy_store.DecidedFlag:
    """What a signed review says of one flag of the classifier, confirmed unless ``given`` says otherwise."""
    number = next(_numbers)
    facts: dict[str, Any] = {
        "id": f"DF-T{number}",
        "case_number": case_number,
        "decision_id": "DC-T",
        "at": utc_now(),
        "flag_id": f"FL-T{number}",
        "kind": "self_harm",
        "raised_by": "classifier",
        "rule_id": "classifier.self_harm",
        "version": "v7",
        "probability": 0.9,
        "text_id": "TX-T",
        "edition": 1,
        "starts": 2,
        "ends": 13,
        "confirmed": True,
    }
    return therapy_store.DecidedFlag(**{**facts, **given})


def make_labels(
    *labels: bool | None, referral: Referral | None = None, at: datetime | None = None, **given: Any
) -> str:
    """A signed risk review with one flag for each label; returns the decision's id."""
    case = referral or make_referral(ReferralStatus.READY_TO_MATCH)
    content = spelled(review_words(case=case.case_number))
    approval = make_approval(referral=case, content=content, status="decided", round=next(_numbers))
    decision_id, moment = new_id("DC"), at or utc_now()
    facts = {"decision_id": decision_id, "at": moment, **given}
    flags = [make_decided_flag(case.case_number, confirmed=label, **facts) for label in labels]
    make_decision(approval, make_staff(), content, flags, id=decision_id, at=moment)
    return decision_id


# -- people who sign, and cases in the middle of their course

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_signer(
    role: Role = Role.CLINICIAN,
    *,
    location: Location,
    states: tuple[str, ...] = ("OR",),
    accepts_new: bool = True,
    **given: Any,
) -> Staff:
    """A member of staff who can prove themselves by one-time code; a clinician with licences in these states."""
    staff = make_staff(location=location, role=role, **{"totp_secret": TOTP_SECRET, **given})
    if role == Role.CLINICIAN:
        facts = {"id": staff.id, "npi": "1234567893", "credential": "LCSW", "languages": ["en"]}
        _made(
            Clinician,
            facts | {"modalities": [Modality.OFFICE.value, Modality.TELEHEALTH.value]},
            {"accepts_new": accepts_new},
        )
        for state in states:
            expires = utc_now().date() + timedelta(days=300)
            _keep(Licence(clinician_id=staff.id, state=state, number=f"{state}-T", expires_on=expires))
    return staff


def fresh_code(staff_id: str) -> str:
    """A one-time code this person may use now, as if their last one were long ago."""
    with writing() as db:
        staff = db.get_one(Staff, staff_id)
        staff.totp_last_step = 0
        db.add(staff)
        return credentials.totp_now(staff_secrets.opened(staff), utc_now())


def review_words(level: str = "moderate", disposition: str = "continue_intake", **given: Any) -> dict[str, Any]:
    """The content of a risk review."""
    content = {"kind": "risk_review", "level": level, "disposition": disposition, "safety_note": ""}
    return {**content, "flags": [], "measures": [], "texts": [], **given}


def assignment_words(clinician_id: str | None, **given: Any) -> dict[str, Any]:
    """The content of an assignment."""
    return {"kind": "assignment", "clinician_id": clinician_id, "candidates": [], "excluded": [], **given}


def letter_words(exit_kind: str = "declined", letter: str = "Dear Alex, goodbye.", **given: Any) -> dict[str, Any]:
    """The content of a closing letter."""
    return {"kind": "closing_letter", "exit": exit_kind, "letter": letter, **given}


def spelled(content: dict[str, Any]) -> str:
    """The one spelling of a content whose digest is signed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_to_do(referral: Referral, kind: ToDoKind, **given: Any) -> ToDo:
    number = next(_numbers)
    return _made(
        ToDo,
        {
            "id": f"TD-T{number}",
            "unique_key": f"test-to-do-{number}",
            "case_number": referral.case_number,
            "kind": kind,
            "role": Role.COORDINATOR,
            "location_id": referral.location_id,
            "due_at": utc_now() + timedelta(hours=24),
        },
        given,
    )


def make_appointment(referral: Referral, slot: Slot, **given: Any) -> Appointment:
    """A booked first session on this slot, which is taken with it."""
    with writing() as db:
        taken = db.get_one(Slot, slot.id)
        taken.status, taken.case_number = SlotStatus.BOOKED, referral.case_number
        db.add(taken)
    return _made(
        Appointment,
        {
            "id": new_id("AT"),
            "case_number": referral.case_number,
            "patient_id": referral.patient_id,
            "clinician_id": slot.clinician_id,
            "location_id": slot.location_id,
            "slot_id": slot.id,
            "starts_at": slot.starts_at,
            "minutes": slot.minutes,
            "modality": slot.modality,
            "status": AppointmentStatus.BOOKED,
        },
        given,
    )


@dataclass
class MadeCase:
    """A case with everyone and everything that its status needs around it."""

    referral: Referral
    patient: Patient
    location: Location
    clinician: Staff
    coordinator: Staff
    approval: Approval | None = None
    to_do: ToDo | None = None
    slots: tuple[Slot, ...] = ()
    appointment: Appointment | None = None

    @property
    def number(self) -> str:
        return self.referral.case_number


_CLEARED = frozenset(
    {
        *(ReferralStatus.READY_TO_MATCH, ReferralStatus.ASSIGNMENT, ReferralStatus.READY_TO_OFFER),
        *(ReferralStatus.OFFERED, ReferralStatus.WAITLISTED, ReferralStatus.BOOKED, ReferralStatus.MISSED),
        ReferralStatus.CLOSED_ATTENDED,
    }
)
_ASSIGNED = _CLEARED - {ReferralStatus.READY_TO_MATCH, ReferralStatus.ASSIGNMENT}
_TO_DO_AT = {
    ReferralStatus.POSSIBLE_DUPLICATE: ToDoKind.CHECK_DUPLICATE,
    ReferralStatus.CONTACT_PATIENT: ToDoKind.CALL_PATIENT,
    ReferralStatus.QUESTION_OPEN: ToDoKind.ANSWER_QUESTION,
    ReferralStatus.WAITLISTED: ToDoKind.WAITLIST,
    ReferralStatus.MISSED: ToDoKind.MISSED_SESSION,
}


def make_case_at(
    status: ReferralStatus,
    *,
    slots: int = 2,
    content: dict[str, Any] | None = None,
    level: RiskLevel | None = RiskLevel.MODERATE,
    patient: Patient | None = None,
    to_do: bool = True,
    **given: Any,
) -> MadeCase:
    """A case in any status, with its patient, place, clinician, coordinator, and what waits there.

    ``content`` is what is to be signed in a status that waits for a signature, by default the plainest one.
    """
    location = make_location()
    clinician = make_signer(location=location, on_call=True, phone="+15035550141")
    coordinator = make_signer(Role.COORDINATOR, location=location)
    person = patient or make_patient()
    facts: dict[str, Any] = {
        "risk_cleared": status in _CLEARED,
        "clinician_id": clinician.id if status in _ASSIGNED else None,
        "exit_kind": ExitKind.DECLINED if status == ReferralStatus.CLOSING_LETTER else None,
        "closed_at": utc_now() if status.is_closed else None,
        "risk_level": level,
    }
    referral = make_referral(status, patient=person, location=location, **{**facts, **given})
    made = MadeCase(referral, person, location, clinician, coordinator)
    made.slots = tuple(make_slot_of(clinician, location, hours_ahead=96 + 24 * each) for each in range(slots))
    if status in _TO_DO_AT and to_do:
        made.to_do = make_to_do(referral, _TO_DO_AT[status])
    if status.value in tuple(ApprovalKind):
        kind = ApprovalKind(status.value)
        plain = {
            ApprovalKind.RISK_REVIEW: lambda: review_words(),
            ApprovalKind.ASSIGNMENT: lambda: assignment_words(clinician.id),
            ApprovalKind.CLOSING_LETTER: lambda: letter_words(),
        }
        words = spelled(content if content is not None else plain[kind]())
        made.approval = make_approval(kind, referral=referral, content=words, level=level)
    if status == ReferralStatus.OFFERED:
        for slot in made.slots:
            make_offer(referral, slot)
        make_portal_link(referral, LinkPurpose.CHOOSE_TIME)
    if status == ReferralStatus.QUESTIONNAIRES_REQUESTED:
        make_portal_link(referral, LinkPurpose.QUESTIONNAIRES)
    if status == ReferralStatus.BOOKED and made.slots:
        made.appointment = make_appointment(referral, made.slots[0])
        make_portal_link(referral, LinkPurpose.APPOINTMENT)
    return made


def make_slot_of(staff: Staff, location: Location, **given: Any) -> Slot:
    """A bookable time of a clinician who is known as a member of staff."""
    with writing() as db:
        clinician = db.get_one(Clinician, staff.id)
    return make_slot(clinician, location, **given)


# -- sessions on their way to a signed note


def make_session(
    status: NoteStatus = NoteStatus.NOTE_SIGNATURE,
    *,
    patient: Patient | None = None,
    clinician: Staff | None = None,
    location: Location | None = None,
    **given: Any,
) -> SessionNote:
    """A held session; its clinician works at its location and is licensed in OR."""
    number = next(_numbers)
    place = location or make_location()
    started = (utc_now() - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    return _made(
        SessionNote,
        {
            "case_number": f"SN-9{number:05d}",
            "external_key": f"sessions:T{number}",
            "patient_id": (patient or make_patient()).id,
            "clinician_id": (clinician or make_signer(location=place)).id,
            "location_id": place.id,
            "source": "test",
            "received_at": utc_now() - timedelta(days=1),
            "started_at": started,
            "ended_at": started + timedelta(minutes=53),
            "minutes": 53,
            "modality": Modality.OFFICE,
            "service": SessionService.INDIVIDUAL,
            "patient_state": "OR",
            "note_format": NoteFormatCode.SOAP,
            "status": status,
            "closed_at": utc_now() if status.is_closed else None,
        },
        given,
    )


def make_claim(
    status: ClaimStatus = ClaimStatus.RECEIVED, *, session: SessionNote | None = None, **given: Any
) -> Claim:
    """The claim of a signed session, at a status and without any content; a payer of no billing table."""
    held = session or make_session(NoteStatus.CLOSED_SIGNED)
    return _made(
        Claim,
        {
            "case_number": f"CL-9{next(_numbers):05d}",
            "session_number": held.case_number,
            "patient_id": held.patient_id,
            "clinician_id": held.clinician_id,
            "location_id": held.location_id,
            "service_date": held.started_at.date(),
            "status": status,
            "closed_at": utc_now() if status.is_closed else None,
        },
        given,
    )


def make_file(kind: FileKind = FileKind.REMITTANCE, *, outgoing: bool = False, **given: Any) -> ClearinghouseFile:
    """A file of the clearinghouse: a payer's that was refused, or one of ours that is queued."""
    number = next(_numbers)
    return _made(
        ClearinghouseFile,
        {
            "id": f"{'CF' if outgoing else 'XF'}-{number:016d}",
            "outgoing": outgoing,
            "kind": kind,
            "name": f"{number}.x12",
            "control_number": number,
            "digest": hashlib.sha256(str(number).encode()).hexdigest(),
            "status": FileStatus.QUEUED if outgoing else FileStatus.REFUSED,
            "problem": "" if outgoing else "segment 1 (ISA): this file is for another receiver",
            "finished_at": None if outgoing else utc_now(),
        },
        given,
    )


def make_submission(claim: Claim, file: ClearinghouseFile, **given: Any) -> ClaimSubmission:
    """The claim as it stands in one of our files."""
    return _made(
        ClaimSubmission,
        {
            "claim_control": f"{claim.case_number}-1",
            "case_number": claim.case_number,
            "number": 1,
            "file_id": file.id,
            "content_id": claim.content_id,
            "content_digest": claim.content_digest,
            "payer_code": claim.payer_code,
            "rank": claim.rank,
            "frequency": claim.frequency,
            "charge_cents": claim.charge_cents,
            "sent_by": "system",
        },
        given,
    )


def make_papers(patient: Patient, *purposes: ConsentPurpose, **given: Any) -> list[PatientConsent]:
    """The written consents for these purposes, or for all of them, given long before any session of a test."""
    return [
        _made(
            PatientConsent,
            {
                "id": new_id("CO"),
                "patient_id": patient.id,
                "kind": purpose.kind.value,
                "purpose": purpose.value,
                "given_on": utc_now().date() - timedelta(days=100),
                "written": True,
                "document_id": "D-1",
                "recorded_by": "test",
            },
            given,
        )
        for purpose in purposes or ConsentPurpose
    ]


@dataclass
class MadeNote:
    """A proposed note that waits to be signed, with everyone around it."""

    session: SessionNote
    patient: Patient
    location: Location
    clinician: Staff
    coordinator: Staff
    approval: Approval
    content: dict[str, Any]

    @property
    def number(self) -> str:
        return self.session.case_number


def make_note(content: dict[str, Any] | None = None, *, patient: Patient | None = None, **given: Any) -> MadeNote:
    """A session whose drafted note waits for its clinician; ``content`` is what is to be signed."""
    location = make_location()
    clinician = make_signer(location=location, on_call=True)
    coordinator = make_signer(Role.COORDINATOR, location=location)
    person = patient or make_patient()
    facts = {"draft": DraftKind.DRAFTED, "transcript": TranscriptState.KEPT, **given}
    session = make_session(patient=person, clinician=clinician, location=location, **facts)
    words = note_content(case=session.case_number) if content is None else content
    approval = make_approval(
        ApprovalKind.SESSION_NOTE,
        case=session,
        content=spelled(words),
        level=session.risk_level,
        round=session.version,
        assigned_to=clinician.id,
    )
    return MadeNote(session, person, location, clinician, coordinator, approval, words)


# -- patients in care


def make_episode(
    *,
    patient: Patient | None = None,
    clinician: Clinician | Staff | None = None,
    location: Location | None = None,
    **given: Any,
) -> Episode:
    """A patient in the care of a clinician of this place who is licensed in OR."""
    place = location or make_location()
    return _made(
        Episode,
        {
            "case_number": f"EP-9{next(_numbers):05d}",
            "patient_id": (patient or make_patient()).id,
            "clinician_id": (clinician or make_signer(location=place)).id,
            "location_id": place.id,
            "started_on": utc_now().date() - timedelta(days=30),
        },
        given,
    )


def make_plan(episode: Episode, kind: CheckInKind = CheckInKind.PHQ9, **given: Any) -> CheckInPlan:
    """Something that is asked weekly, next today."""
    return _made(
        CheckInPlan,
        {
            "id": f"CP-T{next(_numbers)}",
            "case_number": episode.case_number,
            "kind": kind,
            "every_days": 7,
            "next_on": utc_now().date(),
            "assigned_by": episode.clinician_id,
        },
        given,
    )


def make_check_in(episode: Episode, kind: CheckInKind = CheckInKind.PHQ9, **given: Any) -> tuple[CheckIn, str, str]:
    """A check-in that was sent and waits for its answer, with its link's token and the proof of the birth date."""
    plan = given.pop("plan", None) or make_plan(episode, kind)
    check_in = _made(
        CheckIn,
        {
            "id": f"CI-T{next(_numbers)}",
            "plan_id": plan.id,
            "case_number": episode.case_number,
            "kind": plan.kind,
            "due_on": utc_now().date(),
            "status": CheckInStatus.SENT,
            "sent_at": utc_now(),
            "answer_by": utc_now() + timedelta(days=3),
        },
        given,
    )
    with writing() as db:
        link = make_link(db, episode.case_number, LinkPurpose.CHECK_IN, 0, subject_id=check_in.id).record
    return check_in, token_of(link), make_proof(link.id)


def make_survey(episode: Episode, **given: Any) -> tuple[SatisfactionSurvey, MadeLink]:
    """A survey that was asked, with the link that answers it."""
    survey = _made(
        SatisfactionSurvey,
        {
            "id": f"SV-T{next(_numbers)}",
            "case_number": episode.case_number,
            "patient_id": episode.patient_id,
            "location_id": episode.location_id,
            "moment": SurveyMoment.AFTER_FIRST,
            "asked_on": utc_now().date(),
        },
        given,
    )
    with writing() as db:
        return survey, make_link(db, episode.case_number, LinkPurpose.SURVEY, 0, subject_id=survey.id)


def make_follow_up(episode: Episode, kind: FollowUpKind = FollowUpKind.ESCALATION, **given: Any) -> FollowUp:
    """An escalation, or a message that waits for its signature."""
    number = next(_numbers)
    return _made(
        FollowUp,
        {
            "case_number": f"BS-9{number:05d}",
            "unique_key": f"test-{number}",
            "episode_number": episode.case_number,
            "patient_id": episode.patient_id,
            "clinician_id": episode.clinician_id,
            "location_id": episode.location_id,
            "kind": kind,
        },
        given,
    )


def make_entry(case: Episode | Referral, **given: Any) -> WaitlistEntry:
    """A patient on the waitlist, with a priority that a person has set; of a referral, one that waits."""
    defaults = {
        "id": f"WL-T{next(_numbers)}",
        "case_number": case.case_number,
        "patient_id": case.patient_id,
        "location_id": case.location_id,
        "clinician_id": case.clinician_id,
        "priority_by": "ST-T",
        "since": utc_now() - timedelta(days=3),
    }
    return _made(WaitlistEntry, defaults, given)
