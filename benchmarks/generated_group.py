"""A generated practice group of any size, the evening before a night: nobody in it exists.

Every patient has a session every second week, ten working days, so a tenth of them on each. Half answer a weekly
check-in, one in fifty waits for another time, one in a hundred freed times is open. Yesterday's notes are signed, their
claims are not opened; the coverage of the next two days is known, that of the third is to be asked; every pair of payer
and clinician has been paid before, so that clean claims leave by themselves. Rows go in set-wise.
"""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from adapters import operational_store, therapy_store
from adapters.sample_claims import TABLES
from adapters.settings import settings
from benchmarks.own_sessions import own_sessions
from language.note_values import Role as Speaker
from models.claim_codes import FileKind, FileStatus, SubmissionStatus
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    ClaimStatus,
    DraftKind,
    Modality,
    NoteStatus,
    Role,
    SlotStatus,
    TranscriptState,
    Verdict,
)
from models.governance_codes import Level, Workflow
from models.note_codes import ConsentPurpose
from models.operational import (
    Appointment,
    Approval,
    Availability,
    CheckInPlan,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    Clinician,
    Decision,
    EligibilityCheck,
    Episode,
    Licence,
    Location,
    NumberSequence,
    PanelMembership,
    Patient,
    PatientBilling,
    PatientConsent,
    PatientCoverage,
    SessionNote,
    Slot,
    Staff,
    WaitlistEntry,
    WorkflowStanding,
)
from models.scheduling_codes import CheckInKind
from models.session_index import NoteFormatCode, SessionService
from models.session_table import COLUMN_NAMES
from models.therapy_text import TherapyText

PATIENTS_OF_A_CLINICIAN = 40
PATIENTS_OF_A_LOCATION = 2_000
WORKING_DAYS = 10
ZONES = (
    ("OR", "America/Los_Angeles", "97205"),
    ("IL", "America/Chicago", "60614"),
    ("NY", "America/New_York", "12207"),
)
PAYERS = (("AETNA", "W{:09}"), ("BCBS", "XYZ{:09}"), ("CIGNA", "U{:09}"), ("UHC", "{:09}"))
GIVEN = ("Ana", "Bo", "Cleo", "Dov", "Esi", "Finn", "Gul", "Hedda", "Ilse", "Jory")
FAMILY = ("Alder", "Birchall", "Cedarholm", "Dogwood", "Elmsley", "Firth", "Gorse", "Hawthorne", "Ivers", "Juniper")
AT_ONCE = 5_000
RECORDER = "ST-G-BILLER"
SPOKEN = {Speaker.CLINICIAN: "Therapist", Speaker.PATIENT: "Patient", Speaker.OTHER: "Other"}


