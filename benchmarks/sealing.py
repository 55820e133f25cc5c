"""What does sealing cost? One JSON line: fields sealed and opened per second, reading a case with and without it.

    python -m benchmarks.sealing

The baseline is the same work on the same machine in the same run, with the text stored as it is.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from adapters import sealing, therapy_store, therapy_store_seals
from adapters.migrating import migrate_all
from adapters.settings import settings
from models.columns import utc_now
from models.therapy_text import TherapyText

FIELDS = 20_000
CASES = 40
TEXT = "The patient would like help with worry about work, sleeps badly since spring and prefers mornings. " * 6
"""About 600 characters, like a referral's."""


def main() -> None:
    figures: dict[str, Any] = {"characters": len(TEXT)}
    figures |= _cipher()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COUNTERSIGN_HOME"] = str(Path(folder) / "home")
        settings.cache_clear()
        settings().make_folders()
        migrate_all()
        figures |= _cases()
    print(json.dumps(figures))


def _cipher() -> dict[str, float]:
    """The cipher alone, beside encoding the text and decoding it again."""
    key, places = sealing.DataKey("CK-1", sealing.fresh_secret()), [_place(number) for number in range(FIELDS)]
    started = time.perf_counter()
    forms = [key.seal(place, 1, TEXT) for place in places]
    sealed = time.perf_counter() - started
    started = time.perf_counter()
    texts = [key.open(place, form) for place, form in zip(places, forms, strict=True)]
    opened = time.perf_counter() - started
    assert set(texts) == {TEXT}
    return {
        "sealed_per_second": round(FIELDS / sealed),
        "opened_per_second": round(FIELDS / opened),
        "stored_bytes_per_text_byte": round(len(forms[0]) / len(TEXT.encode()), 2),
    }


def _place(number: int) -> sealing.Place:
    return sealing.Place("intake_text", f"TX-{number}", "text")


def _cases() -> dict[str, float]:
    """Keeping and reading the content of cases: sealed, and as it was before there were seals."""
    sealed = _timed("S")
    with (
        mock.patch.object(therapy_store_seals, "seal", _stored_as_it_is),
        mock.patch.object(therapy_store_seals, "_open", _taken_as_it_is),
    ):
        plain = _timed("P")
    return {
        "keep_case_ms": round(sealed[0], 2),
        "keep_case_plain_ms": round(plain[0], 2),
        "keep_case_ratio": round(sealed[0] / plain[0], 2),
        "read_case_ms": round(sealed[1], 2),
        "read_case_plain_ms": round(plain[1], 2),
        "read_case_ratio": round(sealed[1] / plain[1], 2),
    }


def _stored_as_it_is(db: Any, fields: Any) -> None:
    for record, name in fields:
        text = getattr(record, name)
        setattr(record, name, text.sealed_as(text.unwrap()))


def _taken_as_it_is(db: Any, records: Any) -> list[Any]:
    for record in records:
        for name in therapy_store_seals.content_fields(type(record)):
            value = getattr(record, name)
            if value is not None and not value.is_open:
                therapy_store_seals.set_committed_value(record, name, TherapyText(value.sealed_form))
    return []


def _timed(prefix: str) -> tuple[float, float]:
    """Milliseconds to keep one referral's content and to read all of one case: the medians of many."""
    answers = dict.fromkeys(range(1, 10), 1)
    numbers = [f"RF-{prefix}{number}" for number in range(CASES)]

    def keep(number: str) -> None:
        measures = tuple((name, "1", answers, True, 9, "mild", utc_now()) for name in ("phq9", "gad7"))
        therapy_store.keep_intake(
            [therapy_store.IntakeContent(number, TherapyText(TEXT), ("anxiety", "sleep"), measures)]
        )

    def read(number: str) -> None:
        texts = therapy_store.texts(number, actor="benchmark", where="open risk review")
        answers = therapy_store.answers(number, actor="benchmark", where="open risk review")
        focus = therapy_store.focus(number, actor="benchmark", where="open risk review")
        assert [each.text.unwrap() for each in texts] == [TEXT] and len(answers) == 2 and len(focus) == 2

    return _median(keep, numbers), _median(read, numbers)


def _median(act: Callable[[str], None], numbers: list[str]) -> float:
    spent = []
    for number in numbers:
        started = time.perf_counter()
        act(number)
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    main()
