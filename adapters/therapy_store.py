"""The door to the therapy database; only the listed tasks, acts and pages import it (a test holds the list).

Every read names who reads, on which step or page, and is audited in the same transaction.
"""

import json
import logging
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from adapters import therapy_store_seals as seals
from adapters.sealing import DataKey
from adapters.settings import settings
from adapters.therapy_store_seals import opened, opened_one
from models import audit_chain, databases
from models.columns import new_id, utc_now
from models.errors import SealBroken, UndeclaredRead
from models.purposes import purpose_of
from models.therapy import (
    AddendumWords,
    CaseFocus,
    CaseKey,
    ClaimChanges,
    ClaimContent,
    ClaimLetter,
    ContentKey,
    DecisionWords,
    IntakeText,
    NoteWorkingCopy,
    PrivateNote,
    QuarantinedContent,
    QuestionnaireAnswers,
    Screened,
    SealedDecidedFlag,
    SealedFlag,
    SessionDraft,
    SessionFacts,
    SessionTranscript,
    SignOffContent,
    TherapyAuditEvent,
    ToDoWords,
)
from models.therapy_text import TherapyText

__all__ = ["TherapyAuditEvent"]  # for who looks into the audit through this door

logger = logging.getLogger(__name__)

READ = "read"
"""The action of every event that says therapy content was read."""
REFUSED = "read.refused"
"""The action of every event that says a step was refused content it had not declared."""
CASE_CONTENT: tuple[type[Any], ...] = (
    AddendumWords, CaseFocus, ClaimChanges, ClaimContent, ClaimLetter, DecisionWords, IntakeText, NoteWorkingCopy,
    QuestionnaireAnswers, SealedDecidedFlag, SealedFlag, SessionDraft, SessionFacts, SessionTranscript,
    SignOffContent, ToDoWords,
)  # fmt: skip
"""The records that hold content of a case."""
ALL_CONTENT: tuple[type[Any], ...] = (*CASE_CONTENT, PrivateNote, QuarantinedContent)


