"""What a clinician does to a proposed note, one change at a time; every change keeps what it is not about."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.note_codes import FlagAction, SentenceOrigin
from rules import note_signing
from rules.note_checks import LONGEST_SENTENCE
from rules.note_signing import MOST_SENTENCES

Fields = dict[str, Any]
Change = Callable[[Mapping[str, Any], Mapping[str, Any]], Fields]
"""Takes the note as it stands and the proposal it came from; returns the fields that are changed."""

LONGEST_WORDS = 1000
MOST_DIAGNOSES = 12


def apply(standing: Mapping[str, Any], proposed: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The note after one change, with every sentence under the heading that its format has for it.

    Raises ValueError naming the field, or the sentence that is not there.
    """
    return note_signing.settled({**standing, **change(standing, proposed)})


def fields_of(note: Mapping[str, Any]) -> Fields:
    """What of a note its clinician writes; the rest is what was proposed. A proposal from before there was a field
    has none of it."""
    return {name: note[name] for name in sorted(note_signing.NOTE_FIELDS) if name in note}


def is_changed(note: Mapping[str, Any], proposed: Mapping[str, Any]) -> bool:
    """Whether anything differs from the proposal as it reads."""
    return fields_of(note_signing.settled(note)) != fields_of(note_signing.settled(proposed))


# -- sentences


def edit(sentence_id: str, text: str) -> Change:
    """Other words for a sentence; it keeps its sources, and whose words they are is on record."""
    words = _checked(text)

    def change(standing: Mapping[str, Any], proposed: Mapping[str, Any]) -> Fields:
        was = {plain["id"]: plain["text"] for plain in note_signing.proposals(proposed)}

        def edited(plain: Mapping[str, Any]) -> dict[str, Any]:
            origin = plain["origin"]
            if origin != SentenceOrigin.ADDED:
                same = was.get(sentence_id) == words
                origin = SentenceOrigin.DRAFTED.value if same else SentenceOrigin.EDITED.value
            return {**plain, "text": words, "origin": origin}

        return {"sentences": _with(standing, sentence_id, edited)}

    return change


def drop(sentence_id: str) -> Change:
    """Leave a sentence out; one that was proposed can be taken back in."""

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        _one(standing, sentence_id)
        return {"sentences": [plain for plain in standing["sentences"] if plain["id"] != sentence_id]}

    return change


def take_back(sentence_id: str) -> Change:
    """Put a proposed sentence (back) into the note as it was proposed, behind what was said before it."""

    def change(standing: Mapping[str, Any], proposed: Mapping[str, Any]) -> Fields:
        every = note_signing.proposals(proposed)
        order = [plain["id"] for plain in every]
        if sentence_id not in order:
            raise ValueError("there is no such sentence")
        kept = [plain for plain in standing["sentences"] if plain["id"] != sentence_id]
        original = next(plain for plain in every if plain["id"] == sentence_id)
        before = set(order[: order.index(sentence_id)])
        at = max((number + 1 for number, plain in enumerate(kept) if plain["id"] in before), default=0)
        return {"sentences": [*kept[:at], dict(original), *kept[at:]]}

    return change


def add(section: str, text: str, sentence_id: str) -> Change:
    """A sentence of the clinician's own at the end of a heading; it rests on what they know, not on the transcript."""
    words = _checked(text)

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        if len(standing["sentences"]) >= MOST_SENTENCES:
            raise ValueError("a note has no room for more sentences")
        own = {
            "id": sentence_id,
            "topic": _topic_of(standing, section),
            "section": section,
            "text": words,
            "sources": [],
            "origin": SentenceOrigin.ADDED.value,
        }
        nothing = [title for title in standing["nothing_to_add"] if title != section]
        return {"sentences": [*standing["sentences"], own], "nothing_to_add": nothing}

    return change


def move(sentence_id: str, section: str) -> Change:
    """Put a sentence under another heading; it goes with that heading's subject into every other format, too."""

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        if note_signing.section_of(standing, _one(standing, sentence_id)["topic"]) == section:
            return {}
        topic = _topic_of(standing, section)
        return {"sentences": _with(standing, sentence_id, lambda plain: {**plain, "topic": topic})}

    return change


