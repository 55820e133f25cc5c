"""Where the parts of a night are done: in this process, or, where a setting names a Dask cluster, on its machines."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
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
            asked: list[Callable[[], dict[str, int]]] = [
                self._runner.submit(task, parameters={"name": part.name, "night": night, "location": place}).result
                for place in places
            ]
        else:
            asked = [partial(task, part.name, night, place) for place in places]
        counts: Counter[str] = Counter()
        failed = []
        for place, answer in zip(places, asked, strict=True):
            try:
                counts.update(answer())
            except Exception as failure:  # a machine may be lost, too; never its words
                failed.append(_trouble(part, place, failure))
        return dict(counts), failed


def _trouble(part: Part, place: str, failure: Exception) -> str:
    """The part that failed and what kind of failure it was."""
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
