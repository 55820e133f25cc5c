"""Passwords (argon2id), one-time codes (TOTP, RFC 6238), recovery codes: made and checked by well-kept libraries."""

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime
from functools import cache
from urllib.parse import quote

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
RECOVERY_LENGTH = 16


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(24))


def _spelled(password: str) -> str:
    """One spelling for what looks the same, so that another keyboard types the same password (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    return _hasher().hash(_spelled(password))


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password fits; an empty or broken hash fits nothing, and takes as long to say so."""
    try:
        return _hasher().verify(password_hash or _nobodys_hash(), _spelled(password)) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def new_totp_secret() -> str:
    return pyotp.random_base32()


def totp_address(secret: str, account: str) -> str:
    """What an authenticator app reads from a QR code."""
    return f"otpauth://totp/Countersign:{quote(account)}?secret={secret}&issuer=Countersign"


def totp_now(secret: str, at: datetime) -> str:
    """The one-time code of that moment (for the sample practice and tests; staff use their own app)."""
    return pyotp.TOTP(secret).at(at)


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step whose code this is, within one step of clock drift; None when it is no valid code."""
    if not secret or not code.isdigit():
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = int(at.timestamp()) // STEP_SECONDS
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of about 79 bits, four letters at a time."""
    made = ["".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4)) for code in made]


def recovery_digest(staff_id: str, code: str) -> str | None:
    """What is kept of a recovery code, however it was typed; None when it can be none.

    As long as a key, so a plain hash hides it; a slow one would only slow signing in.
    """
    letters = "".join(code.lower().replace("-", " ").split())
    if len(letters) != RECOVERY_LENGTH or set(letters) - set(RECOVERY_LETTERS):
        return None
    return hashlib.sha256(f"{staff_id}\0{letters}".encode()).hexdigest()


def sayable_password() -> str:
    """A random password of eight syllables (about 50 bits) that a person can read off a screen and type."""
    syllables = [secrets.choice("bdfghjklmnprstvz") + secrets.choice("aeiou") for _ in range(8)]
    return "-".join("".join(syllables[at : at + 2]) for at in range(0, 8, 2))
