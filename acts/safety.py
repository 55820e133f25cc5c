"""What the clinical safety officer looks at, for a period and some locations: counts and shares, nobody's name."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlmodel import Session, col, func, select

from acts import labels, practice_rounds
from acts.practice_clocks import admin_time_policy, clock_policy
from adapters import alarm_views, therapy_store
from adapters.alarm_views import Alarm, Beat, TestOfAlarm
from adapters.operational_store import reading
from adapters.therapy_store import DecidedFlag, RaisedFlag
from models.codes import ApprovalKind, ReferralStatus
from models.columns import utc_now
from models.operational import (
    Approval,
    AuditEvent,
    Decision,
    Episode,
    FollowUp,
    Location,
    PracticeTally,
    Referral,
    RiskDraw,
    RiskDrawCase,
    RiskFinding,
    SessionNote,
)
from models.safety_codes import SampleFinding
from rules import approval_quality, clocks, missed_risk
from rules.approval_quality import Caught, Decided, Quality
from rules.clocks import ClockPolicy
from rules.flag_review import FlagSource, Looked, TimeToSeen, Truth, minutes_until, source_of, time_to_seen, truth_of
from rules.intervals import Estimate
from rules.missed_risk import MissedRisk, Sensitivity, Stratum
from rules.sign_off import WORRYING_KINDS
from rules.triage import RiskLevel

WHERE = "clinical safety"
PERIOD = timedelta(days=90)
"""How far back the page looks unless it is told."""
OPENED_BEFORE = timedelta(days=14)
"""How long before the period a sign-off decided in it may have been opened."""


@dataclass(frozen=True)
class Asked:
    """Of which time and which locations the figures are."""

    begin: datetime
    end: datetime
    location_ids: frozenset[str]


@dataclass(frozen=True)
class Alarms:
    """One kind of alarm: how many, how soon the page left and how soon somebody acted (minutes; None: too many still
    wait to say)."""

    template: str
    raised: int
    failed: int
    left: Estimate
    acted: Estimate
    acted_nine_in_ten: Estimate
    nobody_yet: int


@dataclass(frozen=True)
class Safety:
    """Everything the page shows; ``quality`` by kind of sign-off, without the kinds that too few people decided.

    ``outside``: unflagged intakes of the period that stood in no draw yet.
    """

    asked: Asked
    sample: MissedRisk
    outside: int
    sensitivity: Sensitivity
    flagged: Mapping[Truth, int]
    seen: Sequence[TimeToSeen]
    reader: labels.Report
    alarms: Sequence[Alarms]
    beats: Sequence[Beat]
    tests: Sequence[TestOfAlarm]
    quality: Mapping[ApprovalKind, Quality]
    kinds_too_small: int
    rounds: Caught | None
    missed_cases: Sequence[str]


def sample_of(db: Session, asked: Asked) -> MissedRisk:
    """The estimate from the draws of these nights; of some locations alone, each night's draw there is a stratum."""
    ids = db.exec(
        select(RiskDraw.id)
        .where(col(RiskDraw.night) >= asked.begin.date(), col(RiskDraw.night) < asked.end.date())
        .order_by(col(RiskDraw.night), RiskDraw.id)
    ).all()
    stood = db.exec(
        select(RiskDrawCase.draw_id, func.count(), func.count(col(RiskDrawCase.to_do_id)))
        .where(col(RiskDrawCase.draw_id).in_(ids), col(RiskDrawCase.location_id).in_(asked.location_ids))
        .group_by(col(RiskDrawCase.draw_id))
    ).all()
    findings = db.exec(
        select(RiskDrawCase.draw_id, RiskFinding.finding, func.count())
        .join(RiskFinding, col(RiskFinding.to_do_id) == col(RiskDrawCase.to_do_id))
        .where(col(RiskDrawCase.draw_id).in_(ids), col(RiskDrawCase.location_id).in_(asked.location_ids))
        .group_by(col(RiskDrawCase.draw_id), col(RiskFinding.finding))
    ).all()
    said: dict[str, dict[SampleFinding, int]] = defaultdict(dict)
    for draw_id, finding, count in findings:
        said[draw_id][SampleFinding(finding)] = count
    sizes = {draw_id: (there, drawn) for draw_id, there, drawn in stood}
    return missed_risk.missed_risk(
        Stratum(
            *sizes[draw_id],
            no_risk=said[draw_id].get(SampleFinding.NO_RISK, 0),
            missed=said[draw_id].get(SampleFinding.RISK_MISSED, 0),
            cannot_say=said[draw_id].get(SampleFinding.CANNOT_SAY, 0),
        )
        for draw_id in ids
        if draw_id in sizes
    )


