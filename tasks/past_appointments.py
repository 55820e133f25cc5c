"""Receiving a practice's own appointment history, from which its no-show network learns."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from adapters import file_drop, received_files, therapy_store
from adapters import operational_store as store
from adapters.appointment_csv import appointments_from_table, read_appointment_table
from adapters.csv_table import rows_to_fix
from adapters.file_drop import DroppedFile
from adapters.settings import settings
from data_contracts.appointment_table import check_appointment_table
from models.appointment_table import MOST_ROWS, AppointmentIn, Places
from models.codes import RowOutcome
from models.columns import utc_now
from models.errors import ContractBroken
from models.operational import Appointment, IntakeFile, Location, PastAppointment, Patient, QuarantinedRow, Referral
from models.referral_intake import Finding
from tasks.intake import APPOINTMENTS, KEPT_FOR_READING
from tasks.quarantine import add_fault, content_id, key_of_file, refuse_file, replace_faults

CHUNK = 1_000
MOST_BROKEN = 1_000
"""A file with more broken rows is not one with slips in it: nobody corrects so many by hand."""
_ONE_HISTORY_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class HistoryResult:
    """What one history brought: counts by outcome, and every broken rule by row and field (never a value).

    ``duplicate`` counts rows that were on record already, from another file or as an appointment made here.
    """

    file_id: str
    counts: dict[str, int]
    findings: tuple[tuple[int, str, str], ...]
    refused: str | None


def take_in(night: date, location_id: str = "all") -> dict[str, int]:
    """Receive every history that lies in the appointments folder; counts over all of them.

    A history is the whole practice's, so whichever location asks takes them all. Again changes nothing.
    """
    results = [receive(dropped) for dropped in file_drop.waiting_files(settings().appointments_folder, 0.0)]
    totals = {"files": len(results), "files_refused": sum(result.refused is not None for result in results)}
    for result in results:
        for name, count in result.counts.items():
            totals[name] = totals.get(name, 0) + count
    return totals


def receive(dropped: DroppedFile) -> HistoryResult:
    """Check one history against its contract, quarantine what breaks it, keep every other row; then take the file away.

    The same file again changes nothing. A row that comes again under its number replaces what it said before. Safe
    after a crash: the file lies where it was dropped until all of it is stored.
    """
    with _ONE_HISTORY_AT_A_TIME:
        file = _on_record(dropped)
        if file.finished_at is None:
            with dropped.path.open("rb") as opened:
                data = opened.read(settings().largest_file + 1)
            try:
                appointments, broken = _read(file, data)
            except ContractBroken as refusal:
                _refuse(file, data, refusal)
            else:
                for start in range(0, len(appointments), CHUNK):
                    _keep(file, appointments[start : start + CHUNK])
                _quarantine(file, data, broken)
                _finish(file, len(appointments) + len(broken), len(broken))
        file_drop.settle(dropped, settings().received_folder)
        with store.reading() as db:
            received_files.put_away(store.one(db, IntakeFile, file.id))
        received_files.remove_settled_fix_files()
    return summary(file.id)


def _on_record(dropped: DroppedFile) -> IntakeFile:
    with store.writing() as db:
        known = db.exec(select(IntakeFile).where(IntakeFile.digest == dropped.digest)).first()
        if known is None:
            known = IntakeFile(
                id=f"HF-{dropped.digest[:16]}", digest=dropped.digest, kind=APPOINTMENTS, name=dropped.name
            )
            db.add(known)
            store.audit(db, "system", "file.received", known, kind=APPOINTMENTS, bytes=dropped.size)
        elif known.kind != APPOINTMENTS:  # it was dropped into another folder first, which refused it
            known.kind, known.name, known.finished_at, known.refused_reason = APPOINTMENTS, dropped.name, None, None
            db.add(known)
            store.audit(db, "system", "file.received_again", known, read_again=True)
        elif known.finished_at is not None:
            store.audit(db, "system", "file.received_again", known)
        return known


Broken = tuple[int, str, tuple[Finding, ...], dict[str, str]]


def _read(file: IntakeFile, data: bytes) -> tuple[list[AppointmentIn], list[Broken]]:
    if len(data) > settings().largest_file:
        raise ContractBroken(f"the file is larger than {settings().largest_file_mb} MB: split it and drop the parts")
    with store.reading() as db:
        places = Places({place.id: place.time_zone for place in db.exec(select(Location)).all()})
    table = read_appointment_table(data)
    result = check_appointment_table(table, places=places, docs_dir=settings().contract_docs_folder, run_name=file.id)
    _remember_docs(file.id, result.docs_page or result.docs_index)
    by_row: dict[int, list[Finding]] = {}
    for finding in result.findings:
        by_row.setdefault(finding.row, []).append(finding)
    if len(by_row) > MOST_BROKEN:
        first = result.findings[0]
        reason = f"{len(by_row):,} of {len(table):,} rows are broken, the first is row {first.row}: {first.reason}"
        raise ContractBroken(reason, row=first.row, field=first.field)
    records = cast(list[dict[str, Any]], table[table["row"].isin(by_row)].to_dict("records"))
    cells = {int(each["row"]): {name: str(said) for name, said in each.items()} for each in records}
    broken = [
        (row, _key_of(file, row, cells.get(row, {})), tuple(its), cells.get(row, {}))
        for row, its in sorted(by_row.items())
    ]
    return appointments_from_table(table, result.findings, places), broken


def _key_of(file: IntakeFile, row: int, cells: dict[str, str]) -> str:
    """A broken row without a number of its own can be corrected, but only a person can say that it was."""
    number = cells.get("appointment_id")
    return f"appointments:{number}" if number else f"{key_of_file(file)}:{row}"


def _remember_docs(file_id: str, page: Path | None) -> None:
    if page is None:
        return
    with store.writing() as db:
        file = store.one(db, IntakeFile, file_id)
        file.contract_docs = page.relative_to(settings().contract_docs_folder).as_posix()
        db.add(file)


def _keep(file: IntakeFile, chunk: Sequence[AppointmentIn]) -> None:
    """Store some rows in one transaction, with so many queries however many rows there are."""
    with store.writing() as db:
        people, forgotten = _people(db, {given.patient_id for given in chunk})
        keys = [given.key for given in chunk]
        known = {
            each.external_key: each
            for each in db.exec(select(PastAppointment).where(col(PastAppointment.external_key).in_(keys))).all()
        }
        own = _own(db, chunk, people)
        new = []
        for given in chunk:
            patient = people.get(given.patient_id)
            if given.patient_id in forgotten or (patient, given.starts_at) in own:
                continue
            said = _values(given, patient)
            before = known.get(given.key)
            if before is None:
                new.append({"external_key": given.key, "file_id": file.id, **said})
            elif any(getattr(before, name) != value for name, value in said.items()):
                for name, value in said.items():
                    setattr(before, name, value)
                before.file_id = file.id
                db.add(before)
        if new:
            db.execute(sa.insert(PastAppointment), new)
        _replace_faults(db, keys)
        store.audit(db, "system", "appointments.imported", file, rows=len(chunk), new=len(new))


def _values(given: AppointmentIn, patient: str | None) -> dict[str, Any]:
    return {
        "patient_key": given.patient_id,
        "patient_id": patient,
        "location_id": given.location_id,
        "clinician_id": given.clinician_id,
        "booked_at": given.booked_at,
        "starts_at": given.starts_at,
        "minutes": given.minutes,
        "modality": given.modality,
        "status": given.status,
        "reminded": given.reminders,
        "confirmed": given.confirmed,
    }


def _people(db: Session, given: set[str]) -> tuple[dict[str, str], set[str]]:
    """Whom each number means, where it means one person of ours; and the numbers of patients who were forgotten.

    Ours, or the number of the referral a patient came with, as its sender wrote it.
    """
    own = db.exec(select(Patient.id, Patient.forgotten_at).where(col(Patient.id).in_(given))).all()
    people = {key: {key} for key, forgotten_at in own if forgotten_at is None}
    forgotten = {key for key, forgotten_at in own if forgotten_at is not None}
    sources = {f"{source}:{each}": each for source in ("csv", "fhir", "form") for each in given - set(people)}
    referred = (
        select(Referral.external_key, Patient.id, Patient.forgotten_at)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Referral.external_key).in_(sources))
    )
    for key, patient, forgotten_at in db.exec(referred).all():
        if forgotten_at is None:
            people.setdefault(sources[key], set()).add(patient)
        else:
            forgotten.add(sources[key])
    return {each: found.copy().pop() for each, found in people.items() if len(found) == 1}, forgotten - set(people)


def _own(db: Session, chunk: Sequence[AppointmentIn], people: dict[str, str]) -> set[tuple[str | None, Any]]:
    """Which of these appointments were made here: they are on record already, and better."""
    found = db.exec(
        select(Appointment.patient_id, Appointment.starts_at).where(
            col(Appointment.patient_id).in_(set(people.values())),
            col(Appointment.starts_at).between(
                min(given.starts_at for given in chunk), max(given.starts_at for given in chunk)
            ),
        )
    ).all()
    return set(found)


def _replace_faults(db: Session, keys: Sequence[str]) -> None:
    corrected = db.exec(
        select(QuarantinedRow.external_key).where(col(QuarantinedRow.external_key).in_(keys)).distinct()
    ).all()
    for key in corrected:
        replace_faults(db, key)


def _quarantine(file: IntakeFile, data: bytes, broken: Sequence[Broken]) -> None:
    """Keep broken rows whole, list their faults, and leave a file to correct and drop again."""
    if not broken:
        return
    for row, _, _, cells in broken:
        therapy_store.quarantine(content_id(file.id, row), cells)
    with store.writing() as db:
        listed = db.exec(select(QuarantinedRow).where(QuarantinedRow.file_id == file.id)).all()
        known = {(fault.row, fault.field, fault.rule) for fault in listed}
        for row, key, its, _ in broken:
            for finding in its:
                if (row, finding.field, finding.rule) not in known:
                    add_fault(db, file.id, key, finding)
    findings = [finding for _, _, its, _ in broken for finding in its]
    file_drop.write_fix_file(settings().to_fix_folder, file.name, rows_to_fix(data, findings, MOST_ROWS))


def _refuse(file: IntakeFile, data: bytes, refusal: ContractBroken) -> None:
    """A file that cannot be read at all waits in quarantine for its sender's next one."""
    shown = data[: 4 * KEPT_FOR_READING].decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    therapy_store.quarantine(content_id(file.id, 0), {"file": shown[:KEPT_FOR_READING]})
    with store.writing() as db:
        refuse_file(db, file.id, refusal)


def _finish(file: IntakeFile, rows: int, broken: int) -> None:
    with store.writing() as db:
        found = store.one(db, IntakeFile, file.id)
        found.finished_at, found.rows = utc_now(), rows
        db.add(found)
        store.audit(db, "system", "file.finished", found, rows=rows, quarantined=broken)


def summary(file_id: str) -> HistoryResult:
    """What a history brought, as it stands on record."""
    with store.reading() as db:
        file = store.one(db, IntakeFile, file_id)
        kept = db.exec(select(func.count()).where(col(PastAppointment.file_id) == file_id)).one()
        faults = db.exec(
            select(QuarantinedRow).where(QuarantinedRow.file_id == file_id).order_by(col(QuarantinedRow.row))
        ).all()
    broken = len({fault.row for fault in faults if fault.row})
    counts = {
        "received": file.rows,
        RowOutcome.ACCEPTED.value: kept,
        RowOutcome.QUARANTINED.value: broken,
        RowOutcome.DUPLICATE.value: max(file.rows - kept - broken, 0),
    }
    found = tuple((fault.row, fault.field, fault.reason) for fault in faults)
    return HistoryResult(file_id, counts, found, file.refused_reason)
