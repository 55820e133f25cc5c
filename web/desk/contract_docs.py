"""Great Expectations' Data Docs, for signed-in staff, without anything fetched from elsewhere."""

import re
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from adapters.settings import settings
from models.errors import MovedOn
from web.desk.assets import address_of
from web.desk.members import SignedIn

router = APIRouter()

_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_ON_EVENT = re.compile(r"""(<[^>]*?)\son[a-z]+=(?:"[^"]*"|'[^']*')""", re.IGNORECASE)
_OUTSIDE = re.compile(r"<(?:link|img)\b[^>]*(?:href|src)=[\"'](?:https?:)?//[^>]*>", re.IGNORECASE)


def kept_inside(html: str) -> str:
    """The page without scripts and outside addresses, with a style sheet of ours in place of theirs."""
    inside = _ON_EVENT.sub(r"\1", _OUTSIDE.sub("", _SCRIPT.sub("", html)))
    link = f'<link rel="stylesheet" href="{address_of("contract-docs.css")}">'
    back = '<p><a href="/">Back to the desk</a></p>'
    return re.sub(r"(<body\b[^>]*>)", rf"\1{back}", inside.replace("</head>", f"{link}</head>", 1), count=1)


@router.get("/contract-docs/{path:path}", name="contract_docs")
def contract_docs(me: SignedIn, path: str) -> Response:
    folder = settings().contract_docs_folder.resolve()
    wanted: Path = (folder / (path or "index.html")).resolve()
    if not wanted.is_relative_to(folder) or not wanted.is_file():
        raise MovedOn("there is no such page of the data docs")
    if wanted.suffix == ".html":
        return HTMLResponse(kept_inside(wanted.read_text(encoding="utf-8")))
    return FileResponse(wanted)
