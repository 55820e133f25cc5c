"""The page that asks for what a bill to an insurance lacks: only that, in plain words, and shows nothing on record."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData

from acts import billing_records, patient
from adapters.spoken_times import MONTHS
from models.codes import LinkPurpose
from models.errors import MovedOn
from web.portal.forms import one_value, read_birth_date
from web.portal.page import Page
from web.portal.visit_pages import OwnForm, Shown, visitor_of

router = APIRouter()

GROUPS: Mapping[str, tuple[str, ...]] = {
    "card": ("member_id", "group_number"),
    "holder": (
        *("relationship", "subscriber_family_name", "subscriber_given_name"),
        *("subscriber_birth_date", "subscriber_sex"),
    ),
    "you": ("birth_date", "sex"),
    "home": ("line", "second_line", "city", "state", "zip_code"),
}
"""The fields as they stand on the page, under which heading."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "relationship": billing_records.RELATIONSHIPS,
    "subscriber_sex": billing_records.SEXES,
    "sex": billing_records.SEXES,
}
DATES = ("birth_date", "subscriber_birth_date")
PARTS = ("month", "day", "year")
OPTIONAL = ("second_line",)
FILLED_BY_BROWSERS = {
    "line": "address-line1",
    "second_line": "address-line2",
    "city": "address-level2",
    "state": "address-level1",
    "zip_code": "postal-code",
}


@dataclass(frozen=True, repr=False)
class Answers:
    """What was typed, by field, and what is wrong with it: the field and the name of the string that says so."""

    given: Mapping[str, str]
    faults: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"<answers to {len(self.given)} fields>"


@router.get("/l/{token}/billing")
def show_billing(page: Shown) -> Response:
    asked = _asked(page)
    return _show(page, asked) if asked else _nothing_asked(page)


def _nothing_asked(page: Page) -> Response:
    """The link's first page says what has become of it, but for one that a newer link has overtaken."""
    state = patient.link_state(page.token)
    if state.usable and state.purpose == LinkPurpose.BILLING_DETAILS:
        return page.notice("closed_title", "closed_moved_on", again=True)
    return page.go()


def _asked(page: Page) -> tuple[str, ...]:
    """What this link asks for, () where it is done; raises NotAllowed without a proof or for another link."""
    visitor = visitor_of(page)
    if visitor.link.purpose != LinkPurpose.BILLING_DETAILS:
        return ()
    asked = billing_records.asked_of(visitor.link.id)
    # where somebody lives has two lines, whichever of them is missing
    return (*asked, "second_line") if "line" in asked and "second_line" not in asked else asked


def _show(page: Page, asked: tuple[str, ...], form: FormData | None = None, faults: object = ()) -> Response:
    typed = {name: one_value(form, name) if form else "" for name in asked}
    dates = {
        name: {part: one_value(form, f"{name}_{part}") if form else "" for part in PARTS}
        for name in DATES
        if name in asked
    }
    return page.show(
        "billing.html",
        status=422 if faults else 200,
        groups={group: [name for name in names if name in asked] for group, names in GROUPS.items()},
        choices=CHOICES,
        typed=typed,
        dates=dates,
        faults=faults,
        months=MONTHS[page.language],
        optional=OPTIONAL,
        autocomplete=FILLED_BY_BROWSERS,
    )


@router.post("/l/{token}/billing")
def send_billing(page: Shown, form: OwnForm) -> Response:
    asked = _asked(page)
    if not asked:
        return _nothing_asked(page)
    answers = read_answers(form, asked)
    if answers.faults:
        return _show(page, asked, form, answers.faults)
    try:
        billing_records.fill_in(visitor_of(page).link.id, answers.given)
    except MovedOn:
        return _nothing_asked(page)
    except ValueError as fault:
        wrong = next((name for name in asked if str(fault).startswith(name)), asked[0])
        return _show(page, asked, form, ((wrong, "billing_wrong"),))
    return page.go()


def read_answers(form: FormData, asked: tuple[str, ...]) -> Answers:
    """Each field on its own, so that everything wrong is told at once, in the page's order."""
    given: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    for name in (each for names in GROUPS.values() for each in names if each in asked):
        given[name] = _value(form, name)
        if not given[name] and name not in OPTIONAL:
            faults.append((name, "billing_wrong" if _half_a_date(form, name) else "billing_empty"))
            continue
        try:
            billing_records.checked({name: given[name]})
        except ValueError:
            faults.append((name, "billing_wrong"))
    return Answers(given, tuple(faults))


def _value(form: FormData, name: str) -> str:
    if name not in DATES:
        return one_value(form, name)
    day = read_birth_date(form, f"{name}_")
    return day.isoformat() if day else ""


def _half_a_date(form: FormData, name: str) -> bool:
    return name in DATES and any(one_value(form, f"{name}_{part}") for part in PARTS)
