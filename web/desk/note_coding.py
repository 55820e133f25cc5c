"""What is said beside the codes of a note: which the minutes support, what is missing, which diagnoses may stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from adapters import note_views
from adapters.icd10 import shipped_diagnosis_table
from models.operational import SessionNote
from rules import session_codes
from rules.diagnoses import DiagnosisFinding, PlanFinding, check_diagnosis, check_plan
from rules.session_codes import CodeFinding, CodeProposal


@dataclass(frozen=True)
class Coding:
    """The proposal for this session, what speaks against what was chosen, and each diagnosis on the session's day."""

    proposal: CodeProposal
    chosen: str
    findings: tuple[CodeFinding, ...]
    choices: tuple[tuple[str, str], ...]
    diagnoses: tuple[DiagnosisFinding, ...]
    plan: PlanFinding


def coding(session: SessionNote, note: Mapping[str, Any], zone: str) -> Coding:
    """The codes of a note as it stands now."""
    on = session.started_at.astimezone(ZoneInfo(zone)).date()
    chosen = note["procedure_code"]
    topics = {plain["topic"] for plain in note["sentences"]}
    return Coding(
        proposal=session_codes.propose_code(session.service, session.minutes, topics=topics),
        chosen=chosen,
        findings=_findings(session, chosen, zone),
        choices=_choices(chosen),
        diagnoses=tuple(check_diagnosis(code, on, shipped_diagnosis_table()) for code in note["diagnoses"]),
        plan=check_plan(_dated(note["plan"]["dated"]), on),
    )


def _findings(session: SessionNote, chosen: str, zone: str) -> tuple[CodeFinding, ...]:
    if not chosen:
        return ()
    same_day = note_views.codes_of_the_day(session, zone)
    # add-ons are proposed with the claim, so that none is chosen here is nothing to say against the main code
    found = session_codes.check_code(chosen, session.service, session.minutes, same_day=same_day)
    return tuple(finding for finding in found if finding.code not in session_codes.ADDONS)


def _choices(chosen: str) -> tuple[tuple[str, str], ...]:
    known = [(code, f"{code}: {session_codes.LABELS[code]}") for code in session_codes.MAIN]
    other = [] if not chosen or chosen in session_codes.MAIN else [(chosen, f"{chosen}: not a code known here")]
    return ("", "No procedure code"), *known, *other


def _dated(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None