@cache
def engine_for(url: str) -> Engine:
    return databases.open_engine(url)


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction that seals what it writes; what it sealed and any seal it found broken are in the audit."""
    try:
        with databases.writing(engine_for(settings().therapy_database)) as db:
            seals.watch(db)
            yield db
            db.flush()
            for case_number, fields in seals.take_sealed(db).items():
                audit(db, "system", "content.sealed", "case", case_number, case_number or None, seals=fields)
    except SealBroken as broken:
        _say_broken(broken)
        raise
    except UndeclaredRead as refusal:
        _say_refused(refusal)
        raise


def _say_broken(broken: SealBroken) -> None:
    """Put on record that sealed content was refused; the transaction that met it is rolled back already."""
    logger.error("a seal is broken: %s", broken)
    with databases.writing(engine_for(settings().therapy_database)) as db:
        audit(db, "system", "seal.broken", broken.table or "key", broken.record_id, None, field=broken.field)


def _say_refused(refusal: UndeclaredRead) -> None:
    """Put on record that a step was refused content it had not declared; nothing was opened for it."""
    if refusal.on_record:
        return
    refusal.on_record = True
    logger.error("a read is refused: %s", refusal)
    with databases.writing(engine_for(settings().therapy_database)) as db:
        for case_number in refusal.cases or (None,):
            audit(db, "system", REFUSED, "step", refusal.step, case_number, refusal.step, kinds=list(refusal.kinds))


@contextmanager
def reading() -> Iterator[Session]:
    try:
        with databases.reading(engine_for(settings().therapy_database)) as db:
            yield db
    except UndeclaredRead as refusal:
        _say_refused(refusal)
        raise


def audit(
    db: Session,
    actor: str,
    action: str,
    kind: str,
    key: str,
    case_number: str | None,
    where: str = "",
    *,
    purpose: str = "",
    **details: Any,
) -> None:
    """Append one event to the therapy database's audit, in the caller's transaction and at its end.

    A read says where and so why (models.purposes): raises NoPurpose when no purpose of use is known for it.
    """
    if action == READ and not purpose:
        purpose = purpose_of(where)
    audit_chain.collect(
        db,
        audit_chain.THERAPY,
        at=utc_now(),
        actor=actor,
        action=action,
        subject_kind=kind,
        subject_id=key,
        case_number=case_number,
        where=where,
        purpose=purpose,
        details=details,
    )


def as_text(value: Any) -> TherapyText:
    """Canonical JSON of a value as therapy content."""
    return TherapyText(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def add_text(case_number: str, kind: str, text: TherapyText, *, source_key: str = "", actor: str = "system") -> str:
    """Keep one free text of a case; the same kind and source again replaces it. Returns its id."""
    with writing() as db:
        found = db.exec(
            select(IntakeText)
            .where(IntakeText.case_number == case_number, IntakeText.kind == kind, IntakeText.source_key == source_key)
            .with_for_update()
        ).first()
        opened_one(db, found)
        if found is not None and found.text != text:
            _unread_again(db, found.id)
            found.edition += 1
        record = found or IntakeText(
            id=new_id("TX"), case_number=case_number, kind=kind, source_key=source_key, text=text
        )
        record.text = text
        db.add(record)
        audit(db, actor, "text.kept", "intake_text", record.id, case_number)
        return record.id


def texts(case_number: str, *, actor: str, where: str) -> list[IntakeText]:
    """Every free text of a case, oldest first; the read is recorded."""
    with writing() as db:
        found = db.exec(
            select(IntakeText).where(IntakeText.case_number == case_number).order_by(IntakeText.at, IntakeText.id)  # type: ignore[arg-type]
        ).all()
        audit(db, actor, READ, "intake_text", case_number, case_number, where, count=len(found))
        return opened(db, found)


def keep_answers(
    case_number: str,
    measure: str,
    version: str,
    answers: dict[int, int],
    *,
    source_key: str,
    complete: bool,
    total: int | None,
    band: str | None,
    actor: str = "system",
    authored_at: Any = None,
) -> None:
    """Keep the answers of one measure from one source; the same source again replaces them."""
    with writing() as db:
        found = db.exec(
            select(QuestionnaireAnswers)
            .where(
                QuestionnaireAnswers.case_number == case_number,
                QuestionnaireAnswers.measure == measure,
                QuestionnaireAnswers.source_key == source_key,
            )
            .with_for_update()
        ).first()
        if found is not None:
            _unread_again(db, found.id)
        record = found or QuestionnaireAnswers(
            id=new_id("QA"),
            case_number=case_number,
            measure=measure,
            instrument_version=version,
            source_key=source_key,
            answers=as_text({}),
        )
        record.answers = as_text({str(item): value for item, value in sorted(answers.items())})
        record.complete, record.scored = complete, as_text([total, band])
        record.authored_at = authored_at or utc_now()
        db.add(record)
        audit(db, actor, "answers.kept", "questionnaire_answers", record.id, case_number, measure=measure)


def answers(case_number: str, *, actor: str, where: str) -> list[QuestionnaireAnswers]:
    """Every set of answers of a case, oldest first; the read is recorded."""
    with writing() as db:
        found = db.exec(
            select(QuestionnaireAnswers)
            .where(QuestionnaireAnswers.case_number == case_number)
            .order_by(QuestionnaireAnswers.authored_at, QuestionnaireAnswers.id)  # type: ignore[arg-type]
        ).all()
        audit(db, actor, READ, "questionnaire_answers", case_number, case_number, where, count=len(found))
        return opened(db, found)


def answers_of(record: QuestionnaireAnswers) -> dict[int, int]:
    return {int(item): value for item, value in json.loads(record.answers.unwrap()).items()}


def measures_complete(case_number: str) -> set[str]:
    """Which measures of a case have a complete set of answers; reads no content."""
    with reading() as db:
        return set(
            db.exec(
                select(QuestionnaireAnswers.measure).where(
                    QuestionnaireAnswers.case_number == case_number,
                    QuestionnaireAnswers.complete == True,  # noqa: E712
                )
            ).all()
        )


def state_of(source: IntakeText | QuestionnaireAnswers) -> str:
    """What a screening has covered of a source: the edition of a text, or when a set of answers was authored."""
    if isinstance(source, IntakeText):
        return str(source.edition)
    return str(source.authored_at.isoformat())


def unread(case_number: str) -> list[str]:
    """The ids of the texts and sets of answers of a case that no screening has covered as they stand now."""
    with reading() as db:
        return [source.id for source in _unread(db, case_number)]


@dataclass(frozen=True)
class SourceState:
    """One source as it stands, named without its content."""

    source_id: str
    state: str
    source_key: str


def unread_states(case_number: str) -> list[SourceState]:
    """What no screening has covered, named without its content."""
    with reading() as db:
        return [named(source) for source in _unread(db, case_number)]


def named(source: IntakeText | QuestionnaireAnswers) -> SourceState:
    return SourceState(source.id, state_of(source), source.source_key)


def unread_sources(case_number: str, *, actor: str, where: str) -> list[IntakeText | QuestionnaireAnswers]:
    """What no screening has covered, with its content; the read is recorded."""
    with writing() as db:
        found = _unread(db, case_number)
        audit(db, actor, READ, "unread_sources", case_number, case_number, where, count=len(found))
        return opened(db, found)


def _unread(db: Session, case_number: str) -> list[IntakeText | QuestionnaireAnswers]:
    covered = {
        (row.source_id, row.state) for row in db.exec(select(Screened).where(Screened.case_number == case_number)).all()
    }
    sources: list[IntakeText | QuestionnaireAnswers] = [
        *db.exec(select(IntakeText).where(IntakeText.case_number == case_number)).all(),
        *db.exec(select(QuestionnaireAnswers).where(QuestionnaireAnswers.case_number == case_number)).all(),
    ]
    return [source for source in sources if (source.id, state_of(source)) not in covered]


def cases_with_unread() -> set[str]:
    """The cases that hold anything no screening has covered and that can still be read; reads no content.

    A source has a row in ``Screened`` only as it stands: changed content loses it in the transaction of the change.
    """
    with reading() as db:
        covered = select(Screened.source_id)
        texts_left = db.exec(select(IntakeText.case_number).where(col(IntakeText.id).not_in(covered))).all()
        answers_left = db.exec(
            select(QuestionnaireAnswers.case_number).where(col(QuestionnaireAnswers.id).not_in(covered))
        ).all()
        forgotten = db.exec(
            select(CaseKey.case_number)
            .join(ContentKey, col(ContentKey.id) == col(CaseKey.key_id))
            .where(ContentKey.wrapped == "")
        ).all()
    return {*texts_left, *answers_left} - set(forgotten)


def _unread_again(db: Session, source_id: str) -> None:
    db.exec(delete(Screened).where(col(Screened.source_id) == source_id))


def _mark_read(db: Session, case_number: str, read: Iterable[tuple[str, str]]) -> int:
    """Mark what was read, unless it has been changed since; returns how many sources are newly covered."""
    fresh = 0
    for source_id, state in set(read):
        # the row is held, so that a change of it waits and then takes the mark away again
        source = db.get(IntakeText, source_id, with_for_update=True) or db.get(
            QuestionnaireAnswers, source_id, with_for_update=True
        )
        if source is None or state_of(source) != state or db.get(Screened, (source_id, state)) is not None:
            continue
        db.add(Screened(source_id=source_id, state=state, case_number=case_number))
        fresh += 1
    return fresh


def hand_over(from_case: str, to_case: str, actor: str) -> None:
    """Keep what one case holds with another case of the same person, unread there, and covered by that here.

    Again changes nothing: what the other case holds already is not kept twice.
    """
    with writing() as db:
        words = opened(db, db.exec(select(IntakeText).where(IntakeText.case_number == from_case)).all())
        forms = opened(
            db, db.exec(select(QuestionnaireAnswers).where(QuestionnaireAnswers.case_number == from_case)).all()
        )
        held = {
            (text.kind, text.source_key)
            for text in db.exec(select(IntakeText).where(IntakeText.case_number == to_case)).all()
        }
        held_forms = {
            (form.measure, form.source_key)
            for form in db.exec(select(QuestionnaireAnswers).where(QuestionnaireAnswers.case_number == to_case)).all()
        }
        for text in words:
            key = f"{from_case}:{text.source_key}"
            if (text.kind, key) not in held:
                db.add(
                    IntakeText(
                        id=new_id("TX"), case_number=to_case, kind=text.kind, source_key=key, text=text.text, at=text.at
                    )
                )
        for form in forms:
            key = f"{from_case}:{form.source_key}"
            if (form.measure, key) not in held_forms:
                db.add(
                    QuestionnaireAnswers(
                        id=new_id("QA"),
                        case_number=to_case,
                        measure=form.measure,
                        instrument_version=form.instrument_version,
                        source_key=key,
                        answers=form.answers,
                        authored_at=form.authored_at,
                        complete=form.complete,
                        scored=form.scored,
                    )
                )
        sources: list[IntakeText | QuestionnaireAnswers] = [*words, *forms]
        _mark_read(db, from_case, [(source.id, state_of(source)) for source in sources])
        audit(db, actor, "content.handed_over", "case", from_case, to_case, count=len(words) + len(forms))


@dataclass
class RiskFlag:
    """One risk signal or rule that asks for a clinician; never a diagnosis, never an all-clear.

    ``starts``/``ends`` are character offsets into the text ``text_id`` as it was in its ``edition``; all are empty for
    an item rule. Of a session's transcript, ``turn`` says in which turn they lie.
    ``unique_key`` says what the flag is about, so that the same finding counts once.
    """

    id: str
    case_number: str
    unique_key: str = field(repr=False)
    kind: str = field(repr=False)
    status: str = field(repr=False)
    level: str = field(repr=False)
    raised_by: str
    rule_id: str = field(repr=False)
    why: str = field(repr=False)
    version: str
    probability: float | None = field(default=None, repr=False)
    text_id: str | None = None
    starts: int | None = None
    ends: int | None = None
    edition: int | None = None
    turn: int | None = None
    reviewed_by_approval: str | None = None
    at: datetime = field(default_factory=utc_now)

    def as_shown(self) -> dict[str, Any]:
        """What a signer is shown of it, and signs; plain values."""
        shown = {name: getattr(self, name) for name in ("id", *_FLAG_FACTS)}
        if self.turn is None:
            del shown["turn"]
        return shown | {"reviewed": self.reviewed_by_approval is not None}


_FLAG_FACTS = (
    *("kind", "status", "level", "raised_by", "rule_id", "why", "version", "probability"),
    *("text_id", "starts", "ends", "edition", "turn"),
)


def _sealed_flag(key: DataKey, flag: RiskFlag) -> SealedFlag:
    facts = {"key": flag.unique_key, **{name: getattr(flag, name) for name in _FLAG_FACTS}}
    return SealedFlag(
        id=flag.id,
        case_number=flag.case_number,
        unique_key=key.mark(flag.unique_key),
        facts=as_text(facts),
        reviewed_by_approval=flag.reviewed_by_approval,
        at=flag.at,
    )


def flag_of(record: SealedFlag) -> RiskFlag:
    """What an opened record says."""
    facts = json.loads(record.facts.unwrap())
    return RiskFlag(
        id=record.id,
        case_number=record.case_number,
        unique_key=facts.pop("key"),
        reviewed_by_approval=record.reviewed_by_approval,
        at=record.at,
        **facts,
    )


def raise_flags(case_number: str, flags: list[RiskFlag], read: Iterable[tuple[str, str]] = ()) -> int:
    """Keep the flags of one screening and mark what it read: (source id, state) pairs; returns how many flags are new.

    A flag with the same key stays as it is.
    """
    with writing() as db:
        covered = _mark_read(db, case_number, read)
        if covered:
            audit(db, "system", "sources.screened", "case", case_number, case_number, count=covered)
        known = set(db.exec(select(SealedFlag.unique_key).where(SealedFlag.case_number == case_number)).all())
        levels = {flag.id: flag.level for flag in flags}
        key = seals.key_of_case(db, case_number) if flags else None
        made = [_sealed_flag(key, flag) for flag in flags if key is not None]
        fresh = [record for mark, record in {each.unique_key: each for each in made}.items() if mark not in known]
        for record in fresh:
            db.add(record)
            audit(db, "system", "flag.raised", "risk_flag", record.id, case_number, level=levels[record.id])
        return len(fresh)


def flags(case_number: str, *, actor: str, where: str) -> list[RiskFlag]:
    with writing() as db:
        found = db.exec(
            select(SealedFlag).where(SealedFlag.case_number == case_number).order_by(SealedFlag.at, SealedFlag.id)  # type: ignore[arg-type]
        ).all()
        audit(db, actor, READ, "risk_flag", case_number, case_number, where, count=len(found))
        return [flag_of(record) for record in opened(db, found)]


def flag_ids(case_number: str, unique_keys: Collection[str]) -> dict[str, str]:
    """The id of each flag of a case that is kept under one of these keys; nothing else of the flags leaves here."""
    if not unique_keys:
        return {}
    with reading() as db:
        found = dict(
            db.exec(select(SealedFlag.unique_key, SealedFlag.id).where(SealedFlag.case_number == case_number)).all()
        )
        if not found:
            return {}
        key = seals.key_of_case(db, case_number)
        return {plain: found[mark] for plain in unique_keys if (mark := key.mark(plain)) in found}


@dataclass(frozen=True)
class RaisedFlag:
    """What raised a flag, and how urgent: facts to count by, without its kind and its evidence."""

    id: str
    case_number: str
    raised_by: str
    rule_id: str = field(repr=False)
    version: str
    level: str = field(repr=False)
    at: datetime


def raised_flags(since: datetime, until: datetime, *, actor: str, where: str) -> list[RaisedFlag]:
    """Every flag raised at ``since`` ≤ time < ``until``, of everybody who was not forgotten; the read is recorded.

    Read in parts, so that who writes meanwhile waits for one at most.
    """
    found: list[RaisedFlag] = []
    last_id, more = "", True
    while more:
        with writing() as db:
            kept = select(CaseKey.case_number).join(ContentKey, col(ContentKey.id) == col(CaseKey.key_id))
            rows = db.exec(
                select(SealedFlag)
                .where(
                    col(SealedFlag.id) > last_id,
                    col(SealedFlag.at) >= since,
                    col(SealedFlag.at) < until,
                    col(SealedFlag.case_number).in_(kept.where(ContentKey.wrapped != "")),
                )
                .order_by(SealedFlag.id)
                .limit(READ_AT_ONCE)
            ).all()
            audit(db, actor, READ, "risk_flag", "", None, where, count=len(rows))
            for flag in map(flag_of, opened(db, rows)):
                found.append(
                    RaisedFlag(
                        flag.id, flag.case_number, flag.raised_by, flag.rule_id, flag.version, flag.level, flag.at
                    )
                )
        more = len(rows) == READ_AT_ONCE
        last_id = rows[-1].id if rows else ""
    return found


def sign_off_openings(since: datetime, until: datetime) -> list[tuple[str, str, datetime]]:
    """Each time a person opened what a sign-off asks to sign: (approval, who, when); from the audit, no content."""
    event = TherapyAuditEvent
    with reading() as db:
        return list(
            db.exec(
                select(event.subject_id, event.actor, event.at).where(
                    event.action == READ,
                    event.subject_kind == "sign_off_content",
                    col(event.where).like("desk:%"),
                    col(event.at) >= since,
                    col(event.at) < until,
                )
            ).all()
        )


def open_levels(case_number: str) -> list[str]:
    """The level of every flag that no signed review has listed; nothing else of the flags leaves here."""
    with reading() as db:
        found = db.exec(
            select(SealedFlag).where(
                SealedFlag.case_number == case_number, col(SealedFlag.reviewed_by_approval).is_(None)
            )
        ).all()
        return [flag_of(record).level for record in opened(db, found)]


def ever_flagged(case_number: str) -> bool:
    """Whether any flag was ever raised in this case, reviewed or not; nothing of the flags leaves here."""
    with reading() as db:
        return db.exec(select(SealedFlag.id).where(SealedFlag.case_number == case_number)).first() is not None


def raised_since(case_number: str, moment: datetime) -> bool:
    """Whether a flag that no signed review has listed was raised after this moment; nothing else of it leaves here."""
    with reading() as db:
        later = select(SealedFlag.id).where(
            SealedFlag.case_number == case_number,
            col(SealedFlag.reviewed_by_approval).is_(None),
            col(SealedFlag.at) > moment,
        )
        return db.exec(later).first() is not None


def mark_reviewed(case_number: str, flag_ids: Collection[str], approval_id: str, actor: str) -> None:
    """The flags that a signed review listed count as reviewed by it; a flag it did not list stays open."""
    with writing() as db:
        for flag in db.exec(
            select(SealedFlag).where(SealedFlag.case_number == case_number, col(SealedFlag.id).in_(flag_ids))
        ).all():
            if flag.reviewed_by_approval is None:
                flag.reviewed_by_approval = approval_id
                db.add(flag)
        audit(db, actor, "flag.reviewed", "approval", approval_id, case_number)


def keep_sign_off_content(approval_id: str, case_number: str, content: TherapyText) -> None:
    """Keep exactly what is to be signed; written before the approval that pins its digest."""
    with writing() as db:
        if db.get(SignOffContent, approval_id) is None:
            db.add(SignOffContent(approval_id=approval_id, case_number=case_number, content=content))
            audit(db, "system", "content.kept", "sign_off_content", approval_id, case_number)


def sign_off_content(approval_id: str, *, actor: str, where: str) -> TherapyText:
    """What an approval asks to sign; the read is recorded. Raises KeyError when there is none."""
    with writing() as db:
        found = db.get(SignOffContent, approval_id)
        if found is None:
            raise KeyError(approval_id)
        audit(db, actor, READ, "sign_off_content", approval_id, found.case_number, where)
        return opened(db, [found])[0].content


@dataclass(frozen=True)
class DecidedFlag:
    """One flag of the reader that stood in a signed risk review, and the signer's label: ``None`` where left open.

    ``text`` is what it was raised from, where that was asked for and still stands as it was then.
    """

    id: str
    case_number: str
    decision_id: str
    at: datetime
    flag_id: str
    kind: str = field(repr=False)
    raised_by: str
    rule_id: str = field(repr=False)
    version: str
    probability: float = field(repr=False)
    text_id: str
    edition: int | None
    starts: int
    ends: int
    confirmed: bool | None = field(repr=False)
    text: TherapyText | None = None


_DECIDED_FACTS = (
    *("flag_id", "kind", "raised_by", "rule_id", "version", "probability", "text_id", "edition", "starts", "ends"),
    "confirmed",
)
READ_AT_ONCE = 1000


def keep_decision_words(
    decision_id: str,
    approval_id: str,
    case_number: str,
    reason: TherapyText,
    signed: TherapyText,
    actor: str,
    flags: Sequence[DecidedFlag] = (),
) -> None:
    """Keep the reason, the signed content and, of a risk review, what was said of the reader's flags."""
    with writing() as db:
        db.add(
            DecisionWords(
                decision_id=decision_id,
                approval_id=approval_id,
                case_number=case_number,
                reason=reason,
                signed_content=signed,
            )
        )
        audit(db, actor, "words.kept", "decision_words", decision_id, case_number)
        for flag in flags:
            facts = as_text({name: getattr(flag, name) for name in _DECIDED_FACTS})
            db.add(
                SealedDecidedFlag(id=flag.id, case_number=case_number, decision_id=decision_id, facts=facts, at=flag.at)
            )
        if flags:
            labelled = sum(flag.confirmed is not None for flag in flags)
            audit(db, actor, "flags.decided", "decision", decision_id, case_number, flags=len(flags), labelled=labelled)


