"""Correcting and signing the note of a session on the desk."""

import pytest

from models.codes import Role
from tests import note_factories
from tests.web.desk.conftest import AtTheDesk


@pytest.fixture
def seated(at_the_desk) -> AtTheDesk:
    return at_the_desk(Role.CLINICIAN)


def test_page_shows_note_and_transcript(seated, place):
    made = note_factories.make_proposed_note(seated.staff, place, flags=[note_factories.historical_flag()])
    answer = seated.get(f"/notes/{made.number}/draft")
    open("/dev/shm/nd.html", "w").write(answer.text)
    assert answer.status_code == 200
    assert note_factories.SLEPT in answer.text
