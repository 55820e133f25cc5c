"""The biller's pages: the queue of exceptions, every claim by number, one claim's thread and what is done to it."""

from collections import Counter
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import billing, refunds, visit_payments
from acts import claims as acts
from acts.billing_records import PATIENT_FIELDS
from adapters import appeal_letters, case_views, claim_views, desk_views
from adapters.case_views import CaseView
from adapters.claim_views import ClaimsAsked, ExceptionRow
from models.claim_codes import RemittanceOutcome
from models.codes import ClaimStatus, Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Claim
from models.therapy_text import TherapyText
from models.transitions import owner_of
from rules.access import CLAIM_WORKERS, may_read_claim, may_see_case, sees_claim_names
from rules.sign_off import SIGNING_ROLE
from web.desk import claim_evidence, claim_steps, claim_thread, claim_words, words
from web.desk.claim_evidence import ShownClaim
from web.desk.claim_steps import SAID, STEPS, Asked
from web.desk.members import Member, SignedIn, check_theirs, check_visible, reading
from web.desk.note_drafts import posted_fields
from web.desk.pages import page
from web.desk.workflows import held_here

router = APIRouter()

STALE = (
    "this claim has changed since you opened it. It is shown as it stands now and nothing of what you sent was done; "
    "what you typed is kept below"
)


# -- the queue of exceptions


@router.get("/claims", name="claims")
def claims(
    request: Request,
    me: SignedIn,
    queue: str = "",
    payer: str = "",
    owner: str = "",
    location: str = "",
) -> HTMLResponse:
    everything = [
        row
        for row in claim_views.exceptions(me.staff.location_ids, utc_now(), billing.refund_within())
        if row.facts is None or may_see_case(me.viewer, row.facts).allowed
    ]
    shown = [row for row in everything if _fits(row, me, queue, payer, owner, location)]
    counts = claim_views.counts(me.staff.location_ids)
    return page(
        request,
        "claims.html",
        rows=shown,
        all_count=len(everything),
        queue_counts=Counter(row.queue for row in everything),
        moving=sum(count for status, count in counts.items() if not status.is_closed)
        - len({row.number for row in everything if words.is_claim(row.number)}),
        with_payers=sum(counts.get(status, 0) for status in claim_views.WITH_PAYERS),
        payers=sorted({row.payer_code for row in everything if row.payer_code}),
        owners=sorted({row.owner for row in everything if row.owner}),
        asked={"queue": queue, "payer": payer, "owner": owner, "location": location},
        address=lambda **changes: _address("/claims", {"payer": payer, "owner": owner, "location": location} | changes),
        works=me.staff.role in CLAIM_WORKERS,
        takes=lambda row: _takes(me, row),
        shows_names=sees_claim_names(me.staff.role),
        places=desk_views.places(),
        names=desk_views.staff_names(),
        cw=claim_words,
        today=utc_now().date(),
    )


def _fits(row: ExceptionRow, me: Member, queue: str, payer: str, owner: str, location: str) -> bool:
    """``owner`` is a staff id, ``me``, or ``nobody``; what belongs to no place stands at every one."""
    wanted = me.id if owner == "me" else owner
    owned = not owner or (row.owner is None if owner == "nobody" else row.owner == wanted)
    here = not location or row.location_id in ("", location)
    return owned and here and (not queue or row.queue == queue) and (not payer or row.payer_code == payer)


def _takes(me: Member, row: ExceptionRow) -> bool:
    """Whether this person may take the row's to-do as their own."""
    to_do = row.to_do
    return to_do is not None and to_do.claimed_by is None and me.staff.role in (to_do.role, Role.ADMIN)


def _address(path: str, wanted: dict[str, str]) -> str:
    chosen = {name: value for name, value in wanted.items() if value}
    return f"{path}?{urlencode(chosen)}" if chosen else path


# -- every claim


