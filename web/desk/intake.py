"""Incoming referrals: what was received, what is broken, a file to drop, a referral typed in."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from acts import intake as acts
from adapters import desk_views, intake_views
from adapters.settings import settings
from models.codes import Modality, RowOutcome
from models.errors import ContractBroken, MovedOn
from models.referral_table import CHANNELS, COLUMNS, DAY_PARTS, DAYS, FOCUS_AREAS, STATES
from models.therapy_text import TherapyText
from web.desk import evidence, words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

BY_NAME = {column.name: column for column in COLUMNS}
LISTS = ("focus_areas", "preferred_times")
TYPED = (
    "given_name", "family_name", "birth_date", "email", "phone", "preferred_channel", "language", "state",
    "location_id", "modality", "needs_accessible", "payer_code", "plan_code", "member_id", "self_pay",
    "referrer_name", "referral_text", "consent_ai", "consent_ai_on", *LISTS,
)  # fmt: skip
DONE = {
    "dropped": "The file is in the intake folder. It is checked and received within a minute.",
    "entered": "The referral is in the intake folder. It is checked and received within a minute.",
    "dismissed": "The row is off the list. It stays in quarantine.",
}


@router.get("/intake", name="intake")
def intake(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    return _show(request, notice=DONE.get(done))


def _show(
    request: Request, *, notice: str | None = None, problem: str | None = None, status_code: int = 200
) -> HTMLResponse:
    return page(
        request,
        "intake.html",
        status_code=status_code,
        files=intake_views.received_files(),
        faults=intake_views.quarantined_rows(),
        fix_files=intake_views.fix_files(),
        outcomes=tuple(RowOutcome),
        notice=notice,
        problem=problem,
        places=desk_views.places(),
    )


@router.post("/intake", name="upload")
def upload(request: Request, me: SignedIn, file: Annotated[UploadFile, File()]) -> Response:
    try:
        acts.drop_file(file.file.read(settings().largest_file + 1), me.id)
    except ContractBroken as broken:
        return _show(request, problem=words.sentence(str(broken)) + ".", status_code=422)
    return RedirectResponse("/intake?done=dropped", status_code=303)


@router.get("/intake/to-fix/{token}", name="fix_file")
def fix_file(me: SignedIn, token: str) -> FileResponse:
    found = next((each for each in intake_views.fix_files() if each.token == token), None)
    if found is None:
        raise MovedOn("this file to correct is gone")
    return FileResponse(found.path, filename=found.name, media_type="text/csv")


@router.get("/intake/rows/{fault_id}", name="quarantined_row")
def quarantined_row(request: Request, me: SignedIn, fault_id: str) -> HTMLResponse:
    """A broken row as it was sent, because what it says may not be able to wait until it is corrected."""
    faults = intake_views.faults_of_row(fault_id)
    cells = evidence.quarantined_cells(faults[0].content_id, me, "desk:quarantined-row")
    return page(request, "quarantined_row.html", faults=faults, cells=cells)


@router.post("/intake/rows/{fault_id}/dismiss", name="dismiss_row")
def dismiss_row(request: Request, me: SignedIn, fault_id: str, reason: Annotated[str, Form()] = "") -> Response:
    try:
        acts.dismiss_row(fault_id, staff_id=me.id, reason=TherapyText(reason))
    except ValueError as missing:
        return _show(request, problem=words.sentence(str(missing)) + ".", status_code=422)
    return RedirectResponse("/intake?done=dismissed", status_code=303)


@router.get("/referrals/new", name="new_referral_page")
def new_referral_page(request: Request, me: SignedIn) -> HTMLResponse:
    return _form(request, me, typed={}, errors={})


def _form(
    request: Request, me: Member, *, typed: Mapping[str, str], errors: Mapping[str, str], status_code: int = 200
) -> HTMLResponse:
    known = desk_views.places()
    return page(
        request,
        "new_referral.html",
        status_code=status_code,
        typed=typed,
        errors=errors,
        places=[known[place] for place in me.staff.location_ids if place in known],
        channels=CHANNELS,
        states=sorted(STATES),
        modalities=tuple(Modality),
        focus_areas=FOCUS_AREAS,
        days=DAYS,
        day_parts=DAY_PARTS,
    )


def check_cells(cells: Mapping[str, str]) -> dict[str, str]:
    """What the contract would refuse, by field, so that it is said beside the field and not in quarantine."""
    errors = {}
    for name in TYPED:
        column, text = BY_NAME[name], cells.get(name, "").strip()
        if not text:
            if column.required:
                errors[name] = "This is needed."
        elif len(text) > column.longest:
            errors[name] = f"At most {column.longest:,} characters."
        elif column.reads and column.reads(text) is None:
            errors[name] = f"Wanted: {column.wanted}."
    if not cells.get("email", "").strip() and not cells.get("phone", "").strip():
        errors.setdefault("email", "An e-mail address or a phone number is needed.")
    return errors


async def typed_cells(request: Request) -> dict[str, str]:
    """The form's fields by column name; several ticked boxes are one cell."""
    form = await request.form()
    return {name: "; ".join(str(each) for each in form.getlist(name)) for name in TYPED}


@router.post("/referrals/new", name="new_referral")
def new_referral(request: Request, me: SignedIn, cells: Annotated[dict[str, str], Depends(typed_cells)]) -> Response:
    errors = check_cells(cells)
    if cells["location_id"] and cells["location_id"] not in me.staff.location_ids:
        errors["location_id"] = "Choose one of your locations."
    if errors:
        return _form(request, me, typed=cells, errors=errors, status_code=422)
    acts.enter_referral(cells, me.id)
    return RedirectResponse("/intake?done=entered", status_code=303)
