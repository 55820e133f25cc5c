"""Does the command print the figures of clinical safety, without small counts, to who may open the page?"""

import json
from pathlib import Path

import pytest

from models.errors import NotAllowed
from tests.cli.conftest import Calls, sign_in_as
from tests.factories import make_labels


def test_command_prints_figures_and_hides_small_counts(sample_practice: Path, call: Calls):
    sign_in_as(call, "ST-501")
    make_labels(*[True] * 24, *[False] * 6, *[None] * 5)
    said = call("safety").output
    assert "What the screening misses" in said and "Drawn by lot" in said
    rows = {row["figure"]: row for row in json.loads(call("safety", "--json").output)}
    assert rows["Drawn by lot"]["count"] == 0 and rows["Drawn by lot"]["definition"]
    assert not any(0 < (row["count"] or 5) < 5 for row in rows.values())


@pytest.mark.parametrize("staff_id", ["ST-201", "ST-301", "ST-401", "ST-701"])
def test_command_is_for_who_may_open_the_page(sample_practice: Path, call: Calls, staff_id: str):
    with pytest.raises(NotAllowed, match="sign in"):
        call("safety")
    sign_in_as(call, staff_id)
    with pytest.raises(NotAllowed, match="not for the role"):
        call("safety")
