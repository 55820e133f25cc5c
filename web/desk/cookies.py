"""The desk's cookies: how each is named, set, read, taken back."""

from fastapi import Request, Response

from adapters.settings import settings

LOGIN = "countersign_desk"
FORM = "countersign_desk_form"
KNOWN = "countersign_desk_known"
QUESTION = "countersign_desk_question"
FORM_SECONDS = 3600


def over_https() -> bool:
    """Whether browsers reach the desk by TLS; on loopback, for trying it out, they do not."""
    return settings().desk_url.startswith("https")


def name_of(cookie: str) -> str:
    """Its name in the browser; by TLS ``__Host-…``, which no other host and no plain page can set or overwrite."""
    return f"__Host-{cookie}" if over_https() else cookie


def read(request: Request, cookie: str) -> str:
    return request.cookies.get(name_of(cookie), "")


def put(response: Response, cookie: str, value: str, seconds: int) -> None:
    """Lax, not Strict: a link in a page to staff must open the desk as who they are signed in as."""
    response.set_cookie(
        name_of(cookie), value, max_age=seconds, httponly=True, samesite="lax", secure=over_https(), path="/"
    )


def take_back(response: Response, cookie: str) -> None:
    response.delete_cookie(name_of(cookie), httponly=True, samesite="lax", secure=over_https(), path="/")
