"""Forgetting a patient: what they said is gone, what was done stays, and nobody else loses a word."""

import shutil
from datetime import date

import pytest
from sqlmodel import select

from acts import forgetting, to_dos
from adapters import (
    billing_tables,
    received_files,
    therapy_store,
    therapy_store_claims,
    therapy_store_keys,
    therapy_store_private,
    therapy_store_sessions,
)
from adapters.operational_store import audit, one, reading, writing
from adapters.portal_links import make_link
from adapters.settings import CHECKOUT, settings
from models.codes import (
    AppointmentStatus,
    ApprovalStatus,
    ClaimStatus,
    LinkPurpose,
    MessageStatus,
    NoteStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    RowOutcome,
    ToDoOutcome,
)
from models.columns import utc_now
from models.errors import Forgotten, MovedOn, NotAllowed
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Authorisation,
    Claim,
    IntakeFile,
    IntakeRow,
    OutboxMessage,
    Patient,
    PatientBilling,
    PatientConsent,
    PatientCoverage,
    PortalLink,
    QuarantinedRow,
    Referral,
    SessionNote,
    Staff,
)
from models.therapy_text import TherapyText
from tasks import claim_building
from tests.factories import (
    make_case_at,
    make_claim,
    make_message,
    make_note,
    make_papers,
    make_patient,
    make_portal_link,
    make_referral,
    make_session,
    make_staff,
)

REASON = TherapyText("asked for it in writing")
WORDS = "krindlespat"


@pytest.fixture
def compliance(home) -> Staff:
    return make_staff(role=Role.COMPLIANCE)


def closed_case(patient: Patient, **given) -> Referral:
    case = make_referral(ReferralStatus.CLOSED_DECLINED, patient=patient, closed_at=utc_now(), **given)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText(WORDS))
    return case


def words(case_number: str) -> list[str]:
    return [each.text.unwrap() for each in therapy_store.texts(case_number, actor="test", where="test")]


def forget(patient_id: str, staff: Staff, **more) -> forgetting.Forgetting:
    return forgetting.forget(patient_id, staff_id=staff.id, reason=REASON, **more)


def test_forgotten_patients_words_are_gone_and_nobody_elses(compliance: Staff):
    patient, other = make_patient(), make_patient()
    first, second, kept = closed_case(patient), closed_case(patient), closed_case(other)
    done = forget(patient.id, compliance)
    assert (done.case_numbers, done.keys_destroyed) == ((first.case_number, second.case_number), 1)
    for case in (first, second):
        with pytest.raises(Forgotten):
            words(case.case_number)
    assert words(kept.case_number) == [WORDS]


def test_forgetting_is_on_record_in_both_databases(compliance: Staff):
    patient = make_patient()
    closed_case(patient)
    forget(patient.id, compliance)
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "patient.forgotten")).all()
        assert one(db, Patient, patient.id).forgotten_at is not None
    assert (event.actor, event.subject_id) == (compliance.id, patient.id)
    kept = therapy_store.to_do_words(event.details["words"], actor="test", where="test")
    assert kept is not None and kept.answer == REASON
    with therapy_store.reading() as db:
        audit = therapy_store.TherapyAuditEvent
        [destroyed] = db.exec(select(audit).where(audit.action == "key.destroyed")).all()
    assert (destroyed.actor, destroyed.details["owner"]) == (compliance.id, patient.id)
    assert therapy_store_keys.forgotten_owners() == [patient.id]


def test_forgetting_again_changes_nothing(compliance: Staff):
    patient = make_patient()
    closed_case(patient)
    forget(patient.id, compliance)
    with reading() as db:
        before = one(db, Patient, patient.id).forgotten_at
    assert forget(patient.id, compliance).keys_destroyed == 0
    with reading() as db:
        assert one(db, Patient, patient.id).forgotten_at == before


def test_person_without_a_held_session_is_blanked(compliance: Staff):
    patient = make_patient(member_id="M-77", payer_code="P1")
    case = closed_case(patient, referrer_name="Dr. Tarn", preferred_times=["mon"])
    assert not forget(patient.id, compliance).identity_kept
    with reading() as db:
        found, left = one(db, Patient, patient.id), one(db, Referral, case.case_number)
    assert (found.given_name, found.family_name, found.birth_date) == ("(forgotten)", "", date(1900, 1, 1))
    assert (found.email, found.phone, found.member_id, found.payer_code, found.state) == (None,) * 5
    assert patient.family_name.lower() not in found.match_name
    assert (left.referrer_name, left.preferred_times, left.status) == (None, [], ReferralStatus.CLOSED_DECLINED)


