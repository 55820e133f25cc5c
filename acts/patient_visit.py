"""Whether a patient's link opens, and for whom: the signed link, then the birth date, then one purpose."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from adapters import portal_links
from adapters.operational_store import CaseRecord, audit, one, one_case, reading, writing
from models.codes import CaseStatus, ClaimStatus, EpisodeStatus, LinkPurpose, ReferralStatus
from models.columns import utc_now
from models.errors import CountersignError, MovedOn, NotAllowed
from models.operational import Location, Patient, PortalLink
from models.person_names import plain_name

MOST_FAILED_CHECKS = 5
WAITING_FOR: Mapping[LinkPurpose, frozenset[CaseStatus]] = {
    LinkPurpose.QUESTIONNAIRES: frozenset({ReferralStatus.QUESTIONNAIRES_REQUESTED}),
    LinkPurpose.CHOOSE_TIME: frozenset({ReferralStatus.OFFERED}),
    LinkPurpose.APPOINTMENT: frozenset({ReferralStatus.BOOKED, EpisodeStatus.ACTIVE}),
    LinkPurpose.BILLING_DETAILS: frozenset({ClaimStatus.MISSING_INFORMATION}),
    LinkPurpose.EARLIER_TIME: frozenset({ReferralStatus.WAITLISTED, ReferralStatus.BOOKED, EpisodeStatus.ACTIVE}),
    LinkPurpose.CHECK_IN: frozenset({EpisodeStatus.ACTIVE}),
    LinkPurpose.MATERIAL: frozenset({EpisodeStatus.ACTIVE}),
    LinkPurpose.MESSAGE: frozenset({EpisodeStatus.ACTIVE}),
    LinkPurpose.SURVEY: frozenset(EpisodeStatus),
}
"""In which statuses of its case a link can do its one thing."""


class WhyNot(StrEnum):
    UNKNOWN = "unknown"
    LOCKED = "locked"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    MOVED_ON = "moved_on"


class LinkClosed(MovedOn):
    """The link does not do its one thing any more; ``why_not`` says which page to show."""

    def __init__(self, why_not: WhyNot) -> None:
        super().__init__(f"the link is closed: {why_not.value}")
        self.why_not = why_not


@dataclass(frozen=True)
class LinkState:
    """Whether a link can be used, told to anyone who holds it; says nothing about the person."""

    usable: bool
    purpose: LinkPurpose | None
    why_not: WhyNot | None = None


@dataclass(frozen=True, repr=False)
class Visit:
    """A browser that showed a good link and the right birth date; ``referral`` is the record of the link's case."""

    link: PortalLink
    referral: Any
    patient: Patient
    location: Location

    @property
    def actor(self) -> str:
        return f"patient:{self.patient.id}"

    @property
    def zone(self) -> str:
        return self.patient.time_zone or self.location.time_zone

    def __repr__(self) -> str:
        return f"<visit {self.link.id}>"


def link_state(token: str) -> LinkState:
    """Whether this link can still be used, and for what."""
    with reading() as db:
        try:
            link = _found(db, token)
        except NotAllowed:
            return LinkState(False, None, WhyNot.UNKNOWN)
        why_not = _why_not(link, one_case(db, link.case_number))
    return LinkState(why_not is None, link.purpose, why_not)


def _why_not(link: PortalLink, referral: CaseRecord) -> WhyNot | None:
    if link.failed_checks >= MOST_FAILED_CHECKS:
        return WhyNot.LOCKED
    if link.used_at is not None:
        return WhyNot.USED
    if link.revoked:
        return WhyNot.REVOKED
    if link.expires_at <= utc_now():
        return WhyNot.EXPIRED
    return None if referral.status in WAITING_FOR[link.purpose] else WhyNot.MOVED_ON


