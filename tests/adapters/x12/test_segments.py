"""Does the reader of segments find the delimiters, number the segments, and refuse what does not hold together?"""

import io
import tracemalloc
from collections.abc import Callable

import pytest

from adapters.x12 import Delimiters, Segments, head_of, read_835, write_835, write_837
from adapters.x12 import segments as segments_module
from adapters.x12.kinds import REMITTANCE
from models.errors import ContractBroken, X12Broken
from tests.adapters.x12 import values

FILE = write_835(values.ENVELOPE, [values.HEAD, values.REMITTED, values.END])


def numbered(data: bytes | str) -> list[tuple[int, list[str]]]:
    return list(Segments(io.BytesIO(data if isinstance(data, bytes) else data.encode())))


def refusal_of(data: bytes | str) -> X12Broken:
    with pytest.raises(X12Broken) as caught:
        list(read_835(io.BytesIO(data if isinstance(data, bytes) else data.encode())))
    return caught.value


def number_of(tag: str, text: str = FILE) -> int:
    return next(number for number, elements in numbered(text) if elements[0] == tag)


def test_segments_are_numbered_from_isa():
    found = numbered(FILE)
    assert [elements[0] for _, elements in found[:4]] == ["ISA", "GS", "ST", "BPR"]
    assert [number for number, _ in found] == list(range(1, FILE.count("~") + 1))


def test_delimiters_are_read_from_isa():
    reader = Segments(values.stream(write_835(values.ENVELOPE, [values.HEAD], values.OTHERS)))
    assert reader.delimiters == values.OTHERS


def test_letter_in_isa11_is_no_repetition_separator():
    """Before 5010 the element was a standard's id, U, and senders still write it."""
    reader = Segments(values.stream(FILE.replace("*^*00501", "*U*00501")))
    assert reader.delimiters == Delimiters(repetition="")


@pytest.mark.parametrize("ends", ["~\n", "~\r\n", "~\n\n"], ids=["newline", "crlf", "blank lines"])
def test_line_ends_after_the_terminator_are_no_part_of_a_segment(ends: str):
    assert numbered(FILE.replace("~", ends)) == numbered(FILE)


def test_file_wrapped_after_its_isa_is_the_same_file():
    wrapped = FILE[:106] + "".join("\r\n" + FILE[at : at + 80] for at in range(106, len(FILE), 80))
    assert numbered(wrapped) == numbered(FILE)


@pytest.mark.parametrize("terminator", ["\n", "\r\n", "\r"], ids=["newline", "crlf", "carriage return"])
def test_line_end_may_be_the_terminator(terminator: str):
    assert numbered(FILE.replace("~", terminator)) == numbered(FILE)


