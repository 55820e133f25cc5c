"""Staff accounts: made, enrolled, changed, closed; whoever watches over rights hears of each change."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from acts.signers import AWAITED
from adapters import credentials, staff_secrets
from adapters.desk_logins import close_all
from adapters.operational_store import audit, one, queue_message, reading, writing
from adapters.practice import practice_name
from models.codes import MessageChannel, Role
from models.columns import new_id, utc_now
from models.errors import NotAllowed
from models.operational import Clinician, Location, RecoveryCode, Staff
from rules.passwords import acceptable

FIRST_PASSWORD = timedelta(days=7)
WATCHERS = (Role.COMPLIANCE, Role.OWNER)


@dataclass(frozen=True)
class NewSignIn:
    """What a member of staff needs to sign in for the first time; shown once, kept nowhere."""

    staff_id: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class PreparedAccount:
    """A first sign-in that no account has yet."""

    sign_in: NewSignIn
    password_hash: str = field(repr=False)


# -- by an administrator or at the machine


def add(
    name: str, email: str, role: Role, location_ids: list[str], *, team: str = "", actor: str, phone: str | None = None
) -> NewSignIn:
    """Make an account; raises ValueError for an address in use, a place that is unknown, or a clinician.

    A clinician also needs licences, panels and hours, which acts.roster writes with the account.
    """
    if role == Role.CLINICIAN:
        raise ValueError("a clinician's account needs licences: `countersign practice apply` makes it")
    address = email.strip().lower()
    if not name.strip() or "@" not in address:
        raise ValueError("an account needs a name and an e-mail address")
    prepared = prepare(address)
    with writing() as db:
        if db.exec(select(Staff.id).where(Staff.email == address)).first() is not None:
            raise ValueError("this e-mail address has an account")
        open_account(db, prepared, name=name, role=role, location_ids=location_ids, team=team, phone=phone, actor=actor)
    return prepared.sign_in


def prepare(email: str) -> PreparedAccount:
    """A first sign-in with its password already hashed, which takes too long for a transaction to wait for."""
    fresh = NewSignIn(new_id("ST"), email, credentials.sayable_password())
    return PreparedAccount(fresh, credentials.hash_password(fresh.password))


def open_account(
    db: Session,
    prepared: PreparedAccount,
    *,
    name: str,
    role: Role,
    location_ids: list[str],
    team: str,
    phone: str | None,
    actor: str,
) -> Staff:
    """Make an account in the caller's transaction, whose writer also writes what a clinician has besides.

    Raises ValueError for a place that is unknown.
    """
    staff = Staff(
        id=prepared.sign_in.staff_id,
        name=name.strip(),
        email=prepared.sign_in.email,
        phone=phone,
        role=role,
        location_ids=_known_places(db, location_ids),
        team=team.strip(),
    )
    _start_anew(staff, prepared.password_hash)
    db.add(staff)
    audit(db, actor, "staff.added", staff, role=role.value)
    _tell_watchers(db, staff.id, actor)
    return staff


def _known_places(db: Session, location_ids: list[str]) -> list[str]:
    known = set(db.exec(select(Location.id)).all())
    if unknown := set(location_ids) - known:
        raise ValueError(f"unknown locations: {', '.join(sorted(unknown))}")
    return sorted(set(location_ids) or known)


def _start_anew(staff: Staff, password_hash: str) -> None:
    """Back to the first sign-in: a password that somebody else made, which must be changed, and no app."""
    staff.password_hash = password_hash
    staff.first_password_until = utc_now() + FIRST_PASSWORD
    staff.password_changed_at = None
    staff.totp_secret, staff.totp_pending, staff.totp_confirmed_at = "", "", None
    staff.must_enrol = True
    staff.oidc_subject = None
    _unlock(staff)


def _unlock(staff: Staff) -> None:
    staff.failed_attempts, staff.locked_until = 0, None
    staff.browser_failures, staff.browser_locked_until = 0, None
    staff.prefect_failures, staff.prefect_locked_until = 0, None


def id_of(email: str) -> str:
    """Whose e-mail address this is; raises ValueError when nobody's."""
    with reading() as db:
        staff_id = db.exec(select(Staff.id).where(Staff.email == email.strip().lower())).first()
    if staff_id is None:
        raise ValueError("no account has this e-mail address")
    return staff_id


