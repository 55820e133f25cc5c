"""Steps are retried only where that can help."""

from unittest.mock import Mock

import pytest
from prefect.cache_policies import NO_CACHE

from models.errors import ContractBroken, MovedOn, OutsideUnavailable, StaleLease
from tasks.steps import step, worth_retrying


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
