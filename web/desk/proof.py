"""Asking somebody who is signed in to prove once more who they are, before something that matters."""

from acts import signers
from models.codes import AuthenticatedHow
from web.desk.members import Member

NOT_PROVED = (
    "The password or the code does not fit, the code was used before, or the account is locked for a while. "
    "Wait for a new code and try again."
)


def prove_again(me: Member, password: str, code: str, *, recovery: bool = False) -> None:
    """Check password and one-time code (``recovery``: or a recovery code) of the signed-in person; raises NotAllowed.

    Whoever came from the practice's sign-in service proves it there.

    Failures count at the door of known browsers, so a stranger at the sign-in page cannot keep anybody from signing.
    """
    if me.by_service:
        signers.prove_by_service(me.id, me.login_id)
        return
    how = AuthenticatedHow.DESK_PASSWORD_AND_CODE
    signers.prove(me.id, code=code, password=password, how=how, known=True, recovery=recovery)
