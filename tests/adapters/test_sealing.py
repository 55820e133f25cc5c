"""Sealed content: what is in the database tells nothing, and nothing but what was sealed there is taken from it."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from acts import forgetting
from adapters import audit_chain, keyring, sealing, therapy_store, therapy_store_keys
from adapters import operational_store as store
from adapters.settings import settings
from models.codes import ReferralStatus, Role
from models.columns import utc_now
from models.errors import Forgotten, KeyMissing, SealBroken
from models.operational import Referral, Staff
from models.therapy import CaseKey, ContentKey, ContentSeal, IntakeText, SealedFlag
from models.therapy_text import TherapyText
from tests.factories import make_decided_flag, make_patient, make_referral, make_staff

MARK = "krindlespat"
PLACE = sealing.Place("intake_text", "TX-1", "text")


def raw(statement: str, **values: object) -> list[sa.Row]:
    """What the database itself holds, past the door."""
    with therapy_store.engine_for(settings().therapy_database).begin() as connection:
        done = connection.execute(sa.text(statement), values)
        return list(done.all()) if done.returns_rows else []


def form_of(text_id: str) -> str:
    return str(raw("SELECT text FROM intake_text WHERE id = :id", id=text_id)[0][0])


def put_form(text_id: str, form: str | None) -> None:
    raw("UPDATE intake_text SET text = :form WHERE id = :id", id=text_id, form=form)


def words(case_number: str) -> list[str]:
    return [each.text.unwrap() for each in therapy_store.texts(case_number, actor="test", where="test")]


def audited(action: str) -> list[therapy_store.TherapyAuditEvent]:
    with therapy_store.reading() as db:
        event = therapy_store.TherapyAuditEvent
        return list(db.exec(select(event).where(event.action == action)).all())


def database_bytes() -> bytes:
    """The therapy database's files, its log among them."""
    return b"".join(path.read_bytes() for path in sorted(settings().home.glob("therapy.db*")))


def only_where_the_files_are_ours() -> None:
    if not settings().therapy_database.startswith("sqlite"):
        pytest.skip("the database's files are its server's")


@pytest.fixture
def case(home: Path) -> Referral:
    return make_referral()


# -- one field


@pytest.fixture
def key() -> sealing.DataKey:
    return sealing.DataKey("CK-1", sealing.fresh_secret())


def test_field_opens_in_its_place_as_it_was(key: sealing.DataKey):
    form = key.seal(PLACE, 3, "schläft schlecht\n")
    assert key.open(PLACE, form) == "schläft schlecht\n"
    assert "schl" not in form and sealing.parts_of(PLACE, form)[:2] == ("CK-1", 3)
    assert form != key.seal(PLACE, 3, "schläft schlecht\n"), "the same words never look the same twice"


@pytest.mark.parametrize(
    "other",
    [
        sealing.Place("to_do_words", "TX-1", "text"),
        sealing.Place("intake_text", "TX-2", "text"),
        sealing.Place("intake_text", "TX-1", "other"),
    ],
)
def test_field_opens_in_no_other_place(key: sealing.DataKey, other: sealing.Place):
    with pytest.raises(SealBroken) as broken:
        key.open(other, key.seal(PLACE, 1, MARK))
    assert str(other) in str(broken.value) and MARK not in str(broken.value)
    assert (broken.value.table, broken.value.record_id, broken.value.field) == (
        other.table,
        other.record_id,
        other.field,
    )


def test_every_changed_character_of_a_sealed_field_is_refused(key: sealing.DataKey):
    form = key.seal(PLACE, 1, MARK)
    for at in range(len(form)):
        changed = form[:at] + ("A" if form[at] != "A" else "B") + form[at + 1 :]
        with pytest.raises(SealBroken):
            key.open(PLACE, changed)


def test_every_cut_of_a_sealed_field_is_refused(key: sealing.DataKey):
    form = key.seal(PLACE, 1, MARK)
    for end in range(len(form)):
        with pytest.raises(SealBroken):
            key.open(PLACE, form[:end])


