"""How a patient wants to be reminded, as staff note it for them."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import reminder_wishes
from acts.reminder_wishes import LANGUAGES
from adapters import visit_views
from adapters.visit_views import PatientCases
from models.codes import MessageChannel
from models.errors import MovedOn, NotAllowed
from rules.access import may_see_case
from rules.reminders import ReminderWish
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()


@router.get("/patients/{patient_id}/reminders", name="patient_reminders")
def patient_reminders(request: Request, me: SignedIn, patient_id: str, done: str = "") -> HTMLResponse:
    return _show(request, _visible(me, patient_id), kept=bool(done))


def _visible(me: Member, patient_id: str) -> PatientCases:
    """A patient of whom this person may see a case; raises NotAllowed or MovedOn."""
    view = visit_views.patient_cases(patient_id)
    if not any(may_see_case(me.viewer, facts).allowed for facts in view.facts):
        raise NotAllowed("you may see none of this patient's cases")
    return view


def _show(
    request: Request,
    view: PatientCases,
    *,
    kept: bool = False,
    problem: str | None = None,
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    wished = reminder_wishes.wished_by(view.patient.id)
    begins, ends = wished.wish.hours_of_day or ("", "")
    return page(
        request,
        "patient_reminders.html",
        status_code=status_code,
        view=view,
        wished=wished,
        usual=", ".join(str(each) for each in wished.usual_hours),
        languages=LANGUAGES,
        form=typed
        or {
            "hours": ", ".join(str(each) for each in wished.wish.hours_before),
            "channel": wished.wish.channel.value if wished.wish.channel else "",
            "begins": str(begins),
            "ends": str(ends),
            "language": wished.language,
        },
        kept=kept,
        problem=problem,
    )


@router.post("/patients/{patient_id}/reminders", name="keep_patient_reminders")
def keep_patient_reminders(
    request: Request,
    me: SignedIn,
    patient_id: str,
    hours: Annotated[str, Form()] = "",
    channel: Annotated[str, Form()] = "",
    begins: Annotated[str, Form()] = "",
    ends: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
) -> Response:
    view = _visible(me, patient_id)
    try:
        wish = read_wish(hours, channel, begins, ends)
        reminder_wishes.set_by_staff(patient_id, wish, language, me.id)
    except (NotAllowed, MovedOn, ValueError) as refusal:
        typed = {"hours": hours, "channel": channel, "begins": begins, "ends": ends, "language": language}
        problem = words.sentence(str(refusal)) + "."
        return _show(request, view, problem=problem, typed=typed, status_code=422)
    return RedirectResponse(f"/patients/{patient_id}/reminders?done=kept", status_code=303)


def read_wish(hours: str, channel: str, begins: str, ends: str) -> ReminderWish:
    """What the form's fields say; raises ValueError with what is wrong."""
    of_day = None
    if begins.strip() or ends.strip():
        of_day = (_whole(begins or "0", "an hour of the day"), _whole(ends or "24", "an hour of the day"))
    if channel not in ("", MessageChannel.EMAIL, MessageChannel.SMS):
        raise ValueError("choose e-mail or text message")
    before = tuple(_whole(each, "hours before the session") for each in hours.replace(",", " ").split())
    return ReminderWish(before, MessageChannel(channel) if channel else None, of_day)


def _whole(text: str, what: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 3:
        raise ValueError(f"{what} are whole numbers")
    return int(text)
