"""What is known of a freed time and of everybody who may want it, read for whole tables at once."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from acts.matching_facts import clinicians_on, request_of
from acts.pilot_arms import Placed, Subject, placed
from models.codes import AppointmentStatus, EpisodeStatus, Modality, ReferralStatus, SlotStatus
from models.operational import (
    Appointment,
    Episode,
    Location,
    NoShowEstimate,
    Patient,
    PracticeSetting,
    Referral,
    Slot,
    WaitlistEntry,
    WaitlistOffer,
)
from models.pilot_codes import VersionKind
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from rules.matching import CandidateClinician
from rules.scheduling import Interval
from rules.waitlist import FreedTime, Waiting, WaitlistPolicy, is_likely_to_miss, unsuited

WAITLIST = "waitlist"
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
LONGEST_APPOINTMENT = timedelta(hours=8)
ESTIMATES_SINCE = timedelta(days=90)
SAID_NO = (WaitlistOfferStatus.DECLINED, WaitlistOfferStatus.EXPIRED)
OFFERED_IN = (ReferralStatus.WAITLISTED, ReferralStatus.BOOKED)
"""Where a referral's patient may be offered a time that came free."""


def waitlist_policy(db: Session) -> WaitlistPolicy:
    """The practice's own figures; unknown names in the setting raise ValueError."""
    stored = db.get(PracticeSetting, WAITLIST)
    return policy_of(json.loads(stored.value) if stored else {})


def policy_of(values: Mapping[str, Any]) -> WaitlistPolicy:
    """The figures with these in the place of the shipped ones; unknown names and figures that cannot be raise
    ValueError."""
    known = {field.name for field in fields(WaitlistPolicy)}
    if unknown := set(values) - known:
        raise ValueError(f"unknown waitlist settings: {', '.join(sorted(unknown))}")
    return WaitlistPolicy(**values)


@dataclass
class Person:
    """One entry with the records behind it."""

    entry: WaitlistEntry
    case: Any
    patient: Patient
    waiting: Waiting


class WaitlistFacts:
    """The entries that some freed times may go to; what is offered from here on is noted as it happens."""

    def __init__(
        self,
        policy: WaitlistPolicy,
        clinicians: Iterable[CandidateClinician],
        trials: Mapping[tuple[str, str], Placed] | None = None,
    ) -> None:
        self.policy = policy
        self._trials = trials or {}
        self.clinicians = {one.clinician_id: one for one in clinicians}
        self.people: dict[str, Person] = {}
        self.open_on: dict[str, list[str]] = defaultdict(list)
        self.batches: dict[str, int] = {}
        self._suits: dict[tuple[str, str], bool] = {}
        self._by_clinician: dict[str | None, list[str]] = defaultdict(list)

    def add(self, person: Person) -> None:
        self.people[person.entry.id] = person
        self._by_clinician[person.waiting.only_clinician].append(person.entry.id)

    def policy_for(self, slot: Slot) -> WaitlistPolicy:
        """The practice's rule, or the one that is tried on this clinician's times at this place."""
        trial = self._trials.get((slot.clinician_id, slot.location_id))
        return self._of_version(trial) if trial is not None and trial.has_new else self.policy

    def shadow_for(self, slot: Slot) -> tuple[Placed, WaitlistPolicy] | None:
        """The rule that runs in shadow on this clinician's times at this place, where one does."""
        trial = self._trials.get((slot.clinician_id, slot.location_id))
        return (trial, self._of_version(trial)) if trial is not None and trial.arm is None else None

    def _of_version(self, trial: Placed) -> WaitlistPolicy:
        return policy_of({**asdict(self.policy), **trial.version.content})

    def waiting_for(self, slot: Slot) -> list[Waiting]:
        """Everybody who may wait for this clinician's times, in no order."""
        ids = [*self._by_clinician[slot.clinician_id], *self._by_clinician[None]]
        return [self.people[one].waiting for one in ids]

    def may_be_asked(self, slot: Slot, policy: WaitlistPolicy) -> list[Waiting]:
        """The same without those who hold as many offers as they may, or whom this clinician may not see."""
        return [
            one
            for one in self.waiting_for(slot)
            if len(one.held) < policy.most_open and self._suited(one, slot.clinician_id)
        ]

    def _suited(self, one: Waiting, clinician_id: str) -> bool:
        """Whether this clinician may see them at all, worked out once for all of the clinician's times."""
        key = (one.entry_id, clinician_id)
        if key not in self._suits:
            self._suits[key] = not unsuited(self.clinicians[clinician_id], one)
        return self._suits[key]

    def likely_to_miss(self, slot: Slot, policy: WaitlistPolicy) -> int:
        """How many of those who hold this time now are likely to miss it."""
        held_by = [self.people[one].waiting for one in self.open_on[slot.id] if one in self.people]
        return sum(is_likely_to_miss(one.miss_estimate, policy) for one in held_by)

    def note_offer(self, offer: WaitlistOffer, slot: Slot) -> None:
        """An offer that was just made counts for the next choice."""
        person = self.people[offer.entry_id]
        self.open_on[slot.id].append(offer.entry_id)
        person.waiting = replace(
            person.waiting,
            offers=person.waiting.offers + 1,
            last_offered_at=offer.offered_at,
            held=(*person.waiting.held, interval_of(slot)),
        )


