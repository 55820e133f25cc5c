"""What a 270 asks and a 271 answers: whom it is about, each benefit, each refusal where it stands."""

from dataclasses import replace
from datetime import date

import pytest

from adapters.x12 import read_270, read_271, write_270, write_271
from models.claim_form import PayerName, PersonName
from models.eligibility import Benefit, EligibilityAnswer, Refusal
from models.errors import X12Broken
from tests.adapters.x12 import values

DEPENDENT_REQUEST = replace(values.REQUEST, trace="T2", dependent=values.CHILD)
DEPENDENT_ANSWER = replace(values.ANSWER, trace="T2", patient=values.CHILD, is_dependent=True)
ASKED = write_270(values.ENVELOPE, [values.REQUEST, DEPENDENT_REQUEST])
FILE = write_271(values.ENVELOPE, [values.ANSWER])
FAMILY = write_271(values.ENVELOPE, [DEPENDENT_ANSWER])


def altered(text: str, old: str, new: str) -> str:
    assert old in text
    count = text.split("~SE*")[1].split("*")[0]
    text = text.replace(old, new)
    body = text[text.index("ST*") : text.index("~SE*") + 1]
    return text.replace(f"~SE*{count}*", f"~SE*{body.count('~') + 1}*")


def answers_of(text: str) -> list[EligibilityAnswer]:
    return values.all_of(read_271, text)


def test_270_asks_for_the_date_of_service_and_mental_health():
    segments = ASKED.split("~")
    at = segments.index("HL*3*2*22*0")
    assert segments[at - 4 : at + 6] == [
        "HL*1**20*1",
        "NM1*PR*2*NORTH HEALTH*****PI*60054",
        "HL*2*1*21*1",
        "NM1*1P*2*RIVER COUNSELING*****XX*1234567893",
        "HL*3*2*22*0",
        "TRN*1*T1*9123456789",
        "NM1*IL*1*DOE*JANE*Q***MI*W123456789",
        "DMG*D8*19800102*F",
        "DTP*291*D8*20260302",
        "EQ*MH^A4^A6",
    ]


def test_270_asks_about_a_dependent_under_the_subscriber():
    segments = ASKED.split("~")
    at = segments.index("HL*4*2*22*1")
    assert segments[at : at + 8] == [
        "HL*4*2*22*1",
        "NM1*IL*1*DOE*JANE*Q***MI*W123456789",
        "DMG*D8*19800102*F",
        "HL*5*4*23*0",
        "TRN*1*T2*9123456789",
        "NM1*03*1*DOE*SAM",
        "DMG*D8*20120506*M",
        "DTP*291*D8*20260302",
    ]


def test_requests_to_several_payers_have_levels_of_their_own():
    other = replace(values.REQUEST, trace="T3", payer=PayerName("LAKE HEALTH", "77777"))
    requests = [values.REQUEST, DEPENDENT_REQUEST, other, values.REQUEST]
    text = write_270(values.ENVELOPE, requests)
    assert text.count("*20*1~") == 3
    assert values.all_of(read_270, text) == requests


def test_date_of_service_is_bht04_where_the_request_has_none():
    text = altered(write_270(values.ENVELOPE, [values.REQUEST]), "DTP*291*D8*20260302~", "")
    assert values.all_of(read_270, text)[0].service_date == date(2026, 3, 1)


def test_service_types_in_several_segments_are_one_question():
    text = altered(ASKED, "EQ*MH^A4^A6~", "EQ*MH~EQ*A4^A6~")
    assert values.all_of(read_270, text) == [values.REQUEST, DEPENDENT_REQUEST]


def test_name_of_a_provider_who_is_a_person_is_read_whole():
    text = altered(ASKED, "NM1*1P*2*RIVER COUNSELING*", "NM1*1P*1*OKAFOR*ADA")
    assert next(read_270(values.stream(text))).provider_name == "ADA OKAFOR"


def test_request_without_any_date_is_refused():
    text = altered(write_270(values.ENVELOPE, [values.REQUEST]), "DTP*291*D8*20260302~", "")
    text = altered(text, "BHT*0022*13*000000907*20260301*1230~", "")
    with pytest.raises(X12Broken, match="a date"):
        list(read_270(values.stream(text)))


def test_271_is_written_as_its_guide_has_it():
    segments = FAMILY.split("~")
    assert segments[segments.index("HL*1**20*1") : -4] == [
        "HL*1**20*1",
        "NM1*PR*2*NORTH HEALTH*****PI*60054",
        "HL*2*1*21*1",
        "NM1*1P*2*CLEARING HOUSE*****SV*CLEARING",
        "HL*3*2*22*1",
        "NM1*IL*1******MI*W123456789",
        "HL*4*3*23*0",
        "TRN*2*T2*9CLEARING0",
        "NM1*03*1*DOE*SAM",
        "REF*6P*G77",
        "DMG*D8*20120506*M",
        "DTP*346*D8*20260101",
        "EB*B*IND*MH^A4*HM*GOLD PLAN*27*25*****Y",
    ]


