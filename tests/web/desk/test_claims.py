"""The biller's pages: the queue of exceptions, the list, one claim's thread, and what is done to a claim."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import billing_records
from acts import claims as acts
from adapters import claim_views, operational_store, therapy_store
from models.claim_codes import FileKind, FileStatus, RemittanceOutcome, SubmissionStatus
from models.codes import ClaimStatus, Role, ToDoStatus
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Claim, ToDo, VisitPayment
from models.therapy import TherapyAuditEvent
from tests import claim_factories as made_of
from tests import factories
from tests.claim_factories import make_claim_at, make_denied_thread
from tests.web.desk.conftest import AtTheDesk
from web.desk import claim_steps, claim_words
from web.desk.claim_evidence import ShownClaim

S = ClaimStatus


@pytest.fixture
def biller(at_the_desk) -> AtTheDesk:
    return at_the_desk(Role.BILLER)


def rows(text: str) -> list[str]:
    """The numbers of the queue's rows, in order."""
    return re.findall(r'<h2><a href="[^"]*">([^<]+)</a>', text)


def step(seated: AtTheDesk, made: Any, name: str, **fields: str) -> Any:
    version = fields.pop("version", str(made.claim.version))
    return seated.post(f"/claims/{made.number}", step=name, version=version, **fields)


def steps_of(text: str) -> set[str]:
    return set(re.findall(r'id="step-(\w+)"', text))


# -- the queue


@pytest.mark.parametrize(
    ("status", "shown"),
    [(status, status in (S.CORRECTION, S.REMITTANCE_REVIEW, S.DENIED, S.CLAIM_SIGNATURE)) for status in S],
)
def test_queue_holds_exceptions_only(biller, place, status: ClaimStatus, shown: bool):
    made = make_claim_at(status, location=place)
    assert (made.number in rows(biller.get("/claims").text)) is shown


@pytest.mark.parametrize(
    ("since", "answer_by", "shown"),
    [(6.9, None, False), (7.1, None, True), (1, -0.1, True), (30, 1, False)],
)
def test_queue_holds_what_a_patient_has_not_filled_in_in_time(biller, place, since, answer_by, shown):
    made = make_claim_at(
        S.MISSING_INFORMATION,
        location=place,
        status_since=utc_now() - timedelta(days=since),
        answer_by=utc_now() + timedelta(days=answer_by) if answer_by is not None else None,
    )
    assert (rows(biller.get("/claims").text) == [made.number]) is shown


def test_queue_says_how_much_is_moving_by_itself(biller, place):
    for status in (S.SENT, S.APPEALED, S.READY_TO_BUILD, S.CLOSED_PAID, S.CORRECTION):
        make_claim_at(status, location=place)
    assert "Everything else is moving: 3 open claims, 2 with payers." in biller.get("/claims").text


def test_queue_says_what_is_wrong_from_where_and_what_to_do(biller, place):
    made_of.make_claim_at(location=place, patient=factories.make_patient(given_name="Noor", family_name="Vantongeren"))
    shown = biller.get("/claims").text
    for words in (
        made_of.FINDING["message"],
        made_of.FINDING["suggestion"],
        "authorisation.left",
        "REF*G1",
        "60 days to file",
        "BLUEH",
        "$150.00",
        "nobody yet",
        "Noor Vantongeren",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("days", "words", "red"),
    [
        (14, "14 days to file", False),
        (13, "13 days to file", True),
        (1, "1 day to file", True),
        (0, "today is the last day to file", True),
        (-1, "past by 1 day", True),
    ],
)
def test_queue_counts_the_filing_deadline_down(biller, place, days: int, words: str, red: bool):
    make_claim_at(location=place, file_by=utc_now().date() + timedelta(days=days))
    shown = biller.get("/claims").text
    assert words in shown
    assert ('class="pressing"' in shown) is red and ('class="overdue"' in shown) is red


