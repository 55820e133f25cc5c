"""Is a draft made of what was said, each sentence with its place, in the format asked for, the same every time?"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import note_checks
from benchmarks.own_sessions import Fact, own_sessions, training_sessions
from language import note_drafting
from language.note_drafting import (
    DraftSentence,
    NoteDraft,
    NoteFormat,
    Role,
    SessionToDraft,
    Turn,
    draft_note,
    draft_notes,
    heard,
    stated_pronouns,
    supported,
)
from language.note_generator import Generator, GeneratorUnavailable
from language.note_grammar import HE, SHE, THEY
from language.note_masking import names_in
from language.note_passages import MOST_WORDS, as_one_sentence
from language.note_scores import FOLDER
from language.note_templates import SECTIONS, uncovered
from language.note_utterances import utterances, why_empty
from language.note_values import Dropped, Topic
from language.training import note_corpora

CHECKOUT = Path(__file__).parents[2]
OWN = own_sessions()
SESSIONS = [session for session in OWN if session.kind != "new"]
# One each of: a visit to the door, somebody else in the room, a group, a couple, medicines and half tablets.
NEW = [session for session in OWN if session.number in ("07", "13", "20", "22", "26")]
SHORT = (
    Turn("C", Role.CLINICIAN, "Hi, come on in. Any trouble sleeping?", 0.0),
    Turn("P", Role.PATIENT, "Yeah, most nights. I lie awake until two because I worry about my daughter Lena.", 4.5),
    Turn("C", Role.CLINICIAN, "Any thoughts of hurting yourself?"),
    Turn("P", Role.PATIENT, "No."),
    Turn("C", Role.CLINICIAN, "I'd like you to write down the worries every evening."),
    Turn("P", Role.PATIENT, "Sounds good, I can do that."),
)


@pytest.fixture(scope="module")
def drafts() -> list[NoteDraft]:
    return [draft_note(session.turns, session.format) for session in SESSIONS]


@pytest.fixture(scope="module")
def unplaced() -> list[NoteDraft]:
    """Drafts of newer sessions without the encoder: what they say is the same, only the sections are any."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(note_drafting, "_vectors", lambda said: np.zeros((len(said), 384), dtype=np.float32))
        return [draft_note(session.turns, session.format) for session in NEW]


def texts(draft: NoteDraft) -> list[str]:
    return [sentence.text for sentence in draft.sentences]


def test_short_session_becomes_statements() -> None:
    draft = draft_note(SHORT, NoteFormat.SOAP)
    assert texts(draft)[:2] == [
        "Reports trouble sleeping most nights; lies awake until two because they worry about their daughter.",
        "Denies thoughts of hurting themselves.",
    ]
    assert not any("Lena" in text for text in texts(draft))
    assert any("daughter" in text for text in texts(draft))
    assert "risk of self-harm or suicide" not in draft.not_assessed
    assert {"appetite", "medication", "risk of harm to others"} <= set(draft.not_assessed)
    assert draft.dropped[Dropped.SMALL_TALK] >= 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Do you have a plan to end your life?", "I don't know."),
        ("Are you safe?", "I guess so."),
        ("So no thoughts of suicide?", "Right."),
        ("Any thoughts of hurting yourself?", "Not anymore."),
        ("Any thoughts of hurting yourself?", "No. Well, sometimes at night."),
        ("Have you been thinking about suicide?", "I think about it every day."),
        ("You don't have a gun, do you?", "Yes."),
    ],
)
def test_unclear_answer_about_risk_is_quoted_with_its_question(question: str, answer: str) -> None:
    turns = [Turn("C", Role.CLINICIAN, question), Turn("P", Role.PATIENT, answer)]
    draft = draft_note(turns, NoteFormat.SOAP)
    assert any(text.startswith("Asked,") for text in texts(draft)), texts(draft)
    assert not any(text.startswith(("Denies", "Reports")) for text in texts(draft))
    assert draft.sentences[0].topic is Topic.RISK


def test_question_without_an_answer_assesses_nothing() -> None:
    draft = draft_note([Turn("C", Role.CLINICIAN, "Any thoughts of suicide?")], NoteFormat.DAP)
    assert draft.sentences == ()
    assert "risk of self-harm or suicide" in draft.not_assessed


