"""Is every version of a note's format whole, and does a location write with the one that was chosen for it?"""

from pathlib import Path

import pytest

from adapters import note_templates
from adapters.operational_store import reading, writing
from language.note_templates import KNOWN_NEEDS, SECTIONS
from language.note_values import NoteFormat
from models.errors import ContractBroken, MovedOn
from models.note_codes import NoteTopic
from models.session_index import NoteFormatCode
from tests import factories


def test_every_format_has_a_first_version():
    assert {f"{form}-1" for form in NoteFormatCode} <= set(note_templates.all_templates())


@pytest.mark.parametrize("version", sorted(note_templates.all_templates()))
def test_template_asks_only_for_what_can_be_looked_for(version: str):
    template = note_templates.all_templates()[version]
    assert set(template.asks) <= set(KNOWN_NEEDS)
    assert sorted(topic for _, topics in template.sections for topic in topics) == sorted(NoteTopic)


@pytest.mark.parametrize("form", list(NoteFormatCode))
def test_first_version_places_topics_as_the_drafter_does(form: NoteFormatCode):
    template = note_templates.all_templates()[f"{form}-1"]
    drafter = SECTIONS[NoteFormat(form.value)]
    assert {title: set(topics) for title, topics in template.sections} == {
        title: {topic.value for topic in topics} for title, topics in drafter.items()
    }


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("format: SOAP\nversion: SOAP-7\nsections:\n  - [All, [concern]]\nasks: []\n", "sections"),
        ("format: SOAP\nversion: SOAP-8\nsections:\n  - [All, [{all}]]\nasks: []\n", "version"),
        ("format: POEM\nversion: SOAP-7\nsections:\n  - [All, [{all}]]\nasks: []\n", "version"),
    ],
)
def test_template_that_is_not_whole_is_named(text: str, field: str):
    with pytest.raises(ContractBroken) as refusal:
        note_templates._read("SOAP-7.yaml", text.replace("{all}", ", ".join(NoteTopic)))
    assert refusal.value.field == field
    assert "SOAP-7.yaml" in str(refusal.value)


def test_location_writes_with_what_was_chosen_for_it(home: Path, monkeypatch: pytest.MonkeyPatch):
    here, elsewhere = factories.make_location(), factories.make_location()
    known = note_templates.all_templates()
    second = note_templates.NoteTemplate("SOAP", "SOAP-2", known["SOAP-1"].sections, ("mood",))
    monkeypatch.setattr(note_templates, "all_templates", lambda: known | {"SOAP-2": second})
    with writing() as db:
        note_templates.choose(db, here.id, "SOAP-2", "ST-1", signed="")
        note_templates.choose(db, here.id, "DAP-1", "ST-1", signed="")
        with pytest.raises(MovedOn):
            note_templates.choose(db, here.id, "SOAP-3", "ST-1", signed="")
    with reading() as db:
        assert note_templates.in_force(db, here.id)["SOAP"] == second
        assert note_templates.in_force(db, here.id)["DAP"].version == "DAP-1"
        assert note_templates.in_force(db, elsewhere.id)["SOAP"].version == "SOAP-1"
