"""Throws generated requests at every operation of an application and looks for answers that are our fault."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

TEXT = st.one_of(
    st.sampled_from(["", "0", "-1", "1", "99999999999999999999", "\x00", "\ud7ff\U0010ffff", "2026-02-30", "x" * 6000]),
    st.text(max_size=30),
)
LAST = ("sign-out", "password", "account", "code", "revoke", "sessions")
"""Parts of paths whose operations may end the visit of whoever calls them."""
MEANT = {("GET /health", 503)}
"""What says truly that a part is down: in these tests no worker lives."""


@cache
def operations(app: FastAPI) -> list[Any]:
    """Every operation that the application has, whether or not it serves its own schema; read once."""
    schema = schemathesis.openapi.from_dict(app.openapi())
    found = [each.ok() for each in schema.get_all_operations()]
    return sorted(found, key=lambda each: (any(part in each.path for part in LAST), each.path, each.method))


def strategy_of(operation: Any) -> Any:
    """How cases of an operation are made; what that takes is worked out at the first case, so each has one for all."""
    if id(operation) not in _strategies:
        _strategies[id(operation)] = operation.as_strategy()
    return _strategies[id(operation)]


_strategies: dict[int, Any] = {}
"""By the identity of operations, which ``operations`` keeps."""


def faults(
    browser: TestClient,
    operations: Sequence[Any],
    *,
    known: Mapping[str, Sequence[str]],
    always: Mapping[str, str],
    fields: Sequence[str] = (),
    examples: int = 4,
) -> tuple[int, list[str]]:
    """How many requests were sent, and each operation that answered with a 5xx.

    ``known``: values of path parameters that exist; two of three requests use one. ``always``: what every form
    holds. ``fields``: form fields of operations whose form the schema does not describe.
    """
    answers: list[tuple[str, int]] = []
    unseen_form = st.dictionaries(st.sampled_from([*fields, "surplus"]), TEXT, max_size=6)

    def throw(operation: Any) -> None:
        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy_of(operation), data=st.data())
        def send(case: Any, data: st.DataObject) -> None:
            path, method = operation.path, operation.method.upper()
            for name, value in (case.path_parameters or {}).items():
                if name in known and data.draw(st.integers(0, 2)):
                    value = data.draw(st.sampled_from(list(known[name])))
                path = path.replace("{" + name + "}", _quoted(value))
            more: dict[str, Any] = {}
            if method == "POST":
                body = case.body if isinstance(case.body, dict) else data.draw(unseen_form)
                files = {name: value for name, value in body.items() if isinstance(value, bytes)}
                more["data"] = {name: _plain(value) for name, value in body.items() if name not in files} | dict(always)
                more["files"] = {name: ("x.csv", value) for name, value in files.items()} or None
            query = {name: _plain(value) for name, value in (case.query or {}).items()}
            answer = browser.request(method, path, params=query, follow_redirects=False, **more)
            answers.append((f"{method} {operation.path}", answer.status_code))

        send()

    for operation in operations:
        throw(operation)
    wrong = {f"{what}: {status}" for what, status in answers if status >= 500 and (what, status) not in MEANT}
    return len(answers), sorted(wrong)


def _quoted(value: Any) -> str:
    return quote(str(value).encode("utf-8", "replace").decode(), safe="")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return "" if value is None else str(value).encode("utf-8", "replace").decode()
