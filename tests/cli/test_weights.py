"""`countersign models`: what it lists, verifies, evaluates, makes and promotes, for whom, with which exit code."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from acts import labels, recalibrating
from acts.recalibrating import folder_of
from adapters import credentials
from adapters.operational_store import reading
from adapters.settings import settings
from language.evaluation import risk_floor
from language.evaluation.risk_floor import Floor, Share
from language.feedback import SELECTION
from language.manifests import read_manifest
from language.risk_classifier import SHIPPED, THRESHOLDS
from language.training import risk_corpora
from language.training.risk_corpora import Sentence
from models.codes import AuthenticatedHow, Role
from models.errors import NotAllowed, WeightsDiffer
from models.operational import Staff, VersionSignature
from tests.cli.conftest import Calls
from tests.factories import fresh_code, make_location, make_signer, make_staff
from tests.labels import KIND, make_labels
from tests.waiting_versions import tell_held_out

PASSWORD = "a-long-enough-sentence"
HASHED = credentials.hash_password(PASSWORD)
Signers = list[Staff]
pytestmark = pytest.mark.usefixtures("home")

LABELS = make_labels(1000, 1.0, -1.2)
SHIPPED_VERSION = read_manifest(SHIPPED).version


@pytest.fixture(autouse=True)
def _texts_and_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few held-out texts of which the rules read all, and labels of a practice."""
    texts = {
        "challenge": [
            Sentence("I want to die.", "suicidal_ideation", "present", "held_out"),
            Sentence("I never wanted to die.", "suicidal_ideation", "negated", "held_out"),
            Sentence("I want to die.", "suicidal_ideation", "present", "train"),
        ],
        "ordinary": [Sentence("The bus was late.", None, "ordinary", "held_out")],
    }
    monkeypatch.setattr(risk_corpora, "hand_written", texts.__getitem__)
    monkeypatch.setattr(risk_corpora, "HARD_CASES", Path("absent"))
    monkeypatch.setattr(labels, "labels", lambda *, actor, texts=False: LABELS)


def signed_in(patch: pytest.MonkeyPatch, role: Role = Role.COMPLIANCE) -> None:
    staff = make_staff(role=role)
    patch.setattr("cli.login.who", lambda: staff)


@pytest.fixture
def version(call: Calls, monkeypatch: pytest.MonkeyPatch) -> str:
    """A version made here, not in force."""
    signed_in(monkeypatch)
    return str(json.loads(call("models", "recalibrate", "--json").output)["version"])


@pytest.fixture
def signers(monkeypatch: pytest.MonkeyPatch) -> Signers:
    """An owner and a clinician who can prove who they are; nothing is read meanwhile that outlasts a code."""
    tell_held_out(monkeypatch)
    place = make_location()
    return [make_signer(role, location=place, password_hash=HASHED) for role in (Role.OWNER, Role.CLINICIAN)]


def typed_by(*signers: Staff) -> str:
    """What these people type one after the other."""
    return "".join(f"{each.email}\n{PASSWORD}\n{fresh_code(each.id)}\n" for each in signers)


def test_list_names_every_set_of_weights_with_digest_card_and_licence(call: Calls):
    rows = json.loads(call("models", "list", "--json").output)
    assert [row["name"] for row in rows] == ["minilm", "risk_signals", "note_drafting"]
    for row in rows:
        assert row["in_force"] and row["origin"] == "shipped" and row["licence"] and len(row["sha256"]) == 64
        assert Path(row["card"]).is_file()
    shown = call("models", "list").output
    assert f"risk_signals {SHIPPED_VERSION} · in force" in shown and "Apache-2.0" in shown


def test_list_tells_what_was_made_here_and_what_is_in_force(call: Calls, version: str, signers: Signers):
    shown = call("models", "list").output
    assert f"risk_signals {version}\n" in shown
    assert f"from {SHIPPED_VERSION} and 700 labels" in shown
    call("models", "promote", version, typed=typed_by(*signers))
    rows = {row["version"]: row["in_force"] for row in json.loads(call("models", "list", "--json").output)}
    assert rows[version] and not rows[SHIPPED_VERSION]


def test_list_names_a_version_without_its_manifest(call: Calls, version: str):
    (folder_of(version) / "manifest.json").unlink()
    assert "manifest.json cannot be read" in call("models", "list").output


def test_verify_finds_everything_as_recorded(call: Calls, version: str):
    found = json.loads(call("models", "verify", "--json").output)
    assert found.keys() == {"minilm, minilm", "risk_signals, risk_signals", f"risk_signals, {version}", "in force"} | {
        "note_drafting, note_drafting"
    }
    assert not any(found.values())
    assert call("models", "verify").output.count("as recorded") == 5


def test_verify_says_what_differs_and_where_and_fails(call: Calls, version: str, capsys):
    file = folder_of(version) / THRESHOLDS
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(WeightsDiffer, match="1 faults"):
        call("models", "verify")
    with pytest.raises(WeightsDiffer):
        call("models", "verify", "--json")
    (settings().models_folder / "risk_signals" / "in-force.json").write_text("{")
    with pytest.raises(WeightsDiffer, match="2 faults"):
        call("models", "verify")


