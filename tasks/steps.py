"""How a step of a case is recorded in Prefect: never cached, retried only where trying again can help."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from models.errors import CountersignError, OutsideUnavailable

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again can help: our own refusals stay refusals, except that something outside was away."""
    failure = getattr(state.data, "result", state.data)
    return isinstance(failure, OutsideUnavailable) or not isinstance(failure, CountersignError)


def step(name: str) -> Callable[[Callable[Given, Answer]], Task[Given, Answer]]:
    """Record a function as a Prefect task under a name an analyst understands; ``.fn`` is the function itself."""

    def recorded(function: Callable[Given, Answer]) -> Task[Given, Answer]:
        return Task(
            fn=function,
            name=name,
            cache_policy=NO_CACHE,
            retries=2,
            retry_delay_seconds=1,
            retry_condition_fn=worth_retrying,
        )

    return recorded
