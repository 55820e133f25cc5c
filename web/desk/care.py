"""The pages of a patient in care: what is asked between sessions, the answers over time, material, messages."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import check_ins, follow_ups, material
from adapters import care_views, case_views, desk_views, education
from adapters.case_views import CaseView
from adapters.operational_store import reading as reading_db
from models.codes import Role
from models.errors import ContractBroken, MovedOn, NotAllowed, NotSignedOff
from models.operational import Episode
from models.scheduling_codes import CheckInKind
from models.therapy_text import TherapyText
from rules.access import may_read_content, may_see_case, may_see_to_do
from web.desk import evidence, words
from web.desk.members import Member, SignedIn, check_theirs, reading, visible_case
from web.desk.pages import page

router = APIRouter()

WHERE = "desk:care"
DONE = {
    "assigned": "It is asked from the day you chose on.",
    "ended": "It is not asked any more.",
    "material": "It is sent; you see here when it was opened.",
    "message": "The message waits for a clinician's signature, then it leaves.",
    "finished": "The to-do is done.",
    "claimed": "This to-do is yours now.",
    "given_back": "The to-do waits for whoever takes it next.",
}


@router.get("/care", name="care")
def care(request: Request, me: SignedIn, scope: str = "mine") -> HTMLResponse:
    own = me.staff.role == Role.CLINICIAN and scope != "all"
    found = care_views.rows(me.staff.location_ids, clinician_id=me.id if own else None)
    return page(
        request,
        "care_list.html",
        rows=[row for row in found if may_see_case(me.viewer, row.facts).allowed],
        cut=len(found) == care_views.SHOWN,
        scope="mine" if own else "all",
        places=desk_views.places(),
        names=desk_views.staff_names(),
    )


@router.get("/care/{case_number}", name="care_page")
def care_page(request: Request, me: SignedIn, case_number: str, done: str = "") -> Response:
    if words.is_follow_up(case_number):
        episode = care_views.episode_of(case_number)
        return RedirectResponse(f"/care/{episode}" if episode else "/care", status_code=303)
    return _show(request, me, _in_care(me, case_number), notice=DONE.get(done))


def _in_care(me: Member, case_number: str) -> CaseView:
    found = visible_case(me, case_number)
    if not isinstance(found.referral, Episode):
        raise MovedOn(f"{case_number} is nobody in care")
    return found


def _show(
    request: Request,
    me: Member,
    found: CaseView,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    episode = found.referral
    number = episode.case_number
    reads = may_read_content(me.viewer, found.facts).allowed
    theirs = may_see_case(me.viewer, found.facts).allowed
    between = care_views.between(number)
    with reading(me, found):
        series = evidence.answers_over_time(number, me, WHERE) if reads else ()
        texts = evidence.check_in_texts(number, me, WHERE) if reads else {}
        homework = {
            plan.id: evidence.to_do_question(plan.id, me, WHERE)
            for plan in between.plans
            if reads and plan.kind == CheckInKind.HOMEWORK
        }
    active = not episode.status.is_closed
    return page(
        request,
        "care.html",
        status_code=status_code,
        found=found,
        episode=episode,
        between=between,
        reads=reads,
        series=series,
        texts=texts,
        homework=homework,
        assigns=theirs and active and me.staff.role == Role.CLINICIAN,
        writes=theirs and active,
        kinds=tuple(CheckInKind),
        offered=_offered(found.patient.language),
        titles={(piece.name, piece.version): piece.title for piece in education.library().values()},
        to_dos=[
            each
            for each in case_views.open_to_dos_of(number)
            if may_see_to_do(me.viewer, found.facts, each.role).allowed
        ],
        form_id=check_ins.fresh_form(),
        names=desk_views.staff_names(),
        notice=notice,
        problem=problem,
        typed=typed or {},
    )


def _offered(language: str | None) -> list[tuple[str, str]]:
    """The pieces that may be sent to somebody of this language: name and title."""
    with reading_db() as db:
        names = sorted({piece.name for piece in education.library().values()})
        newest = [education.newest(name, language) for name in names]
        return [(piece.name, piece.title) for piece in newest if education.review_of(db, piece) is not None]


def _act(
    request: Request, me: Member, case_number: str, done: str, typed: dict[str, str], act: Callable[[], object]
) -> Response:
    """Do it and show the page; what refuses it is shown beside what was typed."""
    found = _in_care(me, case_number)
    check_theirs(me, found)
    try:
        act()
    except (NotAllowed, MovedOn, NotSignedOff, ContractBroken, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, found, problem=problem, typed=typed, status_code=422)
    return RedirectResponse(f"/care/{case_number}?done={done}", status_code=303)


@router.post("/care/{case_number}/check-ins", name="assign_check_in")
def assign_check_in(
    request: Request,
    me: SignedIn,
    case_number: str,
    kind: Annotated[str, Form()] = "",
    every_days: Annotated[str, Form()] = "",
    starts_on: Annotated[str, Form()] = "",
    until_on: Annotated[str, Form()] = "",
    homework: Annotated[str, Form()] = "",
    form_id: Annotated[str, Form()] = "",
) -> Response:
    def assign() -> None:
        if kind not in tuple(CheckInKind):
            raise ValueError("choose what is asked")
        if not every_days.isascii() or not every_days.isdigit() or len(every_days) > 3:
            raise ValueError("say every how many days, as a number")
        check_ins.assign(
            case_number,
            CheckInKind(kind),
            every_days=int(every_days),
            starts_on=_day(starts_on),
            until_on=_day(until_on),
            words=TherapyText(homework.replace("\r\n", "\n")),
            staff_id=me.id,
            form_id=_form(form_id),
        )

    typed = {
        "kind": kind,
        "every_days": every_days,
        "starts_on": starts_on,
        "until_on": until_on,
        "homework": homework,
    }
    return _act(request, me, case_number, "assigned", typed, assign)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("a date is written like 2026-12-01") from None


def _form(form_id: str) -> str:
    """The form's own name; one that we did not make is another form."""
    return form_id if form_id.isalnum() and form_id.isascii() and len(form_id) <= 40 else check_ins.fresh_form()


