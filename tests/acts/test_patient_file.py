"""One patient's whole file: everything of theirs, nothing of anybody else, and private notes never."""

import hashlib
import io
import json
import zipfile

import pytest
import pyzipper
from sqlmodel import select

from acts import patient_file
from adapters import therapy_store, therapy_store_everything, therapy_store_private
from adapters.operational_store import audit, reading, writing
from models.codes import AppointmentStatus, ReferralStatus, Role
from models.columns import utc_now
from models.errors import Forgotten, MovedOn, NotAllowed
from models.operational import Appointment, AuditEvent, OperationalRecord, Patient, Referral, Staff
from models.therapy.base import METADATA as THERAPY_TABLES
from models.therapy_text import TherapyText
from tests import factories

WHY = TherapyText("the patient asked for it in writing")
TOLD = TherapyText("told of the risk, and wants it without a passphrase")
R = ReferralStatus


@pytest.fixture
def compliance(home) -> Staff:
    return factories.make_staff(role=Role.COMPLIANCE)


@pytest.fixture
def theirs():
    """A patient with a case in words, a session in their own clinician's private note, messages; and somebody else."""
    patient = factories.make_patient(given_name="Noor", family_name="Vantongeren")
    other = factories.make_patient(given_name="Zelda", family_name="Quillfeather")
    for who, words in ((patient, "sleeps badly since spring"), (other, "afraid of heights")):
        case = factories.make_referral(R.RISK_REVIEW, patient=who)
        therapy_store.add_text(case.case_number, "referral_text", TherapyText(words))
        factories.make_approval(referral=case)
        factories.make_message(who)
        with writing() as db:
            audit(db, "ST-1", "duplicate.chosen", case, case.case_number, patient=other.id)
    therapy_store_private.keep("ST-9", patient.id, "SN-900001", TherapyText("what I make of it myself"))
    with reading() as db:
        return patient, other


def case_of(patient) -> str:
    with reading() as db:
        return db.exec(select(Referral.case_number).where(Referral.patient_id == patient.id)).one()


def handed(case_number: str, compliance: Staff):
    """A plain copy, opened."""
    made = patient_file.hand_out(
        case_number, staff_id=compliance.id, reason=WHY, where="desk:patient-file", plain_because=TOLD
    )
    archive = zipfile.ZipFile(io.BytesIO(made.content))
    return made, {name: archive.read(name) for name in archive.namelist()}


def test_file_holds_what_is_theirs_and_nothing_of_anybody_else(compliance, theirs):
    patient, other = theirs
    made, files = handed(case_of(patient), compliance)
    whole = b"\n".join(files.values()).decode()
    for mine in ("Noor", "Vantongeren", "sleeps badly since spring", case_of(patient)):
        assert mine in whole
    for not_mine in ("Zelda", "Quillfeather", "afraid of heights", case_of(other), other.id):
        assert not_mine not in whole
    records = json.loads(files["records.json"])
    assert [each["text"] for each in records["intake_text"]] == ["sleeps badly since spring"]
    assert records["patient"][0]["id"] == patient.id and len(records["outbox_message"]) == 1
    assert made.counts["approval"] == 1 and next(iter(files)) == "index.html"


def test_private_notes_stay_out_and_the_index_says_why(compliance, theirs):
    _, files = handed(case_of(theirs[0]), compliance)
    whole = b"\n".join(files.values()).decode()
    assert "what I make of it myself" not in whole and "private_note" not in whole
    assert "45 CFR 164.524(a)(1)(i)" in files["index.html"].decode()


def test_handing_out_is_on_record_with_the_digest_and_reads_are_too(compliance, theirs):
    number = case_of(theirs[0])
    made, _ = handed(number, compliance)
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "patient_file.exported")).all()
    assert event.details["sha256"] == hashlib.sha256(made.content).hexdigest() == made.digest
    assert (event.actor, event.subject_id, event.where) == (compliance.id, theirs[0].id, "desk:patient-file")
    events = therapy_store.TherapyAuditEvent
    with therapy_store.reading() as db:
        reads = db.exec(select(events).where(events.actor == compliance.id, events.action == "read")).all()
    assert ("intake_text", number, "PATRQT") in {(each.subject_kind, each.case_number, each.purpose) for each in reads}


