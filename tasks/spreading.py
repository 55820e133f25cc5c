"""Where the parts of a night are done: in this process, or, where a setting names a Dask cluster, on its machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner

from adapters.settings import settings
from tasks import nights
from tasks.nights import Part, PartFailed

Outcome = tuple[dict[str, int], list[str]]
"""The counts of what was done, and the parts that failed, each with its kind of failure."""


class Machines:
    """Carries out parts; those that are heavy go to ``runner``, if there is one, a location to a task."""

    def __init__(self, runner: TaskRunner[PrefectFuture[Any]] | None = None) -> None:
        self._runner = runner

    def carry_out(self, part: Part, night: date, location: str) -> Outcome:
        """Do what is missing of one part; never raises for what the part itself could not do."""
        task = nights.recorded(part)
        spread = self._runner is not None and part.heavy
        places = nights.missing(part, night, location, split=spread)
        if self._runner is not None and spread:
            waiting = [
                self._runner.submit(task, parameters={"name": part.name, "night": night, "location": place})
                for place in places
            ]
            for each in waiting:
                each.wait()
            states = [each.state for each in waiting]
        else:
            states = [task(part.name, night, place, return_state=True) for place in places]
        counts: dict[str, int] = {}
        failed = []
        for place, state in zip(places, states, strict=True):
            if not state.is_completed():
                failed.append(_trouble(part, place, state))
                continue
            for name, count in state.result(raise_on_failure=False).items():
                counts[name] = counts.get(name, 0) + count
        return counts, failed


def _trouble(part: Part, place: str, state: Any) -> str:
    """The part that failed and what kind of failure it was; never its words."""
    failure = state.result(raise_on_failure=False) if state.is_final() else state
    kind = failure.kind if isinstance(failure, PartFailed) else type(failure).__name__
    return f"{part.name} ({kind})" if place == nights.EVERYWHERE else f"{part.name} at {place} ({kind})"


@contextmanager
def machines() -> Iterator[Machines]:
    """This process alone; with COUNTERSIGN_DASK the cluster at that address, or one that lasts for this night."""
    where = settings().dask
    if not where:
        yield Machines()
        return
    from prefect_dask import DaskTaskRunner  # two seconds to import, for those who use it

    chosen = (
        DaskTaskRunner(cluster_kwargs={"n_workers": settings().dask_workers, "threads_per_worker": 1})
        if where == "local"
        else DaskTaskRunner(address=where)
    )
    with chosen as runner:
        yield Machines(runner)
