"""Whether a drafted sentence says only what its sources say: numbers, names, negations, medications, dates, words."""

import re
from collections.abc import Sequence
from enum import StrEnum

from language.note_grammar import tidy
from language.note_numbers import in_digits
from language.note_wording import clinical
from language.note_words import BASE_OF, CONTRACTIONS, NEGATIONS, TENS, VALUE_OF


class Unsupported(StrEnum):
    """What a sentence has that its sources have not; a reason holds no text and may be logged."""

    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"
    MEDICATION = "medication"
    DATE = "date"
    WORDS = "words"


_VALUES = VALUE_OF | {"once": 1, "twice": 2, "half": 50, "couple": 2, "dozen": 12}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}

_DATE = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september|october|november"
    r"|december|yesterday|today|tonight|tomorrow|christmas|thanksgiving|easter)s?\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b"
    r"|\b(?:last|next|this|past|coming) (?:night|week|weekend|month|year|spring|summer|fall|autumn|winter|morning|evening)\b",
    re.I,
)  # fmt: skip
_MEDICATIONS_WORDS = """
abilify adderall alprazolam amitriptyline aripiprazole aspirin ativan atomoxetine benadryl benzo benzodiazepine buprenorphine
bupropion buspar buspirone celexa citalopram clonazepam clonidine clozapine concerta cymbalta depakote desvenlafaxine diazepam
doxepin duloxetine effexor escitalopram fluoxetine fluvoxamine gabapentin geodon guanfacine haldol haloperidol hydroxyzine
ibuprofen insulin ketamine klonopin lamictal lamotrigine latuda lexapro lisinopril lithium lorazepam lurasidone luvox melatonin
metformin methadone methylphenidate mirtazapine motrin naltrexone naproxen narcan nortriptyline olanzapine oxycodone paroxetine
paxil percocet prazosin prednisone pregabalin pristiq propranolol prozac quetiapine remeron risperdal risperidone ritalin
semaglutide seroquel sertraline strattera suboxone temazepam topamax topiramate tramadol trazodone trintellix tylenol valium
valproate venlafaxine vistaril vivitrol vraylar vyvanse wellbutrin xanax zaleplon zoloft zolpidem zyprexa acetaminophen ambien
lasix meloxicam flexeril amoxicillin albuterol omeprazole
"""
_MEDICATIONS = frozenset(_MEDICATIONS_WORDS.split())
# Endings that name a class of medicines; a plain English word with one of them stands in the exceptions.
_ENDING = re.compile(
    r"\w{3,}(?:azepam|azolam|oxetine|opram|traline|idone|apine|prazole|sartan|statin|olol|cillin|mycin|floxacin|cycline|gliptin"
    r"|gliflozin|zosin|dipine|semide|thiazide|parin|caine|codone|triptan|setron|tidine|profen|mab|nib)\Z"
)
_NO_MEDICATION = {"midazole", "cocaine", "vapine"}

_TEMPLATE_WORDS = """
the patient patient's clinician clinician's reports report reported denies deny states said says asked answered explained
suggested reflected noticed described regarding plan agreed agrees they them their theirs themselves he him his himself she her
hers herself it its that this these those to of and or a an is are was were has have had be been being will would does do did not
another person present advised proposed wondered known drug
no with in on at for from by as if than then there who what when how which about because so but will also
"""
_TEMPLATE = frozenset(_TEMPLATE_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:[.,/]\d+)*%?")
MOST_FOREIGN_WORDS = 0.25


def supported(sentence: str, sources: Sequence[str], foreign: float = MOST_FOREIGN_WORDS) -> frozenset[Unsupported]:
    """What in a sentence its sources do not say; empty where it is supported.

    `sources`: the exact words it was made from. `foreign`: the share of its content words that they may lack; numbers,
    names, negations, medications and dates may never be lacking. A negation that the sources have may not be left out.
    """
    heard = tidy_sources(sources)
    checks = {
        Unsupported.NUMBER: numbers(sentence) <= numbers(heard) | ({"1"} if _ONE.search(heard) else set()),
        Unsupported.NAME: names(sentence) <= set(_words(heard)),
        Unsupported.NEGATION: _same_negation(sentence, heard),
        Unsupported.MEDICATION: medications(sentence) <= medications(heard),
        Unsupported.DATE: dates(sentence) <= dates(heard) | _scores(heard),
        Unsupported.WORDS: _foreign_share(sentence, heard) <= foreign,
    }
    return frozenset(kind for kind, holds in checks.items() if not holds)


