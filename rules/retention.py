"""Until when what is kept of a patient must be kept: a table read from the law, and a date reckoned from it.

These rows are a practice's policy read from the law, not legal advice. A state's rule says how long at least; once its
time is over, what is kept is no longer needed and may be destroyed by a person's signature. A row holds from its
effective date on, for every last contact since; for earlier ones and for states without a row the practice keeps as
long as the longest row says, which can destroy nothing too soon.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

ADULT = 18


class Kind(StrEnum):
    """What is kept: the record of a treated patient, or what came of somebody who was never seen."""

    CLINICAL = "clinical record"
    NEVER_SEEN = "referral of somebody who was never seen"


@dataclass(frozen=True)
class RetentionRule:
    """One row of the policy: years after the last contact; of a minor also until ``minor_until_age``, and not less.

    ``state`` None: wherever the practice is.
    """

    kind: Kind
    state: str | None
    years: int
    minor_until_age: int | None
    citation: str
    effective: date


RULES: tuple[RetentionRule, ...] = (
    RetentionRule(
        Kind.CLINICAL,
        "OR",
        7,
        None,
        "Oregon Administrative Rules 833-075-0070(1)(a) and 858-010-0060: seven years from the last service",
        date(2018, 1, 1),
    ),
    RetentionRule(
        Kind.CLINICAL,
        "WA",
        8,
        22,
        "Washington Administrative Code 246-924-354(2): eight years after the last contact; of minors until 22 or for "
        "eight years, whichever is longer",
        date(2005, 10, 16),
    ),
    RetentionRule(
        Kind.CLINICAL,
        "CA",
        7,
        25,
        "California Business and Professions Code 2919 and 4989.51: seven years from the end of therapy; of minors "
        "seven years from the 18th birthday",
        date(2015, 1, 1),
    ),
    RetentionRule(
        Kind.NEVER_SEEN,
        None,
        6,
        None,
        "the practice's policy: as long as documentation is kept under 45 CFR 164.316(b)(2)(i)",
        date(2003, 4, 14),
    ),
)
LONGEST = "the longest rule of any state, for want of one of this state"


@dataclass(frozen=True)
class Kept:
    """What is known of one patient: the state, the birth date, the last contact, whether they were ever seen, whether
    anything of theirs is open, whether a hold is in force."""

    patient_id: str
    born_on: date
    state: str | None
    last_contact_on: date
    seen: bool
    open_cases: int
    held: bool


@dataclass(frozen=True)
class Term:
    """Until when a patient is kept, and by which rules."""

    kept_until: date
    rule: str


@dataclass(frozen=True)
class Due:
    """A patient who is over their time."""

    kept: Kept
    term: Term


def term_of(kept: Kept, rules: Iterable[RetentionRule] = RULES) -> Term:
    """Until when (included) this patient is kept."""
    kind = Kind.CLINICAL if kept.seen else Kind.NEVER_SEEN
    of_kind = [rule for rule in rules if rule.kind == kind]
    in_force = [rule for rule in of_kind if rule.state in (None, kept.state) and rule.effective <= kept.last_contact_on]
    if not in_force:
        until = max(_until(kept, rule) for rule in of_kind)
        return Term(until, LONGEST)
    longest = max(in_force, key=lambda rule: _until(kept, rule))
    return Term(_until(kept, longest), longest.citation)


def _until(kept: Kept, rule: RetentionRule) -> date:
    until = years_after(kept.last_contact_on, rule.years)
    minor = kept.last_contact_on < years_after(kept.born_on, ADULT)
    if minor and rule.minor_until_age is not None:
        return max(until, years_after(kept.born_on, rule.minor_until_age))
    return until


def years_after(day: date, years: int) -> date:
    """The same day so many years later; the 29th of February becomes the 1st of March, so nothing ends early."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def due(everybody: Iterable[Kept], today: date) -> list[Due]:
    """Who is over their time and neither held nor open, longest over first."""
    found = [Due(kept, term_of(kept)) for kept in everybody if not kept.held and not kept.open_cases]
    over = [each for each in found if each.term.kept_until < today]
    return sorted(over, key=lambda each: (each.term.kept_until, each.kept.patient_id))
