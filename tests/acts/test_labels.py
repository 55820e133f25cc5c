"""What is kept of a clinician's labels, which of them count, and what the counts of them say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from acts import decisions, forgetting
from acts.decisions import decide
from acts.labels import how_the_reader_does, labels
from adapters import therapy_store, therapy_store_keys
from adapters.operational_store import writing
from models.codes import AuthenticatedHow, ReferralStatus, Role, Verdict
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Approval, Decision, Referral
from models.therapy_text import TherapyText
from rules.sign_off import digest
from tests.factories import (
    MadeCase,
    fresh_code,
    make_approval,
    make_case_at,
    make_labels,
    make_patient,
    make_referral,
    make_staff,
    review_words,
    spelled,
)

pytestmark = pytest.mark.usefixtures("home")

R, V = ReferralStatus, Verdict
WORDS = "I krindlespat myself, and I want to vanish."
MARCH = datetime(2026, 3, 10, tzinfo=UTC)


def shown(flag_id: str, **given: Any) -> dict[str, Any]:
    """A flag of the classifier as a sign-off's content has it."""
    facts = {
        "id": flag_id, "kind": "self_harm", "status": "present", "level": "moderate", "raised_by": "classifier",
        "rule_id": "classifier.self_harm", "why": "sounds like self harm", "version": "v7", "probability": 0.83,
        "text_id": "", "starts": 2, "ends": 13, "edition": 1, "reviewed": False,
    }  # fmt: skip
    return facts | given


def review(*flags: dict[str, Any], case: MadeCase | None = None) -> MadeCase:
    """A case that waits for a risk review of these flags, which the reader raised from its text."""
    made = case or make_case_at(R.QUESTION_OPEN)
    text_id = therapy_store.add_text(made.number, "referral_text", TherapyText(WORDS))
    content = review_words(
        flags=[each | {"text_id": each["text_id"] or text_id} for each in flags],
        texts=[{"id": text_id, "kind": "referral_text", "edition": 1, "sha256": digest(WORDS)}],
    )
    with writing() as db:
        db.get_one(Referral, made.number).status = R.RISK_REVIEW
        round = len(db.exec(select(Approval).where(Approval.case_number == made.number)).all()) + 1
    made.approval = make_approval(referral=made.referral, content=spelled(content), round=round)
    return made


def sign(case: MadeCase, confirmed: dict[str, bool], verdict: Verdict = V.APPROVE) -> Decision:
    assert case.approval is not None
    return decide(
        case.approval.id,
        staff_id=case.clinician.id,
        verdict=verdict,
        reason=TherapyText("as discussed"),
        seen_digest=case.approval.digest,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(case.clinician.id),
        confirmed=confirmed,
    )


def kept() -> list[therapy_store.DecidedFlag]:
    return therapy_store.decided_flags(actor="test", where="test")


def events(action: str) -> list[therapy_store.TherapyAuditEvent]:
    event = therapy_store.TherapyAuditEvent
    with therapy_store.reading() as db:
        return list(db.exec(select(event).where(event.action == action).order_by(col(event.id))).all())


def said() -> dict[str, bool]:
    return {label.flag_id: label.confirmed for label in labels(actor="test")}


# -- what is kept


def test_labels_are_signed_with_the_decision_and_kept_with_what_raised_the_flag():
    case = review(shown("FL-1"), shown("FL-2", raised_by="rule", rule_id="harm.cut"), shown("FL-3"))
    decision = sign(case, {"FL-1": True, "FL-2": False})
    signed = therapy_store.decision_words(decision.id, actor="test", where="test").signed_content.unwrap()
    assert json.loads(signed)["labels"] == {"FL-1": True, "FL-2": False}
    assert digest(signed) == decision.signed_digest != decision.digest
    assert {flag.flag_id: flag.confirmed for flag in kept()} == {"FL-1": True, "FL-2": False, "FL-3": None}
    by_rule = next(flag for flag in kept() if flag.flag_id == "FL-2")
    assert (by_rule.kind, by_rule.raised_by, by_rule.rule_id) == ("self_harm", "rule", "harm.cut")
    assert (by_rule.version, by_rule.probability, by_rule.decision_id) == ("v7", 0.83, decision.id)
    assert by_rule.at == decision.at
    assert "harm.cut" not in repr(by_rule) and "self_harm" not in repr(by_rule)