# `numbers` takes "one" for a pronoun where no digit says otherwise; a note may count it.
_ONE = re.compile(r"\bone\b", re.I)


def tidy_sources(sources: Sequence[str]) -> str:
    """The sources as one text, contractions written out, and with the terms that mean the same; the words as said too."""
    told = [tidy(source) for source in sources]
    as_said = [source.replace(chr(0x2019), chr(39)) for source in sources]
    return " . ".join(f"{said} . {one} . {clinical(one)}" for said, one in zip(as_said, told, strict=True))


def numbers(text: str) -> set[str]:
    """Every number as digits: "twenty-five", "25" and "25th" are one; "a couple" is 2, "twice" is 2."""
    digits = f"{text} {in_digits(text)}"
    found = {match.replace(",", "") for match in re.findall(r"\d+(?:[.,]\d+)*", digits)}
    tens = 0
    for word in re.findall(r"[a-z]+", text.lower()):
        value = _VALUES.get(word, _ORDINALS.get(word))
        if value is None:
            tens = 0
            continue
        found.add(str(value))
        if tens and value < 10:
            found.add(str(tens + value))
        tens = value if value in range(20, 100, 10) and word in TENS else 0
    return found - {"1"} if "one" in text.lower().split() and "1" not in re.findall(r"\d+", text) else found


def names(text: str) -> set[str]:
    """Capitalised words that do not open a sentence, in lower case; "I" and what a template writes are no names."""
    found = set()
    for match in re.finditer(r"(?<![.!?:\"\n] )(?<![\"\n(])(?<!^)\b[A-Z][\w'-]*", text):
        word = match.group().lower()
        plain = re.sub(r"'s?$", "", word)
        if plain not in _TEMPLATE and plain != "i" and not word.startswith("i'") and not _DATE.fullmatch(plain):
            found.add(plain)
    return found


def medications(text: str) -> set[str]:
    """Medicines that are named, by a list and by the endings of their classes."""
    return {
        word
        for word in re.findall(r"[a-z]+", text.lower())
        if word in _MEDICATIONS or (_ENDING.fullmatch(word) and word not in _NO_MEDICATION)
    }


def dates(text: str) -> set[str]:
    """Days, months, dates and "last week", in lower case, singular."""
    return {re.sub(r"(?<=day)s$", "", match.group().lower()) for match in _DATE.finditer(text)}


def _scores(text: str) -> set[str]:
    """ "Seven out of ten", which a note writes as "7/10" and which then looks like a date, in that form."""
    return {
        f"{first}/{second}"
        for one, other in re.findall(r"\b((?:[\w-]+ )?[\w-]+) out of (\w+)\b", text)
        for first in numbers(one)
        for second in numbers(other)
    }


def _same_negation(sentence: str, heard: str) -> bool:
    return bool(NEGATIONS.search(_without_idioms(sentence))) == bool(NEGATIONS.search(_without_idioms(heard)))


def _without_idioms(text: str) -> str:
    # "Not only" and "no problem" deny nothing.
    return re.sub(r"\b(?:not only|no problem|no worries|why not|no doubt)\b", " ", text, flags=re.I)


def _words(text: str) -> list[str]:
    for pattern, written in CONTRACTIONS:
        text = pattern.sub(written, text)
    return [re.sub(r"'(?:s|d|ll)$", "", word) for word in _WORD.findall(text.lower())]


def _foreign_share(sentence: str, heard: str) -> float:
    said = {base(word) for word in _words(heard)}
    content = [word for word in _words(sentence) if word not in _TEMPLATE and not word[0].isdigit()]
    if not content:
        return 0.0
    return sum(base(word) not in said for word in content) / len(content)


# What a note writes shorter than speech does.
_WRITTEN = {
    "mg": "milligram",
    "milligrams": "milligram",
    "daily": "day",
    "mcg": "microgram",
    "micrograms": "microgram",
    "examination": "exam",
}


def base(word: str) -> str:
    """A word without its inflection, roughly: "sleeping", "sleeps" and "sleep" are one."""
    word = _WRITTEN.get(word, BASE_OF.get(word, word))
    word = re.sub(r"(?<=day)s$", "", word)
    word = re.sub(r"(?:ing|ies|ied|ed|es|s|y|e)$", "", word) if len(word) > 3 else word
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word
