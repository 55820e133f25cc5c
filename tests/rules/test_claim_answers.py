"""A 999 or 277CA is read as received, accepted or rejected, with what to do; anything else is for a person."""

import pytest

from models.claim_answers import (
    ClaimAcknowledgement,
    GroupAcknowledgement,
    SetAcknowledgement,
    SetError,
    StatusNote,
)
from rules.claim_answers import Received, read_claim, read_group, read_set
from rules.claim_status_words import (
    ASK,
    CATEGORIES,
    CORRECT,
    ELEMENT_FAULTS,
    FILL_IN,
    OUR_WRITING,
    SEGMENT_FAULTS,
    STATUSES,
)

TOO_LONG = SetError("NM1", 12, "2010BA", "5", "9", bad_value="W0000001", segment=7)


def ended(outcome: str, *errors: SetError) -> SetAcknowledgement:
    return SetAcknowledgement("837", "0001", outcome, errors, segment=9)


@pytest.mark.parametrize(
    ("outcome", "received"),
    [
        ("A", Received.ACCEPTED),
        ("E", Received.ACCEPTED),
        ("R", Received.REJECTED),
        ("M", Received.REJECTED),
        ("W", Received.REJECTED),
        ("X", Received.REJECTED),
        ("P", Received.UNKNOWN),
        ("", Received.UNKNOWN),
    ],
)
def test_set_is_accepted_rejected_or_for_a_person(outcome: str, received: Received) -> None:
    answer = read_set(ended(outcome))
    assert answer.received is received
    assert answer.needs_a_person is (received is not Received.ACCEPTED)
    assert bool(answer.faults) is answer.needs_a_person


def test_accepted_set_keeps_its_errors_as_warnings() -> None:
    answer = read_set(ended("E", TOO_LONG))
    assert (answer.received, len(answer.faults), answer.needs_a_person) == (Received.ACCEPTED, 1, False)


@pytest.mark.parametrize(
    ("error", "sentence", "where", "action"),
    [
        (
            TOO_LONG,
            "In 2010BA (the subscriber), NM109 (the identifying number) is too long: segment 12 of the set.",
            "2010BA NM109",
            CORRECT,
        ),
        (
            SetError("SV1", 30, "2400", "7", "4"),
            "In 2400 (a service line), SV104 (the units) is a code that is not valid: segment 30 of the set.",
            "2400 SV104",
            CORRECT,
        ),
        (
            SetError("DMG", 13, "2010BA", "I6"),
            "In 2010BA (the subscriber), DMG is missing because of what else the claim says: segment 13 of the set.",
            "2010BA DMG",
            FILL_IN,
        ),
        (
            SetError("DMG", 13, "2010BA", "I6", "3"),
            "In 2010BA (the subscriber), DMG03 (the sex) is a code that claims do not use: segment 13 of the set.",
            "2010BA DMG03",
            CORRECT,
        ),
        (
            SetError("SV1", 9, "2400", "1", "1-2"),
            "In 2400 (a service line), SV101-2 (the procedure code) is missing: segment 9 of the set.",
            "2400 SV101-2",
            FILL_IN,
        ),
        (
            SetError("ZZZ", 5, "", "1"),
            "In the set, ZZZ is not a segment that is known there: segment 5 of the set.",
            "ZZZ",
            OUR_WRITING,
        ),
        (
            SetError("K3", 5, "2305", "99", "1"),
            "In 2305, K301 has a fault with the code 99, which is not known: segment 5 of the set.",
            "2305 K301",
            ASK,
        ),
    ],
)
def test_error_of_a_set_names_our_segment_loop_and_element(
    error: SetError, sentence: str, where: str, action: str
) -> None:
    (fault,) = read_set(ended("R", error)).faults
    assert (fault.sentence, fault.where, fault.next_action, fault.code) == (sentence, where, action, error.code)


def test_what_was_wrong_in_a_set_is_not_repeated_in_words() -> None:
    assert "W0000001" not in repr(read_set(ended("R", TOO_LONG)))


@pytest.mark.parametrize("code", ["1", "2", "3", "4", "5", "6", "7", "8", "I4", "I6", "I7", "I8", "I9"])
def test_every_fault_of_a_segment_has_words(code: str) -> None:
    assert code in SEGMENT_FAULTS


ELEMENT_CODES = (*map(str, range(1, 11)), "12", "13", "I6", "I9", "I10", "I11", "I12", "I13")


@pytest.mark.parametrize("code", ELEMENT_CODES)
def test_every_fault_of_an_element_has_words(code: str) -> None:
    assert code in ELEMENT_FAULTS


