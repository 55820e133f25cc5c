"""The pages about time: choose one that is offered; see the visit that is booked, confirm, move or cancel it."""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from acts import patient
from acts.patient import BookedTime, FreeTime, OfferedTime, TimeGone, TimeTaken
from adapters.spoken_times import spoken_day, spoken_hour, spoken_time, spoken_zone
from models.codes import AppointmentStatus, ReferralStatus
from web.portal.forms import one_value
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
NEW_TIMES = (ReferralStatus.READY_TO_OFFER, ReferralStatus.OFFERED)


@dataclass(frozen=True, repr=False)
class ShownTime:
    """One time in the patient's words."""

    key: str
    day: str
    hour: str
    zone: str
    full: str
    minutes: str
    place: str
    clinician: str

    def __repr__(self) -> str:
        return "<shown time>"


def shown_time(page: Page, time: OfferedTime | BookedTime | FreeTime) -> ShownTime:
    return ShownTime(
        key=time.key,
        day=spoken_day(time.starts_at, time.zone, page.language),
        hour=spoken_hour(time.starts_at, time.zone, page.language),
        zone=spoken_zone(time.zone, page.language),
        full=spoken_time(time.starts_at, time.zone, page.language),
        minutes=page.words("minutes", n=time.minutes),
        place=page.words(f"place_{time.modality.value}", place=time.location_name),
        clinician=f"{time.clinician_name}, {time.credential}",
    )


@router.get("/l/{token}/times")
def show_times(page: Shown) -> Response:
    visitor_of(page)
    return _show_times(page)


def _show_times(page: Page, *, taken: bool = False) -> Response:
    times = patient.offered_times(page.token, page.proof)
    zone = spoken_zone(times[0].zone, page.language) if times else ""
    shown = [shown_time(page, time) for time in times]
    return page.show("times.html", status=409 if taken else 200, times=shown, zone=zone, taken=taken)


@router.post("/l/{token}/times")
def choose_time(page: Shown, form: OwnForm) -> Response:
    visitor_of(page)
    try:
        patient.choose(page.token, page.proof, one_value(form, "offer"))
    except TimeTaken as lost:
        if lost.others_left:
            return _show_times(page, taken=True)
        return page.notice("taken_all_title", "taken_all", status=409)
    token, proof = patient.follow_on(page.token, page.proof)
    return page.go("/appointment", proof, token)


@router.post("/l/{token}/none-suit")
def none_suit(page: Shown, form: OwnForm) -> Response:
    patient.none_suit(page.token, page.proof)
    return page.go()


@router.get("/l/{token}/appointment")
def show_appointment(page: Shown) -> Response:
    visitor = visitor_of(page)
    booked = patient.appointment(page.token, page.proof)
    if booked.moved and (new := patient.moved_to(page.token, page.proof)) is not None:
        return page.go("/appointment", new[1], new[0])
    return page.show(
        "appointment.html",
        time=shown_time(page, booked),
        status_words=page.words(f"status_{booked.status.value}"),
        ongoing=booked.ongoing,
        may_move=booked.may_move,
        late=booked.late_to_cancel,
        called="called" in page.request.query_params,
        standing=booked.status in STANDING and not booked.over,
        confirmed=booked.status == AppointmentStatus.CONFIRMED,
        cancelled=booked.status not in STANDING,
        over=booked.over,
        new_times=visitor.referral.status in NEW_TIMES,
    )


@router.post("/l/{token}/confirm")
def confirm(page: Shown, form: OwnForm) -> Response:
    patient.confirm(page.token, page.proof)
    return page.go("/appointment")


@router.get("/l/{token}/cancel")
def ask_cancel(page: Shown) -> Response:
    visitor_of(page)
    return _ask_cancel(page)


def _ask_cancel(page: Page, *, missing: bool = False) -> Response:
    booked = patient.appointment(page.token, page.proof)
    if booked.status not in STANDING or booked.over:
        return page.go("/appointment")
    return page.show(
        "cancel.html",
        status=422 if missing else 200,
        time=shown_time(page, booked),
        late=booked.late_to_cancel,
        missing=missing,
    )


@router.post("/l/{token}/cancel")
def cancel(page: Shown, form: OwnForm) -> Response:
    """In ongoing care one tap does it; a first session's case must know where to go."""
    visitor_of(page)
    wish = one_value(form, "wish")
    if patient.appointment(page.token, page.proof).ongoing:
        patient.cancel(page.token, page.proof, wants_new_time=False)
        return page.go("/appointment")
    if wish not in ("new", "call", "withdraw"):
        return _ask_cancel(page, missing=True)
    if wish == "withdraw":
        patient.withdraw(page.token, page.proof)
        return page.go()
    patient.cancel(page.token, page.proof, wants_new_time=wish == "new")
    return page.go("/appointment")


@router.get("/l/{token}/move")
def show_free_times(page: Shown) -> Response:
    visitor_of(page)
    return _show_free_times(page)


def _show_free_times(page: Page, *, taken: bool = False) -> Response:
    booked = patient.appointment(page.token, page.proof)
    if not booked.may_move:
        return page.go("/appointment")
    return page.show(
        "move.html",
        status=409 if taken else 200,
        now=shown_time(page, booked),
        stands=booked.status in STANDING,
        late=booked.late_to_cancel and booked.status in STANDING,
        times=[shown_time(page, time) for time in patient.free_times(page.token, page.proof)],
        zone=spoken_zone(booked.zone, page.language),
        taken=taken,
    )


@router.post("/l/{token}/move")
def move(page: Shown, form: OwnForm) -> Response:
    visitor_of(page)
    try:
        patient.move(page.token, page.proof, one_value(form, "slot"))
    except TimeGone:
        return _show_free_times(page, taken=True)
    return page.go("/appointment")


@router.post("/l/{token}/call")
def ask_to_be_called(page: Shown, form: OwnForm) -> Response:
    visitor_of(page)
    patient.ask_to_be_called(page.token, page.proof)
    return page.go("/appointment?called")
