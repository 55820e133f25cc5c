"""A pilot of a reminder plan and a waiting template on the day of the markers: signed, ended, seen by every role."""

import re

import pytest

from adapters.operational_store import one, reading
from models.operational import Location, Pilot, Staff
from tests.leaks.claims import OWNER
from tests.leaks.people import ROLES, Practice
from tests.waiting_versions import ship_a_second_template, waiting_template


def try_a_plan(at: Practice) -> None:
    seat, place = at.seat(OWNER), at.find(Location).id
    seat.get("/pilots/new")
    seat.get("/pilots/new", kind="reminder_plan")
    form = {"kind": "reminder_plan", "hours_before": "48", "mode": "arm", "unit": "patient", "share": "50"}
    judged = {"measure": "no_shows", "expected": "15", "smallest": "5", "why": "one reminder is enough"}
    seat.post("/pilots", 422, **form, **judged)
    seat.post("/pilots", **form, **judged, locations=place)
    path = f"/pilots/{at.find(Pilot).id}"
    signed = dict(re.findall(r'name="(act|seen_digest)" value="(\w+)"', seat.get(path)))
    proof = at.proof(OWNER)
    seat.post(f"{path}/sign", **signed, current=proof["password"], code=proof["code"])
    seat.get(path)
    seat.post(f"{path}/look")
    for staff_id in ROLES:
        for page in ("/pilots", path, "/pilots/new"):
            at.seat(staff_id).get(page, 200, 403)
    seat.get(path)
    seat.post(f"{path}/end")


def ask_for_a_template(at: Practice) -> None:
    """A template waits, is signed by one of two, and discarded; there is nothing to go back to."""
    seat, place = at.seat(OWNER), at.find(Location)
    with pytest.MonkeyPatch.context() as patch:
        second = ship_a_second_template(patch)
        with reading() as db:
            owner = one(db, Staff, OWNER)
        path = f"/versions/{waiting_template(place, owner, second).id}"
        signed = dict(re.findall(r'name="(seen_digest)" value="(\w+)"', seat.get(path)))
        seat.post(f"{path}/sign", 422, **signed, current="wrong", code="000000")
        proof = at.proof(OWNER)
        seat.post(f"{path}/sign", **signed, current=proof["password"], code=proof["code"])
        for staff_id in ROLES:
            for page in ("/versions", path):
                at.seat(staff_id).get(page, 200, 403)
        seat.post(f"{path}/discard")
        seat.post("/versions/back", 403, version=second, location=place.id)
        seat.get(path)
