"""Do the session commands list what is there, drop an export whole, and let the right people choose a template?"""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from adapters.sample_sessions import PATIENTS, seed_sample_sessions
from adapters.settings import settings
from cli import codes, supervisor
from models.codes import DraftKind, NoteStatus
from models.errors import MovedOn, NotAllowed
from models.operational import Location, Patient, PatientConsent, SessionNote
from tests.cli.conftest import Calls, sample, sign_in_as
from tests.factories import make_session
from tests.waiting_versions import ship_a_second_template


def _place(location_id: str) -> Location:
    with reading() as db:
        return db.get_one(Location, location_id)


def test_sessions_are_listed_with_what_was_proposed(sample_practice: Path, call: Calls):
    made = make_session(location=_place("LOC-1"), draft=DraftKind.PLAIN_NO_CONSENT)
    make_session(NoteStatus.RECEIVED, location=_place("LOC-2"))
    rows = json.loads(call("sessions", "--json").output)
    assert [(row["session"], row["proposed"]) for row in rows if row["session"] == made.case_number] == [
        (made.case_number, "plain_no_consent")
    ]
    waiting = json.loads(call("sessions", "--json", "--status", "note_signature").output)
    assert [row["session"] for row in waiting] == [made.case_number]
    elsewhere = json.loads(call("sessions", "--json", "--location", "LOC-2").output)
    assert made.case_number not in {row["session"] for row in elsewhere} and len(elsewhere) == 1
    assert made.case_number in call("sessions").output


def test_session_can_be_followed_as_a_case(sample_practice: Path, call: Calls):
    made = make_session(location=_place("LOC-1"))
    assert "note signature" in call("case", made.case_number).output


def test_export_is_dropped_whole(sample_practice: Path, call: Calls, tmp_path: Path):
    index, transcript = tmp_path / "index.csv", tmp_path / "one.vtt"
    index.write_text("session_key\n")
    transcript.write_text("WEBVTT\n")
    call("drop-sessions", str(index), str(transcript))
    assert {path.name for path in settings().sessions_folder.iterdir()} == {"index.csv", "one.vtt"}


def test_export_without_its_index_is_refused(sample_practice: Path, call: Calls, tmp_path: Path):
    transcript = tmp_path / "one.vtt"
    transcript.write_text("WEBVTT\n")
    with pytest.raises(ValueError, match="index"):
        call("drop-sessions", str(transcript))
    with pytest.raises(ValueError, match="not a file"):
        call("drop-sessions", str(tmp_path / "gone.csv"))
    assert not list(settings().sessions_folder.iterdir())


def test_templates_are_listed_with_where_they_are_in_force(sample_practice: Path, call: Calls):
    listed = json.loads(call("note-templates", "list", "--json").output)
    assert set(listed["versions"]) >= {"SOAP-1", "DAP-1", "BIRP-1", "GIRP-1"}
    assert listed["in_force"]["LOC-1"]["GIRP"] == "GIRP-1"
    assert "Behavior" in call("note-templates", "list").output


@pytest.mark.parametrize("staff_id", ["ST-101", "ST-401", "ST-601"])
def test_template_is_not_chosen_by_just_anybody(sample_practice: Path, call: Calls, staff_id: str):
    sign_in_as(call, staff_id)
    with pytest.raises(NotAllowed, match="owner"):
        call("note-templates", "pilot", "LOC-1", "SOAP-1")


def test_template_holds_once_owner_and_clinician_have_signed(
    sample_practice: Path, call: Calls, monkeypatch: pytest.MonkeyPatch
):
    ship_a_second_template(monkeypatch)
    owner = sign_in_as(call, "ST-501")
    with pytest.raises(MovedOn, match="SOAP-99"):
        call("note-templates", "pilot", "LOC-1", "SOAP-99")
    with pytest.raises(MovedOn, match="LOC-9"):
        call("note-templates", "pilot", "LOC-9", "SOAP-2")
    shown = call("note-templates", "pilot", "LOC-1", "SOAP-2", typed="\n").output
    assert "in the place of SOAP-1" in shown and "It waits: WV-" in shown
    assert in_force(call) == "SOAP-1"
    typed = "".join(f"{who.email}\n{who.password}\n{codes.next_code(who)}\n" for who in (owner, sample("ST-101")))
    assert "Signed; in force" in call("note-templates", "pilot", "LOC-1", "SOAP-2", typed=typed).output
    assert in_force(call) == "SOAP-2"
    assert "writes with SOAP-1" in call("note-templates", "go-back", "LOC-1", "SOAP-1").output
    assert in_force(call) == "SOAP-1"


def in_force(call: Calls) -> str:
    return str(json.loads(call("note-templates", "list", "--json").output)["in_force"]["LOC-1"]["SOAP"])


def test_sample_sessions_are_dropped_once(sample_practice: Path):
    assert supervisor.drop_sample_sessions() == 7
    assert supervisor.drop_sample_sessions() == 0
    with reading() as db:
        assert all(db.get(Patient, row[0]) is not None for row in PATIENTS)
        papers = {paper.patient_id for paper in db.exec(select(PatientConsent)).all()}
    assert papers == {"PT-S101", "PT-S102", "PT-S103", "PT-S104", "PT-S105"}


def test_sample_sessions_belong_to_the_sample_practice_alone(home: Path):
    assert not seed_sample_sessions()
    with writing() as db:
        assert db.get(SessionNote, "SN-000001") is None and db.get(Patient, "PT-S101") is None
