"""A pilot of a reminder plan on the day of the markers: written down, signed, looked at, ended, seen by every role."""

import re

from models.operational import Location, Pilot
from tests.leaks.claims import OWNER
from tests.leaks.people import ROLES, Practice


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