@pytest.mark.parametrize("size", [1, 7, 106, 107, 400])
def test_chunks_may_cut_anywhere(size: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(segments_module, "CHUNK_BYTES", size)
    assert numbered(FILE.replace("~", "~\r\n")) == numbered(FILE)


def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(segments_module, "CHUNK_BYTES", 4_096)

    def peak(claims: int) -> int:
        data = values.stream(write_835(values.ENVELOPE, [values.HEAD, *[values.REMITTED] * claims]))
        tracemalloc.start()
        count = sum(1 for _ in read_835(data))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == claims + 2
        return top

    few = peak(50)
    assert peak(400) < 2 * few


ENVELOPES: list[tuple[str, Callable[[str], str], str, str, str]] = [
    ("IEA02", lambda text: text.replace("IEA*1*000000907", "IEA*1*000000908"), "IEA", "IEA02", "ISA13"),
    ("IEA01", lambda text: text.replace("IEA*1*", "IEA*2*"), "IEA", "IEA01", "count of groups (1)"),
    ("GE02", lambda text: text.replace("GE*1*907", "GE*1*908"), "GE", "GE02", "GS06"),
    ("GE01", lambda text: text.replace("GE*1*907", "GE*2*907"), "GE", "GE01", "count of transaction sets (1)"),
    ("SE02", lambda text: text.replace("*0907~GE", "*0908~GE"), "SE", "SE02", "ST02"),
    ("SE01", lambda text: text.replace("SE*", "SE*1"), "SE", "SE01", "count of segments"),
    ("SE01 empty", lambda text: text.replace("SE*", "SE**"), "SE", "SE01", "count of segments"),
    ("GS08", lambda text: text.replace("005010X221A1", "004010X091A1"), "GS", "GS08", "not 004010X091A1"),
    ("GS01", lambda text: text.replace("GS*HP", "GS*HC"), "GS", "GS01", "HP"),
    ("ST01", lambda text: text.replace("ST*835", "ST*837"), "ST", "ST01", "835"),
    ("GS06", lambda text: text.replace("*907*X*", "**X*"), "GS", "GS06", "control number"),
]


@pytest.mark.parametrize(
    ("alter", "tag", "element", "said"), [case[1:] for case in ENVELOPES], ids=[c[0] for c in ENVELOPES]
)
def test_envelope_that_does_not_hold_together_is_refused(
    alter: Callable[[str], str], tag: str, element: str, said: str
):
    text = alter(FILE)
    assert text != FILE
    broken = refusal_of(text)
    assert (broken.segment, broken.element) == (number_of(tag), element)
    assert f"segment {broken.segment}, {element}: " in str(broken) and said in str(broken)
    assert isinstance(broken, ContractBroken) and (broken.row, broken.field) == (broken.segment, element)


def test_counts_that_hold_are_accepted():
    assert [type(part).__name__ for part in read_835(values.stream(FILE))] == [
        "RemittanceHead",
        "RemittedClaim",
        "RemittanceEnd",
    ]


@pytest.mark.parametrize(
    ("trailer", "expected"),
    [("IEA*", "IEA was expected"), ("GE*", "GE was expected"), ("SE*", "SE was expected")],
)
def test_file_cut_between_segments_is_refused(trailer: str, expected: str):
    cut = FILE[: FILE.index(f"~{trailer}") + 1]
    broken = refusal_of(cut)
    assert expected in str(broken) and broken.segment == cut.count("~")


def test_file_cut_inside_a_segment_is_refused():
    broken = refusal_of(FILE[: FILE.index("CLP*") + 10])
    assert broken.segment == number_of("CLP")
    assert str(broken) == f"segment {broken.segment}: the file ends inside it"


def test_last_terminator_may_not_be_missing():
    assert "ends inside" in str(refusal_of(FILE[:-1]))


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\r \n"],
    ids=["nothing", "blanks"],
)
def test_empty_file_is_refused(data: bytes):
    assert str(refusal_of(data)) == "the file is empty"


@pytest.mark.parametrize(
    "data",
    [b"hello, this is no claim", b"GS*HP*A*B", b"\x00\x01\x02" * 99, b"%PDF-1.7 ", "\ufeffISA*00".encode(), b"isa*00"],
    ids=["prose", "no ISA", "binary", "pdf", "byte order mark", "small letters"],
)
def test_what_does_not_begin_with_isa_is_refused(data: bytes):
    broken = refusal_of(data)
    assert broken.segment == 1 and "ISA was expected" in str(broken)


def test_isa_cut_short_is_refused():
    assert "the file ends inside it" in str(refusal_of(FILE[:100]))


def test_isa_of_another_width_is_refused_with_its_element():
    broken = refusal_of(FILE.replace("PRACTICE1      ", "PRACTICE1"))
    assert (broken.segment, broken.element) == (1, "ISA06")


def test_version_4010_is_refused_by_its_name():
    broken = refusal_of(FILE.replace("*00501*", "*00401*"))
    assert (broken.segment, broken.element) == (1, "ISA12")
    assert "00401" in str(broken) and "00501" in str(broken)


@pytest.mark.parametrize(
    ("at", "mark", "element", "said"),
    [
        (104, "*", "ISA16", "component"),
        (104, "A", "ISA16", "component"),
        (82, ":", "ISA11", "repetition"),
        (105, "^", "ISA16", "terminator"),
        (105, "A", "ISA16", "terminator"),
    ],
)
def test_delimiters_that_are_letters_or_the_same_are_refused(at: int, mark: str, element: str, said: str):
    broken = refusal_of(FILE[:at] + mark + FILE[at + 1 :])
    assert (broken.segment, broken.element) == (1, element)
    assert said in str(broken)


def test_separator_that_changes_after_isa_is_refused():
    broken = refusal_of(FILE[:106] + FILE[106:].replace("*", "|"))
    assert broken.segment == 2 and "no segment identifier" in str(broken)


def test_terminator_that_changes_after_isa_is_refused():
    broken = refusal_of(FILE[:106] + FILE[106:].replace("~", "!"))
    assert broken.segment == 2


def test_segment_without_end_is_refused_before_it_fills_the_memory():
    endless = FILE[:106] + "GS*" + "A" * (segments_module.LONGEST_SEGMENT + segments_module.CHUNK_BYTES)
    assert "no terminator" in str(refusal_of(endless))


