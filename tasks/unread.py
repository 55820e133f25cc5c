"""Brings what no screening has read to somebody who reads it, whatever path it came by."""

import logging
from datetime import datetime

from sqlmodel import select

from acts import alarms
from acts.missed_risk import may_be_screened_again
from adapters import operational_store as store
from adapters import therapy_store
from models.codes import ReferralStatus
from models.errors import CountersignError, MovedOn
from models.operational import Episode, Referral, ToDo
from tasks.check_in_words import read_unread

logger = logging.getLogger(__name__)

R = ReferralStatus
SCREENED_SOON = (R.RECEIVED, R.READY_TO_SCREEN)
WAITING_FOR_WORDS = (R.POSSIBLE_DUPLICATE, R.QUESTIONNAIRES_REQUESTED)
"""Nobody moves these but the person they wait for; what worries there was paged when it came."""
WHERE = "unread content"


def sweep_unread(now: datetime) -> int:
    """Bring every case with unread content back to its screening, or its words before a clinician; returns how many.

    Safe to call every minute: what was brought in once is not brought again. ``now`` is when the round began.
    """
    brought = 0
    for case_number in sorted(therapy_store.cases_with_unread()):
        try:
            in_care = store.case_record_of(case_number) is Episode
            brought += bool(read_unread(case_number, now)) if in_care else bring_in(case_number)
        except MovedOn:
            continue  # somebody else moved it at this moment: the next round looks again
        except CountersignError as trouble:
            logger.error("case %s: unread content was not brought in (%s)", case_number, type(trouble).__name__)
    if brought:
        logger.info("unread content of %d cases brought in, round of %s", brought, now.isoformat(timespec="seconds"))
    return brought


def bring_in(case_number: str, *, while_asked: bool = False) -> bool:
    """Whether this case's unread content was moved to be read now, by a screening or by a clinician.

    ``while_asked``: also while the patient is asked for questionnaires, because somebody else sent more.
    """
    with store.reading() as db:
        referral = store.one(db, Referral, case_number)
    waits = referral.status in WAITING_FOR_WORDS and not (while_asked and referral.status == R.QUESTIONNAIRES_REQUESTED)
    if referral.status in SCREENED_SOON or waits:
        return False
    if not may_be_screened_again(referral):
        return _put_before_clinician(referral)
    with store.writing() as db:
        present = store.one(db, Referral, case_number)
        if present.version != referral.version or not therapy_store.unread(case_number):
            return False
        store.move_case(db, present, R.READY_TO_SCREEN, actor="system", why="unread_content")
    return True


def _put_before_clinician(referral: Referral) -> bool:
    """A to-do for every unread source that has none yet; a round with nothing new reads no content."""
    keys = {alarms.key_of(source) for source in therapy_store.unread_states(referral.case_number)}
    with store.reading() as db:
        known = db.exec(select(ToDo.unique_key).where(ToDo.case_number == referral.case_number)).all()
    left = keys - set(known)
    if not left:
        return False
    for source in therapy_store.unread_sources(referral.case_number, actor="system", where=WHERE):
        if alarms.key_of(therapy_store.named(source)) in left:
            alarms.put_before_clinician(referral, [source], urgent=alarms.worries(source))
    return True
