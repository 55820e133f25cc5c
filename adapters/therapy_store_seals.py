"""Seals content on its way into the therapy database, opens it on its way out, with the data key of its owner.

A case's content is sealed with the key of its patient; a record that belongs to no case has a key of its own. The
ledger (``ContentSeal``) knows the newest version of every field: an older one put back is refused.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.orm.attributes import flag_modified, set_committed_value
from sqlmodel import Session, col, select

from adapters import keyring, operational_store, sealing
from adapters.missing_rows import insert_unless_there
from adapters.sealing import DataKey, Place
from models import step_reads
from models.columns import new_id, utc_now
from models.errors import Forgotten, SealBroken
from models.therapy import CaseKey, ContentKey, ContentSeal, TherapyRecord, content_fields, record_id_of
from models.therapy_text import TherapyText

Row = TypeVar("Row", bound=TherapyRecord)
_KEYS = "data keys of this transaction"
_SEALED = "fields sealed in this transaction"
LOOKS = 2
"""How often a field that does not fit its seal is looked at again before it counts as broken."""


# -- which key


def _use(db: Session, keys: Iterable[ContentKey]) -> dict[str, DataKey]:
    """The data keys, unwrapped once per transaction; a destroyed one is left out."""
    known: dict[str, DataKey] = db.info.setdefault(_KEYS, {})
    for key in keys:
        if key.wrapped and key.id not in known:
            secret = keyring.unwrap_data_key(key.id, key.owner_id, key.master_key_id, key.wrapped)
            known[key.id] = DataKey(key.id, secret)
    return known


def keys_of_owners(db: Session, owners: Collection[str]) -> dict[str, ContentKey]:
    """The content key of each owner; an owner without one gets one."""
    found = {key.owner_id: key for key in db.exec(select(ContentKey).where(col(ContentKey.owner_id).in_(owners))).all()}
    missing = sorted(set(owners) - set(found))
    if not missing:
        return found
    rows: list[dict[str, Any]] = []
    for owner in missing:
        key_id = new_id("CK")
        master_key_id, wrapped = keyring.wrap_data_key(key_id, owner, sealing.fresh_secret())
        rows.append(
            {
                "id": key_id,
                "owner_id": owner,
                "wrapped": wrapped,
                "master_key_id": master_key_id,
                "made_at": utc_now(),
                "destroyed_at": None,
            }
        )
    insert_unless_there(db, ContentKey, rows)
    for master_key_id in {row["master_key_id"] for row in rows}:
        keyring.master_key(master_key_id)  # the row stands: had the key been dropped meanwhile, this transaction fails
    made = db.exec(select(ContentKey).where(col(ContentKey.owner_id).in_(missing))).all()
    return found | {key.owner_id: key for key in made}


def owners_of_cases(case_numbers: Collection[str]) -> dict[str, str]:
    """The patient of each case; a case that the operational database does not know is its own owner."""
    with operational_store.reading() as db:
        found = {
            number: patient
            for record in operational_store.CASES
            for number, patient in db.exec(
                select(record.case_number, record.patient_id).where(col(record.case_number).in_(case_numbers))
            ).all()
        }
    return {number: number for number in case_numbers} | found


def keys_of_cases(db: Session, case_numbers: Collection[str]) -> dict[str, ContentKey]:
    """The content key of each case; the first content of a case decides it by the case's patient."""
    found = db.exec(
        select(CaseKey.case_number, ContentKey)
        .join(ContentKey, col(ContentKey.id) == col(CaseKey.key_id))
        .where(col(CaseKey.case_number).in_(case_numbers))
    ).all()
    keys = dict(found)
    missing = sorted(set(case_numbers) - set(keys))
    if missing:
        owners = owners_of_cases(missing)
        of_owner = keys_of_owners(db, set(owners.values()))
        insert_unless_there(
            db, CaseKey, [{"case_number": case, "key_id": of_owner[owners[case]].id} for case in missing]
        )
        keys |= {case: of_owner[owners[case]] for case in missing}
    return keys


def key_of_case(db: Session, case_number: str) -> DataKey:
    """The data key of a case; raises Forgotten when it was destroyed."""
    key = keys_of_cases(db, [case_number])[case_number]
    return _usable(db, [key], key.id, f"case {case_number}")


