"""What the desk shows of times that came free: who holds each of them, who would be next, and who is not and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from acts.waitlist_facts import WaitlistFacts, facts_for, time_of
from acts.waitlist_offers import freed_slots
from adapters.operational_store import reading
from adapters.waitlist_views import open_offers
from models.operational import Slot, WaitlistOffer
from rules.waitlist import WISHES, order, refusals_of

SHOWN = 30


@dataclass(frozen=True)
class Candidate:
    """Somebody on the list as far as one time is concerned.

    ``wishes``: what a person can settle with them on the phone; ``never``: what stands whoever asks.
    """

    entry_id: str
    case_number: str
    wishes: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True)
class FreedTimeView:
    """One freed time with its open offers and everybody on the list, in order."""

    slot: Slot
    offers: tuple[WaitlistOffer, ...]
    candidates: tuple[Candidate, ...]

    @property
    def may_have_it(self) -> list[Candidate]:
        return [each for each in self.candidates if not each.never]

    @property
    def may_not(self) -> list[Candidate]:
        return [each for each in self.candidates if each.never]


def freed_times(location_ids: Sequence[str], now: datetime) -> list[FreedTimeView]:
    """The freed times of these locations that are still to be had, soonest first, at most ``SHOWN``."""
    with reading() as db:
        slots = freed_slots(db, now, location_ids, limit=SHOWN)
        if not slots:
            return []
        facts = facts_for(db, slots, now)
        offers = open_offers(db, WaitlistOffer.slot_id, [slot.id for slot in slots])
    return [
        FreedTimeView(
            slot=slot,
            offers=tuple(offer for offer, _ in offers[slot.id]),
            candidates=tuple(_candidates(facts, slot, now)),
        )
        for slot in slots
    ]


def _candidates(facts: WaitlistFacts, slot: Slot, now: datetime) -> list[Candidate]:
    clinician = facts.clinicians.get(slot.clinician_id)
    if clinician is None:
        return []
    found = []
    for one in sorted(facts.waiting_for(slot), key=lambda each: order(each, now)):
        refusals, _ = refusals_of(time_of(slot), clinician, one, now=now, policy=facts.policy_for(slot))
        found.append(
            Candidate(
                entry_id=one.entry_id,
                case_number=facts.people[one.entry_id].entry.case_number,
                wishes=tuple(each.text for each in refusals if each.code in WISHES),
                never=tuple(each.text for each in refusals if each.code not in WISHES),
            )
        )
    return found
