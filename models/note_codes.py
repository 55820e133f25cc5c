"""The closed vocabularies of a note: its topics, what is done about a risk flag, what a patient consents to."""

from enum import StrEnum


class NoteTopic(StrEnum):
    """What a sentence of a note is about; the same values as language.note_values.Topic, which rules may not import."""

    CONCERN = "concern"
    HISTORY = "history"
    RISK = "risk"
    MENTAL_STATUS = "mental_status"
    FINDING = "finding"
    INTERVENTION = "intervention"
    RESPONSE = "response"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    GOAL = "goal"


class SentenceOrigin(StrEnum):
    """Who wrote a sentence as it stands: the drafter, the drafter with a clinician's changes, or a clinician."""

    DRAFTED = "drafted"
    EDITED = "edited"
    ADDED = "added"


class FlagAction(StrEnum):
    """What a clinician did about a risk flag of a session before signing its note."""

    SAFETY_PLAN_REVIEWED = "safety_plan_reviewed"
    NO_ACUTE_RISK_TODAY = "no_acute_risk_today"
    ESCALATED = "escalated"
    HISTORICAL = "historical"
    RAISED_IN_ERROR = "raised_in_error"

    @property
    def label(self) -> str:
        """The words a person reads and signs."""
        return FLAG_ACTION_LABELS[self]


FLAG_ACTION_LABELS = {
    FlagAction.SAFETY_PLAN_REVIEWED: "safety plan reviewed with the patient",
    FlagAction.NO_ACUTE_RISK_TODAY: "assessed: no acute risk today",
    FlagAction.ESCALATED: "escalated, crisis protocol followed",
    FlagAction.HISTORICAL: "historical, not current",
    FlagAction.RAISED_IN_ERROR: "raised in error",
}


class ConsentKind(StrEnum):
    """The two consents that stand between a session and a drafted note; each is asked for by itself."""

    RECORDING_AND_TRANSCRIPTION = "recording_and_transcription"
    AI_NOTE_DRAFTING = "ai_note_drafting"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").replace("ai ", "AI ")


class ConsentPurpose(StrEnum):
    """What exactly a consent allows. A changed wording is a new member: nobody agreed to words they did not see."""

    TRANSCRIBE_FOR_THE_RECORD = "transcribe_for_the_record"
    DRAFT_NOTE_FOR_REVIEW = "draft_note_for_review"

    @property
    def kind(self) -> ConsentKind:
        """The consent that this purpose belongs to."""
        return PURPOSE_KINDS[self]

    @property
    def text(self) -> str:
        """The sentences a patient reads before agreeing."""
        return PURPOSE_TEXTS[self]


PURPOSE_KINDS = {
    ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD: ConsentKind.RECORDING_AND_TRANSCRIPTION,
    ConsentPurpose.DRAFT_NOTE_FOR_REVIEW: ConsentKind.AI_NOTE_DRAFTING,
}
PURPOSE_TEXTS = {
    ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD: (
        "My sessions may be recorded and written down as a transcript. Only the people who treat me read it, and it is "
        "used only to write the notes of my treatment. I may say no, and I may take this back at any time."
    ),
    ConsentPurpose.DRAFT_NOTE_FOR_REVIEW: (
        "A computer program (artificial intelligence) that runs on this practice's own machines may read the "
        "transcript of my sessions for one purpose: to draft the note of the session for my clinician, and, where "
        "the law allows, to point my clinician to passages that may speak of danger to me or others. It decides "
        "nothing about my treatment and never talks to me. My clinician checks, changes and signs every note. I may "
        "say no without any effect on my treatment, and I may take this back at any time."
    ),
}
