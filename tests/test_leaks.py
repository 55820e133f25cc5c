"""Marker phrases planted in every field about a person reach no log, no error, not Prefect, no wrong database."""

import csv
import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from acts import addenda, consent_papers, note_editing, patient, signers, to_dos
from acts import cases as case_acts
from acts.decisions import decide, reassign
from acts.intake import dismiss_row
from adapters import outbox, portal_links, prefect_runs, therapy_store, therapy_store_private
from adapters.operational_store import reading, writing
from adapters.settings import settings
from flows.sign_off import _form
from language.note_drafting import SessionToDraft
from language.note_values import DraftSentence, NoteDraft, Source, Topic
from models.codes import (
    ApprovalStatus,
    AuthenticatedHow,
    ExitKind,
    LinkPurpose,
    NoteStatus,
    ReferralStatus,
    Role,
    ToDoOutcome,
    ToDoStatus,
    Verdict,
)
from models.columns import utc_now
from models.measures import Measure
from models.note_codes import ConsentPurpose
from models.operational import (
    Appointment,
    Approval,
    OutboxMessage,
    Patient,
    PortalLink,
    QuarantinedRow,
    Referral,
    SessionNote,
    Slot,
    Staff,
    ToDo,
)
from models.therapy import content_fields
from models.therapy_text import TherapyText
from rules.note_editing import Change, add, answer_flag, edit, fields_of, nothing_to_add
from tasks import (
    cases,
    coverage,
    intake,
    matching,
    questionnaires,
    reports,
    risk,
    runs,
    session_drafts,
    session_gate,
    sessions,
    sign_offs,
    waiting,
    waits,
    watch,
)
from tests import conftest as shared
from tests.databases import written_in
from tests.exports import People, index_of, put
from tests.factories import fresh_code
from tests.tasks.conftest import SAMPLE, FakePrefect

R, N = ReferralStatus, NoteStatus
PERSON = {
    "First name": "Qorvexa",
    "Last name": "Plimsander",
    "Email": "qorvexa.mail@example.org",
    "Phone": "503-555-0177",
    "Member ID": "QMEM7731",
    "Referred by": "Zephyrine Family Practice",
    "Date of birth": "1961-07-23",
}
PERSON_MARKERS = (
    *("qorvexa", "plimsander", "qmem7731", "zephyrine", "1961-07-23", "5035550177", "503-555-0177"),
    *("gralfenny", "hibbertrop"),  # a name of a file, a value that breaks its contract
    "ostrabell",  # a speaker whom nobody knows, in a transcript that is not read
)
THERAPY_MARKERS = (
    *("zibbertrance", "krindlespat", "vexibarn", "wumblefort", "moltquiver", "snorfelkind", "brasktumble"),
    *("dorniquest", "flumerack", "tessigold", "plonkwater", "yarbelstone"),
    *("quillfathom", "brindlemoor", "swithenday", "pemberwisk", "lurkenfold", "marrowgild", "tolverquist"),
)
"""The last seven of a session: its transcript, goals, working copy, addendum, private note, return, and check."""

REFERRAL_TEXT = "The zibbertrance has been worse since spring and sleep is short."


@dataclass
class Walk:
    """Everything that the orchestrator, a log reader or an error report could have seen."""

    prefect: FakePrefect
    logged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    closed: dict[str, ReferralStatus] = field(default_factory=dict)
    notes: dict[str, NoteStatus] = field(default_factory=dict)
    home: Path = Path()

    def refused(self, act: Callable[[], object]) -> None:
        """This act must fail; what its error says is evidence."""
        with pytest.raises(Exception) as caught:
            act()
        chain: BaseException | None = caught.value
        while chain is not None:
            self.errors += [str(chain), repr(chain)]
            chain = chain.__cause__ or chain.__context__