def test_person_with_a_held_session_stays_accountable_but_cannot_be_reached(compliance: Staff):
    case = make_case_at(ReferralStatus.BOOKED)
    assert case.appointment is not None
    with writing() as db:
        held = db.get_one(Appointment, case.appointment.id)
        held.status = AppointmentStatus.ATTENDED
        referral = db.get_one(Referral, case.number)
        referral.status, referral.closed_at = ReferralStatus.CLOSED_ATTENDED, utc_now()
        db.add_all([held, referral])
    assert forget(case.patient.id, compliance).identity_kept
    with reading() as db:
        found = one(db, Patient, case.patient.id)
    assert (found.family_name, found.birth_date) == (case.patient.family_name, case.patient.birth_date)
    assert (found.email, found.phone) == (None, None)


def test_open_case_stops_the_forgetting_or_is_stopped_first(home):
    case = make_case_at(ReferralStatus.QUESTIONNAIRES_REQUESTED)
    therapy_store.add_text(case.number, "referral_text", TherapyText(WORDS))
    admin = make_staff(role=Role.ADMIN, location=case.location)
    with pytest.raises(MovedOn, match=f"case {case.number} is open"):
        forget(case.patient.id, admin)
    assert words(case.number) == [WORDS]
    assert forget(case.patient.id, admin, stop_open=True).case_numbers == (case.number,)
    with reading() as db:
        assert one(db, Referral, case.number).status == ReferralStatus.CLOSED_WITHDRAWN
    with pytest.raises(Forgotten):
        words(case.number)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COMPLIANCE, Role.ADMIN}))
def test_other_roles_forget_nobody(home, role: Role):
    patient = make_patient()
    case = closed_case(patient)
    with pytest.raises(NotAllowed):
        forget(patient.id, make_staff(role=role))
    assert words(case.case_number) == [WORDS]


def test_forgetting_needs_a_reason(compliance: Staff):
    patient = make_patient()
    with pytest.raises(ValueError, match="reason"):
        forgetting.forget(patient.id, staff_id=compliance.id, reason=TherapyText(" "))


def test_same_person_under_two_records_is_forgotten_under_both(compliance: Staff):
    known, again = make_patient(), make_patient()
    open_case = make_referral(ReferralStatus.READY_TO_MATCH, patient=known)
    double = make_case_at(
        ReferralStatus.POSSIBLE_DUPLICATE, patient=again, possible_patient_ids=[known.id, make_patient().id]
    )
    therapy_store.add_text(double.number, "referral_text", TherapyText(WORDS))
    assert double.to_do is not None
    to_dos.finish(double.to_do.id, double.coordinator.id, ToDoOutcome.SAME_PERSON)
    with writing() as db:
        db.get_one(Referral, open_case.case_number).status = ReferralStatus.CLOSED_DECLINED
    assert words(open_case.case_number) == [WORDS]
    assert forget(known.id, compliance).patient_ids == tuple(sorted([known.id, again.id]))
    for number in (open_case.case_number, double.number):
        with pytest.raises(Forgotten):
            words(number)


def test_case_that_went_to_a_known_patient_is_not_forgotten_with_the_record_it_came_under(compliance: Staff):
    known, again = make_patient(), make_patient()
    double = make_case_at(ReferralStatus.POSSIBLE_DUPLICATE, patient=again, possible_patient_ids=[known.id])
    therapy_store.add_text(double.number, "referral_text", TherapyText(WORDS))
    assert double.to_do is not None
    to_dos.finish(double.to_do.id, double.coordinator.id, ToDoOutcome.SAME_PERSON)
    assert therapy_store_keys.cases_under_keys_of([known.id]) == [double.number]
    assert forget(again.id, compliance).case_numbers == ()
    assert words(double.number) == [WORDS]


def test_case_whose_new_seal_was_missed_by_a_crash_is_not_forgotten_with_another(compliance: Staff):
    known, again = make_patient(), make_patient()
    case = closed_case(again)
    with writing() as db:
        db.get_one(Referral, case.case_number).patient_id = known.id
    forget(again.id, compliance)
    assert words(case.case_number) == [WORDS]
    forget(known.id, compliance)
    with pytest.raises(Forgotten):
        words(case.case_number)