def verify(token: str, birth_date: date) -> str:
    """The proof that this browser knows the patient's birth date; raises NotAllowed or LinkClosed.

    The fifth wrong date locks the link; every check is on record.
    """
    return _verify(token, lambda patient: hmac.compare_digest(patient.birth_date.isoformat(), birth_date.isoformat()))


def proves_by_name(token: str) -> bool:
    """Whether the family name opens this link instead of the birth date: the date on record is what is in doubt.

    A date that we ask for cannot prove anyone. The link itself went to an address only the patient has; with the family
    name, five tries, it opens a form that shows nothing of what is on record.
    """
    with reading() as db:
        try:
            link = _found(db, token)
        except NotAllowed:
            return False
        case = one_case(db, link.case_number)
        return link.purpose == LinkPurpose.BILLING_DETAILS and "birth_date" in getattr(case, "missing", ())


def verify_name(token: str, family_name: str) -> str:
    """The proof that this browser knows the patient's family name, where ``proves_by_name``; else raises NotAllowed."""
    if not proves_by_name(token):
        raise NotAllowed(portal_links.REFUSED)
    given = plain_name(family_name).encode()
    return _verify(token, lambda patient: hmac.compare_digest(plain_name(patient.family_name).encode(), given))


def _verify(token: str, is_right: Callable[[Patient], bool]) -> str:
    with writing() as db:
        link = _found(db, token, for_update=True)  # guesses sent all at once are counted one after the other
        referral = one_case(db, link.case_number)
        if why_not := _why_not(link, referral):
            raise LinkClosed(why_not)
        patient = one(db, Patient, referral.patient_id)
        right = is_right(patient)
        refused = None if right else _count_failure(db, link)
        if refused is None:
            audit(db, f"patient:{patient.id}", "portal.verified", link, link.case_number)
    # The count of failures is committed before the refusal is raised.
    if refused is not None:
        raise refused
    return portal_links.make_proof(link.id)


def _count_failure(db: Session, link: PortalLink) -> CountersignError:
    db.exec(
        update(PortalLink)
        .where(col(PortalLink.id) == link.id)
        .values(failed_checks=PortalLink.failed_checks + 1)
        .execution_options(synchronize_session=False)
    )
    db.refresh(link)
    locked = link.failed_checks >= MOST_FAILED_CHECKS
    action = "portal.locked" if locked else "portal.refused"
    audit(db, "unknown visitor", action, link, link.case_number, failures=link.failed_checks)
    return LinkClosed(WhyNot.LOCKED) if locked else NotAllowed(portal_links.REFUSED)


def renew(token: str, proof: str | None) -> str:
    """A fresh proof for a browser that shows a good one, so that nobody is sent away while writing."""
    link_id = portal_links.read_token(token).link_id
    portal_links.check_proof(proof, link_id)
    return portal_links.make_proof(link_id)


def visit(db: Session, token: str, proof: str | None) -> Visit:
    """Who stands behind this link, whatever state it is in; raises NotAllowed without a good proof."""
    portal_links.check_proof(proof, portal_links.read_token(token).link_id)
    link = _found(db, token)
    referral = one_case(db, link.case_number)
    return Visit(link, referral, one(db, Patient, referral.patient_id), one(db, Location, referral.location_id))


def _found(db: Session, token: str, *, for_update: bool = False) -> PortalLink:
    """The link of a token that we signed for the purpose it still has; raises NotAllowed."""
    signed = portal_links.read_token(token)
    link = db.get(PortalLink, signed.link_id, with_for_update=True if for_update else None)
    if link is None or link.purpose != signed.purpose:
        raise NotAllowed(portal_links.REFUSED)
    return link


def must_be_open(visitor: Visit, *purposes: LinkPurpose) -> None:
    """Raises LinkClosed unless the link can do its thing now, NotAllowed when it was made for another one."""
    if visitor.link.purpose not in purposes:
        raise NotAllowed(portal_links.REFUSED)
    if why_not := _why_not(visitor.link, visitor.referral):
        raise LinkClosed(why_not)
