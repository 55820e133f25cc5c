"""Which problem does a clinician turn to, as in "For your second problem, your hypertension, I want to see you"?

The problem becomes a heading, what is said of it stands under it without these words.
"""

import re

from language.note_grammar import finished

_TURNS_TO = r"^(?:(?:so|and|now|then)\s+)*(?:for|as for|regarding|with regards? to|in regards? to|in terms of|as far as|when it comes to)(?:\s+for)?"
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|next|last|final|other|main|primary)(?:\s+primary)?"
_KIND = r"(?:problem|issue|concern|diagnosis|condition)\b(?:\s+here)?"
# Where the problem's name ends and what is said of it begins.
_SUBJECT = (
    r"(?=(?:i|we|you|let|it|he|she|they|there|everything|this|that|your|the|these|those|my|continue|keep|stay|take|go|first|as long|as far|like|looks"
    r"|sounds|here|what|right|again|so)\b)"
)
_NAME = r"(?:(?:of|is|for|with|which|the|your|his|her|a|an|this|newly diagnosed(?=\s+your))[\s,]+)*(?P<problem>(?!(?:i|we|you|it|let|he|she|they|everything|again|for|so)\b)[a-z0-9][\w'/-]*(?:\s+(?!(?:as|are|is|that)\b)[\w'/-]+){0,8}?)"
_NUMBERED = re.compile(
    rf"{_TURNS_TO}\s+(?:your|the|this|his|her)\s+{_ORDINAL}\s+{_KIND}[\s,]*(?:{_NAME}(?:[\s,]+{_SUBJECT}|\s*[,.]?\s*$))?",
    re.I,
)
_OWN = re.compile(
    rf"{_TURNS_TO}\s+your\s+{_NAME}(?:\s*,\s+|\s+)(?=(?:i (?:am going|want|would like|will|do (?:want|think)|think|recommend)|we (?:are going|will|can)|let|continue|keep|stay|you (?:can|should|need))\b)",
    re.I,
)
_DIAGNOSED = re.compile(
    r"^(?:,\s*)?(?:i (?:do )?(?:think|believe|suspect|feel)(?: that)? )?you (?:do )?have\s+(?:an?\s+|some\s+)?(?P<problem>[\w' -]{4,50}?)(?=\s*(?:[.,;]|$|\b(?:i|we|and|so|which|that|on|from|because)\b))",
    re.I,
)
# What a medicine is given for, and what the talk turns to, may be no problem.
_NO_PROBLEM = re.compile(
    r"\b(?:next|visit|treatment|medications?|work|plan|appointment|results?|labs?|x-?rays?|exam\w*|vitals?|age|weight|goal|insurance|information|safety|part|question|sake"
    r"|follow-?up|convenience|history|diet|time|week|day|month|today|now)\b",
    re.I,
)
_VAGUE = {"", "pain", "the pain", "problem", "one", "that", "this"}


def problem_and_rest(said: str) -> tuple[str, str]:
    """The problem that a tidy clause turns to, as a heading without its full stop, and what it says of it; "" for none."""
    found = _NUMBERED.match(said)
    if found is not None:
        rest = said[found.end() :].lstrip(" ,")
        diagnosed = _DIAGNOSED.match(rest)
        return _heading(found["problem"] or (diagnosed["problem"] if diagnosed else "")), rest
    found = _OWN.match(said)
    if found is None or _NO_PROBLEM.search(found["problem"]):
        return "", said
    heading = _heading(found["problem"])
    return heading, said[found.end() :] if heading else said


def _heading(problem: str) -> str:
    name = re.sub(r"\b(?:your|his|her)\s+", "", problem.strip(" ,."), flags=re.I)
    return "" if name.lower() in _VAGUE else finished(name).rstrip(".")
