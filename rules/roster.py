"""What is wrong with a roster, and what it would change: every fault at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import combinations

from models.codes import Modality
from models.roster import Change, ClinicianEntry, LocationEntry, OnRecord, Path, Remark, Roster, StaffEntry
from rules.roster_fields import read_roster

_FIELD_OF = {"min_age": "ages", "max_age": "ages", "caseload_limit": "caseload", "caseload_now": "caseload"}


@dataclass(frozen=True)
class Checked:
    """What a roster file says; ``roster`` and ``changes`` only where it has no fault.

    ``absent_locations`` (ids) and ``absent_staff`` (e-mail addresses) are on record and not in the file.
    """

    roster: Roster | None
    faults: tuple[Remark, ...]
    notices: tuple[Remark, ...] = ()
    changes: tuple[Change, ...] = ()
    absent_locations: tuple[str, ...] = ()
    absent_staff: tuple[str, ...] = field(default=(), repr=False)


def check(content: object, on_record: OnRecord, today: date) -> Checked:
    """Read a roster from lists, mappings and text, and compare it with what is on record."""
    faults: list[Remark] = []
    read = read_roster(content, faults)
    zones = {each.id: each.time_zone for each in (*on_record.roster.locations, *read.locations)}
    faults += [
        *_doubles(read),
        *_places(read, zones),
        *_people(read, on_record),
        *_hours_that_clash(read, zones, faults),
    ]
    if faults:
        return Checked(None, tuple(faults))
    roster, unsaid = _accessibility_settled(_sorted(read), on_record.roster)
    named, people = {each.id for each in roster.locations}, {each.email for each in roster.staff}
    return Checked(
        roster,
        (),
        notices=(*unsaid, *_licence_notices(roster, on_record.roster, today)),
        changes=changes(on_record.roster, roster),
        absent_locations=tuple(each.id for each in on_record.roster.locations if each.id not in named),
        absent_staff=tuple(each.email for each in on_record.roster.staff if each.email not in people),
    )


# -- what entries say about each other


def _doubles(read: Roster) -> Iterator[Remark]:
    """The same key twice in one file."""
    keys: tuple[tuple[str, str, list[str]], ...] = (
        ("locations", "id", [each.id for each in read.locations]),
        ("staff", "email", [each.email for each in read.staff]),
        ("staff", "npi", [each.clinician.npi if each.clinician else "" for each in read.staff]),
    )
    for entries, name, found in keys:
        for at, key in enumerate(found):
            if key and key in found[:at]:
                path: Path = (entries, at, "clinician", name) if name == "npi" else (entries, at, name)
                yield Remark(path, f"stands in {entries}[{found.index(key) + 1}] already")


def _places(read: Roster, zones: Mapping[str, str]) -> Iterator[Remark]:
    """Locations that nobody knows; hours where or how this person does not work."""
    known = ", ".join(sorted(place for place in zones if place)) or "none"
    for at, person in enumerate(read.staff):
        if unknown := [place for place in person.locations if place not in zones]:
            yield Remark(("staff", at, "locations"), f"{', '.join(unknown)}: no such location; there are {known}")
        for which, hours in enumerate(person.clinician.hours if person.clinician else ()):
            where: Path = ("staff", at, "clinician", "hours", which)
            if hours.location and person.locations and hours.location not in person.locations:
                yield Remark((*where, "location"), f"{hours.location} is none of this person's locations")
            offered = person.clinician.modalities if person.clinician else ()
            if offered and hours.modality is not Modality.EITHER and hours.modality.value not in offered:
                yield Remark((*where, "modality"), f"{hours.modality} is none of this person's modalities")


def _people(read: Roster, on_record: OnRecord) -> Iterator[Remark]:
    """Accounts that are closed, and an NPI that belongs to somebody else."""
    for at, person in enumerate(read.staff):
        if person.email in on_record.closed:
            again = "open it with `countersign users reopen`, or take the entry out"
            yield Remark(("staff", at, "email"), f"this account is closed; {again}")
        owner = on_record.npis.get(person.clinician.npi) if person.clinician else None
        if owner is not None and owner != on_record.staff_ids.get(person.email):
            why = "a changed e-mail address would make a second account"
            yield Remark(("staff", at, "clinician", "npi"), f"belongs to {owner} already; {why}")


def _hours_that_clash(read: Roster, zones: Mapping[str, str], faults: list[Remark]) -> Iterator[Remark]:
    """Two stretches of one weekday that overlap on one clock: nobody holds two sessions at once.

    Hours that could not be read hold something else in their place, so they are left out.
    """
    unread = {fault.path[:2] for fault in faults if fault.path[2:4] == ("clinician", "hours")}
    for at, person in enumerate(read.staff):
        hours = person.clinician.hours if person.clinician and ("staff", at) not in unread else ()
        for (one, first), (other, second) in combinations(enumerate(hours), 2):
            same_clock = zones.get(first.location) == zones.get(second.location)
            overlap = first.starts < second.ends and second.starts < first.ends
            if first.weekday == second.weekday and same_clock and overlap:
                yield Remark(("staff", at, "clinician", "hours", other), f"overlaps hours[{one + 1}]")


def _sorted(read: Roster) -> Roster:
    """What was read in the order of the file, in the order of a roster."""
    people = []
    for person in read.staff:
        if (of := person.clinician) is not None:
            person = replace(
                person,
                clinician=replace(
                    of,
                    licences=tuple(sorted(of.licences)),
                    panels=tuple(sorted(of.panels)),
                    hours=tuple(sorted(of.hours)),
                ),
            )
        people.append(person)
    return replace(read, staff=tuple(people))


def _accessibility_settled(read: Roster, before: Roster) -> tuple[Roster, tuple[Remark, ...]]:
    """What a file leaves unsaid stays as it is on record; of a new location it is taken as no, and said so."""
    known = {each.id: each.accessible for each in before.locations}
    settled, unsaid = [], []
    for at, place in enumerate(read.locations):
        if place.accessible is None:
            if place.id not in known:
                words = "not said whether it can be entered without a step; taken as no"
                unsaid.append(Remark(("locations", at, "accessible"), words))
            place = replace(place, accessible=bool(known.get(place.id)))
        settled.append(place)
    return replace(read, locations=tuple(settled)), tuple(unsaid)


def _licence_notices(roster: Roster, before: Roster, today: date) -> Iterator[Remark]:
    """Licences that no longer count, and offices in which a clinician is licensed for nobody."""
    states = {each.id: each.state for each in (*before.locations, *roster.locations)}
    for at, person in enumerate(roster.staff):
        if person.clinician is None:
            continue
        where: Path = ("staff", at, "clinician", "licences")
        for licence in person.clinician.licences:
            if licence.expires_on < today:
                yield Remark(where, f"the one of {licence.state} has expired and counts for nothing")
        licensed = {each.state for each in person.clinician.licences if each.expires_on >= today}
        for place in person.locations if Modality.OFFICE in person.clinician.modalities else ():
            if states[place] not in licensed:
                yield Remark(where, f"none in {states[place]}, so nobody is matched with them at {place} in person")


# -- what would change


def changes(before: Roster, wanted: Roster) -> tuple[Change, ...]:
    """Every entry of the wanted roster that is not on record just so, in its order."""
    places = {each.id: each for each in before.locations}
    people = {each.email: each for each in before.staff}
    found = [_change("location", each.id, places.get(each.id), each) for each in wanted.locations]
    found += [_change("staff", each.email, people.get(each.email), each) for each in wanted.staff]
    return tuple(each for each in found if each is not None)


def _change(
    kind: str, key: str, old: LocationEntry | StaffEntry | None, new: LocationEntry | StaffEntry
) -> Change | None:
    if old is None:
        return Change(kind, key, new=True)
    differing = tuple(dict.fromkeys(_differing(old, new)))
    return Change(kind, key, new=False, fields=differing) if differing else None


def _differing(old: object, new: object, within: str = "") -> Iterator[str]:
    for each in fields(new):  # type: ignore[arg-type]
        was, now = getattr(old, each.name), getattr(new, each.name)
        if isinstance(was, ClinicianEntry) and isinstance(now, ClinicianEntry):
            yield from _differing(was, now, f"{each.name}.")
        elif was != now:
            yield within + _FIELD_OF.get(each.name, each.name)
