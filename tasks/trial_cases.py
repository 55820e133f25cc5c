"""Made-up cases in a scratch installation, one kind for each workflow, on which the deployed steps are tried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import col, select

from acts import cases as steer
from acts import claims as billers
from acts import consent_papers, series, to_dos
from adapters import operational_store as store
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    CaseStatus,
    ClaimStatus,
    FollowUpStatus,
    Modality,
    NoteStatus,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoOutcome,
    Verdict,
)
from models.columns import new_id, utc_now
from models.governance_codes import Workflow
from models.note_codes import ConsentPurpose
from models.operational import (
    Appointment,
    Approval,
    Claim,
    Clinician,
    Decision,
    Episode,
    FollowUp,
    Licence,
    Location,
    Patient,
    Referral,
    SessionNote,
    Staff,
    ToDo,
)
from models.scheduling_codes import FollowUpKind
from models.session_index import NoteFormatCode, SessionService
from models.therapy_text import TherapyText
from tasks import cases, claim_building, follow_ups, matching, reminders, session_drafts, standings
from tasks.cases import Case

PLACE, CLINICIAN, COORDINATOR, BILLER, OWNER = "LOC-T", "ST-T1", "ST-T2", "ST-T3", "ST-T4"
WORDS = TherapyText("tried out by hand")


@dataclass(frozen=True)
class Trial:
    """One made-up case, or appointment: ``act`` does what the worker would do next, ``by_hand`` what a person does
    instead; ``stands`` says where it is."""

    subject: str
    act: Callable[[], None]
    by_hand: Callable[[], None]
    stands: Callable[[], str]


def make_place() -> None:
    """The location of the trials, with everybody who works there; the system itself makes nobody's password."""
    with store.writing() as db:
        db.add(Location(id=PLACE, name="Trial", state="OR", time_zone="America/Los_Angeles", phone="+15035550100"))
        db.flush()
        people = {CLINICIAN: Role.CLINICIAN, COORDINATOR: Role.COORDINATOR, BILLER: Role.BILLER, OWNER: Role.OWNER}
        for staff_id, role in people.items():
            email = f"{staff_id.lower()}@example.org"
            db.add(Staff(id=staff_id, name="Trial", email=email, role=role, location_ids=[PLACE]))
        db.flush()
        db.add(Clinician(id=CLINICIAN, npi="1234567893", credential="PhD", modalities=["office"], languages=["en"]))
        db.flush()
        db.add(Licence(clinician_id=CLINICIAN, state="OR", number="T", expires_on=date.today() + timedelta(days=400)))


def make(workflow: Workflow) -> Trial:
    """A new case of this workflow that stands right before a step of the system."""
    return MAKERS[workflow]()


def _patient(**given: Any) -> str:
    patient = Patient(
        id=new_id("PT"),
        given_name="Trial",
        family_name="Trial",
        match_name="trial trial",
        birth_date=date(1990, 1, 1),
        state="OR",
        **given,
    )
    _add(patient)
    return patient.id


def _add(*rows: Any) -> None:
    with store.writing() as db:
        for row in rows:
            db.add(row)
            db.flush()


def _walked(number: str, step: Callable[[Case], object]) -> Callable[[], None]:
    """What a leg of the case's run does: take it, look whether it stands still, else the step."""

    def act() -> None:
        case = cases.take(number)
        status = cases.status_now(case)
        if standings.holds(case, status) is None:
            step(case)

    return act


def _status(number: str) -> Callable[[], str]:
    def stands() -> str:
        with store.reading() as db:
            status: CaseStatus = store.one_case(db, number).status
            return status.value

    return stands


def _referral() -> Trial:
    number, now = f"RF-{_number():06d}", utc_now()
    _add(
        Referral(
            case_number=number,
            patient_id=_patient(),
            location_id=PLACE,
            external_key=number,
            source="trial",
            received_at=now,
            status=ReferralStatus.READY_TO_MATCH,
            risk_cleared=True,
        )
    )

    def by_hand() -> None:
        steer.reroute(number, to=ReferralStatus.CONTACT_PATIENT, staff_id=COORDINATOR, reason=WORDS)

    return Trial(number, _walked(number, matching.propose.fn), by_hand, _status(number))


def _session(status: NoteStatus) -> SessionNote:
    number, began = f"SN-{_number():06d}", utc_now() - timedelta(days=1)
    note = SessionNote(
        case_number=number,
        external_key=number,
        patient_id=_patient(),
        clinician_id=CLINICIAN,
        location_id=PLACE,
        source="trial",
        received_at=began,
        started_at=began,
        ended_at=began + timedelta(minutes=53),
        minutes=53,
        modality=Modality.OFFICE,
        service=SessionService.INDIVIDUAL,
        patient_state="OR",
        note_format=NoteFormatCode.SOAP,
        status=status,
    )
    _add(note)
    return note


