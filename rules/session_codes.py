"""Which procedure code a session's whole face-to-face minutes support, and what speaks against a chosen one.

The codes are the AMA's (CPT); the labels here are our own words. Facts: AMA, CPT, psychiatry section (2013 to date),
as set out in Blue Cross and Blue Shield of Illinois, reimbursement policy "Psychiatry/Psychotherapy" (bands, one
evaluation a day, crisis of 30 to 74 minutes and each further 30 beyond 74, what 90785 goes with), and National
Government Services (Medicare contractor), "Mental Health Services" (90791, 90785, 90839). Interactive complexity is
not for translation: CMS, Physician Fee Schedule final rule for 2013. Payers differ; their limits are contract data.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from models.note_codes import NoteTopic
from models.session_index import SessionService

EVALUATION = "90791"
SHORT, MIDDLE, LONG = "90832", "90834", "90837"
FAMILY_WITHOUT_PATIENT, FAMILY = "90846", "90847"
GROUP = "90853"
CRISIS, CRISIS_ADDED = "90839", "90840"
INTERACTIVE = "90785"

LABELS = {
    EVALUATION: "diagnostic evaluation",
    SHORT: "individual therapy, 16 to 37 minutes",
    MIDDLE: "individual therapy, 38 to 52 minutes",
    LONG: "individual therapy, 53 minutes or more",
    FAMILY_WITHOUT_PATIENT: "family therapy, patient absent",
    FAMILY: "family therapy, patient present",
    GROUP: "group therapy",
    CRISIS: "crisis therapy, first part",
    CRISIS_ADDED: "crisis therapy, each further half hour",
    INTERACTIVE: "communication made harder by a third party or by play",
}
"""Our own short words for a code; the AMA's descriptors are under copyright."""

SHORTEST_THERAPY = 16
BANDS: tuple[tuple[str, int, int | None], ...] = ((SHORT, 16, 37), (MIDDLE, 38, 52), (LONG, 53, None))
"""Individual therapy: code, first and last whole minute (None: no end)."""
SHORTEST_FAMILY = 26
SHORTEST_CRISIS = 30
CRISIS_FIRST_PART_ENDS = 74
CRISIS_STEP = 30
"""90839 alone covers 30 to 74 minutes; one 90840 from 75, two from 105, three from 135."""

TIMED = frozenset({SHORT, MIDDLE, LONG})
MAIN = (EVALUATION, SHORT, MIDDLE, LONG, FAMILY_WITHOUT_PATIENT, FAMILY, GROUP, CRISIS)
ADDONS = (INTERACTIVE, CRISIS_ADDED)
INTERACTIVE_GOES_WITH = frozenset({EVALUATION, *TIMED, GROUP})
NOT_FOR_TRANSLATION = f"{INTERACTIVE} is not for translation or interpreting alone."
NOT_WITH_CRISIS = frozenset({EVALUATION, *TIMED, "90833", "90836", "90838", INTERACTIVE})
"""What may not stand beside 90839 or 90840 on one day; 90833, 90836 and 90838 are a prescriber's."""

NEEDED_TOPICS: dict[str, tuple[tuple[NoteTopic, str], ...]] = {
    EVALUATION: (
        (NoteTopic.HISTORY, "a history"),
        (NoteTopic.MENTAL_STATUS, "a mental status examination"),
        (NoteTopic.ASSESSMENT, "an assessment with a first diagnosis"),
        (NoteTopic.PLAN, "a first plan of treatment"),
    ),
    CRISIS: (
        (NoteTopic.RISK, "the urgent assessment of the crisis"),
        (NoteTopic.MENTAL_STATUS, "a mental status examination"),
        (NoteTopic.INTERVENTION, "what was done to defuse the crisis"),
        (NoteTopic.PLAN, "the disposition: what happens next"),
    ),
    **{
        code: ((NoteTopic.INTERVENTION, "the intervention"),)
        for code in (*TIMED, FAMILY_WITHOUT_PATIENT, FAMILY, GROUP)
    },
}
"""What a note for a code must speak of. Evaluation: NGS, "Mental Health Services"; crisis: CMS, "Psychotherapy for
Crisis" (2024); therapy: Novitas (Medicare contractor), checklist for psychotherapy records."""


@dataclass(frozen=True)
class AddOn:
    """A code that is claimed beside the main one, ``units`` times, and why."""

    code: str
    units: int
    label: str
    rule: str


@dataclass(frozen=True)
class Alternative:
    """A neighbouring code and what stands between: shown so that the boundary is seen, not so that it is reached."""

    code: str
    label: str
    minutes_short: int
    rule: str


