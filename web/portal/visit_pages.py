"""The first page of a link: the birth date, then on to the one thing the link is for; and the way out."""

from math import ceil
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from acts import patient, patient_visit
from acts.patient import LinkClosed, Visit, WhyNot
from adapters.operational_store import reading
from adapters.spoken_times import MONTHS
from models.codes import LinkPurpose, ReferralStatus
from models.errors import NotAllowed
from models.operational import Referral
from web.portal.forms import one_value, read_birth_date
from web.portal.guard import PortalLimits
from web.portal.page import Page
from web.sources import source_of

router = APIRouter()


async def sent_form(request: Request) -> FormData:
    return await request.form()


class OtherSite(NotAllowed):
    """The form did not come from a page of ours."""


def own_form(page: Annotated[Page, Depends(Page)], form: Annotated[FormData, Depends(sent_form)]) -> FormData:
    """The form, if it came from our page in this browser; raises OtherSite."""
    if not page.is_own_form(form):
        raise OtherSite("the form token does not fit")
    return form


Shown = Annotated[Page, Depends(Page)]
OwnForm = Annotated[FormData, Depends(own_form)]


def visitor_of(page: Page) -> Visit:
    """Who is here, and from now on in their language; raises NotAllowed."""
    with reading() as db:
        visitor = patient.visit(db, page.token, page.proof)
    page.know(language=visitor.patient.language, phone=visitor.location.phone)
    return visitor


FIRST_PAGES = {
    LinkPurpose.QUESTIONNAIRES: "/step/1",
    LinkPurpose.CHOOSE_TIME: "/times",
    LinkPurpose.APPOINTMENT: "/appointment",
    LinkPurpose.BILLING_DETAILS: "/billing",
    LinkPurpose.CHECK_IN: "/check-in",
    LinkPurpose.MATERIAL: "/read",
    LinkPurpose.MESSAGE: "/message",
    LinkPurpose.EARLIER_TIME: "/earlier",
    LinkPurpose.SURVEY: "/survey",
}


@router.get("/l/{token}")
def first_page(page: Shown) -> Response:
    """Where this link leads now."""
    state = patient.link_state(page.token)
    try:
        visitor = visitor_of(page)
    except NotAllowed:
        if state.usable:
            return _ask_birth_date(page)
        return _closed_to_strangers(page, state.why_not or WhyNot.UNKNOWN)
    if state.usable and state.purpose is not None:
        return page.go(FIRST_PAGES[state.purpose])
    return _after(page, visitor, state.why_not or WhyNot.MOVED_ON)


TOLD_TO_STRANGERS = {WhyNot.USED: 200, WhyNot.LOCKED: 403}


def _closed_to_strangers(page: Page, why_not: WhyNot) -> Response:
    """What somebody without a proof is told: forged, unknown, expired, revoked and overtaken links look the same.

    That a link was used, or locked by wrong dates, is told to whoever holds it: its patient must know what to do.
    """
    told = why_not if why_not in TOLD_TO_STRANGERS else WhyNot.UNKNOWN
    status = TOLD_TO_STRANGERS.get(told, 404)
    return page.notice("closed_title", f"closed_{told.value}", status=status, again=True)


def _after(page: Page, visitor: Visit, why_not: WhyNot) -> Response:
    """What a link shows to its own patient once its thing is done."""
    if visitor.referral.status == ReferralStatus.CLOSED_WITHDRAWN:
        return page.notice("withdrawn_title", "withdrawn")
    if visitor.link.purpose == LinkPurpose.EARLIER_TIME and why_not != WhyNot.LOCKED:
        return page.go("/earlier")  # which says what became of the time
    if why_not != WhyNot.USED:
        return page.notice("closed_title", f"closed_{why_not.value}", again=True)
    if visitor.link.purpose == LinkPurpose.BILLING_DETAILS:
        return page.notice("billing_done_title", "billing_done")
    if visitor.link.purpose == LinkPurpose.CHECK_IN:
        return page.notice("check_in_answered_title", "check_in_answered", status=409)
    if visitor.link.purpose == LinkPurpose.SURVEY:
        return page.notice("survey_answered_title", "survey_answered", status=409)
    if visitor.link.purpose == LinkPurpose.APPOINTMENT:
        return page.go("/appointment")
    if visitor.link.purpose == LinkPurpose.QUESTIONNAIRES:
        outcome = patient.answer(page.token, page.proof, {})
        return page.show("done.html", show_crisis=outcome.show_crisis)
    if visitor.referral.status == ReferralStatus.WAITLISTED:
        return page.notice("waitlisted_title", "waitlisted")
    token, proof = patient.follow_on(page.token, page.proof)
    return page.go("/appointment", proof, token)


def _ask_birth_date(page: Page, problem: str = "", typed: FormData | None = None) -> Response:
    if patient_visit.proves_by_name(page.token):
        return page.show("billing_name.html", status=422 if problem else 200, problem=problem)
    return page.show(
        "birth_date.html",
        status=422 if problem else 200,
        problem=problem,
        months=MONTHS[page.language],
        typed={name: one_value(typed, name) if typed else "" for name in ("year", "month", "day")},
    )


@router.post("/l/{token}")
def check_birth_date(page: Shown, form: OwnForm) -> Response:
    by_name = patient_visit.proves_by_name(page.token)
    birth_date, family_name = read_birth_date(form), one_value(form, "family_name")
    known = family_name if by_name else birth_date
    if not known and patient.link_state(page.token).usable:
        return _ask_birth_date(page, "billing_name_missing" if by_name else "birth_incomplete", form)
    if not known:
        return page.go()
    limits: PortalLimits = page.request.app.state.limits
    source, now = source_of(page.request), monotonic()
    if wait := limits.wrong_dates.seconds_to_wait(source, now):
        slower = page.notice("too_fast_title", "too_many_dates", status=429)
        slower.headers["Retry-After"] = str(ceil(wait))
        return slower
    try:
        if birth_date is None or by_name:
            return page.go(proof=patient_visit.verify_name(page.token, family_name))
        return page.go(proof=patient.verify(page.token, birth_date))
    except LinkClosed as closed:
        if closed.why_not == WhyNot.LOCKED:
            limits.wrong_dates.count(source, now)
        return page.go()
    except NotAllowed:
        limits.wrong_dates.count(source, now)
        if not patient.link_state(page.token).usable:  # a forged link: not a word about its birth date
            return page.go()
        return _ask_birth_date(page, "billing_name_wrong" if by_name else "birth_wrong", form)


@router.get("/l/{token}/withdraw")
def ask_withdraw(page: Shown) -> Response:
    if not _may_withdraw(visitor_of(page)):
        return page.go()
    return page.show("withdraw.html")


def _may_withdraw(visitor: Visit) -> bool:
    """Only a referral is ended from a link: what was held is billed whatever the patient wishes for the future, and
    ongoing care is ended in a talk."""
    return isinstance(visitor.referral, Referral) and visitor.link.purpose != LinkPurpose.BILLING_DETAILS


@router.post("/l/{token}/withdraw")
def withdraw(page: Shown, form: OwnForm) -> Response:
    if not _may_withdraw(visitor_of(page)):
        return page.go()
    patient.withdraw(page.token, page.proof)
    return page.go()
