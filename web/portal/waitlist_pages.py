"""The page of a time that came free: take it, leave it, or read kindly what became of it."""

from fastapi import APIRouter
from fastapi.responses import Response

from acts import waitlist
from acts.patient import LinkClosed
from acts.waitlist import EarlierTime, TimeGone
from adapters.spoken_times import spoken_time
from models.scheduling_codes import WaitlistOfferStatus
from web.portal.appointment_pages import shown_time
from web.portal.forms import one_value
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()

LOST = 409
STATUS = {
    WaitlistOfferStatus.OPEN: 200,
    WaitlistOfferStatus.ACCEPTED: 200,
    WaitlistOfferStatus.DECLINED: 200,
    WaitlistOfferStatus.EXPIRED: LOST,
    WaitlistOfferStatus.REVOKED: LOST,
}


@router.get("/l/{token}/earlier")
def show_earlier(page: Shown) -> Response:
    visitor_of(page)
    found = waitlist.offered(page.token, page.proof)
    if found.fate == WaitlistOfferStatus.ACCEPTED:
        return _to_appointment(page)
    return _show(page, found)


def _show(page: Page, found: EarlierTime, *, missing: bool = False) -> Response:
    zone = found.time.zone
    return page.show(
        "earlier.html",
        status=422 if missing else STATUS[found.fate],
        time=shown_time(page, found.time),
        fate=found.fate.value,
        until=spoken_time(found.hold_until, zone, page.language),
        instead_of=spoken_time(found.instead_of, zone, page.language) if found.instead_of else "",
        still_waiting=found.still_waiting,
        may_leave=found.may_leave,
        missing=missing,
    )


def _to_appointment(page: Page) -> Response:
    """To the appointment that came of it; where its link has gone, the page says that this was done."""
    try:
        token, proof = waitlist.follow_on(page.token, page.proof)
    except LinkClosed:
        return page.notice("closed_title", "closed_used", again=True)
    return page.go("/appointment", proof, token)


@router.post("/l/{token}/earlier")
def answer_earlier(page: Shown, form: OwnForm) -> Response:
    """What the patient says of the time; of one that has gone meanwhile tells the page it leads back to."""
    visitor_of(page)
    answer = one_value(form, "answer")
    found = waitlist.offered(page.token, page.proof)
    if answer not in ("take", "no", "leave"):
        return _show(page, found, missing=found.fate == WaitlistOfferStatus.OPEN)
    try:
        if answer == "take":
            waitlist.accept(page.token, page.proof)
            return _to_appointment(page)
        waitlist.decline(page.token, page.proof, leave=answer == "leave")
    except TimeGone:
        pass
    return page.go("/earlier")
