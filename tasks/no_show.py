"""The night's part about no-shows: what the past teaches, and how likely each coming appointment is to be missed.

An estimate sets how many reminders go out and how deep the waitlist is asked. Nothing is booked or refused on it.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from adapters import operational_store as store
from estimates.features import HISTORY_COLUMNS, LABELLED, OVER, features, lead_hours
from estimates.lead_time import LeadTimeTable
from estimates.learning import ENOUGH, lead_time_of, learn
from estimates.network import NoShowEnsemble
from models.codes import AppointmentStatus, MessageStatus
from models.columns import utc_now
from models.operational import (
    Appointment,
    Location,
    NoShowEstimate,
    NoShowNetwork,
    OutboxMessage,
    PastAppointment,
)

logger = logging.getLogger(__name__)

EVERYWHERE = "all"
AHEAD = timedelta(days=14)
"""How far ahead coming appointments are estimated: beyond any reminder, and any time the waitlist is asked for."""
LOOKED_BACK = timedelta(days=730)
MOST_PATIENTS = 4_000
"""A larger practice learns from so many of its patients, the same ones each night: all that they did counts."""
CHUNK = 1_000
COMING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
OVER_IN_ORDER = (
    AppointmentStatus.ATTENDED,
    AppointmentStatus.NO_SHOW,
    AppointmentStatus.LATE_CANCELLED,
    AppointmentStatus.CANCELLED,
)
"""As the first of HISTORY_COLUMNS count them."""


@dataclass(frozen=True)
class Estimator:
    """What estimates tonight: a network of the practice's, or the lead-time table where ``network_id`` is None."""

    network_id: str | None
    network: NoShowEnsemble | None
    table: LeadTimeTable


def learn_and_estimate(night: date, location_id: str = EVERYWHERE) -> dict[str, int]:
    """Train at most once a night on the whole practice's past, then estimate a place's coming appointments anew.

    Counts: ``past`` kept or missed appointments, ``not_enough`` 1 below 500 of them, networks ``trained`` and
    ``taken`` into use, appointments ``estimated``. Safe to run again: a night's network is trained and judged once.
    """
    now = utc_now()
    zones = _zones()
    past = _past_of(_learnt_from(now), now, zones)
    counted = _count_past(now)
    counts = {"past": counted, "not_enough": int(counted < ENOUGH), "trained": 0, "taken": 0}
    if counted >= ENOUGH:
        counts["trained"], counts["taken"] = _learn(night, past, now)
    estimator = _estimator(past, enough=counted >= ENOUGH)
    counts["estimated"] = sum(_estimate(chunk, estimator, now, zones) for chunk in _coming(location_id, now))
    return counts


# -- learning


def _learn(night: date, past: pd.DataFrame, now: datetime) -> tuple[int, int]:
    """Train tonight's network unless it was, and put it into use where it proved itself: (trained, taken)."""
    number = f"NN-{night:%Y%m%d}"
    with store.reading() as db:
        if db.get(NoShowNetwork, number) is not None:
            return 0, 0
        present = _in_use(db)
    before = NoShowEnsemble.from_bytes(present.weights) if present else None
    learned = learn(past, before, present.trained_until if present else None)
    if learned is None:
        return 0, 0
    with store.writing() as db:
        if db.get(NoShowNetwork, number) is not None:  # another has trained it meanwhile
            return 0, 0
        standing = _in_use(db)
        taken = not learned.refused and (standing.id if standing else None) == (present.id if present else None)
        network = NoShowNetwork(
            id=number,
            trained_at=now,
            trained_until=learned.trained_until,
            appointments=learned.appointments,
            weights=learned.ensemble.to_bytes(),
            figures=learned.figures,
            refused="" if taken else learned.refused or "another network was taken into use meanwhile",
            in_use_since=now if taken else None,
        )
        db.add(network)
        store.audit(db, "system", "no_show_network.trained", network, taken=taken, appointments=learned.appointments)
        if standing is not None and (taken or learned.present_fails):
            standing.in_use_until = now
            db.add(standing)
            store.audit(db, "system", "no_show_network.withdrawn", standing, replaced_by=number if taken else "")
    logger.info("no-show network %s: %s", number, network.refused or "taken into use")
    return 1, int(taken)


def _in_use(db: Session) -> NoShowNetwork | None:
    return db.exec(
        select(NoShowNetwork)
        .where(col(NoShowNetwork.in_use_since).is_not(None), col(NoShowNetwork.in_use_until).is_(None))
        .order_by(col(NoShowNetwork.in_use_since).desc())
    ).first()


