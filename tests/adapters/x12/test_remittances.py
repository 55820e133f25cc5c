"""What an 835 says, in a stream of parts, and which are refused."""

from dataclasses import replace
from datetime import date

import pytest

from adapters.x12 import read_835, write_835
from models.claim_answers import (
    ProviderAdjustment,
    RemittanceEnd,
    RemittanceHead,
    RemittancePart,
    RemittedClaim,
    RemittedLine,
)
from models.claim_form import LineAdjustment, PayerName
from models.errors import X12Broken
from tests.adapters.x12 import values

KEPT = ProviderAdjustment("WO", "C-0000", 1_000)
FILE = write_835(values.ENVELOPE, [values.HEAD, values.REMITTED, KEPT, values.END])


def altered(old: str, new: str) -> str:
    """The file with one change and a count of segments that fits it."""
    assert old in FILE
    text = FILE.replace(old, new)
    body = text[text.index("ST*") : text.index("~SE*") + 1]
    return text.replace(f"SE*{FILE.split('~SE*')[1].split('*')[0]}*", f"SE*{body.count('~') + 1}*")


def parts_of(text: str) -> list[RemittancePart]:
    return values.all_of(read_835, text)


def the_claim(text: str) -> RemittedClaim:
    (claim,) = [part for part in parts_of(text) if isinstance(part, RemittedClaim)]
    return claim


def the_line(text: str) -> RemittedLine:
    (line,) = the_claim(text).lines
    return line


def test_parts_know_where_they_stood():
    head, claim, kept, end = read_835(values.stream(FILE))
    tags = [segment.split("*")[0] for segment in FILE.split("~")]
    assert isinstance(head, RemittanceHead) and head.segment == tags.index("ST") + 1
    assert isinstance(claim, RemittedClaim) and claim.segment == tags.index("CLP") + 1
    assert claim.lines[0].segment == tags.index("SVC") + 1
    assert isinstance(kept, ProviderAdjustment) and kept.segment == tags.index("PLB") + 1
    assert isinstance(end, RemittanceEnd) and end.segment == tags.index("SE") + 1
    assert end.segments == end.segment - head.segment + 1


def test_parts_come_as_they_are_complete():
    """The claim is there before what follows it is looked at."""
    parts = read_835(values.stream(FILE[: FILE.index("~SE*") + 1]))
    assert [type(next(parts)) for _ in range(3)] == [RemittanceHead, RemittedClaim, ProviderAdjustment]
    with pytest.raises(X12Broken, match="SE was expected"):
        next(parts)


@pytest.mark.parametrize(
    ("units", "read"), [("*1", 1), ("*0", 0), ("", 1), ("*2.00", 2), ("*-1", -1)], ids=["1", "0", "none", "2.00", "-1"]
)
def test_units_may_be_left_out_or_none(units: str, read: int):
    assert the_line(altered("*150.5*100**1~", f"*150.5*100*{units}~")).units == read


def test_fraction_of_a_unit_is_refused():
    with pytest.raises(X12Broken, match="SVC05: a whole number"):
        parts_of(altered("*150.5*100**1~", "*150.5*100**1.5~"))


def test_negative_payment_of_a_reversal_is_an_amount_like_any_other():
    claim = replace(values.REMITTED, status="22", charge_cents=-15_050, paid_cents=-10_000)
    line = replace(values.REMITTED_LINE, charge_cents=-15_050, paid_cents=-10_000)
    text = write_835(values.ENVELOPE, [values.HEAD, replace(claim, lines=(line,))])
    assert (the_claim(text).paid_cents, the_line(text).paid_cents) == (-10_000, -10_000)


def test_up_to_six_reasons_stand_in_one_segment():
    text = altered("CAS*CO*45*30~", "CAS*CO*45*30**97*1.5*2*23*-4**16*5~")
    assert the_line(text).adjustments[:4] == (
        LineAdjustment("CO", "45", 3_000),
        LineAdjustment("CO", "97", 150, 2),
        LineAdjustment("CO", "23", -400),
        LineAdjustment("CO", "16", 500),
    )
    full = "*".join(f"{reason}*1*" for reason in range(1, 7))
    assert [one.reason for one in the_line(altered("CAS*CO*45*30~", f"CAS*CO*{full}~")).adjustments[:6]] == [*"123456"]


