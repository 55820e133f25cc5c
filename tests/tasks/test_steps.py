"""Steps are retried only where that can help."""

from unittest.mock import Mock

import pytest
from prefect.cache_policies import NO_CACHE

from models.errors import ContractBroken, MovedOn, OutsideUnavailable, StaleLease
from tasks import steps
from tasks.steps import step, unrecorded, worth_retrying


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (OutsideUnavailable("away"), True),
        (OSError("disk"), True),
        (MovedOn("gone"), False),
        (StaleLease("old"), False),
        (ContractBroken("bad"), False),
    ],
)
def test_step_is_retried_only_where_that_can_help(failure: Exception, again: bool) -> None:
    assert worth_retrying(None, None, Mock(data=failure)) is again


def test_step_is_recorded_under_its_name_without_a_cache() -> None:
    @step("refused step")
    def refused() -> None:
        raise MovedOn("gone")

    assert (refused.name, refused.retries, refused.retry_condition_fn) == ("refused step", 2, worth_retrying)
    assert refused.cache_policy == NO_CACHE
    with pytest.raises(MovedOn):
        refused.fn()


@pytest.mark.parametrize(
    ("failures", "attempts", "ends"),
    [
        ([], 1, None),
        ([OSError("disk")], 2, None),
        ([OSError("disk"), OutsideUnavailable("away")], 3, None),
        ([OSError("1"), OSError("2"), OSError("3")], 3, OSError),
        ([MovedOn("gone")], 1, MovedOn),
        ([OSError("disk"), StaleLease("old")], 2, StaleLease),
    ],
)
def test_step_of_a_batch_is_tried_again_where_that_can_help(
    monkeypatch: pytest.MonkeyPatch, failures: list[Exception], attempts: int, ends: type[Exception] | None
) -> None:
    monkeypatch.setattr(steps, "PAUSE_SECONDS", 0)
    left, tried = list(failures), []

    @step("take it")
    def take(number: int) -> int:
        tried.append(number)
        if left:
            raise left.pop(0)
        return number

    if ends is None:
        assert unrecorded(take)(7) == 7
    else:
        with pytest.raises(ends):
            unrecorded(take)(7)
    assert tried == [7] * attempts
