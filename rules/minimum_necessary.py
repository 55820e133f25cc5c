"""Which fields did each automated step read, against what it declared?

HIPAA's minimum necessary (45 CFR 164.502(b)): a step has no more than it needs, and somebody looks whether it uses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from models.automated_steps import MayRead

FEWEST_RUNS = 20
"""In fewer runs than this a field that was never read is no reason yet to take it away."""


@dataclass(frozen=True)
class ReadField:
    """One field of one step: in how many runs it was read, and whether it was declared."""

    name: str
    runs: int
    declared: bool


@dataclass(frozen=True)
class StepReadsFound:
    """What one step read in a period.

    ``undeclared``: read all the same (operational fields are held by the tests, not at run time). ``to_narrow``:
    declared and never read in enough runs. ``refused``: content it was refused, with how often.
    """

    step: str
    runs: int
    fields: tuple[ReadField, ...]
    never_read: tuple[str, ...]
    refused: tuple[tuple[str, int], ...]
    whole: str = ""

    @property
    def undeclared(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.fields if not each.declared)

    @property
    def to_narrow(self) -> tuple[str, ...]:
        return self.never_read if self.runs >= FEWEST_RUNS else ()


def compare(
    step: str, declared: MayRead | None, runs: int, read: Mapping[str, int], refused: Mapping[str, int]
) -> StepReadsFound:
    """Hold what was read against the declaration; a step without one (``None``) has declared nothing.

    Of therapy content a kind is declared, and counts as read with any of its fields.
    """
    may = declared or MayRead()
    fields = tuple(ReadField(name, count, may.allows(name)) for name, count in sorted(read.items()))
    kinds_read = {name.partition(".")[0] for name in read}
    never = sorted((may.names() - set(read)) | {kind for kind in may.content if kind not in kinds_read})
    return StepReadsFound(step, runs, fields, tuple(never), tuple(sorted(refused.items())), may.whole)