def test_file_is_encrypted_and_its_passphrase_is_in_what_is_returned_alone(compliance, theirs, home, caplog):
    made = patient_file.hand_out(case_of(theirs[0]), staff_id=compliance.id, reason=WHY, where="desk:patient-file")
    with pyzipper.AESZipFile(io.BytesIO(made.content)) as archive:
        archive.setpassword(made.passphrase.encode())
        assert "sleeps badly since spring" in archive.read("index.html").decode()
    assert b"sleeps badly" not in made.content and b"Vantongeren" not in made.content
    kept = [path for path in home.rglob("*") if path.is_file() and made.passphrase.encode() in path.read_bytes()]
    assert kept == [] and made.passphrase not in caplog.text and made.passphrase not in repr(made)


def test_it_is_on_record_whether_a_copy_is_plain_and_why(compliance, theirs):
    number = case_of(theirs[0])
    handed(number, compliance)
    patient_file.hand_out(number, staff_id=compliance.id, reason=WHY, where="desk:patient-file")
    with reading() as db:
        query = select(AuditEvent).where(AuditEvent.action == "patient_file.exported").order_by(AuditEvent.id)
        plain, locked = db.exec(query).all()
    assert (plain.details["encrypted"], locked.details["encrypted"]) == (False, True)
    words = [therapy_store.to_do_words(each.details["words"], actor="t", where="test") for each in (plain, locked)]
    assert words[0].question.unwrap() == TOLD.unwrap() and words[1].question is None


def test_accesses_say_who_looked_before(compliance, theirs):
    number = case_of(theirs[0])
    therapy_store.texts(number, actor="ST-7", where="test")
    _, files = handed(number, compliance)
    accesses = json.loads(files["accesses.json"])
    assert ("ST-7", "read", "test") in {(each["actor"], each["action"], each["where"]) for each in accesses}
    assert all("details" not in each for each in accesses)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.COMPLIANCE])
def test_only_compliance_hands_out(home, theirs, role: Role):
    with pytest.raises(NotAllowed):
        handed(case_of(theirs[0]), factories.make_staff(role=role))


def test_a_reason_and_a_case_are_needed(compliance, theirs):
    for said in ({"reason": TherapyText(" ")}, {"reason": WHY, "plain_because": TherapyText("")}):
        with pytest.raises(ValueError):
            patient_file.hand_out(case_of(theirs[0]), staff_id=compliance.id, where="desk:patient-file", **said)
    with pytest.raises(MovedOn):
        patient_file.whose("RF-000000")


def test_nothing_is_handed_out_of_somebody_who_was_forgotten(compliance, theirs):
    number = case_of(theirs[0])
    with writing() as db:
        db.get_one(Patient, theirs[0].id).forgotten_at = utc_now()
    with pytest.raises(Forgotten):
        handed(number, compliance)


def test_every_table_leads_to_a_patient_or_says_why_not():
    """A table that somebody adds must stand in a file, or be named with the reason why it does not."""
    tables = OperationalRecord.metadata.tables
    assert set(patient_file.NOT_IN_A_FILE) <= set(tables)
    whose = patient_file.Whose(("P",), ("C",), ("Q",))
    known: dict = {}
    for table in OperationalRecord.metadata.sorted_tables:
        if table.name not in patient_file.NOT_IN_A_FILE:
            assert patient_file._wanted(table, whose, known) is not None, table.name
            known[table.name] = []
        else:
            columns = {*patient_file.OF_A_PATIENT} & set(table.c.keys())
            assert not columns, f"{table.name} names patients"
    kept = set(therapy_store_everything.TABLES) | set(therapy_store_everything.NOT_IN_A_FILE)
    assert kept == set(THERAPY_TABLES.tables)
    assert not set(therapy_store_everything.TABLES) & set(therapy_store_everything.NOT_IN_A_FILE)


def test_a_row_of_every_table_that_names_a_patient_is_found(compliance, theirs):
    """Each table is given a row of theirs and one of somebody else's, as far as the database lets it by its columns."""
    patient, other = theirs
    mine, not_mine = case_of(patient), case_of(other)
    clinician = factories.make_clinician()
    place = factories.make_location()
    for who, number in ((patient, mine), (other, not_mine)):
        slot = factories.make_slot(clinician, place, hours_ahead=96 if who is patient else 120)
        with writing() as db:
            appointment = Appointment(
                id=f"AP-{who.id}", case_number=number, patient_id=who.id, clinician_id=clinician.id,
                location_id=place.id, slot_id=slot.id, starts_at=slot.starts_at, minutes=50, modality="office",
                status=AppointmentStatus.BOOKED,
            )  # fmt: skip
            db.add(appointment)
    with reading() as db:
        rows = patient_file.operational_rows(db, patient_file.whose(mine))
    assert [each["id"] for each in rows["appointment"]] == [f"AP-{patient.id}"]
    assert [each["case_number"] for each in rows["approval"]] == [mine]
    assert "possible_patient_ids" not in rows["referral"][0]
