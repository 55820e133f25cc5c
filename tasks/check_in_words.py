"""Reads what patients in care answered or wrote, where nothing but the word rules has read it yet."""

from collections.abc import Callable
from datetime import datetime

from acts import pilot_reading
from acts.check_in_answers import flags_of_check_in, from_answers, weighed
from acts.follow_ups import open_escalation
from acts.risk_flags import flags_of_text
from acts.risk_reading import read_risk
from adapters import operational_store as store
from adapters import therapy_store
from language.risk_values import RiskReading
from models.columns import utc_now
from models.operational import CheckIn, Episode, Patient
from rules import jurisdiction
from rules.check_ins import Escalation

WHERE = "read check-in"


def read_unread(case_number: str, now: datetime | None = None, read: Callable[..., RiskReading] = read_risk) -> int:
    """Read what one patient in care said since it was last looked at; opens what it asks for. Returns how many sources.

    The escalation before the mark that it was read: after a crash in between it is read again, and opened once.
    """
    with store.reading() as db:
        episode = store.one(db, Episode, case_number)
        patient = store.one(db, Patient, episode.patient_id)
    permission = jurisdiction.classifier_may_run(
        patient.state,
        jurisdiction.ConsentFacts(patient.consent_ai, patient.consent_ai_on),
        (now or utc_now()).date(),
    )
    sources = therapy_store.unread_sources(case_number, actor="system", where=WHERE)
    for source in sources:
        if isinstance(source, therapy_store.IntakeText):
            flags = _raised(episode, source, permission, read)
            found, key = weighed(flags), f"check-in-words:{source.id}:{source.edition}"
        else:
            flags = flags_of_check_in([source])
            therapy_store.raise_flags(case_number, flags)
            found, key = _from_answers(episode, source), f"check-in:{source.source_key}"
        if found is not None:
            with store.writing() as db:
                episode = store.one(db, Episode, case_number)
                open_escalation(db, episode, found, unique_key=key, subject_id=source.source_key)
        therapy_store.raise_flags(case_number, [], [(source.id, therapy_store.state_of(source))])
    return len(sources)


def _raised(
    episode: Episode,
    text: therapy_store.IntakeText,
    permission: jurisdiction.Permission,
    read: Callable[..., RiskReading],
) -> list[therapy_store.RiskFlag]:
    """Raise what counts of one text: what the reader in force says and, where a pilot has it, the new one."""
    number = episode.case_number
    in_force = flags_of_text(number, text, permission=permission, read=read)
    tried = pilot_reading.trial_of_care(episode)
    new = tried.flags_of(number, [text], permission) if tried is not None else []
    flags = tried.counting(in_force, new) if tried is not None else in_force
    therapy_store.raise_flags(number, flags)
    if tried is not None:
        tried.keep(number, [(text.id, therapy_store.state_of(text))], in_force, new)
    return flags


def _from_answers(episode: Episode, answered: therapy_store.QuestionnaireAnswers) -> Escalation | None:
    """What a crash kept from being weighed when it was answered."""
    with store.reading() as db:
        check_in = db.get(CheckIn, answered.source_key)
    if check_in is None:
        return None
    return from_answers(episode, check_in, therapy_store.answers_of(answered))
