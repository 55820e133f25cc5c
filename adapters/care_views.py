"""What the desk shows of patients in care between two sessions: what is asked, sent, waited for; no content."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import col, select

from adapters.desk_views import case_facts
from adapters.operational_store import reading
from models.case_facts import CaseFacts
from models.codes import EpisodeStatus
from models.operational import Approval, CheckIn, CheckInPlan, Episode, FollowUp, MaterialSent, Patient
from models.scheduling_codes import CheckInStatus

SHOWN = 300


@dataclass(frozen=True)
class CareRow:
    """One patient in care, in the list."""

    episode: Episode
    patient_name: str
    facts: CaseFacts
    asked: int
    open_follow_ups: int


@dataclass(frozen=True)
class Between:
    """What goes on between the sessions of one patient in care, the newest first; ``approvals`` by case number."""

    plans: tuple[CheckInPlan, ...]
    check_ins: tuple[CheckIn, ...]
    material: tuple[MaterialSent, ...]
    follow_ups: tuple[FollowUp, ...]
    approvals: dict[str, Approval]

    @property
    def standing(self) -> tuple[CheckInPlan, ...]:
        return tuple(plan for plan in self.plans if plan.ended_at is None)

    def answered(self, plan_id: str) -> int:
        return sum(one.plan_id == plan_id and one.status == CheckInStatus.ANSWERED for one in self.check_ins)

    def asked(self, plan_id: str) -> int:
        return sum(one.plan_id == plan_id for one in self.check_ins)


def rows(location_ids: Collection[str], clinician_id: str | None = None, limit: int = SHOWN) -> list[CareRow]:
    """The patients in care at these locations, by name; of one clinician where one is named."""
    query = (
        select(Episode, Patient)
        .join(Patient, col(Patient.id) == col(Episode.patient_id))
        .where(Episode.status == EpisodeStatus.ACTIVE)
        .order_by(col(Patient.family_name), col(Patient.given_name), col(Episode.case_number))
        .limit(limit)
    )
    if clinician_id is None:
        query = query.where(col(Episode.location_id).in_(location_ids))
    else:
        query = query.where(Episode.clinician_id == clinician_id)
    with reading() as db:
        found = db.exec(query).all()
        numbers = [episode.case_number for episode, _ in found]
        facts = case_facts(db, [episode for episode, _ in found])
        asked = db.exec(
            select(CheckInPlan.case_number).where(
                col(CheckInPlan.case_number).in_(numbers), col(CheckInPlan.ended_at).is_(None)
            )
        ).all()
        waiting = db.exec(
            select(FollowUp.episode_number).where(
                col(FollowUp.episode_number).in_(numbers), col(FollowUp.closed_at).is_(None)
            )
        ).all()
    return [
        CareRow(
            episode,
            f"{patient.given_name} {patient.family_name}",
            facts[episode.case_number],
            asked.count(episode.case_number),
            waiting.count(episode.case_number),
        )
        for episode, patient in found
    ]


def between(case_number: str) -> Between:
    """Everything that was asked of, sent to and decided about a patient in care between sessions."""
    with reading() as db:
        plans = db.exec(
            select(CheckInPlan)
            .where(CheckInPlan.case_number == case_number)
            .order_by(col(CheckInPlan.assigned_at).desc())
        ).all()
        check_ins = db.exec(
            select(CheckIn).where(CheckIn.case_number == case_number).order_by(col(CheckIn.due_on).desc(), CheckIn.id)
        ).all()
        material = db.exec(
            select(MaterialSent)
            .where(MaterialSent.case_number == case_number)
            .order_by(col(MaterialSent.assigned_at).desc())
        ).all()
        follow_ups = db.exec(
            select(FollowUp)
            .where(FollowUp.episode_number == case_number)
            .order_by(col(FollowUp.opened_at).desc(), col(FollowUp.case_number).desc())
        ).all()
        numbers = [each.case_number for each in follow_ups]
        approvals = db.exec(
            select(Approval).where(col(Approval.case_number).in_(numbers)).order_by(col(Approval.opened_at))
        ).all()
    return Between(
        tuple(plans),
        tuple(check_ins),
        tuple(material),
        tuple(follow_ups),
        {approval.case_number: approval for approval in approvals},
    )


def episode_of(follow_up_number: str) -> str | None:
    """The number of the care that an escalation or message belongs to."""
    with reading() as db:
        found = db.get(FollowUp, follow_up_number)
    return found.episode_number if found else None
