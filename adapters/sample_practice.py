"""Seeds the sample practice, which is invented: no person, number or address here belongs to anybody."""

import json
import os
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from sqlmodel import Session, select

from adapters import credentials, staff_secrets
from adapters.operational_store import audit, writing
from adapters.settings import settings
from adapters.slots import AHEAD, extend_slots
from models.codes import Modality, Role
from models.columns import utc_now
from models.operational import Availability, Clinician, Licence, Location, PanelMembership, Staff

LICENCE_DAYS = 540

LOCATIONS = (
    ("LOC-1", "Harbor Street", "OR", "America/Los_Angeles", "+15035550101"),
    ("LOC-2", "Maple Court", "IL", "America/Chicago", "+13125550102"),
    ("LOC-3", "Union Square", "NY", "America/New_York", "+15185550103"),
)
EVERYWHERE = ("LOC-1", "LOC-2", "LOC-3")

MORNING, DAY, AFTERNOON, EVENING = (
    (time(8), time(12)),
    (time(9), time(17)),
    (time(12), time(18)),
    (time(16), time(20)),
)
MON, TUE, WED, THU, FRI = range(5)
OFFICE, TELEHEALTH, EITHER = Modality.OFFICE, Modality.TELEHEALTH, Modality.EITHER
Hours = tuple[int, tuple[time, time], Modality]


@dataclass(frozen=True)
class SampleClinician:
    """One invented clinician; ``panels`` are (payer, plan), ``hours`` weekly in the location's local time."""

    staff_id: str
    name: str
    credential: str
    gender: str
    npi: str
    location_id: str
    team: str
    licences: tuple[str, ...]
    panels: tuple[tuple[str, str], ...]
    languages: tuple[str, ...]
    focus_areas: tuple[str, ...]
    hours: tuple[Hours, ...]
    ages: tuple[int, int] = (18, 120)
    caseload: tuple[int, int] = (16, 25)
    on_call: bool = False


