"""Are other people's files read, or refused for the right reason? (tests/data/x12/README.md says whose they are.)"""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.x12 import head_of, read_270, read_271, read_277ca, read_835, read_837, read_999
from models.claim_answers import ProviderAdjustment, RemittanceHead, RemittedClaim, RemittedLine
from models.errors import X12Broken
from tests.adapters.x12.values import stream

SAMPLES = Path(__file__).parents[2] / "data" / "x12"
READERS: dict[str, Callable[[Any], Iterator[Any]]] = {
    "270": read_270,
    "271": read_271,
    "277ca": read_277ca,
    "835": read_835,
    "837p": read_837,
    "999": read_999,
}
NO_ISA = (1, "", "ISA was expected")
WRONG_COMPONENTS = "3 components, cut by the character in ISA16"
REFUSED: dict[str, tuple[int, str, str]] = {
    # SE02 is 4323 where ST02 is 4321.
    "271/subscriber-health-benefit-check-error.271": (10, "SE02", "the control number of ST02"),
    # These have the date of payment in BPR15, or none, or one that is no date.
    "835/cob-contractural-adjustment.835": (4, "BPR16", "a date"),
    "835/secondary-payment.835": (4, "BPR16", "a date"),
    "835/tertiary-payment.835": (4, "BPR16", "a date"),
    "835/managed-care.835": (4, "BPR16", "a date"),
    "835/moov_sample2.835": (4, "BPR16", "a date"),
    # A bare transaction set.
    "835/payer-style/blue_cross_nc_sample.txt": NO_ISA,
    # ISA16 says ":", the composites are cut by ">".
    "837p/demo.cob.2ndary.example4.837": (21, "CLM05", WRONG_COMPONENTS),
    "837p/demo.example6.837": (21, "CLM05", WRONG_COMPONENTS),
    "837p/demo.example9.837": (20, "CLM05", WRONG_COMPONENTS),
    "837p/demo.example11.837": (21, "CLM05", WRONG_COMPONENTS),
    "837p/demo.example12.837": (26, "CLM05", WRONG_COMPONENTS),
    "837p/imsweb_x12_bad_segment_identifier.837": (6, "", "no segment identifier"),
    "837p/imsweb_x12_loop_errors3_missing_loops.837": (16, "", "the billing provider (loop 2010AA"),
    "837p/imsweb_x12_missing_elements.837": (7, "NM102", "1 (a person) or 2"),
    "837p/imsweb_x12_no_isa_line.837": NO_ISA,
    # imsweb calls them free of errors, and its own parser does not look: their HI is cut by the element separator,
    # and SE01 is wrong.
    "837p/imsweb_x12_multiple_transactions_first_two.837": (23, "HI01", "2 components"),
    "837p/imsweb_x12_no_errors.837": (23, "HI01", "2 components"),
    "837p/imsweb_x12_valid_different_separators.837": (23, "HI01", "2 components"),
    # IEA02 is 1 where ISA13 is 286.
    "999/imsweb_999_accepted.999": (10, "IEA02", "the control number of ISA13"),
}
READ = {
    "270/dependent-health-benefit-check.270": 1,
    "270/subscriber-health-benefit-check.270": 1,
    "271/dependent-health-benefit-check.271": 1,
    "271/subscriber-health-benefit-check.271": 1,
    "277ca/imsweb_277CA_accepted.277": 1,
    "835/medicare-part-a.835": 5,
    "835/moov_sample1.835": 8,
    "835/payer-style/emedny_sample.txt": 5,
    "835/payer-style/united_healthcare_legacy_sample.txt": 4,
    "835/pyx12_mult_loops.835": 3,
    "837p/demo.ambulance.example5.837": 1,
    "837p/demo.autoaccident.837": 1,
    "837p/demo.cob.example3.A.837": 1,
    "837p/demo.cob.example3.B.837": 1,
    "837p/demo.cob.example3.C.837": 1,
    "837p/demo.cob.example4.837": 1,
    "837p/demo.drug.example10.1.837": 1,
    "837p/demo.drug.example10.2.837": 1,
    "837p/demo.drug.example10.3.837": 1,
    "837p/demo.example1.837": 1,
    "837p/demo.example2.837": 1,
    "837p/demo.example7.837": 1,
    "837p/demo.example8.837": 1,
    "837p/moov_sample.837": 8,
}
KINDS = {"270": "270", "271": "271", "277ca": "277CA", "835": "835", "837p": "837P", "999": "999"}


