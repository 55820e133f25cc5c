"""A text as it was meant to be read: disguised and misspelt words made plain, each character traced to its origin.

People hide words from filters ("su1c1de", "k i l l"), and type in a hurry ("sucide"). What is found in the plain text
is shown in the original: `origin` says where each plain character came from.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from language.encoder import pinned_weights

_KEY_WORDS = """
abuse abused abuses abusive afraid alive anymore beat beats beaten bleed bleeding blood bridge bullet burn
burned burning choke choked choking cocaine cut cuts cutting dead death demons die died dies drank drink
drinking drown drowning drunk dying everyone fentanyl forced goodbye gun hang hanged hanging hates hear hearing
heroin hit hits hitting hopeless hurt hurting hurts jump jumping kill killed killing knife live living meth
myself himself herself nobody noose opioid overdose overdosed oxycodone pills poison poisoned raped razor scared
scars seizure shaking shoot shooting sleep spying stab stabbed stabbing strangle strangled suicidal suicide
swallow swallowed tablets themselves threaten threatened threatens touched touches track train trust vodka voice
voices watched watching whispering whispers withdrawal without worthless wrists
"""
KEY_WORDS = frozenset(_KEY_WORDS.split())
"""What a slip of the finger must not hide."""
NO_SLIPS = frozenset(
    ["aleve", "burp", "dang", "dyer", "kiln", "opioids", "scab", "scabs", "sill", "slit", "spay", "spayed"]
)
"""Words one slip away from a key word that the vocabulary does not have."""
SHORTEST_MISSPELT = 4
SHORTEST_SPACED = 2
LONGEST_WORD = 14
ENDINGS = (
    "s",
    "es",
    "y",
    "ed",
    "d",
    "ing",
    "er",
    "ers",
    "r",
    "ly",
    "n",
    "en",
    "est",
    "ness",
    "less",
    "ful",
    "able",
)
CONTRACTED = ("'s", "n't", "'d", "'ll", "'ve", "'re", "'m")
"""Of words that the vocabulary has only without them."""
_DIGITS = str.maketrans("013457@$!|", "oieastasil")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_DISGUISED = re.compile(
    r"(?<![\w@$|*])(?=[\w@$!|*]*[a-zA-Z])(?=\w*[013457@$!|*])[a-zA-Z0-9@$!|*]*[a-zA-Z0-9@$](?![\w@$|*])"
)
# Three or more single letters, parted by the same thing each time.
_SPACED = re.compile(r"(?<!\w)[a-zA-Z013457@$](?:([ .\-_*·])[a-zA-Z013457@$!](?!\w))(?:\1[a-zA-Z013457@$!](?!\w))+")
_MEASURE = re.compile(r"\d+(?:st|nd|rd|th|s|am|pm|mg|ml|mcg|kg|lb|lbs|k|m|h|hr|hrs|min|x|yo|y|f|w|d)", re.IGNORECASE)
_STRETCHED = re.compile(r"(.)\1{2,}")
_SAME_LENGTH = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "`": "'", "\u00a0": " ", "\t": " "}
)
Traced = list[tuple[str, int]]
"""Characters, each with its place in the original."""


@dataclass(frozen=True)
class Plain:
    """The plain text, lower case for the rules in `low`; `origin[i]` is where plain character i stands in the original.

    `origin` has one more entry: the original's length, for a span that ends with the text.
    """

    text: str
    origin: tuple[int, ...]

    @property
    def low(self) -> str:
        """Lower case with the same offsets."""
        return "".join(low if len(low := char.lower()) == 1 else char for char in self.text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's characters behind plain characters `start` to `end`."""
        return self.origin[start], self.origin[end - 1] + 1 if end > start else self.origin[start]


def plain(text: str) -> Plain:
    """The text made plain; characters that nobody disguised stay as they are, in their order."""
    traced = [(char, at) for at, char in enumerate(text.translate(_SAME_LENGTH))]
    for find, mend in ((_SPACED, _joined), (_DISGUISED, _undisguised), (_WORD, _respelt)):
        traced = _mended(traced, find, mend)
    return Plain("".join(char for char, _ in traced), (*(at for _, at in traced), len(text)))


def _mended(traced: Traced, find: re.Pattern[str], mend: Callable[[re.Match[str]], str | None]) -> Traced:
    out: Traced = []
    done = 0
    for match in find.finditer("".join(char for char, _ in traced)):
        better = mend(match)
        if better is None:
            continue
        out += traced[done : match.start()]
        out += _spread(better, traced[match.start() : match.end()])
        done = match.end()
    return out + traced[done:]