def test_answer_and_benefit_know_where_they_stood():
    (answer,) = read_271(values.stream(FILE))
    segments = FILE.split("~")
    assert segments[answer.first_segment - 1].startswith("HL*3*2*22")
    assert segments[answer.last_segment - 1].startswith("EB*B")
    assert answer.benefits[0].segment == answer.last_segment


@pytest.mark.parametrize(
    ("shared", "read"), [("0.2", 2_000), (".2", 2_000), ("1", 10_000), ("0", 0), ("20", 2_000), ("", None)]
)
def test_share_is_told_in_hundredths_of_a_percent(shared: str, read: int | None):
    text = altered(FILE, "EB*B*IND*MH^A4*HM*GOLD PLAN*27*25*****Y", f"EB*A**MH****{''}*{shared}")
    assert answers_of(text)[0].benefits[0].percent == read


@pytest.mark.parametrize(("quantity", "read"), [("20", 20), ("20.00", 20), ("0", 0), ("1.5", None), ("", None)])
def test_quantity_is_a_whole_number_or_not_known(quantity: str, read: int | None):
    text = altered(FILE, "EB*B*IND*MH^A4*HM*GOLD PLAN*27*25*****Y", f"EB*F**MH***29***VS*{quantity}")
    benefit = answers_of(text)[0].benefits[0]
    assert (benefit.quantity_kind, benefit.quantity, benefit.period) == ("VS", read, "29")


def test_visits_told_in_hsd_alone_are_read():
    text = altered(FILE, "~SE*", "~EB*F**MH***29~HSD*VS*12~EB*F**MH***23***VS*20~HSD*VS*99~SE*")
    first, second = answers_of(text)[0].benefits[1:]
    assert (first.quantity_kind, first.quantity) == ("VS", 12)
    assert (second.quantity_kind, second.quantity) == ("VS", 20)


def test_what_hangs_under_a_benefit_is_its_own():
    hung = "EB*U**MH~DTP*346*RD8*20260101-20261231~MSG*CALL FIRST~LS*2120~NM1*VN*2*MIND CARE*****PI*88~LE*2120~"
    text = altered(FILE, "~SE*", f"~{hung}EB*1**30~SE*")
    told, plain = answers_of(text)[0].benefits[1:]
    assert told == Benefit(
        "U",
        0,
        service_types=("MH",),
        messages=("CALL FIRST",),
        dates=(("346", date(2026, 1, 1), date(2026, 12, 31)),),
        related=(("VN", "MIND CARE", "88"),),
    )
    assert plain == Benefit("1", 0, service_types=("30",))
    assert answers_of(text)[0].plan_dates == values.ANSWER.plan_dates


def test_benefit_of_one_procedure_names_it():
    text = altered(FILE, "*25*****Y", "*25*****Y*HC:90837:95")
    assert answers_of(text)[0].benefits[0].procedure == "90837"


def test_codes_that_nobody_knows_are_told_as_they_are():
    text = altered(FILE, "EB*B*IND*MH^A4", "EB*ZZ*IND*QQ^9")
    assert (answers_of(text)[0].benefits[0].code, answers_of(text)[0].benefits[0].service_types) == ("ZZ", ("QQ", "9"))


@pytest.mark.parametrize(
    ("before", "loop"),
    [
        ("~NM1*PR*", "2000A"),
        ("~HL*2*1*21*1", "2100A"),
        ("~NM1*1P*", "2000B"),
        ("~HL*3*2*22*1", "2100B"),
        ("~HL*4*3*23*0", "2100C"),
        ("~REF*6P", "2100D"),
        ("~SE*", "2110D"),
    ],
)
def test_refusal_names_the_loop_it_stands_in(before: str, loop: str):
    (answer,) = answers_of(altered(FAMILY, before, f"~AAA*N**72*C{before}"))
    assert answer.refusals == (Refusal("72", "C", loop, 0),)
    assert answer.trace == "T2" and answer.is_dependent


def refused_at(level: str) -> str:
    """The answer cut after that level, with a refusal as its last word."""
    text = FAMILY[: FAMILY.index(f"~HL*{level}")]
    ending = FAMILY[FAMILY.index("~SE*") :]
    return altered(text + "~AAA*Y**42*R" + ending, "~AAA*Y**42*R", "~AAA*Y**42*R")


@pytest.mark.parametrize(("level", "loop"), [("2*1*21", "2100A"), ("3*2*22", "2100B")])
def test_refusal_by_payer_or_about_the_provider_is_an_answer_about_nobody(level: str, loop: str):
    (answer,) = answers_of(refused_at(level))
    assert answer == EligibilityAnswer("", values.PAYER, "", PersonName(""), (), (Refusal("42", "R", loop, 0),), (), "")


