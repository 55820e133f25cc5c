"""What a monitor sees of desk and portal: health, figures, request ids; and what it must not see."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from adapters import health as healths
from adapters.log_lines import JsonLines
from adapters.migrating import Database
from adapters.operational_store import audit, beat, writing
from adapters.settings import settings
from models.claim_codes import FileKind, FileStatus
from models.codes import ClaimStatus, MessageStatus, NoteStatus, ReferralStatus, Role, ToDoKind
from models.columns import utc_now
from models.operational import Approval, Heartbeat, OutboxMessage, WorkerBeat
from tests import factories
from tests.web.desk.conftest import app as made_desk
from web.portal.app import make_app as make_portal

APPS = {"desk": lambda: made_desk(False), "portal": make_portal}


@pytest.fixture(params=sorted(APPS))
def part(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def app(part: str, home: Path) -> FastAPI:
    return APPS[part]()


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as browser:
        yield browser


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healths, "KEPT_SECONDS", -1.0)


@pytest.fixture
def well(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything beats, and Prefect answers."""
    monkeypatch.setattr(healths, "prefect_answers", lambda: True)
    with writing() as db:
        beat(db, "watch-waits")
        db.add(WorkerBeat(worker_id="w", at=utc_now()))


def figures(browser: TestClient) -> dict[tuple[str, frozenset], float]:
    answer = browser.get("/metrics", headers={"Authorization": f"Bearer {settings().metrics_token()}"})
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(browser: TestClient, name: str, **labels: str) -> float | None:
    return figures(browser).get((name, frozenset(labels.items())))


# -- health


def test_healthy_installation_says_so_without_a_sign_in(browser: TestClient, well: None):
    answer = browser.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": dict.fromkeys(
            ("operational_database", "therapy_database", "migrations", "worker", "watch", "prefect"), True
        ),
    }


def late(record: Heartbeat | WorkerBeat, seconds: int) -> None:
    with writing() as db:
        found = db.get(type(record), "watch-waits" if isinstance(record, Heartbeat) else "w")
        assert found is not None
        found.at = utc_now() - timedelta(seconds=seconds)
        db.add(found)


@pytest.mark.parametrize(("seconds", "holds"), [(170, True), (190, False)])
def test_watch_that_has_stopped_is_seen(browser: TestClient, well: None, seconds: int, holds: bool):
    late(Heartbeat(name="", at=utc_now()), seconds)
    assert browser.get("/health").json()["checks"]["watch"] is holds


@pytest.mark.parametrize(("seconds", "holds"), [(50, True), (70, False)])
def test_worker_that_has_stopped_is_seen(browser: TestClient, well: None, seconds: int, holds: bool):
    late(WorkerBeat(worker_id="", at=utc_now()), seconds)
    assert browser.get("/health").json()["checks"]["worker"] is holds


def test_what_never_beat_is_not_well(browser: TestClient, home: Path):
    answer = browser.get("/health")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "operational_database": True,
        "therapy_database": True,
        "migrations": True,
        "worker": False,
        "watch": False,
        "prefect": False,
    }


@pytest.mark.parametrize("database", Database)
def test_database_that_is_gone_is_named_and_not_made(
    browser: TestClient, well: None, home: Path, monkeypatch: pytest.MonkeyPatch, database: Database
):
    lost = home / "lost.db"
    monkeypatch.setattr(
        healths.migrating, "url_of", lambda one: f"sqlite:///{lost if one == database else home / f'{one.value}.db'}"
    )
    answer = browser.get("/health")
    assert answer.status_code == 503
    assert {name for name, holds in answer.json()["checks"].items() if not holds} >= {
        f"{database.value}_database",
        "migrations",
    }
    assert not lost.exists()


