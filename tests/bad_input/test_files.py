"""Bad referral files through every door: each is refused with its reason, kept, and stops no other file."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select
from typer.testing import CliRunner

from adapters import desk_logins, received_files, therapy_store
from adapters.csv_table import MOST_ROWS, rows_to_fix
from adapters.operational_store import reading
from adapters.referral_csv import read_referral_table
from adapters.settings import Settings, settings
from cli import supervisor
from cli.app import app
from models.codes import QuarantineStatus, Role
from models.columns import utc_now
from models.operational import IntakeFile, Patient, QuarantinedRow, Referral
from models.referral_intake import Finding
from tasks import intake
from tests import conftest as shared
from tests.factories import make_location, make_staff
from web.desk.app import make_app
from web.desk.cookies import LOGIN

pytestmark = pytest.mark.sqlite_only("about files and what is read of them; what is stored is tested elsewhere on both")

LARGEST = 400_000
BUNDLE = Path(__file__).parents[2] / "samples" / "referrals" / "fhir" / "ehr-77012.json"
ROW = {
    "external_id": "R-1",
    "received_at": "2026-11-02T09:15:00-08:00",
    "given_name": "Odalys",
    "family_name": "Brennick",
    "birth_date": "1984-02-29",
    "email": "odalys@example.org",
    "location_id": "LOC-1",
    "self_pay": "yes",
}
HEADER = ",".join(ROW)
ENTRIES = [each["resource"]["resourceType"] for each in json.loads(BUNDLE.read_text())["entry"]]
GOOD = ",".join(ROW.values())
TOMORROW = f"{utc_now() + timedelta(days=2):%Y-%m-%dT%H:%M:%S+00:00}"


@dataclass(frozen=True)
class Bad:
    """One bad file, and what its sender must be told: where, and words that the reason holds."""

    what: str
    content: bytes
    says: str
    row: int | None = None
    field: str | None = None
    name: str = "referrals.csv"

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def table(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *lines, ""]).encode()


def row(**changed: str) -> str:
    """One line; every file gets numbers and people of its own, so that no two are duplicates."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow({**ROW, **changed}.values())
    return out.getvalue()


def zipped(name: str = "referrals.csv", size: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * size or table(GOOD))
    return out.getvalue()


def bundle(change: Callable[[dict[str, Any]], object] = lambda made: None) -> bytes:
    made = json.loads(BUNDLE.read_text())
    change(made)
    return json.dumps(made).encode()


def resource(made: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each["resource"] for each in made["entry"] if each["resource"]["resourceType"] == kind)


def without(made: dict[str, Any], kind: str) -> None:
    made["entry"] = [each for each in made["entry"] if each["resource"]["resourceType"] != kind]


def fhir(what: str, content: bytes, says: str, row: int = 0, field: str = "Bundle") -> Bad:
    return Bad(what, content, says, row, field, "referral.json")


