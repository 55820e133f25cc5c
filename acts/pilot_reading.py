"""A new version of the risk reader beside the present one: what it raises, which of it counts, what goes on record.

The present version reads every case, and what it raises counts, but in an arm whose clinician signed that the new one
may raise less. So a trial adds flags to a case, and takes none away unless a clinician answers for it.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acts import pilot_versions
from acts.pilot_arms import RISK, Placed, Subject, placed
from acts.risk_flags import flags_of_text
from adapters import therapy_store
from adapters.missing_rows import insert_unless_there
from adapters.operational_store import audit, one, reading, writing
from language import risk_signals
from language.risk_values import RiskReading
from models.columns import utc_now
from models.errors import WeightsDiffer
from models.operational import Episode, PilotReading, Referral, SessionNote
from models.pilot_codes import PilotMode, TextKind
from rules import jurisdiction

logger = logging.getLogger(__name__)

Read = Callable[..., RiskReading]


def read_with(folder: Path) -> Read:
    """The reader with these weights and thresholds."""

    def read(text: str, rules_only: bool = False) -> RiskReading:
        return risk_signals.read_risk(text, rules_only, folder)

    return read


@dataclass
class Trial:
    """The pilot that one case is part of; ``failed`` once the new version could not read it."""

    placed: Placed
    subject: Subject
    text_kind: TextKind = TextKind.REFERRAL
    failed: bool = False

    def flags_of(
        self, case_number: str, texts: Sequence[therapy_store.IntakeText], permission: jurisdiction.Permission
    ) -> list[therapy_store.RiskFlag]:
        """What the new version raises from these texts; as ``flags_by``."""
        return self.flags_by(
            lambda read, _: [
                flag for text in texts for flag in flags_of_text(case_number, text, permission=permission, read=read)
            ]
        )

    def flags_by(
        self, flags_with: Callable[[Read, Path], list[therapy_store.RiskFlag]]
    ) -> list[therapy_store.RiskFlag]:
        """What the new version raises, by whoever reads with it (its reader, its folder); nothing in arm A, which is
        not read twice.

        Where it fails nothing of it counts, and the present version has read the case all the same.
        """
        if self.placed.arm is not None and not self.placed.has_new:
            return []
        try:
            folder = pilot_versions.reader_folder(self.placed.version)
        except WeightsDiffer as trouble:
            number, why = self.subject.case_number, type(trouble).__name__
            logger.error("case %s: the reader on trial is not whole (%s)", number, why)
            self.failed = True
            return []
        new = flags_with(self._noting(read_with(folder)), folder)
        return [] if self.failed else new

    def _noting(self, read: Read) -> Read:
        """The same reader; that it failed is noted, since what stands in for its flags is a person's work."""

        def noting(text: str, rules_only: bool = False) -> RiskReading:
            try:
                return read(text, rules_only)
            except Exception:
                self.failed = True
                raise

        return noting

    def counting(
        self, in_force: list[therapy_store.RiskFlag], new: list[therapy_store.RiskFlag]
    ) -> list[therapy_store.RiskFlag]:
        """The flags that count for this case."""
        if not self.placed.has_new or self.failed:
            return in_force
        if self.placed.pilot.less_accepted:
            return new
        known = {flag.unique_key for flag in in_force}
        return [*in_force, *(flag for flag in new if flag.unique_key not in known)]

    def keep(
        self,
        case_number: str,
        covered: Sequence[tuple[str, str]],
        in_force: list[therapy_store.RiskFlag],
        new: list[therapy_store.RiskFlag],
    ) -> None:
        """Put on record how both versions read the case; the same sources read again leave one row."""
        by_a, by_b = _keys(in_force), _keys(new)
        ids = therapy_store.flag_ids(case_number, by_a)
        both_read = not self.failed and (self.placed.arm is None or self.placed.has_new)
        counted = _keys(self.counting(in_force, new))
        row = {
            "pilot_id": self.placed.pilot.id,
            "case_number": case_number,
            "read_digest": hashlib.sha256(repr(sorted(covered)).encode()).hexdigest(),
            "unit_id": self.placed.unit_id,
            "arm": self.placed.arm,
            "location_id": self.subject.location_id,
            "raised": len(counted),
            "kept": sorted(ids[key] for key in by_a & by_b if key in ids) if both_read else [],
            "lost": sorted(ids[key] for key in by_a - by_b if key in ids) if both_read else [],
            "more": len(by_b - by_a),
            "failed": self.failed,
            "text_kind": self.text_kind,
            "at": utc_now(),
        }
        with writing() as db:
            insert_unless_there(db, PilotReading, [row])
            pilot = ("pilot", self.placed.pilot.id)
            audit(db, "system", "pilot.read", pilot, case_number, raised=len(counted), failed=self.failed)


def _keys(flags: Sequence[therapy_store.RiskFlag]) -> set[str]:
    """What the reader itself raised; that a text was not read, or not by the classifier, is no flag of a version."""
    return {flag.unique_key for flag in flags if flag.probability is not None}


def trial_of(case_number: str) -> Trial | None:
    """The pilot of the risk reader that a referral is part of; its arm goes on record."""
    with reading() as db:
        referral = one(db, Referral, case_number)
    return _trial(
        Subject(referral.location_id, case_number, referral.patient_id, referral.clinician_id), TextKind.REFERRAL
    )


def trial_of_session(session: SessionNote) -> Trial | None:
    """The same of a session, whose transcript is read."""
    subject = Subject(session.location_id, session.case_number, session.patient_id, session.clinician_id)
    return _trial(subject, TextKind.SESSION)


def trial_of_care(episode: Episode) -> Trial | None:
    """The same of a patient in care, whose words between sessions are read."""
    subject = Subject(episode.location_id, episode.case_number, episode.patient_id, episode.clinician_id)
    return _trial(subject, TextKind.CHECK_IN)


def _trial(subject: Subject, text_kind: TextKind) -> Trial | None:
    with reading() as db:
        [found] = placed(db, RISK, [subject], keep=False)
    if found is None:
        return None
    if found.pilot.mode == PilotMode.ARM:
        with writing() as db:
            [found] = placed(db, RISK, [subject])
    return Trial(found, subject, text_kind) if found is not None else None