def decided_flags(*, actor: str, where: str, texts: bool = False) -> list[DecidedFlag]:
    """Every row about a decided flag of everybody who was not forgotten; the read is recorded.

    ``texts``: labelled ones come with their text, which is recorded as a read of each case's texts. Whether the
    decision stands, the operational database knows. Read in parts, so that who writes meanwhile waits for one at most.
    """
    found: list[DecidedFlag] = []
    while True:
        part = _decided_after(found[-1].id if found else "", actor, where, texts)
        found += part
        if len(part) < READ_AT_ONCE:
            return found


def _decided_after(last_id: str, actor: str, where: str, texts: bool) -> list[DecidedFlag]:
    with writing() as db:
        kept = select(CaseKey.case_number).join(ContentKey, col(ContentKey.id) == col(CaseKey.key_id))
        rows = db.exec(
            select(SealedDecidedFlag)
            .where(
                col(SealedDecidedFlag.id) > last_id,
                col(SealedDecidedFlag.case_number).in_(kept.where(ContentKey.wrapped != "")),
            )
            .order_by(SealedDecidedFlag.id)
            .limit(READ_AT_ONCE)
        ).all()
        audit(db, actor, READ, "decided_flag", "", None, where, count=len(rows))
        found = [
            DecidedFlag(
                id=row.id,
                case_number=row.case_number,
                decision_id=row.decision_id,
                at=row.at,
                **json.loads(row.facts.unwrap()),
            )
            for row in opened(db, rows)
        ]
        return _with_texts(db, found, actor, where) if texts else found


