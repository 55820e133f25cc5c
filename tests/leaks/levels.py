"""A workflow is taken down and let go further on the day of the markers, where nothing is under way."""

import re

from models.governance_codes import Level, Workflow
from models.operational import LevelChange
from models.standing import DemotionReason
from tests.leaks.claims import OWNER
from tests.leaks.people import Practice

PLACE = "LOC-3"


def take_down_and_up(at: Practice) -> None:
    """Down with one click; up as far as what the page says against it lets an owner sign."""
    seat, path = at.seat(OWNER), f"/workflows/{Workflow.SCHEDULING.value}/{PLACE}"
    seat.get("/workflows")
    seat.post(f"{path}/down", 422, to=Level.OFF.value, reason="")
    seat.get("/workflows")
    seat.post(f"{path}/down", to=Level.SHADOW.value, reason=next(iter(DemotionReason)).value)
    assert at.find(LevelChange).new == Level.SHADOW
    shown = seat.get(f"{path}/up", to=Level.ASSISTED.value)
    seen = re.search(r'name="seen_digest" value="(\w+)"', shown)
    assert seen
    seat.post(f"{path}/up", 422, to=Level.ASSISTED.value, seen_digest=seen.group(1), password="no", code="000000")
    proof = at.proof(OWNER)
    seat.post(f"{path}/up", 303, 422, to=Level.ASSISTED.value, seen_digest=seen.group(1), **proof)
    seat.get("/workflows")
