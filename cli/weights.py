"""`countersign models`: which weights are here, whether they are intact, how they do, which are in force."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from adapters import risk_versions
from language.feedback import SELECTION
from language.manifests import CARD, Manifest, faults, read_manifest
from language.risk_values import SignalKind
from models.codes import Role
from models.errors import CountersignError, NotAllowed, WeightsDiffer
from models.operational import Staff

MINILM, RISK, NOTES = "minilm", "risk_signals", "note_drafting"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Version = Annotated[str, typer.Argument(help="Such as risk-29517cba; `countersign models list` names them.")]
MAY_TUNE = (Role.ADMIN, Role.COMPLIANCE)


class PromotionRefused(CountersignError):
    """The version is not put in force; the figures say why."""


@dataclass(frozen=True)
class Weights:
    """One version of one set of weights: ``folder`` holds manifest and card, ``files`` what the manifest records."""

    name: str
    folder: Path
    files: Path


def register(models: typer.Typer, console: Console) -> None:
    """Add the commands to their group."""

    @models.command("list")
    def list_weights(as_json: AsJson = False) -> None:
        """Every set of weights and version: in force or not, made when and from what, digest, card, licence."""
        rows = [_row(each) for each in _weights()]
        if as_json:
            _print_json(rows)
            return
        for row in rows:
            _say(console, f"{row['name']} {row['version']}{' · in force' if row['in_force'] else ''}")
            _say(console, f"  {row['origin']}; {row['licence']}")
            _say(console, f"  SHA-256 of its manifest {row['sha256']}", f"  {row['card']}")

    @models.command()
    def verify(as_json: AsJson = False) -> None:
        """Compare every file of weights with the digest on record. Exit code 1 when one differs."""
        found = {f"{each.name}, {each.folder.name}": _faults(each) for each in _weights()}
        found["in force"] = _faults_of_pointer()
        if as_json:
            _print_json(found)
        else:
            for name, wrong in found.items():
                _say(console, f"{name}: {'; '.join(wrong) or 'as recorded'}")
        if count := sum(map(len, found.values())):
            raise WeightsDiffer(f"{count} faults; nothing is read with these weights until they are put back")

    @models.command()
    def evaluate(
        name: Annotated[str, typer.Argument(help=f"{RISK}; the others have benchmarks.")],
        version: Annotated[str, typer.Argument(help="Default: the one in force.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """How a version does on the project's held-out texts, and on labels it was not made from."""
        from acts import recalibrating as acts

        if name != RISK:
            raise ValueError(f"only {RISK} has held-out texts here; python -m benchmarks.notes has figures of {NOTES}")
        folder = acts.folder_of(version) if version else acts.in_force()
        figures = {
            "version": read_manifest(folder).version,
            "held_out": _held_out(folder),
            "labels": _on_labels(folder),
        }
        _show(console, figures, as_json)

    @models.command()
    def recalibrate(
        refit: Annotated[bool, typer.Option("--refit", help="Fit the heads anew, from 500 earlier labels on.")] = False,
        threshold: Annotated[
            list[str] | None, typer.Option(help="KIND=P: lower at will; higher only if no confirmed flag is lost.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a version from the earlier labels, compare it on the later ones; nothing is put in force."""
        from acts import recalibrating as acts
        from acts.labels import labels

        staff, wanted = _who_may_tune(), dict(map(_threshold, threshold or ()))
        made = acts.recalibrate(labels(actor=staff.id, texts=refit), wanted, refit=refit, actor=staff.id)
        _show(console, plain(made), as_json)

    @models.command()
    def promote(version: Version, as_json: AsJson = False) -> None:
        """Propose a version that is better on labels decided later; an owner and a clinician sign it, here or on the
        desk, and only then it is in force. With --json it waits."""
        from acts import recalibrating as acts
        from acts import waiting_versions
        from acts.labels import labels
        from cli import versions

        staff = _who_may_tune()
        known = labels(actor=staff.id, texts=acts.needs_texts(version))
        done, waiting = waiting_versions.propose_reader(version, known, actor=staff.id)
        _show(console, plain(done) | {"waiting": waiting.id if waiting else ""}, as_json)
        if waiting is None:
            raise PromotionRefused(f"{version} is not put in force: {', '.join(done.refused)}")
        if not as_json:
            versions.ask(console, waiting_versions.one_waiting(waiting.id, staff.location_ids))

    @models.command("go-back")
    def go_back(version: Version) -> None:
        """Put the shipped version, or one that was in force before, into force again at once, without a signature."""
        from acts import waiting_versions
        from cli import login

        waiting_versions.go_back_reader(version, staff_id=login.who().id)
        _say(console, f"{version} is in force from the next reading on.")


def _who_may_tune() -> Staff:
    from cli import login

    staff = login.who()
    if staff.role not in MAY_TUNE:
        raise NotAllowed("compliance or an administrator does this")
    return staff


def _threshold(wanted: str) -> tuple[SignalKind, float]:
    kind, _, probability = wanted.partition("=")
    return SignalKind(kind), float(probability)


# -- what is here


def _weights() -> list[Weights]:
    from acts import recalibrating as acts
    from language.encoder import PINNED, pinned_weights
    from language.note_scores import FOLDER

    versions = [Weights(RISK, folder, folder) for folder in acts.versions().values()]
    return [Weights(MINILM, PINNED, pinned_weights()), *versions, Weights(NOTES, FOLDER, FOLDER)]


def _row(each: Weights) -> dict[str, Any]:
    try:
        manifest = read_manifest(each.folder)
    except WeightsDiffer as trouble:
        manifest = Manifest(each.folder.name, str(trouble), {})
    made = f"made here on {manifest.made_at} from {manifest.made_from} and {manifest.labels} labels"
    return {
        "name": each.name,
        "version": manifest.version,
        "in_force": each.name != RISK or each.folder == _in_force(),
        "origin": made if manifest.made_at else "shipped",
        "sha256": risk_versions.digest_of(each.folder) if manifest.files else "",
        "licence": manifest.licence,
        "card": str(each.folder / CARD),
    }


def _in_force() -> Path | None:
    """None where that cannot be told, which `verify` names."""
    from acts import recalibrating as acts

    try:
        return acts.in_force()
    except WeightsDiffer:
        return None


def _faults(each: Weights) -> list[str]:
    try:
        return faults(read_manifest(each.folder), each.files)
    except WeightsDiffer as trouble:
        return [str(trouble)]


def _faults_of_pointer() -> list[str]:
    try:
        risk_versions.folder_in_force()
    except WeightsDiffer as trouble:
        return [str(trouble)]
    return []


# -- figures


def _held_out(folder: Path) -> Any:
    from language.evaluation.risk_floor import floor_of

    try:
        return plain(floor_of(folder))
    except FileNotFoundError:
        return "the texts are missing: they lie in tests/data/risk of a checkout"


def _on_labels(folder: Path) -> Any:
    from acts import recalibrating as acts
    from acts.labels import labels
    from language.evaluation.on_labels import figures_of, network_of

    try:
        staff = _who_may_tune()
    except NotAllowed as refused:
        return f"not read: {refused}"
    texts = network_of(folder) != network_of(acts.in_force())
    later = acts.unseen(labels(actor=staff.id, texts=texts), folder)
    return plain(figures_of(later, folder, acts.versions())) or "none was decided that this version can be judged by"


def plain(value: Any) -> Any:
    """A value of figures as dictionaries, lists and numbers; shares with their interval."""
    if is_dataclass(value):
        inside = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        return inside | ({"interval": [round(end, 3) for end in value.interval]} if hasattr(value, "interval") else {})
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def _show(console: Console, figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _print_json(figures | {"caveat": SELECTION})
    else:
        _say(console, *_lines(figures), SELECTION)


def _lines(figures: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """One figure to a line; what is inside another stands further in."""
    for name, value in figures.items():
        begin = f"{'  ' * depth}{name.replace('_', ' ')}:"
        if isinstance(value, Mapping) and "interval" in value:
            hits, of = sorted(each for key, each in value.items() if key != "interval")
            yield f"{begin} {hits}/{of} (95 % interval {value['interval'][0]} to {value['interval'][1]})"
        elif isinstance(value, Mapping):
            yield begin
            yield from _lines(value, depth + 1)
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield f"{begin} {'none' if shown in ('', None) else shown}"


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _say(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(Text(line), soft_wrap=True)
