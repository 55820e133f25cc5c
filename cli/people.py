"""Staff accounts at the terminal of the person who runs this machine: list, add, reset, unlock, close, sign out."""

from acts import accounts
from acts.accounts import NewSignIn
from models.codes import Role

ACTOR = "command line"


def add(name: str, email: str, role: Role, location_ids: list[str], team: str = "") -> NewSignIn:
    """Make an account; raises ValueError for an address in use, a place that is unknown, or a clinician."""
    return accounts.add(name, email, role, location_ids, team=team, actor=ACTOR)


def reset(email: str) -> NewSignIn:
    """Take somebody back to their first sign-in, unlocked; raises ValueError if unknown."""
    return accounts.reset(accounts.id_of(email), ACTOR)


def unlock(email: str) -> None:
    accounts.unlock(accounts.id_of(email), ACTOR)


def set_active(email: str, active: bool) -> None:
    accounts.set_active(accounts.id_of(email), active, ACTOR)


def end_sign_ins(email: str) -> int:
    return accounts.end_sign_ins(accounts.id_of(email), ACTOR)
