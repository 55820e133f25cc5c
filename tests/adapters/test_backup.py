"""A backup taken while everything runs, put into an empty place of either kind, and gone on with."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from acts import cases as acts_on_cases
from acts import forgetting, patient
from acts.restoring import restore
from adapters import (
    audit_anchors,
    audit_chain,
    backing_up,
    migrating,
    therapy_store,
    therapy_store_private,
    therapy_store_sessions,
)
from adapters import operational_store as store
from adapters.backing_up import back_up, back_up_by_setting, newest_backup_at
from adapters.backup_key import add_backup_key, key_file
from adapters.backup_records import Told, tables_of, told
from adapters.empty_place import connected
from adapters.migrating import Database, migrate_all
from adapters.one_moment import one_moment
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from models.claim_codes import FileKind
from models.codes import ClaimStatus as C
from models.codes import LinkPurpose, Role, ToDoOutcome
from models.codes import ReferralStatus as R
from models.columns import utc_now
from models.errors import BackupRefused, Forgotten
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Claim,
    Decision,
    IntakeFile,
    NoShowNetwork,
    Patient,
    Referral,
    SessionNote,
    Staff,
    StaffLogin,
)
from models.therapy_text import TherapyText
from tasks import intake, runs, sessions
from tests.exports import People as Staffed
from tests.exports import drop as drop_export
from tests.exports import put
from tests.factories import make_claim, make_file, make_note, make_papers, make_submission
from tests.flows.people import case_of, coordinator_of, drop, go_on, open_approval, patients_link, referral_row, sign
from tests.places import KINDS, Place, entered, places
from tests.tasks.conftest import FakePrefect, prefect

__all__ = ["prefect"]

ROOT = Path(__file__).parents[2]
MARKERS = ("zibbertrance", "qorvexa")
AT_WORK_AGAIN = {"audit_event", "audit_head", "referral", "session_note", "run_claim", "worker_beat", "staff_login"}
"""What a restore itself changes, so that the system can go on."""
Make = Callable[[str], Place]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Make]:
    with places(tmp_path) as make:
        yield make


def with_keys_of(source: Place, target: Place) -> Place:
    """The keys travel apart from the backup."""
    for name in ("keys", "link-signing-key", "sample-sign-ins.json"):
        origin = source.home / name
        for path in origin.rglob("*") if origin.is_dir() else (origin,):
            if path.is_file():
                copy = target.home / path.relative_to(source.home)
                copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                copy.write_bytes(path.read_bytes())
                copy.chmod(0o600)
    return target


def row(external_id: str, **given: str) -> dict[str, str]:
    """A referral with nothing in it that the encoder would read: it takes longer than all the rest."""
    return referral_row(external_id, **{"consent_ai": "no", "consent_ai_on": "", "referral_text": "", **given})


def practice() -> None:
    migrate_all()
    seed_sample_practice()


def take_in(*rows: dict[str, str]) -> list[Referral]:
    """Receive rows that keep their contract, which is not asked here: it takes longer than all the rest."""
    drop(*rows)
    with pytest.MonkeyPatch.context() as patch:
        kept = SimpleNamespace(findings=(), docs_page=None, docs_index=None)
        patch.setattr(intake, "check_referral_table", lambda *_, **__: kept)
        for file_id in intake.collect.fn(settle_seconds=0):
            intake.receive.fn(file_id)
    return [case for row in rows if (case := case_of(row["external_id"])) is not None]


def contents() -> dict[str, Told]:
    """What every table of both databases adds up to."""
    found = {}
    for database in Database:
        with connected(database) as connection:
            for table in tables_of(connection):
                found[f"{database.value}.{table.name}"] = told(connection, table)
    return found


def untouched(found: dict[str, Told]) -> dict[str, Told]:
    return {name: end for name, end in found.items() if name.split(".")[1] not in AT_WORK_AGAIN}


RISKY = row("B-1", given_name="Qorvexa", referral_text="The zibbertrance is worse.", phq9_9="2")
REVIEWS = [row(f"C-{at}", phq9_9="1", phone=f"+1 503 555 02{at:02d}") for at in range(6)]
CASES = [RISKY, row("B-2", phone="+1 503 555 0152"), row("B-3", phone="+1 503 555 0153"), *REVIEWS]


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A practice at work, and its backup: risk reviews, an assignment, offered times, a waiting file, a message."""
    folder = tmp_path_factory.mktemp("busy")
    with entered(Place(folder / "home", {"COUNTERSIGN_HOME": str(folder / "home")})):
        practice()
        numbers = [case.case_number for case in take_in(*CASES)]
        reached = [go_on(number) for number in numbers]
        assert reached == [R.RISK_REVIEW, R.ASSIGNMENT, R.ASSIGNMENT, *[R.RISK_REVIEW] * len(REVIEWS)]
        asyncio.run(sign(numbers[2]))
        assert go_on(numbers[2]) == R.OFFERED
        with store.writing() as db:
            for number in numbers:
                case = store.one(db, Referral, number)
                case.run_id = f"run-of-{number}"
                db.add(case)
            db.add(StaffLogin(token_digest="d", staff_id="ST-101", csrf_token="c", expires_at=utc_now()))
            db.add(NoShowNetwork(id="NN-1", trained_until=utc_now(), appointments=500, weights=bytes(range(256))))
        drop(row("B-9", referral_text="The zibbertrance again."))
        (settings().outbox_folder / "message.eml").write_text("Dear Qorvexa")
        back_up(folder / "busy.backup")
    return folder / "home", folder / "busy.backup"


