"""One patient's whole file: everything that is kept of them, in one ZIP, handed out once and kept nowhere.

45 CFR 164.524 gives a person access to their designated record set, and 164.528 an account of who looked; (a)(1)(i)
leaves out psychotherapy notes as 164.501 defines them. The file is made in memory, goes to whoever asked and is not
stored: what stays is its digest. Only a passphrase that is shown once opens it, unless the patient wants a plain copy:
164.524(c)(2)(ii) gives it in the form they ask for.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from acts.forgetting import broken_rows, same_person
from acts.signed_notes import signed_note
from adapters import audit_pages, patient_file_pages, therapy_store, therapy_store_everything
from adapters.locked_zip import new_passphrase, packed
from adapters.note_fhir import note_bundle
from adapters.note_pdf import note_pdf
from adapters.operational_store import CASES, audit, one, one_case, reading, writing
from adapters.patient_file_pages import Access
from adapters.practice import practice_name
from adapters.settings import settings
from models.audit_chain import CHAINS
from models.codes import NoteStatus, Role
from models.columns import new_id, utc_now
from models.errors import Forgotten, NotAllowed
from models.operational import OperationalRecord, Patient, QuarantinedRow, SessionNote, Staff
from models.therapy_text import TherapyText

OF_A_PATIENT = ("patient_id", "to_patient_id", "unit_id")
OF_A_CASE = ("case_number", "session_number", "episode_number", "unit_id")
"""Columns by which a row belongs to a patient, in whatever table; the unit of a pilot is a patient or a case."""
NOT_IN_A_FILE: Mapping[str, str] = {
    "audit_event": "told in the account of who looked",
    "audit_head": "the end of the audit",
    "intake_file": "a received file holds many patients",
    "clearinghouse_file": "a file to or from payers holds many patients",
    "remittance_figures": "the sums of a payer's file, of many patients",
    "location": "the practice",
    "room": "the practice",
    "staff": "the practice",
    "staff_login": "the practice",
    "recovery_code": "the practice",
    "clinician": "the practice",
    "licence": "the practice",
    "panel_membership": "the practice",
    "availability": "the practice",
    "calendar_exception": "the practice",
    "practice_setting": "the practice",
    "number_sequence": "the program",
    "heartbeat": "the program",
    "run_claim": "the program",
    "worker_beat": "the program",
    "night_part": "the program",
    "retention_list": "a list of many patients",
    "no_show_network": "learnt from many patients, and holds none",
    "workflow_standing": "the practice",
    "level_change": "the practice",
    "workflow_proof": "the program",
    "step_runs": "the program",
    "step_reads": "the program",
    "practice_version": "the practice",
    "practice_round": "a made-up case, of nobody",
    "practice_tally": "made-up cases, of nobody",
    "alarm_test": "the practice",
    "risk_draw": "a lot of many patients",
    "pilot": "the practice",
    "pilot_look": "sums of many patients",
    "pilot_signature": "the practice",
    "waiting_version": "the practice",
    "version_signature": "the practice",
    "satisfaction_answer": "kept apart from who gave it",
}
"""Operational tables that no patient's file holds, and why; every other one must lead to a patient."""
OTHERS = {"referral": ("possible_patient_ids",), "shadow_action": ("content",)}
"""Columns that name other patients."""
PRIVATE = (
    "Psychotherapy notes, which a clinician keeps apart from the record (45 CFR 164.501), are not part of this file, "
    "whether there are any or not: the right of access does not reach them (45 CFR 164.524(a)(1)(i))."
)


@dataclass(frozen=True)
class PatientFile:
    """What is handed out; ``counts`` says how many rows of each table are in it, ``digest`` is the ZIP's SHA-256.

    ``passphrase`` opens it and is nowhere else; None for a plain copy.
    """

    name: str
    content: bytes = field(repr=False)
    digest: str
    counts: dict[str, int]
    passphrase: str | None = field(repr=False)


@dataclass(frozen=True)
class Whose:
    """The person a file is about: every record of theirs, every case."""

    people: tuple[str, ...]
    numbers: tuple[str, ...]
    quarantined: tuple[str, ...]


def whose(case_number: str) -> Whose:
    """Who this case is about; raises MovedOn for no case, Forgotten for somebody who was forgotten."""
    with reading() as db:
        patient_id = one_case(db, case_number).patient_id
        people = same_person(db, patient_id)
        if any(one(db, Patient, each).forgotten_at is not None for each in people):
            raise Forgotten(f"patient {patient_id} was forgotten: there is no file of theirs any more")
        numbers = sorted(
            number
            for record in CASES
            for number in db.exec(select(record.case_number).where(col(record.patient_id).in_(people))).all()
        )
        return Whose(tuple(people), tuple(numbers), tuple(broken_rows(db, numbers)))


def counts_of(case_number: str) -> dict[str, int]:
    """How many rows of each operational table a file of theirs would hold; nothing of them is read."""
    person = whose(case_number)
    with reading() as db:
        return {name: len(rows) for name, rows in operational_rows(db, person).items() if rows}


