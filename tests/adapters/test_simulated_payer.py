"""Does the simulated payer decide by its own rules, tell it in sound files, and keep its book to the cent?"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.simulated_payer import CLEAN, BookEntry, PayerRules, Shown, SimulatedPayer, Standing, Treatment
from adapters.simulated_payer.rules import DENIALS
from adapters.x12 import second_opinion
from models.claim_answers import RemittancePart, RemittedClaim
from models.claim_form import ClaimForm, ClaimFrequency, PayerName, PersonName
from models.errors import OutsideRefused, X12Broken
from tests.adapters.simulated_claims import (
    COPAY,
    FULL,
    NOW,
    OTHER_PAYER,
    RENDERING,
    SEED,
    SHARE,
    acknowledgement,
    adjustments,
    after,
    claim,
    claim_file,
    line,
    money_of,
    of_kind,
    only,
    remittances,
    remitted,
    request,
    request_file,
    statuses,
)


@pytest.fixture
def payer() -> SimulatedPayer:
    return SimulatedPayer(SEED, CLEAN)


def by_claim(payer: SimulatedPayer) -> dict[str, BookEntry]:
    """The newest submission of each claim."""
    return {entry.claim_number: entry for entry in payer.book()}


def balances(payer: SimulatedPayer) -> bool:
    """Whether checks, claims and lines in the book agree with one another."""
    claims = sum(entry.paid_cents for entry in payer.book())
    plb = sum(cents for check in payer.checks() for _, _, cents in check.adjustments)
    return payer.paid_cents() == claims - plb


# What a payment is


def test_claim_is_acknowledged_accepted_and_paid(payer: SimulatedPayer):
    answers = payer.answer(claim_file(claim("CL-1"), control=12), NOW)
    group = acknowledgement(answers)
    assert (group.group_control, group.functional_id, group.outcome) == ("12", "HC", "A")
    assert [(one.set_id, one.set_control, one.outcome) for one in group.sets] == [("837", "0012", "A")]
    assert statuses(answers) == {"CL-1": "A2/20/PR"}
    (told,) = remitted(answers)
    assert (told.claim_number, told.status, told.charge_cents, told.paid_cents) == ("CL-1", "1", 15_000, 11_075)
    assert [each.control_number for each in told.lines] == ["CL-1-1"]


@pytest.mark.parametrize(
    ("member", "cents", "paid", "patient", "expected"),
    [
        (FULL, 15_000, 11_075, 0, ["CO-45 3925"]),
        (FULL, 11_075, 11_075, 0, []),
        (FULL, 11_074, 11_074, 0, []),
        (COPAY, 15_000, 8_575, 2_500, ["CO-45 3925", "PR-3 2500"]),
        (COPAY, 2_000, 0, 2_000, ["PR-3 2000"]),
        (SHARE, 15_000, 0, 11_075, ["CO-45 3925", "PR-1 11075"]),
    ],
)
def test_fee_copay_and_deductible_are_taken_off_the_charge(
    payer: SimulatedPayer, member: str, cents: int, paid: int, patient: int, expected: list[str]
):
    told = only(payer, claim("CL-1", line(cents=cents), member=member))
    assert (told.paid_cents, told.patient_cents, adjustments(told)) == (paid, patient, [expected])


def test_deductible_is_used_up_once_a_year_and_then_shared(payer: SimulatedPayer):
    told = [
        only(payer, claim(f"CL-{day}", line(service_date=date(2026, 11, day)), member=SHARE), control=day)
        for day in range(1, 5)
    ]
    assert [adjustments(each)[0][1:] for each in told] == [
        ["PR-1 11075"],
        ["PR-1 11075"],
        ["PR-1 7850", "PR-2 645"],
        ["PR-2 2215"],
    ]
    earlier = only(payer, claim("CL-9", line(service_date=date(2025, 12, 31)), member=SHARE), control=9)
    assert adjustments(earlier) == [["CO-45 3925", "PR-1 11075"]]


def test_copay_is_taken_once_for_a_claim(payer: SimulatedPayer):
    told = only(payer, claim("CL-1", line(1), line(2, "90785", 2_000), member=COPAY))
    assert adjustments(told) == [["CO-45 3925", "PR-3 2500"], ["CO-45 550"]]


def test_code_outside_the_schedule_is_paid_by_its_share_of_the_charge(payer: SimulatedPayer):
    assert only(payer, claim("CL-1", line(code="99999", cents=10_001))).paid_cents == 7_001


def test_units_count(payer: SimulatedPayer):
    assert only(payer, claim("CL-1", line(code="90840", cents=20_000, units=2))).paid_cents == 15_980


# Denials


@pytest.mark.parametrize("carc", sorted(DENIALS))
def test_denied_claim_pays_nothing_and_says_why(payer: SimulatedPayer, carc: str):
    payer.treats("CL-1", Treatment.DENIED, carc)
    told = only(payer, claim("CL-1", line(1), line(2, "90785", 2_000)))
    group, remark = DENIALS[carc]
    assert (told.status, told.paid_cents) == ("4", 0)
    assert adjustments(told) == [[f"{group}-{carc} 15000"], [f"{group}-{carc} 2000"]]
    assert {each.remarks for each in told.lines} == {(remark,) if remark else ()}
    assert (by_claim(payer)["CL-1"].standing, by_claim(payer)["CL-1"].reason) == (Standing.DENIED, carc)


def test_asked_for_treatment_holds_for_one_submission(payer: SimulatedPayer):
    payer.treats("CL-1", Treatment.DENIED, "197")
    assert only(payer, claim("CL-1")).status == "4"
    assert only(payer, claim("CL-1"), control=2).status == "1"


def test_partly_denied_claim_pays_all_but_its_last_line(payer: SimulatedPayer):
    payer.treats("CL-1", Treatment.PARTLY_DENIED, "96")
    told = only(payer, claim("CL-1", line(1), line(2, "90785", 2_000)))
    assert (told.status, told.paid_cents, adjustments(told)) == ("1", 11_075, [["CO-45 3925"], ["PR-96 2000"]])


def test_partly_denied_claim_of_one_line_is_paid_by_half(payer: SimulatedPayer):
    payer.treats("CL-1", Treatment.PARTLY_DENIED, "96")
    assert adjustments(only(payer, claim("CL-1"))) == [["CO-45 3925", "CO-222 5538"]]


@pytest.mark.parametrize(("days", "status"), [(365, "1"), (366, "4")])
def test_claim_filed_late_is_denied(payer: SimulatedPayer, days: int, status: str):
    told = only(payer, claim("CL-1", line(service_date=NOW.date() - timedelta(days=days))))
    assert (told.status, "CO-29 15000" in adjustments(told)[0]) == (status, status == "4")


@pytest.mark.parametrize(("shown", "carc"), [(Shown.INACTIVE, "27"), (Shown.CARVE_OUT, "109")])
def test_claim_of_a_member_who_is_not_covered_is_denied(payer: SimulatedPayer, shown: Shown, carc: str):
    payer.shows_up_as(FULL, shown)
    only(payer, claim("CL-1"))
    assert by_claim(payer)["CL-1"].reason == carc


def test_claim_without_a_needed_authorisation_is_denied():
    payer = SimulatedPayer(SEED, replace(CLEAN, needs_authorisation=frozenset({"90834"})))
    only(payer, claim("CL-1"))
    only(payer, claim("CL-2", line(service_date=date(2026, 11, 2)), authorisation="AUTH1"), control=2)
    only(payer, claim("CL-3", line(code="90837")), control=3)
    assert [entry.reason for entry in payer.book()] == ["197", "", ""]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (claim("CL-1"), "18"),
        (claim("CL-2"), "18"),
        (claim("CL-2", line(code="90837")), ""),
        (claim("CL-2", line(service_date=date(2026, 11, 21))), ""),
        (claim("CL-2", line(modifiers=("95",))), ""),
        (claim("CL-2", member=COPAY), ""),
        (claim("CL-2", payer=OTHER_PAYER), ""),
    ],
)
def test_service_that_was_paid_is_not_paid_again(payer: SimulatedPayer, second: ClaimForm, reason: str):
    only(payer, claim("CL-1"))
    before = payer.paid_cents()
    only(payer, second, control=2)
    assert by_claim(payer)[second.claim_number].reason == reason
    assert (payer.paid_cents() == before) is (reason == "18")
    assert balances(payer)


# The front end


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"payer": PayerName("REAL HEALTH", "60054")}, "A3/116/PR"),
        ({"rendering": replace(RENDERING, npi="1234567890")}, "A7/562/82"),
        ({"rendering": replace(RENDERING, npi="3000000000")}, "A7/562/82"),
        ({"lines": (line(service_date=date(2026, 11, 27), control_number="CL-1-1"),)}, "A7/187"),
        ({"frequency": ClaimFrequency.REPLACEMENT, "original_number": "SIM999999999"}, "A7/464/PR"),
    ],
)
def test_claim_that_does_not_get_in_is_rejected(payer: SimulatedPayer, changes: dict[str, Any], status: str):
    answers = payer.answer(claim_file(replace(claim("CL-1"), **changes)), NOW)
    assert statuses(answers)["CL-1"].rstrip("/") == status
    assert remitted(answers) == []
    assert [(entry.standing, entry.paid_cents) for entry in payer.book()] == [(Standing.REJECTED, 0)]


def test_claim_of_an_unknown_member_is_rejected(payer: SimulatedPayer):
    payer.shows_up_as(FULL, Shown.NOT_FOUND)
    assert statuses(payer.answer(claim_file(claim("CL-1")), NOW)) == {"CL-1": "A3/33/IL"}


def test_member_number_that_is_none_is_rejected(payer: SimulatedPayer):
    assert statuses(payer.answer(claim_file(claim("CL-1", member="A B")), NOW)) == {"CL-1": "A7/164/IL"}


def test_rejected_claim_may_come_again_and_is_paid(payer: SimulatedPayer):
    payer.treats("CL-1", Treatment.REJECTED)
    assert statuses(payer.answer(claim_file(claim("CL-1")), NOW))["CL-1"][:2] in ("A3", "A7")
    assert only(payer, claim("CL-1"), control=2).paid_cents == 11_075


# Replaced, voided, reversed


def test_replacement_undoes_the_original_and_pays_anew(payer: SimulatedPayer):
    first = only(payer, claim("CL-1", line(1), line(2, "90785", 2_000), member=COPAY))
    again = claim(
        "CL-1R",
        line(1, "90837", 20_000),
        member=COPAY,
        frequency=ClaimFrequency.REPLACEMENT,
        original_number=first.payer_control,
    )
    undone, told = remitted(payer.answer(claim_file(again, control=2), NOW))
    assert (undone.claim_number, undone.status, undone.payer_control) == ("CL-1", "22", first.payer_control)
    assert (undone.charge_cents, undone.paid_cents) == (-first.charge_cents, -first.paid_cents)
    for before, after_it in zip(first.lines, undone.lines, strict=True):
        assert (after_it.charge_cents, after_it.paid_cents) == (-before.charge_cents, -before.paid_cents)
        assert [each.amount_cents for each in after_it.adjustments] == [
            -each.amount_cents for each in before.adjustments
        ]
    assert (told.claim_number, told.status, told.paid_cents) == ("CL-1R", "1", 13_025)
    assert [entry.standing for entry in payer.book()] == [Standing.REPLACED, Standing.PAID]
    assert payer.paid_cents() == 13_025
    assert balances(payer)


def test_denied_claim_may_be_replaced_and_is_paid(payer: SimulatedPayer):
    payer.treats("CL-1", Treatment.DENIED, "16")
    first = only(payer, claim("CL-1"))
    fixed = claim("CL-1", frequency=ClaimFrequency.REPLACEMENT, original_number=first.payer_control)
    assert [each.status for each in remitted(payer.answer(claim_file(fixed, control=2), NOW))] == ["22", "1"]
    assert payer.paid_cents() == 11_075


def test_void_undoes_the_original_and_pays_nothing(payer: SimulatedPayer):
    first = only(payer, claim("CL-1"))
    void = claim("CL-1", frequency=ClaimFrequency.VOID, original_number=first.payer_control)
    answers = payer.answer(claim_file(void, control=2), NOW)
    assert [(each.status, each.paid_cents) for each in remitted(answers)] == [("22", -11_075)]
    assert [entry.standing for entry in payer.book()] == [Standing.VOIDED, Standing.VOIDED]
    assert sum(entry.paid_cents for entry in payer.book()) == 0
    assert balances(payer)
    assert statuses(payer.answer(claim_file(void, control=3), NOW)) == {"CL-1": "A7/464/PR"}


def test_deductible_of_an_undone_claim_is_given_back(payer: SimulatedPayer):
    first = only(payer, claim("CL-1", member=SHARE))
    void = claim("CL-1", member=SHARE, frequency=ClaimFrequency.VOID, original_number=first.payer_control)
    only(payer, void, control=2)
    others = [
        only(payer, claim(f"CL-{day}", line(service_date=date(2026, 11, day)), member=SHARE), control=day)
        for day in (3, 4, 5)
    ]
    assert [adjustments(each)[0][1] for each in others] == ["PR-1 11075", "PR-1 11075", "PR-1 7850"]


def test_check_that_would_be_negative_is_carried_forward_to_the_next(payer: SimulatedPayer):
    first = only(payer, claim("CL-1"))
    void = claim("CL-1", frequency=ClaimFrequency.VOID, original_number=first.payer_control)
    (zero,) = remittances(payer.answer(claim_file(void, control=2), NOW))
    assert money_of(zero) == (0, -11_075, -11_075)
    small = claim("CL-2", line(code="90785", cents=2_000))
    (kept,) = remittances(payer.answer(claim_file(small, control=3), NOW))
    assert money_of(kept) == (0, 1_450, 1_450)
    big = claim("CL-3", line(code="90837", cents=20_000))
    (rest,) = remittances(payer.answer(claim_file(big, control=4), NOW))
    assert money_of(rest) == (15_525 - 9_625, 15_525, 9_625)
    assert payer.paid_cents() == 11_075 + 15_525 - 9_625 == 1_450 + 15_525
    assert balances(payer)


def test_reversed_claim_is_paid_and_in_a_later_file_undone_and_paid_anew():
    payer = SimulatedPayer(SEED, replace(CLEAN, corrected_after=(timedelta(days=7), timedelta(days=9))))
    payer.treats("CL-1", Treatment.REVERSED)
    answers = payer.answer(claim_file(claim("CL-1"), claim("CL-2", line(code="90837", cents=20_000))), NOW)
    _, second = of_kind("835", answers)
    assert NOW + timedelta(days=7) <= second.due_at <= NOW + timedelta(days=9)
    told = [(each.claim_number, each.status, each.paid_cents) for each in remitted(answers)]
    corrected = told[3][2]
    assert told == [("CL-1", "1", 11_075), ("CL-2", "1", 15_525), ("CL-1", "22", -11_075), ("CL-1", "1", corrected)]
    assert corrected != 11_075
    assert by_claim(payer)["CL-1"].paid_cents == corrected
    assert len(by_claim(payer)["CL-1"].checks) == 2
    assert balances(payer)


# Other payers


@pytest.mark.parametrize(
    ("before", "patient", "paid", "expected"),
    [
        (8_575, (("3", 2_500),), 2_500, ["OA-23 12500"]),
        (5_000, (("1", 6_075),), 6_075, ["OA-23 8925"]),
        (11_000, (("3", 2_500),), 75, ["OA-23 12500", "PR-2 2425"]),
        (11_075, (("3", 2_500),), 0, ["OA-23 12500", "PR-2 2500"]),
        (11_075, (), 0, ["OA-23 15000"]),
    ],
)
def test_secondary_payer_pays_what_the_first_one_left_as_far_as_its_fee_reaches(
    payer: SimulatedPayer, before: int, patient: tuple[tuple[str, int], ...], paid: int, expected: list[str]
):
    told = only(payer, after(claim("CL-1"), before, *patient))
    assert (told.status, told.paid_cents, adjustments(told)) == ("2", paid, [expected])


def test_secondary_claim_without_the_first_payment_is_denied(payer: SimulatedPayer):
    alone = replace(after(claim("CL-1"), 8_575, ("3", 2_500)), earlier_payments=())
    only(payer, alone)
    assert by_claim(payer)["CL-1"].reason == "22"


def test_claims_of_several_payers_are_paid_by_checks_of_their_own(payer: SimulatedPayer):
    answers = payer.answer(claim_file(claim("CL-1"), claim("CL-2", payer=OTHER_PAYER)), NOW)
    assert len(of_kind("835", answers)) == 2
    assert [check.payer_id for check in payer.checks()] == ["SIMPAYER1", "SIMPAYER2"]


@pytest.mark.parametrize(("claims", "checks"), [(25, 1), (26, 2)])
def test_one_check_pays_many_claims(payer: SimulatedPayer, claims: int, checks: int):
    many = [claim(f"CL-{n}", member=f"SIMMH{n:05}") for n in range(claims)]
    answers = payer.answer(claim_file(*many), NOW)
    assert (len(of_kind("835", answers)), len(remitted(answers))) == (checks, claims)


# Money beside the claims


@pytest.mark.parametrize(
    ("changes", "plb", "paid"),
    [({"interest": 1.0}, -22, 11_097), ({"recoupment": 1.0}, 1_107, 9_968), ({}, 0, 11_075)],
)
def test_interest_is_added_and_a_recoupment_kept_back(changes: dict[str, Any], plb: int, paid: int):
    payer = SimulatedPayer(SEED, replace(CLEAN, **changes))
    (file,) = remittances(payer.answer(claim_file(claim("CL-1")), NOW))
    assert money_of(file) == (paid, 11_075, plb)
    assert payer.paid_cents() == paid
    assert balances(payer)


# Whole files


def test_file_with_a_fault_is_refused_and_none_of_its_claims_is_known(payer: SimulatedPayer):
    broken = claim_file(claim("CL-1")).replace(b"*472*D8*20261120", b"*472*D8*20261320")
    answers = payer.answer(broken, NOW)
    group = acknowledgement(answers)
    (about,) = group.sets
    assert (group.outcome, about.outcome, len(answers)) == ("R", "R", 1)
    (error,) = about.errors
    place = broken.split(b"~")[error.position + 1]
    assert (error.segment_id, error.element) == ("DTP", "3")
    assert place.startswith(b"DTP*472*")
    assert payer.book() == []


def test_file_is_refused_without_a_fault_where_the_rules_say_so():
    payer = SimulatedPayer(SEED, replace(CLEAN, file_rejected=1.0))
    data = claim_file(claim("CL-1"))
    (error,) = acknowledgement(payer.answer(data, NOW)).sets[0].errors
    assert data.split(b"~")[error.position + 1].startswith(b"SV1")
    assert payer.book() == []


def test_same_file_again_is_acknowledged_again_and_decided_once(payer: SimulatedPayer):
    payer.answer(claim_file(claim("CL-1")), NOW)
    again = payer.answer(claim_file(claim("CL-1")), NOW)
    assert (acknowledgement(again).outcome, len(again), len(payer.book())) == ("A", 1, 1)


def test_refused_file_again_is_refused_again():
    payer = SimulatedPayer(SEED, replace(CLEAN, file_rejected=1.0))
    assert [acknowledgement(payer.answer(claim_file(claim("CL-1")), NOW)).outcome for _ in range(2)] == ["R", "R"]


def test_control_number_used_for_another_file_is_refused(payer: SimulatedPayer):
    payer.answer(claim_file(claim("CL-1")), NOW)
    again = payer.answer(claim_file(claim("CL-2")), NOW)
    assert (acknowledgement(again).outcome, len(again), len(payer.book())) == ("R", 1, 1)


def test_lost_file_is_unheard_until_it_is_sent_again():
    payer = SimulatedPayer(SEED, replace(CLEAN, file_lost=1.0))
    assert payer.answer(claim_file(claim("CL-1")), NOW) == []
    assert payer.book() == []
    assert len(payer.answer(claim_file(claim("CL-1")), NOW)) == 3


def test_lost_acknowledgement_leaves_the_rest():
    payer = SimulatedPayer(SEED, replace(CLEAN, acknowledgement_lost=1.0))
    answers = payer.answer(claim_file(claim("CL-1")), NOW)
    assert [each.name[9:12] for each in answers] == ["277", "835"]


def test_production_file_is_never_answered(payer: SimulatedPayer):
    with pytest.raises(OutsideRefused, match="simulated"):
        payer.answer(claim_file(claim("CL-1"), usage="P"), NOW)
    assert payer.book() == []


def test_what_is_no_claim_file_is_not_answered(payer: SimulatedPayer):
    answers = payer.answer(claim_file(claim("CL-1")), NOW)
    for data in (b"", b"nonsense", *(each.data for each in answers)):
        with pytest.raises(X12Broken):
            payer.answer(data, NOW)


# Mischief


def test_late_status_comes_after_the_payment():
    day = timedelta(days=1)
    rules = replace(CLEAN, status_late=1.0, paid_after=(5 * day, 5 * day), late_by=(day, day))
    answers = SimulatedPayer(SEED, rules).answer(claim_file(claim("CL-1")), NOW)
    (status,), (payment,) = of_kind("277CA", answers), of_kind("835", answers)
    assert (payment.due_at, status.due_at) == (NOW + 5 * day, NOW + 6 * day)


def test_remittance_may_come_twice_under_another_name_and_counts_once():
    payer = SimulatedPayer(SEED, replace(CLEAN, remittance_twice=1.0))
    first, second = of_kind("835", payer.answer(claim_file(claim("CL-1")), NOW))
    assert first.data == second.data
    assert first.name != second.name
    assert payer.paid_cents() == 11_075


def test_half_of_a_remittance_comes_before_the_whole():
    payer = SimulatedPayer(SEED, replace(CLEAN, remittance_cut=1.0))
    whole, half = of_kind("835", payer.answer(claim_file(claim("CL-1")), NOW))
    assert (whole.data.startswith(half.data), half.due_at < whole.due_at) == (True, True)
    assert b"IEA" not in half.data


def test_garbage_comes_beside_a_whole_remittance():
    payer = SimulatedPayer(SEED, replace(CLEAN, garbage=1.0))
    whole, noise = of_kind("835", payer.answer(claim_file(claim("CL-1")), NOW))
    assert b"IEA" in whole.data
    with pytest.raises(X12Broken):
        remittances([noise])


# What it says of itself


def test_every_file_says_that_it_is_simulated(payer: SimulatedPayer):
    answers = payer.answer(claim_file(claim("CL-1")), NOW) + payer.answer(request_file(request()), NOW)
    assert {each.name[:9] for each in answers} == {"SIMPAYER-"}
    for each in answers:
        isa = each.data.split(b"*")
        assert (isa[6].strip(), isa[8].strip(), isa[15]) == (b"SIMPAYER", b"HARBOR", b"T")


def test_nobody_is_named_in_what_prints(payer: SimulatedPayer):
    answers = payer.answer(claim_file(claim("CL-1")), NOW)
    assert "TESTER" not in f"{answers}{payer.book()}"
    assert FULL not in f"{answers}{payer.book()}"


def many(count: int = 40) -> list[ClaimForm]:
    return [
        claim(
            f"CL-{n}",
            line(1, service_date=date(2026, 11, 1 + n % 25)),
            *([line(2, "90785", 2_000, service_date=date(2026, 11, 1 + n % 25))] if n % 3 == 0 else []),
            member=f"SIMMH{n:05}",
        )
        for n in range(count)
    ]


MIXED = PayerRules("mixed", treatments=dict.fromkeys(Treatment, 1), claims_per_check=5, interest=0.5, recoupment=0.5)


def test_pyx12_accepts_everything_that_is_not_meant_to_be_broken():
    payer = SimulatedPayer(SEED, MIXED)
    first = payer.answer(claim_file(*many(15)), NOW)
    voids = [
        replace(each, frequency=ClaimFrequency.VOID, original_number=entry.payer_control)
        for each in many(8)
        for entry in payer.book()
        if entry.claim_number == each.claim_number and entry.stands
    ]
    second = payer.answer(claim_file(*voids, after(claim("CL-X"), 8_575, ("3", 2_500)), control=2), NOW)
    refused = SimulatedPayer(SEED, replace(CLEAN, file_rejected=1.0)).answer(claim_file(claim("CL-1")), NOW)
    assert {
        each.name: faults for each in first + second + refused if (faults := second_opinion(each.data.decode()))
    } == {}
    assert len(first + second) > 7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_book_is_the_sum_of_the_remittances_that_were_written(seed: int):
    payer = SimulatedPayer(seed, MIXED)
    files = remittances(payer.answer(claim_file(*many()), NOW))
    assert payer.paid_cents() == sum(money_of(file)[0] for file in files)
    for file in files:
        paid, claims, plb = money_of(file)
        assert paid == claims - plb >= 0
    told: dict[str, int] = {}
    for file in files:
        for each in remitted_in(file):
            assert (
                each.charge_cents - sum(a.amount_cents for one in each.lines for a in one.adjustments)
                == each.paid_cents
            )
            told[each.payer_control] = told.get(each.payer_control, 0) + each.paid_cents
    assert told == {entry.payer_control: entry.paid_cents for entry in payer.book() if entry.stands}
    assert balances(payer)
    assert {entry.standing for entry in payer.book()} == {Standing.PAID, Standing.DENIED, Standing.REJECTED}


def remitted_in(file: list[RemittancePart]) -> list[RemittedClaim]:
    return [part for part in file if isinstance(part, RemittedClaim)]


def test_same_seed_decides_the_same_and_another_one_otherwise():
    files = [SimulatedPayer(seed, MIXED).answer(claim_file(*many()), NOW) for seed in (1, 1, 2)]
    assert files[0] == files[1] != files[2]


def test_dependent_is_told_by_their_own_name(payer: SimulatedPayer):
    form = claim("CL-1")
    child = replace(
        form,
        subscriber=replace(form.subscriber, relationship="19"),
        patient=PersonName("TESTER", "CHILD", birth_date=date(2012, 1, 1), sex="M"),
        patient_address=form.subscriber.address,
    )
    assert only(payer, child).patient_name == "CHILD TESTER"
