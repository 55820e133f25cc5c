"""A letter to a payer says what it needs and nothing of the session; with a gap in it there is no letter."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.appeal_letters import ALWAYS, FOLDER, NEEDED, TITLES, appeal_letter, missing_facts
from models.denials import AppealFacts

FACTS = AppealFacts(
    practice_name="Harbor Practice",
    practice_address="1 Pier Road, Portland, OR 97201",
    practice_phone="503-555-0100",
    npi="1234567893",
    tax_id="123456789",
    payer_name="Northwind Health",
    claim_number="C100",
    payer_control="P1",
    member_id="W1",
    patient_name="Ada Example",
    birth_date=date(1990, 4, 3),
    dates_of_service=(date(2026, 10, 2), date(2026, 10, 9)),
    procedure_codes=("90837",),
    charge_cents=123_456,
    denied_cents=15_005,
    denied_on=date(2026, 11, 20),
    reason="197",
    remarks=("N54",),
    sent_on=date(2026, 10, 3),
    accepted_on=date(2026, 10, 5),
    acceptance_number="A77",
    authorisation="",
    other_claim_number="C099",
    other_payer_name="Lakeshore Behavioral",
    corrected=("the NPI of the rendering clinician",),
    attached=("the treatment plan of October 2",),
    written_on=date(2026, 11, 26),
)


def test_every_letter_has_its_file_and_every_file_its_letter() -> None:
    files = {path.name for path in FOLDER.glob("appeal_*.txt.j2")} - {"appeal_base.txt.j2"}
    assert files == {f"appeal_{name}.txt.j2" for name in TITLES}
    assert set(NEEDED) == set(TITLES)


@pytest.mark.parametrize("template", sorted(TITLES))
def test_letter_says_which_claim_and_which_decision(template: str) -> None:
    letter = appeal_letter(template, FACTS)
    for said in (
        TITLES[template],
        "November 26, 2026",
        "Claim number: C100",
        "Your claim number: P1",
        "Date of service: October 2, 2026; October 9, 2026",
        "Charge: $1,234.56; denied: $150.05",
        "November 20, 2026, reason code 197, remark code N54",
        "- the treatment plan of October 2",
    ):
        assert said in letter
    assert "\n\n\n\n" not in letter
    assert "{" not in letter


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("authorisation", "to authorise it for the date above"),
        ("necessity", "criteria that were applied"),
        ("timely_filing", "accepted it on October 5, 2026 under the number A77"),
        ("timely_filing", "we sent it on October 3, 2026"),
        ("duplicate", "a duplicate of claim C099"),
        ("wrong_payer", "According to Lakeshore Behavioral"),
        ("missing_information", "- the NPI of the rendering clinician"),
    ],
)
def test_letter_says_what_answers_its_denial(template: str, said: str) -> None:
    assert said in appeal_letter(template, FACTS)


def test_letter_names_an_authorisation_where_there_is_one() -> None:
    letter = appeal_letter("authorisation", replace(FACTS, authorisation="AUTH9"))
    assert "its number is AUTH9" in letter
    assert "to authorise it for the date above" not in letter


@pytest.mark.parametrize(
    ("template", "name"), [(template, name) for template in sorted(TITLES) for name in (*ALWAYS, *NEEDED[template])]
)
def test_letter_with_a_gap_is_not_written(template: str, name: str) -> None:
    empty: dict[str, Any] = {name: type(getattr(FACTS, name))() if not name.endswith("_on") else None}
    lacking = replace(FACTS, **empty)
    assert missing_facts(template, lacking) == (name,)
    with pytest.raises(ValueError, match=f"the letter needs {name}$"):
        appeal_letter(template, lacking)


@pytest.mark.parametrize("template", ["", "base", "declined", "../desk/base"])
def test_there_is_no_other_letter(template: str) -> None:
    with pytest.raises(ValueError, match="there is no such letter"):
        appeal_letter(template, FACTS)


@pytest.mark.parametrize("template", sorted(TITLES))
def test_letter_does_without_what_is_not_known(template: str) -> None:
    bare = replace(FACTS, payer_control="", birth_date=None, remarks=(), practice_phone="")
    letter = appeal_letter(template, bare)
    assert "Your claim number" not in letter
    assert "Date of birth" not in letter
    assert "remark code" not in letter
    assert "\n\n\n\n" not in letter


def test_letters_hold_no_word_of_a_session() -> None:
    """The facts have no place for one; nor may a template bring its own."""
    texts = " ".join(Path(path).read_text().lower() for path in FOLDER.glob("appeal_*.txt.j2"))
    for word in ("symptom", "diagnos", "suicid", "depress", "anxi", "trauma", "session"):
        assert word not in texts
