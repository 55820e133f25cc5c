"""Does pyx12 accept what we write, quietly, and what does it let pass that rules of our own must catch?"""

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.x12 import second_opinion, write_270, write_271, write_277ca, write_835, write_837, write_999
from models.claim_answers import ClaimAcknowledgement, GroupAcknowledgement, ProviderAdjustment, RemittancePart
from models.claim_form import ClaimForm, Envelope
from tests.adapters.x12 import values

SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(values.envelopes, st.lists(values.claims(), min_size=1, max_size=2))
@SLOW
def test_claims_are_accepted(envelope: Envelope, claims: list[ClaimForm]):
    assert second_opinion(write_837(envelope, claims)) == ()


@given(values.envelopes, values.claims(earlier=True))
@SLOW
def test_secondary_claims_are_accepted(envelope: Envelope, claim: ClaimForm):
    assert second_opinion(write_837(envelope, [claim])) == ()


@given(values.envelopes, values.remittances(most_kept_back=6))
@SLOW
def test_remittances_are_accepted(envelope: Envelope, parts: list[RemittancePart]):
    assert second_opinion(write_835(envelope, parts)) == ()


@given(values.envelopes, st.lists(values.groups, min_size=1, max_size=2))
@SLOW
def test_file_acknowledgements_are_accepted(envelope: Envelope, groups: list[GroupAcknowledgement]):
    assert second_opinion(write_999(envelope, groups)) == ()


@given(values.envelopes, st.lists(values.acknowledgements, min_size=1, max_size=2))
@SLOW
def test_claim_acknowledgements_are_accepted(envelope: Envelope, acknowledgements: list[ClaimAcknowledgement]):
    assert second_opinion(write_277ca(envelope, acknowledgements)) == ()


def test_second_plb_of_a_set_is_refused_though_the_guide_allows_it():
    many = [ProviderAdjustment("WO", str(number), number) for number in range(1, 8)]
    (fault,) = second_opinion(write_835(values.ENVELOPE, [values.HEAD, values.REMITTED, *many]))
    assert fault.endswith("(PLB): 4")


FILE = write_837(values.ENVELOPE, [values.CLAIM])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CLM*C-0001*150.5*", "CLM*C-0001**", "segment 21 (CLM), element 02: 1"),
        ("~SE*27*", "~SE*28*", "segment 29 (ST): 4"),
        ("IEA*1*000000907", "IEA*1*000000908", "segment 31 (ISA): 001"),
        ("HL*2*1*22*0", "HL*2*1*24*0", "segment 14 (HL)"),
    ],
    ids=["element", "count", "control number", "level"],
)
def test_fault_is_named_by_place_and_code(old: str, new: str, said: str):
    assert old in FILE
    faults = second_opinion(FILE.replace(old, new))
    assert any(fault.startswith(said) for fault in faults), faults


def test_faults_repeat_no_value():
    text = FILE.replace("*DOE*JANE*", "*DOE" + "X" * 80 + "*JANE*").replace("DMG*D8*1980", "DMG*D8*1X80")
    faults = second_opinion(text)
    assert len(faults) >= 2
    assert not any("XXX" in fault or "1X80" in fault or "DOE" in fault for fault in faults)


@pytest.mark.parametrize("text", ["", "garbage", FILE[:50], FILE[:200], FILE + FILE, "ISA" + "*" * 103])
def test_what_is_no_interchange_is_refused(text: str):
    assert second_opinion(text)


@pytest.mark.parametrize(
    "text",
    [write_270(values.ENVELOPE, [values.REQUEST]), write_271(values.ENVELOPE, [values.ANSWER])],
    ids=["270", "271"],
)
def test_eligibility_has_no_map(text: str):
    assert second_opinion(text) == ("pyx12 has no map for this guide, or stopped",)


def test_nothing_is_written_or_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    logging.getLogger("pyx12").setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, logger="root"):
        assert second_opinion(FILE) == ()
        assert second_opinion(FILE.replace("CLM*C-0001*150.5*", "CLM*C-0001**"))
        assert second_opinion("garbage")
    assert os.listdir(tmp_path) == []
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


# What pyx12 lets pass: each of these has a rule of our own among the claim checks.

MISSES: dict[str, ClaimForm] = {
    "check digit of an NPI": replace(values.CLAIM, rendering=replace(values.RENDERING, npi="1234567890")),
    "no DMG of a subscriber who is the patient": replace(
        values.CLAIM,
        subscriber=replace(values.SUBSCRIBER, person=replace(values.PERSON, birth_date=None)),
    ),
    "CLM02 is not the sum of SV102": replace(values.CLAIM, charge_cents=99_999),
}


@pytest.mark.parametrize("claim", MISSES.values(), ids=MISSES)
def test_known_misses_are_accepted(claim: ClaimForm):
    assert second_opinion(write_837(values.ENVELOPE, [claim])) == ()
