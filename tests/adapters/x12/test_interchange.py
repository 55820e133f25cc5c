"""Does the head of a file say whose it is and what it holds, cheaply?"""

import io
from dataclasses import replace

import pytest

from adapters.x12 import head_of, write_270, write_271, write_277ca, write_835, write_837, write_999
from models.errors import X12Broken
from tests.adapters.x12 import values

WRITTEN = {
    "837P": write_837(values.ENVELOPE, [values.CLAIM]),
    "270": write_270(values.ENVELOPE, [values.REQUEST]),
    "271": write_271(values.ENVELOPE, [values.ANSWER]),
    "999": write_999(values.ENVELOPE, [values.GROUP]),
    "277CA": write_277ca(values.ENVELOPE, [values.ACKNOWLEDGEMENT]),
    "835": write_835(values.ENVELOPE, [values.HEAD]),
}
GROUPS = {"837P": "HC", "270": "HS", "271": "HB", "999": "FA", "277CA": "HN", "835": "HP"}


@pytest.mark.parametrize("kind", WRITTEN)
def test_head_says_what_the_envelope_said(kind: str):
    head = head_of(values.stream(WRITTEN[kind]))
    assert (head.kind, head.functional_id) == (kind, GROUPS[kind])
    assert (head.sender_id, head.receiver_id) == ("PRACTICE1", "CLEARING")
    assert (head.sender_qualifier, head.receiver_qualifier) == ("ZZ", "ZZ")
    assert (head.control_number, head.group_control, head.set_control, head.usage) == (907, "907", "0907", "T")
    assert head.version == WRITTEN[kind].split("~")[1].rpartition("*")[2]


def test_head_is_read_without_the_rest():
    text = WRITTEN["835"]
    assert head_of(values.stream(text[: text.index("~BPR") + 1])).kind == "835"


def test_stream_is_left_where_it_was():
    file = io.BytesIO(b"before" + WRITTEN["835"].encode())
    file.seek(6)
    assert head_of(file).kind == "835"
    assert file.tell() == 6


def test_stream_is_left_where_it_was_after_a_refusal():
    file = io.BytesIO(b"GS*HP")
    with pytest.raises(X12Broken):
        head_of(file)
    assert file.tell() == 0


def test_guide_that_is_not_spoken_is_named():
    text = WRITTEN["837P"].replace("005010X222A1", "005010X223A2")
    assert head_of(values.stream(text)).kind == "837 005010X223A2"


def test_interchange_of_acknowledgements_without_a_group_is_ta1():
    isa = WRITTEN["835"].split("~")[0]
    text = f"{isa}~TA1*000000001*260301*1230*A*000~IEA*0*000000907~"
    head = head_of(values.stream(text))
    assert (head.kind, head.functional_id, head.version) == ("TA1", "", "")


def test_interchange_without_a_set_has_its_version():
    isa, group, *_ = WRITTEN["835"].split("~")
    assert head_of(values.stream(f"{isa}~{group}~GE*0*907~IEA*1*000000907~")).kind == "005010X221A1"


@pytest.mark.parametrize(("old", "new", "element"), [("00501", "00401", "ISA12"), ("005010X2", "004010X0", "GS08")])
def test_head_of_an_older_version_is_refused(old: str, new: str, element: str):
    with pytest.raises(X12Broken) as caught:
        head_of(values.stream(WRITTEN["835"].replace(old, new)))
    assert caught.value.element == element


def test_production_and_test_are_told_apart():
    text = write_835(replace(values.ENVELOPE, usage="P"), [values.HEAD])
    assert head_of(values.stream(text)).usage == "P"