def _estimator(past: pd.DataFrame, *, enough: bool) -> Estimator:
    with store.reading() as db:
        present = _in_use(db) if enough else None
    table = lead_time_of(past)
    if present is None:
        return Estimator(None, None, table)
    return Estimator(present.id, NoShowEnsemble.from_bytes(present.weights), table)


# -- the past, on whole tables


def _past_patient() -> Any:
    return func.coalesce(PastAppointment.patient_id, PastAppointment.patient_key)


def _count_past(now: datetime) -> int:
    """Kept or missed appointments of the last two years, of every patient."""
    with store.reading() as db:
        return sum(
            db.exec(
                select(func.count()).where(
                    col(record.status).in_(LABELLED), col(record.starts_at).between(now - LOOKED_BACK, now)
                )
            ).one()
            for record in (Appointment, PastAppointment)
        )


def _learnt_from(now: datetime) -> list[str]:
    """The patients whose past is learnt from: all of them, or the same ``MOST_PATIENTS`` of many each night."""
    with store.reading() as db:
        found = {
            str(patient)
            for record, patient in ((Appointment, col(Appointment.patient_id)), (PastAppointment, _past_patient()))
            for patient in db.exec(
                select(patient)
                .where(col(record.status).in_(LABELLED), col(record.starts_at).between(now - LOOKED_BACK, now))
                .distinct()
            ).all()
        }
    return sorted(found, key=lambda each: sha256(each.encode()).hexdigest())[:MOST_PATIENTS]


def _past_of(patients: Sequence[str], now: datetime, zones: dict[str, str]) -> pd.DataFrame:
    """The appointments of these patients that are over, as estimates.features.APPOINTMENT_COLUMNS."""
    rows: list[Row] = []
    reminded: Counter[str] = Counter()
    for start in range(0, len(patients), CHUNK):
        chunk = patients[start : start + CHUNK]
        with store.reading() as db:
            rows += [*_own_rows(db, chunk, now), *_imported_rows(db, chunk, now)]
            reminded += _reminders_of(db, chunk)
    return _table(rows, reminded, zones)


Row = tuple[Any, ...]
"""Our appointment's id or None, patient, booked at, starts at, location, modality, status, reminders, confirmed."""
ROW_COLUMNS = ["id", "patient", "booked_at", "starts_at", "place", "modality", "status", "reminded", "confirmed"]


def _own_rows(db: Session, patients: Sequence[str], now: datetime) -> list[Row]:
    return _as_rows(
        db,
        _OWN.where(
            col(Appointment.patient_id).in_(patients),
            col(Appointment.status).in_(OVER),
            col(Appointment.starts_at).between(now - LOOKED_BACK, now),
        ),
    )


_OWN = sa.select(
    col(Appointment.id), col(Appointment.patient_id), col(Appointment.booked_at), col(Appointment.starts_at),
    col(Appointment.location_id), col(Appointment.modality), col(Appointment.status), sa.null(),
    col(Appointment.confirmed_at).is_not(None),
)  # fmt: skip


def _as_rows(db: Session, query: sa.Executable) -> list[Row]:
    return [tuple(row) for row in db.execute(query).all()]


def _imported_rows(db: Session, patients: Sequence[str], now: datetime) -> list[Row]:
    query = sa.select(
        sa.null(), _past_patient(), col(PastAppointment.booked_at), col(PastAppointment.starts_at),
        col(PastAppointment.location_id), col(PastAppointment.modality), col(PastAppointment.status),
        col(PastAppointment.reminded), col(PastAppointment.confirmed),
    ).where(
        _past_patient().in_(patients),
        col(PastAppointment.status).in_(OVER),
        col(PastAppointment.starts_at).between(now - LOOKED_BACK, now),
    )  # fmt: skip
    return _as_rows(db, query)


def _reminders_of(db: Session, patients: Sequence[str]) -> Counter[str]:
    """How many reminders of each of these patients' appointments have left; the key of each names its appointment."""
    sent = db.exec(
        select(OutboxMessage.unique_key).where(
            col(OutboxMessage.to_patient_id).in_(patients),
            OutboxMessage.template == "appointment_reminder",
            OutboxMessage.status == MessageStatus.SENT,
        )
    ).all()
    return Counter(key.split(":")[1] for key in sent if key.count(":") >= 2)


