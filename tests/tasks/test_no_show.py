"""The night about no-shows: enough history or none, a network once a night, estimates that only wait to be read."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from sqlmodel import select

from adapters.operational_store import engine_for, reading, writing
from adapters.settings import settings
from estimates.features import HISTORY_COLUMNS, history_before
from estimates.generated_history import generated_history
from estimates.network import NoShowEnsemble
from models.codes import AppointmentStatus, MessageChannel, MessageStatus, Modality
from models.columns import utc_now
from models.operational import (
    Appointment,
    AuditEvent,
    Clinician,
    IntakeFile,
    Location,
    NoShowEstimate,
    NoShowNetwork,
    OutboxMessage,
    PastAppointment,
    Patient,
)
from tasks import no_show
from tasks.no_show import learn_and_estimate
from tests.factories import make_clinician, make_location, make_patient
from tests.statements import heard
from tests.test_architecture import ROOMS, named, sources

pytestmark = pytest.mark.usefixtures("home")

NIGHT = date(2026, 11, 10)
NOW = datetime.fromisoformat("2026-11-10T08:00:00+00:00")


@pytest.fixture(autouse=True)
def _at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(no_show, "utc_now", lambda: NOW)
    monkeypatch.setattr("estimates.network._STEPS", 50)


@pytest.fixture
def place() -> Location:
    return make_location(id="LOC-A")


@pytest.fixture
def clinician(place: Location) -> Clinician:
    return make_clinician(location=place)


def appointment(
    clinician: Clinician, patient: Patient | str, number: str, *, days: float, lead: float = 7, **said: Any
) -> dict[str, Any]:
    starts = NOW + timedelta(days=days)
    return {
        "id": number,
        "case_number": "EP-000001",
        "patient_id": patient if isinstance(patient, str) else patient.id,
        "clinician_id": clinician.id,
        "location_id": "LOC-A",
        "starts_at": starts,
        "booked_at": starts - timedelta(days=lead),
        "minutes": 50,
        "modality": Modality.OFFICE,
        "status": AppointmentStatus.BOOKED,
        **said,
    }


def keep(*rows: dict[str, Any]) -> None:
    with writing() as db:
        db.execute(sa.insert(Appointment), list(rows))


def import_history(table: pd.DataFrame, patients: dict[str, str] | None = None) -> None:
    """A generated history as if a practice's file had brought it, its end a day before now."""
    moved = pd.Timestamp(NOW) - pd.Timedelta(days=1) - table["starts_at"].max()
    with writing() as db:
        db.add(IntakeFile(id="HF-1", digest="1", kind="appointments"))
        db.flush()
        db.execute(
            sa.insert(PastAppointment),
            [
                {
                    "external_key": f"appointments:{at}",
                    "patient_key": row.patient,
                    "patient_id": (patients or {}).get(row.patient),
                    "location_id": "LOC-A",
                    "booked_at": (row.booked_at + moved).to_pydatetime(),
                    "starts_at": (row.starts_at + moved).to_pydatetime(),
                    "modality": Modality(row.modality),
                    "status": AppointmentStatus(row.status),
                    "reminded": int(row.reminded),
                    "confirmed": bool(row.confirmed),
                    "file_id": "HF-1",
                }
                for at, row in enumerate(table.itertuples())
            ],
        )


def told_history(appointments: int = 1_500) -> pd.DataFrame:
    """Who missed the first time misses nearly always: there is something to learn of each patient."""
    made = generated_history(appointments, seed=4)
    chance = np.random.default_rng(4).random(len(made))
    misses = made["patient"].str[-1].isin(["0", "1"])
    over = made["status"].isin(["attended", "no_show"])
    told = np.where(chance < np.where(misses, 0.75, 0.05), "no_show", "attended")
    return made.assign(status=np.where(over, told, made["status"]))


def estimates() -> dict[str, NoShowEstimate]:
    with reading() as db:
        return {each.appointment_id: each for each in db.exec(select(NoShowEstimate)).all()}


def networks() -> list[NoShowNetwork]:
    with reading() as db:
        return list(db.exec(select(NoShowNetwork).order_by(NoShowNetwork.id)).all())


@pytest.fixture
def told(place: Location, clinician: Clinician) -> tuple[Patient, Patient]:
    """A practice with a history, and two of its patients: one who comes, one who mostly does not."""
    history = told_history()
    often = history["patient"].value_counts()
    comes, misses = (next(each for each in often.index if each[-1] == end) for end in ("7", "1"))
    both = make_patient(), make_patient()
    import_history(history, {comes: both[0].id, misses: both[1].id})
    keep(appointment(clinician, both[0], "AT-comes", days=5), appointment(clinician, both[1], "AT-misses", days=5))
    return both


