"""Which automated step is at work here, which fields it has read so far, whether it may read what it asks for.

A *read* is a field of a stored record that a step looked at, or a column that it selected by name: what the database
compares in a ``WHERE`` or joins by is not one. The records of the door's own bookkeeping are left out (``DOOR``).
Steps are told apart by a context variable, which a new thread does not inherit: a step starts none (a test holds it).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import Select, Table, event
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement, visitors
from sqlalchemy.sql.expression import CompoundSelect
from sqlalchemy.sql.schema import Column

from models.declared_reads import therapy_kinds_of
from models.errors import UndeclaredRead

DOOR = frozenset({"audit_head", "number_sequence", "content_key", "case_key", "content_seal", "therapy_audit_head"})
"""What every door reads for itself: the end of its chain, its numbers, the keys and the ledger of seals."""
BETWEEN_STEPS = "between steps"
"""Stands for a step in a process that only runs steps, wherever none is at work; it may open no therapy content."""
A_PERSON = "a person"
"""A person's own act that reaches us through Prefect."""


@dataclass
class StepRun:
    """One run of one step, and what it has read: mapped attributes as (class, key), columns as ``table.column``."""

    name: str
    attributes: set[tuple[Any, str]] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    refused: list[UndeclaredRead] = field(default_factory=list)

    def fields(self) -> set[str]:
        """Everything read, as ``table.field``."""
        read = {f"{record.__tablename__}.{key}" for record, key in self.attributes} | self.columns
        return {name for name in read if name.partition(".")[0] not in DOOR}


@dataclass(frozen=True)
class Counted:
    """What was counted since the last look: runs by step, reads and refusals by (step, field)."""

    runs: dict[str, int]
    reads: dict[tuple[str, str], int]
    refused: dict[tuple[str, str], int]


_at_work: ContextVar[StepRun | None] = ContextVar("step at work", default=None)
_only_steps = False
_counting = Lock()
_runs: Counter[str] = Counter()
_reads: Counter[tuple[str, str]] = Counter()
_refused: Counter[tuple[str, str]] = Counter()
_between: list[UndeclaredRead] = []
on_end: list[Callable[[StepRun], None]] = []
"""Who hears of every finished run of a step; the test suite does."""


@contextmanager
def at_work(name: str) -> Iterator[StepRun]:
    """Everything read inside is read by this step; a step called inside reads in its own name."""
    run = StepRun(name)
    token = _at_work.set(run)
    try:
        yield run
    finally:
        _at_work.reset(token)
        _count(run)


def _count(run: StepRun) -> None:
    fields = run.fields()
    with _counting:
        _runs[run.name] += 1
        _reads.update((run.name, each) for each in fields)
        _refused.update((run.name, kind) for refusal in run.refused for kind in refusal.kinds)
    for hear in on_end:
        hear(run)


def take_counts() -> Counted:
    """What was counted in this process since the last call."""
    with _counting:
        taken = Counted(dict(_runs), dict(_reads), dict(_refused))
        for each in (_runs, _reads, _refused):
            each.clear()  # type: ignore[attr-defined]
    return taken


def take_refusals_between_steps() -> list[UndeclaredRead]:
    """What was refused in no step's name since the last call, so that somebody is told."""
    with _counting:
        taken = list(_between)
        _between.clear()
    return taken


def put_back(counted: Counted) -> None:
    """Count again what could not be kept."""
    with _counting:
        _runs.update(counted.runs)
        _reads.update(counted.reads)
        _refused.update(counted.refused)


def step_at_work() -> str | None:
    """The name of the step that reads here; None for a person's page or command."""
    run = _at_work.get()
    if run is None:
        return BETWEEN_STEPS if _only_steps else None
    return None if run.name == A_PERSON else run.name


def only_steps_from_now_on() -> None:
    """Say that this process is a worker: whoever opens therapy content here in no step's name is refused."""
    global _only_steps
    _only_steps = True


@contextmanager
def a_persons_act() -> Iterator[None]:
    """What is done inside, a person does who has proven who they are; their own rights decide what they may read."""
    token = _at_work.set(StepRun(A_PERSON))
    try:
        yield
    finally:
        _at_work.reset(token)


def refuse_undeclared(kinds: Collection[str], cases: Collection[str]) -> None:
    """Raises UndeclaredRead when the step at work has not declared these kinds of therapy content (table names)."""
    name = step_at_work()
    if name is None:
        return
    undeclared = sorted(set(kinds) - therapy_kinds_of(name))
    if not undeclared:
        return
    refusal = UndeclaredRead(name, tuple(undeclared), tuple(sorted(cases)))
    run = _at_work.get()
    if run is not None:
        run.refused.append(refusal)
    else:
        with _counting:
            _refused.update((name, kind) for kind in undeclared)
            _between.append(refusal)
    raise refusal


def note_opened(kind_and_fields: Collection[str]) -> None:
    """Say that these content fields were opened (``table.field``)."""
    run = _at_work.get()
    if run is not None:
        run.columns.update(kind_and_fields)


# -- how reads are seen


class WatchedAttribute(InstrumentedAttribute[Any]):
    """A mapped attribute that notes, while a step is at work, that the step has looked at it."""

    __slots__ = ()
    inherit_cache = True

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        run = _at_work.get()
        held = instance.__dict__
        # a record without an identity is one that the step is only making
        if run is not None and held["_sa_instance_state"].key is not None:
            run.attributes.add((self.class_, self.key))
        if self.key in held:
            return held[self.key]
        return InstrumentedAttribute.__get__(self, instance, owner)


def watch_attributes(mappers: Collection[Mapper[Any]]) -> None:
    """Have every mapped column of these records note who looks at it; again changes nothing."""
    for mapper in mappers:
        for attribute in mapper.column_attrs:
            described = mapper.class_.__dict__.get(attribute.key)
            if type(described) is InstrumentedAttribute:
                described.__class__ = WatchedAttribute


def watch_selects(engine: Any) -> None:
    """Have this engine note which columns a step selects by name."""
    event.listen(engine, "before_execute", _note_selected)


def _note_selected(_connection: Any, clause: Any, _many: Any, _given: Any, _options: Any) -> None:
    run = _at_work.get()
    if run is not None and isinstance(clause, Select | CompoundSelect):
        run.columns.update(_selected(clause))


def _selected(clause: Any) -> Iterator[str]:
    if isinstance(clause, CompoundSelect):
        for each in clause.selects:
            yield from _selected(each)
        return
    for raw in clause._raw_columns:
        if isinstance(raw, ColumnElement):  # a function of the database is one, too
            for part in visitors.iterate(raw):
                if isinstance(part, Column):
                    yield f"{_table_name(part.table)}.{part.name}"
        elif "parententity" not in raw._annotations:  # of a whole record, its attributes tell what was looked at
            yield from _of_table(raw)


def _of_table(source: Any) -> Iterator[str]:
    if isinstance(source, Table):
        yield from (f"{source.name}.{column.name}" for column in source.columns)


def _table_name(source: Any) -> str:
    return str(getattr(getattr(source, "element", source), "name", source))
