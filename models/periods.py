"""A stretch of days that a report covers."""

from dataclasses import dataclass
from datetime import date

LONGEST_DAYS = 366


@dataclass(frozen=True)
class Period:
    """Local dates, the first and the last both counted. ValueError where it ends before it begins, or is too long."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends after it begins")
        if self.days > LONGEST_DAYS:
            raise ValueError(f"a period has at most {LONGEST_DAYS} days")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def holds(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last
