"""Each change of a note: what it changes, what it keeps, what it refuses."""

from typing import Any

import pytest

from rules import note_editing, note_signing
from rules.note_checks import LONGEST_SENTENCE
from rules.note_editing import Change
from rules.note_signing import MOST_SENTENCES, MOST_UNITS
from tests.notes import SENTENCES, flag, note_content, sentence

PROPOSED = note_content(flags=[flag()])


def after(*changes: Change, proposed: dict[str, Any] | None = None) -> dict[str, Any]:
    before = proposed or PROPOSED
    note = before
    for change in changes:
        note = note_editing.apply(note, before, change)
    return note


def texts(note: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["text"] for each in note["sentences"]}


def one(note: dict[str, Any], sentence_id: str) -> dict[str, Any]:
    return next(each for each in note["sentences"] if each["id"] == sentence_id)


def ids(note: dict[str, Any]) -> list[str]:
    return [each["id"] for each in note["sentences"]]


def test_edited_sentence_keeps_its_place_and_sources_and_says_whose_words_it_is() -> None:
    note = after(note_editing.edit("S2", "  Reports poor \n sleep since May. "))
    assert one(note, "S2") == {**SENTENCES[1], "text": "Reports poor sleep since May.", "origin": "edited"}
    assert [each for each in note["sentences"] if each["id"] != "S2"] == [*SENTENCES[:1], *SENTENCES[2:]]


def test_sentence_that_is_edited_back_is_the_drafted_one() -> None:
    note = after(note_editing.edit("S2", "Something else."), note_editing.edit("S2", "Reports poor sleep."))
    assert one(note, "S2") == SENTENCES[1]
    assert not note_editing.is_changed(note, PROPOSED)


def test_clinicians_own_sentence_stays_theirs_when_they_edit_it() -> None:
    note = after(note_editing.add("Plan", "Meets in a week.", "S-own"), note_editing.edit("S-own", "Meets in two."))
    assert one(note, "S-own")["origin"] == "added"


def test_dropped_sentence_is_gone_and_can_be_taken_back_to_its_place() -> None:
    dropped = after(note_editing.drop("S2"))
    assert ids(dropped) == ["S1", "S3", "S4", "S5"]
    assert ids(after(note_editing.drop("S2"), note_editing.take_back("S2"))) == ["S1", "S2", "S3", "S4", "S5"]
    every = after(*(note_editing.drop(each["id"]) for each in SENTENCES))
    assert ids(every) == []
    assert ids(note_editing.apply(every, PROPOSED, note_editing.take_back("S4"))) == ["S4"]


def test_taking_back_an_edited_sentence_gives_the_drafted_words() -> None:
    assert one(after(note_editing.edit("S1", "Other."), note_editing.take_back("S1")), "S1") == SENTENCES[0]


def test_added_sentence_stands_last_rests_on_nothing_and_fills_its_heading() -> None:
    note = after(
        note_editing.drop("S5"),
        note_editing.nothing_to_add("Plan", True),
        note_editing.add("Plan", "Meets in a week.", "S-own"),
    )
    assert note["sentences"][-1] == {
        "id": "S-own",
        "topic": "plan",
        "section": "Plan",
        "text": "Meets in a week.",
        "sources": [],
        "origin": "added",
    }
    assert note["nothing_to_add"] == []


def test_moved_sentence_goes_with_its_new_subject_into_every_format() -> None:
    note = after(note_editing.move("S3", "Plan"))
    assert (one(note, "S3")["topic"], one(note, "S3")["section"]) == ("plan", "Plan")
    assert one(after(note_editing.move("S3", "Plan"), note_editing.set_format("DAP")), "S3")["section"] == "Plan"


def test_sentence_moved_to_where_it_stands_keeps_its_subject() -> None:
    assert after(note_editing.move("S4", "Assessment")) == PROPOSED
    assert one(PROPOSED, "S4")["topic"] == "intervention"


@pytest.mark.parametrize(
    ("sentence_id", "up", "order"),
    [
        ("S2", True, ["S2", "S1", "S3", "S4", "S5"]),
        ("S1", False, ["S2", "S1", "S3", "S4", "S5"]),
        ("S1", True, ["S1", "S2", "S3", "S4", "S5"]),
        ("S2", False, ["S1", "S2", "S3", "S4", "S5"]),
        ("S3", True, ["S1", "S2", "S3", "S4", "S5"]),
    ],
)
def test_sentence_changes_places_with_its_neighbour_under_the_same_heading(
    sentence_id: str, up: bool, order: list[str]
) -> None:
    assert ids(after(note_editing.reorder(sentence_id, up))) == order


def test_neighbour_under_the_same_heading_may_stand_further_off() -> None:
    apart = note_content(sentences=[SENTENCES[0], SENTENCES[2], SENTENCES[1]])
    assert ids(after(note_editing.reorder("S2", True), proposed=apart)) == ["S2", "S3", "S1"]