def read(name: str) -> list[Any]:
    with (SAMPLES / name).open("rb") as file:
        return list(READERS[name.split("/")[0]](file))


def test_every_sample_is_read_or_has_its_reason():
    there = {path.relative_to(SAMPLES).as_posix() for kind in READERS for path in (SAMPLES / kind).rglob("*")}
    files = {name for name in there if (SAMPLES / name).is_file() and not name.endswith(".csv")}
    assert files == set(READ) | set(REFUSED)
    assert not set(READ) & set(REFUSED)


@pytest.mark.parametrize("name", sorted(READ))
def test_sample_is_read(name: str):
    assert len(read(name)) == READ[name]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_sample_is_refused_for_its_reason(name: str):
    segment, element, said = REFUSED[name]
    with pytest.raises(X12Broken) as caught:
        read(name)
    assert (caught.value.segment, caught.value.element) == (segment, element)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(READ) | {name for name in REFUSED if REFUSED[name] != NO_ISA}))
def test_head_of_a_sample_names_its_kind(name: str):
    with (SAMPLES / name).open("rb") as file:
        assert head_of(file).kind == KINDS[name.split("/")[0]]
        assert file.tell() == 0


ENVELOPE = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PRACTICE       *110108*1000*^*00501*000000001*0*P*:~"
    "GS*HP*PAYER*PRACTICE*20110108*1000*1*X*005010X221A1~",
    "GE*1*1~IEA*1*000000001~",
)


def blue_cross(changed: Callable[[str], str] = str) -> list[Any]:
    """The bare set, put into an envelope."""
    body = changed((SAMPLES / "835/payer-style/blue_cross_nc_sample.txt").read_text())
    return list(read_835(stream(ENVELOPE[0] + body + ENVELOPE[1])))


def test_line_whose_charge_stands_nowhere_is_refused():
    """Its last line has no SVC02; the expected table leaves the charge empty, we do not guess one."""
    with pytest.raises(X12Broken) as caught:
        blue_cross()
    assert caught.value.element == "SVC02"


def without_the_last_line(body: str) -> str:
    at = body.index("SVC*HC:59426")
    return body[:at] + "SE*28*1234~"


def expected(name: str) -> list[dict[str, str]]:
    with (SAMPLES / f"835/payer-style/{name}_expected.csv").open() as file:
        return list(csv.DictReader(file))


def parts_of(name: str) -> list[Any]:
    if name == "blue_cross_nc":
        return blue_cross(without_the_last_line)
    return read(f"835/payer-style/{name}_sample.txt")


def amount(text: str) -> int | None:
    return round(float(text) * 100) if text else None


@pytest.mark.parametrize(("name", "lines"), [("blue_cross_nc", 2), ("emedny", 10), ("united_healthcare_legacy", 5)])
def test_payer_style_sample_agrees_with_its_expected_table(name: str, lines: int):
    parts = parts_of(name)
    head = next(part for part in parts if isinstance(part, RemittanceHead))
    found = [(claim, line) for claim in parts if isinstance(claim, RemittedClaim) for line in claim.lines]
    rows = expected(name)[: len(found)]
    assert len(found) == len(rows) == lines
    for (claim, line), row in zip(found, rows, strict=True):
        assert_row(head, claim, line, row)


