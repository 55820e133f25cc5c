"""Generated requests at every operation of the desk, signed out and as each role: the fault is never ours."""

from typing import Any

import pytest

from models.codes import ReferralStatus, Role, ToDoKind
from tests.claim_factories import make_claim_at, make_remitted
from tests.factories import make_entry, make_referral, make_to_do
from tests.visits import make_care, make_visit
from tests.web.openapi_cases import faults, operations

EXAMPLES = 4


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "signed out")
def test_desk_answers_whatever_is_sent(
    role: Role | None, desk: Any, at_the_desk: Any, risk_review: Any, assignment: Any, place: Any
) -> None:
    seated = at_the_desk(role) if role else None
    browser = seated.browser if seated else desk
    review, (assigned, _, _) = risk_review(None), assignment(None)
    case = make_referral(ReferralStatus.CONTACT_PATIENT, location=place)
    to_do = make_to_do(case, ToDoKind.CALL_PATIENT)
    claim, payment = make_claim_at(location=place), make_remitted()
    visit = make_visit(make_care(location=place), hours_ahead=-2)
    waits = make_entry(make_referral(ReferralStatus.WAITLISTED, location=place))
    found = operations(browser.app)
    sent, broken = faults(
        browser,
        found,
        known={
            "approval_id": [review.id, assigned.id],
            "to_do_id": [to_do.id],
            "case_number": [case.case_number, review.case_number, visit.case_number],
            "appointment_id": [visit.id],
            "patient_id": [visit.patient_id],
            "number": [case.case_number, claim.number],
            "remitted_id": [payment.id],
            "entry_id": [waits.id],
            "staff_id": [seated.staff.id if seated else "ST-1"],
        },
        always={"csrf_token": seated.token} if seated else {},
        fields=(
            "verdict",
            "reason",
            "code",
            "password",
            "outcome",
            "words",
            "email",
            "to",
            "staff_id",
            "step",
            "whose",
            "hours",
            "begins",
            "language",
        ),
        examples=EXAMPLES,
    )
    assert broken == []
    assert len(found) > 25 and sent >= 2 * len(found)
