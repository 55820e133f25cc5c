"""Who may sign, what may be edited, and what each signature does to its case."""

import hashlib
from typing import Any

import pytest

from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    ClaimStatus,
    ExitKind,
    FollowUpStatus,
    NoteStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    Verdict,
)
from models.note_codes import FlagAction
from rules import sign_off
from rules.sign_off import Consequence, Signer
from tests.notes import SENTENCES, flag, note_content, sentence

K, V, R = ApprovalKind, Verdict, ReferralStatus
REVIEW = {"kind": "risk_review", "level": "moderate", "disposition": "continue_intake", "safety_note": "", "flags": []}
ASSIGNMENT = {"kind": "assignment", "clinician_id": "ST-1", "candidates": []}
LETTER = {"kind": "closing_letter", "exit": "declined", "letter": "Dear Alex"}
CLAIM = {"kind": "claim", "reasons": [], "biller": ["No claim of this clinician has been paid."], "findings": []}
ESCALATION = {"kind": "escalation", "reasons": ["self_harm_item"], "done": "call", "done_words": ""}
MESSAGE = {"kind": "message", "letter": "Dear Alex"}
REFUND = {"kind": "refund", "cents": 2_000, "to": "patient", "after": "closed_paid", "reasons": []}
WRITE_OFF = {"kind": "write_off", "cents": 12_050, "why": ["Denied for good."], "reasons": []}
CONTENT: dict[ApprovalKind, dict[str, Any]] = {
    K.RISK_REVIEW: REVIEW,
    K.ASSIGNMENT: ASSIGNMENT,
    K.CLOSING_LETTER: LETTER,
    K.SESSION_NOTE: note_content(),
    K.CLAIM: CLAIM,
    K.CLAIM_CLINICAL: {**CLAIM, "kind": "claim_clinical", "biller": []},
    K.WRITE_OFF: WRITE_OFF,
    K.REFUND: REFUND,
    K.ESCALATION: ESCALATION,
    K.MESSAGE: MESSAGE,
}
CLAIM_VERDICTS = (V.APPROVE, V.RETURN, V.REJECT)  # a claim is not changed by signing it
CLAIMS = (K.CLAIM, K.CLAIM_CLINICAL, K.WRITE_OFF, K.REFUND)
FOLLOW_UPS = (K.ESCALATION, K.MESSAGE)
REFERRALS = [kind for kind in K if kind not in (K.SESSION_NOTE, *CLAIMS, *FOLLOW_UPS)]


NOBODY_ELSE = "whoever held the session signs its note, or whom it was passed on to by name"


def signer(**given: Any) -> Signer:
    facts: dict[str, Any] = {
        "staff_id": "ST-1",
        "role": Role.CLINICIAN,
        "active": True,
        "location_ids": frozenset({"LOC-1"}),
        "licensed_states": frozenset({"OR"}),
    }
    return Signer(**{**facts, **given})


def may_sign(kind: ApprovalKind = K.RISK_REVIEW, by: Signer | None = None, **given: Any) -> sign_off.Permission:
    facts: dict[str, Any] = {
        "status": ApprovalStatus.OPEN,
        "location_id": "LOC-1",
        "assigned_to": None,
        "requested_by": "system",
        "patient_state": "OR",
    }
    facts |= given
    return sign_off.may_sign(kind, facts.pop("status"), **facts, signer=by or signer())


