"""Receiving referral files: quarantine by row and field, cases for the rest, and nothing twice."""

import csv
import io
import os
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlmodel import select

from adapters import intake_views, operational_store, therapy_store
from adapters.operational_store import reading, writing
from adapters.settings import settings
from models.claim_codes import CLEARINGHOUSE
from models.codes import QuarantineStatus, ReferralStatus, RowOutcome
from models.columns import utc_now
from models.operational import AuditEvent, IntakeFile, IntakeRow, OutboxMessage, Patient, QuarantinedRow, Referral
from tasks import intake, quarantine, runs
from tasks.intake import FileResult
from tests.tasks.conftest import SAMPLE

FHIR = SAMPLE.parent / "fhir"


def drop(content: bytes | Path, name: str = "dropped.csv", folder: Path | None = None) -> list[FileResult]:
    """Drop one file and receive whatever waits."""
    target = (folder or settings().intake_folder) / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    return [intake.receive.fn(file_id) for file_id in intake.collect.fn(settle_seconds=0)]


def sample(*wanted: str, **changed: str) -> bytes:
    """The sample's rows with these referral numbers, with cells changed."""
    source = list(csv.DictReader(io.StringIO(SAMPLE.read_text("utf-8-sig"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(source[0]))
    writer.writeheader()
    writer.writerows({**row, **changed} for row in source if row["Referral ID"] in wanted)
    return out.getvalue().encode()


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def row_counts(*but_not: str) -> dict[str, int]:
    """How many rows every table of both databases has."""
    counts = {}
    for store, url in (
        (operational_store, settings().operational_database),
        (therapy_store, settings().therapy_database),
    ):
        engine = store.engine_for(url)
        with engine.connect() as connection:
            for table in inspect(engine).get_table_names():
                if table not in but_not:
                    counts[table] = connection.execute(text(f'select count(*) from "{table}"')).scalar_one()
    return counts


def texts_of(case_number: str) -> list[str]:
    return [one.text.unwrap() for one in therapy_store.texts(case_number, actor="test", where="test")]


# -- the sample file


@pytest.mark.usefixtures("received")
def test_sample_file_is_received_with_its_four_broken_rows() -> None:
    [file] = rows(IntakeFile)
    result = intake.summary(file.id)
    assert result.counts == {"received": 40, "accepted": 34, "quarantined": 4, "duplicate": 1, "ambiguous": 1}
    assert [(row, field) for row, field, _ in result.findings] == [
        (12, "birth_date"),
        (19, "email"),
        (24, "phq9_4"),
        (30, "location_id"),
    ]
    assert all(reason for *_, reason in result.findings)
    assert (result.refused, file.finished_at is not None) == (None, True)
    assert result.docs_path and (settings().contract_docs_folder / result.docs_path).is_file()


@pytest.mark.usefixtures("received")
def test_reasons_name_what_is_wanted_and_never_what_was_written() -> None:
    said = " ".join(fault.reason for fault in rows(QuarantinedRow))
    assert not [word for word in ("1991-02-30", "LOC-9", "Petronella", "ashgrove") if word in said]


@pytest.mark.usefixtures("received")
def test_every_case_waits_to_begin_with_its_content_kept() -> None:
    cases = rows(Referral)
    assert (len(cases), {case.status for case in cases}) == (35, {ReferralStatus.RECEIVED})
    [first] = rows(Referral, external_key="csv:R-1101")
    assert "worry" in texts_of(first.case_number)[0]
    assert therapy_store.measures_complete(first.case_number) == {"phq9", "gad7"}
    assert therapy_store.focus(first.case_number, actor="test", where="test") == ("anxiety", "sleep")


@pytest.mark.usefixtures("received")
def test_ambiguous_case_names_whom_it_may_be() -> None:
    [case] = rows(Referral, external_key="csv:R-1125")
    [known] = rows(Referral, external_key="csv:R-1117")
    assert case.possible_patient_ids == [known.patient_id]
    assert case.patient_id != known.patient_id
    [row] = rows(IntakeRow, external_key="csv:R-1125")
    assert row.outcome is RowOutcome.AMBIGUOUS


@pytest.mark.usefixtures("received")
def test_duplicate_row_points_to_the_case_that_stands() -> None:
    [row] = rows(IntakeRow, external_key="csv:R-1124")
    [known] = rows(Referral, external_key="csv:R-1101")
    assert (row.outcome, row.case_number) == (RowOutcome.DUPLICATE, known.case_number)
    assert rows(Referral, external_key="csv:R-1124") == []


@pytest.mark.usefixtures("received")
def test_broken_rows_are_kept_whole_and_left_to_be_corrected() -> None:
    [fault] = rows(QuarantinedRow, row=30)
    kept = therapy_store.quarantined(fault.content_id, actor="test", where="test")
    assert (kept["family_name"], kept["location_id"]) == ("Dunmore", "LOC-9")
    [fix] = settings().to_fix_folder.iterdir()
    table = list(csv.DictReader(io.StringIO(fix.read_text("utf-8-sig"))))
    assert [row["Referral ID"] for row in table] == ["R-1111", "R-1118", "R-1123", "R-1129"]
    assert all(row["problem"] for row in table)


@pytest.mark.usefixtures("received")
def test_same_file_dropped_again_changes_nothing() -> None:
    before = row_counts("audit_event")
    assert drop(SAMPLE, "same again.csv") == []
    assert row_counts("audit_event") == before


@pytest.mark.usefixtures("received")
def test_same_rows_in_another_file_are_duplicates() -> None:
    before = row_counts()
    [result] = drop(sample("R-1101", "R-1102"))
    assert result.counts == {"received": 2, "accepted": 0, "quarantined": 0, "duplicate": 2, "ambiguous": 0}
    after = row_counts()
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"intake_file", "intake_row", "audit_event", "content_key"}, "each file has a key of its own"


@pytest.mark.usefixtures("received")
def test_corrected_rows_dropped_again_replace_what_was_in_quarantine() -> None:
    [result] = drop(sample("R-1129", **{"Location": "LOC-1"}), "x.to-fix.csv")
    assert result.counts["accepted"] == 1
    status = {fault.row: fault.status for fault in rows(QuarantinedRow)}
    assert status == {
        12: QuarantineStatus.OPEN,
        19: QuarantineStatus.OPEN,
        24: QuarantineStatus.OPEN,
        30: QuarantineStatus.REPLACED,
    }
    assert len(rows(Referral)) == 36
    assert {fault.row for fault in quarantine.open_rows()} == {12, 19, 24}


@pytest.mark.usefixtures("received")
def test_row_that_is_still_broken_is_waited_for_once() -> None:
    drop(sample("R-1129", **{"Location": "LOC-8"}))
    open_faults = rows(QuarantinedRow, external_key="csv:R-1129", status=QuarantineStatus.OPEN)
    assert [(fault.row, fault.field) for fault in open_faults] == [(2, "location_id")]


@pytest.mark.usefixtures("received")
def test_new_referral_of_a_patient_whose_case_is_closed_opens_a_case_for_them() -> None:
    with operational_store.writing() as db:
        case = db.exec(select(Referral).where(Referral.external_key == "csv:R-1101")).one()
        operational_store.move_case(db, case, ReferralStatus.CLOSED_WITHDRAWN, actor="test")
    patients = len(rows(Patient))
    [result] = drop(sample("R-1101", **{"Referral ID": "R-2001"}))
    assert result.counts["accepted"] == 1
    [again] = rows(Referral, external_key="csv:R-2001")
    assert (again.patient_id, len(rows(Patient))) == (case.patient_id, patients)


# -- crashes


TWO = ("R-1101", "R-1103")


class WorkerDied(Exception):
    pass


@pytest.mark.parametrize("dies_at", ["therapy content", "quarantined content", "finish"])
@pytest.mark.usefixtures("sample_practice")
def test_receiving_again_after_a_crash_gives_the_same_end(monkeypatch: pytest.MonkeyPatch, dies_at: str) -> None:
    content = sample("R-1101", "R-1121", "R-1111", "R-1124")

    def dies(*_: Any, **__: Any) -> None:
        raise WorkerDied

    places = {
        "therapy content": (therapy_store, "keep_intake"),
        "quarantined content": (therapy_store, "quarantine"),
        "finish": (intake, "utc_now"),
    }
    with monkeypatch.context() as patch:
        patch.setattr(*places[dies_at], dies)
        with pytest.raises(WorkerDied):
            drop(content)
    [unfinished] = rows(IntakeFile)
    assert unfinished.finished_at is None
    [again] = [intake.receive.fn(file_id) for file_id in intake.collect.fn(settle_seconds=0)]
    assert again.counts == {"received": 4, "accepted": 2, "quarantined": 1, "duplicate": 1, "ambiguous": 0}
    assert Counter(row.outcome for row in rows(IntakeRow)) == {RowOutcome.ACCEPTED: 2, RowOutcome.DUPLICATE: 1}
    assert (len(rows(Referral)), len(rows(Patient)), len(rows(QuarantinedRow))) == (2, 2, 1)
    assert [len(texts_of(case.case_number)) for case in rows(Referral)] == [1, 1]
    assert len(list(settings().to_fix_folder.iterdir())) == 1
    assert intake.receive.fn(unfinished.id) == again


@pytest.mark.usefixtures("sample_practice")
def test_crash_between_record_and_move_finds_the_file_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: Any) -> None:
        raise WorkerDied

    with monkeypatch.context() as patch:
        patch.setattr(intake.file_drop, "settle", dies)
        with pytest.raises(WorkerDied):
            drop(sample(*TWO))
    assert len(list(settings().intake_folder.iterdir())) == 1
    [file_id] = intake.collect.fn(settle_seconds=0)
    assert intake.receive.fn(file_id).counts["accepted"] == 2
    assert len(rows(IntakeFile)) == 1


@pytest.mark.usefixtures("sample_practice")
def test_file_of_the_clearinghouse_is_no_referral() -> None:
    with writing() as db:
        db.add(IntakeFile(id="XF-1", digest="ab" * 32, kind=CLEARINGHOUSE, received_at=utc_now() - timedelta(hours=1)))
    (settings().received_folder / f"{'ab' * 16}.csv").write_text("ISA")
    assert intake.collect.fn(settle_seconds=0) == []
    assert runs._unfinished_files(utc_now()) == []
    assert intake_views.received_files() == []


@pytest.mark.usefixtures("sample_practice")
def test_file_that_was_lost_is_received_when_it_is_dropped_again() -> None:
    shutil.copy(SAMPLE, settings().intake_folder)
    [file_id] = intake.collect.fn(settle_seconds=0)
    for kept in settings().received_folder.iterdir():
        os.remove(kept)
    lost = intake.receive.fn(file_id)
    assert lost.refused and rows(IntakeFile)[0].finished_at is None
    [result] = drop(SAMPLE)
    assert (result.refused, result.counts["accepted"]) == (None, 34)


# -- other files


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PK\x03\x04\x00\x00\x00binary", "export.xlsx"),
        (b"", "empty.csv"),
        (b"a,b\n1,2\n", "other.csv"),
        (b"\xff\xfe\x00\x00broken", "weird.txt"),
    ],
)
@pytest.mark.usefixtures("sample_practice")
def test_file_that_cannot_be_read_is_refused_as_a_whole(content: bytes, name: str) -> None:
    [result] = drop(content, name)
    assert result.refused
    assert rows(Referral) == []
    assert drop(content, name) == []
    assert len(rows(QuarantinedRow)) == 1


