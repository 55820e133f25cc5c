"""The commands around the scorecard."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from acts.scorecard import hourly_value_set
from cli.app import app
from models.errors import NotAllowed
from rules.reclaimed_time import HourlyValue
from tests.factories import make_patient


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_hourly_value_is_said_and_taken_back(home: Path) -> None:
    assert "office work: not said" in run("practice", "hourly-value")
    assert "120.00 dollars" in run("practice", "hourly-value", "--clinical", "120")
    run("practice", "hourly-value", "--office", "32.50")
    assert hourly_value_set() == HourlyValue(12_000, 3_250)
    run("practice", "hourly-value", "--clinical", "0")
    assert hourly_value_set() == HourlyValue(None, 3_250)


def test_quarters_are_not_invented_where_somebody_is(sample_practice: Path) -> None:
    make_patient()
    with pytest.raises(NotAllowed, match="patients here"):
        run("sample-quarter")