def test_field_opens_with_no_other_key(key: sealing.DataKey):
    with pytest.raises(SealBroken):
        sealing.DataKey("CK-1", sealing.fresh_secret()).open(PLACE, key.seal(PLACE, 1, MARK))


def test_marks_of_two_keys_have_nothing_in_common(key: sealing.DataKey):
    assert key.mark(MARK) == key.mark(MARK)
    assert key.mark(MARK) != sealing.DataKey("CK-1", sealing.fresh_secret()).mark(MARK)


def test_sealed_text_is_opened_before_it_is_read():
    closed = TherapyText.closed("cs1.CK-1.1.xyz")
    for use in (closed.unwrap, lambda: closed.is_blank, lambda: closed == TherapyText("x"), lambda: hash(closed)):
        with pytest.raises(TypeError, match="opened before"):
            use()
    assert (str(closed), repr(closed)) == ("<therapy text>", "<therapy text>")


# -- in the database


def test_content_is_sealed_under_the_patients_key(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    assert form_of(text_id).startswith("cs1.CK-") and MARK not in form_of(text_id)
    assert words(case.case_number) == [MARK]
    with therapy_store.reading() as db:
        assert db.exec(select(ContentKey.owner_id)).all() == [case.patient_id]


def test_two_cases_of_a_patient_share_a_key_and_two_patients_do_not(home: Path):
    patient = make_patient()
    cases = [make_referral(patient=patient), make_referral(patient=patient), make_referral()]
    for each in cases:
        therapy_store.add_text(each.case_number, "referral_text", TherapyText(MARK))
    with therapy_store.reading() as db:
        keys = dict(db.exec(select(CaseKey.case_number, CaseKey.key_id)).all())
    first, second, other = (keys[each.case_number] for each in cases)
    assert first == second != other


def test_quarantined_row_has_a_key_of_its_own(home: Path):
    therapy_store.quarantine("QC-1", {"referral_text": MARK})
    assert therapy_store.quarantined("QC-1", actor="test", where="test") == {"referral_text": MARK}
    with therapy_store.reading() as db:
        assert db.exec(select(ContentKey.owner_id)).all() == ["QC-1"]


def test_open_text_cannot_reach_the_database_past_the_door(case: Referral):
    from models import databases

    engine = therapy_store.engine_for(settings().therapy_database)
    with pytest.raises(sa.exc.StatementError, match="sealed TherapyText only"), databases.writing(engine) as db:
        db.add(IntakeText(id="TX-1", case_number=case.case_number, kind="x", text=TherapyText(MARK)))


def test_sealed_text_of_one_record_cannot_be_stored_in_another(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    with pytest.raises(TypeError, match="opened before"), therapy_store.writing() as db:
        closed = db.get_one(IntakeText, text_id)
        db.add(IntakeText(id="TX-2", case_number=case.case_number, kind="x", text=closed.text))


def test_changed_words_are_the_next_version_and_unchanged_ones_are_not(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText("first"))
    first = form_of(text_id)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("first"))
    assert form_of(text_id) == first
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("second"))
    assert sealing.parts_of(PLACE, form_of(text_id))[1] == 2
    assert words(case.case_number) == ["second"]


def refusal(case_number: str) -> SealBroken:
    with pytest.raises(SealBroken) as broken:
        words(case_number)
    assert MARK not in str(broken.value)
    return broken.value


def test_older_version_put_back_is_refused_and_named(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    older = form_of(text_id)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("second"))
    put_form(text_id, older)
    assert str(refusal(case.case_number)) == (
        f"intake_text {text_id}, field text is version 1, but version 2 is on record: an older one was put back"
    )


