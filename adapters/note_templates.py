"""The versions of the note formats under templates/notes, and which of them a location writes with."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from sqlmodel import Session, select

from adapters.operational_store import audit
from adapters.settings import CHECKOUT
from models.errors import ContractBroken, MovedOn
from models.note_codes import NoteTopic
from models.note_template import NoteTemplate
from models.operational import PracticeSetting, PracticeVersion
from models.pilot_codes import VersionKind
from models.session_index import NoteFormatCode

FOLDER = CHECKOUT / "templates" / "notes"
SETTING = "note_templates"
CHOSEN = "note_template.chosen"


@cache
def all_templates() -> dict[str, NoteTemplate]:
    """Every version by its name; raises ContractBroken naming the file of one that is not whole."""
    found = [_read(path.name, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    return {template.version: template for template in found}


def _read(name: str, text: str) -> NoteTemplate:
    template = template_of(yaml.safe_load(text), f"templates/notes/{name}")
    if f"{template.version}.yaml" != name:
        raise ContractBroken(f"templates/notes/{name}: the file is named by its version", field="version")
    return template


def template_of(stored: Mapping[str, Any], place: str) -> NoteTemplate:
    """A template from its plain form; raises ContractBroken naming ``place`` where it is not whole."""
    sections = tuple((str(title), tuple(map(str, topics))) for title, topics in stored["sections"])
    placed = [topic for _, topics in sections for topic in topics]
    if sorted(placed) != sorted(NoteTopic):
        raise ContractBroken(f"{place}: every topic stands under exactly one heading", field="sections")
    if stored["format"] not in tuple(NoteFormatCode):
        raise ContractBroken(f"{place}: there is no such format", field="version")
    return NoteTemplate(stored["format"], stored["version"], sections, tuple(map(str, stored["asks"])))


def in_force(db: Session, location_id: str) -> dict[str, NoteTemplate]:
    """The template of each format that a location writes with: version 1 unless another was chosen for it."""
    chosen = _chosen(db).get(location_id, {})
    return {form: named(db, chosen.get(form, f"{form}-1")) for form in NoteFormatCode}


def named(db: Session, version: str) -> NoteTemplate:
    """A shipped version, or one that the practice made; raises MovedOn where there is neither."""
    shipped = all_templates().get(version)
    if shipped is not None:
        return shipped
    for each in db.exec(select(PracticeVersion).where(PracticeVersion.kind == VersionKind.NOTE_TEMPLATE)).all():
        if own_name(each) == version:
            return own_template(each)
    raise MovedOn(f"there is no note template {version}")


def own_name(version: PracticeVersion) -> str:
    """How a practice's own template is called: its format, then the digest of what it says."""
    return f"{version.content['format']}-{version.digest[:8]}"


def own_template(version: PracticeVersion) -> NoteTemplate:
    """The template that a practice's own version holds; raises ContractBroken where it is not whole."""
    return template_of({**version.content, "version": own_name(version)}, version.id)


def choose(db: Session, location_id: str, version: str, actor: str, *, signed: str) -> None:
    """Let a location write with another version; notes that are already proposed keep theirs. Raises MovedOn.

    ``signed``: the digest of what was signed, "" for the way back to a version that was in force before.
    """
    template = named(db, version)
    chosen = _chosen(db)
    before = chosen.get(location_id, {}).get(template.format, f"{template.format}-1")
    chosen.setdefault(location_id, {})[template.format] = version
    setting = db.get(PracticeSetting, SETTING) or PracticeSetting(name=SETTING, value="")
    setting.value = json.dumps(chosen)
    db.add(setting)
    audit(db, actor, CHOSEN, ("location", location_id), version=version, before=before, signed=signed)


def _chosen(db: Session) -> dict[str, dict[str, str]]:
    stored = db.get(PracticeSetting, SETTING)
    return dict(json.loads(stored.value)) if stored is not None else {}
