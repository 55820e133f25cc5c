"""Pilots of new versions: which there are, how each compares so far, and who starts, signs and ends one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import pilot_looks, pilot_versions, pilots
from adapters import desk_views
from adapters.operational_store import reading
from models.codes import Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Pilot, PracticeVersion
from models.pilot_codes import (
    MEASURES_OF,
    SHADOW_MEASURE_OF,
    UNITS_OF,
    PilotMeasure,
    PilotMode,
    SignedAct,
    TextKind,
    VersionKind,
)
from web.desk import pilot_chart, pilot_form, pilot_words, words
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.pilot_form import Posted
from web.desk.proof import NOT_PROVED, prove_again

router = APIRouter()

SHOWN_LOOKS = 30
DONE = {
    "proposed": "The pilot is written down. Nothing runs before it is signed.",
    "signed": "Signed.",
    "ended": "The pilot is ended: from now on everybody has the present version.",
    "looked": "A look was taken.",
    "not-running": "The pilot does not run any more, so no look was taken.",
}


@router.get("/pilots", name="pilots")
def show_pilots(request: Request, me: SignedIn) -> HTMLResponse:
    """Every pilot at this person's places, the newest first, each with what its looks say."""
    rows = []
    for pilot, version in pilots.all_pilots(me.staff.location_ids):
        looks = pilot_looks.looks_of(pilot.id)
        rows.append((pilot, version, *pilot_words.standing_of(pilot, looks)))
    return page(
        request,
        "pilots.html",
        rows=rows,
        said=pilot_words,
        places=desk_views.places(),
        kinds=tuple(VersionKind),
        proposes=me.staff.role == Role.OWNER,
    )


@router.get("/pilots/new", name="new_pilot")
def new_pilot(request: Request, me: SignedIn, kind: str = "") -> HTMLResponse:
    """The form of one kind of version, filled with what is in force; without a kind, the choice of one."""
    try:
        chosen = pilot_form.kind_of(kind) if kind else None
    except ValueError:
        chosen = None
    return _form(request, me, chosen)


def _form(
    request: Request, me: Member, kind: VersionKind | None, posted: Posted | None = None, problem: str = ""
) -> HTMLResponse:
    own = list(me.staff.location_ids)
    beginning = pilot_versions.beginning(kind, own[0]) if kind is not None and own else None
    return page(
        request,
        "pilot_new.html",
        status_code=422 if problem else 200,
        kind=kind,
        kinds=tuple(VersionKind),
        beginning=beginning,
        typed=dict(posted.one) if posted else {},
        chosen=posted.locations if posted else own[:1],
        own=[each for id, each in desk_views.places().items() if id in own],
        measures=_measures(kind) if kind else (),
        units=UNITS_OF[kind] if kind else (),
        texts=tuple(TextKind) if kind and kind.reads_risk else (),
        modes=(PilotMode.SHADOW, PilotMode.ARM) if kind and kind.reads_risk else (PilotMode.ARM, PilotMode.SHADOW),
        shadow_measure=SHADOW_MEASURE_OF[kind] if kind else None,
        harms=MEASURES_OF[kind] if kind else (),
        said=pilot_words,
        problem=problem,
    )


def _measures(kind: VersionKind) -> tuple[PilotMeasure, ...]:
    """What may be chosen: of arms, then of shadow."""
    return tuple(dict.fromkeys((*MEASURES_OF[kind], SHADOW_MEASURE_OF[kind])))


async def posted_form(request: Request) -> Posted:
    """The fields of the form that proposes a pilot."""
    form = await request.form()
    typed = {name: value for name, value in form.items() if isinstance(value, str) and name != "csrf_token"}
    return Posted(typed, [each for each in form.getlist("locations") if isinstance(each, str)])


@router.post("/pilots", name="propose_pilot")
def propose_pilot(request: Request, me: SignedIn, posted: Annotated[Posted, Depends(posted_form)]) -> Response:
    """Write the version and its pilot down; what is wrong with the form is said above it."""
    kind = None
    try:
        kind = pilot_form.kind_of(posted.get("kind"))
        terms = pilot_form.terms(posted)
        pilots.check(kind, terms)
        new = pilot_versions.wanted(kind, pilot_form.content(kind, posted))
        pilot = pilots.propose(new, posted.get("why"), terms, actor=me.id)
    except (ValueError, NotAllowed, MovedOn) as refusal:
        return _form(request, me, kind, posted, words.sentence(str(refusal)) + ".")
    return RedirectResponse(f"/pilots/{pilot.id}?done=proposed", status_code=303)


