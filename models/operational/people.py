"""Places, staff, clinicians, patients."""

from datetime import date, datetime, time

from sqlalchemy import JSON, UniqueConstraint, false
from sqlmodel import Field

from models.codes import Modality, Role
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class Location(OperationalRecord, table=True):
    __tablename__ = "location"
    id: str = Field(primary_key=True)
    name: str
    state: str = Field(max_length=2)
    time_zone: str
    phone: str
    accessible: bool = True


class Staff(OperationalRecord, table=True):
    """One member of staff who may sign in; ``totp_last_step`` is the newest one-time code already used.

    ``must_enrol``: whoever signs in next sets a password and an authenticator app of their own before anything else.
    ``totp_confirmed_at``: when they proved that their app shows the right codes. ``oidc_subject``: ``issuer|subject``
    of the person at the practice's own sign-in service, where there is one. ``totp_pending``: the secret of an app that
    is being set up, until a code of it was shown. ``first_password_until``: when a password that somebody else made
    stops working. Secrets are sealed by the master key.

    Failures in Prefect's dialog, which asks no password, lock that door alone: nobody is shut out of the desk by
    somebody who knows their staff id. Likewise failures from a browser this person has signed in with before are
    counted apart, so that a stranger who knows an e-mail address cannot shut its owner out.
    """

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    name: str
    email: str = Field(unique=True)
    phone: str | None = None
    role: Role
    location_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    team: str = ""
    on_call: bool = False
    active: bool = True
    password_hash: str = ""
    password_changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_password_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    totp_secret: str = ""
    totp_pending: str = Field(default="", sa_column_kwargs={"server_default": ""})
    totp_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    totp_last_step: int = 0
    must_enrol: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    oidc_subject: str | None = Field(default=None, unique=True, index=True)
    failed_attempts: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    prefect_failures: int = 0
    prefect_locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    browser_failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    browser_locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCode(OperationalRecord, table=True):
    """One way in for somebody who lost their authenticator app; only its hash is kept, and it works once."""

    __tablename__ = "recovery_code"
    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    code_hash: str
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BreakGlass(OperationalRecord, table=True):
    """Somebody opened a case that is not theirs, for a written reason and a limited time; compliance looks at each.

    The reason's words lie in the therapy database under ``words_id``.
    """

    __tablename__ = "break_glass"
    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    case_number: str = Field(index=True)
    words_id: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reviewed_by: str | None = None


class StaffLogin(OperationalRecord, table=True):
    """One signed-in browser; only the SHA-256 of its cookie is kept.

    ``proved_at`` is when this person last proved who they are in this browser; ``browser`` names it for its owner;
    ``how`` says where they signed in: ``password``, ``oidc``, or ``terminal``.
    """

    __tablename__ = "staff_login"
    token_digest: str = Field(primary_key=True)
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    browser: str = Field(default="", sa_column_kwargs={"server_default": ""})
    how: str = Field(default="password", sa_column_kwargs={"server_default": "password"})
    staff_id: str = Field(foreign_key="staff.id", index=True)
    csrf_token: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked: bool = False


class Clinician(OperationalRecord, table=True):
    """What matching needs to know of a clinician; the id is the staff id."""

    __tablename__ = "clinician"
    id: str = Field(primary_key=True, foreign_key="staff.id")
    npi: str = Field(max_length=10)
    credential: str
    gender: str | None = None
    min_age: int = 18
    max_age: int = 120
    modalities: list[str] = Field(default_factory=list, sa_type=JSON)
    languages: list[str] = Field(default_factory=list, sa_type=JSON)
    focus_areas: list[str] = Field(default_factory=list, sa_type=JSON)
    caseload_limit: int = 25
    caseload_now: int = 0
    accepts_new: bool = True
    conflict_patient_ids: list[str] = Field(default_factory=list, sa_type=JSON)


class Licence(OperationalRecord, table=True):
    __tablename__ = "licence"
    __table_args__ = (UniqueConstraint("clinician_id", "state"),)
    id: int | None = Field(default=None, primary_key=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    state: str = Field(max_length=2)
    number: str
    expires_on: date


class PanelMembership(OperationalRecord, table=True):
    """A payer's panel a clinician sits on; plan ``*`` means every plan of that payer."""

    __tablename__ = "panel_membership"
    __table_args__ = (UniqueConstraint("clinician_id", "payer_code", "plan_code"),)
    id: int | None = Field(default=None, primary_key=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    payer_code: str
    plan_code: str = "*"


class Availability(OperationalRecord, table=True):
    """A weekly rule in the location's local time; weekday 0 = Monday; ``minutes`` is the length of one slot.

    It holds from ``valid_from`` to ``valid_to``, both included; None means always.
    """

    __tablename__ = "availability"
    id: int | None = Field(default=None, primary_key=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    weekday: int
    starts: time
    ends: time
    minutes: int = 50
    modality: Modality = Modality.EITHER
    room_id: str | None = Field(default=None, foreign_key="room.id")
    valid_from: date | None = None
    valid_to: date | None = None


class Patient(OperationalRecord, table=True):
    """Who a referral is about; ``match_name`` is the accent-folded, normalised name used to find duplicates.

    ``forgotten_at``: when the key of their therapy content was destroyed; what was said can no longer be read.
    """

    __tablename__ = "patient"
    id: str = Field(primary_key=True)
    given_name: str
    family_name: str
    match_name: str = Field(index=True)
    birth_date: date = Field(index=True)
    email: str | None = Field(default=None, index=True)
    phone: str | None = Field(default=None, index=True)
    state: str | None = None
    time_zone: str | None = None
    language: str | None = None
    preferred_channel: str = "email"
    sms_stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    payer_code: str | None = None
    plan_code: str | None = None
    member_id: str | None = None
    self_pay: bool = False
    consent_ai: bool | None = None
    consent_ai_on: date | None = None
    forgotten_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
