"""Procedure codes follow whole face-to-face minutes; a chosen code that says more is seen."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.note_codes import NoteTopic
from models.session_index import SessionService
from rules.session_codes import (
    ADDONS,
    CRISIS,
    CRISIS_ADDED,
    INTERACTIVE,
    LABELS,
    MAIN,
    NOT_FOR_TRANSLATION,
    CodeProblem,
    check_code,
    crisis_units,
    propose_code,
    whole_minutes,
)

START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 0), (59, 0), (60, 1), (52 * 60 + 59, 52), (53 * 60, 53), (53 * 60 - 0.001, 52)]
)
def test_whole_minutes_drop_a_begun_minute(seconds: float, minutes: int) -> None:
    assert whole_minutes(START, START + timedelta(seconds=seconds)) == minutes


def test_whole_minutes_count_real_time_on_a_night_when_clocks_change() -> None:
    new_york = ZoneInfo("America/New_York")
    started = datetime(2026, 11, 1, 0, 30, tzinfo=new_york)
    ended = datetime(2026, 11, 1, 1, 30, tzinfo=new_york, fold=1)
    assert whole_minutes(started, ended) == 120


@pytest.mark.parametrize(
    ("started", "ended"),
    [
        (START, START - timedelta(seconds=1)),
        (START, START.replace(tzinfo=None) + timedelta(hours=1)),
        (START.replace(tzinfo=None), START + timedelta(hours=1)),
    ],
)
def test_whole_minutes_refuse_times_that_cannot_be(started: datetime, ended: datetime) -> None:
    with pytest.raises(ValueError):
        whole_minutes(started, ended)


@pytest.mark.parametrize(
    ("service", "minutes", "code"),
    [
        ("evaluation", 1, "90791"),
        ("evaluation", 90, "90791"),
        ("individual", 15, None),
        ("individual", 16, "90832"),
        ("individual", 37, "90832"),
        ("individual", 38, "90834"),
        ("individual", 52, "90834"),
        ("individual", 53, "90837"),
        ("individual", 180, "90837"),
        ("family", 25, None),
        ("family", 26, "90847"),
        ("family_without_patient", 25, None),
        ("family_without_patient", 26, "90846"),
        ("group", 90, "90853"),
        ("crisis", 15, None),
        ("crisis", 16, "90832"),
        ("crisis", 29, "90832"),
        ("crisis", 30, "90839"),
        ("crisis", 74, "90839"),
        ("crisis", 75, "90839"),
    ],
)
def test_code_follows_service_and_minutes(service: str, minutes: int, code: str | None) -> None:
    proposal = propose_code(service, minutes)
    assert proposal.code == code
    assert str(minutes) in proposal.rule
    assert bool(proposal.missing) is (code is None)
    assert proposal.ask_a_person is False
    assert proposal.label == LABELS.get(code or "", "no code")


@pytest.mark.parametrize("service", list(SessionService))
def test_every_kind_of_session_has_a_code_at_one_hour(service: SessionService) -> None:
    assert propose_code(service, 60).code in MAIN


@pytest.mark.parametrize(
    ("minutes", "units"), [(30, 0), (74, 0), (75, 1), (104, 1), (105, 2), (134, 2), (135, 3), (164, 3), (165, 4)]
)
def test_crisis_adds_a_unit_for_each_half_hour_begun_beyond_74(minutes: int, units: int) -> None:
    assert crisis_units(minutes) == units
    addons = propose_code("crisis", minutes).addons
    assert [(addon.code, addon.units) for addon in addons] == ([(CRISIS_ADDED, units)] if units else [])


@pytest.mark.parametrize(
    ("service", "minutes", "code", "short"),
    [
        ("individual", 15, "90832", 1),
        ("individual", 37, "90834", 1),
        ("individual", 38, "90837", 15),
        ("individual", 52, "90837", 1),
        ("family", 20, "90847", 6),
        ("crisis", 29, "90839", 1),
        ("crisis", 74, "90840", 1),
        ("crisis", 75, "90840", 30),
    ],
)
def test_next_boundary_is_shown_with_the_minutes_to_it(service: str, minutes: int, code: str, short: int) -> None:
    (next_one,) = propose_code(service, minutes).alternatives
    assert (next_one.code, next_one.minutes_short) == (code, short)


@pytest.mark.parametrize(("service", "minutes"), [("individual", 53), ("family", 26), ("group", 50)])
def test_no_boundary_is_shown_where_there_is_none(service: str, minutes: int) -> None:
    assert propose_code(service, minutes).alternatives == ()


@pytest.mark.parametrize(
    ("service", "minutes", "with_patient"),
    [
        (None, 50, None),
        ("", 50, None),
        ("couples", 50, None),
        ("individual", 0, None),
        ("individual", -5, None),
        ("individual", 50, False),
        ("family", 50, False),
        ("group", 50, False),
        ("crisis", 50, False),
        ("evaluation", 50, False),
        ("family_without_patient", 50, True),
    ],
)
def test_what_no_rule_decides_is_a_persons_question(
    service: str | None, minutes: int, with_patient: bool | None
) -> None:
    proposal = propose_code(service, minutes, with_patient=with_patient)
    assert (proposal.code, proposal.ask_a_person) == (None, True)
    assert proposal.missing


@pytest.mark.parametrize(
    ("service", "with_patient", "code"),
    [("individual", True, "90834"), ("family", True, "90847"), ("family_without_patient", False, "90846")],
)
def test_presence_that_fits_the_service_changes_nothing(service: str, with_patient: bool, code: str) -> None:
    proposal = propose_code(service, 50, with_patient=with_patient)
    assert (proposal.code, proposal.ask_a_person) == (code, False)


@pytest.mark.parametrize(
    ("service", "minutes", "allowed"),
    [
        ("evaluation", 60, True),
        ("individual", 30, True),
        ("individual", 45, True),
        ("individual", 60, True),
        ("group", 60, True),
        ("crisis", 29, True),
        ("crisis", 30, False),
        ("family", 50, False),
        ("family_without_patient", 50, False),
    ],
)
def test_interactive_complexity_goes_only_with_some_codes(service: str, minutes: int, allowed: bool) -> None:
    proposal = propose_code(service, minutes, interactive_complexity=True)
    assert (INTERACTIVE in [addon.code for addon in proposal.addons]) is allowed
    assert bool(proposal.cautions) is not allowed


def test_interactive_complexity_is_not_for_translation_alone() -> None:
    proposal = propose_code("individual", 50, interactive_complexity=True, only_translation=True)
    assert (proposal.addons, proposal.cautions) == ((), (NOT_FOR_TRANSLATION,))


@pytest.mark.parametrize(
    ("service", "topics", "missing"),
    [
        ("individual", {NoteTopic.INTERVENTION}, 0),
        ("individual", {NoteTopic.CONCERN}, 1),
        ("evaluation", {"history", "mental_status", "assessment", "plan"}, 0),
        ("evaluation", {"history", "assessment"}, 2),
        ("crisis", {"risk", "mental_status", "intervention", "plan"}, 0),
        ("crisis", set(), 4),
        ("crisis", None, 0),
    ],
)
def test_note_lacks_what_its_code_asks_for(service: str, topics: set[str] | None, missing: int) -> None:
    assert len(propose_code(service, 60, topics=topics).missing) == missing


@pytest.mark.parametrize(
    ("code", "service", "minutes", "problem", "supported"),
    [
        ("90832", "individual", 15, CodeProblem.OVER_CODED, None),
        ("90832", "individual", 16, None, None),
        ("90834", "individual", 37, CodeProblem.OVER_CODED, "90832"),
        ("90834", "individual", 38, None, None),
        ("90837", "individual", 52, CodeProblem.OVER_CODED, "90834"),
        ("90837", "individual", 53, None, None),
        ("90834", "individual", 53, CodeProblem.UNDER_CODED, "90837"),
        ("90834", "individual", 52, None, None),
        ("90832", "individual", 38, CodeProblem.UNDER_CODED, "90834"),
        ("90847", "family", 25, CodeProblem.OVER_CODED, None),
        ("90847", "family", 26, None, None),
        ("90846", "family", 50, CodeProblem.OTHER_SERVICE, "90847"),
        ("90839", "crisis", 29, CodeProblem.OVER_CODED, "90832"),
        ("90839", "crisis", 30, None, None),
        ("90839", "individual", 50, CodeProblem.OTHER_SERVICE, "90834"),
        ("90834", "crisis", 50, CodeProblem.UNDER_CODED, "90839"),
        ("90837", "crisis", 50, CodeProblem.OVER_CODED, "90839"),
        ("90837", "group", 60, CodeProblem.OTHER_SERVICE, "90853"),
        ("90791", "individual", 60, CodeProblem.OTHER_SERVICE, "90837"),
        ("90837", None, 60, CodeProblem.NOT_KNOWN, None),
        ("99214", "individual", 60, CodeProblem.NOT_KNOWN, None),
        ("90785", "individual", 60, CodeProblem.NOT_TOGETHER, None),
    ],
)
def test_chosen_code_is_held_against_the_minutes(
    code: str, service: str | None, minutes: int, problem: CodeProblem | None, supported: str | None
) -> None:
    findings = check_code(code, service, minutes)
    assert [finding.problem for finding in findings] == ([problem] if problem else [])
    assert [finding.supported for finding in findings] == ([supported] if problem else [])


def test_over_coding_says_the_minutes_needed_and_had() -> None:
    (finding,) = check_code("90837", "individual", 52)
    assert "at least 53" in finding.reason
    assert "has 52" in finding.reason


@pytest.mark.parametrize(
    ("code", "service", "minutes", "addons", "problems"),
    [
        ("90837", "individual", 60, [(INTERACTIVE, 1)], []),
        ("90837", "individual", 60, [(INTERACTIVE, 2)], [CodeProblem.OVER_CODED]),
        ("90847", "family", 60, [(INTERACTIVE, 1)], [CodeProblem.NOT_TOGETHER]),
        ("90839", "crisis", 60, [(INTERACTIVE, 1)], [CodeProblem.NOT_TOGETHER]),
        ("90839", "crisis", 74, [(CRISIS_ADDED, 1)], [CodeProblem.OVER_CODED]),
        ("90839", "crisis", 75, [(CRISIS_ADDED, 1)], []),
        ("90839", "crisis", 75, [], [CodeProblem.UNDER_CODED]),
        ("90839", "crisis", 105, [(CRISIS_ADDED, 1)], [CodeProblem.UNDER_CODED]),
        ("90837", "individual", 90, [(CRISIS_ADDED, 1)], [CodeProblem.NOT_TOGETHER]),
        ("90837", "individual", 90, [("99354", 1)], [CodeProblem.NOT_KNOWN]),
    ],
)
def test_added_codes_are_held_against_the_main_code(
    code: str, service: str, minutes: int, addons: list[tuple[str, int]], problems: list[CodeProblem]
) -> None:
    assert [finding.problem for finding in check_code(code, service, minutes, addons=addons)] == problems


def test_added_code_for_translation_alone_is_over_coding() -> None:
    (finding,) = check_code("90837", "individual", 60, addons=[(INTERACTIVE, 1)], only_translation=True)
    assert (finding.problem, finding.reason) == (CodeProblem.OVER_CODED, NOT_FOR_TRANSLATION)


@pytest.mark.parametrize(
    ("code", "service", "addons", "same_day", "clashes"),
    [
        ("90839", "crisis", [], ["90839"], 1),
        ("90791", "evaluation", [], ["90791"], 1),
        ("90834", "individual", [], ["90834"], 0),
        ("90839", "crisis", [], ["90791"], 1),
        ("90839", "crisis", [], ["90838"], 1),
        ("90839", "crisis", [], ["90785"], 1),
        ("90791", "evaluation", [], ["90839"], 1),
        ("90834", "individual", [], ["90839", "90840"], 2),
        ("90853", "group", [], ["90839"], 0),
        ("90853", "group", [(INTERACTIVE, 1)], ["90839"], 1),
        ("90839", "crisis", [], ["90847"], 0),
    ],
)
def test_codes_that_exclude_each_other_on_one_day_are_seen(
    code: str, service: str, addons: list[tuple[str, int]], same_day: list[str], clashes: int
) -> None:
    findings = check_code(code, service, 50, addons=addons, same_day=same_day)
    assert [finding.problem for finding in findings] == [CodeProblem.NOT_TOGETHER] * clashes


@pytest.mark.parametrize("problem", list(CodeProblem))
def test_only_saying_more_or_other_than_happened_stops(problem: CodeProblem) -> None:
    stopping = {CodeProblem.OVER_CODED, CodeProblem.OTHER_SERVICE, CodeProblem.NOT_TOGETHER}
    assert problem.stops is (problem in stopping)


def test_every_code_has_a_label_of_our_own() -> None:
    assert set(LABELS) == {*MAIN, *ADDONS}
    assert CRISIS in MAIN