def test_queue_of_a_denial_counts_down_to_the_appeal(biller, place):
    make_claim_at(S.DENIED, location=place)
    assert "30 days to appeal" in biller.get("/claims").text


def test_queue_is_sorted_by_deadline(biller, place):
    today = utc_now().date()
    late = make_claim_at(location=place, file_by=today + timedelta(days=40))
    never = make_claim_at(location=place, file_by=None)
    past = make_claim_at(location=place, file_by=today - timedelta(days=2))
    assert rows(biller.get("/claims").text) == [past.number, late.number, never.number]


def test_queue_is_filtered_by_queue_payer_owner_and_location(at_the_desk, place):
    elsewhere = factories.make_location(id="LOC-2", name="Elsewhere")
    seated = at_the_desk(Role.BILLER, location_ids=["LOC-1", "LOC-2"])
    denied = make_claim_at(S.DENIED, location=place, payer_code="OTHER")
    mine = make_claim_at(location=place)
    there = make_claim_at(location=elsewhere)
    with operational_store.writing() as db:
        to_do = db.get_one(ToDo, mine.to_do.id)
        to_do.claimed_by, to_do.status = seated.staff.id, ToDoStatus.CLAIMED
        db.add(to_do)
    for query, wanted in (
        ("?queue=denial", {denied.number}),
        ("?payer=OTHER", {denied.number}),
        ("?owner=me", {mine.number}),
        ("?owner=nobody", {denied.number, there.number}),
        (f"?owner={seated.staff.id}", {mine.number}),
        ("?location=LOC-2", {there.number}),
        ("?queue=rejection", set()),
    ):
        assert set(rows(seated.get(f"/claims{query}").text)) == wanted, query


def test_queue_counts_each_queue(biller, place):
    for _ in range(2):
        make_claim_at(S.DENIED, location=place)
    make_claim_at(location=place)
    shown = biller.get("/claims").text
    found = re.findall(r">([^<>]+) <span class=\"count\">(\d+)</span>", shown)
    assert found == [("Every queue", "3"), ("Found by our checks", "1"), ("Denied", "2")]


def test_queue_holds_coverage_problems_unposted_payments_and_refused_files(biller, place):
    check, to_do = made_of.make_coverage_problem(place)
    payment = made_of.make_remitted()
    file = made_of.make_file(FileKind.REMITTANCE, FileStatus.REFUSED, problem="CLP04 is no amount", segment=31)
    shown = biller.get("/claims").text
    assert set(rows(shown)) == {check.case_number, payment.claim_control, file.name}
    assert f'href="/to-dos/{to_do.id}"' in shown and "session tomorrow" in shown
    assert f'href="/claims/remitted/{payment.id}"' in shown and "835 segment 31" in shown
    assert f'href="/clearinghouse#file-{file.id}"' in shown and "CLP04 is no amount" in shown


def test_queue_holds_no_claim_of_another_location(biller):
    make_claim_at()
    assert rows(biller.get("/claims").text) == []


def test_exception_is_taken_from_the_queue(biller, place):
    made = make_claim_at(location=place)
    shown = biller.get("/claims").text
    assert f'action="/to-dos/{made.to_do.id}/claim"' in shown
    answer = biller.post(f"/to-dos/{made.to_do.id}/claim")
    assert answer.headers["location"] == f"/claims/{made.number}?done=claimed"
    shown = biller.get("/claims").text
    assert f'action="/to-dos/{made.to_do.id}/claim"' not in shown and ">you<" in shown


def test_owner_reads_the_queue_without_names_and_takes_nothing(at_the_desk, place):
    made = make_claim_at(location=place, patient=factories.make_patient(family_name="Vantongeren"))
    seated = at_the_desk(Role.OWNER)
    shown = seated.get("/claims").text
    assert rows(shown) == [made.number] and "Vantongeren" not in shown and "Take it" not in shown
    thread = seated.get(f"/claims/{made.number}").text
    assert "Vantongeren" not in thread and "MEM-4711" not in thread and "F41.1" not in thread
    assert "What you can do" not in thread


