"""One-time codes of the sample staff, who have no phone with an app."""

from datetime import datetime, timedelta

from sqlmodel import select

from adapters import credentials
from adapters.operational_store import reading
from adapters.sample_practice import SampleSignIn, sample_sign_ins
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import Staff


def sample_sign_in(email: str) -> SampleSignIn:
    """The sample sign-in of this address; raises NotAllowed for staff who are not samples."""
    for each in sample_sign_ins():
        if each.email == email.strip().lower():
            return each
    raise NotAllowed("only the sample staff's codes can be shown; others use their own app")


def next_code(sign_in: SampleSignIn, now: datetime | None = None) -> str:
    """A code that this person has not used yet: the present one, else the following one, which is accepted too.

    Raises NotAllowed when both are used up, for at most 30 seconds.
    """
    moment = now or utc_now()
    with reading() as db:
        used = db.exec(select(Staff.totp_last_step).where(Staff.id == sign_in.staff_id)).one()
    step = max(int(moment.timestamp()) // credentials.STEP_SECONDS, used + 1)
    ahead = step - int(moment.timestamp()) // credentials.STEP_SECONDS
    if ahead > credentials.DRIFT_STEPS:
        raise NotAllowed("both present codes are used up; wait half a minute")
    return credentials.totp_now(sign_in.totp_secret, moment + timedelta(seconds=ahead * credentials.STEP_SECONDS))
