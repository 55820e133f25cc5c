"""Does the command print what the desk's page shows, to who may open that page?"""

import json
from pathlib import Path

import pytest

from models.errors import NotAllowed
from tests.cli.conftest import Calls, sign_in_as
from tests.factories import make_labels


@pytest.fixture
def owner(sample_practice: Path, call: Calls) -> Calls:
    sign_in_as(call, "ST-501")
    return call


def test_command_prints_counts_and_shares(owner: Calls):
    make_labels(*[True] * 24, *[False] * 6, *[None] * 5)
    make_labels(True, raised_by="rule", rule_id="harm.cut", version="lexicon-3")
    lines = owner("risk-precision").output.splitlines()
    [by_rule] = [line for line in lines if "classifier.self_harm" in line]
    assert [cell.strip() for cell in by_rule.split("│")[1:-1]] == [
        *("classifier.self_harm", "35", "5", "6", "24", "80% (63% to 90%)"),
    ]
    assert lines.count("1 with fewer than 30 flags each: too few to say anything.") == 3
    assert "harm.cut" not in "".join(lines)


def test_command_says_plainly_when_there_are_too_few(owner: Calls):
    make_labels(*[True] * 12)
    said = owner("risk-precision").output
    assert "Fewer than 30 flags were confirmed or called an error: too few to say anything." in said
    assert "%" not in said.replace("(95 %)", "")


def test_command_gives_the_same_to_programs(owner: Calls):
    make_labels(*[True] * 24, *[False] * 6, *[None] * 5)
    found = json.loads(owner("risk-precision", "--json").output)
    assert found["versions"] == ["v7"]
    [by_kind] = found["tables"]["kind"]["rows"]
    assert by_kind == found["total"] | {"group": ["self_harm"]}
    assert (by_kind["decided"], by_kind["left_open"], by_kind["labelled"], by_kind["share"]) == (35, 5, 30, 0.8)


def test_command_counts_the_days_and_the_version_that_were_asked_for(owner: Calls):
    make_labels(True)
    make_labels(True, version="v8")

    def decided(*asked: str) -> int:
        return json.loads(owner("risk-precision", "--json", *asked).output)["total"]["decided"]

    assert [decided(), decided("--version", "v8"), decided("--to", "2020-01-31")] == [2, 1, 0]


@pytest.mark.parametrize("staff_id", ["ST-201", "ST-301", "ST-401", "ST-701"])
def test_command_is_for_who_may_open_the_page(sample_practice: Path, call: Calls, staff_id: str):
    with pytest.raises(NotAllowed, match="sign in"):
        call("risk-precision")
    sign_in_as(call, staff_id)
    with pytest.raises(NotAllowed, match="not for the role"):
        call("risk-precision")