def sample_standing(now: datetime) -> MissedRisk:
    """The estimate over the last 90 days and every location."""
    with reading() as db:
        everywhere = frozenset(db.exec(select(Location.id)).all())
        return sample_of(db, Asked(now - PERIOD, now + timedelta(days=1), everywhere))


def standing(asked: Asked, *, actor: str, now: datetime | None = None) -> Safety:
    """Everything of a period; what it reads of therapy content is on record as read by ``actor``."""
    moment = now or utc_now()
    flags = therapy_store.raised_flags(asked.begin - OPENED_BEFORE, asked.end, actor=actor, where=WHERE)
    decided = labels.decided_flags(actor=actor, where=WHERE)
    with reading() as db:
        here = _Here(db, asked)
        sample = sample_of(db, asked)
        flagged = _flagged(db, asked, flags, decided)
        quality, too_small = _quality(db, asked)
        return Safety(
            asked=asked,
            sample=sample,
            outside=_outside(db, asked),
            sensitivity=missed_risk.sensitivity(flagged[Truth.RISK], flagged[Truth.UNDECIDED], sample.in_all),
            flagged=flagged,
            seen=_time_to_seen(db, here, flags, moment),
            reader=labels.report_on(decided, asked.begin, asked.end, among=here.location_of),
            alarms=_alarms(alarm_views.alarms(db, asked.begin, asked.end, here.location_of), moment),
            beats=alarm_views.beats(db, moment),
            tests=alarm_views.tests(db, asked.location_ids),
            quality=quality,
            kinds_too_small=too_small,
            rounds=_rounds(db, asked),
            missed_cases=_missed_cases(db, asked),
        )


class _Here:
    """The cases of the asked locations, of every workflow that flags are raised in."""

    def __init__(self, db: Session, asked: Asked) -> None:
        self.db, self.asked = db, asked

    @cached_property
    def location_of(self) -> dict[str, str]:
        records = (Referral, SessionNote, Episode, FollowUp)
        return {
            number: place
            for record in records
            for number, place in self.db.exec(
                select(record.case_number, record.location_id).where(  # type: ignore[attr-defined]
                    col(record.location_id).in_(self.asked.location_ids)  # type: ignore[attr-defined]
                )
            ).all()
        }


def _outside(db: Session, asked: Asked) -> int:
    """Unflagged intakes received in the period that stood in no draw; the coming night takes them where it can."""
    return db.exec(
        select(func.count())
        .select_from(Referral)
        .where(
            col(Referral.risk_cleared).is_(True),
            col(Referral.received_at) >= asked.begin,
            col(Referral.received_at) < asked.end,
            col(Referral.location_id).in_(asked.location_ids),
            Referral.status != ReferralStatus.CLOSED_DUPLICATE,
            col(Referral.case_number).not_in(select(RiskDrawCase.case_number)),
            col(Referral.case_number).not_in(
                select(Approval.case_number).where(Approval.kind == ApprovalKind.RISK_REVIEW)
            ),
        )
    ).one()