def time_of(slot: Slot) -> FreedTime:
    return FreedTime(slot.id, slot.clinician_id, slot.location_id, slot.starts_at, slot.minutes, slot.modality)


def interval_of(taken: Slot | Appointment) -> Interval:
    return Interval(taken.starts_at, taken.starts_at + timedelta(minutes=taken.minutes))


def still_free(db: Session, slots: Sequence[Slot], now: datetime) -> list[Slot]:
    """Those of the times that can be had: open, still to come, and their clinician has nothing else then."""
    free = [slot for slot in slots if slot.status == SlotStatus.OPEN and slot.starts_at > now]
    if not free:
        return []
    taken: dict[str, list[Interval]] = defaultdict(list)
    for one in db.exec(
        select(Appointment).where(
            col(Appointment.clinician_id).in_({slot.clinician_id for slot in free}),
            col(Appointment.status).in_(STANDING),
            Appointment.starts_at > min(slot.starts_at for slot in free) - LONGEST_APPOINTMENT,
            Appointment.starts_at < max(slot.starts_at for slot in free) + LONGEST_APPOINTMENT,
        )
    ).all():
        taken[one.clinician_id].append(interval_of(one))
    return [slot for slot in free if not _overlaps(slot, taken[slot.clinician_id])]


def _overlaps(slot: Slot, taken: Sequence[Interval]) -> bool:
    own = interval_of(slot)
    return any(each.overlaps(own.starts_at, own.ends_at) for each in taken)


def facts_for(
    db: Session, slots: Sequence[Slot], now: datetime, entry_id: str | None = None, *, keep: bool = False
) -> WaitlistFacts:
    """All that the choice for these times needs, in a constant number of queries; of one entry alone where named.

    ``keep``: the times are about to be offered, so which arm of a pilot their clinicians are in goes on record.
    """
    clinician_ids = sorted({slot.clinician_id for slot in slots})
    policy = waitlist_policy(db)
    facts = WaitlistFacts(policy, clinicians_on(db, now.date(), clinician_ids), _trials(db, slots, keep))
    wanted = _whose(slots, clinician_ids) if entry_id is None else [WaitlistEntry.id == entry_id]
    entries = db.exec(select(WaitlistEntry).where(*wanted)).all()
    _read_offers(db, facts, slots)
    if not entries:
        return facts

    def of_entries(record: Any, column: Any) -> Any:
        """Everything of a table that belongs to the entries, without naming each of them."""
        return select(record).where(column.in_(select(WaitlistEntry.patient_id).where(*wanted)))

    patients = {one.id: one for one in db.exec(of_entries(Patient, col(Patient.id))).all()}
    cases: dict[str, Any] = {
        one.case_number: one
        for record in (Referral, Episode)
        for one in db.exec(of_entries(record, col(record.patient_id))).all()
    }
    accessible = {one.patient_id for one in cases.values() if isinstance(one, Referral) and one.needs_accessible}
    zones = dict(db.exec(select(Location.id, Location.time_zone)).all())
    busy = _appointments(db, of_entries, slots)
    replaced = _replaced(db, wanted)
    held, said_no = _earlier_offers(db, wanted)
    estimates = _estimates(db, of_entries, now)
    for entry in entries:
        patient, case = patients[entry.patient_id], cases[entry.case_number]
        own = [one for one in busy[patient.id] if one.id != entry.from_appointment_id]
        request = request_of(
            patient,
            now.date(),
            modality=entry.modality,
            location_id=entry.location_id,
            needs_accessible=patient.id in accessible,
        )
        waiting = Waiting(
            entry_id=entry.id,
            priority=entry.priority,
            since=entry.since,
            zone=patient.time_zone or zones[entry.location_id],
            request=request,
            priority_by_person=bool(entry.priority_by),
            only_clinician=case.clinician_id if isinstance(case, Referral) else entry.clinician_id,
            own_clinician=case.clinician_id,
            wanted_times=frozenset(entry.wanted_times),
            min_notice_hours=entry.min_notice_hours,
            offers=entry.offers,
            last_offered_at=entry.last_offered_at,
            not_ready=_not_ready(entry, case, replaced, now),
            busy=tuple(interval_of(one) for one in own),
            held=tuple(held[entry.id]),
            not_after=replaced[entry.from_appointment_id].starts_at if entry.from_appointment_id else None,
            said_no=frozenset(said_no[entry.id]),
            miss_estimate=estimates.get(patient.id),
        )
        facts.add(Person(entry, case, patient, waiting))
    return facts