def test_content_swapped_between_records_is_refused_and_named(case: Referral):
    first = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    second = therapy_store.add_text(case.case_number, "patient_words", TherapyText("else"))
    forms = form_of(first), form_of(second)
    put_form(first, forms[1])
    put_form(second, forms[0])
    assert refusal(case.case_number).record_id in (first, second)


def test_content_swapped_between_fields_is_refused_and_named(case: Referral):
    therapy_store.keep_to_do_words(
        "TD-1", case.case_number, question=TherapyText(MARK), answer=TherapyText("else"), actor="test"
    )
    raw("UPDATE to_do_words SET question = answer, answer = question WHERE to_do_id = 'TD-1'")
    with pytest.raises(SealBroken, match="to_do_words TD-1, field"):
        therapy_store.to_do_words("TD-1", actor="test", where="test")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda form: form[:-6], "altered, cut"),
        (lambda form: form[:-3] + ("A" if form[-3] != "A" else "B") + form[-2:], "altered, cut"),
        (lambda form: "", "is not sealed"),
        (lambda form: MARK, "is not sealed"),
        (lambda form: form.replace("CK-", "CK-0"), "which is not here"),
    ],
    ids=["cut", "bit flipped", "emptied", "open text", "another key"],
)
def test_spoilt_content_is_refused_and_named(case: Referral, spoil, says: str):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    put_form(text_id, spoil(form_of(text_id)))
    broken = refusal(case.case_number)
    assert f"intake_text {text_id}, field text" in str(broken) and says in str(broken)


def test_content_taken_away_is_refused_and_named(case: Referral):
    therapy_store.keep_to_do_words("TD-1", case.case_number, question=TherapyText(MARK), actor="test")
    raw("UPDATE to_do_words SET question = NULL")
    with pytest.raises(SealBroken, match="to_do_words TD-1, field question has been taken away"):
        therapy_store.to_do_words("TD-1", actor="test", where="test")


def test_content_without_a_place_in_the_ledger_is_refused(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    raw("DELETE FROM content_seal")
    assert "is not in the ledger" in str(refusal(case.case_number)) and refusal(case.case_number).record_id == text_id


def test_data_key_of_another_patient_is_refused(home: Path):
    cases = make_referral(), make_referral()
    for each in cases:
        therapy_store.add_text(each.case_number, "referral_text", TherapyText(MARK))
    first, second = (each.patient_id for each in cases)
    raw(
        "UPDATE content_key SET wrapped = (SELECT wrapped FROM content_key WHERE owner_id = :second)"
        " WHERE owner_id = :first",
        first=first,
        second=second,
    )
    with pytest.raises(SealBroken, match="the wrapped data key CK-"):
        words(cases[0].case_number)


def test_broken_seal_is_on_record(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    put_form(text_id, form_of(text_id)[:-6])
    refusal(case.case_number)
    [event] = audited("seal.broken")
    assert (event.subject_kind, event.subject_id, event.details["field"]) == ("intake_text", text_id, "text")


def test_what_was_sealed_is_on_record_by_version_and_digest(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    [event] = audited("content.sealed")
    assert event.details["seals"] == {f"intake_text/{text_id}/text": f"1:{sealing.digest_of(form_of(text_id))}"}
    assert event.case_number == case.case_number


def seals_that_differ() -> list[str]:
    return [fault.words for fault in audit_chain.verify_all() if fault.kind == audit_chain.FaultKind.SEAL_DIFFERS]


def test_audit_tells_an_old_version_that_came_back_with_its_old_ledger_row(case: Referral):
    """A read cannot know it: form and ledger agree."""
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    old_form = form_of(text_id)
    [[digest]] = raw("SELECT digest FROM content_seal WHERE record_id = :id", id=text_id)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("something else"))
    assert form_of(text_id) != old_form and seals_that_differ() == []
    put_form(text_id, old_form)
    raw("UPDATE content_seal SET version = 1, digest = :digest WHERE record_id = :id", digest=digest, id=text_id)
    assert words(case.case_number) == [MARK]
    [said] = seals_that_differ()
    assert said.startswith(f"intake_text {text_id}, field text: the ledger has version 1 ")
    assert "the audit says version 2" in said and MARK not in said


def test_verification_finds_without_a_key_what_was_changed_or_taken(case: Referral):
    first, second, third = (
        therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK), source_key=key) for key in "abc"
    )
    therapy_store.keep_to_do_words("TD-1", case.case_number, question=TherapyText(MARK), actor="test")
    keyring.key_file().unlink()
    assert seals_that_differ() == []
    put_form(first, form_of(second))
    raw("DELETE FROM intake_text WHERE id = :id", id=second)
    raw("DELETE FROM content_seal WHERE record_id = :id", id=third)
    raw("UPDATE to_do_words SET question = NULL")
    found = sorted(seals_that_differ())
    told = {
        f"intake_text {first}, field text: it is not what was sealed as version 1",
        f"intake_text {second}, field text: what was sealed is gone",
        f"intake_text {third}, field text: it was sealed, but its seal is gone from the ledger",
        f"intake_text {third}, field text: it is not in the ledger of seals",
        "to_do_words TD-1, field question: what was sealed has been taken away",
    }
    assert {each.partition(" (")[0] for each in found} == told