@pytest.mark.parametrize(
    ("kind", "by", "facts"),
    [
        (K.RISK_REVIEW, signer(), {}),
        (K.CLOSING_LETTER, signer(), {}),
        (K.ASSIGNMENT, signer(role=Role.COORDINATOR, licensed_states=frozenset()), {}),
        # cover: a colleague of the same place signs what was given to somebody else
        (K.RISK_REVIEW, signer(), {"assigned_to": "ST-9"}),
        # given by name: neither place nor the patient's state stands in the way
        (K.RISK_REVIEW, signer(location_ids=frozenset({"LOC-2"})), {"assigned_to": "ST-1"}),
        (K.RISK_REVIEW, signer(licensed_states=frozenset({"WA"})), {"assigned_to": "ST-1"}),
        # where the patient is, is not known: the place of practice decides
        (K.RISK_REVIEW, signer(licensed_states=frozenset({"WA"})), {"patient_state": None}),
        (K.RISK_REVIEW, signer(), {"requested_by": "ST-9"}),
        # a clinician's own words to their patient
        (K.MESSAGE, signer(), {"requested_by": "ST-1"}),
        (K.MESSAGE, signer(), {"requested_by": "ST-9"}),
        (K.ESCALATION, signer(), {"assigned_to": "ST-9"}),
        # whoever held the session, or whom it was passed on to by name, wherever they work
        (K.SESSION_NOTE, signer(), {"assigned_to": "ST-1"}),
        (K.SESSION_NOTE, signer(location_ids=frozenset()), {"assigned_to": "ST-1", "patient_state": "WA"}),
    ],
)
def test_signing_is_allowed_to_the_right_person(kind: ApprovalKind, by: Signer, facts: dict[str, Any]) -> None:
    assert may_sign(kind, by, **facts) == sign_off.Permission(True, ())


@pytest.mark.parametrize(
    ("kind", "by", "facts", "reason"),
    [
        (K.RISK_REVIEW, signer(), {"status": ApprovalStatus.DECIDED}, "it is no longer open (decided)"),
        (K.RISK_REVIEW, signer(), {"status": ApprovalStatus.SUPERSEDED}, "it is no longer open (superseded)"),
        (K.RISK_REVIEW, signer(active=False), {}, "this staff account is not active"),
        (K.RISK_REVIEW, signer(role=Role.COORDINATOR), {}, "a clinician signs this"),
        (K.CLOSING_LETTER, signer(role=Role.OWNER), {}, "a clinician signs this"),
        (K.ASSIGNMENT, signer(), {}, "a coordinator signs this"),
        (K.RISK_REVIEW, signer(role=Role.ADMIN), {}, "a clinician signs this"),
        (K.RISK_REVIEW, signer(), {"requested_by": "ST-1"}, "who asked for it may not sign it"),
        (K.ESCALATION, signer(), {"requested_by": "ST-1"}, "who asked for it may not sign it"),
        (K.MESSAGE, signer(role=Role.COORDINATOR), {"requested_by": "ST-1"}, "a clinician signs this"),
        (K.RISK_REVIEW, signer(location_ids=frozenset()), {}, "it belongs to another location"),
        (K.RISK_REVIEW, signer(), {"location_id": "LOC-2", "assigned_to": "ST-9"}, "it belongs to another location"),
        (K.RISK_REVIEW, signer(licensed_states=frozenset()), {}, "no valid licence is on file"),
        (
            K.RISK_REVIEW,
            signer(licensed_states=frozenset()),
            {"assigned_to": "ST-1", "patient_state": None},
            "no valid licence is on file",
        ),
        (K.RISK_REVIEW, signer(licensed_states=frozenset({"WA"})), {}, "not licensed where the patient is"),
        (
            K.RISK_REVIEW,
            signer(licensed_states=frozenset({"WA"})),
            {"assigned_to": "ST-9"},
            "not licensed where the patient is",
        ),
        # nobody else was in the room
        (K.SESSION_NOTE, signer(), {"assigned_to": "ST-9"}, NOBODY_ELSE),
        (K.SESSION_NOTE, signer(), {"assigned_to": None}, NOBODY_ELSE),
        (K.SESSION_NOTE, signer(licensed_states=frozenset()), {"assigned_to": "ST-1"}, "no valid licence is on file"),
        (K.SESSION_NOTE, signer(role=Role.COORDINATOR), {"assigned_to": "ST-1"}, "a clinician signs this"),
    ],
)
def test_signing_is_refused_with_its_reason(kind: ApprovalKind, by: Signer, facts: dict[str, Any], reason: str) -> None:
    permission = may_sign(kind, by, **facts)
    assert (permission.allowed, permission.reasons) == (False, (reason,))


def test_signing_is_refused_with_every_reason_at_once() -> None:
    nobody = signer(active=False, role=Role.BILLER, location_ids=frozenset())
    assert len(may_sign(K.RISK_REVIEW, nobody, status=ApprovalStatus.DECIDED, requested_by="ST-1").reasons) == 5


