"""Versions of what a practice tunes: made from a wish, compared with what is in force, put in force."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from acts import recalibrating
from acts.labels import labels
from acts.practice_clocks import REMINDERS, reminder_policy, reminder_policy_with
from acts.waitlist_facts import WAITLIST, policy_of, waitlist_policy
from adapters import note_templates, risk_versions
from adapters.operational_store import audit, reading, writing
from language import recalibration
from language.manifests import read_manifest
from language.note_templates import KNOWN_NEEDS
from language.risk_classifier import SHIPPED, settings
from language.risk_network import NETWORK
from language.risk_values import SignalKind
from models.columns import new_id, utc_now
from models.errors import ContractBroken, MovedOn, NotAllowed
from models.operational import Pilot, PracticeSetting, PracticeVersion
from models.pilot_codes import VersionKind
from rules.sign_off import canonical

REMINDER_FIGURES = ("hours_before", "plans", "extra_hours", "high_risk", "history_least", "history_margin")
"""What of a reminder plan may differ between arms; sending hours and days ahead hold for everybody."""
LONGEST_WHY = 500


@dataclass(frozen=True)
class Wanted:
    """A version as somebody wants it, checked and spelled; ``screens_less``: it may raise fewer flags than A."""

    kind: VersionKind
    content: dict[str, Any]
    screens_less: bool = False

    @property
    def digest(self) -> str:
        return digest_of(self.content)


def digest_of(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def wanted(kind: VersionKind, content: Mapping[str, Any]) -> Wanted:
    """What a version of this kind would be; raises ValueError where it cannot be one, or is what is in force.

    For risk thresholds a whole version of the reader is made, which nobody reads with yet.
    """
    if not isinstance(content, Mapping):
        raise ValueError("a version is a JSON object")
    if kind == VersionKind.REMINDER_PLAN:
        return Wanted(kind, _reminder_plan(content))
    if kind == VersionKind.WAITLIST_RULE:
        return Wanted(kind, _waitlist_rule(content))
    if kind == VersionKind.NOTE_TEMPLATE:
        return Wanted(kind, _note_template(content))
    return _thresholds(content) if kind == VersionKind.RISK_THRESHOLD else _weights(content)


def _reminder_plan(content: Mapping[str, Any]) -> dict[str, Any]:
    if other := set(content) - set(REMINDER_FIGURES):
        raise ValueError(f"a pilot changes none of {', '.join(sorted(other))}")
    with reading() as db:
        changed, present = reminder_policy_with(db, content), reminder_policy(db)
    if changed == present:
        raise ValueError("this plan is in force already")
    return _plain({name: getattr(changed, name) for name in sorted(content)})


def _waitlist_rule(content: Mapping[str, Any]) -> dict[str, Any]:
    with reading() as db:
        present = waitlist_policy(db)
    if policy_of({**asdict(present), **content}) == present:
        raise ValueError("this rule is in force already")
    return _plain(dict(sorted(content.items())))


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON holds it."""
    spelled: dict[str, Any] = json.loads(json.dumps(content))
    return spelled


def _note_template(content: Mapping[str, Any]) -> dict[str, Any]:
    try:
        template = note_templates.template_of({**content, "version": "new"}, "the template")
    except (ContractBroken, KeyError, TypeError) as trouble:
        raise ValueError(f"a template has format, sections and asks ({trouble})") from None
    if unknown := set(template.asks) - set(KNOWN_NEEDS):
        raise ValueError(f"nobody knows how to look for {', '.join(sorted(unknown))}")
    plain = template.as_plain()
    return {"format": str(template.format), "sections": plain["sections"], "asks": plain["asks"]}


def _thresholds(content: Mapping[str, Any]) -> Wanted:
    try:
        chosen = {SignalKind(kind): float(value) for kind, value in content["thresholds"].items()}
    except (KeyError, TypeError, AttributeError) as trouble:
        raise ValueError(f"thresholds are given by kind of signal ({trouble})") from None
    base = recalibrating.in_force()
    made = recalibration.with_thresholds(base, chosen, utc_now())
    folder = risk_versions.keep(made.version, made.files)
    thresholds = {kind.value: settings(folder).thresholds[kind] for kind in sorted(chosen)}
    named = {"reader": made.version, "manifest_sha256": risk_versions.digest_of(folder)}
    return Wanted(VersionKind.RISK_THRESHOLD, {**named, "thresholds": thresholds}, screens_less(folder, base))


def _weights(content: Mapping[str, Any]) -> Wanted:
    name = str(content.get("reader", ""))
    here = risk_versions.made()
    if name not in here:
        raise ValueError("name a version of the reader that was made here: `countersign models list` shows them")
    base = recalibrating.in_force()
    if here[name] == base:
        raise ValueError("this version is in force already")
    named = {"reader": name, "manifest_sha256": risk_versions.digest_of(here[name])}
    return Wanted(VersionKind.RISK_WEIGHTS, named, screens_less(here[name], base))