@pytest.fixture
def backed_up(busy: tuple[Path, Path], place: Make, tmp_path: Path) -> tuple[Place, Path]:
    """A copy of the practice at work, and of its backup."""
    home, file = busy
    source = place("sqlite")
    shutil.copytree(home, source.home)
    shutil.copy(file, tmp_path / "one.backup")
    return source, tmp_path / "one.backup"


@pytest.fixture
def at_work(backed_up: tuple[Place, Path], place: Make, request: pytest.FixtureRequest) -> Place:
    """The practice at work on the kind of database the test asks for."""
    source, file = backed_up
    if request.param == "sqlite":
        return source
    moved = with_keys_of(source, place(request.param))
    with entered(moved):
        restore(file)
    return moved


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("at_work", KINDS, indirect=True)
async def test_backup_of_either_kind_is_restored_into_either_kind_and_goes_on(
    at_work: Place, place: Make, tmp_path: Path, prefect: FakePrefect, to: str
) -> None:
    file = tmp_path / "two.backup"
    with entered(at_work):
        before = contents()
        made = back_up(file)
        assert made.rows == sum(end.rows for end in before.values())
        with store.reading() as db:
            [event] = db.exec(select(AuditEvent).where(AuditEvent.subject_id == made.backup_id)).all()
        assert (event.action, event.details["sha256"]) == ("backup.made", made.sha256)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == made.sha256
    with entered(with_keys_of(at_work, place(to))):
        restored = restore(file)
        after = contents()
        assert untouched(after) == untouched(before)
        assert restored.rows == made.rows and restored.open_cases == len(CASES) and restored.findings == ()
        with store.reading() as db:
            events = db.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all()
            assert [event.id for event in events] == list(range(1, before["operational.audit_event"].rows + 2))
            assert (events[-1].action, events[-1].subject_id) == ("restore.done", made.backup_id)
            assert set(db.exec(select(StaffLogin.revoked)).all()) == {True}
        # the worker gives each open case a run of its own, under a key that no earlier run had
        assert await runs.start_missing_runs() == len(CASES)
        assert {run["idempotency_key"].rsplit("-", 1)[1] for run in prefect.started} == {"1"}
        case = case_of("B-1")
        assert case is not None
        await to_the_first_session(case.case_number)


