"""What a 999 and a 277CA say: accepted, rejected, and where; nothing rejected is ever passed over."""

from dataclasses import replace
from datetime import date

import pytest

from adapters.x12 import read_277ca, read_999, write_277ca, write_999
from models.claim_answers import SetAcknowledgement, SetError, StatusNote
from models.errors import X12Broken
from tests.adapters.x12 import values

FILE_999 = write_999(values.ENVELOPE, [values.GROUP])
FILE_277 = write_277ca(values.ENVELOPE, [values.ACKNOWLEDGEMENT])


def altered(text: str, old: str, new: str) -> str:
    assert old in text
    count = text.split("~SE*")[1].split("*")[0]
    text = text.replace(old, new)
    body = text[text.index("ST*") : text.index("~SE*") + 1]
    return text.replace(f"~SE*{count}*", f"~SE*{body.count('~') + 1}*")


def test_999_is_written_as_its_guide_has_it():
    assert FILE_999.split("~")[3:-4] == [
        "AK1*HC*907*005010X222A1",
        "AK2*837*0907*005010X222A1",
        "IK3*NM1*9*2010*8",
        "IK4*9**1",
        "IK5*R*5",
        "AK9*R*1*1*0",
    ]


def test_faults_know_their_own_segment():
    (group,) = read_999(values.stream(FILE_999))
    assert group.segment == 4 and group.sets[0].segment == 5
    assert group.sets[0].errors[0].segment == 7


@pytest.mark.parametrize("outcome", ["A", "E", "R", "M", "W", "X"])
def test_set_is_accepted_by_a_and_e_alone(outcome: str):
    (group,) = read_999(values.stream(altered(FILE_999, "IK5*R*5", f"IK5*{outcome}")))
    assert group.sets[0].accepted == (outcome in ("A", "E"))


def test_fault_of_a_segment_and_faults_of_its_elements_come_apart():
    text = altered(FILE_999, "IK4*9**1~", "IK4*1:2*1234*7*BAD VALUE~IK4*2**1~IK3*LX*30*2400*3~CTX*SITUATIONAL~")
    (group,) = values.all_of(read_999, text)
    assert group.sets[0].errors == (
        SetError("NM1", 9, "2010", "7", "1-2", "BAD VALUE"),
        SetError("NM1", 9, "2010", "1", "2"),
        SetError("LX", 30, "2400", "3"),
    )


def test_value_that_a_fault_repeats_is_not_shown():
    assert "BAD VALUE" not in repr(SetError("NM1", 9, "2010", "7", "1-2", "BAD VALUE"))


def test_group_accepted_in_part_has_a_set_for_each():
    group = replace(
        values.GROUP,
        outcome="P",
        sets=(SetAcknowledgement("837", "0907", "R"), SetAcknowledgement("837", "0908", "A")),
    )
    text = write_999(values.ENVELOPE, [group])
    assert "AK9*P*2*2*1~" in text
    assert values.all_of(read_999, text) == [group]


BROKEN_999 = [
    ("no AK1", "AK1*HC*907*005010X222A1~", "", "", "AK1"),
    ("no group", "AK1*HC*907*", "AK1*HC**", "AK102", "control number"),
    ("no set", "AK2*837*0907*", "AK2*837**", "AK202", "control number"),
    ("position", "IK3*NM1*9*", "IK3*NM1*x*", "IK302", "whole number"),
    ("no code", "IK4*9**1~", "IK4*9~", "IK403", "error code"),
    ("fault of no segment", "IK3*NM1*9*2010*8~", "", "", "IK3"),
    ("outcome", "IK5*R*5~", "IK5*Y~", "IK501", "one of"),
    ("no outcome", "IK5*R*5~", "", "", "IK5"),
    ("outcome of no set", "AK2*837*0907*005010X222A1~", "", "", "AK2"),
    ("group's outcome", "AK9*R*", "AK9*Z*", "AK901", "one of"),
    ("no AK9", "AK9*R*1*1*0~", "", "", "AK9"),
]


@pytest.mark.parametrize(
    ("old", "new", "element", "said"), [case[1:] for case in BROKEN_999], ids=[c[0] for c in BROKEN_999]
)
def test_999_that_breaks_its_guide_is_refused(old: str, new: str, element: str, said: str):
    with pytest.raises(X12Broken) as caught:
        list(read_999(values.stream(altered(FILE_999, old, new))))
    assert caught.value.element == element and said in str(caught.value)


