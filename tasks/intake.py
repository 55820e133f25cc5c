"""Receiving referral files: contract, quarantine, duplicates, cases; the same file or row again changes nothing."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from sqlmodel import Session, col, or_, select

from adapters import file_drop, received_files, therapy_store
from adapters import operational_store as store
from adapters.csv_table import rows_to_fix
from adapters.fhir import referral_from_bundle
from adapters.referral_csv import read_referral_table, referrals_from_table
from adapters.settings import settings
from data_contracts.referral_bundle import check_referral_bundle
from data_contracts.referral_table import check_referral_table
from models.claim_codes import CLEARINGHOUSE
from models.codes import RowOutcome
from models.columns import new_id, utc_now
from models.errors import ContractBroken
from models.measures import Measure
from models.operational import IntakeFile, IntakeRow, Location, Patient, QuarantinedRow, Referral
from models.referral_intake import Finding, ReferralIn
from rules import duplicates, measures
from rules.duplicates import DuplicateVerdict, PersonFacts
from tasks.quarantine import add_fault, alarm, content_id, is_worrying, refuse_file, replace_faults
from tasks.repeats import take_repeat
from tasks.steps import step

logger = logging.getLogger(__name__)

CHUNK = 500
SESSIONS, TRANSCRIPT, APPOINTMENTS = "sessions", "transcript", "appointments"
NOT_REFERRALS = (SESSIONS, TRANSCRIPT, APPOINTMENTS, CLEARINGHOUSE)
"""The kinds of what other tasks receive: a session export, a transcript, an appointment history, a file of the
clearinghouse."""
EVERYWHERE = "all"
KEPT_FOR_READING = 200_000
"""Characters of a refused file that the desk shows; its bytes stay whole in the received folder."""
_ONE_FILE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class FileResult:
    """What one file brought: counts by outcome, and every broken rule by row and field (never a value)."""

    file_id: str
    kind: str
    counts: dict[str, int]
    findings: tuple[tuple[int, str, str], ...]
    refused: str | None
    docs_path: str | None


@step("look into the intake folder")
def collect(location: str = EVERYWHERE, settle_seconds: float = 1.0) -> list[str]:
    """Register the dropped files and take them out of the folder; returns the ids of those still to be received.

    A file is on record before it is moved, so a crash in between finds it again. Subfolders named by a location
    belong to that location. A file that changed within ``settle_seconds`` is given that long to be complete.
    """
    folders = _folders(location)
    if any(file_drop.changed_since(folder, time.time() - settle_seconds) for folder in folders):
        time.sleep(settle_seconds)
    for folder in folders:
        for kind, count in file_drop.never_taken(folder).items():
            logger.warning("intake: %d of kind %s in the intake folder; only whole files are taken", count, kind)
        for dropped in file_drop.waiting_files(folder, settle_seconds):
            with store.writing() as db:
                known = db.exec(select(IntakeFile).where(IntakeFile.digest == dropped.digest)).first()
                if known is None:
                    known = IntakeFile(
                        id=f"IF-{dropped.digest[:16]}", digest=dropped.digest, kind=dropped.kind, name=dropped.name
                    )
                    db.add(known)
                    store.audit(db, "system", "file.received", known, kind=dropped.kind, bytes=dropped.size)
                elif known.finished_at is not None:
                    store.audit(db, "system", "file.received_again", known)
            file_drop.settle(dropped, settings().received_folder)
    received_files.put_away_finished()
    with store.reading() as db:
        wanted = db.exec(
            select(IntakeFile.id)
            .where(col(IntakeFile.finished_at).is_(None), col(IntakeFile.kind).not_in(NOT_REFERRALS))
            .order_by(col(IntakeFile.received_at))
        ).all()
    return list(wanted)


def _folders(location: str) -> list[Path]:
    root = settings().intake_folder
    with store.reading() as db:
        places = db.exec(select(Location.id).order_by(Location.id)).all()
    chosen = [root / place for place in places if location in (EVERYWHERE, place)]
    return [folder for folder in ([root, *chosen] if location == EVERYWHERE else chosen) if folder.is_dir()]


@step("receive file")
def receive(file_id: str) -> FileResult:
    """Check one file against its contract, quarantine what breaks it, open a case for every other row.

    Safe to run again after a crash: rows already on record are not received twice.
    """
    # one at a time: two runs over the same file would meet in the same rows
    with _ONE_FILE_AT_A_TIME:
        with store.reading() as db:
            file = store.one(db, IntakeFile, file_id)
            locations = set(db.exec(select(Location.id)).all())
        if file.finished_at is not None:
            return summary(file_id)
        try:
            data = _content(file)
        except ContractBroken as gone:  # not finished, so that the same file dropped again is received
            return replace(summary(file_id), refused=str(gone))
        try:
            referrals, broken = _read(file, data, locations)
        except ContractBroken as refusal:
            _refuse(file, data, refusal)
            received_files.put_away(file)
            return summary(file_id)
        for chunk in _chunks(referrals):
            _accept(file_id, chunk)
        _quarantine(file, data, broken)
        with store.writing() as db:
            file = store.one(db, IntakeFile, file_id)
            file.finished_at, file.rows = utc_now(), len(referrals) + len(broken)
            db.add(file)
            store.audit(db, "system", "file.finished", file, rows=file.rows, quarantined=len(broken))
        received_files.put_away(file)
        received_files.remove_settled_fix_files()
    return summary(file_id)


def _content(file: IntakeFile) -> bytes:
    """The file's bytes, of one that is too large only the first; raises ContractBroken when it is gone."""
    found = received_files.content(file, settings().largest_file + 1)
    if found is None:
        raise ContractBroken("the file has gone from the received folder: drop it again", field="file")
    return found


