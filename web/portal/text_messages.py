"""Takes in the text messages that patients send back, from the gateway's web call."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from starlette.datastructures import FormData

from acts import patient
from models.therapy_text import TherapyText
from web.portal.forms import one_value
from web.portal.visit_pages import sent_form

router = APIRouter()


@router.post("/sms-in")
def hear(form: Annotated[FormData, Depends(sent_form)]) -> PlainTextResponse:
    """Fields ``From`` and ``Body``; answers with nothing to send back, whoever it was."""
    patient.hear_text_message(one_value(form, "From"), TherapyText(one_value(form, "Body")))
    return PlainTextResponse("")
