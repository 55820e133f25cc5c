"""Who may take a referral and in which order, with reasons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import Modality
from rules.matching import (
    DEFAULT_WEIGHTS,
    Candidate,
    CandidateClinician,
    Criterion,
    MatchRequest,
    Office,
    ReasonCode,
    Way,
    age_on,
    match,
)

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
PORTLAND = Office("LOC-1", "OR", accessible=True)
CHICAGO = Office("LOC-2", "IL", accessible=False)

CLINICIAN = CandidateClinician(
    clinician_id="C-1",
    licensed_states=frozenset({"OR"}),
    panels=frozenset({("AETNA", "PPO"), ("BCBS", "*")}),
    min_age=18,
    max_age=65,
    modalities=frozenset({Modality.OFFICE, Modality.TELEHEALTH}),
    languages=frozenset({"en", "es"}),
    open_places=5,
    caseload_limit=20,
    offices=(PORTLAND,),
    conflict_patient_ids=frozenset({"P-9"}),
    focus_areas=frozenset({"grief", "sleep"}),
    next_free=NOW + timedelta(days=7),
    free_times=frozenset({"mon-am", "tue-pm"}),
    gender="female",
)
REQUEST = MatchRequest(
    patient_id="P-1",
    patient_state="OR",
    age=30,
    payer="AETNA",
    plan="PPO",
    self_pay=False,
    modality=Modality.EITHER,
    language="en",
)


def excluded_for(request: MatchRequest, clinician: CandidateClinician = CLINICIAN) -> list[ReasonCode | Criterion]:
    """The reasons for which this one clinician is excluded, empty if they fit."""
    result = match(request, [clinician], NOW)
    assert len(result.ranked) + len(result.excluded) == 1
    return [reason.code for exclusion in result.excluded for reason in exclusion.reasons]


def only(request: MatchRequest, clinician: CandidateClinician = CLINICIAN) -> Candidate:
    (candidate,) = match(request, [clinician], NOW).ranked
    return candidate


def share_of(criterion: Criterion, request: MatchRequest, clinician: CandidateClinician = CLINICIAN) -> float | None:
    """How far the clinician meets one criterion, weighing nothing else; ``None`` if it does not apply."""
    (candidate,) = match(request, [clinician], NOW, {criterion: 1}).ranked
    reasons = (*candidate.reasons_for, *candidate.reasons_against)
    return candidate.score if reasons else None


def test_fitting_clinician_is_ranked() -> None:
    assert excluded_for(REQUEST) == []


@pytest.mark.parametrize(
    ("modality", "state", "licensed", "codes"),
    [
        (Modality.TELEHEALTH, "OR", {"OR"}, []),
        (Modality.TELEHEALTH, "WA", {"OR"}, [ReasonCode.LICENCE]),
        (Modality.TELEHEALTH, "WA", {"OR", "WA"}, []),
        (Modality.TELEHEALTH, None, {"OR", "WA"}, [ReasonCode.UNKNOWN_LOCATION]),
        (Modality.OFFICE, "WA", {"OR"}, []),
        (Modality.OFFICE, None, {"OR"}, []),
        (Modality.OFFICE, "OR", {"WA"}, [ReasonCode.LICENCE]),
        (Modality.EITHER, "WA", {"OR"}, []),
        (Modality.EITHER, "WA", {"WA"}, []),
        (Modality.EITHER, "WA", {"CA"}, [ReasonCode.LICENCE, ReasonCode.LICENCE]),
        (Modality.EITHER, None, {"CA"}, [ReasonCode.UNKNOWN_LOCATION, ReasonCode.LICENCE]),
    ],
)
def test_licence_of_the_state_where_care_happens(
    modality: Modality, state: str | None, licensed: set[str], codes: list[ReasonCode]
) -> None:
    request = replace(REQUEST, modality=modality, patient_state=state)
    assert excluded_for(request, replace(CLINICIAN, licensed_states=frozenset(licensed))) == codes


def test_unknown_location_says_whom_to_ask() -> None:
    request = replace(REQUEST, modality=Modality.TELEHEALTH, patient_state=None)
    (exclusion,) = match(request, [CLINICIAN], NOW).excluded
    assert "unknown location" in exclusion.reasons[0].text


@pytest.mark.parametrize(
    ("payer", "plan", "self_pay", "codes"),
    [
        ("AETNA", "PPO", False, []),
        ("AETNA", "HMO", False, [ReasonCode.PANEL]),
        ("BCBS", "HMO", False, []),
        ("BCBS", None, False, []),
        ("AETNA", None, False, [ReasonCode.UNKNOWN_PLAN]),
        ("CIGNA", "PPO", False, [ReasonCode.PANEL]),
        (None, None, False, [ReasonCode.UNKNOWN_PLAN]),
        (None, "PPO", False, [ReasonCode.UNKNOWN_PLAN]),
        ("CIGNA", "PPO", True, []),
        (None, None, True, []),
    ],
)
def test_panel_of_the_exact_plan(payer: str | None, plan: str | None, self_pay: bool, codes: list[ReasonCode]) -> None:
    assert excluded_for(replace(REQUEST, payer=payer, plan=plan, self_pay=self_pay)) == codes


@pytest.mark.parametrize(("age", "fits"), [(17, False), (18, True), (65, True), (66, False)])
def test_age_limits_are_inclusive(age: int, fits: bool) -> None:
    assert excluded_for(replace(REQUEST, age=age)) == ([] if fits else [ReasonCode.AGE])


@pytest.mark.parametrize(
    ("language", "codes"),
    [("en", []), ("es", []), ("vi", [ReasonCode.LANGUAGE]), (None, [ReasonCode.UNKNOWN_LANGUAGE])],
)
def test_language_needed_is_spoken(language: str | None, codes: list[ReasonCode]) -> None:
    assert excluded_for(replace(REQUEST, language=language)) == codes


@pytest.mark.parametrize(("places", "fits"), [(-1, False), (0, False), (1, True)])
def test_capacity_needs_an_open_place(places: int, fits: bool) -> None:
    codes = excluded_for(REQUEST, replace(CLINICIAN, open_places=places))
    assert codes == ([] if fits else [ReasonCode.CAPACITY])


def test_conflict_of_interest_excludes() -> None:
    assert excluded_for(replace(REQUEST, patient_id="P-9")) == [ReasonCode.CONFLICT]


@pytest.mark.parametrize(
    ("asked", "works", "codes"),
    [
        (Modality.OFFICE, {Modality.TELEHEALTH}, [ReasonCode.MODALITY]),
        (Modality.TELEHEALTH, {Modality.OFFICE}, [ReasonCode.MODALITY]),
        (Modality.EITHER, {Modality.OFFICE}, []),
        (Modality.EITHER, set(), [ReasonCode.MODALITY]),
    ],
)
def test_modality_asked_for_is_offered(asked: Modality, works: set[Modality], codes: list[ReasonCode]) -> None:
    clinician = replace(CLINICIAN, modalities=frozenset(works))
    assert excluded_for(replace(REQUEST, modality=asked), clinician) == codes


def test_office_work_needs_an_office() -> None:
    clinician = replace(CLINICIAN, offices=())
    assert excluded_for(replace(REQUEST, modality=Modality.OFFICE), clinician) == [ReasonCode.MODALITY]


@pytest.mark.parametrize(
    ("modality", "needs", "accessible", "codes"),
    [
        (Modality.OFFICE, True, False, [ReasonCode.ACCESSIBILITY]),
        (Modality.OFFICE, True, True, []),
        (Modality.OFFICE, False, False, []),
        (Modality.TELEHEALTH, True, False, []),
        (Modality.EITHER, True, False, []),
    ],
)
def test_accessibility_is_asked_of_the_office(
    modality: Modality, needs: bool, accessible: bool, codes: list[ReasonCode]
) -> None:
    clinician = replace(CLINICIAN, offices=(replace(PORTLAND, accessible=accessible),))
    assert excluded_for(replace(REQUEST, modality=modality, needs_accessible=needs), clinician) == codes


def test_every_failed_filter_is_named() -> None:
    request = replace(REQUEST, patient_id="P-9", age=12, language="vi", plan="HMO", modality=Modality.TELEHEALTH)
    clinician = replace(CLINICIAN, open_places=0, licensed_states=frozenset())
    assert set(excluded_for(request, clinician)) == {
        ReasonCode.CONFLICT,
        ReasonCode.AGE,
        ReasonCode.LANGUAGE,
        ReasonCode.PANEL,
        ReasonCode.CAPACITY,
        ReasonCode.LICENCE,
    }


def test_ways_name_only_what_is_lawful_and_usable() -> None:
    clinician = replace(CLINICIAN, licensed_states=frozenset({"OR", "IL"}), offices=(CHICAGO, PORTLAND))
    assert only(REQUEST, clinician).ways == (
        Way(Modality.TELEHEALTH),
        Way(Modality.OFFICE, "LOC-1"),
        Way(Modality.OFFICE, "LOC-2"),
    )
    accessible = replace(REQUEST, patient_state="WA", needs_accessible=True)
    assert only(accessible, clinician).ways == (Way(Modality.OFFICE, "LOC-1"),)


@pytest.mark.parametrize(
    ("days", "share"), [(0, 1.0), (-2, 1.0), (7, 0.75), (14, 0.5), (28, 0.0), (40, 0.0), (None, 0.0)]
)
def test_availability_falls_to_nothing_over_four_weeks(days: int | None, share: float) -> None:
    free = None if days is None else NOW + timedelta(days=days)
    assert share_of(Criterion.AVAILABILITY, REQUEST, replace(CLINICIAN, next_free=free)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("criterion", "changes", "share"),
    [
        (Criterion.FOCUS, {}, None),
        (Criterion.FOCUS, {"focus_areas": frozenset({"grief", "sleep"})}, 1.0),
        (Criterion.FOCUS, {"focus_areas": frozenset({"grief", "ocd"})}, 0.5),
        (Criterion.FOCUS, {"focus_areas": frozenset({"ocd"})}, 0.0),
        (Criterion.TIMES, {}, None),
        (Criterion.TIMES, {"preferred_times": frozenset({"mon-am", "wed-am"})}, 0.5),
        (Criterion.LANGUAGE, {}, None),
        (Criterion.LANGUAGE, {"preferred_language": "es"}, 1.0),
        (Criterion.LANGUAGE, {"preferred_language": "vi"}, 0.0),
        (Criterion.CONTINUITY, {}, None),
        (Criterion.CONTINUITY, {"previous_clinician_id": "C-1"}, 1.0),
        (Criterion.CONTINUITY, {"previous_clinician_id": "C-2"}, 0.0),
        (Criterion.LOCATION, {}, None),
        (Criterion.LOCATION, {"location_id": "LOC-1"}, 1.0),
        (Criterion.LOCATION, {"location_id": "LOC-2"}, 0.0),
        (Criterion.LOCATION, {"location_id": "LOC-1", "modality": Modality.TELEHEALTH}, None),
        (Criterion.GENDER, {}, None),
        (Criterion.GENDER, {"preferred_gender": "female"}, 1.0),
        (Criterion.GENDER, {"preferred_gender": "male"}, 0.0),
        (Criterion.CASELOAD, {}, 0.25),
    ],
)
def test_criterion_weighs_only_what_was_asked_for(criterion: Criterion, changes: dict, share: float | None) -> None:
    assert share_of(criterion, replace(REQUEST, **changes)) == share


def test_gender_not_on_record_is_said_so() -> None:
    clinician = replace(CLINICIAN, gender=None)
    candidate = only(replace(REQUEST, preferred_gender="female"), clinician)
    assert "clinician's gender not on record" in [reason.text for reason in candidate.reasons_against]


@pytest.mark.parametrize(("limit", "share"), [(0, 0.0), (4, 1.0), (5, 1.0), (10, 0.5)])
def test_caseload_share_stays_between_zero_and_one(limit: int, share: float) -> None:
    assert share_of(Criterion.CASELOAD, REQUEST, replace(CLINICIAN, caseload_limit=limit)) == share


def test_reasons_never_name_a_focus_area() -> None:
    request = replace(REQUEST, focus_areas=frozenset({"grief", "sleep", "ocd"}))
    candidate = only(request)
    texts = " ".join(reason.text for reason in (*candidate.reasons_for, *candidate.reasons_against))
    assert "2 of 3 requested focus areas" in texts
    assert not any(area in texts for area in ("grief", "sleep", "ocd"))


def test_half_met_criterion_speaks_for_and_less_speaks_against() -> None:
    half = only(replace(REQUEST, focus_areas=frozenset({"grief", "ocd"})))
    less = only(replace(REQUEST, focus_areas=frozenset({"grief", "ocd", "adhd"})))
    assert Criterion.FOCUS in [reason.code for reason in half.reasons_for]
    assert Criterion.FOCUS in [reason.code for reason in less.reasons_against]


def test_equal_scores_are_ordered_by_free_time_then_places_then_id() -> None:
    twin = replace(CLINICIAN, clinician_id="C-0")
    roomier = replace(CLINICIAN, clinician_id="C-5", open_places=10)
    sooner = replace(CLINICIAN, clinician_id="C-7", next_free=NOW + timedelta(days=1))
    never = replace(CLINICIAN, clinician_id="C-9", next_free=None)
    nothing_weighs = match(REQUEST, [never, CLINICIAN, roomier, sooner, twin], NOW, {})
    assert [candidate.clinician_id for candidate in nothing_weighs.ranked] == [
        "C-7",
        "C-5",
        "C-0",
        "C-1",
        "C-9",
    ]
    assert {candidate.score for candidate in nothing_weighs.ranked} == {0.0}


clinicians = st.builds(
    CandidateClinician,
    clinician_id=st.uuids().map(str),
    licensed_states=st.frozensets(st.sampled_from(["OR", "WA", "IL"])),
    panels=st.frozensets(st.sampled_from([("AETNA", "PPO"), ("AETNA", "*"), ("BCBS", "*")])),
    min_age=st.just(18),
    max_age=st.integers(20, 90),
    modalities=st.frozensets(st.sampled_from([Modality.OFFICE, Modality.TELEHEALTH])),
    languages=st.frozensets(st.sampled_from(["en", "es"])),
    open_places=st.integers(0, 5),
    caseload_limit=st.integers(0, 20),
    offices=st.lists(st.sampled_from([PORTLAND, CHICAGO]), unique=True).map(tuple),
    focus_areas=st.frozensets(st.sampled_from(["grief", "sleep", "ocd"])),
    next_free=st.none() | st.integers(0, 40).map(lambda days: NOW + timedelta(days=days)),
    free_times=st.frozensets(st.sampled_from(["mon-am", "tue-pm"])),
    gender=st.sampled_from([None, "female", "male"]),
)
FULL_REQUEST = replace(
    REQUEST,
    focus_areas=frozenset({"grief", "sleep", "ocd"}),
    preferred_times=frozenset({"mon-am", "tue-pm"}),
    preferred_language="es",
    preferred_gender="female",
    location_id="LOC-1",
)


@given(st.lists(clinicians, max_size=8, unique_by=lambda clinician: clinician.clinician_id), st.data())
def test_match_does_not_depend_on_the_order_of_clinicians(
    candidates: list[CandidateClinician], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(candidates))
    assert match(FULL_REQUEST, shuffled, NOW) == match(FULL_REQUEST, candidates, NOW)


@given(st.lists(clinicians, max_size=8, unique_by=lambda clinician: clinician.clinician_id))
def test_everyone_is_ranked_or_excluded_with_reasons_that_add_up(
    candidates: list[CandidateClinician],
) -> None:
    result = match(FULL_REQUEST, candidates, NOW)
    seen = [candidate.clinician_id for candidate in result.ranked]
    seen += [exclusion.clinician_id for exclusion in result.excluded]
    assert sorted(seen) == sorted(clinician.clinician_id for clinician in candidates)
    assert all(exclusion.reasons for exclusion in result.excluded)
    scores = [candidate.score for candidate in result.ranked]
    assert scores == sorted(scores, reverse=True)
    for candidate in result.ranked:
        assert candidate.ways and 0 <= candidate.score <= 1
        points = sum(reason.points for reason in (*candidate.reasons_for, *candidate.reasons_against))
        assert points == pytest.approx(candidate.score)


def test_every_criterion_has_a_default_weight() -> None:
    assert set(DEFAULT_WEIGHTS) == set(Criterion)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2008, 11, 23), date(2026, 11, 22), 17),
        (date(2008, 11, 23), date(2026, 11, 23), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_on_a_date(born: date, on: date, age: int) -> None:
    assert age_on(born, on) == age


def test_printed_request_shows_no_fact_of_the_patient() -> None:
    assert "AETNA" not in repr(REQUEST) and "grief" not in repr(FULL_REQUEST)
