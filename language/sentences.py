"""Where the sentences of a text are, as character offsets into it."""

import re

# A run without punctuation is cut here, so that one rule's scope and one vector never cover a whole page; where two
# clauses join in its last third it is cut there, so that no phrase is torn.
MAX_WORDS = 50
FEWEST_WORDS = 33
_JOINT = re.compile(r"(?:and|but|because|so|then|cause|cos|although|while|when|or)$", re.IGNORECASE)

_NOT_AN_END = re.compile(r"\b(?:dr|mr|mrs|ms|pt|vs|approx|e\.g|i\.e|hx|dx|yr|yrs|wk|wks|mo)\.$", re.IGNORECASE)
_END = re.compile(r"[.!?…]+[\"'\u2019\u201d)\]]*(?=\s|$)|\n+")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence that holds a letter or digit, in order; no span begins or ends in space."""
    spans: list[tuple[int, int]] = []
    start = 0
    for end in _END.finditer(text):
        if end.group()[0] == "." and _NOT_AN_END.search(text, start, end.start() + 1):
            continue
        spans += _trimmed(text, start, end.end())
        start = end.end()
    spans += _trimmed(text, start, len(text))
    return [piece for span in spans for piece in _pieces(text, *span)]


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return [(start, end)] if any(c.isalnum() for c in text[start:end]) else []


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    words = [word.span() for word in re.compile(r"\S+").finditer(text, start, end)]
    pieces = []
    first = 0
    while first < len(words):
        last = min(first + MAX_WORDS, len(words))
        if last < len(words):
            last = max((at for at in range(first + FEWEST_WORDS, last) if _joins(text, words, at)), default=last)
        pieces.append((words[first][0], words[last - 1][1]))
        first = last
    return pieces


def _joins(text: str, words: list[tuple[int, int]], at: int) -> bool:
    """Whether word `at` opens a clause: a joining word, or the word after a comma."""
    return text[words[at - 1][1] - 1] in ",;:" or _JOINT.match(text[slice(*words[at])]) is not None