def assert_row(head: RemittanceHead, claim: RemittedClaim, line: RemittedLine, row: dict[str, str]) -> None:
    assert head.payer.name == row["payer"]
    assert head.paid_on == date.fromisoformat(row["transaction_date"])
    assert (claim.claim_number, claim.patient_name.casefold()) == (row["marker"], row["patient"].casefold())
    assert (line.procedure_code, "".join(line.modifiers)) == (row["code"], row["modifier"])
    assert line.charge_cents == amount(row["charge_amount"])
    assert line.paid_cents == amount(row["paid_amount"])
    assert line.allowed_cents == amount(row["allowed_amount"])
    assert str(line.units) == row["billed_units"]
    assert str(line.service_date) == row["start_date"]
    # The tables hold the first triple of each CAS: there is no group twice in a table's row.
    firsts = {adjustment.group: adjustment for adjustment in reversed(line.adjustments)}
    told = {
        row[f"adj_{place}_group"]: (row[f"adj_{place}_code"], amount(row[f"adj_{place}_amount"]))
        for place in (0, 1)
        if row.get(f"adj_{place}_group")
    }
    assert {group: (one.reason, one.amount_cents) for group, one in firsts.items()} == told
    assert line.control_number == row.get("ref_0_value", "")
    assert "".join(line.remarks) == row.get("rem_0_code", "")


def test_reference_of_the_procedure_that_was_billed_is_read():
    parts = blue_cross(without_the_last_line)
    lines = [line for claim in parts if isinstance(claim, RemittedClaim) for line in claim.lines]
    assert [(line.procedure_code, line.submitted_code) for line in lines] == [("59430", "59410"), ("59440", "59410")]


def test_several_sets_and_provider_adjustments_of_a_sample_are_read():
    parts = read("835/moov_sample1.835")
    assert [type(part).__name__ for part in parts[:4]] == [
        "RemittanceHead",
        "RemittedClaim",
        "ProviderAdjustment",
        "RemittanceEnd",
    ]
    adjustments = [part for part in parts if isinstance(part, ProviderAdjustment)]
    assert [(one.reason, one.reference, one.amount_cents) for one in adjustments] == [
        ("50", "111", 617_350),
        ("50", "111", 617_340),
    ]
    assert parts[0].paid_cents == -617_350


def test_secondary_claim_of_a_sample_tells_what_the_first_payer_decided():
    (claim,) = read("837p/demo.cob.example4.837")
    (earlier,) = claim.earlier_payments
    assert (earlier.payer.payer_id, earlier.paid_cents, earlier.decided_on) == ("59999", 8_000, date(2005, 1, 28))
    assert earlier.line_paid == {1: 8_000}
    assert [(one.group, one.reason, one.amount_cents) for one in earlier.line_adjustments[1]] == [
        ("CO", "42", 2_500),
        ("PR", "2", 1_500),
    ]
    assert claim.subscriber.rank == "S" and earlier.subscriber.relationship == "01"


def test_coverage_that_pays_later_is_no_earlier_payment():
    (claim,) = read("837p/demo.cob.example3.A.837")
    assert claim.earlier_payments == () and claim.patient is not None


def test_dependent_of_a_sample_answer_has_the_subscribers_number():
    (answer,) = read("271/dependent-health-benefit-check.271")
    assert answer.is_dependent and answer.member_id == "123456789"
    assert (answer.patient.family_name, answer.patient.given_name) == ("SMITH", "MARY")
    assert [benefit.amount_cents for benefit in answer.benefits] == [None, None, None, 1_000, 3_000]
    assert "MH" in answer.benefits[2].service_types
    assert answer.benefits[1].related == (("P3", "MARCUS JONES", "0202034"),)
    assert (answer.first_segment, answer.last_segment) == (14, 29)


def test_claim_of_a_sample_acknowledgement_is_accepted():
    (claim,) = read("277ca/imsweb_277CA_accepted.277")
    assert (claim.claim_number, claim.payer_control, claim.batch) == ("5781", "1107000000014420", "000000674")
    assert [(note.category, note.status, note.action, note.amount_cents) for note in claim.notes] == [
        ("A2", "20", "WQ", 12_500)
    ]