def test_forgotten_content_is_still_what_was_sealed(home: Path):
    closed = make_referral(ReferralStatus.CLOSED_DECLINED, patient=make_patient(), closed_at=utc_now())
    therapy_store.add_text(closed.case_number, "referral_text", TherapyText(MARK))
    officer = make_staff(role=Role.COMPLIANCE)
    forgetting.forget(closed.patient_id, staff_id=officer.id, reason=TherapyText("asked for it"))
    assert seals_that_differ() == []


def test_without_the_master_key_nothing_is_read(case: Referral):
    therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    keyring.key_file().unlink()
    with pytest.raises(KeyMissing):
        words(case.case_number)


def test_many_records_are_opened_in_as_many_queries_as_one(case: Referral):
    said: list[str] = []
    engine = therapy_store.engine_for(settings().therapy_database)
    sa.event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    def queries() -> int:
        said.clear()
        words(case.case_number)
        return len([each for each in said if each.startswith("SELECT")])

    therapy_store.add_text(case.case_number, "referral_text", TherapyText("0"))
    one = queries()
    for number in range(1, 30):
        therapy_store.add_text(case.case_number, "patient_words", TherapyText(str(number)), source_key=str(number))
    assert queries() == one and len(words(case.case_number)) == 30


def flag(case_number: str, **given: object) -> therapy_store.RiskFlag:
    facts = {
        "id": "FL-1",
        "case_number": case_number,
        "unique_key": f"key {MARK}",
        "kind": "self_harm",
        "status": "present",
        "level": "moderate",
        "raised_by": "item",
        "rule_id": f"rule {MARK}",
        "why": f"why {MARK}",
        "version": "1",
    }
    return therapy_store.RiskFlag(**{**facts, **given})  # type: ignore[arg-type]


def test_flag_is_kept_once_and_its_row_tells_nothing(case: Referral):
    number = case.case_number
    assert therapy_store.raise_flags(number, [flag(number)]) == 1
    assert therapy_store.raise_flags(number, [flag(number, id="FL-2")]) == 0
    [row] = raw("SELECT * FROM risk_flag")
    assert MARK not in str(row) and "self_harm" not in str(row) and "moderate" not in str(row)
    [kept] = therapy_store.flags(number, actor="test", where="test")
    assert (kept.why, kept.unique_key, kept.level) == (f"why {MARK}", f"key {MARK}", "moderate")
    assert therapy_store.open_levels(number) == ["moderate"]
    assert MARK not in repr(kept)


