"""What clinicians said of the reader's flags when they signed: the labels, and the counts a practice judges it by."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from adapters import therapy_store
from adapters.operational_store import reading
from adapters.therapy_store import DecidedFlag
from language.feedback import FEWEST, Label, precision_by
from language.risk_values import SignalKind
from models.operational import Decision

WHERE = "how the reader does"
GROUPS = {
    "raised_by": ("raised_by",),
    "version": ("raised_by", "version"),
    "kind": ("kind",),
    "rule": ("rule_id",),
}


@dataclass(frozen=True)
class Row:
    """How many flags of a group were decided and what was said of them; no share of fewer than 30 labelled ones."""

    group: tuple[str, ...]
    decided: int
    left_open: int
    labelled: int
    confirmed: int
    share: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Table:
    """The groups with at least 30 decided flags, the largest first; of the others only how many there are.

    Few flags of a kind on a few days would tell which case they are of, to people who may see cases and no content.
    """

    rows: tuple[Row, ...]
    groups_too_small: int


@dataclass(frozen=True)
class Report:
    """How the reader does; ``tables`` by the names of ``GROUPS``, ``versions`` are all that decided flags came from."""

    total: Row
    tables: dict[str, Table]
    versions: tuple[str, ...]


def labels(*, actor: str, texts: bool = False) -> list[Label]:
    """The newest label of each flag that has one; ``texts`` with the words, a read of them on record."""
    decided = _decided(therapy_store.decided_flags(actor=actor, where="tune the reader", texts=texts))
    return [_label(flag) for flag in decided if flag.confirmed is not None]


def labelled_by_case(*, actor: str, where: str) -> dict[str, dict[str, bool]]:
    """By case number, each flag id that has a label with whether it was confirmed."""
    found: dict[str, dict[str, bool]] = {}
    for flag in _decided(therapy_store.decided_flags(actor=actor, where=where)):
        if flag.confirmed is not None:
            found.setdefault(flag.case_number, {})[flag.flag_id] = flag.confirmed
    return found


def how_the_reader_does(
    begin: datetime | None = None, end: datetime | None = None, version: str = "", *, actor: str
) -> Report:
    """Counts of the flags decided at ``begin`` ≤ time < ``end``; without one, no limit. ``version``: only its flags."""
    return report_on(decided_flags(actor=actor, where=WHERE), begin, end, version)


def decided_flags(*, actor: str, where: str) -> list[DecidedFlag]:
    """Each decided flag once, by its newest label or decision; the read is on record."""
    return _decided(therapy_store.decided_flags(actor=actor, where=where))


def report_on(
    flags: Iterable[DecidedFlag],
    begin: datetime | None = None,
    end: datetime | None = None,
    version: str = "",
    *,
    among: Container[str] | None = None,
) -> Report:
    """The same counts of these flags; ``among``: only those of these cases."""
    decided = [
        flag
        for flag in flags
        if (begin is None or flag.at >= begin)
        and (end is None or flag.at < end)
        and (among is None or flag.case_number in among)
    ]
    versions = tuple(sorted({flag.version for flag in decided}))
    counted = [flag for flag in decided if version in ("", flag.version)]
    [total] = _rows(counted, ()) or [Row(("all",), 0, 0, 0, 0, None, None)]
    return Report(total, {name: _table(_rows(counted, fields)) for name, fields in GROUPS.items()}, versions)


def _decided(flags: Iterable[DecidedFlag]) -> list[DecidedFlag]:
    """Each flag once, of decisions that stand: by its newest label or, where it has none, by its newest decision.

    A decision that came too late, or was cut off by a crash, leaves rows that no decision names.
    """
    with reading() as db:
        standing = set(db.exec(select(Decision.id)).all())
    there = (flag for flag in flags if flag.decision_id in standing)
    return list(
        {flag.flag_id: flag for flag in sorted(there, key=lambda it: (it.confirmed is not None, it.at))}.values()
    )


def _label(flag: DecidedFlag) -> Label:
    assert flag.confirmed is not None
    return Label(
        flag_id=flag.flag_id,
        kind=SignalKind(flag.kind),
        raised_by=flag.raised_by,
        rule_id=flag.rule_id,
        version=flag.version,
        probability=flag.probability,
        confirmed=flag.confirmed,
        decided_at=flag.at,
        text=flag.text.unwrap() if flag.text else "",
        starts=flag.starts,
        ends=flag.ends,
    )


def _rows(decided: Sequence[DecidedFlag], fields: tuple[str, ...]) -> list[Row]:
    def group(flag: DecidedFlag | Label) -> tuple[str, ...]:
        return tuple(str(getattr(flag, name)) for name in fields) or ("all",)

    counts = Counter(map(group, decided))
    found = precision_by([_label(flag) for flag in decided if flag.confirmed is not None], group)
    rows = []
    for key, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        said = found.get(key)
        labelled = said.flags if said else 0
        enough = said if labelled >= FEWEST else None
        rows.append(
            Row(
                group=key,
                decided=count,
                left_open=count - labelled,
                labelled=labelled,
                confirmed=said.confirmed if said else 0,
                share=enough.share if enough else None,
                interval=enough.interval if enough else None,
            )
        )
    return rows


def _table(rows: list[Row]) -> Table:
    large = tuple(row for row in rows if row.decided >= FEWEST)
    return Table(large, len(rows) - len(large))
