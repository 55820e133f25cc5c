"""The pages between two sessions: answer a check-in, read what was sent, read a message."""

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from acts import check_in_answers, material, patient, patient_reading
from acts.check_in_answers import AnsweredAlready, Asked, Outcome
from models.measures import DEFINITIONS
from models.scheduling_codes import CheckInKind
from models.therapy_text import TherapyText
from rules.check_ins import HOMEWORK_SCALE, MEASURES, MOOD_SCALE
from web.portal.forms import one_value, read_answers
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()


@router.get("/l/{token}/check-in")
def show_check_in(page: Shown) -> Response:
    visitor_of(page)
    asked = check_in_answers.asked(page.token, page.proof)
    return _answered(page) if asked.answered else _show(page, asked, {}, "")


def _show(page: Page, asked: Asked, given: dict[int, int], words: str, missing: tuple[int, ...] = ()) -> Response:
    measure = MEASURES.get(asked.kind)
    definition = DEFINITIONS[measure] if measure else None
    response = page.show(
        "check_in.html",
        status=422 if missing else 200,
        kind=asked.kind.value,
        definition=definition,
        optional=tuple(item.number for item in definition.items if not item.scored) if definition else (),
        scale=tuple(MOOD_SCALE if asked.kind == CheckInKind.MOOD else HOMEWORK_SCALE),
        homework=asked.homework.unwrap(),
        given=given,
        missing=missing,
        words_typed=words,
        longest=check_in_answers.LONGEST_WORDS,
        show_crisis=check_in_answers.shows_crisis(asked.kind, given),
    )
    page.keep_proof(response, patient.renew(page.token, page.proof))
    return response


@router.post("/l/{token}/check-in")
def send_check_in(page: Shown, form: OwnForm) -> Response:
    visitor_of(page)
    asked = check_in_answers.asked(page.token, page.proof)
    if asked.answered:
        return _answered(page)
    measure = MEASURES.get(asked.kind)
    given = read_answers(form, measure) if measure else _one_answer(one_value(form, "answer"))
    words = one_value(form, "words")
    try:
        outcome = check_in_answers.answer(page.token, page.proof, given, TherapyText(words))
    except AnsweredAlready:
        return _answered(page)
    if not outcome.kept:
        return _show(page, asked, given, words, outcome.missing)
    return _thanks(page, outcome)


def _one_answer(value: str) -> dict[int, int]:
    """The one answer of a question of ours; whatever no radio button sends is no answer."""
    return {1: int(value)} if value.isascii() and value.isdigit() and len(value) <= 2 else {}


def _thanks(page: Page, outcome: Outcome) -> Response:
    following = check_in_answers.following(page.token, page.proof)
    if following is not None and not outcome.show_crisis:
        token, proof = following
        return page.go("/check-in", proof, token)
    text = "check_in_done_late" if outcome.late else "check_in_done"
    return page.notice("check_in_done_title", text, show_crisis=outcome.show_crisis)


def _answered(page: Page) -> Response:
    return page.notice("check_in_answered_title", "check_in_answered", status=409)


@router.get("/l/{token}/read")
def read_material(page: Shown) -> Response:
    visitor_of(page)
    piece = material.opened(page.token, page.proof)
    # CommonMark of our own library, rendered without raw HTML
    return page.show("material.html", piece=piece, body=Markup(piece.html))


@router.get("/l/{token}/message")
def read_message(page: Shown) -> Response:
    visitor_of(page)
    words = patient_reading.message(page.token, page.proof)
    return page.show("message.html", paragraphs=words.unwrap().split("\n\n"))
