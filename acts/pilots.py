"""Pilots of new versions: proposed, signed and so started, ended at once, put in force when signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from acts import pilot_versions
from acts.pilot_arms import installation_of, record, running, same_kind
from acts.pilot_versions import Wanted, digest_of
from acts.signers import signer_facts
from adapters.operational_store import audit, installation_id, one, reading, writing
from models.codes import AuthenticatedHow, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Clinician, Location, Pilot, PilotSignature, PracticeVersion, Staff
from models.pilot_codes import (
    MEASURES_OF,
    SHADOW_MEASURE_OF,
    UNITS_OF,
    EndedWhy,
    PilotMeasure,
    PilotMode,
    PilotUnit,
    SignedAct,
    TextKind,
    VersionKind,
)
from rules import pilot_arms, pilots
from rules.access import PILOT_ENDERS


@dataclass(frozen=True)
class Terms:
    """What is set before a pilot starts; ``spread`` of a share may be 0, see rules.pilots.planned_units."""

    mode: PilotMode
    location_ids: tuple[str, ...]
    unit: PilotUnit
    measure: PilotMeasure
    smallest: float
    expected: float
    spread: float = 0.0
    share: float = 0.5
    team: str = ""
    harm_measure: PilotMeasure | None = None
    most_harm: float | None = None
    most_lost: int = 0
    text_kind: TextKind = TextKind.REFERRAL


def propose(new: Wanted, why: str, terms: Terms, *, actor: str) -> Pilot:
    """Make a version and the pilot that is to try it; nothing runs before it is signed. Raises ValueError saying what
    of the terms cannot be, NotAllowed for a place that is not the proposer's."""
    check(new.kind, terms)
    installation_id()  # arms are drawn from it
    with writing() as db:
        who = one(db, Staff, actor)
        for place in terms.location_ids:
            one(db, Location, place)
            if place not in who.location_ids:
                raise NotAllowed("a pilot is at places of your own")
        version = pilot_versions.keep(db, new, why, actor)
        pilot = Pilot(
            id=new_id("PI"),
            version_id=version.id,
            kind=new.kind,
            mode=terms.mode,
            location_ids=sorted(set(terms.location_ids)),
            team=terms.team.strip(),
            unit=terms.unit,
            share=terms.share,
            measure=terms.measure,
            smallest=terms.smallest,
            expected=terms.expected,
            spread=terms.spread,
            planned_units=planned(terms),
            harm_measure=terms.harm_measure,
            most_harm=terms.most_harm,
            most_lost=terms.most_lost,
            text_kind=terms.text_kind,
            screens_less=new.screens_less,
            proposed_by=actor,
        )
        db.add(pilot)
        db.flush()
        audit(db, actor, "pilot.proposed", pilot, version=version.id, kind=new.kind.value, mode=terms.mode.value)
        return pilot


def planned(terms: Terms) -> int:
    """How many units the terms need; raises ValueError where they cannot be."""
    if terms.mode == PilotMode.SHADOW:
        return pilots.planned_pairs(terms.spread, terms.smallest)
    return pilots.planned_units(terms.measure, terms.expected, terms.spread, terms.smallest, terms.share)


def check(kind: VersionKind, terms: Terms) -> None:
    """Raises ValueError saying what of the terms cannot be."""
    if not terms.location_ids:
        raise ValueError("name the places where it is tried")
    judged_by = SHADOW_MEASURE_OF[kind]
    if terms.mode == PilotMode.SHADOW and terms.measure != judged_by:
        raise ValueError(f"in shadow nothing happens by the new version: compare {judged_by.label.lower()}")
    if terms.mode == PilotMode.ARM and terms.measure not in MEASURES_OF[kind]:
        raise ValueError(f"{kind.label.lower()} is not judged by {terms.measure.label.lower()}")
    if terms.unit not in UNITS_OF[kind]:
        raise ValueError(f"{kind.label.lower()} is not tried by {terms.unit.value}")
    pilot_arms.check_share(terms.share)
    if terms.mode == PilotMode.SHADOW and terms.harm_measure is not None:
        raise ValueError("in shadow nothing happens by the new version, so no measure of it is watched for harm")
    if (terms.harm_measure is None) != (terms.most_harm is None):
        raise ValueError("a limit of harm is a measure with how much worse it may look")
    if terms.harm_measure is not None and terms.harm_measure not in MEASURES_OF[kind]:
        raise ValueError(f"{terms.harm_measure.label.lower()} is not measured here")
    if (terms.most_harm is not None and terms.most_harm <= 0) or terms.most_lost < 0:
        raise ValueError("limits of harm are above 0, of lost flags 0 or more")


