"""The 271 (005010X279A1): what a payer says a person is covered for."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, BinaryIO

from adapters.x12.elements import (
    WHOLE,
    broken,
    cents_or_none,
    date_at,
    hundredths,
    money,
    needed,
    out_of_place,
    parts_at,
    period_at,
    share,
    value,
    whole,
)
from adapters.x12.eligibility_requests import PARENTS, repeated
from adapters.x12.hierarchy import Hierarchy
from adapters.x12.kinds import ELIGIBILITY_ANSWER
from adapters.x12.segments import USUAL, Delimiters, Segments
from adapters.x12.writing import InterchangeWriter, written
from models.claim_form import Envelope, PayerName, PersonName
from models.eligibility import Benefit, EligibilityAnswer, Refusal

_LOOPS = {"20": "A", "21": "B", "22": "C", "23": "D"}
_GROUP_NUMBER = "6P"
_UNNAMED = "NOT NAMED"


def read_271(stream: BinaryIO) -> Iterator[EligibilityAnswer]:
    """The answers of the file: one for each subscriber, or for each dependent where some stand under a subscriber.

    A subscriber above dependents is an answer too if benefits of their own are told. A refusal of the payer or the
    provider, and of the subscriber above a dependent, is part of every answer under it; where nobody stands under it,
    it is an answer about nobody, without a trace. ``trace`` is the first TRN*2 (ours; TRN*1 is the payer's own).
    A quantity that is no whole number is None.
    """
    segments = Segments(stream, ELIGIBILITY_ANSWER)
    reading = _Reading(segments.delimiters)
    for number, elements in segments:
        tag = elements[0]
        if tag == "ST":
            reading.begin()
        elif tag == "HL":
            yield from reading.next_level(number, elements)
        elif tag == "SE":
            yield from reading.end(number)
        elif tag != "BHT" and reading.levels:
            reading.take(number, elements)
        elif tag in ("EB", "NM1", "AAA", "TRN"):
            raise out_of_place(number, elements, "HL")


def write_271(envelope: Envelope, answers: Iterable[EligibilityAnswer], delimiters: Delimiters = USUAL) -> str:
    """One interchange with one set, every answer with levels of its own from the payer down.

    The provider is the envelope's receiver. Refusals stand in the loop they name; one of a 2110 loop after the
    benefits. Every ``segment`` is made anew. Raises X12Broken.
    """
    writer = InterchangeWriter(envelope, ELIGIBILITY_ANSWER, delimiters)
    writer.open_set()
    today = written(envelope.at.date())
    writer.add("BHT", "0022", "11", f"{envelope.control_number:09}", today, f"{envelope.at:%H%M}")
    for answer in answers:
        _write_answer(writer, answer)
    writer.close_set()
    return writer.finished()


def _write_answer(writer: InterchangeWriter, answer: EligibilityAnswer) -> None:
    envelope = writer.envelope
    about_somebody = bool(answer.trace or answer.member_id or answer.benefits or answer.patient.family_name)
    level = writer.add_level(None, "20", True)
    _write_refusals(writer, answer, "2000A")
    writer.add("NM1", "PR", "2", answer.payer.name, "", "", "", "", "PI", answer.payer.payer_id)
    _write_refusals(writer, answer, "2100A")
    if not about_somebody and not any(refusal.loop.endswith("B") for refusal in answer.refusals):
        return
    level = writer.add_level(level, "21", about_somebody)
    writer.add("NM1", "1P", "2", envelope.receiver_name or _UNNAMED, "", "", "", "", "SV", envelope.receiver_id)
    _write_refusals(writer, answer, "2100B")
    if not about_somebody:
        return
    level = writer.add_level(level, "22", answer.is_dependent)
    identified = ("MI", answer.member_id) if answer.member_id else ("", "")
    if answer.is_dependent:
        writer.add("NM1", "IL", "1", "", "", "", "", "", *identified)
        _write_refusals(writer, answer, "2100C")
        writer.add_level(level, "23", False)
        identified = ("", "")
    if answer.trace:
        writer.add("TRN", "2", answer.trace, f"9{envelope.receiver_id[:9]:0<9}")
    patient, last = answer.patient, "D" if answer.is_dependent else "C"
    names = (patient.family_name, patient.given_name, patient.middle_name)
    writer.add("NM1", "03" if answer.is_dependent else "IL", "1", *names, "", "", *identified)
    if answer.group_number:
        writer.add("REF", _GROUP_NUMBER, answer.group_number)
    _write_refusals(writer, answer, f"2100{last}")
    if patient.birth_date is not None or patient.sex:
        writer.add("DMG", "D8" if patient.birth_date else "", written(patient.birth_date), patient.sex)
    for qualifier, first, until in answer.plan_dates:
        _write_dates(writer, qualifier, first, until)
    for benefit in answer.benefits:
        _write_benefit(writer, benefit)
    _write_refusals(writer, answer, f"2110{last}")


def _write_refusals(writer: InterchangeWriter, answer: EligibilityAnswer, loop: str) -> None:
    for refusal in answer.refusals:
        if refusal.loop == loop:
            writer.add("AAA", "N" if loop.startswith("2110") else "Y", "", refusal.reason, refusal.follow_up)


def _write_dates(writer: InterchangeWriter, qualifier: str, first: date, until: date | None) -> None:
    if until is None:
        writer.add("DTP", qualifier, "D8", written(first))
    else:
        writer.add("DTP", qualifier, "RD8", f"{written(first)}-{written(until)}")


def _write_benefit(writer: InterchangeWriter, benefit: Benefit) -> None:
    if benefit.percent is not None and not 0 <= benefit.percent <= WHOLE:
        raise writer.refused("EB", 8, "a share between 0 and 1 was expected")
    writer.add(
        *("EB", benefit.code, benefit.level, list(benefit.service_types), benefit.insurance_type, benefit.plan),
        *(benefit.period, "" if benefit.amount_cents is None else money(benefit.amount_cents)),
        *("" if benefit.percent is None else share(benefit.percent), benefit.quantity_kind),
        *("" if benefit.quantity is None else benefit.quantity, benefit.needs_authorisation, benefit.in_network),
        ("HC", benefit.procedure) if benefit.procedure else "",
    )
    for qualifier, first, until in benefit.dates:
        _write_dates(writer, qualifier, first, until)
    for message in benefit.messages:
        writer.add("MSG", message)
    if benefit.related:
        writer.add("LS", "2120")
        for entity, name, number in benefit.related:
            writer.add("NM1", entity, "2", name, "", "", "", "", "PI" if number else "", number)
        writer.add("LE", "2120")


class _Level:
    """One HL of the file, with what stands under it."""

    def __init__(self, number: int, code: str) -> None:
        self.number = number
        self.code = code
        self.name = self.identifier = self.trace = self.group_number = ""
        self.person = PersonName("")
        self.refusals: list[Refusal] = []
        self.plan_dates: list[tuple[str, date, date | None]] = []
        self.benefits: list[Benefit] = []
        self.is_answered = False
        self.last = number


class _Reading:
    """The levels from the payer down to where the file stands."""

    def __init__(self, delimiters: Delimiters) -> None:
        self.delimiters = delimiters
        self.begin()

    def begin(self) -> None:
        self.hierarchy = Hierarchy(PARENTS)
        self.levels: list[_Level] = []
        self.in_benefit = False

    def next_level(self, number: int, elements: list[str]) -> Iterator[EligibilityAnswer]:
        code = self.hierarchy.level(number, elements)
        if self.levels:
            self.levels[-1].last = number - 1
        while self.levels and self.levels[-1].code >= code:
            yield from self._close()
        self.levels.append(_Level(number, code))
        self.in_benefit = False

    def end(self, number: int) -> Iterator[EligibilityAnswer]:
        if self.levels:
            self.levels[-1].last = number - 1
        while self.levels:
            yield from self._close()

    def take(self, number: int, elements: list[str]) -> None:
        level, tag = self.levels[-1], elements[0]
        match tag:
            case "TRN":
                if value(elements, 1) == "2" and not level.trace:
                    level.trace = needed(number, elements, 2, "the request's number")
            case "NM1":
                self._named(level, elements)
            case "AAA":
                loop = f"2{'110' if self.in_benefit else '100' if level.name else '000'}{_LOOPS[level.code]}"
                level.refusals.append(
                    Refusal(needed(number, elements, 3, "a reason"), value(elements, 4), loop, number)
                )
            case "EB":
                self.in_benefit = True
                level.benefits.append(self._benefit(number, elements))
            case "DTP" | "MSG" | "HSD" if self.in_benefit:
                level.benefits[-1] = self._under(level.benefits[-1], number, elements)
            case "DTP":
                level.plan_dates.append((value(elements, 1), *period_at(number, elements, 3)))
            case "REF" if not self.in_benefit and value(elements, 1) == _GROUP_NUMBER:
                level.group_number = value(elements, 2)
            case "DMG":
                born = date_at(number, elements, 2) if value(elements, 2) else None
                level.person = replace(level.person, birth_date=born, sex=value(elements, 3))
            case _:
                pass

    def _named(self, level: _Level, elements: list[str]) -> None:
        names = value(elements, 3), value(elements, 4), value(elements, 5)
        if self.in_benefit:
            benefit = level.benefits[-1]
            name = " ".join(part for part in (names[1], names[0]) if part)
            related = (*benefit.related, (value(elements, 1), name, value(elements, 9)))
            level.benefits[-1] = replace(benefit, related=related)
        else:
            level.name = value(elements, 1)
            level.person, level.identifier = PersonName(*names), value(elements, 9)

    def _benefit(self, number: int, elements: list[str]) -> Benefit:
        quantity = value(elements, 10)
        procedure = parts_at(number, elements, 13, self.delimiters.component, 2)[1] if value(elements, 13) else ""
        return Benefit(
            code=needed(number, elements, 1, "what is told of the benefit"),
            segment=number,
            level=value(elements, 2),
            service_types=tuple(repeated(value(elements, 3), self.delimiters.repetition)),
            insurance_type=value(elements, 4),
            plan=value(elements, 5),
            period=value(elements, 6),
            amount_cents=cents_or_none(number, elements, 7),
            percent=_percent(number, elements, 8),
            quantity_kind=value(elements, 9),
            quantity=_whole_or_none(quantity),
            needs_authorisation=value(elements, 11),
            in_network=value(elements, 12),
            procedure=procedure,
        )

    def _under(self, benefit: Benefit, number: int, elements: list[str]) -> Benefit:
        match elements[0]:
            case "DTP":
                return replace(benefit, dates=(*benefit.dates, (value(elements, 1), *period_at(number, elements, 3))))
            case "MSG":
                return replace(benefit, messages=(*benefit.messages, value(elements, 1)))
            case _ if benefit.quantity is None and not benefit.quantity_kind:
                # Some payers tell a number of visits in HSD01 and HSD02 alone.
                kind, quantity = value(elements, 1), _whole_or_none(value(elements, 2))
                return replace(benefit, quantity_kind=kind, quantity=quantity)
            case _:
                return benefit

    def _close(self) -> Iterator[EligibilityAnswer]:
        """The last level's answer, if it is one; the levels above it know then that somebody was answered."""
        level, above = self.levels[-1], self.levels[:-1]
        is_person = level.code in ("22", "23")
        tells = bool(level.refusals) or is_person
        if tells and (not level.is_answered or (is_person and level.benefits)):
            yield self._answer(level)
        self.levels.pop()
        if tells or level.is_answered:
            for one in above:
                one.is_answered = True

    def _answer(self, level: _Level) -> EligibilityAnswer:
        of: dict[str, Any] = {one.code: one for one in self.levels}
        subscriber: _Level | None = of.get("22")
        payer: _Level = of["20"]
        is_dependent = level.code == "23"
        person = level if level.code in ("22", "23") else None
        return EligibilityAnswer(
            trace=(person.trace or (subscriber.trace if subscriber else "")) if person else "",
            payer=PayerName(payer.person.family_name, payer.identifier),
            member_id=subscriber.identifier if subscriber else "",
            patient=person.person if person else PersonName(""),
            benefits=tuple(level.benefits),
            refusals=tuple(refusal for one in self.levels for refusal in one.refusals),
            plan_dates=tuple(level.plan_dates or (subscriber.plan_dates if subscriber else ())),
            group_number=level.group_number or (subscriber.group_number if subscriber else ""),
            is_dependent=is_dependent,
            first_segment=level.number,
            last_segment=level.last,
        )


def _whole_or_none(text: str) -> int | None:
    try:
        return whole(text)
    except ValueError:
        return None


def _percent(number: int, elements: list[str], index: int) -> int | None:
    if not value(elements, index):
        return None
    try:
        return hundredths(value(elements, index))
    except ValueError:
        raise broken(number, elements, index, "a share between 0 and 1") from None
