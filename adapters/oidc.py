"""The practice's own sign-in service (OpenID Connect): where to send a browser, and who it says came back."""

import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from adapters.settings import settings
from models.errors import NotAllowed, OutsideUnavailable

SECONDS = 10.0
FRESH_SECONDS = 300
DRIFT_SECONDS = 60
DESCRIBED_FOR = 3600.0
# Signatures that only the service can make; none, and none by a secret that we hold too.
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
REFUSED = "the sign-in service's answer cannot be believed"

_described: dict[str, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True)
class Question:
    """What one browser was sent to the service with; kept by that browser, signed, until it comes back."""

    state: str
    nonce: str
    verifier: str
    again: bool

    def __repr__(self) -> str:
        return "<question to the sign-in service>"


@dataclass(frozen=True)
class Identity:
    """Who the service says this is. ``subject`` is ``issuer|sub``; ``email`` only where the service has verified it;
    ``proved_at`` in seconds since 1970, when they last proved it there, 0 where the service does not say."""

    subject: str
    email: str
    proved_at: int

    def __repr__(self) -> str:
        return "<identity>"


def is_set_up() -> bool:
    here = settings()
    return bool(here.oidc_issuer and here.oidc_registered_as)


def return_address() -> str:
    """Where the service sends a browser back to; register exactly this there."""
    return f"{settings().desk_url}/oidc/back"


def ask(*, again: bool) -> tuple[str, Question]:
    """The address to send a browser to, and what to compare its return with.

    ``again``: the person must prove anew who they are, however long they have been signed in there.
    """
    question = Question(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), again)
    more: dict[str, Any] = {"prompt": "login", "max_age": FRESH_SECONDS} if again else {}
    if settings().oidc_acr:
        more["acr_values"] = settings().oidc_acr
    with _talker() as talker:
        address, _ = talker.create_authorization_url(
            _description()["authorization_endpoint"],
            state=question.state,
            code_verifier=question.verifier,
            nonce=question.nonce,
            **more,
        )
    return str(address), question


def answer(question: Question, *, state: str, code: str, issuer: str) -> Identity:
    """Who came back with this code; raises NotAllowed when anything does not fit, OutsideUnavailable.

    ``issuer`` is what the return names (RFC 9207), empty where the service does not say.
    """
    if not code or not secrets.compare_digest(state.encode(), question.state.encode()):
        raise NotAllowed(REFUSED)
    if issuer and issuer != settings().oidc_issuer:
        raise NotAllowed(REFUSED)
    about = _description()
    try:
        with _talker() as talker:
            token = talker.fetch_token(about["token_endpoint"], code=code, code_verifier=question.verifier)
        keys = KeySet.import_key_set(_fetched(about["jwks_uri"]))  # type: ignore[arg-type]
        found = jwt.decode(token["id_token"], keys, algorithms=list(ALGORITHMS))
        _check(found.claims, found.header, question, str(token.get("access_token", "")))
    except httpx.TransportError as trouble:
        raise OutsideUnavailable(f"sign-in service: {type(trouble).__name__}") from None
    except (JoseError, httpx.HTTPStatusError, ValueError, KeyError, TypeError, OAuthError):
        raise NotAllowed(REFUSED) from None
    return _identity(found.claims, question)


def _check(claims: dict[str, Any], header: dict[str, Any], question: Question, access_token: str) -> None:
    here = settings()
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": here.oidc_issuer},
        "aud": {"essential": True, "value": here.oidc_registered_as},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": question.nonce},
    }
    if here.oidc_acr:
        options["acr"] = {"essential": True, "values": here.oidc_acr.split()}
    params = {
        "nonce": question.nonce,
        "client_id": here.oidc_registered_as,
        "access_token": access_token,
        "max_age": FRESH_SECONDS if question.again else None,
    }
    CodeIDToken(claims, header, options, params).validate(leeway=DRIFT_SECONDS)
    if claims["iat"] < time.time() - FRESH_SECONDS:
        raise ValueError("the answer is old")
    if question.again and not time.time() - FRESH_SECONDS <= claims["auth_time"] <= time.time() + DRIFT_SECONDS:
        raise ValueError("the proof is old")


def _identity(claims: dict[str, Any], question: Question) -> Identity:
    verified = claims.get("email_verified") is True
    return Identity(
        subject=f"{claims['iss']}|{claims['sub']}",
        email=str(claims.get("email", "")).strip().lower() if verified else "",
        proved_at=int(claims.get("auth_time") or 0),
    )


def _talker() -> OAuth2Client:
    here = settings()
    return OAuth2Client(
        here.oidc_registered_as,
        here.oidc_secret or None,
        token_endpoint_auth_method="client_secret_basic" if here.oidc_secret else "none",
        scope="openid email",
        redirect_uri=return_address(),
        code_challenge_method="S256",
        timeout=SECONDS,
    )


def _description() -> dict[str, Any]:
    """What the service says about itself; read once an hour. Raises OutsideUnavailable, NotAllowed."""
    issuer = settings().oidc_issuer
    kept = _described.get(issuer)
    if kept is not None and time.monotonic() - kept[0] < DESCRIBED_FOR:
        return kept[1]
    try:
        found = _fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    except (httpx.HTTPError, ValueError) as trouble:
        raise OutsideUnavailable(f"sign-in service: {type(trouble).__name__}") from None
    addresses = [found.get(name, "") for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if found.get("issuer") != issuer or not all(_is_safe(str(address)) for address in addresses):
        raise NotAllowed(REFUSED)
    _described[issuer] = (time.monotonic(), found)
    return found


def _fetched(address: str) -> dict[str, Any]:
    answered = httpx.get(address, timeout=SECONDS)
    answered.raise_for_status()
    found = answered.json()
    if not isinstance(found, dict):
        raise ValueError("no description")
    return found


def _is_safe(address: str) -> bool:
    """By TLS; plain only on this machine, for trying it out."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
