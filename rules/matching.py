"""Which clinicians fit a referral, in which order, and why or why not.

Hard filters first, then a visible weighted score. No reason names a focus area: that would be clinical
content.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from models.codes import Modality

EVERY_PLAN = "*"
# A first time this far away earns nothing for availability; today earns all.
FURTHEST_USEFUL_DAYS = 28


class ReasonCode(StrEnum):
    LICENCE = "licence"
    UNKNOWN_LOCATION = "unknown_location"
    PANEL = "panel"
    UNKNOWN_PLAN = "unknown_plan"
    AGE = "age"
    MODALITY = "modality"
    LANGUAGE = "language"
    UNKNOWN_LANGUAGE = "unknown_language"
    CAPACITY = "capacity"
    ACCESSIBILITY = "accessibility"
    CONFLICT = "conflict"


class Criterion(StrEnum):
    AVAILABILITY = "availability"
    TIMES = "times"
    FOCUS = "focus"
    LANGUAGE = "language"
    CONTINUITY = "continuity"
    LOCATION = "location"
    GENDER = "gender"
    CASELOAD = "caseload"


DEFAULT_WEIGHTS: Mapping[Criterion, float] = MappingProxyType(
    {
        Criterion.AVAILABILITY: 30,
        Criterion.FOCUS: 25,
        Criterion.TIMES: 15,
        Criterion.CONTINUITY: 15,
        Criterion.LOCATION: 10,
        Criterion.LANGUAGE: 10,
        Criterion.GENDER: 10,
        Criterion.CASELOAD: 5,
    }
)


@dataclass(frozen=True)
class Office:
    """One of the practice's locations, as far as matching needs it; ``state`` is the USPS code."""

    location_id: str
    state: str
    accessible: bool


@dataclass(frozen=True)
class CandidateClinician:
    """What matching knows of a clinician.

    ``licensed_states`` holds licences in force today; ``panels`` (payer, plan) pairs, plan ``*`` for every
    plan; ``modalities`` office and/or telehealth; ``free_times`` such as ``mon-am``; ``next_free`` UTC,
    ``None`` if none is known.
    """

    clinician_id: str
    licensed_states: frozenset[str]
    panels: frozenset[tuple[str, str]]
    min_age: int
    max_age: int
    modalities: frozenset[Modality]
    languages: frozenset[str]
    open_places: int
    caseload_limit: int
    offices: tuple[Office, ...] = ()
    conflict_patient_ids: frozenset[str] = frozenset()
    focus_areas: frozenset[str] = frozenset()
    next_free: datetime | None = None
    free_times: frozenset[str] = frozenset()
    gender: str | None = None


@dataclass(frozen=True)
class MatchRequest:
    """What a referral asks for; ``None`` means not known, and what is not known is never assumed.

    ``language`` is the one the patient needs, ``preferred_language`` one they would rather speak.
    """

    patient_id: str
    patient_state: str | None = field(repr=False)
    age: int = field(repr=False)
    payer: str | None = field(repr=False)
    plan: str | None = field(repr=False)
    self_pay: bool = field(repr=False)
    modality: Modality
    language: str | None = field(repr=False)
    needs_accessible: bool = field(default=False, repr=False)
    focus_areas: frozenset[str] = field(default=frozenset(), repr=False)
    location_id: str | None = None
    preferred_times: frozenset[str] = field(default=frozenset(), repr=False)
    preferred_language: str | None = field(default=None, repr=False)
    preferred_gender: str | None = field(default=None, repr=False)
    previous_clinician_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Reason:
    """One reason a person can read; ``points`` is its share of the score (0 for an exclusion)."""

    code: ReasonCode | Criterion
    text: str
    points: float = 0.0


@dataclass(frozen=True)
class Way:
    """One lawful way to hold the sessions: by telehealth, or in one office."""

    modality: Modality
    location_id: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A clinician who fits; the points of all reasons, for and against, add up to ``score`` (0 to 1)."""

    clinician_id: str
    score: float
    ways: tuple[Way, ...]
    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]


@dataclass(frozen=True)
class Exclusion:
    clinician_id: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class MatchResult:
    """Everyone considered: those who fit, best first, and those who do not, with every reason."""

    ranked: tuple[Candidate, ...]
    excluded: tuple[Exclusion, ...]


def age_on(birth_date: date, on: date) -> int:
    """Whole years lived on a date; who was born on 29 February turns a year older on 1 March."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def match(
    request: MatchRequest,
    candidates: Iterable[CandidateClinician],
    now: datetime,
    weights: Mapping[Criterion, float] = DEFAULT_WEIGHTS,
) -> MatchResult:
    """Who may take this referral, best first, and why each of the others may not.

    ``now`` in UTC. Equal scores: sooner free, then more open places, then id.
    """
    fitting: list[tuple[tuple[float, datetime, int, str], Candidate]] = []
    excluded: list[Exclusion] = []
    for clinician in candidates:
        ways, no_way = _ways(request, clinician)
        against = (*_exclusions(request, clinician), *no_way)
        if against:
            excluded.append(Exclusion(clinician.clinician_id, against))
            continue
        candidate = _score(request, clinician, ways, now, weights)
        soonest = clinician.next_free or datetime.max.replace(tzinfo=UTC)
        order = (-candidate.score, soonest, -clinician.open_places, clinician.clinician_id)
        fitting.append((order, candidate))
    return MatchResult(
        ranked=tuple(candidate for _, candidate in sorted(fitting, key=lambda pair: pair[0])),
        excluded=tuple(sorted(excluded, key=lambda exclusion: exclusion.clinician_id)),
    )