# -- signed


def signed_by(kind: VersionKind) -> tuple[Role, ...]:
    """Whose signatures a pilot of this kind needs to start, and its version to be put in force."""
    return (Role.OWNER, Role.CLINICIAN) if kind.is_clinical else (Role.OWNER,)


def terms_digest(pilot: Pilot, version: PracticeVersion, act: SignedAct) -> str:
    """SHA-256 of exactly what is signed: the version, where and how it is tried, its limits."""
    terms: dict[str, Any] = {
        "act": act.value,
        "pilot": pilot.id,
        "version": {"id": version.id, "kind": version.kind.value, "digest": version.digest},
        "mode": pilot.mode.value,
        "locations": pilot.location_ids,
        "team": pilot.team,
        "unit": pilot.unit.value,
        "share": pilot.share,
        "measure": pilot.measure.value,
        "smallest": pilot.smallest,
        "planned_units": pilot.planned_units,
        "harm": [pilot.harm_measure.value if pilot.harm_measure else None, pilot.most_harm, pilot.most_lost],
        "screens_less": pilot.screens_less,
    }
    if pilot.kind.reads_risk:
        terms["judged_by_texts"] = pilot.text_kind.value
    return digest_of(terms)


def sign(
    pilot_id: str, act: SignedAct, *, staff_id: str, how: AuthenticatedHow, seen_digest: str, accepts_less: bool = False
) -> Pilot:
    """Keep one signature of somebody who has just proved who they are; with the last one it needs, the act is done.

    ``accepts_less``: a clinician signs that the new reader may raise fewer flags than the present one. Raises MovedOn,
    NotAllowed for who may not sign it, ValueError where what was shown is not what is signed.
    """
    signer = signer_facts(staff_id, utc_now().date())
    with writing() as db:
        pilot, version = one_pilot(db, pilot_id)
        _check_may_sign(db, pilot, act, staff_id)
        if signer.role == Role.CLINICIAN and not signer.licensed_states:
            raise NotAllowed("a licensed clinician signs this")
        digest = terms_digest(pilot, version, act)
        if digest != seen_digest:
            raise ValueError("the pilot is not as it was shown: read it again")
        less = accepts_less and signer.role == Role.CLINICIAN and pilot.screens_less
        if missing(db, pilot, act):
            _keep_signature(db, pilot, act, staff_id, signer.role, how, digest, less)
        if missing(db, pilot, act):
            return pilot
        if act == SignedAct.START:
            _start(db, pilot, version, staff_id)
            return pilot
    _put_in_force(pilot, version, staff_id)
    return pilot


def _keep_signature(
    db: Session,
    pilot: Pilot,
    act: SignedAct,
    staff_id: str,
    role: Role,
    how: AuthenticatedHow,
    digest: str,
    less: bool,
) -> None:
    db.add(
        PilotSignature(
            id=new_id("PG"),
            pilot_id=pilot.id,
            act=act,
            role=role,
            staff_id=staff_id,
            authenticated=how,
            digest=digest,
            accepts_less=less,
        )
    )
    db.flush()
    audit(db, staff_id, f"pilot.signed_{act.value}", pilot, digest=digest, accepts_less=less)


def _check_may_sign(db: Session, pilot: Pilot, act: SignedAct, staff_id: str) -> None:
    if act == SignedAct.START and (pilot.started_at is not None or pilot.ended_at is not None):
        raise MovedOn("the pilot was started or ended before")
    if act == SignedAct.PUT_IN_FORCE and (pilot.started_at is None or pilot.in_force_at is not None):
        raise MovedOn("only what was tried, and is not in force yet, is put in force")
    if act == SignedAct.PUT_IN_FORCE and pilot.ended_why is not None and pilot.ended_why.is_a_stop:
        raise NotAllowed("it was stopped as worse or harmful: try another version")
    staff = one(db, Staff, staff_id)
    # where everybody has signed and it is not in force, it was refused or cut off: any of them may ask again
    wanted = missing(db, pilot, act) or signed_by(pilot.kind)
    if not staff.active or staff.role not in wanted:
        raise NotAllowed(f"still to sign: {' and '.join(role.value for role in wanted)}")
    if not set(staff.location_ids) & set(pilot.location_ids):
        raise NotAllowed("somebody who works where it is tried signs this")


def missing(db: Session, pilot: Pilot, act: SignedAct) -> list[Role]:
    """Whose signature is still to come."""
    there = set(signatures_by_role(db, pilot, act))
    return [role for role in signed_by(pilot.kind) if role not in there]


