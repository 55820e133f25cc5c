"""What a patient agreed to in writing: the papers, a new one, taking one back, purging what was derived."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import consent_papers
from adapters import desk_views, note_views
from adapters.note_views import PatientView
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.note_codes import ConsentKind, ConsentPurpose
from models.operational import SessionNote
from rules.access import may_see_case
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

DONE = {
    "recorded": "The paper is on record. Sessions that are not signed yet are read again.",
    "revoked": "The consent is taken back from today on. Whatever is not signed yet begins again without it.",
    "purged": "What was derived from the session is destroyed.",
}


@router.get("/patients/{patient_id}/consents", name="patient_consents")
def patient_consents(request: Request, me: SignedIn, patient_id: str, done: str = "") -> HTMLResponse:
    return _show(request, _visible(me, patient_id), notice=DONE.get(done))


def _visible(me: Member, patient_id: str) -> PatientView:
    """A patient of whom this person may see a case; raises NotAllowed or MovedOn."""
    view = note_views.patient(patient_id)
    if not any(may_see_case(me.viewer, facts).allowed for facts in view.facts):
        raise NotAllowed("you may see none of this patient's cases")
    return view


def _show(
    request: Request,
    view: PatientView,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    return page(
        request,
        "patient_consents.html",
        status_code=status_code,
        view=view,
        states={paper.id: words.paper_state(paper, utc_now().date()) for paper in view.papers},
        in_force={kind for kind in ConsentKind if any(p.kind == kind and p.revoked_on is None for p in view.papers)},
        kinds=tuple(ConsentKind),
        purposes=tuple(ConsentPurpose),
        unsigned=[session for session in view.sessions if session.signed_decision_id is None],
        today=utc_now().date(),
        names=desk_views.staff_names(),
        notice=notice,
        problem=problem,
        typed=typed or {},
    )


def _act(
    request: Request, me: Member, patient_id: str, done: str, typed: dict[str, str], act: Callable[[], object]
) -> Response:
    """Do it and show the page; what refuses it is shown beside what was typed."""
    _visible(me, patient_id)
    try:
        act()
    except (NotAllowed, MovedOn, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, _visible(me, patient_id), problem=problem, typed=typed, status_code=422)
    return RedirectResponse(f"/patients/{patient_id}/consents?done={done}", status_code=303)


@router.post("/patients/{patient_id}/consents", name="record_consent")
def record_consent(
    request: Request,
    me: SignedIn,
    patient_id: str,
    purpose: Annotated[str, Form()] = "",
    given_on: Annotated[str, Form()] = "",
    document_id: Annotated[str, Form()] = "",
) -> Response:
    def act() -> None:
        if purpose not in tuple(ConsentPurpose):
            raise ValueError("choose what the patient agreed to")
        try:
            day = date.fromisoformat(given_on)
        except ValueError as bad:
            raise ValueError("give the date on the paper") from bad
        consent_papers.record(
            patient_id, ConsentPurpose(purpose), given_on=day, document_id=document_id, staff_id=me.id
        )

    typed = {"purpose": purpose, "given_on": given_on, "document_id": document_id}
    return _act(request, me, patient_id, "recorded", typed, act)


@router.post("/patients/{patient_id}/consents/revoke", name="revoke_consent")
def revoke_consent(request: Request, me: SignedIn, patient_id: str, kind: Annotated[str, Form()] = "") -> Response:
    def act() -> None:
        if kind not in tuple(ConsentKind):
            raise ValueError("choose which consent is taken back")
        if not consent_papers.revoke(patient_id, ConsentKind(kind), me.id):
            raise ValueError("no such consent is in force")

    return _act(request, me, patient_id, "revoked", {}, act)


@router.post("/patients/{patient_id}/purge", name="purge_session")
def purge_session(
    request: Request,
    me: SignedIn,
    patient_id: str,
    number: Annotated[str, Form()] = "",
) -> Response:
    """Destroy what was derived from one session that is not signed; without consent to recording its transcript too."""

    def act() -> None:
        view = note_views.patient(patient_id)
        session = next((each for each in view.sessions if each.case_number == number), None)
        _check_session(session)
        consent_papers.purge_unsigned(number, me.id)

    return _act(request, me, patient_id, "purged", {}, act)


def _check_session(session: SessionNote | None) -> None:
    if session is None:
        raise ValueError("choose one of this patient's sessions")