# -- the list


def test_list_finds_claims_by_number_status_payer_and_date(biller, place):
    sent = make_claim_at(S.SENT, location=place)
    submission = made_of.make_submission(sent, status=SubmissionStatus.ACCEPTED)
    paid = make_claim_at(S.CLOSED_PAID, location=place, payer_code="OTHER")
    today = utc_now().date()
    for query, wanted in (
        ("", {sent.number, paid.number}),
        (f"?q={sent.number.lower()}", {sent.number}),
        (f"?q={submission.claim_control}", {sent.number}),
        ("?q=pc-77", {sent.number}),
        (f"?q={paid.session.case_number}", {paid.number}),
        ("?status=closed_paid", {paid.number}),
        ("?payer=OTHER", {paid.number}),
        (f"?after={today + timedelta(days=1)}", set()),
        (f"?before={today - timedelta(days=1)}&after={today - timedelta(days=9)}", {sent.number, paid.number}),
        ("?after=nonsense&status=nonsense&page_number=nonsense", {sent.number, paid.number}),
    ):
        shown = biller.get(f"/claims/all{query}").text
        assert set(re.findall(r'class="case-number" href="/claims/([^"]+)"', shown)) == wanted, query


def test_list_is_shown_in_pages(biller, place, monkeypatch):
    monkeypatch.setattr("adapters.claim_views.PAGE", 2)
    for _ in range(3):
        make_claim_at(S.SENT, location=place)
    first, last = biller.get("/claims/all").text, biller.get("/claims/all?page_number=2").text
    assert "Page 1 of 2" in first and "Older" in first and "Newer" not in first
    assert "Page 2 of 2" in last and len(re.findall('class="case-number"', last)) == 1


# -- the thread


def test_thread_tells_a_claims_way_with_files_segments_and_words(biller, place):
    made = make_denied_thread(location=place)
    shown = biller.get(f"/claims/{made.number}").text
    kinds = re.findall(r'<span class="kind [^"]*">([^<]+)</span>', shown)
    assert kinds == ["270", "271", "837P", "999", "277CA", "835"]
    for words in (
        "Active for mental health.",
        "Copay $25.00, in network (EB segment 14)",
        f"Sent to BLUEH as original, $150.00: {made.number}-1.",
        "90837-95, 1 unit, $150.00",
        "Their number: PC-77.",
        "Denied: $0.00 paid of $150.00.",
        "control number 905",
        "segment 31",
        "Payment EFT-1001",
    ):
        assert words in shown, words


def test_thread_shows_the_money_by_account(biller, place):
    made = make_denied_thread(location=place)
    shown = biller.get(f"/claims/{made.number}").text
    assert re.search(r"<dt>Payers owe</dt><dd>\$0.00</dd>", shown)
    assert re.search(r"<dt>Denied, to be answered</dt><dd>\$150.00</dd>", shown)
    assert "3 ledger lines" in shown and "CO-197" in shown


def test_thread_shows_the_claim_to_who_bills_it_and_puts_the_read_on_record(biller, place):
    made = make_claim_at(location=place)
    shown = biller.get(f"/claims/{made.number}").text
    assert "MEM-4711" in shown and "F41.1" in shown and "Blue Harbor Health" in shown
    assert made_of.FINDING["message"] in shown and "Keeps the claim here" in shown
    with therapy_store.reading() as db:
        events = db.exec(select(TherapyAuditEvent).where(TherapyAuditEvent.case_number == made.number)).all()
        read = [(each.actor, each.where) for each in events if each.action == therapy_store.READ]
    assert read == [(biller.staff.id, "desk:claim")]


def test_thread_of_a_claim_that_was_tampered_with_is_not_worked_on(biller, place):
    made = make_claim_at(location=place, content_digest="0" * 64, content_id="")
    with operational_store.writing() as db:
        claim = db.get_one(Claim, made.number)
        claim.content_digest = "0" * 64
        db.add(claim)
    shown = biller.get(f"/claims/{made.number}").text
    assert "Do not work on with this claim." in shown and "MEM-4711" not in shown
    assert 'id="step-correct"' not in shown


