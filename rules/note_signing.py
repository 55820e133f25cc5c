"""What of a proposed note a clinician may change, where each sentence stands, and what keeps it from being signed."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import ContractBroken
from models.note_codes import FlagAction
from models.note_content import NoteSentence, sentence_from_plain

NOTE_FIELDS = frozenset({"format", "sentences", "nothing_to_add", "flag_actions", "procedure_code", "diagnoses"})
"""The fields of a note that its signer writes; everything else is what was proposed and from what."""
LONGEST_SENTENCE = 2000
MOST_SENTENCES = 400


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


def against_signing(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that keeps this note from being signed, as sentences for its signer; empty where nothing does."""
    try:
        found = by_section(content)
    except ContractBroken as broken:
        return (f"a sentence is not whole: {broken}",)
    against = []
    for flag in content["flags"]:
        answer = content["flag_actions"].get(flag["id"], {})
        if answer.get("action") not in tuple(FlagAction):
            against.append("a risk flag is not addressed: say what was done about it")
            break
    if not any(found.values()):
        against.append("the note has no sentence")
    for title, own in found.items():
        if not own and title not in content["nothing_to_add"]:
            against.append(f"{title} is empty: write a sentence, or mark that there is nothing to add")
    if any(len(sentence.text) > LONGEST_SENTENCE for own in found.values() for sentence in own):
        against.append(f"a sentence has more than {LONGEST_SENTENCE:,} characters")
    if any(not sentence.text.strip() for own in found.values() for sentence in own):
        against.append("a sentence is empty: write it, or drop it")
    if sum(map(len, found.values())) > MOST_SENTENCES:
        against.append(f"the note has more than {MOST_SENTENCES} sentences")
    return tuple(against)


def unknown_flags(content: Mapping[str, Any]) -> Sequence[str]:
    """Ids that were answered and are no flags of this note."""
    known = {flag["id"] for flag in content["flags"]}
    return sorted(set(content["flag_actions"]) - known)
