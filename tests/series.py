"""Leave and recurring appointments on a test's calendar."""

from datetime import date, time

from acts import calendars
from acts.calendars import Changed, NewException
from acts.series import NewSeries, make_series
from models.codes import Modality
from models.operational import Series
from models.scheduling_codes import ExceptionKind
from tests.calendars import MONDAY, Made, at


def add_leave(made: Made, day: date, confirmed: tuple[str, ...] = ()) -> Changed:
    new = NewException(ExceptionKind.LEAVE, at(day, 0), at(day, 23), clinician_id=made.clinician.id)
    return calendars.add_exception(new, actor="ST-1", confirmed=confirmed)


def weekly_series(made: Made, starts: time = time(18), **given) -> Series:
    facts = {"from_on": MONDAY, "starts": starts, "modality": Modality.TELEHEALTH}
    return make_series(NewSeries(case_number=made.in_care().case_number, **facts | given), actor="ST-1")[0]
