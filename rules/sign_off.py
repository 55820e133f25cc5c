"""Who may sign what, and what a signature does to a case."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    CaseStatus,
    ClaimStatus,
    ExitKind,
    FollowUpStatus,
    NoteStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    Verdict,
)
from models.note_codes import FlagAction
from rules import note_signing
from rules.note_signing import NOTE_FIELDS

SIGNING_ROLE: Mapping[ApprovalKind, Role] = {
    ApprovalKind.RISK_REVIEW: Role.CLINICIAN,
    ApprovalKind.ASSIGNMENT: Role.COORDINATOR,
    ApprovalKind.CLOSING_LETTER: Role.CLINICIAN,
    ApprovalKind.SESSION_NOTE: Role.CLINICIAN,
    ApprovalKind.CLAIM: Role.BILLER,
    ApprovalKind.CLAIM_CLINICAL: Role.CLINICIAN,
    ApprovalKind.WRITE_OFF: Role.OWNER,
    ApprovalKind.REFUND: Role.OWNER,
    ApprovalKind.ESCALATION: Role.CLINICIAN,
    ApprovalKind.MESSAGE: Role.CLINICIAN,
}

EDITABLE: Mapping[ApprovalKind, frozenset[str]] = {
    ApprovalKind.RISK_REVIEW: frozenset({"level", "disposition", "safety_note"}),
    ApprovalKind.ASSIGNMENT: frozenset({"clinician_id"}),
    ApprovalKind.CLOSING_LETTER: frozenset({"letter"}),
    ApprovalKind.SESSION_NOTE: NOTE_FIELDS,
    # what a claim says is changed on its own page and built anew; a signature takes it as it stands
    ApprovalKind.CLAIM: frozenset(),
    ApprovalKind.CLAIM_CLINICAL: frozenset(),
    ApprovalKind.WRITE_OFF: frozenset(),
    ApprovalKind.REFUND: frozenset(),
    ApprovalKind.ESCALATION: frozenset({"done", "done_words"}),
    ApprovalKind.MESSAGE: frozenset({"letter"}),
}

CLAIM_KINDS = frozenset({ApprovalKind.CLAIM, ApprovalKind.CLAIM_CLINICAL, ApprovalKind.WRITE_OFF, ApprovalKind.REFUND})
FOLLOW_UP_KINDS = frozenset({ApprovalKind.ESCALATION, ApprovalKind.MESSAGE})
WORRYING_KINDS = frozenset({ApprovalKind.RISK_REVIEW, ApprovalKind.ESCALATION})
"""What is about somebody who may be in danger: it has the clock of a risk and pages until it is seen."""

CONTINUE, HIGHER_LEVEL, DECLINE = "continue_intake", "higher_level_of_care", "decline"
DISPOSITIONS = (CONTINUE, HIGHER_LEVEL, DECLINE)

NOTHING_NEEDED = "nothing_needed"
DONE = ("call", "sooner_appointment", "message", NOTHING_NEEDED)
"""What a clinician does about an escalation; the system proposes none of them."""


@dataclass(frozen=True)
class Permission:
    """Whether something is allowed, with every reason against it."""

    allowed: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signer:
    """What the gate must know of the person who signs; ``licensed_states`` holds licences valid today."""

    staff_id: str
    role: Role
    active: bool
    location_ids: frozenset[str]
    licensed_states: frozenset[str]


@dataclass(frozen=True)
class Consequence:
    """What a decision does to its case."""

    status: CaseStatus
    exit_kind: ExitKind | None = None
    clinician_id: str | None = None
    risk_cleared: bool | None = None
    risk_level: RiskLevel | None = None
    question: bool = False
    warm_handoff: bool = False
    send_letter: bool = False


def digest(text: str) -> str:
    """SHA-256 (hex) of the exact text that is signed."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """The one spelling of a content that is shown, signed and compared."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def may_sign(
    kind: ApprovalKind,
    status: ApprovalStatus,
    *,
    location_id: str,
    assigned_to: str | None,
    requested_by: str,
    patient_state: str | None,
    signer: Signer,
) -> Permission:
    """Whether this person may sign this approval: role, place, licence, not the requester, still open.

    A clinician signs when licensed in the patient's state or when the case was assigned to them by name; where
    the patient's state is unknown, the place of practice decides. Somebody else's assigned item may be signed by
    a colleague of the same place (cover), because a risk review must never wait for one person. A session's note is
    different: nobody else was in the room, so it is signed by the person it is assigned to. A clinician who wrote a
    message to their patient signs it themselves, as they sign their notes; somebody else's words need a clinician.
    """
    against = []
    if status != ApprovalStatus.OPEN:
        against.append(f"it is no longer open ({status.value})")
    if not signer.active:
        against.append("this staff account is not active")
    if signer.role != SIGNING_ROLE[kind]:
        against.append(f"a {SIGNING_ROLE[kind].value} signs this")
    if signer.staff_id == requested_by and kind != ApprovalKind.MESSAGE:
        against.append("who asked for it may not sign it")
    if kind == ApprovalKind.SESSION_NOTE and signer.staff_id != assigned_to:
        against.append("whoever held the session signs its note, or whom it was passed on to by name")
    if location_id not in signer.location_ids and signer.staff_id != assigned_to:
        against.append("it belongs to another location")
    needs_licence = signer.role == Role.CLINICIAN
    if needs_licence and not signer.licensed_states:
        against.append("no valid licence is on file")
    elif (
        needs_licence
        and patient_state
        and patient_state not in signer.licensed_states
        and signer.staff_id != assigned_to
    ):
        against.append("not licensed where the patient is")
    return Permission(not against, tuple(against))


