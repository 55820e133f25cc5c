"""Is every read of therapy content recorded with who, where and why, whatever function opens it?"""

import inspect
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from adapters import therapy_store
from models.purposes import PURPOSES, NoPurpose, PurposeOfUse, because
from models.therapy import METADATA, TherapyAuditEvent
from models.therapy.base import TherapyRecord, TherapyTextColumn
from models.therapy_text import TherapyText
from tests.factories import make_decided_flag

CASE = "RF-000001"


def public_functions() -> dict[str, Callable[..., Any]]:
    return {
        name: function
        for name, function in inspect.getmembers(therapy_store, inspect.isfunction)
        if function.__module__ == therapy_store.__name__ and not name.startswith("_")
    }


READERS = {name: each for name, each in public_functions().items() if "where" in inspect.signature(each).parameters}
READERS.pop("audit")

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "answers": (CASE,),
    "decided_flags": (),
    "decision_words": ("DE-1",),
    "flags": (CASE,),
    "focus": (CASE,),
    "quarantined": ("QC-1",),
    "raised_flags": (datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)),
    "sign_off_content": ("AP-1",),
    "texts": (CASE,),
    "to_do_words": ("TD-1",),
    "unread_sources": (CASE,),
    "words_of_decisions": (["DE-1"],),
}
"""With what each function that reads content is called here; a new one is added with the content it needs below."""


@pytest.fixture
def kept(home: Path) -> None:
    """Something of every kind."""
    words = TherapyText("synthetic words")
    therapy_store.add_text(CASE, "referral_text", words)
    therapy_store.keep_answers(CASE, "phq9", "1", {1: 1}, source_key="x", complete=False, total=None, band=None)
    therapy_store.keep_sign_off_content("AP-1", CASE, words)
    therapy_store.keep_decision_words("DE-1", "AP-1", CASE, words, words, "ST-1", [make_decided_flag(CASE)])
    therapy_store.keep_focus(CASE, ("anxiety",))
    therapy_store.keep_to_do_words("TD-1", CASE, question=words, actor="ST-1")
    therapy_store.quarantine("QC-1", {"column": "value"})
    therapy_store.raise_flags(CASE, [flag()])


def flag() -> therapy_store.RiskFlag:
    return therapy_store.RiskFlag(
        id="FL-1", case_number=CASE, unique_key="k", kind="ideation", status="present", level="high",
        raised_by="rule", rule_id="r", why="synthetic", version="1",
    )  # fmt: skip


def reads() -> list[TherapyAuditEvent]:
    with therapy_store.writing() as db:
        return list(
            db.exec(
                select(TherapyAuditEvent)
                .where(TherapyAuditEvent.action == therapy_store.READ)
                .order_by(col(TherapyAuditEvent.id))
            ).all()
        )


@pytest.mark.parametrize("name", sorted(READERS))
def test_read_is_recorded_with_who_where_and_why(kept: None, name: str):
    assert name in ARGUMENTS, "say here with what this function is called"
    READERS[name](*ARGUMENTS[name], actor="ST-7", where="desk:case-content")
    [event] = reads()
    assert (event.actor, event.where, event.purpose) == ("ST-7", "desk:case-content", PurposeOfUse.TREATMENT)


@pytest.mark.parametrize("name", sorted(READERS))
def test_read_without_a_purpose_gives_nothing(kept: None, name: str):
    with pytest.raises(NoPurpose, match="nowhere in particular"):
        READERS[name](*ARGUMENTS[name], actor="ST-7", where="nowhere in particular")
    assert reads() == []


def test_purpose_in_force_stands_before_the_place(kept: None):
    with because(PurposeOfUse.BREAK_THE_GLASS):
        therapy_store.texts(CASE, actor="ST-7", where="desk:case-content")
    therapy_store.texts(CASE, actor="ST-7", where="desk:case-content")
    assert [event.purpose for event in reads()] == ["BTG", "TREAT"]


def holds_content(kind: Any) -> bool:
    """Whether a value of this type may carry therapy content."""
    if any(holds_content(each) for each in typing.get_args(kind)):
        return True
    if not inspect.isclass(kind):
        return False
    content = {
        table.name for table in METADATA.tables.values() if any(isinstance(c.type, TherapyTextColumn) for c in table.c)
    }
    ours = (TherapyText, therapy_store.RiskFlag, therapy_store.RaisedFlag, therapy_store.DecidedFlag)
    return kind in ours or (issubclass(kind, TherapyRecord) and str(getattr(kind, "__tablename__", "")) in content)


PURE = {"as_text", "flag_of"}
"""Give back what they were given; open nothing that was not opened."""


@pytest.mark.parametrize("name", sorted(set(public_functions()) - PURE))
def test_function_that_gives_out_content_says_where_it_is_read(name: str):
    given = typing.get_type_hints(public_functions()[name]).get("return")
    if holds_content(given):
        assert name in READERS


def test_test_knows_content_when_it_sees_it():
    given = {name: typing.get_type_hints(each)["return"] for name, each in public_functions().items()}
    opening = {
        "texts",
        "answers",
        "sign_off_content",
        "decision_words",
        "to_do_words",
        "unread_sources",
        "as_text",
        "flags",
        "decided_flags",
        "raised_flags",
    }
    assert opening <= {name for name, kind in given.items() if holds_content(kind)}
    assert not holds_content(typing.get_type_hints(therapy_store.measures_complete)["return"])


def test_every_purpose_is_one_of_hl7():
    assert set(PURPOSES.values()) <= set(PurposeOfUse)
    assert all(each.words for each in PurposeOfUse)