def _with_texts(db: Session, flags: list[DecidedFlag], actor: str, where: str) -> list[DecidedFlag]:
    labelled = {flag.text_id for flag in flags if flag.confirmed is not None}
    stored = db.exec(select(IntakeText).where(col(IntakeText.id).in_(labelled))).all()
    for case_number, count in Counter(text.case_number for text in stored).items():
        audit(db, actor, READ, "intake_text", case_number, case_number, where, count=count)
    texts = {text.id: text for text in opened(db, stored)}
    return [replace(flag, text=_as_it_was(flag, texts.get(flag.text_id))) for flag in flags]


def _as_it_was(flag: DecidedFlag, text: IntakeText | None) -> TherapyText | None:
    if text is None or flag.confirmed is None or text.edition != flag.edition:
        return None
    return text.text


def decision_words(decision_id: str, *, actor: str, where: str) -> DecisionWords:
    """The reason and the signed content of a decision; raises KeyError when there is none."""
    return words_of_decisions([decision_id], actor=actor, where=where)[decision_id]


def words_of_decisions(decision_ids: Collection[str], *, actor: str, where: str) -> dict[str, DecisionWords]:
    """The same of many in one transaction, by decision; each read is recorded. One without words is left out."""
    with writing() as db:
        found = db.exec(select(DecisionWords).where(col(DecisionWords.decision_id).in_(decision_ids))).all()
        for record in found:
            audit(db, actor, READ, "decision_words", record.decision_id, record.case_number, where)
        return {record.decision_id: record for record in opened(db, found)}


