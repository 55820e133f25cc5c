"""The night's work on whole tables: bookable times ahead, the ends of the audit, the figures of the day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from acts.staff import staff_for_the_audit
from adapters import audit_anchors, audit_chain, audit_status
from adapters import operational_store as store
from adapters.slots import AHEAD, extend_slots
from models.codes import AppointmentStatus, MessageChannel, ReferralStatus
from models.columns import utc_now
from models.operational import Appointment, Location, Referral
from rules import metrics
from rules.metrics import NoShowRate, TimeToFirstAppointment, Wait
from tasks.steps import step


@step("open bookable times")
def open_times_ahead() -> int:
    """Make the bookable times of the weeks ahead from the clinicians' weekly hours; times that exist stay."""
    return extend_slots((utc_now() + AHEAD).date())


@step("anchor the audit")
def anchor_audit() -> int:
    """Note outside the databases how both audit chains end now; returns how many ends were new."""
    return len(audit_anchors.write_anchors())


@step("verify the audit")
def verify_audit() -> int:
    """Recompute both audit chains and page the compliance officers when anything is wrong; returns how many faults."""
    verdicts = audit_chain.verify()
    audit_status.note_verified(verdicts, "system")
    faults = sum(verdict.fault_count for verdict in verdicts)
    if faults:
        with store.writing() as db:
            for person in staff_for_the_audit(db):
                store.queue_message(
                    db,
                    unique_key=f"audit-fault:{utc_now().date().isoformat()}:{person.id}",
                    channel=MessageChannel.PAGE,
                    template="page_audit_fault",
                    case_number=None,
                    to_staff_id=person.id,
                    urgent=True,
                )
    return faults


@step("figures of the day")
def first_appointment_figures() -> tuple[TimeToFirstAppointment, NoShowRate]:
    """Time to first appointment (Kaplan-Meier, those still waiting counted) and the no-show rate, up to now."""
    with store.reading() as db:
        referrals = db.exec(select(Referral).where(col(Referral.status) != ReferralStatus.CLOSED_DUPLICATE)).all()
        statuses = db.exec(select(Appointment.status)).all()
        zones = {place.id: ZoneInfo(place.time_zone) for place in db.exec(select(Location)).all()}
    waits = [_wait(case, zones[case.location_id]) for case in referrals]
    figures = metrics.time_to_first_appointment(waits, utc_now().date())
    return figures, metrics.no_show_rate(AppointmentStatus(status) for status in statuses)


def _wait(case: Referral, zone: ZoneInfo) -> Wait:
    """The wait of one case in the local dates of its place."""

    def local(moment: datetime | None) -> date | None:
        return moment.astimezone(zone).date() if moment else None

    received = case.received_at.astimezone(zone).date()
    attended = local(case.first_session_at)
    return Wait(received, attended, None if attended else local(case.closed_at))
