"""Steps are retried only where that can help."""

from unittest.mock import Mock

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness

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


def test_step_that_was_refused_runs_once_and_tells_its_flow() -> None:
    runs = []

    @step("refused step")
    def refused() -> None:
        runs.append(1)
        raise MovedOn("gone")

    @flow
    def story() -> str:
        try:
            refused()
        except MovedOn:
            return "told"
        return "not told"

    with prefect_test_harness():
        assert story() == "told"
    assert runs == [1]
