"""The commands around the scorecard."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from acts.scorecard import hourly_value_set, measured_set
from cli.app import app
from models.errors import NotAllowed
from rules.reclaimed_time import HourlyValue, Measured
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


def test_minutes_are_measured_and_assumed_again(home: Path) -> None:
    shown = run("practice", "saved-minutes").replace("\n", " ")
    assert "draft notes: 7 a case (3 to 12), assumed by us: " in shown and "steer the runs" not in shown
    said = ("--minutes", "9", "--low", "8", "--high", "11", "--source", "20 notes in October")
    shown = run("practice", "saved-minutes", "draft notes", *said)
    assert " ".join(shown.split()) == "draft notes: 9 a case (8 to 11), measured here: 20 notes in October"
    assert measured_set() == {"draft notes": Measured(9, 8, 11, "20 notes in October")}
    assert "assumed by us" in run("practice", "saved-minutes", "draft notes", "--assumed")
    assert measured_set() == {}
    for wrong in (("no such step", *said), ("draft notes", "--minutes", "9")):
        with pytest.raises(ValueError):
            run("practice", "saved-minutes", *wrong)


def test_quarters_are_not_invented_where_somebody_is(sample_practice: Path) -> None:
    make_patient()
    with pytest.raises(NotAllowed, match="patients here"):
        run("sample-quarter")