@dataclass(frozen=True)
class BrokenRow:
    """A row that broke its contract, with everything the sender wrote in it."""

    row: int
    external_key: str
    findings: tuple[Finding, ...]
    cells: dict[str, str]


def _read(file: IntakeFile, data: bytes, locations: set[str]) -> tuple[list[ReferralIn], list[BrokenRow]]:
    """The good referrals and the broken rows of a file; ContractBroken when the file as a whole cannot be read."""
    if len(data) > settings().largest_file:
        raise ContractBroken(f"the file is larger than {settings().largest_file_mb} MB: split it and drop the parts")
    if file.kind == "fhir":
        findings = check_referral_bundle(data, known_locations=locations)
        if not findings:
            return [referral_from_bundle(data, locations)], []
        cells = {"bundle": data.decode("utf-8", errors="replace").replace("\x00", "\ufffd")}
        return [], [BrokenRow(findings[0].row, f"fhir:file:{file.digest[:16]}", findings, cells)]
    table = read_referral_table(data)
    result = check_referral_table(
        table, known_locations=locations, docs_dir=settings().contract_docs_folder, run_name=file.id
    )
    _remember_docs(file.id, result.docs_page or result.docs_index)
    by_row: dict[int, list[Finding]] = {}
    for finding in result.findings:
        by_row.setdefault(finding.row, []).append(finding)
    records = cast(list[dict[str, Any]], table.to_dict("records"))
    rows = {int(record["row"]): record for record in records}
    broken = [
        BrokenRow(
            row,
            f"csv:{rows[row]['external_id']}" if row in rows else f"csv:file:{file.digest[:16]}",
            tuple(findings),
            {name: str(cell) for name, cell in rows.get(row, {}).items()},
        )
        for row, findings in sorted(by_row.items())
    ]
    return referrals_from_table(table, result.findings), broken


def _remember_docs(file_id: str, page: Path | None) -> None:
    if page is None:
        return
    with store.writing() as db:
        file = store.one(db, IntakeFile, file_id)
        file.contract_docs = page.relative_to(settings().contract_docs_folder).as_posix()
        db.add(file)


def _refuse(file: IntakeFile, data: bytes, refusal: ContractBroken) -> None:
    """A file that cannot be read at all: nobody has read what it says, so it waits in quarantine as urgent.

    Its bytes stay in the received folder.
    """
    # four bytes are the longest character of UTF-8
    shown = data[: 4 * KEPT_FOR_READING].decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    therapy_store.quarantine(content_id(file.id, 0), {"file": shown[:KEPT_FOR_READING]})
    with store.writing() as db:
        refuse_file(db, file.id, refusal, urgent=True)
        alarm(db, file.id, 0, None)


def _chunks(referrals: Sequence[ReferralIn]) -> Iterable[Sequence[ReferralIn]]:
    for start in range(0, len(referrals), CHUNK):
        yield referrals[start : start + CHUNK]


def _accept(file_id: str, chunk: Sequence[ReferralIn]) -> None:
    """Open the cases of some rows in one transaction, then keep their therapy content in another.

    The file counts as finished only after both, and no run starts before that; a crash between them is made up
    when the file is received again.
    """
    contents, repeats = [], []
    with store.writing() as db:
        for referral in chunk:
            row = _accept_row(db, file_id, referral)
            case_number = row.case_number or ""
            if row.outcome == RowOutcome.DUPLICATE:
                repeats.append((_content_of(case_number, referral), row.external_key))
            else:
                contents.append(_content_of(case_number, referral))
    therapy_store.keep_intake(contents)
    for content, key in repeats:
        take_repeat(content, key)