@pytest.mark.parametrize("kind", list(K))
@pytest.mark.parametrize("role", list(Role))
def test_signing_is_one_roles_alone_for_every_kind(kind: ApprovalKind, role: Role) -> None:
    assert may_sign(kind, signer(role=role), assigned_to="ST-1").allowed is (role == sign_off.SIGNING_ROLE[kind])


def test_digest_is_the_sha256_of_the_text_as_utf_8() -> None:
    text = "Peña — ✓"
    assert sign_off.digest(text) == hashlib.sha256(text.encode("utf-8")).hexdigest()
    assert sign_off.digest(text) != sign_off.digest(text + " ")


def test_canonical_spelling_does_not_depend_on_the_order_of_fields() -> None:
    assert sign_off.canonical({"b": 1, "a": "ñ"}) == sign_off.canonical({"a": "ñ", "b": 1}) == '{"a":"ñ","b":1}'


@pytest.mark.parametrize(
    ("kind", "edited"),
    [
        (K.RISK_REVIEW, {"level": "high", "disposition": "decline", "safety_note": "call first"}),
        (K.RISK_REVIEW, {"level": "low"}),
        (K.ASSIGNMENT, {"clinician_id": "ST-2"}),
        (K.CLOSING_LETTER, {"letter": "Dear all"}),
        (K.ESCALATION, {"done": "nothing_needed", "done_words": "Spoken to this morning."}),
        (K.MESSAGE, {"letter": "Dear all"}),
        (K.SESSION_NOTE, {"sentences": SENTENCES[:4], "nothing_to_add": ["Plan"], "procedure_code": "90834"}),
        (K.SESSION_NOTE, {"addons": [["90840", 2]]}),
    ],
)
def test_edited_content_takes_the_editable_fields(kind: ApprovalKind, edited: dict[str, Any]) -> None:
    before = dict(CONTENT[kind])
    assert sign_off.edited_content(kind, CONTENT[kind], edited) == {**before, **edited}
    assert CONTENT[kind] == before


@pytest.mark.parametrize("kind", list(K))
@pytest.mark.parametrize("edited", [None, {}])
def test_edited_content_without_edits_is_the_content(kind: ApprovalKind, edited: dict[str, Any] | None) -> None:
    assert sign_off.edited_content(kind, CONTENT[kind], edited) == CONTENT[kind]


