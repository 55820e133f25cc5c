"""One consent of a patient as it was given: what for, when, in writing or not, and whether it was taken back."""

from dataclasses import dataclass
from datetime import date

from models.note_codes import ConsentKind, ConsentPurpose


@dataclass(frozen=True)
class Consent:
    """One given consent; a refusal or a question never asked is no Consent.

    ``purpose`` is None where the document does not name one. ``document_id`` is our number of the signed document.
    A patient who agrees again after taking it back has given a new consent.
    """

    kind: ConsentKind
    purpose: ConsentPurpose | None
    given_on: date | None
    written: bool
    revoked_on: date | None = None
    document_id: str | None = None
