"""Reads the form that proposes a pilot: its terms, and the version as its kind holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acts.pilots import Terms
from models.pilot_codes import PilotMeasure, PilotMode, PilotUnit, TextKind, VersionKind
from web.desk.pilot_words import SHOWN

WHOLE = frozenset(
    {"extra_hours", "history_least", "batch", "deepest", "hold_minutes", "shortest_hold_minutes", "last_call_minutes"}
    | {"most_open"}
)


@dataclass(frozen=True)
class Posted:
    """The form's fields as they were typed."""

    one: Mapping[str, str]
    locations: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.one.get(name, "").strip()

    def number(self, name: str, what: str, *, percent: bool = False) -> float:
        """Raises ValueError naming ``what`` where it is no number."""
        text = self.get(name).rstrip("% ").replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{what} is a number") from None
        if not -1e9 < value < 1e9:
            raise ValueError(f"{what} is a number")
        return value / 100 if percent else value


def kind_of(text: str) -> VersionKind:
    """Raises ValueError for what is no kind."""
    if text not in tuple(VersionKind):
        raise ValueError("choose what is changed")
    return VersionKind(text)


def terms(posted: Posted) -> Terms:
    """Raises ValueError saying which field is not as it should be."""
    mode, unit, measure = posted.get("mode"), posted.get("unit"), posted.get("measure")
    if mode not in tuple(PilotMode):
        raise ValueError("choose how it is tried")
    if unit not in tuple(PilotUnit):
        raise ValueError("choose who is put into an arm as a whole")
    if measure not in tuple(PilotMeasure):
        raise ValueError("choose what it is judged by")
    judged = PilotMeasure(measure)
    harm = posted.get("harm_measure")
    if harm and harm not in tuple(PilotMeasure):
        raise ValueError("choose which measure is watched for harm")
    watched = PilotMeasure(harm) if harm else None
    texts = posted.get("text_kind") or TextKind.REFERRAL
    if texts not in tuple(TextKind):
        raise ValueError("choose in which texts")
    spread = posted.get("spread")
    if not spread and not (judged.is_share and mode == PilotMode.ARM):
        raise ValueError("say how much one unit differs from another")
    return Terms(
        mode=PilotMode(mode),
        location_ids=tuple(posted.locations),
        unit=PilotUnit(unit),
        measure=judged,
        smallest=posted.number("smallest", "the smallest difference of interest", percent=judged.is_share),
        expected=posted.number("expected", "what is expected", percent=judged.is_share),
        spread=posted.number("spread", "the spread", percent=judged.is_share) if spread else 0.0,
        share=posted.number("share", "the share of the new version", percent=True),
        team=posted.get("team"),
        harm_measure=watched,
        most_harm=posted.number("most_harm", "the limit of harm", percent=watched.is_share) if watched else None,
        most_lost=int(posted.number("most_lost", "the limit of lost flags")) if posted.get("most_lost") else 0,
        text_kind=TextKind(texts),
    )


def content(kind: VersionKind, posted: Posted) -> dict[str, Any]:
    """The version's content; a field that is left empty stays as it is. Raises ValueError naming the field."""
    if kind == VersionKind.NOTE_TEMPLATE:
        return _template(posted)
    if kind == VersionKind.RISK_WEIGHTS:
        return {"reader": posted.get("reader")}
    if kind == VersionKind.RISK_THRESHOLD:
        typed = {name.removeprefix("threshold-"): name for name in posted.one if name.startswith("threshold-")}
        return {"thresholds": {kind: posted.number(name, kind.replace("_", " ")) for kind, name in typed.items()}}
    found: dict[str, Any] = {}
    for name in SHOWN[kind]:
        if not posted.get(name):
            continue
        if name == "hours_before":
            found[name] = _hours(posted.get(name))
        else:
            value = posted.number(name, name.replace("_", " "))
            found[name] = int(value) if name in WHOLE else value
    return found


def _hours(text: str) -> list[int]:
    parts = [each.strip() for each in text.replace("+", ",").split(",") if each.strip()]
    if not all(each.isascii() and each.isdigit() and len(each) < 5 for each in parts):
        raise ValueError("hours before the session are whole numbers with commas between")
    return [int(each) for each in parts]


def _template(posted: Posted) -> dict[str, Any]:
    """Headings one to a line: ``Plan: goal, plan``."""
    sections = []
    for line in posted.get("sections").splitlines():
        title, colon, topics = line.partition(":")
        if line.strip() and not colon:
            raise ValueError("each line is a heading, a colon, and what stands under it")
        if line.strip():
            named = [each.strip().replace(" ", "_") for each in topics.split(",") if each.strip()]
            sections.append([title.strip(), named])
    asks = [line.strip() for line in posted.get("asks").splitlines() if line.strip()]
    return {"format": posted.get("format"), "sections": sections, "asks": asks}