class Keeping(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def sample_with_markers() -> bytes:
    """Three good rows (two of them to be walked to their ends) and a broken one, all about the marked person."""
    source = list(csv.DictReader(io.StringIO(SAMPLE.read_text("utf-8-sig"))))
    plain = {**source[0], **PERSON, "Reason for referral": REFERRAL_TEXT, "Payer": "", "Plan": "", "Self pay": "yes"}
    others = [
        {"First name": "Qorvexan", "Date of birth": "1961-07-24", "Phone": "503-555-0178", "Email": "q2@example.org"},
        {"First name": "Qorvexal", "Date of birth": "1961-07-25", "Phone": "503-555-0179", "Email": "q3@example.org"},
    ]
    broken = {
        "Referral ID": "R-9009",
        "Date of birth": "hibbertrop",
        "Location": "hibbertrop",
        "PHQ9_9": "hibbertrop",
        "Email": "hibbertrop at example",
    }
    table = [{**plain, "Referral ID": "R-9001"}]
    table += [{**plain, **other, "Referral ID": f"R-900{at}"} for at, other in enumerate(others, start=2)]
    table += [{**plain, **broken}]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(source[0]))
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue().encode()


def fails_with_the_text(words: str, rules_only: bool = False) -> Any:
    raise RuntimeError(f"could not read: {words}")


def one(record: Any, **where: object) -> Any:
    with reading() as db:
        return db.exec(select(record).filter_by(**where)).one()


def status_of(number: str) -> ReferralStatus:
    return one(Referral, case_number=number).status  # type: ignore[no-any-return]


def staff(role: Role) -> Staff:
    with reading() as db:
        return next(
            person
            for person in db.exec(select(Staff).where(Staff.role == role).order_by(Staff.id)).all()
            if "LOC-1" in person.location_ids
        )


def signed(number: str, verdict: Verdict, reason: str, edited: dict[str, Any] | None = None) -> None:
    approval = one(Approval, case_number=number, status=ApprovalStatus.OPEN)
    person = staff(approval.role)
    decide(
        approval.id,
        staff_id=person.id,
        verdict=verdict,
        reason=TherapyText(reason),
        seen_digest=approval.digest,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(person.id),
        edited=edited,
    )


async def leg(walk: Walk, number: str) -> None:
    """What one leg of the case's run does, up to the next wait."""
    case = cases.take(number)
    for _ in range(10):
        status = cases.status_now(case)
        walk.shown.append(repr(case))
        match status:
            case R.RECEIVED:
                questionnaires.begin(case)
            case R.READY_TO_SCREEN:
                walk.shown.append(risk.screen.fn(case, fails_with_the_text))
            case R.READY_TO_MATCH:
                if not questionnaires.ask_for_missing.fn(case):
                    walk.shown.append(coverage.check_coverage.fn(case))
                    matching.propose.fn(case)
            case R.READY_TO_OFFER:
                matching.offer.fn(case)
            case R.RISK_REVIEW | R.ASSIGNMENT | R.CLOSING_LETTER:
                approval_id = sign_offs.open_sign_off.fn(case, status)
                walk.shown.append(str(_form(approval_id, status).model_json_schema()))
                walk.shown.append(str(vars(_form(approval_id, status)).get("_description")))
                break
            case _:
                waits.prepare.fn(case, status)
                break
    await waits.name_the_wait(str(uuid4()), number, cases.status_now(case).label)


async def from_prefects_form(walk: Walk, number: str) -> None:
    """Somebody types markers into every field of Prefect's form; it is refused, and nothing of it stays."""
    approval = one(Approval, case_number=number, status=ApprovalStatus.OPEN)
    walk.prefect.typed[sign_offs.next_wait_key(approval.id)] = {
        "staff_id": "ST-brasktumble",
        "one_time_code": "brasktumble",
        "verdict": "approve",
        "reason": "brasktumble",
    }
    walk.shown.append(await sign_offs.take_decision_from_prefect(approval.id, str(uuid4())))


def all_the_reports(walk: Walk, results: list[intake.FileResult]) -> None:
    for days in (0, 2, 5, 8, 60):
        now = utc_now() + timedelta(days=days)
        walk.shown.append(json.dumps(watch.watch.fn(now)))
        walk.shown.append(json.dumps(reports.waiting_rows(waiting.waiting(), now)))
        outbox.send_due(now, limit=500)
    walk.shown += [reports.intake_markdown(results), repr(results)]