def test_277ca_tells_each_claim():
    (claim,) = read_277ca(values.stream(FILE_277))
    segments = FILE_277.split("~")
    assert segments[claim.segment - 1] == "HL*4*3*PT"
    assert segments[claim.notes[0].segment - 1] == "STC*A2:20:PR*20260302*WQ*150.5"
    assert values.without_places(claim) == values.ACKNOWLEDGEMENT


def test_further_composites_of_a_status_are_notes_of_their_own():
    text = altered(FILE_277, "WQ*150.5~", "U*150.5******A7:562:85*A7:21~")
    (claim,) = read_277ca(values.stream(text))
    assert [(note.category, note.status, note.entity, note.action) for note in claim.notes] == [
        ("A2", "20", "PR", "U"),
        ("A7", "562", "85", "U"),
        ("A7", "21", "", "U"),
    ]


def test_message_of_a_claim_comes_back_and_is_not_shown():
    note = replace(values.REJECTION, message="NPI IS NOT ON FILE")
    (claim,) = values.all_of(read_277ca, write_277ca(values.ENVELOPE, [replace(values.ACKNOWLEDGEMENT, notes=(note,))]))
    assert claim.notes == (note,)
    assert "NPI IS" not in repr(claim)


def test_lines_have_their_own_notes():
    line_note = replace(values.REJECTION, amount_cents=None)
    claim = replace(values.ACKNOWLEDGEMENT, line_notes=(("L1", line_note), ("L2", line_note)))
    (back,) = values.all_of(read_277ca, write_277ca(values.ENVELOPE, [claim]))
    assert back == claim


@pytest.mark.parametrize("level", ["21", "19"])
@pytest.mark.parametrize("category", ["A3", "A6", "A7", "A8"])
def test_rejection_of_a_whole_file_or_provider_is_told(level: str, category: str):
    note = replace(values.REJECTION, category=category)
    whole = replace(
        values.ACKNOWLEDGEMENT,
        claim_number="",
        payer_control="",
        notes=(note,),
        on=values.ACKNOWLEDGEMENT.on if level == "21" else None,
        level=level,
        patient=None,
        member_id="",
    )
    assert values.all_of(read_277ca, write_277ca(values.ENVELOPE, [whole])) == [whole]


def test_rejection_by_its_action_alone_is_told():
    text = altered(FILE_277, "STC*A1:19:PR*20260301*WQ*0~", "STC*A1:19:PR*20260301*U*0~")
    assert [claim.level for claim in read_277ca(values.stream(text))] == ["21", "PT"]


def test_what_is_merely_received_is_not_told_but_for_claims():
    assert [claim.level for claim in read_277ca(values.stream(FILE_277))] == ["PT"]


@pytest.mark.parametrize("extra", [StatusNote("A2", "20"), StatusNote("A7", "21", action="U")])
def test_status_without_an_amount_is_read(extra: StatusNote):
    claim = replace(values.ACKNOWLEDGEMENT, notes=(extra,), on=date(2026, 3, 9))
    assert values.all_of(read_277ca, write_277ca(values.ENVELOPE, [claim])) == [claim]


BROKEN_277 = [
    ("no number", "TRN*2*C-0001~", "", "", "TRN*2"),
    ("empty number", "TRN*2*C-0001~", "TRN*2~", "TRN02", "sent to the payer"),
    ("no status", "STC*A2:20:PR*20260302*WQ*150.5~", "", "", "STC"),
    ("status", "STC*A2:20:PR*", "STC*A2*", "STC01", "2 components"),
    ("amount", "*WQ*150.5~", "*WQ*x~", "STC04", "amount of money"),
    ("date", "PR*20260302*", "PR*2026*", "STC02", "date"),
    ("level", "HL*4*3*PT", "HL*4*2*PT", "HL02", "level above"),
    ("level code", "HL*4*3*PT", "HL*4*3*22", "HL03", "level code"),
    ("no level", "HL*1**20*1~", "", "", "HL"),
]


@pytest.mark.parametrize(
    ("old", "new", "element", "said"), [case[1:] for case in BROKEN_277], ids=[c[0] for c in BROKEN_277]
)
def test_277ca_that_breaks_its_guide_is_refused(old: str, new: str, element: str, said: str):
    with pytest.raises(X12Broken) as caught:
        list(read_277ca(values.stream(altered(FILE_277, old, new))))
    assert caught.value.element == element and said in str(caught.value)


def test_empty_answers_hold_nothing():
    assert values.all_of(read_277ca, write_277ca(values.ENVELOPE, [])) == []
    assert values.all_of(read_999, write_999(values.ENVELOPE, [])) == []
