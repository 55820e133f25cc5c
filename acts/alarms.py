"""Reads at once, by the rules alone, what nobody has screened yet, and puts it before a clinician."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlmodel import Session, select

from acts.practice_clocks import clock_policy
from acts.risk_reading import read_risk
from acts.staff import clinicians_on_call
from adapters import therapy_store
from adapters.operational_store import one, open_to_do, queue_message, reading, writing
from language.risk_values import RiskReading
from models.codes import MessageChannel, ReferralStatus, RiskLevel, Role, ToDoKind
from models.columns import utc_now
from models.measures import Measure
from models.operational import Referral, ToDo
from models.therapy_text import TherapyText
from rules import clocks, triage

logger = logging.getLogger(__name__)

Source = therapy_store.IntakeText | therapy_store.QuestionnaireAnswers
WORRYING = (RiskLevel.MODERATE, RiskLevel.HIGH)
TEXT_MESSAGE = "sms:"


def words_worry(
    words: TherapyText, read: Callable[..., RiskReading] = read_risk, *, must_be_legible: bool = True
) -> bool:
    """Whether the rules alone find a risk in some words; no consent is asked for that, so no classifier runs.

    Words that cannot be read worry, a person must read them; ``must_be_legible`` is off for codes and labels.
    """
    if words.is_blank:
        return False
    try:
        reading_of_words = read(words.unwrap(), rules_only=True)
    except Exception as failure:  # the safety path: what could not be read is a person's to read
        logger.error("words could not be read for risk (%s)", type(failure).__name__)
        return True
    signals = [triage.Signal(signal.kind, signal.status) for signal in reading_of_words.signals]
    readable = reading_of_words.readable or not must_be_legible
    return triage.level_from_signals(signals, readable=readable) in WORRYING


def answers_worry(forms: Mapping[Measure, Mapping[int, int]]) -> bool:
    """Whether the item rules ask for a clinician about these answers."""
    return bool(triage.flags_from_measures(forms))


def worries(source: Source) -> bool:
    if isinstance(source, therapy_store.IntakeText):
        return words_worry(source.text)
    return answers_worry({Measure(source.measure): therapy_store.answers_of(source)})


def alarm_if_worrying(case_number: str, *, actor: str = "system", where: str = "alarm") -> bool:
    """Page who is on call about whatever worries among what no screening of this case has read, and open the
    clinician's to-do with the words; says whether anything worries. Again tells nobody twice."""
    with reading() as db:
        referral = one(db, Referral, case_number)
    worrying = [
        source for source in therapy_store.unread_sources(case_number, actor=actor, where=where) if worries(source)
    ]
    put_before_clinician(referral, worrying, urgent=True)
    return bool(worrying)


def key_of(source: therapy_store.SourceState) -> str:
    """The unique key of the to-do about one source as it stands now."""
    if source.source_key.startswith(TEXT_MESSAGE):
        return f"text-message:{source.source_key.removeprefix(TEXT_MESSAGE)}"
    return f"unread:{source.source_id}:{source.state[:32]}"


def put_before_clinician(referral: Referral, sources: Iterable[Source], *, urgent: bool) -> int:
    """Open the clinicians' to-do for each source, with its words as the question; urgently also page who is on call.

    Returns how many to-dos are new.
    """
    opened = 0
    for source in sources:
        key = key_of(therapy_store.named(source))
        to_do_id = f"TD-{hashlib.sha256(key.encode()).hexdigest()[:20]}"
        with reading() as db:
            known = db.exec(select(ToDo.id).where(ToDo.unique_key == key)).first()
        if known is None:
            therapy_store.keep_to_do_words(to_do_id, referral.case_number, question=_words_of(source), actor="system")
        with writing() as db:
            opened += open_for_clinician(db, referral, key, to_do_id)
            if urgent:
                page_on_call(db, referral, key)
    return opened


def _words_of(source: Source) -> TherapyText:
    if isinstance(source, therapy_store.IntakeText):
        return TherapyText(source.text.unwrap())
    given = json.loads(source.answers.unwrap())
    items = ", ".join(f"item {item}: {value}" for item, value in given.items())
    return TherapyText(f"Answers to {source.measure}: {items}")


def open_for_clinician(db: Session, referral: Referral, key: str, to_do_id: str) -> bool:
    """Open a to-do for the clinicians of the case's place, once per key, in the caller's transaction."""
    return open_to_do(
        db,
        ToDo(
            id=to_do_id,
            unique_key=key,
            case_number=referral.case_number,
            kind=ToDoKind.WARM_HANDOFF,
            role=Role.CLINICIAN,
            location_id=referral.location_id,
            due_at=clocks.to_do_due(ToDoKind.WARM_HANDOFF, utc_now(), clock_policy(db)),
        ),
    )


def page_on_call(db: Session, referral: Referral, key: str, *, not_before: datetime | None = None) -> None:
    """Page the clinicians on call at the case's place, and the clinician assigned to it, once per key."""
    people = {person.id for person in clinicians_on_call(db, referral.location_id)} | {referral.clinician_id or ""}
    for staff_id in sorted(people - {""}):
        queue_message(
            db,
            unique_key=f"{key}:{staff_id}",
            channel=MessageChannel.PAGE,
            template="page_risk_review",
            case_number=referral.case_number,
            to_staff_id=staff_id,
            not_before=not_before,
            urgent=True,
        )


# -- a case that a person ends or reroutes while nobody has signed for its risk


def risk_is_open(referral: Referral) -> bool:
    """Whether a risk review is open, or a moderate or high flag stands that no clinician has reviewed."""
    standing = referral.came_from if referral.status == ReferralStatus.QUESTION_OPEN else referral.status
    if standing == ReferralStatus.RISK_REVIEW:
        return True
    return bool(set(therapy_store.open_levels(referral.case_number)) & set(WORRYING))


def leave_open_risk_to_clinician(db: Session, referral: Referral, why: TherapyText | None) -> bool:
    """Before a case leaves its present status by hand: a clinician learns of the risk that nobody has signed for.

    In the caller's transaction; ``why`` are the words of whoever moves it. Says whether a risk was open.
    """
    if not risk_is_open(referral):
        return False
    key = f"open-risk:{referral.case_number}:{referral.version}"
    to_do_id = f"TD-{hashlib.sha256(key.encode()).hexdigest()[:20]}"
    said = why.unwrap() if why is not None else ""
    question = TherapyText(f"This case was moved by hand while its risk was not signed for. {said}".strip())
    therapy_store.keep_to_do_words(to_do_id, referral.case_number, question=question, actor="system")
    open_for_clinician(db, referral, key, to_do_id)
    page_on_call(db, referral, key)
    return True