async def walk_to_attended(walk: Walk, number: str) -> None:
    coordinator = staff(Role.COORDINATOR).id
    await leg(walk, number)
    await from_prefects_form(walk, number)
    signed(number, Verdict.RETURN, "vexibarn: since when?")
    question = one(ToDo, case_number=number, status=ToDoStatus.OPEN)
    to_dos.claim(question.id, coordinator)
    to_dos.finish(question.id, coordinator, ToDoOutcome.ANSWERED, TherapyText("wumblefort, since May"))
    await leg(walk, number)
    approval = one(Approval, case_number=number, status=ApprovalStatus.OPEN)
    with reading() as db:
        clinicians = [person for person in db.exec(select(Staff).where(Staff.role == Role.CLINICIAN)).all()]
    here = [person for person in clinicians if "LOC-1" in person.location_ids]
    reassign(approval.id, to_staff_id=here[1].id, by_staff_id=coordinator, reason=TherapyText("dorniquest: away today"))
    signed(number, Verdict.EDIT_AND_APPROVE, "krindlespat", {"level": "low", "safety_note": "snorfelkind is with them"})
    await leg(walk, number)
    signed(number, Verdict.APPROVE, "")
    await leg(walk, number)
    assert status_of(number) is R.OFFERED
    link = one(PortalLink, case_number=number, purpose=LinkPurpose.CHOOSE_TIME, revoked=False)
    token = portal_links.token_of(link)
    walk.refused(lambda: patient.answer(token, None, {}, TherapyText("brasktumble")))
    proof = patient.verify(token, one(Patient, family_name="Plimsander", given_name="Qorvexa").birth_date)
    with reading() as db:
        walk.shown.append(repr(patient.visit(db, token, proof)))
    patient.choose(token, proof, patient.offered_times(token, proof)[0].offer_id)
    await leg(walk, number)
    first_session_begins(number)
    case_acts.record_outcome(number, staff_id=coordinator, outcome=ToDoOutcome.ATTENDED)


def first_session_begins(case_number: str) -> None:
    """The time of the booked first session has come."""
    with writing() as db:
        appointment = db.exec(select(Appointment).where(Appointment.case_number == case_number)).one()
        appointment.starts_at = utc_now() - timedelta(minutes=1)
        db.add(appointment)


async def walk_to_declined(walk: Walk, number: str) -> None:
    await leg(walk, number)
    signed(number, Verdict.REJECT, "flumerack: outside our scope")
    await leg(walk, number)
    signed(number, Verdict.EDIT_AND_APPROVE, "tessigold", {"letter": "Dear Qorvexan, moltquiver. Goodbye."})


async def walk_to_unreachable(walk: Walk, number: str) -> None:
    coordinator = staff(Role.COORDINATOR).id
    reason = TherapyText("plonkwater: asked to be called")
    case_acts.reroute(number, to=R.CONTACT_PATIENT, staff_id=coordinator, reason=reason)
    await leg(walk, number)
    patient.hear_text_message("503-555-0179", TherapyText("brasktumble, please call me"))
    call = one(ToDo, case_number=number, kind="call_patient")
    to_dos.finish(call.id, coordinator, ToDoOutcome.REACHED_SEND_LINK_AGAIN, TherapyText("yarbelstone"))
    await leg(walk, number)
    link = one(PortalLink, case_number=number, purpose=LinkPurpose.QUESTIONNAIRES, revoked=False)
    token = portal_links.token_of(link)
    proof = patient.verify(token, one(Patient, given_name="Qorvexal").birth_date)
    patient.answer(token, proof, {Measure.CSSRS_SCREENER: {1: 1}}, TherapyText("brasktumble and more"))
    walk.refused(lambda: patient.answer(token, proof, {Measure.PHQ9: {1: 9}}, TherapyText("brasktumble")))
    case_acts.stop(number, staff_id=coordinator, reason=reason, exit_kind=ExitKind.UNREACHABLE)
    await leg(walk, number)
    signed(number, Verdict.APPROVE, "")


TALK = """\
Therapist: How has your sleep been since we met last week?
Qorvexa Plimsander: I sleep about five hours and the quillfathom wakes me up at three.
Therapist: What goes through your mind when you wake up?
Qorvexa Plimsander: I worry about my work and about the report that I have to finish.
Therapist: Let's write down the worries every evening before you go to bed.
Qorvexa Plimsander: I can do that. I would like to try it this week.
"""


def drafts_the_words(given: list[SessionToDraft], generator: object = None) -> list[NoteDraft]:
    """Drafts that hold what the sessions hold."""
    words = [DraftSentence("Subjective", one.turns[1].text, (Source(1, 0, 9),), Topic.CONCERN) for one in given]
    return [NoteDraft(one.format, (said,), (), {}, "test-1") for one, said in zip(given, words, strict=True)]