def fill(case: Referral) -> None:
    """Something in every content field there is."""
    number = case.case_number
    answers = {item: 1 for item in range(1, 10)}
    therapy_store.keep_intake(
        [
            therapy_store.IntakeContent(
                number,
                TherapyText(f"text {MARK}"),
                (f"focus {MARK}",),
                (("phq9", "1", answers, True, 9, f"band {MARK}", utc_now()),),
            )
        ]
    )
    therapy_store.keep_repeat(
        therapy_store.IntakeContent(
            number, TherapyText(f"more {MARK}"), (), (("gad7", "1", answers, True, 9, f"band {MARK}", utc_now()),)
        ),
        "second",
    )
    therapy_store.raise_flags(number, [flag(number, id=f"FL-{number}")])
    therapy_store.keep_sign_off_content(f"AP-{number}", number, TherapyText(f"content {MARK}"))
    decided = make_decided_flag(number, rule_id=f"rule {MARK}")
    therapy_store.keep_decision_words(
        f"DC-{number}",
        f"AP-{number}",
        number,
        TherapyText(f"why {MARK}"),
        TherapyText(f"signed {MARK}"),
        "test",
        [decided],
    )
    therapy_store.keep_to_do_words(
        f"TD-{number}", number, question=TherapyText(f"asked {MARK}"), answer=TherapyText(MARK), actor="test"
    )
    therapy_store.quarantine(f"QC-{number}", {"referral_text": MARK})


def everything(case: Referral) -> str:
    """What all readers of the door give back."""
    number, who = case.case_number, {"actor": "test", "where": "test"}
    decision = therapy_store.decision_words(f"DC-{number}", **who)
    to_do = therapy_store.to_do_words(f"TD-{number}", **who)
    assert to_do is not None
    read = [
        words(number),
        [(each.answers.unwrap(), each.total, each.band) for each in therapy_store.answers(number, **who)],
        [vars(each) | {"at": None} for each in therapy_store.flags(number, **who)],
        therapy_store.open_levels(number),
        therapy_store.focus(number, **who),
        therapy_store.sign_off_content(f"AP-{number}", **who).unwrap(),
        [decision.reason.unwrap(), decision.signed_content.unwrap(), to_do.question.unwrap(), to_do.answer.unwrap()],
        sorted(therapy_store.state_of(each) for each in therapy_store.unread_sources(number, **who)),
        therapy_store.quarantined(f"QC-{number}", **who),
        [vars(each) for each in therapy_store.decided_flags(**who) if each.case_number == number],
    ]
    return repr(read)


def test_no_content_is_in_the_files_of_the_database(case: Referral):
    only_where_the_files_are_ours()
    fill(case)
    assert everything(case).count(MARK) == 15
    assert MARK.encode() not in database_bytes()
    assert case.case_number.encode() in database_bytes(), "or these were the wrong files"


# -- a case that turns out to be another patient's


def test_case_of_a_known_person_is_sealed_anew_under_their_key(case: Referral):
    fill(case)
    before = everything(case)
    known = make_patient()
    with store.writing() as db:
        db.get_one(Referral, case.case_number).patient_id = known.id
    assert everything(case) == before, "the old key reads it until then"
    assert therapy_store.settle_case_key(case.case_number)
    assert not therapy_store.settle_case_key(case.case_number)
    therapy_store_keys.destroy_keys([case.patient_id], "test", "test")
    assert everything(case) == before
    assert therapy_store.raise_flags(case.case_number, [flag(case.case_number, id="FL-again")]) == 0


def test_words_kept_with_another_case_are_sealed_under_its_patients_key(home: Path):
    first, second = make_referral(), make_referral()
    fill(first)
    therapy_store.hand_over(first.case_number, second.case_number, "test")
    therapy_store_keys.destroy_keys([first.patient_id], "test", "test")
    assert sorted(words(second.case_number)) == [f"more {MARK}", f"text {MARK}"]
    with pytest.raises(Forgotten):
        words(first.case_number)


# -- content from before there were seals