def test_adjustment_belongs_to_the_line_after_svc_and_to_the_claim_before_it():
    text = altered("~NM1*QC", "~CAS*OA*23*7~NM1*QC")
    assert the_claim(text).adjustments == (LineAdjustment("OA", "23", 700),)
    assert the_line(text).adjustments == values.REMITTED_LINE.adjustments


@pytest.mark.parametrize(
    ("dates", "read"),
    [
        ("DTM*150*20260203~DTM*151*20260205~", date(2026, 2, 3)),
        ("DTM*472*20260203~", date(2026, 2, 3)),
        ("", None),
    ],
    ids=["period", "day", "none"],
)
def test_line_has_its_own_date_or_none(dates: str, read: date | None):
    text = altered("DTM*472*20260203~", dates)
    assert the_line(text).service_date == read


def test_remarks_of_a_hospital_and_of_a_practice_are_read():
    mia = "MIA*0***100*MA02***************MA03*MA04**MA05"
    assert the_claim(altered("MOA***MA01~", f"{mia}~")).remarks == ("MA02", "MA03", "MA04", "MA05")
    assert the_claim(altered("MOA***MA01~", "MOA***MA01*MA02***MA07~")).remarks == ("MA01", "MA02", "MA07")


def test_remark_of_another_list_is_passed_over():
    assert the_line(altered("LQ*HE*N130~", "LQ*RX*75~LQ*HE*N20~")).remarks == ("N20",)


def test_crossover_names_the_next_payer():
    text = altered("~MOA", "~NM1*TT*2*SECOND HEALTH*****PI*22222~MOA")
    assert the_claim(text).crossover == PayerName("SECOND HEALTH", "22222")


@pytest.mark.parametrize(
    ("old", "new", "read"),
    [
        ("REF*2U*60054~", "", ""),
        ("N1*PR*NORTH HEALTH~", "N1*PR*NORTH HEALTH*XV*99~", "60054"),
        ("N1*PR*NORTH HEALTH~N3*NO ADDRESS~N4*NO CITY*NY*100010000~REF*2U*60054~", "N1*PR*NORTH HEALTH*XV*99~", "99"),
    ],
    ids=["none", "both", "N104 alone"],
)
def test_payer_id_is_ref_2u_or_else_n104(old: str, new: str, read: str):
    head = parts_of(altered(old, new))[0]
    assert isinstance(head, RemittanceHead) and head.payer.payer_id == read


def test_number_of_a_payee_that_is_no_npi_is_not_taken_for_one():
    head = parts_of(altered("*XX*1234567893", "*FI*123456789"))[0]
    assert isinstance(head, RemittanceHead) and head.payee_npi == ""


def test_provider_adjustments_come_six_to_a_segment():
    many = [ProviderAdjustment("WO", str(number), number) for number in range(1, 8)]
    text = write_835(values.ENVELOPE, [values.HEAD, values.REMITTED, *many])
    assert text.count("~PLB*") == 2
    assert parts_of(text)[2:-1] == many


def test_adjustment_of_the_provider_without_a_reference_is_read():
    text = altered("WO:C-0000*10~", "L6*-0.25~")
    assert parts_of(text)[2] == ProviderAdjustment("L6", "", -25)


def test_debit_and_no_payment_are_told():
    head = replace(values.HEAD, credit=False, method="NON", paid_cents=0)
    text = write_835(values.ENVELOPE, [head])
    assert "~BPR*H*0*D*NON*" in text
    assert parts_of(text)[0] == head


def test_segments_that_are_not_asked_for_are_passed_over():
    text = altered("~SVC*", "~ZZZ*1~REF*CE*PLAN~DTM*050*20260301~QTY*CA*8~AMT*AU*1~SVC*")
    assert the_claim(text) == values.REMITTED


def test_reference_before_the_first_line_is_not_a_lines():
    assert the_claim(altered("~SVC*", "~REF*6R*OTHER~SVC*")) == values.REMITTED


