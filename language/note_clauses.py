"""Does it open as a clause, with somebody or something that does or is? What does not is quoted, not reported.

"It hurts" does; "tired of it, but no", "two things, and tell me", "something to eat" do not.
"""

import re

from language import note_words as words
from language.note_grammar import third_singular

_ALWAYS = words.MODALS | {"is", "are", "am", "was", "were", "has", "have", "had", "does", "do", "did"}
_PAST_ALONE = words.PAST - words.SAME_IN_THE_PAST
_INFLECTED = {third_singular(verb) for verb in words.BASES}
_DETERMINERS = {"a", "an", "the", "my", "your", "his", "her", "its", "our", "their"}
# A verb's spelling behind one of these is a noun, or no finite verb: "no falls", "to start", "of use".
_NO_VERB_BEHIND = _DETERMINERS | {
    "no", "some", "any", "every", "each", "to", "of", "in", "on", "at", "for", "with", "by", "from", "and", "or", "not",
    "half", "more", "less", "another",
}  # fmt: skip
_NO_AUXILIARY_BEHIND = _DETERMINERS | {"to", "not"}
_CONDITION = re.compile(
    r"(?:if|when|whenever|while|before|after|because|since|until|unless|once|as|although|though)\b", re.I
)
_REASON = re.compile(r"because\b", re.I)
_WHEN = re.compile(
    rf"{_CONDITION.pattern}|(?:on|in|at|by|till|during|from|for|with|without|between|last|next|usually|sometimes|often"
    r"|today|tonight|tomorrow|yesterday|now|then|first|inside|outside|maybe|perhaps|\w+ly)\b"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b",
    re.I,
)
_HOW_MANY = re.compile(r"(?:this|that|one|each|every|most|some|half|two|three|a few|a couple of)\b", re.I)
_TIME = re.compile(
    r"\b(?:time|week|day|night|morning|evening|year|month|summer|winter|spring|autumn|weekend|hour)s?\b", re.I
)
_NAMES_SOMEBODY = re.compile(rf"(?:{'|'.join(sorted(_DETERMINERS - {'its'}))})\b", re.I)
# Whoever does what a verb without an ending says: "they work", "a great deal" does not.
_SEVERAL = {
    "i", "you", "we", "they", "who", "that", "which", "people", "children", "men", "women", "police", "me", "her",
    "him",
}  # fmt: skip
# "What it is like" and "something he needs" are none; "what I want is quiet" is.
_WHAT = re.compile(
    r"(?:what|how|why|where|who)\b"
    r"|(?:(?:some|any|every|no)(?:thing|one|body)|(?:an?|the) \w+) (?:i|you|he|she|it|we|they)\b",
    re.I,
)
_COMMANDED = {
    "me", "us", "it", "them", "him", "her", "the", "your", "my", "a", "an", "that", "this", "if", "what", "how",
    "about", "at",
}  # fmt: skip
# Behind one of these stands no main clause; what is before it must have a verb of its own.
_JOINED_ON = re.compile(r"(?<=\w )(?:when|because|but|if|that|which|who|since|before|after|while|until)\b", re.I)


def opens_as_clause(said: str) -> bool:
    """Whether tidy words begin as a clause of their own, after what only says when, where or on what condition."""
    first, comma, rest = said.partition(",")
    if _commands(first):
        return False
    if _CONDITION.match(first) and _finite_verbs(first):
        # "When it comes, tell me": what stands behind the condition is the clause; "since I lost my job" has none.
        return opens_as_clause(rest.strip()) if comma else _finite_verbs(first) > 1 and not _REASON.match(first)
    if _finite_verbs(_JOINED_ON.split(first, maxsplit=1)[0]) > bool(_WHAT.match(first)):
        return True
    if _only_says_when(first):
        return bool(comma) and opens_as_clause(rest.strip())
    # "My boss, Karen, was annoyed": who is named between the commas does it.
    named, _, behind = rest.partition(",")
    if not _NAMES_SOMEBODY.match(first):
        return False
    does = re.findall(r"[\w']+", behind.lower())
    return bool(does) and not _finite_verbs(named) and _is_finite("she", does[0])


def _commands(said: str) -> bool:
    """Whether it begins as a command does: "tell me", "let the water run"."""
    opening = [*re.findall(r"[\w']+", said.lower())[:2], "", ""][:2]
    return opening == ["do", "not"] or (opening[0] in words.BASES and opening[1] in _COMMANDED)


def _only_says_when(said: str) -> bool:
    return bool(_WHEN.match(said) or (_HOW_MANY.match(said) and _TIME.search(said)))


def _finite_verbs(said: str) -> int:
    """How many words that can be finite verbs stand behind one that can be their subject."""
    found = re.findall(r"[\w']+", said.lower())
    while found and (found[0] in words.ADVERBS - {"both", "all"} or found[0] in ("and", "but", "so", "or")):
        found = found[1:]
    return sum(map(_is_finite, found, found[1:]))


def _is_finite(before: str, word: str) -> bool:
    if before in _NO_VERB_BEHIND:
        # "In May", "a can of beer"; "each would", "half are".
        return word in _ALWAYS - words.MODALS and before not in _NO_AUXILIARY_BEHIND
    if word in words.BASES:
        return before in _SEVERAL | words.ADVERBS or (before.endswith("s") and before not in _ALWAYS)
    past = word.endswith("ed") and len(word) > 3
    return word in _ALWAYS | _PAST_ALONE | _INFLECTED or past