def edited_content(kind: ApprovalKind, content: Mapping[str, Any], edited: Mapping[str, Any] | None) -> dict[str, Any]:
    """The content with the signer's edits; raises ValueError naming a field that may not be edited or a bad value."""
    result = dict(content)
    for field, value in (edited or {}).items():
        if field not in EDITABLE[kind]:
            raise ValueError(f"{field} cannot be edited")
        result[field] = value
    if kind == ApprovalKind.RISK_REVIEW:
        if result["level"] not in tuple(RiskLevel):
            raise ValueError("level must be low, moderate or high")
        if result["disposition"] not in DISPOSITIONS:
            raise ValueError(f"disposition must be one of {', '.join(DISPOSITIONS)}")
    if kind in (ApprovalKind.CLOSING_LETTER, ApprovalKind.MESSAGE) and not str(result["letter"]).strip():
        raise ValueError("letter must not be empty")
    if kind == ApprovalKind.ESCALATION and result["done"] not in ("", *DONE):
        raise ValueError(f"done must be one of {', '.join(DONE)}")
    if kind == ApprovalKind.SESSION_NOTE:
        if result["format"] not in result["templates"]:
            raise ValueError("format is not one this note can have")
        if note_signing.unknown_flags(result):
            raise ValueError("an answer is given to a flag that this note does not have")
        if note_signing.lists_more(content, result):
            raise ValueError("not_assessed names what the draft did not list")
        if any(answer.get("action") not in tuple(FlagAction) for answer in result["flag_actions"].values()):
            raise ValueError("action is not one of those that can be chosen")
        note_signing.addons(result)
        result = note_signing.settled(result)
    return result


def needs_reason(verdict: Verdict, kind: ApprovalKind | None = None) -> bool:
    """Approving as proposed explains itself; a note, and what is done about an escalation, are written by editing;
    everything else is explained."""
    if kind in (ApprovalKind.SESSION_NOTE, ApprovalKind.ESCALATION) and verdict == Verdict.EDIT_AND_APPROVE:
        return False
    return verdict != Verdict.APPROVE


def consequence(kind: ApprovalKind, verdict: Verdict, signed: Mapping[str, Any]) -> Consequence:
    """What this decision does to the case; raises ValueError where the signed content cannot carry the verdict."""
    if kind == ApprovalKind.SESSION_NOTE:
        return _session_note(verdict, signed)
    if kind in CLAIM_KINDS:
        return Consequence(_claim(kind, verdict, signed))
    if kind in FOLLOW_UP_KINDS:
        return _follow_up(kind, verdict, signed)
    if verdict == Verdict.RETURN:
        return Consequence(ReferralStatus.QUESTION_OPEN, question=True)
    if kind == ApprovalKind.RISK_REVIEW:
        return _risk_review(verdict, signed)
    if kind == ApprovalKind.ASSIGNMENT:
        return _assignment(verdict, signed)
    if verdict == Verdict.REJECT:
        return Consequence(ReferralStatus.CONTACT_PATIENT)
    exit_kind = ExitKind(signed["exit"])
    return Consequence(ReferralStatus(f"closed_{exit_kind.value}"), exit_kind=exit_kind, send_letter=True)