def test_messages_links_and_copies_are_gone(compliance: Staff):
    patient = make_patient()
    case = closed_case(patient)
    queued, sent = make_message(patient), make_message(patient, status=MessageStatus.SENT)
    link = make_portal_link(case, LinkPurpose.QUESTIONNAIRES)
    copy = settings().outbox_folder / "mail" / f"{sent.id}.eml"
    copy.parent.mkdir(parents=True)
    copy.write_text("Dear Alex")
    done = forget(patient.id, compliance)
    assert (done.messages_dropped, done.files_removed, copy.exists()) == (1, 1, False)
    with reading() as db:
        assert one(db, OutboxMessage, queued.id).status == MessageStatus.DROPPED
        assert one(db, PortalLink, link.record.id).revoked


def test_broken_rows_under_the_same_number_are_forgotten_too(compliance: Staff):
    patient = make_patient()
    case = closed_case(patient)
    with writing() as db:
        db.add(IntakeFile(id="IF-1", digest="d", kind="csv", name="Alex Sample.csv"))
        db.flush()
        db.add(IntakeRow(id="IR-1", file_id="IF-1", row=2, external_key="x", outcome=RowOutcome.ACCEPTED,
                         case_number=case.case_number))  # fmt: skip
        db.add(QuarantinedRow(id="QR-1", file_id="IF-1", row=2, field="f", rule="r", reason="r",
                              external_key=case.external_key, content_id="QC-1"))  # fmt: skip
    therapy_store.quarantine("QC-1", {"referral_text": WORDS})
    therapy_store.quarantine("QC-2", {"referral_text": WORDS})
    assert forget(patient.id, compliance).keys_destroyed == 2
    with pytest.raises(Forgotten):
        therapy_store.quarantined("QC-1", actor="test", where="test")
    assert therapy_store.quarantined("QC-2", actor="test", where="test") == {"referral_text": WORDS}
    with reading() as db:
        assert one(db, IntakeFile, "IF-1").name == ""


def test_what_nobody_can_read_is_not_asked_for_again(compliance: Staff):
    patient = make_patient()
    case = closed_case(patient)
    assert therapy_store.cases_with_unread() == {case.case_number}
    forget(patient.id, compliance)
    assert therapy_store.cases_with_unread() == set()


def test_restored_backup_is_forgotten_again(compliance: Staff):
    patient = make_patient()
    case = closed_case(patient)
    with therapy_store.reading() as db:
        key = db.get(therapy_store.CaseKey, case.case_number)
        kept = db.get(therapy_store.ContentKey, key.key_id if key else "")
        assert kept is not None
        wrapped = kept.wrapped
    forget(patient.id, compliance)
    with therapy_store.writing() as db:  # as a backup brings them back
        db.get_one(therapy_store.ContentKey, kept.id).wrapped = wrapped
    with writing() as db:
        person = db.get_one(Patient, patient.id)
        person.forgotten_at, person.email = None, "back@example.org"
    assert words(case.case_number) == [WORDS]
    assert forgetting.reapply() == 1
    with pytest.raises(Forgotten):
        words(case.case_number)
    with reading() as db:
        person = one(db, Patient, patient.id)
    assert person.forgotten_at is not None and person.email is None


# -- sessions and their notes


def transcribed(session: SessionNote, *names: str) -> None:
    """These transcripts were received for the session, each in the place of the one before, and the last is kept."""
    for name in names:
        file = IntakeFile(id=name, digest=name * 12, kind="transcript", finished_at=utc_now())
        with writing() as db:
            db.add(file)
            db.flush()
            kept = db.get_one(SessionNote, session.case_number)
            kept.transcript_file_id = name
            audit(db, "system", "session.transcript_received", kept, kept.case_number, file=name)
        (settings().received_folder / f"{file.digest[:32]}.csv").write_text(WORDS)
        received_files.put_away(file)
    therapy_store_sessions.keep_transcript(session.case_number, [{"text": WORDS}])


def content_of(file_id: str) -> bytes | None:
    with reading() as db:
        return received_files.content(one(db, IntakeFile, file_id))


def transcript(session: SessionNote) -> object:
    return therapy_store_sessions.transcript(session.case_number, actor="test", where="test")


