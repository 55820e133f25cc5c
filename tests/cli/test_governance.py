"""The commands of the map, of a patient's file, of retention and of an export that is checked without a database."""

import re
import zipfile
from pathlib import Path

import pytest
import pyzipper

from models.errors import NotAllowed
from tests import factories
from tests.cli.conftest import Calls, sign_in_as

COMPLIANCE, COORDINATOR = "ST-601", "ST-201"


def test_map_of_no_cases_is_written_here(home: Path, call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    call("map", "--workflow", "referral")
    assert {path.name for path in tmp_path.rglob("*.svg")} == {"referral-mapped.svg"}
    assert (tmp_path / "workflow-map.md").read_text().startswith("# Workflow map")
    with pytest.raises(ValueError, match="no cases"):
        call("map", "--workflow", "scheduling")


def test_compliance_alone_takes_a_patient_s_file_and_asks_who_is_over_their_time(
    sample_practice: Path, call: Calls, tmp_path: Path
):
    case = factories.make_referral()
    words = ("patient-file", case.case_number, str(tmp_path), "--reason", "the patient asked for it")
    sign_in_as(call, COORDINATOR)
    for command in (words, ("retention",)):
        with pytest.raises(NotAllowed):
            call(*command)
    sign_in_as(call, COMPLIANCE)
    said = call(*words).output
    [made] = tmp_path.glob("*.zip")
    assert made.stat().st_mode & 0o777 == 0o600 and "SHA-256" in said
    with pyzipper.AESZipFile(made) as archive:
        archive.setpassword(re.search(r"Passphrase: (\S+)", said).group(1).encode())
        assert archive.read("index.html")
    made.unlink()
    assert "It is not encrypted" in call(*words, "--plain-because", "told of the risk").output
    [plain] = tmp_path.glob("*.zip")
    assert zipfile.ZipFile(plain).read("index.html")
    assert "0 over their time" in call("retention").output


def test_export_is_verified_without_a_database(sample_practice: Path, call: Calls, tmp_path: Path):
    sign_in_as(call, COMPLIANCE)
    file = tmp_path / "audit.jsonl"
    file.write_text(call("audit-export", "--format", "jsonl").output)
    assert call("verify-audit", "--export", str(file)).output.count("no faults") == 2
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[2:]) + "\n")
    assert call("verify-audit", "--export", str(file), "--part").output.count("no faults") >= 1
