"""A small OpenID service on loopback, over real HTTP, that can be told to misbehave."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

REGISTERED, SECRET = "countersign-desk", "a-secret-of-the-test"


@dataclass
class Service:
    """``claims`` and ``header`` override what an honest service would sign; ``key`` signs."""

    issuer: str = ""
    subject: str = "person-1"
    email: str = "nobody@example.org"
    email_verified: bool = True
    claims: dict[str, Any] = field(default_factory=dict)
    unsigned: bool = False
    forged: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"}))

    def authorize(self, asked: dict[str, str]) -> str:
        """Signs the person in without asking, and sends their browser back."""
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.given[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"], "iss": self.issuer})

    def token(self, posted: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        expected = base64.b64encode(f"{REGISTERED}:{SECRET}".encode()).decode()
        asked = self.given.pop(posted.get("code", ""), None)
        verifier = posted.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if authorization != f"Basic {expected}" or asked is None or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": self.signed(asked)}

    def signed(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": REGISTERED,
            "iat": now,
            "exp": now + 120,
            "nonce": asked["nonce"],
            "auth_time": now,
            "email": self.email,
            "email_verified": self.email_verified,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
            return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."
        key = RSAKey.generate_key(2048, {"kid": "k1"}) if self.forged else self.key
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path == "/authorize":
                self.send_response(302)
                self.send_header("location", service.authorize({k: v[0] for k, v in parse_qs(asked.query).items()}))
                self.send_header("content-length", "0")
                self.end_headers()
            elif asked.path == "/keys":
                self._say(200, KeySet([service.key]).as_dict(private=False))
            else:
                self._say(200, service.described())

        def do_POST(self) -> None:
            posted = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            fields = {name: values[0] for name, values in posted.items()}
            self._say(*service.token(fields, self.headers.get("authorization", "")))

        def _say(self, status: int, what: dict[str, Any]) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    service.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
