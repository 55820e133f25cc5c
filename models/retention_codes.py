"""Words of retention: what becomes of a patient on a list of what is over its time."""

from enum import StrEnum


class RetentionOutcome(StrEnum):
    """What became of one patient on a list; ``listed`` until it is signed and applied."""

    LISTED = "listed"
    DESTROYED = "destroyed"
    HELD = "held"
    NOT_DUE = "not_due"
    NOT_YET = "not_yet"

    @property
    def words(self) -> str:
        return {
            "listed": "waits",
            "destroyed": "destroyed",
            "held": "kept: a hold",
            "not_due": "kept: no longer over its time",
            "not_yet": "kept: something is open",
        }[self.value]
