"""Do the commands show, look at and end what the desk's pages do, for who may?"""

import json
from pathlib import Path

import pytest

from adapters.operational_store import reading
from models.errors import NotAllowed
from models.operational import Location
from models.pilot_codes import VersionKind
from tests.cli.conftest import Calls, sign_in_as
from tests.pilots import now_of, running


@pytest.fixture
def place(sample_practice: Path) -> Location:
    with reading() as db:
        return db.get_one(Location, "LOC-1")


def test_commands_list_look_at_and_end_a_pilot(place: Location, call: Calls):
    pilot = running(VersionKind.REMINDER_PLAN, place)
    sign_in_as(call, "ST-501")
    assert "Too early: 0 of 1,654 patients." in call("pilots", "look", pilot.id).output
    [row] = json.loads(call("pilots", "list", "--json").output)
    assert (row["id"], row["state"], row["verdict"], row["looks"]) == (pilot.id, "running", "too_early", 1)
    assert pilot.id in call("pilots", "list").output
    call("pilots", "end", pilot.id)
    assert now_of(pilot).ended_by == "ST-501"
    assert "no look was taken" in call("pilots", "look", pilot.id).output


def test_commands_are_not_for_everybody(place: Location, call: Calls):
    pilot = running(VersionKind.REMINDER_PLAN, place)
    sign_in_as(call, "ST-201")
    for command in ("look", "end"):
        with pytest.raises(NotAllowed):
            call("pilots", command, pilot.id)
    assert now_of(pilot).ended_at is None
