"""Is a version promoted only where it is better on later labels, taken back at once, and is each of it on record?"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from acts import labels, recalibrating
from acts.recalibrating import Judged, Refusal, folder_of, go_back, in_force, recalibrate
from acts.risk_reading import read_risk
from adapters import risk_versions
from adapters.operational_store import reading
from language.evaluation.risk_floor import Floor, Share
from language.feedback import Label
from language.manifests import read_manifest, write_manifest
from language.risk_classifier import SHIPPED, THRESHOLDS, settings
from language.risk_network import NETWORK
from language.risk_signals import CLASSIFIER
from language.risk_values import SignalKind
from models.errors import NotAllowed, WeightsDiffer
from models.operational import AuditEvent
from tests import factories
from tests.labels import FIRST, KIND, make_label, make_labels

pytestmark = pytest.mark.usefixtures("home")

WHO = "ST-1"
SHIPPED_VERSION = read_manifest(SHIPPED).version
R = Refusal


def floor(recall: int = 7) -> Floor:
    return Floor({KIND: Share(recall, 7)}, Share(7, 125), Share(3, 119), None)


@pytest.fixture(autouse=True)
def held_out(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The figures on held-out texts, by what a test says instead of reading them; by folder, default the shipped."""
    figures: dict[str, Any] = {}

    def told(folder: Path) -> Floor:
        found = figures.get(folder.name, floor())
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(recalibrating, "floor_of", told)
    return figures


def events() -> list[tuple[str, str]]:
    with reading() as db:
        found = db.exec(select(AuditEvent).where(AuditEvent.subject_kind == "risk_reader")).all()
    assert {event.actor for event in found} <= {WHO}
    return [(event.action.removeprefix("risk_reader."), event.subject_id) for event in found]


def last_details() -> dict[str, Any]:
    with reading() as db:
        return db.exec(select(AuditEvent)).all()[-1].details


def promote(version: str, known: Sequence[Label], *, actor: str) -> Judged:
    return recalibrating.promote(version, known, actor=actor, signed="0" * 64)


DISTORTED = make_labels(1000, 1.0, -1.2)
TURNED = make_labels(1000, 1.0, 1.2)  # of clinicians who confirm what those of DISTORTED would not


def made(labels=DISTORTED, **wanted: float) -> str:
    return recalibrate(labels, {SignalKind(k): v for k, v in wanted.items()}, refit=False, actor=WHO).version


def test_labels_of_signed_reviews_make_a_version_that_is_promoted():
    now = settings()
    for at in range(120):  # .95 is right in one of two, .6 in one of four
        said, confirmed = (0.95, at % 4 == 1) if at % 2 else (0.6, at % 8 == 0)
        moment = FIRST + timedelta(hours=at)
        factories.make_labels(confirmed, at=moment, version=now.version, probability=said)
    known = labels.labels(actor=WHO)
    assert len(known) == 120 and {(each.kind, each.raised_by) for each in known} == {(KIND, CLASSIFIER)}
    version = made(known)
    assert settings(folder_of(version)).calibration[KIND] != now.calibration[KIND]
    assert promote(version, known, actor=WHO).refused == ()
    assert in_force() == folder_of(version)


def test_made_version_is_judged_on_later_labels_and_is_not_in_force():
    done = recalibrate(DISTORTED, {}, refit=False, actor=WHO)
    assert done.labels == 700 and done.verdict and done.verdict.candidate.labels == 300
    assert done.verdict.candidate.log_loss < done.verdict.in_force.log_loss
    assert in_force() == SHIPPED
    assert events() == [("made", done.version)]
    details = last_details()
    assert (details["made_from"], details["labels"], details["refit"]) == (SHIPPED_VERSION, 700, False)
    assert details["manifest_sha256"] == risk_versions.digest_of(folder_of(done.version))


def test_better_version_is_promoted_and_read_with():
    version = made()
    before = read_risk("I want to die.")
    assert promote(version, DISTORTED, actor=WHO).refused == ()
    assert in_force() == folder_of(version)
    after = read_risk("I want to die.")
    assert before.version.endswith(SHIPPED_VERSION) and after.version.endswith(version)
    assert events() == [("made", version), ("promoted", version)]
    assert last_details()["lost"] == 0 and last_details()["labels"] == 300


def test_worse_version_is_refused_with_its_figures():
    version = made()
    later = [replace(each, confirmed=True) for each in DISTORTED[700:]]
    done = promote(version, [*DISTORTED[:700], *later], actor=WHO)
    assert done.refused == (R.LOG_LOSS_NOT_LOWER,)
    assert done.verdict and done.verdict.candidate.log_loss > done.verdict.in_force.log_loss
    assert in_force() == SHIPPED
    assert events()[-1] == ("promotion_refused", version)
    assert last_details()["refused"] == ["log_loss_not_lower"]


def test_labels_it_was_made_from_do_not_judge_it():
    version = made()
    assert promote(version, DISTORTED[:729], actor=WHO).refused == (R.TOO_FEW_LATER_LABELS,)
    assert promote(version, DISTORTED[:700], actor=WHO).verdict is None
    assert promote(version, DISTORTED[:730], actor=WHO).refused == ()