def test_kept_labels_are_on_record_by_who_gave_them_and_say_nothing_of_them():
    case = review(shown("FL-1"), shown("FL-2"))
    decision = sign(case, {"FL-1": True})
    [event] = events("flags.decided")
    assert (event.actor, event.subject_id, event.case_number) == (case.clinician.id, decision.id, case.number)
    assert event.details == {"flags": 2, "labelled": 1}


@pytest.mark.parametrize("verdict", Verdict)
def test_label_is_kept_whatever_is_decided(verdict: Verdict):
    case = review(shown("FL-1"))
    sign(case, {"FL-1": False}, verdict)
    assert said() == {"FL-1": False}


def test_review_without_a_flag_of_the_reader_keeps_none():
    sign(review(shown("FL-1", raised_by="item")), {})
    assert kept() == [] and events("flags.decided") == []


def test_label_of_a_flag_that_is_not_in_the_content_is_refused_before_the_code_is_used():
    case = review(shown("FL-1"))
    with pytest.raises(ValueError, match="does not offer"):
        sign(case, {"FL-1": True, "FL-other": True})
    assert kept() == []
    sign(case, {"FL-1": True})


# -- which of them count


def test_newest_label_counts_and_a_later_review_that_leaves_it_open_takes_nothing_back():
    case = review(shown("FL-1"), shown("FL-2"))
    sign(case, {"FL-1": True, "FL-2": True}, V.RETURN)
    sign(review(shown("FL-1"), shown("FL-2"), case=case), {"FL-2": False})
    assert said() == {"FL-1": True, "FL-2": False}
    assert len(kept()) == 4


def test_label_whose_decision_does_not_stand_does_not_count(monkeypatch: pytest.MonkeyPatch):
    case = review(shown("FL-1"))
    with monkeypatch.context() as patch:
        patch.setattr(decisions, "_save", overtaken)
        with pytest.raises(MovedOn):
            sign(case, {"FL-1": True})
    assert len(kept()) == 1 and said() == {}
    assert how_the_reader_does(actor="test").total.decided == 0


def overtaken(*_: Any) -> None:
    raise MovedOn("another decision came first")


def test_labels_of_a_forgotten_patient_are_gone_and_nobody_elses():
    forgotten, other = make_referral(R.CLOSED_DECLINED), make_referral(R.CLOSED_DECLINED)
    make_labels(True, None, referral=forgotten)
    make_labels(False, referral=other)
    therapy_store_keys.destroy_keys([forgotten.patient_id], "test", "test")
    assert [flag.case_number for flag in kept()] == [other.case_number]
    assert list(said().values()) == [False]


def test_forget_takes_labels_along():
    case = make_referral(R.CLOSED_DECLINED, patient=make_patient(), closed_at=utc_now())
    make_labels(True, referral=case)
    officer = make_staff(role=Role.COMPLIANCE)
    forgetting.forget(case.patient_id, staff_id=officer.id, reason=TherapyText("asked for it"))
    assert kept() == [] and how_the_reader_does(actor="test").total.decided == 0


# -- passages


def test_passage_is_what_the_flag_pointed_at():
    sign(review(shown("FL-1"), shown("FL-2")), {"FL-1": True})
    [label] = labels(actor="test", texts=True)
    assert label.passage == WORDS[2:13] == "krindlespat"
    assert "krindlespat" not in repr(label)
    [without] = labels(actor="test")
    assert without.passage == ""


def test_passage_of_a_text_that_changed_is_empty():
    case = review(shown("FL-1"))
    sign(case, {"FL-1": True})
    therapy_store.add_text(case.number, "referral_text", TherapyText("Something else was meant by all of this."))
    assert [label.passage for label in labels(actor="test", texts=True)] == [""]


def test_passage_of_a_flag_of_unknown_edition_is_empty():
    make_labels(True, edition=None)
    assert [label.passage for label in labels(actor="test", texts=True)] == [""]


def test_reading_passages_is_on_record_by_case_and_reading_counts_reads_none():
    case = review(shown("FL-1"))
    sign(case, {"FL-1": True})
    untouched = review(shown("FL-2"))
    sign(untouched, {})
    labels(actor="ST-7", texts=True)
    how_the_reader_does(actor="ST-8")
    found = [(each.actor, each.subject_kind, each.case_number, each.where, each.purpose) for each in events("read")]
    assert [each for each in found if each[0] in ("ST-7", "ST-8")] == [
        ("ST-7", "decided_flag", None, "tune the reader", "HOPERAT"),
        ("ST-7", "intake_text", case.number, "tune the reader", "HOPERAT"),
        ("ST-8", "decided_flag", None, "how the reader does", "HOPERAT"),
    ]


# -- counts


