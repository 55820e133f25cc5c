"""One visit of a browser to one page: its language, its cookies, its form token, and how a page is shown."""

import hashlib
import hmac
import secrets
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData

from adapters.operational_store import reading
from adapters.portal_links import PROOF_MINUTES, read_token
from adapters.practice import practice_name
from adapters.settings import CHECKOUT, settings
from adapters.spoken_times import WEEKDAYS
from models.errors import NotAllowed
from web.portal.forms import one_value
from web.portal.strings import LANGUAGES, STRINGS, page_language

LANGUAGE_COOKIE = "portal_language"
LANGUAGE_SECONDS = 365 * 24 * 3600


def secure() -> bool:
    """Whether the portal's address is an https one; then cookies travel under TLS alone."""
    return settings().portal_url.startswith("https:")


def form_cookie() -> str:
    return _host_only("portal_form")


def proof_cookie(token: str) -> str:
    """The cookie that holds the proof for this link: every link has one of its own."""
    try:
        link_id = read_token(token).link_id
    except NotAllowed:
        link_id = ""
    return _host_only(f"portal_proof_{hashlib.sha256(link_id.encode()).hexdigest()[:12]}")


def _host_only(name: str) -> str:
    """Under ``__Host-`` a browser takes a cookie only over TLS, from this very host, for all its paths."""
    return f"__Host-{name}" if secure() else name


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(CHECKOUT / "templates" / "portal"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Page:
    """What every page of the portal needs to know of its request."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.token: str = request.path_params.get("token", "")
        self.proof = request.cookies.get(proof_cookie(self.token))
        self.form_token = request.cookies.get(form_cookie()) or secrets.token_urlsafe(24)
        self.chosen_language = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
        self.language = page_language(self.chosen_language, request.headers.get("accept-language"))
        self.phone = ""

    def know(self, *, language: str | None, phone: str) -> None:
        """What is known of the patient once the birth date was right; a language chosen by hand goes first."""
        self.phone = phone
        self.language = page_language(self.chosen_language, language, self.request.headers.get("accept-language"))

    @property
    def home(self) -> str:
        return f"/l/{self.token}"

    @property
    def weekdays(self) -> tuple[str, ...]:
        return WEEKDAYS[self.language]

    def words(self, name: str, /, **values: object) -> str:
        return STRINGS[self.language][name].format(**values)

    def show(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The page as HTML, with the cookies it needs."""
        with reading() as db:
            practice = practice_name(db)
        html = (
            _templates()
            .get_template(template)
            .render(
                t=STRINGS[self.language],
                words=self.words,
                language=self.language,
                other=next(code for code in LANGUAGES if code != self.language),
                practice=practice,
                phone=self.phone,
                home=self.home,
                form_token=self.form_token,
                **context,
            )
        )
        response = HTMLResponse(html, status_code=status)
        if self.token:
            self._keep(response, form_cookie(), self.form_token)
        if self.request.query_params.get("lang") in LANGUAGES:
            self._keep(response, LANGUAGE_COOKIE, self.language, path="/l/", seconds=LANGUAGE_SECONDS)
        return response

    def notice(self, title: str, text: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page that only says something; ``title`` and ``text`` name strings."""
        facts = {"show_crisis": False, **context}
        return self.show("notice.html", status=status, title=self.words(title), text=self.words(text), **facts)

    def go(self, path: str = "", proof: str | None = None, token: str | None = None) -> RedirectResponse:
        """Send the browser to a page of this link, or of another one that it may open with ``proof``."""
        target = token or self.token
        response = RedirectResponse(f"/l/{target}{path}", status_code=303)
        if proof is not None:
            self.keep_proof(response, proof, target)
        return response

    def keep_proof(self, response: Response, proof: str, token: str | None = None) -> None:
        self._keep(response, proof_cookie(token or self.token), proof, seconds=PROOF_MINUTES * 60)

    def _keep(self, response: Response, name: str, value: str, *, path: str = "/", seconds: int | None = None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=path,
            httponly=True,
            samesite="lax",
            secure=secure(),
        )

    def is_own_form(self, form: FormData) -> bool:
        """Whether this form came from a page of ours in this browser, not from another site."""
        cookie = self.request.cookies.get(form_cookie(), "")
        same_token = bool(cookie) and hmac.compare_digest(cookie.encode(), one_value(form, "form_token").encode())
        origin = self.request.headers.get("origin")
        hosts = (self.request.headers.get("host"), urlsplit(settings().portal_url).netloc)
        same_origin = origin is None or urlsplit(origin).netloc in hosts
        return same_token and same_origin
