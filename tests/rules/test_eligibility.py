"""A 271 says that mental health is covered, or it is not taken to say so."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.claim_form import PayerName, PersonName
from models.codes import CaseOwner
from models.eligibility import Benefit, EligibilityAnswer, EligibilityRequest, Refusal
from rules.coverage import CoverageStatus
from rules.eligibility import CheckedCoverage, coverage_from, is_mental_health
from rules.eligibility_refusals import REFUSALS

ON = date(2026, 9, 14)
BORN = date(1990, 4, 23)
PERSON = PersonName("Núñez-Brandt", "Amaya", birth_date=BORN, sex="F")
ACTIVE, NOT_SPECIFIED, CARVE_OUT, INACTIVE, NOT_FOUND, UNKNOWN = CoverageStatus
VENDOR = ("VN", "LAKESHORE BEHAVIORAL", "SAMPLE07")
PHYSICIAN = ("P3", "JONES MARCUS", "0202034")


def make_request(**changes: Any) -> EligibilityRequest:
    request = EligibilityRequest("EC-1", PayerName("P", "SAMPLE01"), "Harbor", "1000000996", PERSON, "W1", ON)
    return replace(request, **changes)


def make_answer(*benefits: Benefit, **changes: Any) -> EligibilityAnswer:
    answer = EligibilityAnswer("EC-1", PayerName("P", "SAMPLE01"), "W1", PERSON, benefits, ())
    return replace(answer, **changes)


def eb(code: str, *types: str, segment: int = 20, **said: Any) -> Benefit:
    return Benefit(code, segment, service_types=types, **said)


def check(*benefits: Benefit, **changes: Any) -> CheckedCoverage:
    return coverage_from(make_request(), [make_answer(*benefits, **changes)], on=ON)


MH, PLAN = eb("1", "MH", segment=21), eb("1", "30", segment=20)


@pytest.mark.parametrize(
    ("benefits", "status", "segment"),
    [
        ([], UNKNOWN, 0),
        ([MH], ACTIVE, 21),
        ([eb("1", "A4")], ACTIVE, 20),
        ([eb("1", "A6")], ACTIVE, 20),
        ([eb("1", "1", "33", "98", "AL", "MH", "UC")], ACTIVE, 20),
        ([PLAN, MH], ACTIVE, 21),
        ([PLAN], NOT_SPECIFIED, 20),
        ([eb("1")], NOT_SPECIFIED, 20),
        ([eb("1", "98")], UNKNOWN, 0),
        ([eb("1", procedure="90834")], UNKNOWN, 0),
        ([eb("6", "30")], INACTIVE, 20),
        ([eb("7")], INACTIVE, 20),
        ([PLAN, eb("8", "MH")], INACTIVE, 20),
        ([PLAN, eb("I", "MH")], INACTIVE, 20),
        ([eb("I", "30")], INACTIVE, 20),
        ([MH, eb("6", "MH", segment=22)], UNKNOWN, 22),
        ([MH, eb("I", "A6", segment=22)], UNKNOWN, 22),
        ([MH, eb("6", "30", segment=22)], UNKNOWN, 22),
        ([PLAN, eb("6", "30", segment=22)], UNKNOWN, 22),
        ([MH, eb("6", "98")], ACTIVE, 21),
        ([MH, eb("I", "MH", segment=22, in_network="N")], ACTIVE, 21),
        ([PLAN, replace(MH, in_network="N")], NOT_SPECIFIED, 20),
        ([replace(MH, in_network="N")], UNKNOWN, 0),
        ([replace(MH, in_network="W")], ACTIVE, 21),
        ([replace(MH, in_network="U")], ACTIVE, 21),
        *[([PLAN, eb(code, "MH", segment=22)], UNKNOWN, 22) for code in ("2", "3", "4", "5", "V", "E", "O", "T", "ZZ")],
        *[([MH, eb(code, "MH", segment=22)], UNKNOWN, 22) for code in ("2", "5", "V", "E", "O", "T", "ZZ")],
        *[([eb(code, "30")], UNKNOWN, 20) for code in ("2", "5", "V", "U", "ZZ")],
        *[([PLAN, eb(code, "30", segment=22)], UNKNOWN, 22) for code in ("2", "5", "V", "U", "ZZ")],
        ([MH, eb("5", "30", segment=22)], UNKNOWN, 22),
        ([MH, eb("3", "30", segment=22)], ACTIVE, 21),
        ([MH, eb("V", "98"), eb("ZZ", "98"), eb("R", "30"), eb("L")], ACTIVE, 21),
        *[([eb(code, "MH", amount_cents=100)], UNKNOWN, 0) for code in ("A", "B", "C", "D", "F", "G", "H", "P", "W")],
        ([PLAN, eb("U", "MH", segment=22, related=(VENDOR,))], CARVE_OUT, 22),
        ([PLAN, eb("R", "MH", segment=22, related=(VENDOR,))], CARVE_OUT, 22),
        ([PLAN, eb("I", "MH", segment=22, related=(VENDOR,))], CARVE_OUT, 22),
        ([MH, eb("U", "MH", segment=22, related=(VENDOR,))], CARVE_OUT, 22),
        ([MH, eb("U", "MH", segment=22)], UNKNOWN, 22),
        ([MH, eb("U", "MH", segment=22, related=(PHYSICIAN,))], UNKNOWN, 22),
        ([MH, eb("U", "MH", segment=22, related=(("VN", " ", ""),))], UNKNOWN, 22),
        ([PLAN, eb("I", "MH", segment=22, related=(PHYSICIAN,))], INACTIVE, 22),
        ([MH, eb("U", "98", segment=22, related=(VENDOR,))], ACTIVE, 21),
        ([eb("U", "MH", related=(VENDOR, ("PR", "OTHER", "X9")))], UNKNOWN, 20),
    ],
)
def test_status_follows_what_is_said_of_mental_health(
    benefits: list[Benefit], status: CoverageStatus, segment: int
) -> None:
    found = check(*benefits)
    assert (found.status, found.segment) == (status, segment)
    assert found.reason and not found.retry
    assert found.coverage.status is status
    assert status is not UNKNOWN or found.next_steps[0].owner is CaseOwner.BILLER


def test_carve_out_says_to_whom() -> None:
    found = check(PLAN, eb("U", "MH", related=(PHYSICIAN, VENDOR)))
    assert (found.carve_out_payer, found.carve_out_payer_id) == ("LAKESHORE BEHAVIORAL", "SAMPLE07")
    assert found.coverage.carve_out_payer == "LAKESHORE BEHAVIORAL"
    assert check(MH).coverage.carve_out_payer is None


# --- whose answer it is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        (PERSON, True),
        (replace(PERSON, family_name="NUNEZ BRANDT", given_name="AMAYA"), True),
        (replace(PERSON, family_name="NUNEZBRANDT"), True),
        (replace(PERSON, middle_name="L", sex="M"), True),
        (replace(PERSON, family_name="Brandt"), False),
        (replace(PERSON, given_name="Amayah"), False),
        (replace(PERSON, given_name=""), False),
        (replace(PERSON, birth_date=date(1990, 4, 24)), False),
        (replace(PERSON, birth_date=None), False),
        (PersonName(""), False),
    ],
)
def test_patient_of_the_answer_must_be_ours(told: PersonName, ours: bool) -> None:
    found = check(MH, patient=told)
    assert found.status is (ACTIVE if ours else UNKNOWN)
    assert "unez" not in found.reason.lower() and "maya" not in found.reason.lower()


@pytest.mark.parametrize(
    "subscriber", [replace(PERSON, birth_date=None), replace(PERSON, given_name=""), replace(PERSON, family_name="-")]
)
def test_patient_we_know_too_little_of_matches_nobody(subscriber: PersonName) -> None:
    answer = make_answer(MH, patient=subscriber)
    assert coverage_from(make_request(subscriber=subscriber), [answer], on=ON).status is UNKNOWN


def test_dependent_is_the_patient_and_the_subscriber_is_not() -> None:
    child = PersonName("Brandt", "Leo", birth_date=date(2014, 2, 3))
    request = make_request(dependent=child)
    own, parents = make_answer(PLAN, patient=child, is_dependent=True), make_answer(MH)
    assert coverage_from(request, [parents], on=ON).status is UNKNOWN
    assert coverage_from(request, [parents, own], on=ON).status is NOT_SPECIFIED


def test_answer_to_another_question_is_not_ours() -> None:
    assert check(MH, trace="EC-2").status is UNKNOWN
    assert check(MH, trace="").status is UNKNOWN
    assert coverage_from(make_request(trace=""), [make_answer(MH, trace="")], on=ON).status is UNKNOWN
    assert coverage_from(make_request(), [], on=ON).status is UNKNOWN
    assert (
        coverage_from(make_request(), [make_answer(MH, trace="EC-2"), make_answer(PLAN)], on=ON).status is NOT_SPECIFIED
    )


def test_answer_about_another_date_is_unknown() -> None:
    assert coverage_from(make_request(), [make_answer(MH)], on=date(2026, 9, 15)).status is UNKNOWN


def test_answers_that_agree_are_one_and_others_contradict() -> None:
    same, other = make_answer(MH), make_answer(eb("6", "30"))
    assert coverage_from(make_request(), [same, same], on=ON).status is ACTIVE
    assert coverage_from(make_request(), [same, other], on=ON).status is UNKNOWN


# --- dates ----------------------------------------------------------------------------------------

DAY_BEFORE, DAY_AFTER = date(2026, 9, 13), date(2026, 9, 15)
DATES = [
    ([("346", ON, None)], True),
    ([("346", DAY_AFTER, None)], False),
    ([("347", ON, None)], True),
    ([("347", DAY_BEFORE, None)], False),
    ([("356", DAY_BEFORE, None), ("357", DAY_BEFORE, None)], False),
    ([("346", date(2024, 1, 1), None), ("347", date(2024, 12, 31), None), ("346", ON, None)], True),
    ([("346", date(2024, 1, 1), None), ("347", date(2024, 12, 31), None), ("346", DAY_AFTER, None)], False),
    ([("291", ON, ON)], True),
    ([("291", DAY_AFTER, date(2027, 1, 1))], False),
    ([("307", date(2026, 1, 1), DAY_BEFORE)], False),
    ([("307", date(2025, 1, 1), date(2025, 12, 31)), ("307", date(2026, 1, 1), date(2026, 12, 31))], True),
    ([("291", DAY_BEFORE, None)], True),
    ([("636", DAY_AFTER, None)], True),
]  # fmt: skip


@pytest.mark.parametrize(("dates", "inside"), DATES)
def test_date_of_service_must_lie_in_the_plans_dates(dates: list[tuple[str, date, date | None]], inside: bool) -> None:
    assert check(MH, plan_dates=tuple(dates)).status is (ACTIVE if inside else INACTIVE)


def test_single_date_after_the_service_is_unknown() -> None:
    assert check(MH, plan_dates=(("291", DAY_AFTER, None),)).status is UNKNOWN


@pytest.mark.parametrize(("dates", "inside"), DATES)
def test_benefit_counts_on_its_own_dates_only(dates: list[tuple[str, date, date | None]], inside: bool) -> None:
    assert check(PLAN, replace(MH, dates=tuple(dates))).status is (ACTIVE if inside else NOT_SPECIFIED)
    ended = eb("6", "MH", dates=tuple(dates))
    assert check(PLAN, ended).status is (INACTIVE if inside else NOT_SPECIFIED)


# --- refusals -------------------------------------------------------------------------------------


def refused(*reasons: str, follow_up: str = "C", **changes: Any) -> CheckedCoverage:
    refusals = tuple(Refusal(reason, follow_up, "2100C", at) for at, reason in enumerate(reasons, 12))
    return check(**{"refusals": refusals, "patient": PersonName(""), **changes})


@pytest.mark.parametrize(
    ("reason", "status", "owner"),
    [
        ("15", UNKNOWN, CaseOwner.BILLER), ("42", UNKNOWN, CaseOwner.BILLER), ("43", UNKNOWN, CaseOwner.BILLER),
        ("51", UNKNOWN, CaseOwner.BILLER), ("52", UNKNOWN, CaseOwner.BILLER), ("57", UNKNOWN, CaseOwner.BILLER),
        ("62", UNKNOWN, CaseOwner.BILLER), ("58", UNKNOWN, CaseOwner.PATIENT), ("71", UNKNOWN, CaseOwner.PATIENT),
        ("72", UNKNOWN, CaseOwner.PATIENT), ("73", UNKNOWN, CaseOwner.PATIENT), ("67", NOT_FOUND, CaseOwner.PATIENT),
        ("75", NOT_FOUND, CaseOwner.PATIENT), ("77", NOT_FOUND, CaseOwner.PATIENT), ("76", UNKNOWN, CaseOwner.BILLER),
        ("78", NOT_FOUND, CaseOwner.PATIENT), ("79", UNKNOWN, CaseOwner.BILLER), ("80", UNKNOWN, CaseOwner.BILLER),
        ("Q9", UNKNOWN, CaseOwner.BILLER),
    ],
)  # fmt: skip
def test_refusal_has_an_owner_and_a_reason(reason: str, status: CoverageStatus, owner: CaseOwner) -> None:
    found = refused(reason)
    assert (found.status, found.segment) == (status, 12)
    assert [(step.owner, step.code, step.segment) for step in found.next_steps] == [(owner, reason, 12)]
    assert found.next_steps[0].reason in found.reason


@pytest.mark.parametrize(
    ("reasons", "follow_up", "retry"),
    [
        (("42",), "R", True), (("80",), "P", True), (("42", "80"), "", True), (("42",), "C", False),
        (("42",), "N", False), (("42",), "S", False), (("42",), "Y", False), (("42",), "W", False),
        (("42", "75"), "R", False), (("75",), "R", False), (("15",), "R", False), (("79",), "R", False),
    ],
)  # fmt: skip
def test_only_an_absent_payer_is_asked_again(reasons: tuple[str, ...], follow_up: str, retry: bool) -> None:
    assert refused(*reasons, follow_up=follow_up).retry is retry


def test_not_found_among_several_refusals_decides() -> None:
    found = refused("42", "75")
    assert (found.status, found.segment, len(found.next_steps)) == (NOT_FOUND, 13, 2)


def test_benefits_beside_a_refusal_are_not_trusted() -> None:
    assert refused("72", benefits=(MH,), patient=PERSON).status is UNKNOWN


def test_refusal_about_nobody_answers_everybody() -> None:
    assert refused("42", follow_up="R", trace="").retry
    assert refused("42", trace="EC-2").reason == "No answer to this question came."


def test_every_refusal_of_the_table_has_its_reason() -> None:
    assert {owner for owner, _ in REFUSALS.values()} == {CaseOwner.PATIENT, CaseOwner.BILLER}
    assert all(reason.endswith(".") for _, reason in REFUSALS.values())


# --- cost shares ----------------------------------------------------------------------------------

COPAY_IN = eb("B", "MH", segment=30, amount_cents=1_000, in_network="Y", period="27")
COPAY_OUT = eb("B", "MH", segment=31, amount_cents=3_000, in_network="N", period="27")


def test_shares_are_tied_to_their_segments() -> None:
    found = check(
        MH,
        COPAY_IN,
        eb("A", "MH", segment=32, percent=2_000, in_network="W"),
        eb("C", "30", segment=33, amount_cents=50_000, period="23"),
        eb("C", "30", segment=34, amount_cents=12_345, period="29"),
        eb("G", "30", segment=35, amount_cents=200_000, period="29"),
        eb("F", "MH", segment=36, quantity_kind="VS", quantity=7, period="29", needs_authorisation="Y"),
    )
    assert found.copay and (found.copay.cents, found.copay.segment, found.copay.in_network) == (1_000, 30, True)
    assert found.coinsurance and (found.coinsurance.percent, found.coinsurance.segment) == (2_000, 32)
    left = found.deductible_remaining
    assert left and (left.cents, left.segment, left.in_network) == (12_345, 34, None)
    pocket = found.out_of_pocket_remaining
    assert pocket and (pocket.cents, pocket.segment) == (200_000, 35)
    assert found.visits_left and (found.visits_left.visits, found.visits_left.segment) == (7, 36)
    assert (found.status, found.authorisation_needed, found.out_of_network) == (ACTIVE, True, ())


def test_shares_of_two_networks_are_kept_apart() -> None:
    for order in ((COPAY_IN, COPAY_OUT), (COPAY_OUT, COPAY_IN)):
        found = check(MH, *order)
        assert found.copay and found.copay.segment == 30
        assert [share.segment for share in found.out_of_network] == [31]
    alone = check(MH, COPAY_OUT)
    assert (alone.copay, [share.cents for share in alone.out_of_network]) == (None, [3_000])


@pytest.mark.parametrize(
    ("benefits", "cents"),
    [
        ([eb("B", "98", amount_cents=500)], None),
        ([eb("B", "30", amount_cents=500)], None),
        ([eb("B", "MH")], None),
        ([eb("B", "MH", amount_cents=0)], 0),
        ([eb("B", "MH", amount_cents=500), COPAY_IN], 1_000),
        ([eb("B", "1", "98", "MH", amount_cents=500), eb("B", "MH", amount_cents=700)], 700),
        ([eb("B", "MH", amount_cents=500, level="FAM"), eb("B", "MH", amount_cents=700, level="IND")], 700),
        ([eb("B", "MH", amount_cents=500), eb("B", "MH", amount_cents=500)], 500),
        ([eb("B", "MH", amount_cents=500), eb("B", "MH", amount_cents=700)], None),
        ([eb("B", "MH", amount_cents=500, dates=(("347", DAY_BEFORE, None),))], None),
    ],
)
def test_copay_is_the_one_told_most_exactly_or_none(benefits: list[Benefit], cents: int | None) -> None:
    copay = check(MH, *benefits).copay
    assert (copay.cents if copay else None) == cents


def test_mental_healths_own_deductible_comes_before_the_plans() -> None:
    found = check(
        MH,
        eb("C", "30", segment=40, amount_cents=1, period="29", in_network="Y"),
        eb("C", "MH", segment=41, amount_cents=2, period="29"),
    )
    assert found.deductible_remaining and found.deductible_remaining.segment == 41


def test_shares_that_contradict_each_other_are_asked_about() -> None:
    found = check(MH, eb("B", "MH", segment=50, amount_cents=1), eb("B", "MH", segment=51, amount_cents=2))
    assert [step for step in found.next_steps if "50, 51" in step.reason]
    assert found.status is ACTIVE


@pytest.mark.parametrize(
    ("said", "needed"),
    [(("Y",), True), (("N",), False), (("N", "Y"), True), (("U",), None), (("N", "U"), None), (("",), None)],
)
def test_authorisation_is_needed_where_any_benefit_says_so(said: tuple[str, ...], needed: bool | None) -> None:
    found = check(*(eb("1", "MH", needs_authorisation=each) for each in said))
    assert found.authorisation_needed is needed


@pytest.mark.parametrize(
    "benefit",
    [
        eb("R", "30", related=(("PRP", "OTHER PLAN", ""),)),
        eb("N", "MH"),
        eb("M", "MH"),
        eb("Y", "MH"),
        eb("F", "MH", quantity_kind="VS", quantity=0, period="29"),
    ],
)
def test_remark_is_passed_on_and_changes_nothing(benefit: Benefit) -> None:
    found = check(MH, replace(benefit, segment=60))
    assert found.status is ACTIVE
    assert [step.segment for step in found.next_steps] == [60]
    assert check(MH).next_steps == ()


# --- properties -----------------------------------------------------------------------------------

CODES = ["1", "2", "3", "4", "5", "6", "7", "8", "A", "B", "C", "E", "F", "G", "I", "R", "U", "V", "W", "ZZ", ""]
TYPES = ["30", "1", "98", "A5", "A7", "AL", "UC", "MH", "A4", "A6", "mh", ""]
a_date = st.dates(date(2025, 1, 1), date(2027, 12, 31))
benefits_of = st.builds(
    Benefit,
    code=st.sampled_from(CODES),
    segment=st.integers(1, 99),
    service_types=st.lists(st.sampled_from(TYPES), max_size=3).map(tuple),
    in_network=st.sampled_from(["Y", "N", "W", "U", ""]),
    amount_cents=st.none() | st.integers(0, 9_999),
    period=st.sampled_from(["29", "23", "27", ""]),
    dates=st.lists(st.tuples(st.sampled_from(["346", "347", "291"]), a_date, st.none()), max_size=1).map(tuple),
    related=st.sampled_from([(), (VENDOR,), (PHYSICIAN,)]),
    procedure=st.sampled_from(["", "90834"]),
)
many = st.lists(benefits_of, max_size=5)
QUICK = settings(max_examples=60, deadline=None)


@QUICK
@given(many)
def test_nothing_but_active_for_mental_health_says_so(benefits: list[Benefit]) -> None:
    if check(*benefits).status is ACTIVE:
        assert [it for it in benefits if it.code == "1" and {"MH", "A4", "A6"} & set(it.service_types)]
    without = [it for it in benefits if not (it.code == "1" and is_mental_health(it))]
    assert check(*without).status is not ACTIVE


@QUICK
@given(
    many,
    st.sampled_from(
        [
            {"patient": replace(PERSON, birth_date=date(1990, 4, 22))}, {"patient": replace(PERSON, given_name="Ama")},
            {"patient": PersonName("")}, {"trace": "EC-9"}, {"trace": ""},
            {"refusals": (Refusal("42", "R", "2100A", 9),)}, {"refusals": (Refusal("72", "C", "2100C", 9),)},
        ]
    ),
)  # fmt: skip
def test_answer_that_is_not_ours_or_refused_is_never_active(benefits: list[Benefit], wrong: dict[str, Any]) -> None:
    assert check(MH, *benefits, **wrong).status in (UNKNOWN, NOT_FOUND)


@QUICK
@given(many, many)
def test_benefits_of_other_services_never_make_mental_health_active(own: list[Benefit], others: list[Benefit]) -> None:
    unrelated = [it for it in others if not is_mental_health(it)]
    before, after = check(*own).status, check(*own, *unrelated).status
    assert after is not ACTIVE or before is ACTIVE


@QUICK
@given(many)
def test_shares_come_from_their_own_network_and_segment(benefits: list[Benefit]) -> None:
    numbered = [replace(it, segment=at) for at, it in enumerate(benefits, 1)]
    found = check(*numbered)
    by_segment = {it.segment: it for it in numbered}
    if found.copay:
        it = by_segment[found.copay.segment]
        assert (it.code, it.amount_cents) == ("B", found.copay.cents) and it.in_network != "N"
    assert all(by_segment[share.segment].in_network == "N" for share in found.out_of_network)