def quarantine(content_id: str, row: dict[str, str]) -> None:
    """Keep a broken row whole; the same id again changes nothing."""
    with writing() as db:
        if db.get(QuarantinedContent, content_id) is None:
            db.add(QuarantinedContent(id=content_id, row_json=as_text(row)))
            audit(db, "system", "row.quarantined", "quarantined_content", content_id, None)


def quarantined(content_id: str, *, actor: str, where: str) -> dict[str, str]:
    with writing() as db:
        found = db.get(QuarantinedContent, content_id)
        if found is None:
            raise KeyError(content_id)
        audit(db, actor, READ, "quarantined_content", content_id, None, where)
        return dict(json.loads(opened(db, [found])[0].row_json.unwrap()))


def keep_focus(case_number: str, areas: tuple[str, ...]) -> None:
    with writing() as db:
        db.merge(CaseFocus(case_number=case_number, focus_areas=as_text(list(areas))))
        audit(db, "system", "focus.kept", "case_focus", case_number, case_number)


def focus(case_number: str, *, actor: str, where: str) -> tuple[str, ...]:
    with writing() as db:
        found = opened_one(db, db.get(CaseFocus, case_number))
        audit(db, actor, READ, "case_focus", case_number, case_number, where)
        return tuple(json.loads(found.focus_areas.unwrap())) if found else ()