@router.post("/care/{case_number}/check-ins/{plan_id}/end", name="end_check_in")
def end_check_in(request: Request, me: SignedIn, case_number: str, plan_id: str) -> Response:
    return _act(request, me, case_number, "ended", {}, lambda: check_ins.end(plan_id, case_number, staff_id=me.id))


@router.post("/care/{case_number}/material", name="send_material")
def send_material(request: Request, me: SignedIn, case_number: str, name: Annotated[str, Form()] = "") -> Response:
    return _act(request, me, case_number, "material", {}, lambda: material.send(case_number, name, staff_id=me.id))


@router.post("/care/{case_number}/messages", name="write_message")
def write_message(
    request: Request,
    me: SignedIn,
    case_number: str,
    message: Annotated[str, Form()] = "",
    form_id: Annotated[str, Form()] = "",
) -> Response:
    def write() -> None:
        said = TherapyText(message.replace("\r\n", "\n"))
        follow_ups.write_message(case_number, staff_id=me.id, words=said, form_id=_form(form_id))

    return _act(request, me, case_number, "message", {"message": message}, write)


# -- the library


@router.get("/library", name="library")
def library(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    with reading_db() as db:
        pieces = [(piece, education.review_of(db, piece)) for piece in education.library().values()]
    notice = "Your review is on record: it can be sent from now on." if done else None
    return page(request, "library.html", pieces=pieces, names=desk_views.staff_names(), notice=notice)


@router.get("/library/{key}", name="library_piece")
def library_piece(request: Request, me: SignedIn, key: str) -> HTMLResponse:
    piece = education.library().get(key)
    if piece is None:
        raise MovedOn("the library has no such piece")
    with reading_db() as db:
        review = education.review_of(db, piece)
    reviews = me.staff.role == Role.CLINICIAN
    return page(
        request, "library_piece.html", piece=piece, review=review, reviews=reviews, names=desk_views.staff_names()
    )


@router.post("/library/{key}/review", name="review_piece")
def review_piece(me: SignedIn, key: str, seen_digest: Annotated[str, Form()] = "") -> Response:
    try:
        material.review(key, seen_digest, staff_id=me.id)
    except ContractBroken as unknown:
        raise MovedOn(str(unknown)) from unknown
    return RedirectResponse("/library?done=reviewed", status_code=303)
