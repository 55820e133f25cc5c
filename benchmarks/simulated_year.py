"""What would a year of one practice look like with and without reminders and the waitlist? A simulation, and no more.

One invented practice, one seed, four runs. What is ours is used as it is: when reminders go out
(rules.messaging.appointment_reminder_times), which times there are (rules.scheduling.free_slots), what a cancellation
counts as, who is offered a freed time and for how long (rules.waitlist.choose), the no-show rate and the time to a
first appointment (rules.metrics). What people do is assumed: see ``People``, and docs/simulated-year.md.

Prints one JSON line; with ``--docs`` it also writes docs/simulated-year.md and its charts (SVG).
"""

import argparse
import heapq
import json
import sys
from bisect import bisect_left
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from models.codes import AppointmentStatus, Modality
from rules import messaging, metrics, scheduling, waitlist
from rules.matching import CandidateClinician, MatchRequest
from rules.scheduling import WeeklyHours
from rules.waitlist import FreedTime, Waiting, WaitlistPolicy

ROOT = Path(__file__).parents[1]
PAGE, CHARTS = ROOT / "docs" / "simulated-year.md", ROOT / "docs" / "simulated-year"
SEED = 20260101
ZONE, STATE, PLACE = "America/Los_Angeles", "OR", "LOC-1"
YEAR = (date(2026, 1, 5), date(2027, 1, 4))
WARM_UP = timedelta(weeks=8)
"""The first weeks fill the practice; nothing of them is counted."""
CLINICIANS = 4
MINUTES, BREAK = 50, 10
A = AppointmentStatus


@dataclass(frozen=True)
class People:
    """What patients do: every figure is an assumption, except ``reminded_risk``.

    ``reminded_risk``: how often a reminded appointment is missed, as a share of how often it would be otherwise. The
    meta-analysis gives 0.77 (0.71 to 0.84) for all reminders together. ``cancel_link``: of what a reminder averts, how
    much is cancelled by its link and so can be given to somebody else; the rest is kept. ``cancelled``: appointments
    that are cancelled whatever is sent. ``accepts``: of patients offered a time, how many would take it, in
    ``answers_hours`` on average. ``desk_fills``: without a waitlist, how many freed times somebody fills from memory.
    """

    missed: float = 0.16
    reminded_risk: float = 0.77
    cancelled: float = 0.11
    cancel_link: float = 0.5
    accepts: float = 0.45
    answers_hours: float = 2.0
    sessions: float = 14.0
    referrals_a_week: float = 14.0
    desk_fills: float = 0.08


@dataclass(frozen=True)
class Run:
    name: str
    reminders: bool
    waitlist: bool


RUNS = (
    Run("neither", False, False),
    Run("reminders", True, False),
    Run("waitlist", False, True),
    Run("both", True, True),
)


@dataclass(eq=False)
class Visit:
    patient: int
    clinician: int
    starts_at: datetime
    booked_at: datetime
    first: bool
    status: AppointmentStatus = A.BOOKED


@dataclass
class Patient:
    """Drawn once, so that the same person behaves alike in each run; ``luck`` is a stream of their own."""

    number: int
    referred_at: datetime
    clinician: int
    sessions: int
    tendency: float
    luck: np.random.Generator
    held: int = 0
    first_on: date | None = None
    left_on: date | None = None


@dataclass
class Ledger:
    """What happened, to be counted."""

    visits: list[Visit] = field(default_factory=list)
    freed: set[tuple[int, datetime]] = field(default_factory=set)
    offers: Counter[str] = field(default_factory=Counter)


