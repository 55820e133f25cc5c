"""A practice of real processes whose every field about a person holds a marker word: where do the markers turn up?"""

import email
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlmodel import select

from adapters import operational_store, outbox, therapy_store
from adapters.operational_store import reading
from adapters.settings import settings
from cli.deploying import deployments
from models.columns import utc_now
from models.declared_reads import DECLARED
from models.operational import OutboxMessage, Patient, Staff
from tasks import watch
from tests.chaos.practice import running
from tests.databases import KIND
from tests.leaks.claims import BILLER, CLAIM_READERS, CODES, OF_INSURANCE, OWNER, STRAY
from tests.leaks.day import live_a_day
from tests.leaks.people import (
    ACCOUNT,
    ADMIN,
    CLINICIANS,
    COMPLIANCE,
    EVERYBODY,
    FILE_NAME,
    NO_CASE,
    OF_BROKEN_ROW,
    PASSWORD,
    PEOPLE,
    ROLES,
    SAID,
    THERAPY,
    Answered,
    Practice,
    failed_runs,
)
from web.desk.app import make_app as make_desk
from web.portal.app import make_app as make_portal

pytestmark = pytest.mark.skipif(KIND != "sqlite", reason="its installation runs on SQLite, whatever the others run on")

WHO = frozenset({*(marker for person in EVERYBODY for marker in person.markers), *OF_INSURANCE})
EVERY_MARKER = WHO | {FILE_NAME, ACCOUNT, PASSWORD, *THERAPY, *CODES, *STRAY}
OF_CLAIMS = {
    SAID[field] for field in ("claim returned", "correction", "code", "appeal", "attached", "stray", "write-off")
}
"""What is said about claims: read by who bills, besides clinicians."""
FOR_THE_PAYER = ("clearinghouse/outgoing/", "clearinghouse/simulated-payer/")
"""Where files lie open as they leave: a folder like the outbox, whose files tell a payer who was treated for what; and
the other side's own folder, which no real practice has."""
FROM_THE_PAYER = "clearinghouse/incoming/"
"""Where files lie open as they came, until they are taken in."""
ANSWERED_OTHERWISE = {
    "end_care": {303, 422},  # not while an escalation waits
    "oidc_sign_in": {409},  # this practice has no sign-in service of its own
    "oidc_again": {409},
    "oidc_back": {403},
    "make_retention_list": {422},  # nobody here is over their time; tests/web/desk/test_retention.py has a list
    "retention_list": {409},
    "sign_retention_list": {409},
    "case_progress": {286, 200},  # htmx: ask no more
}
"""Pages that never answer 200 here; tests/web/desk/test_oidc.py opens them with a service."""
KINDS = (
    *("prefect.db", "logs/", "outbox/", "received/", "contract-docs/", "anchors/", "backups/", "therapy.db", "keys/"),
    *("clearinghouse/sent/", *FOR_THE_PAYER[1:]),
)
"""What must be there to be searched."""


def marked(data: bytes) -> frozenset[str]:
    """The markers in these bytes, whatever their case."""
    lower = data.lower()
    wide = lower.replace(b"\x00", b"")  # UTF-16 of ASCII
    return frozenset(marker for marker in EVERY_MARKER if stands_in(marker, lower) or stands_in(marker, wide))


def stands_in(marker: str, data: bytes) -> bool:
    """Whether a marker stands there: one of digits alone, only by itself.

    A digest or the decimals of a time spell a given eight digits by chance, in 34 MB often enough to be met.
    """
    word = marker.encode()
    if word not in data or not marker.isdigit():
        return word in data
    return re.search(rb"(?<![0-9a-f.])" + word + rb"(?![0-9a-f])", data) is not None


def contents(path: Path) -> Iterator[bytes]:
    """All that a file holds: its bytes; every value of a database, which may lie in pieces; a mail's decoded parts."""
    yield path.read_bytes()
    if path.suffix == ".db":
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in tables:
                for row in database.execute(f'SELECT * FROM "{name}"'):
                    yield "\n".join(str(each) for each in row).encode()
        database.close()
    if path.suffix == ".eml":
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        yield "\n".join(f"{name}: {value}" for name, value in mail.items()).encode()
        for part in mail.walk():
            if not part.is_multipart():
                yield part.get_payload(decode=True) or b""


