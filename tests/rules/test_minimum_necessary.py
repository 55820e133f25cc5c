"""What a step read against what it declared."""

import pytest

from models.automated_steps import MayRead
from rules.minimum_necessary import FEWEST_RUNS, ReadField, compare

MAY = MayRead({"referral": "case_number status", "patient": "state"}, content=frozenset({"intake_text", "risk_flag"}))


def test_read_fields_are_held_against_the_declaration():
    read = {"referral.status": 7, "patient.email": 1, "intake_text.text": 6}
    found = compare("screen", MAY, 7, read, {"case_focus": 2})
    assert found.fields == (
        ReadField("intake_text.text", 6, True), ReadField("patient.email", 1, False),
        ReadField("referral.status", 7, True),
    )  # fmt: skip
    assert found.undeclared == ("patient.email",)
    assert found.never_read == ("patient.state", "referral.case_number", "risk_flag")
    assert found.refused == (("case_focus", 2),)


@pytest.mark.parametrize(("runs", "says"), [(FEWEST_RUNS - 1, False), (FEWEST_RUNS, True)])
def test_field_that_is_never_read_is_one_to_take_away_after_enough_runs(runs: int, says: bool):
    found = compare("screen", MAY, runs, {"referral.status": runs}, {})
    assert bool(found.to_narrow) is says


def test_step_without_a_declaration_has_declared_nothing():
    found = compare("unknown", None, 1, {"referral.status": 1}, {})
    assert found.undeclared == ("referral.status",) and found.never_read == ()


def test_what_may_read_everything_reads_nothing_undeclared_and_narrows_nothing():
    found = compare("back up", MayRead(whole="copies"), 50, {"patient.email": 50}, {})
    assert (found.undeclared, found.to_narrow, found.whole) == ((), (), "copies")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("referral.status", True), ("referral.fence", False), ("patient.status", False),
        ("intake_text.text", True), ("intake_text.edition", True), ("case_focus.focus_areas", False),
    ],
)  # fmt: skip
def test_declaration_allows_its_fields_and_its_content(name: str, allowed: bool):
    assert MAY.allows(name) is allowed