def lay_open(case: Referral) -> None:
    """The database as it was before: every content field in the open, no key, no ledger."""
    who = {"actor": "test", "where": "test"}
    shown = {
        record_type: [
            (record, {name: getattr(record, name) for name in therapy_store_keys.content_fields(record_type)})
            for record in _all_opened(record_type)
        ]
        for record_type in therapy_store.ALL_CONTENT
    }
    assert who
    for record_type, rows in shown.items():
        [key] = record_type.__table__.primary_key.columns
        for record, fields in rows:
            for name, value in fields.items():
                if value is not None:
                    raw(
                        f"UPDATE {record_type.__tablename__} SET {name} = :text WHERE {key.name} = :id",
                        text=value.unwrap(),
                        id=getattr(record, key.name),
                    )
    for table in ("content_seal", "case_key", "content_key"):
        raw(f"DELETE FROM {table}")
    therapy_store_keys.sealed_mark().unlink(missing_ok=True)
    if settings().therapy_database.startswith("sqlite"):
        therapy_store_keys.wipe_freed_pages()


def _all_opened(record_type: type) -> list:
    from adapters.therapy_store_seals import opened

    with therapy_store.reading() as db:
        return opened(db, db.exec(select(record_type)).all())


def test_open_content_of_an_older_installation_is_sealed(case: Referral):
    fill(case)
    before = everything(case)
    lay_open(case)
    if settings().therapy_database.startswith("sqlite"):
        assert MARK.encode() in database_bytes(), "or there would be nothing to seal"
    assert therapy_store_keys.seal_what_lies_open() > 8
    assert everything(case) == before
    assert therapy_store_keys.seal_what_lies_open() == 0
    if settings().therapy_database.startswith("sqlite"):
        assert MARK.encode() not in database_bytes()
    assert therapy_store.raise_flags(case.case_number, [flag(case.case_number, id="FL-again")]) == 0


def test_sealing_that_was_killed_goes_on_where_it_was(home: Path, monkeypatch: pytest.MonkeyPatch):
    cases = [make_referral() for _ in range(3)]
    for each in cases:
        fill(each)
    before = [everything(each) for each in cases]
    lay_open(cases[0])
    monkeypatch.setattr(therapy_store_keys, "BATCH", 1)
    left = [7]
    whole = therapy_store_keys._seal_batch

    def killed(record_type: type) -> int:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return whole(record_type)

    monkeypatch.setattr(therapy_store_keys, "_seal_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        therapy_store_keys.seal_what_lies_open()
    assert not therapy_store_keys.sealed_mark().exists()
    left[0] = 1000
    assert therapy_store_keys.seal_what_lies_open() > 15
    assert [everything(each) for each in cases] == before


def test_open_content_slipped_in_later_is_refused_not_sealed(case: Referral):
    text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(MARK))
    therapy_store_keys.seal_what_lies_open()
    put_form(text_id, "planted")
    raw("DELETE FROM content_seal")
    assert therapy_store_keys.seal_what_lies_open() == 0
    assert "is not sealed" in str(refusal(case.case_number))


# -- another master key


@pytest.fixture
def filled(home: Path) -> Iterator[list[Referral]]:
    """Three cases full of content, one member of staff with a sealed secret."""
    cases = [make_referral() for _ in range(3)]
    for each in cases:
        fill(each)
    person = make_staff(id="ST-SEALED")
    with store.writing() as db:
        db.get_one(Staff, person.id).totp_secret = keyring.seal_secret("totp", person.id, "JBSWY3DPEHPK3PXP")
    yield cases


def secret() -> str:
    with store.reading() as db:
        return keyring.open_secret("totp", "ST-SEALED", db.get_one(Staff, "ST-SEALED").totp_secret)


