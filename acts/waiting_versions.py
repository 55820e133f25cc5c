"""Versions that are asked for without a pilot: proposed with their figures, signed and so put in force, discarded."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from acts import recalibrating
from acts.pilot_versions import digest_of, screens_less
from acts.recalibrating import Judged
from acts.signers import signer_facts
from adapters import note_templates, risk_versions
from adapters.operational_store import audit, one, reading, writing
from language.evaluation.risk_floor import Share
from language.feedback import Label
from language.manifests import read_manifest
from models.codes import AuthenticatedHow, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed, WeightsDiffer
from models.note_template import NoteTemplate
from models.operational import AuditEvent, Location, Staff, VersionSignature, WaitingVersion
from models.pilot_codes import WaitedWhy, WaitingKind
from rules import version_signing
from rules.access import VERSION_ENDERS
from rules.sign_off import Signer

EVERYWHERE = "everywhere"
NONE_MEASURED = "none: it was tried in no pilot"


@dataclass(frozen=True)
class Waits:
    """One version that waits or has waited, with who signed it."""

    version: WaitingVersion
    signatures: dict[Role, VersionSignature]
    stale: bool

    @property
    def missing(self) -> tuple[Role, ...]:
        return version_signing.still_to_sign(self.signatures)


# -- proposed


def propose_reader(version: str, labels: Sequence[Label], *, actor: str) -> tuple[Judged, WaitingVersion | None]:
    """Judge a version of the risk reader; where nothing refuses it, it waits to be signed. Either is on record."""
    done = recalibrating.judged(version, labels)
    if done.refused:
        recalibrating.refuse(done, actor=actor)
        return done, None
    folder = recalibrating.folder_of(version)
    content = _content(
        WaitingKind.RISK_READER,
        {"version": version, "digest": risk_versions.digest_of(folder)},
        {EVERYWHERE: _reader_now()},
        _figures(done) | {"may raise fewer flags": "yes" if screens_less(folder, recalibrating.in_force()) else "no"},
    )
    return done, _keep(WaitingKind.RISK_READER, version, [], content, actor)


def propose_template(location_id: str, version: str, *, actor: str) -> WaitingVersion:
    """Let a shipped note template wait to be signed for one location. Raises MovedOn where there is none, or it is in
    force there; NotAllowed for a place that is not the proposer's."""
    if version not in note_templates.all_templates():
        # one that the practice made is tried first, and put in force by signatures
        raise MovedOn(f"there is no shipped note template {version}; the desk's page Pilots has your own")
    with reading() as db:
        one(db, Location, location_id)
        if location_id not in one(db, Staff, actor).location_ids:
            raise NotAllowed("a template is proposed for places of your own")
        template, present = note_templates.named(db, version), _template_now(db, location_id, version)
    if present["version"] == version:
        raise MovedOn(f"{location_id} writes with {version} already")
    named = {"version": version, "digest": _template_digest(template)}
    content = _content(
        WaitingKind.NOTE_TEMPLATE, named, {location_id: present}, {"figures of a comparison": NONE_MEASURED}
    )
    return _keep(WaitingKind.NOTE_TEMPLATE, version, [location_id], content, actor)


def _content(
    kind: WaitingKind, version: Mapping[str, str], replaces: Mapping[str, Any], figures: Mapping[str, str]
) -> dict[str, Any]:
    """Exactly what is signed."""
    return {
        "act": "put in force",
        "kind": kind.value,
        "version": dict(version),
        "replaces": dict(replaces),
        "figures": dict(figures),
    }


