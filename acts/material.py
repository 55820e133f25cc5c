"""What patients in care are given to read: reviewed by a clinician, sent by one, opened by the patient."""

from sqlmodel import Session

from acts.check_ins import may_assign
from acts.patient_messages import tell_patient
from acts.patient_visit import must_be_open, visit
from adapters import education
from adapters.education import Piece
from adapters.operational_store import audit, one, reading, writing
from adapters.portal_links import make_link
from adapters.undelivered import ask_for_a_call
from models.codes import LinkPurpose, Role
from models.columns import utc_now
from models.errors import ContractBroken, MovedOn, NotAllowed
from models.operational import Episode, MaterialSent, Patient, Staff
from rules.sign_off import digest

MATERIAL_DAYS = 60


def review(key: str, seen_digest: str, *, staff_id: str) -> None:
    """Put on record that a clinician found a piece fit to be sent, exactly as they saw it.

    Raises NotAllowed, ContractBroken where there is no such piece, MovedOn where it is another text than was seen.
    """
    piece = education.library().get(key)
    if piece is None:
        raise ContractBroken("the library has no such piece", field="material")
    if piece.digest != seen_digest:
        raise MovedOn(f"{key} is not what was on your screen: read it again")
    with writing() as db:
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role != Role.CLINICIAN:
            raise NotAllowed("a clinician does this")
        education.keep_review(db, piece, staff_id, utc_now().date())
        audit(db, staff_id, "material.reviewed", ("material", key), digest=piece.digest)


def send(case_number: str, name: str, *, staff_id: str) -> str:
    """Send one reviewed piece of the library to a patient in care; the same version again is not sent twice.

    In the patient's language where the library has it. Returns the id of what was sent. Raises NotAllowed, MovedOn once
    the care has ended, ContractBroken where the library has no such piece, NotSignedOff where nobody has reviewed it.
    """
    with writing() as db:
        episode = one(db, Episode, case_number)
        may_assign(db, episode, staff_id)
        patient = one(db, Patient, episode.patient_id)
        piece = education.newest(name, patient.language)
        education.must_be_reviewed(db, piece)
        material_id = f"ML-{digest(f'{case_number}:{piece.name}:{piece.version}')[:20]}"
        if db.get(MaterialSent, material_id) is None:
            _send(db, episode, piece, material_id, staff_id)
    return material_id


def _send(db: Session, episode: Episode, piece: Piece, material_id: str, staff_id: str) -> None:
    number = episode.case_number
    sent = MaterialSent(
        id=material_id, case_number=number, material=piece.name, version=piece.version, assigned_by=staff_id
    )
    db.add(sent)
    db.flush()
    audit(db, staff_id, "material.sent", sent, number, material=piece.name, version=piece.version)
    link = make_link(db, number, LinkPurpose.MATERIAL, episode.version, MATERIAL_DAYS, subject_id=sent.id)
    facts = {"link_id": link.record.id}
    if tell_patient(db, episode, "material_waits", unique_key=f"material:{sent.id}", facts=facts) is None:
        ask_for_a_call(db, episode, f"material_waits:{sent.id}")


def opened(token: str, proof: str | None) -> Piece:
    """What this link gives to read, in the patient's language; that it was opened is put on record the first time.

    Raises NotAllowed, LinkClosed, or MovedOn where the library has lost what was sent.
    """
    with reading() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.MATERIAL)
        sent = one(db, MaterialSent, visitor.link.subject_id or "")
    piece = education.piece_sent(sent.material, sent.version, visitor.patient.language)
    if piece is None:
        raise MovedOn(f"the library has no {sent.material} of version {sent.version} any more")
    if sent.opened_at is None:
        with writing() as db:
            present = db.get_one(MaterialSent, sent.id, with_for_update=True)
            if present.opened_at is None:
                present.opened_at = utc_now()
                db.add(present)
                audit(db, visitor.actor, "material.opened", present, present.case_number)
    return piece
