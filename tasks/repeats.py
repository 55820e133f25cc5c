"""Takes in a second referral of an open case: nothing of it is lost, and it is read before work goes on."""

from acts.alarms import alarm_if_worrying
from adapters import operational_store as store
from adapters import therapy_store
from models.errors import MovedOn
from models.operational import Referral
from tasks.unread import SCREENED_SOON, bring_in


def take_repeat(content: therapy_store.IntakeContent, source_key: str) -> None:
    """Keep what is new; a case that was screened already is screened again with it.

    A booked or closed case stays: what worries there pages the clinicians instead of moving the case. What is to be
    done is decided by what is unread, so that a crash after the content was kept is made up by the same file.
    """
    therapy_store.keep_repeat(content, source_key)
    with store.reading() as db:
        referral = store.one(db, Referral, content.case_number)
    if referral.status in SCREENED_SOON or not therapy_store.unread(content.case_number):
        return
    alarm_if_worrying(content.case_number, where="referred again")
    try:
        bring_in(content.case_number, while_asked=True)
    except MovedOn:
        return  # somebody moved it at this moment; the sweep of unread content looks again