def test_second_interchange_is_refused():
    broken = refusal_of(FILE + FILE)
    assert broken.segment == FILE.count("~") + 1
    assert "a second interchange begins; a file must hold one" in str(broken)


def test_interchange_inside_an_interchange_is_refused():
    unclosed = FILE[: FILE.index("IEA*")]
    assert "before IEA has closed the first" in str(refusal_of(unclosed + FILE))


def test_nothing_may_follow_iea():
    assert "nothing may follow IEA" in str(refusal_of(FILE + "GS*HP~"))
    assert refusal_of(FILE + "REF*6R*1~").segment == FILE.count("~") + 1


@pytest.mark.parametrize(
    ("letter", "said"),
    [
        ("é".encode(), "outside ASCII"),
        ("é".encode("latin-1"), "outside ASCII"),
        (b"\x00", "control"),
        (b"\t", "control"),
    ],
    ids=["utf-8", "latin-1", "nul", "tab"],
)
def test_character_that_x12_has_not_is_refused_where_it_stands(letter: bytes, said: str):
    broken = refusal_of(FILE.encode().replace(b"*DOE*JANE", b"*DO" + letter + b"E*JANE"))
    assert (broken.segment, broken.element) == (number_of("NM1"), "NM103")
    assert said in str(broken) and "JANE" not in str(broken)


def test_character_outside_ascii_in_isa_is_refused():
    assert refusal_of(FILE.encode().replace(b"PRACTICE1 ", b"PRACTIC\xc3\xa9 ")).segment == 1


@pytest.mark.parametrize("tag", ["", "Nd4", "NM31", "nm1", "N", "9AB"])
def test_what_is_no_segment_identifier_is_refused(tag: str):
    broken = refusal_of(FILE.replace("~NM1*", f"~{tag}*"))
    assert broken.segment == number_of("NM1")
    assert "no segment identifier" in str(broken)


def test_empty_segment_is_refused():
    assert refusal_of(FILE.replace("~CLP*", "~~CLP*")).segment == number_of("CLP")


@pytest.mark.parametrize(
    ("before", "stray", "expected"),
    [
        ("~GS*", "REF*6R*1", "GS was expected"),
        ("~ST*", "REF*6R*1", "ST was expected"),
        ("~GE*", "REF*6R*1", "ST was expected"),
        ("~GE*", "SE*2*1", "ST or GE was expected"),
        ("~IEA*", "GE*1*1", "GS was expected"),
        ("~SE*", "GE*1*1", "SE was expected"),
        ("~SE*", "ST*835*9", "SE was expected"),
        ("~GE*", "IEA*1*1", "GE was expected"),
    ],
)
def test_segment_outside_its_envelope_is_refused(before: str, stray: str, expected: str):
    broken = refusal_of(FILE.replace(before, f"~{stray}{before}"))
    assert broken.segment == number_of(before[1:-1])
    assert expected in str(broken)


def test_control_number_used_twice_is_refused():
    two = write_835(values.ENVELOPE, [values.HEAD, values.HEAD])
    broken = refusal_of(two)
    assert broken.element == "ST02" and "no other set" in str(broken)


def test_control_numbers_are_numbers_so_leading_zeros_are_idle():
    assert numbered(FILE.replace("GE*1*907", "GE*1*0907"))


def test_reader_without_a_kind_takes_any_5010_group():
    assert numbered(write_837(values.ENVELOPE, [values.CLAIM]))
    with pytest.raises(X12Broken, match="GS08"):
        list(Segments(values.stream(FILE.replace("005010X221A1", "004010X091A1"))))


def test_later_addendum_of_the_same_guide_is_read():
    text = FILE.replace("005010X221A1", "005010X221A2")
    assert list(Segments(values.stream(text), REMITTANCE))


def test_errors_never_repeat_what_stood_there():
    """Each element in turn is spoilt with a marker: no message may hold it."""
    marker = "SECRETNAME"
    lines = FILE.split("~")
    for at, line in enumerate(lines[1:-1], 1):
        elements = line.split("*")
        for place in range(len(elements)):
            spoilt = [*elements[:place], marker, *elements[place + 1 :]]
            text = "~".join([*lines[:at], "*".join(spoilt), *lines[at + 1 :]])
            try:
                list(read_835(values.stream(text)))
                head_of(values.stream(text))
            except X12Broken as broken:
                assert marker not in str(broken)
