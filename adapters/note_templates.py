"""The versions of the note formats under templates/notes, and which of them a location writes with."""

import json
from functools import cache
from typing import Any

import yaml
from sqlmodel import Session

from adapters.operational_store import audit
from adapters.settings import CHECKOUT
from models.errors import ContractBroken, MovedOn
from models.note_codes import NoteTopic
from models.note_template import NoteTemplate
from models.operational import PracticeSetting
from models.session_index import NoteFormatCode

FOLDER = CHECKOUT / "templates" / "notes"
SETTING = "note_templates"


@cache
def all_templates() -> dict[str, NoteTemplate]:
    """Every version by its name; raises ContractBroken naming the file of one that is not whole."""
    found = [_read(path.name, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    return {template.version: template for template in found}


def _read(name: str, text: str) -> NoteTemplate:
    stored: dict[str, Any] = yaml.safe_load(text)
    sections = tuple((str(title), tuple(map(str, topics))) for title, topics in stored["sections"])
    placed = [topic for _, topics in sections for topic in topics]
    if sorted(placed) != sorted(NoteTopic):
        raise ContractBroken(f"templates/notes/{name}: every topic stands under exactly one heading", field="sections")
    if f"{stored['version']}.yaml" != name or stored["format"] not in tuple(NoteFormatCode):
        raise ContractBroken(f"templates/notes/{name}: the file is named by its version", field="version")
    return NoteTemplate(stored["format"], stored["version"], sections, tuple(map(str, stored["asks"])))


def in_force(db: Session, location_id: str) -> dict[str, NoteTemplate]:
    """The template of each format that a location writes with: version 1 unless another was chosen for it."""
    chosen = _chosen(db).get(location_id, {})
    return {form: all_templates()[chosen.get(form, f"{form}-1")] for form in NoteFormatCode}


def choose(db: Session, location_id: str, version: str, actor: str) -> None:
    """Let a location write with another version; notes that are already proposed keep theirs. Raises MovedOn."""
    if version not in all_templates():
        raise MovedOn(f"there is no note template {version}")
    template = all_templates()[version]
    chosen = _chosen(db)
    chosen.setdefault(location_id, {})[template.format] = version
    setting = db.get(PracticeSetting, SETTING) or PracticeSetting(name=SETTING, value="")
    setting.value = json.dumps(chosen)
    db.add(setting)
    audit(db, actor, "note_template.chosen", ("location", location_id), version=version)


def _chosen(db: Session) -> dict[str, dict[str, str]]:
    stored = db.get(PracticeSetting, SETTING)
    return dict(json.loads(stored.value)) if stored is not None else {}