@pytest.mark.parametrize(
    ("outcome", "sets", "received"),
    [
        ("A", [], Received.ACCEPTED),
        ("R", [], Received.REJECTED),
        ("P", [], Received.UNKNOWN),
        ("A", [ended("R")], Received.REJECTED),
        ("P", [ended("A")], Received.ACCEPTED),
        ("A", [ended("A"), ended("A")], Received.UNKNOWN),
        ("P", [SetAcknowledgement("837", "0002", "A")], Received.UNKNOWN),
    ],
)
def test_set_of_a_group_is_found_by_its_control_number(
    outcome: str, sets: list[SetAcknowledgement], received: Received
) -> None:
    answer = read_group(GroupAcknowledgement("17", "HC", outcome, tuple(sets)), "0001")
    assert answer.received is received
    assert bool(answer.faults) is (received is not Received.ACCEPTED)


# 277CA


def told(*notes: StatusNote, lines: tuple[tuple[str, StatusNote], ...] = ()) -> ClaimAcknowledgement:
    return ClaimAcknowledgement("C100", "P1", notes, line_notes=lines, segment=20)


def note(category: str, status: str = "20", entity: str = "", action: str = "") -> StatusNote:
    return StatusNote(category, status, entity, action, message="not for our words", segment=21)


@pytest.mark.parametrize(
    ("category", "action", "received"),
    [
        ("A0", "WQ", Received.RECEIVED),
        ("A1", "WQ", Received.RECEIVED),
        ("A1", "", Received.RECEIVED),
        ("A2", "WQ", Received.ACCEPTED),
        ("A2", "", Received.ACCEPTED),
        *((category, action, Received.REJECTED) for category in ("A3", "A4", "A6", "A7", "A8") for action in ("U", "")),
        ("A1", "U", Received.UNKNOWN),
        ("A2", "U", Received.UNKNOWN),
        ("A3", "WQ", Received.UNKNOWN),
        ("A7", "WQ", Received.UNKNOWN),
        ("A2", "F", Received.UNKNOWN),
        ("A5", "WQ", Received.UNKNOWN),
        ("F1", "WQ", Received.UNKNOWN),
        ("", "", Received.UNKNOWN),
    ],
)
def test_claim_is_received_accepted_or_rejected_or_for_a_person(category: str, action: str, received: Received) -> None:
    answer = read_claim(told(note(category, action=action)))
    assert answer.received is received
    assert answer.needs_a_person is (received in (Received.REJECTED, Received.UNKNOWN))
    assert bool(answer.faults) is answer.needs_a_person


def test_claim_without_a_status_is_for_a_person() -> None:
    assert read_claim(told()).received is Received.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "received"),
    [
        (told(note("A1"), note("A2")), Received.ACCEPTED),
        (told(note("A1"), note("A3", "562", "85")), Received.REJECTED),
        (told(note("A2"), note("A3", "562", "85")), Received.UNKNOWN),
        (told(note("A2"), lines=(("L1", note("A7", "507")),)), Received.UNKNOWN),
        (told(note("A3", "247"), lines=(("L1", note("A7", "507")),)), Received.REJECTED),
        (told(note("A1"), lines=(("L1", note("A7", "507")),)), Received.REJECTED),
        (told(lines=(("L1", note("A7", "507")),)), Received.REJECTED),
    ],
)
def test_statuses_are_read_together_and_contradictions_are_for_a_person(
    answer: ClaimAcknowledgement, received: Received
) -> None:
    assert read_claim(answer).received is received


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (note("A7", "562", "85"), "Rejected, because something is not valid: the NPI of the billing practice."),
        (note("A6", "164", "IL"), "Rejected, because something is missing: the member number of the subscriber."),
        (note("A3", "116"), "Returned, because it cannot be worked on: the claim went to the wrong payer."),
        (note("A3", "26", "ZZ"), "Returned, because it cannot be worked on: the party ZZ is not known to the payer."),
        (
            note("A3", "26"),
            "Returned, because it cannot be worked on: the party that is not named is not known to the payer.",
        ),
        (note("A3", "9999"), "Returned, because it cannot be worked on: status code 9999, which we have no words for."),
    ],
)
def test_rejection_says_what_is_wrong_in_our_words(said: StatusNote, sentence: str) -> None:
    (fault,) = read_claim(told(said)).faults
    assert fault.sentence == sentence
    assert fault.next_action
    assert fault.segment == 21


def test_rejected_line_is_named() -> None:
    answer = read_claim(told(note("A3", "247"), lines=(("L1", note("A7", "507")),)))
    assert [(fault.where, fault.code) for fault in answer.faults] == [("", "A3:247"), ("L1", "A7:507")]


def test_status_code_without_words_is_asked_about() -> None:
    (fault,) = read_claim(told(note("A3", "9999"))).faults
    assert fault.next_action == ASK


def test_free_text_of_the_payer_is_not_repeated() -> None:
    assert "not for our words" not in repr(read_claim(told(note("A2"), note("A3", "9999"), note("A5"))))


@pytest.mark.parametrize("status", sorted(STATUSES))
@pytest.mark.parametrize("category", ["A3", "A5"])
def test_every_status_makes_a_sentence(status: str, category: str) -> None:
    (fault,) = read_claim(told(note(category, status, "85"))).faults
    assert "{" not in fault.sentence
    assert fault.sentence.endswith(".")
    assert CATEGORIES[category] in fault.sentence.lower()
