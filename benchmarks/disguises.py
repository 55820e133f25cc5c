"""Ways in which people hide or mistype what they say; each takes a text and a seeded source of chance."""

import random
import re
import string
from collections.abc import Callable

from language.plain import KEY_WORDS

Way = Callable[[str, random.Random], str]
_LOOKS_LIKE = str.maketrans("oieas", "013@5")
_WORD = re.compile(r"[A-Za-z]+")
_EMOJI = ("😔", "🙃", "💔", "😂")
_ORDINARY = "The weather was mild and the bus came on time. " * 1100


def _in_key_words(text: str, change: Callable[[str], str]) -> str:
    return _WORD.sub(lambda word: change(word.group()) if word.group().lower() in KEY_WORDS else word.group(), text)


def _typo(word: str, choose: random.Random) -> str:
    if len(word) < 4:
        return word
    at = choose.randrange(1, len(word) - 1)
    return choose.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + choose.choice(string.ascii_lowercase) + word[at + 1 :],
        )
    )


WAYS: dict[str, Way] = {
    "leetspeak": lambda text, _: _in_key_words(text, lambda word: word.translate(_LOOKS_LIKE)),
    "spaced_out": lambda text, _: _in_key_words(text, " ".join),
    "typos": lambda text, choose: _in_key_words(text, lambda word: _typo(word, choose)),
    "mixed_case": lambda text, choose: "".join(choose.choice((c.upper(), c.lower())) for c in text),
    "no_punctuation": lambda text, _: re.sub(r"[.,;:!?\"“”]", "", text).lower(),
    "emoji": lambda text, choose: re.sub(r"(?<=[.!?])(?= |$)", lambda _: f" {choose.choice(_EMOJI)}", text),
}


def inside_a_long_text(text: str) -> str:
    """The text in the middle of 50,000 characters of ordinary talk."""
    return f"{_ORDINARY[:25_000]}\n{text}\n{_ORDINARY[:25_000]}"