CLINICIANS = (
    SampleClinician(
        "ST-101", "Maren Oduya", "PsyD", "woman", "1000000103", "LOC-1", "harbor-adults",
        ("OR", "WA"), (("AETNA", "*"), ("BCBS", "PPO"), ("MEDICAID_OR", "OHP")), ("en", "es"),
        ("anxiety", "depression", "trauma", "sleep"),
        ((MON, DAY, EITHER), (WED, DAY, EITHER), (THU, EVENING, TELEHEALTH)),
        caseload=(19, 26), on_call=True,
    ),
    SampleClinician(
        "ST-102", "Tobias Wren-Halloran", "LCSW", "man", "1000000111", "LOC-1", "harbor-adults",
        ("CA", "OR"), (("AETNA", "PPO"), ("CIGNA", "*"), ("UHC", "*")), ("en",),
        ("grief", "life_transitions", "depression", "substance", "pain"),
        ((TUE, DAY, EITHER), (THU, DAY, EITHER), (FRI, MORNING, OFFICE)),
        caseload=(21, 28), on_call=True,
    ),
    SampleClinician(
        "ST-103", "Ximena Castell-Roe", "LMFT", "woman", "1000000129", "LOC-1", "harbor-families",
        ("OR", "WA"), (("BCBS", "*"), ("MEDICAID_OR", "*"), ("UHC", "HMO")), ("en", "es"),
        ("couples", "family", "adolescents", "perinatal", "anxiety"),
        ((MON, AFTERNOON, OFFICE), (TUE, AFTERNOON, EITHER), (WED, EVENING, EITHER), (FRI, DAY, EITHER)),
        ages=(6, 70), caseload=(14, 24),
    ),
    SampleClinician(
        "ST-104", "Kaito Albrechtsen", "LPC", "man", "1000000137", "LOC-1", "harbor-families",
        ("OR",), (("CIGNA", "PPO"), ("UHC", "*"), ("MEDICAID_OR", "OHP")), ("en", "zh"),
        ("ocd", "anxiety", "adhd", "adolescents", "sleep"),
        ((MON, DAY, EITHER), (TUE, MORNING, TELEHEALTH), (THU, AFTERNOON, EITHER)),
        ages=(13, 65), caseload=(10, 22),
    ),
    SampleClinician(
        "ST-105", "Delphine Okonjo", "PhD", "woman", "1000000145", "LOC-2", "maple-adults",
        ("IL", "WI"), (("BCBS", "*"), ("AETNA", "*")), ("en", "fr"),
        ("trauma", "depression", "anxiety", "eating"),
        ((MON, DAY, EITHER), (TUE, DAY, EITHER), (THU, EVENING, TELEHEALTH)),
        caseload=(18, 25), on_call=True,
    ),
    SampleClinician(
        "ST-106", "Bram Vasquez-Lind", "LCSW", "man", "1000000152", "LOC-2", "maple-adults",
        ("IL",), (("CIGNA", "*"), ("UHC", "PPO"), ("BCBS", "PPO")), ("en", "es"),
        ("substance", "grief", "pain", "life_transitions"),
        ((WED, DAY, EITHER), (THU, DAY, EITHER), (FRI, AFTERNOON, EITHER)),
        caseload=(20, 27), on_call=True,
    ),
    SampleClinician(
        "ST-107", "Noor Haldane", "LMFT", "woman", "1000000160", "LOC-2", "maple-families",
        ("IL", "WI"), (("AETNA", "PPO"), ("UHC", "*")), ("en", "ar"),
        ("couples", "family", "perinatal", "adolescents"),
        ((TUE, AFTERNOON, EITHER), (WED, EVENING, TELEHEALTH), (FRI, DAY, OFFICE)),
        ages=(5, 75), caseload=(12, 22),
    ),
    SampleClinician(
        "ST-108", "Rafferty Szymon", "LCPC", "man", "1000000178", "LOC-2", "maple-families",
        ("IL", "CA"), (("BCBS", "HMO"), ("CIGNA", "EPO"), ("AETNA", "*")), ("en", "pl"),
        ("ocd", "adhd", "anxiety", "sleep", "adolescents"),
        ((MON, MORNING, TELEHEALTH), (WED, DAY, EITHER), (THU, MORNING, EITHER)),
        ages=(12, 60), caseload=(9, 20),
    ),
    SampleClinician(
        "ST-109", "Isolde Marchetti-Bey", "PsyD", "woman", "1000000186", "LOC-3", "union-adults",
        ("NJ", "NY"), (("AETNA", "*"), ("UHC", "*"), ("BCBS", "PPO")), ("en", "es"),
        ("trauma", "anxiety", "eating", "depression"),
        ((MON, DAY, EITHER), (WED, DAY, EITHER), (FRI, MORNING, EITHER)),
        caseload=(17, 25), on_call=True,
    ),
    SampleClinician(
        "ST-110", "Corwin Adeyemi", "LCSW-R", "man", "1000000194", "LOC-3", "union-adults",
        ("NY",), (("BCBS", "*"), ("CIGNA", "*")), ("en",),
        ("depression", "grief", "substance", "life_transitions", "pain"),
        ((TUE, DAY, EITHER), (THU, DAY, EITHER), (WED, EVENING, TELEHEALTH)),
        caseload=(22, 28), on_call=True,
    ),
    SampleClinician(
        "ST-111", "Lian Brightwater", "LMFT", "woman", "1000000202", "LOC-3", "union-families",
        ("NJ", "NY"), (("CIGNA", "PPO"), ("AETNA", "EPO"), ("UHC", "PPO")), ("en", "zh"),
        ("couples", "family", "adolescents", "perinatal", "sleep"),
        ((MON, AFTERNOON, OFFICE), (TUE, EVENING, TELEHEALTH), (THU, DAY, EITHER)),
        ages=(6, 70), caseload=(13, 23),
    ),
    SampleClinician(
        "ST-112", "Emeric Tallis", "LMHC", "nonbinary", "1000000210", "LOC-3", "union-families",
        ("NY",), (("BCBS", "HMO"), ("UHC", "*"), ("AETNA", "PPO")), ("en", "es"),
        ("adhd", "anxiety", "ocd", "adolescents", "depression"),
        ((MON, EVENING, EITHER), (WED, AFTERNOON, EITHER), (FRI, DAY, EITHER)),
        ages=(13, 80), caseload=(8, 22),
    ),
)  # fmt: skip

OTHERS = (
    ("ST-201", "Priya Ferngrove", Role.COORDINATOR, ("LOC-1",)),
    ("ST-202", "Anselm Rudd", Role.COORDINATOR, ("LOC-2",)),
    ("ST-203", "Odile Kamara", Role.COORDINATOR, ("LOC-3",)),
    ("ST-301", "Gwyneth Sabo", Role.BILLER, EVERYWHERE),
    ("ST-401", "Ivo Landqvist", Role.ANALYST, EVERYWHERE),
    ("ST-501", "Salome Thackeray", Role.OWNER, EVERYWHERE),
    ("ST-601", "Dmitri Oyelaran", Role.COMPLIANCE, EVERYWHERE),
    ("ST-701", "Fenella Quist", Role.ADMIN, EVERYWHERE),
)


