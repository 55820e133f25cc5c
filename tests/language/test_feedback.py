"""Labels and the precision of what raised them."""

from datetime import UTC, datetime

import pytest
from scipy.stats import binomtest

from language.feedback import Label, Precision, precision_by
from language.risk_values import SignalKind


def label(raised_by: str, *, confirmed: bool, kind: SignalKind = SignalKind.SELF_HARM) -> Label:
    return Label(
        flag_id="FL-1",
        kind=kind,
        raised_by=raised_by,
        rule_id=f"{raised_by}.one",
        version="v",
        probability=0.7,
        confirmed=confirmed,
        decided_at=datetime(2026, 1, 1, tzinfo=UTC),
        text="what somebody wrote",
        starts=5,
        ends=19,
    )


def test_precision_is_counted_by_group_and_names_only_groups_that_raised():
    labels = [label("rule", confirmed=True), label("rule", confirmed=False), label("classifier", confirmed=True)]
    assert precision_by(labels, lambda each: each.raised_by) == {"rule": Precision(2, 1), "classifier": Precision(1, 1)}
    assert precision_by([], lambda each: each.raised_by) == {}


@pytest.mark.parametrize(("flags", "confirmed"), [(10, 8), (1, 1), (50, 0), (7, 3)])
def test_the_interval_is_wilsons(flags, confirmed):
    theirs = binomtest(confirmed, flags).proportion_ci(method="wilson")
    assert Precision(flags, confirmed).interval == pytest.approx((theirs.low, theirs.high), abs=1e-4)


def test_a_label_does_not_show_its_passage():
    shown = label("rule", confirmed=True)
    assert shown.passage == "somebody wrote" and "somebody" not in repr(shown)
