"""Looks at pilots: each is a fact on record; one that shows harm takes the new version out of use."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from acts import pilot_figures, pilot_labels, pilot_templates
from acts.pilot_arms import running
from acts.pilot_figures import Labels
from acts.pilots import end_in, one_pilot, present_of
from adapters.operational_store import audit, queue_message, reading, writing
from models.codes import MessageChannel, Role
from models.operational import Pilot, PilotLook, Staff
from models.pilot_codes import MEASURES_OF, EndedWhy, LookVerdict, PilotMeasure, PilotMode, TextKind, VersionKind
from rules import pilots
from rules.pilots import Comparison, Plan

ENDS_FOR = {LookVerdict.HARM: EndedWhy.HARM, LookVerdict.B_WORSE: EndedWhy.B_WORSE}


@dataclass(frozen=True)
class Looked:
    """How many pilots were looked at, how many of them were stopped."""

    looks: int = 0
    stopped: int = 0


def look_at_all(now: datetime) -> Looked:
    """Look at every pilot that runs."""
    with reading() as db:
        there = [pilot for pilot, _ in running(db, tuple(VersionKind))]
    _count_edits(there)
    labels = pilot_labels.labels_for(there)
    looks = [look(pilot.id, now, labels=labels, actor="system") for pilot in there]
    return Looked(sum(each is not None for each in looks), sum(bool(each and each.verdict.stops) for each in looks))


def look_now(pilot_id: str, now: datetime, *, actor: str) -> PilotLook | None:
    """Look at one pilot because somebody wants to; it may be done at any time and as often as they like."""
    with reading() as db:
        pilot, _ = one_pilot(db, pilot_id)
    _count_edits([pilot])
    return look(pilot_id, now, labels=pilot_labels.labels_for([pilot]), actor=actor)


def _count_edits(there: Sequence[Pilot]) -> None:
    drafted = [each for each in there if each.kind == VersionKind.NOTE_TEMPLATE and _has_arms(each)]
    of_notes = [each for each in drafted if each.started_at is not None]
    if of_notes:
        since = min(each.started_at for each in of_notes if each.started_at is not None)
        pilot_templates.count_edits(since, sorted({place for each in of_notes for place in each.location_ids}))


def look(pilot_id: str, now: datetime, *, labels: Labels, actor: str) -> PilotLook | None:
    """Put one look on record; None where the pilot does not run, or what is in force changed meanwhile, which ends it.

    A verdict that ends the comparison stays the pilot's, whatever later looks say; one that shows harm stops it.
    """
    with reading() as db:
        pilot = db.get(Pilot, pilot_id)
        if pilot is None or pilot.started_at is None or pilot.ended_at is not None:
            return None
        changed = present_of(db, pilot) != pilot.present
        seen = None if changed else _made(db, pilot, labels, now)
    # what takes long is read before, so that nobody waits for a look who wants to write
    with writing() as db:
        pilot = db.get_one(Pilot, pilot_id, with_for_update=True)
        if pilot.ended_at is not None:
            return None
        before = verdicts(db, pilot.id)
        if seen is None:
            end_in(db, pilot, EndedWhy.PRESENT_CHANGED, actor)
            _tell_owners(db, pilot, len(before))
            return None
        seen.number = len(before) + 1
        db.add(seen)
        db.flush()
        counts: dict[str, Any] = {"number": seen.number, "units_a": seen.units_a, "units_b": seen.units_b}
        audit(db, actor, "pilot.looked", pilot, verdict=seen.verdict.value, **counts)
        if seen.verdict.stops:
            end_in(db, pilot, ENDS_FOR[seen.verdict], "system")
        news = seen.verdict.is_settled and not pilots.standing(before).is_settled
        if news or seen.verdict.stops:
            _tell_owners(db, pilot, seen.number)
        return seen


def verdicts(db: Session, pilot_id: str) -> list[LookVerdict]:
    """What each look said, the oldest first."""
    query = select(PilotLook.verdict).where(PilotLook.pilot_id == pilot_id).order_by(col(PilotLook.number))
    return [LookVerdict(each) for each in db.exec(query).all()]


def looks_of(pilot_id: str) -> list[PilotLook]:
    """Every look at a pilot, the oldest first."""
    with reading() as db:
        query = select(PilotLook).where(PilotLook.pilot_id == pilot_id).order_by(col(PilotLook.number))
        return list(db.exec(query).all())


def plan_of(pilot: Pilot) -> Plan:
    """What was set before the start, as the rule takes it."""
    shadow = pilot.mode == PilotMode.SHADOW
    information = pilot.planned_units if shadow else pilots.planned_information(pilot.planned_units, pilot.share)
    return Plan(pilot.measure, pilot.smallest, information)


def _made(db: Session, pilot: Pilot, labels: Labels, now: datetime) -> PilotLook:
    """What is to be put on record; its number is given when it is."""
    others = [each for each in MEASURES_OF[pilot.kind] if each != pilot.measure]
    seen = _comparison(db, pilot, pilot.measure, labels, now)
    said = pilots.read(seen, plan_of(pilot))
    beside = {each: _comparison(db, pilot, each, labels, now) for each in others} if _has_arms(pilot) else {}
    figures: dict[str, Any] = {each.value: _as_plain(one) for each, one in beside.items()}
    harm = _harm(pilot, {pilot.measure: seen, **beside})
    if pilot.kind.reads_risk:
        gone = pilot_figures.lost(db, pilot, labels)
        figures["lost"] = asdict(gone)
        figures["texts"] = _by_texts(db, pilot, labels, now)
        harm = harm or (gone.confirmed > pilot.most_lost)
    elif not _has_arms(pilot):
        figures["same"] = asdict(pilot_figures.alike(db, pilot))
    return PilotLook(
        pilot_id=pilot.id,
        number=0,
        at=now,
        units_a=seen.units_a,
        units_b=seen.units_b,
        of=pilot.planned_units,
        mean_a=seen.mean_a,
        mean_b=seen.mean_b,
        estimate=seen.difference,
        low=said.low,
        high=said.high,
        verdict=LookVerdict.HARM if harm else said.verdict,
        figures=figures,
    )


def _by_texts(db: Session, pilot: Pilot, labels: Labels, now: datetime) -> dict[str, Any]:
    """Of each kind of text that was read: flags raised, flags confirmed, flags that the new version would have lost."""
    found: dict[str, Any] = {}
    for kind, read in pilot_figures.texts_read(db, pilot).items():
        measures = MEASURES_OF[pilot.kind] if _has_arms(pilot) else (PilotMeasure.FLAGS_PER_CASE,)
        shown = {each.value: _as_plain(_comparison(db, pilot, each, labels, now, kind)) for each in measures}
        gone = asdict(pilot_figures.lost(db, pilot, labels, kind))
        found[kind.value] = {"read": read, **shown, "lost": gone}
    return found


def _has_arms(pilot: Pilot) -> bool:
    return pilot.mode == PilotMode.ARM


def _comparison(
    db: Session,
    pilot: Pilot,
    measure: PilotMeasure,
    labels: Labels,
    now: datetime,
    text_kind: TextKind | None = None,
) -> Comparison:
    if not _has_arms(pilot):
        pairs = pilot_figures.pairs if pilot.kind.reads_risk else pilot_figures.planned_pairs
        return pilots.compared_pairs(pairs(db, pilot, text_kind))
    return pilots.compared(pilot_figures.observed(db, pilot, measure, labels, now, text_kind))


def _harm(pilot: Pilot, seen: dict[PilotMeasure, Comparison]) -> bool:
    if pilot.harm_measure is None or pilot.most_harm is None or pilot.harm_measure not in seen:
        return False
    return pilots.does_harm(seen[pilot.harm_measure], pilot.most_harm, pilot.harm_measure)


def _as_plain(seen: Comparison) -> dict[str, Any]:
    return {
        "units_a": seen.units_a,
        "units_b": seen.units_b,
        "mean_a": seen.mean_a,
        "mean_b": seen.mean_b,
        "difference": seen.difference,
    }


def _tell_owners(db: Session, pilot: Pilot, number: int) -> None:
    """An e-mail to every owner of one of its places: there is something to decide, or it was stopped."""
    owners = db.exec(select(Staff).where(Staff.role == Role.OWNER, col(Staff.active).is_(True))).all()
    for each in owners:
        if set(each.location_ids) & set(pilot.location_ids):
            queue_message(
                db,
                unique_key=f"pilot-news:{pilot.id}:{number}:{'ended' if pilot.ended_at else 'settled'}:{each.id}",
                channel=MessageChannel.EMAIL,
                template="page_pilot_news",
                case_number=None,
                to_staff_id=each.id,
                facts={"pilot_id": pilot.id},
                urgent=pilot.ended_at is not None,
            )
