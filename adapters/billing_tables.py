"""Reads the practice's billing tables from a folder: payers.csv, contracts.csv, fees.csv, practice.yaml."""

from pathlib import Path

from models.billing import BillingTables


def load(folder: Path) -> BillingTables:
    """The tables of a folder. Raises BrokenTables with every fault of every file."""
    raise NotImplementedError
