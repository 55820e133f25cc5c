"""The scorecard of a practice: its figures for a period, and the rows behind each."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date

from acts.practice_clocks import HOURLY_VALUE, SAVED_MINUTES, admin_time_policy, hourly_value, measured_minutes
from adapters import scorecard_tables
from adapters.operational_store import audit, reading, writing
from models.columns import utc_now
from models.governance_codes import Workflow
from models.operational import PracticeSetting
from models.periods import Period
from models.scorecard_rows import Tables
from rules import scorecard
from rules.reclaimed_time import HourlyValue, Measured, in_force
from rules.scorecard import Card, Counted, Figure, Known
from rules.scorecard_rows import of_places


@dataclass(frozen=True)
class Wanted:
    """What the scorecard is asked for; no workflow means all, no team all of them."""

    period: Period
    compared: Period
    location_ids: tuple[str, ...]
    workflow: Workflow | None = None
    team: str = ""


@dataclass(frozen=True)
class Scorecard:
    """The figures, and what they were counted from."""

    wanted: Wanted
    known: Known
    tables: Tables = field(repr=False)
    cards: tuple[Card, ...] = ()
    whole_year: bool = True

    def rows(self, figure: Figure, period: Period | None = None) -> list[Counted]:
        """The rows behind one figure, of this period unless another is named."""
        return scorecard.counted(figure, self.tables, period or self.wanted.period, self.known, self.wanted.workflow)


def scorecard_of(wanted: Wanted, as_of: date | None = None) -> Scorecard:
    """Every figure of a period beside the one it is compared with; waits are followed until ``as_of``, today."""
    tables, known = read(wanted, as_of)
    cards = scorecard.cards(tables, wanted.period, wanted.compared, known, wanted.workflow)
    return Scorecard(wanted, known, tables, cards, scorecard.charges_go_back_a_year(tables, wanted.period))


def read(wanted: Wanted, as_of: date | None = None) -> tuple[Tables, Known]:
    """The rows of these locations and this team, and what counting needs besides."""
    first = min(wanted.period.first, wanted.compared.first)
    days = {wanted.period.last, wanted.compared.last}
    with reading() as db:
        tables = scorecard_tables.tables(db, first, days)
        members = scorecard_tables.members(db, wanted.team) if wanted.team else None
        known = scorecard.known_now(
            as_of or utc_now().date(), hourly_value(db), admin_time_policy(db), measured_minutes(db)
        )
    return of_places(tables, frozenset(wanted.location_ids), members), known


def teams_at(location_ids: Collection[str]) -> list[str]:
    """The teams that work at one of these locations."""
    with reading() as db:
        return [team for team, places in scorecard_tables.teams(db) if set(places) & set(location_ids)]


def hourly_value_set() -> HourlyValue:
    """What the practice says an hour is worth."""
    with reading() as db:
        return hourly_value(db)


def set_hourly_value(worth: HourlyValue, *, actor: str) -> None:
    """Keep what an hour is worth to the practice."""
    value = json.dumps({"clinical_hour_cents": worth.clinical_hour_cents, "office_hour_cents": worth.office_hour_cents})
    with writing() as db:
        setting = db.get(PracticeSetting, HOURLY_VALUE) or PracticeSetting(name=HOURLY_VALUE, value=value)
        setting.value = value
        db.add(setting)
        audit(db, actor, "hourly_value.set", ("practice_setting", HOURLY_VALUE))


def measured_set() -> dict[str, Measured]:
    """What the practice has measured that steps save, by the step."""
    with reading() as db:
        return measured_minutes(db)


def set_measured(step: str, measured: Measured | None, *, actor: str) -> None:
    """Keep what the practice has measured of one step; None: the assumption counts again. Raises ValueError for a step
    that saves no minutes."""
    with writing() as db:
        own = measured_minutes(db)
        old = in_force(own)
        if step not in old:
            raise ValueError(f"no automated step {step!r}")
        own = {name: each for name, each in own.items() if name != step}
        if measured is not None:
            own[step] = measured
        new = in_force(own)
        value = json.dumps({name: asdict(each) for name, each in sorted(own.items())})
        setting = db.get(PracticeSetting, SAVED_MINUTES) or PracticeSetting(name=SAVED_MINUTES, value=value)
        setting.value = value
        db.add(setting)
        audit(db, actor, "saved_minutes.set", ("step", step), old=old[step].minutes, new=new[step].minutes)
