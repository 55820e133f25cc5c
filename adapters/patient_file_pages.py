"""The readable and the structured pages of a patient's file: an index in HTML, records and accesses in JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adapters.settings import CHECKOUT
from models.purposes import PurposeOfUse

TEMPLATES = CHECKOUT / "templates" / "patient_file"
PURPOSES = {each.value: each.words for each in PurposeOfUse}


@dataclass(frozen=True)
class Access:
    """Something that was done with what is kept of a patient, or read of it: when, by whom, where, why."""

    database: str
    at: datetime
    actor: str
    action: str
    record: str
    case_number: str
    where: str
    purpose: str


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(shown=shown, plain=lambda name: str(name).replace("_", " "))
    return made


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return "none"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
    return str(value)


def pages(
    records: Mapping[str, Sequence[Mapping[str, Any]]],
    accesses: Sequence[Access],
    files: Sequence[str],
    practice: str,
    names: Mapping[str, str],
    made_at: datetime,
    left_out: str,
) -> dict[str, bytes]:
    """The index and the structured files, by name; ``files`` are those that lie beside them."""
    kept = {name: rows for name, rows in records.items() if rows}
    index = _environment().get_template("index.html").render(
        records=kept, accesses=accesses, files=files, practice=practice, names=names, made_at=made_at,
        left_out=left_out, purposes=PURPOSES, persons=records["patient"],
    )  # fmt: skip
    return {
        "index.html": index.encode(),
        "records.json": _json(kept),
        "accesses.json": _json([asdict(each) for each in accesses]),
    }


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z, default=str)
