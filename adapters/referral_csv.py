"""Reads a practice's referral spreadsheet, saved as CSV: a table of strings first, then its good rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

import pandas as pd

from adapters.csv_table import cell_value, read_table
from models.codes import Modality
from models.errors import ContractBroken
from models.referral_intake import Finding, MeasureAnswers, ReferralIn
from models.referral_table import (
    COLUMNS,
    CONTACT_COLUMNS,
    MEASURE_COLUMNS,
    ROW_COLUMN,
    SELF_PAY_CODE,
    gentlest_channel,
)
from models.therapy_text import TherapyText


def read_referral_table(data: bytes) -> pd.DataFrame:
    """The file's referrals as ``read_table`` gives them, with every name in ``COLUMN_NAMES``.

    Raises ContractBroken when the file as a whole cannot be trusted: not text, empty, or a required column missing.
    """
    return read_table(data, COLUMNS, "referral", at_least_one_of=CONTACT_COLUMNS)


def referrals_from_table(table: pd.DataFrame, findings: Iterable[Finding]) -> list[ReferralIn]:
    """A referral for every row that no finding names, in the table's order.

    Raises ContractBroken if such a row still cannot be read, so a row that skipped its contract does not slip
    in.
    """
    broken = {finding.row for finding in findings}
    records = cast(list[dict[str, Any]], table.to_dict("records"))
    return [_referral(record) for record in records if record[ROW_COLUMN] not in broken]


def _referral(record: dict[str, Any]) -> ReferralIn:
    said = {column.name: cell_value(column, record) for column in COLUMNS}
    channel = said["preferred_channel"] or gentlest_channel(said["email"], said["phone"])
    if channel is None:
        raise ContractBroken("email and phone are both empty", row=record[ROW_COLUMN], field="email")
    return ReferralIn(
        external_id=said["external_id"],
        source="csv",
        source_row=record[ROW_COLUMN],
        received_at=said["received_at"],
        given_name=said["given_name"],
        family_name=said["family_name"],
        birth_date=said["birth_date"],
        email=said["email"],
        phone=said["phone"],
        state=said["state"],
        time_zone=said["time_zone"],
        language=said["language"],
        preferred_channel=channel,
        payer_code=said["payer_code"],
        plan_code=said["plan_code"],
        member_id=said["member_id"],
        self_pay=bool(said["self_pay"]) or said["payer_code"] == SELF_PAY_CODE,
        modality=said["modality"] or Modality.EITHER,
        location_id=said["location_id"],
        needs_accessible=bool(said["needs_accessible"]),
        focus_areas=said["focus_areas"] or (),
        preferred_times=said["preferred_times"] or (),
        referrer_name=said["referrer_name"],
        referral_text=TherapyText(record["referral_text"]),
        consent_ai=said["consent_ai"],
        consent_ai_on=said["consent_ai_on"],
        answers=_answers(said),
    )


def _answers(said: dict[str, Any]) -> tuple[MeasureAnswers, ...]:
    """Each measure of which at least one item was answered."""
    authored_at: datetime = said["answered_at"] or said["received_at"]
    filled = []
    for measure, columns in MEASURE_COLUMNS.items():
        answers = {item: said[name] for name, item in columns.items() if said[name] is not None}
        if answers:
            version = said[f"{measure}_version"] or "unstated"
            filled.append(MeasureAnswers(measure, version, authored_at, answers))
    return tuple(filled)
