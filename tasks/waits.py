"""What a case needs before it waits: the to-do, link or message of its status, made once; and the name of the wait."""

from uuid import UUID

from sqlmodel import Session, select

from acts.case_to_dos import open_for_case
from acts.patient_messages import tell_patient
from adapters import operational_store as store
from adapters import prefect_runs
from adapters.portal_links import LINK_DAYS, make_link
from models.codes import CaseStatus, LinkPurpose, MessageChannel, ReferralStatus, ToDoKind, ToDoStatus
from models.errors import OutsideUnavailable
from models.operational import Claim, OutboxMessage, Referral
from tasks import claim_waits
from tasks.cases import Case
from tasks.steps import step

R = ReferralStatus

LIVE = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)
TO_DO_AT: dict[ReferralStatus, ToDoKind] = {
    R.POSSIBLE_DUPLICATE: ToDoKind.CHECK_DUPLICATE,
    R.CONTACT_PATIENT: ToDoKind.CALL_PATIENT,
    R.WAITLISTED: ToDoKind.WAITLIST,
    R.MISSED: ToDoKind.MISSED_SESSION,
}
LINK_AT: dict[ReferralStatus, tuple[LinkPurpose, str]] = {
    R.QUESTIONNAIRES_REQUESTED: (LinkPurpose.QUESTIONNAIRES, "questionnaires_invite"),
    R.OFFERED: (LinkPurpose.CHOOSE_TIME, "times_offered"),
}


@step("prepare the wait")
def prepare(case: Case, status: CaseStatus) -> None:
    """Make what the wait needs, once per time the case enters this status."""
    with store.writing() as db:
        referral = store.one_case(db, case.number)
        store.check_fence(referral, case.fence)
        if referral.status == status:
            store.check_not_held(db, referral)
        if referral.status == status and isinstance(referral, Claim):
            claim_waits.prepare(db, referral)
            return
        if referral.status != status or not isinstance(status, ReferralStatus):
            return  # a session's to-do was opened with the decision that returned it
        if status in TO_DO_AT:
            open_case_to_do(db, referral, TO_DO_AT[status])
        elif status in LINK_AT:
            _invite(db, referral, case.fence)


def open_case_to_do(db: Session, referral: Referral, kind: ToDoKind) -> bool:
    """Open the to-do of a case once per visit to its status; says whether it was new."""
    return open_for_case(db, referral, kind, f"{kind.value}:{referral.case_number}:{referral.version}")


def _invite(db: Session, referral: Referral, fence: int) -> None:
    """Send the patient the link of this wait; a patient who cannot be written to is called instead."""
    if send_link(db, referral, "invite") is None:
        store.move_case(db, referral, R.CONTACT_PATIENT, actor="system", fence=fence, why="no_written_channel")


def send_link(db: Session, referral: Referral, occasion: str) -> MessageChannel | None:
    """Queue one message with the link of the present wait, once per occasion and visit to the status.

    Returns the channel, or None for a patient who cannot be written to.
    """
    purpose, template = LINK_AT[referral.status]
    if occasion != "invite" and purpose == LinkPurpose.QUESTIONNAIRES:
        template = "questionnaires_reminder"
    key = f"{template}:{referral.case_number}:{referral.version}:{occasion}"
    told = db.exec(select(OutboxMessage.channel).where(OutboxMessage.unique_key == key)).first()
    if told is not None:
        return MessageChannel(told)
    link = make_link(db, referral.case_number, purpose, referral.version, LINK_DAYS).record
    return tell_patient(
        db,
        referral,
        template,
        unique_key=key,
        facts={"link_id": link.id},
    )


async def name_the_wait(run_id: str, case_number: str, words: str, *, between: str = " · ") -> None:
    """Name the run by its case number and present wait; a name that cannot be set now is set at the next wait."""
    try:
        await prefect_runs.rename(UUID(run_id), f"{case_number}{between}{words}")
    except OutsideUnavailable:
        return
