"""Does the simulated payer answer eligibility requests as it is told to, and as it then decides claims?"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.simulated_payer import CLEAN, SEASON, Shown, SimulatedPayer
from adapters.simulated_payer.rules import MEMBER_MARKS
from models.claim_form import PersonName
from models.eligibility import EligibilityAnswer, EligibilityRequest
from tests.adapters.simulated_claims import (
    COPAY,
    FULL,
    NOW,
    SEED,
    SHARE,
    acknowledgement,
    claim,
    coverages,
    line,
    of_kind,
    only,
    request,
    request_file,
)


@pytest.fixture
def payer() -> SimulatedPayer:
    return SimulatedPayer(SEED, CLEAN)


def asked(payer: SimulatedPayer, asking: EligibilityRequest, control: int = 1) -> EligibilityAnswer:
    (answer,) = coverages(payer.answer(request_file(asking, control=control), NOW))
    return answer


def told(answer: EligibilityAnswer) -> list[str]:
    """Each benefit's code, service types, period and figure."""
    return [
        f"{one.code} {'^'.join(one.service_types)} {one.period} "
        f"{next((x for x in (one.amount_cents, one.percent, one.quantity) if x is not None), '')}".strip()
        for one in answer.benefits
    ]


ACTIVE = ["1 30", "1 MH^A4^A6"]


@pytest.mark.parametrize(
    ("member", "rest"),
    [
        (COPAY, ["B MH 27 2500", "F MH 29 40"]),
        (SHARE, ["A MH  2000", "C MH 23 30000", "C MH 29 30000", "F MH 29 52"]),
        (FULL, ["F MH 29 52"]),
    ],
)
def test_active_member_is_told_what_a_visit_costs(payer: SimulatedPayer, member: str, rest: list[str]):
    answer = asked(payer, request(member))
    assert told(answer) == ACTIVE + rest
    assert (answer.trace, answer.member_id, answer.patient.birth_date) == ("EC-1", member, date(1990, 2, 3))


def test_deductible_left_is_what_claims_have_not_used(payer: SimulatedPayer):
    only(payer, claim("CL-1", line(cents=15_000), member=SHARE))
    assert "C MH 29 18925" in told(asked(payer, request(SHARE)))
    other_year = asked(payer, request(SHARE, service_date=date(2027, 1, 1)), control=2)
    assert "C MH 29 30000" in told(other_year)


@pytest.mark.parametrize(("mark", "shown"), sorted(MEMBER_MARKS.items()))
def test_marked_member_shows_up_so_whatever_the_seed(mark: str, shown: Shown):
    marked = [asked(SimulatedPayer(seed, SEASON), request(f"{mark}01")) for seed in (1, 2, 3)]
    payer = SimulatedPayer(1, CLEAN)
    payer.shows_up_as("PLAIN01", shown)
    plain = asked(payer, request("PLAIN01"))
    assert {summary(each) for each in marked} == {summary(plain)}


def summary(answer: EligibilityAnswer) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """What does not depend on the plan that was drawn: refusals, who covers, whether it is the same person."""
    covers = tuple(one for one in told(answer) if one[0] in "16U")
    return tuple(one.reason for one in answer.refusals), covers, answer.patient.given_name == "TINA"


@pytest.mark.parametrize(
    ("shown", "benefits", "refusals"),
    [
        (Shown.ONLY_30, ["1 30"], []),
        (Shown.CARVE_OUT, ["1 30", "U MH"], []),
        (Shown.INACTIVE, ["6 30"], []),
        (Shown.NOT_FOUND, [], [("75", "C")]),
        (Shown.LATER, [], [("42", "R")]),
        (Shown.EMPTY, [], []),
    ],
)
def test_member_is_shown_as_asked_for(
    payer: SimulatedPayer, shown: Shown, benefits: list[str], refusals: list[tuple[str, str]]
):
    payer.shows_up_as(FULL, shown)
    answer = asked(payer, request())
    assert told(answer) == benefits
    assert [(one.reason, one.follow_up) for one in answer.refusals] == refusals


def test_carve_out_says_to_whom(payer: SimulatedPayer):
    payer.shows_up_as(FULL, Shown.CARVE_OUT)
    carved = asked(payer, request()).benefits[1]
    assert carved.related == (("PR", "SIMULATED BEHAVIORAL CARVE OUT", "SIMPAYERBH"),)


def test_member_who_is_answered_later_is_active_the_second_time(payer: SimulatedPayer):
    payer.shows_up_as(FULL, Shown.LATER)
    assert [one.reason for one in asked(payer, request()).refusals] == ["42"]
    assert told(asked(payer, request(), control=2))[:2] == ACTIVE


def test_wrong_person_is_somebody_else_with_active_benefits(payer: SimulatedPayer):
    payer.shows_up_as(FULL, Shown.WRONG_PERSON)
    answer = asked(payer, request())
    assert (answer.patient.birth_date, answer.patient.given_name) == (date(1901, 1, 1), "SIMULATED")
    assert told(answer)[:2] == ACTIVE


def test_dependent_is_answered_as_one(payer: SimulatedPayer):
    child = PersonName("TESTER", "CHILD", birth_date=date(2012, 1, 1), sex="M")
    answer = asked(payer, request(dependent=child))
    assert (answer.is_dependent, answer.patient.given_name, told(answer)[:2]) == (True, "CHILD", ACTIVE)


def test_one_file_asks_about_many(payer: SimulatedPayer):
    requests = [request(f"SIMMH{n:05}", trace=f"EC-{n}") for n in range(30)]
    answers = coverages(payer.answer(request_file(*requests), NOW))
    assert [each.trace for each in answers] == [each.trace for each in requests]


def test_request_file_is_acknowledged_where_the_rules_say_so():
    rules = replace(CLEAN, acknowledges_requests=True, coverage_after=(timedelta(minutes=1), timedelta(minutes=1)))
    answers = SimulatedPayer(SEED, rules).answer(request_file(request(), control=5), NOW)
    group = acknowledgement(answers)
    assert (group.functional_id, group.group_control, group.sets[0].set_id) == ("HS", "5", "270")
    assert [each.due_at for each in of_kind("271", answers)] == [NOW + timedelta(minutes=1)]


def test_season_shows_every_kind_of_member():
    payer = SimulatedPayer(SEED, SEASON)
    requests = [request(f"M{n:05}", trace=f"EC-{n}") for n in range(600)]
    answers = coverages(payer.answer(request_file(*requests), NOW))
    kinds = {(tuple(one.reason for one in each.refusals), tuple(told(each)[:2])) for each in answers}
    assert {kind for kind, _ in kinds} == {(), ("42",), ("75",)}
    assert {("6 30",), ("1 30",), ("1 30", "U MH"), tuple(ACTIVE), ()} <= {benefits for _, benefits in kinds}
    active = sum(told(each)[:2] == ACTIVE for each in answers)
    assert 0.78 * 600 < active < 0.92 * 600