@pytest.mark.usefixtures("sample_practice")
def test_refused_file_is_somebodys_urgent_work_with_its_words_kept() -> None:
    [result] = drop(b"a,b\nwants to die,2\n", "other.csv")
    [fault] = rows(QuarantinedRow)
    assert (fault.row, fault.field, fault.rule, fault.urgent) == (0, "file", "unreadable", True)
    assert result.counts["quarantined"] == 1
    assert (quarantine.due_at(fault) - fault.at).total_seconds() == 3600
    pages = rows(OutboxMessage, template="page_quarantined_row")
    assert pages and all(page.urgent and page.facts == {} for page in pages)
    kept = therapy_store.quarantined(fault.content_id, actor="test", where="test")
    assert "wants to die" in kept["file"]
    assert "wants" not in fault.reason
    assert [row.id for row in quarantine.open_rows()] == [fault.id]


@pytest.mark.usefixtures("sample_practice")
def test_one_refused_file_stops_no_other() -> None:
    (settings().intake_folder / "bad.csv").write_bytes(b"a,b\n1,2\n")
    results = drop(sample(*TWO), "good.csv")
    assert sorted(bool(result.refused) for result in results) == [False, True]
    assert len(rows(Referral)) == 2


@pytest.mark.usefixtures("sample_practice")
def test_fhir_bundles_open_cases_once() -> None:
    for bundle in sorted(FHIR.glob("*.json")):
        shutil.copy(bundle, settings().intake_folder)
    results = [intake.receive.fn(file_id) for file_id in intake.collect.fn(settle_seconds=0)]
    assert [result.counts["accepted"] for result in results] == [1] * 6
    assert {result.kind for result in results} == {"fhir"}
    before = row_counts("audit_event")
    assert drop(FHIR / "ehr-77011.json", "again.json") == []
    assert row_counts("audit_event") == before


