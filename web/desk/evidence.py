"""What a case says: the only desk module that opens the therapy database, each read on record by person and page."""

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters import therapy_store
from models.codes import SIGNED, RiskLevel
from models.measures import DEFINITIONS, Measure
from models.operational import Decision
from models.scheduling_codes import CheckInKind
from rules import labels
from rules.check_ins import HOMEWORK_SCALE, MOOD_SCALE
from rules.measures import PHQ9_SELF_HARM_ITEM, score
from rules.sign_off import digest
from rules.triage import NOT_READ, RANK, FlagKind
from web.desk import words
from web.desk.highlights import Part, Span, parts
from web.desk.members import Member

HIGHEST = {
    CheckInKind.PHQ9: 27,
    CheckInKind.GAD7: 21,
    CheckInKind.MOOD: MOOD_SCALE[-1],
    CheckInKind.HOMEWORK: HOMEWORK_SCALE[-1],
}
"""The greatest value of each kind of check-in."""


@dataclass(frozen=True)
class ShownFlag:
    """One reason for review, numbered as it is in the text; ``facts`` as they are signed.

    ``offered``: the signer may label it.
    """

    number: int
    facts: Mapping[str, Any] = field(repr=False)
    quote: str | None = field(repr=False)
    offered: bool = False

    @property
    def kind(self) -> str:
        return str(self.facts["kind"])

    @property
    def level(self) -> RiskLevel:
        return RiskLevel(self.facts["level"])

    @property
    def is_whole_text(self) -> bool:
        return self.kind == FlagKind.UNREAD_TEXT


@dataclass(frozen=True)
class ShownAnswer:
    number: int
    text: str = field(repr=False)
    answer: str | None = field(repr=False)
    value: int | None = field(repr=False)
    scored: bool
    flagged: bool


@dataclass(frozen=True)
class ShownMeasure:
    """One answered questionnaire; ``highest`` is the greatest total it can have, ``None`` where it is not summed."""

    title: str
    lead_in: str
    facts: Mapping[str, Any] = field(repr=False)
    answers: tuple[ShownAnswer, ...] = field(repr=False)
    highest: int | None

    @property
    def flagged(self) -> tuple[ShownAnswer, ...]:
        return tuple(answer for answer in self.answers if answer.flagged)


@dataclass(frozen=True)
class ShownText:
    """One free text with its evidence; ``unchanged`` False: it is not the text that the sign-off pins."""

    id: str
    title: str
    at: datetime
    parts: tuple[Part, ...] = field(repr=False)
    whole_text_flags: tuple[ShownFlag, ...]
    unchanged: bool


@dataclass(frozen=True)
class Evidence:
    """Everything a clinician reads before a risk review is signed."""

    flags: tuple[ShownFlag, ...]
    texts: tuple[ShownText, ...]
    measures: tuple[ShownMeasure, ...]
    classifier: Mapping[str, Any] | None

    @property
    def unchanged(self) -> bool:
        return all(text.unchanged for text in self.texts)

    @property
    def unread(self) -> bool:
        """Whether the risk reader could not read a text; one kept from the classifier was read by rules."""
        return any(flag.is_whole_text and flag.facts["rule_id"] == NOT_READ for flag in self.flags)


def content_to_sign(approval_id: str, me: Member, where: str) -> tuple[dict[str, Any], str]:
    """What an approval asks to sign, and the digest of exactly that."""
    text = therapy_store.sign_off_content(approval_id, actor=me.id, where=where).unwrap()
    return json.loads(text), digest(text)


def risk_evidence(content: Mapping[str, Any], me: Member, where: str) -> Evidence:
    """The evidence as the sign-off pins it, with the texts it points into."""
    stored = therapy_store.texts(content["case"], actor=me.id, where=where)
    pinned = {text["id"]: text["sha256"] for text in content["texts"]}
    found = [text for text in stored if text.id in pinned]
    flags = _flags(content["flags"], found, labels.offered(content))
    return Evidence(
        flags=flags,
        texts=tuple(_text(text, flags, pinned[text.id]) for text in found),
        measures=_measures(content["measures"]),
        classifier=content.get("classifier"),
    )


