"""Tells a person about a run that needs one."""

from prefect import flow

from models.codes import RunTrouble
from tasks import run_alarms


@flow(name="run-alarm", persist_result=False)
async def run_alarm(run_id: str, trouble: RunTrouble) -> int:
    """Pages the analysts about a run that failed, crashed or is late; Prefect's own automation starts this.

    At most one page of a kind leaves in a quarter of an hour.

    Args:
        run_id: The run to look at.
        trouble: What became of it.
    """
    return run_alarms.tell_analysts(run_id, trouble)