def session_row(key: str, days: int, **given: str) -> dict[str, str]:
    row = People.of_the_sample_practice(one(Patient, given_name="Qorvexa")).row(key, days=days)
    return {**row, "plan_goals": "less brindlemoor", **given}


def drop_sessions() -> None:
    """One session to be signed, one whose transcript nobody can read, one that breaks the contract."""
    put("Hibbertrop talk.txt", TALK)
    put("Gralfenny talk.txt", TALK.replace("Qorvexa Plimsander:", "Ostrabell:"))
    put(
        "Gralfenny Plimsander sessions.csv",
        index_of(
            session_row("K-9001", 2, transcript_file="Hibbertrop talk.txt"),
            session_row("K-9002", 3, transcript_file="Gralfenny talk.txt"),
            session_row("K-9003", 4, patient_id="hibbertrop", transcript_file="Qorvexa missing.txt"),
        ),
    )


async def note_leg(walk: Walk, number: str) -> None:
    """What one leg of a session's run does, up to its next wait."""
    case = cases.take(number)
    for _ in range(10):
        status = cases.status_now(case)
        match status:
            case N.RECEIVED:
                walk.shown.append(session_gate.take_in.fn(case))
            case N.READY_TO_SCREEN:
                walk.shown.append(session_gate.screen.fn(case, fails_with_the_text))
            case N.READY_TO_DRAFT:
                walk.shown.append(repr(session_drafts.draft.fn([case])))
            case N.NOTE_SIGNATURE:
                approval_id = sign_offs.open_sign_off.fn(case, status)
                walk.shown.append(str(_form(approval_id, status).model_json_schema()))
                walk.shown.append(str(vars(_form(approval_id, status)).get("_description")))
                break
            case _:
                waits.prepare.fn(case, status)
                break
    await waits.name_the_wait(str(uuid4()), number, cases.status_now(case).label)


def on_the_desk(number: str, *changes: Change) -> note_editing.NoteOnScreen:
    approval = note_editing.open_note(number)
    clinician = str(approval.assigned_to)
    page = note_editing.on_screen(approval.id, actor=clinician, where="test")
    for what in changes:
        page = note_editing.change(approval.id, what, seen_edition=page.edition, staff_id=clinician, where="test")
    return page


def decided(page: note_editing.NoteOnScreen, verdict: Verdict, reason: str) -> None:
    clinician = str(page.approval.assigned_to)
    decide(
        page.approval.id,
        staff_id=clinician,
        verdict=verdict,
        reason=TherapyText(reason),
        seen_digest=page.pinned,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(clinician),
        edited=fields_of(page.note) if verdict == Verdict.EDIT_AND_APPROVE else None,
        on_screen=page.on_screen,
    )


async def walk_to_signed(walk: Walk) -> None:
    """A session to its signed note with everything said on the way."""
    coordinator, patient_id = staff(Role.COORDINATOR).id, one(Patient, given_name="Qorvexa").id
    for purpose in ConsentPurpose:
        day = utc_now().date() - timedelta(days=30)
        consent_papers.record(patient_id, purpose, given_on=day, document_id="D-1", staff_id=coordinator)
    drop_sessions()
    await runs.start_sessions()
    results = [sessions.receive.fn(file_id) for file_id in sessions.collect.fn(settle_seconds=0)]
    assert [result.counts for result in results] == [{"accepted": 2, "quarantined": 1}]
    number, unread = (one(SessionNote, external_key=f"sessions:K-900{key}").case_number for key in (1, 2))
    for each in (number, unread):
        await note_leg(walk, each)
    assert one(SessionNote, case_number=unread).transcript == "unreadable"
    walk.shown += [reports.sessions_markdown(results, sessions.counts()), repr(results), repr(sessions.counts())]
    decided(on_the_desk(number), Verdict.RETURN, "marrowgild: the wrong end")
    check = one(ToDo, case_number=number, status=ToDoStatus.OPEN)
    to_dos.finish(check.id, coordinator, ToDoOutcome.DRAFT_AGAIN, TherapyText("tolverquist"))
    await note_leg(walk, number)
    await runs.start_missing_runs()
    page = on_the_desk(number, add("Plan", "More swithenday.", "S9"), edit("S1", "Reports the swithenday."))
    walk.refused(lambda: on_the_desk(number, edit("S99", "swithenday")))
    stale = partial(note_editing.change, page.approval.id, edit("S1", "swithenday"), seen_edition=0, where="test")
    walk.refused(partial(stale, staff_id=str(page.approval.assigned_to)))
    walk.refused(lambda: decided(page, Verdict.EDIT_AND_APPROVE, "swithenday"))
    answers = [answer_flag(flag["id"], "no_acute_risk_today", "swithenday") for flag in page.note["flags"]]
    marks = [nothing_to_add(section, True) for section in ("Objective", "Assessment")]
    page = on_the_desk(number, *answers, *marks)
    walk.shown.append(repr(page.approval))
    decided(page, Verdict.EDIT_AND_APPROVE, "")
    who = str(page.approval.assigned_to)
    walk.refused(lambda: addenda.add(number, TherapyText("pemberwisk"), staff_id=coordinator,
                                     how=AuthenticatedHow.PREFECT_CODE, code="000000"))  # fmt: skip
    addenda.add(
        number, TherapyText("pemberwisk"), staff_id=who, how=AuthenticatedHow.PREFECT_CODE, code=fresh_code(who)
    )
    therapy_store_private.keep(who, patient_id, number, TherapyText("lurkenfold"))
    await note_leg(walk, number)
    walk.notes = {each: one(SessionNote, case_number=each).status for each in (number, unread)}


