"""Versions waiting: what is asked for without a pilot, with its figures, signed or discarded; the way back."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import recalibrating, waiting_versions
from acts.signers import REFUSED
from acts.waiting_versions import Waits
from adapters import desk_views, note_templates
from adapters.operational_store import reading
from models.errors import MovedOn, NotAllowed, WeightsDiffer
from models.note_template import NoteTemplate
from models.operational import Location
from models.pilot_codes import WaitingKind
from models.session_index import NoteFormatCode
from rules.version_signing import GOOD_FOR, SIGNED_BY
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again

router = APIRouter()

DONE = {
    "signed": "Signed.",
    "in-force": "Signed by everybody who must: it is in force.",
    "discarded": "Discarded. Nothing was put in force.",
    "back": "The version before is in force again, from now on.",
}


@router.get("/versions", name="versions")
def show_versions(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    """What waits to be signed, what is in force, what it may go back to, what waited lately."""
    return _list(request, me, notice=DONE.get(done, ""))


def _list(request: Request, me: Member, *, notice: str = "", problem: str = "") -> HTMLResponse:
    own, places = me.staff.location_ids, desk_views.places()
    found = waiting_versions.all_waiting(own)
    forms = waiting_versions.template_ways(own, list(NoteFormatCode))
    return page(
        request,
        "versions.html",
        status_code=409 if problem else 200,
        waiting=[each for each in found if each.version.ended_at is None],
        over=[each for each in found if each.version.ended_at is not None],
        reader=recalibrating.ways(),
        templates=forms,
        names=desk_views.staff_names(),
        places=places,
        zone=_zone(me, places),
        notice=notice,
        problem=problem,
    )


def _zone(me: Member, places: Mapping[str, Location]) -> str:
    own = me.staff.location_ids
    return places[own[0]].time_zone if own else "UTC"


@router.get("/versions/{waiting_id}", name="version")
def show_version(request: Request, me: SignedIn, waiting_id: str, done: str = "") -> HTMLResponse:
    """Exactly what is signed: version, where it would hold, what it replaces, what speaks for it."""
    return _show(request, me, waiting_id, notice=DONE.get(done, ""))


def _show(request: Request, me: Member, waiting_id: str, *, notice: str = "", problem: str = "") -> HTMLResponse:
    waits = waiting_versions.one_waiting(waiting_id, me.staff.location_ids)
    cut_off = waiting_versions.was_cut_off(waits.version)
    open_ = waits.version.ended_at is None and not waits.stale
    places = desk_views.places()
    return page(
        request,
        "version.html",
        status_code=422 if problem else 200,
        waits=waits,
        content=waits.version.content,
        says=_says(waits) if waits.version.kind is WaitingKind.NOTE_TEMPLATE else {},
        cut_off=cut_off,
        signs=(open_ or cut_off) and me.staff.role in (waits.missing or SIGNED_BY),
        signed_by=SIGNED_BY,
        good_for=GOOD_FOR.days,
        names=desk_views.staff_names(),
        places=places,
        zone=_zone(me, places),
        notice=notice,
        problem=problem,
    )


def _says(waits: Waits) -> dict[str, NoteTemplate]:
    """The templates that are named, by their version; one that is not shipped any more is left out."""
    content, found = waits.version.content, {}
    wanted = [content["version"]["version"], *(each["version"] for each in content["replaces"].values())]
    with reading() as db:
        for name in wanted:
            with suppress(MovedOn):
                found[name] = note_templates.named(db, name)
    return found


@router.post("/versions/{waiting_id}/sign", name="sign_version")
def sign_version(
    request: Request,
    me: SignedIn,
    waiting_id: str,
    seen_digest: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Sign exactly what was shown, with password and code; the last signature puts it in force."""
    waiting_versions.one_waiting(waiting_id, me.staff.location_ids)
    try:
        waiting_versions.check_may_sign(waiting_id, me.id)
        prove_again(me, current, code)
    except (MovedOn, WeightsDiffer, NotAllowed) as refusal:
        said = NOT_PROVED if str(refusal) == REFUSED else words.sentence(str(refusal)) + "."
        return _show(request, me, waiting_id, problem=said)
    how = me.signs_how
    try:
        signed = waiting_versions.sign(waiting_id, staff_id=me.id, how=how, seen_digest=seen_digest)
    except (NotAllowed, MovedOn, WeightsDiffer) as refusal:
        return _show(request, me, waiting_id, problem=words.sentence(str(refusal)) + ".")
    done = "signed" if signed.missing else "in-force"
    return RedirectResponse(f"/versions/{waiting_id}?done={done}", status_code=303)


@router.post("/versions/{waiting_id}/discard", name="discard_version")
def discard_version(request: Request, me: SignedIn, waiting_id: str) -> Response:
    """Let it wait no longer."""
    waiting_versions.discard(waiting_id, staff_id=me.id)
    return RedirectResponse(f"/versions/{waiting_id}?done=discarded", status_code=303)


@router.post("/versions/back", name="go_back")
def go_back(
    request: Request, me: SignedIn, version: Annotated[str, Form()] = "", location: Annotated[str, Form()] = ""
) -> Response:
    """The version that was in force before is in force again, at once; ``location`` "" for the risk reader."""
    try:
        if location:
            waiting_versions.go_back_template(location, version, staff_id=me.id)
        else:
            waiting_versions.go_back_reader(version, staff_id=me.id)
    except (MovedOn, ValueError, WeightsDiffer) as refusal:
        return _list(request, me, problem=words.sentence(str(refusal)) + ".")
    return RedirectResponse("/versions?done=back", status_code=303)