@router.get("/pilots/{pilot_id}", name="pilot")
def show_pilot(request: Request, me: SignedIn, pilot_id: str, done: str = "") -> HTMLResponse:
    """One pilot: what is tried, how it compares, who signed it."""
    return _show(request, me, pilot_id, notice=DONE.get(done, ""))


def _theirs(me: Member, pilot_id: str) -> tuple[Pilot, PracticeVersion]:
    """A pilot at one of this person's places; raises MovedOn or NotAllowed."""
    with reading() as db:
        pilot, version = pilots.one_pilot(db, pilot_id)
    if not set(pilot.location_ids) & set(me.staff.location_ids):
        raise NotAllowed("this pilot is at other locations")
    return pilot, version


def _show(request: Request, me: Member, pilot_id: str, *, notice: str = "", problem: str = "") -> HTMLResponse:
    pilot, version = _theirs(me, pilot_id)
    looks = pilot_looks.looks_of(pilot.id)
    verdict, said = pilot_words.standing_of(pilot, looks)
    act = SignedAct.PUT_IN_FORCE if pilot.started_at is not None else SignedAct.START
    with reading() as db:
        signatures = {each: pilots.signatures_by_role(db, pilot, each) for each in SignedAct}
        missing = pilots.missing(db, pilot, act)
        in_force = pilot_versions.present(db, pilot.kind, pilot.location_ids[0])
    stopped = pilot.ended_why is not None and pilot.ended_why.is_a_stop
    over = stopped or pilot.in_force_at is not None or (act == SignedAct.START and pilot.ended_at is not None)
    waits = missing or pilots.signed_by(pilot.kind)
    return page(
        request,
        "pilot.html",
        status_code=422 if problem else 200,
        pilot=pilot,
        version=version,
        verdict=verdict,
        verdict_words=said,
        looks=looks[-SHOWN_LOOKS:][::-1],
        earlier=max(0, len(looks) - SHOWN_LOOKS),
        newest=looks[-1] if looks else None,
        chart=pilot_chart.drawn(pilot, looks),
        present=in_force.get(version.content.get("format", ""), in_force),
        signatures=signatures,
        missing=missing,
        act=act,
        digest=pilots.terms_digest(pilot, version, act),
        signs=not over and me.staff.role in waits,
        said=pilot_words,
        measures=MEASURES_OF[pilot.kind],
        texts=tuple(TextKind),
        names=desk_views.staff_names(),
        places=desk_views.places(),
        notice=notice,
        problem=problem,
    )


@router.post("/pilots/{pilot_id}/sign", name="sign_pilot")
def sign_pilot(
    request: Request,
    me: SignedIn,
    pilot_id: str,
    act: Annotated[str, Form()] = "",
    seen_digest: Annotated[str, Form()] = "",
    accepts_less: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Sign the start, or that the version is put in force, with password and code."""
    _theirs(me, pilot_id)
    if act not in tuple(SignedAct):
        return _show(request, me, pilot_id, problem="Say what you sign.")
    try:
        prove_again(me, current, code)
    except NotAllowed:
        return _show(request, me, pilot_id, problem=NOT_PROVED)
    signed: dict[str, Any] = {
        "staff_id": me.id,
        "how": me.signs_how,
        "seen_digest": seen_digest,
        "accepts_less": accepts_less == "yes",
    }
    try:
        pilots.sign(pilot_id, SignedAct(act), **signed)
    except (NotAllowed, MovedOn, ValueError) as refusal:
        return _show(request, me, pilot_id, problem=words.sentence(str(refusal)) + ".")
    return RedirectResponse(f"/pilots/{pilot_id}?done=signed", status_code=303)


@router.post("/pilots/{pilot_id}/end", name="end_pilot")
def end_pilot(request: Request, me: SignedIn, pilot_id: str) -> Response:
    """Back to the present version for everybody, at once."""
    _theirs(me, pilot_id)
    pilots.end(pilot_id, staff_id=me.id)
    return RedirectResponse(f"/pilots/{pilot_id}?done=ended", status_code=303)


@router.post("/pilots/{pilot_id}/look", name="look_at_pilot")
def look_at_pilot(request: Request, me: SignedIn, pilot_id: str) -> Response:
    """Take a look now; the method allows for as many as anybody likes."""
    _theirs(me, pilot_id)
    look = pilot_looks.look_now(pilot_id, utc_now(), actor=me.id)
    return RedirectResponse(f"/pilots/{pilot_id}?done={'looked' if look else 'not-running'}", status_code=303)