@pytest.mark.parametrize(
    ("question", "answer", "need", "covered"),
    [
        ("Any thoughts of ending your life?", "No.", "risk of self-harm or suicide", True),
        ("Any thoughts of hurting yourself? I ask everybody.", "No.", "risk of self-harm or suicide", True),
        ("Any thoughts of hurting yourself? Or, how was the week?", "Fine.", "risk of self-harm or suicide", False),
        ("Any thoughts of ending your life?", "...", "risk of self-harm or suicide", False),
        ("And the fluvoxamine?", "At night.", "medication", True),
        ("And the homework?", "At night.", "medication", False),
    ],
)
def test_need_is_covered_by_a_question_that_was_answered(question: str, answer: str, need: str, covered: bool) -> None:
    turns = [Turn("C", Role.CLINICIAN, question), Turn("P", Role.PATIENT, answer)]
    assert (need not in uncovered((need,), turns, set())) is covered


@pytest.mark.parametrize("format", list(NoteFormat))
def test_every_format_uses_its_own_sections_in_order(format: NoteFormat) -> None:
    sections = [sentence.section for sentence in draft_note(SHORT, format).sentences]
    order = list(SECTIONS[format])
    assert sections == sorted(sections, key=order.index)


def test_empty_session_gives_an_empty_draft_that_lists_what_is_missing() -> None:
    draft = draft_note([], NoteFormat.GIRP)
    assert draft.sentences == () and "goals" in draft.not_assessed and draft.text() == ""


def test_shorter_draft_keeps_some_of_the_same_sentences() -> None:
    whole, short = draft_note(SHORT, NoteFormat.SOAP), draft_note(SHORT, NoteFormat.SOAP, most_words=12)
    assert 0 < len(short.sentences) < len(whole.sentences)
    assert short.dropped[Dropped.LESS_SALIENT] >= 1


def test_somebody_else_in_the_room_is_quoted() -> None:
    turns = [Turn("M", Role.OTHER, "She hardly eats at school.")]
    assert texts(draft_note(turns, NoteFormat.DAP)) == ['Another person present said, "She hardly eats at school."']


def test_words_without_a_verb_are_not_the_patients_where_somebody_else_said_them() -> None:
    said = "Three dinners in the car."
    by = {role: texts(draft_note([Turn("X", role, said)], NoteFormat.DAP)) for role in (Role.OTHER, Role.PATIENT)}
    assert by == {
        Role.OTHER: ['Another person present said, "Three dinners in the car."'],
        Role.PATIENT: ['The patient said, "Three dinners in the car."'],
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("I have nothing to look forward to.", True),
        ("I have nothing to look forward to --", False),
        ("I have nothing to look forward to...", False),
    ],
)
def test_what_cannot_be_rewritten_is_quoted_where_it_is_whole(said: str, kept: bool) -> None:
    draft = draft_note([Turn("P", Role.PATIENT, said)], NoteFormat.DAP)
    assert texts(draft) == (['The patient said, "I have nothing to look forward to."'] if kept else [])


@pytest.mark.parametrize(
    ("first", "then", "repeats"),
    [
        ("my back hurts", "my back hurts since monday at work", False),
        ("my back hurts since monday at work", "my back hurts", True),
        ("takes 20 mg of it every single morning now", "takes 30 mg of it every single morning now", False),
        ("does sleep well at night in the house", "does not sleep well at night in the house", False),
    ],
)
def test_sentence_repeats_only_what_adds_nothing(first: str, then: str, repeats: bool) -> None:
    assert note_drafting._repeats(set(then.split()), set(first.split())) is repeats


def test_visit_says_why_the_patient_came() -> None:
    turns = [
        Turn("D", Role.CLINICIAN, "Anna is a 50-year-old female who is here today for back pain."),
        Turn("P", Role.PATIENT, "It started on Monday when I lifted a box."),
    ]
    draft = draft_note(turns, NoteFormat.VISIT)
    assert draft.sentences[0].section == "Chief complaint" and draft.sentences[0].text == "Back pain."
    assert any("she lifted a box" in text or "patient lifted a box" in text for text in texts(draft))


