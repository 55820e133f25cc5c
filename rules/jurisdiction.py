"""Whether the free-text risk classifier may run for a patient, by where they are and what they agreed to.

Item rules (PHQ-9 item 9, C-SSRS) are arithmetic on answers a person gave; they are on everywhere and ask
nothing here. This table is a practice's policy read from the law, not legal advice; a row holds from its
effective date on.
"""

from dataclasses import dataclass
from datetime import date

STATES_BY_REGION = (
    ("AK", "AZ", "CA", "CO", "HI", "ID", "MT", "NM", "NV", "OR", "UT", "WA", "WY"),
    ("IA", "IL", "IN", "KS", "MI", "MN", "MO", "ND", "NE", "OH", "SD", "WI"),
    ("AL", "AR", "DC", "DE", "FL", "GA", "KY", "LA", "MD", "MS", "NC", "OK", "SC", "TN", "TX", "VA", "WV"),
    ("CT", "MA", "ME", "NH", "NJ", "NY", "PA", "RI", "VT"),
    ("AS", "GU", "MP", "PR", "VI"),
)
STATES = frozenset(state for region in STATES_BY_REGION for state in region)


@dataclass(frozen=True)
class StateRule:
    """What one state's law means for the classifier, from ``effective`` on."""

    state: str
    citation: str
    effective: date
    classifier_allowed: bool
    reason: str


@dataclass(frozen=True)
class ConsentFacts:
    """What the patient has said about automated reading of their text; ``None`` means they were not asked."""

    agreed: bool | None
    agreed_on: date | None = None
    revoked_on: date | None = None


@dataclass(frozen=True)
class Permission:
    """Whether the classifier may run; if not, ``ask_a_person`` says that asking could change the answer."""

    allowed: bool
    ask_a_person: bool
    reasons: tuple[str, ...]
    citations: tuple[str, ...]


STATE_RULES: tuple[StateRule, ...] = (
    StateRule(
        "IL",
        "Illinois Public Act 104-0054 (225 ILCS 155/15, 155/20)",
        date(2025, 8, 1),
        False,
        "Illinois: AI may not detect emotions or mental states; the free-text classifier is off",
    ),
    StateRule(
        "NV",
        "Nevada Assembly Bill 406 (2025), section 8",
        date(2025, 7, 1),
        False,
        "Nevada: AI may do administrative work only, with an accuracy review; reading a patient's words for "
        "risk touches "
        "direct care, so the free-text classifier is off",
    ),
    StateRule(
        "UT",
        "Utah House Bill 452 (2025), Utah Code 13-72a",
        date(2025, 5, 7),
        True,
        "Utah: the law is about generative mental-health chatbots; the classifier talks to nobody",
    ),
)


def classifier_may_run(state: str | None, consent: ConsentFacts, on: date) -> Permission:
    """Whether the free-text risk classifier may read this patient's text on a date, and why.

    ``state`` is where the patient is (USPS code). Off wherever a fact is missing: an unknown state or an
    unanswered consent is a question for a person, never a default.
    """
    state_reasons, citations, state_allows = _by_state(state, on)
    consent_reason, consent_allows = _by_consent(consent, on)
    law_forbids = not state_allows and state in STATES
    allowed = state_allows and consent_allows
    refused = consent.agreed is False or (consent.revoked_on is not None and consent.revoked_on <= on)
    return Permission(
        allowed=allowed,
        ask_a_person=not allowed and not law_forbids and not refused,
        reasons=(*state_reasons, consent_reason),
        citations=citations,
    )


def _by_state(state: str | None, on: date) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    if state is None or state not in STATES:
        return ("where the patient is, is not known: ask",), (), False
    rules = [rule for rule in STATE_RULES if rule.state == state and rule.effective <= on]
    if not rules:
        return (f"no rule on record for {state} on this date",), (), True
    return (
        tuple(rule.reason for rule in rules),
        tuple(f"{rule.citation}, effective {rule.effective.isoformat()}" for rule in rules),
        all(rule.classifier_allowed for rule in rules),
    )


def _by_consent(consent: ConsentFacts, on: date) -> tuple[str, bool]:
    if consent.revoked_on is not None and consent.revoked_on <= on:
        return "consent was revoked", False
    if consent.agreed is None:
        return "the patient has not been asked for consent", False
    if not consent.agreed:
        return "the patient did not agree", False
    if consent.agreed_on is None:
        return "consent has no date: ask again", False
    if consent.agreed_on > on:
        return "consent is dated later than this reading", False
    return "the patient agreed", True