def errors_on_the_way(walk: Walk, number: str) -> None:
    """Acts that fail while they hold markers."""
    coordinator, clinician = staff(Role.COORDINATOR).id, staff(Role.CLINICIAN)
    marked = TherapyText("krindlespat")
    walk.refused(lambda: signers.sign_in("qorvexa.mail@example.org", "brasktumble", "123456"))
    walk.refused(lambda: signers.sign_in(clinician.email, "brasktumble", "123456"))
    walk.refused(lambda: case_acts.stop(number, staff_id="ST-203", reason=marked, exit_kind=None))
    walk.refused(lambda: case_acts.reroute(number, to=R.BOOKED, staff_id=coordinator, reason=marked))
    walk.refused(lambda: json.dumps({"words": marked}))
    walk.refused(lambda: f"{words_in_an_error(marked)}")
    same = one(Patient, given_name="Qorvexa")

    def twice() -> None:
        with writing() as db:
            db.add(Patient(**same.model_dump()))

    def twice_said() -> None:
        with therapy_store.writing() as db:
            words = db.exec(select(therapy_store.IntakeText)).first()
            assert words is not None
            db.add(therapy_store.IntakeText(**words.model_dump()))

    walk.refused(twice)
    walk.refused(twice_said)


def words_in_an_error(words: TherapyText) -> str:
    raise ValueError(f"what was said: {words}, {words!r}, {words:>20}")


async def walked(walk: Walk) -> None:
    (settings().intake_folder / "Gralfenny Plimsander referrals.csv").write_bytes(sample_with_markers())
    (settings().intake_folder / "Gralfenny notes.csv").write_bytes(b"qorvexa,plimsander\nzibbertrance,1\n")
    await runs.start_intake()
    file_ids = intake.collect.fn(settle_seconds=0)
    results = [intake.receive.fn(file_id) for file_id in file_ids]
    assert sum(result.counts["accepted"] for result in results) == 3
    await runs.start_missing_runs()
    numbers = {key: one(Referral, external_key=f"csv:R-900{key}").case_number for key in (1, 2, 3)}
    await walk_to_attended(walk, numbers[1])
    await walk_to_declined(walk, numbers[2])
    await walk_to_unreachable(walk, numbers[3])
    await walk_to_signed(walk)
    await runs.wake_wanted()
    all_the_reports(walk, results)
    errors_on_the_way(walk, numbers[1])
    with reading() as db:
        fault = db.exec(select(QuarantinedRow).where(QuarantinedRow.field == "location_id")).first()
        assert fault is not None
    dismiss_row(fault.id, staff_id=staff(Role.COORDINATOR).id, reason=TherapyText("krindlespat"))
    walk.closed = {number: status_of(number) for number in numbers.values()}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, seeded_installation: Path) -> Iterator[Walk]:
    """Three cases about the marked person walked to their ends, every log line at DEBUG kept."""
    import asyncio

    home = tmp_path_factory.mktemp("leaks") / "home"
    fake = FakePrefect()
    found = Walk(fake, home=home)
    root, keeping = logging.getLogger(), Keeping(found.logged)
    level = root.level
    with pytest.MonkeyPatch.context() as patch:
        for name in ("start_run", "wake", "rename", "read_and_forget_input"):
            patch.setattr(prefect_runs, name, getattr(fake, name))
        patch.setattr(session_drafts, "draft_notes", drafts_the_words)
        with shared.copied(seeded_installation, home, patch):
            root.addHandler(keeping)
            root.setLevel(logging.DEBUG)
            try:
                asyncio.run(walked(found))
            finally:
                root.removeHandler(keeping)
                root.setLevel(level)
            yield found