@pytest.mark.parametrize(
    ("kind", "edited", "said"),
    [
        (K.RISK_REVIEW, {"flags": []}, "flags cannot be edited"),
        (K.RISK_REVIEW, {"case": "RF-1"}, "case cannot be edited"),
        (K.RISK_REVIEW, {"level": "severe"}, "level must be"),
        (K.RISK_REVIEW, {"level": None}, "level must be"),
        (K.RISK_REVIEW, {"disposition": "discharge"}, "disposition must be one of"),
        (K.ASSIGNMENT, {"candidates": []}, "candidates cannot be edited"),
        (K.CLOSING_LETTER, {"exit": "unreachable"}, "exit cannot be edited"),
        (K.CLOSING_LETTER, {"letter": " \n"}, "letter must not be empty"),
        (K.MESSAGE, {"letter": " "}, "letter must not be empty"),
        (K.MESSAGE, {"written_by": "ST-2"}, "written_by cannot be edited"),
        (K.ESCALATION, {"done": "wait"}, "done must be one of"),
        (K.ESCALATION, {"reasons": []}, "reasons cannot be edited"),
        (K.SESSION_NOTE, {"flags": []}, "flags cannot be edited"),
        (K.SESSION_NOTE, {"transcript": None}, "transcript cannot be edited"),
        (K.SESSION_NOTE, {"drafted_by": None}, "drafted_by cannot be edited"),
        (K.SESSION_NOTE, {"consents": []}, "consents cannot be edited"),
        (K.SESSION_NOTE, {"templates": {}}, "templates cannot be edited"),
        (K.SESSION_NOTE, {"format": "VISIT"}, "format is not one"),
        (K.SESSION_NOTE, {"addons": [["90785"]]}, "addons must be pairs"),
        (K.SESSION_NOTE, {"addons": [["90785", "1"]]}, "units of an add-on code"),
        (K.SESSION_NOTE, {"flag_actions": {"FL-9": {"action": "historical", "words": ""}}}, "a flag that this note"),
    ],
)
def test_edited_content_refuses_by_naming_the_field(kind: ApprovalKind, edited: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sign_off.edited_content(kind, CONTENT[kind], edited)


@pytest.mark.parametrize("kind", list(K))
def test_every_kind_says_what_may_be_edited_and_who_signs(kind: ApprovalKind) -> None:
    assert sign_off.EDITABLE[kind] <= set(CONTENT[kind])
    assert kind in sign_off.SIGNING_ROLE


CLEARED = Consequence(R.READY_TO_MATCH, risk_cleared=True, risk_level=RiskLevel.MODERATE)
DECLINED = Consequence(R.CLOSING_LETTER, exit_kind=ExitKind.DECLINED, risk_level=RiskLevel.MODERATE, warm_handoff=True)
HIGHER = Consequence(
    R.CLOSING_LETTER, exit_kind=ExitKind.HIGHER_LEVEL_OF_CARE, risk_level=RiskLevel.MODERATE, warm_handoff=True
)


@pytest.mark.parametrize("verdict", [V.APPROVE, V.EDIT_AND_APPROVE])
@pytest.mark.parametrize(
    ("disposition", "expected"),
    [("continue_intake", CLEARED), ("higher_level_of_care", HIGHER), ("decline", DECLINED)],
)
def test_signed_risk_review_follows_its_disposition(verdict: Verdict, disposition: str, expected: Consequence) -> None:
    assert sign_off.consequence(K.RISK_REVIEW, verdict, {**REVIEW, "disposition": disposition}) == expected


@pytest.mark.parametrize("disposition", sign_off.DISPOSITIONS)
def test_rejected_risk_review_declines_whatever_its_disposition(disposition: str) -> None:
    assert sign_off.consequence(K.RISK_REVIEW, V.REJECT, {**REVIEW, "disposition": disposition}) == DECLINED


@pytest.mark.parametrize("level", list(RiskLevel))
def test_signed_risk_review_keeps_the_signed_level(level: RiskLevel) -> None:
    assert sign_off.consequence(K.RISK_REVIEW, V.APPROVE, {**REVIEW, "level": level.value}).risk_level is level


@pytest.mark.parametrize("kind", REFERRALS)
def test_return_asks_a_question_and_clears_nothing(kind: ApprovalKind) -> None:
    assert sign_off.consequence(kind, V.RETURN, CONTENT[kind]) == Consequence(R.QUESTION_OPEN, question=True)


@pytest.mark.parametrize("verdict", [V.APPROVE, V.EDIT_AND_APPROVE])
def test_signed_assignment_offers_times_of_its_clinician(verdict: Verdict) -> None:
    assert sign_off.consequence(K.ASSIGNMENT, verdict, ASSIGNMENT) == Consequence(R.READY_TO_OFFER, clinician_id="ST-1")


@pytest.mark.parametrize("verdict", [V.APPROVE, V.EDIT_AND_APPROVE])
@pytest.mark.parametrize("nobody", [None, ""])
def test_assignment_of_nobody_cannot_be_signed(verdict: Verdict, nobody: str | None) -> None:
    with pytest.raises(ValueError, match="choose a clinician"):
        sign_off.consequence(K.ASSIGNMENT, verdict, {**ASSIGNMENT, "clinician_id": nobody})


def test_rejected_assignment_declines_the_case() -> None:
    expected = Consequence(R.CLOSING_LETTER, exit_kind=ExitKind.DECLINED)
    assert sign_off.consequence(K.ASSIGNMENT, V.REJECT, {**ASSIGNMENT, "clinician_id": None}) == expected


@pytest.mark.parametrize("verdict", [V.APPROVE, V.EDIT_AND_APPROVE])
@pytest.mark.parametrize("exit_kind", list(ExitKind))
def test_signed_letter_is_sent_and_closes_the_case_by_its_exit(verdict: Verdict, exit_kind: ExitKind) -> None:
    assert sign_off.consequence(K.CLOSING_LETTER, verdict, {**LETTER, "exit": exit_kind.value}) == Consequence(
        R(f"closed_{exit_kind.value}"), exit_kind=exit_kind, send_letter=True
    )


def test_rejected_letter_is_not_sent_and_the_patient_is_called() -> None:
    assert sign_off.consequence(K.CLOSING_LETTER, V.REJECT, LETTER) == Consequence(R.CONTACT_PATIENT)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [(kind, verdict) for kind in K for verdict in V if kind not in CLAIMS or verdict in CLAIM_VERDICTS],
)
def test_only_a_signed_risk_review_clears_a_risk(kind: ApprovalKind, verdict: Verdict) -> None:
    cleared = sign_off.consequence(kind, verdict, CONTENT[kind]).risk_cleared
    signs = kind == K.RISK_REVIEW and verdict in (V.APPROVE, V.EDIT_AND_APPROVE)
    assert cleared is (True if signs else None)