def test_refusal_of_the_subscriber_is_an_answer_about_them():
    (answer,) = answers_of(refused_at("4*3*23"))
    assert (answer.member_id, answer.is_dependent, answer.refusals[0].loop) == ("W123456789", False, "2100C")


def test_refusal_of_the_payer_is_in_every_answer_under_it():
    text = write_271(values.ENVELOPE, [values.ANSWER])
    other = "HL*4*2*22*0~TRN*2*T9*9CLEARING0~NM1*IL*1*ROE*RICHARD****MI*W2~EB*1**MH"
    text = altered(text, "~SE*", f"~{other}~SE*")
    text = altered(text, "~HL*2*1*21", "~AAA*Y**42*R~HL*2*1*21")
    answers = answers_of(text)
    assert [answer.trace for answer in answers] == ["T1", "T9"]
    assert [answer.refusals for answer in answers] == [(Refusal("42", "R", "2100A", 0),)] * 2


def test_subscriber_with_benefits_above_a_dependent_is_an_answer_too():
    text = altered(FAMILY, "~HL*4*3*23", "~EB*1**30~HL*4*3*23")
    subscriber, dependent = sorted(answers_of(text), key=lambda answer: answer.is_dependent)
    assert not subscriber.is_dependent and [benefit.code for benefit in subscriber.benefits] == ["1"]
    assert dependent.is_dependent and [benefit.code for benefit in dependent.benefits] == ["B"]


def test_trace_is_ours_and_not_the_payers():
    text = altered(FILE, "TRN*2*T1*9CLEARING0", "TRN*1*PAYERS*9CLEARING0~TRN*2*T1*9CLEARING0~TRN*2*THEIRS*9X")
    assert answers_of(text)[0].trace == "T1"


def test_dependent_without_a_trace_has_the_subscribers():
    text = altered(FAMILY, "TRN*2*T2*9CLEARING0~", "")
    text = altered(text, "~NM1*IL*", "~TRN*2*T7*9CLEARING0~NM1*IL*")
    assert answers_of(text)[0].trace == "T7"


def test_set_without_anybody_holds_no_answer():
    assert answers_of(write_271(values.ENVELOPE, [])) == []


BROKEN = [
    ("money", "*27*25*", "*27*25.555*", "EB07", "amount of money"),
    ("share", "*27*25*****Y", "*27**500", "EB08", "share"),
    ("benefit", "EB*B*IND", "EB**IND", "EB01", "what is told"),
    ("procedure", "*25*****Y", "*25*****Y*90837", "EB13", "2 components"),
    ("date", "DTP*346*D8*20260101", "DTP*346*D8*20261301", "DTP03", "date"),
    ("period", "DTP*346*D8*20260101", "DTP*346*RD8*20260101", "DTP03", "two with a dash"),
    ("birth date", "DMG*D8*19800102", "DMG*D8*800102", "DMG02", "date"),
    ("level", "HL*3*2*22*0", "HL*3*1*22*0", "HL02", "level above"),
    ("level's number", "HL*3*2*22*0", "HL*4*2*22*0", "HL01", "level number 3"),
    ("level's code", "HL*3*2*22*0", "HL*3*2*PT*0", "HL03", "level code"),
    ("reason", "~REF*6P*G77", "~AAA*Y***C", "AAA03", "reason"),
    ("trace", "TRN*2*T1*", "TRN*2**", "TRN02", "number"),
    ("no level", "HL*1**20*1~", "", "", "HL"),
]


@pytest.mark.parametrize(("old", "new", "element", "said"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN])
def test_271_that_breaks_its_guide_is_refused(old: str, new: str, element: str, said: str):
    with pytest.raises(X12Broken) as caught:
        answers_of(altered(FILE, old, new))
    assert caught.value.element == element and said in str(caught.value)


def test_level_that_points_back_past_its_neighbour_is_refused():
    """Read by its place it would be the second subscriber's dependent, by its number the first one's."""
    both = write_271(values.ENVELOPE, [DEPENDENT_ANSWER])
    text = altered(both, "~HL*4*3*23*0", "~HL*4*2*22*0~NM1*IL*1*ROE****MI*W2~HL*5*3*23*0")
    with pytest.raises(X12Broken) as caught:
        answers_of(text)
    assert caught.value.element == "HL02"


@pytest.mark.parametrize("percent", [-1, 10_001])
def test_share_beyond_the_whole_is_not_written(percent: int):
    answer = replace(values.ANSWER, benefits=(replace(values.BENEFIT, percent=percent),))
    with pytest.raises(X12Broken, match="EB08"):
        write_271(values.ENVELOPE, [answer])


def test_person_is_not_shown():
    assert "DOE" not in repr(values.ANSWER) and "W1234" not in repr(values.ANSWER)
