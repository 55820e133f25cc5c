"""A pilot of a reminder plan and a waiting template on the day of the markers: signed, ended, seen by every role."""

import re

from acts import pilot_versions, waiting_versions
from adapters import note_templates
from adapters.operational_store import writing
from models.operational import Location, Pilot
from models.pilot_codes import VersionKind
from tests.leaks.claims import OWNER
from tests.leaks.people import ROLES, Practice
from tests.pilots import TEMPLATE


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
    """The shipped template is asked for where one of the practice's own holds: signed by one of two, discarded; then
    the way back leads there all the same."""
    seat, place = at.seat(OWNER), at.find(Location)
    own = pilot_versions.wanted(VersionKind.NOTE_TEMPLATE, TEMPLATE)
    with writing() as db:
        version = pilot_versions.keep(db, own, "three headings are enough", OWNER)
        note_templates.choose(db, place.id, note_templates.own_name(version), OWNER, signed=version.digest)
    waiting = waiting_versions.propose_template(place.id, "SOAP-1", actor=OWNER)
    path = f"/versions/{waiting.id}"
    signed = dict(re.findall(r'name="(seen_digest)" value="(\w+)"', seat.get(path)))
    seat.post(f"{path}/sign", 422, **signed, current="wrong", code="000000")
    proof = at.proof(OWNER)
    seat.post(f"{path}/sign", **signed, current=proof["password"], code=proof["code"])
    for staff_id in ROLES:
        for page in ("/versions", path):
            at.seat(staff_id).get(page, 200, 403)
    seat.get(path)
    seat.post(f"{path}/discard")
    seat.get("/versions")
    seat.post("/versions/back", version="SOAP-1", location=place.id)
    seat.get(path)
