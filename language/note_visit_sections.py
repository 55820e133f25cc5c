"""Which section of a visit's note does a statement stand in? By its own words where they say it, else by its topic."""

import re

from language.note_answers import Statement
from language.note_support import medications
from language.note_systems import system_of
from language.note_templates import section_of
from language.note_values import NoteFormat, Role, Topic

_RESULT = re.compile(r"\b(?:x-?rays?|mri|ct|labs?|lab\w*|hemoglobin|a1c|panel|echo\w*|ekg|ecg|emg|results?|ultrasound|scan|imaging|biopsy|culture|cholesterol)\b", re.I)  # fmt: skip
_VITALS = re.compile(
    r"\bvitals?(?: signs?)?\b|\b(?:blood pressure|heart rate|pulse(?: ox\w*)?|oxygen(?: level| saturation)?|temperature|respirations?|respiratory rate)\b"
    r"(?:\W+\w+){0,6}?\W+(?:\d|today|looks?|normal|elevated|high|low|good|great|fine)|\bpulse ox\b|\bfever\b.*\btoday\b",
    re.I,
)
_DOES = re.compile(r"\b(?:will|advised|recommend\w*|increase|start|continue|take|check|order|want)\b", re.I)
_INTRODUCES = re.compile(r"\byear[- ]?old\b|\bpresents\b|\b(?:is )?here (?:today )?for\b|\bcomes in\b", re.I)
_SHOWS = re.compile(
    r"\b(?:show\w*|reveal\w*|demonstrat\w*|normal|negative|positive|elevated|high|low|within|came back|no (?:evidence|fracture\w*)|consistent|\d+)\b",
    re.I,
)
_EXAMINED = re.compile(
    r"\bon (?:\w+'?s? ){0,3}exam\w*|\b(?:heart|lung|neck|knee|foot|ankle|hip|skin|abdominal|abdomen|muscle|throat|physical|shoulder|elbow|back) exam\w*|\bI (?:do not )?(?:appreciate|hear|palpate)\b"
    r"|\b(?:murmur|rales|rhonchi|wheez\w+|pitting|edema|lymphadenopathy|bruits?|regular rate|range of motion|tenderness|tender to|palpation|ecchymosis|erythema|effusion|distention|guarding)\b",
    re.I,
)
_RETURN = re.compile(
    r"\b(?:follow(?:ing)? ?-?up|come back|return|see (?:the patient|him|her|them)(?: back| again)?|call|contact|reach out|let (?:me|us) know|go to the (?:er|emergency))\b",
    re.I,
)
_IN_TIME = re.compile(r"\b(?:days?|weeks?|months?|year|if|when|once|should|with any)\b", re.I)
_FAMILY = re.compile(
    r"\bfamily history\b|\b(?:mother|father|mom|dad|brothers?|sisters?|grand(?:mother|father|ma|pa|parents?)|parents?|uncles?|aunts?|cousins?|side of the family)\b"
    r".{0,30}\b(?:had|has|have|died|passed away|diagnosed|suffers?|history)\b",
    re.I,
)
_SURGERY = re.compile(
    r"\b(?:surger(?:y|ies)|operat(?:ed on|ion)|\w{3,}ectomy|(?:hip|knee|valve|shoulder) replacement|stents?|c-section|(?:appendix|gall ?bladder|tonsils) (?:out|removed|taken))\b", re.I
)  # fmt: skip
_SOCIAL = re.compile(
    r"\b(?:smok(?:e|es|er|ed|ing)|cigarettes?|tobacco|vap(?:e|es|ing)|packs? (?:a|per) day|alcohol\w*|beers?|wine|drug use|iv drugs?|marijuana|married|divorced|widow\w*|works? (?:as|in|at|for)"
    r"|(?:her|his|their) job|lives? (?:with|alone|in|at)|retired)\b",
    re.I,
)
_ALLERGY = re.compile(r"\ballergic to\b|\ballerg(?:y|ies) to\b|\bdrug allerg\w+|\bmedication allerg\w+", re.I)
_TAKES = re.compile(r"\b(?:tak(?:e|es|ing)|is on|are on|us(?:es|ing)|mg|pills?|tablets?|daily|prescribed|medications?|vitamins?)\b", re.I)  # fmt: skip


def visit_section(one: Statement, topic: Topic) -> str:
    """The section, of those of NoteFormat.VISIT."""
    if one.text.startswith(("Denies", "Reports")) and len(one.sources) > 1 and system_of(one.text):
        return "Review of systems"
    if one.role is Role.CLINICIAN:
        return _of_clinician(one.text, topic)
    history = _of_history(one.text) if topic in (Topic.HISTORY, Topic.CONCERN) else None
    return history or section_of(NoteFormat.VISIT, topic)


def _of_history(text: str) -> str | None:
    sections = {
        "Allergies": _ALLERGY.search(text),
        "Family history": _FAMILY.search(text),
        "Medications": _TAKES.search(text) and (medications(text) or re.search(r"\bmg\b|\bmedications?\b", text)),
        "Surgical history": _SURGERY.search(text),
        "Social history": _SOCIAL.search(text),
    }
    return next((section for section, found in sections.items() if found), None)


def _of_clinician(text: str, topic: Topic) -> str:
    if topic is Topic.PLAN and not _INTRODUCES.search(text) and _RETURN.search(text) and _IN_TIME.search(text):
        return "Instructions"
    if _INTRODUCES.search(text):
        return section_of(NoteFormat.VISIT, Topic.CONCERN)
    if _VITALS.search(text) and not _DOES.search(text):
        return "Vitals"
    if _RESULT.search(text) and (topic is Topic.FINDING or (_SHOWS.search(text) and not _DOES.search(text))):
        return "Results"
    if _EXAMINED.search(text) and not _DOES.search(text):
        return "Physical exam"
    return section_of(NoteFormat.VISIT, topic)
