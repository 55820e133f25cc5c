"""Fails the test in which an automated step reads a field that it has not declared (models.declared_reads).

A step under a name that is in no register is one that a test makes up; that every real one has its entry,
tests/models/test_step_register.py sees.
"""

from models import step_reads
from models.declared_reads import DECLARED
from models.step_reads import StepRun

_undeclared: dict[str, set[str]] = {}


def hear(run: StepRun) -> None:
    declared = DECLARED.get(run.name)
    if declared is None:
        return
    for name in run.fields():
        if not declared.allows(name):
            _undeclared.setdefault(run.name, set()).add(name)


def begin() -> None:
    """Listen from now on; a process that loads this twice listens once."""
    if hear not in step_reads.on_end:
        step_reads.on_end.append(hear)


def take_undeclared() -> str:
    """What was read undeclared since the last call, in words; empty where nothing was."""
    found = "; ".join(f"{step}: {', '.join(sorted(names))}" for step, names in sorted(_undeclared.items()))
    _undeclared.clear()
    return found
