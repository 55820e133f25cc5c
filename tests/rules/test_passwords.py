"""Which passwords will do: both sides of each boundary."""

import pytest

from rules.passwords import LONGEST, SHORTEST, acceptable

ABOUT = ("Robin Example", "robin.example@clinic.example.org", "Harbor Street Practice")


@pytest.mark.parametrize(
    "password",
    [
        "tidal seven lamp oak",
        "bafe-ludo-mine-taro",
        "9f!kQ2z@Lm4x",
        "Röstzwiebel und Mond",
        "robin and eleven herons",  # a name may stand in it, as long as enough else does
        "kwTz9-vbLq3m",
    ],
)
def test_password_of_enough_that_nobody_guesses_will_do(password: str):
    assert acceptable(password, about=ABOUT).allowed


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevensigns", "at least 12"),
        ("", "at least 12"),
        ("password123456", "well-known"),
        ("P@ssw0rd!2024", "well-known"),
        ("Welcome12345!", "well-known"),
        ("iloveyouiloveyou", "well-known"),
        ("Summer2026Summer", "well-known"),
        ("correct horse battery staple", "well-known"),
        ("COUNTERSIGN2026", "well-known"),
        ("482915370264", "well-known"),  # digits alone
        ("qwertyuiop12", "repeats or counts"),
        ("lkjhgfdsapoi", "repeats or counts"),
        ("abcabcabcabc", "repeats or counts"),
        ("aaaaaaaaaaaa", "repeats or counts"),
        ("123456789012", "repeats or counts"),
        ("robin.example.2026", "your name"),
        ("HarborStreet2026!", "your name"),
    ],
)
def test_password_that_is_tried_first_is_refused_with_its_reason(password: str, why: str):
    permission = acceptable(password, about=ABOUT)
    assert not permission.allowed and why in permission.reasons[0]


def test_length_has_two_ends():
    word = "tidal seven lamp oak heron "
    assert not acceptable("Tz9-vbLq3mw"[: SHORTEST - 1]).allowed
    assert acceptable("Tz9-vbLq3mwk"[:SHORTEST]).allowed
    assert acceptable((word * 9)[:LONGEST]).allowed
    assert not acceptable((word * 9)[: LONGEST + 1]).allowed
