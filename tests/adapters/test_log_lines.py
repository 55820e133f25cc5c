"""Does a log line hold ids, counts and outcomes, and nothing that somebody wrote?"""

import ast
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
import structlog
from pydantic import BaseModel, ValidationError

from adapters.log_lines import FIELDS, LEFT_OUT, JsonLines, log_of
from models.codes import RunTrouble
from models.errors import OutsideRefused
from tests.test_architecture import ROOMS, ROOT, sources

MARKER = "Marker Phrase"


class Capture(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonLines("test"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def last(self) -> dict:
        return json.loads(self.lines[-1])


@pytest.fixture
def written() -> Iterator[Capture]:
    capture = Capture()
    root = logging.getLogger()
    before = root.level
    root.addHandler(capture)
    root.setLevel(logging.INFO)
    yield capture
    root.removeHandler(capture)
    root.setLevel(before)


def test_line_is_json_with_time_level_part_and_its_fields(written: Capture):
    log_of("adapters.outbox").info("outbox", sent=3, failed=0)
    line = written.last
    assert (line["event"], line["level"], line["part"], line["logger"]) == ("outbox", "info", "test", "adapters.outbox")
    assert (line["sent"], line["failed"]) == (3, 0)
    assert line["at"].endswith("+00:00")


def test_field_that_nobody_thought_about_is_left_out_by_name(written: Capture):
    log_of("x").warning("something", patient_name=MARKER, case="RF-000001")
    assert MARKER not in written.lines[-1]
    assert (written.last["dropped"], written.last["case"]) == ("patient_name", "RF-000001")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("RF-000001", "RF-000001"),
        (RunTrouble.LATE, "late"),
        (UUID(int=7), str(UUID(int=7))),
        (2.5, 2.5),
        (None, None),
        (ValueError(MARKER), "ValueError"),
        (OutsideRefused("Prefect answered 422"), "OutsideRefused: Prefect answered 422"),
        (OutsideRefused("no such person: robin@example.org"), "OutsideRefused"),
        ("robin@example.org", LEFT_OUT),
        ("x" * 161, LEFT_OUT),
        ("two\nlines", LEFT_OUT),
        ({"name": MARKER}, LEFT_OUT),
    ],
)
def test_value_is_plain_or_left_out(written: Capture, value: object, shown: object):
    log_of("x").info("something", subject=value)
    assert written.last["subject"] == shown
    assert MARKER not in written.lines[-1]


class Answer(BaseModel):
    age: int


def broken_by_pydantic() -> None:
    Answer.model_validate({"age": MARKER})


def broken_by_the_database() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:name)"), {"name": MARKER})


def broken_by_us() -> None:
    raise ValueError(f"could not read {MARKER}")


@pytest.mark.filterwarnings("ignore:unclosed database")
@pytest.mark.parametrize("act", [broken_by_pydantic, broken_by_the_database, broken_by_us])
def test_exception_is_its_type_and_place_never_its_words(written: Capture, act):
    for say in (log_of("ours").exception, logging.getLogger("theirs").exception):
        try:
            act()
        except Exception as trouble:
            kind = type(trouble).__name__
            say("it broke")
        line = written.last
        assert line["error"] == kind
        assert line["error_at"].startswith("tests/adapters/test_log_lines.py:")
        assert MARKER not in written.lines[-1]


def test_words_of_our_own_exceptions_are_ids_and_stay(written: Capture):
    try:
        raise OutsideRefused("Prefect answered 422")
    except OutsideRefused:
        logging.getLogger("theirs").exception("it broke")
    assert written.last["said"] == "Prefect answered 422"


def validation_error() -> ValidationError:
    try:
        broken_by_pydantic()
    except ValidationError as trouble:
        return trouble
    raise AssertionError


@pytest.mark.parametrize(
    ("message", "given"),
    [
        ("Encountered exception during execution: %r", (validation_error(),)),
        (f"Finished in state Failed('Flow run encountered an exception: ValueError: {MARKER}')", ()),
        ("Task failed with %s", (ValueError(MARKER),)),
        ("GET /l/Marker-Phrase-token/visit?name=Marker+Phrase HTTP/1.1", ()),
        ("%(trouble)s", ({"trouble": ValueError(MARKER)},)),
    ],
)
def test_librarys_message_loses_exceptions_queries_and_tokens(written: Capture, message: str, given: tuple):
    logging.getLogger("prefect.server").error(message, *given)
    assert "Marker" not in written.lines[-1]
    assert written.last["event"]


@pytest.mark.parametrize(("state", "level"), [("Suspended(type=PAUSED)", "info"), ("Failed()", "error")])
def test_suspended_run_is_no_error(state: str, level: str):
    said = {"name": "prefect.flow_runs", "levelno": logging.ERROR, "levelname": "ERROR"}
    record = logging.makeLogRecord({**said, "msg": f"Finished in state {state}"})
    assert json.loads(JsonLines("test").format(record))["level"] == level


def test_request_id_stands_on_librarys_lines_too(written: Capture):
    with structlog.contextvars.bound_contextvars(request_id="ab12", note=MARKER):
        logging.getLogger("theirs").warning("something")
    assert written.last["request_id"] == "ab12"
    assert MARKER not in written.lines[-1]


def test_prefects_processes_write_the_same_lines(home: Path):
    """Prefect reads cli/prefect_logging.yml when it is imported; its own root goes to our format."""
    import subprocess

    from cli.environment import environment

    script = (
        "import logging, prefect.main; from prefect.logging import get_logger;"
        "get_logger('prefect.server').error('no %s', ValueError('Marker Phrase'));"
        "logging.getLogger('prefect._internal').error('inside')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**environment()}, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["no ValueError", "inside"]
    assert {line["part"] for line in lines} == {"prefect"}


def said_fields() -> Iterator[tuple[str, str]]:
    for path in sources(*ROOMS):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and re.fullmatch(r"log\.(\w+)", ast.unparse(node.func)):
                yield from ((path.name, keyword.arg or "**") for keyword in node.keywords)


def test_every_field_that_our_lines_name_may_be_written():
    said = set(said_fields())
    assert said
    assert {(file, name) for file, name in said if name not in FIELDS} == set()