def test_draft_is_the_same_every_time() -> None:
    assert draft_note(SHORT, NoteFormat.BIRP) == draft_note(SHORT, NoteFormat.BIRP)


def test_every_sentence_has_sources_that_say_it(drafts: list[NoteDraft], unplaced: list[NoteDraft]) -> None:
    pairs = list(zip([*SESSIONS, *NEW], [*drafts, *unplaced], strict=True))
    for session, draft in pairs:
        for sentence in draft.sentences:
            assert sentence.sources
            assert all(heard(sentence.sources, session.turns))
    found = note_checks.checks([(session.turns, draft) for session, draft in pairs])
    assert found["sentences_supported"] == f"{found['sentences']}/{found['sentences']}"
    assert found["denials_without_question_and_answer"] == 0


def test_no_command_and_no_greeting_is_kept(drafts: list[NoteDraft], unplaced: list[NoteDraft]) -> None:
    kept = [
        sentence.text
        for draft in [*drafts, *unplaced]
        for sentence in draft.sentences
        for one in utterances([Turn("note", Role.CLINICIAN, sentence.text)])
        if why_empty(one) in (Dropped.COMMAND, Dropped.SMALL_TALK)
    ]
    assert kept == []


def test_no_sentence_has_a_broken_pronoun(drafts: list[NoteDraft], unplaced: list[NoteDraft]) -> None:
    broken = ("they was", "they is ", "they has ", "patient are", "patient have ", "patient do ", "the the ", " i ")
    said = [re.sub(r'"[^"]*"', "", text).lower() for draft in [*drafts, *unplaced] for text in texts(draft)]
    said = [text.replace("suggested that the patient have ", "") for text in said]  # as it should be
    assert [text for text in said for each in broken if each in f" {text} "] == []


def test_no_third_party_is_named(drafts: list[NoteDraft]) -> None:
    kept, _, said = note_checks.names_kept(SESSIONS, drafts).partition("/")
    assert kept == "0" and int(said) >= 9


def test_facts_of_our_own_sessions_are_recalled(drafts: list[NoteDraft]) -> None:
    recalled = [fact.recalled(draft) for session, draft in zip(SESSIONS, drafts, strict=True) for fact in session.facts]
    assert len(SESSIONS) == 6 and len(recalled) > 100
    assert sum(recalled) / len(recalled) >= 0.8


def test_fact_needs_all_its_words_in_one_sentence() -> None:
    def draft(*said: str) -> NoteDraft:
        sentences = tuple(DraftSentence("Plan", text, (), Topic.PLAN) for text in said)
        return NoteDraft(NoteFormat.SOAP, sentences, (), {}, "")

    fact = Fact("sleeps badly", ("sleep", "bad|poor"))
    assert fact.recalled(draft("Sleeps poorly."))
    assert not fact.recalled(draft("Sleeps.", "Poor appetite."))


@pytest.mark.parametrize(
    ("said", "pronouns"),
    [
        ("Anna is a 50-year-old female with asthma.", SHE),
        ("Good morning, Mr. Lee.", HE),
        ("How are you?", THEY),
        ("Mrs. Lee, this is Mr. Lee.", THEY),
    ],
)
def test_pronouns_are_those_stated_else_they(said: str, pronouns: Any) -> None:
    assert stated_pronouns([Turn("C", Role.CLINICIAN, said)]) == pronouns


def said_by_patient(*texts_: str) -> list[Turn]:
    return [Turn("P", Role.PATIENT, text) for text in texts_]


def test_what_one_turn_tells_is_one_sentence_of_readable_length() -> None:
    turns = said_by_patient(" ".join(f"I walked {day} blocks on day {day + 30}." for day in range(2, 20)))
    draft = draft_note(turns, NoteFormat.SOAP)
    assert 1 < len(draft.sentences) < 9
    assert all(len(text.split()) <= MOST_WORDS for text in texts(draft))
    assert sum(len(sentence.sources) for sentence in draft.sentences) == 18


