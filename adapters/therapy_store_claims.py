"""The part of the therapy database's door for claims: what each says, what people changed about it, letters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from adapters.therapy_store import READ, as_text, audit, reading, writing
from adapters.therapy_store_seals import opened, opened_one
from models.columns import utc_now
from models.errors import MovedOn
from models.therapy import ClaimChanges, ClaimContent, ClaimLetter
from models.therapy_text import TherapyText


def keep_content(content_id: str, case_number: str, text: TherapyText) -> None:
    """Keep one edition of a claim; the first that was kept stays."""
    keep_contents([(content_id, case_number, text)])


def keep_contents(editions: Sequence[tuple[str, str, TherapyText]]) -> None:
    """Keep many editions in one transaction: id, case, content of each; the first that was kept stays."""
    with writing() as db:
        ids = [content_id for content_id, _, _ in editions]
        there = set(db.exec(select(ClaimContent.id).where(col(ClaimContent.id).in_(ids))).all())
        for content_id, case_number, text in editions:
            if content_id not in there:
                db.add(ClaimContent(id=content_id, case_number=case_number, content=text))
                audit(db, "system", "claim.built", "claim_content", content_id, case_number)


def content(content_id: str, *, actor: str, where: str) -> TherapyText:
    """One edition exactly as it was built; raises MovedOn where there is none. The read is recorded."""
    found = contents([content_id], actor=actor, where=where)
    if content_id not in found:
        raise MovedOn(f"there is no claim content {content_id}")
    return found[content_id]


def contents(content_ids: Sequence[str], *, actor: str, where: str) -> dict[str, TherapyText]:
    """Many editions in one transaction, by id; each read is recorded."""
    with writing() as db:
        found = db.exec(select(ClaimContent).where(col(ClaimContent.id).in_(content_ids))).all()
        for record in found:
            audit(db, actor, READ, "claim_content", record.id, record.case_number, where)
        return {record.id: record.content for record in opened(db, found)}


def change(case_number: str, fields: dict[str, Any], actor: str) -> None:
    """Add to what people changed about a claim; a value of None takes a change back."""
    change_all({case_number: fields}, actor)


def change_all(wanted: Mapping[str, dict[str, Any]], actor: str) -> None:
    """The same for many claims in one transaction, by case."""
    with writing() as db:
        locked = select(ClaimChanges).where(col(ClaimChanges.case_number).in_(list(wanted)))
        found = opened(db, db.exec(locked.order_by(col(ClaimChanges.case_number)).with_for_update()).all())
        by_case = {each.case_number: each for each in found}
        for case_number, fields in wanted.items():
            before = by_case.get(case_number)
            known = json.loads(before.fields.unwrap()) if before is not None else {}
            merged = {name: value for name, value in {**known, **fields}.items() if value is not None}
            record = before or ClaimChanges(case_number=case_number, fields=as_text(merged), changed_by=actor)
            record.fields, record.changed_by, record.at = as_text(merged), actor, utc_now()
            db.add(record)
            audit(db, actor, "claim.changed", "claim_changes", case_number, case_number, names=sorted(fields))


def changes(case_number: str) -> dict[str, Any]:
    """What people changed about a claim; empty where nobody did."""
    return changes_of([case_number])[case_number]


def changes_of(case_numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The same of many claims, by case."""
    with reading() as db:
        found = opened(db, db.exec(select(ClaimChanges).where(col(ClaimChanges.case_number).in_(case_numbers))).all())
        said = {each.case_number: dict(json.loads(each.fields.unwrap())) for each in found}
    return {number: said.get(number, {}) for number in case_numbers}


def keep_letter(letter_id: str, case_number: str, text: TherapyText, actor: str) -> None:
    """Keep a letter to a payer exactly as it was sent; the first that was kept stays."""
    with writing() as db:
        if db.get(ClaimLetter, letter_id) is None:
            db.add(ClaimLetter(id=letter_id, case_number=case_number, text=text, written_by=actor))
            audit(db, actor, "claim_letter.kept", "claim_letter", letter_id, case_number)


def letter(letter_id: str, *, actor: str, where: str) -> TherapyText:
    """A letter to a payer; raises MovedOn where there is none. The read is recorded."""
    with writing() as db:
        found = opened_one(db, db.get(ClaimLetter, letter_id))
        if found is None:
            raise MovedOn(f"there is no letter {letter_id}")
        audit(db, actor, READ, "claim_letter", letter_id, found.case_number, where)
        text: TherapyText = found.text
        return text
