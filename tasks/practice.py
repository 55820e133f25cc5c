"""The practice's own figures, for the steps of a case."""

from acts.practice_clocks import CLOCKS, clock_policy, public_holidays

__all__ = ["CLOCKS", "clock_policy", "public_holidays"]
