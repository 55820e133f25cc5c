"""Follows what patients owe and have not paid: a second statement, then a biller, for as long as it stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists
from sqlmodel import Session, col, select

from acts.claim_money import statement_facts
from acts.patient_messages import channel_for
from acts.practice_clocks import clock_policy
from adapters import operational_store as store
from models.codes import ClaimStatus, MessageChannel, Role, ToDoKind
from models.columns import new_id, utc_now
from models.operational import Claim, Location, OutboxMessage, Patient, ToDo
from rules import clocks, messaging
from tasks.claim_waits import STATEMENT
from tasks.steps import step
from tasks.waits import LIVE

MONTH = timedelta(days=30)
"""How long a patient has before the practice comes back to what they owe, and again each time after."""


@step("follow what patients owe")
def follow(now: datetime | None = None) -> int:
    """Come back to every balance that has stood for a month more; returns to how many.

    After the first month the statement is sent again. After each further one, and at once where the patient cannot be
    written to, a biller speaks with them. Once for each month that a balance has stood, while no biller is at it.
    """
    moment = now or utc_now()
    with store.writing() as db:
        found = db.exec(
            select(Claim, Patient, Location)
            .join(Patient, col(Patient.id) == col(Claim.patient_id))
            .join(Location, col(Location.id) == col(Claim.location_id))
            .where(
                Claim.status == ClaimStatus.PATIENT_BALANCE,
                col(Claim.status_since) <= moment - MONTH,
                ~exists().where(
                    col(ToDo.case_number) == col(Claim.case_number),
                    col(ToDo.kind) == ToDoKind.UNPAID_BALANCE,
                    col(ToDo.status).in_(LIVE),
                ),
            )
            .order_by(col(Claim.case_number))
        ).all()
        keys = {claim.case_number: _key(claim, moment) for claim, *_ in found}
        done = _known(db, list(keys.values()))
        new = [row for row in found if keys[row[0].case_number] not in done]
        written = [row for row in new if _months(row[0], moment) == 1 and channel_for(row[1]) is not None]
        spoken = [row[0] for row in new if row not in written]
        facts = statement_facts(db, [claim for claim, *_ in written])
        store.queue_messages(
            db, [_statement(*row, keys[row[0].case_number], moment, facts[row[0].case_number]) for row in written]
        )
        policy = clock_policy(db)
        due_at = clocks.to_do_due(ToDoKind.UNPAID_BALANCE, moment, policy)
        store.open_to_dos(
            db,
            [
                ToDo(
                    id=new_id("TD"),
                    unique_key=keys[claim.case_number],
                    case_number=claim.case_number,
                    kind=ToDoKind.UNPAID_BALANCE,
                    role=Role.BILLER,
                    location_id=claim.location_id,
                    due_at=due_at,
                )
                for claim in spoken
            ],
        )
    return len(new)


def _months(claim: Claim, now: datetime) -> int:
    return (now - claim.status_since) // MONTH


def _key(claim: Claim, now: datetime) -> str:
    return f"unpaid:{claim.case_number}:{claim.version}:{_months(claim, now)}"


def _known(db: Session, keys: Sequence[str]) -> set[str]:
    told = db.exec(select(OutboxMessage.unique_key).where(col(OutboxMessage.unique_key).in_(keys))).all()
    asked = db.exec(select(ToDo.unique_key).where(col(ToDo.unique_key).in_(keys))).all()
    return {*told, *asked}


def _statement(
    claim: Claim, patient: Patient, place: Location, key: str, now: datetime, facts: dict[str, str]
) -> dict[str, Any]:
    channel = channel_for(patient)
    zone = patient.time_zone or place.time_zone
    return {
        "id": new_id("MS"),
        "unique_key": key,
        "channel": channel,
        "template": STATEMENT,
        "case_number": claim.case_number,
        "to_patient_id": patient.id,
        "facts": facts,
        "not_before": messaging.next_send_time(now, zone) if channel == MessageChannel.SMS else now,
    }
