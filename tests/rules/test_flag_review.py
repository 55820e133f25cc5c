"""How soon flags are seen: hand-worked, against scipy's curve, and what counts as a risk."""

from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import CensoredData, ecdf

from rules.flag_review import FlagSource, Looked, Truth, source_of, time_to_seen, truth_of

S = FlagSource
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raised_by", "rule_id", "source"),
    [
        ("item", "phq9-item-9", S.PHQ9_ITEM_9),
        ("item", "phq9-severe", S.PHQ9_TOTAL),
        ("item", "cssrs-triage", S.CSSRS),
        ("item", "cssrs-incomplete", S.CSSRS),
        ("item", "something-new", S.OTHER),
        ("rule", "plan.have", S.TEXT_RULES),
        ("classifier", "classifier.self_harm", S.CLASSIFIER),
        ("rule", "unread-text", S.UNREAD_TEXT),
        ("rule", "classifier-off", S.UNREAD_TEXT),
        ("clinician", "missed-risk-sample", S.MISSED_RISK_SAMPLE),
    ],
)
def test_source_of_a_flag_is_known_by_who_raised_it_and_its_rule(raised_by: str, rule_id: str, source: FlagSource):
    assert source_of(raised_by, rule_id) is source


def test_every_source_has_words():
    assert all(each.label for each in FlagSource)


def flag(seen: int | None, due: int = 60, source: FlagSource = S.CSSRS, raised: int = 0) -> Looked:
    """A flag seen, due and raised so many minutes after nine."""
    begun = AT + timedelta(minutes=raised)
    return Looked(source, begun, begun + timedelta(minutes=due), None if seen is None else AT + timedelta(minutes=seen))


def test_flags_not_yet_seen_still_wait_and_are_not_dropped():
    # 10, 20, 30+ (waits), 40: after 10 three of four wait (0.75), after 20 0.5, after 40 0
    flags = [flag(10), flag(20), flag(None, raised=10), flag(40)]
    total, cssrs = time_to_seen(flags, AT + timedelta(minutes=40))
    assert (total.source, cssrs.source) == (None, S.CSSRS)
    assert (total.flags, total.not_yet) == (4, 1)
    assert total.median.value == 20 and total.nine_in_ten.value == 40


def test_curve_that_does_not_come_down_far_enough_is_not_known():
    [total, *_] = time_to_seen([flag(5), flag(None), flag(None)], AT + timedelta(minutes=50))
    assert total.median.value is None


@pytest.mark.parametrize(
    ("seen", "now", "late", "of"),
    [(60, 200, 0, 1), (61, 200, 1, 1), (None, 60, 0, 0), (None, 61, 1, 1), (5, 20, 0, 1)],
)
def test_late_is_seen_after_due_or_not_seen_though_it_is_past(seen: int | None, now: int, late: int, of: int):
    [total, *_] = time_to_seen([flag(seen)], AT + timedelta(minutes=now))
    assert (total.late_count, total.late.n) == (late, of)


def test_each_source_has_a_row_of_its_own_and_no_flags_are_a_row_of_nothing():
    rows = time_to_seen([flag(5), flag(9, source=S.CLASSIFIER), flag(7)], AT + timedelta(minutes=20))
    assert [(row.source, row.flags) for row in rows] == [(None, 3), (S.CSSRS, 2), (S.CLASSIFIER, 1)]
    [nothing] = time_to_seen([], AT)
    assert (nothing.flags, nothing.median.value, nothing.late.value) == (0, None, None)


def test_median_in_minutes_is_that_of_scipys_curve():
    flags = [flag((7 * k * k) % 61 if k % 4 else None) for k in range(1, 60)]
    now = AT + timedelta(minutes=60)
    known = [each if each.seen_at is not None and each.seen_at < now else flag(None) for each in flags]
    [total, *_] = time_to_seen(known, now)
    seen = [int((each.seen_at - AT).total_seconds() // 60) for each in known if each.seen_at is not None]
    curve = ecdf(CensoredData(seen, right=[60] * (len(known) - len(seen)))).sf
    below = [at for at, left in zip(curve.quantiles, curve.probabilities, strict=True) if left <= 0.5]
    assert total.median.value == min(below)


def test_flag_seen_before_it_was_raised_is_refused():
    with pytest.raises(ValueError):
        time_to_seen([flag(0, raised=5)], AT)


@pytest.mark.parametrize(
    ("flags", "truth"),
    [
        ([], Truth.NOT_DETECTED),
        ([(S.UNREAD_TEXT, None), (S.PHQ9_TOTAL, None), (S.MISSED_RISK_SAMPLE, None)], Truth.NOT_DETECTED),
        ([(S.PHQ9_ITEM_9, None)], Truth.RISK),
        ([(S.CLASSIFIER, False), (S.CSSRS, None)], Truth.RISK),
        ([(S.CLASSIFIER, False), (S.TEXT_RULES, True)], Truth.RISK),
        ([(S.CLASSIFIER, False), (S.TEXT_RULES, False)], Truth.NO_RISK),
        ([(S.CLASSIFIER, False), (S.TEXT_RULES, None)], Truth.UNDECIDED),
        ([(S.CLASSIFIER, None), (S.UNREAD_TEXT, None)], Truth.UNDECIDED),
    ],
)
def test_what_is_known_of_a_flagged_intake(flags: list[tuple[FlagSource, bool | None]], truth: Truth):
    assert truth_of(flags) is truth
