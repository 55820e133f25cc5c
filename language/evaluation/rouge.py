"""ROUGE as the package rouge-score 0.1.2 computes it, with its stemmer, and without its dependencies.

rouge-score brings absl-py and nltk; nltk would put a whole language toolkit, and its security notices, into every
installation for one stemmer. tests/language/test_rouge.py holds values recorded from rouge-score itself.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

Rule = tuple[str, str, Callable[[str], bool]]


@dataclass(frozen=True)
class Rouge:
    """F-measures of one text, 0 to 1."""

    r1: float
    r2: float
    rlsum: float


def rouge(reference: str, text: str) -> Rouge:
    """How much of a reference's words, pairs of words and lines a text has; a sentence is a line, as in rouge-score."""
    wanted, got = tokens(reference), tokens(text)
    lines = [[tokens(line) for line in each.split("\n") if line] for each in (reference, text)]
    return Rouge(_overlap(wanted, got, 1), _overlap(wanted, got, 2), _lines_in_common(*lines))


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers; those of more than three letters are stemmed."""
    return [stem(word) if len(word) > 3 else word for word in re.findall(r"[a-z0-9]+", text.lower())]


def _overlap(wanted: list[str], got: list[str], size: int) -> float:
    first, second = (Counter(zip(*(each[i:] for i in range(size)), strict=False)) for each in (wanted, got))
    return _f(sum((first & second).values()), first.total(), second.total())


def _f(hits: int, wanted: int, got: int) -> float:
    return 2 * hits / (wanted + got) if hits else 0.0


def _lines_in_common(wanted: list[list[str]], got: list[list[str]]) -> float:
    """Summary-level longest common subsequence: each line of the reference against the union over the text's lines."""
    left = [Counter(word for line in lines for word in line) for lines in (wanted, got)]
    hits = 0
    for line in wanted:
        for at in sorted(set().union(*(_common_positions(line, other) for other in got))):
            word = line[at]
            if all(counts[word] > 0 for counts in left):
                hits += 1
                for counts in left:
                    counts[word] -= 1
    return _f(hits, sum(map(len, wanted)), sum(map(len, got)))


def _common_positions(line: list[str], other: list[str]) -> list[int]:
    """Positions in `line` of one longest common subsequence, ties broken as rouge-score breaks them."""
    if not set(line) & set(other):
        return []
    table = [[0] * (len(other) + 1)]
    for word in line:
        above, row = table[-1], [0]
        for j, candidate in enumerate(other):
            row.append(above[j] + 1 if word == candidate else max(above[j + 1], row[j]))
        table.append(row)
    i, j, positions = len(line), len(other), []
    while i and j:
        if line[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
            positions.append(i)
        elif table[i][j - 1] > table[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return positions


# -- the stemmer: Porter, "An algorithm for suffix stripping" (1980), with NLTK's extensions

_IRREGULAR = {
    "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "innings": "inning", "outings": "outing",
    "cannings": "canning", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
} | {word: word for word in ("sky", "news", "inning", "outing", "canning", "howe")}  # fmt: skip


@cache
def stem(word: str) -> str:
    """The stem of a lower-case word, as nltk's PorterStemmer gives it."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 2:
        return word
    for step in (_plural, _past, _y, _double_suffix, _suffix, _long_suffix, _final_e, _final_l):
        word = step(word)
    return word


def _consonant(word: str, at: int) -> bool:
    if word[at] in "aeiou":
        return False
    return word[at] != "y" or at == 0 or not _consonant(word, at - 1)


def _measure(word: str) -> int:
    shape = "".join("c" if _consonant(word, i) else "v" for i in range(len(word)))
    return shape.count("vc")


def _has_vowel(word: str) -> bool:
    return any(not _consonant(word, i) for i in range(len(word)))


def _double(word: str) -> bool:
    return len(word) >= 2 and word[-1] == word[-2] and _consonant(word, len(word) - 1)


def _short(word: str) -> bool:
    """Ends in consonant, vowel, consonant (not w, x or y), or is vowel and consonant alone."""
    if len(word) == 2:
        return not _consonant(word, 0) and _consonant(word, 1)
    shape = [_consonant(word, i) for i in range(len(word) - 3, len(word))] if len(word) >= 3 else []
    return shape == [True, False, True] and word[-1] not in "wxy"


def _apply(word: str, rules: Sequence[Rule]) -> str:
    """The first rule whose suffix the word has decides, even where its condition fails."""
    for suffix, replacement, condition in rules:
        if word.endswith(suffix):
            base = word[: len(word) - len(suffix)]
            return base + replacement if condition(base) else word
    return word


def _positive(base: str) -> bool:
    return _measure(base) > 0


def _always(base: str) -> bool:
    return True


def _plural(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        return word[:-1]
    return _apply(word, [("sses", "ss", _always), ("ies", "i", _always), ("ss", "ss", _always), ("s", "", _always)])


def _past(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _positive(word[:-3]) else word
    for suffix in ("ed", "ing"):
        base = word[: -len(suffix)]
        if word.endswith(suffix) and _has_vowel(base):
            break
    else:
        return word
    if base.endswith(("at", "bl", "iz")):
        return base + "e"
    if _double(base):
        return base if base[-1] in "lsz" else base[:-1]
    return base + "e" if _measure(base) == 1 and _short(base) else base


def _y(word: str) -> str:
    ends = word.endswith("y") and len(word) > 2 and _consonant(word, len(word) - 2)
    return word[:-1] + "i" if ends else word


def _double_suffix(word: str) -> str:
    if word.endswith("alli") and _positive(word[:-4]):
        return _double_suffix(word[:-2])
    pairs = (
        "ational ate, tional tion, enci ence, anci ance, izer ize, bli ble, alli al, entli ent, eli e, ousli ous, "
        "ization ize, ation ate, ator ate, alism al, iveness ive, fulness ful, ousness ous, aliti al, iviti ive, "
        "biliti ble, fulli ful"
    )
    rules: list[Rule] = [(*pair.split(), _positive) for pair in pairs.split(", ")]  # type: ignore[misc]
    if word.endswith("logi"):  # the l stays with the stem, as NLTK has it
        return word[:-1] if _positive(word[:-3]) else word
    return _apply(word, rules)


def _suffix(word: str) -> str:
    rules: list[Rule] = [
        ("icate", "ic", _positive), ("ative", "", _positive), ("alize", "al", _positive), ("iciti", "ic", _positive),
        ("ical", "ic", _positive), ("ful", "", _positive), ("ness", "", _positive),
    ]  # fmt: skip
    return _apply(word, rules)


def _long_suffix(word: str) -> str:
    def far(base: str) -> bool:
        return _measure(base) > 1

    names = [
        "al",
        "ance",
        "ence",
        "er",
        "ic",
        "able",
        "ible",
        "ant",
        "ement",
        "ment",
        "ent",
        "ion",
        "ou",
        "ism",
        "ate",
        "iti",
        "ous",
        "ive",
        "ize",
    ]
    rules: list[Rule] = [
        (name, "", (lambda base: far(base) and base[-1:] in ("s", "t")) if name == "ion" else far) for name in names
    ]
    return _apply(word, rules)


def _final_e(word: str) -> str:
    if not word.endswith("e"):
        return word
    base = word[:-1]
    return base if _measure(base) > 1 or (_measure(base) == 1 and not _short(base)) else word


def _final_l(word: str) -> str:
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word
