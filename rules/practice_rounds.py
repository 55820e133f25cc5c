"""Made-up cases for practice: what would be signed, with an error planted in it or without one.

Nobody in them exists. They are no records of the practice: nothing here can be booked, billed or sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from models.measures import Measure
from models.safety_codes import PracticeKind
from rules.measures import score
from rules.session_codes import propose_code

SHIPPED_PERCENT = 0
MOST_PERCENT = 20
"""More than one night in five would be a burden, and people would begin to expect it."""


@dataclass(frozen=True)
class Part:
    """One thing that the made-up case says and that may be wrong."""

    key: str
    text: str


@dataclass(frozen=True)
class PracticeCase:
    """What is shown: the sources, the parts to sign, which of them is wrong (None: none is), and why."""

    kind: PracticeKind
    asks: str
    sources: tuple[str, ...]
    parts: tuple[Part, ...]
    wrong: str | None
    why: str

    @property
    def planted(self) -> bool:
        return self.wrong is not None


@dataclass(frozen=True)
class _Session:
    lines: tuple[str, ...]
    sentences: tuple[str, ...]
    never_said: str


_SESSIONS = (
    _Session(
        (
            "Clinician: How was the week?",
            "Patient: I slept about five hours a night, better than last month.",
            "Patient: I went for a walk on two of the days, as we agreed.",
            "Clinician: Shall we keep the walks and add a fixed time for getting up?",
            "Patient: Yes, seven o'clock would do.",
        ),
        (
            "Patient reports about five hours of sleep a night, better than last month.",
            "Patient went for a walk on two days, as agreed.",
            "Plan: keep the walks, get up at seven.",
        ),
        "Patient reports having stopped the sertraline two weeks ago.",
    ),
    _Session(
        (
            "Clinician: You wanted to try the breathing exercise before the meetings.",
            "Patient: I did it before three of four meetings. The fourth I forgot.",
            "Patient: I still worried, but I stayed in the room.",
            "Clinician: What will you do next week?",
            "Patient: The same, and I will speak once in each meeting.",
        ),
        (
            "Patient used the breathing exercise before three of four meetings.",
            "Patient still worried and stayed in the room.",
            "Plan: the same exercise, and to speak once in each meeting.",
        ),
        "Patient denies any panic attacks since the last session.",
    ),
)
_ANSWERS: tuple[Mapping[int, int], ...] = (
    {1: 2, 2: 1, 3: 2, 4: 2, 5: 1, 6: 1, 7: 1, 8: 0, 9: 0},
    {1: 1, 2: 2, 3: 3, 4: 2, 5: 2, 6: 2, 7: 1, 8: 1, 9: 1},
)
_MINUTES = (45, 34, 55)
_INDIVIDUAL = "individual"


def _notes() -> list[PracticeCase]:
    asks = "Sign this note draft if every sentence rests on what was said."
    cases = []
    for session in _SESSIONS:
        sound = tuple(Part(f"s{at}", text) for at, text in enumerate(session.sentences, 1))
        cases.append(PracticeCase(PracticeKind.NOTE_DRAFT, asks, session.lines, sound, None, ""))
        planted = (*sound[:1], Part("s9", session.never_said), *sound[1:])
        why = "Nobody said that in this session: the sentence rests on nothing."
        cases.append(PracticeCase(PracticeKind.NOTE_DRAFT, asks, session.lines, planted, "s9", why))
    return cases


def _scores() -> list[PracticeCase]:
    asks = "Sign this summary of a PHQ-9 if it says what the answers say."
    cases = []
    for answers in _ANSWERS:
        scored = score(Measure.PHQ9, answers)
        total, band, ninth = scored.total or 0, scored.band or "", answers[9]
        sources = tuple(f"Item {item}: {value}" for item, value in answers.items())

        def summary(shown: int, band: str = band, ninth: int = ninth) -> tuple[Part, ...]:
            return (
                Part("total", f"Total {shown} of 27"),
                Part("band", f"Band: {band.replace('_', ' ')}"),
                Part("item9", f"Item 9 (thoughts of being better off dead): answer {ninth}"),
            )

        cases.append(PracticeCase(PracticeKind.RISK_SCORE, asks, sources, summary(total), None, ""))
        why = f"The answers add up to {total}."
        cases.append(PracticeCase(PracticeKind.RISK_SCORE, asks, sources, summary(total + 2), "total", why))
        if ninth:
            why = f"Item 9 was answered {ninth}, and the summary says 0."
            cases.append(PracticeCase(PracticeKind.RISK_SCORE, asks, sources, summary(total, ninth=0), "item9", why))
    return cases


def _claims() -> list[PracticeCase]:
    asks = "Sign this claim line if its code fits the minutes."
    cases = []
    for minutes in _MINUTES:
        proposed = propose_code(_INDIVIDUAL, minutes)
        higher = next((code for code in ("90834", "90837") if code > (proposed.code or "")), None)
        sources = ("Service: individual psychotherapy", f"Face to face: {minutes} minutes")
        for code in (proposed.code, higher):
            if code is None:
                continue
            parts = (
                Part("code", f"Procedure code {code}"),
                Part("minutes", f"{minutes} minutes"),
                Part("units", "1 unit"),
            )
            wrong = None if code == proposed.code else "code"
            why = "" if wrong is None else f"{minutes} minutes support {proposed.code}: {proposed.rule}"
            cases.append(PracticeCase(PracticeKind.CLAIM_CODE, asks, sources, parts, wrong, why))
    return cases


CASES: Mapping[PracticeKind, tuple[PracticeCase, ...]] = {
    PracticeKind.NOTE_DRAFT: tuple(_notes()),
    PracticeKind.RISK_SCORE: tuple(_scores()),
    PracticeKind.CLAIM_CODE: tuple(_claims()),
}


def practice_case(kind: PracticeKind, variant: int) -> PracticeCase:
    return CASES[kind][variant % len(CASES[kind])]


def invited(seed: str, percent: int) -> tuple[PracticeKind, int] | None:
    """Whether somebody gets a round this night, and which: by the SHA-256 of the seed, so that nobody chooses."""
    lot = sha256(seed.encode()).digest()
    if int.from_bytes(lot[:8]) >= percent * 2**64 // 100:
        return None
    kind = tuple(PracticeKind)[lot[8] % len(PracticeKind)]
    return kind, lot[9] % len(CASES[kind])


def is_caught(case: PracticeCase, sent_back: bool, named: str) -> bool:
    """Whether an answer found the planted error; of a sound case, whether it was sent back."""
    return sent_back and (named == case.wrong if case.planted else True)