def _figures(done: Judged) -> dict[str, str]:
    """What speaks for a version of the reader, spelled as it is shown."""
    found: dict[str, str] = {}
    if done.verdict is not None:
        before, after = done.verdict.in_force, done.verdict.candidate
        found["labels decided since it was made"] = str(after.labels)
        found["log loss on them, present version"] = f"{before.log_loss:.4f}"
        found["log loss on them, this version"] = f"{after.log_loss:.4f}"
        found["flags on them that clinicians confirmed"] = str(done.verdict.confirmed)
        found["of which this version would lose"] = str(done.verdict.lost)
    if done.held_out is not None and done.shipped is not None:
        for kind, share in done.held_out.present.items():
            name = f"held-out texts of {kind.value.replace('_', ' ')} raised"
            found[name] = f"{_share(share)}, shipped version {_share(done.shipped.present[kind])}"
        ordinary = f"{_share(done.held_out.ordinary)}, shipped version {_share(done.shipped.ordinary)}"
        found["held-out ordinary talk raised"] = ordinary
    return found


def _share(share: Share) -> str:
    return f"{share.hits} of {share.of}"


def _keep(
    kind: WaitingKind, version: str, location_ids: list[str], content: dict[str, Any], actor: str
) -> WaitingVersion:
    """Let it wait; what waits already, word for word, goes on waiting."""
    digest = digest_of(content)
    with writing() as db:
        there = db.exec(
            select(WaitingVersion).where(WaitingVersion.digest == digest, col(WaitingVersion.ended_at).is_(None))
        ).first()
        if there is not None and not version_signing.is_stale(there.proposed_at, utc_now()):
            return there
        waiting = WaitingVersion(
            id=new_id("WV"),
            kind=kind,
            version=version,
            location_ids=location_ids,
            content=content,
            digest=digest,
            proposed_by=actor,
        )
        db.add(waiting)
        db.flush()
        audit(db, actor, "version.proposed", waiting, kind=kind.value, version=version, digest=digest)
        return waiting


# -- what is in force


def _reader_now() -> dict[str, str]:
    folder = recalibrating.in_force()
    return {"version": read_manifest(folder).version, "digest": risk_versions.digest_of(folder)}


def _template_now(db: Session, location_id: str, version: str) -> dict[str, str]:
    """What a location writes with now in the format of this version."""
    form = note_templates.named(db, version).format
    present = note_templates.in_force(db, location_id)[form]
    return {"version": present.version, "digest": _template_digest(present)}


def _template_digest(template: NoteTemplate) -> str:
    return digest_of(template.as_plain())


def _must_stand(db: Session, waiting: WaitingVersion) -> None:
    """Raises MovedOn where the version or what it would replace is not what was shown."""
    replaces, version = waiting.content["replaces"], waiting.content["version"]
    if waiting.kind is WaitingKind.RISK_READER:
        folder = recalibrating.folder_of(waiting.version)
        recalibrating.must_be_intact(folder)
        if risk_versions.digest_of(folder) != version["digest"]:
            raise MovedOn(f"{waiting.version} is not what was proposed")
        now = {EVERYWHERE: _reader_now()}
    else:
        if _template_digest(note_templates.named(db, waiting.version)) != version["digest"]:
            raise MovedOn(f"{waiting.version} is not what was proposed")
        now = {place: _template_now(db, place, waiting.version) for place in waiting.location_ids}
    if now != replaces:
        raise MovedOn("what it would replace is not in force any more: discard it and propose it anew")


# -- signed


def sign(waiting_id: str, *, staff_id: str, how: AuthenticatedHow, seen_digest: str) -> Waits:
    """Keep one signature of somebody who has just proved who they are; with the last one the version is in force.

    Raises MovedOn where it waits no longer or is not what was shown, NotAllowed for who may not sign it.
    """
    signer = signer_facts(staff_id, utc_now().date())
    with writing() as db:
        waiting = _locked(db, waiting_id)
        found = _signable(db, waiting, signer)
        if seen_digest != waiting.digest:
            raise MovedOn("it is not as it was shown: read it again")
        if signer.role in found.missing:
            _keep_signature(db, waiting, staff_id, signer.role, how)
            found = _found(db, waiting)
        if found.missing:
            return found
        if waiting.ended_at is None:
            _put_in_force(db, waiting, staff_id)
    if waiting.kind is WaitingKind.RISK_READER:
        # after the event is kept: killed in between, it is on record and not in force, never the reverse
        risk_versions.put_in_force(waiting.version)
    return found


