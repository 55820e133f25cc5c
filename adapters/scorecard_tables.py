"""Reads the rows that the scorecard is counted from: columns alone, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.claim_codes import RemittanceOutcome
from models.codes import (
    ApprovalKind,
    ClaimStatus,
    DraftKind,
    LinkPurpose,
    MessageStatus,
    ReferralStatus,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
    Verdict,
)
from models.ledger import LedgerAccount
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    CheckIn,
    Claim,
    ClaimSubmission,
    Decision,
    Episode,
    FollowUp,
    LedgerEntry,
    Location,
    NoteAddendumSigned,
    OutboxMessage,
    PortalLink,
    Referral,
    RemittedClaimRecord,
    SatisfactionAnswer,
    SatisfactionSurvey,
    SessionNote,
    Staff,
    ToDo,
    WaitlistOffer,
)
from models.scheduling_codes import CheckInStatus
from models.scorecard_rows import (
    AnswerRow,
    AppointmentRow,
    AskedRow,
    BilledRow,
    DoneRow,
    MessageRow,
    NoteRow,
    ReferralRow,
    Step,
    StepRow,
    Tables,
)

choose: Any = select
"""SQLModel types a choice of at most four columns."""
REMINDER = "appointment_reminder"
SURVEY_KEY = "survey:"
"""How the unique key of a survey's message begins; its id follows."""
_details: Any = AuditEvent.details
SENT_BACK = (Verdict.RETURN, Verdict.REJECT)
ON_THE_WAY_OUT = ReferralStatus.CLOSING_LETTER
"""Nobody waits there: a referral that ends by a letter left from where it stood before."""


class CaseFact(NamedTuple):
    """Whose case it is, where, and with which clinician; "" where it has none."""

    patient_id: str
    location_id: str
    clinician_id: str


@dataclass(frozen=True)
class Reading:
    """One reading of the database: what is read from when on, and how moments become local dates."""

    db: Session
    since: datetime
    zones: Mapping[str, ZoneInfo]
    cases: Mapping[str, CaseFact]

    def local(self, location_id: str, moment: datetime) -> date:
        return moment.astimezone(self.zones[location_id]).date()

    def maybe(self, location_id: str, moment: datetime | None) -> date | None:
        return self.local(location_id, moment) if moment is not None else None


def tables(db: Session, first: date, days: Collection[date]) -> Tables:
    """Every row from the local date ``first`` on, of all locations; claims whole, and what is owed on these days.

    What is owed on a day is what the ledger held when that day ended in UTC.
    """
    since = datetime.combine(first, time(), UTC) - timedelta(days=1)
    zones = {place.id: ZoneInfo(place.time_zone) for place in db.exec(choose(Location)).all()}
    reading = Reading(db, since, zones, _cases(db))
    claims = tuple(_claims(reading))
    notes, drafted = _notes(reading)
    return Tables(
        referrals=tuple(_referrals(reading)),
        appointments=tuple(_appointments(reading)),
        done=tuple(_done(reading)),
        notes=notes,
        claims=claims,
        messages=tuple(_messages(reading)),
        steps=(*drafted, *_claims_built(claims, since), *_steps(reading)),
        asked=tuple(_asked(reading)),
        answers=tuple(_answers(reading)),
        owed={day: _owed(db, day) for day in days},
    )


def members(db: Session, team: str) -> frozenset[str]:
    """The clinicians of a team."""
    return frozenset(db.exec(choose(Staff.id).where(Staff.team == team)).all())


