"""The keys that sign patients' links: one a line in a file, the first signs, all of them are believed."""

import secrets
from pathlib import Path

from adapters.private_files import write_private
from adapters.secret_files import kept_secret
from adapters.settings import settings

KEPT_KEYS = 3
"""The one that signs and the two before it: links made just before a change of key still open."""


def key_file() -> Path:
    return settings().home / "link-signing-key"


def link_keys() -> tuple[str, ...]:
    """The known keys, the one that signs first; the first key is made when it is first asked for.

    Read at every use, so that a change of key needs no restart.
    """
    known = tuple(kept_secret(key_file(), _new_key).split())
    if not known:
        raise ValueError(f"{key_file()} holds no key")
    return known


def _new_key() -> str:
    return secrets.token_urlsafe(48)


def rotate_link_key(*, forget_old: bool = False) -> int:
    """Sign with a fresh key from now on; returns how many keys are known.

    The two keys before it are still believed. ``forget_old``: believe the new one alone, because an old one got
    into other hands; every link that was sent stops to open, and every browser has to show the birth date again.
    """
    kept = () if forget_old else link_keys()[: KEPT_KEYS - 1]
    known = (_new_key(), *kept)
    write_private(key_file(), "".join(f"{key}\n" for key in known).encode())
    return len(known)
