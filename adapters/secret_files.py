"""Secrets that this installation makes itself, each in a file that only this user can read."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def kept_secret(path: Path, fresh: Callable[[], str]) -> str:
    """The secret in this file, made by ``fresh`` on first use; of two processes that make it at once, one counts."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = path.with_suffix(f".{secrets.token_hex(4)}")
        half.touch(mode=0o600)
        half.write_text(fresh())
        with suppress(FileExistsError):  # another process was first: its secret counts
            path.hardlink_to(half)
        half.unlink()
    return path.read_text()
