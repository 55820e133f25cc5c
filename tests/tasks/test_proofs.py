"""The proofs pass on the code as it is, and each fails where what it proves is broken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters import audit_chain, desk_views, held_places
from adapters.settings import settings
from models.errors import NotAllowed
from models.governance_codes import Workflow
from models.standing import ProofKind
from tasks import proofs, trial_cases, watch
from tests import databases

pytestmark = pytest.mark.sqlite_only("a scratch installation is made of files")


@pytest.fixture
def scratch(home: Path) -> Path:
    (home / proofs.SCRATCH).touch()
    proofs.begin()
    return home


@pytest.mark.parametrize("workflow", [each for each in Workflow if each is not Workflow.NOTES])
def test_every_proof_passes_on_the_code_as_it_is(scratch: Path, workflow: Workflow) -> None:
    """Notes are proved by ``countersign prove`` alone: their step loads the drafter, which takes seconds."""
    found = proofs.prove(workflow)
    assert [(each.kind, each.passed, each.why) for each in found] == [(kind, True, "") for kind in ProofKind]


def nothing(*_: Any, **__: Any) -> list[Any]:
    return []


def never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_views.Beats, "silent", lambda *_: ())


def nobody_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "staff_of", nothing)


def no_tampering_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the verification did not look at the copy."""
    real = audit_chain.verify_chain
    monkeypatch.setattr(
        proofs.audit_chain,
        "verify_chain",
        lambda chain, _, anchors=None: real(chain, audit_chain.url_of(chain), anchors),
    )


def no_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_places, "HELD_LEVELS", ())
    monkeypatch.setattr("tasks.standings.HELD_LEVELS", ())


def holds_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acts.standings.set_level", nothing)


def no_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_cases.steer, "reroute", nothing)


@pytest.mark.parametrize(
    ("broken", "kind", "why"),
    [
        (no_tampering_found, ProofKind.AUDIT, "altered event was not found"),
        (never_silent, ProofKind.MONITORING, "stopped is not seen"),
        (nobody_told, ProofKind.MONITORING, "nobody was told"),
        (no_hold, ProofKind.OVERRIDE, "held, it was moved"),
        (holds_for_ever, ProofKind.OVERRIDE, "still stands at"),
        (no_hands, ProofKind.OVERRIDE, "could not move it by hand"),
    ],
)
def test_proof_fails_where_what_it_proves_is_broken(
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch], None],
    kind: ProofKind,
    why: str,
) -> None:
    broken(monkeypatch)
    found = {each.kind: each for each in proofs.prove(Workflow.REFERRAL)}
    assert not found[kind].passed and why in found[kind].why


def test_nothing_is_tried_out_beside_patients(home: Path) -> None:
    assert not databases.ON_POSTGRES and settings().home == home
    with pytest.raises(NotAllowed, match="scratch"):
        proofs.begin()
    with pytest.raises(NotAllowed, match="scratch"):
        proofs.prove(Workflow.REFERRAL)
