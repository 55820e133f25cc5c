"""What a question for more than yes or no says together with an answer that is no sentence of its own.

"How old was he?" "Fifty-two." → "He was fifty-two." Only where the grammar of both is certain; else None.
"""

import re

from language import note_words as words
from language.note_grammar import PATIENT, Pronouns, third_singular, to_third_person
from language.note_values import Role


def is_fragment(rest: str) -> bool:
    """Whether words are no clause of their own and may end another sentence."""
    if not rest:
        return False
    if re.search(
        r"\b(?:i|you|me|my|we|he|she|they|it|that|there|but|because|is|are|was|were|has|have|do|does|did)\b", rest, re.I
    ):
        return False
    return len(rest.split()) <= 8


def about_patient(what: str, pronouns: Pronouns) -> str:
    """What a clinician asked for, said of the patient; a list gets its last "or"."""
    joined = re.search(r",[^,]* (?:and|or) [^,]*$", what)
    if not joined:
        what = re.sub(r"^(.+), (?!or |and )([^,]+)$", r"\1, or \2" if " and " not in what else r"\1, \2", what)
    what = re.sub(r"\byours?elf\b", pronouns.reflexive, what, flags=re.I)
    what = re.sub(r"\byour\b", pronouns.possessive, what, flags=re.I)
    return re.sub(r"\b(?:any|no)\s+", "", what, flags=re.I)


def past(verb: str) -> str:
    """The simple past of a base verb."""
    if verb in words.PAST_OF:
        return words.PAST_OF[verb]
    if verb.endswith("e"):
        return verb + "d"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + verb[-1] + "ed" if verb in ("stop", "drop", "plan", "snap", "skip", "shop", "occur") else verb + "ed"


_HOW_IS = re.compile(
    r"^(?:how|what) (?:is|are|has|have|was|were|about)(?: (?:things|everything) (?:with|been with))? (?P<np>(?:your|the|things (?:with|at)) [\w' ]+?)(?: (?:been|going|doing|feeling|looking))*(?: (?:been|going|doing|lately|this week|these days|since .*|today|recently|for you|otherwise|right now))*$",
    re.I,
)  # fmt: skip
_HOW_LONG = re.compile(
    r"^(?:for )?how long (?:(?P<has>have|has) (?P<who>you|he|she|they|it|this|that|these)|(?P<thing>(?:have|has) (?:the|your) \w+)) (?P<verb>been|had|\w{2,}ed|lived|taken)(?P<rest>(?: .+)?)$",
    re.I,
)
_HOW_OFTEN = re.compile(
    r"^how (?:often|much|many(?: (?P<unit>\w+))?)(?: \w+){0,3}? (?:do|did|are|have) you (?P<verb>\w+)(?P<tail>(?:(?! out of )[^,])*)$",
    re.I,
)
_WHEN = re.compile(
    r"^when (?:did|was) (?P<np>(?:the|your|this|that|it|these|those|they) ?[\w' ]*?) (?P<verb>start|begin|happen|end|stop|occur)\b(?P<tail>.*)$",
    re.I,
)
_WHEN_WAS = re.compile(r"^when (?P<be>is|was|were|are) (?P<np>(?:the (?:last|first) time|your (?:last|first|next)|the last)\b.*)$", re.I)  # fmt: skip
_WHEN_DID_YOU = re.compile(r"^(?:when|how long ago) did you (?P<adverb>last |first )?(?P<verb>\w+)(?P<tail>.*)$", re.I)
_TIME = re.compile(
    r"^(?:for|since|about|around|maybe|probably|almost|over|like|at least|a|an|the|last|every|once|twice|one|two|three|four|five|six|seven|eight|nine|ten|\d+|several|few|most|nearly|just)\b",
    re.I,
)
_NUMBER = rf"(?:{'|'.join([*words.NUMBERS_TO_19, *words.TENS])}|\d+(?:\.\d+)?)"
_COUNT = re.compile(
    rf"^(?:(?:about|around|maybe|probably|almost|over|like|at least|just|only|roughly|well)\s+)*(?:{_NUMBER}|a couple|a few|half)(?:(?:[ -]|, | (?:or|and|to) ){_NUMBER})*\b",
    re.I,
)
_AGO = re.compile(r"\b(?:ago|back|last|this|yesterday|today|in|on|since|\w+day|\d{4}|nineteen|thousand)\b", re.I)