UNREADABLE = [
    Bad("empty", b"", "the file is empty"),
    Bad("blank", b"\xef\xbb\xbf \r\n\r\n", "the file is empty"),
    Bad("header alone", table(), "no referral below it"),
    Bad("utf-16 without its mark", table(GOOD).decode().encode("utf-16-le"), "the file is not text"),
    Bad("two encodings", table(row(given_name="Zoë")) + b"R-2,\xe9\r\n", "goes on in another encoding", 0),
    Bad("NUL bytes", table(GOOD.replace("Odalys", "Oda\x00lys")), "the file is not text"),
    Bad("zip inside", zipped(), "a ZIP archive or a workbook: unpack it"),
    Bad("zip bomb", zipped(size=60_000_000), "a ZIP archive or a workbook: unpack it"),
    Bad("gzip bomb", gzip.compress(b"0" * 60_000_000, mtime=0), "a gzip archive: unpack it"),
    Bad("picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "the file is not text", name="scan.png"),
    Bad("document", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF: unpack it", name="letter.pdf"),
    Bad("duplicate headers", table(f"{GOOD},1990-01-01", header=f"{HEADER},DOB"), "two columns both mean birth_date"),
    Bad("missing column", table(header=HEADER.replace("birth_date", "x")), "the column birth_date is missing"),
    Bad("no contact column", table(header=HEADER.replace("email", "x")), "neither a column email nor a column phone"),
    Bad("unclosed quote", table(GOOD, 'R-2,"2026'), "a quotation mark is opened or closed in the wrong place"),
    Bad("huge line", table(row(family_name="x" * 150_000)), "a cell is longer than"),
    Bad("too many rows", table(*["," * 7] * (MOST_ROWS + 1)), f"more than {MOST_ROWS:,} rows"),
    Bad("too large", table(GOOD) + b"#" * LARGEST, "larger than 20 MB"),
]
BROKEN_ROWS = [
    Bad("born tomorrow", table(row(external_id="R-a", birth_date="2031-01-01")), "0 to 120 years", 2, "birth_date"),
    Bad("received tomorrow", table(row(external_id="R-b", received_at=TOMORROW)), "the future", 2, "received_at"),
    Bad(
        "consent of tomorrow",
        table(row(external_id="R-c") + ",yes,2199-01-01", header=f"{HEADER},consent_ai,consent_ai_on"),
        "consent_ai_on must not lie in the future",
        2,
        "consent_ai_on",
    ),
    Bad("row too long", table(row(external_id="R-d") + ",x,y"), "more cells than the header", 2, "row"),
    Bad("row too short", table("R-e,2026-11-02T09:15:00-08:00"), "given_name is empty", 2, "given_name"),
    Bad("date that does not exist", table(row(external_id="R-f", birth_date="1984-02-30")), "exists", 2, "birth_date"),
]
BUNDLES = [
    fhir("no patient", bundle(lambda made: without(made, "Patient")), "exactly one Patient", 0, "Bundle.entry"),
    fhir("no entries", b'{"resourceType": "Bundle", "entry": []}', "no entries", 0, "Bundle.entry"),
    fhir("no bundle", b'{"resourceType": "Patient"}', "one FHIR Bundle", 0, "Bundle.resourceType"),
    fhir("a list", b"[" + bundle() + b"]", "one FHIR Bundle", 0, "Bundle.resourceType"),
    fhir("cut off", bundle()[:-40], "not JSON in UTF-8"),
    fhir("latin-1", bundle().replace(b"Bundle", b"B\xfcndle"), "not JSON in UTF-8"),
    fhir("nested", b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deeply"),
    fhir("name twice", b'{"resourceType": "Patient", "resourceType": "Bundle"}', "resourceType stands twice"),
    fhir("NaN", b'{"resourceType": "Bundle", "total": NaN}', "NaN is no number in JSON"),
    fhir("infinite", b'{"resourceType": "Bundle", "total": 1e999}', "no number in JSON"),
    fhir("half a character", bundle(lambda made: made.update(id="\ud83d")), "id holds a character that is no text"),
    fhir("NUL escaped", bundle(lambda made: made.update(id="\x00")), "id holds a character that is no text"),
    fhir(
        "sent tomorrow",
        bundle(lambda made: made.update(timestamp=TOMORROW)),
        "must not lie in the future",
        0,
        "Bundle.timestamp",
    ),
    fhir(
        "born after it was sent",
        bundle(lambda made: resource(made, "Patient").update(birthDate="2199-01-01")),
        "0 to 120 years old",
        row=1 + ENTRIES.index("Patient"),
        field="birthDate",
    ),
]
ALL = [*UNREADABLE, *BROKEN_ROWS, *BUNDLES]


# -- the doors


def into_the_folder(bad: Bad, folder: Path) -> str:
    (folder / bad.name).write_bytes(bad.content)
    return ""


def at_the_terminal(bad: Bad, folder: Path) -> str:
    source = folder.parent / "elsewhere" / bad.name
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(bad.content)
    ended = CliRunner().invoke(app, ["drop", str(source)])
    assert ended.exit_code == 0, ended.output
    return ended.output


def on_the_desk(bad: Bad, folder: Path) -> str:
    """The page's words where it refuses at once."""
    coordinator = make_staff(role=Role.COORDINATOR, location=None)
    token = desk_logins.open_login(coordinator.id)
    known = desk_logins.recognise(token, by_hand=True)
    assert known is not None
    with TestClient(make_app(), cookies={LOGIN: token}) as browser:
        answer = browser.post(
            "/intake",
            data={"csrf_token": known.csrf_token},
            files={"file": ("../../etc/Odalys Brennick.csv", bad.content)},
            follow_redirects=False,
        )
    assert answer.status_code in (303, 422), answer.status_code
    return "" if answer.status_code == 303 else answer.text


DOORS = {"folder": into_the_folder, "terminal": at_the_terminal, "desk": on_the_desk}


@dataclass
class Outcome:
    """What became of every bad file at one door."""

    home: Path
    said: dict[str, str]
    good_case: bool
    left_over: list[str]


@pytest.fixture(scope="module", params=list(DOORS))
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated_installation: Path
) -> Iterator[Outcome]:
    """All bad files and a good one put through one door, then received in one go."""
    import shutil

    home = tmp_path_factory.mktemp(request.param) / "home"
    shutil.copytree(migrated_installation, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTERSIGN_HOME", str(home))
        patch.setattr(Settings, "largest_file", LARGEST)
        patch.setattr(supervisor, "trigger_intake", lambda: None)
        with shared._settings_read_anew():
            settings().make_folders()
            make_location(id="LOC-1")
            said = {}
            good = Bad("good", table(row(external_id="R-good", family_name="Goodrow")), "")
            for bad in [*ALL[: len(ALL) // 2], good, *ALL[len(ALL) // 2 :]]:
                said[bad.what] = DOORS[request.param](bad, settings().intake_folder)
                if request.param == "folder":  # there a second file of the same name is the sender's own new version
                    _receive()
            _receive()
            with reading() as db:
                found = db.exec(select(Patient).where(Patient.family_name == "Goodrow")).first()
            yield Outcome(home, said, found is not None, [path.name for path in settings().intake_folder.iterdir()])


def _receive() -> None:
    for file_id in intake.collect.fn(settle_seconds=0):
        intake.receive.fn(file_id)


def kept(bad: Bad) -> IntakeFile | None:
    with reading() as db:
        return db.exec(select(IntakeFile).where(IntakeFile.digest == bad.digest)).first()


def faults(file: IntakeFile) -> list[QuarantinedRow]:
    with reading() as db:
        return list(db.exec(select(QuarantinedRow).where(QuarantinedRow.file_id == file.id)).all())


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.what)
def test_bad_file_is_refused_with_its_reason_and_kept(door: Outcome, bad: Bad) -> None:
    file = kept(bad)
    if file is None:  # the desk said so at once, and the sender still has the file
        assert bad.says.split(":")[0] in door.said[bad.what].lower() or "larger than 20 MB" in door.said[bad.what]
        return
    assert file.finished_at is not None, "it would be received again and again"
    found = faults(file)
    assert [fault for fault in found if bad.says in fault.reason], [fault.reason for fault in found]
    [fault, *_] = [fault for fault in found if bad.says in fault.reason]
    assert fault.status is QuarantineStatus.OPEN
    if bad.row is not None:
        assert fault.row == bad.row
    if bad.field is not None:
        assert fault.field.endswith(bad.field)
    assert received_files.content(file) == bad.content
    assert therapy_store.quarantined(fault.content_id, actor="test", where="test")


def test_bad_files_stop_no_good_one_and_open_no_case(door: Outcome) -> None:
    assert door.good_case
    with reading() as db:
        assert len(db.exec(select(Referral)).all()) == 1
    assert door.left_over == []


def test_reasons_say_nothing_about_a_person(door: Outcome) -> None:
    with reading() as db:
        said = " ".join(fault.reason + fault.field for fault in db.exec(select(QuarantinedRow)).all())
    assert not [word for word in ("Odalys", "Brennick", "1984", "odalys") if word in said]


def test_row_of_an_unreadable_file_is_named() -> None:
    from models.errors import ContractBroken

    for content, at in ((table(row(given_name="Zoë")) + b"R-2,\xe9\r\n", 3), (table(GOOD, 'R-2,"2026'), 3)):
        with pytest.raises(ContractBroken) as broken:
            read_referral_table(content)
        assert broken.value.row == at


# -- formulas


FORMULAS = (
    "=1+1",
    "@SUM(A1)",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =HYPERLINK(A1)",
    "\uff1d1+1",
    "\uff20SUM(A1)",
)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("where", ["cell", "surplus cell", "header"])
def test_file_to_fix_runs_no_formula(formula: str, where: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*ROW, formula if where == "header" else "comment"])
    line = [*{**ROW, "birth_date": "never"}.values(), formula if where == "cell" else ""]
    writer.writerow([*line, formula] if where == "surplus cell" else line)
    fixed = rows_to_fix(out.getvalue().encode(), [Finding(2, "birth_date", "readable", "must exist")])
    cells = [cell for line in csv.reader(io.StringIO(fixed.decode("utf-8-sig"), newline="")) for cell in line]
    assert f"'{formula}" in cells
    assert not [cell for cell in cells if cell.strip()[:1] in tuple("=@\uff1d\uff20") or cell[:1] in tuple("+-\t\r\n")]