@router.get("/claims/all", name="all_claims")
def all_claims(
    request: Request,
    me: SignedIn,
    q: str = "",
    status: str = "",
    payer: str = "",
    after: str = "",
    before: str = "",
    page_number: str = "1",
) -> Response:
    asked = {"q": q, "status": status if status in tuple(ClaimStatus) else "", "payer": payer}
    asked |= {"after": after, "before": before}
    number = claim_words.page_of(page_number)
    wanted = ClaimsAsked(
        status=asked["status"],
        payer=payer,
        search=q.replace("\x00", ""),
        after=words.day_or_none(after),
        before=words.day_or_none(before),
    )
    rows, total = claim_views.claims(me.staff.location_ids, wanted, number)
    return page(
        request,
        "claims_all.html",
        rows=[row for row in rows if may_see_case(me.viewer, row.facts).allowed],
        total=total,
        number=number,
        last=max(1, -(-total // claim_views.PAGE)),
        asked=asked,
        address=lambda to: _address("/claims/all", asked | {"page_number": str(to)}),
        statuses=tuple(ClaimStatus),
        payers=claim_views.payers(),
        shows_names=sees_claim_names(me.staff.role),
        cw=claim_words,
    )


# -- one claim


def visible_claim(me: Member, number: str) -> tuple[Claim, CaseView]:
    """A claim whose course this person may see; raises NotTheirs, or MovedOn where there is none."""
    found = case_views.case(number)
    if not isinstance(found.referral, Claim):
        raise MovedOn(f"{number} is no claim")
    check_visible(me, found)
    return found.referral, found


@router.get("/claims/remitted/{remitted_id}", name="remitted_claim")
def remitted_claim(request: Request, me: SignedIn, remitted_id: str) -> HTMLResponse:
    return _show_remitted(request, me, remitted_id)


def _show_remitted(
    request: Request,
    me: Member,
    remitted_id: str,
    *,
    problem: str | None = None,
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    """One claim of a remittance, as the payer said it."""
    record, file = claim_views.remitted(remitted_id)
    if record.case_number is not None:
        visible_claim(me, record.case_number)
    return page(
        request,
        "claim_remitted.html",
        status_code=status_code,
        record=record,
        file=file,
        open=record.outcome == RemittanceOutcome.FOR_A_PERSON,
        works=me.staff.role in CLAIM_WORKERS,
        problem=problem,
        typed=typed or {},
        cw=claim_words,
    )


@router.post("/claims/remitted/{remitted_id}", name="settle_remitted")
def settle_remitted(
    request: Request,
    me: SignedIn,
    remitted_id: str,
    whose: Annotated[str, Form()] = "",
    case_number: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    number = case_number.strip().upper() if whose == "claim" else ""
    try:
        if whose not in ("claim", "nobody"):
            raise ValueError("say whose payment it is")
        if whose == "claim" and not number:
            raise ValueError("the claim's number is missing")
        if not reason.strip():
            raise ValueError("a reason is needed")
        acts.settle_remitted(
            remitted_id, staff_id=me.id, case_number=number, reason=TherapyText(reason.replace("\r\n", "\n"))
        )
    except (NotAllowed, ValueError) as refusal:
        typed = {"whose": whose, "case_number": case_number, "reason": reason}
        problem = words.sentence(str(refusal)) + "."
        return _show_remitted(request, me, remitted_id, problem=problem, typed=typed, status_code=422)
    return RedirectResponse(f"/claims/{number}?done=settled" if number else "/claims", status_code=303)


@router.get("/claims/{number}", name="claim_page")
def claim_page(request: Request, me: SignedIn, number: str, done: str = "") -> HTMLResponse:
    claim, found = visible_claim(me, number)
    with reading(me, found):
        return _show(request, me, claim, found, notice=SAID.get(done))


def _show(
    request: Request,
    me: Member,
    claim: Claim,
    found: CaseView,
    *,
    notice: str | None = None,
    problem: str | None = None,
    step: str = "",
    typed: dict[str, str] | None = None,
    preview: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    """The claim's page; what it says is there for who bills or signs it, its course for whoever may see it."""
    thread = claim_views.thread(claim.case_number)
    reads = may_read_claim(me.viewer, found.facts).allowed
    works = me.staff.role in CLAIM_WORKERS and may_see_case(me.viewer, found.facts).allowed
    approval = thread.open_sign_off
    not_billed = works and claim.status is ClaimStatus.CLOSED_NOT_BILLED
    paid_at_visit = visit_payments.in_no_ledger(claim.case_number) if not_billed else 0
    kept = [str(event.details["words"]) for event in thread.events if "words" in event.details]
    names = desk_views.staff_names()
    return page(
        request,
        "claim.html",
        status_code=status_code,
        claim=claim,
        found=found,
        thread=thread,
        shown=claim_evidence.present_claim(claim, me) if reads else None,
        reads=reads,
        works=works,
        shows_names=sees_claim_names(me.staff.role),
        steps=claim_thread.steps(thread, claim_evidence.reasons(kept, me) if reads else {}, names),
        events=thread.events,
        offered=claim_steps.offered(
            claim,
            held=held_here(claim.status, claim) is not None,
            owed_back=thread.balances.credit_cents > 0,
            paid_at_visit=paid_at_visit > 0,
        )
        if works
        else (),
        paid_at_visit=paid_at_visit,
        credits=refunds.credits_of(claim.case_number) if works and thread.balances.credit_cents else (),
        insurance=claim_views.insurance(claim.patient_id, claim.service_date) if works else None,
        asked_already=claim.missing,
        patient_fields=PATIENT_FIELDS,
        clinical=acts.CLINICAL_FIELDS,
        approval=approval,
        held=held_here(claim.status, claim),
        signs=approval is not None and me.staff.role == SIGNING_ROLE[approval.kind],
        to_do=thread.open_to_do,
        owner=owner_of(claim.status),
        deadline=claim_views.deadline(claim),
        zone=found.location.time_zone,
        names=names,
        cw=claim_words,
        today=utc_now().date(),
        notice=notice,
        problem=problem,
        step=step,
        typed=typed or {},
        preview=preview,
        templates=appeal_letters.TITLES,
        suggested_template=next((each["template"] for each in claim.findings if each.get("template")), ""),
        write_off_limit=acts.write_off_limit() if works else 0,
    )


def show_refusal(request: Request, me: Member, found: CaseView, problem: str) -> HTMLResponse:
    """The page of a claim with what refused a step that was asked for on it."""
    assert isinstance(found.referral, Claim)
    with reading(me, found):
        return _show(request, me, found.referral, found, problem=problem, status_code=422)


@router.post("/claims/{number}", name="step_claim")
def step_claim(
    request: Request, me: SignedIn, number: str, posted: Annotated[dict[str, str], Depends(posted_fields)]
) -> Response:
    """Do one step to a claim; what refuses it is shown on its page beside what was typed."""
    claim, found = visible_claim(me, number)
    check_theirs(me, found)
    step, form = posted.get("step", ""), {name: value.replace("\x00", "") for name, value in posted.items()}
    try:
        if step not in STEPS:
            raise ValueError("this form could not be read; open the page again")
        if form.get("version") != str(claim.version):
            raise MovedOn(STALE)
        if step == "appeal" and form.get("preview"):
            return _preview(request, me, claim, found, form)
        STEPS[step](Asked(claim, me.id, form, _present(me, claim, step)))
    except (MovedOn, NotAllowed, ValueError) as refusal:
        anew, found = visible_claim(me, number)
        problem = words.sentence(words.plain(refusal)) + "."  # a field is named as in the record
        code = 409 if isinstance(refusal, MovedOn) else 422
        with reading(me, found):
            return _show(request, me, anew, found, problem=problem, step=step, typed=form, status_code=code)
    return RedirectResponse(f"/claims/{number}?done={step}", status_code=303)


def _preview(request: Request, me: Member, claim: Claim, found: CaseView, form: dict[str, str]) -> HTMLResponse:
    """The claim's page with the letter as it would be sent; raises ValueError where there is no such letter."""
    named = {name: form.get(name, "") for name in ("template", "corrected", "attached")}
    letter = acts.preview_appeal(claim.case_number, staff_id=me.id, **named)
    return _show(request, me, claim, found, step="appeal", typed=form, preview=letter)


def _present(me: Member, claim: Claim, step: str) -> ShownClaim | None:
    return claim_evidence.present_claim(claim, me) if step == "correct" else None


@router.get("/claims/{number}/letters/{letter_id}", name="claim_letter")
def claim_letter(request: Request, me: SignedIn, number: str, letter_id: str) -> HTMLResponse:
    """A letter to a payer about this claim, as it was sent."""
    claim, found = visible_claim(me, number)
    permission = may_read_claim(me.viewer, found.facts)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    if not any(letter_id == event.details.get("letter") for event in case_views.timeline(number)):
        raise MovedOn(f"there is no letter {letter_id} about {number}")
    return page(request, "claim_letter.html", claim=claim, found=found, letter=claim_evidence.letter(letter_id, me))
