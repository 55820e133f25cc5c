"""Does the notes' benchmark read the fictional sessions as their README says, and count what it claims to count?"""

import json

import numpy as np
import pytest

from benchmarks.baselines import BASELINES
from benchmarks.note_checks import asked_and_denied, checks, key, not_assessed_right, removed, without
from benchmarks.own_sessions import OWN, Fact, Session, own_sessions, sentences_of, session_of
from language.note_drafting import DraftSentence, NoteDraft, NoteFormat, Role, Turn
from language.note_templates import NEEDED
from language.note_values import Source, Topic

FILE = """# SOAP
# risk: negated
# minutes: 12
C: Any thoughts of suicide?
P: No. Dr. Ray asked: the same.
O: True.
--- facts
Denies it :: denies ; suicid|ending !
Score :: zero point seven|0.7 ; !mg
--- note SOAP
SUBJECTIVE
Denies suicidal thoughts.
--- note DAP
DATA
No suicidal thoughts.
"""
SESSIONS = own_sessions()


def test_session_is_read_part_by_part() -> None:
    session = session_of("99_x", FILE)
    assert [turn.role for turn in session.turns] == [Role.CLINICIAN, Role.PATIENT, Role.OTHER]
    assert session.turns[1].text == "No. Dr. Ray asked: the same."
    assert session.said == {"risk": "negated", "minutes": "12"}
    assert len(session.facts) == 2
    assert sentences_of(session.notes[NoteFormat.DAP]) == ["No suicidal thoughts."]


@pytest.mark.parametrize("line", ["Q: who?", "no speaker"])
def test_line_without_a_speaker_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(ValueError, match=r"^line 4 has no speaker$"):
        session_of("99_x", FILE.replace("C: Any thoughts of suicide?", line))


def test_every_session_has_facts_and_two_notes_one_of_its_own_format() -> None:
    assert len(SESSIONS) == 30
    for session in SESSIONS:
        assert session.facts and len(session.notes) == 2 and session.format in session.notes
    assert [session.number for session in SESSIONS if session.kind == "seen"] == ["01", "02", "03"]
    assert sum("risk" in session.said for session in SESSIONS) == 24


@pytest.mark.parametrize(
    ("need", "text", "holds"),
    [
        ("0.7", "It was 0.7 again.", True),
        ("0.7", "It was 0x7.", False),
        ("2", "Took 2 of them.", True),
        ("2", "Took 25 of them.", False),
        ("2", "Took 2.5 of them.", False),
        ("anxi", "Was anxious.", True),
        ("anxi", "Was unanxious.", False),
        ("six and a half|6.5", "Slept six  and a half hours.", True),
        ("+2", "It was +2.", True),
        ("!mg", "Took 5 mg.", False),
        ("!mg", "Took five.", True),
    ],
)
def test_fact_word_is_matched_as_it_is_written(need: str, text: str, holds: bool) -> None:
    assert Fact("", (need,)).recalled_by([text]) is holds


def test_baselines_stop_when_they_have_the_words_and_keep_the_order_said() -> None:
    texts = ["a b c", "d", "e f g h", "i j"]
    vectors = np.eye(4, 384, dtype=np.float32)
    for name, copies in BASELINES.items():
        assert copies(texts, vectors, 100) == texts, name
        assert copies([], np.zeros((0, 384), dtype=np.float32), 5) == [], name
    assert BASELINES["lead"](texts, vectors, 3) == ["a b c", "d"]
    assert BASELINES["longest"](texts, vectors, 3) == ["e f g h"]


def test_mmr_takes_something_else_before_the_same_again() -> None:
    same, other = np.eye(2, 384, dtype=np.float32)
    vectors = np.stack([same, same, 0.5 * same + 0.866 * other])
    assert BASELINES["mmr"](["x", "x again", "y"], vectors, 1) == ["x", "y"]


def denial(*sources: Source) -> DraftSentence:
    return DraftSentence("Subjective", "Denies smoking.", sources, Topic.CONCERN)


def test_denial_needs_a_question_and_the_answer_after_it() -> None:
    asked = [Turn("C", Role.CLINICIAN, "Do you smoke?"), Turn("P", Role.PATIENT, "No.")]
    told = [Turn("C", Role.CLINICIAN, "I see."), Turn("P", Role.PATIENT, "No smoking for me.")]
    yes = [Turn("C", Role.CLINICIAN, "Do you smoke?"), Turn("P", Role.PATIENT, "Yes.")]
    bare = [Turn("C", Role.CLINICIAN, "and do you smoke"), Turn("P", Role.PATIENT, "no")]
    whole = (Source(0, 0, 13), Source(1, 0, 18))
    assert asked_and_denied(denial(*whole), bare)
    assert asked_and_denied(denial(*whole), asked)
    assert not asked_and_denied(denial(whole[0]), asked)
    assert not asked_and_denied(denial(whole[1]), asked)
    assert not asked_and_denied(denial(*whole), told)
    assert not asked_and_denied(denial(*whole), yes)


def test_unsupported_sentence_is_counted_a_masked_name_is_not() -> None:
    turns = [Turn("P", Role.PATIENT, "My boss, Karen, was annoyed. Karen shouted.")]
    said = (Source(0, 0, len(turns[0].text)),)
    texts = ("The patient's boss shouted.", "The boss fired 3 zebras.")
    sentences = tuple(DraftSentence("Data", text, said, Topic.CONCERN) for text in texts)
    found = checks([(turns, NoteDraft(NoteFormat.DAP, sentences, (), {}, ""))])
    assert found["sentences_supported"] == "1/2"


def test_turn_goes_with_its_question_and_its_answer() -> None:
    turns = [Turn(who, role, str(i)) for i, (who, role) in enumerate([("C", Role.CLINICIAN), ("P", Role.PATIENT)] * 3)]
    assert [turn.text for turn in without(turns, [3])] == ["0", "1", "4", "5"]
    assert [turn.text for turn in without(turns, [2])] == ["0", "1", "4", "5"]


def test_subject_that_is_removed_is_listed_and_the_others_are_not() -> None:
    turns = (
        Turn("C", Role.CLINICIAN, "Are you sleeping?"),
        Turn("P", Role.PATIENT, "Badly."),
        Turn("C", Role.CLINICIAN, "Any alcohol?"),
        Turn("P", Role.PATIENT, "No. And my sleep is worse with it."),
    )
    session = Session("99_x", NoteFormat.SOAP, turns, ())
    hand = {need: list[int]() for need in NEEDED} | {"sleep": [1, 3], "substance use": [3]}
    assert removed([session], {"99": hand})["removed_and_listed"] == "2/2"
    assert removed([session], {"99": hand | {"sleep": [1]}})["removed_and_listed"] == "1/2"
    assert not_assessed_right([session], {"99": hand})["listed_rightly"] == "5/5"
    assert not_assessed_right([session], {"99": hand | {"mood": [1]}})["listed_rightly"] == "4/5"


def test_keys_name_turns_and_names_that_are_in_the_sessions() -> None:
    names = json.loads((OWN / "third_parties.json").read_text(encoding="utf-8"))
    covered = key()
    assert set(names) == set(covered) == {session.number for session in SESSIONS}
    for session in SESSIONS:
        assert set(covered[session.number]) == set(NEEDED)
        spoken = [turn for at in covered[session.number].values() for turn in at]
        assert all(session.turns[turn].role is not Role.CLINICIAN for turn in spoken), session.name
        talk = " ".join(turn.text for turn in session.turns)
        assert all(name in talk for name in names[session.number]), session.name