def check_may_sign(waiting_id: str, staff_id: str) -> None:
    """Raises as ``sign`` does, before anybody is asked for a code."""
    signer = signer_facts(staff_id, utc_now().date())
    with reading() as db:
        _signable(db, one(db, WaitingVersion, waiting_id), signer)


def _locked(db: Session, waiting_id: str) -> WaitingVersion:
    waiting = db.get(WaitingVersion, waiting_id, with_for_update=True)
    if waiting is None:
        raise MovedOn(f"there is no waiting version {waiting_id}")
    return waiting


def _signable(db: Session, waiting: WaitingVersion, signer: Signer) -> Waits:
    """What this signer may sign now; raises MovedOn or NotAllowed otherwise."""
    found = _must_wait(db, waiting)
    permission = version_signing.may_sign(signer, found.signatures, waiting.location_ids)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    return found


def _must_wait(db: Session, waiting: WaitingVersion) -> Waits:
    found = _found(db, waiting)
    if waiting.ended_at is not None:
        if not was_cut_off(waiting):
            raise MovedOn("it waits no longer")
        return found
    if found.stale:
        raise MovedOn(f"its figures are older than {version_signing.GOOD_FOR.days} days: propose it anew")
    _must_stand(db, waiting)
    return found


def was_cut_off(waiting: WaitingVersion) -> bool:
    """Whether everybody has signed a version of the reader that has not come into force: it was killed in between."""
    if waiting.kind is not WaitingKind.RISK_READER or waiting.ended_why is not WaitedWhy.SIGNED:
        return False
    [present, *_] = recalibrating.ways()
    try:
        return present == waiting.version and _reader_now()["version"] != present
    except WeightsDiffer:
        return False  # what is read with is broken: the way back comes first


def _keep_signature(db: Session, waiting: WaitingVersion, staff_id: str, role: Role, how: AuthenticatedHow) -> None:
    signature = VersionSignature(
        id=new_id("VG"),
        waiting_id=waiting.id,
        role=role,
        staff_id=staff_id,
        authenticated=how,
        digest=waiting.digest,
    )
    db.add(signature)
    db.flush()
    audit(db, staff_id, "version.signed", waiting, digest=waiting.digest, how=how.value, role=role.value)


def _put_in_force(db: Session, waiting: WaitingVersion, actor: str) -> None:
    if waiting.kind is WaitingKind.RISK_READER:
        recalibrating.record_promoted(db, waiting.version, actor=actor, signed=waiting.digest)
    else:
        for place in waiting.location_ids:
            note_templates.choose(db, place, waiting.version, actor, signed=waiting.digest)
    _end(db, waiting, WaitedWhy.SIGNED, actor)


def _end(db: Session, waiting: WaitingVersion, why: WaitedWhy, actor: str) -> None:
    waiting.ended_at, waiting.ended_by, waiting.ended_why = utc_now(), actor, why
    db.add(waiting)
    db.flush()
    action = "version.in_force" if why is WaitedWhy.SIGNED else "version.discarded"
    audit(db, actor, action, waiting, version=waiting.version, digest=waiting.digest)


def discard(waiting_id: str, *, staff_id: str) -> WaitingVersion:
    """Let a version wait no longer; again, or once it is signed, changes nothing."""
    with writing() as db:
        waiting = _locked(db, waiting_id)
        staff = one(db, Staff, staff_id)
        if staff.role not in VERSION_ENDERS or not _is_theirs(waiting, staff.location_ids):
            raise NotAllowed("an owner, a clinician, compliance or an administrator of its places discards it")
        if waiting.ended_at is None:
            _end(db, waiting, WaitedWhy.DISCARDED, staff_id)
        return waiting


# -- the way back


