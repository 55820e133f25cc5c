"""Whether a text can be read here at all: empty, garbled and non-English text goes to a person, with the reason.

Of six words or more some must be common English ones; of fewer, at least half must be English words at all.
"""

import re

from language.plain import KEY_WORDS, is_known, vocabulary

# A few words can hold a disclosure ("I want to die"), so only text without a single real word is "too short".
MIN_LETTERS = 2
MIN_SHARE_OF_LETTERS = 0.5
WORDS_FOR_LANGUAGE_TEST = 6
MIN_SHARE_OF_ENGLISH = 0.15

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENGLISH = frozenset(
    _WORD.findall(
        "a about after again all am an and any are as at be been because but by can can't cannot could day "
        "days did didn't do does doesn't don't dont down ever every feel felt for from get go going had has "
        "have he help her here him his how i i'm if i've im in into is isn't it it's its ive just know last "
        "life like live me more most my never no not now of off on one or our out over patient people really "
        "reports she since so some than that the their them then there they thing things think this time to "
        "too up us very want wants was we week well were what when where which who why will with without work "
        "would year years you your denies history pt of sleep mood nothing anymore myself himself herself"
    )
)

_FOREIGN = (
    frozenset(
        _WORD.findall(
            "que no yo mi vivir este esta dolor soy estoy tengo quiero vida los las una con por para muy es "
            "el ella pero nada puedo siento morir ich nicht und mein meine ist das der ein eine will mich "
            "mir habe sterben leben mehr kann je ne pas suis mon ma est les des une vie veux mourir moi avec "
            "pour dans qui mais plus vivre eu não nao minha meu estou quero uma para mas viver io sono mia "
            "mio voglio che una più piu vita morire ik niet mijn een het wil dood meer leven "
            "matar matarme suicidio suicidarme morirme suicida tuer suicider umbringen töten selbstmord uccidermi "
            "uccidere ammazzarmi zelfmoord"
        )
    )
    - _ENGLISH
)
FOREIGN_WORDS_IN_A_SENTENCE = 3
SHORTEST_HALF = 3
# Of the field, and on hurried forms: what the tokenizer's vocabulary, which tells English words here, does not hold.
_FIELD = frozenset(
    _WORD.findall(
        "adhd ptsd ocd gad mdd bpd asd idk lol omg btw asap insomnia hypersomnia intrusive irritable tearful "
        "ruminating suicidality homicidal ideation intoxicated anhedonia hypervigilant dissociating numbness "
        "flashbacks meds refill zoloft sertraline prozac fluoxetine lexapro escitalopram celexa citalopram "
        "wellbutrin bupropion effexor venlafaxine cymbalta duloxetine seroquel quetiapine abilify aripiprazole "
        "lamictal lamotrigine xanax alprazolam ativan lorazepam klonopin clonazepam adderall ritalin trazodone "
        "buspirone hydroxyzine gabapentin hypertension cholesterol yessir okey ugh gotcha dang yikes "
        "yup yep nope nah thx ty tysm pls plz np ttyl lmk rn tbh ikr okie dokie hiya heya thanx "
        "suboxone methadone naltrexone panicky dysphoric euthymic anxiousness derealization depersonalization "
        "referral referrals intake telehealth psychotherapy outpatient inpatient counselling cbt dbt emdr ssri snri "
        "prn relapsing detox rehab oxy percs benzos tweaking withdrawals"
    )
)


def why_unreadable(text: str) -> str:
    """The reason why a person must read this text instead, or an empty string."""
    plain = text.replace("\u2019", "'").lower()
    words = _WORD.findall(plain)
    if not plain.strip():
        return "empty"
    if sum(len(word) for word in words) < MIN_LETTERS:
        return "too short"
    if "\ufffd" in plain or _share_of_letters(plain) < MIN_SHARE_OF_LETTERS or not _has_real_words(words):
        return "garbled"
    latin = sum("a" <= c <= "z" for c in plain)
    if latin < 0.8 * sum(c.isalpha() for c in plain):
        return "not English"
    english = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    too_few = english < MIN_SHARE_OF_ENGLISH * len(words) if len(words) >= WORDS_FOR_LANGUAGE_TEST else _strange(words)
    if foreign > english or too_few:
        return "not English"
    if any(_is_foreign(sentence) for sentence in re.split(r"[.!?\n]+", plain)):
        return "partly not English"
    return ""


def _strange(words: list[str]) -> bool:
    """Whether of a few words fewer than half are such as English has."""
    return 2 * sum(_is_english(word) for word in words) < len(words)


def _is_english(word: str) -> bool:
    if word in _ENGLISH or word in _FIELD or word in KEY_WORDS:
        return True
    return word not in _FOREIGN and (is_known(word) or _is_two_words(word))


def _is_two_words(word: str) -> bool:
    """Whether a word is made of two that are known: "outpatient", "psychotherapy"."""
    halves = ((word[:at], word[at:]) for at in range(SHORTEST_HALF, len(word) - SHORTEST_HALF + 1))
    return any(first in vocabulary() and is_known(last) for first, last in halves)


def _is_foreign(sentence: str) -> bool:
    words = _WORD.findall(sentence)
    foreign = sum(word in _FOREIGN for word in words)
    latin = sum("a" <= c <= "z" for c in sentence)
    other_script = sum(c.isalpha() for c in sentence) - latin
    english = sum(word in _ENGLISH for word in words)
    return (foreign >= FOREIGN_WORDS_IN_A_SENTENCE and foreign > english) or other_script > max(5, latin)


def _share_of_letters(text: str) -> float:
    visible = [c for c in text if not c.isspace() and ord(c) < 0x2190]  # emoji and pictographs do not count against
    return sum(c.isalpha() or c in "'.,!?-" for c in visible) / max(1, len(visible))


def _has_real_words(words: list[str]) -> bool:
    vowel = re.compile(r"[aeiouyàáâäãåèéêëìíîïòóôöõùúûü]")
    likely = [w for w in words if w in _FIELD or (vowel.search(w) and len(w) <= 20)]
    ascii_words = [w for w in words if w.isascii()]
    return not ascii_words or len(likely) >= 0.5 * len(words)