@dataclass(frozen=True)
class Group:
    """Who is where, by number; everything about one is told by its number."""

    patients: int
    today: date

    @property
    def locations(self) -> int:
        return max(1, self.patients // PATIENTS_OF_A_LOCATION)

    @property
    def clinicians(self) -> int:
        return max(len(PAYERS), self.patients // PATIENTS_OF_A_CLINICIAN)

    def clinician_of(self, patient: int) -> int:
        return patient % self.clinicians

    def location_of(self, clinician: int) -> int:
        return clinician % self.locations

    def payer_of(self, patient: int) -> int:
        return (patient // self.clinicians) % len(PAYERS)

    def seen_yesterday(self) -> range:
        return range(0, self.patients, WORKING_DAYS)

    def starts_at(self, patient: int) -> datetime:
        """The next session: in one to ten days, at an hour of the patient's own."""
        day = self.today + timedelta(days=1 + patient % WORKING_DAYS)
        return datetime.combine(day, time(15 + patient // WORKING_DAYS % 8), UTC)


def make(patients: int, now: datetime) -> Group:
    """Fill an empty, migrated installation; returns what was made."""
    group = Group(patients, now.date())
    for path in sorted(TABLES.iterdir()):
        shutil.copyfile(path, settings().billing_folder / path.name)
    practice = (TABLES / "practice.yaml").read_text().partition("clinicians:")[0]
    taxonomies = [
        f"  - {{staff_id: ST-{n}, taxonomy: 103TC0700X, valid_from: 2025-01-01}}\n" for n in range(group.clinicians)
    ]
    (settings().billing_folder / "practice.yaml").write_text(f"{practice}clinicians:\n{''.join(taxonomies)}")
    with operational_store.writing() as db:
        connection = db.connection()
        for record, rows in _tables(group, now):
            _insert(connection, record, rows)
    _keep_signed_notes(group)
    _drop_referrals(group, now)
    return group


def _insert(connection: sa.Connection, record: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """With the record's own defaults, many rows a statement; a number that the database gives is left to it."""
    some: list[dict[str, Any]] = []
    for row in rows:
        facts = record(**row).model_dump()
        some.append({name: value for name, value in facts.items() if name != "id" or value is not None})
        if len(some) == AT_ONCE:
            connection.execute(sa.insert(record), some)
            some = []
    if some:
        connection.execute(sa.insert(record), some)


def _tables(group: Group, now: datetime) -> Iterator[tuple[type[SQLModel], Iterable[dict[str, Any]]]]:
    yesterday = group.today - timedelta(days=1)
    yield (
        Location,
        (
            {
                "id": f"LOC-{n}",
                "name": f"Place {n}",
                "state": ZONES[n % 3][0],
                "time_zone": ZONES[n % 3][1],
                "phone": "+15035550100",
            }
            for n in range(group.locations)
        ),
    )
    places = [f"LOC-{n}" for n in range(group.locations)]
    yield (
        Staff,
        (
            *(
                {
                    "id": f"ST-{n}",
                    "name": f"{GIVEN[n % 10]} {FAMILY[n // 10 % 10]}",
                    "email": f"st{n}@example.org",
                    "role": Role.CLINICIAN,
                    "location_ids": [f"LOC-{group.location_of(n)}"],
                }
                for n in range(group.clinicians)
            ),
            {"id": RECORDER, "name": "Bill Er", "email": "b@example.org", "role": Role.BILLER, "location_ids": places},
        ),
    )
    yield Clinician, ({"id": f"ST-{n}", "npi": _npi(n), "credential": "PhD"} for n in range(group.clinicians))
    for table, rows in (
        (Licence, lambda n: [{"state": state, "number": f"{state}-{n}"} for state, *_ in ZONES]),
        (PanelMembership, lambda n: [{"payer_code": payer} for payer, _ in PAYERS]),
    ):
        until = {"expires_on": group.today + timedelta(days=365)} if table is Licence else {}
        yield table, ({"clinician_id": f"ST-{n}", **row, **until} for n in range(group.clinicians) for row in rows(n))
    yield (
        Availability,
        (
            {
                "clinician_id": f"ST-{n}",
                "location_id": f"LOC-{group.location_of(n)}",
                "weekday": n % 5,
                "starts": time(9),
                "ends": time(11),
            }
            for n in range(group.clinicians)
        ),
    )
    live = {"workflow": Workflow.CLAIMS, "level": Level.LIVE, "runs_as": Level.LIVE}
    yield WorkflowStanding, [{"location_id": place, **live} for place in places]
    yield from _people(group, now, yesterday)
    yield from _calendar(group, now)
    yield from _money(group, yesterday)
    yield (
        NumberSequence,
        [{"name": name, "last": 10_000_000} for name in ("session", "claim", "eligibility", "episode")],
    )


def _people(group: Group, now: datetime, yesterday: date) -> Iterator[tuple[type[SQLModel], Iterable[dict[str, Any]]]]:
    everybody = range(group.patients)
    yield (
        Patient,
        (
            {
                "id": f"PT-{n:07}",
                "given_name": GIVEN[n % 10],
                "family_name": f"{FAMILY[n // 10 % 10]}{_letters(n)}",
                "match_name": f"{GIVEN[n % 10]} {FAMILY[n // 10 % 10]}{_letters(n)}".lower(),
                "birth_date": date(1950 + n % 50, 1 + n % 12, 1 + n % 28),
                "email": f"pt{n}@example.org",
                "phone": f"+1503555{n % 10_000:04}",
                "state": ZONES[group.location_of(group.clinician_of(n)) % 3][0],
                "time_zone": ZONES[group.location_of(group.clinician_of(n)) % 3][1],
                "language": ("en", "es")[n % 7 == 0],
                "preferred_channel": ("email", "sms")[n % 3 == 0],
            }
            for n in everybody
        ),
    )
    yield (
        PatientBilling,
        (
            {
                "patient_id": f"PT-{n:07}",
                "sex": "FM"[n % 2],
                "line": f"{1 + n % 900} Alder Row",
                "city": "Town",
                "state": ZONES[group.location_of(group.clinician_of(n)) % 3][0],
                "zip_code": ZONES[group.location_of(group.clinician_of(n)) % 3][2],
            }
            for n in everybody
        ),
    )
    yield (
        PatientCoverage,
        (
            {
                "id": f"PV-{n:07}",
                "patient_id": f"PT-{n:07}",
                "payer_code": PAYERS[group.payer_of(n)][0],
                "member_id": PAYERS[group.payer_of(n)][1].format(n + 1),
                "valid_from": group.today - timedelta(days=300),
                "recorded_by": RECORDER,
            }
            for n in everybody
        ),
    )
    yield (
        Episode,
        (
            {
                "case_number": f"EP-{n:07}",
                "patient_id": f"PT-{n:07}",
                "clinician_id": f"ST-{group.clinician_of(n)}",
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "started_on": yesterday - timedelta(days=n % 400),
            }
            for n in everybody
        ),
    )
    yield (
        CheckInPlan,
        (
            {
                "id": f"CP-{n:07}",
                "case_number": f"EP-{n:07}",
                "kind": (CheckInKind.PHQ9, CheckInKind.GAD7, CheckInKind.MOOD)[n % 3],
                "every_days": 7,
                "next_on": group.today + timedelta(days=n // 2 % 7),
                "assigned_by": f"ST-{group.clinician_of(n)}",
            }
            for n in everybody[::2]
        ),
    )


def _calendar(group: Group, now: datetime) -> Iterator[tuple[type[SQLModel], Iterable[dict[str, Any]]]]:
    yield (
        Appointment,
        (
            {
                "id": f"AM-{n:07}",
                "case_number": f"EP-{n:07}",
                "patient_id": f"PT-{n:07}",
                "clinician_id": f"ST-{group.clinician_of(n)}",
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "starts_at": group.starts_at(n),
                "minutes": 50,
                "modality": Modality.OFFICE,
                "booked_at": now - timedelta(days=14),
            }
            for n in range(group.patients)
        ),
    )
    yield (
        Slot,
        (
            {
                "id": f"SL-{n:07}",
                "clinician_id": f"ST-{group.clinician_of(n)}",
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "starts_at": group.starts_at(n) + timedelta(days=2, minutes=n % 59),
                "minutes": 50,
                "modality": Modality.EITHER,
                "status": SlotStatus.OPEN,
            }
            for n in range(0, group.patients, 100)
        ),
    )
    yield (
        WaitlistEntry,
        (
            {
                "id": f"WE-{n:07}",
                "case_number": f"EP-{n:07}",
                "patient_id": f"PT-{n:07}",
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "priority": 1 + n // 50 % 3,
                "priority_by": f"ST-{group.clinician_of(n)}",
                "from_appointment_id": f"AM-{n:07}",
                "since": now - timedelta(days=n % 90),
            }
            for n in range(0, group.patients, 50)
        ),
    )


def _money(group: Group, yesterday: date) -> Iterator[tuple[type[SQLModel], Iterable[dict[str, Any]]]]:
    """Coverage that is known, claims of the past that were paid, notes signed yesterday."""
    at = datetime.combine(yesterday, time(18), UTC)
    days = {0: yesterday, 1: group.today + timedelta(days=1), 2: group.today + timedelta(days=2)}
    yield (
        EligibilityCheck,
        (
            {
                "id": f"EC-{day}-{n:07}",
                "unique_key": f"PT-{n:07}:{PAYERS[group.payer_of(n)][0]}:PV-{n:07}:{days[day].isoformat()}",
                "case_number": f"EP-{n:07}",
                "patient_id": f"PT-{n:07}",
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "clinician_id": f"ST-{group.clinician_of(n)}",
                "payer_code": PAYERS[group.payer_of(n)][0],
                "service_date": days[day],
                "answered_at": at,
                "status": "active_mental_health",
                "reason": "",
            }
            for day, first in ((0, 0), (1, 0), (2, 1))
            for n in range(first, group.patients, WORKING_DAYS)
        ),
    )
    paid = [(clinician, payer) for clinician in range(group.clinicians) for payer in range(len(PAYERS))]
    long_ago = at - timedelta(days=60)
    yield (
        ClearinghouseFile,
        [
            {
                "id": "CF-OLD",
                "outgoing": True,
                "kind": FileKind.CLAIMS,
                "name": "old.x12",
                "status": FileStatus.ANSWERED,
                "at": long_ago,
            }
        ],
    )
    signed = [(f"SN-{n:07}", n) for n in group.seen_yesterday()]
    yield (
        SessionNote,
        (
            *(_note(group, f"SN-P{n:06}", clinician, long_ago, None) for n, (clinician, _) in enumerate(paid)),
            *(_note(group, number, n, at, number) for number, n in signed),
        ),
    )
    yield (
        Claim,
        (
            {
                "case_number": f"CL-P{n:06}",
                "session_number": f"SN-P{n:06}",
                "patient_id": f"PT-{clinician:07}",
                "clinician_id": f"ST-{clinician}",
                "location_id": f"LOC-{group.location_of(clinician)}",
                "service_date": long_ago.date(),
                "procedure_code": "90834",
                "payer_code": PAYERS[payer][0],
                "charge_cents": 12_500,
                "paid_cents": 12_500,
                "status": ClaimStatus.CLOSED_PAID,
                "first_sent_at": long_ago,
                "closed_at": long_ago,
            }
            for n, (clinician, payer) in enumerate(paid)
        ),
    )
    yield (
        ClaimSubmission,
        (
            {
                "claim_control": f"CL-P{n:06}-1",
                "case_number": f"CL-P{n:06}",
                "number": 1,
                "file_id": "CF-OLD",
                "content_id": "",
                "content_digest": "",
                "payer_code": PAYERS[payer][0],
                "rank": "P",
                "frequency": "1",
                "charge_cents": 12_500,
                "status": SubmissionStatus.DECIDED,
                "sent_by": "system",
                "at": long_ago,
            }
            for n, (_, payer) in enumerate(paid)
        ),
    )
    yield (
        Approval,
        (
            {
                "id": f"AP-{number}",
                "case_number": number,
                "kind": ApprovalKind.SESSION_NOTE,
                "digest": _digest(group, n),
                "why": "session note",
                "role": Role.CLINICIAN,
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "assigned_to": f"ST-{group.clinician_of(n)}",
                "status": ApprovalStatus.DECIDED,
                "due_at": at + timedelta(hours=48),
                "decided_at": at + timedelta(hours=2),
            }
            for number, n in signed
        ),
    )
    yield (
        Decision,
        (
            {
                "id": f"DC-{number}",
                "approval_id": f"AP-{number}",
                "case_number": number,
                "staff_id": f"ST-{group.clinician_of(n)}",
                "authenticated": AuthenticatedHow.DESK_PASSWORD_AND_CODE,
                "verdict": Verdict.APPROVE,
                "digest": _digest(group, n),
                "signed_digest": _digest(group, n),
                "at": at + timedelta(hours=2),
            }
            for number, n in signed
        ),
    )


def _note(group: Group, number: str, patient: int, at: datetime, decided: str | None) -> dict[str, Any]:
    clinician = group.clinician_of(patient)
    return {
        "case_number": number,
        "external_key": f"generated:{number}",
        "patient_id": f"PT-{patient:07}",
        "clinician_id": f"ST-{clinician}",
        "location_id": f"LOC-{group.location_of(clinician)}",
        "source": "generated",
        "received_at": at,
        "started_at": at,
        "ended_at": at + timedelta(minutes=50),
        "minutes": 50,
        "modality": Modality.OFFICE,
        "service": SessionService.INDIVIDUAL,
        "note_format": NoteFormatCode.SOAP,
        "transcript": TranscriptState.NONE,
        "draft": DraftKind.PLAIN_NO_TRANSCRIPT,
        "status": NoteStatus.CLOSED_SIGNED,
        "closed_at": at,
        "procedure_code": "90834",
        "signed_decision_id": f"DC-{decided}" if decided else None,
    }


def _content(group: Group, patient: int) -> str:
    """What a signature of the note was given for, as the gate keeps it."""
    content = {
        "kind": "session_note",
        "case": f"SN-{patient:07}",
        "sentences": [
            {"id": f"S{n}", "topic": "concern", "section": "Subjective", "text": "The week was talked about. " * 6}
            for n in range(4)
        ],
        "format": "SOAP",
        "procedure_code": "90834",
        "addons": [],
        "diagnoses": [("F41.1", "F33.1", "F43.10")[patient % 3]],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _digest(group: Group, patient: int) -> str:
    return hashlib.sha256(_content(group, patient).encode()).hexdigest()


def _keep_signed_notes(group: Group) -> None:
    numbers = list(group.seen_yesterday())
    for start in range(0, len(numbers), 500):
        with therapy_store.writing() as db:
            for n in numbers[start : start + 500]:
                number = f"SN-{n:07}"
                db.add(
                    therapy_store.DecisionWords(
                        decision_id=f"DC-{number}",
                        approval_id=f"AP-{number}",
                        case_number=number,
                        reason=TherapyText(""),
                        signed_content=TherapyText(_content(group, n)),
                    )
                )
                therapy_store.audit(db, "generated", "words.kept", "decision_words", f"DC-{number}", number)


def _drop_referrals(group: Group, now: datetime) -> None:
    """One referral for a thousand patients, at least ten, in one dropped file."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        [
            "Referral ID",
            "Received",
            "First name",
            "Last name",
            "Date of birth",
            "Email",
            "State",
            "Time zone",
            "Preferred contact",
            "Payer",
            "Member ID",
            "Location",
            "Reason for referral",
        ]
    )
    for n in range(max(10, group.patients // 1_000)):
        state, zone, _ = ZONES[n % group.locations % 3]
        writer.writerow(
            (
                f"G-{n}",
                now.isoformat(),
                GIVEN[n % 10],
                f"New{_letters(n)}",
                f"19{60 + n % 30}-03-04",
                f"new{n}@example.org",
                state,
                zone,
                "email",
                "AETNA",
                f"W9{n:08}",
                f"LOC-{n % group.locations}",
                "Would like to talk about sleep.",
            )
        )
    (settings().intake_folder / "generated.csv").write_text(table.getvalue())


def drop_sessions(group: Group, count: int) -> None:
    """Export so many of yesterday's sessions with transcripts, the fictional ones of ``tests/data/notes`` in turn.

    Of patients in Oregon, where both papers of theirs let a note be drafted.
    """
    if not count:
        return
    yesterday = group.today - timedelta(days=1)
    said = own_sessions()
    folder = settings().sessions_folder
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMN_NAMES)
    writer.writeheader()
    papers = []
    oregon = [n for n in range(group.patients) if group.location_of(group.clinician_of(n)) % 3 == 0][:count]
    for row, n in enumerate(oregon):
        begins = datetime.combine(yesterday, time(16), UTC) + timedelta(minutes=row // group.clinicians)
        name = f"generated-{n}.txt"
        turns = said[row % len(said)].turns
        (folder / name).write_text("\n".join(f"{SPOKEN[turn.role]}: {turn.text}" for turn in turns))
        writer.writerow(
            {
                "session_key": f"G-{n}",
                "patient_id": f"PT-{n:07}",
                "clinician_id": f"ST-{group.clinician_of(n)}",
                "location_id": f"LOC-{group.location_of(group.clinician_of(n))}",
                "started_at": begins.isoformat(),
                "ended_at": (begins + timedelta(minutes=50)).isoformat(),
                "modality": "office",
                "service": "individual",
                "patient_state": "OR",
                "note_format": said[row % len(said)].format.value.upper(),
                "transcript_file": name,
            }
        )
        papers += [
            {
                "id": f"CO-{n:07}-{at}",
                "patient_id": f"PT-{n:07}",
                "kind": purpose.kind.value,
                "purpose": purpose.value,
                "given_on": yesterday - timedelta(days=30),
                "written": True,
                "document_id": "generated",
                "recorded_by": RECORDER,
            }
            for at, purpose in enumerate(
                (ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD, ConsentPurpose.DRAFT_NOTE_FOR_REVIEW)
            )
        ]
    with operational_store.writing() as db:
        _insert(db.connection(), PatientConsent, papers)
    (folder / "generated.csv").write_text(table.getvalue())


def _letters(number: int) -> str:
    """A number as letters, so that no two names are alike."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _npi(number: int) -> str:
    """A valid NPI: nine digits and the check digit of Luhn over 80840 and them."""
    digits = f"1{number:08}"
    total = 24
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"