def _accept_row(db: Session, file_id: str, referral: ReferralIn) -> IntakeRow:
    """What became of one row: a new case, a repeat of an open one, or a case whose person somebody must settle."""
    row = db.exec(select(IntakeRow).where(IntakeRow.file_id == file_id, IntakeRow.row == referral.source_row)).first()
    if row is not None:
        return row
    key = f"{referral.source}:{referral.external_id}"
    others = []
    for seen in _same_number(db, key):
        person = store.one(db, Patient, seen.patient_id)
        if _same_person(referral, person):
            _take_consent(db, person, referral)
            return _record(db, file_id, referral, key, RowOutcome.DUPLICATE, seen.case_number)
        others.append(person.id)
    if others:  # a sender used a number again for somebody else: neither referral may vanish behind the other
        key = f"{key}@{file_id}"
    finding = duplicates.compare(_facts("new", referral), _known(db, referral))
    patient = None
    if finding.verdict == DuplicateVerdict.DUPLICATE:
        patient = store.one(db, Patient, finding.matches[0].person_id)
        _take_consent(db, patient, referral)
        standing = db.exec(
            select(Referral).where(Referral.patient_id == patient.id, col(Referral.closed_at).is_(None))
        ).first()
        if standing is not None:
            return _record(db, file_id, referral, key, RowOutcome.DUPLICATE, standing.case_number)
    known = patient is not None
    patient = patient or _new_patient(db, referral)
    case = _new_case(db, referral, key, patient)
    outcome = RowOutcome.ACCEPTED
    possible = list(dict.fromkeys([*others, *(match.person_id for match in finding.matches)]))
    if possible and not known:
        case.possible_patient_ids = possible
        db.add(case)
        outcome = RowOutcome.AMBIGUOUS
    return _record(db, file_id, referral, key, outcome, case.case_number)


def _same_number(db: Session, key: str) -> Sequence[Referral]:
    """The cases that a sender's number stands for: one, or several where it was used again for another person."""
    found = or_(col(Referral.external_key) == key, col(Referral.external_key).startswith(f"{key}@", autoescape=True))
    return db.exec(select(Referral).where(found).order_by(col(Referral.case_number))).all()


def _same_person(referral: ReferralIn, patient: Patient) -> bool:
    """Whether a repeated number comes with the person it came with; without any contact the rest must be equal."""
    new, known = _facts("", referral), replace(_facts_of(patient), person_id="")
    return new == known or duplicates.compare(new, [known]).verdict == DuplicateVerdict.DUPLICATE


def _take_consent(db: Session, patient: Patient, referral: ReferralIn) -> None:
    """Keep a newer answer about automated reading; a refusal of the same day or without a date wins too."""
    if referral.consent_ai is None:
        return
    said, before = referral.consent_ai_on, patient.consent_ai_on
    if referral.consent_ai:
        undated_refusal = patient.consent_ai is False and before is None
        newer = said is not None and not undated_refusal and (before is None or said > before)
    else:
        said = said or referral.received_at.date()
        newer = before is None or said >= before
    if not newer or (patient.consent_ai, before) == (referral.consent_ai, said):
        return
    patient.consent_ai, patient.consent_ai_on = referral.consent_ai, said
    db.add(patient)
    store.audit(db, "system", "patient.consent_updated", patient, agreed=referral.consent_ai)


def _facts(person_id: str, referral: ReferralIn) -> PersonFacts:
    return PersonFacts(
        person_id, referral.given_name, referral.family_name, referral.birth_date, referral.phone, referral.email
    )


def _facts_of(patient: Patient) -> PersonFacts:
    return PersonFacts(
        patient.id, patient.given_name, patient.family_name, patient.birth_date, patient.phone, patient.email
    )


def _known(db: Session, referral: ReferralIn) -> list[PersonFacts]:
    """The patients worth comparing: those who share a name, a birth date or a contact."""
    alike = [
        Patient.match_name == duplicates.normalise_name(referral.given_name, referral.family_name),
        Patient.birth_date == referral.birth_date,
    ]
    if referral.phone:
        alike.append(Patient.phone == referral.phone)
    if referral.email:
        alike.append(Patient.email == referral.email)
    found = db.exec(select(Patient).where(or_(*alike))).all()
    return [_facts_of(patient) for patient in found]


