"""What an 837P says of a claim, and which claims and files are refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from adapters.x12 import read_837, write_837
from adapters.x12.claim_writing import MOST_CLAIMS
from models.claim_form import (
    ClaimForm,
    ClaimFrequency,
    Envelope,
    LineAdjustment,
    PersonName,
    RenderingClinician,
    ServiceLine,
)
from models.errors import X12Broken
from tests.adapters.x12 import values


def segments_of(*claims: ClaimForm) -> list[str]:
    return write_837(values.ENVELOPE, claims).split("~")


def starting(segments: list[str], *starts: str) -> list[str]:
    return [segment for segment in segments if segment.startswith(starts)]


def test_claim_of_a_patient_who_is_the_subscriber_is_written_as_the_guide_has_it():
    assert segments_of(values.CLAIM)[2:-3] == [
        "ST*837*0907*005010X222A1",
        "BHT*0019*00*000000907*20260301*1230*CH",
        "NM1*41*2*RIVER COUNSELING*****46*PRACTICE1",
        "PER*IC*BILLING DESK*TE*3125550100",
        "NM1*40*2*CLEARING HOUSE*****46*CLEARING",
        "HL*1**20*1",
        "PRV*BI*PXC*261QM0801X",
        "NM1*85*2*RIVER COUNSELING*****XX*1234567893",
        "N3*1 MAIN ST",
        "N4*CHICAGO*IL*606011234",
        "REF*EI*123456789",
        "HL*2*1*22*0",
        "SBR*P*18*G77******CI",
        "NM1*IL*1*DOE*JANE*Q***MI*W123456789",
        "N3*1 MAIN ST",
        "N4*CHICAGO*IL*606011234",
        "DMG*D8*19800102*F",
        "NM1*PR*2*NORTH HEALTH*****PI*60054",
        "CLM*C-0001*150.5***10:B:1*Y*A*Y*Y",
        "HI*ABK:F411*ABF:F331",
        "NM1*82*1*OKAFOR*ADA****XX*1245319599",
        "PRV*PE*PXC*1041C0700X",
        "LX*1",
        "SV1*HC:90837:95*150.5*UN*1***1:2",
        "DTP*472*D8*20260203",
        "REF*6R*L0001",
        "SE*27*0907",
    ]


def test_dependent_stands_under_the_subscriber():
    segments = segments_of(values.DEPENDENT_CLAIM)
    at = segments.index("HL*2*1*22*1")
    assert segments[at : at + 10] == [
        "HL*2*1*22*1",
        "SBR*P**G77******CI",
        "NM1*IL*1*DOE*JANE*Q***MI*W123456789",
        "NM1*PR*2*NORTH HEALTH*****PI*60054",
        "HL*3*2*23*0",
        "PAT*19",
        "NM1*QC*1*DOE*SAM",
        "N3*1 MAIN ST",
        "N4*CHICAGO*IL*606011234",
        "DMG*D8*20120506*M",
    ]


def test_address_and_birth_date_of_a_subscriber_who_is_not_the_patient_are_left_out():
    full = replace(values.POLICY_HOLDER, person=values.PERSON, address=values.ADDRESS)
    assert segments_of(replace(values.DEPENDENT_CLAIM, subscriber=full)) == segments_of(values.DEPENDENT_CLAIM)


def test_secondary_claim_tells_what_the_first_payer_decided():
    segments = segments_of(values.SECONDARY_CLAIM)
    assert "SBR*S*18*G77******CI" in segments
    at = segments.index("SBR*P*01*******BL")
    assert segments[at : at + 7] == [
        "SBR*P*01*******BL",
        "AMT*D*100",
        "OI***Y***Y",
        "NM1*IL*1*DOE*JOHN****MI*F99",
        "N3*1 MAIN ST",
        "N4*CHICAGO*IL*606011234",
        "NM1*PR*2*FIRST HEALTH*****PI*11111",
    ]
    at = segments.index("SVD*11111*100*HC:90837:95**1")
    assert segments[at + 1 : at + 4] == ["CAS*CO*45*30", "CAS*PR*3*20.5", "DTP*573*D8*20260220"]


def test_decision_about_the_whole_claim_has_its_date_in_loop_2330b():
    whole = replace(values.EARLIER, line_paid={}, line_adjustments={})
    claim = replace(values.SECONDARY_CLAIM, earlier_payments=(whole,))
    segments = segments_of(claim)
    assert segments[segments.index("NM1*PR*2*FIRST HEALTH*****PI*11111") + 1] == "DTP*573*D8*20260220"
    assert values.all_of(read_837, "~".join(segments)) == [claim]


def test_adjustments_of_one_group_share_a_segment_six_at_most():
    many = tuple(LineAdjustment("CO", str(reason), 100, 1) for reason in range(1, 8))
    earlier = replace(values.EARLIER, line_adjustments={1: (*many, LineAdjustment("PR", "3", -50))})
    claim = replace(values.SECONDARY_CLAIM, earlier_payments=(earlier,))
    found = starting(segments_of(claim), "CAS")
    assert [segment.count("*") for segment in found] == [19, 4, 3]
    assert found[2] == "CAS*PR*3*-0.5"
    assert values.all_of(read_837, "~".join(segments_of(claim))) == [claim]


@pytest.mark.parametrize("frequency", list(ClaimFrequency))
def test_replacement_and_void_name_the_payers_number(frequency: ClaimFrequency):
    claim = replace(values.CLAIM, frequency=frequency, original_number="ICN77", authorisation="AUTH1")
    segments = segments_of(claim)
    assert f"CLM*C-0001*150.5***10:B:{frequency.value}*Y*A*Y*Y" in segments
    assert starting(segments, "REF*G1", "REF*F8") == ["REF*G1*AUTH1", "REF*F8*ICN77"]
    (back,) = read_837(values.stream("~".join(segments)))
    assert (back.frequency, back.original_number, back.authorisation) == (frequency, "ICN77", "AUTH1")


def test_claims_of_one_billing_provider_share_its_level():
    other = replace(values.BILLING, name="LAKE COUNSELING", npi="1679576722")
    elsewhere = replace(values.CLAIM, claim_number="C-0009", billing=other)
    segments = segments_of(values.CLAIM, elsewhere, values.DEPENDENT_CLAIM)
    assert starting(segments, "HL", "CLM") == [
        "HL*1**20*1",
        "HL*2*1*22*0",
        "CLM*C-0001*150.5***10:B:1*Y*A*Y*Y",
        "HL*3*1*22*1",
        "HL*4*3*23*0",
        "CLM*C-0002*150.5***10:B:1*Y*A*Y*Y",
        "HL*5**20*1",
        "HL*6*5*22*0",
        "CLM*C-0009*150.5***10:B:1*Y*A*Y*Y",
    ]


def test_clinician_who_bills_is_not_written_twice():
    alone = replace(values.CLAIM, rendering=RenderingClinician("X", "Y", values.BILLING.npi, values.BILLING.taxonomy))
    segments = segments_of(alone)
    assert not starting(segments, "NM1*82", "PRV*PE")
    (back,) = read_837(values.stream("~".join(segments)))
    assert back.rendering == RenderingClinician("RIVER COUNSELING", "", values.BILLING.npi, values.BILLING.taxonomy)


def test_clinician_with_the_same_number_and_another_taxonomy_is_written():
    claim = replace(values.CLAIM, rendering=replace(values.RENDERING, npi=values.BILLING.npi))
    assert starting(segments_of(claim), "NM1*82", "PRV*PE") == [
        "NM1*82*1*OKAFOR*ADA****XX*1234567893",
        "PRV*PE*PXC*1041C0700X",
    ]


def test_birth_date_without_a_sex_is_not_written():
    person = replace(values.PERSON, sex="")
    segments = segments_of(replace(values.CLAIM, subscriber=replace(values.SUBSCRIBER, person=person)))
    assert not starting(segments, "DMG")


def lines(count: int) -> tuple[ServiceLine, ...]:
    return tuple(replace(values.LINE, number=number) for number in range(1, count + 1))


REFUSED: list[tuple[str, Callable[[ClaimForm], ClaimForm], str]] = [
    ("patient but self", lambda one: replace(one, patient=values.CHILD), "PAT01"),
    ("no patient but child", lambda one: replace(one, subscriber=values.POLICY_HOLDER), "PAT01"),
    ("no line", lambda one: replace(one, lines=()), "LX01"),
    ("51 lines", lambda one: replace(one, lines=lines(51)), "LX01"),
    ("lines from 2", lambda one: replace(one, lines=(replace(values.LINE, number=2),)), "LX01"),
    ("no diagnosis", lambda one: replace(one, diagnoses=()), "HI01"),
    ("13 diagnoses", lambda one: replace(one, diagnoses=("F41.1",) * 13), "HI01"),
    ("no pointer", lambda one: replace(one, lines=(replace(values.LINE, pointers=()),)), "SV107"),
    ("pointer too far", lambda one: replace(one, lines=(replace(values.LINE, pointers=(3,)),)), "SV107"),
    ("pointer 0", lambda one: replace(one, lines=(replace(values.LINE, pointers=(0,)),)), "SV107"),
    ("5 modifiers", lambda one: replace(one, lines=(replace(values.LINE, modifiers=("95",) * 5),)), "SV101"),
    (
        "adjusted, not paid",
        lambda one: replace(values.SECONDARY_CLAIM, earlier_payments=(replace(values.EARLIER, line_paid={2: 0}),)),
        "SVD02",
    ),
]


@pytest.mark.parametrize(("alter", "element"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_claim_that_the_guide_has_no_place_for_is_refused(alter: Callable[[ClaimForm], ClaimForm], element: str):
    with pytest.raises(X12Broken, match=r"^claim C-000\d: ") as caught:
        write_837(values.ENVELOPE, [alter(values.CLAIM)])
    assert caught.value.element == element


def test_most_lines_diagnoses_and_modifiers_fit():
    full = replace(values.LINE, modifiers=("95", "HO", "GT", "93"), pointers=(1, 2, 3, 4))
    claim = replace(
        values.CLAIM,
        lines=tuple(replace(full, number=number) for number in range(1, 51)),
        diagnoses=("F41.1",) * 12,
    )
    assert values.all_of(read_837, write_837(values.ENVELOPE, [claim])) == [claim]


@pytest.mark.parametrize("count", [0, MOST_CLAIMS + 1])
def test_file_without_claims_or_with_too_many_is_refused(count: int):
    with pytest.raises(X12Broken, match=f"a file holds 1 to {MOST_CLAIMS} claims, not {count}"):
        write_837(values.ENVELOPE, [values.CLAIM] * count)


@pytest.mark.parametrize(
    ("alter", "element"),
    [
        (lambda one: replace(one, submitter_name=" "), "NM103"),
        (lambda one: replace(one, receiver_name=""), "NM103"),
        (lambda one: replace(one, contact_phone=""), "PER04"),
    ],
    ids=["submitter", "receiver", "telephone"],
)
def test_file_without_the_names_of_its_ends_is_refused(alter: Callable[[Envelope], Envelope], element: str):
    with pytest.raises(X12Broken) as caught:
        write_837(alter(values.ENVELOPE), [values.CLAIM])
    assert caught.value.element == element


FILE = write_837(values.ENVELOPE, [values.CLAIM, values.DEPENDENT_CLAIM, values.SECONDARY_CLAIM])
BROKEN: list[tuple[str, str, str, str, str]] = [
    ("no name of the subscriber", "NM1*IL*1*DOE*JANE*Q***MI*W123456789~", "", "", "2010BA"),
    ("no SBR", "SBR*P*18*G77******CI~", "", "", "SBR"),
    ("no payer", "NM1*PR*2*NORTH HEALTH*****PI*60054~", "", "", "NM1*PR"),
    ("no billing name", "NM1*85*2*RIVER COUNSELING*****XX*1234567893~", "", "", "2010AA"),
    ("no billing address", "N3*1 MAIN ST~N4*CHICAGO*IL*606011234~REF*EI", "REF*EI", "", "2010AA"),
    ("no claim", "CLM*C-0001*150.5***10:B:1*Y*A*Y*Y~", "", "", "CLM"),
    ("amount", "CLM*C-0001*150.5*", "CLM*C-0001*150.505*", "CLM02", "amount of money"),
    ("no amount", "CLM*C-0001*150.5*", "CLM*C-0001**", "CLM02", "amount of money"),
    ("no number", "CLM*C-0001*", "CLM**", "CLM01", "claim's number"),
    ("frequency", "10:B:1*", "10:B:5*", "CLM05-3", "1, 7 or 8"),
    ("place of service", "10:B:1*", "10*", "CLM05", "3 components"),
    ("no diagnosis", "ABK:F411", "ABK:", "HI01-2", "diagnosis"),
    ("no procedure", "HC:90837:95*150.5*UN", "HC:*150.5*UN", "SV101-2", "procedure"),
    ("units", "*UN*1***1:2", "*UN*1.5***1:2", "SV104", "whole number"),
    ("pointers", "***1:2", "***1:x", "SV107", "pointers"),
    ("no service", "SV1*HC:90837:95*150.5*UN*1***1:2~", "", "", "SV1"),
    ("no date of service", "DTP*472*D8*20260203~", "", "", "DTP*472"),
    ("date of service", "D8*20260203", "D8*20260231", "DTP03", "date"),
    ("period", "DTP*472*D8*20260203", "DTP*472*RD8*20260203", "DTP03", "two with a dash"),
    ("rank", "SBR*P*18", "SBR*Q*18", "SBR01", "P, S or T"),
    ("level", "HL*2*1*22*0", "HL*9*1*22*0", "HL01", "level number 2"),
    ("parent", "HL*2*1*22*0", "HL*2*7*22*0", "HL02", "level above"),
    ("level code", "HL*2*1*22*0", "HL*2*1*24*0", "HL03", "level code"),
    ("birth date", "DMG*D8*19800102", "DMG*D8*1980", "DMG02", "date"),
    ("kind of a name", "NM1*IL*1*DOE*JANE", "NM1*IL**DOE*JANE", "NM102", "1 (a person) or 2"),
    ("earlier payment", "AMT*D*100~", "", "", "AMT*D"),
    ("earlier date", "DTP*573*D8*20260220~", "", "", "DTP*573"),
    ("earlier payer", "SVD*11111*", "SVD*22222*", "SVD01", "loop 2330B"),
    ("adjustment", "CAS*CO*45*30", "CAS*CO*45*x", "CAS03", "amount of money"),
    ("no reason", "CAS*CO*45*30", "CAS*CO**30", "CAS02", "reason"),
    ("no relationship", "PAT*19~", "PAT~", "PAT01", "relationship"),
    ("no PAT", "PAT*19~", "", "", "PAT, NM1*QC"),
    ("no patient", "NM1*QC*1*DOE*SAM~", "", "", "2010CA"),
]


@pytest.mark.parametrize(("old", "new", "element", "said"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN])
def test_file_that_breaks_its_guide_is_refused(old: str, new: str, element: str, said: str):
    assert old in FILE
    text = FILE.replace(old, new)
    body = text[text.index("ST*") : text.rindex("~SE*")]
    text = text.replace(f"SE*{FILE.split('SE*')[-1].split('*')[0]}*", f"SE*{body.count('~') + 2}*")
    with pytest.raises(X12Broken) as caught:
        list(read_837(values.stream(text)))
    assert caught.value.element == element
    assert said in str(caught.value)
    assert caught.value.segment and f"segment {caught.value.segment}" in str(caught.value)


def test_unbroken_file_is_read():
    claims = values.all_of(read_837, FILE)
    assert claims == [values.CLAIM, values.DEPENDENT_CLAIM, values.SECONDARY_CLAIM]


def test_period_of_service_is_read_by_its_first_day():
    text = FILE.replace("DTP*472*D8*20260203", "DTP*472*RD8*20260203-20260207")
    assert next(read_837(values.stream(text))).lines[0].service_date == date(2026, 2, 3)


def test_segments_that_are_not_asked_for_are_passed_over():
    text = write_837(values.ENVELOPE, [values.CLAIM])
    extra = text.replace("~LX*1~", "~NTE*ADD*TEXT~NM1*77*2*ELSEWHERE~N3*9 SIDE ST~N4*LISLE*IL*60532~LX*1~")
    assert values.all_of(read_837, extra.replace("SE*27*", "SE*31*")) == [values.CLAIM]


def test_diagnosis_gets_its_dot_back():
    claim = replace(values.CLAIM, diagnoses=("F32.A", "F41.1", "F99", "Z63.0", "T43.016A"))
    text = write_837(values.ENVELOPE, [claim])
    assert "HI*ABK:F32A*ABF:F411*ABF:F99*ABF:Z630*ABF:T43016A" in text
    assert values.all_of(read_837, text)[0].diagnoses == claim.diagnoses


def test_middle_name_and_no_given_name_come_back():
    claim = replace(
        values.CLAIM,
        subscriber=replace(values.SUBSCRIBER, person=replace(values.PERSON, given_name="", middle_name="")),
    )
    (back,) = values.all_of(read_837, write_837(values.ENVELOPE, [claim]))
    assert back.subscriber.person == PersonName("DOE", "", "", date(1980, 1, 2), "F")