def hand_out(
    case_number: str, *, staff_id: str, reason: TherapyText, where: str, plain_because: TherapyText | None = None
) -> PatientFile:
    """The whole file of the patient of this case; that it was made, for whom and its digest are on record first.

    ``plain_because``: why it is not encrypted. Raises NotAllowed unless compliance asks, ValueError without a reason,
    Forgotten, SealBroken; SignatureMismatch where a signed note is not what was signed: nothing is handed out that
    cannot be trusted.
    """
    if reason.is_blank or (plain_because is not None and plain_because.is_blank):
        raise ValueError("a reason is needed")
    with reading() as db:
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role != Role.COMPLIANCE:
            raise NotAllowed("compliance hands out a patient's file")
        practice = practice_name(db)
        names = dict(db.exec(select(Staff.id, Staff.name)).all())
    person = whose(case_number)
    with reading() as db:
        kept = operational_rows(db, person)
    kept |= therapy_store_everything.kept_of(person.numbers, person.quarantined, actor=staff_id, where=where)
    made_at = utc_now()
    files = _notes(person, staff_id, where, practice) | _messages(kept["outbox_message"])
    accesses = _accesses(person)
    counts = {name: len(rows) for name, rows in kept.items() if rows}
    files |= patient_file_pages.pages(kept, accesses, sorted(files), practice, names, made_at, PRIVATE)
    passphrase = new_passphrase() if plain_because is None else None
    content = packed(files, made_at, passphrase)
    note_id = new_id("PF")
    digest = hashlib.sha256(content).hexdigest()
    therapy_store.keep_to_do_words(note_id, "", question=plain_because, answer=reason, actor=staff_id)
    with writing() as db:
        for each in person.people:
            audit(
                db,
                staff_id,
                "patient_file.exported",
                ("patient", each),
                case_number,
                where=where,
                sha256=digest,
                bytes=len(content),
                rows=sum(counts.values()),
                words=note_id,
                encrypted=passphrase is not None,
            )
    return PatientFile(f"patient-file-{digest[:12]}.zip", content, digest, counts, passphrase)


# -- what is theirs


def operational_rows(db: Session, person: Whose) -> dict[str, list[dict[str, Any]]]:
    """Every operational row of theirs by table: those that name the patient or a case of theirs, and those that belong
    to such a row by its key. A new table is found by itself."""
    tables = OperationalRecord.metadata.sorted_tables
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        if table.name in NOT_IN_A_FILE:
            continue
        wanted = _wanted(table, person, rows)
        if wanted is None:
            raise LookupError(f"the table {table.name} leads to no patient: say so in acts/patient_file.py")
        found = db.connection().execute(sa.select(table).where(wanted).order_by(*table.primary_key.columns)).mappings()
        hidden = OTHERS.get(table.name, ())
        rows[table.name] = [{name: value for name, value in row.items() if name not in hidden} for row in found]
    return rows


def _wanted(
    table: sa.Table, person: Whose, known: Mapping[str, Sequence[Mapping[str, Any]]]
) -> sa.ColumnElement[bool] | None:
    """Which rows of a table are theirs; None where nothing leads from it to a patient."""
    if table.name == "patient":
        return table.c.id.in_(person.people)
    if table.name == QuarantinedRow.__tablename__:
        return table.c.content_id.in_(person.quarantined)
    conditions = [table.c[name].in_(person.people) for name in OF_A_PATIENT if name in table.c]
    conditions += [table.c[name].in_(person.numbers) for name in OF_A_CASE if name in table.c]
    if not conditions:
        for column in table.columns:
            for key in column.foreign_keys:
                if key.column.table.name in known:
                    theirs = [row[key.column.name] for row in known[key.column.table.name]]
                    conditions.append(column.in_(theirs))
    return sa.or_(*conditions) if conditions else None


def _notes(person: Whose, staff_id: str, where: str, practice: str) -> dict[str, bytes]:
    with reading() as db:
        signed = db.exec(
            select(SessionNote.case_number).where(
                col(SessionNote.case_number).in_(person.numbers), SessionNote.status == NoteStatus.CLOSED_SIGNED
            )
        ).all()
    files = {}
    for number in sorted(signed):
        note = signed_note(number, actor=staff_id, where=where)
        pdf = note_pdf(note, practice)
        files[f"notes/{number}.pdf"] = pdf
        files[f"notes/{number}.fhir.json"] = note_bundle(note, pdf)
    return files


def _messages(rows: Collection[Mapping[str, Any]]) -> dict[str, bytes]:
    """The messages as they left, where the copy of what was sent still lies here."""
    theirs = {row["id"] for row in rows if row["to_patient_id"]}
    folder = settings().outbox_folder
    copies = sorted(path for path in folder.rglob("MS-*") if path.is_file() and path.name.split(".")[0] in theirs)
    return {f"messages/{path.name}": path.read_bytes() for path in copies}


def _accesses(person: Whose) -> list[Access]:
    """Who did or read what of theirs, of both audits, oldest first; without details, which may name somebody else."""
    found = [
        Access(
            chain.database,
            event.at,
            event.actor,
            event.action,
            event.subject_kind,
            event.case_number or "",
            event.where,
            event.purpose,
        )
        for chain in CHAINS
        for event in audit_pages.events_of(chain, person.numbers, person.people)
    ]
    return sorted(found, key=lambda each: each.at)
