"""Where clean claims may leave without a signature, until the governance of pilots decides it by location."""

from sqlmodel import select

from adapters.operational_store import audit, reading, writing
from models.operational import Location, PracticeSetting

BY_THEMSELVES = "claims_by_themselves"
"""Practice setting: the ids of the locations, separated by commas, whose clean claims may leave unsigned."""


def locations() -> list[str]:
    """The locations whose clean claims of a proven pair leave by themselves; none by default."""
    with reading() as db:
        kept = db.get(PracticeSetting, BY_THEMSELVES)
    return sorted(filter(None, kept.value.split(","))) if kept is not None else []


def allow(location_id: str, allowed: bool, *, actor: str) -> list[str]:
    """Let the clean claims of a location leave by themselves, or no more; returns the locations that may.

    Raises ValueError for a location that there is not. Every other claim is signed as before.
    """
    with writing() as db:
        if db.exec(select(Location.id).where(Location.id == location_id)).first() is None:
            raise ValueError(f"there is no location {location_id}")
        kept = db.get(PracticeSetting, BY_THEMSELVES) or PracticeSetting(name=BY_THEMSELVES, value="")
        before = set(filter(None, kept.value.split(",")))
        after = before | {location_id} if allowed else before - {location_id}
        if after != before:
            kept.value = ",".join(sorted(after))
            db.add(kept)
            audit(
                db,
                actor,
                "claims.level_changed",
                ("practice_setting", BY_THEMSELVES),
                location=location_id,
                allowed=allowed,
            )
    return sorted(after)