def test_forgotten_patients_sessions_are_gone_with_every_transcript_and_nobody_elses(compliance: Staff):
    patient, other = make_patient(), make_patient()
    session, kept = make_session(NoteStatus.CLOSED_SIGNED, patient=patient), make_session(patient=other)
    transcribed(session, "TF-1", "TF-2")
    transcribed(kept, "TF-3")
    done = forget(patient.id, compliance)
    assert (done.case_numbers, done.keys_destroyed) == ((session.case_number,), 3)
    with pytest.raises(Forgotten):
        transcript(session)
    for file_id in ("TF-1", "TF-2"):
        with pytest.raises(Forgotten):
            content_of(file_id)
    assert transcript(kept) is not None and content_of("TF-3") == WORDS.encode()


def test_forgotten_patients_private_notes_are_gone_and_nobody_elses(compliance: Staff):
    patient, other = make_patient(), make_patient()
    mine, kept = make_session(NoteStatus.CLOSED_SIGNED, patient=patient), make_session(patient=other)
    for session, person in ((mine, patient), (kept, other)):
        therapy_store_private.keep("ST-7", person.id, session.case_number, TherapyText(WORDS))
    forget(patient.id, compliance)
    with pytest.raises(Forgotten):
        therapy_store_private.own("ST-7", mine.case_number, where="test")
    assert therapy_store_private.own("ST-7", kept.case_number, where="test") == TherapyText(WORDS)


def test_papers_of_a_forgotten_patient_stay(compliance: Staff):
    patient = make_patient()
    make_papers(patient)
    make_session(NoteStatus.CLOSED_SIGNED, patient=patient)
    forget(patient.id, compliance)
    with reading() as db:
        assert len(db.exec(select(PatientConsent).where(PatientConsent.patient_id == patient.id)).all()) == 2


def test_patient_of_a_held_session_stays_accountable(compliance: Staff):
    patient = make_patient()
    make_session(NoteStatus.CLOSED_NO_NOTE, patient=patient)
    assert forget(patient.id, compliance).identity_kept


def test_open_note_stops_the_forgetting_or_is_stopped_first(home):
    note = make_note()
    transcribed(note.session, "TF-1")
    admin = make_staff(role=Role.ADMIN, location=note.location)
    with pytest.raises(MovedOn, match=f"case {note.number} is open"):
        forget(note.patient.id, admin)
    assert transcript(note.session) is not None
    assert forget(note.patient.id, admin, stop_open=True).case_numbers == (note.number,)
    with reading() as db:
        assert one(db, SessionNote, note.number).status == NoteStatus.CLOSED_NO_NOTE
        assert one(db, Approval, note.approval.id).status == ApprovalStatus.SUPERSEDED
    with pytest.raises(Forgotten):
        transcript(note.session)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": NoteStatus.RECEIVED}, "being worked on"),
        ({"status": NoteStatus.READY_TO_DRAFT}, "being worked on"),
        ({"risk_level": RiskLevel.HIGH}, "no clinician has looked"),
        ({"risk_level": RiskLevel.MODERATE}, "no clinician has looked"),
    ],
)
def test_session_that_a_step_or_a_clinician_must_see_first_is_not_stopped(home, given, said: str):
    note = make_note(**given)
    transcribed(note.session, "TF-1")
    admin = make_staff(role=Role.ADMIN, location=note.location)
    with pytest.raises(MovedOn, match=said):
        forget(note.patient.id, admin, stop_open=True)
    assert transcript(note.session) is not None


@pytest.mark.parametrize(
    "given", [{"risk_level": RiskLevel.LOW}, {"risk_level": RiskLevel.HIGH, "risk_seen_at": utc_now()}]
)
def test_session_whose_flags_are_seen_or_low_is_stopped(home, given):
    note = make_note(**given)
    admin = make_staff(role=Role.ADMIN, location=note.location)
    assert forget(note.patient.id, admin, stop_open=True).case_numbers == (note.number,)