async def to_the_first_session(number: str) -> None:
    assert go_on(number) == R.RISK_REVIEW
    await sign(number)
    assert go_on(number) == R.ASSIGNMENT
    await sign(number)
    assert go_on(number) == R.OFFERED
    with store.reading() as db:
        case = store.one(db, Referral, number)
    token, proof = await patients_link(case, LinkPurpose.CHOOSE_TIME)
    patient.choose(token, proof, patient.offered_times(token, proof)[0].offer_id)
    assert go_on(number) == R.BOOKED
    with store.writing() as db:
        appointment = db.exec(select(Appointment).where(Appointment.case_number == number)).one()
        appointment.starts_at = utc_now() - timedelta(minutes=1)
        db.add(appointment)
    acts_on_cases.record_outcome(number, staff_id=coordinator_of("LOC-1"), outcome=ToDoOutcome.ATTENDED)
    assert go_on(number) == R.CLOSED_ATTENDED


@pytest.mark.parametrize("kind", KINDS)
def test_both_databases_are_seen_at_one_moment(place: Make, kind: str) -> None:
    """One thread writes to the one database, then the other, as the acts do; the gap between them is never wider."""
    with entered(place(kind)):
        migrate_all()
        done = threading.Event()

        def acting() -> int:
            for number in range(1, 100_000):
                therapy_store.keep_focus(f"RF-{number:06d}", ("x",))
                with store.writing() as db:
                    store.next_number(db, "acts")
                    store.audit(db, "test", "acted", ("test", str(number)))
                if done.is_set():
                    return number
            return 0

        with ThreadPoolExecutor(1) as pool:
            worker = pool.submit(acting)
            gaps = set()
            try:
                for _ in range(25):
                    with one_moment() as seen:
                        operational = seen[Database.OPERATIONAL].execute(
                            sa.text("SELECT coalesce(max(last), 0) FROM number_sequence WHERE name = 'acts'")
                        )
                        here = operational.scalar_one()
                        time.sleep(0.02)  # in which the other thread writes more
                        there = seen[Database.THERAPY].execute(sa.text("SELECT count(*) FROM case_focus")).scalar_one()
                        gaps.add(there - here)
            finally:
                done.set()
            assert worker.result() > 5  # it wrote while the looks went on; how much is the machine's affair
        assert gaps <= {0, 1}


