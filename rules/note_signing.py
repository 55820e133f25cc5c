"""What of a proposed note a clinician may change, where each sentence stands, and what keeps it from being signed."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import ContractBroken
from models.note_content import FlagAnswer, NoteSentence, sentence_from_plain
from rules.note_checks import SignatureBlock, blocks_signature
from rules.note_edits import NoteEdits, note_edits

NOTE_FIELDS = frozenset(
    {
        "format",
        "sentences",
        "nothing_to_add",
        "not_assessed",
        "flag_actions",
        "procedure_code",
        "addons",
        "diagnoses",
    }
)
"""The fields of a note that its signer writes; everything else is what was proposed and from what."""
MOST_SENTENCES = 400
LONGEST_CODE = 10
MOST_UNITS = 46
"""Half hours of a day beyond the first 74 minutes of a crisis: no session has more units of an add-on code."""


def sections(content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The headings of the note's present format in order, each with the topics that stand under it."""
    template = content["templates"][content["format"]]
    return {title: tuple(topics) for title, topics in template["sections"]}


def section_of(content: Mapping[str, Any], topic: str) -> str:
    """The heading under which a topic stands in the note's present format; the first where none has it."""
    headings = sections(content)
    return next((title for title, topics in headings.items() if topic in topics), next(iter(headings)))


def sentences(content: Mapping[str, Any]) -> list[NoteSentence]:
    """The note's sentences; raises ContractBroken naming a field that is not as it should be."""
    return [sentence_from_plain(plain) for plain in content["sentences"]]


def changes(proposed: Mapping[str, Any], signed: Mapping[str, Any]) -> NoteEdits:
    """What was changed between the two, both in the format that was signed: a change of format moves nothing by
    itself."""
    drafted = settled({**proposed, "format": signed["format"]})
    return note_edits(sentences(drafted), sentences(signed))


def addons(content: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The add-on codes beside the procedure code, each with its units; none where a note is older than they are.

    Raises ValueError where they are no pairs of a code and its units, or one stands twice.
    """
    found = []
    for pair in content.get("addons", ()):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError("addons must be pairs of a code and its units")
        code, units = pair
        if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE or not code.isalnum():
            raise ValueError("addons name something that is no code")
        if not isinstance(units, int) or isinstance(units, bool) or not 1 <= units <= MOST_UNITS:
            raise ValueError(f"units of an add-on code must be 1 to {MOST_UNITS}")
        found.append((code, units))
    if len(dict(found)) != len(found):
        raise ValueError("addons name a code twice")
    return found


def proposals(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every sentence that was proposed, in the order it was said: those of the draft, and those it had no room for."""
    both = [*content["sentences"], *content.get("also_said", ())]
    return sorted(both, key=lambda plain: (plain["sources"][:1] or [[0, 0, 0]], plain["id"]))


def by_section(content: Mapping[str, Any]) -> dict[str, list[NoteSentence]]:
    """The note as it reads: heading → its sentences, in their order; a heading without one is there, empty."""
    found: dict[str, list[NoteSentence]] = {title: [] for title in sections(content)}
    for sentence in sentences(content):
        found[section_of(content, sentence.topic)].append(sentence)
    return found


def settled(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with every sentence's heading as the present format has it; what is shown and signed is this."""
    placed = [{**plain, "section": section_of(content, plain["topic"])} for plain in content["sentences"]]
    headings = sections(content)
    nothing = [title for title in headings if title in content["nothing_to_add"]]
    return {**content, "sentences": placed, "nothing_to_add": nothing}


def taken_off(proposed: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    """What the draft listed as not assessed, in the note's present format, and its clinician took off the list."""
    listed = content["not_assessed"].get(content["format"], ())
    return [item for item in proposed["not_assessed"].get(content["format"], ()) if item not in listed]


def lists_more(proposed: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Whether the note calls something not assessed that the draft did not; a clinician only takes off that list."""
    before, now = proposed["not_assessed"], content["not_assessed"]
    return set(now) != set(before) or any(not set(now[form]) <= set(before[form]) for form in now)


def against_signing(content: Mapping[str, Any]) -> tuple[SignatureBlock, ...]:
    """Everything that keeps this note from being signed, by field; empty where nothing does."""
    answers = content["flag_actions"]
    flags = [FlagAnswer(flag["id"], answers.get(flag["id"], {}).get("action")) for flag in content["flags"]]
    try:
        written = sentences(settled(content))
    except ContractBroken as broken:
        return (SignatureBlock("note", f"A sentence is not whole: {broken}."),)
    against = blocks_signature(written, list(sections(content)), nothing_to_add=content["nothing_to_add"], flags=flags)
    if len(written) > MOST_SENTENCES:
        against += (SignatureBlock("note", f"The note has more than {MOST_SENTENCES} sentences."),)
    return against


def unknown_flags(content: Mapping[str, Any]) -> Sequence[str]:
    """Ids that were answered and are no flags of this note."""
    known = {flag["id"] for flag in content["flags"]}
    return sorted(set(content["flag_actions"]) - known)
