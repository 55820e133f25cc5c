"""Versions that wait, for tests: a template that is shipped beside the first, a version of the reader with figures."""

from dataclasses import replace

import pytest

from acts import recalibrating, waiting_versions
from adapters import note_templates
from language.evaluation.risk_floor import Floor, Share
from models.codes import AuthenticatedHow
from models.operational import Location, Staff, WaitingVersion
from tests.labels import KIND, make_labels

HOW = AuthenticatedHow.DESK_PASSWORD_AND_CODE
LABELS = make_labels(1000, 1.0, -1.2)


def ship_a_second_template(patch: pytest.MonkeyPatch) -> str:
    """A second SOAP template, as if it were shipped."""
    known = note_templates.all_templates()
    second = replace(known["SOAP-1"], version="SOAP-2", asks=("mood",))
    patch.setattr(note_templates, "all_templates", lambda: known | {"SOAP-2": second})
    return "SOAP-2"


def tell_held_out(patch: pytest.MonkeyPatch) -> None:
    """Figures on the held-out texts, which take a minute to read."""
    patch.setattr(recalibrating, "floor_of", lambda _: Floor({KIND: Share(7, 7)}, Share(7, 125), Share(3, 119), None))


def reader_version(actor: str) -> str:
    return recalibrating.recalibrate(LABELS, {}, refit=False, actor=actor).version


def waiting_reader(actor: str, version: str = "") -> WaitingVersion:
    _, waiting = waiting_versions.propose_reader(version or reader_version(actor), LABELS, actor=actor)
    assert waiting is not None
    return waiting


def waiting_template(place: Location, proposer: Staff, version: str = "SOAP-2") -> WaitingVersion:
    return waiting_versions.propose_template(place.id, version, actor=proposer.id)


def sign(waiting: WaitingVersion, *people: Staff) -> None:
    for staff in people:
        waiting_versions.sign(waiting.id, staff_id=staff.id, how=HOW, seen_digest=waiting.digest)
