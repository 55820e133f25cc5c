"""Who signs that a version is put in force without a pilot, how long it may wait, which versions it has before it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from models.codes import Role
from rules.sign_off import Permission, Signer

SIGNED_BY = (Role.OWNER, Role.CLINICIAN)
"""A template and the risk reader are clinical: an owner and a clinician sign, as in a pilot. They are two people, so
whoever asked for it is never the only one who has looked at it, in a practice of two as well."""
GOOD_FOR = timedelta(days=14)
"""After so long the figures that speak for it are old: it is proposed anew."""


def still_to_sign(signed: Collection[Role]) -> tuple[Role, ...]:
    """Whose signature is still to come."""
    return tuple(role for role in SIGNED_BY if role not in signed)


def may_sign(signer: Signer, signed: Collection[Role], location_ids: Collection[str]) -> Permission:
    """Whether this person may sign it now; ``location_ids`` () = it would hold everywhere.

    Where both have signed and it is not in force yet, it was cut off: either of them may sign again.
    """
    waits = still_to_sign(signed) or SIGNED_BY
    reasons = []
    if not signer.active or signer.role not in waits:
        reasons.append(f"still to sign: {' and '.join(role.value for role in waits)}")
    elif signer.role is Role.CLINICIAN and not signer.licensed_states:
        reasons.append("a licensed clinician signs this")
    if location_ids and not signer.location_ids & set(location_ids):
        reasons.append("somebody who works where it would hold signs this")
    return Permission(not reasons, tuple(reasons))


def is_stale(proposed_at: datetime, now: datetime) -> bool:
    """Whether the figures are too old to be signed."""
    return now - proposed_at > GOOD_FOR


def ways_back(first: str, moved: Sequence[tuple[str, bool]]) -> list[str]:
    """The present version and those that lie behind it, the newest first; ``first`` was there before any other.

    ``moved``: each version that came into force, in order, with whether that was a way back. A version that was gone
    back from lies behind nothing: it is put in force again by signatures.
    """
    behind = [first]
    for version, is_way_back in moved:
        if version in behind:
            behind = behind[: behind.index(version) + 1]
        elif not is_way_back:
            behind.append(version)
    return behind[::-1]