def test_database_behind_the_programs_is_not_well(browser: TestClient, well: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(healths, "newest_revision", lambda database: "one_that_is_to_come")
    checks = browser.get("/health").json()["checks"]
    assert (checks["operational_database"], checks["migrations"]) == (True, False)


def test_many_questions_cost_one_look(browser: TestClient, well: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(healths, "KEPT_SECONDS", 60.0)
    monkeypatch.setattr(healths, "_kept", None)
    looked = []
    look = healths.look
    monkeypatch.setattr(healths, "look", lambda: looked.append(1) or look())
    for _ in range(5):
        assert browser.get("/health").status_code == 200
    assert len(looked) == 1


# -- figures


@pytest.mark.parametrize("shown", ["", "Bearer ", "Bearer wrong", "Basic x", "Bearer schlüssel"])
def test_figures_do_not_exist_for_who_has_no_token(browser: TestClient, home: Path, shown: str):
    answer = browser.get("/metrics", headers={"Authorization": shown.encode("latin-1")})
    assert answer.status_code == 404
    assert "countersign_" not in answer.text


def test_token_is_made_once_and_closed_to_others(home: Path, monkeypatch: pytest.MonkeyPatch):
    token = settings().metrics_token()
    assert settings().metrics_token() == token
    assert (home / "metrics-token").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("COUNTERSIGN_METRICS_SECRET", "of the monitor")
    settings.cache_clear()
    assert settings().metrics_token() == "of the monitor"
    assert "of the monitor" not in repr(settings())


@pytest.mark.parametrize(
    ("hours", "bucket"),
    [(0.9, "under_1h"), (1.1, "1h_to_4h"), (3.9, "1h_to_4h"), (4.1, "4h_to_1d"), (25, "1d_to_3d"), (73, "over_3d")],
)
def test_open_approvals_are_counted_by_role_kind_and_age(browser: TestClient, well: None, hours: float, bucket: str):
    approval = factories.make_case_at(ReferralStatus.RISK_REVIEW).approval
    assert approval is not None
    opened = utc_now() - timedelta(hours=hours)
    with writing() as db:
        row = db.get(Approval, approval.id)
        assert row is not None
        row.opened_at, row.due_at = opened, utc_now() - timedelta(minutes=1)
        db.add(row)
    counted = {
        dict(labels)["age"]: value
        for (name, labels), value in figures(browser).items()
        if name == "countersign_open_approvals"
    }
    assert counted == {bucket: 1}
    labels = {"role": "clinician", "kind": "risk_review", "age": bucket}
    assert figure(browser, "countersign_open_approvals", **labels) == 1
    assert figure(browser, "countersign_overdue", what="approval", role="clinician") == 1
    oldest = figure(browser, "countersign_oldest_open_approval_seconds", role="clinician")
    assert oldest == pytest.approx(hours * 3600, abs=60)


def test_outbox_lag_counts_from_when_a_message_was_to_leave(browser: TestClient, well: None):
    assert figure(browser, "countersign_outbox_lag_seconds") == 0
    for minutes, status in ((5, MessageStatus.QUEUED), (-60, MessageStatus.QUEUED), (90, MessageStatus.FAILED)):
        message = factories.make_message()
        with writing() as db:
            row = db.get(OutboxMessage, message.id)
            assert row is not None
            row.not_before, row.status = utc_now() - timedelta(minutes=minutes), status
            db.add(row)
    assert figure(browser, "countersign_outbox_lag_seconds") == pytest.approx(300, abs=30)
    assert figure(browser, "countersign_outbox_messages", channel="email", status="queued") == 2
    assert figure(browser, "countersign_outbox_messages", channel="email", status="failed") == 1


def test_silences_grow_and_are_infinite_for_what_never_spoke(browser: TestClient, home: Path):
    assert figure(browser, "countersign_watch_silence_seconds") == float("inf")
    with writing() as db:
        db.add(Heartbeat(name="watch-waits", at=utc_now() - timedelta(seconds=400)))
    assert figure(browser, "countersign_watch_silence_seconds") == pytest.approx(400, abs=30)
    assert figure(browser, "countersign_worker_silence_seconds") == float("inf")


def test_cases_to_dos_alarms_and_restarts_are_counted(browser: TestClient, well: None):
    referral = factories.make_referral(ReferralStatus.CONTACT_PATIENT)
    factories.make_to_do(referral, ToDoKind.CALL_PATIENT, due_at=utc_now() - timedelta(hours=1))
    with writing() as db:
        for action, subject in (
            ("run.failed", ("flow_run", "a")),
            ("run.failed", ("flow_run", "b")),
            ("process.restarted", ("process", "worker")),
        ):
            audit(db, "test", action, subject)
    assert figure(browser, "countersign_cases", status="contact_patient") == 1
    assert figure(browser, "countersign_overdue", what="to_do", role=Role.COORDINATOR.value) == 1
    assert figure(browser, "countersign_run_alarms_total", trouble="failed") == 2
    assert figure(browser, "countersign_run_alarms_total", trouble="late") == 0
    assert figure(browser, "countersign_restarts_total", part="worker") == 1
    assert figure(browser, "countersign_quarantined_rows", urgent="true") == 0
    assert figure(browser, "countersign_healthy", check="prefect") == 1


@pytest.mark.parametrize(("minutes", "late"), [(-1, 1), (1, 0)])
def test_sessions_are_counted_by_status_owner_and_lateness(browser: TestClient, well: None, minutes: int, late: int):
    waits = factories.make_note()
    factories.make_session(NoteStatus.READY_TO_DRAFT)
    closed = factories.make_session(NoteStatus.CLOSED_SIGNED)
    with writing() as db:
        row = db.get(Approval, waits.approval.id)
        assert row is not None
        row.due_at = utc_now() + timedelta(minutes=minutes)
        db.add(row)
    assert closed.closed_at is not None
    for status, count in (("note_signature", 1), ("ready_to_draft", 1), ("closed_signed", 1), ("received", None)):
        assert figure(browser, "countersign_sessions", status=status) == count
    for owner, count in (("clinician", 1), ("system", 1), ("coordinator", 0)):
        assert figure(browser, "countersign_open_sessions", owner=owner) == count
    assert figure(browser, "countersign_overdue_sessions") == late


def test_claims_and_their_files_are_counted(browser: TestClient, well: None):
    assert figure(browser, "countersign_clearinghouse_files_refused") == 0
    assert figure(browser, "countersign_clearinghouse_lag_seconds") == 0
    factories.make_claim(ClaimStatus.DENIED)
    factories.make_file()
    factories.make_file(status=FileStatus.TAKEN_IN)
    for minutes, given in (
        (90, {"not_before": utc_now() + timedelta(minutes=5)}),  # is tried again later
        (10, {}),
        (240, {"status": FileStatus.SENT}),
    ):
        at = utc_now() - timedelta(minutes=minutes)
        factories.make_file(FileKind.CLAIMS, outgoing=True, **{"at": at, "not_before": at, **given})
    assert figure(browser, "countersign_claims", status="denied") == 1
    assert figure(browser, "countersign_clearinghouse_files_refused") == 1
    assert figure(browser, "countersign_clearinghouse_lag_seconds") == pytest.approx(600, abs=30)


def test_verified_audit_is_shown_with_its_age_and_faults(browser: TestClient, well: None):
    assert figure(browser, "countersign_audit_verified_age_seconds", database="operational") == float("inf")
    with writing() as db:
        audit(db, "system", "audit.verified", ("audit", "operational"), events=9, last_id=9, faults=2)
    assert figure(browser, "countersign_audit_faults", database="operational") == 2
    assert figure(browser, "countersign_audit_verified_age_seconds", database="operational") < 60


def test_figures_name_nobody(browser: TestClient, well: None):
    approval = factories.make_case_at(ReferralStatus.RISK_REVIEW).approval
    assert approval is not None
    answer = browser.get("/metrics", headers={"Authorization": f"Bearer {settings().metrics_token()}"}).text
    with writing() as db:
        row = db.get(Approval, approval.id)
        assert row is not None
        for name in (row.id, row.case_number, row.assigned_to or "nobody", row.location_id):
            assert name not in answer


def test_figures_are_left_out_while_the_database_is_away(
    browser: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(healths, "revision_of", lambda database: None)
    shown = {name for name, _ in figures(browser)}
    assert "countersign_healthy" in shown
    assert "countersign_cases" not in shown


# -- requests


def test_request_is_counted_by_the_template_of_its_route(browser: TestClient, part: str, well: None):
    path, route = {
        "desk": ("/approvals/AP-RF-000001-3", "/approvals/{approval_id}"),
        "portal": ("/l/a-token", "/l/{token}"),
    }[part]
    browser.get(path, follow_redirects=False)
    counted = [
        dict(labels)
        for (name, labels), _ in figures(browser).items()
        if name == "countersign_http_request_seconds_count" and dict(labels)["part"] == part
    ]
    assert route in {labels["route"] for labels in counted}
    assert not any("AP-RF" in labels["route"] or "a-token" in labels["route"] for labels in counted)


@pytest.mark.parametrize("path", ["/nowhere/Marker", "/wp-admin/Marker"])
def test_addresses_of_nothing_are_one_route(browser: TestClient, path: str, well: None):
    browser.request("PURGE", path)
    browser.get(path)
    counted = {dict(labels)["route"] for (name, labels), _ in figures(browser).items() if "http_request" in name}
    assert "none" in counted
    assert not any("Marker" in route for route in counted)


def test_every_answer_carries_a_request_id_of_ours(browser: TestClient, home: Path):
    first = browser.get("/healthz", headers={"X-Request-Id": "theirs"}).headers["x-request-id"]
    second = browser.get("/nowhere").headers["x-request-id"]
    assert "theirs" not in (first, second)
    assert first != second
    assert len(first) == 16


def test_log_of_a_request_names_its_id_and_no_address(
    browser: TestClient, home: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    answer = browser.get("/l/secret-token?name=Marker", follow_redirects=False)
    ours = [record for record in caplog.records if record.name != "httpx2"]  # the test's own browser
    lines = [json.loads(JsonLines("test").format(record)) for record in ours]
    [line] = [line for line in lines if line["event"] == "answered"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["status"] == answer.status_code
    for written in (json.dumps(lines), *(record.getMessage() for record in ours)):
        assert "Marker" not in written and "secret-token" not in written
