"""Do the commands on the audit say what is wrong, and with which exit code?"""

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from sqlmodel import select

from adapters import audit_anchors, audit_status
from adapters.operational_store import reading
from adapters.settings import settings
from cli import supervisor
from cli.auditing import AuditBroken
from models.audit_chain import OPERATIONAL, THERAPY
from models.audit_guards import guards_of
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import OutboxMessage
from tasks import nightly
from tests.adapters.audit_databases import as_owner, write_events
from tests.cli.conftest import Calls, sign_in_as


def test_untouched_audit_is_said_to_be_whole(home: Path, call: Calls):
    write_events(OPERATIONAL, 2)
    assert "operational: 2 events, no anchor yet, no faults" in call("verify-audit").output
    call("anchor")
    [verdict] = json.loads(call("verify-audit", "--json", "--database", "operational").output)
    assert (verdict["events"], verdict["anchors"], verdict["faults"]) == (2, 1, [])


def test_changed_event_is_named_and_ends_the_command_with_an_error(home: Path, call: Calls):
    write_events(THERAPY, 3)
    with as_owner(THERAPY) as owner:
        owner.exec_driver_sql("UPDATE therapy_audit_event SET actor = 'x' WHERE id = 2")
    with pytest.raises(AuditBroken, match="7 faults"):
        call("verify-audit")
    with pytest.raises(AuditBroken):
        call("verify-audit", "--database", "therapy")
    assert call("verify-audit", "--database", "operational").exit_code == 0


def test_shipped_anchors_are_compared(home: Path, tmp_path: Path, call: Calls):
    write_events(OPERATIONAL, 2)
    call("anchor")
    shutil.copytree(settings().anchors_folder, tmp_path / "shipped")
    assert "1 anchors" in call("verify-audit", "--anchors", str(tmp_path / "shipped")).output
    with pytest.raises(ValueError, match="no folder"):
        call("verify-audit", "--anchors", str(tmp_path / "nowhere"))


def test_night_and_stop_note_the_ends(home: Path):
    write_events(OPERATIONAL, 1)
    assert nightly.anchor_audit.fn() == 2
    write_events(OPERATIONAL, 1)
    supervisor.note_audit_ends(Console())
    assert [each.last_id for each in audit_anchors.read_anchors(OPERATIONAL)] == [1, 2]


@pytest.mark.sqlite_only("takes the database's file away")
def test_stopping_goes_on_when_the_ends_cannot_be_noted(home: Path, capsys):
    (home / "operational.db").unlink()
    supervisor.note_audit_ends(Console(width=200))
    assert "could not be noted" in capsys.readouterr().out


def test_audit_is_taken_out_by_compliance_officers_alone(sample_practice: Path, call: Calls):
    with pytest.raises(NotAllowed, match="sign"):
        call("audit-export", "--format", "csv")
    sign_in_as(call, "ST-201")
    with pytest.raises(NotAllowed, match="compliance"):
        call("audit-export", "--format", "csv")
    sign_in_as(call, "ST-601")
    today = utc_now().date().isoformat()
    lines = call("audit-export", "--format", "jsonl", "--from", today, "--to", today).output.splitlines()
    assert json.loads(lines[-1])["action"] == "terminal.signed_in"  # the last event before it was asked for
    found = call("audit-export", "--format", "jsonl", "--action", "audit.exported", "--database", "operational").output
    assert [json.loads(line)["actor"] for line in found.splitlines()] == ["ST-601"]


def test_night_pages_the_compliance_officers_about_a_fault(sample_practice: Path):
    write_events(OPERATIONAL, 2)
    assert nightly.verify_audit.fn() == 0
    assert [chain.faults for chain in audit_status.chains()] == [0, 0]
    with as_owner(OPERATIONAL) as owner:
        owner.exec_driver_sql("UPDATE audit_event SET actor = 'x' WHERE id = 2")
    assert nightly.verify_audit.fn() == 1 + len(guards_of(OPERATIONAL))
    with reading() as db:
        pages = db.exec(select(OutboxMessage).where(OutboxMessage.template == "page_audit_fault")).all()
    assert [page.to_staff_id for page in pages] == ["ST-601"]
    operational, therapy = audit_status.chains()
    assert (operational.faults, therapy.faults) == (7, 0)
    assert operational.verified_at is not None


def test_rights_are_printed_as_sql_for_a_plain_name_alone(call: Calls):
    assert "REVOKE UPDATE, DELETE ON audit_event FROM app;" in call("database-rights", "operational", "app").output
    with pytest.raises(ValueError, match="named"):
        call("database-rights", "operational", "app; DROP")
