"""What is added to a signed note: an addendum with a signature of its own; the note itself stays as it was signed."""

from sqlmodel import func, select

from acts.signers import prove, prove_by_service, signer_facts
from adapters import therapy_store_sessions
from adapters.operational_store import audit, one, reading, writing
from models.codes import AuthenticatedHow, NoteStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Decision, NoteAddendumSigned, SessionNote
from models.therapy_text import TherapyText
from rules import sign_off

LONGEST = 20_000


def add(
    case_number: str,
    text: TherapyText,
    *,
    staff_id: str,
    how: AuthenticatedHow,
    code: str,
    password: str | None = None,
    login: str = "",
) -> NoteAddendumSigned:
    """Sign an addendum to a signed note; it is written by whoever signed the note or held the session.

    Raises MovedOn while the note is not signed, NotAllowed, or ValueError for an empty or far too long text.
    """
    words = text.unwrap().replace("\r\n", "\n").strip()
    if not words:
        raise ValueError("text is empty")
    if len(words) > LONGEST:
        raise ValueError(f"text has more than {LONGEST:,} characters")
    with reading() as db:
        session = one(db, SessionNote, case_number)
    if session.status != NoteStatus.CLOSED_SIGNED:
        raise MovedOn(f"the note of {case_number} is not signed: change it instead")
    signer = signer_facts(staff_id, utc_now().date())
    if not signer.active or signer.role != Role.CLINICIAN or not signer.licensed_states:
        raise NotAllowed("a licensed clinician signs this")
    if staff_id not in _writers(session):
        raise NotAllowed("whoever held the session or signed its note adds to it")
    if how == AuthenticatedHow.DESK_OIDC:
        prove_by_service(staff_id, login)
    else:
        prove(staff_id, code=code, password=password, how=how, known=True)
    addendum_id = new_id("AD")
    therapy_store_sessions.keep_addendum(addendum_id, case_number, TherapyText(words), staff_id)
    with writing() as db:
        # two at once queue on the session's row, so that each has a number of its own
        session = db.get_one(SessionNote, case_number, with_for_update=True)
        count = db.exec(
            select(func.count())
            .select_from(NoteAddendumSigned)
            .where(NoteAddendumSigned.case_number == session.case_number)
        ).one()
        addendum = NoteAddendumSigned(
            id=addendum_id,
            case_number=case_number,
            number=count + 1,
            staff_id=staff_id,
            authenticated=how,
            digest=sign_off.digest(words),
        )
        db.add(addendum)
        audit(db, staff_id, "addendum.signed", addendum, case_number, number=addendum.number, digest=addendum.digest)
        return addendum


def _writers(session: SessionNote) -> set[str]:
    with reading() as db:
        decision = one(db, Decision, session.signed_decision_id or "")
    return {session.clinician_id, decision.staff_id}
