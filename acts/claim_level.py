"""Where clean claims may leave without a signature, until the governance of pilots decides it by location."""

from sqlmodel import select

from adapters.operational_store import audit, reading, writing
from models.claim_codes import LIVE_LEVEL
from models.operational import Location, PracticeSetting


def locations() -> list[str]:
    """The locations whose clean claims of a proven pair leave by themselves; none by default."""
    with reading() as db:
        kept = db.get(PracticeSetting, LIVE_LEVEL)
    return sorted(filter(None, kept.value.split(","))) if kept is not None else []


def allow(location_id: str, allowed: bool, *, actor: str) -> list[str]:
    """Let the clean claims of a location leave by themselves, or no more; returns the locations that may.

    Raises ValueError for a location that there is not. Every other claim is signed as before.
    """
    with writing() as db:
        if db.exec(select(Location.id).where(Location.id == location_id)).first() is None:
            raise ValueError(f"there is no location {location_id}")
        kept = db.get(PracticeSetting, LIVE_LEVEL) or PracticeSetting(name=LIVE_LEVEL, value="")
        before = set(filter(None, kept.value.split(",")))
        after = before | {location_id} if allowed else before - {location_id}
        if after != before:
            kept.value = ",".join(sorted(after))
            db.add(kept)
            audit(
                db,
                actor,
                "claims.level_changed",
                ("practice_setting", LIVE_LEVEL),
                location=location_id,
                allowed=allowed,
            )
    return sorted(after)