def test_counts_say_how_many_were_confirmed_in_error_and_left_open():
    make_labels(*[True] * 24, *[False] * 6, *[None] * 5)
    total = how_the_reader_does(actor="test").total
    assert (total.decided, total.left_open, total.labelled, total.confirmed) == (35, 5, 30, 24)
    assert total.share == 0.8 and total.interval is not None
    assert [round(each, 3) for each in total.interval] == [0.627, 0.905]


def test_share_of_fewer_than_thirty_labels_is_not_told():
    make_labels(*[True] * 29, *[None] * 10)
    total = how_the_reader_does(actor="test").total
    assert (total.decided, total.labelled, total.share, total.interval) == (39, 29, None, None)


@pytest.mark.parametrize(("flags", "rows", "too_small"), [(29, 0, 1), (30, 1, 0)])
def test_group_of_fewer_than_thirty_flags_is_not_named(flags: int, rows: int, too_small: int):
    make_labels(*[True] * flags)
    for table in how_the_reader_does(actor="test").tables.values():
        assert (len(table.rows), table.groups_too_small) == (rows, too_small)


def test_groups_are_told_apart_by_raiser_version_kind_and_rule_the_largest_first():
    make_labels(*[True] * 31)
    make_labels(*[True] * 20, *[False] * 20, raised_by="rule", rule_id="harm.cut", version="lexicon-3")
    make_labels(*[None] * 30, kind="psychosis_or_mania", rule_id="classifier.psychosis_or_mania")
    make_labels(True, version="v8")
    tables = how_the_reader_does(actor="test").tables
    groups = {name: [(" ".join(row.group), row.decided) for row in table.rows] for name, table in tables.items()}
    assert groups == {
        "raised_by": [("classifier", 62), ("rule", 40)],
        "version": [("classifier v7", 61), ("rule lexicon-3", 40)],
        "kind": [("self_harm", 72), ("psychosis_or_mania", 30)],
        "rule": [("harm.cut", 40), ("classifier.self_harm", 32), ("classifier.psychosis_or_mania", 30)],
    }
    shares = {row.group: row.share for row in tables["rule"].rows}
    assert shares == {("harm.cut",): 0.5, ("classifier.self_harm",): 1.0, ("classifier.psychosis_or_mania",): None}
    assert tables["version"].groups_too_small == 1


def test_counts_are_of_the_days_that_were_asked_for():
    for day in (9, 10, 11):
        make_labels(*[True] * day, at=MARCH.replace(day=day))
    whole_day = (MARCH, MARCH + timedelta(days=1))
    assert how_the_reader_does(actor="test").total.decided == 30
    assert how_the_reader_does(*whole_day, actor="test").total.decided == 10
    assert how_the_reader_does(MARCH, actor="test").total.decided == 21
    assert how_the_reader_does(None, MARCH, actor="test").total.decided == 9


def test_counts_are_of_the_version_that_was_asked_for():
    make_labels(True, True)
    make_labels(False, version="v8")
    report = how_the_reader_does(version="v8", actor="test")
    assert (report.total.decided, report.total.confirmed, report.versions) == (1, 0, ("v7", "v8"))


def test_flag_counts_once_on_the_day_of_its_newest_label():
    case = make_referral(R.READY_TO_MATCH)
    make_labels(True, referral=case, flag_id="FL-1", at=MARCH)
    make_labels(None, referral=case, flag_id="FL-1", at=MARCH + timedelta(days=5))
    assert how_the_reader_does(actor="test").total.decided == 1
    assert how_the_reader_does(None, MARCH + timedelta(days=1), actor="test").total.labelled == 1


def test_counts_of_nothing_are_nothing():
    report = how_the_reader_does(actor="test")
    assert (report.total.decided, report.total.share, report.versions) == (0, None, ())


@pytest.mark.parametrize("flags", [3, 4, 5, 8, 10])
def test_many_flags_are_read_in_parts_each_on_record(monkeypatch: pytest.MonkeyPatch, flags: int):
    monkeypatch.setattr(therapy_store, "READ_AT_ONCE", 4)
    sign(review(*(shown(f"FL-{number}") for number in range(flags))), {f"FL-{number}": True for number in range(flags)})
    found = labels(actor="ST-7", texts=True)
    assert {label.flag_id for label in found} == {f"FL-{number}" for number in range(flags)}
    assert {label.passage for label in found} == {"krindlespat"}
    counts = [each.details["count"] for each in events("read") if each.subject_kind == "decided_flag"]
    assert sum(counts) == flags and max(counts) <= 4