@pytest.mark.usefixtures("sample_practice")
def test_broken_bundle_is_one_row_in_quarantine() -> None:
    content = (FHIR / "ehr-77011.json").read_text().replace('"Patient"', '"Person"')
    [result] = drop(content.encode(), "broken.json")
    assert result.counts["quarantined"] == 1
    assert (result.counts["accepted"], rows(Referral)) == (0, [])


@pytest.mark.usefixtures("sample_practice")
def test_folder_of_a_location_is_collected_for_that_location() -> None:
    for place in ("LOC-1", "LOC-2"):
        folder = settings().intake_folder / place
        folder.mkdir()
        (folder / f"{place}.csv").write_bytes(sample("R-1101" if place == "LOC-1" else "R-1108"))
    assert len(intake.collect.fn("LOC-2", settle_seconds=0)) == 1
    assert [path.name for path in (settings().intake_folder / "LOC-1").iterdir()] == ["LOC-1.csv"]
    assert len(intake.collect.fn(settle_seconds=0)) == 2


# -- broken rows that may hold a risk


@pytest.mark.usefixtures("sample_practice")
def test_broken_row_that_may_hold_a_risk_alarms_at_once_and_once() -> None:
    content = sample("R-1129", **{"PHQ9_9": "3"})
    drop(content)
    [fault] = rows(QuarantinedRow, field="location_id")
    assert fault.urgent
    pages = rows(OutboxMessage, template="page_quarantined_row")
    assert pages and all(page.urgent and page.facts == {} for page in pages)
    assert (quarantine.due_at(fault) - fault.at).total_seconds() == 3600


