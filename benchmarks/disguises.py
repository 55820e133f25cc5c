"""Ways in which people hide or mistype what they say; each takes a text and a seeded source of chance."""

import random
import re
import string
from collections.abc import Callable

from language.plain import KEY_WORDS

Way = Callable[[str, random.Random], str]
_LOOKS_LIKE = str.maketrans("oieas", "013@5")
_WORD = re.compile(r"[A-Za-z]+")
SLIPS_ONE_WORD_IN = 10
_EMOJI = ("😔", "🙃", "💔", "😂")
# Short, long and very long sentences: what stands beside a disclosure may be more than is read at once.
_ORDINARY = (
    "The weather was mild and the bus came on time. My sister rang about the holidays. We have a new kettle. On "
    "Saturday we drove out to the lake with the neighbours, who brought far too much bread and a folding table "
    "that nobody could unfold, and we sat on the grass until it got cold and somebody remembered that the shop for "
    "the firewood closes at six at weekends. The roof is mended. My manager has moved the meeting to Thursdays, "
    "which suits the people who work from home, and she asked each of us to write down what we would like to learn "
    "this year, so I put down spreadsheets, because the new system exports everything in columns that no one has "
    "labelled properly yet. I slept well and the cat did too. Lunch was soup. "
) * 60


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
    # A slip in any word, not only in those that plain.py knows to mend.
    "slips_anywhere": lambda text, choose: _WORD.sub(
        lambda word: _typo(word.group(), choose) if choose.randrange(SLIPS_ONE_WORD_IN) == 0 else word.group(), text
    ),
    "no_punctuation": lambda text, _: re.sub(r"[.,;:!?\"“”]", "", text).lower(),
    "emoji": lambda text, choose: re.sub(r"(?<=[.!?])(?= |$)", lambda _: f" {choose.choice(_EMOJI)}", text),
}


def inside_a_long_text(text: str) -> str:
    """The text in the middle of 50,000 characters of ordinary talk."""
    return f"{_ORDINARY[:25_000]}\n{text}\n{_ORDINARY[:25_000]}"