def key_of_owner(db: Session, owner_id: str) -> DataKey:
    """The data key of an owner; raises Forgotten when it was destroyed."""
    key = keys_of_owners(db, [owner_id])[owner_id]
    return _usable(db, [key], key.id, owner_id)


def _usable(db: Session, keys: Iterable[ContentKey], key_id: str, of_what: str) -> DataKey:
    known = _use(db, keys)
    if key_id not in known:
        raise Forgotten(f"{of_what}: its key was destroyed on purpose, the content cannot be read again")
    return known[key_id]


# -- sealing


def watch(db: Session) -> None:
    """From now on everything this session writes is sealed first."""
    event.listen(db, "before_flush", _seal_pending)


def _seal_pending(db: Session, _context: Any, _instances: Any) -> None:
    pending: list[tuple[TherapyRecord, str]] = []
    for record in [*db.new, *db.dirty]:
        if not isinstance(record, TherapyRecord):
            continue
        fresh = record in db.new
        for name in content_fields(type(record)):
            if getattr(record, name) is None:
                continue
            if fresh or inspect(record).attrs[name].history.has_changes():
                pending.append((record, name))
    if pending:
        seal(db, pending)


def seal(db: Session, fields: Sequence[tuple[TherapyRecord, str]]) -> None:
    """Give each of these open fields its next version and sealed form; the ledger learns both."""
    records = list({id(record): record for record, _ in fields}.values())
    keys = _keys_of_records(db, records)
    ledger = _ledger(db, records, to_write=True)
    for record, name in fields:
        place = _place(record, name)
        key = keys[id(record)]
        entry = ledger.get(place)
        if entry is None:
            entry = ContentSeal(
                record_table=place.table, record_id=place.record_id, field=place.field, version=0, digest=""
            )
        text = getattr(record, name)
        form = key.seal(place, entry.version + 1, text.unwrap())
        entry.version, entry.digest = entry.version + 1, sealing.digest_of(form)
        db.add(entry)
        setattr(record, name, text.sealed_as(form))
        said: dict[str, dict[str, str]] = db.info.setdefault(_SEALED, {})
        said.setdefault(case_of(record), {})[f"{place.table}/{place.record_id}/{place.field}"] = (
            f"{entry.version}:{entry.digest}"
        )


def take_sealed(db: Session) -> dict[str, dict[str, str]]:
    """What this session sealed since it was last asked: case → ``table/id/field`` → ``version:digest``."""
    return db.info.pop(_SEALED, {})


def case_of(record: TherapyRecord) -> str:
    """The case a record belongs to; empty when it belongs to none."""
    return getattr(record, "case_number", None) or ""


def _place(record: TherapyRecord, name: str) -> Place:
    return Place(str(record.__tablename__), record_id_of(record), name)


def _keys_of_records(db: Session, records: Sequence[TherapyRecord]) -> dict[int, DataKey]:
    """The key each record is to be sealed with, by the record's ``id()``."""
    cases = {case_of(record) for record in records} - {""}
    owners = {record_id_of(record) for record in records if not case_of(record)}
    of_case = keys_of_cases(db, cases) if cases else {}
    of_owner = keys_of_owners(db, owners) if owners else {}
    known = _use(db, [*of_case.values(), *of_owner.values()])
    keys = {}
    for record in records:
        key = of_case[case_of(record)] if case_of(record) else of_owner[record_id_of(record)]
        if key.id not in known:
            raise Forgotten(f"{case_of(record) or record_id_of(record)} was forgotten: nothing is written to it again")
        keys[id(record)] = known[key.id]
    return keys


def _ledger(db: Session, records: Sequence[TherapyRecord], *, to_write: bool = False) -> dict[Place, ContentSeal]:
    """What the ledger knows of these records' fields; ``to_write`` holds the rows against other writers."""
    by_table: dict[str, list[str]] = {}
    for record in records:
        by_table.setdefault(str(record.__tablename__), []).append(record_id_of(record))
    ledger = {}
    for table, ids in by_table.items():
        query = select(ContentSeal).where(ContentSeal.record_table == table, col(ContentSeal.record_id).in_(ids))
        if to_write:
            query = query.with_for_update().execution_options(populate_existing=True)
        for entry in db.exec(query).all():
            ledger[Place(entry.record_table, entry.record_id, entry.field)] = entry
    return ledger


# -- opening