def test_claim_is_shown_to_its_clinician_without_the_billers_forms(at_the_desk, person, place):
    clinician = person(Role.CLINICIAN)
    made = make_claim_at(location=place, clinician=clinician)
    shown = at_the_desk(clinician).get(f"/claims/{made.number}").text
    assert "F41.1" in shown and "What you can do" not in shown
    stranger = at_the_desk(Role.CLINICIAN, team="other")
    assert stranger.get(f"/claims/{made.number}").status_code == 403


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ANALYST, Role.COMPLIANCE])
def test_claim_is_closed_to_other_roles(at_the_desk, place, role: Role):
    made = make_claim_at(location=place)
    assert at_the_desk(role).get(f"/claims/{made.number}").status_code == 403


def test_number_that_is_no_claim_has_moved_on(biller, place):
    case = factories.make_referral(location=place)
    assert biller.get(f"/claims/{case.case_number}").status_code == 409
    assert biller.get("/claims/CL-999999").status_code == 409


def test_case_page_of_a_claim_leads_to_the_claims_page(biller, place):
    made = make_claim_at(location=place)
    assert biller.get(f"/cases/{made.number}").headers["location"] == f"/claims/{made.number}"
    assert biller.get(f"/cases?number={made.number}").headers["location"] == f"/claims/all?q={made.number}"


# -- what is done to it


@pytest.fixture
def done(monkeypatch) -> list[tuple[str, Any, dict[str, Any]]]:
    """Every act of a biller that was asked for, in place of the act itself."""
    asked: list[tuple[str, Any, dict[str, Any]]] = []

    def note(name: str) -> Any:
        return lambda *it, **more: asked.append((name, *it, more))

    for name in (
        "correct",
        "build_again",
        "ask_coverage_again",
        "take_back",
        "do_not_bill",
        "write_off",
        "appeal",
        "bill_patient",
        "accept_decision",
    ):
        monkeypatch.setattr(acts, name, note(name))
    for name in ("record_patient_payment", "wait_for_payer", "ask_patient", "settle_remitted"):
        monkeypatch.setattr(acts, name, note(name))
    for name in ("record_coverage", "record_patient_fields", "record_authorisation"):
        monkeypatch.setattr(billing_records, name, note(name))
    return asked


def test_only_the_steps_that_fit_are_offered(biller, place):
    offered = {
        status: steps_of(biller.get(f"/claims/{make_claim_at(status, location=place).number}").text) for status in S
    }
    records = set(claim_steps.RECORDS)
    before = {"correct", "build_again", "ask_coverage_again", "ask_patient", "do_not_bill"}
    after = {"correct", "build_again", "appeal", "bill_patient", "wait_for_payer", "take_back", "write_off"}
    assert offered[S.CORRECTION] == records | before
    assert offered[S.DENIED] == records | after
    balance = {"correct", "build_again", "patient_payment", "take_back", "write_off"}
    assert offered[S.PATIENT_BALANCE] == records | balance
    assert offered[S.REMITTANCE_REVIEW] == records | after | {"accept_decision"}
    assert offered[S.ACCEPTED] == records
    assert offered[S.CLOSED_PAID] == {"take_back", "patient_overpaid"}
    assert offered[S.CLOSED_VOID] == set()


def test_every_step_has_its_form_and_its_words():
    assert set(claim_steps.STEPS) == {*claim_steps.FITS, *claim_steps.RECORDS}
    assert set(claim_steps.STEPS) <= set(claim_steps.SAID)
    assert set(claim_words.PATIENT_FIELDS) == set(billing_records.PATIENT_FIELDS)
    assert tuple(claim_words.CLAIM_FIELDS) == acts.CLAIM_FIELDS
    assert set(claim_words.QUEUES) == set(claim_views.QUEUES)


