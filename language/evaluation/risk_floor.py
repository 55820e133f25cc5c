"""How a version of the risk reader does on this project's own held-out texts: the floor no version may fall below.

The rules were written by the author of these texts, so the figures flatter; they show what a change has broken, not
what a practice may expect. The unseen sets are not touched: their totals are counted prints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from language.feedback import wilson
from language.risk_signals import read_risk_many
from language.risk_values import SignalKind, SignalStatus
from language.training import risk_corpora
from language.training.risk_corpora import HELD_OUT


@dataclass(frozen=True)
class Share:
    """So many of so many, with Wilson's 95 % interval."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.of)


@dataclass(frozen=True)
class Floor:
    """Held-out texts that were raised: of each kind, of those to be set aside, of ordinary talk.

    ``hard_cases``: how many of the public crisis cases are right; None where they do not lie beside the checkout.
    """

    present: dict[SignalKind, Share]
    set_aside: Share
    ordinary: Share
    hard_cases: Share | None

    def lost_against(self, other: "Floor") -> list[str]:
        """Where it falls below another version: kinds with a lower recall, hard cases that were right there."""
        lost: list[str] = [kind.value for kind, share in self.present.items() if share.hits < other.present[kind].hits]
        if self.hard_cases and other.hard_cases and self.hard_cases.hits < other.hard_cases.hits:
            lost.append("hard cases")
        return lost


def floor_of(folder: Path) -> Floor:
    """The figures of the version in a folder; raises FileNotFoundError where the texts are not in the checkout."""
    challenge = [text for text in risk_corpora.hand_written("challenge") if text.split == HELD_OUT]
    ordinary = [text.text for text in risk_corpora.hand_written("ordinary") if text.split == HELD_OUT]
    present = [text for text in challenge if text.status == SignalStatus.PRESENT]
    others = [text.text for text in challenge if text.status != SignalStatus.PRESENT]
    of_kind = {kind: [text.text for text in present if text.kind == kind] for kind in SignalKind}
    return Floor(
        {kind: _share(_raised(texts, folder)) for kind, texts in of_kind.items() if texts},
        _share(_raised(others, folder)),
        _share(_raised(ordinary, folder)),
        _hard_cases(folder) if risk_corpora.HARD_CASES.exists() else None,
    )


def _hard_cases(folder: Path) -> Share:
    cases = risk_corpora.hard_cases()
    raised = _raised([text for text, _ in cases], folder)
    return _share([flag == expected for flag, (_, expected) in zip(raised, cases, strict=True)])


def _raised(texts: Sequence[str], folder: Path) -> list[bool]:
    return [bool(reading.present) for reading in read_risk_many(texts, folder=folder)]


def _share(flags: Sequence[bool]) -> Share:
    return Share(sum(flags), len(flags))
