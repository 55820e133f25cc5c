"""What a patient does, gathered: the acts behind the pages of the portal."""

from acts.patient_answers import LONGEST_WORDS, AnswerOutcome, IntakeChoices, Questions, answer, questions
from acts.patient_messages import hear_text_message
from acts.patient_times import (
    BookedTime,
    OfferedTime,
    TimeTaken,
    appointment,
    cancel,
    choose,
    confirm,
    follow_on,
    none_suit,
    offered_times,
    withdraw,
)
from acts.patient_visit import LinkClosed, LinkState, Visit, WhyNot, link_state, renew, verify, visit

__all__ = [
    "LONGEST_WORDS",
    "AnswerOutcome",
    "BookedTime",
    "IntakeChoices",
    "LinkClosed",
    "LinkState",
    "OfferedTime",
    "Questions",
    "TimeTaken",
    "Visit",
    "WhyNot",
    "answer",
    "appointment",
    "cancel",
    "choose",
    "confirm",
    "follow_on",
    "hear_text_message",
    "link_state",
    "none_suit",
    "offered_times",
    "questions",
    "renew",
    "verify",
    "visit",
    "withdraw",
]