def test_correction_asks_for_what_is_changed_alone(biller, place, done):
    made = make_claim_at(location=place)
    same = {"place_of_service": "11", "modifiers": "", "procedure_code": "90837", "addons": "", "diagnoses": "F41.1"}
    answer = step(biller, made, "correct", **same, authorisation="A-9", reason="They gave it by phone.")
    assert answer.headers["location"] == f"/claims/{made.number}?done=correct"
    (name, number, more) = done[0]
    assert (name, number, more["changes"]) == ("correct", made.number, {"authorisation": "A-9"})
    assert more["staff_id"] == biller.staff.id and more["reason"].unwrap() == "They gave it by phone."
    assert "built and checked anew" in biller.get(answer.headers["location"]).text


def test_correction_that_changes_nothing_is_refused(biller, place, done):
    made = make_claim_at(location=place)
    answer = step(biller, made, "correct", place_of_service="11", reason="x")
    assert answer.status_code == 422 and "Nothing is changed." in answer.text and done == []


def test_add_on_codes_are_shown_as_they_are_typed(biller, place):
    made = make_claim_at(location=place)
    lines = (*made.form.lines, *(line for line in made.form.lines))
    form = made_of.claim_form(made.patient, made.session, made.number, lines=lines)

    assert ShownClaim(form).fields["addons"] == "90837 1"


@pytest.mark.parametrize("name", ["build_again", "take_back", "write_off", "bill_patient", "accept_decision"])
def test_step_needs_a_reason(biller, place, done, name: str):
    made = make_claim_at(S.REMITTANCE_REVIEW, location=place)
    refused = step(biller, made, name, reason="  ")
    assert refused.status_code == 422 and "A reason is needed." in refused.text and done == []
    assert step(biller, made, name, reason="Because.").status_code == 303
    assert [each[0] for each in done] == [name]


def test_other_steps_reach_their_acts(biller, place, done):
    made = make_claim_at(S.DENIED, location=place)
    for name, fields in (
        ("ask_patient", {"ask-member_id": "yes", "ask-sex": "yes"}),
        ("appeal", {"template": "no_authorisation", "corrected": "", "attached": "the approval", "reason": "See it."}),
        ("wait_for_payer", {"days": "14", "reason": "They look at it."}),
        ("patient_payment", {"amount": "$25.00", "reference": "R-1"}),
        ("address", {"line": "1 Elm Street", "city": "Portland", "state": "OR", "zip_code": "97201", "sex": "F"}),
        ("coverage", {"payer_code": "BLUEH", "member_id": "M-1", "valid_from": "2026-01-01", "relationship": "18"}),
        (
            "authorisation",
            {
                "payer_code": "BLUEH",
                "number": "A-1",
                "procedure_codes": "90837, 90834",
                "sessions": "10",
                "valid_from": "2026-01-01",
                "valid_to": "2026-06-30",
            },
        ),
    ):
        assert step(biller, made, name, **fields).status_code == 303, name
    by_name = {each[0]: each[-1] for each in done}
    assert by_name["ask_patient"]["fields"] == ("member_id", "sex")
    assert by_name["wait_for_payer"]["days"] == 14
    assert by_name["record_patient_payment"]["cents"] == 2500
    assert by_name["record_authorisation"]["procedure_codes"] == ("90837", "90834")
    assert by_name["record_coverage"]["details"]["relationship"] == "18"
    assert by_name["record_patient_fields"] == {"actor": biller.staff.id}
    assert next(each for each in done if each[0] == "record_patient_fields")[2] == {
        **{"line": "1 Elm Street", "city": "Portland", "state": "OR", "zip_code": "97201", "sex": "F"},
        "second_line": "",
    }