def test_rotation_moves_every_key_and_secret(filled: list[Referral]):
    before, old = [everything(each) for each in filled], keyring.active_master_key()
    done = therapy_store_keys.rotate_master_key("test")
    assert done.active == keyring.active_master_key().id != old.id
    assert (done.data_keys, done.secrets, done.dropped, done.still_known) == (6, 1, (), (old.id,))
    assert therapy_store_keys.used_master_keys() == {done.active}
    assert ([everything(each) for each in filled], secret()) == (before, "JBSWY3DPEHPK3PXP")
    assert [event.details["data_keys"] for event in audited("keys.rotated")] == [6]


def test_old_master_key_is_dropped_once_nothing_needs_it(filled: list[Referral]):
    before, old = [everything(each) for each in filled], keyring.active_master_key()
    done = therapy_store_keys.rotate_master_key("test", drop_old=True)
    assert (done.dropped, done.still_known) == ((old.id,), ())
    assert keyring.spelled(old) not in keyring.key_file().read_text()
    assert ([everything(each) for each in filled], secret()) == (before, "JBSWY3DPEHPK3PXP")


def test_rotation_that_was_killed_goes_on_under_the_same_key(filled: list[Referral], monkeypatch: pytest.MonkeyPatch):
    before, old = [everything(each) for each in filled], keyring.active_master_key()
    monkeypatch.setattr(therapy_store_keys, "BATCH", 2)
    whole = therapy_store_keys._wrap_batches

    def killed(active: str) -> Iterator[int]:
        yield next(whole(active))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(therapy_store_keys, "_wrap_batches", killed)
        with pytest.raises(KeyboardInterrupt):
            therapy_store_keys.rotate_master_key("test", drop_old=True)
    half_way = keyring.active_master_key()
    assert therapy_store_keys.used_master_keys() == {old.id, half_way.id}
    assert ([everything(each) for each in filled], secret()) == (before, "JBSWY3DPEHPK3PXP")
    done = therapy_store_keys.rotate_master_key("test", drop_old=True)
    assert (done.active, done.data_keys, done.dropped) == (half_way.id, 4, (old.id,))
    assert ([everything(each) for each in filled], secret()) == (before, "JBSWY3DPEHPK3PXP")


