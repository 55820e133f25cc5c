"""Words of clinical safety: what was found in a drawn intake, what a practice round is about."""

from enum import StrEnum


class SampleFinding(StrEnum):
    """What a clinician found in an intake that was drawn by lot."""

    NO_RISK = "no_risk"
    RISK_MISSED = "risk_missed"
    CANNOT_SAY = "cannot_say"


class PracticeKind(StrEnum):
    """What a practice round asks to sign."""

    NOTE_DRAFT = "note_draft"
    RISK_SCORE = "risk_score"
    CLAIM_CODE = "claim_code"

    @property
    def label(self) -> str:
        return {"note_draft": "note draft", "risk_score": "questionnaire score", "claim_code": "procedure code"}[self]