@dataclass
class Search:
    """What was found in a folder: the markers of each file, where there are any, and how much was read."""

    found: dict[str, frozenset[str]] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def search(folder: Path) -> Search:
    done = Search()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        done.files, done.bytes = done.files + 1, done.bytes + path.stat().st_size
        pieces = list(contents(path))
        markers = frozenset().union(marked(name.encode()), marked(pieces[0]), marked(b"\n".join(pieces[1:])))
        if markers:
            done.found[name] = markers
    return done


def addressees() -> dict[str, frozenset[str]]:
    """Which markers may stand in which message: its addressee's own, and in a closing letter what was signed."""
    with reading() as db:
        patients = {each.id: each for each in db.exec(select(Patient)).all()}
        staff = {each.id: each for each in db.exec(select(Staff)).all()}
        messages = db.exec(select(OutboxMessage)).all()
    of_email = {person.row["email"]: frozenset(person.markers) for person in EVERYBODY}
    allowed: dict[str, frozenset[str]] = {}
    for each in messages:
        if each.to_patient_id:
            patient = patients[each.to_patient_id]
            own = of_email[str(patient.email)]
            # a namesake's letter names them by the other's name, which is their own too
            own |= {person.stem for person in EVERYBODY if person.row["given_name"] == patient.given_name}
            allowed[each.id] = own | ({SAID["letter"]} if each.template == "closing_letter" else frozenset())
        else:
            allowed[each.id] = frozenset({ACCOUNT} if ACCOUNT in staff[str(each.to_staff_id)].email else ())
    return allowed


def excess(done: Search, messages: dict[str, frozenset[str]]) -> dict[str, list[str]]:
    """The markers that stand where they may not, by file."""
    wrong = {}
    for name, markers in done.found.items():
        if name.startswith("operational.db"):
            may = WHO | {ACCOUNT, FILE_NAME}
        elif name.startswith("to-fix/"):
            may = {*PEOPLE["broken"].markers, *OF_BROKEN_ROW, FILE_NAME, PEOPLE["booked"].stem}  # the last as its name
        elif name.startswith(FOR_THE_PAYER):
            may = WHO | set(CODES)
        elif name.startswith(FROM_THE_PAYER):
            may = WHO | {*STRAY, FILE_NAME}
        elif name.startswith("outbox/"):
            may = messages.get(Path(name).stem, frozenset())
        else:
            may = frozenset()
        if markers - may:
            wrong[name] = sorted(markers - may)
    return wrong


