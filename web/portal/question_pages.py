"""The questions before the first session: one questionnaire to a page, then a page about the person."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData

from acts import patient
from acts.patient import Questions
from models.measures import DEFINITIONS, Measure
from models.referral_table import DAY_PARTS, DAYS
from models.therapy_text import TherapyText
from rules import measures
from web.portal.forms import one_value, read_answers, read_asked, read_choices, spoken_choices
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()


@dataclass(frozen=True)
class Step:
    """One page of the questions; without a measure it is the last one, about the person."""

    number: int
    total: int
    measure: Measure | None


def steps_of(asked: Questions) -> list[Step]:
    """Every page for this patient in order; the order does not change while they answer."""
    pages = (*asked.measures, None)
    return [Step(number, len(pages), measure) for number, measure in enumerate(pages, start=1)]


def _step(asked: Questions, number: int) -> Step:
    steps = steps_of(asked)
    return steps[min(max(number, 1), len(steps)) - 1]


def items_on_page(measure: Measure, given: dict[int, int]) -> tuple[int, ...]:
    """Which items the page shows: all of them, but of the C-SSRS screener only those its branching asks for."""
    if measure is Measure.CSSRS_SCREENER:
        return tuple(sorted({*given, *measures.questions_to_ask(measure, given)}))
    return tuple(item.number for item in DEFINITIONS[measure].items)


@router.get("/l/{token}/step/{number}")
def show_step(page: Shown, number: int) -> Response:
    visitor_of(page)
    asked = patient.questions(page.token, page.proof)
    step = _step(asked, number)
    return _show_measure(page, step, step.measure, asked) if step.measure else _show_about(page, step, asked)


@router.post("/l/{token}/step/{number}")
def save_step(page: Shown, form: OwnForm, number: int) -> Response:
    visitor_of(page)
    asked = patient.questions(page.token, page.proof)
    step = _step(asked, number)
    return _save_measure(page, step, step.measure, form) if step.measure else _save_about(page, step, asked, form)


# -- a questionnaire


def _show_measure(
    page: Page,
    step: Step,
    measure: Measure,
    asked: Questions,
    *,
    missing: tuple[int, ...] = (),
    more: bool = False,
) -> Response:
    definition = DEFINITIONS[measure]
    given = dict(asked.drafts.get(measure, {}))
    shown = items_on_page(measure, given)
    return _with_fresh_proof(
        page,
        page.show(
            "measure.html",
            status=422 if missing else 200,
            step=step,
            definition=definition,
            items=[item for item in definition.items if item.number in shown],
            optional=() if measure is Measure.CSSRS_SCREENER else _optional(measure),
            given=given,
            missing=missing,
            more=more,
            show_crisis=asked.show_crisis,
        ),
    )


def _optional(measure: Measure) -> tuple[int, ...]:
    return tuple(item.number for item in DEFINITIONS[measure].items if not item.scored)


def _save_measure(page: Page, step: Step, measure: Measure, form: FormData) -> Response:
    """Keep the page's answers whatever else is missing, then go on, ask what is missing, or ask what follows."""
    patient.answer(page.token, page.proof, {measure: read_answers(form, measure)})
    if one_value(form, "draft"):
        return _with_fresh_proof(page, Response(status_code=204))
    if one_value(form, "then") == "later":
        return page.notice("saved_title", "saved")
    asked = patient.questions(page.token, page.proof)
    to_ask = measures.questions_to_ask(measure, asked.drafts.get(measure, {}))
    missing = tuple(number for number in to_ask if number in read_asked(form))
    if to_ask:
        return _show_measure(page, step, measure, asked, missing=missing, more=not missing)
    return page.go(f"/step/{step.number + 1}", patient.renew(page.token, page.proof))


def _with_fresh_proof(page: Page, response: Response) -> Response:
    page.keep_proof(response, patient.renew(page.token, page.proof))
    return response


# -- the last page


def _show_about(page: Page, step: Step, asked: Questions, problems: tuple[tuple[str, str], ...] = ()) -> Response:
    """``problems``: pairs of the field's id and the name of the string that says what is wrong."""
    context: dict[str, Any] = {
        "step": step,
        "words_typed": asked.words.unwrap(),
        "longest": patient.LONGEST_WORDS,
        "choices": asked.choices,
        "spoken": spoken_choices(asked.choices.language),
        "ask_consent": asked.ask_consent,
        "problems_found": problems,
        "days": list(zip(DAYS, page.weekdays, strict=True)),
        "parts": DAY_PARTS,
        "show_crisis": asked.show_crisis,
    }
    return _with_fresh_proof(page, page.show("about.html", status=422 if problems else 200, **context))


def _save_about(page: Page, step: Step, asked: Questions, form: FormData) -> Response:
    words = TherapyText(one_value(form, "words"))
    later = one_value(form, "then") == "later"
    if one_value(form, "draft") or later:
        patient.answer(page.token, page.proof, {}, words)
        return page.notice("saved_title", "saved") if later else _with_fresh_proof(page, Response(status_code=204))
    choices = read_choices(form, asked.choices)
    if asked.ask_consent and choices.consent_ai is None:
        patient.answer(page.token, page.proof, {}, words)
        again = patient.questions(page.token, page.proof)
        return _show_about(page, step, again, (("consent-yes", "consent_missing"),))
    outcome = patient.answer(page.token, page.proof, {}, words, choices)
    if outcome.complete:
        return page.go()
    first_missing = next(each for each in steps_of(asked) if each.measure == outcome.missing[0])
    return page.go(f"/step/{first_missing.number}")