def _table(rows: Sequence[Row], reminded: Counter[str], zones: dict[str, str]) -> pd.DataFrame:
    """As estimates.features.APPOINTMENT_COLUMNS, with the appointment's id; an import without a place has the first."""
    usual = next(iter(zones.values()), "UTC")
    table = pd.DataFrame(rows, columns=ROW_COLUMNS)
    for name in ("booked_at", "starts_at"):
        table[name] = pd.to_datetime(table[name], utc=True).dt.as_unit("us")
    table["zone"] = [zones.get(place, usual) for place in table["place"]]
    said = zip(table["id"], table["reminded"], strict=True)
    table["reminded"] = pd.Series([reminded[own] if own else told for own, told in said], dtype=float)
    table["confirmed"] = table["confirmed"].eq(True)
    return table


# -- the coming appointments


def _coming(location_id: str, now: datetime) -> Iterator[list[str]]:
    """The ids of the coming appointments of a place, or of all, in chunks."""
    query = (
        select(Appointment.id)
        .where(col(Appointment.status).in_(COMING), col(Appointment.starts_at).between(now, now + AHEAD))
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    if location_id != EVERYWHERE:
        query = query.where(Appointment.location_id == location_id)
    with store.reading() as db:
        found = list(db.exec(query).all())
    for start in range(0, len(found), CHUNK):
        yield found[start : start + CHUNK]


def _estimate(chunk: Sequence[str], estimator: Estimator, now: datetime, zones: dict[str, str]) -> int:
    """Estimate some appointments anew, in one transaction and so many queries however many there are."""
    with store.writing() as db:
        rows = _as_rows(db, _OWN.where(col(Appointment.id).in_(chunk), col(Appointment.status).in_(COMING)))
        if not rows:
            return 0
        patients = sorted({row[1] for row in rows})
        table = _table(rows, _reminders_of(db, patients), zones)
        if estimator.network is None:
            estimated = estimator.table.estimates(lead_hours(table))
        else:
            history = _history(db, table["patient"], patients, now)
            estimated = estimator.network.estimates(features(table, history, pd.Timestamp(now)))
        db.execute(sa.delete(NoShowEstimate).where(col(NoShowEstimate.appointment_id).in_(list(table["id"]))))
        db.execute(
            sa.insert(NoShowEstimate),
            [
                {
                    "appointment_id": appointment,
                    "network_id": estimator.network_id,
                    "probability": float(share),
                    "low": float(low),
                    "high": float(high),
                    "at": now,
                }
                for appointment, share, low, high in zip(table["id"], *estimated, strict=True)
            ],
        )
        by = ("no_show_network", estimator.network_id or "lead_time_alone")
        store.audit(db, "system", "no_show.estimated", by, appointments=len(table))
        return len(table)


def _history(db: Session, of: "pd.Series[str]", patients: Sequence[str], now: datetime) -> pd.DataFrame:
    """What is known now of each appointment's patient, as estimates.features.HISTORY_COLUMNS."""
    own = (Appointment, col(Appointment.patient_id), col(Appointment.confirmed_at).is_not(None))
    imported = (PastAppointment, _past_patient(), col(PastAppointment.confirmed).is_(True))
    found = []
    for record, patient, answered in (own, imported):
        status, starts = col(record.status), col(record.starts_at)
        query = (
            sa.select(
                patient,
                *(func.sum(sa.case((status == ending, 1), else_=0)) for ending in OVER_IN_ORDER),
                func.sum(sa.case((answered, 1), else_=0)),
                func.max(sa.case((status.in_(LABELLED), starts))),
                func.max(sa.case((status == AppointmentStatus.NO_SHOW, starts))),
            )
            .where(patient.in_(patients), status.in_(OVER), starts.between(now - LOOKED_BACK, now))
            .group_by(patient)
        )
        found += _as_rows(db, query)
    known = pd.DataFrame(found, columns=["patient", *HISTORY_COLUMNS])
    for name in ("last_at", "last_missed_at"):
        known[name] = pd.to_datetime(known[name], utc=True).dt.as_unit("us")
    counts = dict.fromkeys(HISTORY_COLUMNS[:5], "sum")
    joined = known.groupby("patient").agg({**counts, "last_at": "max", "last_missed_at": "max"})
    found_of = joined.reindex(of).set_axis(of.index)
    found_of[list(counts)] = found_of[list(counts)].fillna(0.0).astype(float)
    return found_of


def _zones() -> dict[str, str]:
    with store.reading() as db:
        return {place.id: place.time_zone for place in db.exec(select(Location).order_by(col(Location.id))).all()}
