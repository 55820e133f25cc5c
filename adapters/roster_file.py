"""Reads and writes the text of a roster file, which is YAML with every value as it is typed.

YAML's own guesses would make 1020 minutes of 17:00, an octal number of a licence that begins with 0 and "no" of the
Norwegian language; here every value stays text, and ``rules.roster`` says what it must be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from models.codes import Role
from models.referral_table import DAYS
from models.roster import ClinicianEntry, HoursEntry, LocationEntry, Path, Remark, Roster, StaffEntry

WIDTH = 120


@dataclass(frozen=True)
class Document:
    """``content``: lists, mappings and text; ``lines``: the line each of them begins in, from 1, by its path."""

    content: object
    lines: Mapping[Path, int]
    faults: tuple[Remark, ...] = ()

    def line_of(self, path: Path) -> int | None:
        """The line of this place; of what it is missing from, where it is missing."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), None)


def read_document(raw: bytes) -> Document:
    """The file's content; what is no YAML, or could be read in two ways, is a fault of the document."""
    try:
        node = yaml.compose(raw.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        return Document(None, {}, (Remark((), "must be text in UTF-8"),))
    except yaml.MarkedYAMLError as trouble:
        at = f" in line {trouble.problem_mark.line + 1}" if trouble.problem_mark else ""
        return Document(None, {}, (Remark((), f"is no YAML{at}: {trouble.problem}{_hint(trouble.problem)}"),))
    except yaml.YAMLError:
        return Document(None, {}, (Remark((), "is no YAML: it holds a character that cannot be printed"),))
    lines: dict[Path, int] = {}
    faults: list[Remark] = []
    content = _plain(node, (), lines, faults, frozenset()) if node is not None else None
    return Document(content, lines, tuple(faults))


def _hint(problem: str | None) -> str:
    """What YAML says of a star without quotes would help nobody."""
    return '; a plan * stands in quotes: "*"' if "alphabetic or numeric" in (problem or "") else ""


def _plain(node: Any, path: Path, lines: dict[Path, int], faults: list[Remark], around: frozenset[int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in around:
        faults.append(Remark(path, "holds itself"))
        return None
    around |= {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*path, at), lines, faults, around) for at, each in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in found:  # YAML would silently take the last one
                faults.append(Remark((*path, name), f"stands twice, again in line {key.start_mark.line + 1}"))
            found[name] = _plain(value, (*path, name), lines, faults, around)
        return found
    return str(node.value)


def written(roster: Roster) -> str:
    """The text of a roster file that says this; reading it again gives the same roster."""
    document = {
        "locations": [_location(each) for each in roster.locations],
        "staff": [_person(each) for each in roster.staff],
    }
    return yaml.dump(document, Dumper=_Plainly, sort_keys=False, allow_unicode=True, width=WIDTH)


class _Plainly(yaml.SafeDumper):
    """Every value is text that needs no quotes, as it is read; the innermost mappings and lists take one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        return super().represent_sequence(tag, sequence, all(isinstance(each, str) for each in sequence))

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        return super().represent_mapping(tag, mapping, isinstance(mapping, _OneLine))


class _OneLine(dict[str, str]):
    """A mapping that is written in one line."""


_Plainly.yaml_implicit_resolvers = {}
_Plainly.add_representer(_OneLine, lambda dumper, data: dumper.represent_dict(data))


def _location(entry: LocationEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "name": entry.name,
        "state": entry.state,
        "time_zone": entry.time_zone,
        "phone": entry.phone,
        **({} if entry.accessible is None else {"accessible": _yes(entry.accessible)}),
    }


def _person(entry: StaffEntry) -> dict[str, object]:
    said: dict[str, object] = {"name": entry.name, "email": entry.email}
    if entry.phone:
        said["phone"] = entry.phone
    said |= {"role": entry.role.value, "locations": list(entry.locations)}
    if entry.team:
        said["team"] = entry.team
    if entry.role is not Role.CLINICIAN:
        return said  # what the desk has left of a former clinician is no part of a roster; applying it clears that up
    if entry.on_call:
        said["on_call"] = _yes(True)
    if entry.clinician:
        said["clinician"] = _clinician(entry.clinician)
    return said


def _clinician(entry: ClinicianEntry) -> dict[str, object]:
    licences = [_OneLine(state=one.state, number=one.number, expires_on=str(one.expires_on)) for one in entry.licences]
    return {
        "npi": entry.npi,
        "credential": entry.credential,
        **({"gender": entry.gender} if entry.gender else {}),
        "ages": _OneLine(min=str(entry.min_age), max=str(entry.max_age)),
        "modalities": list(entry.modalities),
        "languages": list(entry.languages),
        "focus_areas": list(entry.focus_areas),
        "caseload": _OneLine(limit=str(entry.caseload_limit), now=str(entry.caseload_now)),
        "accepts_new": _yes(entry.accepts_new),
        "licences": licences,
        "panels": [_OneLine(payer=one.payer, plan=one.plan) for one in entry.panels],
        "hours": [_hours(one) for one in entry.hours],
    }


def _hours(entry: HoursEntry) -> _OneLine:
    return _OneLine(
        weekday=DAYS[entry.weekday],
        starts=f"{entry.starts:%H:%M}",
        ends=f"{entry.ends:%H:%M}",
        location=entry.location,
        modality=entry.modality.value,
        minutes=str(entry.minutes),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
