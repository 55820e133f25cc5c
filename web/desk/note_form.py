"""The forms of a proposed note: which change a post asks for, where the reader's eye goes after it, what is said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from acts.note_editing import new_sentence_id
from rules import note_editing, session_codes
from rules.note_editing import Change

Form = Mapping[str, str]
ADDON_FIELDS = {f"addon_{code}": code for code in session_codes.ADDONS}
"""The fields of the add-on codes; each holds how often its code is claimed, "" where it is not."""
FIELDS = (
    *("change", "proposal", "edition", "sentence", "after", "section", "text", "format"),
    *("item", "flag", "action", "words", "procedure_code", "diagnoses"),
    *ADDON_FIELDS,
)
CHANGES: Mapping[str, Callable[[Form, str], Change]] = {
    "edit": lambda form, _: note_editing.edit(form["sentence"], form["text"]),
    "drop": lambda form, _: note_editing.drop(form["sentence"]),
    "take_back": lambda form, _: note_editing.take_back(form["sentence"]),
    "move": lambda form, _: note_editing.move(form["sentence"], form["section"]),
    "up": lambda form, _: note_editing.reorder(form["sentence"], True),
    "down": lambda form, _: note_editing.reorder(form["sentence"], False),
    "add": lambda form, new_id: note_editing.add(form["section"], form["text"], new_id),
    "nothing": lambda form, _: note_editing.nothing_to_add(form["section"], True),
    "something": lambda form, _: note_editing.nothing_to_add(form["section"], False),
    "assessed": lambda form, _: note_editing.assessed(form["item"], True),
    "not_assessed": lambda form, _: note_editing.assessed(form["item"], False),
    "format": lambda form, _: note_editing.set_format(form["format"]),
    "flag": lambda form, _: note_editing.answer_flag(form["flag"], form["action"], form["words"]),
    "codes": lambda form, _: note_editing.set_codes(
        form["procedure_code"], form["diagnoses"].replace(",", "\n").splitlines(), _addons(form)
    ),
    "start_over": lambda _, __: note_editing.start_over(),
}
SAID = {
    "edit": "The sentence is changed.",
    "drop": "The sentence is left out. You can take it back below the note.",
    "take_back": "The sentence is back.",
    "move": "The sentence is moved.",
    "up": "The sentence is one place further up.",
    "down": "The sentence is one place further down.",
    "add": "The sentence is added.",
    "nothing": "Marked: nothing to add.",
    "something": "The mark is taken away.",
    "assessed": "The note no longer calls it not assessed.",
    "not_assessed": "The note calls it not assessed again.",
    "format": "The note is in another format; your changes are kept.",
    "flag": "What you did about this flag is kept.",
    "codes": "The codes are kept and checked.",
    "start_over": "Everything is as it was drafted.",
}


def _addons(form: Form) -> list[tuple[str, int]]:
    chosen = {code: form[name].strip() for name, code in ADDON_FIELDS.items()}
    if not all(units.isdecimal() for units in chosen.values() if units):
        raise ValueError("units of an add-on code are no number")
    return [(code, int(units)) for code, units in chosen.items() if units]


@dataclass(frozen=True)
class Asked:
    """One change as it was posted; ``sentence_id`` is the id of the sentence it is about, also of a new one.

    ``proposal`` is the sign-off whose note was on the page, ``edition`` the number of changes it had.

    In ``form`` the field ``after`` names the sentence that takes the place of one that is left out.
    """

    kind: str
    proposal: str
    edition: int
    form: Form = field(repr=False)
    sentence_id: str

    def change(self) -> Change:
        """The change itself; raises ValueError saying what cannot be done."""
        return CHANGES[self.kind](self.form, self.sentence_id)


def asked(posted: Mapping[str, str]) -> Asked:
    """What a post asks for; raises ValueError where it is no change that there is."""
    form = {name: posted.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    if form["change"] not in CHANGES or not form["edition"].isdecimal():
        raise ValueError("this form could not be read; open the page again")
    sentence_id = new_sentence_id() if form["change"] == "add" else form["sentence"]
    return Asked(form["change"], form["proposal"], int(form["edition"]), form, sentence_id)