def signatures_by_role(db: Session, pilot: Pilot, act: SignedAct) -> dict[Role, PilotSignature]:
    query = select(PilotSignature).where(PilotSignature.pilot_id == pilot.id, PilotSignature.act == act)
    return {each.role: each for each in db.exec(query).all()}


def _start(db: Session, pilot: Pilot, version: PracticeVersion, actor: str) -> None:
    """Let it run: what is in force is noted, and units that are all known get their arms."""
    others = running(db, same_kind(pilot.kind))
    if any(set(other.location_ids) & set(pilot.location_ids) for other, _ in others):
        raise MovedOn("another pilot of this kind runs at one of these places: end it first")
    pilot.present = present_of(db, pilot)
    pilot.less_accepted = any(each.accepts_less for each in signatures_by_role(db, pilot, SignedAct.START).values())
    pilot.started_at = utc_now()
    db.add(pilot)
    db.flush()
    if pilot.unit == PilotUnit.CLINICIAN and pilot.mode == PilotMode.ARM:
        _place_clinicians(db, pilot)
    audit(db, actor, "pilot.started", pilot, version=version.id, mode=pilot.mode.value, units=pilot.planned_units)


def present_of(db: Session, pilot: Pilot) -> dict[str, str]:
    """The digest of what is in force at each place of a pilot, so that a change under way is seen."""
    return {place: digest_of(pilot_versions.present(db, pilot.kind, place)) for place in pilot.location_ids}


def _place_clinicians(db: Session, pilot: Pilot) -> None:
    """Somebody who works at several of the places is placed with the first of them."""
    staff = db.exec(
        select(Staff).join(Clinician, col(Clinician.id) == col(Staff.id)).where(col(Staff.active).is_(True))
    ).all()
    theirs = [each for each in staff if pilot.team in ("", each.team)]
    done: set[str] = set()
    for place in pilot.location_ids:
        here = [each.id for each in theirs if place in each.location_ids and each.id not in done]
        arms = pilot_arms.arms_of_known(installation_of(db), pilot.id, place, here, pilot.share)
        done |= set(here)
        if arms:
            record(db, pilot, {unit: (arm, place) for unit, arm in arms.items()})


def _put_in_force(pilot: Pilot, version: PracticeVersion, actor: str) -> None:
    digest = terms_digest(pilot, version, SignedAct.PUT_IN_FORCE)
    pilot_versions.put_in_force(pilot, version, actor, signed=digest)
    with writing() as db:
        present = one(db, Pilot, pilot.id)
        if present.in_force_at is None:
            present.in_force_at = pilot.in_force_at = utc_now()
            db.add(present)
            audit(db, actor, "pilot.put_in_force", present, version=version.id, signed=digest)
        if present.ended_at is None:
            end_in(db, present, EndedWhy.PUT_IN_FORCE, actor)


# -- ended


def end(pilot_id: str, *, staff_id: str) -> Pilot:
    """End a pilot, started or only proposed; from now on everybody has the present version. Again changes nothing."""
    with writing() as db:
        pilot = one(db, Pilot, pilot_id)
        staff = one(db, Staff, staff_id)
        if staff.role not in PILOT_ENDERS or not set(staff.location_ids) & set(pilot.location_ids):
            raise NotAllowed("an owner, a clinician or compliance of one of its places ends a pilot")
        if pilot.ended_at is None:
            end_in(db, pilot, EndedWhy.BY_HAND, staff_id)
        return pilot


def end_in(db: Session, pilot: Pilot, why: EndedWhy, actor: str) -> None:
    """End a pilot in the caller's transaction."""
    pilot.ended_at, pilot.ended_by, pilot.ended_why = utc_now(), actor, why
    db.add(pilot)
    db.flush()
    audit(db, actor, "pilot.ended", pilot, why=why.value)


# -- found


def one_pilot(db: Session, pilot_id: str) -> tuple[Pilot, PracticeVersion]:
    """A pilot with its version; raises MovedOn when there is none."""
    pilot = one(db, Pilot, pilot_id)
    return pilot, one(db, PracticeVersion, pilot.version_id)


def all_pilots(location_ids: Sequence[str]) -> list[tuple[Pilot, PracticeVersion]]:
    """Every pilot at one of these places, the newest first."""
    with reading() as db:
        rows = db.exec(
            select(Pilot, PracticeVersion)
            .join(PracticeVersion, col(PracticeVersion.id) == col(Pilot.version_id))
            .order_by(col(Pilot.proposed_at).desc(), col(Pilot.id))
        ).all()
    return [(pilot, version) for pilot, version in rows if set(pilot.location_ids) & set(location_ids)]
