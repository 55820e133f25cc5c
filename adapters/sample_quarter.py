"""Fills the sample practice with two invented quarters, so that its scorecard has something to count.

Nobody in it exists. The second quarter does better than the first, as after a pilot: shorter waits, fewer missed
sessions, cleaner claims. One seed gives the same quarters again. Nothing of it was ever said or written by anybody, so
the therapy database stays as it is.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from adapters.operational_store import audit, insert_rows, next_numbers, writing
from models import audit_chain
from models.claim_codes import FileKind, FileStatus, RemittanceOutcome, SubmissionStatus
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    ClaimStatus,
    DraftKind,
    EpisodeStatus,
    LinkPurpose,
    MessageChannel,
    MessageStatus,
    Modality,
    NoteStatus,
    ReferralStatus,
    Role,
    SlotStatus,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
    TranscriptState,
    Verdict,
)
from models.errors import NotAllowed
from models.ledger import LedgerAccount, LedgerKind
from models.operational import (
    Appointment,
    Approval,
    CheckIn,
    CheckInPlan,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    Clinician,
    Decision,
    Episode,
    LedgerEntry,
    Location,
    NoteAddendumSigned,
    OperationalRecord,
    OutboxMessage,
    Patient,
    PortalLink,
    Referral,
    RemittedClaimRecord,
    SatisfactionAnswer,
    SatisfactionSurvey,
    SessionNote,
    Slot,
    Staff,
    ToDo,
    WaitlistEntry,
    WaitlistOffer,
)
from models.periods import Period
from models.person_names import plain_name
from models.scheduling_codes import CheckInKind, CheckInStatus, SurveyMoment, WaitlistOfferStatus, WaitlistStatus
from models.session_index import NoteFormatCode, SessionService

SEED = 8
REFERRALS_A_WEEK = 14
OWN = "PT-Q"
"""How the ids of the invented patients begin."""
SAMPLE = "PT-S"
WEEKS_OF_CARE = (3, 9)
DUPLICATES, NOT_BILLED = 0.03, 0.01
CHARGES = ((90837, 18_500), (90834, 14_000), (90791, 22_500))
ORDER: tuple[type[OperationalRecord], ...] = (
    *(Patient, Referral, Episode, Appointment, SessionNote, ClearinghouseFile, Claim, ClaimSubmission, LedgerEntry),
    *(
        RemittedClaimRecord,
        Approval,
        Decision,
        NoteAddendumSigned,
        ToDo,
        OutboxMessage,
        PortalLink,
        CheckInPlan,
        CheckIn,
    ),
    *(Slot, WaitlistEntry, WaitlistOffer, SatisfactionSurvey, SatisfactionAnswer),
)
"""What is written first: nothing names a row that is not there yet."""
SEQUENCES = {"RF-": "case", "EP-": "episode", "SN-": "session", "CL-": "claim"}
MOST_CASES = 10_000
"""How many numbers of each kind of case are set aside."""
R = ReferralStatus
PATH = (
    R.RECEIVED,
    R.READY_TO_SCREEN,
    R.READY_TO_MATCH,
    R.ASSIGNMENT,
    R.READY_TO_OFFER,
    R.OFFERED,
    R.BOOKED,
    R.CLOSED_ATTENDED,
)
LEFT: tuple[tuple[int, tuple[ReferralStatus, ...]], ...] = (
    # how often, and on which way they leave
    (4, (R.RECEIVED, R.READY_TO_SCREEN, R.READY_TO_MATCH, R.QUESTIONNAIRES_REQUESTED, R.CONTACT_PATIENT)),
    (3, (R.RECEIVED, R.READY_TO_SCREEN, R.READY_TO_MATCH, R.ASSIGNMENT, R.READY_TO_OFFER, R.OFFERED)),
    (2, (R.RECEIVED, R.READY_TO_SCREEN, R.READY_TO_MATCH, R.ASSIGNMENT, R.READY_TO_OFFER, R.WAITLISTED)),
    (1, (R.RECEIVED, R.READY_TO_SCREEN, R.RISK_REVIEW)),
)
ENDS = {
    R.CONTACT_PATIENT: R.CLOSED_UNREACHABLE,
    R.OFFERED: R.CLOSED_WITHDRAWN,
    R.WAITLISTED: R.CLOSED_DECLINED,
    R.RISK_REVIEW: R.CLOSED_HIGHER_LEVEL_OF_CARE,
}
BY_LETTER = frozenset({R.CLOSED_UNREACHABLE, R.CLOSED_DECLINED, R.CLOSED_HIGHER_LEVEL_OF_CARE})
"""How a case ends whose closing letter a clinician signs."""


@dataclass(frozen=True)
class Quality:
    """How the practice does in one quarter: shares, and the mean days of a wait."""

    wait_days: float
    missed: float
    late: float
    leaves: float
    reworked: float
    touched: float
    denied: float
    task_minutes: float
    satisfied: float


WORSE = Quality(24, 0.16, 0.07, 0.22, 0.16, 0.22, 0.13, 14, 0.72)
BETTER = Quality(15, 0.10, 0.05, 0.16, 0.10, 0.09, 0.08, 9, 0.84)


@dataclass(frozen=True)
class Filled:
    """How much was written, by kind of record, and about which days."""

    first: date
    last: date
    counts: dict[str, int] = field(default_factory=dict)


def fill_quarters(
    earlier: Period, quarter: Period, today: date, seed: int = SEED, referrals_a_week: int = REFERRALS_A_WEEK
) -> Filled:
    """Write two quarters, the second directly before ``today`` or earlier, into the sample practice in one go.

    Raises NotAllowed where a patient is neither the sample's, or where the quarters are there already.
    """
    with writing() as db:
        _must_be_the_sample(db)
        made = _Quarters(db, Random(seed), earlier, quarter, today)
        made.simulate(referrals_a_week)
        counts = made.keep()
        details: dict[str, Any] = dict(counts)
        audit(db, "system", "sample_quarter.filled", ("practice", "sample"), **details)
    return Filled(earlier.first, quarter.last, counts)


def _must_be_the_sample(db: Session) -> None:
    if db.get(Staff, "ST-101") is None or db.get(Staff, "ST-201") is None:
        raise NotAllowed("this is not the sample practice")
    foreign = select(func.count()).select_from(Patient).where(~col(Patient.id).startswith(SAMPLE))
    if db.exec(foreign).one():
        raise NotAllowed("there are patients here: quarters are invented in a sample practice without any")


class _Row(SimpleNamespace):
    """One row to be, ``of`` a kind of record: the records themselves take several times as long to make."""

    of: type[OperationalRecord]

    def columns(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "of"}


def _row(record: type[OperationalRecord], **given: Any) -> _Row:
    return _Row(of=record, **_blank(record) | given)


@cache
def _blank(record: type[OperationalRecord]) -> dict[str, Any]:
    """Every column with its default; those of the moment are given, or nobody looks at them."""
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in record.model_fields.items()
    }


@dataclass
class _Quarters:
    """The records of two quarters while they are made up."""

    db: Session
    draw: Random
    earlier: Period
    quarter: Period
    today: date
    rows: defaultdict[type[OperationalRecord], list[_Row]] = field(default_factory=lambda: defaultdict(list))
    events: list[dict[str, Any]] = field(default_factory=list)
    numbers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.places = {place.id: place for place in self.db.exec(select(Location).order_by(Location.id)).all()}
        staff = self.db.exec(
            select(Staff).join(Clinician, col(Clinician.id) == col(Staff.id)).order_by(col(Staff.id))
        ).all()
        self.clinicians = [(each.id, each.location_ids[0]) for each in staff if each.location_ids]
        self.coordinators = self._of_role(Role.COORDINATOR)
        self.billers = self._of_role(Role.BILLER)

    def _of_role(self, role: Role) -> dict[str, str]:
        found = self.db.exec(select(Staff).where(Staff.role == role).order_by(col(Staff.id).desc())).all()
        return {place: each.id for each in found for place in each.location_ids}

    # -- small things

    def add(self, *rows: _Row) -> None:
        for row in rows:
            self.rows[row.of].append(row)

    def number(self, prefix: str) -> str:
        """The next id of a kind; cases go on from the practice's own numbers."""
        if prefix in SEQUENCES and not self.numbers[prefix]:
            self.numbers[prefix] = next_numbers(self.db, SEQUENCES[prefix], MOST_CASES)[0] - 1
        self.numbers[prefix] += 1
        return f"{prefix}{self.numbers[prefix]:06d}"

    def chance(self, share: float) -> bool:
        return self.draw.random() < share

    def quality(self, day: date) -> Quality:
        return BETTER if day >= self.quarter.first else WORSE

    def at(self, place: str, day: date, hour: float) -> datetime:
        zone = ZoneInfo(self.places[place].time_zone)
        return datetime.combine(day, time(int(hour), int(hour % 1 * 60)), zone).astimezone(UTC)

    def working_day(self, day: date) -> date:
        return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)

    def event(self, at: datetime, actor: str, action: str, kind: str, key: str, case: str, **details: Any) -> None:
        facts = {"at": at, "actor": actor, "action": action, "subject_kind": kind, "subject_id": key}
        self.events.append({**facts, "case_number": case, "where": "", "purpose": "", "details": details})

    # -- the story

    def simulate(self, referrals_a_week: int) -> None:
        days = (self.quarter.last - self.earlier.first).days + 1
        for number in range(round(days / 7 * referrals_a_week)):
            day = self.working_day(self.earlier.first + timedelta(days=self.draw.randrange(days)))
            if day <= self.quarter.last:
                self.referral(number, day)

    def referral(self, number: int, day: date) -> None:
        clinician, place = self.draw.choice(self.clinicians)
        quality = self.quality(day)
        received = self.at(place, day, 8 + self.draw.random() * 9)
        patient = self.patient(number, place, received)
        case = self.number("RF-")
        wait = max(2, round(self.draw.gammavariate(3, quality.wait_days / 3)))
        ends_on = self.working_day(day + timedelta(days=wait))
        way, closed = self.way_of(quality, ends_on)
        attended = closed is R.CLOSED_ATTENDED
        happens = ends_on < self.today
        ended = self.at(place, ends_on, 10 + self.draw.randrange(6)) if happens else None
        status = (closed or way[-1]) if happens else R.BOOKED if attended else way[-1]
        if self.chance(DUPLICATES):
            self.duplicate(number, patient.id, place, received)
        self.add(
            _row(
                Referral,
                case_number=case,
                patient_id=patient.id,
                location_id=place,
                external_key=f"sample-quarter:{number}",
                source="csv",
                received_at=received,
                status=status,
                status_since=ended or received,
                risk_cleared=True,
                clinician_id=clinician if R.ASSIGNMENT in way else None,
                first_session_at=ended if attended and happens else None,
                closed_at=ended,
            )
        )
        last = () if closed is None or not happens else (R.CLOSING_LETTER, closed) if closed in BY_LETTER else (closed,)
        self.moves(case, place, received, ended, (*way, *last), quality)
        self.to_dos(case, place, day, ends_on if happens else self.today, quality)
        if attended:
            self.link(case, received + timedelta(days=1))
            self.first_session(case, patient, clinician, place, received, ends_on, happens)

    def duplicate(self, number: int, patient_id: str, place: str, received: datetime) -> None:
        """The same referral a second time, which nobody counts."""
        again = received + timedelta(days=1)
        self.add(
            _row(
                Referral,
                case_number=self.number("RF-"),
                patient_id=patient_id,
                location_id=place,
                external_key=f"sample-quarter:{number}:again",
                source="csv",
                received_at=again,
                status=R.CLOSED_DUPLICATE,
                status_since=again,
                closed_at=again,
            )
        )

    def way_of(self, quality: Quality, ends_on: date) -> tuple[tuple[ReferralStatus, ...], ReferralStatus | None]:
        """Through which statuses one referral goes, and how it ends."""
        if not self.chance(quality.leaves):
            return PATH[:-1], R.CLOSED_ATTENDED
        (way,) = self.draw.choices([way for _, way in LEFT], [weight for weight, _ in LEFT])
        return way, ENDS[way[-1]]

    def patient(self, number: int, place: str, at: datetime) -> _Row:
        given, family = f"Sample{number:04d}", f"Quarter{number:04d}"
        made = _row(
            Patient,
            id=f"{OWN}{number:05d}",
            given_name=given,
            family_name=family,
            match_name=plain_name(f"{given} {family}"),
            birth_date=date(1960, 1, 1) + timedelta(days=self.draw.randrange(16_000)),
            email=f"quarter{number}@example.org",
            state=self.places[place].state,
            time_zone=self.places[place].time_zone,
            payer_code=self.draw.choice(("AETNA", "BCBS", "UHC")),
            created_at=at,
        )
        self.add(made)
        return made

    def moves(
        self,
        case: str,
        place: str,
        received: datetime,
        ended: datetime | None,
        way: Sequence[ReferralStatus],
        quality: Quality,
    ) -> None:
        """The audit of one referral's way, its times spread between its receipt and its end."""
        until = ended or received + timedelta(days=6)
        self.event(received, "system", "case.opened", "referral", case, case, source="csv")
        for step, (old, new) in enumerate(pairwise(way), start=1):
            at = received + (until - received) * (step / (len(way) - 1)) ** 2
            # the end itself is when it ended
            at = until if new is way[-1] and ended else min(at, until)
            actor = self.coordinators[place] if old in (R.ASSIGNMENT, R.CONTACT_PATIENT) else "system"
            more = {"rerouted": True} if new is R.READY_TO_MATCH and self.chance(quality.reworked / 3) else {}
            self.event(at, actor, "case.moved", "referral", case, case, old=old.value, new=new.value, **more)
            if old is R.RISK_REVIEW:
                verdict = Verdict.EDIT_AND_APPROVE
                self.signed(ApprovalKind.RISK_REVIEW, case, place, self.clinician_at(place), at, verdict)
            if old is R.ASSIGNMENT:
                (verdict,) = self.draw.choices(
                    (Verdict.RETURN, Verdict.EDIT_AND_APPROVE, Verdict.APPROVE),
                    (quality.reworked / 3, quality.reworked / 4, 1 - quality.reworked * 7 / 12),
                )
                self.signed(ApprovalKind.ASSIGNMENT, case, place, self.coordinators[place], at, verdict)
                if verdict is Verdict.RETURN:
                    self.signed(ApprovalKind.ASSIGNMENT, case, place, self.coordinators[place], at, Verdict.APPROVE, 1)

    def signed(
        self,
        kind: ApprovalKind,
        case: str,
        place: str,
        by: str,
        at: datetime,
        verdict: Verdict,
        round: int = 0,
    ) -> str:
        key = self.number("DC-Q")
        digest = hashlib.sha256(key.encode()).hexdigest()
        role = Role.COORDINATOR if kind is ApprovalKind.ASSIGNMENT else Role.CLINICIAN
        opened = at - timedelta(hours=1 + self.draw.random() * 20)
        self.add(
            _row(
                Approval,
                id=f"AP-{key}",
                case_number=case,
                kind=kind,
                round=round,
                digest=digest,
                why="sample quarter",
                role=role,
                location_id=place,
                assigned_to=by,
                status=ApprovalStatus.DECIDED,
                opened_at=opened,
                due_at=opened + timedelta(hours=24),
                seen_at=at,
                seen_by=by,
                decided_at=at,
            ),
            _row(
                Decision,
                id=key,
                approval_id=f"AP-{key}",
                case_number=case,
                staff_id=by,
                authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
                verdict=verdict,
                digest=digest,
                signed_digest=digest,
                at=at,
            ),
        )
        self.event(at, by, "approval.decided", "approval", f"AP-{key}", case, verdict=verdict.value)
        return key

    def clinician_at(self, place: str) -> str:
        return next(clinician for clinician, where in self.clinicians if where == place)

    def to_dos(self, case: str, place: str, first: date, last: date, quality: Quality) -> None:
        """One to three things that staff did by hand, each taken and finished."""
        for count in range(self.draw.randint(1, 3)):
            day = self.working_day(first + timedelta(days=self.draw.randrange(max(1, (last - first).days))))
            if day >= self.today:
                continue
            kind = self.draw.choice((ToDoKind.CALL_PATIENT, ToDoKind.WARM_HANDOFF))
            outcome = ToDoOutcome.REACHED_SEND_LINK_AGAIN
            self.to_do(case, place, day, kind, outcome, quality, f"sample-quarter:{case}:{count}")

    def to_do(
        self, case: str, place: str, day: date, kind: ToDoKind, outcome: ToDoOutcome | None, quality: Quality, key: str
    ) -> None:
        biller = kind is ToDoKind.CORRECT_CLAIM
        who = self.billers[place] if biller else self.coordinators[place]
        taken = self.at(place, day, 9 + self.draw.random() * 7)
        # now and then somebody goes to lunch with a task open, which the idle cap is for
        minutes = 95.0 if self.chance(0.03) else self.draw.gammavariate(2, quality.task_minutes / 2)
        self.add(
            _row(
                ToDo,
                id=self.number("TD-Q"),
                unique_key=key,
                case_number=case,
                kind=kind,
                role=Role.BILLER if biller else Role.COORDINATOR,
                location_id=place,
                status=ToDoStatus.DONE,
                opened_at=taken - timedelta(hours=2),
                due_at=taken + timedelta(hours=22),
                claimed_at=taken,
                claimed_by=who,
                done_at=taken + timedelta(minutes=minutes),
                done_by=who,
                outcome=outcome,
            )
        )

    def link(self, case: str, at: datetime) -> None:
        self.add(
            _row(
                PortalLink,
                id=self.number("PL-Q"),
                case_number=case,
                purpose=LinkPurpose.CHOOSE_TIME,
                created_at=at,
                expires_at=at + timedelta(days=14),
                used_at=at + timedelta(hours=5),
            )
        )

    def first_session(
        self,
        referral: str,
        patient: _Row,
        clinician: str,
        place: str,
        received: datetime,
        day: date,
        happens: bool,
    ) -> None:
        starts = self.at(place, day, 10 + self.draw.randrange(6))
        if self.chance(self.quality(day).missed) and happens:
            missed = starts - timedelta(days=5)
            self.appointment(referral, patient.id, clinician, place, missed, AppointmentStatus.NO_SHOW)
        status = AppointmentStatus.ATTENDED if happens else AppointmentStatus.BOOKED
        first = self.appointment(referral, patient.id, clinician, place, starts, status)
        if not happens:
            return
        care = self.number("EP-")
        weeks = self.draw.randint(*WEEKS_OF_CARE)
        ends = day + timedelta(weeks=weeks)
        over = ends < self.today and self.chance(0.5)
        self.add(
            _row(
                Episode,
                case_number=care,
                patient_id=patient.id,
                clinician_id=clinician,
                location_id=place,
                opened_by=referral,
                started_on=day,
                status=EpisodeStatus.CLOSED_ENDED if over else EpisodeStatus.ACTIVE,
                status_since=self.at(place, ends, 17) if over else starts,
                closed_at=self.at(place, ends, 17) if over else None,
            )
        )
        self.note(first, patient, clinician, place, starts)
        for week in range(1, weeks + 1):
            later = self.working_day(day + timedelta(weeks=week))
            if later >= self.today:
                break
            self.later_session(care, patient, clinician, place, later)
        self.between(care, clinician, place, day, min(ends, self.today - timedelta(days=1)))
        self.survey(care, patient, place, day + timedelta(days=1), SurveyMoment.AFTER_FIRST)
        if over:
            self.survey(care, patient, place, ends + timedelta(days=1), SurveyMoment.AT_END)

    def appointment(
        self, case: str, patient_id: str, clinician: str, place: str, starts: datetime, status: AppointmentStatus
    ) -> _Row:
        made = _row(
            Appointment,
            id=self.number("AT-Q"),
            case_number=case,
            patient_id=patient_id,
            clinician_id=clinician,
            location_id=place,
            starts_at=starts,
            minutes=50,
            modality=Modality.OFFICE,
            status=status,
            booked_at=starts - timedelta(days=8),
            changed_at=starts if status is not AppointmentStatus.BOOKED else None,
        )
        self.add(made)
        for hours in (72, 24):
            self.message(case, patient_id, "appointment_reminder", starts - timedelta(hours=hours))
        return made

    def message(
        self,
        case: str,
        patient_id: str,
        template: str,
        at: datetime,
        key: str = "",
        status: MessageStatus = MessageStatus.SENT,
    ) -> None:
        if at.date() >= self.today:
            return
        name = self.number("MS-Q")
        attempts = 2 if self.chance(0.02) else 1
        self.add(
            _row(
                OutboxMessage,
                id=name,
                unique_key=key or f"sample-quarter:{name}",
                case_number=case,
                channel=MessageChannel.EMAIL,
                to_patient_id=patient_id,
                template=template,
                status=status,
                not_before=at,
                created_at=at,
                attempts=attempts,
                sent_at=at if status is MessageStatus.SENT else None,
            )
        )

    def later_session(self, care: str, patient: _Row, clinician: str, place: str, day: date) -> None:
        quality = self.quality(day)
        starts = self.at(place, day, 9 + self.draw.randrange(8))
        (status,) = self.draw.choices(
            (
                AppointmentStatus.ATTENDED,
                AppointmentStatus.NO_SHOW,
                AppointmentStatus.LATE_CANCELLED,
                AppointmentStatus.CANCELLED,
            ),
            (1 - quality.missed - quality.late - 0.05, quality.missed, quality.late, 0.05),
        )
        held = self.appointment(care, patient.id, clinician, place, starts, status)
        if status is AppointmentStatus.ATTENDED:
            self.note(held, patient, clinician, place, starts)
        elif status is AppointmentStatus.CANCELLED and self.chance(0.5):
            self.freed_time(care, patient, clinician, place, starts)

    def freed_time(self, care: str, patient: _Row, clinician: str, place: str, starts: datetime) -> None:
        """A cancelled time that is offered to somebody who waits."""
        slot, entry = self.number("SL-Q"), self.number("WL-Q")
        at = starts - timedelta(days=3)
        facts: dict[str, Any] = {"clinician_id": clinician, "location_id": place}
        if any((each.clinician_id, each.starts_at) == (clinician, starts) for each in self.rows[Slot]):
            return
        self.add(
            _row(
                Slot, id=slot, starts_at=starts, minutes=50, modality=Modality.OFFICE, status=SlotStatus.CLOSED, **facts
            ),
            _row(
                WaitlistEntry,
                id=entry,
                case_number=care,
                patient_id=patient.id,
                priority_by="ST-201",
                since=at,
                status=WaitlistStatus.LEFT,
                offers=1,
                ended_at=starts,
                **facts,
            ),
            _row(
                WaitlistOffer,
                id=self.number("WO-Q"),
                entry_id=entry,
                case_number=care,
                slot_id=slot,
                batch=1,
                rank=1,
                status=WaitlistOfferStatus.EXPIRED,
                offered_at=at,
                hold_until=at + timedelta(hours=12),
                answered_at=at + timedelta(hours=12),
            ),
        )

    def between(self, care: str, clinician: str, place: str, first: date, last: date) -> None:
        """A check-in every second week, most of them answered."""
        plan = self.number("CP-Q")
        began = self.at(place, first, 17)
        self.add(
            _row(
                CheckInPlan,
                id=plan,
                case_number=care,
                kind=CheckInKind.MOOD,
                every_days=14,
                next_on=last,
                assigned_by=clinician,
                assigned_at=began,
                ended_at=self.at(place, last, 17),
            )
        )
        for due in range(14, (last - first).days, 14):
            day = first + timedelta(days=due)
            answered = self.chance(0.7)
            at = self.at(place, day, 10)
            self.add(
                _row(
                    CheckIn,
                    id=self.number("CI-Q"),
                    plan_id=plan,
                    case_number=care,
                    kind=CheckInKind.MOOD,
                    due_on=day,
                    status=CheckInStatus.ANSWERED if answered else CheckInStatus.UNANSWERED,
                    sent_at=at,
                    answer_by=at + timedelta(days=3),
                    answered_at=at + timedelta(hours=8) if answered else None,
                )
            )

    def survey(self, care: str, patient: _Row, place: str, day: date, moment: SurveyMoment) -> None:
        if day >= self.today:
            return
        key, answered = self.number("SV-Q"), self.chance(0.45)
        asked = self.at(place, day, 11)
        self.add(
            _row(
                SatisfactionSurvey,
                id=key,
                case_number=care,
                patient_id=patient.id,
                location_id=place,
                moment=moment,
                asked_on=day,
                asked_at=asked,
                answered=answered,
            )
        )
        reached = answered or self.chance(0.95)
        status = MessageStatus.SENT if reached else MessageStatus.FAILED
        self.message(care, patient.id, "survey", asked, f"survey:{key}", status)
        if answered:
            good = self.chance(self.quality(day).satisfied)
            self.add(
                _row(
                    SatisfactionAnswer,
                    id=self.number("SA-Q"),
                    location_id=place,
                    moment=moment,
                    month=day.replace(day=1),
                    satisfied=self.draw.choice((4, 5, 5) if good else (1, 2, 3)),
                    recommends=self.draw.choice((8, 9, 10, 10) if good else (3, 5, 6, 7)),
                )
            )

    # -- from the held session to its money

    def note(self, held: _Row, patient: _Row, clinician: str, place: str, starts: datetime) -> None:
        case = self.number("SN-")
        quality = self.quality(starts.date())
        signed_at = starts + timedelta(hours=2 + self.draw.random() * 30)
        if signed_at.date() >= self.today:
            return
        if self.chance(quality.reworked / 4):
            sent_back = signed_at - timedelta(hours=1)
            self.signed(ApprovalKind.SESSION_NOTE, case, place, clinician, sent_back, Verdict.RETURN)
        verdict = Verdict.EDIT_AND_APPROVE if self.chance(0.6) else Verdict.APPROVE
        decision = self.signed(ApprovalKind.SESSION_NOTE, case, place, clinician, signed_at, verdict, 1)
        drafted = self.chance(0.8)
        self.add(
            _row(
                SessionNote,
                case_number=case,
                external_key=f"sample-quarter:{case}",
                patient_id=patient.id,
                clinician_id=clinician,
                location_id=place,
                appointment_id=held.id,
                source="sample",
                received_at=starts + timedelta(hours=1),
                started_at=starts,
                ended_at=starts + timedelta(minutes=53),
                minutes=53,
                modality=Modality.OFFICE,
                service=SessionService.INDIVIDUAL,
                patient_state=patient.state,
                note_format=NoteFormatCode.SOAP,
                transcript=TranscriptState.PURGED if drafted else TranscriptState.NONE,
                draft=DraftKind.DRAFTED if drafted else DraftKind.PLAIN_NO_TRANSCRIPT,
                signed_decision_id=decision,
                status=NoteStatus.CLOSED_SIGNED,
                status_since=signed_at,
                closed_at=signed_at,
            )
        )
        self.event(
            signed_at, clinician, "case.moved", "session_note", case, case, old="note_signature", new="closed_signed"
        )
        if self.chance(quality.reworked / 6):
            self.add(
                _row(
                    NoteAddendumSigned,
                    id=self.number("NA-Q"),
                    case_number=case,
                    number=1,
                    staff_id=clinician,
                    authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
                    digest=hashlib.sha256(case.encode()).hexdigest(),
                    at=signed_at + timedelta(days=1),
                )
            )
        self.claim(case, patient, clinician, place, starts.date(), signed_at, quality)

    def file(self, kind: FileKind, day: date) -> str:
        """The one file of its kind and week."""
        week = day - timedelta(days=day.weekday())
        key = f"{'CF' if kind is FileKind.CLAIMS else 'XF'}-Q{kind.value}{week:%y%m%d}"
        if all(each.id != key for each in self.rows[ClearinghouseFile]):
            self.add(
                _row(
                    ClearinghouseFile,
                    id=key,
                    outgoing=kind is FileKind.CLAIMS,
                    kind=kind,
                    name=f"{key}.x12",
                    digest=hashlib.sha256(key.encode()).hexdigest(),
                    status=FileStatus.ANSWERED if kind is FileKind.CLAIMS else FileStatus.TAKEN_IN,
                    at=datetime.combine(week, time(), UTC),
                    finished_at=datetime.combine(week, time(12), UTC),
                )
            )
        return key

    def claim(
        self,
        session: str,
        patient: _Row,
        clinician: str,
        place: str,
        served: date,
        signed_at: datetime,
        quality: Quality,
    ) -> None:
        case = self.number("CL-")
        code, charge = self.draw.choices(CHARGES, (6, 3, 1))[0]
        sent = signed_at + timedelta(days=1 + self.draw.randrange(3))
        touched = self.chance(quality.touched)
        decided = sent + timedelta(days=12 + self.draw.randrange(25))
        payer = patient.payer_code or ""
        made = _row(
            Claim,
            case_number=case,
            session_number=session,
            patient_id=patient.id,
            clinician_id=clinician,
            location_id=place,
            service_date=served,
            procedure_code=str(code),
            payer_code=payer,
            edition=1,
            touched=touched,
            charge_cents=charge,
            status=ClaimStatus.READY_TO_SEND,
            status_since=signed_at,
            opened_at=signed_at,
        )
        self.add(made)
        if touched:
            key = f"sample-quarter:{case}"
            day = self.working_day(signed_at.date())
            if day < self.today:
                self.to_do(case, place, day, ToDoKind.CORRECT_CLAIM, None, quality, key)
        if self.chance(NOT_BILLED):
            made.status, made.status_since, made.closed_at = ClaimStatus.CLOSED_NOT_BILLED, sent, sent
            return
        if sent.date() >= self.today:
            return
        again = touched and self.chance(0.4)
        made.first_sent_at, made.status, made.status_since = sent, ClaimStatus.ACCEPTED, sent
        made.answer_by = datetime.combine(self.today, time(), UTC) + timedelta(days=60)
        self.post(made, LedgerAccount.PAYER, LedgerKind.CHARGE, charge, sent)
        for number in range(1, 3 if again else 2):
            at = sent + timedelta(days=4 * (number - 1))
            self.add(
                _row(
                    ClaimSubmission,
                    claim_control=f"{case}-{number}",
                    case_number=case,
                    number=number,
                    file_id=self.file(FileKind.CLAIMS, at.date()),
                    content_id="",
                    content_digest="",
                    payer_code=payer,
                    rank="P",
                    frequency="1",
                    charge_cents=charge,
                    status=SubmissionStatus.ACCEPTED if number == (2 if again else 1) else SubmissionStatus.REJECTED,
                    sent_by="system",
                    at=at,
                    received_at=at,
                    accepted_at=None if again and number == 1 else at,
                )
            )
        if decided.date() < self.today:
            self.decide(made, decided, quality)

    def post(
        self, claim: _Row, account: LedgerAccount, kind: LedgerKind, cents: int, at: datetime, reason: str = ""
    ) -> None:
        """One posting, with the claim's own sums as the ledger has them."""
        key = self.number("LE-Q")
        self.add(
            _row(
                LedgerEntry,
                key=key,
                case_number=claim.case_number,
                claim_number=f"{claim.case_number}-1",
                account=account,
                kind=kind,
                amount_cents=cents,
                source=f"sample-quarter:{claim.case_number}",
                part=self.numbers["LE-Q"],
                reason=reason,
                payer_code=claim.payer_code,
                at=at,
            )
        )
        if account is LedgerAccount.PATIENT:
            claim.patient_cents += cents
        else:
            claim.payer_cents += cents
        if kind in (LedgerKind.PAYER_PAYMENT, LedgerKind.PATIENT_PAYMENT):
            claim.paid_cents -= cents

    def decide(self, claim: _Row, at: datetime, quality: Quality) -> None:
        charge = claim.charge_cents
        allowed, owes = round(charge * 0.72), 2_500
        claim.decided_on = at.date()
        P, N = LedgerAccount.PAYER, LedgerAccount.PATIENT
        if self.chance(quality.denied):
            self.post(claim, P, LedgerKind.DENIAL, -charge, at, "197")
            self.post(claim, LedgerAccount.DENIED, LedgerKind.DENIAL, charge, at, "197")
            claim.status, claim.status_since = ClaimStatus.DENIED, at
            claim.appeal_by, claim.carc = self.today + timedelta(days=60), "197"
            paid = 0
        else:
            paid = allowed - owes
            self.post(claim, P, LedgerKind.CONTRACTUAL, allowed - charge, at, "45")
            self.post(claim, P, LedgerKind.PAYER_PAYMENT, -paid, at)
            self.post(claim, P, LedgerKind.PATIENT_RESPONSIBILITY, -owes, at, "3")
            self.post(claim, N, LedgerKind.PATIENT_RESPONSIBILITY, owes, at, "3")
            claim.status, claim.status_since = ClaimStatus.PATIENT_BALANCE, at
            later = at + timedelta(days=self.draw.randint(5, 30))
            if later.date() < self.today and self.chance(0.8):
                # now and then somebody pays twice, which is a credit
                self.post(claim, N, LedgerKind.PATIENT_PAYMENT, -owes * (2 if self.chance(0.02) else 1), later)
                claim.status, claim.status_since, claim.closed_at = ClaimStatus.CLOSED_PAID, later, later
        key = self.number("RC-Q")
        self.add(
            _row(
                RemittedClaimRecord,
                id=key,
                unique_key=f"sample-quarter:{key}",
                file_id=self.file(FileKind.REMITTANCE, at.date()),
                case_number=claim.case_number,
                claim_control=f"{claim.case_number}-1",
                trace=key,
                paid_on=at.date(),
                status="1" if paid else "4",
                charge_cents=charge,
                paid_cents=paid,
                patient_cents=owes if paid else 0,
                segment=1,
                outcome=RemittanceOutcome.POSTED,
                at=at,
            )
        )

    # -- onto the record

    def keep(self) -> dict[str, int]:
        """Write everything, with numbers of its own that later cases go on from; returns how many rows of each."""
        counts = {}
        for record in ORDER:
            rows = [each.columns() for each in self.rows[record]]
            for start in range(0, len(rows), 2_000):
                insert_rows(self.db, record, rows[start : start + 2_000])
            if rows:
                counts[str(record.__tablename__)] = len(rows)
        for event in sorted(self.events, key=lambda each: each["at"]):
            audit_chain.collect(
                self.db, audit_chain.OPERATIONAL, **event | {"case_number": event["case_number"] or None}
            )
        return counts
