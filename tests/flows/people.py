"""What the people of a practice do in a test: drop a referral, sign, choose a time."""

import asyncio
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from acts import patient
from acts.decisions import decide
from adapters import credentials, staff_secrets
from adapters import operational_store as store
from adapters.portal_links import token_of
from adapters.sample_practice import sample_sign_ins
from adapters.settings import settings
from models.codes import ApprovalStatus, AuthenticatedHow, LinkPurpose, ReferralStatus, ToDoStatus, Verdict
from models.columns import utc_now
from models.operational import Approval, Patient, PortalLink, Referral, Staff, ToDo
from models.referral_table import COLUMN_NAMES
from models.therapy_text import TherapyText
from tasks import cases, coverage, matching, questionnaires, risk, sign_offs, waits

PATIENCE_SECONDS = 180


def referral_row(external_id: str, **given: str) -> dict[str, str]:
    """A valid row of a referral table without any risk in it, both questionnaires complete."""
    row = {
        "external_id": external_id,
        "received_at": (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="seconds"),
        "given_name": "Robin",
        "family_name": f"Sample {external_id}",
        "birth_date": "1988-03-14",
        "email": f"{external_id.lower()}@example.org",
        "phone": f"+1 503 555 01{len(external_id):02d}",
        "state": "OR",
        "time_zone": "America/Los_Angeles",
        "language": "en",
        "preferred_channel": "email",
        "payer_code": "AETNA",
        "plan_code": "PPO",
        "member_id": "W123456789",
        "modality": "either",
        "location_id": "LOC-1",
        "referral_text": "Robin would like help with worry about work and would prefer mornings.",
        "consent_ai": "yes",
        "consent_ai_on": "2026-11-01",
    }
    row |= {f"phq9_{item}": "1" for item in range(1, 9)} | {"phq9_9": "0"}
    row |= {f"gad7_{item}": "1" for item in range(1, 8)}
    return row | given


def drop(*rows: dict[str, str]) -> None:
    """Put a referral table into the intake folder, whole."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=[name for name in COLUMN_NAMES if any(name in row for row in rows)])
    writer.writeheader()
    writer.writerows(rows)
    waiting = settings().intake_folder / f".{rows[0]['external_id']}"
    waiting.write_text(out.getvalue())
    waiting.rename(settings().intake_folder / f"{rows[0]['external_id']}.csv")


def case_of(external_id: str) -> Referral | None:
    with store.reading() as db:
        return db.exec(select(Referral).where(Referral.external_key == f"csv:{external_id}")).first()


async def until(what: Callable[[], Any]) -> Any:
    """The first truthy answer; fails the test when there is none for long."""
    for _ in range(PATIENCE_SECONDS * 10):
        if found := what():
            return found
        await asyncio.sleep(0.1)
    pytest.fail("it never became so")


async def until_status(external_id: str, *statuses: ReferralStatus) -> Referral:
    return await until(lambda: (case := case_of(external_id)) and case.status in statuses and case)


def open_approval(case_number: str) -> Approval | None:
    with store.reading() as db:
        return db.exec(
            select(Approval).where(Approval.case_number == case_number, Approval.status == ApprovalStatus.OPEN)
        ).first()


def open_to_do(case_number: str) -> ToDo | None:
    with store.reading() as db:
        return db.exec(select(ToDo).where(ToDo.case_number == case_number, col(ToDo.status) == ToDoStatus.OPEN)).first()


def code_of(staff_id: str) -> str:
    """A one-time code that is still good: as if the next thirty seconds had come since the last one."""
    with store.writing() as db:
        staff = store.one(db, Staff, staff_id)
        staff.totp_last_step = 0
        db.add(staff)
        return credentials.totp_now(staff_secrets.opened(staff), utc_now())


def password_of(staff_id: str) -> str:
    return next(one.password for one in sample_sign_ins() if one.staff_id == staff_id)


async def sign(case_number: str, verdict: Verdict = Verdict.APPROVE, **edited: Any) -> None:
    """The assigned person signs what waits."""
    approval = await until(lambda: open_approval(case_number))
    assert approval.assigned_to is not None
    decide(
        approval.id,
        staff_id=approval.assigned_to,
        verdict=verdict,
        reason=TherapyText("" if verdict == Verdict.APPROVE else "as discussed"),
        seen_digest=approval.digest,
        how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
        code=code_of(approval.assigned_to),
        password=password_of(approval.assigned_to),
        edited=edited or None,
    )


async def patients_link(case: Referral, purpose: LinkPurpose) -> tuple[str, str]:
    """The token of the newest link for this purpose, and the proof of having given the birth date."""

    def newest() -> PortalLink | None:
        with store.reading() as db:
            return db.exec(
                select(PortalLink)
                .where(PortalLink.case_number == case.case_number, PortalLink.purpose == purpose)
                .order_by(col(PortalLink.created_at).desc())
            ).first()

    link = await until(newest)
    token = token_of(link)
    with store.reading() as db:
        birth_date = store.one(db, Patient, case.patient_id).birth_date
    return token, patient.verify(token, birth_date)


def coordinator_of(location_id: str) -> str:
    with store.reading() as db:
        staff = db.exec(select(Staff).where(Staff.role == "coordinator").order_by(col(Staff.id))).all()
    return next(person.id for person in staff if location_id in person.location_ids)


def go_on(case_number: str) -> ReferralStatus:
    """Every step the system takes by itself, as the flow would."""
    case = cases.take(case_number)
    while True:
        match status := cases.status_now(case):
            case ReferralStatus.RECEIVED:
                questionnaires.begin(case)
            case ReferralStatus.READY_TO_SCREEN:
                risk.screen.fn(case)
            case ReferralStatus.READY_TO_MATCH:
                if not questionnaires.ask_for_missing.fn(case):
                    coverage.check_coverage.fn(case)
                    matching.propose.fn(case)
            case ReferralStatus.READY_TO_OFFER:
                matching.offer.fn(case)
            case ReferralStatus.RISK_REVIEW | ReferralStatus.ASSIGNMENT | ReferralStatus.CLOSING_LETTER:
                sign_offs.open_sign_off.fn(case, status)
                return status
            case _:
                if not status.is_closed:
                    waits.prepare.fn(case, status)
                return status
