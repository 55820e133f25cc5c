"""The page on which a patient says how they want to be reminded."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData

from acts import reminder_wishes
from acts.reminder_wishes import LANGUAGES, Wished
from models.codes import MessageChannel
from rules.reminders import ReminderWish
from web.portal.forms import one_value
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()

HOURS = (168, 96, 72, 48, 24, 4, 2)
"""The choices, in hours before the visit."""
PARTS: dict[str, tuple[int, int] | None] = {"any": None, "am": (8, 12), "pm": (12, 17), "eve": (17, 21)}
CHANNELS = {"usual": None, "email": MessageChannel.EMAIL, "sms": MessageChannel.SMS}


@router.get("/l/{token}/reminders")
def show_reminders(page: Shown) -> Response:
    visitor_of(page)
    return _show(page, reminder_wishes.wished_by_visitor(page.token, page.proof))


def _show(page: Page, wished: Wished, problem: str = "", typed: FormData | None = None) -> Response:
    chosen = [str(each) for each in wished.wish.hours_before or wished.usual_hours]
    return page.show(
        "reminders.html",
        status=422 if problem else 200,
        problem=problem,
        wished=wished,
        saved="saved" in page.request.query_params and not problem,
        hours=sorted({*HOURS, *wished.usual_hours, *wished.wish.hours_before}, reverse=True),
        chosen=typed.getlist("hours") if typed else chosen,
        channel=one_value(typed, "channel") if typed else _name_of(CHANNELS, wished.wish.channel),
        part=one_value(typed, "part") if typed else _name_of(PARTS, wished.wish.hours_of_day),
        written_language=one_value(typed, "language") if typed else wished.language,
        languages=LANGUAGES,
    )


def _name_of(choices: dict, value: object) -> str:
    return next((name for name, each in choices.items() if each == value), "")


@router.post("/l/{token}/reminders")
def keep_reminders(page: Shown, form: OwnForm) -> Response:
    visitor_of(page)
    wished = reminder_wishes.wished_by_visitor(page.token, page.proof)
    try:
        wish, language = read_wish(form, wished)
        reminder_wishes.set_by_visitor(page.token, page.proof, wish, language)
    except ValueError:
        return _show(page, wished, "reminders_wrong", form)
    return page.go("/reminders?saved")


def read_wish(form: FormData, before: Wished) -> tuple[ReminderWish, str]:
    """What the form says; hours of the day that are none of its choices stay as they were. Raises ValueError."""
    hours = tuple(sorted({int(each) for each in form.getlist("hours") if isinstance(each, str)}, reverse=True))
    part, channel = one_value(form, "part"), one_value(form, "channel")
    if channel not in CHANNELS or not hours:
        raise ValueError("choose when and how")
    of_day = PARTS.get(part, before.wish.hours_of_day)
    wish = ReminderWish(() if hours == before.usual_hours else hours, CHANNELS[channel], of_day)
    return wish, one_value(form, "language")