@pytest.mark.usefixtures("sample_practice")
def test_harmless_broken_row_alarms_nobody_and_is_reminded_of_after_a_day() -> None:
    drop(sample("R-1129", **{"PHQ9_9": "0", "Reason for referral": "Would like help with sleep."}))
    [fault] = rows(QuarantinedRow)
    assert (fault.urgent, rows(OutboxMessage)) == (False, [])
    due = quarantine.due_at(fault)
    assert (due - fault.at).total_seconds() == 24 * 3600
    assert [quarantine.remind(fault, due), quarantine.remind(fault, due)] == [True, False]
    assert len(rows(OutboxMessage)) == 3


# -- numbers used again, and answers about automated reading


BLAKE = {"First name": "Blake", "Last name": "Otherwise", "Date of birth": "1970-01-02"}


@pytest.mark.usefixtures("sample_practice")
def test_number_used_again_for_another_person_opens_a_case_for_a_person_to_look_at() -> None:
    drop(sample("R-1101"))
    [first] = rows(Referral)
    drop(sample("R-1101", **BLAKE), "second.csv")
    [second] = [case for case in rows(Referral) if case.case_number != first.case_number]
    [row] = rows(IntakeRow, case_number=second.case_number)
    assert (row.outcome, second.external_key) == (RowOutcome.AMBIGUOUS, f"csv:R-1101@{row.file_id}")
    assert (second.possible_patient_ids, second.patient_id != first.patient_id) == ([first.patient_id], True)
    assert texts_of(second.case_number)