def test_content_is_read_and_written_while_keys_rotate(filled: list[Referral], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(therapy_store_keys, "BATCH", 1)
    before, failures, reads = everything(filled[0]), [], [0]
    stop = threading.Event()

    def reader() -> None:
        while not stop.is_set():
            try:
                assert everything(filled[0]) == before
                reads[0] += 1
                fresh = make_referral()
                therapy_store.add_text(fresh.case_number, "referral_text", TherapyText(MARK))
                assert words(fresh.case_number) == [MARK]
            except BaseException as failure:
                failures.append(repr(failure))
                return

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    done = [therapy_store_keys.rotate_master_key("test", drop_old=True) for _ in range(3)]
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == [] and reads[0] > 0
    assert len({each.active for each in done}) == 3
    assert everything(filled[0]) == before


def test_keys_from_elsewhere_are_rotated_by_whoever_keeps_them(filled: list[Referral], monkeypatch: pytest.MonkeyPatch):
    before, old, new = everything(filled[0]), keyring.active_master_key(), keyring.fresh_master_key()
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY", f"{keyring.spelled(new)},{keyring.spelled(old)}")
    settings.cache_clear()
    done = therapy_store_keys.rotate_master_key("test")
    assert (done.active, done.data_keys, done.still_known) == (new.id, 6, (old.id,))
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY", keyring.spelled(new))
    settings.cache_clear()
    assert (everything(filled[0]), secret()) == (before, "JBSWY3DPEHPK3PXP")
    with pytest.raises(KeyMissing, match="take the old one out there"):
        therapy_store_keys.rotate_master_key("test", drop_old=True)


# -- destroyed keys


def test_destroyed_key_takes_all_content_of_a_patient_and_of_nobody_else(filled: list[Referral]):
    forgotten, *others = filled
    before = [everything(each) for each in others]
    wrapped = raw("SELECT wrapped FROM content_key WHERE owner_id = :owner", owner=forgotten.patient_id)[0][0]
    assert therapy_store_keys.destroy_keys([forgotten.patient_id], "ST-1", "forget") == 1
    for read in (
        lambda: words(forgotten.case_number),
        lambda: therapy_store.answers(forgotten.case_number, actor="test", where="test"),
        lambda: therapy_store.flags(forgotten.case_number, actor="test", where="test"),
        lambda: therapy_store.focus(forgotten.case_number, actor="test", where="test"),
        lambda: therapy_store.decision_words(f"DC-{forgotten.case_number}", actor="test", where="test"),
        lambda: therapy_store.sign_off_content(f"AP-{forgotten.case_number}", actor="test", where="test"),
        lambda: therapy_store.to_do_words(f"TD-{forgotten.case_number}", actor="test", where="test"),
        lambda: therapy_store.add_text(forgotten.case_number, "patient_words", TherapyText("again")),
    ):
        with pytest.raises(Forgotten):
            read()
    assert [everything(each) for each in others] == before
    decided = therapy_store.decided_flags(actor="test", where="test")
    assert {each.case_number for each in decided} == {each.case_number for each in others}
    [event] = audited("key.destroyed")
    assert (event.actor, event.details["owner"]) == ("ST-1", forgotten.patient_id)
    if settings().therapy_database.startswith("sqlite"):
        assert wrapped.encode() not in database_bytes(), "no freed page may hold the wrapped key"
    assert therapy_store_keys.destroy_keys([forgotten.patient_id], "ST-1", "forget") == 0


def test_backup_put_back_does_not_bring_back_the_forgotten(filled: list[Referral], tmp_path: Path):
    only_where_the_files_are_ours()
    forgotten, other, _ = filled
    therapy_store_keys.wipe_freed_pages()
    database = settings().home / "therapy.db"
    shutil.copy(database, tmp_path / "backup.db")
    therapy_store_keys.destroy_keys([forgotten.patient_id], "ST-1", "forget")
    therapy_store.engine_for(settings().therapy_database).dispose()
    for path in settings().home.glob("therapy.db-*"):
        path.unlink()
    shutil.copy(tmp_path / "backup.db", database)
    assert len(words(forgotten.case_number)) == 2, "the backup holds the key"
    assert therapy_store.reapply_forgettings() == 1
    with pytest.raises(Forgotten):
        words(forgotten.case_number)
    assert len(words(other.case_number)) == 2
    assert therapy_store.reapply_forgettings() == 0


def test_list_of_the_forgotten_outlives_a_crash_in_its_last_line(home: Path):
    therapy_store_keys.note_forgetting(["PT-1", "PT-2"])
    therapy_store_keys.note_forgetting(["PT-1"])
    assert therapy_store_keys.forgotten_owners() == ["PT-1", "PT-2"]
    path = therapy_store_keys.forgotten_list()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(path.read_text() + '{"owner": "PT-')
    assert therapy_store_keys.forgotten_owners() == ["PT-1", "PT-2"]


def test_screened_marks_and_ledger_hold_no_digest_of_open_words(case: Referral):
    import hashlib

    fill(case)
    with therapy_store.writing() as db:
        sources = therapy_store._unread(db, case.case_number)
        states = [(each.id, therapy_store.state_of(each)) for each in sources]
    therapy_store.raise_flags(case.case_number, [], states)
    assert therapy_store.unread(case.case_number) == []
    digest = hashlib.sha256(f"text {MARK}".encode()).hexdigest()
    for table in ("screened", "content_seal", "intake_text", "risk_flag", "therapy_audit_event"):
        assert digest[:12] not in str(raw(f"SELECT * FROM {table}"))
    with therapy_store.reading() as db:
        assert db.exec(select(SealedFlag.unique_key).where(col(SealedFlag.unique_key).contains(MARK))).all() == []
        assert db.exec(select(ContentSeal).where(ContentSeal.version < 1)).all() == []