class Practice:
    """One run of the year, moved on by events in the order of time."""

    def __init__(self, run: Run, people: People, seed: int) -> None:
        self.run, self.people = run, people
        self.zone = ZoneInfo(ZONE)
        self.begin = datetime.combine(YEAR[0], time(0), self.zone).astimezone(UTC)
        self.end = datetime.combine(YEAR[1], time(0), self.zone).astimezone(UTC)
        hours = [WeeklyHours(day, time(9), time(17), ZONE, PLACE, Modality.EITHER, MINUTES, BREAK) for day in range(5)]
        times = scheduling.free_slots(
            hours, holidays=(), taken=(), from_utc=self.begin - WARM_UP, to_utc=self.end + timedelta(weeks=16)
        )
        self.times = [slot.starts_at for slot in times]
        self.free: list[set[datetime]] = [set(self.times) for _ in range(CLINICIANS)]
        self.patients = self._drawn(seed)
        self.queue: list[tuple[datetime, int, str, object]] = []
        self.count = 0
        self.waiting: dict[int, tuple[Visit, Waiting]] = {}
        self.ledger = Ledger()
        self.clinicians = [
            CandidateClinician(
                f"ST-{number}", frozenset({STATE}), frozenset({("PAYER", "*")}), 18, 120,
                frozenset({Modality.TELEHEALTH}), frozenset({"en"}), 1, 40,
            )
            for number in range(CLINICIANS)
        ]  # fmt: skip

    def _drawn(self, seed: int) -> list[Patient]:
        chance = np.random.default_rng(seed)
        weeks = int((self.end - self.begin + WARM_UP) / timedelta(weeks=1))
        found: list[Patient] = []
        for week in range(weeks):
            # the practice fills faster than it is referred to afterwards
            mean = self.people.referrals_a_week * (2.2 if week < 4 else 1.0)
            for _ in range(chance.poisson(mean)):
                at = self.begin - WARM_UP + timedelta(weeks=week, hours=float(chance.uniform(0, 168)))
                found.append(
                    Patient(
                        len(found), at, int(chance.integers(CLINICIANS)),
                        1 + int(chance.geometric(1 / self.people.sessions)),
                        float(chance.normal(0, 0.6)), np.random.default_rng([seed, len(found)]),
                    )
                )  # fmt: skip
        return found

    def happens(self, at: datetime, what: str, subject: object) -> None:
        self.count += 1
        heapq.heappush(self.queue, (at, self.count, what, subject))

    def live(self) -> Ledger:
        for patient in self.patients:
            self.happens(patient.referred_at, "referred", patient)
        while self.queue and self.queue[0][0] < self.end:
            at, _, what, subject = heapq.heappop(self.queue)
            getattr(self, f"_{what}")(at, subject)
        return self.ledger

    # -- appointments

    def _referred(self, now: datetime, patient: Patient) -> None:
        """A first session at the earliest time two days ahead, and a place on the waitlist for an earlier one."""
        visit = self._book(patient, now, now + timedelta(days=2), first=True)
        if visit and self.run.waitlist and visit.starts_at - now > timedelta(days=5):
            self._wait_for_earlier(visit, now)

    def _book(self, patient: Patient, now: datetime, not_before: datetime, *, first: bool) -> Visit | None:
        free = self.free[patient.clinician]
        at = next((each for each in self.times[bisect_left(self.times, not_before) :] if each in free), None)
        if at is None:
            return None
        free.discard(at)
        visit = Visit(patient.number, patient.clinician, at, now, first)
        self._agreed(visit, now)
        return visit

    def _agreed(self, visit: Visit, now: datetime) -> None:
        """What will become of it is decided now, by this patient's own luck, and happens when its time comes."""
        patient, people = self.patients[visit.patient], self.people
        self.ledger.visits.append(visit)
        reminders: tuple[datetime, ...] = ()
        if self.run.reminders:
            reminders = messaging.appointment_reminder_times(visit.starts_at, ZONE, booked_at=now)
        lead_days = (visit.starts_at - now) / timedelta(days=1)
        says_so, misses, link, when = patient.luck.random(4)
        odds = people.missed / (1 - people.missed) * np.exp(patient.tendency + 0.35 * np.log((lead_days + 1) / 8))
        risk = odds / (1 + odds)
        if says_so < people.cancelled:  # whatever is sent: something came up, and they call
            left = visit.starts_at - now
            self.happens(now + left * float(0.3 + 0.69 * when), "cancelled", visit)
        elif risk * people.reminded_risk <= misses < risk and reminders:  # what the reminder averts
            if link < people.cancel_link:
                self.happens(reminders[0] + timedelta(minutes=30), "cancelled", visit)
            else:
                self.happens(visit.starts_at + timedelta(minutes=MINUTES), "kept", visit)
        elif misses < risk:
            self.happens(visit.starts_at + timedelta(minutes=MINUTES), "missed", visit)
        else:
            self.happens(visit.starts_at + timedelta(minutes=MINUTES), "kept", visit)

    def _kept(self, now: datetime, visit: Visit) -> None:
        if visit.status != A.BOOKED:
            return
        visit.status = A.ATTENDED
        patient = self.patients[visit.patient]
        patient.held += 1
        if patient.first_on is None:
            patient.first_on = visit.starts_at.astimezone(self.zone).date()
        if patient.held < patient.sessions:
            self._next(visit, now, timedelta(days=7))

    def _missed(self, now: datetime, visit: Visit) -> None:
        if visit.status != A.BOOKED:
            return
        visit.status = A.NO_SHOW
        self.waiting.pop(visit.patient, None)
        if self.patients[visit.patient].luck.random() < 0.8:
            self._next(visit, now, timedelta(days=7))
        else:
            self._leaves(visit, now)

    def _cancelled(self, now: datetime, visit: Visit) -> None:
        if visit.status != A.BOOKED:
            return
        visit.status = scheduling.outcome_of_cancellation(now, visit.starts_at)
        self.waiting.pop(visit.patient, None)
        self._next(visit, now, timedelta(days=3))
        self._comes_free(visit.clinician, visit.starts_at, now)

    def _next(self, visit: Visit, now: datetime, after: timedelta) -> None:
        """The same hour a week later where it is free, else the next time there is."""
        patient = self.patients[visit.patient]
        local = visit.starts_at.astimezone(self.zone)
        same = datetime.combine(local.date() + timedelta(days=7), local.time(), self.zone).astimezone(UTC)
        first = patient.first_on is None
        if after >= timedelta(days=7) and not visit.first and same in self.free[patient.clinician]:
            self.free[patient.clinician].discard(same)
            self._agreed(Visit(patient.number, patient.clinician, same, now, first), now)
            return
        made = self._book(patient, now, max(visit.starts_at if after.days >= 7 else now, now) + after, first=first)
        if made and self.run.waitlist and made.starts_at - now > timedelta(days=9):
            self._wait_for_earlier(made, now)

    def _leaves(self, visit: Visit, now: datetime) -> None:
        self.patients[visit.patient].left_on = now.astimezone(self.zone).date()

    # -- freed times

    def _wait_for_earlier(self, visit: Visit, now: datetime) -> None:
        request = MatchRequest(
            f"PT-{visit.patient}", STATE, 40, "PAYER", "*", False, Modality.TELEHEALTH, "en", location_id=PLACE
        )
        waiting = Waiting(
            f"WE-{visit.patient}", 2 if visit.first else 3, now, ZONE, request,
            own_clinician=f"ST-{visit.clinician}", only_clinician=f"ST-{visit.clinician}",
            min_notice_hours=4, not_after=visit.starts_at,
        )  # fmt: skip
        self.waiting[visit.patient] = (visit, waiting)

    def _comes_free(self, clinician: int, starts_at: datetime, now: datetime) -> None:
        self.free[clinician].add(starts_at)
        self.ledger.freed.add((clinician, starts_at))
        self._offer(now, (clinician, starts_at, 0))
        if not self.run.waitlist:
            self.happens(min(now + timedelta(hours=3), starts_at - timedelta(hours=1)), "desk", (clinician, starts_at))

    def _desk(self, now: datetime, freed: tuple[int, datetime]) -> None:
        """Without a waitlist somebody at the desk now and then has a name at hand, and calls."""
        clinician, starts_at = freed
        if starts_at not in self.free[clinician] or starts_at - now < timedelta(hours=3):
            return
        later = [
            visit
            for visit in self.ledger.visits[-600:]
            if visit.clinician == clinician
            and visit.status == A.BOOKED
            and visit.starts_at > starts_at + timedelta(days=3)
        ]
        chance = np.random.default_rng([int(starts_at.timestamp()), clinician])
        if later and chance.random() < self.people.desk_fills:
            self._move(later[int(chance.integers(len(later)))], starts_at, now)

    def _offer(self, now: datetime, freed: tuple[int, datetime, int]) -> None:
        """One round of offers for one freed time; the next begins when these holds have ended."""
        clinician, starts_at, batch = freed
        if not self.run.waitlist or starts_at not in self.free[clinician]:
            return
        time_free = FreedTime(
            f"SL-{clinician}-{starts_at:%Y%m%d%H%M}", f"ST-{clinician}", PLACE, starts_at, MINUTES, Modality.EITHER
        )
        choice = waitlist.choose(
            time_free, self.clinicians[clinician], [each for _, each in self.waiting.values()],
            now=now, policy=WaitlistPolicy(),
        )  # fmt: skip
        until = None
        for chosen in choice.chosen:
            number = int(chosen.entry_id.removeprefix("WE-"))
            visit, waiting = self.waiting[number]
            told = waitlist.replace(
                waiting, offers=waiting.offers + 1, last_offered_at=now, said_no=waiting.said_no | {time_free.slot_id}
            )
            self.waiting[number] = (visit, told)
            self.ledger.offers["made"] += 1
            says_yes, hours = self.patients[number].luck.random(), self.patients[number].luck.exponential()
            answers = chosen.hold.tell_at + timedelta(hours=float(hours) * self.people.answers_hours)
            if says_yes < self.people.accepts and answers < chosen.hold.until:
                self.happens(answers, "accepted", (number, starts_at))
            until = max(until or chosen.hold.until, chosen.hold.until)
        if until is not None and until < starts_at:
            self.happens(until, "offer", (clinician, starts_at, batch + 1))

    def _accepted(self, now: datetime, answer: tuple[int, datetime]) -> None:
        """The first to accept has it; whoever comes after is told that it is gone."""
        number, starts_at = answer
        visit = self.waiting[number][0] if number in self.waiting else None
        if visit is None or visit.status != A.BOOKED or starts_at not in self.free[visit.clinician]:
            self.ledger.offers["too_late"] += 1
            return
        self.ledger.offers["accepted"] += 1
        del self.waiting[number]
        self._move(visit, starts_at, now)

    def _move(self, visit: Visit, to: datetime, now: datetime) -> None:
        """A patient takes an earlier time; their own comes free, and is offered in its turn."""
        self.free[visit.clinician].discard(to)
        self.ledger.visits.remove(visit)
        visit.status = A.CANCELLED  # so that what was to happen to it does not
        self._agreed(Visit(visit.patient, visit.clinician, to, now, visit.first), now)
        self.free[visit.clinician].add(visit.starts_at)
        self._offer(now, (visit.clinician, visit.starts_at, 0))