def opened(db: Session, rows: Iterable[Row]) -> list[Row]:
    """The same records with every content field open, in as many queries for many as for one.

    Raises Forgotten when a key was destroyed, SealBroken naming the field that is not what was sealed there,
    UndeclaredRead before anything is opened that the step at work has not declared.
    """
    records = list(rows)
    _may_be_opened(records)
    doubts = _open(db, records)
    for _ in range(LOOKS):
        if not doubts:
            return records
        # on PostgreSQL a change may have been committed between the look at the record and the one at the ledger
        for record, name, _broken in doubts:
            db.refresh(record, [name])
        doubts = _open(db, [record for record, _, _ in doubts])
    if doubts:
        raise doubts[0][2]
    return records


def _may_be_opened(records: Sequence[TherapyRecord]) -> None:
    """Refuse a step what it has not declared, and note what it opens."""
    kinds = {type(record): str(record.__tablename__) for record in records}
    if kinds:
        step_reads.refuse_undeclared(kinds.values(), {case_of(record) for record in records} - {""})
        step_reads.note_opened([f"{name}.{each}" for record, name in kinds.items() for each in content_fields(record)])


def _open(db: Session, records: Sequence[TherapyRecord]) -> list[tuple[TherapyRecord, str, SealBroken]]:
    """Open what fits its seal; returns what does not."""
    closed = [
        (record, name)
        for record in records
        for name in content_fields(type(record))
        if getattr(record, name) is None or not getattr(record, name).is_open
    ]
    if not closed:
        return []
    ledger = _ledger(db, [record for record, _ in closed])
    keys, destroyed = _keys_named(db, [(record, name) for record, name in closed if getattr(record, name) is not None])
    doubts = []
    for record, name in closed:
        place = _place(record, name)
        try:
            text = _text_of(getattr(record, name), place, ledger.get(place), keys, destroyed)
        except SealBroken as broken:
            doubts.append((record, name, broken))
            continue
        if text is not None:
            set_committed_value(record, name, TherapyText(text))
    return doubts


def _keys_named(db: Session, fields: Sequence[tuple[TherapyRecord, str]]) -> tuple[dict[str, DataKey], set[str]]:
    """The data keys that these sealed forms name, and the ids of those that were destroyed."""
    named = set()
    for record, name in fields:
        with suppress(SealBroken):  # what is not sealed is named where it is opened
            named.add(sealing.parts_of(_place(record, name), getattr(record, name).sealed_form)[0])
    needed = named - set(db.info.get(_KEYS, {}))
    found = db.exec(select(ContentKey).where(col(ContentKey.id).in_(needed))).all() if needed else ()
    return _use(db, found), {key.id for key in found if not key.wrapped}


def _text_of(
    value: TherapyText | None, place: Place, entry: ContentSeal | None, keys: dict[str, DataKey], destroyed: set[str]
) -> str | None:
    """The text of one field, if there is any; raises SealBroken or Forgotten."""
    if value is None:
        if entry is not None:
            raise place.broken("has been taken away")
        return None
    form = value.sealed_form or ""
    key_id, version, _ = sealing.parts_of(place, form)
    if entry is None:
        raise place.broken("is not in the ledger of seals")
    if key_id in destroyed:
        raise Forgotten(f"{place}: its key was destroyed on purpose, the content cannot be read again")
    if key_id not in keys:
        raise place.broken(f"names the data key {key_id}, which is not here")
    text = keys[key_id].open(place, form)
    if version != entry.version or sealing.digest_of(form) != entry.digest:
        raise place.broken(f"is version {version}, but version {entry.version} is on record: an older one was put back")
    return text


def opened_one(db: Session, record: Row | None) -> Row | None:
    """The same for one record, if there is one."""
    return None if record is None else opened(db, [record])[0]


def seal_again(record: TherapyRecord) -> None:
    """Have every field of an open record sealed anew at the next flush, under the key its case has then."""
    for name in content_fields(type(record)):
        if getattr(record, name) is not None:
            flag_modified(record, name)


def key_ids_of(record: TherapyRecord) -> set[str]:
    """Which data keys a closed record says it is sealed with."""
    return {
        sealing.parts_of(_place(record, name), value.sealed_form)[0]
        for name in content_fields(type(record))
        if (value := getattr(record, name)) is not None
    }
