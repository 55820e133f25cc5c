"""A proposed note as plain values, for the tests of what is done to one."""

from typing import Any

TEMPLATES: dict[str, dict[str, Any]] = {
    "SOAP": {
        "version": "SOAP-1",
        "sections": [
            ["Subjective", ["concern", "history", "risk"]],
            ["Objective", ["mental_status", "finding"]],
            ["Assessment", ["intervention", "response", "assessment"]],
            ["Plan", ["plan", "goal"]],
        ],
    },
    "DAP": {
        "version": "DAP-1",
        "sections": [
            ["Data", ["concern", "history", "risk", "mental_status", "finding", "intervention", "response"]],
            ["Assessment", ["assessment"]],
            ["Plan", ["plan", "goal"]],
        ],
    },
}


def sentence(number: int, topic: str, text: str, **given: Any) -> dict[str, Any]:
    """A drafted sentence; its heading is the one of SOAP."""
    section = next(title for title, topics in TEMPLATES["SOAP"]["sections"] if topic in topics)
    plain = {"id": f"S{number}", "topic": topic, "section": section, "text": text, "sources": [[number, 0, 9]]}
    return {**plain, "origin": "drafted", **given}


SENTENCES = [
    sentence(1, "concern", "Reports worry about work."),
    sentence(2, "concern", "Reports poor sleep."),
    sentence(3, "finding", "PHQ-9 score of 12."),
    sentence(4, "intervention", "The clinician reviewed the thought record."),
    sentence(5, "plan", "Plan: one walk a day."),
]


def note_content(**given: Any) -> dict[str, Any]:
    """What a clinician is given to sign: five sentences in SOAP, no flags, ready to be signed."""
    content = {
        "kind": "session_note",
        "case": "SN-000001",
        "draft": "drafted",
        "why_plain": [],
        "format": "SOAP",
        "templates": TEMPLATES,
        "sentences": [dict(each) for each in SENTENCES],
        "nothing_to_add": [],
        "not_assessed": {"SOAP": ["sleep"], "DAP": []},
        "dropped": {},
        "drafted_by": {"version": "grammar-1+scores-1", "weights": "0" * 64, "generator": ""},
        "transcript": {"edition": 1, "sha256": "0" * 64},
        "permission": {"ai_may_draft": True, "reasons": []},
        "consents": [],
        "flags": [],
        "flag_actions": {},
        "procedure_code": "90837",
        "addons": [],
        "diagnoses": ["F41.1"],
        "plan": {"dated": None, "goals": ""},
        "codes_from": "2026-09-30",
    }
    return {**content, **given}


def flag(flag_id: str = "FL-1", level: str = "high") -> dict[str, Any]:
    """A risk flag as a signer is shown it."""
    facts = {"kind": "suicidal_ideation", "status": "present", "level": level, "raised_by": "rule", "rule_id": "r"}
    where = {"probability": 0.9, "text_id": None, "starts": 0, "ends": 9, "edition": 1, "turn": 3}
    return {"id": flag_id, "why": "test", "version": "1", "reviewed": False, **facts, **where}