def test_sentence_goes_on_behind_a_mm_hmm_and_not_behind_a_question() -> None:
    first, then = said_by_patient("I lost my job on Monday.", "I told my wife on Friday.")
    between = Turn("C", Role.CLINICIAN, "Mm-hmm.")
    question = Turn("C", Role.CLINICIAN, "And your wife?")
    assert texts(draft_note([first, between, then], NoteFormat.SOAP)) == [
        "The patient lost their job on Monday; told their wife on Friday."
    ]
    assert len(draft_note([first, question, then], NoteFormat.SOAP).sentences) == 2


def test_answer_that_leans_on_its_question_keeps_it() -> None:
    turns = [
        Turn("C", Role.CLINICIAN, "What did the fear do?"),
        Turn("P", Role.PATIENT, "It went down to a four after an hour in the shop."),
        Turn("C", Role.CLINICIAN, "How bad was it on Monday?"),
        Turn("P", Role.PATIENT, "Bad. Since the morning."),
    ]
    assert texts(draft_note(turns, NoteFormat.SOAP)) == [
        'Asked, "What did the fear do?" the patient reports that it went down to a four after an hour in the shop.',
        'Asked, "How bad was it on Monday?" the patient answered, "Bad. Since the morning."',
    ]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (["The patient is 56.", "The patient has a dog."], "The patient is 56; has a dog."),
        (["She reports that it aches.", "She reports that it is so."], "She reports that it aches, and that it is so."),
        (['The patient said, "Bad."', 'The patient said, "Very."'], 'The patient said, "Bad. Very."'),
        (["Denies nausea.", "The patient eats."], "Denies nausea; eats."),
        (["If it rains they stay.", "The patient is 56."], "If it rains they stay; the patient is 56."),
        (
            ['Asked, "When?" the patient answered, "Now."', 'The patient said, "Or then."'],
            'Asked, "When?" the patient answered, "Now. Or then."',
        ),
        (["The clinician noticed tears.", "The patient is sad."], "The clinician noticed tears; the patient is sad."),
    ],
)  # fmt: skip
def test_repeated_subject_is_written_once(parts: list[str], sentence: str) -> None:
    assert as_one_sentence(parts) == sentence


def test_short_draft_has_something_of_every_section() -> None:
    session = training_sessions()[1]
    short = draft_note(session.turns, session.format, most_words=200)
    whole = draft_note(session.turns, session.format)
    assert {each.section for each in short.sentences} == {each.section for each in whole.sentences}
    assert len(short.text().split()) < 300


def test_weights_are_small_and_have_a_card() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000
    assert "CC BY 4.0" in (FOLDER / "MODEL_CARD.md").read_text()


def test_importing_the_drafter_loads_no_torch() -> None:
    modules = "language.note_drafting, language.note_generator"
    check = f"import {modules}, sys; assert not {{'torch', 'transformers'}} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not note_corpora.ACI.exists(), reason="ACI-Bench is not beside the checkout")
def test_public_visit_is_read_with_its_speakers() -> None:
    visit = note_corpora.aci("train")[0]
    assert {turn.role for turn in visit.turns} == {Role.CLINICIAN, Role.PATIENT} and visit.note


# -- a checkpoint by path


class Says:
    """Proposes what it is told to."""

    def __init__(self, *said: str) -> None:
        self.said = list(said)

    def proposals(self, turns: Sequence[Turn], format: NoteFormat) -> list[str]:
        return self.said


def test_proposal_is_kept_only_where_the_session_says_it() -> None:
    before = draft_note(SHORT, NoteFormat.SOAP)
    draft = draft_note(
        SHORT,
        NoteFormat.SOAP,
        generator=Says(
            "The patient worries about their daughter until two.",
            "The patient takes 40 mg of fluoxetine.",
            "The patient does not worry about their daughter.",
            "Zebras.",
        ),
    )
    added = set(texts(draft)) - set(texts(before))
    assert not any("fluoxetine" in text or "not worry" in text or "Zebra" in text for text in texts(draft))
    assert draft.dropped[Dropped.UNSUPPORTED] == before.dropped.get(Dropped.UNSUPPORTED, 0) + 3
    assert len(added) <= 1