def template_ways(location_ids: Collection[str], forms: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """By location and format: the version that it writes with, then those it may go back to, the newest first."""
    moved: dict[tuple[str, str], list[tuple[str, bool]]] = {
        (place, form): [] for place in location_ids for form in forms
    }
    with reading() as db:
        events = db.exec(
            select(AuditEvent)
            .where(AuditEvent.action == note_templates.CHOSEN, col(AuditEvent.subject_id).in_(location_ids))
            .order_by(col(AuditEvent.id))
        ).all()
        for event in events:
            version = event.details["version"]
            # by its name, for a shipped version may be gone since
            of = (event.subject_id, version.rpartition("-")[0])
            if of in moved:
                moved[of].append((version, event.details.get("signed") == ""))
    return {(place, form): version_signing.ways_back(f"{form}-1", those) for (place, form), those in moved.items()}


def go_back_reader(version: str, *, staff_id: str) -> None:
    """Put the version of the reader that was in force before into force again, at once, without a signature."""
    with reading() as db:
        _must_go_back(one(db, Staff, staff_id))
    recalibrating.go_back(version, actor=staff_id)


def go_back_template(location_id: str, version: str, *, staff_id: str) -> None:
    """Let a location write with a version again that it wrote with before, at once, without a signature."""
    with reading() as db:
        staff = one(db, Staff, staff_id)
        _must_go_back(staff)
        form = note_templates.named(db, version).format
        one(db, Location, location_id)
    if location_id not in staff.location_ids:
        raise NotAllowed("this is another location's")
    [present, *before] = template_ways([location_id], [form])[location_id, form]
    if version == present:
        return
    if version not in before:
        raise NotAllowed(f"{location_id} did not write with {version} before, or went back from it: it is signed anew")
    with writing() as db:
        note_templates.choose(db, location_id, version, staff_id, signed="")


def _must_go_back(staff: Staff) -> None:
    if not staff.active or staff.role not in VERSION_ENDERS:
        raise NotAllowed("an owner, a clinician, compliance or an administrator goes back")


# -- found


def one_waiting(waiting_id: str, location_ids: Sequence[str]) -> Waits:
    """One version that waits or has waited; raises MovedOn for none, NotAllowed for one of other places."""
    with reading() as db:
        waiting = one(db, WaitingVersion, waiting_id)
        found = _found(db, waiting)
    if not _is_theirs(waiting, location_ids):
        raise NotAllowed("this is at other locations")
    return found


def all_waiting(location_ids: Sequence[str], *, ended: int = 20) -> list[Waits]:
    """What waits for somebody at these places, the oldest first; then what waited lately, the newest first."""
    with reading() as db:
        open_ones = db.exec(
            select(WaitingVersion)
            .where(col(WaitingVersion.ended_at).is_(None))
            .order_by(col(WaitingVersion.proposed_at), col(WaitingVersion.id))
        ).all()
        over = db.exec(
            select(WaitingVersion)
            .where(col(WaitingVersion.ended_at).is_not(None))
            .order_by(col(WaitingVersion.ended_at).desc(), col(WaitingVersion.id))
        ).all()
        lately = [each for each in over if _is_theirs(each, location_ids)][:ended]
        return _all_found(db, [*(each for each in open_ones if _is_theirs(each, location_ids)), *lately])


def _found(db: Session, waiting: WaitingVersion) -> Waits:
    [found] = _all_found(db, [waiting])
    return found


def _all_found(db: Session, waiting: Sequence[WaitingVersion]) -> list[Waits]:
    """Each with its signatures, in one query."""
    query = select(VersionSignature).where(col(VersionSignature.waiting_id).in_([each.id for each in waiting]))
    signatures: defaultdict[str, dict[Role, VersionSignature]] = defaultdict(dict)
    for each in db.exec(query).all():
        signatures[each.waiting_id][each.role] = each
    now = utc_now()
    return [Waits(each, signatures[each.id], version_signing.is_stale(each.proposed_at, now)) for each in waiting]


def _is_theirs(waiting: WaitingVersion, location_ids: Sequence[str]) -> bool:
    return not waiting.location_ids or bool(set(waiting.location_ids) & set(location_ids))
