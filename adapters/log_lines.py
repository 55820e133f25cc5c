"""Every process's log: one JSON object to a line, with ids, counts and outcomes, never a value.

Three things keep values out. Our own lines name their fields, and a field that is not in ``FIELDS`` is left out, by
name. A string that does not look like an id, an enum or a place in the code is left out too. Of an exception only its
type and its place are written; its words only where the type is ours, for ours hold ids alone (models/errors.py).
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from traceback import extract_tb
from typing import Any
from uuid import UUID

import structlog

from adapters.settings import CHECKOUT
from models.errors import CountersignError

FIELDS = frozenset(
    {
        "act",
        "approval",
        "attempts",
        "by",
        "case",
        "channel",
        "check",
        "count",
        "deployment",
        "dropped",
        "error",
        "error_at",
        "failed",
        "file",
        "kind",
        "later",
        "link",
        "location",
        "message",
        "method",
        "milliseconds",
        "part",
        "pool",
        "request_id",
        "role",
        "route",
        "row",
        "run",
        "seconds",
        "sent",
        "staff",
        "state",
        "status",
        "subject",
        "times",
        "to_do",
        "trouble",
        "unwanted",
        "worker",
    }
)
"""What a line of ours may say. A name is added here by somebody who has thought about what it may hold."""

ID_LIKE = re.compile(r"[\w.:·/+ {}-]{0,160}")
LEFT_OUT = "<left out>"
EXCEPTION_WORDS = re.compile(r"(\b\w*(?:Error|Exception|Refused|Unavailable|Broken))\b['\"]?[:(].*", re.DOTALL)
QUERY = re.compile(r"\?\S+")
LINK_TOKEN = re.compile(r"(/l/)[^\s/'\"]+")
NOISY = ("httpx", "httpx2", "httpcore", "alembic", "asyncio", "docket", "great_expectations", "fakeredis", "urllib3")
PLAIN = (bool, int, float, type(None))


def log_of(name: str) -> Any:
    """The log of one file: ``log.info("outbox emptied", sent=3)``; the first words are fixed, the rest are FIELDS."""
    return structlog.stdlib.get_logger(name)


def configure(part: str, level: int = logging.INFO) -> None:
    """Write what this process logs, and what its libraries log, to stderr as one kind of line."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines(part))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(lines)
    root.setLevel(level)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    through_stdlib()


def through_stdlib() -> None:
    """Hand what is said by ``log_of`` to the standard library's logging, where the one format waits for it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _keep_fields,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _keep_fields(_log: Any, _level: str, said: structlog.types.EventDict) -> structlog.types.EventDict:
    """Before anything else sees the line, a test's capture and Prefect's included."""
    event = said.pop("event", "")
    # asked for as a traceback, kept as facts: the words of an exception quote what somebody typed
    trouble = said.pop("exc_info", None)
    facts = exception_facts(trouble) if isinstance(trouble, BaseException) else {}
    return {"event": event, **allowed(dict(said)), **facts}


class JsonLines(logging.Formatter):
    """Turns any record, ours or a library's, into one line of JSON; also named in cli/prefect_logging.yml."""

    def __init__(self, part: str = "prefect") -> None:
        super().__init__()
        self.part = part

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": _level(record),
            "part": self.part,
            "logger": record.name,
        }
        if isinstance(record.msg, dict):
            said = dict(record.msg)
            line["event"] = scrubbed(str(said.pop("event", "")))
            line |= said
        else:
            line["event"] = words_of(record)
            line |= allowed(structlog.contextvars.get_contextvars())
        if record.exc_info and record.exc_info[1] is not None:
            line |= exception_facts(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _level(record: logging.LogRecord) -> str:
    # Prefect reports a run that waits for a person as an error
    if record.name == "prefect.flow_runs" and "Suspended(" in str(record.msg):
        return "info"
    return record.levelname.lower()


def allowed(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that may be written, each as a plain value; ``dropped`` names the others."""
    kept = {name: plain(value) for name, value in fields.items() if name in FIELDS}
    dropped = sorted(name for name in fields if name not in FIELDS)
    return kept | ({"dropped": " ".join(dropped)} if dropped else {})


def plain(value: Any) -> Any:
    """A number or an id as it is; anything longer or stranger is left out."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, CountersignError) and ID_LIKE.fullmatch(str(value)):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, UUID | Path):
        value = str(value)
    return value if isinstance(value, str) and ID_LIKE.fullmatch(value) else LEFT_OUT


def words_of(record: logging.LogRecord) -> str:
    """A library's message, an exception in it by its type alone."""
    given = record.args
    if isinstance(given, tuple):
        given = tuple(_by_type(each) for each in given)
    elif given:
        given = {name: _by_type(each) for name, each in given.items()}
    try:
        return scrubbed(str(record.msg) % given if given else str(record.msg))
    except (TypeError, ValueError):
        return scrubbed(str(record.msg))


def _by_type(value: Any) -> Any:
    if isinstance(value, CountersignError):
        return f"{type(value).__name__} {value}"
    return type(value).__name__ if isinstance(value, BaseException) else value


def scrubbed(text: str) -> str:
    """Without the words of an exception, the query of an address, the token of a patient's link."""
    return LINK_TOKEN.sub(r"\1…", QUERY.sub("?…", EXCEPTION_WORDS.sub(r"\1", text)))


def exception_facts(trouble: BaseException) -> dict[str, str]:
    """Its type, the place in our code nearest to where it came from, and its words where the type is ours."""
    facts = {"error": type(trouble).__name__}
    frames = extract_tb(trouble.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(str(CHECKOUT)) and ".venv" not in frame.filename]
    for frame in (ours or list(frames))[-1:]:
        path = Path(frame.filename)
        shown = path.relative_to(CHECKOUT).as_posix() if ours else path.name
        facts["error_at"] = f"{shown}:{frame.lineno} {frame.name}"
    if isinstance(trouble, CountersignError):
        facts["said"] = scrubbed(str(trouble))
    if trouble.__cause__ is not None:
        facts["because"] = type(trouble.__cause__).__name__
    return facts


through_stdlib()
