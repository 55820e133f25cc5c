"""The public sets that the note heads are trained on, ACI-Bench and MTS-Dialog (CC BY 4.0); read, never copied."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from language.note_grammar import HE, SHE, THEY, Pronouns
from language.note_values import Role, Turn

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "notes"
ACI = PUBLIC / "aci-bench"
MTS = PUBLIC / "mts-dialog"


@dataclass(frozen=True)
class Visit:
    """A dialogue with what a person wrote of it; `header` is the kind of section where it is only one."""

    visit_id: str
    turns: tuple[Turn, ...]
    note: str
    header: str = ""
    pronouns: Pronouns = THEY


_PRONOUNS = {"female": SHE, "male": HE}


def aci(part: str) -> list[Visit]:
    """Whole visits with whole notes; `part` is train or valid. Pronouns go by the sex in the set's record."""
    sexes = {row["encounter_id"]: row["patient_gender"].strip() for row in _rows(ACI / f"{part}_metadata.csv")}
    return [
        Visit(
            row["encounter_id"],
            tuple(turns_of(row["dialogue"], _ACI_LINE)),
            row["note"],
            pronouns=_PRONOUNS.get(sexes.get(row["encounter_id"], ""), THEY),
        )
        for row in _rows(ACI / f"{part}.csv")
    ]


def mts(part: str) -> list[Visit]:
    """Snippets of a visit with one section each; `part` is train or valid."""
    return [
        Visit(row["ID"], tuple(turns_of(row["dialogue"], _MTS_LINE)), row["section_text"], row["section_header"])
        for row in _rows(MTS / f"{part}.csv")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


_ACI_LINE = re.compile(r"^\[(\w+)\]\s*(.*)$")
_MTS_LINE = re.compile(r"^(\w+):\s*(.*)$")
_ROLES = {"doctor": Role.CLINICIAN, "patient": Role.PATIENT}


def turns_of(dialogue: str, line: re.Pattern[str]) -> Iterator[Turn]:
    """The turns of a dialogue written one to a line; a line without a speaker goes on with the turn before."""
    speaker, said = "", ""
    for each in dialogue.splitlines():
        found = line.match(each.strip())
        if found is None:
            said = f"{said} {each.strip()}".strip()
            continue
        if speaker:
            yield Turn(speaker, _ROLES.get(speaker.lower(), Role.OTHER), said)
        speaker, said = found[1], found[2]
    if speaker:
        yield Turn(speaker, _ROLES.get(speaker.lower(), Role.OTHER), said)
