"""Whether a referral is about someone already known: new, the same person, or a question for a person.

Compared: normalised name, birth date, contact (phone or email). Reasons name which of them agree, never their
values.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from models.person_names import plain_name


class DuplicateVerdict(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"


class Agreement(StrEnum):
    NAME = "name"
    BIRTH_DATE = "birth date"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True)
class PersonFacts:
    """What is compared of a person; ``phone`` in E.164; only the id shows when printed."""

    person_id: str
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class DuplicateMatch:
    """One known person who agrees with the new one in at least two of name, birth date and contact."""

    person_id: str
    agrees: tuple[Agreement, ...]
    verdict: DuplicateVerdict


@dataclass(frozen=True)
class DuplicateFinding:
    verdict: DuplicateVerdict
    matches: tuple[DuplicateMatch, ...]
    reasons: tuple[str, ...]


def normalise_name(given_name: str, family_name: str) -> str:
    """The name as it is compared and stored (``plain_name``)."""
    return plain_name(f"{given_name} {family_name}")


def compare(new: PersonFacts, known: Iterable[PersonFacts]) -> DuplicateFinding:
    """Whether the new person is one of those known.

    All three agree with exactly one known person: duplicate. Two of three, or all three with several:
    ambiguous, a person decides (twins share birth date and contact; a moved patient shares name and birth
    date). Otherwise new.
    """
    matches = tuple(
        sorted(
            (match for person in known if (match := _match(new, person)) is not None),
            key=lambda match: (match.verdict is not DuplicateVerdict.DUPLICATE, match.person_id),
        )
    )
    same = [match for match in matches if match.verdict is DuplicateVerdict.DUPLICATE]
    if len(same) == 1:
        verdict = DuplicateVerdict.DUPLICATE
    else:
        verdict = DuplicateVerdict.AMBIGUOUS if matches else DuplicateVerdict.NEW
    return DuplicateFinding(verdict, matches, _reasons(matches, len(same)))


def _match(new: PersonFacts, other: PersonFacts) -> DuplicateMatch | None:
    agrees = tuple(agreement for agreement in Agreement if _agrees(agreement, new, other))
    contact = Agreement.PHONE in agrees or Agreement.EMAIL in agrees
    held = (Agreement.NAME in agrees) + (Agreement.BIRTH_DATE in agrees) + contact
    if held < 2:
        return None
    verdict = DuplicateVerdict.DUPLICATE if held == 3 else DuplicateVerdict.AMBIGUOUS
    return DuplicateMatch(other.person_id, agrees, verdict)


def _agrees(agreement: Agreement, new: PersonFacts, other: PersonFacts) -> bool:
    """Whether both have this fact and it is the same; two absences never agree."""
    mine, theirs = _fact(agreement, new), _fact(agreement, other)
    return bool(mine) and mine == theirs


def _fact(agreement: Agreement, person: PersonFacts) -> str | date | None:
    match agreement:
        case Agreement.NAME:
            return normalise_name(person.given_name, person.family_name)
        case Agreement.BIRTH_DATE:
            return person.birth_date
        case Agreement.PHONE:
            return (person.phone or "").strip()
        case Agreement.EMAIL:
            return (person.email or "").strip().casefold()


def _reasons(matches: tuple[DuplicateMatch, ...], same: int) -> tuple[str, ...]:
    if not matches:
        return ("nobody known agrees in two of name, birth date and contact",)
    reasons = tuple(f"{match.person_id}: same {' and '.join(match.agrees)}" for match in matches)
    return (*reasons, "several known people agree in all three") if same > 1 else reasons