def test_another_format_keeps_every_edit_and_comes_back_whole() -> None:
    edits = (note_editing.edit("S1", "Reports less worry."), note_editing.add("Plan", "Meets in a week.", "S-own"))
    there = after(*edits, note_editing.set_format("DAP"))
    assert texts(there) == texts(after(*edits))
    assert after(*edits, note_editing.set_format("DAP"), note_editing.set_format("SOAP")) == after(*edits)


def test_mark_that_a_heading_has_nothing_is_set_and_taken_away() -> None:
    marked = after(note_editing.nothing_to_add("Plan", True), note_editing.nothing_to_add("Objective", True))
    assert marked["nothing_to_add"] == ["Objective", "Plan"]
    assert note_editing.apply(marked, PROPOSED, note_editing.nothing_to_add("Plan", False))["nothing_to_add"] == [
        "Objective"
    ]


def test_answer_to_a_flag_is_kept_changed_and_taken_back() -> None:
    answered = after(note_editing.answer_flag("FL-1", "historical", " years ago "))
    assert answered["flag_actions"] == {"FL-1": {"action": "historical", "words": "years ago"}}
    again = note_editing.apply(answered, PROPOSED, note_editing.answer_flag("FL-1", "escalated", ""))
    assert again["flag_actions"] == {"FL-1": {"action": "escalated", "words": ""}}
    assert note_editing.apply(again, PROPOSED, note_editing.answer_flag("FL-1", "", ""))["flag_actions"] == {}


def test_codes_are_tidied_and_each_stands_once() -> None:
    note = after(note_editing.set_codes(" 90834 ", ["f41.1", "", " F33.1", "F41.1"]))
    assert (note["procedure_code"], note["diagnoses"]) == ("90834", ["F41.1", "F33.1"])


def test_addons_are_kept_beside_the_procedure_code_until_they_are_taken_away() -> None:
    crisis = after(note_editing.set_codes("90839", [], [("90840", 2), ("90785", 1)]))
    assert (crisis["procedure_code"], crisis["addons"]) == ("90839", [["90840", 2], ["90785", 1]])
    assert note_editing.apply(crisis, PROPOSED, note_editing.set_codes("90839", []))["addons"] == []


def test_note_from_before_addons_has_none_and_stays_as_it_is() -> None:
    older = {name: value for name, value in PROPOSED.items() if name != "addons"}
    assert note_signing.addons(older) == []
    note = note_editing.apply(older, older, note_editing.nothing_to_add("Plan", True))
    assert "addons" not in note_editing.fields_of(note)
    assert note_editing.apply(note, older, note_editing.set_codes("90837", [], [("90785", 1)]))["addons"] == [
        ["90785", 1]
    ]
    assert not note_editing.is_changed(older, older)


def test_starting_over_gives_the_proposal() -> None:
    note = after(
        note_editing.edit("S1", "Other."),
        note_editing.drop("S2"),
        note_editing.add("Plan", "Own.", "S-own"),
        note_editing.set_format("DAP"),
        note_editing.set_codes("", []),
        note_editing.answer_flag("FL-1", "historical", ""),
        note_editing.start_over(),
    )
    assert note == PROPOSED
    assert not note_editing.is_changed(note, PROPOSED)


@pytest.mark.parametrize(
    "change",
    [
        note_editing.edit("S1", "Other."),
        note_editing.drop("S1"),
        note_editing.reorder("S1", False),
        note_editing.set_format("DAP"),
        note_editing.nothing_to_add("Plan", True),
        note_editing.answer_flag("FL-1", "historical", ""),
        note_editing.set_codes("90834", ["F41.1"]),
    ],
)
def test_change_leaves_what_was_proposed_and_from_what(change: Change) -> None:
    note = after(change)
    assert note_editing.is_changed(note, PROPOSED)
    written = set(note_editing.fields_of(note))
    assert {name: note[name] for name in note if name not in written} == {
        name: PROPOSED[name] for name in PROPOSED if name not in written
    }


