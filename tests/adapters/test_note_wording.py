"""What every export of a signed note says in the same words."""

from datetime import datetime
from typing import Any

import pytest

from adapters.note_wording import character_mark, last_signed_at, proved_by, session_time, signed_time, visible
from models.codes import AuthenticatedHow
from models.errors import ContractBroken
from models.signed_note import SignedNote
from tests.signed_notes import SIGNED_AT, make_addendum, make_signature, make_signed_note


@pytest.mark.parametrize(
    ("zone", "started_at", "ended_at", "expected"),
    [
        # 2026-11-01: at 2:00 AM CDT it is 1:00 AM CST once more
        ("America/Chicago", "2026-11-01T06:30", "2026-11-01T07:20", "1, 2026, 1:30 AM CDT to 1:20 AM CST"),
        ("America/Chicago", "2026-11-01T06:00", "2026-11-01T06:53", "1, 2026, 1:00 AM CDT to 1:53 AM CDT"),
        ("America/Chicago", "2026-11-01T07:00", "2026-11-01T07:53", "1, 2026, 1:00 AM CST to 1:53 AM CST"),
        # 2026-03-08: at 2:00 AM CST it is 3:00 AM CDT
        ("America/Chicago", "2026-03-08T07:30", "2026-03-08T08:20", "8, 2026, 1:30 AM CST to 3:20 AM CDT"),
        ("America/Phoenix", "2026-03-08T17:00", "2026-03-08T17:53", "8, 2026, 10:00 AM MST to 10:53 AM MST"),
        (
            "America/New_York",
            "2026-12-01T04:30",
            "2026-12-01T05:20",
            "30, 2026, 11:30 PM EST to Tuesday, December 1, 2026, 12:20 AM EST",
        ),
        ("America/Sao_Paulo", "2026-12-01T15:00", "2026-12-01T15:53", "1, 2026, 12:00 PM UTC-03 to 12:53 PM UTC-03"),
    ],
)
def test_session_time_is_told_on_the_clock_of_the_place(
    zone: str, started_at: str, ended_at: str, expected: str
) -> None:
    start, end = (datetime.fromisoformat(f"{each}+00:00") for each in (started_at, ended_at))
    assert session_time(make_signed_note(time_zone=zone, started_at=start, ended_at=end)).endswith(expected)


def tell_times(note: SignedNote) -> str:
    return f"{session_time(note)} {signed_time(note.signature, note.time_zone)}"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"started_at": datetime(2026, 11, 2, 15)}, "started_at"),
        ({"ended_at": datetime(2026, 11, 2, 15)}, "ended_at"),
        ({"signature": make_signature(at=datetime(2026, 11, 2, 15))}, "signature.at"),
        ({"time_zone": "America/Zanzibarius"}, "time_zone"),
        ({"time_zone": "../Zanzibarius"}, "time_zone"),
        ({"time_zone": "America"}, "time_zone"),
    ],
)
def test_time_that_nobody_can_tell_is_refused_by_its_field(wanted: dict[str, Any], field: str) -> None:
    with pytest.raises(ContractBroken) as refused:
        tell_times(make_signed_note(**wanted))
    assert refused.value.field == field
    assert "Zanzibarius" not in f"{refused.value} {refused.value.__context__!r}"


def test_last_signature_is_the_newest_whatever_its_place() -> None:
    assert last_signed_at(make_signed_note()) == SIGNED_AT
    out_of_order = (make_addendum(3), make_addendum(1))
    assert last_signed_at(make_signed_note(addenda=out_of_order)) == make_addendum(3).signature.at


@pytest.mark.parametrize("how", AuthenticatedHow)
def test_every_way_of_proving_who_one_is_has_words(how: AuthenticatedHow) -> None:
    told = proved_by(make_signature(how=how.value))
    assert told != how.value.replace("_", " ")
    assert "_" not in told


@pytest.mark.parametrize(
    ("character", "mark"),
    [
        ("👍", "[U+1F44D thumbs up sign]"),
        ("\x00", "[U+0000]"),
        ("王", "[U+738B]"),
        ("한", "[U+D55C hangul syllable han]"),
        ("\ud800", "[U+D800]"),
        ("\U0010ffff", "[U+10FFFF]"),
    ],
)
def test_mark_names_a_character_where_it_has_a_name(character: str, mark: str) -> None:
    assert character_mark(character) == mark


def test_visible_text_keeps_its_lines_and_marks_the_rest() -> None:
    assert visible("a\r\nb\rc\u2028d\ne!", str.isalpha) == "a\nb\nc\nd\ne[U+0021 exclamation mark]"
