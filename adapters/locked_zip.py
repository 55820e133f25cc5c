"""Packs files into one ZIP that a passphrase alone opens, or into a plain one."""

import io
import math
import secrets
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Of a passphrase: capitals and digits that nobody takes for each other, by eye or by telephone."""
GROUPS, GROUP = 6, 4
BITS = GROUPS * GROUP * math.log2(len(LETTERS))
"""What a passphrase is worth: 117 bits, so that the format's own slowness (1,000 rounds of PBKDF2) need not help."""


def new_passphrase() -> str:
    """A passphrase nobody can guess, in groups to be read out; it is nowhere but in what is returned."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def packed(files: Mapping[str, bytes], made_at: datetime, passphrase: str | None) -> bytes:
    """The files by name in one ZIP, the index first; with a passphrase sealed as WinZip's AE-2 does it: AES-256, an
    HMAC for each file, no checksum of what is in it. The names of the files stay readable: they are ours, of ids."""
    out = io.BytesIO()
    archive: Any
    if passphrase is None:
        archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
    else:
        import pyzipper  # Cryptodome behind it takes a tenth of a second that no start of the desk should pay

        archive = pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED)
        archive.setpassword(passphrase.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
    with archive:
        for name in sorted(files, key=lambda each: (each != "index.html", each)):
            kind = zipfile.ZipInfo if passphrase is None else archive.zipinfo_cls
            entry = kind(name, date_time=made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return out.getvalue()
