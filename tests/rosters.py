"""The content of a roster as it is read from its file, for tests that change one thing of it."""

from copy import deepcopy
from datetime import date
from typing import Any

from models.roster import OnRecord, Roster

TODAY = date(2026, 11, 25)
NOTHING = OnRecord(Roster((), ()), {}, frozenset(), {})
"""What an installation holds before its first roster."""

_CONTENT: dict[str, Any] = {
    "locations": [
        {
            "id": "MAIN",
            "name": "Alder House",
            "state": "OR",
            "time_zone": "America/Los_Angeles",
            "phone": "503-555-0120",
            "accessible": "yes",
        }
    ],
    "staff": [
        {
            "name": "Ines Calloway",
            "email": "ines@example.org",
            "phone": "503-555-0123",
            "role": "clinician",
            "locations": ["MAIN"],
            "team": "adults",
            "on_call": "yes",
            "clinician": {
                "npi": "1234567893",
                "credential": "PsyD",
                "gender": "woman",
                "ages": {"min": "18", "max": "90"},
                "modalities": ["office", "telehealth"],
                "languages": ["en", "es"],
                "focus_areas": ["trauma", "anxiety"],
                "caseload": {"limit": "25", "now": "14"},
                "accepts_new": "yes",
                "licences": [{"state": "OR", "number": "00417", "expires_on": "2099-06-30"}],
                "panels": [{"payer": "AETNA", "plan": "*"}],
                "hours": [{"weekday": "mon", "starts": "9:00", "ends": "12:00", "location": "MAIN"}],
            },
        },
        {"name": "Tamsin Okoro", "email": "tamsin@example.org", "role": "coordinator", "locations": ["MAIN"]},
    ],
}
GONE = object()
"""Sets a field by taking it out."""


def roster_content(changes: dict[str, object] | None = None) -> Any:
    """One location, a clinician and a coordinator; ``changes`` by their place: ``{"staff.0.clinician.npi": "1"}``."""
    content = deepcopy(_CONTENT)
    for place, value in (changes or {}).items():
        put(content, place, value)
    return content


def put(content: Any, place: str, value: object) -> None:
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in way:
        content = content[part]
    if value is GONE:
        content.pop(last, None)
    elif isinstance(last, int) and last == len(content):
        content.append(value)
    else:
        content[last] = value
