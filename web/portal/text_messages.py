"""Takes in the text messages that patients send back, from the gateway's web call."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.responses import PlainTextResponse
from starlette.datastructures import FormData

from acts import patient
from adapters.settings import settings
from models.therapy_text import TherapyText
from web.portal.forms import one_value
from web.portal.visit_pages import sent_form

router = APIRouter()


def from_the_gateway(x_countersign_secret: Annotated[str, Header()] = "") -> None:
    """Only the gateway knows the secret; without one in the settings this address does not exist."""
    wanted = settings().sms_in_secret
    # a header arrives as latin-1, whatever bytes were sent
    if not wanted or not hmac.compare_digest(x_countersign_secret.encode("latin-1"), wanted.encode()):
        raise HTTPException(404)


@router.post("/sms-in", dependencies=[Depends(from_the_gateway)])
def hear(form: Annotated[FormData, Depends(sent_form)]) -> PlainTextResponse:
    """Fields ``From`` and ``Body``; answers with nothing to send back, whoever it was."""
    patient.hear_text_message(one_value(form, "From"), TherapyText(one_value(form, "Body")))
    return PlainTextResponse("")
