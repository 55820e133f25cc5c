"""How a step of a case is recorded in Prefect: never cached, retried only where trying again can help.

While a step runs, what it reads is read in its name (models.step_reads).
"""

import functools
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from models import step_reads
from models.errors import CountersignError, OutsideUnavailable
from tasks import refused_reads

ATTEMPTS = 3
PAUSE_SECONDS = 1
Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again can help: our own refusals stay refusals, except that something outside was away."""
    failure = getattr(state.data, "result", state.data)
    return isinstance(failure, OutsideUnavailable) or not isinstance(failure, CountersignError)


def unrecorded(recorded: Task[Given, Answer]) -> Callable[Given, Answer]:
    """A step as a batch does it: tried again where that can help, and not recorded, because the batch is."""

    def carried_out(*given: Given.args, **named: Given.kwargs) -> Answer:
        for attempts_left in range(ATTEMPTS - 1, -1, -1):
            try:
                return recorded.fn(*given, **named)
            except Exception as failure:
                refused = isinstance(failure, CountersignError) and not isinstance(failure, OutsideUnavailable)
                if refused or not attempts_left:
                    raise
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("the last attempt returns or raises")

    return carried_out


def in_its_name(name: str) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """Have what a function reads read in the name of this step; what it was refused, somebody is told."""

    def named(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
        @functools.wraps(function)
        def carried_out(*given: Given.args, **kept: Given.kwargs) -> Answer:
            run = None
            try:
                with step_reads.at_work(name) as run:
                    return function(*given, **kept)
            finally:
                if run is not None and run.refused:
                    # when every transaction of the step has ended
                    in_its_name("tell of a refused read")(refused_reads.tell)(run.refused)

        return carried_out

    return named


def step(name: str) -> Callable[[Callable[Given, Answer]], Task[Given, Answer]]:
    """Record a function as a Prefect task under a name an analyst understands; ``.fn`` is the function itself."""

    def recorded(function: Callable[Given, Answer]) -> Task[Given, Answer]:
        return Task(
            fn=in_its_name(name)(function),
            name=name,
            cache_policy=NO_CACHE,
            retries=ATTEMPTS - 1,
            retry_delay_seconds=PAUSE_SECONDS,
            retry_condition_fn=worth_retrying,
        )

    return recorded