def hits(words: str, markers: tuple[str, ...] = (*PERSON_MARKERS, *THERAPY_MARKERS)) -> list[str]:
    return [marker for marker in markers if marker in words.lower()]


def bytes_of(folder: Path, pattern: str) -> str:
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in folder.rglob(pattern) if path.is_file())


def test_cases_were_walked_to_three_different_ends(walk: Walk) -> None:
    assert sorted(walk.closed.values()) == sorted([R.CLOSED_ATTENDED, R.CLOSED_DECLINED, R.CLOSED_UNREACHABLE])
    assert list(walk.notes.values()) == [N.CLOSED_SIGNED, N.NOTE_SIGNATURE]


def test_markers_were_really_planted(walk: Walk) -> None:
    assert set(THERAPY_MARKERS) == set(hits(opened_content(), THERAPY_MARKERS))
    assert {"qorvexa", "plimsander", "qmem7731"} <= set(hits(written_in(walk.home, "operational")))
    assert hits(bytes_of(settings().outbox_folder, "*"), ("moltquiver",)) == ["moltquiver"]


def opened_content() -> str:
    """Every content field of the therapy database, in the open."""
    with therapy_store.reading() as db:
        return "\n".join(
            getattr(record, name).unwrap()
            for record_type in therapy_store.ALL_CONTENT
            for record in therapy_store.opened(db, db.exec(select(record_type)).all())
            for name in content_fields(record_type)
            if getattr(record, name) is not None
        )


def test_therapy_database_holds_content_sealed_alone(walk: Walk) -> None:
    kept = written_in(walk.home, "therapy")
    assert "cs1.CK-" in kept and hits(kept) == []


def test_received_files_are_sealed(walk: Walk) -> None:
    kept = sorted(path.suffix for path in settings().received_folder.iterdir())
    assert kept == [".sealed"] * len(kept) and len(kept) == 5
    assert hits(bytes_of(settings().received_folder, "*")) == []


def test_logs_say_nothing_about_a_person(walk: Walk) -> None:
    assert len(walk.logged) > 5
    assert {line for line in walk.logged if hits(line)} == set()


def test_errors_say_nothing_about_a_person(walk: Walk) -> None:
    assert len(walk.errors) > 10
    assert {error for error in walk.errors if hits(error)} == set()


def test_prefect_is_shown_nothing_about_a_person(walk: Walk) -> None:
    handed_over = [repr(walk.prefect.started), repr(walk.prefect.names), repr(walk.prefect.woken), *walk.shown]
    assert len(walk.prefect.started) == 7 and len(walk.prefect.names) > 8
    assert {words for words in handed_over if hits(words)} == set()
    assert walk.prefect.typed == {}


def test_operational_database_holds_no_therapy_content(walk: Walk) -> None:
    assert hits(written_in(walk.home, "operational"), THERAPY_MARKERS) == []


def test_contract_docs_say_nothing_about_a_person(walk: Walk) -> None:
    pages = bytes_of(settings().contract_docs_folder, "*.html")
    assert "birth_date" in pages
    assert hits(pages) == []


def test_queued_messages_hold_ids_and_plain_facts_alone(walk: Walk) -> None:
    with reading() as db:
        messages = db.exec(select(OutboxMessage)).all()
    assert len(messages) > 10
    assert [message.id for message in messages if hits(f"{message.facts} {message.failure}")] == []


def test_free_slots_name_nobody(walk: Walk) -> None:
    with reading() as db:
        assert [slot.id for slot in db.exec(select(Slot)).all() if hits(repr(slot))] == []
