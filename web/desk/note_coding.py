"""What is said beside the codes of a note: which the minutes support, what is missing, which diagnoses may stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from adapters import note_views
from adapters.icd10 import shipped_diagnosis_table
from models.operational import SessionNote
from models.session_index import SessionService
from rules import note_signing, session_codes
from rules.diagnoses import DiagnosisFinding, PlanFinding, check_diagnosis, check_plan
from rules.session_codes import CodeFinding, CodeProposal


@dataclass(frozen=True)
class AddOnChoice:
    """An add-on code that can be chosen: ``units`` as it stands on the note (0: not), and which are offered."""

    code: str
    label: str
    units: int
    offered: tuple[int, ...]


@dataclass(frozen=True)
class Coding:
    """The proposal for this session, what speaks against what was chosen, and each diagnosis on the session's day."""

    proposal: CodeProposal
    chosen: str
    findings: tuple[CodeFinding, ...]
    choices: tuple[tuple[str, str], ...]
    addons: tuple[AddOnChoice, ...]
    beside: tuple[tuple[str, int], ...]
    diagnoses: tuple[DiagnosisFinding, ...]
    plan: PlanFinding


def coding(session: SessionNote, note: Mapping[str, Any], zone: str) -> Coding:
    """The codes of a note as it stands now."""
    on = session.started_at.astimezone(ZoneInfo(zone)).date()
    chosen, beside = note["procedure_code"], dict(note_signing.addons(note))
    hard_to_reach = session_codes.INTERACTIVE in beside
    topics = {plain["topic"] for plain in note["sentences"]}
    return Coding(
        proposal=session_codes.propose_code(
            session.service, session.minutes, topics=topics, interactive_complexity=hard_to_reach
        ),
        chosen=chosen,
        findings=_findings(session, chosen, beside, zone),
        choices=_choices(chosen),
        addons=tuple(_addon_choices(session, chosen, beside)),
        beside=tuple(beside.items()),
        diagnoses=tuple(check_diagnosis(code, on, shipped_diagnosis_table()) for code in note["diagnoses"]),
        plan=check_plan(_dated(note["plan"]["dated"]), on),
    )


def _findings(session: SessionNote, chosen: str, beside: Mapping[str, int], zone: str) -> tuple[CodeFinding, ...]:
    same_day = note_views.codes_of_the_day(session, zone)
    addons = tuple(beside.items())
    # without a main code each add-on stands alone, which is what speaks against it
    checked = [(chosen, addons)] if chosen else [(code, ()) for code in beside]
    return tuple(
        finding
        for code, with_it in checked
        for finding in session_codes.check_code(
            code, session.service, session.minutes, addons=with_it, same_day=same_day
        )
    )


def _addon_choices(session: SessionNote, chosen: str, beside: Mapping[str, int]) -> Iterator[AddOnChoice]:
    """A further half hour of a crisis is offered where there was one, and no more often than the minutes support."""
    crisis = session.service == SessionService.CRISIS or chosen == session_codes.CRISIS
    for code in session_codes.ADDONS:
        units, most = beside.get(code, 0), 1
        if code == session_codes.CRISIS_ADDED:
            if not crisis and not units:
                continue
            most = max(1, session_codes.crisis_units(session.minutes))
        offered = {*range(1, most + 1), units} - {0}
        yield AddOnChoice(code, session_codes.LABELS[code], units, tuple(sorted(offered)))


def _choices(chosen: str) -> tuple[tuple[str, str], ...]:
    known = [(code, f"{code}: {session_codes.LABELS[code]}") for code in session_codes.MAIN]
    other = [] if not chosen or chosen in session_codes.MAIN else [(chosen, f"{chosen}: not a code known here")]
    return ("", "No procedure code"), *known, *other


def _dated(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None
