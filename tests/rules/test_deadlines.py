"""Limits to file come from the contract, to the day; an answer is overdue once its time has passed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.billing import DeadlineStart
from rules.deadlines import Awaited, FilingKind, answer_due, appeal_overdue, days_left, filing_deadline, overdue
from tests.claim_cases import make_contract

SERVED, DECIDED = date(2026, 9, 14), date(2026, 10, 14)
SENT = datetime(2026, 9, 15, 6, tzinfo=UTC)
FROM_DECISION = {"corrected_from": DeadlineStart.DECISION, "secondary_from": DeadlineStart.DECISION}
# 120 days to file, 180 to correct, 180 to appeal; 24 hours for the 999, 3 days for the 277CA, 30 for the 835


@pytest.mark.parametrize(
    ("kind", "decided_on", "terms", "deadline"),
    [
        (FilingKind.ORIGINAL, None, {}, SERVED + timedelta(days=120)),
        (FilingKind.ORIGINAL, DECIDED, FROM_DECISION, SERVED + timedelta(days=120)),
        (FilingKind.CORRECTED, None, {}, SERVED + timedelta(days=120)),
        (FilingKind.CORRECTED, None, FROM_DECISION, SERVED + timedelta(days=120)),
        (FilingKind.CORRECTED, DECIDED, {}, SERVED + timedelta(days=180)),
        (FilingKind.CORRECTED, DECIDED, FROM_DECISION, DECIDED + timedelta(days=180)),
        (FilingKind.SECONDARY, None, {}, SERVED + timedelta(days=120)),
        (FilingKind.SECONDARY, DECIDED, {}, SERVED + timedelta(days=120)),
        (FilingKind.SECONDARY, DECIDED, FROM_DECISION, DECIDED + timedelta(days=120)),
        (FilingKind.SECONDARY, None, FROM_DECISION, None),
        (FilingKind.APPEAL, DECIDED, {}, DECIDED + timedelta(days=180)),
        (FilingKind.APPEAL, None, {}, None),
    ],
)
def test_deadline_is_counted_as_the_contract_says(
    kind: FilingKind, decided_on: date | None, terms: dict[str, Any], deadline: date | None
) -> None:
    assert filing_deadline(make_contract(**terms), SERVED, kind, decided_on=decided_on) == deadline


def test_every_kind_has_a_deadline_once_it_is_decided() -> None:
    assert all(filing_deadline(make_contract(), SERVED, kind, decided_on=DECIDED) for kind in FilingKind)


@pytest.mark.parametrize(("today", "left"), [(SERVED, 0), (date(2026, 9, 13), 1), (date(2026, 9, 15), -1)])
def test_days_left_are_none_on_the_day_itself(today: date, left: int) -> None:
    assert days_left(SERVED, today) == left


@pytest.mark.parametrize(
    ("awaited", "takes"),
    [
        (Awaited.ACKNOWLEDGEMENT, timedelta(hours=24)),
        (Awaited.CLAIM_ACKNOWLEDGEMENT, timedelta(days=3)),
        (Awaited.REMITTANCE, timedelta(days=30)),
    ],
)
def test_answer_is_overdue_once_its_time_has_passed(awaited: Awaited, takes: timedelta) -> None:
    contract, due = make_contract(), SENT + takes
    assert answer_due(contract, awaited, SENT) == due
    assert overdue(contract, awaited, SENT, due) is None
    late = overdue(contract, awaited, SENT, due + timedelta(seconds=1))
    assert late is not None and (late.awaited, late.due_at) == (awaited, due)


def test_appeal_is_overdue_the_day_after_its_last() -> None:
    last = DECIDED + timedelta(days=180)
    assert not appeal_overdue(make_contract(), DECIDED, last)
    assert appeal_overdue(make_contract(), DECIDED, last + timedelta(days=1))
