"""Renders the desk's templates."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from acts import break_glass
from adapters import desk_views
from models.columns import utc_now
from rules.access import BREAKERS, ROUTES, sees_names
from web.desk import words
from web.desk.assets import address_of

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "desk"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        span=words.span, due=words.due, local=words.local, iso=words.iso, day=words.day, dated=words.dated
    )
    made.filters.update(plain=words.plain, sentence=words.sentence, case_address=words.case_address)
    made.globals.update(words=words, asset=address_of)
    return made


def fragment(name: str, *, status_code: int = 200, **facts: Any) -> HTMLResponse:
    """A part of a page, for htmx."""
    return HTMLResponse(environment().get_template(name).render(now=utc_now(), **facts), status_code=status_code)


def page(request: Request, name: str, *, status_code: int = 200, **facts: Any) -> HTMLResponse:
    """A whole page with the header, the navigation and the dead-man banner."""
    me = getattr(request.state, "member", None)
    role = me.staff.role if me else None
    return fragment(
        name,
        status_code=status_code,
        me=me,
        path=request.url.path,
        may=lambda route: role in ROUTES[route],
        named=role is not None and sees_names(role),
        beats=desk_views.beats() if me else None,
        opened=break_glass.open_ones(me.id) if me and me.staff.role in BREAKERS else [],
        **facts,
    )