@pytest.mark.parametrize("at_work", KINDS, indirect=True)
def test_backup_while_people_decide_holds_no_half_decision(at_work: Place, place: Make, tmp_path: Path) -> None:
    with entered(at_work):
        numbers = [case.case_number for row in REVIEWS if (case := case_of(row["external_id"])) is not None]

        def deciding() -> None:
            for number in numbers:
                asyncio.run(sign(number))
                time.sleep(0.3)  # a signature is quicker than a backup: some backup must fall between two

        files: list[Path] = []
        with ThreadPoolExecutor(1) as pool:
            worker = pool.submit(deciding)
            while not worker.done():
                files.append(tmp_path / f"{len(files)}.backup")
                back_up(files[-1])
            worker.result()
    halfway = 0
    for file in files[1 :: max(1, len(files) // 4)]:
        with entered(with_keys_of(at_work, place("sqlite"))):
            assert restore(file).findings == ()
            halfway += 1 < _decisions_match_their_words() <= len(numbers)
    assert halfway


def _decisions_match_their_words() -> int:
    """Every decision has its words, what counts as reviewed was reviewed by a decided sign-off; how many decisions."""
    with store.reading() as db:
        decisions = db.exec(select(Decision)).all()
        decided = set(db.exec(select(Approval.id).where(col(Approval.status) == "decided")).all())
    with connected(Database.THERAPY) as therapy:
        words = set(therapy.execute(sa.text("SELECT decision_id FROM decision_words")).scalars())
        reviewed = sa.text("SELECT DISTINCT reviewed_by_approval FROM risk_flag WHERE reviewed_by_approval IS NOT NULL")
        reviewers = set(therapy.execute(reviewed).scalars())
    assert {decision.id for decision in decisions} <= words
    assert reviewers <= decided
    return len(decisions)


def test_backup_shows_nothing_of_its_content(backed_up: tuple[Place, Path]) -> None:
    source, file = backed_up
    kept = b"".join(path.read_bytes() for path in source.home.rglob("*") if path.is_file())
    assert all(marker.encode() in kept.lower() for marker in MARKERS)
    assert not [marker for marker in MARKERS if marker.encode() in file.read_bytes().lower()]
    assert file.stat().st_mode & 0o077 == 0
    secrets = [path.read_bytes().strip() for path in (source.home / "keys").iterdir() if path.stat().st_size]
    assert len(secrets) >= 2 and not [one for one in secrets if one in file.read_bytes()]


def test_folders_come_back_as_they_were(backed_up: tuple[Place, Path], place: Make) -> None:
    source, file = backed_up
    with entered(with_keys_of(source, target := place("sqlite"))):
        restore(file)
    for folder in ("intake", "received", "to-fix", "outbox"):
        names = {path.relative_to(source.home) for path in (source.home / folder).rglob("*") if path.is_file()}
        assert names == {path.relative_to(target.home) for path in (target.home / folder).rglob("*") if path.is_file()}
        for name in names:
            assert (source.home / name).read_bytes() == (target.home / name).read_bytes()
            assert (target.home / name).stat().st_mode & 0o077 == 0
    assert {path.name for path in (target.home / "intake").iterdir()} == {"B-9.csv"}


def test_file_received_after_the_moment_is_taken_in_again(backed_up: tuple[Place, Path], place: Make) -> None:
    """It is in the folder the backup reads after its moment, and no database knows it."""
    source, _ = backed_up
    content = b"late,file\n"
    late = hashlib.sha256(content).hexdigest()[:32]
    with entered(source):
        (settings().received_folder / f"{late}.csv").write_bytes(content)
        back_up(source.home / "late.backup")
    with entered(with_keys_of(source, place("sqlite"))):
        restored = restore(source.home / "late.backup")
        assert {path.name for path in settings().intake_folder.iterdir()} == {f"{late}.csv", "B-9.csv"}
        assert restored.findings == (f"file {late[:16]} was received after the backup's moment: it is taken in again",)


def test_content_that_misses_is_named(backed_up: tuple[Place, Path], place: Make) -> None:
    source, _ = backed_up
    with entered(source):
        case = case_of("B-1")
        assert case is not None
        approval = open_approval(case.case_number)
        assert approval is not None
        with connected(Database.THERAPY) as connection:
            gone = sa.text("DELETE FROM sign_off_content WHERE approval_id = :id")
            connection.execute(gone, {"id": approval.id})
        with store.writing() as db:
            store.one(db, IntakeFile, db.exec(select(IntakeFile.id)).one()).finished_at = None
        for path in settings().received_folder.iterdir():
            path.unlink()
        back_up(source.home / "gaps.backup")
    with entered(with_keys_of(source, place("sqlite"))):
        findings = restore(source.home / "gaps.backup").findings
    assert len(findings) == 3
    assert f"therapy: sign_off_content {approval.id}, field content: what was sealed is gone" in findings
    assert f"sign-off {approval.id} has no content in the therapy database" in findings
    assert [finding for finding in findings if finding.endswith("is gone: drop it again")]


def test_patient_forgotten_after_the_backup_stays_forgotten(backed_up: tuple[Place, Path], place: Make) -> None:
    source, file = backed_up
    with entered(source):
        case = case_of("B-1")
        assert case is not None
        with store.reading() as db:
            compliance = db.exec(select(Staff).where(Staff.role == Role.COMPLIANCE)).first()
        assert compliance is not None
        reason = TherapyText("asked to be forgotten")
        acts_on_cases.stop(case.case_number, staff_id=coordinator_of("LOC-1"), reason=reason, exit_kind=None)
        forgetting.forget(case.patient_id, staff_id=compliance.id, reason=reason)
    with entered(with_keys_of(source, place("sqlite"))):  # the list of the forgotten lies beside the keys
        findings = restore(file).findings
        assert [finding for finding in findings if finding.endswith("are destroyed again")]
        with pytest.raises(Forgotten):
            therapy_store.texts(case.case_number, actor="test", where="test")
        with store.reading() as db:
            assert store.one(db, Patient, case.patient_id).given_name != "Qorvexa"
        assert audit_chain.verify_all() == []


def with_anchors_of(source: Place, target: Place) -> Place:
    """The anchors lie outside the databases, and out of reach of whoever changes them."""
    shutil.copytree(source.home / "anchors", target.home / "anchors", dirs_exist_ok=True)
    return target


def test_audit_goes_on_where_the_backup_ends_and_says_what_is_lost(backed_up: tuple[Place, Path], place: Make) -> None:
    source, _ = backed_up
    file = source.home / "one.backup"
    with entered(source):
        audit_anchors.write_anchors()
        back_up(file)
        before = contents()
        for _ in range(3):
            with store.writing() as db:
                store.audit(db, "test", "happened.later", ("test", "1"))
        audit_anchors.write_anchors()
    with entered(with_anchors_of(source, with_keys_of(source, place("sqlite")))):
        end = before["operational.audit_event"].rows
        said = f"4 events of the operational audit came after the backup and are lost: it ended at event {end + 3}"
        assert [finding for finding in restore(file).findings if finding.startswith(said)]
        assert audit_chain.verify_all() == []
        assert list((settings().anchors_folder).glob("operational.lost-by-BU-*"))
        with store.writing() as db:
            store.audit(db, "test", "goes.on", ("test", "1"))
        audit_anchors.write_anchors()
        assert audit_chain.verify_all() == []


@pytest.mark.parametrize("kind", KINDS)
def test_audit_that_was_changed_before_the_backup_is_refused(
    backed_up: tuple[Place, Path], place: Make, kind: str
) -> None:
    source, _ = backed_up
    with entered(source):
        with connected(Database.THERAPY) as connection:
            for trigger in ("no_update", "no_delete", "no_replace"):
                connection.execute(sa.text(f"DROP TRIGGER therapy_audit_event_{trigger}"))
            connection.execute(sa.text("UPDATE therapy_audit_event SET actor = 'somebody else' WHERE id = 3"))
        back_up(source.home / "changed.backup")
    target = with_keys_of(source, place(kind))
    with (
        entered(target),
        pytest.raises(BackupRefused, match=r"the audit in the backup does not verify: therapy event 3"),
    ):
        restore(source.home / "changed.backup")
    holds_nothing(target)


def test_audit_rewritten_whole_is_refused_by_the_anchors_outside(backed_up: tuple[Place, Path], place: Make) -> None:
    source, _ = backed_up
    with entered(source):
        [anchor, *_] = audit_anchors.write_anchors()
    target = with_anchors_of(source, with_keys_of(source, place("sqlite")))
    for path in (target.home / "anchors").glob("*.jsonl"):
        path.write_text(path.read_text().replace(anchor.last_digest, anchor.last_digest[::-1]))
    back_up_of(source, target.home / "one.backup")
    with entered(target), pytest.raises(BackupRefused, match="the audit in the backup does not verify"):
        restore(target.home / "one.backup")
    holds_nothing(target)


def back_up_of(source: Place, file: Path) -> None:
    with entered(source):
        back_up(file)


def holds_nothing(place: Place) -> None:
    """Nothing a restore has begun is left: no table with a row, no file."""
    with entered(place):
        for database in Database:
            with connected(database) as connection:
                assert sa.inspect(connection).get_table_names() == []
        for folder in ("intake", "received", "to-fix", "outbox", ".restoring"):
            assert not [path for path in (place.home / folder).rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["altered", "cut", "added"])
def test_broken_backup_leaves_nothing(backed_up: tuple[Place, Path], place: Make, kind: str, change: str) -> None:
    source, file = backed_up
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= change == "altered"
    file.write_bytes(bytes(data[:-40] if change == "cut" else data + (b"x" if change == "added" else b"")))
    target = with_keys_of(source, place(kind))
    with entered(target), pytest.raises(BackupRefused):
        restore(file)
    holds_nothing(target)
    with entered(target):
        migrate_all()  # and the place can be used


def test_restore_without_the_backup_key_names_it(backed_up: tuple[Place, Path], place: Make) -> None:
    source, file = backed_up
    target = with_keys_of(source, place("sqlite"))
    (target.home / "keys" / "backup-key").unlink()
    with entered(target), pytest.raises(BackupRefused, match="keys/backup-key is not here"):
        restore(file)
    with entered(target):
        add_backup_key()
        with pytest.raises(BackupRefused, match=r"made with the backup key BK-[0-9a-f]{16}, which is not here"):
            restore(file)
    holds_nothing(target)


def test_older_backup_opens_after_a_new_key(backed_up: tuple[Place, Path], place: Make, tmp_path: Path) -> None:
    source, file = backed_up
    with entered(source):
        old = key_file().read_text()
        add_backup_key()
        assert key_file().read_text().endswith(old) and key_file().stat().st_mode & 0o077 == 0
        back_up(tmp_path / "two.backup")
    for each in (file, tmp_path / "two.backup"):
        with entered(with_keys_of(source, place("sqlite"))):
            assert restore(each).open_cases == len(CASES)


def test_key_from_the_environment_or_a_command_seals_and_opens(
    backed_up: tuple[Place, Path], place: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, file = backed_up
    key = key_file_of(source).read_text().strip()
    target = with_keys_of(source, place("sqlite"))
    (target.home / "keys" / "backup-key").unlink()
    monkeypatch.setenv("COUNTERSIGN_BACKUP_KEY_COMMAND", f"echo {key}")
    with entered(target):
        assert restore(file).open_cases == len(CASES)
        with pytest.raises(BackupRefused, match="come from the environment"):
            add_backup_key()
    monkeypatch.setenv("COUNTERSIGN_BACKUP_KEY", key)
    with entered(target), pytest.raises(BackupRefused, match="not both"):
        back_up(tmp_path / "no.backup")
    monkeypatch.delenv("COUNTERSIGN_BACKUP_KEY_COMMAND")
    with entered(target):
        back_up(tmp_path / "three.backup")
    assert not (target.home / "keys" / "backup-key").exists()


def key_file_of(place: Place) -> Path:
    return place.home / "keys" / "backup-key"


def rows(_place: Place) -> None:
    migrate_all()
    with store.writing() as db:
        store.next_number(db, "case")


def a_file(_place: Place) -> None:
    (settings().intake_folder / "waiting.csv").write_text("a\n")


@pytest.mark.parametrize(
    ("way", "said"), [(rows, "the operational database is not empty"), (a_file, "the folder intake is not empty")]
)
@pytest.mark.parametrize("kind", KINDS)
def test_place_that_is_not_empty_is_refused_and_stays(
    backed_up: tuple[Place, Path], place: Make, way: Callable[[Place], None], said: str, kind: str
) -> None:
    source, file = backed_up
    target = with_keys_of(source, place(kind))
    with entered(target):
        way(target)
        before = contents()
        with pytest.raises(BackupRefused, match=said):
            restore(file)
        assert contents() == before


def test_migrated_place_without_a_row_is_empty_enough(backed_up: tuple[Place, Path], place: Make) -> None:
    source, file = backed_up
    with entered(with_keys_of(source, place("sqlite"))):
        migrate_all()
        assert restore(file).open_cases == len(CASES)


def test_place_where_countersign_runs_is_refused(backed_up: tuple[Place, Path], place: Make) -> None:
    from filelock import FileLock

    source, file = backed_up
    target = with_keys_of(source, place("sqlite"))
    with (
        entered(target) as home,
        FileLock(home / "running.lock"),
        pytest.raises(BackupRefused, match="Countersign runs on"),
    ):
        restore(file)


def test_backup_of_a_revision_nobody_knows_is_refused(
    backed_up: tuple[Place, Path], place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _ = backed_up
    monkeypatch.setattr(backing_up, "head_of", lambda database: f"{database.value}_9999")
    with entered(source):
        with connected(Database.THERAPY) as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = 'therapy_9999'"))
        with connected(Database.OPERATIONAL) as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = 'operational_9999'"))
        back_up(source.home / "newer.backup")
    said = "revision operational_9999, which this program does not know"
    with entered(with_keys_of(source, place("sqlite"))), pytest.raises(BackupRefused, match=said):
        restore(source.home / "newer.backup")


def test_backup_of_an_older_revision_is_migrated(place: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "old.backup"
    with entered(source := place("sqlite")):
        for database in Database:
            migrating.migrate(database, migrating.url_of(database), to=f"{database.value}_0001")
        with connected(Database.OPERATIONAL) as connection:
            connection.execute(
                sa.text("INSERT INTO location VALUES ('LOC-1', 'Old place', 'OR', 'America/Los_Angeles', '503', true)")
            )
        refusal = "operational database is of revision operational_0001 and this program of"
        with pytest.raises(BackupRefused, match=refusal):
            back_up(file)
        assert not file.exists()
        # as the program of that revision did
        monkeypatch.setattr(backing_up, "head_of", lambda database: f"{database.value}_0001")
        monkeypatch.setattr(store, "audit", lambda *_, **__: None)
        back_up(file)
        monkeypatch.undo()
    with entered(with_keys_of(source, place("sqlite"))):
        restored = restore(file)
        assert restored.rows == 1
        for database in Database:
            migrating.check(database, migrating.url_of(database))


KILLED = """
import sys, time
from pathlib import Path
from acts import restoring
from adapters import backing_up
def slow(*_):
    print("in the middle", flush=True)
    time.sleep(120)
"""


def killed_in_the_middle(place: Place, script: str) -> None:
    """Run a script in this place and kill it where it says it is in the middle."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED + script],
        cwd=ROOT,
        env={**kept, **place.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "in the middle" in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.stdout.close()


def test_backup_killed_in_the_middle_leaves_no_file_of_its_name(backed_up: tuple[Place, Path], tmp_path: Path) -> None:
    source, _ = backed_up
    target = tmp_path / "folder" / "killed.backup"
    target.parent.mkdir()
    script = f"backing_up._put_files = slow\nbacking_up.back_up(Path({str(target)!r}))"
    killed_in_the_middle(source, script)
    assert [path.name for path in target.parent.iterdir() if not path.name.startswith(".")] == []
    with entered(source):
        assert back_up(target).rows > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["restoring._prove", "restoring._put_in_place"])
def test_restore_killed_in_the_middle_is_done_again(
    backed_up: tuple[Place, Path], place: Make, kind: str, where: str
) -> None:
    source, file = backed_up
    target = with_keys_of(source, place(kind))
    killed_in_the_middle(target, f"{where} = slow\nrestoring.restore(Path({str(file)!r}))")
    with entered(target):
        with pytest.raises(BackupRefused, match="was broken off: run `countersign restore` again"):
            migrate_all()
        assert restore(file).open_cases == len(CASES)
        migrate_all()


def test_newest_backups_are_kept(place: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_BACKUP_FOLDER", str(tmp_path / "backups"))
    monkeypatch.setenv("COUNTERSIGN_BACKUP_KEEP", "2")
    with entered(place("sqlite")):
        migrate_all()
        assert newest_backup_at() is None
        (tmp_path / "backups").mkdir()
        (tmp_path / "backups" / "note.txt").write_text("mine")
        killed, at_work = (tmp_path / "backups" / f".countersign-2026010{n}T000000Z.backup.ab.part" for n in (1, 2))
        for each in (killed, at_work):
            each.write_bytes(b"half")
        os.utime(killed, (0, 0))
        moments = iter(utc_now() + timedelta(minutes=at) for at in range(100))
        monkeypatch.setattr(backing_up, "utc_now", lambda: next(moments))
        made = [back_up_by_setting() for _ in range(4)]
        left = {path.name for path in (tmp_path / "backups").iterdir()}
        assert left == {"note.txt", at_work.name, made[2].path.name, made[3].path.name}
        newest = newest_backup_at()
        assert newest is not None and utc_now() - newest < timedelta(minutes=5)


def test_backup_without_a_name_or_folder_is_refused(place: Make) -> None:
    with entered(place("sqlite")), pytest.raises(BackupRefused, match="set COUNTERSIGN_BACKUP_FOLDER"):
        back_up_by_setting()


@pytest.mark.parametrize("kind", KINDS)
async def test_sessions_come_back_with_their_words_their_drop_and_new_runs(
    place: Make, tmp_path: Path, prefect: FakePrefect, kind: str
) -> None:
    source = place(kind)
    with entered(source):
        migrate_all()
        note = make_note(run_id="R-before")
        therapy_store_sessions.keep_transcript(note.number, [{"text": "zibbertrance"}])
        therapy_store_private.keep("ST-7", note.patient.id, note.number, TherapyText("my own"))
        make_papers(note.patient)
        put("waiting.csv", "not taken in yet")
        put("K1.txt", "zibbertrance", settings().sessions_folder / "LOC-1")
        before = contents()
        back_up(tmp_path / "one.backup")
    with entered(with_keys_of(source, place("sqlite"))):
        restored = restore(tmp_path / "one.backup")
        after = contents()
        new = {"operational.patient_consent", "operational.note_addendum", "therapy.session_transcript"}
        assert new <= set(after) and untouched(after) == untouched(before)
        assert (restored.open_cases, restored.findings) == (1, ())
        kept = therapy_store_sessions.transcript(note.number, actor="test", where="test")
        assert kept is not None and kept.turns == [{"text": "zibbertrance"}]
        assert therapy_store_private.own("ST-7", note.number, where="test") == TherapyText("my own")
        dropped = {
            path.relative_to(settings().sessions_folder).as_posix() for path in settings().sessions_folder.rglob("*.*")
        }
        assert dropped == {"waiting.csv", "LOC-1/K1.txt"}
        with store.reading() as db:
            session = store.one(db, SessionNote, note.number)
        assert (session.run_id, session.run_generation) == (None, 1)
        assert await runs.start_missing_runs() == 1
        assert prefect.started[0]["idempotency_key"].endswith(f"{note.number}-1")


def test_export_that_was_not_taken_in_yet_is_not_missed_where_it_waits(place: Make, tmp_path: Path) -> None:
    source = place("sqlite")
    with entered(source):
        migrate_all()
        drop_export(Staffed().row("K1", transcript_file=""))
        [file_id] = sessions.collect.fn(settle_seconds=0)
        back_up(tmp_path / "one.backup")
    with entered(with_keys_of(source, place("sqlite"))):
        assert restore(tmp_path / "one.backup").findings == ()
        assert sessions.receive.fn(file_id).counts == {"accepted": 1, "quarantined": 0}


def test_claims_come_back_with_their_tables_and_what_may_have_left_waits_for_a_biller(
    place: Make, tmp_path: Path
) -> None:
    source = place("sqlite")
    answer = b"ISA*00*          *~"
    late = hashlib.sha256(answer).hexdigest()[:32]
    with entered(source):
        migrate_all()
        unsure, sure = (make_claim(C.SENT) for _ in range(2))
        files = [make_file(FileKind.CLAIMS, outgoing=True) for _ in range(2)]
        for claim, file in zip((unsure, sure), files, strict=True):
            make_submission(claim, file)
        lost = make_claim(C.CLAIM_SIGNATURE, content_id="gone")
        put("payers.csv", "code", settings().billing_folder)
        drop_box = settings().clearinghouse_folder
        put("answer.x12", "ISA", drop_box / "incoming")
        put("to-be-fetched.x12", "ISA", drop_box / "outgoing")
        put(files[1].name, "digest", drop_box / "sent")
        (settings().received_folder / f"{late}.csv").write_bytes(answer)
        back_up(tmp_path / "one.backup")
    with entered(with_keys_of(source, place("sqlite"))):
        restored = restore(tmp_path / "one.backup")
        assert restored.open_cases == 3
        assert [finding.partition(" may have")[0] for finding in restored.findings] == [
            f"file {late[:16]} was received after the backup's moment: it is taken in again",
            f"claim {lost.content_id} has no content in the therapy database",
            "1 claims of 1 queued files and 0 that were ready",
        ]
        with store.reading() as db:
            stand = {claim.case_number: claim.status for claim in db.exec(select(Claim)).all()}
        wanted = {unsure.case_number: C.CORRECTION, sure.case_number: C.SENT, lost.case_number: C.CLAIM_SIGNATURE}
        assert stand == wanted
        assert (settings().billing_folder / "payers.csv").read_text() == "code"
        drop_box = settings().clearinghouse_folder
        assert {path.name for path in (drop_box / "incoming").iterdir()} == {"answer.x12", f"{late}.csv"}
        assert {path.name for path in (drop_box / "sent").iterdir()} == {files[1].name}
        assert not list((drop_box / "outgoing").iterdir())
        assert not list(settings().intake_folder.iterdir())
