"""The two questions of a survey, answered once."""

from fastapi import APIRouter
from fastapi.responses import Response

from acts import patient, surveys
from acts.surveys import SurveyAnswered
from rules.surveys import RECOMMENDS, SATISFIED
from web.portal.forms import one_value
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()


@router.get("/l/{token}/survey")
def show_survey(page: Shown) -> Response:
    visitor_of(page)
    try:
        surveys.open_survey(page.token, page.proof)
    except SurveyAnswered:
        return _answered(page)
    return _show(page)


def _show(page: Page, *, missing: bool = False, no_more: bool = False) -> Response:
    response = page.show(
        "survey.html",
        status=422 if missing else 200,
        # the best first, as a reader expects of words
        satisfied=tuple(reversed(SATISFIED)),
        recommends=tuple(RECOMMENDS),
        missing=missing,
        no_more=no_more,
    )
    page.keep_proof(response, patient.renew(page.token, page.proof))
    return response


@router.post("/l/{token}/survey")
def send_survey(page: Shown, form: OwnForm) -> Response:
    visitor_of(page)
    given = [_number(one_value(form, name)) for name in ("satisfied", "recommends")]
    no_more = one_value(form, "no_more") == "yes"
    try:
        surveys.answer(page.token, page.proof, given[0], given[1], no_more=no_more)
    except SurveyAnswered:
        return _answered(page)
    except ValueError:
        return _show(page, missing=True, no_more=no_more)
    return page.notice("survey_done_title", "survey_done")


def _number(value: str) -> int | None:
    """What a button sends; whatever no button sends is no answer."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 2 else None


def _answered(page: Page) -> Response:
    return page.notice("survey_answered_title", "survey_answered", status=409)
