"""Where the labels come from that a practice tunes its risk reader with."""

from language.feedback import Label


def labels(*, actor: str, passages: bool = False) -> list[Label]:
    """The newest label of each flag that has one; ``passages``: with the words of the text."""
    return []