def keep_to_do_words(
    to_do_id: str,
    case_number: str,
    *,
    question: TherapyText | None = None,
    answer: TherapyText | None = None,
    actor: str,
) -> None:
    with writing() as db:
        record = db.get(ToDoWords, to_do_id) or ToDoWords(to_do_id=to_do_id, case_number=case_number)
        record.question = question or record.question
        record.answer = answer or record.answer
        db.add(record)
        audit(db, actor, "words.kept", "to_do_words", to_do_id, case_number)


def to_do_words(to_do_id: str, *, actor: str, where: str) -> ToDoWords | None:
    with writing() as db:
        found = db.get(ToDoWords, to_do_id)
        if found is not None:
            audit(db, actor, READ, "to_do_words", to_do_id, found.case_number, where)
        return opened_one(db, found)


@dataclass(frozen=True)
class IntakeContent:
    """The therapy content one referral brought along; ``answers`` rows are (measure, version, answers, complete,
    total, band, authored_at)."""

    case_number: str
    text: TherapyText
    focus: tuple[str, ...]
    answers: tuple[tuple[str, str, dict[int, int], bool, int | None, str | None, datetime], ...]


def keep_intake(contents: Sequence[IntakeContent]) -> None:
    """Keep the content of many referrals in one transaction; what is kept already stays as it is."""
    with writing() as db:
        known = set(
            db.exec(
                select(CaseFocus.case_number).where(
                    col(CaseFocus.case_number).in_([content.case_number for content in contents])
                )
            ).all()
        )
        for content in contents:
            if content.case_number in known:
                continue
            db.add(CaseFocus(case_number=content.case_number, focus_areas=as_text(list(content.focus))))
            if not content.text.is_blank:
                db.add(
                    IntakeText(
                        id=new_id("TX"), case_number=content.case_number, kind="referral_text", text=content.text
                    )
                )
            for measure, version, answers_given, complete, total, band, authored_at in content.answers:
                db.add(
                    QuestionnaireAnswers(
                        id=new_id("QA"),
                        case_number=content.case_number,
                        measure=measure,
                        instrument_version=version,
                        source_key="referral",
                        answers=as_text({str(item): value for item, value in sorted(answers_given.items())}),
                        authored_at=authored_at,
                        complete=complete,
                        scored=as_text([total, band]),
                    )
                )
            audit(
                db,
                "system",
                "intake.kept",
                "case",
                content.case_number,
                content.case_number,
                measures=len(content.answers),
            )


