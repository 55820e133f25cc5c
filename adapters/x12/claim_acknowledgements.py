"""The 277CA (005010X214): which claims a payer's front end took in, and which it rejected."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import BinaryIO

from adapters.x12.elements import cents_or_none, date_at, money, needed, out_of_place, parts_at, value
from adapters.x12.hierarchy import Hierarchy
from adapters.x12.kinds import CLAIM_ACKNOWLEDGEMENT
from adapters.x12.segments import USUAL, Delimiters, Segments
from adapters.x12.writing import InterchangeWriter, written
from models.claim_answers import ClaimAcknowledgement, StatusNote
from models.claim_form import Envelope, PersonName

_PARENTS = {"20": ("",), "21": ("20",), "19": ("21",), "PT": ("19",)}
_REJECTED = ("A3", "A6", "A7", "A8")
_RECEIVED, _ACCEPTED = "A1", "A2"
_COMPOSITES = (1, 10, 11)
_UNNAMED, _UNNAMED_ID = "NOT NAMED", "00"


def read_277ca(stream: BinaryIO) -> Iterator[ClaimAcknowledgement]:
    """One value for each claim, and one for each file or billing provider that was rejected as a whole.

    What is merely received at those levels is not told: the claims under them say it themselves.
    """
    segments = Segments(stream, CLAIM_ACKNOWLEDGEMENT)
    component = segments.delimiters.component
    hierarchy = Hierarchy(_PARENTS)
    level: _Level | None = None
    batch = ""
    for number, elements in segments:
        tag = elements[0]
        if tag in ("HL", "SE") and level is not None:
            yield from level.finished(batch)
            level = None
        if tag == "ST":
            hierarchy, batch = Hierarchy(_PARENTS), ""
        elif tag == "HL":
            level = _Level(number, hierarchy.level(number, elements))
        elif level is None:
            if tag in ("STC", "TRN", "NM1"):
                raise out_of_place(number, elements, "HL")
        elif tag == "TRN":
            level.traced(number, elements)
            if level.code == "21":
                batch = level.trace
        else:
            level.take(number, elements, component)


def write_277ca(
    envelope: Envelope, acknowledgements: Iterable[ClaimAcknowledgement], delimiters: Delimiters = USUAL
) -> str:
    """One interchange with one set: the payer is the envelope's sender, the receiver of the claims its receiver.

    ``batch`` of the first value is told as the file's (TRN02 of level 21; "0" where it is ""). One billing provider
    stands above all claims. A patient without a name is written as one, a line's procedure as 00000: neither is told
    by the values. A message is written for claims alone, an amount not for lines: the guide has no place for more.
    Raises X12Broken.
    """
    said = list(acknowledgements)
    writer = InterchangeWriter(envelope, CLAIM_ACKNOWLEDGEMENT, delimiters)
    writer.open_set()
    today = written(envelope.at.date())
    writer.add("BHT", "0085", "08", f"{envelope.control_number:09}", today, f"{envelope.at:%H%M}", "TH")
    top = writer.add_level(None, "20", True)
    writer.add("NM1", "PR", "2", envelope.submitter_name or _UNNAMED, "", "", "", "", "PI", envelope.sender_id)
    writer.add("TRN", "1", f"{envelope.control_number:09}")
    writer.add("DTP", "050", "D8", today)
    writer.add("DTP", "009", "D8", today)
    claims = [acknowledged for acknowledged in said if acknowledged.level == "PT"]
    of_file = [acknowledged for acknowledged in said if acknowledged.level == "21"]
    of_provider = [acknowledged for acknowledged in said if acknowledged.level == "19"]
    receiver = writer.add_level(top, "21", bool(claims or of_provider))
    writer.add("NM1", "41", "2", envelope.receiver_name or _UNNAMED, "", "", "", "", "46", envelope.receiver_id)
    writer.add("TRN", "2", next((acknowledged.batch for acknowledged in said if acknowledged.batch), "0"))
    received = StatusNote(_RECEIVED, "19", "PR", "WQ", 0)
    on = next((written(one.on) for one in of_file if one.on), today)
    _write_notes(writer, [note for one in of_file for note in one.notes] or [received], on)
    if claims or of_provider:
        provider = writer.add_level(receiver, "19", bool(claims))
        writer.add("NM1", "85", "2", envelope.receiver_name or _UNNAMED, "", "", "", "", "FI", "000000000")
        writer.add("TRN", "1", "0")
        _write_notes(writer, [note for one in of_provider for note in one.notes] or [received], "")
        for claim in claims:
            _write_claim(writer, claim, provider, today)
    writer.close_set()
    return writer.finished()


def _write_claim(writer: InterchangeWriter, claim: ClaimAcknowledgement, provider: int, today: str) -> None:
    writer.add_level(provider, "PT", None)
    patient = claim.patient or PersonName(_UNNAMED)
    writer.add(
        *("NM1", "QC", "1", patient.family_name, patient.given_name, patient.middle_name, "", "", "MI"),
        claim.member_id or _UNNAMED_ID,
    )
    writer.add("TRN", "2", claim.claim_number)
    on = written(claim.on) or today
    _write_notes(writer, claim.notes, on, with_message=True)
    if claim.payer_control:
        writer.add("REF", "1K", claim.payer_control)
    writer.add("DTP", "472", "D8", on)
    for control_number, note in claim.line_notes:
        writer.add("SVC", ("HC", "00000"), "0")
        _write_notes(writer, [replace(note, amount_cents=None)], on)
        writer.add("REF", "FJ", control_number)


def _write_notes(writer: InterchangeWriter, notes: Sequence[StatusNote], on: str, with_message: bool = False) -> None:
    for note in notes:
        amount = "" if note.amount_cents is None else money(note.amount_cents)
        status = (note.category, note.status, note.entity)
        writer.add("STC", status, on, note.action, amount, *([""] * 7), note.message if with_message else "")


class _Level:
    """One HL of the file, with what stands under it."""

    def __init__(self, number: int, code: str) -> None:
        self.number = number
        self.code = code
        self.trace = self.payer_control = self.member_id = ""
        self.patient: PersonName | None = None
        self.notes: list[StatusNote] = []
        self.on: date | None = None
        self.line: str | None = None
        self.of_line: list[StatusNote] = []
        self.line_notes: list[tuple[str, StatusNote]] = []

    def traced(self, number: int, elements: list[str]) -> None:
        if value(elements, 1) == "2":
            self.trace = needed(number, elements, 2, "the number that was sent to the payer")

    def take(self, number: int, elements: list[str], component: str) -> None:
        match elements[0], value(elements, 1):
            case "NM1", "QC":
                self.patient = PersonName(value(elements, 3), value(elements, 4), value(elements, 5))
                self.member_id = value(elements, 9)
            case "STC", _:
                found = _notes(number, elements, component)
                if self.line is not None:
                    self.of_line.extend(found)
                    return
                if self.on is None and value(elements, 2):
                    self.on = date_at(number, elements, 2)
                self.notes.extend(found)
            case "REF", "1K":
                self.payer_control = value(elements, 2)
            case "SVC", _:
                self._close_line()
                self.line = ""
            case "REF", "FJ":
                self.line = value(elements, 2)
            case _:
                pass

    def finished(self, batch: str) -> Iterator[ClaimAcknowledgement]:
        self._close_line()
        if self.code == "PT":
            if not self.trace:
                raise out_of_place(self.number, ["HL"], "the next level, with the claim's number (TRN*2),")
            if not self.notes and not self.line_notes:
                raise out_of_place(self.number, ["HL"], "the next level, with a status (STC),")
        elif not any(note.category in _REJECTED or note.action == "U" for note in self.notes):
            return
        yield ClaimAcknowledgement(
            claim_number=self.trace if self.code == "PT" else "",
            payer_control=self.payer_control,
            notes=tuple(self.notes),
            on=self.on,
            line_notes=tuple(self.line_notes),
            segment=self.number,
            batch=batch,
            level=self.code,
            patient=self.patient,
            member_id=self.member_id,
        )

    def _close_line(self) -> None:
        if self.line is not None:
            self.line_notes.extend((self.line, note) for note in self.of_line)
            self.line, self.of_line = None, []


def _notes(number: int, elements: list[str], component: str) -> Iterator[StatusNote]:
    """One note for each composite (STC01, STC10, STC11); action, amount and message are the segment's."""
    for index in _COMPOSITES:
        if index > 1 and not value(elements, index):
            continue
        category, status, *entity = parts_at(number, elements, index, component, 2)
        yield StatusNote(
            category,
            status,
            entity[0] if entity else "",
            value(elements, 3),
            cents_or_none(number, elements, 4),
            value(elements, 12),
            number,
        )
