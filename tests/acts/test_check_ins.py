"""What is asked between sessions, what becomes of the answers, what is sent, on real databases."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from acts import check_in_answers, check_ins, follow_ups, material, patient_reading
from acts.check_in_answers import AnsweredAlready
from acts.patient_visit import LinkClosed, WhyNot
from adapters import education, therapy_store
from adapters import operational_store as store
from adapters.portal_links import make_link, make_proof, token_of
from language.risk_values import RiskReading
from models.codes import FollowUpStatus, LinkPurpose, RiskLevel, Role
from models.columns import utc_now
from models.errors import ContractBroken, MovedOn, NotAllowed, NotSignedOff, SignatureMismatch
from models.operational import CheckIn, CheckInPlan, Episode, FollowUp, MaterialSent, OutboxMessage, PortalLink, Staff
from models.scheduling_codes import CheckInKind, CheckInStatus, FollowUpReason
from models.therapy_text import TherapyText
from tests.factories import (
    make_approval,
    make_check_in,
    make_decision,
    make_episode,
    make_follow_up,
    make_location,
    make_patient,
    make_plan,
    make_referral,
    make_signer,
    spelled,
)
from tests.rules.test_check_ins import phq9

K, S, R = CheckInKind, CheckInStatus, FollowUpReason
pytestmark = pytest.mark.usefixtures("home")


def found(record: Any, *where: Any) -> list[Any]:
    with store.reading() as db:
        return list(db.exec(select(record).where(*where)).all())


def one(record: Any, key: str) -> Any:
    with store.reading() as db:
        return db.get_one(record, key)


def legible(*_: Any, **__: Any) -> RiskReading:
    return RiskReading(signals=(), readable=True, unreadable_reason="", version="test-1")


def assign(episode: Episode, kind: CheckInKind = K.MOOD, **given: Any) -> str:
    facts: dict[str, Any] = {"every_days": 7, "staff_id": episode.clinician_id, "form_id": check_ins.fresh_form()}
    return check_ins.assign(episode.case_number, kind, **{**facts, **given})


# -- a clinician asks


def test_clinician_asks_from_today_on_and_the_same_form_asks_once() -> None:
    episode = make_episode()
    assert assign(episode, form_id="form1") == assign(episode, form_id="form1")
    (plan,) = found(CheckInPlan, CheckInPlan.case_number == episode.case_number)
    assert (plan.kind, plan.every_days, plan.ended_at) == (K.MOOD, 7, None)
    assert abs((plan.next_on - utc_now().date()).days) <= 1


def test_homework_keeps_its_words_sealed() -> None:
    episode = make_episode()
    plan_id = assign(episode, K.HOMEWORK, words=TherapyText("Walk to the river."))
    assert check_ins.homework_words(plan_id, actor="test", where="test").unwrap() == "Walk to the river."
    (plan,) = found(CheckInPlan, CheckInPlan.id == plan_id)
    assert "river" not in repr(plan)


def test_what_is_asked_already_is_not_asked_twice_but_homework_is() -> None:
    episode = make_episode()
    assign(episode, K.PHQ9)
    with pytest.raises(ValueError, match="asked already"):
        assign(episode, K.PHQ9)
    for words in ("one", "two"):
        assign(episode, K.HOMEWORK, words=TherapyText(words))
    assert len(found(CheckInPlan, CheckInPlan.case_number == episode.case_number)) == 3


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (lambda place: make_signer(Role.COORDINATOR, location=place), "a clinician does this"),
        (lambda place: make_signer(location=place, active=False), "a clinician does this"),
        (lambda _: make_signer(location=make_location()), "another location"),
    ],
)
def test_only_a_clinician_of_the_place_asks(who: Callable[[Any], Staff], why: str) -> None:
    place = make_location()
    episode = make_episode(location=place)
    with pytest.raises(NotAllowed, match=why):
        assign(episode, staff_id=who(place).id)


def test_nothing_is_asked_or_written_once_the_care_has_ended() -> None:
    episode = make_episode(status="closed_ended", closed_at=utc_now())
    with pytest.raises(MovedOn, match="has ended"):
        assign(episode)
    with pytest.raises(MovedOn, match="has ended"):
        follow_ups.write_message(
            episode.case_number, staff_id=episode.clinician_id, words=TherapyText("Hello"), form_id="f"
        )


def test_ending_withdraws_what_was_asked_and_closes_its_link() -> None:
    episode = make_episode()
    check_in, token, proof = make_check_in(episode)
    answered, *_ = make_check_in(episode, status=S.ANSWERED)
    for _ in range(2):
        check_ins.end(check_in.plan_id, episode.case_number, staff_id=episode.clinician_id)
    assert (one(CheckIn, check_in.id).status, one(CheckIn, answered.id).status) == (S.WITHDRAWN, S.ANSWERED)
    with pytest.raises(LinkClosed) as closed:
        check_in_answers.answer(token, proof, phq9(3))
    assert closed.value.why_not == WhyNot.REVOKED


def test_plan_of_another_patient_is_not_ended_here() -> None:
    episode, other = make_episode(), make_episode()
    plan = make_plan(other)
    with pytest.raises(MovedOn, match="is not asked"):
        check_ins.end(plan.id, episode.case_number, staff_id=episode.clinician_id)


def test_end_of_care_ends_everything_that_is_asked() -> None:
    episode = make_episode()
    check_in, *_ = make_check_in(episode)
    with store.writing() as db:
        check_ins.end_all(db, episode.case_number, "test")
    assert one(CheckIn, check_in.id).status == S.WITHDRAWN


# -- a patient answers


def test_answers_are_kept_sealed_and_counted_as_read() -> None:
    episode = make_episode()
    check_in, token, proof = make_check_in(episode)
    outcome = check_in_answers.answer(token, proof, phq9(7))
    assert (outcome.kept, outcome.late, outcome.show_crisis) == (True, False, False)
    (kept,) = therapy_store.answers(episode.case_number, actor="test", where="test")
    assert (kept.measure, kept.source_key, kept.total, kept.band) == ("phq9", check_in.id, 7, "mild")
    assert one(CheckIn, check_in.id).status == S.ANSWERED
    assert therapy_store.unread(episode.case_number) == []
    assert found(FollowUp) == []


def test_second_answer_is_told_so_and_changes_nothing() -> None:
    episode = make_episode()
    _, token, proof = make_check_in(episode, K.MOOD)
    check_in_answers.answer(token, proof, {1: 8})
    assert check_in_answers.asked(token, proof).answered
    with pytest.raises(AnsweredAlready):
        check_in_answers.answer(token, proof, {1: 0})
    (kept,) = therapy_store.answers(episode.case_number, actor="test", where="test")
    assert kept.total == 8 and found(FollowUp) == []


def test_late_answer_counts() -> None:
    episode = make_episode()
    check_in, token, proof = make_check_in(
        episode, K.MOOD, status=S.UNANSWERED, answer_by=utc_now() - timedelta(hours=1)
    )
    assert check_in_answers.answer(token, proof, {1: 6}).late
    assert one(CheckIn, check_in.id).status == S.ANSWERED


def test_missing_answer_keeps_nothing() -> None:
    episode = make_episode()
    check_in, token, proof = make_check_in(episode)
    outcome = check_in_answers.answer(token, proof, {1: 3, 2: 3})
    assert (outcome.kept, outcome.missing) == (False, (3, 4, 5, 6, 7, 8, 9))
    assert one(CheckIn, check_in.id).status == S.SENT
    assert therapy_store.answers(episode.case_number, actor="test", where="test") == []


def test_answer_that_no_option_has_is_refused() -> None:
    _, token, proof = make_check_in(make_episode(), K.MOOD)
    with pytest.raises(ContractBroken):
        check_in_answers.answer(token, proof, {1: 11})


def test_flagged_item_of_an_unfinished_form_is_told_at_once_and_again_when_it_is_worse() -> None:
    episode = make_episode()
    check_in, token, proof = make_check_in(episode)
    assert check_in_answers.answer(token, proof, {9: 1}).show_crisis
    (first,) = found(FollowUp)
    assert (first.subject_id, first.risk_level) == (check_in.id, RiskLevel.MODERATE)
    assert check_in_answers.answer(token, proof, phq9(9, 1)).show_crisis
    assert len(found(FollowUp)) == 1  # what is known at this level opens no second one
    other, token, proof = make_check_in(episode)
    check_in_answers.answer(token, proof, {9: 1})
    check_in_answers.answer(token, proof, phq9(9, 3))
    levels = [each.risk_level for each in found(FollowUp, FollowUp.subject_id == other.id)]
    assert sorted(levels) == [RiskLevel.HIGH, RiskLevel.MODERATE]


def test_answers_at_intake_are_what_worsening_is_measured_from() -> None:
    patient = make_patient()
    referral = make_referral(patient=patient)
    therapy_store.keep_answers(
        referral.case_number, "phq9", "1", phq9(4), source_key="portal", complete=True, total=4, band="minimal"
    )
    episode = make_episode(patient=patient, opened_by=referral.case_number)
    _, token, proof = make_check_in(episode)
    check_in_answers.answer(token, proof, phq9(10))
    (opened,) = found(FollowUp)
    assert opened.reasons == [R.RELIABLE_WORSENING.value]


def test_words_are_read_by_the_rules_at_once_and_stay_unread_for_the_classifier() -> None:
    episode = make_episode()
    check_in, token, proof = make_check_in(episode, K.MOOD)
    outcome = check_in_answers.answer(token, proof, {1: 6}, TherapyText("I want to kill myself tonight."))
    assert outcome.show_crisis
    (opened,) = found(FollowUp)
    assert opened.reasons == [R.WORRYING_WORDS.value] and opened.subject_id == check_in.id
    assert therapy_store.flags(episode.case_number, actor="test", where="test")
    assert len(therapy_store.unread(episode.case_number)) == 1


def test_words_that_the_reader_cannot_read_open_an_escalation() -> None:
    def broken(*_: Any, **__: Any) -> RiskReading:
        raise RuntimeError("no weights")

    _, token, proof = make_check_in(make_episode(), K.MOOD)
    check_in_answers.answer(token, proof, {1: 6}, TherapyText("We went to the lake."), read=broken)
    (opened,) = found(FollowUp)
    assert opened.reasons == [R.WORDS_UNREAD.value]


def test_plain_words_open_nothing() -> None:
    _, token, proof = make_check_in(make_episode(), K.MOOD)
    check_in_answers.answer(token, proof, {1: 6}, TherapyText("We went to the lake."), read=legible)
    assert found(FollowUp) == []


def test_link_leads_on_to_the_next_check_in_of_the_same_patient_alone() -> None:
    episode = make_episode()
    _, token, proof = make_check_in(episode, K.MOOD)
    assert check_in_answers.following(token, proof) is None
    make_check_in(make_episode(), K.PHQ9)
    make_check_in(episode, K.GAD7, status=S.ANSWERED)
    _, other, _ = make_check_in(episode, K.PHQ9)
    following = check_in_answers.following(token, proof)
    assert following is not None and following[0] == other
    assert check_in_answers.asked(*following).kind == K.PHQ9


# -- material


def reviewed(key: str, who: str) -> None:
    material.review(key, education.library()[key].digest, staff_id=who)


def test_nothing_is_sent_that_no_clinician_has_reviewed() -> None:
    episode = make_episode()
    with pytest.raises(NotSignedOff, match="reviewed"):
        material.send(episode.case_number, "sleep", staff_id=episode.clinician_id)
    assert found(MaterialSent) == []


def test_reviewed_piece_is_sent_once_and_its_opening_is_on_record_once() -> None:
    episode = make_episode()
    reviewed("sleep-1.en", episode.clinician_id)
    sent = {material.send(episode.case_number, "sleep", staff_id=episode.clinician_id) for _ in range(2)}
    assert len(sent) == 1
    (link,) = found(PortalLink, PortalLink.purpose == LinkPurpose.MATERIAL)
    assert len(found(OutboxMessage, OutboxMessage.template == "material_waits")) == 1
    for _ in range(2):
        piece = material.opened(token_of(link), make_proof(link.id))
    (record,) = found(MaterialSent)
    assert (piece.name, record.version) == ("sleep", 1) and record.opened_at is not None


def test_piece_comes_in_the_patients_language_if_that_was_reviewed() -> None:
    episode = make_episode(patient=make_patient(language="es"))
    reviewed("sleep-1.en", episode.clinician_id)
    with pytest.raises(NotSignedOff):
        material.send(episode.case_number, "sleep", staff_id=episode.clinician_id)
    reviewed("sleep-1.es", episode.clinician_id)
    material.send(episode.case_number, "sleep", staff_id=episode.clinician_id)
    (link,) = found(PortalLink, PortalLink.purpose == LinkPurpose.MATERIAL)
    assert material.opened(token_of(link), make_proof(link.id)).language == "es"


def test_review_is_a_clinicians_and_of_what_was_seen() -> None:
    place = make_location()
    coordinator = make_signer(Role.COORDINATOR, location=place)
    with pytest.raises(NotAllowed):
        reviewed("sleep-1.en", coordinator.id)
    with pytest.raises(MovedOn, match="read it again"):
        material.review("sleep-1.en", "0" * 64, staff_id=make_signer(location=place).id)
    with pytest.raises(ContractBroken):
        material.review("nothing-1.en", "", staff_id=make_signer(location=place).id)


# -- messages


def test_message_waits_for_its_signature_and_the_same_form_asks_once() -> None:
    episode = make_episode()
    given = {"staff_id": episode.clinician_id, "words": TherapyText("See you on Monday."), "form_id": "form1"}
    numbers = {follow_ups.write_message(episode.case_number, **given) for _ in range(2)}
    (opened,) = found(FollowUp)
    assert numbers == {opened.case_number}
    assert (opened.requested_by, opened.status) == (episode.clinician_id, FollowUpStatus.RECEIVED)
    assert found(OutboxMessage) == []


@pytest.mark.parametrize(("words", "said"), [(" ", "write the message"), ("x" * 5001, "at most 5000")])
def test_message_without_words_or_with_too_many_is_refused(words: str, said: str) -> None:
    episode = make_episode()
    with pytest.raises(ValueError, match=said):
        follow_ups.write_message(
            episode.case_number, staff_id=episode.clinician_id, words=TherapyText(words), form_id="f"
        )


def sent_message(episode: Episode, letter: str = "Dear Alex", signed: str | None = None) -> tuple[str, str]:
    """A signed message whose link was sent: its token and proof. ``signed``: what lies there instead."""
    follow_up = make_follow_up(episode, "message", status=FollowUpStatus.CLOSED_SENT, closed_at=utc_now())
    content = spelled({"kind": "message", "letter": letter})
    approval = make_approval("message", case=follow_up, content=content, status="decided")
    with store.reading() as db:
        staff = db.get_one(Staff, episode.clinician_id)
    facts = {} if signed is None else {"signed_digest": "0" * 64}
    make_decision(approval, staff, content, **facts)
    with store.writing() as db:
        link = make_link(db, episode.case_number, LinkPurpose.MESSAGE, 0, subject_id=follow_up.case_number).record
    return token_of(link), make_proof(link.id)


def test_message_is_read_behind_its_link_exactly_as_it_was_signed() -> None:
    assert patient_reading.message(*sent_message(make_episode())).unwrap() == "Dear Alex"
    with pytest.raises(SignatureMismatch):
        patient_reading.message(*sent_message(make_episode(), signed="another"))


def test_message_that_was_not_sent_is_not_shown() -> None:
    token, proof = sent_message(make_episode())
    with store.writing() as db:
        follow_up = db.exec(select(FollowUp).order_by(col(FollowUp.case_number).desc())).first()
        assert follow_up is not None
        follow_up.status = FollowUpStatus.CLOSED_NOT_SENT
        db.add(follow_up)
    with pytest.raises(MovedOn, match="was not sent"):
        patient_reading.message(token, proof)


# -- the library's files


FRONT = "---\ntitle: T\nlanguage: en\nversion: 1\ntopics: [a]\n---\n# T\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Sleep.md", FRONT, "is named like"),
        ("sleep-1.en.md", "# T\n", "begins with front matter"),
        ("sleep-1.en.md", "---\n: [\n---\n# T\n", "no YAML"),
        ("sleep-1.en.md", "---\njust words\n---\n# T\n", "no names"),
        ("sleep-1.en.md", FRONT.replace("title: T\n", ""), "title is missing"),
        ("sleep-1.en.md", FRONT.replace("topics: [a]", "topics: a"), "topics is missing or no list"),
        ("sleep-2.en.md", FRONT, "another version"),
        ("sleep-1.es.md", FRONT, "another version or language"),
        ("sleep-1.en.md", FRONT.replace("# T\n", ""), "nothing to read"),
        ("sleep-1.en.md", FRONT.replace("---\n#", "reviewed_by: Dr. A\n---\n#"), "a name and a date"),
    ],
)
def test_broken_piece_is_refused_by_naming_what_is_wrong(name: str, text: str, said: str) -> None:
    with pytest.raises(ContractBroken, match=said):
        education.read_piece(name, text)


def test_reviewed_front_matter_counts_and_nothing_but_words_is_rendered() -> None:
    text = FRONT.replace("---\n#", "reviewed_by: Dr. A\nreviewed_on: 2026-11-01\n---\n#")
    piece = education.read_piece("sleep-1.en.md", text + "<script>x</script>\n![i](https://x)\n[a](javascript:x)\n")
    with store.reading() as db:
        review = education.review_of(db, piece)
    assert review is not None and review.by == "Dr. A"
    assert not [part for part in ("<script", "<img", 'href="javascript') if part in piece.html]


def test_shipped_library_is_whole_in_both_languages_and_names_no_promise(home: Path) -> None:
    pieces = education.library()
    assert {piece.name for piece in pieces.values()} == {"sleep", "small_steps", "slow_breathing", "between_visits"}
    assert {(piece.name, piece.language) for piece in pieces.values()} == {
        (piece.name, language) for piece in pieces.values() for language in ("en", "es")
    }
    assert all(piece.reviewed_on is None for piece in pieces.values()), "a practice reviews what it sends"