def _risk_review(verdict: Verdict, signed: Mapping[str, Any]) -> Consequence:
    level = RiskLevel(signed["level"])
    if verdict == Verdict.REJECT or signed["disposition"] == DECLINE:
        return Consequence(
            ReferralStatus.CLOSING_LETTER, exit_kind=ExitKind.DECLINED, risk_level=level, warm_handoff=True
        )
    if signed["disposition"] == HIGHER_LEVEL:
        return Consequence(
            ReferralStatus.CLOSING_LETTER,
            exit_kind=ExitKind.HIGHER_LEVEL_OF_CARE,
            risk_level=level,
            warm_handoff=True,
        )
    return Consequence(ReferralStatus.READY_TO_MATCH, risk_cleared=True, risk_level=level)


def _session_note(verdict: Verdict, signed: Mapping[str, Any]) -> Consequence:
    if verdict == Verdict.RETURN:
        return Consequence(NoteStatus.CHECK_TRANSCRIPT, question=True)
    if verdict == Verdict.REJECT:
        return Consequence(NoteStatus.CLOSED_NO_NOTE)
    if against := note_signing.against_signing(signed):
        raise ValueError(against[0].reason)
    return Consequence(NoteStatus.CLOSED_SIGNED)


def _claim(kind: ApprovalKind, verdict: Verdict, signed: Mapping[str, Any]) -> ClaimStatus:
    """Where a claim goes: what is not approved is a biller's again, and never leaves as it is."""
    if verdict == Verdict.EDIT_AND_APPROVE:
        raise ValueError("a claim is changed on its own page, then signed as it stands")
    if kind == ApprovalKind.WRITE_OFF:
        return ClaimStatus.CLOSED_WRITTEN_OFF if verdict == Verdict.APPROVE else ClaimStatus.CORRECTION
    if kind == ApprovalKind.REFUND:
        return ClaimStatus(signed["after"]) if verdict == Verdict.APPROVE else ClaimStatus.CORRECTION
    if verdict != Verdict.APPROVE:
        return ClaimStatus.CORRECTION
    asks_biller_too = kind == ApprovalKind.CLAIM_CLINICAL and signed["biller"]
    return ClaimStatus.CLAIM_SIGNATURE if asks_biller_too else ClaimStatus.READY_TO_SEND


def _follow_up(kind: ApprovalKind, verdict: Verdict, signed: Mapping[str, Any]) -> Consequence:
    """An escalation closes with what is done about it; a message leaves, or does not."""
    if verdict == Verdict.RETURN:
        return Consequence(FollowUpStatus.QUESTION_OPEN, question=True)
    if kind == ApprovalKind.MESSAGE:
        sent = verdict != Verdict.REJECT
        return Consequence(FollowUpStatus.READY_TO_SEND if sent else FollowUpStatus.CLOSED_NOT_SENT)
    if verdict != Verdict.REJECT:
        if signed["done"] not in DONE:
            raise ValueError("choose what is done about it")
        if signed["done"] == NOTHING_NEEDED and not str(signed["done_words"]).strip():
            raise ValueError("say why nothing is needed")
    return Consequence(FollowUpStatus.CLOSED_ANSWERED)


def _assignment(verdict: Verdict, signed: Mapping[str, Any]) -> Consequence:
    if verdict == Verdict.REJECT:
        return Consequence(ReferralStatus.CLOSING_LETTER, exit_kind=ExitKind.DECLINED)
    if not signed["clinician_id"]:
        raise ValueError("choose a clinician, or reject")
    return Consequence(ReferralStatus.READY_TO_OFFER, clinician_id=signed["clinician_id"])
