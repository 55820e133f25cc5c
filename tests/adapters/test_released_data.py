"""Does the data of every released revision arrive whole at the newest one, where its cases go on?"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from acts.decisions import decide
from acts.labels import labels
from adapters import operational_store as store
from adapters import therapy_store
from adapters.audit_chain import verify_all
from adapters.migrating import MIGRATIONS, Database, check, migrate, migrate_all, url_of
from adapters.settings import settings
from adapters.slots import extend_slots
from models.codes import ApprovalKind, AuthenticatedHow, Verdict
from models.codes import ReferralStatus as R
from models.columns import utc_now
from models.operational import Approval, AuditEvent, Licence
from models.operational import Referral as Case
from models.therapy_text import TherapyText
from tests import conftest as shared
from tests import databases
from tests.factories import fresh_code, make_approval, review_words, spelled
from tests.flows.people import go_on, open_approval

DATA = Path(__file__).parents[1] / "data" / "migrations"
RELEASES = sorted(path.stem for path in DATA.glob("[0-9]*.json"))
# What a later revision may write anew: content that is sealed, secrets that are sealed, the chain of the audit.
WRITTEN_ANEW = {
    *("text", "answers", "content", "reason", "signed_content", "row_json", "focus_areas", "question", "answer"),
    *("totp_secret", "previous_digest", "digest"),
}

FACTS = (
    *("kind", "status", "level", "raised_by", "rule_id", "why", "version", "probability", "text_id", "starts", "ends"),
    "unique_key",
)
# What became sealed content, by table; a test reads it.
SEALED_SINCE = {
    "risk_flag": set(FACTS),
    "questionnaire_answers": {"total", "band"},
    "screened": {"state"},
}


def revisions(database: Database) -> list[str]:
    return sorted(f"{database.value}_{path.name[:4]}" for path in (MIGRATIONS / database.value).glob("[0-9]*.py"))


# Where an installation may have stopped on its way from the first revision to the newest.
NEWEST = max(len(revisions(database)) for database in Database)
STOPS = [(release, stop) for release in RELEASES for stop in range(int(release), NEWEST + 1)]


@cache
def release(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text())


def tables_of(name: str) -> dict[Database, dict[str, list[dict[str, Any]]]]:
    return {database: release(name)[database.value]["tables"] for database in Database}


@pytest.fixture(params=STOPS, ids=[f"{name}-by-{stop:04d}" for name, stop in STOPS])
def released(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An installation that holds a release's data, brought to some revision on the way to the newest; its release."""
    name, stop = request.param
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    with databases.in_force(tmp_path, monkeypatch), shared._settings_read_anew():
        settings().make_folders()
        for database in Database:
            migrate(database, url_of(database), to=release(name)[database.value]["revision"])
            load(url_of(database), tables_of(name)[database])
            known = revisions(database)
            migrate(database, url_of(database), to=known[min(stop, len(known)) - 1])
        yield name


