"""Takes in a second referral of an open case: nothing of it is lost, and it is read before work goes on."""

from sqlmodel import Session

from adapters import operational_store as store
from adapters import therapy_store
from models.codes import MessageChannel, ReferralStatus
from models.measures import Measure
from models.operational import Referral
from models.transitions import REFERRAL
from rules import triage
from tasks.people import on_call
from tasks.quarantine import is_worrying

R = ReferralStatus
SCREENED_LATER = (R.RECEIVED, R.POSSIBLE_DUPLICATE, R.READY_TO_SCREEN)


def take_repeat(content: therapy_store.IntakeContent, source_key: str) -> None:
    """Keep what is new; a case that was screened already is screened again with it.

    A booked case keeps its appointment: what worries there pages the clinicians instead of moving the case.
    """
    if not therapy_store.keep_repeat(content, source_key):
        return
    with store.writing() as db:
        referral = store.one(db, Referral, content.case_number)
        if referral.status in SCREENED_LATER or referral.status.is_closed:
            return
        if referral.status != R.BOOKED and R.READY_TO_SCREEN in REFERRAL[referral.status]:
            store.move_case(db, referral, R.READY_TO_SCREEN, actor="system", why="referred_again")
        elif _worries(content):
            _page(db, referral, source_key)


def _worries(content: therapy_store.IntakeContent) -> bool:
    forms = {Measure(measure): given for measure, _, given, *_ in content.answers}
    return bool(triage.flags_from_measures(forms)) or is_worrying({"referral_text": content.text.unwrap()})


def _page(db: Session, referral: Referral, source_key: str) -> None:
    people = {person.id for person in on_call(db, referral.location_id)} | {referral.clinician_id or ""}
    for staff_id in sorted(people - {""}):
        store.queue_message(
            db,
            unique_key=f"referred-again:{referral.case_number}:{source_key}:{staff_id}",
            channel=MessageChannel.PAGE,
            template="page_risk_review",
            case_number=referral.case_number,
            to_staff_id=staff_id,
            urgent=True,
        )