def _exclusions(request: MatchRequest, clinician: CandidateClinician) -> tuple[Reason, ...]:
    """Every hard filter, beside the place of treatment, that this clinician does not pass."""
    found = (
        _panel(request, clinician),
        _age(request, clinician),
        _language(request, clinician),
        None if clinician.open_places >= 1 else Reason(ReasonCode.CAPACITY, "no open place"),
        Reason(ReasonCode.CONFLICT, "conflict of interest on record")
        if request.patient_id in clinician.conflict_patient_ids
        else None,
    )
    return tuple(reason for reason in found if reason is not None)


def _panel(request: MatchRequest, clinician: CandidateClinician) -> Reason | None:
    if request.self_pay:
        return None
    if request.payer is None:
        return Reason(ReasonCode.UNKNOWN_PLAN, "payer not known: ask the patient")
    if (request.payer, EVERY_PLAN) in clinician.panels:
        return None
    if request.plan is None:
        return Reason(ReasonCode.UNKNOWN_PLAN, f"plan of {request.payer} not known: ask the patient")
    if (request.payer, request.plan) in clinician.panels:
        return None
    return Reason(ReasonCode.PANEL, f"not on the panel of {request.payer} {request.plan}")


def _age(request: MatchRequest, clinician: CandidateClinician) -> Reason | None:
    if clinician.min_age <= request.age <= clinician.max_age:
        return None
    return Reason(ReasonCode.AGE, f"sees ages {clinician.min_age} to {clinician.max_age}")


def _language(request: MatchRequest, clinician: CandidateClinician) -> Reason | None:
    if request.language is None:
        return Reason(ReasonCode.UNKNOWN_LANGUAGE, "language not known: ask the patient")
    if request.language in clinician.languages:
        return None
    return Reason(ReasonCode.LANGUAGE, f"does not work in the language needed ({request.language})")


def lawful_ways(request: MatchRequest, clinician: CandidateClinician) -> tuple[Way, ...]:
    """Every lawful and practical way this clinician may see the patient, by licence, modality and office alone."""
    return _ways(request, clinician)[0]


def _ways(request: MatchRequest, clinician: CandidateClinician) -> tuple[tuple[Way, ...], tuple[Reason, ...]]:
    """The ways this clinician may lawfully and practically see the patient; if none, why not."""
    wanted = (Modality.TELEHEALTH, Modality.OFFICE) if request.modality is Modality.EITHER else (request.modality,)
    offered = [modality for modality in wanted if modality in clinician.modalities]
    if not offered:
        return (), (Reason(ReasonCode.MODALITY, f"does not work by {' or '.join(wanted)}"),)
    ways: list[Way] = []
    reasons: list[Reason] = []
    if Modality.TELEHEALTH in offered:
        refusal = _telehealth(request, clinician)
        if refusal is None:
            ways.append(Way(Modality.TELEHEALTH))
        else:
            reasons.append(refusal)
    if Modality.OFFICE in offered:
        offices, refusals = _offices(request, clinician)
        ways.extend(Way(Modality.OFFICE, office.location_id) for office in offices)
        reasons.extend(refusals)
    return (tuple(ways), ()) if ways else ((), tuple(reasons))


def _telehealth(request: MatchRequest, clinician: CandidateClinician) -> Reason | None:
    """Telehealth happens where the patient is, so the licence must be of that state."""
    if request.patient_state is None:
        return Reason(ReasonCode.UNKNOWN_LOCATION, "unknown location: ask where the patient will be")
    if request.patient_state in clinician.licensed_states:
        return None
    return Reason(ReasonCode.LICENCE, f"no licence in {request.patient_state}, where the patient is")


def _offices(request: MatchRequest, clinician: CandidateClinician) -> tuple[tuple[Office, ...], tuple[Reason, ...]]:
    if not clinician.offices:
        return (), (Reason(ReasonCode.MODALITY, "has no office to see patients in"),)
    licensed = [office for office in clinician.offices if office.state in clinician.licensed_states]
    if not licensed:
        states = ", ".join(sorted({office.state for office in clinician.offices}))
        return (), (Reason(ReasonCode.LICENCE, f"no licence in {states}, where the office is"),)
    usable = [office for office in licensed if office.accessible or not request.needs_accessible]
    if not usable:
        return (), (Reason(ReasonCode.ACCESSIBILITY, "no accessible office"),)
    return tuple(sorted(usable, key=lambda office: office.location_id)), ()