@dataclass
class Day:
    """What a day left behind, all processes stopped."""

    practice: Practice
    home: Path
    deployments: dict[str, str]
    runs: list[dict[str, Any]]
    failed: set[str]
    searched: Search = field(default_factory=Search)
    messages: dict[str, frozenset[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    home = tmp_path_factory.mktemp("everywhere") / "home"
    more = {"COUNTERSIGN_SMS_IN_SECRET": "only-for-tests", "COUNTERSIGN_BACKUP_FOLDER": str(home / "backups")}
    with running(home, **more) as parts:
        practice = Practice(parts)
        try:
            live_a_day(practice, [each["name"] for each in deployments()])
        finally:
            practice.go_home()
        known = {each["id"]: each["name"] for each in parts.ask_prefect("/deployments/filter", limit=200)}
        found = Day(practice, home, known, parts.runs(), failed_runs(parts))
        parts.stop()
        for days in (0, 2, 5, 8, 60):  # every reminder, and what waits for the hours of text messages
            watch.watch.fn(utc_now() + timedelta(days=days))
            outbox.send_due(utc_now() + timedelta(days=days), limit=500)
        shutil.copy(parts.said, home / "logs" / "said.log")
        found.messages = addressees()
        # a file read here beside SQLite's own open one would take SQLite's locks away, so a copy is searched
        operational_store.engine_for(settings().operational_database).dispose()
        therapy_store.engine_for(settings().therapy_database).dispose()
        found.home = Path(shutil.copytree(home, home.parent / "after"))
        found.searched = search(found.home)
        yield found


def test_no_marker_stands_where_it_may_not(day: Day) -> None:
    missing = [kind for kind in KINDS if not any(f"/{kind}" in f"/{name}" for name in names_in(day.home))]
    assert not missing
    print(json.dumps({"files": day.searched.files, "bytes": day.searched.bytes, "markers": len(EVERY_MARKER)}))
    assert excess(day.searched, day.messages) == {}


def names_in(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def test_every_deployment_ran_to_its_end(day: Day) -> None:
    ended = {day.deployments[run["deployment_id"]] for run in day.runs if run["state_type"] == "COMPLETED"}
    assert ended == {each["name"] for each in deployments()}


def test_runs_failed_with_exceptions(day: Day) -> None:
    """Of a case that is none, and of a case whose seal was broken."""
    assert {NO_CASE, day.practice.numbers["typed"]} <= day.failed


def test_steps_of_the_real_worker_read_what_they_declared(day: Day) -> None:
    """What its processes counted of a day on which every deployment ran; none was refused anything."""
    with sqlite3.connect(f"{(day.home / 'operational.db').as_uri()}?mode=ro", uri=True) as database:
        counted = database.execute("SELECT step, field, runs, refused FROM step_reads").fetchall()
        steps = {step for (step,) in database.execute("SELECT step FROM step_runs")}
    database.close()
    assert {(step, name) for step, name, _, refused in counted if refused} == set()
    assert sorted(f"{step}: {name}" for step, name, _, _ in counted if not DECLARED[step].allows(name)) == []
    assert steps >= {"score and screen for risk", "draft notes", "build claim", "send what is due", "verify the audit"}


def wanted(app: FastAPI) -> dict[tuple[str, str], re.Pattern[str]]:
    """Every route of an app by method and name, with what its addresses look like."""
    found = {}
    for route in iter_route_contexts(app.routes):
        path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path)).replace(r"\{path:path\}", ".*")
        for method in (route.methods or {"GET"}) - {"HEAD"}:
            found[method, route.name] = re.compile(path + ("/.*" if route.methods is None else ""))
    return found


def unopened(app: FastAPI, asked: list[Answered]) -> set[tuple[str, str]]:
    """The routes that nobody opened, by method and name."""
    return {
        (method, name)
        for (method, name), path in wanted(app).items()
        if not any(
            each.method == method
            and path.fullmatch(each.path)
            and each.status in ANSWERED_OTHERWISE.get(name, {200} if method == "GET" else {200, 303})
            for each in asked
        )
    }


@pytest.mark.parametrize(("part", "make"), [("desk", make_desk), ("portal", make_portal)])
def test_every_page_was_opened(day: Day, part: str, make: Callable[[], FastAPI]) -> None:
    """And every form was sent. A page that is not is new: give it its place in people.py."""
    asked = [each for each in day.practice.answers if each.part == part]
    assert len(asked) > 50 and unopened(make(), asked) == set()
    assert unopened(make(), []) == set(wanted(make()))


def test_no_address_holds_a_marker(day: Day) -> None:
    told = [f"{each.url} {each.location}" for each in day.practice.answers]
    assert len(told) > 300 and any(each.location for each in day.practice.answers)
    assert {one for one in told if marked(one.encode())} == set()


def shown_to(day: Day, *staff_ids: str) -> list[Answered]:
    return [each for each in day.practice.answers if each.who in staff_ids]


def test_roles_that_see_no_names_are_shown_none(day: Day) -> None:
    """Compliance reads the reason of an emergency and what was changed in a note; who bills reads claims, and in their
    own queue whose they are; nobody else but clinicians and coordinators reads a word."""
    others = ROLES[2:]
    wrong = {}
    for each in shown_to(day, *others):
        may = {ACCOUNT} | ({SAID["emergency"]} if each.path.startswith("/break-glass/") else set())
        if each.who == COMPLIANCE and re.fullmatch(r"/notes/[^/]+/changes", each.path):
            may |= {*THERAPY, *CODES}
        if each.who in (BILLER, ADMIN) and each.path.startswith(("/claims", "/coverage", "/approvals/")):
            may |= WHO | OF_CLAIMS | set(CODES)
        if each.who == OWNER and each.path.startswith("/approvals/"):
            may |= {SAID["write-off"]}
        if each.who == BILLER and each.path in ("/", "/queue"):
            may |= WHO
        if each.who in CLAIM_READERS and each.path.startswith(("/clearinghouse", "/claims")):
            may |= {FILE_NAME}
        if found := marked(each.text.encode()) - may:
            wrong[each.who, each.path] = sorted(found)
    assert wrong == {}
    assert {each.who for each in shown_to(day, *others) if each.status == 200} == set(others)


def test_pages_of_errors_and_audit_hold_no_marker(day: Day) -> None:
    """A form that is shown again to whoever typed it holds what they typed; no other error does.

    The audit names the team that somebody's rights were given for: that is what it is to prove.
    """
    pages = [each for each in day.practice.answers if each.status in (403, 404, 409, 500, 503)]
    pages = [each for each in pages if each.path != "/sign-in"]
    # a change made on a stale page shows its clinician the note as it stands now
    pages = [each for each in pages if not (each.status == 409 and re.fullmatch(r"/notes/[^/]+/changes", each.path))]
    pages += [each for each in day.practice.answers if each.path.startswith(("/audit", "/metrics", "/health"))]
    assert {each.status for each in pages} >= {200, 403, 409, 500}
    may = {"/audit/export": {ACCOUNT}, "/audit/reads": {ACCOUNT}}
    assert {each.path for each in pages if marked(each.text.encode()) - may.get(each.path, set())} == set()


# -- can these tests fail?


def test_every_marker_was_planted(day: Day) -> None:
    """What was said is found where it is opened; who it is about, in the operational database and on the desk."""
    assert {marker for marker in THERAPY if marker not in day.practice.opened.lower()} == set()
    kept = b"\n".join(contents(day.home / "operational.db")).decode("utf-8", "replace")
    fields = ("given_name", "family_name", "birth_date", "email", "member_id", "referrer_name")
    stored = [person for person in EVERYBODY if person is not PEOPLE["broken"]]
    assert [(person.stem, name) for person in stored for name in fields if person.row[name] not in kept] == []
    assert [person.phone for person in stored if "+1" + person.phone.replace(" ", "") not in kept] == []
    assert ACCOUNT in kept and FILE_NAME in kept
    assert [word for word in OF_INSURANCE if word not in kept.lower()] == []
    shown = "\n".join(each.text for each in shown_to(day, *ROLES, *CLINICIANS)).lower()
    assert [person.stem for person in EVERYBODY if person.stem not in shown] == []
    assert {SAID["question"], SAID["safety note"], SAID["own words"], SAID["emergency"]} <= marked(shown.encode())


def test_claims_went_out_with_names_and_codes_and_nothing_else(day: Day) -> None:
    """What is searched for is there to be found: in what was sent, and nowhere else outside."""
    told = frozenset().union(
        *(markers for name, markers in day.searched.found.items() if name.startswith(FOR_THE_PAYER))
    )
    stem = PEOPLE["booked"].stem
    assert told >= {stem, f"{PEOPLE['booked'].born}".replace("-", ""), "thistlebrunk", "pelquistra", CODES[2]}
    taken = day.home / "clearinghouse" / "simulated-payer" / "taken"
    assert {name.split("-")[1] for name in names_in(taken)} == {"270", "837p"}
    assert names_in(day.home / "clearinghouse" / "incoming") == []


def test_signed_letter_goes_out_in_its_own_mail_alone(day: Day) -> None:
    letters = [name for name, markers in day.searched.found.items() if SAID["letter"] in markers]
    assert [name.split("/")[0] for name in letters] == ["outbox"]


PLANTS: dict[str, tuple[str, Callable[[Path, str], str]]] = {}
"""What puts a marker into a copy of one part of the home; it gives the name of the file that is to be found."""


def plant(part: str) -> Callable[..., Callable[[Path, str], str]]:
    def kept(act: Callable[[Path, str], str]) -> Callable[[Path, str], str]:
        PLANTS[act.__name__] = (part, act)
        return act

    return kept


@plant("logs")
def log_line(home: Path, marker: str) -> str:
    with open(home / "logs" / "worker.log", "a") as log:
        log.write(json.dumps({"event": f"read {marker.upper()}"}))
    return "logs/worker.log"


def _in_prefect(home: Path, change: str, marker: str) -> str:
    with sqlite3.connect(home / "prefect" / "prefect.db") as database:
        assert database.execute(change, (f"of {marker}",)).rowcount
    database.close()
    return "prefect/prefect.db"


@plant("prefect")
def run_name(home: Path, marker: str) -> str:
    return _in_prefect(home, "UPDATE flow_run SET name = ? WHERE id = (SELECT id FROM flow_run LIMIT 1)", marker)


@plant("prefect")
def run_parameter(home: Path, marker: str) -> str:
    change = "UPDATE flow_run SET parameters = json_object('x', ?) WHERE id = (SELECT id FROM flow_run LIMIT 1)"
    return _in_prefect(home, change, marker)


@plant("prefect")
def state_message(home: Path, marker: str) -> str:
    return _in_prefect(home, "UPDATE flow_run_state SET message = ?", marker)


@plant("prefect")
def artifact(home: Path, marker: str) -> str:
    return _in_prefect(home, "UPDATE artifact SET data = ?", marker)


@plant("prefect")
def log_of_a_run(home: Path, marker: str) -> str:
    return _in_prefect(home, "UPDATE log SET message = ?", marker)


@plant("prefect")
def uncommitted_pages(home: Path, marker: str) -> str:
    (home / "prefect" / "prefect.db-wal").write_bytes(b"\x00\x07" + marker.encode() + b"\x00")
    return "prefect/prefect.db-wal"


@plant("prefect")
def result(home: Path, marker: str) -> str:
    (home / "prefect" / "storage").mkdir(exist_ok=True)
    (home / "prefect" / "storage" / "result").write_text(json.dumps({"result": marker}))
    return "prefect/storage/result"


@plant("received")
def file_name(home: Path, marker: str) -> str:
    (home / "received" / f"{marker}.sealed").write_bytes(b"")
    return f"received/{marker}.sealed"


@plant("outbox")
def mail_of_somebody_else(home: Path, marker: str) -> str:
    path = next(each for each in sorted((home / "outbox").rglob("*.eml")) if marker.encode() not in each.read_bytes())
    path.write_bytes(path.read_bytes() + marker.encode())
    return path.relative_to(home).as_posix()


@plant("therapy.db")
def words_in_the_therapy_database(home: Path, marker: str) -> str:
    with open(home / "therapy.db", "ab") as database:
        database.write(marker.encode())
    return "therapy.db"


@plant("contract-docs")
def page_of_the_data_docs(home: Path, marker: str) -> str:
    (home / "contract-docs" / "index.html").write_text(f"<p>{marker}</p>")
    return "contract-docs/index.html"


@plant("anchors")
def anchor(home: Path, marker: str) -> str:
    (home / "anchors" / "more").write_text(marker)
    return "anchors/more"


@pytest.mark.parametrize("marker", [PEOPLE["asked"].stem, SAID["own words"]])
@pytest.mark.parametrize("kind", PLANTS)
def test_search_finds_what_is_planted(day: Day, tmp_path: Path, kind: str, marker: str) -> None:
    part, act = PLANTS[kind]
    if (day.home / part).is_dir():
        shutil.copytree(day.home / part, tmp_path / part)
    else:
        shutil.copy(day.home / part, tmp_path / part)
    name = act(tmp_path, marker)
    assert excess(search(tmp_path), day.messages)[name] == [marker]


def test_therapy_word_in_the_operational_database_is_found(day: Day, tmp_path: Path) -> None:
    data = (day.home / "operational.db").read_bytes() + SAID["stop"].encode()
    (tmp_path / "operational.db-wal").write_bytes(data)
    assert excess(search(tmp_path), {}) == {"operational.db-wal": [SAID["stop"]]}