@dataclass(frozen=True)
class CodeProposal:
    """The code that the minutes support, or None with what is missing. ``rule`` is the sentence a clinician is shown.

    ``cautions`` say why something that was asked for is not proposed. ``ask_a_person``: no rule here decides.
    """

    code: str | None
    label: str
    rule: str
    missing: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    addons: tuple[AddOn, ...] = ()
    cautions: tuple[str, ...] = ()
    ask_a_person: bool = False


class CodeProblem(StrEnum):
    OVER_CODED = "over_coded"
    UNDER_CODED = "under_coded"
    OTHER_SERVICE = "other_service"
    NOT_TOGETHER = "not_together"
    NOT_KNOWN = "not_known"

    @property
    def stops(self) -> bool:
        """Whether a claim with this problem would say more than happened; the others are for the clinician to weigh."""
        return self in (CodeProblem.OVER_CODED, CodeProblem.OTHER_SERVICE, CodeProblem.NOT_TOGETHER)


@dataclass(frozen=True)
class CodeFinding:
    """What speaks against a chosen code; ``supported`` is the code that the session does support, if any."""

    problem: CodeProblem
    code: str
    reason: str
    supported: str | None = None


def whole_minutes(started: datetime, ended: datetime) -> int:
    """The whole minutes between two moments; a minute that was begun does not count.

    Raises ValueError if the end is before the start, or only one of them has a zone.
    """
    if (started.tzinfo is None) != (ended.tzinfo is None):
        raise ValueError("both moments need a zone, or neither")
    if started.tzinfo is not None:
        # Python subtracts wall clocks where both are in one zone, so a night when the clocks change would miscount.
        started, ended = started.astimezone(UTC), ended.astimezone(UTC)
    if ended < started:
        raise ValueError("the session ends before it starts")
    return int((ended - started).total_seconds() // 60)


def propose_code(
    service: str | None,
    minutes: int,
    *,
    with_patient: bool | None = None,
    interactive_complexity: bool = False,
    only_translation: bool = False,
    topics: Collection[str] | None = None,
) -> CodeProposal:
    """Which code the whole face-to-face minutes of one session support.

    ``service`` is a SessionService. ``with_patient`` says whether the patient was there, None: as the service implies.
    ``only_translation``: the communication was hard for no other reason than that an interpreter was needed.
    ``topics``: what the note speaks of, None where there is no note yet.
    """
    if service not in tuple(SessionService):
        return _ask("The kind of session is not known, so no code is proposed.", "the kind of session")
    known = SessionService(service)
    if minutes <= 0:
        return _ask("The session has no whole face-to-face minute, so no code is proposed.", "the session's times")
    if known is SessionService.FAMILY_WITHOUT_PATIENT and with_patient:
        return _ask(
            "The session is listed as without the patient, but the patient was there.", "whether the patient was there"
        )
    if known is not SessionService.FAMILY_WITHOUT_PATIENT and with_patient is False:
        return _ask(
            f"The session is listed as {known.value.replace('_', ' ')}, but the patient was not there.",
            "the patient's presence for at least part of the session",
        )
    proposal = _by_minutes(known, minutes)
    if proposal.code is None:
        return proposal
    proposal = replace(proposal, missing=(*proposal.missing, *_missing_topics(proposal.code, topics)))
    return _with_interactive(proposal, only_translation) if interactive_complexity else proposal


def check_code(
    code: str,
    service: str | None,
    minutes: int,
    *,
    addons: Sequence[tuple[str, int]] = (),
    with_patient: bool | None = None,
    only_translation: bool = False,
    same_day: Collection[str] = (),
) -> tuple[CodeFinding, ...]:
    """What speaks against a code that a clinician chose, with the reason; nothing where it fits.

    ``addons`` are pairs (code, units). ``same_day`` are codes that the same clinician already reported for the patient
    on that date.
    """
    return tuple(_findings(code, service, minutes, addons, with_patient, only_translation, same_day))


def _findings(
    code: str,
    service: str | None,
    minutes: int,
    addons: Sequence[tuple[str, int]],
    with_patient: bool | None,
    only_translation: bool,
    same_day: Collection[str],
) -> Iterator[CodeFinding]:
    if code in ADDONS:
        yield CodeFinding(CodeProblem.NOT_TOGETHER, code, f"{code} is never claimed alone, only beside a main code.")
        return
    if code not in MAIN:
        yield CodeFinding(CodeProblem.NOT_KNOWN, code, f"No rule is on record for {code}; a person checks it.")
        return
    proposal = propose_code(service, minutes, with_patient=with_patient)
    if proposal.ask_a_person and proposal.code is None:
        yield CodeFinding(CodeProblem.NOT_KNOWN, code, proposal.rule)
    elif code != proposal.code:
        yield _difference(code, proposal, minutes)
    yield from _addon_findings(code, minutes, addons, only_translation)
    yield from _same_day_findings(code, [name for name, _ in addons], same_day)


def _difference(code: str, proposal: CodeProposal, minutes: int) -> CodeFinding:
    """Why the chosen code is not the supported one: it says more, or less, or something else."""
    needs = _at_least(code)
    if needs is not None and minutes < needs:
        return CodeFinding(
            CodeProblem.OVER_CODED,
            code,
            f"{code} needs at least {needs} whole minutes; this session has {minutes}. {proposal.rule}",
            proposal.code,
        )
    if code in TIMED and proposal.code in (*TIMED, CRISIS):
        # A clinician may judge that a session listed as a crisis was none: that claims less, not more.
        return CodeFinding(
            CodeProblem.UNDER_CODED,
            code,
            f"{code} covers {_band_words(code)}; this session has {minutes}. {proposal.rule}",
            proposal.code,
        )
    return CodeFinding(CodeProblem.OTHER_SERVICE, code, f"{code} is for {LABELS[code]}. {proposal.rule}", proposal.code)


def _addon_findings(
    code: str, minutes: int, addons: Sequence[tuple[str, int]], only_translation: bool
) -> Iterator[CodeFinding]:
    for name, units in addons:
        if name not in ADDONS:
            yield CodeFinding(CodeProblem.NOT_KNOWN, name, f"No rule is on record for {name}; a person checks it.")
        elif name == INTERACTIVE:
            if code not in INTERACTIVE_GOES_WITH:
                yield CodeFinding(CodeProblem.NOT_TOGETHER, name, _does_not_go_with(code))
            if only_translation:
                yield CodeFinding(CodeProblem.OVER_CODED, name, NOT_FOR_TRANSLATION)
            if units != 1:
                yield CodeFinding(CodeProblem.OVER_CODED, name, f"{INTERACTIVE} is claimed once a session.")
        elif code != CRISIS:
            yield CodeFinding(CodeProblem.NOT_TOGETHER, name, f"{CRISIS_ADDED} goes with {CRISIS} only.")
        elif units != crisis_units(minutes):
            supported = crisis_units(minutes)
            problem = CodeProblem.OVER_CODED if units > supported else CodeProblem.UNDER_CODED
            yield CodeFinding(problem, name, f"{_crisis_words(minutes)} {units} units were chosen.")
    if code == CRISIS and crisis_units(minutes) and CRISIS_ADDED not in [name for name, _ in addons]:
        yield CodeFinding(CodeProblem.UNDER_CODED, CRISIS_ADDED, f"{_crisis_words(minutes)} None was chosen.")


def _same_day_findings(code: str, addons: Collection[str], same_day: Collection[str]) -> Iterator[CodeFinding]:
    for other in sorted(set(same_day)):
        if code in (EVALUATION, CRISIS) and other == code:
            yield CodeFinding(CodeProblem.NOT_TOGETHER, code, f"{code} is claimed once a day.")
        for mine in (code, *addons):
            clash = {mine, other} & {CRISIS, CRISIS_ADDED} and {mine, other} & NOT_WITH_CRISIS
            if clash:
                yield CodeFinding(CodeProblem.NOT_TOGETHER, mine, f"{mine} and {other} are not claimed on one day.")


def crisis_units(minutes: int) -> int:
    """How many times 90840 is claimed beside 90839: none to 74 minutes, one from 75, two from 105."""
    beyond = minutes - CRISIS_FIRST_PART_ENDS
    return 0 if beyond <= 0 else -(-beyond // CRISIS_STEP)


def _by_minutes(service: SessionService, minutes: int) -> CodeProposal:
    if service is SessionService.EVALUATION:
        return _untimed(
            EVALUATION,
            f"{EVALUATION} is claimed once a day whatever its length; this evaluation took {minutes} minutes.",
        )
    if service is SessionService.GROUP:
        return _untimed(
            GROUP, f"{GROUP} is claimed once a session for each patient whatever its length; this one took {minutes} "
            "minutes. Payers set a shortest length of their own."
        )  # fmt: skip
    if service is SessionService.CRISIS and minutes >= SHORTEST_CRISIS:
        return _crisis(minutes)
    if service in (SessionService.FAMILY, SessionService.FAMILY_WITHOUT_PATIENT):
        return _family(FAMILY if service is SessionService.FAMILY else FAMILY_WITHOUT_PATIENT, minutes)
    return _individual(minutes, crisis=service is SessionService.CRISIS)


def _untimed(code: str, rule: str) -> CodeProposal:
    return CodeProposal(code, LABELS[code], rule)


def _individual(minutes: int, *, crisis: bool) -> CodeProposal:
    why = f"A crisis of less than {SHORTEST_CRISIS} minutes is claimed as individual therapy: " if crisis else ""
    higher = ((CRISIS, SHORTEST_CRISIS),) if crisis else tuple((code, first) for code, first, _ in BANDS)
    alternatives = tuple(_next(code, first, minutes) for code, first in higher if first > minutes)[:1]
    for code, first, last in BANDS:
        if first <= minutes and (last is None or minutes <= last):
            rule = f"{why}{code} covers {_band_words(code)} with the patient; this session has {minutes}."
            return CodeProposal(code, LABELS[code], rule, alternatives=alternatives)
    return _too_short(f"{why}individual therapy", SHORTEST_THERAPY, minutes, alternatives)


def _family(code: str, minutes: int) -> CodeProposal:
    if minutes < SHORTEST_FAMILY:
        return _too_short("family therapy", SHORTEST_FAMILY, minutes, (_next(code, SHORTEST_FAMILY, minutes),))
    return CodeProposal(
        code, LABELS[code], f"{code} needs at least {SHORTEST_FAMILY} whole minutes; this session has {minutes}."
    )


def _crisis(minutes: int) -> CodeProposal:
    units = crisis_units(minutes)
    addons = (AddOn(CRISIS_ADDED, units, LABELS[CRISIS_ADDED], _crisis_words(minutes)),) if units else ()
    next_step = CRISIS_FIRST_PART_ENDS + units * CRISIS_STEP + 1
    return CodeProposal(
        CRISIS,
        LABELS[CRISIS],
        _crisis_words(minutes),
        alternatives=(_next(CRISIS_ADDED, next_step, minutes),),
        addons=addons,
    )


def _crisis_words(minutes: int) -> str:
    units = crisis_units(minutes)
    how_often = {0: "none", 1: "one"}.get(units, str(units))
    return (
        f"{CRISIS} covers the first {SHORTEST_CRISIS} to {CRISIS_FIRST_PART_ENDS} minutes, {CRISIS_ADDED} each "
        f"{CRISIS_STEP} begun beyond them; this session has {minutes}, so {how_often} of {CRISIS_ADDED}."
    )


def _with_interactive(proposal: CodeProposal, only_translation: bool) -> CodeProposal:
    if proposal.code not in INTERACTIVE_GOES_WITH:
        return replace(proposal, cautions=(_does_not_go_with(proposal.code),))
    if only_translation:
        return replace(proposal, cautions=(NOT_FOR_TRANSLATION,))
    rule = (
        f"{INTERACTIVE} goes with {proposal.code} where communication was hard for a reason that the note names; "
        "it is not for more time, nor for translation."
    )
    return replace(proposal, addons=(*proposal.addons, AddOn(INTERACTIVE, 1, LABELS[INTERACTIVE], rule)))


def _does_not_go_with(code: str | None) -> str:
    return f"{INTERACTIVE} does not go with {code}."


def _missing_topics(code: str, topics: Collection[str] | None) -> tuple[str, ...]:
    if topics is None:
        return ()
    return tuple(f"the note lacks {words}" for topic, words in NEEDED_TOPICS.get(code, ()) if topic not in topics)


def _next(code: str, first: int, minutes: int) -> Alternative:
    rule = f"{code} starts at {first} whole minutes; this session has {minutes}."
    return Alternative(code, LABELS[code], first - minutes, rule)


def _too_short(what: str, needed: int, minutes: int, alternatives: tuple[Alternative, ...]) -> CodeProposal:
    sentence = f"{what} of less than {needed} whole minutes cannot be claimed; this session has {minutes}."
    return CodeProposal(
        None,
        "no code",
        sentence[0].upper() + sentence[1:],
        (f"at least {needed} whole face-to-face minutes; this session has {minutes}",),
        alternatives,
    )


def _ask(rule: str, missing: str) -> CodeProposal:
    return CodeProposal(None, "no code", f"{rule} A person decides.", (missing,), ask_a_person=True)


def _at_least(code: str) -> int | None:
    if code in (FAMILY, FAMILY_WITHOUT_PATIENT):
        return SHORTEST_FAMILY
    if code == CRISIS:
        return SHORTEST_CRISIS
    return next((first for name, first, _ in BANDS if name == code), None)


def _band_words(code: str) -> str:
    first, last = next((first, last) for name, first, last in BANDS if name == code)
    return f"{first} whole minutes or more" if last is None else f"{first} to {last} whole minutes"
