"""Whether a diagnosis code may stand on a note and its claim: known, specific enough, valid on the day, plan in force.

Sources: CMS and NCHS, ICD-10-CM Official Guidelines for Coding and Reporting, section I.B.2 (code to the highest level
of detail that the record supports); HIPAA, 45 CFR 162.1002 (the code set valid on the day of service); ASC X12
005010X222A1, HI segment (no dot).
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from models.icd10 import DiagnosisCode, DiagnosisTable, dotted

PLAN_DAYS = 365
"""A treatment plan older than this is shown as stale. Payers and states ask for less (90 or 180 days): a setting."""


class DiagnosisStatus(StrEnum):
    OK = "ok"
    NOT_A_CODE = "not_a_code"
    NOT_IN_TABLE = "not_in_table"
    NOT_SPECIFIC = "not_specific"
    NOT_VALID_ON_DATE = "not_valid_on_date"
    BEFORE_TABLE = "before_table"


@dataclass(frozen=True)
class DiagnosisFinding:
    """What is to be said of one diagnosis code on one day.

    ``children`` are the more specific codes to choose from, where it is a parent; they may have children of their own.
    ``caution`` is set where the table cannot know the newest release.
    """

    status: DiagnosisStatus
    reason: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    label: str | None = field(default=None, repr=False)
    children: tuple[DiagnosisCode, ...] = field(default=(), repr=False)
    caution: str | None = None

    @property
    def may_be_claimed(self) -> bool:
        return self.status is DiagnosisStatus.OK


@dataclass(frozen=True)
class PlanFinding:
    """Whether the treatment plan that a diagnosis is carried from is still in force, and why not."""

    stale: bool
    reason: str
    days: int | None = None


def check_diagnosis(code: str, on: date, table: DiagnosisTable) -> DiagnosisFinding:
    """Whether this code may be claimed for a session on a date; a code that is not in the table is a person's question.

    ``code`` may be spelled with or without its dot, in small or capital letters.
    """
    spelled = dotted(code)
    if spelled is None:
        return DiagnosisFinding(DiagnosisStatus.NOT_A_CODE, "This is not how an ICD-10-CM code is written.")
    caution = _caution(on, table)
    if on < table.starts:
        return DiagnosisFinding(
            DiagnosisStatus.BEFORE_TABLE,
            f"The table of codes begins on {table.starts.isoformat()}; a person checks the code of an earlier one.",
            spelled,
        )
    if spelled not in table.rows:
        return DiagnosisFinding(
            DiagnosisStatus.NOT_IN_TABLE,
            f"{spelled} is not in the table of behavioural-health codes; a person checks it.",
            spelled,
            caution=caution,
        )
    row = table.valid(spelled, on)
    if row is None:
        return DiagnosisFinding(
            DiagnosisStatus.NOT_VALID_ON_DATE,
            f"{spelled} was not valid on {on.isoformat()}: it is valid {_spans(table.rows[spelled])}.",
            spelled,
            table.rows[spelled][-1].label,
            caution=caution,
        )
    if not row.billable:
        return DiagnosisFinding(
            DiagnosisStatus.NOT_SPECIFIC,
            f"{spelled} is a heading, not a diagnosis that a claim may carry{_since(row, table)}; "
            "choose one of the codes below it.",
            spelled,
            row.label,
            table.children(spelled, on),
            caution,
        )
    return DiagnosisFinding(
        DiagnosisStatus.OK,
        f"{spelled} is specific enough and valid on {on.isoformat()}.",
        spelled,
        row.label,
        caution=caution,
    )


def check_plan(plan_dated: date | None, on: date, *, days: int = PLAN_DAYS) -> PlanFinding:
    """Whether the treatment plan is recent enough for a session on a date: at most ``days`` old, and not from later."""
    if plan_dated is None:
        return PlanFinding(True, "The treatment plan has no date; a person checks that it is in force.")
    age = (on - plan_dated).days
    if age < 0:
        return PlanFinding(True, "The treatment plan is dated after the session; a person checks which plan held.", age)
    if age > days:
        return PlanFinding(
            True,
            f"The treatment plan was {age} days old at the session, more than {days}: review it before its diagnosis "
            "is carried on.",
            age,
        )
    return PlanFinding(False, f"The treatment plan was {age} days old at the session, at most {days}.", age)


def hi_form(code: str) -> str:
    """A code as the claim's HI segment carries it: F41.1 is F411. Raises ValueError for what is no code."""
    spelled = dotted(code)
    if spelled is None:
        raise ValueError("not an ICD-10-CM code")
    return spelled.replace(".", "")


def _caution(on: date, table: DiagnosisTable) -> str | None:
    if on <= table.checked_until:
        return None
    return (
        f"The table of codes was checked up to {table.checked_until.isoformat()}; codes that are new or withdrawn "
        "since then are not known here."
    )


def _since(row: DiagnosisCode, table: DiagnosisTable) -> str:
    was_a_leaf = any(earlier.billable and earlier.valid_from < row.valid_from for earlier in table.rows[row.code])
    return f" since {row.valid_from.isoformat()}" if was_a_leaf else ""


def _spans(rows: tuple[DiagnosisCode, ...]) -> str:
    return " and ".join(
        f"from {row.valid_from.isoformat()}" + (f" to {row.valid_to.isoformat()}" if row.valid_to else " on")
        for row in rows
    )
