"""What a patient does, gathered: the acts behind the pages of the portal."""

from acts.patient_answers import LONGEST_WORDS, AnswerOutcome, IntakeChoices, Questions, answer, questions
from acts.patient_appointments import (
    BookedTime,
    FreeTime,
    TimeGone,
    appointment,
    ask_to_be_called,
    cancel,
    confirm,
    free_times,
    move,
    moved_to,
)
from acts.patient_messages import hear_text_message
from acts.patient_times import OfferedTime, TimeTaken, choose, follow_on, none_suit, offered_times, withdraw
from acts.patient_visit import LinkClosed, LinkState, Visit, WhyNot, link_state, renew, verify, visit

__all__ = [
    "LONGEST_WORDS",
    "AnswerOutcome",
    "BookedTime",
    "FreeTime",
    "IntakeChoices",
    "LinkClosed",
    "LinkState",
    "OfferedTime",
    "Questions",
    "TimeGone",
    "TimeTaken",
    "Visit",
    "WhyNot",
    "answer",
    "appointment",
    "ask_to_be_called",
    "cancel",
    "choose",
    "confirm",
    "follow_on",
    "free_times",
    "hear_text_message",
    "link_state",
    "move",
    "moved_to",
    "none_suit",
    "offered_times",
    "questions",
    "renew",
    "verify",
    "visit",
    "withdraw",
]