def _new_patient(db: Session, referral: ReferralIn) -> Patient:
    patient = Patient(
        id=new_id("PT"),
        given_name=referral.given_name,
        family_name=referral.family_name,
        match_name=duplicates.normalise_name(referral.given_name, referral.family_name),
        birth_date=referral.birth_date,
        email=referral.email,
        phone=referral.phone,
        state=referral.state,
        time_zone=referral.time_zone,
        language=referral.language,
        preferred_channel=referral.preferred_channel,
        payer_code=referral.payer_code,
        plan_code=referral.plan_code,
        member_id=referral.member_id,
        self_pay=referral.self_pay,
        consent_ai=referral.consent_ai,
        consent_ai_on=referral.consent_ai_on,
    )
    db.add(patient)
    db.flush()
    store.audit(db, "system", "patient.registered", patient)
    return patient


def _new_case(db: Session, referral: ReferralIn, key: str, patient: Patient) -> Referral:
    case = Referral(
        case_number=store.new_case_number(db),
        patient_id=patient.id,
        location_id=referral.location_id,
        external_key=key,
        source=referral.source,
        received_at=referral.received_at,
        modality=referral.modality,
        needs_accessible=referral.needs_accessible,
        preferred_times=list(referral.preferred_times),
        referrer_name=referral.referrer_name,
    )
    db.add(case)
    db.flush()
    store.audit(db, "system", "case.opened", case, case.case_number, source=referral.source)
    return case


def _record(
    db: Session, file_id: str, referral: ReferralIn, key: str, outcome: RowOutcome, case_number: str
) -> IntakeRow:
    row = IntakeRow(
        id=new_id("IR"),
        file_id=file_id,
        row=referral.source_row,
        external_key=key,
        outcome=outcome,
        case_number=case_number,
    )
    db.add(row)
    store.audit(db, "system", f"row.{outcome.value}", row, case_number)
    replace_faults(db, key)
    return row


def _content_of(case_number: str, referral: ReferralIn) -> therapy_store.IntakeContent:
    answers = []
    for given in referral.answers:
        numbers = dict(given.answers)
        scored = measures.score(Measure(given.measure), numbers)
        answers.append(
            (given.measure, given.version, numbers, scored.complete, scored.total, scored.band, given.authored_at)
        )
    return therapy_store.IntakeContent(case_number, referral.referral_text, referral.focus_areas, tuple(answers))


def _quarantine(file: IntakeFile, data: bytes, broken: Sequence[BrokenRow]) -> None:
    """Keep broken rows whole, list their faults, and leave a file to correct and drop again."""
    if not broken:
        return
    for bad in broken:
        therapy_store.quarantine(content_id(file.id, bad.row), bad.cells)
    urgent = {bad.row for bad in broken if is_worrying(bad.cells)}
    with store.writing() as db:
        known = {
            (fault.row, fault.field, fault.rule)
            for fault in db.exec(select(QuarantinedRow).where(QuarantinedRow.file_id == file.id)).all()
        }
        for bad in broken:
            for finding in bad.findings:
                if (finding.row, finding.field, finding.rule) not in known:
                    add_fault(db, file.id, bad.external_key, finding, urgent=bad.row in urgent)
            if bad.row in urgent:
                alarm(db, file.id, bad.row, bad.cells.get("location_id"))
    if file.kind != "fhir":
        findings = [finding for bad in broken for finding in bad.findings]
        file_drop.write_fix_file(settings().to_fix_folder, file.name, rows_to_fix(data, findings))


def summary(file_id: str) -> FileResult:
    """What is on record of a file: counts by outcome, faults by row and field."""
    with store.reading() as db:
        file = store.one(db, IntakeFile, file_id)
        outcomes = Counter(
            RowOutcome(outcome).value
            for outcome in db.exec(select(IntakeRow.outcome).where(IntakeRow.file_id == file_id)).all()
        )
        faults = db.exec(
            select(QuarantinedRow).where(QuarantinedRow.file_id == file_id).order_by(col(QuarantinedRow.row))
        ).all()
    outcomes[RowOutcome.QUARANTINED.value] = len({fault.content_id for fault in faults})  # a bundle is one row
    return FileResult(
        file_id=file_id,
        kind=file.kind,
        counts={"received": file.rows} | {outcome.value: outcomes[outcome.value] for outcome in RowOutcome},
        findings=tuple((fault.row, fault.field, fault.reason) for fault in faults),
        refused=file.refused_reason,
        docs_path=file.contract_docs,
    )