def test_change_never_alters_the_note_it_is_made_to() -> None:
    before = note_content()
    after(note_editing.edit("S1", "Other."), note_editing.drop("S2"), note_editing.move("S3", "Plan"), proposed=before)
    assert before == note_content()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: note_editing.edit("S1", " "), "text is empty"),
        (lambda: note_editing.edit("S9", "Words."), "no such sentence"),
        (lambda: note_editing.edit("S1", "x" * (LONGEST_SENTENCE + 1)), "more than"),
        (lambda: note_editing.drop("S9"), "no such sentence"),
        (lambda: note_editing.take_back("S9"), "no such sentence"),
        (lambda: note_editing.add("Data", "Words.", "S-own"), "no such heading"),
        (lambda: note_editing.add("Plan", "\n", "S-own"), "text is empty"),
        (lambda: note_editing.move("S1", "Data"), "no such heading"),
        (lambda: note_editing.move("S9", "Plan"), "no such sentence"),
        (lambda: note_editing.reorder("S9", True), "no such sentence"),
        (lambda: note_editing.set_format("VISIT"), "format"),
        (lambda: note_editing.nothing_to_add("Data", True), "no such heading"),
        (lambda: note_editing.answer_flag("FL-9", "historical", ""), "no such flag"),
        (lambda: note_editing.answer_flag("FL-1", "looked_at", ""), "action"),
        (lambda: note_editing.answer_flag("FL-1", "historical", "x" * 1001), "words"),
        (lambda: note_editing.set_codes("90837-and-more", []), "procedure_code"),
        (lambda: note_editing.set_codes("90837", ["F41.1 and more"]), "procedure_code or a diagnosis"),
        (lambda: note_editing.set_codes("90837", [], [("90785", 0)]), "units"),
        (lambda: note_editing.set_codes("90837", [], [("90785", MOST_UNITS + 1)]), "units"),
        (lambda: note_editing.set_codes("90837", [], [("90785", True)]), "units"),
        (lambda: note_editing.set_codes("90837", [], [("90785", 1), ("90785", 1)]), "twice"),
        (lambda: note_editing.set_codes("90837", [], [("its reason", 1)]), "no code"),
        (lambda: note_editing.set_codes("90837", [], [("", 1)]), "no code"),
        (lambda: note_editing.set_codes("90837", [], [("9" * 11, 1)]), "no code"),
        (lambda: note_editing.set_codes("90837", [], ["90785"]), "pairs"),  # type: ignore[list-item]
        (lambda: note_editing.set_codes("90837", [f"F{number:02d}" for number in range(13)]), "diagnoses"),
    ],
)
def test_change_that_cannot_be_made_is_refused_by_its_field(change: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        after(change())


def test_longest_words_are_taken() -> None:
    assert texts(after(note_editing.edit("S1", "x" * LONGEST_SENTENCE)))["S1"] == "x" * LONGEST_SENTENCE
    assert after(note_editing.answer_flag("FL-1", "historical", "x" * 1000))["flag_actions"]["FL-1"]
    assert after(note_editing.set_codes("", [], [("1" * 10, MOST_UNITS)]))["addons"] == [["1" * 10, MOST_UNITS]]
    assert len(after(note_editing.set_codes("1" * 10, [f"F{n:02d}" for n in range(12)]))["diagnoses"]) == 12


def test_full_note_takes_no_further_sentence() -> None:
    full = note_content(sentences=[sentence(number, "plan", "One.") for number in range(MOST_SENTENCES)])
    with pytest.raises(ValueError, match="no room"):
        after(note_editing.add("Plan", "One more.", "S-own"), proposed=full)
    almost = {**full, "sentences": full["sentences"][1:]}
    assert len(after(note_editing.add("Plan", "One more.", "S-own"), proposed=almost)["sentences"]) == MOST_SENTENCES


def test_sentence_the_draft_had_no_room_for_is_taken_in_and_left_again() -> None:
    spare = {**SENTENCES[1], "id": "S9", "text": "Reports a nap at noon.", "sources": [[99, 0, 5]]}
    proposed = {**PROPOSED, "also_said": [spare]}
    taken = after(note_editing.take_back("S9"), proposed=proposed)
    assert one(taken, "S9")["text"] == "Reports a nap at noon." and one(taken, "S9")["origin"] == "drafted"
    assert note_editing.is_changed(taken, proposed)
    left = after(note_editing.take_back("S9"), note_editing.drop("S9"), proposed=proposed)
    assert ids(left) == ids(PROPOSED)
    edited = after(
        note_editing.take_back("S9"), note_editing.edit("S9", "Naps."), note_editing.edit("S9", spare["text"]),
        proposed=proposed,
    )  # fmt: skip
    assert one(edited, "S9")["origin"] == "drafted"
    with pytest.raises(ValueError, match="no such sentence"):
        after(note_editing.take_back("S8"), proposed=proposed)


# -- what was not assessed

LISTED = note_content(not_assessed={"SOAP": ["sleep", "appetite"], "DAP": ["mood", "sleep"]})


def test_assessed_point_is_off_the_list_of_every_format_that_asks_for_it() -> None:
    note = after(note_editing.assessed("sleep", True), proposed=LISTED)
    assert note["not_assessed"] == {"SOAP": ["appetite"], "DAP": ["mood"]}
    assert note_editing.is_changed(note, LISTED)
    assert note_signing.taken_off(LISTED, note) == ["sleep"]
    assert note_signing.taken_off(LISTED, after(note_editing.set_format("DAP"), proposed=LISTED)) == []


def test_point_that_is_put_back_stands_where_it_stood() -> None:
    both = (note_editing.assessed("sleep", True), note_editing.assessed("appetite", True))
    note = after(*both, note_editing.assessed("sleep", False), proposed=LISTED)
    assert note["not_assessed"] == {"SOAP": ["sleep"], "DAP": ["mood", "sleep"]}
    whole = note_editing.apply(note, LISTED, note_editing.assessed("appetite", False))
    assert not note_editing.is_changed(whole, LISTED)


@pytest.mark.parametrize("item", ["", "mood", "the weather"])
def test_point_that_the_format_does_not_list_cannot_be_taken_off(item: str) -> None:
    with pytest.raises(ValueError, match="there is no such point"):
        after(note_editing.assessed(item, True), proposed=LISTED)
