"""Pilots for tests: proposed by an owner, signed by whoever must, running."""

from datetime import timedelta
from math import sqrt
from typing import Any

from acts import pilot_versions, pilots
from acts.pilot_looks import plan_of
from acts.pilots import Terms
from adapters.operational_store import reading, writing
from models.codes import AuthenticatedHow, Role
from models.columns import utc_now
from models.operational import Location, Pilot, PilotLook, PracticeVersion, Staff
from models.pilot_codes import MEASURES_OF, UNITS_OF, PilotMode, SignedAct, VersionKind
from rules.pilots import Comparison, read
from tests.factories import make_signer

HOW = AuthenticatedHow.DESK_PASSWORD_AND_CODE
TEMPLATE = {
    "format": "SOAP",
    "sections": [
        ["What was said", ["concern", "history", "risk", "mental_status", "finding"]],
        ["What was done", ["intervention", "response", "assessment"]],
        ["What comes next", ["goal", "plan"]],
    ],
    "asks": ["mood", "plan"],
}
CONTENT: dict[VersionKind, dict[str, Any]] = {
    VersionKind.REMINDER_PLAN: {"hours_before": [48]},
    VersionKind.WAITLIST_RULE: {"batch": 1, "deepest": 1},
    VersionKind.NOTE_TEMPLATE: TEMPLATE,
    VersionKind.RISK_THRESHOLD: {"thresholds": {"self_harm": 0.2}},
}


def make_pilot(kind: VersionKind, place: Location, content: dict[str, Any] | None = None, **given: Any) -> Pilot:
    """A pilot that waits for its signatures."""
    facts: dict[str, Any] = {
        "mode": PilotMode.ARM,
        "location_ids": (place.id,),
        "unit": UNITS_OF[kind][0],
        "measure": MEASURES_OF[kind][0],
        "smallest": 0.05,
        "expected": 0.15,
    }
    facts["spread"] = 0.0 if given.get("measure", facts["measure"]).is_share else 0.5
    owner = given.pop("owner", None) or make_signer(Role.OWNER, location=place)
    new = pilot_versions.wanted(kind, CONTENT[kind] if content is None else content)
    return pilots.propose(new, "fewer missed sessions", Terms(**facts | given), actor=owner.id)


def sign_by(pilot: Pilot, staff: Staff, act: SignedAct = SignedAct.START, *, accepts_less: bool = False) -> Pilot:
    with reading() as db:
        found, version = pilots.one_pilot(db, pilot.id)
        digest = pilots.terms_digest(found, version, act)
    return pilots.sign(pilot.id, act, staff_id=staff.id, how=HOW, seen_digest=digest, accepts_less=accepts_less)


def start(pilot: Pilot, place: Location, *, accepts_less: bool = False) -> Pilot:
    """Sign it by everybody who must."""
    for role in pilots.signed_by(pilot.kind):
        signed = sign_by(pilot, make_signer(role, location=place), accepts_less=accepts_less)
    return signed


def running(kind: VersionKind, place: Location, content: dict[str, Any] | None = None, **given: Any) -> Pilot:
    return start(make_pilot(kind, place, content, **given), place)


def version_of(pilot: Pilot) -> PracticeVersion:
    with reading() as db:
        return pilots.one_pilot(db, pilot.id)[1]


def now_of(pilot: Pilot) -> Pilot:
    with reading() as db:
        return pilots.one_pilot(db, pilot.id)[0]


def make_looks(pilot: Pilot, count: int = 24) -> None:
    """Daily looks at a pilot in which the new version misses fewer sessions, until it is said to be better."""
    with writing() as db:
        for number in range(1, count + 1):
            units = number * pilot.planned_units // (2 * count)
            estimate, error = -0.055 + 0.03 / number, sqrt(0.2 / units)
            seen = Comparison(units, units, units / 2, 0.15, 0.15 + estimate, estimate, error)
            said = read(seen, plan_of(pilot))
            db.add(
                PilotLook(
                    pilot_id=pilot.id,
                    number=number,
                    at=utc_now() - timedelta(days=count - number),
                    units_a=units,
                    units_b=units,
                    of=pilot.planned_units,
                    mean_a=seen.mean_a,
                    mean_b=seen.mean_b,
                    estimate=estimate,
                    low=said.low,
                    high=said.high,
                    verdict=said.verdict,
                )
            )
