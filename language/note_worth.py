"""What a passage is worth where a therapy draft has room for few: the chance that it tells a fact, for each word of it.

Learnt from sessions written for this project (language.training.train_notes): its words decide, and where it stands.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from language.note_values import Role, Topic
from language.note_words import NUMBERS_TO_19, TENS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Passage:
    """What is asked of a passage; `place` is where in the session it stands, from 0 to 1, the last two are means."""

    text: str
    role: Role
    topic: Topic
    statements: int
    place: float
    vector: "NDArray[np.float32]"
    salience: float


_WHEN = re.compile(
    r"\b(?:\w+days?|mornings?|evenings?|nights?|weeks?|months?|years?|hours?|minutes?|times?|daily|o'clock|january|february|march|april|june|july"
    r"|august|september|october|november|december|christmas|since|until|ago)\b",
    re.I,
)
_HOW_MANY = re.compile(rf"\b(?:\d+|{'|'.join([*NUMBERS_TO_19[2:], *TENS])}|half|twice|first|second|third)\b", re.I)
_HEALTH = re.compile(
    r"\b(?:sle(?:ep|pt)|wake|woke|awake|nightmares?|eat|ate|eaten|appetite|weight|meals?|lunch|dinner|breakfast|doctor|hospital|pills?|tablets?|mg|dose"
    r"|medication|meds|prescri\w+|drink\w*|drank|beers?|wine|alcohol|sober|smok\w+|weed|pain|panic|anxi\w+|depress\w+|tired|cr(?:y|ied|ying)|heart"
    r"|chest|stomach|breath\w*|headaches?|scared|afraid|angry|guilt\w*|ashamed|lonely|numb|sad|worr\w+|hopeless|hurt)\b",
    re.I,
)
_PEOPLE = re.compile(
    r"\b(?:mother|father|mom|mum|dad|husband|wife|partner|boyfriend|girlfriend|brother|sister|son|daughter|kids?|children|baby|boss|friend|colleague"
    r"|work|job|school|marriage|divorce|died|death|funeral|family|parents?)\b",
    re.I,
)
_CHANGE = re.compile(
    r"\b(?:never|used to|no longer|anymore|better|worse|started|stopped|first time|went (?:up|down)|lost|gained|more"
    r"|less|again|every)\b",
    re.I,
)
_HELP = re.compile(
    r"\b(?:try|practi[cs]e|exercise|breath\w*|write|notice|thought|worry|fear|feelings?|scale|plan|goal|suggested|advised|proposed|reflected|noticed"
    r"|homework|avoid\w*|because)\b",
    re.I,
)
_COUNTED = ((_WHEN, 3), (_HOW_MANY, 3), (_HEALTH, 3), (_PEOPLE, 3), (_CHANGE, 2), (_HELP, 3))
_OPENING = 0.06
OF_A_PASSAGE = 20


def features(passages: Sequence[Passage]) -> "Floats":
    """What the head sees of one session's passages: [n, 20]."""
    import numpy as np

    if not passages:
        return np.zeros((0, OF_A_PASSAGE))
    vectors = np.array([one.vector for one in passages], dtype=np.float64)
    vectors /= np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    middle = vectors.mean(0)
    central = vectors @ (middle / max(1e-9, float(np.linalg.norm(middle))))
    terms = [re.findall(r"[a-z0-9]+", one.text.lower()) for one in passages]
    spread = Counter(term for each in terms for term in set(each))
    rare = [sum(math.log((1 + len(passages)) / spread[t]) for t in each) / max(1, len(each)) for each in terms]
    return np.array([_row(one, float(c), r) for one, c, r in zip(passages, central, rare, strict=True)])


def _row(one: Passage, central: float, rare: float) -> list[float]:
    words = len(one.text.split())
    return [
        float(one.role is Role.CLINICIAN),
        *(float(one.topic is each) for each in (Topic.PLAN, Topic.MENTAL_STATUS, Topic.INTERVENTION, Topic.RESPONSE)),
        min(words, 50) / 50,
        math.log(1 + words),
        one.statements / 4,
        float(words < 7),
        *(min(most, len(pattern.findall(one.text))) / most for pattern, most in _COUNTED),
        float(one.text.startswith("Asked")),
        float(one.place < _OPENING),
        central,
        rare,
        one.salience,
    ]


# So many words are added to each passage's length: a very short one is not wanted for its shortness alone.
_OFFSET = 8
_LEAST = 0.01


def for_each_word(chances: "Floats", passages: Sequence[Passage]) -> list[float]:
    """The head's chances divided by what a passage takes of the room."""
    return [
        max(_LEAST, float(chance)) / (_OFFSET + len(one.text.split()))
        for chance, one in zip(chances, passages, strict=True)
    ]
