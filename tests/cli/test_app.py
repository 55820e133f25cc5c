"""Does every command show and do what it says, and refuse with ids only?"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from adapters.portal_links import read_token
from adapters.settings import settings
from cli import app as commands
from cli import diagrams, login
from models.codes import ReferralStatus, ToDoStatus, Verdict
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed, OutsideUnavailable
from models.operational import Appointment, Decision, Referral, Staff, ToDo
from tests.cli.conftest import Calls, sample, sign_in_as
from tests.factories import make_case_at, make_patient

R = ReferralStatus


def status_of(number: str) -> ReferralStatus:
    with reading() as db:
        return db.get_one(Referral, number).status


def test_cases_are_listed_with_their_wait_and_owner(home: Path, call: Calls):
    made = make_case_at(R.RISK_REVIEW)
    [row] = json.loads(call("cases", "--json").output)
    assert (row["case_number"], row["label"], row["owner"]) == (made.number, "risk review", "clinician")
    assert made.number in call("cases").output


@pytest.mark.parametrize(("status", "shown"), [("risk_review", 1), ("booked", 0)])
def test_cases_are_filtered_by_status(home: Path, call: Calls, status: str, shown: int):
    make_case_at(R.RISK_REVIEW)
    assert len(json.loads(call("cases", "--json", "--status", status).output)) == shown


def test_overdue_shows_only_what_is_late(home: Path, call: Calls):
    make_case_at(R.RISK_REVIEW)
    assert json.loads(call("cases", "--json", "--overdue").output) == []


def test_case_shows_its_audit_without_the_patient(home: Path, call: Calls):
    made = make_case_at(R.BOOKED)
    shown = call("case", made.number).output
    assert made.number in shown
    assert made.patient.family_name not in shown
    assert str(made.patient.birth_date) not in shown


def test_unknown_case_is_refused(home: Path, call: Calls):
    with pytest.raises(MovedOn, match="RF-999999"):
        call("case", "RF-999999")


def test_waiting_names_role_and_whole_id(home: Path, call: Calls):
    made = make_case_at(R.ASSIGNMENT)
    [row] = json.loads(call("waiting", "--json").output)
    assert made.approval is not None
    assert (row["id"], row["what"], row["role"]) == (made.approval.id, "assignment", "coordinator")
    assert made.approval.id in call("waiting").output.replace("\n", "")


def test_status_counts_cases_and_says_what_does_not_answer(
    home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    make_case_at(R.WAITLISTED)
    report = json.loads(call("status", "--json").output)
    assert report["cases_by_status"] == {"waitlist": 1}
    assert set(report["parts"]) == {"prefect", "desk", "portal"}
    assert report["worker_last_seen"] is None
    assert "waitlist" in call("status").output


def test_health_is_an_exit_code_for_a_monitor(home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch):
    ended = call("health", "--json")
    assert ended.exit_code == commands.UNWELL
    found = json.loads(ended.output)
    well = {name for name, holds in found.items() if holds}
    assert well == {"operational_database", "therapy_database", "migrations"}
    assert {"worker", "watch", "prefect", "desk", "portal"} <= set(found)
    monkeypatch.setattr("cli.reporting.health", lambda: dict.fromkeys(found, True))
    assert call("health").exit_code == 0


def test_status_says_where_prefects_sign_in_lies_and_not_what_it_is(home: Path, call: Calls):
    password = settings().prefect_sign_in_words().partition(":")[2]
    for words in (("status",), ("status", "--json")):
        shown = call(*words).output.replace("\n", "")
        assert "prefect-sign-in" in shown
        assert password not in shown


def test_link_opens_the_newest_usable_link_of_a_case(home: Path, call: Calls):
    made = make_case_at(R.OFFERED)
    address = call("link", made.number).output.strip()
    assert address.startswith(settings().portal_url)
    assert read_token(address.rsplit("/", 1)[1]).link_id.startswith("PL-")


def test_link_is_refused_for_a_case_that_has_none(home: Path, call: Calls):
    made = make_case_at(R.RISK_REVIEW)
    with pytest.raises(MovedOn, match="no link"):
        call("link", made.number)


def test_users_can_be_added_reset_and_sign_in(home: Path, call: Calls):
    make_case_at(R.RISK_REVIEW)
    printed = call("users", "add", "Wanda Test", "wanda.test@example.org", "coordinator").output
    first = printed.split("password: ")[1].split()[0]
    second = call("users", "reset", "wanda.test@example.org").output.split("password: ")[1].split()[0]
    assert first != second
    assert "wanda.test@example.org" in call("users", "list").output
    with reading() as db:
        staff = db.exec(select(Staff).where(Staff.email == "wanda.test@example.org")).one()
    assert first not in staff.password_hash


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("Wanda Test", "maren.oduya@example.org", "biller"), "has an account"),
        (("Wanda Test", "wanda.test@example.org", "clinician"), "needs licences"),
        (("Wanda Test", "wanda.test@example.org", "biller", "--location", "LOC-9"), "unknown locations: LOC-9"),
    ],
)
def test_user_that_cannot_be_made_is_refused(sample_practice: Path, call: Calls, words: tuple[str, ...], why: str):
    with pytest.raises(ValueError, match=why):
        call("users", "add", *words)


def test_quarantine_is_empty_at_first(home: Path, call: Calls):
    assert "drop" not in call("quarantine").output


def test_drop_refuses_what_is_no_file(home: Path, call: Calls, tmp_path: Path):
    with pytest.raises(ValueError, match="is not a file"):
        call("drop", str(tmp_path / "nothing.csv"))


def test_drop_keeps_the_file_when_prefect_is_away(
    home: Path, call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def away() -> None:
        raise OutsideUnavailable("no Prefect server")

    monkeypatch.setattr("cli.supervisor.trigger_intake", away)
    file = tmp_path / "referrals.csv"
    file.write_text("a,b\n")
    with pytest.raises(OutsideUnavailable):
        call("drop", str(file))
    [kept] = settings().intake_folder.iterdir()
    assert kept.read_text() == "a,b\n"
    assert kept.stat().st_mode & 0o077 == 0


def test_acting_needs_a_sign_in(home: Path, call: Calls):
    made = make_case_at(R.RISK_REVIEW)
    with pytest.raises(NotAllowed, match="sign in first"):
        call("stop", made.number, "--reason", "asked to")
    assert status_of(made.number) == R.RISK_REVIEW


def test_wrong_password_does_not_sign_in(sample_practice: Path, call: Calls):
    who = sample("ST-201")
    with pytest.raises(NotAllowed):
        call("sign-in", "--email", who.email, "--password", "wrong", "--code", "123456")
    with pytest.raises(NotAllowed, match="sign in first"):
        login.who()


def test_sign_in_ends_with_sign_out(sample_practice: Path, call: Calls):
    sign_in_as(call, "ST-201")
    assert login.who().id == "ST-201"
    token = (sample_practice / "terminal-sign-in").read_text()
    call("sign-out")
    (sample_practice / "terminal-sign-in").write_text(token)
    with pytest.raises(NotAllowed, match="sign in first"):
        login.who()


def as_signer(made_staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.login.who", lambda: made_staff)


@pytest.mark.parametrize(
    ("typed", "verdict", "after"),
    [
        ("approve\n\n", Verdict.APPROVE, R.READY_TO_MATCH),
        ("edit_and_approve\nlow\nhigher_level_of_care\nnote\nseen\n", Verdict.EDIT_AND_APPROVE, R.CLOSING_LETTER),
        ("return\nWhich school?\n", Verdict.RETURN, R.QUESTION_OPEN),
        ("reject\nnot for us\n", Verdict.REJECT, R.CLOSING_LETTER),
    ],
)
def test_sign_records_the_verdict_and_moves_the_case(
    home: Path,
    call: Calls,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    verdict: Verdict,
    after: ReferralStatus,
):
    made = make_case_at(R.RISK_REVIEW)
    assert made.approval is not None
    as_signer(made.clinician, monkeypatch)
    monkeypatch.setattr("acts.decisions.prove", lambda *_, **__: made.clinician)
    shown = call("sign", made.approval.id, typed=f"{typed}password\n123456\n").output
    assert made.approval.digest in shown.replace("\n", "")
    assert status_of(made.number) == after
    with reading() as db:
        decision = db.exec(select(Decision)).one()
    assert (decision.verdict, decision.staff_id) == (verdict, made.clinician.id)
    assert decision.authenticated == "command_line_password_and_code"


def test_sign_with_a_wrong_code_changes_nothing(home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch):
    made = make_case_at(R.RISK_REVIEW)
    assert made.approval is not None
    as_signer(made.clinician, monkeypatch)
    with pytest.raises(NotAllowed):
        call("sign", made.approval.id, typed="approve\n\npassword\n000000\n")
    assert status_of(made.number) == R.RISK_REVIEW


def test_sign_shows_nothing_to_somebody_who_may_not_sign(
    home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    made = make_case_at(R.RISK_REVIEW)
    assert made.approval is not None
    as_signer(made.coordinator, monkeypatch)
    with pytest.raises(NotAllowed, match="a clinician signs this"):
        call("sign", made.approval.id)
    assert "risk_review" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "after"),
    [
        (("stop", "CASE", "--reason", "asked to"), R.CLOSED_WITHDRAWN),
        (("stop", "CASE", "--reason", "full", "--exit", "declined"), R.CLOSING_LETTER),
        (("reroute", "CASE", "ready_to_screen", "--reason", "more came"), R.READY_TO_SCREEN),
    ],
)
def test_coordinator_steers_a_case(
    home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], after: ReferralStatus
):
    made = make_case_at(R.RISK_REVIEW)
    as_signer(made.coordinator, monkeypatch)
    call(*(made.number if word == "CASE" else word for word in words))
    assert status_of(made.number) == after


def test_to_do_is_claimed_given_back_and_finished(home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch):
    made = make_case_at(R.CONTACT_PATIENT)
    assert made.to_do is not None
    as_signer(made.coordinator, monkeypatch)
    for words, after in (
        (("claim",), ToDoStatus.CLAIMED),
        (("give-back",), ToDoStatus.OPEN),
        (("finish", "withdrew"), ToDoStatus.DONE),
    ):
        call("todo", words[0], made.to_do.id, *words[1:])
        with reading() as db:
            assert db.get_one(ToDo, made.to_do.id).status == after
    assert status_of(made.number) == R.CLOSED_WITHDRAWN


def test_outcome_closes_a_booked_case(home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch):
    made = make_case_at(R.BOOKED)
    as_signer(made.coordinator, monkeypatch)
    with pytest.raises(NotAllowed, match="not begun"):
        call("outcome", made.number, "no_show")
    with writing() as db:
        appointment = db.get_one(Appointment, made.appointment.id if made.appointment else "")
        appointment.starts_at = utc_now() - timedelta(hours=1)
        db.add(appointment)
    call("outcome", made.number, "no_show")
    assert status_of(made.number) == R.MISSED


def test_one_of_several_known_patients_is_named(home: Path, call: Calls, monkeypatch: pytest.MonkeyPatch):
    known = [make_patient().id, make_patient().id]
    made = make_case_at(R.POSSIBLE_DUPLICATE, possible_patient_ids=known)
    assert made.to_do is not None
    as_signer(made.coordinator, monkeypatch)
    with pytest.raises(ValueError, match="which of the known patients"):
        call("todo", "finish", made.to_do.id, "same_person")
    call("todo", "finish", made.to_do.id, "same_person", "--same-as", known[1])
    with reading() as db:
        assert db.get_one(Referral, made.number).patient_id == known[1]


def test_error_leaves_with_its_own_exit_code_and_without_a_trace(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["countersign", "case", "RF-404404"])
    monkeypatch.setattr("cli.environment.enter", lambda: None)
    with pytest.raises(SystemExit) as left:
        commands.main()
    assert left.value.code == 4
    said = capsys.readouterr().err
    assert "RF-404404" in said
    assert "Traceback" not in said


def test_states_page_is_current():
    assert diagrams.PAGE.read_text() == diagrams.text(), "run: countersign diagrams"