def test_practice_without_history_has_estimates_from_the_lead_time_alone(place: Location, clinician: Clinician):
    keep(appointment(clinician, make_patient(), "AT-1", days=3))
    assert learn_and_estimate(NIGHT) == {"past": 0, "not_enough": 1, "trained": 0, "taken": 0, "estimated": 1}
    [found] = estimates().values()
    assert found.network_id is None and networks() == []
    assert found.probability == pytest.approx(0.12) and found.low < found.probability < found.high


def test_network_that_proves_itself_estimates_the_coming_appointments(told: tuple[Patient, Patient]):
    counts = learn_and_estimate(NIGHT)
    assert (counts["trained"], counts["taken"], counts["not_enough"], counts["estimated"]) == (1, 1, 0, 2)
    [network] = networks()
    assert (network.id, network.refused, network.in_use_since) == ("NN-20261110", "", NOW)
    assert network.trained_until < NOW and network.figures["network"]["log_loss"] > 0
    found = estimates()
    assert found["AT-misses"].probability > 0.5 > 0.2 > found["AT-comes"].probability
    for each in found.values():
        assert each.network_id == network.id and 0 <= each.low < each.probability < each.high <= 1


def test_night_run_again_trains_no_second_network_and_estimates_the_same(told: tuple[Patient, Patient]):
    learn_and_estimate(NIGHT)
    before = {key: each.probability for key, each in estimates().items()}
    again = learn_and_estimate(NIGHT)
    assert (again["trained"], again["estimated"]) == (0, 2) and len(networks()) == 1
    assert {key: each.probability for key, each in estimates().items()} == before


def test_network_of_the_next_night_that_is_no_better_is_refused_and_kept(told: tuple[Patient, Patient]):
    learn_and_estimate(NIGHT)
    assert learn_and_estimate(NIGHT + timedelta(days=1))["taken"] == 0
    first, second = networks()
    assert first.in_use_until is None and second.in_use_since is None
    assert second.refused == "no better than the network in use" and "present" in second.figures
    assert {each.network_id for each in estimates().values()} == {first.id}


def test_network_that_fails_leaves_and_the_better_one_takes_its_place(told: tuple[Patient, Patient]):
    learn_and_estimate(NIGHT)
    [first] = networks()
    with writing() as db:  # as if it had learnt the opposite
        kept = NoShowEnsemble.from_bytes(first.weights)
        turned = {name: -each if name in ("skip", "outer") else each for name, each in kept.tensors.items()}
        db.execute(sa.update(NoShowNetwork).values(weights=NoShowEnsemble(turned).to_bytes()))
    assert learn_and_estimate(NIGHT + timedelta(days=1))["taken"] == 1
    first, second = networks()
    assert (first.in_use_until, second.in_use_since, second.in_use_until) == (NOW, NOW, None)
    assert {each.network_id for each in estimates().values()} == {second.id}
    with reading() as db:
        actions = db.exec(select(AuditEvent.action).where(AuditEvent.action.startswith("no_show_network"))).all()  # type: ignore[attr-defined]
    assert sorted(actions) == ["no_show_network.trained", "no_show_network.trained", "no_show_network.withdrawn"]


def test_history_of_chance_takes_no_network(place: Location, clinician: Clinician):
    made = told_history(900)
    over = made["status"].isin(["attended", "no_show"])
    status = np.random.default_rng(1).choice(["attended", "no_show"], len(made), p=[0.85, 0.15])
    import_history(made.assign(status=np.where(over, status, made["status"])))
    keep(appointment(clinician, make_patient(), "AT-1", days=3))
    counts = learn_and_estimate(NIGHT)
    assert (counts["trained"], counts["taken"], counts["not_enough"]) == (1, 0, 0)
    assert networks()[0].refused == "no better than the lead time alone"
    assert estimates()["AT-1"].network_id is None


@pytest.mark.parametrize(
    ("days", "status", "estimated"),
    [
        (-0.01, "booked", False),
        (0.01, "booked", True),
        (14, "confirmed", True),
        (14.01, "booked", False),
        (3, "cancelled", False),
        (3, "attended", False),
    ],
)
def test_coming_appointments_alone_are_estimated(
    place: Location, clinician: Clinician, days: float, status: str, estimated: bool
):
    keep(appointment(clinician, make_patient(), "AT-1", days=days, status=AppointmentStatus(status)))
    assert learn_and_estimate(NIGHT)["estimated"] == int(estimated)