def escalation_evidence(content: Mapping[str, Any], me: Member, where: str) -> Evidence:
    """The same for an escalation, whose words lie with the patient's care; questions of our own are not among it."""
    asked = [each for each in content["measures"] if each["measure"] in tuple(Measure)]
    pinned = {**content, "case": content["episode"], "measures": asked}
    return risk_evidence(pinned, me, where)


@dataclass(frozen=True)
class AnswerRow:
    """One answered check-in; ``shown`` is its result in words, ``flagged`` the answer to PHQ-9 item 9 from 1 on."""

    at: datetime
    source_key: str
    value: int | None = field(repr=False)
    shown: str = field(repr=False)
    band: str | None = field(repr=False)
    flagged: int = field(repr=False)


@dataclass(frozen=True)
class AnswerSeries:
    """The answers to one kind of check-in, oldest first; ``highest`` is the greatest value there can be."""

    title: str
    highest: int
    rows: tuple[AnswerRow, ...] = field(repr=False)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Where each value lies in a drawing 240 wide and 60 high, the greatest at the top."""
        values = [row.value for row in self.rows if row.value is not None][-24:]
        step = 232 / max(len(values) - 1, 1)
        return tuple(
            (round(4 + place * step, 1), round(56 - 52 * v / self.highest, 1)) for place, v in enumerate(values)
        )

    @property
    def drawn(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.points)


def answers_over_time(case_number: str, me: Member, where: str) -> tuple[AnswerSeries, ...]:
    """Everything a patient in care has answered between sessions, by what was asked."""
    by_kind: dict[str, list[AnswerRow]] = {}
    for record in therapy_store.answers(case_number, actor=me.id, where=where):
        given = therapy_store.answers_of(record)
        flagged = given.get(PHQ9_SELF_HARM_ITEM, 0) if record.measure == Measure.PHQ9 else 0
        said = words.answer(record.measure, record.total, record.complete)
        row = AnswerRow(record.authored_at, record.source_key, record.total, said, record.band, flagged)
        by_kind.setdefault(record.measure, []).append(row)
    return tuple(
        AnswerSeries(words.CHECK_INS[kind], HIGHEST[kind], tuple(by_kind[kind])) for kind in HIGHEST if kind in by_kind
    )


def check_in_texts(case_number: str, me: Member, where: str) -> dict[str, str]:
    """What the patient wrote beside each check-in, by its id."""
    return {text.source_key: text.text.unwrap() for text in therapy_store.texts(case_number, actor=me.id, where=where)}


def case_evidence(case_number: str, me: Member, where: str) -> Evidence:
    """The evidence of a case as it stands now, outside any sign-off."""
    facts = [flag.as_shown() for flag in therapy_store.flags(case_number, actor=me.id, where=where)]
    stored = therapy_store.texts(case_number, actor=me.id, where=where)
    flags = _flags(facts, stored)
    measures = [
        {
            "measure": record.measure,
            "version": record.instrument_version,
            "total": record.total,
            "band": record.band,
            "complete": record.complete,
            "answers": {str(item): value for item, value in therapy_store.answers_of(record).items()},
            "source_key": record.source_key,
        }
        for record in therapy_store.answers(case_number, actor=me.id, where=where)
    ]
    return Evidence(
        flags=flags,
        texts=tuple(_text(text, flags, None) for text in stored),
        measures=_measures(measures),
        classifier=None,
    )


def _flags(
    facts: Sequence[Mapping[str, Any]], texts: Sequence[Any], offered: Container[str] = ()
) -> tuple[ShownFlag, ...]:
    """Numbered: the most urgent first, then in the order of the text."""
    by_id = {text.id: text for text in texts}
    ordered = sorted(
        facts, key=lambda it: (-RANK[RiskLevel(it["level"])], it["text_id"] or "", it["starts"] or 0, it["id"])
    )
    return tuple(
        ShownFlag(number, each, _quote(each, by_id.get(each["text_id"])), each["id"] in offered)
        for number, each in enumerate(ordered, start=1)
    )


def _quote(facts: Mapping[str, Any], text: Any) -> str | None:
    """The evidence; ``None`` where a flag has none, or its text has been changed since it was raised."""
    if facts["starts"] is None or text is None or facts["kind"] == FlagKind.UNREAD_TEXT:
        return None
    if facts.get("edition") not in (None, text.edition):
        return None
    words: str = text.text.unwrap()
    return words[facts["starts"] : facts["ends"]]


def _text(stored: Any, flags: tuple[ShownFlag, ...], pinned: str | None) -> ShownText:
    text = stored.text.unwrap()
    here = [flag for flag in flags if flag.facts["text_id"] == stored.id]
    spans = [
        Span(flag.number, flag.facts["starts"], flag.facts["ends"], RANK[flag.level])
        for flag in here
        if flag.quote is not None
    ]
    return ShownText(
        id=stored.id,
        title=words.TEXT_KINDS.get(stored.kind, words.plain(stored.kind).capitalize()),
        at=stored.at,
        parts=parts(text, spans),
        whole_text_flags=tuple(flag for flag in here if flag.is_whole_text),
        unchanged=pinned is None or hashlib.sha256(text.encode()).hexdigest() == pinned,
    )


def _measures(oldest_first: list[dict[str, Any]]) -> tuple[ShownMeasure, ...]:
    """The newest first, but before all others those with an answer that asks for review."""
    shown = [_measure(facts) for facts in reversed(oldest_first)]
    return tuple(sorted(shown, key=lambda measure: not measure.flagged))


def _measure(facts: Mapping[str, Any]) -> ShownMeasure:
    measure = Measure(facts["measure"])
    definition = DEFINITIONS[measure]
    values = {int(item): value for item, value in facts["answers"].items()}
    flagged = set(score(measure, values).item_flags)
    answers = tuple(
        ShownAnswer(
            number=item.number,
            text=item.text,
            answer=next((each.label for each in item.options if each.value == values.get(item.number)), None),
            value=values.get(item.number),
            scored=item.scored,
            flagged=f"{measure} item {item.number}" in flagged,
        )
        for item in definition.items
    )
    summed = facts["total"] is not None
    highest = sum(max(item.values) for item in definition.items if item.scored) if summed else None
    return ShownMeasure(definition.title, definition.lead_in, facts, answers, highest)


def break_glass_reason(words_id: str, me: Member, where: str) -> str | None:
    """Why somebody opened a case in an emergency, for who reviews it."""
    found = therapy_store.to_do_words(words_id, actor=me.id, where=where)
    return found.answer.unwrap() if found and found.answer else None


def decision_reasons(decision_ids: list[str], me: Member, where: str) -> dict[str, str]:
    """The words each of these decisions was given with; a decision without words is left out."""
    found = {}
    for decision_id in decision_ids:
        try:
            record = therapy_store.decision_words(decision_id, actor=me.id, where=where)
        except KeyError:
            continue
        if not record.reason.is_blank:
            found[decision_id] = record.reason.unwrap()
    return found


def to_do_question(to_do_id: str, me: Member, where: str) -> str | None:
    """What was asked with a to-do, if anything was."""
    found = therapy_store.to_do_words(to_do_id, actor=me.id, where=where)
    return found.question.unwrap() if found and found.question else None


@dataclass(frozen=True)
class Note:
    """What was asked and what was answered or given as a reason with one step of a case."""

    question: str | None = field(repr=False)
    answer: str | None = field(repr=False)


def notes(ids: Sequence[str], me: Member, where: str) -> dict[str, Note]:
    """The words kept under each of these ids (of to-dos, of reasons for a step); one without words is left out."""
    found = {}
    for each in ids:
        kept = therapy_store.to_do_words(each, actor=me.id, where=where)
        if kept is not None and (kept.question or kept.answer):
            found[each] = Note(
                kept.question.unwrap() if kept.question else None, kept.answer.unwrap() if kept.answer else None
            )
    return found


def signed_letter(decision: Decision, me: Member, where: str) -> str | None:
    """The letter exactly as it was signed; ``None`` when what is kept is not what was signed."""
    try:
        kept = therapy_store.decision_words(decision.id, actor=me.id, where=where).signed_content.unwrap()
    except KeyError:
        return None
    sendable = decision.verdict in SIGNED
    if not sendable or digest(kept) != decision.signed_digest:
        return None
    return str(json.loads(kept).get("letter", "")) or None


def quarantined_cells(content_id: str, me: Member, where: str) -> dict[str, str]:
    """What the sender wrote in a row that broke its contract, by column; empty cells are left out."""
    cells = therapy_store.quarantined(content_id, actor=me.id, where=where)
    return {name: cell for name, cell in cells.items() if str(cell).strip()}
