"""What a clinician changed between the proposed draft and the signed note, sentence by sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from models.note_content import NoteSentence


class EditKind(StrEnum):
    """What became of one sentence; one that was both rewritten and moved is EDITED."""

    KEPT = "kept"
    EDITED = "edited"
    MOVED = "moved"
    DROPPED = "dropped"
    ADDED = "added"


@dataclass(frozen=True)
class SentenceEdit:
    """One sentence before and after; ``old`` is None where it was added, ``new`` where it was dropped."""

    kind: EditKind
    sentence_id: str
    old: NoteSentence | None = field(repr=False)
    new: NoteSentence | None = field(repr=False)

    @property
    def changed_section(self) -> bool:
        """Whether it stands under another heading than proposed, rewritten or not."""
        return self.old is not None and self.new is not None and self.old.section != self.new.section


@dataclass(frozen=True)
class NoteEdits:
    """Every sentence once: the signed note's in its order, then the dropped ones in the draft's order."""

    edits: tuple[SentenceEdit, ...]

    @property
    def counts(self) -> Mapping[EditKind, int]:
        """How many of each kind; every kind is there, with 0 where none is."""
        return {kind: sum(edit.kind is kind for edit in self.edits) for kind in EditKind}

    @property
    def proposed(self) -> int:
        """How many sentences the draft had."""
        return sum(edit.old is not None for edit in self.edits)

    @property
    def signed(self) -> int:
        """How many sentences the note has."""
        return sum(edit.new is not None for edit in self.edits)

    @property
    def unchanged(self) -> bool:
        """Whether what was signed is what was proposed, word for word and in its place."""
        return all(edit.kind is EditKind.KEPT for edit in self.edits)


def note_edits(draft: Sequence[NoteSentence], signed: Sequence[NoteSentence]) -> NoteEdits:
    """What was kept, edited, moved to another section, dropped or added, matched by sentence id.

    Texts are compared as they are: a changed comma is a change. The order within a section is not compared. Raises
    ValueError where an id stands twice on one side.
    """
    before, after = _by_id(draft, "draft"), _by_id(signed, "signed note")
    in_note = [_edit(before.get(sentence.id), sentence) for sentence in signed]
    dropped = [
        SentenceEdit(EditKind.DROPPED, sentence.id, sentence, None) for sentence in draft if sentence.id not in after
    ]
    return NoteEdits((*in_note, *dropped))


def _by_id(sentences: Sequence[NoteSentence], side: str) -> dict[str, NoteSentence]:
    by_id = {sentence.id: sentence for sentence in sentences}
    if len(by_id) != len(sentences):
        raise ValueError(f"two sentences of the {side} have the same id")
    return by_id


def _edit(old: NoteSentence | None, new: NoteSentence) -> SentenceEdit:
    if old is None:
        kind = EditKind.ADDED
    elif old.text != new.text:
        kind = EditKind.EDITED
    elif old.section != new.section:
        kind = EditKind.MOVED
    else:
        kind = EditKind.KEPT
    return SentenceEdit(kind, new.id, old, new)