def person(staff_id: str) -> Staff:
    """Whose account this is; raises MovedOn when nobody's."""
    with reading() as db:
        return one(db, Staff, staff_id)


def everybody() -> list[Staff]:
    """Every account, the closed ones last, by name."""
    with reading() as db:
        return list(db.exec(select(Staff).order_by(col(Staff.active).desc(), col(Staff.name))).all())


def reset(staff_id: str, actor: str) -> NewSignIn:
    """Take somebody back to their first sign-in, unlocked: for a lost phone, or a password that others know.

    Ends every sign-in; their owner and compliance are told, for whoever holds the new password could be the account.
    """
    password = credentials.sayable_password()
    password_hash = credentials.hash_password(password)
    with writing() as db:
        staff = one(db, Staff, staff_id)
        if actor == staff_id:
            raise NotAllowed("somebody else resets your sign-in")
        _start_anew(staff, password_hash)
        db.add(staff)
        db.exec(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff_id))
        ended = close_all(db, staff_id, actor)
        audit(db, actor, "staff.reset", staff, ended=ended)
        _tell_watchers(db, staff_id, actor, owner_too=True)
    return NewSignIn(staff_id, staff.email, password)


def unlock(staff_id: str, actor: str) -> None:
    with writing() as db:
        staff = one(db, Staff, staff_id)
        _unlock(staff)
        db.add(staff)
        audit(db, actor, "staff.unlocked", staff)


def end_sign_ins(staff_id: str, actor: str) -> int:
    """Sign somebody out everywhere; returns of how many browsers and terminals."""
    with writing() as db:
        return close_all(db, one(db, Staff, staff_id).id, actor)


def set_active(staff_id: str, active: bool, actor: str) -> None:
    """Close an account, at once in every browser, or open it again; nobody closes their own."""
    with writing() as db:
        staff = one(db, Staff, staff_id)
        if actor == staff_id:
            raise NotAllowed("somebody else closes your account")
        staff.active = active
        db.add(staff)
        ended = close_all(db, staff_id, actor)
        audit(db, actor, "staff.opened" if active else "staff.closed", staff, ended=ended)
        _tell_watchers(db, staff_id, actor)


def change_rights(staff_id: str, *, role: Role, location_ids: list[str], team: str, actor: str) -> None:
    """Give somebody another role, other places or another team; their sign-ins end, compliance is told.

    Nobody changes their own rights; only somebody with licences becomes a clinician. Raises NotAllowed, ValueError.
    """
    if actor == staff_id:
        raise NotAllowed("somebody else changes your rights")
    if not location_ids:
        raise ValueError("choose at least one location")
    with writing() as db:
        staff = one(db, Staff, staff_id)
        give_rights(db, staff, role=role, location_ids=location_ids, team=team, actor=actor)


def give_rights(db: Session, staff: Staff, *, role: Role, location_ids: list[str], team: str, actor: str) -> None:
    """The same in the caller's transaction, by whoever runs the machine or after asking whose rights they are."""
    if role == Role.CLINICIAN and db.get(Clinician, staff.id) is None:
        raise ValueError(
            "a clinician's account needs licences, and this one has none: `countersign practice apply` enters them"
        )
    before = {"role": staff.role.value, "locations": list(staff.location_ids), "team": staff.team}
    staff.role, staff.location_ids, staff.team = role, _known_places(db, location_ids), team.strip()
    after = {"role": staff.role.value, "locations": list(staff.location_ids), "team": staff.team}
    if before == after:
        return
    db.add(staff)
    close_all(db, staff.id, actor)  # a sign-in with the old rights must not live on
    audit(db, actor, "staff.rights_changed", staff, before=before, after=after)
    _tell_watchers(db, staff.id, actor)


def allow_oidc(staff_id: str, allowed: bool, actor: str) -> None:
    """Let this account be tied to whoever comes from the practice's sign-in service with its e-mail address, or
    untie it."""
    with writing() as db:
        staff = one(db, Staff, staff_id)
        staff.oidc_subject = f"{AWAITED}{staff_id}" if allowed else None
        db.add(staff)
        close_all(db, staff_id, actor)
        audit(db, actor, "staff.oidc_allowed" if allowed else "staff.oidc_untied", staff)
        _tell_watchers(db, staff_id, actor, owner_too=True)


