"""The 270 (005010X279A1): asks payers what persons are covered for."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import BinaryIO

from adapters.x12.elements import date_at, needed, out_of_place, period_at, value
from adapters.x12.hierarchy import Hierarchy
from adapters.x12.kinds import ELIGIBILITY_REQUEST
from adapters.x12.segments import USUAL, Delimiters, Segments
from adapters.x12.writing import InterchangeWriter, written
from models.claim_form import Envelope, PayerName, PersonName
from models.eligibility import EligibilityRequest

PARENTS = {"20": ("",), "21": ("20",), "22": ("21",), "23": ("22",)}
"""Payer, provider, subscriber, dependent: the levels of a 270 and of a 271."""


def read_270(stream: BinaryIO) -> Iterator[EligibilityRequest]:
    """The requests of the file, in its order: one for each subscriber or, where there are any, each dependent.

    Without DTP*291 the date of service is BHT04. Without EQ no service type is asked for.
    """
    segments = Segments(stream, ELIGIBILITY_REQUEST)
    repetition = segments.delimiters.repetition
    hierarchy = Hierarchy(PARENTS)
    payer, provider = PayerName("", ""), ("", "")
    asked_on: date | None = None
    subscriber: _Asked | None = None
    asked: _Asked | None = None
    code = ""
    for number, elements in segments:
        tag = elements[0]
        if tag == "ST":
            hierarchy, subscriber, asked, code = Hierarchy(PARENTS), None, None, ""
        elif tag == "BHT":
            asked_on = date_at(number, elements, 4)
        elif tag in ("HL", "SE"):
            came, code = code, hierarchy.level(number, elements) if tag == "HL" else ""
            if asked is not None and not (came == "22" and code == "23"):
                yield asked.request(payer, provider, asked_on, subscriber if came == "23" else asked)
            subscriber = asked if came == "22" else subscriber
            asked = _Asked(number) if code in ("22", "23") else None
        elif tag == "NM1":
            if code == "20":
                payer = PayerName(value(elements, 3), value(elements, 9))
            elif code == "21":
                name = " ".join(part for part in (value(elements, 4), value(elements, 3)) if part)
                provider = name, value(elements, 9)
            elif asked is None:
                raise out_of_place(number, elements, "HL")
            elif value(elements, 1) in ("IL", "03"):
                asked.person = PersonName(value(elements, 3), value(elements, 4), value(elements, 5))
                asked.member_id = value(elements, 9)
        elif asked is not None:
            asked.take(number, elements, repetition)


def write_270(envelope: Envelope, requests: Iterable[EligibilityRequest], delimiters: Delimiters = USUAL) -> str:
    """One interchange with one set; neighbours that ask the same payer for the same provider share those levels.

    All service types go into one EQ, repeated. Raises X12Broken.
    """
    writer = InterchangeWriter(envelope, ELIGIBILITY_REQUEST, delimiters)
    writer.open_set()
    today = written(envelope.at.date())
    writer.add("BHT", "0022", "13", f"{envelope.control_number:09}", today, f"{envelope.at:%H%M}")
    for payer, of_payer in groupby(requests, key=lambda request: request.payer):
        top = writer.add_level(None, "20", True)
        writer.add("NM1", "PR", "2", payer.name, "", "", "", "", "PI", payer.payer_id)
        for (name, npi), of_one in groupby(of_payer, key=lambda request: (request.provider_name, request.provider_npi)):
            level = writer.add_level(top, "21", True)
            writer.add("NM1", "1P", "2", name, "", "", "", "", "XX", npi)
            for request in of_one:
                _write_request(writer, request, level)
    writer.close_set()
    return writer.finished()


def _write_request(writer: InterchangeWriter, request: EligibilityRequest, parent: int) -> None:
    dependent, subscriber = request.dependent, request.subscriber
    # TRN03: ten characters, 9 and what the sender chooses; the first nine digits of the NPI tell its practices apart.
    trace = ("TRN", "1", request.trace, f"9{request.provider_npi[:9]:0<9}")
    level = writer.add_level(parent, "22", dependent is not None)
    if dependent is None:
        writer.add(*trace)
    identified = ("MI", request.member_id) if request.member_id else ("", "")
    _write_person(writer, "IL", subscriber, identified)
    if dependent is not None:
        writer.add_level(level, "23", False)
        writer.add(*trace)
        _write_person(writer, "03", dependent, ())
    writer.add("DTP", "291", "D8", written(request.service_date))
    writer.add("EQ", list(request.service_types))


def _write_person(writer: InterchangeWriter, code: str, person: PersonName, identified: tuple[str, ...]) -> None:
    names = (person.family_name, person.given_name, person.middle_name)
    writer.add("NM1", code, "1", *names, "", "", *identified)
    if person.birth_date is not None:
        writer.add("DMG", "D8", written(person.birth_date), person.sex)


class _Asked:
    """One subscriber or dependent of the file."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.person = PersonName("")
        self.member_id = self.trace = ""
        self.service_date: date | None = None
        self.service_types: list[str] = []

    def take(self, number: int, elements: list[str], repetition: str) -> None:
        match elements[0], value(elements, 1):
            case "TRN", "1":
                self.trace = self.trace or needed(number, elements, 2, "the request's number")
            case "DMG", _:
                born = date_at(number, elements, 2) if value(elements, 2) else None
                self.person = replace(self.person, birth_date=born, sex=value(elements, 3))
            case "DTP", "291":
                self.service_date = period_at(number, elements, 3)[0]
            case "EQ", kinds:
                self.service_types += repeated(kinds, repetition)
            case _:
                pass

    def request(
        self, payer: PayerName, provider: tuple[str, str], asked_on: date | None, subscriber: "_Asked | None"
    ) -> EligibilityRequest:
        of = subscriber or self
        service_date = self.service_date or of.service_date or asked_on
        if service_date is None:
            raise out_of_place(self.number, ["HL"], "a date (DTP*291 or BHT)")
        return EligibilityRequest(
            trace=self.trace or of.trace,
            payer=payer,
            provider_name=provider[0],
            provider_npi=provider[1],
            subscriber=of.person,
            member_id=of.member_id,
            service_date=service_date,
            service_types=tuple(self.service_types),
            dependent=self.person if of is not self else None,
        )


def repeated(text: str, repetition: str) -> list[str]:
    """The repetitions of an element, "" left out."""
    found = text.split(repetition) if repetition else [text]
    return [part.strip() for part in found if part.strip()]
