"""Whatever is damaged in a file, a reader yields values or refuses it; nothing else ever comes out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.x12 import (
    head_of,
    read_270,
    read_271,
    read_277ca,
    read_835,
    read_837,
    read_999,
    write_270,
    write_271,
    write_277ca,
    write_835,
    write_837,
    write_999,
)
from models.errors import X12Broken
from tests.adapters.x12 import values

DEPENDENT = values.replace(values.REQUEST, dependent=values.CHILD)
FILES: dict[str, tuple[Callable[[Any], Iterator[Any]], str]] = {
    "837P": (read_837, write_837(values.ENVELOPE, [values.DEPENDENT_CLAIM, values.SECONDARY_CLAIM])),
    "270": (read_270, write_270(values.ENVELOPE, [values.REQUEST, DEPENDENT])),
    "271": (read_271, write_271(values.ENVELOPE, [values.replace(values.ANSWER, is_dependent=True), values.ANSWER])),
    "999": (read_999, write_999(values.ENVELOPE, [values.GROUP])),
    "277CA": (read_277ca, write_277ca(values.ENVELOPE, [values.ACKNOWLEDGEMENT])),
    "835": (read_835, write_835(values.ENVELOPE, [values.HEAD, values.REMITTED])),
}
KINDS = pytest.mark.parametrize("kind", FILES)
STRAY = st.sampled_from(
    (
        "",
        "*",
        ":",
        "~",
        "^",
        "\n",
        "0",
        "-",
        ".",
        "é",
        "\x00",
        "HL",
        "NM1*IL",
        "~CLP*1",
        "~HL*1**20*1~",
        "99999999",
        " ",
    )
)


def survives(kind: str, text: str) -> None:
    read = FILES[kind][0]
    for look in (lambda data: list(read(data)), head_of):
        try:
            look(values.io.BytesIO(text.encode("latin-1")))
        except X12Broken as broken:
            assert str(broken)


@KINDS
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_anywhere_is_read_or_refused(kind: str, data: st.DataObject):
    text = FILES[kind][1]
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    survives(kind, text[:at] + data.draw(STRAY) + text[at + length :])


@KINDS
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_segments_lost_doubled_or_shortened_are_read_or_refused(kind: str, data: st.DataObject):
    """The counts are put right, so that what is inside the envelope is looked at as well."""
    segments = FILES[kind][1].split("~")[:-1]
    at = data.draw(st.integers(2, len(segments) - 4))
    elements = segments[at].split("*")
    match data.draw(st.sampled_from(("lost", "doubled", "moved", "shortened", "emptied", "altered"))):
        case "lost":
            del segments[at]
        case "doubled":
            segments.insert(at, segments[at])
        case "moved":
            segments.insert(data.draw(st.integers(3, len(segments) - 4)), segments.pop(at))
        case "shortened":
            segments[at] = "*".join(elements[: data.draw(st.integers(1, len(elements)))])
        case "emptied":
            segments[at] = "*".join(elements[:1] + [""] * (len(elements) - 1))
        case _:
            place = data.draw(st.integers(0, len(elements) - 1))
            elements[place] = data.draw(STRAY.filter(lambda stray: "~" not in stray))
            segments[at] = "*".join(elements)
    end = next(place for place, segment in enumerate(segments) if segment.startswith("SE*"))
    count = end - 1
    segments[end] = f"SE*{count}*0907"
    survives(kind, "~".join(segments) + "~")


@KINDS
@given(st.binary(max_size=300))
@example(b"ISA" + b"*" * 200)
@settings(max_examples=40, deadline=None)
def test_bytes_of_any_kind_are_refused(kind: str, data: bytes):
    with pytest.raises(X12Broken):
        list(FILES[kind][0](values.io.BytesIO(data)))


@KINDS
def test_every_truncation_is_refused(kind: str):
    read, text = FILES[kind]
    for at in range(0, len(text), 7):
        with pytest.raises(X12Broken):
            list(read(values.stream(text[:at])))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("other", FILES)
def test_reader_refuses_every_kind_but_its_own(kind: str, other: str):
    read, text = FILES[kind][0], FILES[other][1]
    if kind == other:
        assert list(read(values.stream(text)))
    else:
        with pytest.raises(X12Broken) as caught:
            list(read(values.stream(text)))
        assert caught.value.element in ("GS01", "GS08")
