"""Do the commands on the audit say what is wrong, and with which exit code?"""

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from adapters import audit_anchors
from adapters.settings import settings
from cli import supervisor
from cli.auditing import AuditBroken
from models.audit_chain import OPERATIONAL, THERAPY
from tasks import nightly
from tests.adapters.audit_databases import as_owner, write_events
from tests.cli.conftest import Calls


def test_untouched_audit_is_said_to_be_whole(home: Path, call: Calls):
    write_events(OPERATIONAL, 2)
    assert "operational: 2 events, no anchor yet, no faults" in call("verify-audit").output
    call("anchor")
    [verdict] = json.loads(call("verify-audit", "--json", "--database", "operational").output)
    assert (verdict["events"], verdict["anchors"], verdict["faults"]) == (2, 1, [])


def test_changed_event_is_named_and_ends_the_command_with_an_error(home: Path, call: Calls, capsys):
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


def test_stopping_goes_on_when_the_ends_cannot_be_noted(home: Path, capsys):
    (home / "operational.db").unlink()
    supervisor.note_audit_ends(Console(width=200))
    assert "could not be noted" in capsys.readouterr().out