def figures(practice: Practice, ledger: Ledger) -> tuple[dict[str, float], pd.DataFrame]:
    """The year's figures and the same by month; only appointments of the year itself are counted."""
    over = [
        each for each in ledger.visits if practice.begin <= each.starts_at < practice.end and each.status != A.BOOKED
    ]
    offered = sum(practice.begin <= each < practice.end for each in practice.times) * CLINICIANS
    rate = metrics.no_show_rate(each.status for each in over)
    as_of = practice.end.astimezone(practice.zone).date()
    waits = [
        metrics.Wait(each.referred_at.astimezone(practice.zone).date(), each.first_on, each.left_on)
        for each in practice.patients
        if each.referred_at >= practice.begin
    ]
    first = metrics.time_to_first_appointment(waits, as_of)
    booked_ahead = [(each.starts_at - each.booked_at) / timedelta(days=1) for each in over if each.status == A.ATTENDED]
    freed = {each for each in ledger.freed if practice.begin <= each[1] < practice.end}
    used = {(each.clinician, each.starts_at) for each in over if each.status in (A.ATTENDED, A.NO_SHOW)}
    year = {
        "no_show_rate": rate.rate or 0.0,
        "attended": rate.attended,
        "missed": rate.no_shows,
        "cancelled": rate.cancelled,
        "late_cancelled": rate.late_cancelled,
        "times_cancelled": len(freed),
        "filled_of_cancelled": len(freed & used) / max(len(freed), 1),
        "utilisation": rate.attended / offered,
        "days_to_first_median": float(first.median_days or 0),
        "days_to_first_p90": float(first.p90_days or 0),
        "days_booked_ahead": float(np.mean(booked_ahead)),
        "offers_made": ledger.offers["made"],
        "offers_accepted": ledger.offers["accepted"],
    }
    table = pd.DataFrame(
        {"month": [f"{each.starts_at:%Y-%m}" for each in over], "status": [each.status.value for each in over]}
    )
    by_month = table.groupby(["month", "status"]).size().unstack(fill_value=0).reset_index()
    return year, by_month.assign(run=practice.run.name)


def simulate(seed: int = SEED, people: People | None = None) -> tuple[dict[str, dict[str, float]], pd.DataFrame]:
    years, months = {}, []
    for run in RUNS:
        practice = Practice(run, people or People(), seed)
        years[run.name], by_month = figures(practice, practice.live())
        months.append(by_month)
    return years, pd.concat(months, ignore_index=True).fillna(0)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--docs", action="store_true", help="write docs/simulated-year.md and its charts")
    docs = asked.parse_args().docs
    years, months = simulate()
    rounded = {run: {name: round(value, 4) for name, value in year.items()} for run, year in years.items()}
    if docs:
        from benchmarks.simulated_year_page import write

        write(PAGE, CHARTS, years, months, asdict(People()))
    print(json.dumps({"benchmark": "simulated_year", "simulation": True, "seed": SEED, **rounded}))


if __name__ == "__main__":
    main()
