"""Reads the index of a session export, saved as CSV: a table of strings first, then its good rows."""

from collections.abc import Iterable
from typing import Any, cast

import pandas as pd

from adapters.csv_table import cell_value, read_table
from models.referral_intake import Finding
from models.referral_table import ROW_COLUMN
from models.session_index import SessionIn
from models.session_table import COLUMNS


def read_session_table(data: bytes) -> pd.DataFrame:
    """The file's sessions as ``read_table`` gives them, with every name in ``models.session_table.COLUMN_NAMES``.

    Raises ContractBroken when the file as a whole cannot be trusted: not text, empty, or a required column missing.
    """
    return read_table(data, COLUMNS, "session")


def sessions_from_table(table: pd.DataFrame, findings: Iterable[Finding]) -> list[SessionIn]:
    """A session for every row that no finding names, in the table's order.

    Raises ContractBroken if such a row still cannot be read, so a row that skipped its contract does not slip in.
    """
    broken = {finding.row for finding in findings}
    records = cast(list[dict[str, Any]], table.to_dict("records"))
    return [_session(record) for record in records if record[ROW_COLUMN] not in broken]


def _session(record: dict[str, Any]) -> SessionIn:
    said = {column.name: cell_value(column, record) for column in COLUMNS}
    said["diagnoses"] = said["diagnoses"] or ()
    said["plan_goals"] = said["plan_goals"] or ""
    return SessionIn(source_row=record[ROW_COLUMN], **said)