def _spread(better: str, traced: Traced) -> Traced:
    """The better word over the places of the one it stands for: the first and last stay first and last."""
    last = max(1, len(better) - 1)
    return [(char, traced[round(at * (len(traced) - 1) / last)][1]) for at, char in enumerate(better)]


def _joined(spaced: re.Match[str]) -> str | None:
    """Single letters as the words they make, or None where they make none ("A B C", "P T S D")."""
    letters = spaced.group()[::2].translate(_DIGITS).lower()
    words = _segmented(letters)
    return " ".join(words) if words and max(map(len, words)) > SHORTEST_SPACED else None


def _segmented(letters: str) -> list[str] | None:
    """The fewest known words that make up these letters; None where there are none."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(letters) + 1):
        ways = [
            [*before, letters[start:end]]
            for start in range(max(0, end - LONGEST_WORD), end)
            if (before := best[start]) is not None and _is_word(letters[start:end])
        ]
        best.append(min(ways, key=lambda words: (len(words), [-len(word) for word in words]), default=None))
    return best[-1]


def _is_word(word: str) -> bool:
    return word in KEY_WORDS or word in "ai" or (len(word) > 1 and word in vocabulary())


def _undisguised(found: re.Match[str]) -> str | None:
    """Digits and signs read as the letters they look like, where that makes a word; a star stands for any letters."""
    token = found.group()
    if _MEASURE.fullmatch(token) or token.isalpha():
        return None
    letters = token.lower().translate(_DIGITS)
    if "*" in letters:
        hidden = re.compile("".join("[a-z]*" if char == "*" else re.escape(char) for char in letters))
        meant = [word for word in _BY_LENGTH if hidden.fullmatch(word)]
        return meant[0] if len(letters.replace("*", "")) > 1 and meant else None
    known = letters in KEY_WORDS or (len(letters) >= SHORTEST_MISSPELT and letters in vocabulary())
    return letters if letters.isalpha() and known else None


def _respelt(found: re.Match[str]) -> str | None:
    """A key word for what is no word and one slip away from it; names (capitals inside a sentence) are left alone."""
    word = found.group()
    meant = _meant(word.lower()) if len(word) >= SHORTEST_MISSPELT else None
    if meant is None or word.islower() or word.isupper():
        return meant
    before = found.string[max(0, found.start() - 3) : found.start()].rstrip(" ")
    return meant if not before or before[-1] in ".!?\n\"'" else None


@lru_cache(maxsize=20_000)
def _meant(low: str) -> str | None:
    if not low.isascii() or low in NO_SLIPS or is_known(low):
        return None
    for shorter in (low, _STRETCHED.sub(r"\1\1", low), _STRETCHED.sub(r"\1", low)):
        if shorter != low and _is_word(shorter):
            return shorter
        # A letter too many, too few or out of turn is likelier than a wrong one.
        if near := [word for word in _BY_LENGTH if _one_slip(word, shorter)]:
            return min(near, key=lambda word: len(word) == len(shorter) and sorted(word) != sorted(shorter))
    return None


def is_known(low: str) -> bool:
    """Whether the vocabulary has the word, or the word that its ending was put to ("shaving", "jogger", "tried")."""
    bare = next((low.removesuffix(each) for each in CONTRACTED if low.endswith(each)), low)
    known = vocabulary()
    stems = [bare.removesuffix(ending) for ending in ENDINGS if bare.endswith(ending) and len(bare) > len(ending) + 1]
    return bare in known or any(
        stem in known
        or f"{stem}e" in known
        or (stem[-1] == "i" and f"{stem[:-1]}y" in known)
        or (stem[-1] == stem[-2] and stem[:-1] in known)
        for stem in stems
    )


def _one_slip(word: str, typed: str) -> bool:
    """One letter missing, too many, another one, or two neighbours exchanged."""
    if abs(len(word) - len(typed)) > 1 or word == typed:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, typed, strict=False)) if a != b), min(len(word), len(typed)))
    if len(word) < len(typed):
        return word[at:] == typed[at + 1 :]
    if len(word) > len(typed):
        return word[at + 1 :] == typed[at:]
    swapped = word[at + 1 : at + 2] + word[at : at + 1] == typed[at : at + 2]
    return word[at + 1 :] == typed[at + 1 :] or (swapped and word[at + 2 :] == typed[at + 2 :])


@cache
def vocabulary() -> frozenset[str]:
    """The whole words that the pinned tokenizer knows: 22,000 of them, lower case."""
    stored = json.loads((pinned_weights() / "tokenizer.json").read_text(encoding="utf-8"))
    return frozenset(word for word in stored["model"]["vocab"] if word.isalpha())


_BY_LENGTH = tuple(sorted(KEY_WORDS, key=lambda word: (-len(word), word)))