BROKEN = [
    ("no BPR", "BPR*", "XXX*", "", "BPR"),
    ("no TRN", "TRN*1*EFT1", "XXX*1*EFT1", "", "TRN"),
    ("no payer", "N1*PR", "N1*XX", "", "N1*PR"),
    ("amount", "BPR*I*100*", "BPR*I*1e2*", "BPR02", "amount of money"),
    ("credit flag", "BPR*I*100*C*", "BPR*I*100*X*", "BPR03", "C (credit)"),
    ("date of payment", "*20260305~", "*20261305~", "BPR16", "date"),
    ("claim's number", "CLP*C-0001*", "CLP**", "CLP01", "claim's number"),
    ("status", "CLP*C-0001*1*", "CLP*C-0001**", "CLP02", "status"),
    ("charge", "CLP*C-0001*1*150.5*", "CLP*C-0001*1**", "CLP03", "amount of money"),
    ("paid", "CLP*C-0001*1*150.5*100*", "CLP*C-0001*1*150.5*1,00*", "CLP04", "amount of money"),
    ("patient's part", "*100*20.5*12*", "*100*20.555*12*", "CLP05", "amount of money"),
    ("no procedure", "SVC*HC:90837:95*", "SVC*HC::95*", "SVC01-2", "procedure"),
    ("no composite", "SVC*HC:90837:95*", "SVC*HC>90837*", "SVC01", "ISA16"),
    ("line's charge", "SVC*HC:90837:95*150.5*", "SVC*HC:90837:95**", "SVC02", "amount of money"),
    ("line's payment", "*150.5*100**1~", "*150.5***1~", "SVC03", "amount of money"),
    ("group", "CAS*CO*45*30~", "CAS**45*30~", "CAS01", "group"),
    ("reason", "CAS*CO*45*30~", "CAS*CO**30~", "CAS02", "reason"),
    ("adjusted", "CAS*CO*45*30~", "CAS*CO*45~", "CAS03", "amount of money"),
    ("quantity", "CAS*CO*45*30~", "CAS*CO*45*30*x~", "CAS04", "whole number"),
    ("date of service", "DTM*472*20260203", "DTM*472*2026", "DTM02", "date"),
    ("allowed", "AMT*B6*120.5", "AMT*B6*", "AMT02", "amount of money"),
    ("remark", "LQ*HE*N130", "LQ*HE", "LQ02", "remark"),
    ("kept back", "WO:C-0000*10~", "WO:C-0000*ten~", "PLB04", "amount of money"),
    ("why kept back", "*WO:C-0000*10~", "**10~", "PLB03", "reason"),
    ("line without a claim", "CLP*C-0001", "XXX*C-0001", "", "CLP"),
    ("remark without a line", "SVC*", "XXX*", "", "SVC"),
    ("BPR after a claim", "~SVC*", "~BPR*I*1~SVC*", "", "ST"),
]


@pytest.mark.parametrize(("old", "new", "element", "said"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN])
def test_file_that_breaks_its_guide_is_refused(old: str, new: str, element: str, said: str):
    with pytest.raises(X12Broken) as caught:
        parts_of(altered(old, new))
    assert caught.value.element == element
    assert said in str(caught.value)
    assert f"segment {caught.value.segment}" in str(caught.value)


def test_unbroken_file_is_read():
    assert parts_of(FILE) == [values.HEAD, values.REMITTED, KEPT, values.END]


def test_several_sets_each_have_their_head_and_end():
    second = replace(values.HEAD, set_control="0908", trace="EFT2")
    text = write_835(values.ENVELOPE, [values.HEAD, values.REMITTED, second, values.REMITTED])
    kinds = [type(part).__name__ for part in parts_of(text)]
    assert kinds == ["RemittanceHead", "RemittedClaim", "RemittanceEnd"] * 2
    assert "GE*2*907" in text


@pytest.mark.parametrize(
    ("parts", "element"),
    [
        ([values.REMITTED], "ST01"),
        ([values.HEAD, values.END, values.REMITTED], "ST01"),
        ([values.HEAD, KEPT, values.REMITTED], "PLB01"),
        ([values.HEAD, replace(values.REMITTED, remarks=("MA01",) * 6)], "MOA03"),
    ],
    ids=["no head", "after the end", "claim after PLB", "six remarks"],
)
def test_parts_out_of_order_are_not_written(parts: list[RemittancePart], element: str):
    with pytest.raises(X12Broken) as caught:
        write_835(values.ENVELOPE, parts)
    assert caught.value.element == element
