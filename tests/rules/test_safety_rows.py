"""What of the figures may leave the practice: nothing that rests on 1 to 4, nor what would give such a count away."""

import pytest

from rules.intervals import Estimate
from rules.safety_rows import Row, suppressed

VALUE = Estimate(0.5, 0.2, 0.8, 10)


def row(count: int | None, of: int | None = None, **given: object) -> Row:
    return Row("section", f"figure {count}", count, "what it is", of, VALUE, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "of", "rests_on", "hidden"),
    [
        (0, None, (), False),
        (1, None, (), True),
        (4, None, (), True),
        (5, None, (), False),
        (0, 40, (), False),
        (40, 40, (), False),
        (37, 40, (), True),  # three are left over
        (0, 3, (), True),
        (None, None, (2,), True),
        (None, None, (0, 7), False),
    ],
)
def test_small_counts_are_hidden_with_their_values(
    count: int | None, of: int | None, rests_on: tuple[int, ...], hidden: bool
):
    [shown] = suppressed([row(count, of, rests_on=rests_on)])
    assert shown.hidden is hidden
    if hidden:
        assert (shown.count, shown.of, shown.value.value, shown.rests_on) == (None, None, None, ())


def test_one_hidden_count_of_a_total_hides_the_next_smallest_too():
    shown = suppressed([row(20), row(3, group="parts"), row(9, group="parts"), row(8, group="parts")])
    assert [each.hidden for each in shown] == [False, True, False, True]


def test_two_hidden_counts_hide_no_third_and_groups_are_apart():
    shown = suppressed([row(2, group="a"), row(3, group="a"), row(8, group="a"), row(9, group="b"), row(7, group="b")])
    assert [each.hidden for each in shown] == [True, True, False, False, False]
