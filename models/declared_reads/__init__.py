"""What each automated step has declared that it may read, by the name under which it runs."""

from models.automated_steps import MayRead
from models.declared_reads import claims, follow_up, notes, practice, referral, scheduling

DECLARED: dict[str, MayRead] = {
    **referral.READS,
    **notes.READS,
    **claims.READS,
    **follow_up.READS,
    **scheduling.READS,
    **practice.READS,
}
NOTHING: frozenset[str] = frozenset()


def therapy_kinds_of(step: str) -> frozenset[str]:
    """The kinds of therapy content that a step may open; none for a step that has declared nothing."""
    return DECLARED[step].content if step in DECLARED else NOTHING


__all__ = ["DECLARED", "MayRead", "therapy_kinds_of"]
