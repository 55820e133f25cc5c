"""Tells people that a step was refused content it had not declared: what a patient said may lie unread meanwhile."""

from collections.abc import Sequence

from sqlmodel import Session

from acts.staff import staff_for_the_audit, staff_for_the_system
from adapters import operational_store as store
from adapters.log_lines import log_of
from models.codes import MessageChannel
from models.columns import utc_now
from models.errors import UndeclaredRead
from tasks.paging import page_clinicians

log = log_of(__name__)

TEMPLATE = "page_read_refused"
SAID_BY_PATIENTS = frozenset({"intake_text", "questionnaire_answers", "risk_flag", "session_transcript"})
"""Kinds of content in which somebody may say that they are in danger."""


def tell(refusals: Sequence[UndeclaredRead]) -> None:
    """Page compliance and whoever looks after the runs, once a day for each step and kind; never raises.

    Where what a patient said was not read, whoever is on call is paged about each case, once a day.
    """
    try:
        with store.writing() as db:
            for refusal in refusals:
                _tell(db, refusal)
    except Exception as trouble:  # the refusal itself goes on to the caller; it stands in the audit already
        log.error("nobody was told of a refused read", trouble=trouble)


def _tell(db: Session, refusal: UndeclaredRead) -> None:
    today, kinds = utc_now().date().isoformat(), "+".join(refusal.kinds)
    people = {person.id for person in (*staff_for_the_audit(db), *staff_for_the_system(db))}
    for staff_id in sorted(people):
        store.queue_message(
            db,
            unique_key=f"read-refused:{today}:{refusal.step}:{kinds}:{staff_id}",
            channel=MessageChannel.PAGE,
            template=TEMPLATE,
            case_number=None,
            to_staff_id=staff_id,
            urgent=True,
        )
    paged = 0
    if SAID_BY_PATIENTS & set(refusal.kinds):
        for number in refusal.cases:
            key = f"read-refused:{today}:{refusal.step}:{number}"
            paged += page_clinicians(db, store.one_case(db, number), key)
    store.audit(
        db, "system", "step.refused", ("step", refusal.step), kinds=kinds, cases=len(refusal.cases), paged=paged
    )
