"""How a step of a case is recorded in Prefect: never cached, retried only where trying again can help."""

import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from models.errors import CountersignError, OutsideUnavailable

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


def step(name: str) -> Callable[[Callable[Given, Answer]], Task[Given, Answer]]:
    """Record a function as a Prefect task under a name an analyst understands; ``.fn`` is the function itself."""

    def recorded(function: Callable[Given, Answer]) -> Task[Given, Answer]:
        return Task(
            fn=function,
            name=name,
            cache_policy=NO_CACHE,
            retries=ATTEMPTS - 1,
            retry_delay_seconds=PAUSE_SECONDS,
            retry_condition_fn=worth_retrying,
        )

    return recorded