def test_broken_row_of_a_session_is_forgotten_with_it(compliance: Staff):
    patient = make_patient()
    session = make_session(NoteStatus.CLOSED_SIGNED, patient=patient)
    with writing() as db:
        db.add(IntakeFile(id="SF-1", digest="d", kind="sessions", name="Alex Sample.csv"))
        db.flush()
        db.add(IntakeRow(id="IR-1", file_id="SF-1", row=2, external_key=session.external_key,
                         outcome=RowOutcome.ACCEPTED, case_number=session.case_number))  # fmt: skip
        db.add(QuarantinedRow(id="QR-1", file_id="SF-1", row=2, field="f", rule="r", reason="r",
                              external_key=session.external_key, content_id="QC-SF-1-2"))  # fmt: skip
    therapy_store.quarantine("QC-SF-1-2", {"row": WORDS})
    forget(patient.id, compliance)
    with pytest.raises(Forgotten):
        therapy_store.quarantined("QC-SF-1-2", actor="test", where="test")
    with reading() as db:
        assert one(db, IntakeFile, "SF-1").name == ""


def test_transcript_of_a_forgotten_patient_that_comes_again_is_not_kept(compliance: Staff):
    patient = make_patient()
    session = make_session(NoteStatus.CLOSED_SIGNED, patient=patient)
    transcribed(session, "TF-1")
    forget(patient.id, compliance)
    with reading() as db:
        file = one(db, IntakeFile, "TF-1")
    again = settings().received_folder / f"{file.digest[:32]}.csv"
    again.write_text(WORDS)
    assert (received_files.put_away(file), again.exists()) == (1, False)


def test_restored_backup_forgets_sessions_again(compliance: Staff):
    patient = make_patient()
    session = make_session(NoteStatus.CLOSED_SIGNED, patient=patient)
    transcribed(session, "TF-1")
    therapy_store_private.keep("ST-7", patient.id, session.case_number, TherapyText(WORDS))
    with therapy_store.reading() as db:
        before = {key.id: key.wrapped for key in db.exec(select(therapy_store.ContentKey)).all()}
    forget(patient.id, compliance)
    with therapy_store.writing() as db:  # as a backup brings them back
        for key_id, wrapped in before.items():
            db.get_one(therapy_store.ContentKey, key_id).wrapped = wrapped
    assert transcript(session) is not None
    assert forgetting.reapply() == 3
    with pytest.raises(Forgotten):
        transcript(session)
    with pytest.raises(Forgotten):
        therapy_store_private.own("ST-7", session.case_number, where="test")


# -- claims and what is on record for them


def insured(patient: Patient) -> None:
    with writing() as db:
        db.add(PatientBilling(patient_id=patient.id, sex="F", line="12 Alder Row", city="Portland", state="OR",
                              second_line="2", zip_code="97205"))  # fmt: skip
        db.add(PatientCoverage(id="PV-1", patient_id=patient.id, payer_code="AETNA", plan_code="PPO", member_id="W1",
                               group_number="G1", relationship="01", subscriber_family_name="Sample",
                               subscriber_given_name="Kim", subscriber_birth_date=date(1960, 1, 2),
                               subscriber_sex="M", valid_from=date(2026, 1, 1), recorded_by="ST-1"))  # fmt: skip
        db.add(Authorisation(id="AU-1", patient_id=patient.id, payer_code="AETNA", number="A7734", sessions=2,
                             valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), recorded_by="ST-1"))  # fmt: skip


def on_record(patient: Patient) -> tuple[dict[str, object], ...]:
    with reading() as db:
        found = (
            one(db, PatientBilling, patient.id),
            one(db, PatientCoverage, "PV-1"),
            one(db, Authorisation, "AU-1"),
        )
    return tuple(each.model_dump() for each in found)


def test_insurance_of_a_patient_without_a_held_session_is_blanked(compliance: Staff):
    patient = make_patient()
    insured(patient)
    closed_case(patient)
    forget(patient.id, compliance)
    own, coverage, leave = on_record(patient)
    assert [own[name] for name in ("sex", "line", "second_line", "city", "state", "zip_code")] == [""] * 6
    kept = {"id", "patient_id", "rank", "valid_from", "valid_to", "recorded_by", "recorded_at"}
    assert {name for name, value in coverage.items() if value not in ("", None)} == kept - {"valid_to"}
    assert (leave["number"], leave["payer_code"]) == ("", "")


def test_insurance_of_a_patient_with_a_held_session_stays_for_its_bill(compliance: Staff):
    patient = make_patient()
    insured(patient)
    make_claim(ClaimStatus.CLOSED_PAID, session=make_session(NoteStatus.CLOSED_SIGNED, patient=patient))
    before = on_record(patient)
    assert forget(patient.id, compliance).identity_kept
    assert on_record(patient) == before


