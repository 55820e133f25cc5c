"""What a clinician asks a patient in care to answer between sessions."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from acts.follow_ups import must_be_in_care
from acts.patient_messages import zone_of
from adapters import therapy_store
from adapters.operational_store import audit, one, reading, set_status, writing
from models.codes import Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import CheckIn, CheckInPlan, Episode, Patient, PortalLink, Staff
from models.scheduling_codes import CheckInKind, CheckInStatus
from models.therapy_text import TherapyText
from rules import check_ins

LONGEST_HOMEWORK = 2000


def assign(
    case_number: str,
    kind: CheckInKind,
    *,
    every_days: int,
    staff_id: str,
    starts_on: date | None = None,
    until_on: date | None = None,
    words: TherapyText | None = None,
    form_id: str,
) -> str:
    """Have the patient asked every so many days from ``starts_on`` on, today on their calendar where it is not given.

    ``words``: what the homework is, sealed. ``form_id`` names the form, so that sending it twice assigns once. Returns
    the plan's id. Raises NotAllowed, MovedOn once the care has ended, ValueError naming what does not fit.
    """
    said = words.unwrap().strip() if words is not None and kind == CheckInKind.HOMEWORK else ""
    if len(said) > LONGEST_HOMEWORK:
        raise ValueError(f"homework has at most {LONGEST_HOMEWORK} characters")
    plan_id = f"CP-{form_id}"
    with reading() as db:
        episode = one(db, Episode, case_number)
        may_assign(db, episode, staff_id)
        zone = zone_of(db, episode, one(db, Patient, episode.patient_id))
        if db.get(CheckInPlan, plan_id) is not None:
            return plan_id
    today = utc_now().astimezone(ZoneInfo(zone)).date()
    first = max(starts_on or today, today)
    check_ins.check_plan(kind, every_days, first, until_on, said)
    if said:
        therapy_store.keep_to_do_words(plan_id, case_number, question=TherapyText(said), actor=staff_id)
    with writing() as db:
        episode = one(db, Episode, case_number)
        may_assign(db, episode, staff_id)
        for standing in _standing(db, case_number, kind):
            if kind != CheckInKind.HOMEWORK:
                raise ValueError(f"{kind.value} is asked already: end that first ({standing.id})")
        plan = CheckInPlan(
            id=plan_id,
            case_number=case_number,
            kind=kind,
            every_days=every_days,
            next_on=first,
            until_on=until_on,
            assigned_by=staff_id,
        )
        db.add(plan)
        audit(db, staff_id, "check_in.assigned", plan, case_number, kind=kind.value, every_days=every_days)
    return plan_id


def _standing(db: Session, case_number: str, kind: CheckInKind) -> list[CheckInPlan]:
    found = select(CheckInPlan).where(CheckInPlan.case_number == case_number, CheckInPlan.kind == kind)
    return [plan for plan in db.exec(found).all() if plan.ended_at is None]


def end(plan_id: str, case_number: str, *, staff_id: str) -> None:
    """Ask no more; what was asked and not answered is withdrawn with its link. Again changes nothing."""
    with writing() as db:
        plan = one(db, CheckInPlan, plan_id)
        if plan.case_number != case_number:
            raise MovedOn(f"{plan_id} is not asked in {case_number}")
        may_assign(db, one(db, Episode, case_number), staff_id, ended_too=True)
        if plan.ended_at is None:
            end_plan(db, plan, staff_id)


def end_all(db: Session, case_number: str, actor: str) -> None:
    """End everything that is asked of a patient whose care ends, in the caller's transaction."""
    for plan in db.exec(select(CheckInPlan).where(CheckInPlan.case_number == case_number)).all():
        if plan.ended_at is None:
            end_plan(db, plan, actor)


def end_plan(db: Session, plan: CheckInPlan, actor: str) -> None:
    """End one plan in the caller's transaction."""
    plan.ended_at = utc_now()
    db.add(plan)
    audit(db, actor, "check_in.ended", plan, plan.case_number, kind=plan.kind.value)
    asked = select(CheckIn).where(CheckIn.plan_id == plan.id)
    for check_in in db.exec(asked).all():
        if check_in.status in (CheckInStatus.DUE, CheckInStatus.SENT):
            set_status(db, check_in, CheckInStatus.WITHDRAWN, actor)
            close_links(db, check_in.id)


def close_links(db: Session, subject_id: str, *, used_at: datetime | None = None) -> None:
    """What was sent about one check-in opens nothing any more; ``used_at`` says that it was done."""
    for link in db.exec(select(PortalLink).where(PortalLink.subject_id == subject_id)).all():
        if used_at is not None:
            link.used_at = link.used_at or used_at
        else:
            link.revoked = True
        db.add(link)


def may_assign(db: Session, episode: Episode, staff_id: str, *, ended_too: bool = False) -> None:
    """A clinician of the place does this, or the one whose patient it is."""
    if not ended_too:
        must_be_in_care(episode)
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role != Role.CLINICIAN:
        raise NotAllowed("a clinician does this")
    if episode.location_id not in staff.location_ids and staff.id != episode.clinician_id:
        raise NotAllowed("the patient is in care at another location")


def homework_words(plan_id: str, *, actor: str, where: str) -> TherapyText:
    """What the homework of a plan is; empty for another kind."""
    kept = therapy_store.to_do_words(plan_id, actor=actor, where=where)
    return kept.question if kept is not None and kept.question is not None else TherapyText("")


def fresh_form() -> str:
    """A name for one form, so that sending it twice does its work once."""
    return new_id("F").removeprefix("F-")


def the_check_in(db: Session, check_in_id: str | None) -> CheckIn:
    """One check-in; raises MovedOn where there is none."""
    if not check_in_id:
        raise MovedOn("this link is about no check-in")
    return one(db, CheckIn, check_in_id)