def _flagged(
    db: Session, asked: Asked, flags: Sequence[RaisedFlag], decided: Sequence[DecidedFlag]
) -> dict[Truth, int]:
    """The intakes whose risk review was opened in the period, by what is known of them."""
    opened = set(
        db.exec(
            select(Approval.case_number).where(
                Approval.kind == ApprovalKind.RISK_REVIEW,
                col(Approval.opened_at) >= asked.begin,
                col(Approval.opened_at) < asked.end,
                col(Approval.location_id).in_(asked.location_ids),
            )
        ).all()
    )
    said = {flag.flag_id: flag.confirmed for flag in decided}
    of_case: dict[str, list[tuple[FlagSource, bool | None]]] = {number: [] for number in opened}
    for flag in flags:
        if flag.case_number in opened:
            of_case[flag.case_number].append((source_of(flag.raised_by, flag.rule_id), said.get(flag.id)))
    counts = dict.fromkeys(Truth, 0)
    for each in of_case.values():
        counts[truth_of(each)] += 1
    return counts


def _time_to_seen(db: Session, here: _Here, flags: Sequence[RaisedFlag], now: datetime) -> list[TimeToSeen]:
    looks = _looks(db, here.asked)
    policy = clock_policy(db)
    zones = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
    end = min(now, here.asked.end)
    return time_to_seen(
        [
            _looked(flag, looks.get(flag.case_number, ()), zones[here.location_of[flag.case_number]], policy, end)
            for flag in flags
            if flag.case_number in here.location_of and here.asked.begin <= flag.at < end
        ],
        end,
    )


Look = tuple[datetime, datetime]
"""From when on flags stand in what somebody looked at, and when they looked."""


def _looks(db: Session, asked: Asked) -> dict[str, list[Look]]:
    """Of each case when a clinician first opened or decided one of its reviews, or its session's flags."""
    episode_of = dict(db.exec(select(FollowUp.case_number, FollowUp.episode_number)).all())
    approvals = {
        each.id: each
        for each in db.exec(
            select(Approval).where(
                col(Approval.kind).in_(WORRYING_KINDS),
                col(Approval.opened_at) >= asked.begin,
                col(Approval.location_id).in_(asked.location_ids),
            )
        ).all()
    }
    found: dict[str, list[Look]] = defaultdict(list)

    def note(approval: Approval, at: datetime) -> None:
        found[episode_of.get(approval.case_number, approval.case_number)].append((approval.opened_at, at))

    seen = db.exec(
        select(AuditEvent.subject_id, AuditEvent.at).where(
            AuditEvent.action == "approval.seen", col(AuditEvent.at) >= asked.begin
        )
    ).all()
    for approval_id, at in seen:
        if approval_id in approvals:
            note(approvals[approval_id], at)
    for approval in approvals.values():
        if approval.decided_at is not None:
            note(approval, approval.decided_at)
    for number, looked_at in db.exec(
        select(SessionNote.case_number, SessionNote.risk_seen_at).where(
            col(SessionNote.risk_seen_at) >= asked.begin, col(SessionNote.location_id).in_(asked.location_ids)
        )
    ).all():
        if looked_at is not None:
            found[number].append((looked_at, looked_at))
    return found


def _looked(flag: RaisedFlag, looks: Sequence[Look], zone: str, policy: ClockPolicy, end: datetime) -> Looked:
    """A flag stands in every review that was opened after it was raised; what happened after ``end`` is not known."""
    seen = [at for opened, at in looks if opened >= flag.at and at < end]
    return Looked(
        source_of(flag.raised_by, flag.rule_id),
        flag.at,
        clocks.approval_due(ApprovalKind.RISK_REVIEW, RiskLevel(flag.level), flag.at, zone, policy),
        min(seen, default=None),
    )


