"""What every test of the command line needs: a way to call it as a shell would."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from adapters.sample_practice import SampleSignIn, sample_sign_ins
from cli import codes
from cli.app import app

Calls = Callable[..., Result]


@pytest.fixture
def call() -> Calls:
    """Runs one command; an error our ``main`` would print is raised as it is."""

    def run(*words: str, typed: str = "") -> Result:
        result: Any = CliRunner().invoke(app, list(words), input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def sample(staff_id: str) -> SampleSignIn:
    """How this member of the sample practice signs in."""
    return next(one for one in sample_sign_ins() if one.staff_id == staff_id)


def sign_in_as(call: Calls, staff_id: str) -> SampleSignIn:
    """Signs somebody of the sample practice in at the terminal."""
    who = sample(staff_id)
    call("sign-in", "--email", who.email, "--password", who.password, "--code", codes.next_code(who))
    return who
