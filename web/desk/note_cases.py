"""Which session note a request is about, and whether whoever asks may see it or read it."""

from dataclasses import dataclass

from adapters import case_views
from adapters.case_views import CaseView
from models.errors import MovedOn, NotAllowed
from models.operational import SessionNote
from rules.access import may_read_content
from web.desk.members import Member, check_visible


@dataclass(frozen=True)
class NoteCase:
    """A session note with its patient and place."""

    session: SessionNote
    found: CaseView

    @property
    def zone(self) -> str:
        return self.found.location.time_zone


def visible_note(me: Member, number: str) -> NoteCase:
    """A note whose course this person may see; raises NotTheirs, or MovedOn where there is none."""
    found = case_views.case(number)
    if not isinstance(found.referral, SessionNote):
        raise MovedOn(f"{number} is no session's note")
    check_visible(me, found)
    return NoteCase(found.referral, found)


def readable_note(me: Member, number: str) -> NoteCase:
    """A note whose words this person may read: a clinician, their own or their team's; raises NotAllowed."""
    case = visible_note(me, number)
    permission = may_read_content(me.viewer, case.found.facts)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    return case