def _alarms(found: Sequence[Alarm], now: datetime) -> list[Alarms]:
    of: dict[str, list[Alarm]] = defaultdict(list)
    for alarm in found:
        of[alarm.template].append(alarm)
    rows = []
    for template, some in sorted(of.items()):
        about_cases = [each for each in some if each.case_number]
        acted, nine = minutes_until([(each.raised_at, each.acted_at) for each in about_cases], now)
        rows.append(
            Alarms(
                template,
                raised=len(some),
                failed=sum(each.failed for each in some),
                left=minutes_until([(each.raised_at, each.left_at) for each in some], now)[0],
                acted=acted,
                acted_nine_in_ten=nine,
                nobody_yet=sum(each.acted_at is None for each in about_cases),
            )
        )
    return rows


def _quality(db: Session, asked: Asked) -> tuple[dict[ApprovalKind, Quality], int]:
    """The figures of each kind of sign-off, and how many kinds too few people decided."""
    rows = db.exec(
        select(Approval.kind, Decision)
        .join(Decision, col(Decision.approval_id) == col(Approval.id))
        .where(
            col(Decision.at) >= asked.begin,
            col(Decision.at) < asked.end,
            col(Approval.location_id).in_(asked.location_ids),
        )
    ).all()
    opened: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for approval_id, who, at in therapy_store.sign_off_openings(asked.begin - OPENED_BEFORE, asked.end):
        opened[(approval_id, who)].append(at)
    of: dict[ApprovalKind, list[Decided]] = defaultdict(list)
    for kind, decision in rows:
        openings = tuple(opened[(decision.approval_id, decision.staff_id)])
        of[ApprovalKind(kind)].append(Decided(decision.staff_id, decision.verdict, decision.at, openings))
    policy = admin_time_policy(db)
    figures = {kind: approval_quality.quality(some, policy) for kind, some in of.items()}
    shown = {kind: figures[kind] for kind in ApprovalKind if figures.get(kind)}
    return {kind: each for kind, each in shown.items() if each is not None}, len(figures) - len(shown)


def _rounds(db: Session, asked: Asked) -> Caught | None:
    """The practice rounds of the months that the period touches, of everybody together, whatever location is asked."""
    begin, end = asked.begin.strftime("%Y-%m"), (asked.end - timedelta(microseconds=1)).strftime("%Y-%m")
    tallies = db.exec(
        select(PracticeTally).where(col(PracticeTally.month) >= begin, col(PracticeTally.month) <= end)
    ).all()
    people = db.exec(
        select(func.count(func.distinct(AuditEvent.actor))).where(
            AuditEvent.action == practice_rounds.ANSWERED,
            col(AuditEvent.at) >= asked.begin.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
            col(AuditEvent.at) < asked.end,
        )
    ).one()
    planted = [tally for tally in tallies if tally.planted]
    sound = [tally for tally in tallies if not tally.planted]
    return approval_quality.caught(
        (sum(each.caught for each in planted), sum(each.answers for each in planted)),
        (sum(each.caught for each in sound), sum(each.answers for each in sound)),
        people,
    )


def _missed_cases(db: Session, asked: Asked) -> list[str]:
    """The cases in which a risk was missed; a page shows of them those that its reader may read."""
    return list(
        db.exec(
            select(RiskFinding.case_number)
            .join(RiskDrawCase, col(RiskDrawCase.case_number) == col(RiskFinding.case_number))
            .join(RiskDraw, col(RiskDraw.id) == col(RiskDrawCase.draw_id))
            .where(
                RiskFinding.finding == SampleFinding.RISK_MISSED,
                col(RiskDrawCase.location_id).in_(asked.location_ids),
                col(RiskDraw.night) >= asked.begin.date(),
                col(RiskDraw.night) < asked.end.date(),
            )
            .order_by(RiskFinding.case_number)
        ).all()
    )


def asked_for(
    location_ids: Collection[str], chosen: str, begin: datetime | None, end: datetime | None, now: datetime
) -> Asked:
    """Of which time and locations: without an end up to today, without a beginning PERIOD before the end; of somebody's
    locations the chosen one, or all."""
    after = end or now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    places = frozenset([chosen] if chosen in location_ids else location_ids)
    return Asked(begin or after - PERIOD, after, places)
