"""What a patient does about a check-in: reads what is asked, answers it once, in time or late."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import col, select

from acts.check_in_figures import figures_to_weigh_by
from acts.check_ins import close_links, homework_words, the_check_in
from acts.follow_ups import open_escalation
from acts.patient_visit import Visit, must_be_open, visit
from acts.risk_flags import flags_of_answers, flags_of_text
from acts.risk_reading import read_risk
from adapters import therapy_store
from adapters.operational_store import audit, one, reading, set_status, writing
from adapters.portal_links import make_proof, token_of
from language.risk_values import RiskReading
from models.codes import LinkPurpose, ReferralStatus, RiskLevel
from models.columns import utc_now
from models.errors import MovedOn
from models.measures import DEFINITIONS, Measure
from models.operational import CheckIn, Episode, PortalLink, Referral
from models.scheduling_codes import CheckInKind, CheckInStatus
from models.therapy_text import TherapyText
from rules import check_ins, jurisdiction, measures, triage
from rules.check_ins import Escalation

logger = logging.getLogger(__name__)

LONGEST_WORDS = 5000
WORDS = "check_in_words"
"""The kind of a free text that came with a check-in."""
ANSWERABLE = (CheckInStatus.SENT, CheckInStatus.UNANSWERED)
RULES_ONLY = jurisdiction.Permission(False, False, ("the classifier reads it next",), ())


class AnsweredAlready(MovedOn):
    """This check-in has its answers; nothing of a second try was kept."""


@dataclass(frozen=True)
class Asked:
    """What one check-in asks; ``homework`` are the clinician's own words for it."""

    kind: CheckInKind
    due_on: date
    homework: TherapyText
    answered: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one page of answers; ``missing`` are the questions without one, then nothing was kept."""

    kept: bool
    missing: tuple[int, ...] = ()
    late: bool = False
    show_crisis: bool = field(default=False, repr=False)


def asked(token: str, proof: str | None) -> Asked:
    """What this link asks; raises NotAllowed, or LinkClosed where it asks nothing any more."""
    with reading() as db:
        visitor = visit(db, token, proof)
        _must_ask(visitor)
        check_in = the_check_in(db, visitor.link.subject_id)
    answered = check_in.status == CheckInStatus.ANSWERED
    words = TherapyText("")
    if check_in.kind == CheckInKind.HOMEWORK and not answered:
        words = homework_words(check_in.plan_id, actor=visitor.actor, where="portal")
    return Asked(check_in.kind, check_in.due_on, words, answered)


def _must_ask(visitor: Visit) -> None:
    """A link whose check-in is answered may be opened again, to be told so."""
    if visitor.link.purpose != LinkPurpose.CHECK_IN or visitor.link.used_at is None:
        must_be_open(visitor, LinkPurpose.CHECK_IN)


def answer(
    token: str,
    proof: str | None,
    answers: Mapping[int, int],
    words: TherapyText | None = None,
    read: Callable[..., RiskReading] = read_risk,
) -> Outcome:
    """Keep the answers of one check-in, sealed, and open an escalation where they ask for a clinician.

    A late answer counts. The word rules read the words at once; the classifier reads them within a minute, where the
    law and the patient allow it (``tasks.check_in_words``). Raises AnsweredAlready, LinkClosed, NotAllowed, or
    ContractBroken for an answer that no option has.
    """
    with reading() as db:
        visitor = visit(db, token, proof)
        _must_ask(visitor)
        check_in = the_check_in(db, visitor.link.subject_id)
        episode = one(db, Episode, check_in.case_number)
    if check_in.status == CheckInStatus.ANSWERED:
        raise AnsweredAlready(f"check-in {check_in.id} is answered")
    check_ins.check_answered(check_in.kind, answers)
    missing = check_ins.still_to_answer(check_in.kind, answers)
    show_crisis = check_ins.shows_crisis_text(check_in.kind, answers, figures_to_weigh_by())
    if missing and not show_crisis:
        return Outcome(False, missing)
    found = from_answers(episode, check_in, answers)
    said = TherapyText(words.unwrap().strip()[:LONGEST_WORDS]) if words is not None else TherapyText("")
    _keep(check_in, answers, said, visitor.actor, complete=not missing)
    if missing:
        # a form that may never be finished, with an answer a clinician must see: they learn of it now
        _escalate(check_in, found, visitor.actor)
        return Outcome(False, missing, show_crisis=True)
    text_flags, from_words = _read_by_rules(check_in, said, read)
    records = _records(check_in)
    # before the escalation is opened, so that what is signed holds them
    therapy_store.raise_flags(check_in.case_number, flags_of_check_in(records) + text_flags)
    late = _take(check_in, check_ins.together(found, from_words), visitor.actor)
    # the words stay unread until the classifier was asked too
    therapy_store.raise_flags(check_in.case_number, [], [(each.id, therapy_store.state_of(each)) for each in records])
    return Outcome(True, late=late, show_crisis=show_crisis or _is_grave(from_words))


def from_answers(episode: Episode, check_in: CheckIn, answers: Mapping[int, int]) -> Escalation | None:
    """Whether these answers ask for a clinician, beside the same questions answered before, at intake too."""
    earlier = [
        therapy_store.answers_of(record)
        for number in _cases_of(episode)
        for record in therapy_store.answers(number, actor="system", where="weigh check-in")
        if record.measure == check_in.kind.value and record.source_key != check_in.id
    ]
    return check_ins.from_answers(check_in.kind, answers, earlier, figures_to_weigh_by())


def _cases_of(episode: Episode) -> list[str]:
    """The case that the care came from, if there is one, then the care itself."""
    with reading() as db:
        came_from = db.get(Referral, episode.opened_by)
    before = [] if came_from is None or came_from.status == ReferralStatus.CLOSED_DUPLICATE else [came_from.case_number]
    return [*before, episode.case_number]


def _keep(check_in: CheckIn, answers: Mapping[int, int], said: TherapyText, actor: str, *, complete: bool) -> None:
    """Sealed first: a crash after it leaves answers that nobody has read, which the sweep of unread content reads."""
    total, band, version = answers.get(1), None, check_ins.ONE_QUESTION_VERSION
    if check_in.kind in check_ins.MEASURES:
        measure = check_ins.MEASURES[check_in.kind]
        scored = measures.score(measure, answers)
        total, band, version = scored.total, scored.band, DEFINITIONS[measure].version
    therapy_store.keep_answers(
        check_in.case_number,
        check_in.kind.value,
        version,
        dict(answers),
        source_key=check_in.id,
        complete=complete,
        total=total,
        band=band,
        actor=actor,
    )
    if not said.is_blank:
        therapy_store.add_text(check_in.case_number, WORDS, said, source_key=check_in.id, actor=actor)


def _read_by_rules(
    check_in: CheckIn, said: TherapyText, read: Callable[..., RiskReading]
) -> tuple[list[therapy_store.RiskFlag], Escalation | None]:
    """What the word rules alone find at once, as flags of the kept text; whether that asks for a clinician."""
    if said.is_blank:
        return [], None
    text = next(
        each
        for each in therapy_store.texts(check_in.case_number, actor="system", where="weigh check-in")
        if each.kind == WORDS and each.source_key == check_in.id
    )
    flags = [
        flag
        for flag in flags_of_text(check_in.case_number, text, permission=RULES_ONLY, read=read)
        if flag.rule_id != triage.NOT_BY_THE_CLASSIFIER
    ]
    return flags, weighed(flags)


def weighed(flags: list[therapy_store.RiskFlag]) -> Escalation | None:
    """Whether these flags of a text ask for a clinician."""
    return check_ins.from_words(
        triage.Flag(triage.FlagKind(flag.kind), RiskLevel(flag.level), "check-in", flag.rule_id, flag.why)
        for flag in flags
    )


def _is_grave(found: Escalation | None) -> bool:
    return found is not None and triage.RANK[found.level] > triage.RANK[RiskLevel.LOW]


def _take(check_in: CheckIn, found: Escalation | None, actor: str) -> bool:
    """Mark the check-in answered, close its links, open what it asks for, in one transaction; says if it was late."""
    now = utc_now()
    with writing() as db:
        present = db.get_one(CheckIn, check_in.id, with_for_update=True)
        if present.status == CheckInStatus.ANSWERED:
            raise AnsweredAlready(f"check-in {check_in.id} is answered")
        late = present.answer_by is not None and now > present.answer_by
        present.answered_at = now
        set_status(db, present, CheckInStatus.ANSWERED, actor, late=late)
        close_links(db, present.id, used_at=now)
        if found is not None:
            open_escalation(
                db,
                one(db, Episode, present.case_number),
                found,
                unique_key=f"check-in:{present.id}",
                subject_id=present.id,
            )
    return late


def _escalate(check_in: CheckIn, found: Escalation | None, actor: str) -> None:
    if found is None:
        return
    with writing() as db:
        episode = one(db, Episode, check_in.case_number)
        open_escalation(db, episode, found, unique_key=f"check-in-unfinished:{check_in.id}", subject_id=check_in.id)
        audit(db, actor, "check_in.unfinished", check_in, check_in.case_number)


def _records(check_in: CheckIn) -> list[therapy_store.QuestionnaireAnswers]:
    return [
        record
        for record in therapy_store.answers(check_in.case_number, actor="system", where="weigh check-in")
        if record.source_key == check_in.id
    ]


def flags_of_check_in(records: Iterable[therapy_store.QuestionnaireAnswers]) -> list[therapy_store.RiskFlag]:
    """The flags of the item rules over those of these answers that are a questionnaire's."""
    return [
        flag
        for record in records
        if record.measure in tuple(Measure)
        for flag in flags_of_answers(record.case_number, [record])
    ]


def shows_crisis(kind: CheckInKind, given: Mapping[int, int]) -> bool:
    """Whether what was given so far asks for the clinic's static crisis text on the page."""
    return check_ins.shows_crisis_text(kind, given, figures_to_weigh_by())


def following(token: str, proof: str | None) -> tuple[str, str] | None:
    """The link, with its proof, of another check-in that this patient can answer now; ``None``: there is none."""
    with reading() as db:
        visitor = visit(db, token, proof)
        open_ones = (
            select(PortalLink)
            .join(CheckIn, col(CheckIn.id) == col(PortalLink.subject_id))
            .where(
                PortalLink.case_number == visitor.link.case_number,
                PortalLink.purpose == LinkPurpose.CHECK_IN,
                PortalLink.id != visitor.link.id,
                col(PortalLink.used_at).is_(None),
                col(PortalLink.revoked).is_(False),
                PortalLink.failed_checks == 0,
                col(PortalLink.expires_at) > utc_now(),
                CheckIn.status == CheckInStatus.SENT,
            )
            .order_by(col(CheckIn.due_on).desc(), col(CheckIn.id))
        )
        link = db.exec(open_ones).first()
    return (token_of(link), make_proof(link.id)) if link is not None else None