def _tell_watchers(db: Session, staff_id: str, actor: str, *, owner_too: bool = False) -> None:
    """An e-mail to compliance (to the practice's owner where there is none), and to whose account it is."""
    told = {staff_id} if owner_too else set()
    for role in WATCHERS:
        found = db.exec(select(Staff.id).where(Staff.role == role, col(Staff.active).is_(True))).all()
        told |= set(found)
        if found:
            break
    change = new_id("CH")
    for each in sorted(told):
        queue_message(
            db,
            unique_key=f"rights-changed:{change}:{each}",
            channel=MessageChannel.EMAIL,
            template="rights_changed",
            case_number=None,
            to_staff_id=each,
            facts={"staff_id": staff_id, "by_staff_id": actor},
        )


# -- by the person themselves


def choose_password(staff_id: str, password: str) -> None:
    """Set a password of one's own; ends every sign-in, also the present one. Raises ValueError saying what is wrong."""
    with reading() as db:
        staff = one(db, Staff, staff_id)
        about = [staff.name, staff.email, practice_name(db)]
    permission = acceptable(password, about=about)
    if not permission.allowed:
        raise ValueError("; ".join(permission.reasons))
    if credentials.verify_password(staff.password_hash, password):
        raise ValueError("choose another password than the one you have")
    fresh = credentials.hash_password(password)
    with writing() as db:
        staff = one(db, Staff, staff_id)
        staff.password_hash = fresh
        staff.password_changed_at, staff.first_password_until = utc_now(), None
        db.add(staff)
        ended = close_all(db, staff_id, staff_id)
        audit(db, staff_id, "password.changed", staff, ended=ended)


def begin_app(staff_id: str) -> None:
    """Make the secret of an app that is to be set up, unless one is waiting; the old app works until it is proved."""
    with writing() as db:
        staff = one(db, Staff, staff_id)
        if not staff.totp_pending:
            staff.totp_pending = staff_secrets.sealed(staff_id, credentials.new_totp_secret())
            db.add(staff)
            audit(db, staff_id, "app.begun", staff)


def confirm_app(staff_id: str, code: str) -> list[str]:
    """Put the new app in the old one's place once it shows a right code; returns new recovery codes, shown once.

    Ends every sign-in. Raises ValueError when the code is not the new app's.
    """
    now = utc_now()
    digits = code.replace(" ", "")
    with writing() as db:
        staff = one(db, Staff, staff_id)
        secret = staff_secrets.opened_pending(staff)
        step = credentials.matching_step(secret, digits, now) if digits.isascii() else None
        if step is None:
            raise ValueError("this is not the code your app shows now")
        staff.totp_secret, staff.totp_pending = staff_secrets.sealed(staff_id, secret), ""
        staff.totp_confirmed_at, staff.totp_last_step = now, step
        staff.must_enrol = False
        db.add(staff)
        close_all(db, staff_id, staff_id)
        audit(db, staff_id, "app.confirmed", staff)
        return _fresh_recovery_codes(db, staff_id)


def new_recovery_codes(staff_id: str) -> list[str]:
    """Ten new recovery codes in the place of all old ones; shown once."""
    with writing() as db:
        return _fresh_recovery_codes(db, staff_id)


def _fresh_recovery_codes(db: Session, staff_id: str) -> list[str]:
    db.exec(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff_id))
    made = credentials.new_recovery_codes()
    for code in made:
        digest = credentials.recovery_digest(staff_id, code)
        assert digest is not None
        db.add(RecoveryCode(id=new_id("RC"), staff_id=staff_id, code_hash=digest))
    audit(db, staff_id, "recovery_codes.made", ("staff", staff_id), count=len(made))
    return made


def recovery_codes_left(staff_id: str) -> int:
    with reading() as db:
        return len(
            db.exec(
                select(RecoveryCode.id).where(RecoveryCode.staff_id == staff_id, col(RecoveryCode.used_at).is_(None))
            ).all()
        )
