"""Below which count a number may tell whom it is about."""

FEWEST = 5
"""A count from 1 to 4 is hidden wherever others than the practice's own staff may read it."""


def tells(count: int) -> bool:
    """Whether this count may tell whom it is about; none at all tells of nobody."""
    return 0 < count < FEWEST