@pytest.mark.usefixtures("sample_practice")
def test_number_used_again_is_known_again_for_either_person() -> None:
    drop(sample("R-1101"))
    drop(sample("R-1101", **BLAKE), "second.csv")
    drop(sample("R-1101", **{"Visit type": "telehealth"}), "third.csv")
    drop(sample("R-1101", **{"Visit type": "telehealth", **BLAKE}), "fourth.csv")
    assert len(rows(Referral)) == 2
    assert [row.outcome for row in rows(IntakeRow)][2:] == [RowOutcome.DUPLICATE] * 2
    assert len({row.case_number for row in rows(IntakeRow)[2:]}) == 2


ANSWERS = {
    "R-1101": ((None, None), ("yes", "2026-11-01"), (True, "2026-11-01")),
    "R-1102": ((True, "2026-10-01"), ("no", "2026-11-01"), (False, "2026-11-01")),
    "R-1103": ((True, "2026-11-01"), ("no", "2026-11-01"), (False, "2026-11-01")),
    "R-1104": ((True, "2026-11-02"), ("no", "2026-11-01"), (True, "2026-11-02")),
    "R-1105": ((False, "2026-10-01"), ("yes", "2026-11-01"), (True, "2026-11-01")),
    "R-1106": ((False, "2026-11-01"), ("yes", "2026-11-01"), (False, "2026-11-01")),
    "R-1107": ((False, None), ("yes", "2026-11-01"), (False, None)),
    "R-1108": ((True, "2026-10-01"), ("", ""), (True, "2026-10-01")),
}
"""What was known, what the next referral says, what is known then: whether, and since when."""


def with_cells(content: bytes, cells: dict[str, dict[str, str]]) -> bytes:
    """A file with the cells of some referral numbers changed, each its own way."""
    source = list(csv.DictReader(io.StringIO(content.decode())))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(source[0]))
    writer.writeheader()
    writer.writerows({**row, **cells[row["Referral ID"]]} for row in source)
    return out.getvalue().encode()


@pytest.mark.parametrize("number", ["used again", "new"])
@pytest.mark.usefixtures("sample_practice")
def test_newer_answer_about_automated_reading_is_kept(number: str) -> None:
    content = sample(*ANSWERS)
    drop(content)
    case_of = {each.external_key.removeprefix("csv:"): each for each in rows(Referral)}
    assert set(case_of) == set(ANSWERS)
    patient_of = {key: case.patient_id for key, case in case_of.items()}
    with operational_store.writing() as db:
        for key, ((whether, since), _, _) in ANSWERS.items():
            patient = db.get_one(Patient, patient_of[key])
            patient.consent_ai = whether
            patient.consent_ai_on = date.fromisoformat(since) if since else None
            db.add(patient)
    cells = {
        key: {
            "Referral ID": key if number == "used again" else key.replace("R-1", "R-9"),
            "AI consent": whether,
            "AI consent date": since,
        }
        for key, (_, (whether, since), _) in ANSWERS.items()
    }
    drop(with_cells(content, cells), "again.csv")
    patients = {patient.id: patient for patient in rows(Patient)}
    assert len(patients) == len(ANSWERS)
    for key, (before, _, after) in ANSWERS.items():
        patient = patients[patient_of[key]]
        kept = (patient.consent_ai, patient.consent_ai_on.isoformat() if patient.consent_ai_on else None)
        noted = rows(AuditEvent, action="patient.consent_updated", subject_id=patient.id)
        assert (key, kept, len(noted)) == (key, after, int(after != before))