def keep_repeat(content: IntakeContent, source_key: str) -> bool:
    """Keep what a repeated referral of an open case brings along, beside what is there.

    Says whether anything is new: words that the case does not hold yet, or answers of a measure. A third referral
    under the same key replaces nothing of the second, which may not have been read yet.
    """
    with writing() as db:
        held = opened(db, db.exec(select(IntakeText).where(IntakeText.case_number == content.case_number)).all())
        fresh_words = not content.text.is_blank and all(record.text != content.text for record in held)
        held_answers = opened(
            db,
            db.exec(select(QuestionnaireAnswers).where(QuestionnaireAnswers.case_number == content.case_number)).all(),
        )
        known = {(record.measure, record.answers.unwrap()) for record in held_answers}
    if fresh_words:
        add_text(content.case_number, "referral_text", content.text, source_key=f"{source_key}#{_apart()}")
    fresh_answers = False
    for measure, version, given, complete, total, band, authored_at in content.answers:
        spelled = as_text({str(item): value for item, value in sorted(given.items())})
        if (measure, spelled.unwrap()) in known:
            continue
        fresh_answers = True
        keep_answers(
            content.case_number,
            measure,
            version,
            given,
            source_key=f"{source_key}#{_apart()}",
            complete=complete,
            total=total,
            band=band,
            authored_at=authored_at,
        )
    return fresh_words or fresh_answers


