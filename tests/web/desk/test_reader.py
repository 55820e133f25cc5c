"""The page that says how the reader does: counts for who may see them, and nothing of anybody."""

import re

import pytest
from sqlmodel import select

from adapters import therapy_store
from models.codes import Role
from tests import factories
from web.desk import words

MAY = (Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER)


def cells(shown: str) -> list[list[str]]:
    """The words of each row of the page's tables."""
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown, re.S)
    return [[re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize("role", MAY)
def test_page_shows_counts_and_shares(at_the_desk, role: Role):
    factories.make_labels(*[True] * 24, *[False] * 6, *[None] * 5)
    shown = at_the_desk(role).get("/reader").text
    figures = ["35", "5", "6", "24", "80 % (63 to 90 %)"]
    assert cells(shown) == [
        ["All", *figures],
        ["Classifier", *figures],
        ["Classifier v7", *figures],
        ["Self harm", *figures],
        ["classifier.self_harm", *figures],
    ]
    assert "too few" not in shown


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.OWNER])
def test_page_says_plainly_when_there_are_too_few(at_the_desk, role: Role):
    factories.make_labels(*[True] * 12, *[None] * 3)
    shown = at_the_desk(role).get("/reader").text
    assert "Fewer than 30 flags have been confirmed or called an error here: too few to say anything." in shown
    assert cells(shown) == [["All", "15", "3", "0", "12", "too few to say"]]
    assert shown.count("1 with fewer than 30 flags each: too few to say anything.") == len(words.READER_TABLES)
    assert "self_harm" not in shown and "Self harm" not in shown, "few flags of a kind would tell whose they are"


def test_page_before_any_decision_says_so(at_the_desk):
    shown = at_the_desk(Role.OWNER).get("/reader").text
    assert shown.count("No flag was decided.") == len(words.READER_TABLES)


def test_page_counts_the_days_and_the_version_that_were_asked_for(at_the_desk):
    seated = at_the_desk(Role.COMPLIANCE)
    factories.make_labels(True, True)
    factories.make_labels(False, version="v8")
    assert cells(seated.get("/reader?begin=2020-01-01&end=2020-01-31").text)[0][1] == "0"
    shown = seated.get("/reader?version=v8").text
    assert cells(shown)[0][1:5] == ["1", "0", "1", "0"]
    assert "<option selected>v8</option>" in shown and "<option >v7</option>" in shown


@pytest.mark.parametrize("asked", ["begin=yesterday", "end=2026-13-01", "end=9999-12-31"])
def test_page_refuses_what_is_no_day(at_the_desk, asked: str):
    assert at_the_desk(Role.OWNER).get(f"/reader?{asked}").status_code == 422


def test_page_names_nobody_and_no_case(at_the_desk):
    case = factories.make_referral(patient=factories.make_patient(family_name="Vantongeren"))
    factories.make_labels(*[True] * 40, referral=case)
    main = at_the_desk(Role.OWNER).get("/reader").text.split("<main")[1]
    assert "Vantongeren" not in main and "RF-" not in main and "FL-" not in main


def test_reading_the_page_is_on_record(at_the_desk):
    seated = at_the_desk(Role.OWNER)
    factories.make_labels(True)
    seated.get("/reader")
    event = therapy_store.TherapyAuditEvent
    with therapy_store.reading() as db:
        [found] = db.exec(select(event).where(event.actor == seated.staff.id)).all()
    assert (found.action, found.subject_kind, found.where, found.purpose) == (
        "read",
        "decided_flag",
        "how the reader does",
        "HOPERAT",
    )


@pytest.mark.parametrize("role", Role)
def test_page_is_in_the_navigation_of_who_may_open_it(at_the_desk, role: Role):
    assert ('href="/reader"' in at_the_desk(role).get("/governance").text) is (role in MAY)
