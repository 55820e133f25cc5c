"""A span of days as options of a command: from one and to another, both included, UTC."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

_DATES = ["%Y-%m-%d"]

From = Annotated[datetime | None, typer.Option("--from", formats=_DATES, help="From this day, UTC.")]
To = Annotated[datetime | None, typer.Option("--to", formats=_DATES, help="To this day, included.")]


def limits(begin: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last; ``None`` is no limit."""
    first = begin.replace(tzinfo=UTC) if begin else None
    return first, end.replace(tzinfo=UTC) + timedelta(days=1) if end else None
