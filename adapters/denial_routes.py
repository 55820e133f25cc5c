"""Stub."""
from pathlib import Path
from models.denials import DenialRoutes
def load(path: Path) -> DenialRoutes:
    return DenialRoutes()