def _score(
    request: MatchRequest,
    clinician: CandidateClinician,
    ways: Sequence[Way],
    now: datetime,
    weights: Mapping[Criterion, float],
) -> Candidate:
    """The weighted share of every criterion that applies; one the referral does not ask for has no weight."""
    judged = [
        (criterion, verdict)
        for criterion in Criterion
        if weights.get(criterion, 0) > 0 and (verdict := _judge(criterion, request, clinician, ways, now)) is not None
    ]
    whole = sum(weights[criterion] for criterion, _ in judged)
    reasons = [
        (share, Reason(criterion, text, share * weights[criterion] / whole)) for criterion, (share, text) in judged
    ]
    return Candidate(
        clinician_id=clinician.clinician_id,
        # Rounded so that two clinicians equal on paper tie whatever the order of addition.
        score=round(sum((reason.points for _, reason in reasons), 0.0), 9),
        ways=tuple(ways),
        reasons_for=_most_first(reason for share, reason in reasons if share >= 0.5),
        reasons_against=_most_first(reason for share, reason in reasons if share < 0.5),
    )


def _most_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda reason: (-reason.points, reason.code)))


def _judge(
    criterion: Criterion,
    request: MatchRequest,
    clinician: CandidateClinician,
    ways: Sequence[Way],
    now: datetime,
) -> tuple[float, str] | None:
    """How far a clinician meets one criterion (0 to 1, and in words); ``None`` if nobody asked for it."""
    match criterion:
        case Criterion.AVAILABILITY:
            return _availability(clinician, now)
        case Criterion.TIMES:
            return _times(request, clinician)
        case Criterion.FOCUS:
            return _focus(request, clinician)
        case Criterion.LANGUAGE:
            return _preferred_language(request, clinician)
        case Criterion.CONTINUITY:
            return _continuity(request, clinician)
        case Criterion.LOCATION:
            return _location(request, ways)
        case Criterion.GENDER:
            return _gender(request, clinician)
        case Criterion.CASELOAD:
            return _caseload(clinician)


def _availability(clinician: CandidateClinician, now: datetime) -> tuple[float, str]:
    if clinician.next_free is None:
        return 0.0, "no free time on the calendar"
    wait = max(clinician.next_free - now, timedelta(0))
    share = max(0.0, 1 - wait / timedelta(days=FURTHEST_USEFUL_DAYS))
    days = f"{wait.days} day{'' if wait.days == 1 else 's'}"
    return share, "free today" if wait.days == 0 else f"first free time in {days}"


def _times(request: MatchRequest, clinician: CandidateClinician) -> tuple[float, str] | None:
    if not request.preferred_times:
        return None
    fitting, wanted = len(request.preferred_times & clinician.free_times), len(request.preferred_times)
    return fitting / wanted, f"{fitting} of {wanted} preferred times"


def _focus(request: MatchRequest, clinician: CandidateClinician) -> tuple[float, str] | None:
    if not request.focus_areas:
        return None
    fitting, wanted = len(request.focus_areas & clinician.focus_areas), len(request.focus_areas)
    return fitting / wanted, f"{fitting} of {wanted} requested focus areas"


def _preferred_language(request: MatchRequest, clinician: CandidateClinician) -> tuple[float, str] | None:
    if request.preferred_language is None:
        return None
    speaks = request.preferred_language in clinician.languages
    return float(speaks), ("speaks" if speaks else "does not speak") + " the preferred language"


def _continuity(request: MatchRequest, clinician: CandidateClinician) -> tuple[float, str] | None:
    if request.previous_clinician_id is None:
        return None
    same = request.previous_clinician_id == clinician.clinician_id
    return float(same), "has seen this patient before" if same else "has not seen this patient before"


def _location(request: MatchRequest, ways: Sequence[Way]) -> tuple[float, str] | None:
    if request.location_id is None or request.modality is Modality.TELEHEALTH:
        return None
    there = any(way.location_id == request.location_id for way in ways)
    return float(there), ("works" if there else "does not work") + " at the preferred location"


def _gender(request: MatchRequest, clinician: CandidateClinician) -> tuple[float, str] | None:
    if request.preferred_gender is None:
        return None
    if clinician.gender is None:
        return 0.0, "clinician's gender not on record"
    fits = clinician.gender == request.preferred_gender
    return float(fits), ("as" if fits else "not as") + " the patient prefers (clinician's gender)"


def _caseload(clinician: CandidateClinician) -> tuple[float, str]:
    share = min(1.0, clinician.open_places / clinician.caseload_limit) if clinician.caseload_limit > 0 else 0.0
    return share, f"{clinician.open_places} of {clinician.caseload_limit} places open"