@dataclass(frozen=True)
class SampleSignIn:
    """How one sample member of staff signs in; secrets, so they never print."""

    staff_id: str
    name: str
    role: Role
    email: str
    password: str
    totp_secret: str

    def __repr__(self) -> str:
        return f"SampleSignIn({self.staff_id})"


def seed_sample_practice() -> bool:
    """Fill an empty installation with the sample practice; says whether it did.

    An installation that has a location already is left as it is. Passwords and one-time-code secrets are made
    here and kept in ``sample-sign-ins.json``, which only this user can read.
    """
    with writing() as db:
        if db.exec(select(Location.id)).first() is not None:
            return False
        for place_id, name, state, zone, phone in LOCATIONS:
            db.add(Location(id=place_id, name=name, state=state, time_zone=zone, phone=phone))
        db.flush()
        sign_ins = [_add_clinician(db, each) for each in CLINICIANS]
        for staff_id, name, role, places in OTHERS:
            sign_ins.append(_add_staff(db, staff_id, name, role, places))
        audit(db, "system", "sample_practice.seeded", ("location", "all"), staff=len(sign_ins))
        _keep_sign_ins(sign_ins)
    extend_slots((utc_now() + AHEAD).date())
    return True


def sample_sign_ins() -> list[SampleSignIn]:
    """How the sample staff sign in; empty when this installation was not seeded with the sample practice."""
    path = settings().sample_sign_ins_file
    if not path.exists():
        return []
    return [SampleSignIn(**{**row, "role": Role(row["role"])}) for row in json.loads(path.read_text())]


def _keep_sign_ins(sign_ins: list[SampleSignIn]) -> None:
    """Written before the rows commit: a file without rows is overwritten next time."""
    path = settings().sample_sign_ins_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".part")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump([vars(each) for each in sign_ins], file, indent=2)
    fresh.replace(path)


def _add_staff(
    db: Session, staff_id: str, name: str, role: Role, places: tuple[str, ...], **facts: Any
) -> SampleSignIn:
    sign_in = SampleSignIn(
        staff_id=staff_id,
        name=name,
        role=role,
        email=f"{name.lower().replace(' ', '.')}@example.org",
        password=credentials.sayable_password(),
        totp_secret=credentials.new_totp_secret(),
    )
    db.add(
        Staff(
            id=staff_id,
            name=name,
            email=sign_in.email,
            phone=f"+1503555{150 + int(staff_id[-2:]):04d}" if staff_id < "ST-2" else None,
            role=role,
            location_ids=list(places),
            password_hash=credentials.hash_password(sign_in.password),
            totp_secret=staff_secrets.sealed(staff_id, sign_in.totp_secret),
            totp_confirmed_at=utc_now(),
            **facts,
        )
    )
    db.flush()
    return sign_in


def _add_clinician(db: Session, sample: SampleClinician) -> SampleSignIn:
    sign_in = _add_staff(
        db,
        sample.staff_id,
        sample.name,
        Role.CLINICIAN,
        (sample.location_id,),
        team=sample.team,
        on_call=sample.on_call,
    )
    db.add(
        Clinician(
            id=sample.staff_id,
            npi=sample.npi,
            credential=sample.credential,
            gender=sample.gender,
            min_age=sample.ages[0],
            max_age=sample.ages[1],
            modalities=[OFFICE.value, TELEHEALTH.value],
            languages=list(sample.languages),
            focus_areas=list(sample.focus_areas),
            caseload_now=sample.caseload[0],
            caseload_limit=sample.caseload[1],
        )
    )
    db.flush()
    _add_licences(db, sample)
    for payer, plan in sample.panels:
        db.add(PanelMembership(clinician_id=sample.staff_id, payer_code=payer, plan_code=plan))
    for weekday, (starts, ends), modality in sample.hours:
        db.add(
            Availability(
                clinician_id=sample.staff_id,
                location_id=sample.location_id,
                weekday=weekday,
                starts=starts,
                ends=ends,
                modality=modality,
            )
        )
    return sign_in


def _add_licences(db: Session, sample: SampleClinician) -> None:
    expires: date = (utc_now() + timedelta(days=LICENCE_DAYS)).date()
    for state in sample.licences:
        number = f"{state}-SAMPLE-{sample.staff_id[-3:]}"
        db.add(Licence(clinician_id=sample.staff_id, state=state, number=number, expires_on=expires))