def _note() -> Trial:
    note = _session(NoteStatus.READY_TO_DRAFT)

    def by_hand() -> None:
        """A paper that was signed before the session sends it back to its beginning."""
        day, purpose = note.started_at.date() - timedelta(days=2), ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD
        consent_papers.record(note.patient_id, purpose, given_on=day, document_id="trial", staff_id=COORDINATOR)

    return Trial(
        note.case_number,
        _walked(note.case_number, lambda case: session_drafts.draft.fn([case])),
        by_hand,
        _status(note.case_number),
    )


def _claim() -> Trial:
    note, number = _session(NoteStatus.CLOSED_SIGNED), f"CL-{_number():06d}"
    _add(
        Claim(
            case_number=number,
            session_number=note.case_number,
            patient_id=note.patient_id,
            clinician_id=CLINICIAN,
            location_id=PLACE,
            service_date=note.started_at.date(),
            status=ClaimStatus.RECEIVED,
        )
    )

    def by_hand() -> None:
        billers.do_not_bill(number, staff_id=BILLER, reason=WORDS)

    return Trial(number, _walked(number, claim_building.look_at_coverage.fn), by_hand, _status(number))


def _episode() -> Episode:
    episode = Episode(
        case_number=f"EP-{_number():06d}",
        patient_id=_patient(email="trial@example.org"),
        clinician_id=CLINICIAN,
        location_id=PLACE,
        started_on=utc_now().date() - timedelta(days=30),
    )
    _add(episode)
    return episode


def _follow_up() -> Trial:
    """A message whose signature is on record, so that only the sending is left."""
    episode, number = _episode(), f"BS-{_number():06d}"
    approval = f"AP-{number}-1"
    _add(
        FollowUp(
            case_number=number,
            unique_key=number,
            episode_number=episode.case_number,
            patient_id=episode.patient_id,
            clinician_id=CLINICIAN,
            location_id=PLACE,
            kind=FollowUpKind.MESSAGE,
            status=FollowUpStatus.READY_TO_SEND,
        ),
        Approval(
            id=approval,
            case_number=number,
            kind=ApprovalKind.MESSAGE,
            round=1,
            digest="trial",
            why="trial",
            role=Role.CLINICIAN,
            location_id=PLACE,
            requested_by=CLINICIAN,
            status=ApprovalStatus.DECIDED,
            opened_at=utc_now(),
            due_at=utc_now() + timedelta(hours=24),
        ),
        Decision(
            id=new_id("DC"),
            approval_id=approval,
            case_number=number,
            staff_id=CLINICIAN,
            authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
            verdict=Verdict.APPROVE,
            digest="trial",
            signed_digest="trial",
        ),
    )

    def by_hand() -> None:
        with store.reading() as db:
            query = select(ToDo.id).where(ToDo.case_number == number, ToDo.kind == ToDoKind.CARRY_ON_BY_HAND)
            to_do_id = db.exec(query.order_by(col(ToDo.opened_at))).one()
        to_dos.finish(to_do_id, COORDINATOR, ToDoOutcome.DONE_BY_HAND)

    return Trial(number, _walked(number, follow_ups.send.fn), by_hand, _status(number))


def _appointment() -> Trial:
    """An appointment whose reminders are to be planned."""
    episode, appointment_id = _episode(), new_id("AT")
    _add(
        Appointment(
            id=appointment_id,
            case_number=episode.case_number,
            patient_id=episode.patient_id,
            clinician_id=CLINICIAN,
            location_id=PLACE,
            starts_at=utc_now() + timedelta(days=3),
            minutes=50,
            modality=Modality.OFFICE,
        )
    )

    def act() -> None:
        reminders.queue_reminders.fn(utc_now().date(), PLACE)

    def by_hand() -> None:
        series.cancel_appointment(appointment_id, actor=COORDINATOR)

    def stands() -> str:
        with store.reading() as db:
            found = db.get_one(Appointment, appointment_id)
            return f"{found.status.value}, {'planned' if found.reminders_for else 'not planned'}"

    return Trial(episode.case_number, act, by_hand, stands)


def _number() -> int:
    with store.writing() as db:
        return store.next_number(db, "trial")


MAKERS: Mapping[Workflow, Callable[[], Trial]] = {
    Workflow.REFERRAL: _referral,
    Workflow.NOTES: _note,
    Workflow.CLAIMS: _claim,
    Workflow.FOLLOW_UP: _follow_up,
    Workflow.SCHEDULING: _appointment,
}