def test_version_that_loses_a_confirmed_flag_is_refused():
    labels = [make_label(at, probability=0.45 if at % 2 else 0.8, confirmed=at % 2 == 0) for at in range(200)]
    version = made(labels, **{KIND.value: 0.6})
    assert promote(version, labels, actor=WHO).refused == ()
    go_back(SHIPPED_VERSION, actor=WHO)
    one_more = make_label(300, probability=0.45)
    done = promote(version, [*labels, one_more], actor=WHO)
    assert done.verdict and done.verdict.lost == 1
    assert R.CONFIRMED_FLAGS_LOST in done.refused
    assert in_force() == SHIPPED


def test_version_that_only_lowers_thresholds_need_not_be_better():
    same = make_labels(100, 1.0, -1.0, [SignalKind.HARM_TO_OTHERS])[:20] + [make_label(at) for at in range(20, 100)]
    lower, higher = made(same, **{KIND.value: 0.1}), made(same, **{KIND.value: 0.05})
    later = [make_label(at) for at in range(100, 140)]
    assert promote(lower, later, actor=WHO).refused == ()
    assert promote(higher, later, actor=WHO).refused == ()
    assert promote(lower, later, actor=WHO).refused == (R.LOG_LOSS_NOT_LOWER,)


def test_version_below_the_shipped_one_on_held_out_texts_is_refused(held_out: dict[str, Any]):
    version = made()
    held_out[version] = floor(recall=6)
    done = promote(version, DISTORTED, actor=WHO)
    assert (done.refused, done.lost) == ((R.HELD_OUT_TEXTS_LOST,), (KIND.value,))
    held_out[version] = replace(floor(), hard_cases=Share(11, 12))
    held_out[SHIPPED.name] = replace(floor(), hard_cases=Share(12, 12))
    assert promote(version, DISTORTED, actor=WHO).lost == ("hard cases",)
    held_out[version] = FileNotFoundError()
    assert promote(version, DISTORTED, actor=WHO).refused == (R.HELD_OUT_TEXTS_MISSING,)
    assert in_force() == SHIPPED


def test_way_back_is_open_at_once_and_on_record():
    first = made()
    promote(first, DISTORTED, actor=WHO)
    second = made(TURNED)
    assert promote(second, TURNED, actor=WHO).refused == ()
    assert recalibrating.ways() == [second, first, SHIPPED_VERSION]
    go_back(first, actor=WHO)
    assert in_force() == folder_of(first)
    go_back(SHIPPED_VERSION, actor=WHO)
    assert in_force() == SHIPPED
    assert events()[-2:] == [("returned", first), ("returned", SHIPPED_VERSION)]


def test_version_that_was_gone_back_from_is_put_in_force_again_by_a_signature_alone():
    first = made()
    promote(first, DISTORTED, actor=WHO)
    go_back(SHIPPED_VERSION, actor=WHO)
    with pytest.raises(NotAllowed, match="gone back from"):
        go_back(first, actor=WHO)
    assert in_force() == SHIPPED
    promote(first, DISTORTED, actor=WHO)
    assert in_force() == folder_of(first) and last_details()["signed"] == "0" * 64


def test_way_back_leads_to_nothing_that_was_never_in_force():
    version = made()
    with pytest.raises(NotAllowed, match="never in force"):
        go_back(version, actor=WHO)
    with pytest.raises(ValueError, match="no version risk-none"):
        go_back("risk-none", actor=WHO)
    promote(version, DISTORTED, actor=WHO)
    write_manifest(folder_of(version), version, "another", (NETWORK, THRESHOLDS))
    with pytest.raises(NotAllowed, match="never in force"):
        go_back(version, actor=WHO)


def test_version_that_is_not_intact_is_neither_promoted_nor_returned_to():
    version = made()
    promote(version, DISTORTED, actor=WHO)
    (folder_of(version) / NETWORK).write_bytes(b"other")
    for act in (lambda: promote(version, DISTORTED, actor=WHO), lambda: go_back(version, actor=WHO)):
        with pytest.raises(WeightsDiffer, match=NETWORK):
            act()
    go_back(SHIPPED_VERSION, actor=WHO)
    assert in_force() == SHIPPED


def test_way_to_the_shipped_version_is_open_when_what_is_in_force_is_broken():
    version = made()
    promote(version, DISTORTED, actor=WHO)
    shutil.rmtree(folder_of(version))
    with pytest.raises(WeightsDiffer):
        read_risk("I want to die.", rules_only=True)
    go_back(SHIPPED_VERSION, actor=WHO)
    assert read_risk("I want to die.", rules_only=True).present


def test_next_version_is_made_from_the_one_in_force_with_the_labels_of_both():
    version = made()
    promote(version, DISTORTED, actor=WHO)
    more = [replace(each, version=version) for each in make_labels(400, 1.0, -0.5, seed=2)]
    again = recalibrate([*DISTORTED, *more], {}, refit=False, actor=WHO)
    assert read_manifest(folder_of(again.version)).made_from == version
    assert again.verdict and again.verdict.candidate.left_out == 0