def screens_less(candidate: Path, than: Path) -> bool:
    """Whether a version of the reader may raise fewer flags: surely not where it differs in lower thresholds alone."""
    new, old = settings(candidate), settings(than)
    same = read_manifest(candidate).files[NETWORK] == read_manifest(than).files[NETWORK]
    return not (
        same
        and new.calibration == old.calibration
        and all(new.thresholds[kind] <= old.thresholds[kind] for kind in SignalKind)
    )


def keep(db: Session, new: Wanted, why: str, actor: str) -> PracticeVersion:
    """Make the version, in the caller's transaction; nothing is in force by it. Raises ValueError without a reason."""
    reason = why.strip()
    if not reason or len(reason) > LONGEST_WHY:
        raise ValueError(f"say in 1 to {LONGEST_WHY} characters why it may be better")
    version = PracticeVersion(
        id=new_id("PV"), kind=new.kind, content=new.content, digest=new.digest, why=reason, made_by=actor
    )
    db.add(version)
    db.flush()
    audit(db, actor, "version.made", version, kind=new.kind.value, digest=new.digest)
    return version


# -- what is in force, and what a version makes of it


def present(db: Session, kind: VersionKind, location_id: str) -> dict[str, Any]:
    """What is in force at a location now, of the kind of a version, as plain values."""
    if kind == VersionKind.REMINDER_PLAN:
        return _plain(asdict(reminder_policy(db)))
    if kind == VersionKind.WAITLIST_RULE:
        return _plain(asdict(waitlist_policy(db)))
    if kind == VersionKind.NOTE_TEMPLATE:
        return {form: each.as_plain() for form, each in note_templates.in_force(db, location_id).items()}
    folder = risk_versions.folder_in_force() or SHIPPED
    return {"reader": read_manifest(folder).version, "manifest_sha256": risk_versions.digest_of(folder)}


def reader_folder(version: PracticeVersion) -> Path:
    """The folder of this version of the reader; raises WeightsDiffer where it is not what was kept."""
    return risk_versions.pinned(version.content["reader"], version.content["manifest_sha256"])


def put_in_force(pilot: Pilot, version: PracticeVersion, actor: str, *, signed: str) -> None:
    """Make a version the present one: a reminder plan and a waitlist rule everywhere, a template at the pilot's places.

    A version of the risk reader goes through its own gate too; raises NotAllowed naming what refuses it there.
    ``signed``: the digest of what was signed.
    """
    if version.kind.reads_risk:
        _promote(version, actor, signed)
        return
    with writing() as db:
        if version.kind == VersionKind.NOTE_TEMPLATE:
            for place in pilot.location_ids:
                note_templates.choose(db, place, note_templates.own_name(version), actor, signed=signed)
        else:
            _set(db, REMINDERS if version.kind == VersionKind.REMINDER_PLAN else WAITLIST, version.content)
        audit(db, actor, "version.in_force", version, pilot=pilot.id, digest=version.digest, signed=signed)


def _set(db: Session, name: str, content: Mapping[str, Any]) -> None:
    setting = db.get(PracticeSetting, name) or PracticeSetting(name=name, value="{}")
    setting.value = json.dumps({**json.loads(setting.value), **content})
    db.add(setting)


def _promote(version: PracticeVersion, actor: str, signed: str) -> None:
    name = version.content["reader"]
    if risk_versions.digest_of(reader_folder(version)) != version.content["manifest_sha256"]:
        raise MovedOn(f"{name} is not what was tried")
    known = labels(actor=actor, texts=recalibrating.needs_texts(name))
    done = recalibrating.promote(name, known, actor=actor, signed=signed)
    if done.refused:
        why: Sequence[str] = [each.value.replace("_", " ") for each in done.refused]
        raise NotAllowed(f"the reader's own gate refuses it: {', '.join(why)}")


# -- what a form begins with


@dataclass(frozen=True)
class Beginning:
    """What is in force as a form shows it: a figure, template or threshold by name; ``readers``: versions to choose."""

    values: dict[str, Any]
    readers: tuple[str, ...] = ()


def beginning(kind: VersionKind, location_id: str) -> Beginning:
    """What somebody who wants to change something starts from."""
    if not kind.reads_risk:
        with reading() as db:
            return Beginning(present(db, kind, location_id))
    if kind == VersionKind.RISK_WEIGHTS:
        return Beginning({}, tuple(risk_versions.made()))
    thresholds = settings(recalibrating.in_force()).thresholds
    return Beginning({kind.value: thresholds[kind] for kind in SignalKind})