@pytest.mark.parametrize(
    ("name", "fields", "problem"),
    [
        ("patient_payment", {"amount": "twenty", "reference": "R"}, "The amount must be dollars and cents"),
        ("patient_payment", {"amount": "-1", "reference": "R"}, "The amount must be dollars and cents"),
        ("patient_payment", {"amount": "0.001", "reference": "R"}, "The amount must be dollars and cents"),
        ("patient_payment", {"amount": "NaN", "reference": "R"}, "The amount must be dollars and cents"),
        ("patient_payment", {"amount": "1", "reference": " "}, "The reference is missing"),
        ("wait_for_payer", {"days": "0", "reason": "x"}, "The number of days must be a whole number"),
        ("wait_for_payer", {"days": "121", "reason": "x"}, "The number of days must be a whole number"),
        ("ask_patient", {}, "Choose what the patient is asked."),
        ("appeal", {"reason": "x"}, "Choose a letter."),
        ("coverage", {"valid_from": "soon"}, "The first day must be a date."),
        ("nonsense", {}, "This form could not be read"),
    ],
)
def test_form_that_cannot_be_read_says_why(biller, place, done, name, fields, problem):
    made = make_claim_at(S.DENIED, location=place)
    answer = step(biller, made, name, **fields)
    assert answer.status_code == 422 and problem in answer.text and done == []


def test_stale_page_shows_the_claim_as_it_stands_and_does_nothing(biller, place, done):
    made = make_claim_at(location=place, version=4)
    answer = step(biller, made, "build_again", version="3", reason="Typed in vain.")
    assert answer.status_code == 409 and done == []
    assert "has changed since you opened it" in answer.text and "Typed in vain." in answer.text


@pytest.mark.parametrize(
    ("refusal", "code"), [(MovedOn("it has moved on"), 409), (NotAllowed("a biller does this"), 422)]
)
def test_act_that_refuses_is_shown_beside_what_was_typed(biller, place, monkeypatch, refusal, code):
    def refuse(*_: Any, **__: Any) -> None:
        raise refusal

    monkeypatch.setattr(acts, "build_again", refuse)
    made = make_claim_at(location=place)
    answer = step(biller, made, "build_again", reason="Kept.")
    assert answer.status_code == code and "Kept." in answer.text and str(refusal)[1:] in answer.text


# -- one claim of a remittance


def test_payment_of_an_unknown_claim_is_settled(biller, place, done):
    record = made_of.make_remitted()
    shown = biller.get(f"/claims/remitted/{record.id}").text
    assert "EFT-1001" in shown and "CO-197" in shown and "Settle it" in shown
    refused = biller.post(f"/claims/remitted/{record.id}", whose="claim", case_number="", reason="x")
    assert refused.status_code == 422 and "number is missing" in refused.text
    refused = biller.post(f"/claims/remitted/{record.id}", whose="nobody", reason=" ")
    assert refused.status_code == 422 and done == []
    answer = biller.post(f"/claims/remitted/{record.id}", whose="claim", case_number=" cl-000001 ", reason="Found.")
    assert answer.headers["location"] == "/claims/CL-000001?done=settled"
    assert biller.post(f"/claims/remitted/{record.id}", whose="nobody", reason="No.").headers["location"] == "/claims"
    assert [each[-1]["case_number"] for each in done] == ["CL-000001", ""]


def test_posted_payment_is_shown_and_not_settled_again(biller, place):
    made = make_denied_thread(location=place)
    record = made_of.make_remitted(made, outcome=RemittanceOutcome.DUPLICATE, reason="the same decision stands already")
    shown = biller.get(f"/claims/remitted/{record.id}").text
    assert "The same decision stands already" in shown and "Settle it" not in shown


# -- coverage and files


def test_coverage_page_shows_tomorrows_problems_first(biller, place):
    person = factories.make_patient(given_name="Noor", family_name="Vantongeren", phone="+15035550199")
    later, _ = made_of.make_coverage_problem(place, service_date=utc_now().date() + timedelta(days=5))
    soon, to_do = made_of.make_coverage_problem(place, person)
    fine, _ = made_of.make_coverage_problem(place, status="active_mental_health")
    made_of.make_coverage_problem(place, service_date=utc_now().date() + timedelta(days=9))
    shown = biller.get("/coverage").text
    assert rows(shown) == [soon.case_number, later.case_number]
    for words in ("Noor Vantongeren", "tel:+15035550199", "MINDCO", "carved out to another payer", "(EB segment 14)"):
        assert words in shown
    assert f'href="/to-dos/{to_do.id}"' in shown and "1 active for mental health" in shown
    assert fine.case_number in shown.split("<details open>")[1]


