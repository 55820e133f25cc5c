"""The practice's own versions of the risk reader: made from labels, promoted where better on later ones, taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from adapters import operational_store as store
from adapters import risk_versions
from language import recalibration
from language.evaluation import on_labels
from language.evaluation.on_labels import Verdict, network_of
from language.evaluation.risk_floor import Floor, floor_of
from language.feedback import Label
from language.manifests import faults, read_manifest
from language.recalibration import earlier_and_later
from language.risk_classifier import SHIPPED, settings
from language.risk_values import SignalKind
from models.columns import utc_now
from models.errors import NotAllowed, WeightsDiffer
from models.operational import AuditEvent
from rules.version_signing import ways_back

FEWEST_TO_JUDGE = 30
MADE, PROMOTED = "risk_reader.made", "risk_reader.promoted"
REFUSED, RETURNED = "risk_reader.promotion_refused", "risk_reader.returned"


class Refusal(StrEnum):
    """Why a version is not put in force."""

    TOO_FEW_LATER_LABELS = "too_few_later_labels"
    LOG_LOSS_NOT_LOWER = "log_loss_not_lower"
    CONFIRMED_FLAGS_LOST = "confirmed_flags_lost"
    HELD_OUT_TEXTS_LOST = "held_out_texts_lost"
    HELD_OUT_TEXTS_MISSING = "held_out_texts_missing"


@dataclass(frozen=True)
class Made:
    """A version that was made from ``labels`` and is not in force; ``stay``: what it left as it was, with the reason.

    ``verdict``: how it does on the labels decided after those; None where there is none.
    """

    version: str
    labels: int
    stay: dict[str, str]
    verdict: Verdict | None


@dataclass(frozen=True)
class Judged:
    """What speaks for a version and against it; nothing is put in force by it.

    ``lost``: where it falls below the shipped version on the held-out texts; ``held_out``, ``shipped``: the figures of
    both there, None where the texts are missing.
    """

    version: str
    refused: tuple[Refusal, ...]
    verdict: Verdict | None
    lost: tuple[str, ...]
    held_out: Floor | None = None
    shipped: Floor | None = None

    @property
    def counts(self) -> dict[str, int]:
        """What the audit holds of it."""
        if self.verdict is None:
            return {}
        return {
            "labels": self.verdict.candidate.labels,
            "confirmed": self.verdict.confirmed,
            "lost": self.verdict.lost,
        }


def versions() -> dict[str, Path]:
    """The folder of each version of the risk reader that is here, the shipped one first."""
    return {read_manifest(SHIPPED).version: SHIPPED, **risk_versions.made()}


def folder_of(version: str) -> Path:
    """Raises ValueError for a version that is not here."""
    if version not in (here := versions()):
        raise ValueError(f"there is no version {version}; `countersign models list` names those that are here")
    return here[version]


def in_force() -> Path:
    """The folder that is read with now; raises WeightsDiffer when it cannot be told or is not what was promoted."""
    return risk_versions.folder_in_force() or SHIPPED


def recalibrate(labels: Sequence[Label], wanted: Mapping[SignalKind, float], *, refit: bool, actor: str) -> Made:
    """Make a version from the earlier 70 % of the labels and compare it on the later ones; nothing is put in force.

    ``wanted``: thresholds that a person wants; raises ValueError as language.recalibration.recalibrated does.
    """
    earlier, later = earlier_and_later(labels)
    base = in_force()
    made = recalibration.recalibrated(earlier, base, versions(), wanted, refit=refit, now=utc_now())
    folder = risk_versions.keep(made.version, made.files)
    with store.writing() as db:
        made_from = read_manifest(base).version
        _record(db, made.version, MADE, actor, made_from=made_from, labels=made.labels, refit=refit)
    return Made(made.version, made.labels, made.untouched, on_labels.judged(later, base, folder, versions()))


def needs_texts(version: str) -> bool:
    """Whether this version has another network than the one in force, so that texts must be read to compare them."""
    return network_of(folder_of(version)) != network_of(in_force())


def judged(version: str, labels: Sequence[Label]) -> Judged:
    """How a version does on the labels decided after those it was made from, and on the held-out texts.

    Better: its log loss is lower (or the same, where it only lowers thresholds), it raises every flag that the version
    in force raises and clinicians confirmed, and no kind's recall on the held-out texts is below the shipped version's.
    Raises ValueError for the shipped version, which is gone back to.
    """
    folder = folder_of(version)
    if folder == SHIPPED:
        raise ValueError(f"{version} is the shipped version: `countersign models go-back {version}`")
    must_be_intact(folder)
    verdict = on_labels.judged(unseen(labels, folder), in_force(), folder, versions())
    refused = _refused_by_labels(verdict, folder)
    lost: list[str] = []
    floors: tuple[Floor | None, Floor | None] = (None, None)
    try:
        candidate, shipped = floor_of(folder), floor_of(SHIPPED)
        floors, lost = (candidate, shipped), candidate.lost_against(shipped)
    except FileNotFoundError:
        refused.append(Refusal.HELD_OUT_TEXTS_MISSING)
    if lost:
        refused.append(Refusal.HELD_OUT_TEXTS_LOST)
    return Judged(version, tuple(refused), verdict, tuple(lost), *floors)


def promote(version: str, labels: Sequence[Label], *, actor: str, signed: str) -> Judged:
    """Put a version in force that was signed, if it is better (see ``judged``); either is on record.

    ``signed``: the digest of what was signed.
    """
    done = judged(version, labels)
    if done.refused:
        refuse(done, actor=actor)
        return done
    with store.writing() as db:
        record_promoted(db, version, actor=actor, signed=signed, **done.counts)
    risk_versions.put_in_force(version)
    return done


def refuse(done: Judged, *, actor: str) -> None:
    """Put on record that a version is not put in force, and why."""
    with store.writing() as db:
        _record(db, done.version, REFUSED, actor, refused=[each.value for each in done.refused], **done.counts)


def record_promoted(db: Session, version: str, *, actor: str, signed: str, **details: Any) -> None:
    """Put on record that a version comes into force, before it does: killed in between, it is on record alone."""
    _record(db, version, PROMOTED, actor, signed=signed, **details)


def go_back(version: str, *, actor: str) -> None:
    """Put the shipped version, or one that was in force before the present one, into force again, at once.

    Raises NotAllowed for a version that was never promoted as it is now, or that was gone back from since.
    """
    folder = folder_of(version)
    if folder != SHIPPED:
        must_be_intact(folder)
        if version not in ways() or not _was_in_force(version, folder):
            raise NotAllowed(f"{version} was never in force, or was gone back from: promote it")
    with store.writing() as db:
        _record(db, version, RETURNED, actor)
    if folder == SHIPPED:
        risk_versions.put_shipped_in_force()
    else:
        risk_versions.put_in_force(version)


def ways() -> list[str]:
    """The version in force by what is on record, then those that may be gone back to, the newest first."""
    moved = select(AuditEvent).where(col(AuditEvent.action).in_((PROMOTED, RETURNED))).order_by(col(AuditEvent.id))
    with store.reading() as db:
        events = db.exec(moved).all()
    shipped = read_manifest(SHIPPED).version
    return ways_back(shipped, [(event.subject_id, event.action == RETURNED) for event in events])


def must_be_intact(folder: Path) -> None:
    if wrong := faults(read_manifest(folder), folder):
        raise WeightsDiffer("; ".join(wrong))


def _refused_by_labels(verdict: Verdict | None, folder: Path) -> list[Refusal]:
    if verdict is None or verdict.candidate.labels < FEWEST_TO_JUDGE:
        return [Refusal.TOO_FEW_LATER_LABELS]
    refused = []
    before, after = verdict.in_force.log_loss, verdict.candidate.log_loss
    if after > before or (after == before and not _only_lowers(folder, in_force())):
        refused.append(Refusal.LOG_LOSS_NOT_LOWER)
    if verdict.lost:
        refused.append(Refusal.CONFIRMED_FLAGS_LOST)
    return refused


def unseen(labels: Sequence[Label], folder: Path) -> list[Label]:
    """The labels that the version in a folder was not made from: all that were decided later."""
    until = read_manifest(folder).labels_until
    return [label for label in labels if not until or label.decided_at > datetime.fromisoformat(until)]


def _only_lowers(candidate: Path, than: Path) -> bool:
    lower, higher = settings(candidate).thresholds, settings(than).thresholds
    return all(lower[kind] <= higher[kind] for kind in SignalKind)


def _was_in_force(version: str, folder: Path) -> bool:
    """Whether exactly this version was promoted before."""
    promoted = select(AuditEvent).where(AuditEvent.action == PROMOTED, AuditEvent.subject_id == version)
    with store.reading() as db:
        events = db.exec(promoted).all()
    return any(event.details["manifest_sha256"] == risk_versions.digest_of(folder) for event in events)


def _record(db: Session, version: str, action: str, actor: str, **details: Any) -> None:
    digest = risk_versions.digest_of(folder_of(version))
    store.audit(db, actor, action, ("risk_reader", version), manifest_sha256=digest, **details)
