"""What a patient is asked before the first session, and what happens to the answers as they come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session, col, select

from acts.alarms import open_for_clinician, page_on_call, words_worry
from acts.patient_visit import Visit, must_be_open, visit
from adapters import therapy_store
from adapters.operational_store import (
    audit,
    move_case,
    reading,
    set_status,
    writing,
)
from models.codes import (
    LinkPurpose,
    MessageStatus,
    Modality,
    ReferralStatus,
    ToDoStatus,
)
from models.columns import new_id, utc_now
from models.measures import DEFINITIONS, Measure
from models.operational import OutboxMessage, ToDo
from models.therapy_text import TherapyText
from rules import jurisdiction, measures

ASKED = (Measure.PHQ9, Measure.GAD7, Measure.CSSRS_SCREENER)
SOURCE = "portal"
LONGEST_WORDS = 5000
LONGEST_UNFINISHED = timedelta(minutes=15)
"""How long a flagged, unfinished form stays with the patient before the on-call clinician is paged."""


@dataclass(frozen=True)
class IntakeChoices:
    """How the patient would like to be seen; ``consent_ai`` None means that they did not answer."""

    preferred_times: tuple[str, ...]
    modality: Modality
    language: str
    needs_accessible: bool
    consent_ai: bool | None


@dataclass(frozen=True)
class Questions:
    """What this patient is asked.

    ``drafts`` holds the answers given so far by measure and item. ``ask_consent`` is off where the law keeps
    the classifier off whatever the patient says.
    """

    language: str | None
    measures: tuple[Measure, ...]
    drafts: Mapping[Measure, Mapping[int, int]] = field(repr=False)
    words: TherapyText
    choices: IntakeChoices = field(repr=False)
    ask_consent: bool
    show_crisis: bool = field(repr=False)


@dataclass(frozen=True)
class AnswerOutcome:
    """What was reached; ``missing`` names measures with open questions, and ``choices`` till the end."""

    complete: bool
    missing: tuple[str, ...]
    show_crisis: bool = field(repr=False)


@dataclass(frozen=True, repr=False)
class _Forms:
    """The answers of a case: given on the portal, and measures that came complete from elsewhere."""

    given: dict[Measure, dict[int, int]]
    elsewhere: frozenset[Measure]

    @property
    def asked(self) -> tuple[Measure, ...]:
        return tuple(measure for measure in ASKED if measure not in self.elsewhere)

    @property
    def missing(self) -> tuple[Measure, ...]:
        return tuple(
            measure for measure in self.asked if measures.questions_to_ask(measure, self.given.get(measure, {}))
        )

    @property
    def flagged(self) -> bool:
        """Whether an answer speaks of suicide: PHQ-9 item 9 of 1 or more, any yes of the C-SSRS screener."""
        return any(measures.score(measure, answers).item_flags for measure, answers in self.given.items())


def questions(token: str, proof: str | None) -> Questions:
    """What is asked and what has been answered so far; raises NotAllowed or LinkClosed."""
    with reading() as db:
        visitor = visit(db, token, proof)
    must_be_open(visitor, LinkPurpose.QUESTIONNAIRES)
    forms = _forms(visitor)
    patient, referral = visitor.patient, visitor.referral
    return Questions(
        language=patient.language,
        measures=forms.asked,
        drafts=forms.given,
        words=_words(visitor),
        choices=IntakeChoices(
            tuple(referral.preferred_times),
            referral.modality,
            patient.language or "en",
            referral.needs_accessible,
            patient.consent_ai,
        ),
        ask_consent=_consent_matters(patient.state),
        show_crisis=forms.flagged,
    )


def _consent_matters(state: str | None) -> bool:
    """Whether a yes could change anything; where the state is unknown it could."""
    if state is None:
        return True
    today = utc_now().date()
    return jurisdiction.classifier_may_run(state, jurisdiction.ConsentFacts(True, today), today).allowed


def _forms(visitor: Visit) -> _Forms:
    given: dict[Measure, dict[int, int]] = {}
    elsewhere: set[Measure] = set()
    for record in therapy_store.answers(visitor.referral.case_number, actor=visitor.actor, where="portal"):
        measure = Measure(record.measure)
        if record.source_key == SOURCE:
            given[measure] = therapy_store.answers_of(record)
        elif record.complete:
            elsewhere.add(measure)
    return _Forms(given, frozenset(elsewhere))


def _words(visitor: Visit) -> TherapyText:
    kept = therapy_store.texts(visitor.referral.case_number, actor=visitor.actor, where="portal")
    mine = (text.text for text in kept if text.kind == "patient_words" and text.source_key == SOURCE)
    return next(mine, TherapyText(""))


def answer(
    token: str,
    proof: str | None,
    answers: Mapping[Measure, Mapping[int, int]],
    words: TherapyText | None = None,
    choices: IntakeChoices | None = None,
) -> AnswerOutcome:
    """Keep what was answered on one page; with the ``choices`` of the last page and nothing missing, finish.

    A later answer to an item replaces the earlier one. Finishing closes the link and sends the case to be
    screened; doing it twice gives the same answer. Raises ContractBroken for an answer that no option has.
    """
    for measure, given in answers.items():
        measures.check_answers(measure, given)
    with reading() as db:
        visitor = visit(db, token, proof)
    if visitor.link.purpose == LinkPurpose.QUESTIONNAIRES and visitor.link.used_at is not None:
        return AnswerOutcome(True, (), _forms(visitor).flagged)
    must_be_open(visitor, LinkPurpose.QUESTIONNAIRES)
    forms = _forms(visitor)
    changed = [measure for measure, given in answers.items() if given and measure in forms.asked]
    for measure in changed:
        forms.given[measure] = {**forms.given.get(measure, {}), **answers[measure]}
    kept_words = _words(visitor)
    finished = choices is not None and not forms.missing
    if not finished and (forms.flagged or words_worry(kept_words if words is None else words)):
        # before the answers are kept: a crash in between alarms for nothing instead of keeping silent
        with writing() as db:
            now_visitor = visit(db, token, proof)
            must_be_open(now_visitor, LinkPurpose.QUESTIONNAIRES)
            _alert_unless_finished(db, now_visitor)
    for measure in changed:
        _keep(visitor, measure, forms.given[measure])
    if words is not None and words != kept_words:
        _keep_words(visitor, words)
    with writing() as db:
        now_visitor = visit(db, token, proof)
        must_be_open(now_visitor, LinkPurpose.QUESTIONNAIRES)
        if choices is not None:
            _keep_choices(db, now_visitor, choices)
        if finished:
            _finish(db, now_visitor)
    missing = tuple(measure.value for measure in forms.missing)
    return AnswerOutcome(finished, missing if choices is not None else (*missing, "choices"), forms.flagged)


def _keep(visitor: Visit, measure: Measure, given: dict[int, int]) -> None:
    scored = measures.score(measure, given)
    therapy_store.keep_answers(
        visitor.referral.case_number,
        measure.value,
        DEFINITIONS[measure].version,
        given,
        source_key=SOURCE,
        complete=scored.complete,
        total=scored.total,
        band=scored.band,
        actor=visitor.actor,
    )


def _keep_words(visitor: Visit, words: TherapyText) -> None:
    therapy_store.add_text(
        visitor.referral.case_number,
        "patient_words",
        TherapyText(words.unwrap()[:LONGEST_WORDS]),
        source_key=SOURCE,
        actor=visitor.actor,
    )


def _keep_choices(db: Session, visitor: Visit, choices: IntakeChoices) -> None:
    referral, patient = visitor.referral, visitor.patient
    referral.preferred_times = list(choices.preferred_times)
    referral.modality, referral.needs_accessible = choices.modality, choices.needs_accessible
    patient.language = choices.language
    if choices.consent_ai is not None and choices.consent_ai != patient.consent_ai:
        patient.consent_ai, patient.consent_ai_on = choices.consent_ai, utc_now().date()
        audit(db, visitor.actor, "patient.consent_ai", patient, referral.case_number, agreed=choices.consent_ai)
    db.add(referral)
    db.add(patient)
    audit(db, visitor.actor, "portal.choices_kept", visitor.link, referral.case_number)


def _finish(db: Session, visitor: Visit) -> None:
    visitor.link.used_at = utc_now()
    db.add(visitor.link)
    audit(db, visitor.actor, "portal.answers_complete", visitor.link, visitor.referral.case_number)
    _end_alert(db, visitor)
    move_case(db, visitor.referral, ReferralStatus.READY_TO_SCREEN, actor=visitor.actor)


# -- flagged answers or worrying words in a form that is not finished: nobody screens it yet, so a person must know


def _alert_key(visitor: Visit) -> str:
    return f"unfinished-answers:{visitor.link.id}"


def _alert_unless_finished(db: Session, visitor: Visit) -> None:
    """A to-do for a clinician at once; a page to who is on call if the form is still open a little later."""
    key = _alert_key(visitor)
    if open_for_clinician(db, visitor.referral, key, new_id("TD")):
        page_on_call(db, visitor.referral, key, not_before=utc_now() + LONGEST_UNFINISHED)


def _end_alert(db: Session, visitor: Visit) -> None:
    """The answers go to be screened now; the risk review that opens takes the alert's place."""
    to_do = db.exec(select(ToDo).where(ToDo.unique_key == _alert_key(visitor))).first()
    if to_do is not None and to_do.status in (ToDoStatus.OPEN, ToDoStatus.CLAIMED):
        set_status(db, to_do, ToDoStatus.SUPERSEDED, visitor.actor)
    pages = db.exec(
        select(OutboxMessage).where(
            col(OutboxMessage.unique_key).startswith(_alert_key(visitor), autoescape=True),
            OutboxMessage.status == MessageStatus.QUEUED,
        )
    ).all()
    for page in pages:
        set_status(db, page, MessageStatus.DROPPED, visitor.actor)