@pytest.mark.parametrize("verdict", list(V))
def test_everything_but_a_plain_approval_needs_a_reason(verdict: Verdict) -> None:
    assert sign_off.needs_reason(verdict) is (verdict != V.APPROVE)
    assert sign_off.needs_reason(verdict, K.RISK_REVIEW) is (verdict != V.APPROVE)


@pytest.mark.parametrize(
    ("verdict", "needed"), [(V.APPROVE, False), (V.EDIT_AND_APPROVE, False), (V.RETURN, True), (V.REJECT, True)]
)
def test_note_is_written_by_editing_and_needs_a_reason_only_when_it_is_not_signed(
    verdict: Verdict, needed: bool
) -> None:
    assert sign_off.needs_reason(verdict, K.SESSION_NOTE) is needed


N = NoteStatus
FLAGGED = note_content(flags=[flag()])


@pytest.mark.parametrize(
    ("verdict", "content", "expected"),
    [
        (V.APPROVE, note_content(), Consequence(N.CLOSED_SIGNED)),
        (V.EDIT_AND_APPROVE, note_content(), Consequence(N.CLOSED_SIGNED)),
        (V.RETURN, note_content(), Consequence(N.CHECK_TRANSCRIPT, question=True)),
        (V.REJECT, note_content(), Consequence(N.CLOSED_NO_NOTE)),
        # what is not signed needs neither sentences nor answers
        (V.RETURN, {**FLAGGED, "sentences": []}, Consequence(N.CHECK_TRANSCRIPT, question=True)),
        (V.REJECT, {**FLAGGED, "sentences": []}, Consequence(N.CLOSED_NO_NOTE)),
    ],
)
def test_decision_on_a_note_does_what_its_verdict_says(
    verdict: Verdict, content: dict[str, Any], expected: Consequence
) -> None:
    assert sign_off.consequence(K.SESSION_NOTE, verdict, content) == expected