def teams(db: Session) -> list[tuple[str, list[str]]]:
    """Every team with the locations its members work at."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for team, location_ids in db.exec(choose(Staff.team, Staff.location_ids).where(Staff.team != "")).all():
        places[team] |= set(location_ids)
    return [(team, sorted(found)) for team, found in sorted(places.items())]


def _cases(db: Session) -> dict[str, CaseFact]:
    cases: dict[str, CaseFact] = {}
    for record in (Referral, SessionNote, Claim, Episode, FollowUp):
        table: Any = record
        found = db.exec(choose(table.case_number, table.patient_id, table.location_id, table.clinician_id)).all()
        cases.update((number, CaseFact(patient, place, staff or "")) for number, patient, place, staff in found)
    return cases


# -- referrals


def _referrals(reading: Reading) -> Iterator[ReferralRow]:
    found = reading.db.exec(
        choose(
            Referral.case_number,
            Referral.patient_id,
            Referral.location_id,
            Referral.clinician_id,
            Referral.received_at,
            Referral.first_session_at,
            Referral.closed_at,
            Referral.status,
        ).where(
            Referral.status != ReferralStatus.CLOSED_DUPLICATE,
            (col(Referral.received_at) >= reading.since) | (col(Referral.closed_at) >= reading.since),
        )
    ).all()
    left = _left_from(reading)
    reworked = _reworked_referrals(reading)
    for number, patient, place, clinician, received, attended, closed, status in found:
        yield ReferralRow(
            case_number=number,
            patient_id=patient,
            location_id=place,
            clinician_id=clinician or "",
            received_on=reading.local(place, received),
            first_attended_on=reading.maybe(place, attended),
            closed_on=reading.maybe(place, closed),
            status=status,
            left_from=left.get(number, "") if attended is None else "",
            reworked=tuple(sorted(reworked.get(number, ()))),
        )


def _moves(reading: Reading, new: Iterable[str]) -> list[tuple[str, str, str]]:
    """(case, old, new) of each move of a referral into one of these statuses, in their order."""
    old_of, new_of = _details["old"].as_string(), _details["new"].as_string()
    return list(
        reading.db.exec(
            choose(AuditEvent.case_number, old_of, new_of)
            .where(
                AuditEvent.action == "case.moved",
                AuditEvent.subject_kind == "referral",
                AuditEvent.at >= reading.since,
                new_of.in_(list(new)),
            )
            .order_by(col(AuditEvent.id))
        ).all()
    )


def _left_from(reading: Reading) -> dict[str, str]:
    """The last status in which each closed referral waited for anybody."""
    into = [status.value for status in ReferralStatus if status.is_closed] + [ON_THE_WAY_OUT.value]
    before_letter: dict[str, str] = {}
    left: dict[str, str] = {}
    for number, old, new in _moves(reading, into):
        if new == ON_THE_WAY_OUT.value:
            before_letter[number] = old
        else:
            left[number] = before_letter.get(number, old) if old == ON_THE_WAY_OUT.value else old
    return left


def _reworked_referrals(reading: Reading) -> dict[str, set[str]]:
    """Of each referral what was done again: returned or corrected by a signer, rerouted by hand."""
    reworked: defaultdict[str, set[str]] = defaultdict(set)
    # a risk review that is edited is the clinician's own finding, which nobody had got wrong before
    decided = reading.db.exec(
        choose(Decision.case_number, Decision.verdict)
        .join(Approval, col(Approval.id) == col(Decision.approval_id))
        .where(
            col(Decision.case_number).startswith("RF-"),
            col(Decision.verdict).in_((*SENT_BACK, Verdict.EDIT_AND_APPROVE)),
            (col(Decision.verdict) != Verdict.EDIT_AND_APPROVE) | (col(Approval.kind) != ApprovalKind.RISK_REVIEW),
        )
    ).all()
    for number, verdict in decided:
        reworked[number].add("returned" if verdict in SENT_BACK else "corrected")
    rerouted = _details["rerouted"].as_boolean()
    moved = choose(AuditEvent.case_number).where(
        AuditEvent.action == "case.moved", AuditEvent.subject_kind == "referral", rerouted.is_(True)
    )
    for number in reading.db.exec(moved).all():
        reworked[number or ""].add("rerouted")
    return reworked


# -- appointments, to-dos, messages


def _appointments(reading: Reading) -> Iterator[AppointmentRow]:
    found = reading.db.exec(
        choose(
            Appointment.id,
            Appointment.case_number,
            Appointment.patient_id,
            Appointment.location_id,
            Appointment.clinician_id,
            Appointment.starts_at,
            Appointment.status,
        ).where(Appointment.starts_at >= reading.since)
    ).all()
    for key, number, patient, place, clinician, starts, status in found:
        yield AppointmentRow(key, number, patient, place, clinician, reading.local(place, starts), status)


def _done(reading: Reading) -> Iterator[DoneRow]:
    found = reading.db.exec(
        choose(ToDo.id, ToDo.case_number, ToDo.location_id, ToDo.claimed_at, ToDo.done_at).where(
            ToDo.status == ToDoStatus.DONE, col(ToDo.done_at) >= reading.since, col(ToDo.claimed_at).is_not(None)
        )
    ).all()
    for key, number, place, claimed, done in found:
        fact = reading.cases.get(number)
        if fact is None or claimed is None or done is None:
            continue
        on = reading.local(place, done)
        yield DoneRow(key, number, fact.patient_id, place, fact.clinician_id, on, claimed, done)


def _messages(reading: Reading) -> Iterator[MessageRow]:
    found = reading.db.exec(
        choose(OutboxMessage.id, OutboxMessage.case_number, OutboxMessage.sent_at, OutboxMessage.attempts).where(
            OutboxMessage.status == MessageStatus.SENT,
            col(OutboxMessage.to_patient_id).is_not(None),
            col(OutboxMessage.sent_at) >= reading.since,
        )
    ).all()
    for key, number, sent, attempts in found:
        fact = reading.cases.get(number or "")
        if fact is not None and sent is not None:
            on = reading.local(fact.location_id, sent)
            yield MessageRow(key, number or "", fact.location_id, fact.clinician_id, on, attempts)


# -- notes


def _notes(reading: Reading) -> tuple[tuple[NoteRow, ...], list[StepRow]]:
    """The signed notes, and which of them were drafted for their clinician."""
    db = reading.db
    found = db.exec(
        choose(
            SessionNote.case_number, SessionNote.location_id, SessionNote.clinician_id, SessionNote.draft, Decision.at
        )
        .join(Decision, col(Decision.id) == col(SessionNote.signed_decision_id))
        .where(Decision.at >= reading.since)
    ).all()
    sent_back = set(
        db.exec(
            choose(Decision.case_number).where(
                col(Decision.case_number).startswith("SN-"), col(Decision.verdict).in_(SENT_BACK)
            )
        ).all()
    )
    again = set(
        db.exec(
            choose(ToDo.case_number).where(
                ToDo.kind == ToDoKind.CHECK_TRANSCRIPT, ToDo.outcome == ToDoOutcome.DRAFT_AGAIN
            )
        ).all()
    )
    added_to = set(db.exec(choose(NoteAddendumSigned.case_number)).all())
    reasons = (("addendum", added_to), ("drafted again", again), ("returned", sent_back))
    notes, drafted = [], []
    for number, place, clinician, draft, at in found:
        on = reading.local(place, at)
        notes.append(NoteRow(number, place, clinician, on, tuple(name for name, which in reasons if number in which)))
        if draft is DraftKind.DRAFTED:
            drafted.append(StepRow("", number, place, clinician, on, Step.NOTE_DRAFTED))
    return tuple(notes), drafted


# -- claims


def _claims(reading: Reading) -> Iterator[BilledRow]:
    db = reading.db
    found = db.exec(
        choose(
            Claim.case_number,
            Claim.location_id,
            Claim.clinician_id,
            Claim.service_date,
            Claim.charge_cents,
            Claim.first_sent_at,
            Claim.touched,
            Claim.decided_on,
        ).where(Claim.status != ClaimStatus.CLOSED_NOT_BILLED)
    ).all()
    denied = dict(
        db.exec(
            choose(LedgerEntry.case_number, func.sum(LedgerEntry.amount_cents))
            .where(
                LedgerEntry.account == LedgerAccount.DENIED,
                LedgerEntry.amount_cents > 0,
                col(LedgerEntry.reverses).is_(None),
            )
            .group_by(col(LedgerEntry.case_number))
        ).all()
    )
    sent = dict(
        db.exec(choose(ClaimSubmission.case_number, func.count()).group_by(col(ClaimSubmission.case_number))).all()
    )
    for number, place, clinician, service, charge, first_sent, touched, decided in found:
        yield BilledRow(
            case_number=number,
            location_id=place,
            clinician_id=clinician,
            service_on=service,
            charge_cents=charge,
            submitted_on=reading.maybe(place, first_sent),
            touched=touched,
            decided_on=decided,
            denied_cents=int(denied.get(number, 0)),
            sent_again=max(0, sent.get(number, 0) - 1),
        )


def _owed(db: Session, day: date) -> dict[str, int]:
    """What payers and patients owe on each claim as the day ends in UTC; credits are below zero."""
    found = db.exec(
        choose(LedgerEntry.case_number, func.sum(LedgerEntry.amount_cents))
        .where(
            col(LedgerEntry.account).in_((LedgerAccount.PAYER, LedgerAccount.DENIED, LedgerAccount.PATIENT)),
            LedgerEntry.at < datetime.combine(day + timedelta(days=1), time(), UTC),
            col(LedgerEntry.case_number).is_not(None),
        )
        .group_by(col(LedgerEntry.case_number))
    ).all()
    return {number or "": int(cents) for number, cents in found if cents}


# -- automated steps


def _claims_built(claims: Iterable[BilledRow], since: datetime) -> Iterator[StepRow]:
    for row in claims:
        if row.submitted_on is not None and not row.touched and row.submitted_on >= since.date():
            yield StepRow("", row.case_number, row.location_id, row.clinician_id, row.submitted_on, Step.CLAIM_BUILT)


def _steps(reading: Reading) -> Iterator[StepRow]:
    """Every time one of the other counted steps was done, each from the record that it leaves."""
    db, since = reading.db, reading.since
    queries: tuple[tuple[Step, Any], ...] = (
        (
            Step.REFERRAL_TAKEN_IN,
            choose(Referral.case_number, Referral.case_number, Referral.received_at).where(
                Referral.received_at >= since, Referral.status != ReferralStatus.CLOSED_DUPLICATE
            ),
        ),
        (
            Step.TIME_CHOSEN_ONLINE,
            choose(PortalLink.id, PortalLink.case_number, PortalLink.used_at).where(
                PortalLink.purpose == LinkPurpose.CHOOSE_TIME, col(PortalLink.used_at) >= since
            ),
        ),
        (
            Step.REMINDER_SENT,
            choose(OutboxMessage.id, OutboxMessage.case_number, OutboxMessage.sent_at).where(
                OutboxMessage.template == REMINDER,
                OutboxMessage.status == MessageStatus.SENT,
                col(OutboxMessage.sent_at) >= since,
            ),
        ),
        (
            Step.FREED_TIME_OFFERED,
            choose(WaitlistOffer.id, WaitlistOffer.case_number, WaitlistOffer.offered_at).where(
                WaitlistOffer.offered_at >= since
            ),
        ),
        (
            Step.CHECK_IN_SCORED,
            choose(CheckIn.id, CheckIn.case_number, CheckIn.answered_at).where(
                CheckIn.status == CheckInStatus.ANSWERED, col(CheckIn.answered_at) >= since
            ),
        ),
        (
            Step.DECISION_POSTED,
            choose(RemittedClaimRecord.id, RemittedClaimRecord.case_number, RemittedClaimRecord.at).where(
                RemittedClaimRecord.outcome == RemittanceOutcome.POSTED, RemittedClaimRecord.at >= since
            ),
        ),
    )
    for step, query in queries:
        for key, number, at in db.exec(query).all():
            fact = reading.cases.get(number or "")
            if fact is not None:
                on = reading.local(fact.location_id, at)
                subject = "" if key == number else key
                yield StepRow(subject, number, fact.location_id, fact.clinician_id, on, step)


# -- satisfaction


def _asked(reading: Reading) -> Iterator[AskedRow]:
    found = reading.db.exec(
        choose(SatisfactionSurvey.location_id, SatisfactionSurvey.asked_on, SatisfactionSurvey.answered)
        .join(OutboxMessage, col(OutboxMessage.unique_key) == SURVEY_KEY + col(SatisfactionSurvey.id))
        .where(OutboxMessage.status == MessageStatus.SENT, SatisfactionSurvey.asked_on >= _month(reading.since.date()))
    ).all()
    for place, asked_on, answered in found:
        yield AskedRow(place, _month(asked_on), answered)


def _answers(reading: Reading) -> Iterator[AnswerRow]:
    table = SatisfactionAnswer
    found = reading.db.exec(
        choose(table.location_id, table.month, table.satisfied, table.recommends).where(
            table.month >= _month(reading.since.date())
        )
    ).all()
    for row in found:
        yield AnswerRow(*row)


def _month(day: date) -> date:
    return day.replace(day=1)
