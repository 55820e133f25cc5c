"""Can no value break the syntax of a file, and is none altered but in letters?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.x12 import Delimiters, write_270, write_837, write_999
from adapters.x12.writing import folded
from models.claim_form import ClaimForm, Envelope, PersonName
from models.errors import X12Broken
from tests.adapters.x12 import values


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Müller", "MULLER"),
        ("Zoë Núñez", "ZOE NUNEZ"),
        ("Weiß", "WEISS"),
        ("Łukasz Ørsted", "LUKASZ ORSTED"),
        ("Nguyễn Thị", "NGUYEN THI"),
        ("Þór Æsir", "THOR AESIR"),
        ("O\u2019Brien \u2013 Lee", "O'BRIEN - LEE"),
        ("  two   blanks\n", "TWO BLANKS"),
        ("Plain", "PLAIN"),
    ],
)
def test_letters_are_folded_to_what_x12_has(text: str, written: str):
    assert folded(text) == written


def with_name(name: str) -> ClaimForm:
    person = replace(values.PERSON, family_name=name)
    return replace(values.CLAIM, subscriber=replace(values.SUBSCRIBER, person=person))


@pytest.mark.parametrize("name", ["Иванова", "王", "DO*E", "DO:E", "DO~E", "DO^E", "DO\x00E"])
def test_name_that_cannot_be_written_is_refused_without_being_told(name: str):
    with pytest.raises(X12Broken) as caught:
        write_837(values.ENVELOPE, [with_name(name)])
    assert caught.value.element == "NM103" and caught.value.segment == 16
    assert str(caught.value).startswith("claim C-0001: segment 16, NM103: ")
    assert name not in str(caught.value)


def test_mark_is_allowed_where_it_is_no_delimiter():
    others = Delimiters(element="|", component="<", repetition="!", terminator="\n")
    claim = with_name("DO*E:~^")
    assert "|DO*E:~^|" in write_837(values.ENVELOPE, [claim], others)


@pytest.mark.parametrize(("length", "fits"), [(60, True), (61, False)])
def test_name_longer_than_its_element_is_refused_not_cut(length: int, fits: bool):
    claim = with_name("A" * length)
    if fits:
        assert "A" * length in write_837(values.ENVELOPE, [claim])
    else:
        with pytest.raises(X12Broken, match="NM103: at most 60 characters fit"):
            write_837(values.ENVELOPE, [claim])


@pytest.mark.parametrize(("length", "fits"), [(20, True), (21, False)])
def test_claim_number_has_twenty_characters_at_most(length: int, fits: bool):
    claim = replace(values.CLAIM, claim_number="9" * length)
    if fits:
        assert f"CLM*{'9' * length}*" in write_837(values.ENVELOPE, [claim])
    else:
        with pytest.raises(X12Broken, match="CLM01"):
            write_837(values.ENVELOPE, [claim])


def test_codes_and_control_numbers_go_as_they_are():
    claim = replace(values.CLAIM, lines=(replace(values.LINE, control_number="l-0001a"),))
    assert "REF*6R*l-0001a~" in write_837(values.ENVELOPE, [claim])


def test_isa_has_its_fixed_width_and_the_group_its_numbers():
    isa, group, opened, *_ = write_270(values.ENVELOPE, [values.REQUEST]).split("~")
    assert len(isa) == 105
    assert isa.endswith("*260301*1230*^*00501*000000907*0*T*:")
    assert group == "GS*HS*PRACTICE1*CLEARING*20260301*1230*907*X*005010X279A1"
    assert opened == "ST*270*0907*005010X279A1"


@pytest.mark.parametrize(
    ("number", "isa13", "st02"), [(1, "000000001", "0001"), (999_999_999, "999999999", "999999999")]
)
def test_control_number_is_padded_as_each_place_wants(number: int, isa13: str, st02: str):
    text = write_270(replace(values.ENVELOPE, control_number=number), [values.REQUEST])
    assert f"*{isa13}*0*T*" in text and f"ST*270*{st02}*" in text
    assert text.endswith(f"*{st02}~GE*1*{number}~IEA*1*{isa13}~")


BAD_ENVELOPES: list[tuple[str, Callable[[Envelope], Envelope], str]] = [
    ("number 0", lambda one: replace(one, control_number=0), "ISA13"),
    ("ten digits", lambda one: replace(one, control_number=10**9), "ISA13"),
    ("long sender", lambda one: replace(one, sender_id="A" * 16), "ISA06"),
    ("no receiver", lambda one: replace(one, receiver_id=""), "ISA08"),
    ("long qualifier", lambda one: replace(one, receiver_qualifier="ZZZ"), "ISA07"),
    ("delimiter in the sender", lambda one: replace(one, sender_id="A*B"), "ISA06"),
]


@pytest.mark.parametrize(("alter", "element"), [case[1:] for case in BAD_ENVELOPES], ids=[c[0] for c in BAD_ENVELOPES])
def test_envelope_that_does_not_fit_is_refused(alter: Callable[[Envelope], Envelope], element: str):
    with pytest.raises(X12Broken) as caught:
        write_270(alter(values.ENVELOPE), [values.REQUEST])
    assert caught.value.element == element


def test_repetitions_without_a_separator_are_refused():
    none = Delimiters(repetition="")
    with pytest.raises(X12Broken, match="EQ01: a repetition separator is needed"):
        write_270(values.ENVELOPE, [values.REQUEST], none)
    assert "*U*00501*" in write_270(values.ENVELOPE, [replace(values.REQUEST, service_types=("MH",))], none)


def test_envelope_may_know_its_zone():
    at = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    assert "*260301*2359*" in write_270(replace(values.ENVELOPE, at=at), [values.REQUEST])


def test_sets_of_one_file_count_on_from_its_number():
    text = write_999(values.ENVELOPE, [values.GROUP, values.GROUP])
    assert "ST*999*0907*" in text and "ST*999*0908*" in text and "GE*2*907~" in text


def test_person_without_a_name_or_date_leaves_no_idle_separators():
    text = write_270(values.ENVELOPE, [replace(values.REQUEST, subscriber=PersonName("DOE"))])
    assert "NM1*IL*1*DOE*****MI*W123456789~DTP*" in text