@pytest.mark.parametrize("stop_open", [False, True])
@pytest.mark.parametrize("status", [each for each in ClaimStatus if not each.is_closed])
def test_open_claim_is_settled_before_its_patient_is_forgotten(compliance: Staff, status: ClaimStatus, stop_open: bool):
    patient = make_patient()
    closed_case(patient)
    claim = make_claim(status, session=make_session(NoteStatus.CLOSED_SIGNED, patient=patient))
    with pytest.raises(MovedOn, match=f"claim {claim.case_number} is open: a biller settles it first"):
        forget(patient.id, compliance, stop_open=stop_open)
    with reading() as db:
        assert one(db, Patient, patient.id).forgotten_at is None


def test_open_claim_keeps_other_open_cases_from_being_stopped(compliance: Staff):
    patient = make_patient()
    case = make_referral(ReferralStatus.READY_TO_MATCH, patient=patient)
    make_claim(ClaimStatus.SENT, session=make_session(NoteStatus.CLOSED_SIGNED, patient=patient))
    with pytest.raises(MovedOn, match="is open: a biller"):
        forget(patient.id, compliance, stop_open=True)
    with reading() as db:
        assert one(db, Referral, case.case_number).status == ReferralStatus.READY_TO_MATCH


def test_content_of_a_closed_claim_is_forgotten_and_its_money_stays(compliance: Staff):
    patient, other = make_patient(), make_patient()
    mine, kept = (
        make_claim(
            ClaimStatus.CLOSED_PAID, paid_cents=9900, session=make_session(NoteStatus.CLOSED_SIGNED, patient=who)
        )
        for who in (patient, other)
    )
    for claim in (mine, kept):
        therapy_store_claims.keep_content(f"{claim.case_number}-0", claim.case_number, TherapyText(WORDS))
    with writing() as db:
        link = make_link(db, mine.case_number, LinkPurpose.BILLING_DETAILS, 0, 14)
    done = forget(patient.id, compliance)
    assert mine.case_number in done.case_numbers
    with pytest.raises(Forgotten):
        therapy_store_claims.content(f"{mine.case_number}-0", actor="test", where="test")
    assert therapy_store_claims.content(f"{kept.case_number}-0", actor="test", where="test") == TherapyText(WORDS)
    with reading() as db:
        assert one(db, Claim, mine.case_number).paid_cents == 9900
        assert one(db, PortalLink, link.record.id).revoked


def test_signed_session_is_claimed_before_its_patient_is_forgotten_where_the_practice_bills(compliance: Staff):
    patient = make_patient()
    session = make_session(NoteStatus.CLOSED_SIGNED, patient=patient)
    (settings().billing_folder / billing_tables.PRACTICE).write_text("")
    with pytest.raises(MovedOn, match=f"session {session.case_number} is signed and not claimed yet"):
        forget(patient.id, compliance)
    make_claim(ClaimStatus.CLOSED_NOT_BILLED, session=session)
    assert forget(patient.id, compliance).identity_kept


def test_session_of_a_forgotten_patient_is_claimed_by_nobody(compliance: Staff):
    patient, other = make_patient(), make_patient()
    sessions = [make_session(NoteStatus.CLOSED_SIGNED, patient=who) for who in (patient, other)]
    forget(patient.id, compliance)
    shutil.copytree(CHECKOUT / "samples" / "billing", settings().billing_folder, dirs_exist_ok=True)
    with reading() as db:
        assert list(db.exec(claim_building.notes_without_claim()).all()) == [sessions[1].case_number]
    assert claim_building.open_claims.fn() == 1
    with reading() as db:
        [claim] = db.exec(select(Claim)).all()
    assert claim.session_number == sessions[1].case_number


def test_restored_backup_forgets_claims_again(compliance: Staff):
    patient = make_patient()
    insured(patient)
    closed_case(patient)
    forget(patient.id, compliance)
    with writing() as db:  # as a backup brings them back
        db.get_one(Patient, patient.id).forgotten_at = None
        db.get_one(PatientCoverage, "PV-1").member_id = "W1"
    forgetting.reapply()
    _, coverage, _ = on_record(patient)
    assert coverage["member_id"] == ""
