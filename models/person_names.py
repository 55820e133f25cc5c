"""How two spellings of a person's name are compared: what is left of a name once spelling no longer matters."""

import unicodedata

# Letters without a combining mark to strip, as most US forms spell them; \u0131 is the dotless i.
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
APOSTROPHES = "'\u2019\u2018\u02bc`\u00b4"


def plain_name(name: str) -> str:
    """The name as it is compared: no accents, case, apostrophes or punctuation; hyphens are spaces.

    Letters of any script are kept; "Jr" too, since it tells a son from his father.
    """
    kept = "".join(
        char if char.isalnum() else " "
        for char in _fold(name).translate(LETTERS)
        if not unicodedata.combining(char) and char not in APOSTROPHES
    )
    return " ".join(kept.split())


def _fold(name: str) -> str:
    """Lower case with marks apart; compatibility forms first, since some have a lower case only then."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
