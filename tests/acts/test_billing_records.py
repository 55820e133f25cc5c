"""Does what is put on record about an insurance hold on the right days, in the right form, by who may?"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import billing_records, claims
from acts.insurance import OLDEST, coverage_in_force
from adapters import operational_store as store
from models.codes import ClaimStatus as C
from models.codes import LinkPurpose
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import (
    AuditEvent,
    Authorisation,
    Claim,
    OutboxMessage,
    PanelMembership,
    Patient,
    PatientBilling,
    PatientCoverage,
    PortalLink,
)
from tasks import claim_waits
from tests.billing_walk import Payer, claim_of, one_round, sent
from tests.claim_acts import BILLER, COORDINATOR, WHY, build, put_to, reject

WHO = "PT-S101"
TODAY = utc_now().date()


def put(**given: Any) -> None:
    values: dict[str, Any] = {
        "actor": BILLER,
        "rank": "P",
        "payer_code": "BCBS",
        "member_id": "XYZ1",
        "valid_from": date(2026, 6, 1),
    }
    billing_records.record_coverage(WHO, **{**values, **given})


def held(on: date, rank: str = "P", patient_id: str = WHO) -> PatientCoverage | None:
    with store.reading() as db:
        return coverage_in_force(db, store.one(db, Patient, patient_id), rank, on)


def rows(record: type, **where: Any) -> list[Any]:
    with store.reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def payer_on(*days: date, rank: str = "P") -> list[str]:
    found = [held(day, rank) for day in days]
    return [row.payer_code if row is not None else "" for row in found]


# -- spans


def test_an_insurance_ends_the_one_before_the_day_before(payer: Payer) -> None:
    put()
    assert payer_on(date(2026, 5, 31), date(2026, 6, 1), date(2030, 1, 1)) == ["AETNA", "BCBS", "BCBS"]


def test_an_insurance_that_begins_later_leaves_todays_as_it_is(payer: Payer) -> None:
    begins = TODAY + timedelta(days=30)
    put(valid_from=begins)
    assert payer_on(TODAY, begins - timedelta(days=1), begins) == ["AETNA", "AETNA", "BCBS"]


def test_an_insurance_from_an_earlier_day_takes_the_place_of_all_after_it_and_none_is_lost(payer: Payer) -> None:
    put()
    put(payer_code="CIGNA", member_id="U1", valid_from=date(2026, 3, 1))
    assert payer_on(date(2026, 2, 28), date(2026, 3, 1), date(2026, 6, 1)) == ["AETNA", "CIGNA", "CIGNA"]
    assert sorted(row.payer_code for row in rows(PatientCoverage, patient_id=WHO)) == ["AETNA", "BCBS", "CIGNA"]


def test_the_same_insurance_once_more_changes_nothing(payer: Payer) -> None:
    put()
    before = rows(PatientCoverage, patient_id=WHO)
    put()
    assert rows(PatientCoverage, patient_id=WHO) == before


def test_ranks_stand_beside_each_other(payer: Payer) -> None:
    put(rank="S", valid_from=date(2026, 1, 1))
    put(rank="T", payer_code="CIGNA", valid_from=date(2026, 1, 1))
    assert [payer_on(date(2026, 6, 1), rank=rank) for rank in "PST"] == [["AETNA"], ["BCBS"], ["CIGNA"]]


def test_a_corrected_card_has_the_span_of_the_misread_one_and_leaves_later_ones_alone(payer: Payer) -> None:
    put(valid_from=TODAY + timedelta(days=1))
    billing_records.record_patient_fields(WHO, {"member_id": "W999"}, actor=COORDINATOR)
    now, then = held(TODAY), held(TODAY + timedelta(days=1))
    assert now is not None and then is not None
    assert (now.member_id, now.payer_code, now.valid_from, now.recorded_by) == (
        "W999",
        "AETNA",
        date(2026, 1, 1),
        COORDINATOR,
    )
    assert (now.valid_to, then.payer_code, then.member_id) == (TODAY, "BCBS", "XYZ1")
    assert {row.member_id for row in rows(PatientCoverage, patient_id=WHO)} == {"W100200301", "W999", "XYZ1"}


def referred(patient_id: str = WHO) -> None:
    """As if the referral alone had said who insures this patient."""
    with store.writing() as db:
        for row in db.exec(select(PatientCoverage).where(PatientCoverage.patient_id == patient_id)).all():
            db.delete(row)
        patient = db.get_one(Patient, patient_id)
        patient.payer_code, patient.member_id = "UHC", "U1"
        db.add(patient)


def test_what_the_referral_said_holds_until_something_better_is_known(payer: Payer) -> None:
    referred()
    put(rank="S")
    assert payer_on(date(2026, 5, 1)) == ["UHC"]  # a second insurance says nothing about the first
    put(valid_from=date(2026, 8, 1))
    assert payer_on(date(2026, 7, 31), date(2026, 8, 1)) == ["UHC", "BCBS"]


def test_a_card_that_the_referral_misread_is_corrected_more_than_once(payer: Payer) -> None:
    referred()
    for number in ("U2", "U3"):
        billing_records.record_patient_fields(WHO, {"member_id": number}, actor=BILLER)
        row = held(TODAY)
        assert row is not None
        assert (row.member_id, row.payer_code, row.valid_from, row.valid_to) == (number, "UHC", OLDEST, None)


def test_a_card_of_nobody_is_not_corrected(payer: Payer) -> None:
    referred()
    with store.writing() as db:
        patient = db.get_one(Patient, WHO)
        patient.payer_code = None
        db.add(patient)
    with pytest.raises(ValueError, match="no insurance is on record"):
        billing_records.record_patient_fields(WHO, {"member_id": "U2"}, actor=BILLER)


# -- forms


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("member_id", " W1 23.4-5 ", "W1 23.4-5"),
        ("member_id", "W" * 80, "W" * 80),
        ("group_number", "G-7", "G-7"),
        ("relationship", "18", "18"),
        ("relationship", "G8", "G8"),
        ("birth_date", TODAY.isoformat(), TODAY.isoformat()),
        ("birth_date", "1900-01-01", "1900-01-01"),
        ("birth_date", "20010203", "2001-02-03"),
        ("subscriber_birth_date", "1961-07-02", "1961-07-02"),
        ("sex", "f", "F"),
        ("subscriber_sex", "U", "U"),
        ("subscriber_family_name", "  Ångström-O\u2019Neil  y Söhne ", "Ångström-O\u2019Neil y Söhne"),
        ("line", "12 Alder Row, Apt. #4", "12 Alder Row, Apt. #4"),
        ("line", "x" * 55, "x" * 55),
        ("second_line", "", ""),
        ("city", "Łódź", "Łódź"),
        ("state", "or", "OR"),
        ("zip_code", "97205", "97205"),
        ("zip_code", "97205-0100", "972050100"),
    ],
)
def test_what_is_typed_is_kept_in_its_form(field: str, typed: str, kept: str) -> None:
    assert billing_records.checked({field: typed}) == {field: kept}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("member_id", ""),
        ("member_id", "W"),
        ("member_id", "W*1"),
        ("member_id", "W" * 81),
        ("group_number", "G~7"),
        ("group_number", "G" * 51),
        ("relationship", "19x"),
        ("relationship", "99"),
        ("birth_date", (TODAY + timedelta(days=1)).isoformat()),
        ("birth_date", "1899-12-31"),
        ("birth_date", "31.12.1990"),
        ("subscriber_birth_date", "1990-02-30"),
        ("sex", "X"),
        ("subscriber_sex", "female"),
        ("subscriber_family_name", "--"),
        ("subscriber_family_name", "Marchbanks*~"),
        ("subscriber_family_name", "陈"),
        ("subscriber_given_name", "g" * 36),
        ("line", "12 Alder~Row"),
        ("line", "x" * 56),
        ("line", " \t"),
        ("second_line", "x" * 56),
        ("city", "P"),
        ("city", "Port:land"),
        ("state", "ORE"),
        ("state", "1R"),
        ("zip_code", "9720"),
        ("zip_code", "972050"),
        ("zip_code", "9720501000"),
        ("payer_code", "AETNA"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_name_and_not_its_value(field: str, typed: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} ") as refusal:
        billing_records.checked({field: typed})
    assert len(typed.strip()) < 3 or typed not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rank": "X"}, "rank"),
        ({"rank": ""}, "rank"),
        ({"payer_code": "NOBODY"}, "payer_code"),
        ({"plan_code": "P*"}, "plan_code"),
        ({"plan_code": "P" * 51}, "plan_code"),
        ({"member_id": ""}, "member_id"),
        ({"valid_from": date(1899, 12, 31)}, "valid_from"),
        ({"details": {"sex": "F"}}, "sex"),
        ({"details": {"subscriber_sex": "?"}}, "subscriber_sex"),
    ],
)
def test_an_insurance_that_cannot_be_is_refused(payer: Payer, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} "):
        put(**given)
    assert len(rows(PatientCoverage, patient_id=WHO)) == 1


def test_a_policy_of_somebody_else_is_kept_whole(payer: Payer) -> None:
    details = {
        "relationship": "19",
        "group_number": "G-1",
        "subscriber_family_name": "Marchbanks",
        "subscriber_given_name": "Joris",
        "subscriber_birth_date": "1961-07-02",
        "subscriber_sex": "m",
    }
    put(details=details)
    row = held(TODAY)
    assert row is not None
    assert (row.relationship, row.group_number, row.subscriber_given_name) == ("19", "G-1", "Joris")
    assert (row.subscriber_birth_date, row.subscriber_sex) == (date(1961, 7, 2), "M")


def test_an_address_is_the_patients_own(payer: Payer) -> None:
    fields = {"line": "9 New Row", "second_line": "", "city": "Salem", "state": "or", "zip_code": "97301", "sex": "u"}
    billing_records.record_patient_fields(WHO, fields, actor=BILLER)
    [row] = rows(PatientBilling, patient_id=WHO)
    assert (row.line, row.city, row.state, row.zip_code, row.sex) == ("9 New Row", "Salem", "OR", "97301", "U")
    billing_records.record_patient_fields(WHO, {"birth_date": "1990-01-02"}, actor=BILLER)
    assert rows(Patient, id=WHO)[0].birth_date == date(1990, 1, 2)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"number": "A*"}, "number"),
        ({"number": " "}, "number"),
        ({"number": "A" * 51}, "number"),
        ({"valid_to": date(2026, 8, 31)}, "valid_to"),
        ({"sessions": 0}, "sessions"),
        ({"sessions": 1000}, "sessions"),
        ({"procedure_codes": ("9083",)}, "procedure_codes"),
        ({"payer_code": "NOBODY"}, "payer_code"),
        ({}, ""),
        ({"number": "A" * 50, "sessions": 999, "valid_to": date(2026, 9, 1)}, ""),
        ({"procedure_codes": ()}, ""),
    ],
)
def test_an_authorisation_is_kept_once_or_refused_by_name(payer: Payer, given: dict[str, Any], field: str) -> None:
    values: dict[str, Any] = {
        "actor": BILLER,
        "payer_code": "AETNA",
        "number": "AU-9",
        "procedure_codes": ("90837",),
        "sessions": 8,
        "valid_from": date(2026, 9, 1),
        "valid_to": date(2026, 12, 31),
    }
    if field:
        with pytest.raises(ValueError, match=f"^{field} "):
            billing_records.record_authorisation(WHO, **{**values, **given})
        return
    for _ in range(2):
        billing_records.record_authorisation(WHO, **{**values, **given})
    assert len(rows(Authorisation, patient_id=WHO)) == 1
    billing_records.record_authorisation(WHO, **{**values, **given, "sessions": 9})
    assert len(rows(Authorisation, patient_id=WHO)) == 2


@pytest.mark.parametrize("actor", ["ST-101", "ST-401", "ST-501"])
def test_only_billers_and_coordinators_keep_these_records(payer: Payer, actor: str) -> None:
    attempts: list[Callable[[], None]] = [
        lambda: put(actor=actor),
        lambda: billing_records.record_patient_fields(WHO, {"member_id": "W9"}, actor=actor),
        lambda: billing_records.record_authorisation(
            WHO, actor=actor, payer_code="AETNA", number="A1", procedure_codes=(), sessions=1,
            valid_from=TODAY, valid_to=TODAY,
        ),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()


def test_nobody_keeps_records_in_a_patients_name(payer: Payer) -> None:
    for attempt in (
        lambda: put(actor=f"patient:{WHO}"),
        lambda: billing_records.record_patient_fields(WHO, {"member_id": "W9"}, actor=f"patient:{WHO}"),
    ):
        with pytest.raises(MovedOn):
            attempt()


def test_the_audit_says_which_fields_and_not_what_they_hold(payer: Payer) -> None:
    put(member_id="SECRET-1")
    billing_records.record_patient_fields(WHO, {"line": "7 Secret Row", "birth_date": "1990-01-02"}, actor=BILLER)
    said = " ".join(str(event.details) for event in rows(AuditEvent))
    assert "birth_date" in said and not any(word in said for word in ("SECRET-1", "Secret Row", "1990-01-02"))


# -- the patient's link


def asked(*fields: str, patient: str = WHO) -> PortalLink:
    """The patient is asked for this; returns the link they are sent."""
    if claim_of(patient).status != C.CORRECTION:
        reject(Payer(control=500))
    claims.ask_patient(claim_of(patient).case_number, staff_id=BILLER, fields=fields)
    return waits(patient)


def waits(patient: str = WHO) -> PortalLink:
    number = claim_of(patient).case_number
    with store.writing() as db:
        claim_waits.prepare(db, store.one(db, Claim, number))
    links: list[PortalLink] = rows(PortalLink, case_number=number, purpose=LinkPurpose.BILLING_DETAILS)
    return max(links, key=lambda link: (link.round, link.created_at))


def test_what_a_patient_is_asked_they_fill_in_and_the_claim_leaves(payer: Payer) -> None:
    with store.writing() as db:
        db.add(PanelMembership(clinician_id="ST-109", payer_code="BCBS"))
    link = waits("PT-S106")
    [message] = [each for each in rows(OutboxMessage) if each.facts.get("link_id") == link.id]
    assert (message.to_patient_id, message.template) == ("PT-S106", claim_waits.CHOOSE_FOR_PATIENT)
    assert billing_records.asked_of(link.id) == ("member_id",)
    billing_records.fill_in(link.id, {"member_id": " XYZ100200306 "})
    assert (claim_of("PT-S106").status, claim_of("PT-S106").missing) == (C.RECEIVED, [])
    one_round()
    payer.answers_coverage()
    one_round()
    assert sent("PT-S106").subscriber.member_id == "XYZ100200306"
    assert billing_records.asked_of(link.id) == ()


def test_what_was_not_asked_or_is_not_right_changes_nothing(payer: Payer) -> None:
    link = asked("member_id", "state")
    before = held(TODAY)
    for fields, said in (
        ({"member_id": "W9", "state": "OR", "city": "Salem"}, "city was not asked"),
        ({"member_id": "W9"}, "state must not be empty"),
        ({"member_id": "W9", "state": ""}, "state must not be empty"),
        ({"member_id": "W9", "state": "Oregon"}, "state must be two letters"),
        ({"member_id": "W9", "state": "OR", "payer_code": "BCBS"}, "payer_code cannot be put on record here"),
    ):
        with pytest.raises(ValueError, match=said):
            billing_records.fill_in(link.id, fields)
    assert (held(TODAY), claim_of().status, billing_records.asked_of(link.id)) == (
        before,
        C.MISSING_INFORMATION,
        ("member_id", "state"),
    )


def test_a_second_address_line_may_stay_away_or_be_given_with_the_first(payer: Payer) -> None:
    link = asked("line", "city")
    billing_records.fill_in(link.id, {"line": "9 New Row", "second_line": "Apt 4", "city": "Salem"})
    assert [(row.line, row.second_line) for row in rows(PatientBilling, patient_id=WHO)] == [("9 New Row", "Apt 4")]


def test_a_link_is_used_once(payer: Payer) -> None:
    link = asked("member_id")
    billing_records.fill_in(link.id, {"member_id": "W9"})
    with pytest.raises(MovedOn):
        billing_records.fill_in(link.id, {"member_id": "W8"})
    row = held(TODAY)
    assert row is not None and (row.member_id, row.recorded_by) == ("W9", f"patient:{WHO}")


@pytest.mark.parametrize("how", ["expired", "revoked", "used", "other purpose", "other round", "moved", "unknown"])
def test_a_link_that_asks_for_nothing_any_more_takes_nothing(payer: Payer, how: str) -> None:
    link = asked("member_id")
    changes: dict[str, dict[str, Any]] = {
        "expired": {"expires_at": utc_now()},
        "revoked": {"revoked": True},
        "used": {"used_at": utc_now()},
        "other purpose": {"purpose": LinkPurpose.QUESTIONNAIRES},
        "other round": {"round": link.round - 2},
    }
    if how == "moved":
        claims.build_again(claim_of().case_number, staff_id=BILLER, reason=WHY)
    with store.writing() as db:
        kept = db.get_one(PortalLink, link.id)
        for name, value in changes.get(how, {}).items():
            setattr(kept, name, value)
        db.add(kept)
    link_id = "PL-none" if how == "unknown" else link.id
    assert billing_records.asked_of(link_id) == ()
    with pytest.raises(MovedOn):
        billing_records.fill_in(link_id, {"member_id": "W9"})
    row = held(TODAY)
    assert row is not None and row.member_id == "W100200301"


def test_asked_again_only_the_newer_link_counts(payer: Payer) -> None:
    first = asked("member_id")
    claims.build_again(claim_of().case_number, staff_id=BILLER, reason=WHY)
    put_to(C.CORRECTION)
    second = asked("birth_date", "birth_date", "sex")
    assert second.id != first.id
    assert (billing_records.asked_of(first.id), billing_records.asked_of(second.id)) == ((), ("birth_date", "sex"))
    billing_records.fill_in(second.id, {"birth_date": "1991-02-12", "sex": "F"})
    assert rows(Patient, id=WHO)[0].birth_date == date(1991, 2, 12)


def test_a_patient_corrects_the_insurance_of_the_session_and_not_todays(payer: Payer) -> None:
    link = asked("member_id")
    put(valid_from=TODAY)
    billing_records.fill_in(link.id, {"member_id": "W9"})
    then, now = held(claim_of().service_date), held(TODAY)
    assert then is not None and now is not None
    assert (then.payer_code, then.member_id, now.payer_code, now.member_id) == ("AETNA", "W9", "BCBS", "XYZ1")


def test_a_patient_corrects_the_insurance_that_is_billed_now(payer: Payer) -> None:
    put(rank="S", valid_from=date(2026, 1, 1))
    put_to(C.CORRECTION, rank="S")
    link = asked("member_id")
    billing_records.fill_in(link.id, {"member_id": "SECOND-9"})
    first, second = held(TODAY), held(TODAY, "S")
    assert first is not None and second is not None
    assert (first.member_id, second.member_id) == ("W100200301", "SECOND-9")


@pytest.mark.parametrize("fields", [(), ("payer_code",), ("member_id", "notes")])
def test_a_patient_is_asked_only_what_they_can_say(payer: Payer, fields: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"^fields must be some"):
        claims.ask_patient(claim_of().case_number, staff_id=BILLER, fields=fields)


def test_a_patient_who_cannot_be_written_to_is_called(payer: Payer) -> None:
    reject(payer)
    with store.writing() as db:
        patient = db.get_one(Patient, WHO)
        patient.email = None
        db.add(patient)
    with pytest.raises(ValueError, match="cannot be written to"):
        claims.ask_patient(claim_of().case_number, staff_id=BILLER, fields=("member_id",))


def test_whose_policy_it_is_is_asked_of_the_patient(payer: Payer) -> None:
    reject(payer)
    billing_records.record_patient_fields(WHO, {"relationship": "19"}, actor=BILLER)
    claims.build_again(claim_of().case_number, staff_id=BILLER, reason=WHY)
    assert build().status == C.COVERAGE_ASKED
    one_round()
    payer.answers_coverage()
    one_round()
    assert (claim_of().status, claim_of().missing) == (C.MISSING_INFORMATION, ["subscriber_family_name"])