def test_evaluate_prints_shares_with_intervals_of_held_out_texts_alone(call: Calls, monkeypatch: pytest.MonkeyPatch):
    signed_in(monkeypatch)
    figures = json.loads(call("models", "evaluate", "risk_signals", "--json").output)
    assert figures["version"] == SHIPPED_VERSION and figures["caveat"] == SELECTION
    held_out = figures["held_out"]
    assert held_out["present"]["suicidal_ideation"] == {"hits": 1, "of": 1, "interval": [0.207, 1.0]}
    assert held_out["set_aside"]["of"] == held_out["ordinary"]["of"] == 1 and held_out["hard_cases"] is None
    assert figures["labels"]["labels"] == 1000
    assert figures["labels"]["by_kind"][KIND.value]["flags"] == 1000
    shown = call("models", "evaluate", "risk_signals").output
    assert "suicidal ideation: 1/1 (95 % interval 0.207 to 1.0)" in shown and SELECTION in shown


def test_evaluate_judges_a_version_by_labels_it_was_not_made_from(call: Calls, version: str):
    figures = json.loads(call("models", "evaluate", "risk_signals", version, "--json").output)
    assert figures["version"] == version and figures["labels"]["labels"] == 300


def test_evaluate_without_sign_in_or_texts_says_so(call: Calls, monkeypatch: pytest.MonkeyPatch):
    def missing(folder: Path) -> Floor:
        raise FileNotFoundError

    monkeypatch.setattr(risk_floor, "floor_of", missing)
    shown = call("models", "evaluate", "risk_signals").output
    assert "the texts are missing" in shown and "not read: sign in first" in shown


@pytest.mark.parametrize("name", ["minilm", "note_drafting", "none"])
def test_evaluate_knows_no_held_out_texts_of_other_weights(call: Calls, name: str):
    with pytest.raises(ValueError, match="only risk_signals"):
        call("models", "evaluate", name)


def test_recalibrate_shows_figures_what_stayed_and_what_cannot_be_known(call: Calls, monkeypatch: pytest.MonkeyPatch):
    signed_in(monkeypatch, Role.ADMIN)
    shown = call("models", "recalibrate", "--threshold", f"{KIND.value}=0.1").output
    assert SELECTION in shown
    assert "harm_to_others by classifier".replace("_", " ") + ": fewer than 30 labels" in shown
    assert "log loss: 0." in shown and "lost: 0" in shown
    with pytest.raises(ValueError):
        call("models", "recalibrate", "--threshold", "nothing=0.1")
    with pytest.raises(ValueError, match="500"):
        call("models", "recalibrate", "--refit")


def test_promote_tells_its_figures_and_fails_where_it_refuses(call: Calls, version: str, monkeypatch):
    monkeypatch.setattr(recalibrating, "floor_of", lambda folder: Floor({KIND: Share(7, 7)}, *[Share(1, 9)] * 2, None))
    monkeypatch.setattr(labels, "labels", lambda *, actor, texts=False: LABELS[:710])
    refused = call_refused(call, "models", "promote", version, "--json")
    assert json.loads(refused)["refused"] == ["too_few_later_labels"]
    monkeypatch.setattr(labels, "labels", lambda *, actor, texts=False: LABELS)
    done = json.loads(call("models", "promote", version, "--json").output)
    assert done["refused"] == [] and done["verdict"]["lost"] == 0 and done["caveat"] == SELECTION
    assert done["waiting"].startswith("WV-") and recalibrating.in_force() == SHIPPED
    assert "in force" in call("models", "go-back", SHIPPED_VERSION).output


def test_promotion_is_signed_at_the_terminal_by_owner_and_clinician(call: Calls, version: str, signers: Signers):
    owner, clinician = signers
    shown = call("models", "promote", version, typed=typed_by(owner) + "\n").output
    assert "log loss on them, this version" in shown and "Signed; still to sign: clinician" in shown
    [waiting] = json.loads(call("versions", "list", "--json").output)
    assert waiting["sha256"] in shown and waiting["signed_by"] == {"owner": owner.id}
    assert recalibrating.in_force() == SHIPPED
    assert "Signed; in force" in call("versions", "sign", waiting["id"], typed=typed_by(clinician)).output
    assert recalibrating.in_force() == folder_of(version)
    with reading() as db:
        how = set(db.exec(select(VersionSignature.authenticated)).all())
    assert how == {AuthenticatedHow.COMMAND_LINE_PASSWORD_AND_CODE}


def test_nobody_else_signs_a_promotion_at_the_terminal(call: Calls, version: str, signers: Signers):
    place = make_location()
    admin = make_signer(Role.ADMIN, location=place, password_hash=HASHED)
    with pytest.raises(NotAllowed, match="still to sign: owner and clinician"):
        call("models", "promote", version, typed=typed_by(admin))
    for typed in ("nobody@example.org\nx\n000000\n", f"{signers[0].email}\nwrong\n000000\n"):
        with pytest.raises(NotAllowed, match="do not fit"):
            call("models", "promote", version, typed=typed)
    assert recalibrating.in_force() == SHIPPED
    [waiting] = json.loads(call("versions", "list", "--json").output)
    assert "waits no longer" in call("versions", "discard", waiting["id"]).output
    assert "discarded" in call("versions", "list").output


def call_refused(call: Calls, *words: str) -> str:
    """What a command printed before it was refused."""
    from typer.testing import CliRunner

    from cli.app import app

    result = CliRunner().invoke(app, list(words))
    assert type(result.exception).__name__ == "PromotionRefused"
    return str(result.output)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COMPLIANCE, Role.ADMIN}))
def test_other_roles_make_and_promote_nothing(call: Calls, monkeypatch: pytest.MonkeyPatch, role: Role):
    signed_in(monkeypatch, role)
    made, back = (["recalibrate"], ["promote", SHIPPED_VERSION]), ["go-back", SHIPPED_VERSION]
    for command in (*made, *([] if role in (Role.OWNER, Role.CLINICIAN) else [back])):
        with pytest.raises(NotAllowed):
            call("models", *command)
