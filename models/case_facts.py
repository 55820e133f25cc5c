"""What decides who may see a case: read by an adapter, judged by ``rules.access``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseFacts:
    """What decides who may see a case.

    ``people``: everyone a sign-off of it was assigned to or signed by or who took a clinician's to-do of it, and its
    clinician. ``teams``: the teams of
    those of them who work at the case's location. ``review_open``: something waits for a clinician's signature;
    ``unassigned_review``: and was given to nobody by name. ``clinician_to_do``: a to-do waits for a clinician.
    ``opened_for``: who opened it in an emergency, while that holds.
    """

    location_id: str
    people: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    review_open: bool = False
    unassigned_review: bool = False
    clinician_to_do: bool = False
    opened_for: frozenset[str] = frozenset()