COPAY = {"kind": "copay", "cents": 2_500, "in_network": True, "segment": 14}


def test_coverage_page_says_what_to_ask_for_and_takes_what_was_paid(biller, at_the_desk, place):
    check, _ = made_of.make_coverage_problem(place, status="active_mental_health", shares=[COPAY])
    shown = biller.get("/coverage").text
    assert "Ask for $25.00 at the visit" in shown and 'value="25.00"' in shown
    paid = {"amount": "25.00", "method": "cash", "reference": "R-1"}
    for _ in range(2):
        assert biller.post(f"/coverage/{check.id}/payment", **paid).status_code == 303
    assert "$25.00 was paid." in biller.get("/coverage?done=paid").text
    refused = biller.post(f"/coverage/{check.id}/payment", **{**paid, "amount": "30"})
    assert refused.status_code == 422 and "Reference was used before for another amount." in refused.text
    with operational_store.reading() as db:
        [kept] = db.exec(select(VisitPayment)).all()
    assert (kept.cents, kept.method, kept.check_id) == (2_500, "cash", check.id)


def test_what_is_not_certain_is_not_asked_for(biller, place):
    share = {"kind": "coinsurance", "percent": 2_000, "in_network": True, "segment": 15}
    made_of.make_coverage_problem(place, status="active_mental_health", shares=[COPAY, share])
    shown = biller.get("/coverage").text
    assert "Ask for" not in shown and "Not certain before the payer decides: a coinsurance" in shown


def test_coverage_page_shows_an_owner_no_names(at_the_desk, place):
    person = factories.make_patient(family_name="Vantongeren", phone="+15035550199")
    made_of.make_coverage_problem(place, person)
    shown = at_the_desk(Role.OWNER).get("/coverage").text
    assert "Vantongeren" not in shown and "5550199" not in shown


def test_clearinghouse_page_shows_refused_files_with_segment_and_reason(biller):
    refused = made_of.make_file(FileKind.REMITTANCE, FileStatus.REFUSED, problem="CLP04 is no amount", segment=31)
    late = made_of.make_file(FileKind.CLAIMS, FileStatus.SENT, outgoing=True, answer_by=utc_now() - timedelta(hours=2))
    shown = biller.get("/clearinghouse").text
    head, rest = shown.split('id="files-title"')
    assert refused.name in head and "CLP04" in head and "Segment 31" in head and refused.name not in rest
    assert late.name in rest and "overdue by 2 h" in rest and ">999," in rest


def test_refused_file_is_put_aside_for_a_reason_and_shown_as_that(biller):
    refused = made_of.make_file(FileKind.REMITTANCE, FileStatus.REFUSED, problem="CLP04 is no amount", segment=31)
    page = f"/clearinghouse/{refused.id}/put-aside"
    without = biller.post(page, reason=" ")
    assert without.status_code == 422 and "A reason is needed." in without.text
    done = biller.post(page, reason="It came anew.")
    assert (done.status_code, done.headers["location"]) == (303, "/clearinghouse?done=put_aside")
    shown = biller.get(done.headers["location"]).text
    assert "The file is put aside" in shown and page not in shown and refused.name in shown
    assert biller.post(page, reason="Again.").status_code == 409


def test_owner_sees_refused_files_and_puts_none_aside(at_the_desk, place):
    made_of.make_file(FileKind.REMITTANCE, FileStatus.REFUSED, problem="CLP04 is no amount", segment=31)
    assert "put-aside" not in at_the_desk(Role.OWNER).get("/clearinghouse").text