def test_place_has_its_own_appointments_estimated(place: Location, clinician: Clinician):
    other, patient = make_location(), make_patient()
    keep(
        appointment(clinician, patient, "AT-1", days=2),
        appointment(clinician, patient, "AT-2", days=3, location_id=other.id),
    )
    assert learn_and_estimate(NIGHT, other.id)["estimated"] == 1
    assert set(estimates()) == {"AT-2"}


def test_history_by_query_is_the_history_that_is_learnt_from(place: Location, clinician: Clinician):
    """What the networks are trained on and what they are asked about are reckoned in two ways, and must agree."""
    made = generated_history(300, seed=9, patients=12)
    patients = {key: make_patient().id for key in made["patient"].unique()}
    import_history(made[made.index % 2 == 0], patients)
    moved = pd.Timestamp(NOW) - pd.Timedelta(days=1) - made["starts_at"].max()
    later = made[made.index % 2 == 1]
    keep(
        *(
            appointment(
                clinician, patients[row.patient], f"AT-{at}", days=((row.starts_at + moved) - NOW) / timedelta(days=1),
                status=AppointmentStatus(row.status), confirmed_at=NOW if row.confirmed else None,
            )
            for at, row in enumerate(later.itertuples())
        )
    )  # fmt: skip
    ids = sorted(patients.values())
    past = no_show._past_of(ids, NOW, {"LOC-A": "America/Los_Angeles"})
    asked = pd.DataFrame({"patient": ids, "starts_at": pd.Series([pd.Timestamp(NOW)] * len(ids)).dt.as_unit("us")})
    both = pd.concat([past, asked.assign(status="booked")], ignore_index=True)
    learnt = history_before(both, timedelta()).iloc[-len(ids) :].reset_index(drop=True)
    with reading() as db:
        queried = no_show._history(db, pd.Series(ids), ids, NOW)
    assert queried["missed"].sum() > 0
    for name in HISTORY_COLUMNS:
        ours, theirs = queried[name], learnt[name]
        assert ((ours == theirs) | (ours.isna() & theirs.isna())).all(), name


def test_reminders_that_left_are_counted_for_their_appointment(place: Location, clinician: Clinician):
    patient = make_patient()
    with writing() as db:
        for number, key, status in (
            (1, "appointment-reminder:AT-1:1:72", MessageStatus.SENT),
            (2, "appointment-reminder:AT-1:1:24", MessageStatus.SENT),
            (3, "appointment-reminder:AT-1:1:4", MessageStatus.QUEUED),
            (4, "appointment-reminder:AT-2:1:24", MessageStatus.SENT),
        ):
            db.add(
                OutboxMessage(
                    id=f"MS-{number}", unique_key=key, channel=MessageChannel.EMAIL, template="appointment_reminder",
                    to_patient_id=patient.id, status=status,
                )
            )  # fmt: skip
    with reading() as db:
        assert no_show._reminders_of(db, [patient.id]) == {"AT-1": 2, "AT-2": 1}
        assert no_show._reminders_of(db, ["somebody else"]) == {}


@pytest.fixture
def queries() -> Iterator[list[str]]:
    with heard(engine_for(settings().operational_database)) as said:
        yield said


def test_estimating_takes_so_many_queries_however_many_appointments_there_are(
    told: tuple[Patient, Patient], clinician: Clinician, queries: list[str]
):
    learn_and_estimate(NIGHT)
    seen = []
    for size in (5, 60):
        keep(*(appointment(clinician, told[0], f"AT-{size}-{at}", days=1 + at / 10) for at in range(size)))
        queries.clear()
        learn_and_estimate(NIGHT)
        seen.append(len(queries))
    assert seen[0] == seen[1] < 30


def test_larger_practice_learns_from_the_same_patients_each_night(
    told: tuple[Patient, Patient], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(no_show, "MOST_PATIENTS", 10)
    first = no_show._learnt_from(NOW)
    assert len(first) == 10 and no_show._learnt_from(utc_now()) == first


MAY_READ = re.compile(
    r"(tasks|acts)/(no_show|(\w+_)?reminders|waitlist(_\w+)?)\.py|adapters/(reminder|waitlist)_\w+\.py"
    r"|models/operational/\w+\.py"
)


def test_estimates_are_read_by_reminders_and_waitlist_alone():
    """Nothing that books may know them: an estimate never takes a time twice, or away."""
    readers = {named(path) for path in sources(*ROOMS) if "NoShowEstimate" in path.read_text()}
    assert {"tasks/no_show.py", "models/operational/scheduling.py"} <= readers
    assert {name for name in readers if not MAY_READ.fullmatch(name)} == set()
