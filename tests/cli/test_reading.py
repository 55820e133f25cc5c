"""Does the command print what the page on reads shows, to who may open that page?"""

import json
from pathlib import Path

import pytest

from adapters import operational_store as store
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import StepReads, StepRuns
from models.step_register import STEPS
from tests.cli.conftest import Calls, sign_in_as


@pytest.fixture
def counted(sample_practice: Path) -> None:
    today = utc_now().date()
    with store.writing() as db:
        db.add(StepRuns(day=today, step="check coverage", runs=30))
        db.add(StepReads(day=today, step="check coverage", field="patient.email", runs=6))
        db.add(StepReads(day=today, step="check coverage", field="intake_text", refused=3))


def test_command_prints_each_step(counted: None, call: Calls):
    sign_in_as(call, "ST-501")
    lines = call("reads-report").output.splitlines()
    [line] = [each for each in lines if "check coverage" in each]
    assert [cell.strip() for cell in line.split("│")[1:-1]] == [
        *("check coverage", "30", "1", "patient.email", "4", "intake_text (3)"),
    ]
    found = json.loads(call("reads-report", "--json").output)
    assert {each["step"] for each in found} == {step.name for step in STEPS}
    [mine] = [each for each in found if each["step"] == "check coverage"]
    assert mine["refused"] == [["intake_text", 3]] and "patient.self_pay" in mine["to_narrow"]
    earlier = json.loads(call("reads-report", "--json", "--to", "2020-01-31").output)
    assert not any(each["runs"] for each in earlier)


def test_command_is_not_for_who_may_not_open_the_page(counted: None, call: Calls):
    sign_in_as(call, "ST-201")
    with pytest.raises(NotAllowed, match="not for the role"):
        call("reads-report")
