"""Does the risk reader raise what is said of now, and set apart the past, denied, quoted or supposed?"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from language import risk_classifier, risk_signals
from language.risk_scope import WORDS_A_VERB_DENIES
from language.risk_signals import RiskSignal, SignalKind, SignalStatus, read_risk, read_risk_many

CHECKOUT = Path(__file__).parents[2]
HARD_CASES = CHECKOUT.parent / "shared" / "data" / "risk" / "crisis-hard-cases" / "hard_crisis_dataset.json"
SAMPLE_REFERRALS = CHECKOUT / "samples" / "referrals" / "referrals-2026-11.csv"
CORPORA = CHECKOUT / "tests" / "data" / "risk"

IDEATION = SignalKind.SUICIDAL_IDEATION
PLAN = SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR
HARM = SignalKind.SELF_HARM
OTHERS = SignalKind.HARM_TO_OTHERS
PSYCHOSIS = SignalKind.PSYCHOSIS_OR_MANIA
ABUSE = SignalKind.ABUSE_OR_SAFEGUARDING
SUBSTANCE = SignalKind.SUBSTANCE_CRISIS


def found(text: str) -> set[tuple[SignalKind, SignalStatus]]:
    return {(signal.kind, signal.status) for signal in read_risk(text, rules_only=True).signals}


def statuses(text: str) -> set[SignalStatus]:
    return {signal.status for signal in read_risk(text, rules_only=True).signals}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to die.", IDEATION),
        ("I don\u2019t want to live anymore.", IDEATION),
        ("i feel like su1c1de is all i think of", IDEATION),
        ('Patient states "I want to kill myself".', IDEATION),
        ("I have a plan to kill myself tonight.", PLAN),
        ("If he leaves me I will kill myself.", PLAN),
        ("She attempted suicide last week.", PLAN),
        ("I cut my arms every night.", HARM),
        ("I have thoughts of killing my boss.", OTHERS),
        ("The voices tell me to run.", PSYCHOSIS),
        ("He believes the neighbours are following him.", PSYCHOSIS),
        ("My neighbour controls my thoughts.", PSYCHOSIS),
        ("My husband hits me when he drinks.", ABUSE),
        ("Her partner threatens to kill her if she leaves.", ABUSE),
        ("I relapsed on fentanyl.", SUBSTANCE),
        ("My daughter says that she wants to die.", IDEATION),
    ],
)
def test_risk_said_of_now_is_present(text: str, kind: SignalKind) -> None:
    assert (kind, SignalStatus.PRESENT) in found(text)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("I do not want to die.", SignalStatus.NEGATED),
        ("Denies suicidal ideation, intent or plan.", SignalStatus.NEGATED),
        ("Suicidal ideation: denied.", SignalStatus.NEGATED),
        ("I have never wanted to die.", SignalStatus.NEGATED),
        ("I have never wanted to die so much.", SignalStatus.PRESENT),
        ("I don't have a plan but I want to die.", SignalStatus.PRESENT),
        ("I can't stop thinking about suicide.", SignalStatus.PRESENT),
        ("Nobody knows that I want to die.", SignalStatus.PRESENT),
        ("I'm not going to lie, I want to die.", SignalStatus.PRESENT),
        ("I don't want to wake up.", SignalStatus.PRESENT),
    ],
)
def test_negation_scope_ends_where_the_denial_ends(text: str, status: SignalStatus) -> None:
    assert status in statuses(text)
    assert (SignalStatus.PRESENT in statuses(text)) == (status is SignalStatus.PRESENT)


@pytest.mark.parametrize("rules_only", [True, False])
def test_self_referral_that_did_not_write_it_down_is_present_ideation(rules_only: bool) -> None:
    with SAMPLE_REFERRALS.open(encoding="utf-8-sig", newline="") as table:
        texts = {row["Referral ID"]: row["Reason for referral"] for row in csv.DictReader(table)}
    raised = read_risk(texts["R-1104"], rules_only=rules_only).present
    assert IDEATION in {signal.kind for signal in raised}


@pytest.mark.parametrize("rules_only", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "Some nights I hope I don't wake up.",
        "i hope i dont wake up tomorrow",
        "I would not mind if a truck hit me.",
        "I wouldn't care if I got run over.",
    ],
)
def test_indirect_wish_to_die_is_present_ideation(text: str, rules_only: bool) -> None:
    assert IDEATION in {signal.kind for signal in read_risk(text, rules_only=rules_only).present}


@pytest.mark.parametrize("rules_only", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "I did not wake up until ten today.",
        "I never wake up before the alarm.",
        "A car hit me in 2023 and my knee still hurts.",
        "I would not mind if someone called me.",
    ],
)
def test_ordinary_look_alikes_raise_nothing(text: str, rules_only: bool) -> None:
    assert not read_risk(text, rules_only=rules_only).present


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("I have never tried to kill myself.", False),
        ("I have never cut, burned or hurt myself.", False),
        ("I have never needed stitches, I cut my arms.", True),
        ("Denies depression, panic, self-harm and suicidal ideation.", False),
        ("Denies panic, has suicidal ideation.", True),
        ("Denies that she wants to die.", False),
        ("He did not come on Monday and attempted suicide.", True),
        ("She did not mean to scare us when she cut her arms.", True),
        ("I can't get through a day without thinking about suicide.", True),
        ("She did not put on the form that she wants to die.", True),
    ],
)
def test_denial_reaches_only_its_own_clause(text: str, present: bool) -> None:
    assert bool(read_risk(text, rules_only=True).present) == present


@pytest.mark.parametrize(
    ("words", "status"), [(WORDS_A_VERB_DENIES, SignalStatus.NEGATED), (WORDS_A_VERB_DENIES + 1, SignalStatus.PRESENT)]
)
def test_denial_of_a_verb_reaches_only_so_far(words: int, status: SignalStatus) -> None:
    assert statuses("Not " + "really " * words + "suicidal.") == {status}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("He was beaten as a child and wants to die.", SignalStatus.PRESENT),
        ("He has no history of panic, has a gun and will use it on himself.", SignalStatus.PRESENT),
        ("I wanted to die when I was sixteen.", SignalStatus.HISTORICAL),
        ("I tried to kill myself four months ago.", SignalStatus.HISTORICAL),
        ("I tried to kill myself three months ago.", SignalStatus.PRESENT),
        ("I tried to kill myself two weeks ago.", SignalStatus.PRESENT),
        ("I tried to kill myself.", SignalStatus.PRESENT),
        ("Suicide attempt in 2009.", SignalStatus.HISTORICAL),
        ("I used to cut myself.", SignalStatus.HISTORICAL),
        ("I used to cut myself and lately I do it again.", SignalStatus.PRESENT),
        ("I am used to cutting myself.", SignalStatus.PRESENT),
        ("I have heard voices since I was a child.", SignalStatus.PRESENT),
    ],
)
def test_history_needs_a_past_cue_and_nothing_recent(text: str, status: SignalStatus) -> None:
    assert statuses(text) == {status}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("My brother died by suicide.", SignalStatus.SOMEONE_ELSE),
        ("My best friend says she wants to die.", SignalStatus.SOMEONE_ELSE),
        ("My sister is low. She wants to die.", SignalStatus.SOMEONE_ELSE),
        ("Her mother attempted suicide.", SignalStatus.SOMEONE_ELSE),
        ("The patient's father killed himself.", SignalStatus.SOMEONE_ELSE),
        ("My mother hears voices.", SignalStatus.SOMEONE_ELSE),
        ("My friend's boyfriend hits her.", SignalStatus.SOMEONE_ELSE),
        ("Since my brother died I want to die.", SignalStatus.PRESENT),
        ("My mother does not know that I want to die.", SignalStatus.PRESENT),
        ("She wants to die.", SignalStatus.PRESENT),
        ("Her brother visits. She wants to die.", SignalStatus.PRESENT),
    ],
)
def test_third_person_is_someone_else_only_when_named(text: str, status: SignalStatus) -> None:
    assert status in statuses(text)
    assert (SignalStatus.PRESENT in statuses(text)) == (status is SignalStatus.PRESENT)


@pytest.mark.parametrize(
    "text",
    [
        "This homework is killing me.",
        "I am dying to meet her.",
        "That move was career suicide.",
        "I cut myself shaving.",
        "My mother will kill me if I am late.",
        "I overdosed on chocolate.",
    ],
)
def test_idiom_is_never_present(text: str) -> None:
    assert not read_risk(text, rules_only=True).present


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ('The song goes "I want to die tonight".', False),
        ('The form asks "Do you want to die?"', False),
        ('I told my doctor "I want to die tonight".', True),
    ],
)
def test_quotation_counts_only_from_a_work_or_a_form(text: str, present: bool) -> None:
    assert bool(read_risk(text, rules_only=True).present) == present


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("If I ever wanted to die I would call my sister.", False),
        ("We agreed what to do in case thoughts of suicide come up.", False),
        ("I wonder what would happen if I killed myself.", True),
        ("If she leaves, I am going to kill myself.", True),
        ("I don't know if I want to live.", True),
    ],
)
def test_hypothesis_covers_the_condition_not_its_consequence(text: str, present: bool) -> None:
    assert bool(read_risk(text, rules_only=True).present) == present


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("?", "too short"),
        ("xkcd qwrt zzpl bbnm ghjk", "garbled"),
        ("#### 0101 //// ==== ab", "garbled"),
        ("Estoy muy cansada y no quiero vivir con mi dolor", "not English"),
        ("Me quiero matar", "not English"),
        ("Chc\u0119 umrze\u0107", "not English"),
        ("Saya ingin mati", "not English"),
        ("Jag vill inte leva", "not English"),
        ("Selbstmord", "not English"),
        ("asdf qwer zxcv", "not English"),
        ("\u042f \u043d\u0435 \u0445\u043e\u0447\u0443 \u0436\u0438\u0442\u044c", "not English"),
        ("I feel very low and I am not sure why it is so bad. No quiero vivir con este dolor.", "partly not English"),
    ],
)
def test_text_that_cannot_be_read_goes_to_a_person(text: str, reason: str) -> None:
    reading = read_risk(text, rules_only=True)
    assert (reading.readable, reading.unreadable_reason) == (False, reason)


@pytest.mark.parametrize(
    "text",
    [
        "Low mood.",
        "I want to die",
        "die die die",
        "I feel sad \U0001f622\U0001f622",
        "ok",
        "Insomnia",
        "PTSD",
        "Zoloft 50 mg",
        "Ms. Papadopoulos referred me",
        "w4nna d1e",
        "sucidal thoughts",
        "Panic, nightmares",
    ],
)
def test_short_english_is_read(text: str) -> None:
    assert read_risk(text, rules_only=True).readable


def test_spans_point_into_the_original_text() -> None:
    text = "Hello there.\n\nI\u2019m tired.  I want to  die. \u0130 I CUT MYSELF every day."
    evidence = {text[s.start : s.end].lower() for s in read_risk(text, rules_only=True).present}
    assert evidence == {"want to  die", "cut myself"}


@given(st.text(max_size=200))
def test_reading_never_fails_and_spans_stay_inside(text: str) -> None:
    assert all(0 <= s.start < s.end <= len(text) for s in read_risk(text, rules_only=True).signals)


@given(st.sampled_from(["We had soup.", "My sister visits on Sundays.", "I never eat fish.", "If it rains I read."]))
def test_an_unrelated_sentence_after_it_never_removes_a_flag(other: str) -> None:
    before = read_risk("I want to die.", rules_only=True).present
    assert read_risk(f"I want to die. {other}", rules_only=True).present == before


def test_classifier_adds_its_own_signals_with_evidence_and_version() -> None:
    rows = [json.loads(line) for line in (CORPORA / "training.jsonl").read_text(encoding="utf-8").splitlines()]
    present = [row["text"] for row in rows if row["status"] == SignalStatus.PRESENT][::10]
    missed = [text for text in present if not read_risk(text, rules_only=True).present]
    raised = [(text, s) for text, r in zip(missed, read_risk_many(missed), strict=True) for s in r.present]
    assert len({text for text, _ in raised}) > len(missed) / 3
    assert {s.raised_by for _, s in raised} == {"classifier"}
    assert all(text[s.start : s.end].strip() for text, s in raised)
    assert {s.version for _, s in raised} == {risk_classifier.settings().version}
    assert all(s.probability >= risk_classifier.settings().thresholds[s.kind] for _, s in raised)


def test_evidence_is_what_was_written_not_what_was_meant() -> None:
    text = "Tired. I want to k i l l m y s e l f, and nobody knows."
    [signal] = read_risk(text, rules_only=True).present[:1]
    assert text[signal.start : signal.end] in text and "k i l l" in text[signal.start : signal.end]


def test_passages_are_sentences_and_some_that_follow_each_other() -> None:
    text = "One is here. Two is there. Three."
    passages = risk_classifier.passages_of(text, 2)
    assert [(each.first, each.last) for each in passages] == [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2)]
    assert text[passages[3].start : passages[3].end] == "One is here. Two is there."
    assert risk_classifier.passages_of("", 2) == []


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("One is here.", []),
        ("One is here. Two is there. Three.", [(0, 2)]),
        ("A is one. B is two. C is three. D is four.", [(0, 3)]),
        ("A is one. B is two. C is three. D is four. E is five.", [(0, 3), (1, 4)]),
    ],
)
def test_a_short_text_is_one_passage(text: str, together: list[tuple[int, int]]) -> None:
    passages = risk_classifier.passages_of(text, 4)
    assert [(each.first, each.last) for each in passages if each.first != each.last] == together
    alone = [each.first for each in passages if each.first == each.last]
    assert alone == list(range(len(passages) - len(together)))


@pytest.mark.parametrize(
    ("alone", "among", "heard"),
    [(5.0, 4.0, 5.0), (5.0, -1.0, 5.0), (5.0, -1.1, -1.1), (-9.0, 5.0, -9.0)],
    ids=["a little quieter", "six quieter", "taken back", "louder"],
)
def test_a_sentence_alone_counts_unless_those_beside_it_take_it_back(alone: float, among: float, heard: float) -> None:
    passages = risk_classifier.passages_of("One is here. Two is there.", 4)
    raw = np.array([[alone] * 7, [0.0] * 7, [among] * 7], dtype=np.float32)
    assert risk_classifier.as_heard(raw, passages, 6.0)[0].tolist() == pytest.approx([heard] * 7)
    assert risk_classifier.as_heard(raw, passages, 0.0)[0].tolist() == pytest.approx([alone] * 7)


def test_of_several_passages_that_hold_a_sentence_the_loudest_decides() -> None:
    passages = risk_classifier.passages_of(" ".join(f"Line {n} is here." for n in range(5)), 4)
    raw = np.zeros((7, 7), dtype=np.float32)
    raw[:5] = 5.0  # each alone; then the first four, and the last four
    raw[5], raw[6] = -3.0, 0.0
    assert risk_classifier.as_heard(raw, passages, 6.0)[:5, 0].tolist() == [-3.0, 5.0, 5.0, 5.0, 5.0]


LONG_LINE = f"It went on about {'the roof and ' * 10}the paint. "


def test_a_passage_of_several_holds_no_more_than_is_read_at_once() -> None:
    passages = risk_classifier.passages_of(f"{LONG_LINE * 2}Short one. {LONG_LINE * 2}End.", 4)
    several = [each for each in passages if each.first != each.last]
    assert [(each.first, each.last) for each in several] == [(0, 2), (1, 3), (2, 5)]
    assert all(each.end - each.start <= risk_classifier.LONGEST_TOGETHER for each in several)


@pytest.mark.parametrize("line", ["-" * 70, "- " * 35, "!?" * 35])
def test_a_line_of_marks_counts_for_what_it_costs_to_read(line: str) -> None:
    passages = risk_classifier.passages_of(f"One is here.\n{line}\nTwo is there.\n{line}\nThree.\n{line}\nFour.", 4)
    assert max(each.last - each.first for each in passages) == 1


def test_a_sentence_too_long_to_be_read_with_another_stands_alone() -> None:
    passages = risk_classifier.passages_of(f"I said it. Yes. {'extraordinarily ' * 24}so.", 4)
    assert [(each.first, each.last) for each in passages] == [(0, 0), (1, 1), (2, 2), (0, 1)]
    raw = np.array([[5.0] * 7] * 3 + [[-9.0] * 7], dtype=np.float32)
    assert risk_classifier.as_heard(raw, passages, 6.0)[:, 0].tolist() == [-9.0, -9.0, 5.0, -9.0]


def test_a_text_of_one_sentence_has_nothing_beside_it() -> None:
    one = risk_classifier.passages_of("One is here.", 4)
    raw = np.full((1, 7), 2.0, dtype=np.float32)
    assert risk_classifier.as_heard(raw, one, 6.0).tolist() == raw.tolist()


def test_what_is_read_is_part_of_a_version() -> None:
    shipped = risk_classifier.settings()
    assert (shipped.together, shipped.taken_back) == (4, 6.0)
    stored = risk_classifier.as_stored(shipped)
    assert (stored["together"], stored["taken_back"]) == (4, 6.0)


def test_a_flag_points_to_the_sentence_of_a_passage_that_tells_most(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The bus was late. Something was said. The garden is nice."

    def scores_of(texts: list[str], _folder: object) -> list[object]:
        # three sentences alone, then all of them: only all of them are loud, of them the second most
        return [np.tile(np.array([[0.01], [0.1], [0.02], [0.99]]), (1, 7))]

    monkeypatch.setattr(risk_signals.risk_classifier, "scores_of", scores_of)
    signals = read_risk(text).present
    assert {text[s.start : s.end] for s in signals} == {"Something was said."}
    assert {s.probability for s in signals} == {0.99}


def test_passages_that_overlap_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"Line {n} is here." for n in range(9))
    passages = risk_classifier.passages_of(text, 4)

    def scores_of(texts: list[str], _folder: object) -> list[object]:
        loud = [0.9 - 0.01 * each.first if each.first != each.last else 0.0 for each in passages]
        return [np.tile(np.array(loud)[:, None], (1, 7))]

    monkeypatch.setattr(risk_signals.risk_classifier, "scores_of", scores_of)
    found = [s for s in read_risk(text).present if s.kind is SignalKind.SELF_HARM]
    assert [s.probability for s in found] == [0.9, 0.86]


@pytest.mark.parametrize("other", ["The bus was late.", "My garden is nice this year.", "We spoke about work."])
def test_an_unrelated_sentence_before_or_after_never_removes_a_flag_of_the_classifier(other: str) -> None:
    rows = [json.loads(line) for line in (CORPORA / "training.jsonl").read_text(encoding="utf-8").splitlines()]
    present = [row["text"] for row in rows if row["status"] == SignalStatus.PRESENT][::40]
    flagged = [text for text in present if read_risk(text).present]
    assert len(flagged) > 10
    for text in flagged:
        assert read_risk(f"{text} {other}").present, text
        assert read_risk(f"{other} {text}").present, text


def test_classifier_does_not_raise_what_the_rules_set_aside() -> None:
    for text in ("I have never wanted to die.", "My brother died by suicide.", "When I was sixteen I wanted to die."):
        assert not read_risk(text).present


def test_read_risk_many_equals_one_by_one() -> None:
    texts = ["I want to die.", "", "I moved in May. My garden is nice.", "My uncle killed himself."]
    assert [_shape(r.signals) for r in read_risk_many(texts)] == [_shape(read_risk(text).signals) for text in texts]


def _shape(signals: tuple[RiskSignal, ...]) -> list[tuple[SignalKind, SignalStatus, int, int, str]]:
    return [(s.kind, s.status, s.start, s.end, s.rule_id) for s in signals]


def test_rules_only_reading_names_its_version_without_the_classifier() -> None:
    assert "risk-" not in read_risk("I want to die.", rules_only=True).version
    assert risk_classifier.settings().version in read_risk("I want to die.").version


def test_every_kind_has_a_threshold_and_a_rule_precision() -> None:
    assert set(risk_classifier.settings().thresholds) == set(SignalKind)
    assert all(0 < p < 1 for p in risk_classifier.settings().rule_precision.values())


def test_no_reason_repeats_the_text() -> None:
    for signal in read_risk("I want to die beside the zanzibar fountain.").signals:
        assert "zanzibar" not in signal.why + signal.rule_id


def test_training_sentences_of_the_challenge_are_read_right() -> None:
    rows = [json.loads(line) for line in (CORPORA / "challenge.jsonl").read_text(encoding="utf-8").splitlines()]
    train = [row for row in rows if row["split"] == "train"]
    wrong = [
        row["id"]
        for row in train
        if bool(read_risk(row["text"], rules_only=True).present) != (row["status"] == SignalStatus.PRESENT)
    ]
    assert len(train) > 150
    assert wrong == []


def test_probes_written_while_working_are_read_right_by_rules() -> None:
    rows = [json.loads(line) for line in (CORPORA / "probes.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = [row for row in rows if row["split"] == "seen"]
    present = [row["id"] for row in seen if row["status"] == SignalStatus.PRESENT]
    raised = [row["id"] for row in seen if read_risk(row["text"], rules_only=True).present]
    assert len(present) == 65
    assert set(present) <= set(raised)
    assert len(raised) <= len(present) + 1


@pytest.mark.skipif(not HARD_CASES.exists(), reason="the public crisis-hard-cases set is not beside the checkout")
@pytest.mark.parametrize("rules_only", [True, False])
def test_all_hard_cases_are_right(rules_only: bool) -> None:
    cases = json.loads(HARD_CASES.read_text(encoding="utf-8"))["conversations"]
    texts = ["\n".join(m["content"] for m in case["messages"] if m["role"] == "student") for case in cases]
    readings = read_risk_many(texts, rules_only)
    raised = {case["id"]: bool(r.present) for case, r in zip(cases, readings, strict=True)}
    assert raised == {case["id"]: case["labels"]["risk_level"] != "SAFE" for case in cases}
    assert len(raised) == 12


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("Retired printer with a bad hip who uses a cane on the stairs.", False),
        ("She walks with his cane since the fall.", False),
        ("He draws the house with a ruler each time.", False),
        ("He strikes his wife with his cane.", True),
        ("I got the cane again last night.", True),
        ("Mum uses the belt when I am late.", True),
    ],
)
def test_cane_is_walked_with_and_hit_with(text: str, raised: bool) -> None:
    found = read_risk(text, rules_only=True).present
    assert any(each.rule_id == "ab.belt" for each in found) is raised