@pytest.mark.parametrize("verdict", [V.APPROVE, V.EDIT_AND_APPROVE])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (note_content(sentences=[]), "empty"),
        (note_content(sentences=SENTENCES[:4]), "Write a sentence here"),
        (FLAGGED, "not addressed"),
        ({**FLAGGED, "flag_actions": {"FL-1": {"action": "", "words": ""}}}, "not addressed"),
        (note_content(sentences=[*SENTENCES, sentence(6, "plan", "")]), "empty"),
    ],
)
def test_note_that_lacks_something_is_not_signed_and_says_what(
    verdict: Verdict, content: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        sign_off.consequence(K.SESSION_NOTE, verdict, content)


def test_answer_to_a_flag_is_one_of_those_that_can_be_chosen() -> None:
    for action in FlagAction:
        answers = {"FL-1": {"action": action.value, "words": ""}}
        assert sign_off.edited_content(K.SESSION_NOTE, FLAGGED, {"flag_actions": answers})["flag_actions"] == answers
    with pytest.raises(ValueError, match="action"):
        sign_off.edited_content(K.SESSION_NOTE, FLAGGED, {"flag_actions": {"FL-1": {"action": "looked_at"}}})


def test_signed_note_has_every_sentence_under_a_heading_of_its_format() -> None:
    signed = sign_off.edited_content(K.SESSION_NOTE, note_content(), {"format": "DAP"})
    assert {each["section"] for each in signed["sentences"]} == {"Data", "Plan"}


C = ClaimStatus
CLINICAL = CONTENT[K.CLAIM_CLINICAL]


@pytest.mark.parametrize(
    ("kind", "verdict", "content", "goes_to"),
    [
        (K.CLAIM, V.APPROVE, CLAIM, C.READY_TO_SEND),
        (K.CLAIM_CLINICAL, V.APPROVE, CLINICAL, C.READY_TO_SEND),
        # a clinician's signature does not stand for a biller's
        (K.CLAIM_CLINICAL, V.APPROVE, {**CLINICAL, "biller": CLAIM["biller"]}, C.CLAIM_SIGNATURE),
        (K.WRITE_OFF, V.APPROVE, WRITE_OFF, C.CLOSED_WRITTEN_OFF),
        (K.REFUND, V.APPROVE, REFUND, C.CLOSED_PAID),
        (K.REFUND, V.APPROVE, REFUND | {"after": "patient_balance"}, C.PATIENT_BALANCE),
        *((kind, verdict, CONTENT[kind], C.CORRECTION) for kind in CLAIMS for verdict in (V.RETURN, V.REJECT)),
    ],
)
def test_decision_on_a_claim_sends_it_or_gives_it_back_to_its_biller(
    kind: ApprovalKind, verdict: Verdict, content: dict[str, Any], goes_to: ClaimStatus
) -> None:
    assert sign_off.consequence(kind, verdict, content) == Consequence(goes_to)


@pytest.mark.parametrize("kind", CLAIMS)
def test_claim_is_not_changed_by_signing_it(kind: ApprovalKind) -> None:
    with pytest.raises(ValueError, match="changed on its own page"):
        sign_off.consequence(kind, V.EDIT_AND_APPROVE, CONTENT[kind])
    with pytest.raises(ValueError, match="reasons cannot be edited"):
        sign_off.edited_content(kind, CONTENT[kind], {"reasons": []})


F = FollowUpStatus
EDITED = (V.APPROVE, V.EDIT_AND_APPROVE)


@pytest.mark.parametrize(
    ("kind", "verdict", "goes_to"),
    [
        *((K.ESCALATION, verdict, F.CLOSED_ANSWERED) for verdict in (*EDITED, V.REJECT)),
        *((K.MESSAGE, verdict, F.READY_TO_SEND) for verdict in EDITED),
        (K.MESSAGE, V.REJECT, F.CLOSED_NOT_SENT),
    ],
)
def test_decision_between_sessions_answers_or_sends(kind: ApprovalKind, verdict: Verdict, goes_to: F) -> None:
    assert sign_off.consequence(kind, verdict, CONTENT[kind]) == Consequence(goes_to)


@pytest.mark.parametrize("kind", FOLLOW_UPS)
def test_returned_follow_up_asks_a_question(kind: ApprovalKind) -> None:
    assert sign_off.consequence(kind, V.RETURN, CONTENT[kind]) == Consequence(F.QUESTION_OPEN, question=True)


@pytest.mark.parametrize("verdict", EDITED)
@pytest.mark.parametrize("done", sign_off.DONE)
def test_escalation_is_signed_with_what_is_done(verdict: Verdict, done: str) -> None:
    signed = {**ESCALATION, "done": done, "done_words": "Spoken to this morning."}
    assert sign_off.consequence(K.ESCALATION, verdict, signed).status == F.CLOSED_ANSWERED


@pytest.mark.parametrize("verdict", EDITED)
@pytest.mark.parametrize(
    ("done", "words", "said"),
    [("", "Spoken to.", "choose what is done"), ("nothing_needed", "", "why nothing"), ("nothing_needed", " ", "why")],
)
def test_escalation_is_not_signed_without_what_is_done(verdict: Verdict, done: str, words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sign_off.consequence(K.ESCALATION, verdict, {**ESCALATION, "done": done, "done_words": words})


@pytest.mark.parametrize(
    ("verdict", "needed"), [(V.APPROVE, False), (V.EDIT_AND_APPROVE, False), (V.RETURN, True), (V.REJECT, True)]
)
def test_what_is_done_about_an_escalation_explains_itself(verdict: Verdict, needed: bool) -> None:
    assert sign_off.needs_reason(verdict, K.ESCALATION) is needed
    assert sign_off.needs_reason(verdict, K.MESSAGE) is (verdict != V.APPROVE)
