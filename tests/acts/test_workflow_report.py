"""The page of the map that leaves the practice: true drawings, and no small count."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from acts import workflow_report
from adapters.operational_store import audit, move_case, writing
from models.codes import ReferralStatus
from models.columns import utc_now
from models.governance_codes import Workflow
from models.operational import Referral
from models.workflow_steps import STATUSES
from tests import factories

R = ReferralStatus


@pytest.fixture
def written(home: Path, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """Six cases that are called, two of another kind; the page and the drawings of them."""
    place = factories.make_location()
    for steps in [[R.CONTACT_PATIENT]] * 6 + [[R.POSSIBLE_DUPLICATE]] * 2:
        case = factories.make_referral(location=place)
        with writing() as db:
            audit(db, "system", "case.opened", case, case.case_number)
            for step in steps:
                move_case(db, db.get_one(Referral, case.case_number), step, actor="system")
    page, *drawings = workflow_report.write(tmp_path, utc_now(), list(STATUSES))
    return page.read_text(), {path.name: path.read_text() for path in drawings}


def test_small_counts_stay_in_the_practice(written):
    page, drawings = written
    section = page.split("## Session to signed note")[0]
    assert "8 cases, 8 of them open" in section
    assert "| received | call the patient | 6 | 75% |" in section
    assert "possible duplicate" not in section and "RF-" not in page
    assert "possible" in drawings["referral-walked.svg"], "the step is drawn, its two cases are not"
    assert ">2<" not in drawings["referral-walked.svg"] and ">6<" in drawings["referral-walked.svg"]


def test_a_workflow_of_few_cases_tells_nothing(home: Path, tmp_path: Path):
    factories.make_referral()
    page, mapped = workflow_report.write(tmp_path, utc_now(), [Workflow.REFERRAL])
    assert "Fewer than 5 cases: nothing is told of them." in page.read_text()
    assert mapped.name == "referral-mapped.svg"


def test_few_open_cases_are_not_told(home: Path, tmp_path: Path):
    for _ in range(5):
        factories.make_referral(R.CLOSED_DECLINED)
    factories.make_referral()
    page, _, walked = workflow_report.write(tmp_path, utc_now(), [Workflow.REFERRAL])
    assert "6 cases, fewer than 5 of them open" in page.read_text()
    assert "few are open" in walked.read_text()


def test_drawings_are_pictures_with_words_for_whoever_cannot_see_them(written):
    _, drawings = written
    assert len(drawings) == len(STATUSES) + 1, "the other workflows have no case"
    for name, drawn in drawings.items():
        picture = ElementTree.fromstring(drawn)
        told = {each.tag.split("}")[1]: each.text for each in picture if each.tag.endswith(("title", "desc"))}
        assert told["title"] and told["desc"], name
        assert picture.get("role") == "img" and "style=" not in drawn and "<script" not in drawn