def reorder(sentence_id: str, up: bool) -> Change:
    """Exchange a sentence with its neighbour under the same heading; at the edge nothing happens."""

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        moved = _one(standing, sentence_id)
        own = note_signing.section_of(standing, moved["topic"])
        every = list(standing["sentences"])
        beside = [at for at, each in enumerate(every) if note_signing.section_of(standing, each["topic"]) == own]
        here = beside.index(next(at for at, each in enumerate(every) if each["id"] == sentence_id))
        there = here + (-1 if up else 1)
        if 0 <= there < len(beside):
            one, other = beside[here], beside[there]
            every[one], every[other] = every[other], every[one]
        return {"sentences": every}

    return change


# -- the rest of the note


def set_format(form: str) -> Change:
    """Another format: every sentence stands where that format has its subject, as edited."""

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        if form not in standing["templates"]:
            raise ValueError("format is not one this note can have")
        return {"format": form, "nothing_to_add": []}

    return change


def nothing_to_add(section: str, stands: bool) -> Change:
    """Mark a heading as having nothing, so that it may stay empty; or take the mark away."""

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        if section not in note_signing.sections(standing):
            raise ValueError("there is no such heading")
        others = [title for title in standing["nothing_to_add"] if title != section]
        return {"nothing_to_add": [*others, section] if stands else others}

    return change


def assessed(item: str, was: bool) -> Change:
    """Take a point off what was not assessed, in every format that asks for it; or put it back where it stood.

    The draft lists what it did not hear. A clinician who saw it, or asked before the recording, would otherwise sign a
    note that denies what its own sentences say.
    """

    def change(standing: Mapping[str, Any], proposed: Mapping[str, Any]) -> Fields:
        before = proposed["not_assessed"]
        if item not in before.get(standing["format"], ()):
            raise ValueError("there is no such point among those not assessed")
        now = standing["not_assessed"]
        return {
            "not_assessed": {
                form: [each for each in items if (not was if each == item else each in now.get(form, ()))]
                for form, items in before.items()
            }
        }

    return change


def answer_flag(flag_id: str, action: str, words: str) -> Change:
    """What was done about a risk flag; an empty action takes the answer back."""
    if action and action not in tuple(FlagAction):
        raise ValueError("action is not one of those that can be chosen")
    if len(words) > LONGEST_WORDS:
        raise ValueError(f"words are more than {LONGEST_WORDS:,} characters")

    def change(standing: Mapping[str, Any], _: Mapping[str, Any]) -> Fields:
        if flag_id not in {flag["id"] for flag in standing["flags"]}:
            raise ValueError("there is no such flag")
        others = {key: value for key, value in standing["flag_actions"].items() if key != flag_id}
        answer = {flag_id: {"action": action, "words": words.strip()}} if action else {}
        return {"flag_actions": others | answer}

    return change


def set_codes(procedure_code: str, diagnoses: list[str], addons: Sequence[tuple[str, int]] = ()) -> Change:
    """The procedure code with its add-on codes (code, units), and the diagnoses.

    Whether they fit is said beside them, not decided here.
    """
    codes = list(dict.fromkeys(code.strip().upper() for code in diagnoses if code.strip()))
    if len(codes) > MOST_DIAGNOSES:
        raise ValueError(f"diagnoses are more than {MOST_DIAGNOSES}")
    if any(len(code) > note_signing.LONGEST_CODE for code in (procedure_code, *codes)):
        raise ValueError("procedure_code or a diagnosis is no code")
    beside = [list(pair) for pair in note_signing.addons({"addons": addons})]

    def change(_: Mapping[str, Any], __: Mapping[str, Any]) -> Fields:
        return {"procedure_code": procedure_code.strip(), "addons": beside, "diagnoses": codes}

    return change


def start_over() -> Change:
    """Everything as it was proposed."""

    def change(_: Mapping[str, Any], proposed: Mapping[str, Any]) -> Fields:
        return fields_of(proposed)

    return change


def _checked(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("text is empty: drop the sentence instead")
    if len(words) > LONGEST_SENTENCE:
        raise ValueError(f"text has more than {LONGEST_SENTENCE:,} characters")
    return words


def _one(standing: Mapping[str, Any], sentence_id: str) -> Mapping[str, Any]:
    found = next((plain for plain in standing["sentences"] if plain["id"] == sentence_id), None)
    if found is None:
        raise ValueError("there is no such sentence")
    return dict(found)


def _with(
    standing: Mapping[str, Any], sentence_id: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> list[Any]:
    _one(standing, sentence_id)
    return [change(plain) if plain["id"] == sentence_id else plain for plain in standing["sentences"]]


def _topic_of(standing: Mapping[str, Any], section: str) -> str:
    topics = note_signing.sections(standing).get(section)
    if not topics:
        raise ValueError("there is no such heading")
    return topics[0]
