"""A practice's own appointment history: kept once, corrected by what comes later, broken rows told apart."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from acts.forgetting import forget
from adapters import received_files
from adapters.file_drop import waiting_files
from adapters.operational_store import engine_for, reading, writing
from adapters.settings import settings
from models.codes import AppointmentStatus, Modality, QuarantineStatus, Role
from models.errors import Forgotten
from models.operational import Appointment, AuditEvent, IntakeFile, PastAppointment, QuarantinedRow
from models.therapy_text import TherapyText
from tasks import intake, past_appointments
from tasks.past_appointments import HistoryResult, receive, take_in
from tests.factories import make_clinician, make_location, make_patient, make_referral, make_staff
from tests.statements import heard

pytestmark = pytest.mark.usefixtures("home")

HEADER = "patient_id,booked_at,starts_at,status,appointment_id,reminders,confirmed,location_id"
NIGHT = date(2026, 11, 10)
SAMPLE = Path(__file__).parents[2] / "samples" / "appointments" / "appointments-2026.csv"


def line(patient: str = "77", number: str = "A1", *, start: str = "2026-03-03T09:00:00-08:00", **said: str) -> str:
    cells = {"status": "attended", "reminders": "2", "confirmed": "yes", "location_id": ""} | said
    booked = said.get("booked_at", "2026-02-20T09:00:00-08:00")
    return ",".join([patient, booked, start, cells["status"], number, *list(cells.values())[1:4]])


def drop(*lines: str, name: str = "history.csv", header: str = HEADER) -> Path:
    path = settings().appointments_folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def received(*lines: str, **named: str) -> HistoryResult:
    drop(*lines, **named)
    [dropped] = waiting_files(settings().appointments_folder, 0.0)
    return receive(dropped)


def rows(record: type = PastAppointment, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def test_row_is_kept_with_what_it_says():
    place = make_location(id="LOC-A", time_zone="America/Chicago")
    found = received(line(start="2026-03-03 09:00", location_id=place.id, status="no_show"))
    assert found.counts == {"received": 1, "accepted": 1, "quarantined": 0, "duplicate": 0}
    [kept] = rows()
    assert (kept.external_key, kept.patient_key, kept.patient_id) == ("appointments:A1", "77", None)
    assert (kept.starts_at, kept.status) == (datetime(2026, 3, 3, 15, tzinfo=UTC), AppointmentStatus.NO_SHOW)
    assert (kept.reminded, kept.confirmed, kept.location_id) == (2, True, place.id)


def test_patient_is_found_by_our_id_or_by_the_number_they_were_referred_with():
    ours, referred = make_patient(), make_referral(external_key="csv:R-9")
    received(line(ours.id, "A1"), line("R-9", "A2"), line("stranger", "A3"))
    assert {row.external_key: row.patient_id for row in rows()} == {
        "appointments:A1": ours.id,
        "appointments:A2": referred.patient_id,
        "appointments:A3": None,
    }


def test_number_that_means_two_patients_means_neither():
    make_referral(external_key="csv:R-9"), make_referral(external_key="fhir:R-9")
    received(line("R-9"))
    assert rows()[0].patient_id is None


def test_same_file_again_changes_nothing():
    first, again = received(line(), line("78", "A2")), received(line(), line("78", "A2"), name="copy.csv")
    assert first == again and len(rows()) == 2 and len(rows(IntakeFile)) == 1
    assert not list(settings().appointments_folder.iterdir())
    assert len(rows(AuditEvent, action="file.received_again")) == 1
    assert len(rows(AuditEvent, action="appointments.imported")) == 1


def test_row_in_another_file_is_no_second_appointment_and_the_later_word_holds():
    received(line(), line("78", "A2"))
    later = received(line(status="no_show"), line("78", "A2"), line("79", "A3"))
    assert later.counts == {"received": 3, "accepted": 2, "quarantined": 0, "duplicate": 1}
    assert {row.external_key: row.status.value for row in rows()} == {
        "appointments:A1": "no_show", "appointments:A2": "attended", "appointments:A3": "attended",
    }  # fmt: skip


def test_row_without_a_number_is_told_by_who_and_when():
    received(line(number=""), line("78", ""))
    again = received(line(number="", start="2026-03-03T17:00:00Z"))
    assert again.counts["duplicate"] == 1 and len(rows()) == 2


def test_appointment_made_here_is_not_taken_from_a_history():
    place, patient = make_location(), make_patient()
    with writing() as db:
        db.add(
            Appointment(
                id="AT-1", case_number="EP-000001", patient_id=patient.id, minutes=50, modality=Modality.OFFICE,
                clinician_id=make_clinician(location=place).id, location_id=place.id,
                starts_at=datetime(2026, 3, 3, 17, tzinfo=UTC),
            )
        )  # fmt: skip
    found = received(line(patient.id), line(patient.id, "A2", start="2026-03-04T09:00:00-08:00"))
    assert found.counts["duplicate"] == 1 and [row.external_key for row in rows()] == ["appointments:A2"]


def test_broken_row_waits_for_its_correction_and_the_others_are_kept():
    found = received(line(), line("78", "A2", status="booked"), line("79", "A3"))
    assert found.findings[0][:2] == (3, "status") and len(rows()) == 2
    assert found.counts == {"received": 3, "accepted": 2, "quarantined": 1, "duplicate": 0}
    [fix] = settings().to_fix_folder.iterdir()
    assert "A2" in fix.read_text(encoding="utf-8-sig") and "A3" not in fix.read_text(encoding="utf-8-sig")
    corrected = received(line("78", "A2"), name=fix.name)
    assert corrected.counts["accepted"] == 1 and len(rows()) == 3
    assert rows(QuarantinedRow, status=QuarantineStatus.OPEN) == []
    assert not list(settings().to_fix_folder.iterdir())


def test_fault_never_repeats_what_the_row_says():
    found = received(line("Zanzibarius Quill", "A1"))
    assert "Zanzibarius" not in repr(found) + repr(rows(QuarantinedRow)) + repr(rows(AuditEvent))


@pytest.mark.parametrize(("broken", "refused"), [(2, False), (3, True)])
def test_file_with_too_many_broken_rows_is_refused_whole(broken: int, refused: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(past_appointments, "MOST_BROKEN", 2)
    found = received(line("70", "A0"), *(line(f"8{n}", f"A{n}", status="gone") for n in range(1, broken + 1)))
    assert (found.refused is not None) == refused and len(rows()) == (0 if refused else 1)
    if refused:
        assert found.refused == (
            "3 of 4 rows are broken, the first is row 3: status must be attended, no_show, cancelled or"
            " late_cancelled; leave out appointments still to come"
        )


@pytest.mark.parametrize("content", [b"", b"\x00\x01\xff", b"patient_id,status\n1,attended\n"])
def test_file_that_is_no_history_is_refused_and_taken_away(content: bytes):
    (settings().appointments_folder / "x.csv").write_bytes(content)
    assert take_in(NIGHT) == {"files": 1, "files_refused": 1, "received": 0, "accepted": 0, "quarantined": 0,
                              "duplicate": 0}  # fmt: skip
    assert not list(settings().appointments_folder.iterdir()) and rows() == []


def test_crash_between_two_parts_is_made_up_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(past_appointments, "CHUNK", 1)
    drop(line(), line("78", "A2"))
    keep, calls = past_appointments._keep, []

    def killed(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        keep(*given)

    monkeypatch.setattr(past_appointments, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        take_in(NIGHT)
    assert len(rows()) == 1
    assert take_in(NIGHT)["accepted"] == 2 and len(rows()) == 2


def test_folder_is_looked_into_and_left_empty():
    drop(line(), name="one.csv"), drop(line("78", "A2"), name="two.csv")
    assert take_in(NIGHT)["accepted"] == 2
    assert take_in(NIGHT) == {"files": 0, "files_refused": 0}


def test_history_in_the_intake_of_referrals_is_none_of_its_business():
    drop(line())
    take_in(NIGHT)
    assert intake.collect.fn(settle_seconds=0.0) == []


def test_row_is_kept_with_so_many_queries_however_many_rows_there_are(monkeypatch: pytest.MonkeyPatch):
    seen = []
    for size in (3, 60):
        with heard(engine_for(settings().operational_database)) as said:
            received(*(line(f"P{size}-{n}", f"A{size}-{n}") for n in range(size)))
        seen.append(len(said))
    assert seen[0] == seen[1]


def test_forgetting_a_patient_takes_their_past_appointments_and_closes_the_file_they_came_with():
    place = make_location()
    patient, officer = make_patient(), make_staff(location=place, role=Role.COMPLIANCE)
    found = received(line(patient.id), line("78", "A2"))
    forget(patient.id, staff_id=officer.id, reason=TherapyText("asked for it"))
    assert [row.external_key for row in rows()] == ["appointments:A2"]
    with pytest.raises(Forgotten):
        received_files.content(rows(IntakeFile, id=found.file_id)[0])
    again = received(line(patient.id), line("78", "A2"), line("79", "A3"))
    assert again.counts["accepted"] == 1 and len(rows()) == 2


def test_sample_history_is_received_as_its_readme_says():
    make_location(id="LOC-1"), make_location(id="LOC-2", time_zone="America/Chicago")
    (settings().appointments_folder / "sample.csv").write_bytes(SAMPLE.read_bytes())
    [dropped] = waiting_files(settings().appointments_folder, 0.0)
    found = receive(dropped)
    assert found.counts == {"received": 56, "accepted": 51, "quarantined": 5, "duplicate": 0}
    assert {(row, field) for row, field, _ in found.findings} == {
        (9, "status"), (17, "booked_at"), (25, "starts_at"), (33, "location_id"), (41, "booked_at"),
    }  # fmt: skip
