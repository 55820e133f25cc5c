"""Reads a practice's own appointment history, saved as CSV: a table of strings first, then its good rows."""

from collections.abc import Iterable
from typing import Any, cast

import pandas as pd

from adapters.csv_table import cell_value, read_table
from models.appointment_table import COLUMNS, MOST_ROWS, AppointmentIn, Places, on_the_clock_of
from models.errors import ContractBroken
from models.referral_intake import Finding
from models.referral_table import ROW_COLUMN


def read_appointment_table(data: bytes) -> pd.DataFrame:
    """The file's appointments as ``read_table`` gives them, with every name in ``models.appointment_table``.

    Raises ContractBroken when the file as a whole cannot be trusted: not text, empty, or a required column missing.
    """
    return read_table(data, COLUMNS, "appointment", most_rows=MOST_ROWS)


def appointments_from_table(table: pd.DataFrame, findings: Iterable[Finding], places: Places) -> list[AppointmentIn]:
    """An appointment for every row that no finding names, in the table's order.

    Raises ContractBroken if such a row still cannot be read, so a row that skipped its contract does not slip in.
    """
    broken = {finding.row for finding in findings}
    records = cast(list[dict[str, Any]], table.to_dict("records"))
    return [_appointment(record, places) for record in records if record[ROW_COLUMN] not in broken]


def _appointment(record: dict[str, Any], places: Places) -> AppointmentIn:
    said = {column.name: cell_value(column, record) for column in COLUMNS}
    for name in ("booked_at", "starts_at"):
        moment = on_the_clock_of(said[name], places.zone_of(said["location_id"]))
        if moment is None:
            raise ContractBroken(f"{name} cannot be told", row=record[ROW_COLUMN], field=name)
        said[name] = moment
    return AppointmentIn(source_row=record[ROW_COLUMN], **said)
