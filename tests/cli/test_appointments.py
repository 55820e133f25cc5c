"""Does the command take a history in at once, say what became of it, and change nothing the second time?"""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from adapters.operational_store import reading
from adapters.settings import settings
from models.errors import ContractBroken
from models.operational import PastAppointment
from tests.cli.conftest import Calls

SAMPLE = Path(__file__).parents[2] / "samples" / "appointments" / "appointments-2026.csv"


def test_history_is_imported_and_its_faults_are_told(sample_practice: Path, call: Calls):
    said = call("appointments", "import", str(SAMPLE)).output
    assert "56 received · 51 accepted · 5 quarantined · 0 duplicate" in said
    assert "row 9 · status: status must be" in said and "appointments-2026.to-fix.csv" in said.replace("\n", "")
    again = json.loads(call("appointments", "import", str(SAMPLE), "--json").output)
    assert (again["accepted"], len(again["findings"]), again["refused"]) == (51, 5, None)
    with reading() as db:
        assert len(db.exec(select(PastAppointment)).all()) == 51
    assert SAMPLE.exists() and not list(settings().appointments_folder.iterdir())


def test_file_that_is_no_history_is_refused(sample_practice: Path, call: Calls, tmp_path: Path):
    other = tmp_path / "other.csv"
    other.write_text("patient_id,status\n1,attended\n")
    with pytest.raises(ContractBroken, match="booked_at is missing"):
        call("appointments", "import", str(other))