def _apart() -> str:
    """What keeps several referrals under one number apart; chance, because a digest of words would tell them."""
    return secrets.token_hex(6)


def key_of_owner(owner_id: str) -> DataKey:
    """The data key of something that is sealed outside the database; raises Forgotten when it was destroyed."""
    with writing() as db:
        return seals.key_of_owner(db, owner_id)


def settle_case_key(case_number: str, actor: str = "system") -> bool:
    """Seal a case's content anew if it is not under the key of the case's patient; says whether it was not.

    For a case that was found to be about another, known person. Again changes nothing.
    """
    with writing() as db:
        owner = seals.owners_of_cases([case_number])[case_number]
        held = db.get(CaseKey, case_number, with_for_update=True)
        if held is None:
            return False
        key = seals.keys_of_owners(db, [owner])[owner]
        records = [
            record
            for record_type in CASE_CONTENT
            for record in db.exec(select(record_type).where(col(record_type.case_number) == case_number)).all()
            if seals.key_ids_of(record) - {key.id}
        ]
        if held.key_id == key.id and not records:
            return False
        held.key_id = key.id
        db.add(held)
        db.flush()
        for record in opened(db, records):
            seals.seal_again(record)
            if isinstance(record, SealedFlag):
                record.unique_key = seals.key_of_case(db, case_number).mark(json.loads(record.facts.unwrap())["key"])
            db.add(record)
        audit(db, actor, "content.sealed_anew", "case", case_number, case_number, data_key=key.id, count=len(records))
        return True


def reapply_forgettings() -> int:
    """Destroy again every key that was destroyed before a backup was put back; returns how many there were."""
    from adapters import therapy_store_keys  # it writes through this door

    return therapy_store_keys.reapply_forgettings()
