"""Which password a member of staff may choose: long, not a known one, not made of what anybody knows about them.

After NIST SP 800-63B: length counts, no rules about kinds of letters, no forced changes; what attackers try first is
refused. The published lists of known passwords hold few of twelve letters or more that are not built from the words
below by counting up, doubling or swapping letters for digits; those ways are undone before the comparison.
"""

import re
import unicodedata
from collections.abc import Iterable

from rules.sign_off import Permission

SHORTEST = 12
LONGEST = 128
# What is left of a known password once digits and signs are gone and letters are letters again.
_WORDS = """
    password passwort passphrase passwd pass mypassword yourpassword secret topsecret letmein letmeinnow login signin
    welcome welcomeback hello hellothere hellohello iloveyou iloveyouso loveyou loveme lovely princess sunshine
    football baseball basketball soccer superman batman spiderman pokemon starwars startrek dragon monkey shadow master
    michael jennifer jessica jordan daniel ashley charlie thomas robert matthew andrew joshua hannah nicole
    qwerty qwertyuiop qwertyqwerty qwertz qwertzuiop azerty azertyuiop asdfghjkl asdf asdfasdf zxcvbnm zxcvbn qazwsx
    qazwsxedc qwaszx qweasd qweasdzxc admin administrator root test testing tester guest user username changeme change
    changeit default temporary temp trustno access accessgranted internet computer samsung google facebook microsoft
    windows summer winter spring autumn january february march april june july august september october november
    december monday tuesday wednesday thursday friday saturday sunday correcthorsebatterystaple
    correcthorsebattery thequickbrownfox whatever whatsup freedom jesus jesuschrist blessed angel flower butterfly
    chocolate cookie cheese pepper ginger harley mustang ferrari mercedes corvette killer hunter ranger george
    therapy therapist therapypractice clinic clinician practice behavioralhealth behavioural health mentalhealth
    countersign doctor nurse patient patients hospital medicine psychology psychologist counselor counselling
"""
KNOWN = frozenset(_WORDS.split())
LOOKS_LIKE = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"}
)
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "01234567890",
    "098765432109876543210",
)
SMALLEST_PART = 4


def acceptable(password: str, *, about: Iterable[str] = ()) -> Permission:
    """Whether this may become somebody's password; ``about``: their name, their e-mail address, the practice's name."""
    if len(password) < SHORTEST:
        return Permission(False, (f"a password has at least {SHORTEST} characters",))
    if len(password) > LONGEST:
        return Permission(False, (f"a password has at most {LONGEST} characters",))
    plain = _plain(password)
    if _is_row(plain) or _repeats(plain):
        return Permission(False, ("this repeats or counts; it is among the first to be tried",))
    left = plain
    for part in sorted(_parts(about), key=len, reverse=True):
        left = left.replace(part, "")
    if left != plain and len(re.findall(r"[a-z]", left)) < SHORTEST // 2:
        return Permission(False, ("this is made of your name, your address or the practice's name",))
    if _known(plain):
        return Permission(False, ("this is a well-known password with something added",))
    return Permission(True)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


def _known(plain: str) -> bool:
    """Whether nothing but known words is left, of the letters alone or with digits read as letters."""
    for spelled in (plain, plain.translate(LOOKS_LIKE), plain.rstrip("0123456789!.?*#").translate(LOOKS_LIKE)):
        letters = "".join(re.findall(r"[a-z]+", spelled))
        if not letters or _made_of_known(letters):
            return True
    return False


def _made_of_known(letters: str) -> bool:
    """Whether the letters are at most two known words in a row, or one of them with a letter or two around it."""
    if letters in KNOWN or any(letters[:at] in KNOWN and letters[at:] in KNOWN for at in range(1, len(letters))):
        return True
    return any(len(word) >= len(letters) - 2 and word in letters for word in KNOWN if len(word) > SMALLEST_PART)


def _is_row(plain: str) -> bool:
    """Whether it runs along the alphabet or a keyboard, forth or back, for most of its length."""
    letters = "".join(re.findall(r"[a-z0-9]", plain))
    runs = 0
    for row in ROWS:
        for line in (row * 2, (row * 2)[::-1]):
            runs = max(runs, _longest_run(letters, line))
    return runs >= max(6, len(letters) * 2 // 3)


def _longest_run(letters: str, line: str) -> int:
    longest = 0
    for start in range(len(letters)):
        while letters[start : start + longest + 1] in line and start + longest < len(letters):
            longest += 1
    return longest


def _repeats(plain: str) -> bool:
    """Whether it is a short piece said again and again, or of fewer than five different characters."""
    doubled = any(
        plain == (plain[:length] * len(plain))[: len(plain)] for length in range(1, min(len(plain) // 2, 6) + 1)
    )
    return doubled or len(set(plain)) < 5


def _parts(about: Iterable[str]) -> set[str]:
    return {part for text in about for part in re.findall(r"\w+", _plain(text)) if len(part) >= SMALLEST_PART}
