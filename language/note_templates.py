"""Which topic stands in which section of each format, and what each format asks a session to have covered."""

import re
from collections.abc import Sequence

from language.note_support import medications
from language.note_values import NoteFormat, Role, Topic, Turn

Sections = dict[str, tuple[Topic, ...]]

_SAID = (Topic.CONCERN, Topic.HISTORY, Topic.RISK)
SECTIONS: dict[NoteFormat, Sections] = {
    NoteFormat.SOAP: {
        "Subjective": _SAID,
        "Objective": (Topic.MENTAL_STATUS, Topic.FINDING, Topic.INTERVENTION),
        "Assessment": (Topic.RESPONSE, Topic.ASSESSMENT),
        "Plan": (Topic.GOAL, Topic.PLAN),
    },
    NoteFormat.DAP: {
        "Data": (*_SAID, Topic.MENTAL_STATUS, Topic.FINDING, Topic.INTERVENTION),
        "Assessment": (Topic.RESPONSE, Topic.ASSESSMENT),
        "Plan": (Topic.GOAL, Topic.PLAN),
    },
    NoteFormat.BIRP: {
        "Behavior": (*_SAID, Topic.MENTAL_STATUS, Topic.FINDING),
        "Intervention": (Topic.INTERVENTION,),
        "Response": (Topic.RESPONSE, Topic.ASSESSMENT),
        "Plan": (Topic.GOAL, Topic.PLAN),
    },
    NoteFormat.GIRP: {
        "Goals": (Topic.GOAL,),
        "Intervention": (Topic.INTERVENTION,),
        "Response": (*_SAID, Topic.MENTAL_STATUS, Topic.FINDING, Topic.RESPONSE, Topic.ASSESSMENT),
        "Plan": (Topic.PLAN,),
    },
    NoteFormat.VISIT: {
        "Chief complaint": (),
        "History of present illness": (Topic.CONCERN, Topic.RISK, Topic.RESPONSE, Topic.GOAL, Topic.MENTAL_STATUS),
        "Review of systems": (),
        "Medical history": (Topic.HISTORY,),
        "Surgical history": (),
        "Family history": (),
        "Social history": (),
        "Medications": (),
        "Allergies": (),
        "Vitals": (),
        "Physical exam": (Topic.FINDING,),
        "Results": (),
        "Assessment and plan": (Topic.ASSESSMENT, Topic.INTERVENTION, Topic.PLAN),
        "Instructions": (),
    },
}


def section_of(format: NoteFormat, topic: Topic) -> str:
    """The section that a topic stands in."""
    return next(section for section, topics in SECTIONS[format].items() if topic in topics)


_RISK = r"suicid\w*|kill\w* (?:my|your)self|(?:hurt|harm)\w* (?:my|your)self|self-?harm|(?:end|tak)(?:e|ing)? (?:my|your)(?: own)? life|(?:not )?want(?:ing)? to (?:die|live)|being dead|not (?:worth living|wake up)|better off dead"  # fmt: skip
NEEDED: dict[str, str] = {
    "mood": r"\bmood\b|\b(?:sad|down|depressed|numb|low|anxious|hopeless|irritable|happy|angry)\b",
    "sleep": r"\bsle(?:ep|pt)\w*|insomnia|nightmares?|awake at|lie awake",
    "appetite": r"\bappetite|\beat(?:ing)?\b|\bmeals?\b|skip\w* (?:lunch|dinner|breakfast)",
    "risk of self-harm or suicide": _RISK,
    "risk of harm to others": r"(?:hurt|harm|kill)\w* (?:\w+ or )?(?:anyone|anybody|others?|someone|somebody|people)",
    "substance use": r"\bdrink\w*|\balcohol|\bcannabis|\bweed\b|\bsmok\w+|\bdrugs?\b|\bsober\b|\bvap(?:e|ing)\b|\bwine\b|\bbeers?\b",
    "medication": r"\bmedication|\bmeds\b|\bmilligrams?\b|\bmg\b|\bpills?\b|side effects?|\bprescri\w+|\btaking anything\b",
}
_FROM_THE_DRAFT: dict[str, Topic] = {
    "mental status as observed": Topic.MENTAL_STATUS,
    "interventions": Topic.INTERVENTION,
    "response to interventions": Topic.RESPONSE,
    "goals": Topic.GOAL,
    "plan": Topic.PLAN,
}
_ASKED_OF: dict[NoteFormat, tuple[str, ...]] = {
    NoteFormat.SOAP: (*NEEDED, "mental status as observed", "interventions", "response to interventions", "plan"),
    NoteFormat.DAP: (*NEEDED, "mental status as observed", "interventions", "response to interventions", "plan"),
    NoteFormat.BIRP: (*NEEDED, "mental status as observed", "interventions", "response to interventions", "plan"),
    NoteFormat.GIRP: (*NEEDED, "goals", "interventions", "response to interventions", "plan"),
    NoteFormat.VISIT: ("risk of self-harm or suicide", "substance use", "medication", "plan"),
}


def not_assessed(format: NoteFormat, turns: Sequence[Turn], topics: set[Topic]) -> tuple[str, ...]:
    """What the format asks for and the session did not cover.

    A subject is covered when the patient spoke of it, or was asked and said more than nothing; a question that got no
    answer covers nothing. What only a draft can show (a plan, an intervention) is missing where no sentence is of it.
    """
    return uncovered(_ASKED_OF[format], turns, topics)


KNOWN_NEEDS = (*NEEDED, *_FROM_THE_DRAFT)
"""What a template may ask a session to have covered."""


def uncovered(needs: Sequence[str], turns: Sequence[Turn], topics: set[Topic]) -> tuple[str, ...]:
    """Which of these KNOWN_NEEDS a session did not cover; raises KeyError for a need nobody knows how to look for."""
    spoken = list(_answered_talk(turns))
    missing = []
    for need in needs:
        if need in NEEDED:
            covered = any(re.search(NEEDED[need], talk, re.I) for talk in spoken)
            # A medicine that is named is spoken of, whether or not anybody says "medication" or "milligrams".
            covered = covered or (need == "medication" and any(medications(talk) for talk in spoken))
        else:
            covered = _FROM_THE_DRAFT[need] in topics
        if not covered:
            missing.append(need)
    return tuple(missing)


def _answered_talk(turns: Sequence[Turn]) -> list[str]:
    """What patients said, each with the question before it."""
    talk = []
    for index, turn in enumerate(turns):
        if turn.role is not Role.PATIENT or not re.search(r"\w", turn.text):
            continue
        before = turns[index - 1].text if index and turns[index - 1].role is Role.CLINICIAN else ""
        talk.append(f"{_last_question(before)} {turn.text}")
    return talk


def _last_question(text: str) -> str:
    """The last question of a turn; what the clinician adds to it ("I ask everybody.") takes nothing from it."""
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    return next((each for each in reversed(sentences) if each.rstrip().endswith("?")), "")