def _trials(db: Session, slots: Sequence[Slot], keep: bool) -> dict[tuple[str, str], Placed]:
    """The pilot of the rule that each clinician's times at a place are part of."""
    pairs = sorted({(slot.clinician_id, slot.location_id) for slot in slots})
    subjects = [Subject(place, clinician_id=clinician) for clinician, place in pairs]
    trials = placed(db, (VersionKind.WAITLIST_RULE,), subjects, keep=keep)
    return {pair: trial for pair, trial in zip(pairs, trials, strict=True) if trial is not None}


def _whose(slots: Sequence[Slot], clinician_ids: list[str]) -> list[Any]:
    """Whoever waits for one of these clinicians, or for any at one of these places or by video."""
    places = sorted({slot.location_id for slot in slots})
    anywhere = col(WaitlistEntry.location_id).in_(places) | (col(WaitlistEntry.modality) != Modality.OFFICE)
    any_clinician = col(WaitlistEntry.clinician_id).is_(None) & anywhere
    return [
        WaitlistEntry.status == WaitlistStatus.WAITING,
        or_(col(WaitlistEntry.clinician_id).in_(clinician_ids), any_clinician),
    ]


def _read_offers(db: Session, facts: WaitlistFacts, slots: Sequence[Slot]) -> None:
    """Who holds these times now, and in which round."""
    ids = [slot.id for slot in slots]
    for slot_id, entry_id, status, batch in db.exec(
        select(WaitlistOffer.slot_id, WaitlistOffer.entry_id, WaitlistOffer.status, WaitlistOffer.batch).where(
            col(WaitlistOffer.slot_id).in_(ids)
        )
    ).all():
        facts.batches[slot_id] = max(batch, facts.batches.get(slot_id, 0))
        if status == WaitlistOfferStatus.OPEN:
            facts.open_on[slot_id].append(entry_id)


def _appointments(db: Session, of_entries: Any, slots: Sequence[Slot]) -> dict[str, list[Appointment]]:
    first = min(slot.starts_at for slot in slots) - LONGEST_APPOINTMENT
    last = max(slot.starts_at for slot in slots) + LONGEST_APPOINTMENT
    found: dict[str, list[Appointment]] = defaultdict(list)
    query = of_entries(Appointment, col(Appointment.patient_id)).where(
        col(Appointment.status).in_(STANDING), Appointment.starts_at > first, Appointment.starts_at < last
    )
    for one in db.exec(query).all():
        found[one.patient_id].append(one)
    return found


def _replaced(db: Session, wanted: list[Any]) -> dict[str, Appointment]:
    query = select(Appointment).where(col(Appointment.id).in_(select(WaitlistEntry.from_appointment_id).where(*wanted)))
    return {one.id: one for one in db.exec(query).all()}


def _earlier_offers(db: Session, wanted: list[Any]) -> tuple[dict[str, list[Interval]], dict[str, set[str]]]:
    """The times that each entry is offered now, and the slots that it said no to."""
    held: dict[str, list[Interval]] = defaultdict(list)
    said_no: dict[str, set[str]] = defaultdict(set)
    query = (
        select(WaitlistOffer, Slot)
        .join(Slot, col(Slot.id) == col(WaitlistOffer.slot_id))
        .where(
            col(WaitlistOffer.entry_id).in_(select(WaitlistEntry.id).where(*wanted)),
            col(WaitlistOffer.status).in_((WaitlistOfferStatus.OPEN, *SAID_NO)),
        )
    )
    for offer, slot in db.exec(query).all():
        if offer.status == WaitlistOfferStatus.OPEN:
            held[offer.entry_id].append(interval_of(slot))
        else:
            said_no[offer.entry_id].add(slot.id)
    return held, said_no


def _estimates(db: Session, of_entries: Any, now: datetime) -> dict[str, float]:
    """How likely each patient is to miss, by the newest estimate of an appointment of theirs."""
    about = of_entries(Appointment.id, col(Appointment.patient_id)).where(Appointment.starts_at > now - ESTIMATES_SINCE)
    query = (
        select(Appointment.patient_id, NoShowEstimate.probability)
        .join(NoShowEstimate, col(NoShowEstimate.appointment_id) == col(Appointment.id))
        .where(col(Appointment.id).in_(about))
        .order_by(col(NoShowEstimate.at))
    )
    return dict(db.exec(query).all())


def _not_ready(entry: WaitlistEntry, case: Any, replaced: dict[str, Appointment], now: datetime) -> str:
    """Why nobody may give this patient a time now, "" where one may be given."""
    if isinstance(case, Referral):
        if case.status not in OFFERED_IN:
            return "the case has moved on"
        if not case.risk_cleared:
            return "its risk is not cleared"
        if case.clinician_id is None:
            return "no clinician is assigned yet"
    elif case.status != EpisodeStatus.ACTIVE:
        return "care has ended"
    if entry.from_appointment_id is not None:
        later = replaced[entry.from_appointment_id]
        if later.status not in STANDING or later.starts_at <= now:
            return "the appointment it would replace no longer stands"
    elif case.status == ReferralStatus.BOOKED:
        return "it names no appointment to replace"
    return ""