def composed(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    """The statement that a question and the bare words of its answer make; None where they make none for certain."""
    how = _HOW_IS.match(asked)
    about = _about(how["np"], answer, pronouns) if how else None
    if about or not is_phrase(answer):
        return about
    answer = _SOFTENED.sub("", answer)
    said = to_third_person(f"x {answer}", Role.PATIENT, pronouns, named=True)
    if said is None:
        return None
    for compose in (_of_age, _of_time, _of_amount, _of_place, _of_object, _of_attribute):
        text = compose(asked, said[2:].rstrip("."), pronouns)
        if text is not None:
            return text
    return None


_SOFTENED = re.compile(r"^(?:(?:just|mostly|probably|maybe|usually|well|only|mainly)\s+)+", re.I)
_CLAUSE = re.compile(
    r"\b(?:i|you|we|he|she|they|it|that|there|this(?! (?:morning|afternoon|evening|week|weekend|month|year|summer|spring|fall|winter|past)\b)|but|because|is|are|was|were|am|has|have|had|do|does|did|will|would|can|could|should|may|might"
    r"|not|no|none|nothing|yes|sure|know|remember|depends?|think|guess|varies|what|sorry|pardon|good|fine|well|both|neither|hi|hello|thanks?)\b",
    re.I,
)  # fmt: skip
MOST_WORDS_OF_A_PHRASE = 12


def is_phrase(answer: str) -> bool:
    """Whether an answer only names something: no verb, nobody who acts, nothing that leans on what stood before."""
    return bool(answer) and len(answer.split()) <= MOST_WORDS_OF_A_PHRASE and not _CLAUSE.search(answer)


_VERBS = words.BASES | words.PAST | words.MODALS | {"is", "are", "am", "has", "have", "does", "'s"}


def has_verb(text: str) -> bool:
    """Whether any word may be a finite verb."""
    found = re.findall(r"[a-z']+", text.lower())
    return any(w in _VERBS or _inflected(w) for w in found)


def _inflected(word: str) -> bool:
    """Whether a word is a known verb's present with -s, or may be a past: "goes", "used", "limped"; not "weed", "sites"."""
    if word.rstrip("s") in words.BASES or (word[:-2] in words.BASES and third_singular(word[:-2]) == word):
        return True
    return word.endswith("ed") and (len(word) > 4 or word[:-1] in words.BASES)


# -- how old, how long, how often, when

_HOW_OLD = re.compile(r"^how old (?P<be>are|were|is|was) (?P<who>you|he|she|they|your [\w' -]+?)(?P<when> (?:when|at the time)\b.*)?$", re.I)  # fmt: skip
_AGE = re.compile(rf"^(?:(?:about|around|almost|only|just)\s+)*{_NUMBER}[\w ,-]*$", re.I)


def _of_age(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    found = _HOW_OLD.match(asked)
    if not found or not _AGE.match(answer) or not re.fullmatch(rf"(?:\w+ )?{_NUMBER}(?:(?:,? and |, |[ -]){_NUMBER})*(?: years? old)?", answer, re.I):  # fmt: skip
        return None
    return _of_clinician(f"{found['who']} {found['be']} {answer}{found['when'] or ''}", pronouns)


def _of_clinician(text: str, pronouns: Pronouns) -> str | None:
    spoken = to_third_person(text, Role.CLINICIAN, pronouns)
    return None if spoken is None else spoken.rstrip(".")


def _of_time(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    if not (_TIME.match(answer) or _AGO.search(answer) or _COUNT.match(answer)):
        return None
    often = _HOW_OFTEN.match(asked)
    if often and not often["unit"] and often["verb"].lower() in words.BASES and is_fragment(answer):
        tail = _tail(often["tail"], pronouns)
        return None if tail is None else f"The patient {third_singular(often['verb'].lower())}{tail} {answer}"
    when = _WHEN.match(asked)
    if when:
        return f"{about_patient(when['np'], pronouns)} {past(when['verb'].lower())} {answer}"
    was = _WHEN_WAS.match(asked)
    if was:
        return _of_clinician(f"{was['np']} {was['be']} {answer}", pronouns)
    did = _WHEN_DID_YOU.match(asked)
    if did and did["verb"].lower() in words.BASES:
        tail = _tail(did["tail"], pronouns)
        return None if tail is None else f"The patient {did['adverb'] or ''}{past(did['verb'].lower())}{tail} {answer}"
    return _of_duration(asked, answer, pronouns)


def _of_duration(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    long = _HOW_LONG.match(asked)
    if (
        not long
        or re.search(r"\b(?:you|it|that)\b", long["rest"])
        or (long["verb"] in ("been", "had") and not long["rest"])
    ):
        return None
    who = long["who"] or long["thing"].split(" ", 1)[1]
    link = "" if re.match(r"(?:for|since|about a \w+ ago|over the)\b", answer, re.I) or _AGO.search(answer) else "for "
    have = "has" if who.lower() == "you" else (long["has"] or long["thing"].split(" ", 1)[0]).lower()
    subject = "The patient" if who.lower() == "you" else re.sub(r"^your\b", f"{PATIENT}'s", who, flags=re.I)
    return f"{subject} {have} {long['verb'].lower()} {about_patient(long['rest'].strip(), pronouns)} {link}{answer}"


def _tail(tail: str, pronouns: Pronouns) -> str | None:
    """What follows a question's verb, with the space before it, said of the patient."""
    if not tail.strip():
        return ""
    spoken = to_third_person(f"you are{tail}", Role.CLINICIAN, pronouns)
    return None if spoken is None else spoken.rstrip(".")[len("The patient is") :]


# -- how many, how bad

_HOW_MANY = re.compile(r"^how many (?P<unit>[\w -]+?) (?P<aux>do|did|have) you (?P<verb>\w+)(?P<tail>.*)$", re.I)
_HOW_BAD = re.compile(r"^how (?:bad|severe|strong|intense|high) (?P<be>is|was|are|were) (?P<np>(?:the|your|this|that|it)\b[\w' ]*)$", re.I)  # fmt: skip
_RATE = re.compile(r"\bhow (?:would|do) you rate (?P<np>(?:your|the|this|that|it)\b[\w' ]*?)(?: (?:on|from|out of)\b.*)?$", re.I)  # fmt: skip


def _of_amount(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    counted = _COUNT.match(answer)
    if not counted:
        return None
    many = _HOW_MANY.match(asked)
    if many and many["verb"].lower() in words.BASES | {"had"}:
        return _counted(many, counted.group(), answer[counted.end() :], pronouns)
    bad = _HOW_BAD.match(asked)
    if bad:
        return _of_clinician(f"{bad['np']} {bad['be']} {answer}", pronouns)
    rate = _RATE.search(asked)
    return f"The patient rates {about_patient(rate['np'], pronouns)} {answer}" if rate else None


def _counted(many: re.Match[str], count: str, rest: str, pronouns: Pronouns) -> str | None:
    verb, aux = many["verb"].lower(), many["aux"].lower()
    said = "has had" if (aux, verb) == ("have", "had") else past(verb) if aux == "did" else third_singular(verb)
    tail = _tail(many["tail"], pronouns)
    if tail is None or (aux == "have" and verb != "had"):
        return None
    if re.match(r"\s*$|,| (?:a|an|per|every|each|to|in|on|over|at)\b", rest):
        return f"The patient {said} {count} {many['unit']}{rest or tail}"
    return f"The patient {said} {count}{rest}" if re.match(r" \w+s\b", rest) else None


# -- where, with whom

_WHERE = re.compile(r"^where (?:(?P<aux>do|did) you (?P<verb>\w+)(?P<tail>.*)|(?P<be>is|was|are|were) (?P<np>(?:the|your|this|that|it)\b[\w' ]*))$", re.I)  # fmt: skip
_WITH_WHOM = re.compile(r"^(?:who|whom) (?:do|are) you (?:live|living) with\b", re.I)
_ALONE = re.compile(r"(?:all )?(?:alone\b|by \w+sel(?:f|ves)\b)", re.I)
_AT_A_PLACE = re.compile(r"^(?:right |just |mostly )?(?:in|at|near|on|with|from|by|under|behind|around|next to|outside|inside|across|down|over|along|between|all over)\b", re.I)  # fmt: skip


def _of_place(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    if _WITH_WHOM.match(asked):
        if _ALONE.match(answer):
            return f"The patient lives {answer}"
        return f"The patient lives with {re.sub(r'^with ', '', answer, flags=re.I)}"
    found = _WHERE.match(asked)
    if not found or not _AT_A_PLACE.match(answer):
        return None
    if found["np"]:
        np = re.sub(r" (?:located|exactly)$", "", found["np"])
        return _of_clinician(f"{np} {found['be']} {answer}", pronouns)
    verb = found["verb"].lower()
    tail = _tail(found["tail"], pronouns)
    if tail is None or verb not in words.BASES:
        return None
    return f"The patient {past(verb) if found['aux'].lower() == 'did' else third_singular(verb)}{tail} {answer}"


# -- what

_OBJECT = re.compile(
    r"^(?:what|which)(?P<np>(?: \w+){0,4}?) (?P<aux>do|did|are|were) you (?P<adverb>(?:currently|usually|still|normally) )?(?P<verb>take|use|smoke|drink|eat|taking|using|smoking|drinking|eating)(?P<tail>(?: (?:now|right now|currently|for \w+(?: \w+)?|at night|at home|at the moment|every day))*)$",
    re.I,
)  # fmt: skip
_FOR_A_LIVING = re.compile(r"^what (?:do|did) you do (?P<tail>for (?:a living|work))\b", re.I)
_WHAT_ABOUT = re.compile(
    r"^(?:how|what) about (?:the |your )?(?P<np>(?!you\b|a\b|an\b|if\b|we\b|that\b|this\b)(?!.*(?:suicid|kill|hurt|harm|self))[\w -]{3,30})$",
    re.I,
)
_KIND = re.compile(r"^(?:what|which) (?P<np>(?:kind|type|sort)s? of [\w' ]+?)(?: (?:was|is|were|are|did|do|does|have|has)\b.*)?$", re.I)  # fmt: skip


def _of_object(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    found = _OBJECT.match(asked)
    if found and not _AT_A_PLACE.match(answer):
        verb = found["verb"].lower()
        if verb.endswith("ing"):
            predicate = f"{'is' if found['aux'].lower() == 'are' else 'was'} {found['adverb'] or ''}{verb}"
        else:
            predicate = (found["adverb"] or "") + (
                past(verb) if found["aux"].lower() == "did" else third_singular(verb)
            )
        return f"The patient {predicate} {answer}{found['tail']}"
    living = _FOR_A_LIVING.match(asked)
    if living:
        return f"{living['tail']}: {answer}"
    about = _WHAT_ABOUT.match(asked)
    if about:
        return f"{about['np']}: {answer}"
    kind = _KIND.match(asked)
    return f"{about_patient(kind['np'], pronouns)}: {answer}" if kind else None


_ATTRIBUTE = re.compile(r"^what (?P<be>is|was) your (?P<np>(?!name|question|concern|plan|date)[\w' -]{3,30})$", re.I)


def _of_attribute(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    found = _ATTRIBUTE.match(asked)
    return f"{PATIENT}'s {found['np']} {found['be']} {answer}" if found else None


def _about(np: str, answer: str, pronouns: Pronouns) -> str | None:
    """The answer to "How is your sleep?" with the sleep in the place of "it"."""
    np = re.sub(r"^(?:the|things (?:with|at)) ", "the ", np, flags=re.I)
    np = re.sub(r"^(?:the )?your\b", f"{PATIENT}'s", np, flags=re.I)
    found = re.match(
        r"^(?:it|that|they|things) (?P<verb>is|are|has|have|was|were|got|gets|comes|helps|feels|seems)\b(?P<rest>.*)$",
        answer,
        re.I,
    )
    if found:
        rest = to_third_person(f"x{found['rest']}", Role.PATIENT, pronouns, named=True)
        return None if rest is None else f"{np} {found['verb'].lower()}{rest.rstrip('.')[1:]}"
    if is_fragment(answer) and re.match(r"(?:good|bad|better|worse|terrible|awful|fine|okay|great|horrible|rough|not (?:good|great|bad)|pretty|still|about the same|up and down|all over)\b", answer, re.I):  # fmt: skip
        return f'{np}: "{answer}"'
    return None
