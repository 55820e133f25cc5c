"""Addresses of the style sheet and scripts, which change with their content so that a browser may keep them."""

import hashlib
from functools import cache
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[1] / "assets"


@cache
def address_of(name: str) -> str:
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"/assets/{name}?{digest}"
