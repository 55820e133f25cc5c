"""What may be done with a session's transcript, by both consents and by where the patient was."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.consents import Consent
from models.note_codes import ConsentKind, ConsentPurpose
from rules.jurisdiction import NOTE_RULES, STATE_RULES, STATES, note_drafting_may_run

SESSION = date(2026, 11, 2)
BEFORE, AFTER = SESSION - timedelta(days=1), SESSION + timedelta(days=1)
RECORDING = Consent(
    ConsentKind.RECORDING_AND_TRANSCRIPTION, ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD, SESSION, True, None, "doc-1"
)
AI = Consent(ConsentKind.AI_NOTE_DRAFTING, ConsentPurpose.DRAFT_NOTE_FOR_REVIEW, SESSION, True, None, "doc-2")


@pytest.mark.parametrize(
    ("state", "ai_may_draft", "classifier", "citations", "ask"),
    [
        ("OR", True, True, 0, False),
        ("UT", True, True, 1, False),
        ("IL", True, False, 2, False),
        ("NV", True, False, 1, False),
        (None, False, False, 0, True),
        ("", False, False, 0, True),
        ("XX", False, False, 0, True),
        ("il", False, False, 0, True),
    ],
)
def test_state_decides_with_both_consents(
    state: str | None, ai_may_draft: bool, classifier: bool, citations: int, ask: bool
) -> None:
    permission = note_drafting_may_run(state, RECORDING, AI, SESSION)
    assert permission.transcript_may_be_kept is True
    assert permission.ai_may_draft is ai_may_draft
    assert permission.classifier_may_read is classifier
    assert len(permission.citations) == citations
    assert permission.ask_a_person is ask


@pytest.mark.parametrize("rule", NOTE_RULES, ids=lambda rule: rule.state)
def test_note_rule_is_cited_from_its_first_day(rule) -> None:
    recording = replace(RECORDING, given_on=date(2025, 1, 1))
    ai = replace(AI, given_on=date(2025, 1, 1))
    day_before = note_drafting_may_run(rule.state, recording, ai, rule.effective - timedelta(days=1))
    first_day = note_drafting_may_run(rule.state, recording, ai, rule.effective)
    assert rule.citation not in " ".join(day_before.citations)
    assert f"{rule.citation}, effective {rule.effective.isoformat()}" in first_day.citations
    assert rule.reason in first_day.reasons


BROKEN_CONSENTS = [
    ("none on record", None, True),
    ("not in writing", {"written": False}, True),
    ("no purpose", {"purpose": None}, True),
    ("no date", {"given_on": None}, True),
    ("later than the session", {"given_on": AFTER}, True),
    ("taken back before", {"revoked_on": BEFORE}, False),
    ("taken back that day", {"revoked_on": SESSION}, False),
]


@pytest.mark.parametrize(("name", "change", "ask"), BROKEN_CONSENTS, ids=lambda value: str(value)[:24])
def test_without_consent_to_recording_nothing_is_kept_or_read(name: str, change: dict | None, ask: bool) -> None:
    recording = replace(RECORDING, **change) if change is not None else None
    permission = note_drafting_may_run("OR", recording, AI, SESSION)
    assert (permission.transcript_may_be_kept, permission.ai_may_draft) == (False, False)
    assert permission.classifier_may_read is False
    assert permission.ask_a_person is ask
    assert "may not be kept or read" in permission.reasons[0]


@pytest.mark.parametrize(("name", "change", "ask"), BROKEN_CONSENTS, ids=lambda value: str(value)[:24])
def test_without_consent_to_ai_the_transcript_is_kept_and_no_ai_reads_it(
    name: str, change: dict | None, ask: bool
) -> None:
    ai = replace(AI, **change) if change is not None else None
    permission = note_drafting_may_run("OR", RECORDING, ai, SESSION)
    assert (permission.transcript_may_be_kept, permission.ai_may_draft) == (True, False)
    assert permission.classifier_may_read is False
    assert permission.ask_a_person is ask
    assert "plain template" in permission.reasons[1]


@pytest.mark.parametrize("change", [{"given_on": SESSION}, {"given_on": BEFORE}, {"revoked_on": AFTER}])
def test_consent_given_by_the_session_and_not_yet_taken_back_holds(change: dict) -> None:
    permission = note_drafting_may_run("IL", replace(RECORDING, **change), replace(AI, **change), SESSION)
    assert (permission.transcript_may_be_kept, permission.ai_may_draft) == (True, True)


@pytest.mark.parametrize(
    ("given_on", "revoked_on", "ai_may_draft"),
    [
        (SESSION, None, True),
        (AFTER, None, False),
        (SESSION, AFTER, False),
        (SESSION, AFTER + timedelta(days=1), True),
    ],
)
def test_consent_is_given_by_the_session_and_not_taken_back_by_the_drafting(
    given_on: date, revoked_on: date | None, ai_may_draft: bool
) -> None:
    ai = replace(AI, given_on=given_on, revoked_on=revoked_on)
    permission = note_drafting_may_run("OR", RECORDING, ai, AFTER, session_on=SESSION)
    assert permission.ai_may_draft is ai_may_draft


def test_one_consent_does_not_stand_for_the_other() -> None:
    swapped = note_drafting_may_run("OR", AI, RECORDING, SESSION)
    assert (swapped.transcript_may_be_kept, swapped.ai_may_draft) == (False, False)
    wrong_purpose = replace(AI, purpose=ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD)
    assert note_drafting_may_run("OR", RECORDING, wrong_purpose, SESSION).ai_may_draft is False


def test_nobody_asks_for_the_state_where_consent_to_ai_was_taken_back() -> None:
    revoked = replace(AI, revoked_on=SESSION)
    assert note_drafting_may_run(None, RECORDING, revoked, SESSION).ask_a_person is False


def test_note_rules_stand_beside_the_classifiers_rules() -> None:
    assert {rule.state for rule in NOTE_RULES} == {rule.state for rule in STATE_RULES} == {"IL", "NV", "UT"}
    assert all(rule.state in STATES and rule.citation and rule.reason for rule in NOTE_RULES)


@pytest.mark.parametrize("purpose", list(ConsentPurpose))
def test_each_purpose_belongs_to_one_consent_and_says_that_it_can_be_taken_back(purpose: ConsentPurpose) -> None:
    assert [other for other in ConsentPurpose if other.kind is purpose.kind] == [purpose]
    assert "take this back at any time" in purpose.text
