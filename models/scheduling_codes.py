"""The closed vocabularies of calendars, the waitlist, reminders and what happens between sessions."""

from enum import StrEnum


class ExceptionKind(StrEnum):
    """Why a calendar differs from its weekly rules; ``extra_hours`` alone adds time, everything else takes it away."""

    LEAVE = "leave"
    HOLIDAY = "holiday"
    BLOCKED = "blocked"
    IMPORTED = "imported"
    EXTRA_HOURS = "extra_hours"


class SeriesStatus(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class WaitlistStatus(StrEnum):
    WAITING = "waiting"
    FILLED = "filled"
    LEFT = "left"


class WaitlistOfferStatus(StrEnum):
    """``expired``: its hold ran out; ``declined``: the patient said no; ``revoked``: the time went elsewhere."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"


class CheckInKind(StrEnum):
    PHQ9 = "phq9"
    GAD7 = "gad7"
    MOOD = "mood"
    HOMEWORK = "homework"


class CheckInStatus(StrEnum):
    DUE = "due"
    SENT = "sent"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"


class SurveyMoment(StrEnum):
    """When a patient is asked how satisfied they are."""

    AFTER_FIRST = "after_first"
    AT_END = "at_end"


class FollowUpKind(StrEnum):
    """What a person decides between two sessions: an answer that crossed a threshold, or words that would leave."""

    ESCALATION = "escalation"
    MESSAGE = "message"


class FollowUpReason(StrEnum):
    """Why an escalation was opened; what exactly was said lies in the therapy database."""

    SELF_HARM_ITEM = "self_harm_item"
    RELIABLE_WORSENING = "reliable_worsening"
    TWO_UNANSWERED = "two_unanswered"
    WORRYING_WORDS = "worrying_words"
    WORDS_UNREAD = "words_unread"
    LOW_MOOD = "low_mood"


class NightPartStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