def tiny_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=["<pad>", "</s>", "<unk>"], vocab_size=200)
    tokenizer.train_from_iterator([turn.text for turn in SHORT], trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(path)


def tiny_network(kind: str) -> Any:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration

    torch.manual_seed(7)
    if kind == "seq2seq":
        return T5ForConditionalGeneration(
            T5Config(
                vocab_size=200, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0,
                pad_token_id=0, eos_token_id=1,
            )
        )  # fmt: skip
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=200, n_positions=128, n_embd=16, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=1)
    )


@pytest.mark.parametrize("kind", ["seq2seq", "causal"])
def test_random_checkpoint_is_wired_in_and_what_it_makes_up_is_dropped(kind: str, tmp_path: Path) -> None:
    tiny_tokenizer(tmp_path)
    tiny_network(kind).save_pretrained(tmp_path)
    generator = Generator(tmp_path, max_new_tokens=12)
    longer = SHORT * 9
    proposed = generator.proposals(longer, NoteFormat.SOAP)
    assert proposed == generator.proposals(longer, NoteFormat.SOAP)
    without = draft_note(SHORT, NoteFormat.SOAP)
    draft = draft_note(SHORT, NoteFormat.SOAP, generator=generator)
    for sentence in draft.sentences:
        assert sentence.text in texts(without) or not supported(sentence.text, heard(sentence.sources, SHORT))
    proposals = len(generator.proposals(SHORT, NoteFormat.SOAP))
    refused = draft.dropped.get(Dropped.UNSUPPORTED, 0) - without.dropped.get(Dropped.UNSUPPORTED, 0)
    repeated = draft.dropped.get(Dropped.REPEATED, 0) - without.dropped.get(Dropped.REPEATED, 0)
    assert refused + repeated + len(draft.sentences) - len(without.sentences) == proposals


def test_path_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GeneratorUnavailable):
        Generator(tmp_path)


def test_sessions_drafted_together_have_the_drafts_they_have_alone() -> None:
    """One batch through the encoder may pad and sort as it likes: no sentence of any session depends on another's."""
    some = [SessionToDraft(session.turns, session.format) for session in SESSIONS[:4]]
    some.append(SessionToDraft(SHORT, NoteFormat.SOAP, known_names=("Lena",)))
    alone = [draft_note(one.turns, one.format, known_names=one.known_names) for one in some]
    assert draft_notes(some) == alone
    assert draft_notes(some[::-1]) == alone[::-1]
    assert draft_notes([]) == []


def test_therapy_draft_says_what_it_has_no_room_for_and_never_leaves_out_risk():
    turns = [
        turn
        for day in range(40)
        for turn in (
            Turn("C", Role.CLINICIAN, f"What happened on day {day}?"),
            Turn(
                "P", Role.PATIENT, f"I walked {day + 3} blocks with my sister and cooked dinner for {day + 2} people."
            ),
        )
    ]
    turns += [
        Turn("C", Role.CLINICIAN, "Any plans?"),
        Turn("P", Role.PATIENT, "I thought about killing myself on Sunday."),
    ]
    draft = draft_note(turns, NoteFormat.SOAP, most_words=60)
    assert len(draft.text().split()) < 160
    assert any(sentence.topic is Topic.RISK for sentence in draft.sentences)
    assert len(draft.also_said) > 10
    assert not {sentence.text for sentence in draft.also_said} & {sentence.text for sentence in draft.sentences}
    assert all(not supported(each.text, heard(each.sources, turns)) for each in draft.also_said)
    everything = draft_note(turns, NoteFormat.SOAP)
    assert not everything.also_said
    assert len(everything.sentences) >= len(draft.sentences) + len(draft.also_said) - 2


def test_word_written_large_inside_a_sentence_is_masked_unless_it_is_nobody():
    talk = "Then Zubeida and her cousin from Portland watched Netflix on Friday. Work is hard. I hate work, so Okonkwo"
    turns = [Turn("C", Role.CLINICIAN, "What happened?"), Turn("P", Role.PATIENT, talk)]
    found = names_in(turns, every_capital=True)
    assert {"Zubeida", "Okonkwo"} <= set(found)
    assert not {"Portland", "Netflix", "Friday", "Work", "Then", "What"} & set(found)
    assert "Zubeida" not in names_in(turns)