def load(url: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    engine = sa.create_engine(url)
    found = sa.MetaData()
    found.reflect(engine)
    with engine.begin() as db:
        for table in found.sorted_tables:
            if rows := tables.get(table.name):
                db.execute(table.insert(), [_as_stored(table, row) for row in rows])
                if engine.dialect.name == "postgresql" and isinstance(rows[0].get("id"), int):
                    sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                    db.execute(sa.text(f"SELECT setval({sequence}, max(id)) FROM {table.name}"))
    engine.dispose()


def _as_stored(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the file as the database takes it: moments, days and times of day are no texts there."""

    def value(column: sa.Column[Any], raw: Any) -> Any:
        match column.type:
            case sa.DateTime() if raw is not None:
                return datetime.fromisoformat(raw).replace(tzinfo=UTC)
            case sa.Date() if raw is not None:
                return date.fromisoformat(raw)
            case sa.Time() if raw is not None:
                return time.fromisoformat(raw)
        return raw

    return {name: value(table.columns[name], raw) for name, raw in row.items()}


def rows_now(database: Database, released_tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """What the database holds in the tables and columns of the release."""
    engine = sa.create_engine(url_of(database))
    found = sa.MetaData()
    found.reflect(engine)
    with engine.connect() as db:
        now = {
            name: sorted(
                lasting(row._mapping, kept_columns(name, rows[0])) for row in db.execute(sa.select(found.tables[name]))
            )
            for name, rows in released_tables.items()
        }
    engine.dispose()
    return now


def kept_columns(table: str, row: dict[str, Any]) -> set[str]:
    return set(row) - SEALED_SINCE.get(table, set())


def lasting(row: Any, columns: set[str]) -> str:
    """What of a row must outlive every revision, in a form that can be compared."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat()
        return value.isoformat() if isinstance(value, date | time) else value

    return json.dumps({name: plain(row[name]) for name in columns - WRITTEN_ANEW}, sort_keys=True)


def test_every_row_is_still_there_as_it_was(released: str) -> None:
    migrate_all()
    for database, tables in tables_of(released).items():
        wanted = {name: sorted(lasting(row, kept_columns(name, row)) for row in rows) for name, rows in tables.items()}
        assert sum(map(len, wanted.values())) > 200
        there = rows_now(database, tables)
        assert {name: lost for name in wanted if (lost := sorted(set(wanted[name]) - set(there[name])))} == {}


def test_tables_are_what_the_records_say(released: str) -> None:
    migrate_all()
    for database in Database:
        check(database, url_of(database))


def test_what_was_said_and_signed_is_still_readable(released: str) -> None:
    migrate_all()
    kept = tables_of(released)[Database.THERAPY]
    for case_number in {row["case_number"] for row in kept["intake_text"]}:
        texts = therapy_store.texts(case_number, actor="system", where="test")
        assert {text.id: text.text.unwrap() for text in texts} == of_case(kept["intake_text"], case_number, "text")
        answers = therapy_store.answers(case_number, actor="system", where="test")
        there = {one.id: one.answers.unwrap() for one in answers}
        assert there == of_case(kept["questionnaire_answers"], case_number, "answers")
        for column in ("total", "band"):
            scores = {one.id: getattr(one, column) for one in answers}
            assert scores == of_case(kept["questionnaire_answers"], case_number, column)
    for row in kept["sign_off_content"]:
        content = therapy_store.sign_off_content(row["approval_id"], actor="system", where="test")
        assert content.unwrap() == row["content"]


def test_flags_say_what_they_said_and_what_was_screened_stays_screened(released: str) -> None:
    migrate_all()
    kept = tables_of(released)[Database.THERAPY]
    for case_number in {row["case_number"] for row in kept["risk_flag"]}:
        flags = {one.id: one for one in therapy_store.flags(case_number, actor="system", where="test")}
        for column in FACTS:
            said = {flag_id: getattr(flag, column) for flag_id, flag in flags.items()}
            assert said == of_case(kept["risk_flag"], case_number, column)
    screened = {row["source_id"] for row in kept["screened"]}
    for case_number in {row["case_number"] for row in kept["screened"]}:
        assert not screened & set(therapy_store.unread(case_number))


def test_old_audit_is_chained_to_its_end(released: str) -> None:
    migrate_all()
    assert verify_all() == []
    with store.reading() as db:
        chained = db.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all()
    assert len(chained) >= len(tables_of(released)[Database.OPERATIONAL]["audit_event"])
    assert all(event.digest for event in chained)


def of_case(rows: list[dict[str, Any]], case_number: str, column: str) -> dict[str, Any]:
    return {row["id"]: row[column] for row in rows if row["case_number"] == case_number}


def test_released_case_goes_on(released: str) -> None:
    """A clinician signs what the old release laid before them; the case walks on to its next wait."""
    migrate_all()
    extend_slots((utc_now() + timedelta(days=15)).date())
    with store.writing() as db:
        for licence in db.exec(select(Licence)).all():
            licence.expires_on = (utc_now() + timedelta(days=365)).date()
        waiting = db.exec(select(Case.case_number).where(Case.status == R.RISK_REVIEW).order_by(Case.case_number)).all()
    assert len(waiting) == 7
    approval = open_approval(waiting[0])
    assert approval is not None and approval.assigned_to is not None
    decide(
        approval.id,
        staff_id=approval.assigned_to,
        verdict=Verdict.APPROVE,
        reason=TherapyText(""),
        seen_digest=approval.digest,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(approval.assigned_to),
    )
    assert go_on(waiting[0]) == R.ASSIGNMENT


def test_released_review_can_be_labelled(released: str) -> None:
    """A flag of an old release's reader, listed as that release listed flags, gets its label and keeps it."""
    migrate_all()
    kept = tables_of(released)[Database.THERAPY]
    text = next(row for row in kept["intake_text"] if row["case_number"] == "RF-000001")
    flag = {
        "id": "FL-old", "kind": "self_harm", "status": "present", "level": "moderate", "raised_by": "rule",
        "rule_id": "harm.cut", "why": "", "version": "1", "probability": 0.8, "text_id": text["id"], "starts": 0,
        "ends": 3, "reviewed": False,
    }  # fmt: skip
    content = review_words(case="RF-000001", flags=[flag], texts=[{"id": text["id"], "kind": "referral_text"}])
    with store.writing() as db:
        case = db.get_one(Case, "RF-000001")
        case.status = R.RISK_REVIEW
        signer = db.exec(select(Approval.assigned_to).where(Approval.kind == ApprovalKind.RISK_REVIEW)).first()
        for licence in db.exec(select(Licence)).all():
            licence.expires_on = (utc_now() + timedelta(days=365)).date()
    approval = make_approval(referral=case, content=spelled(content), assigned_to=signer, round=99)
    decide(
        approval.id,
        staff_id=str(signer),
        verdict=Verdict.APPROVE,
        reason=TherapyText(""),
        seen_digest=approval.digest,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(str(signer)),
        confirmed={"FL-old": False},
    )
    [label] = labels(actor="test", texts=True)
    assert (label.flag_id, label.confirmed, label.passage) == ("FL-old", False, "")
    assert verify_all() == []


def test_every_release_has_rows_in_every_table() -> None:
    assert RELEASES
    for name in RELEASES:
        for tables in tables_of(name).values():
            assert [table for table, rows in tables.items() if not rows] == []
