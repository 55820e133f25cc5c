"""Who a request comes from: the signed-in member of staff, the right to this route, the form's token."""

import hmac
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from acts import break_glass
from adapters import case_views, desk_logins
from adapters.case_views import CaseView
from adapters.desk_logins import SignedIn as Recognised
from models.codes import AuthenticatedHow
from models.errors import NotAllowed
from models.operational import Staff
from models.purposes import PurposeOfUse, because
from rules.access import ENROLMENT, Viewer, looks_in_emergency, may_look_at_case, may_open, may_see_case
from web.desk import cookies

REFRESHES_ITSELF = frozenset({"queue_list", "case_progress"})


class SignInNeeded(Exception):
    """Nobody is signed in on this browser: show the sign-in page."""


class EnrolFirst(Exception):
    """This person has yet to set a password and an app of their own: nothing else is open to them."""


@dataclass(frozen=True)
class Member:
    """The member of staff behind a request."""

    login: Recognised
    route: str = ""

    def __repr__(self) -> str:
        return f"<member {self.id}>"

    @property
    def staff(self) -> Staff:
        return self.login.staff

    @property
    def csrf_token(self) -> str:
        return self.login.csrf_token

    @property
    def id(self) -> str:
        return self.staff.id

    @property
    def signs_how(self) -> AuthenticatedHow:
        """How a signature of theirs is proved: by the practice's sign-in service, or by password and code."""
        return AuthenticatedHow.DESK_OIDC if self.by_service else AuthenticatedHow.DESK_PASSWORD_AND_CODE

    @property
    def login_id(self) -> str:
        return self.login.login.token_digest

    @property
    def by_service(self) -> bool:
        """Whether they came from the practice's own sign-in service, and prove anew there."""
        return self.login.login.how == desk_logins.BY_SERVICE

    @property
    def viewer(self) -> Viewer:
        return Viewer(
            staff_id=self.staff.id,
            role=self.staff.role,
            location_ids=frozenset(self.staff.location_ids),
            team=self.staff.team,
            on_call=self.staff.on_call,
        )


async def posted_token(request: Request) -> str:
    """The token a form sent, as a field or (htmx) a header; empty for a request that changes nothing."""
    if request.method in ("GET", "HEAD"):
        return ""
    sent = request.headers.get("x-csrf-token")
    return sent if sent is not None else str((await request.form()).get("csrf_token", ""))


def recognised(request: Request) -> Recognised | None:
    """Who is signed in with this browser, without asking what they may open."""
    return desk_logins.recognise(cookies.read(request, cookies.LOGIN), by_hand=False)


def member(request: Request, posted: Annotated[str, Depends(posted_token)]) -> Member:
    """The signed-in person, who may open this route; raises SignInNeeded, EnrolFirst or NotAllowed."""
    route = request.scope["route"].name
    found = desk_logins.recognise(cookies.read(request, cookies.LOGIN), by_hand=route not in REFRESHES_ITSELF)
    if found is None:
        raise SignInNeeded
    if request.method not in ("GET", "HEAD") and not hmac.compare_digest(posted.encode(), found.csrf_token.encode()):
        raise NotAllowed("this form is from another sign-in: open the page again")
    me = Member(found, route)
    if me.staff.must_enrol and route not in ENROLMENT:
        raise EnrolFirst
    request.state.member = me
    permission = may_open(route, me.staff.role)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    return me


SignedIn = Annotated[Member, Depends(member)]


def visible_case(me: Member, case_number: str) -> CaseView:
    """A case this person may see; raises NotAllowed, or MovedOn where there is none."""
    found = case_views.case(case_number)
    check_visible(me, found)
    return found


class NotTheirs(NotAllowed):
    """This case is not theirs or their team's; the message says why, ``case_number`` which it is."""

    def __init__(self, message: str, case_number: str) -> None:
        super().__init__(message)
        self.case_number = case_number


def check_visible(me: Member, found: CaseView) -> None:
    """Whether this person may read pages of this case; a look in an emergency is put on record. Raises NotTheirs."""
    permission = may_look_at_case(me.viewer, found.facts)
    if not permission.allowed:
        raise NotTheirs("; ".join(permission.reasons), found.referral.case_number)
    if looks_in_emergency(me.viewer, found.facts):
        break_glass.note_read(me.id, found.referral.case_number, me.route)


def check_theirs(me: Member, found: CaseView) -> None:
    """Whether this person may act on this case, for which an emergency is not enough; raises NotTheirs."""
    permission = may_see_case(me.viewer, found.facts)
    if not permission.allowed:
        raise NotTheirs("; ".join(permission.reasons), found.referral.case_number)


def reading(me: Member, found: CaseView) -> AbstractContextManager[None]:
    """What is read of the case's content inside is read for the purpose that lets this person in."""
    if looks_in_emergency(me.viewer, found.facts):
        return because(PurposeOfUse.BREAK_THE_GLASS)
    return nullcontext()
