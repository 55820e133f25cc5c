"""Is an answer to a question of risk a clear no?"""

import re

_SAYS_NOTHING = (
    r"(?! (?:really |quite |even |exactly )?(?:idea|matter|mind|know|think|remember|recall|care|see|feel like|sure"
    r"|certain|decided|ready|comfortable|say|saying|want to (?:say|talk|answer|go (?:there|into)|think|live|wake"
    r"|be (?:here|alive|around))|going to (?:say|answer|talk|lie|do this)|tell|of your)\b)"
)
"""What follows a no that is none: "no idea", "never mind", "I don't know", "I'm not sure", "I don't want to say"."""
_DENIES = re.compile(
    r"^\W*(?:oh|um+|uh+|well|god|honestly|[a-z]+, )?\W*(?:(?:no|nope|nah|never|not at all|none"
    r"|absolutely not|definitely not|of course not"
    r"|i (?:don\W?t|do not|haven\W?t|have not|am not|would never|wouldn\W?t)|i\W?m not)\b" + _SAYS_NOTHING + ")",
    re.I,
)
_TAKES_BACK = re.compile(
    r"\b(?:but|although|though|except|sometimes|maybe|i guess|i mean|used to|only when|don\W?t know|not sure"
    r"|not (?:really|today|right now|anymore|lately|exactly))\b",
    re.I,
)
# In running text a no must stand by itself: "No plan." and "No reason to live." are answers too.
_PLAIN_NO = re.compile(
    r"\W*(?:(?:oh|um+|uh+|well|god|lord|honestly|hell)\W+)?(?:(?:no|nope|nah|never|none|neither"
    r"|not (?:at all|once|ever)|absolutely not|definitely not|of course not|(?:it|he|she) (?:doesn'?t|does not)"
    r"|(?:no[,.] )?i (?:don'?t|do not|haven'?t|have not|never have|would never|wouldn'?t))"
    r"(?= ?[,.!;\u2026]|\W*$| ma'am| sir| way| never)| *no[,.])"
)
_SPEAKER = re.compile(r"[^\S\n]*(?:[a-z][a-z .]{0,18}|[a-z]{1,4}):[^\S\n]*")
_QUESTION = re.compile(r"[^.!?\n]*\?[\"']?")
MORE_QUESTIONS = 2


def denies(answer: str) -> bool:
    """Whether a turn that answers a question of risk clearly denies it and takes nothing back."""
    return _DENIES.search(answer) is not None and _TAKES_BACK.search(answer) is None


def asked_and_denied(low: str, sentence: tuple[int, int]) -> bool:
    """Whether a sentence of a lower-cased text is a question whose answer, in the same text, is plainly no.

    Further questions of the same breath may stand between ("Of hurting anyone?"), unless they open with "or"; what
    else stands between leaves the question open. The answer is read to its end, so that a "but" undoes it.
    """
    if not low[slice(*sentence)].rstrip("\"')").endswith("?"):
        return False
    rest = low[sentence[1] :].lstrip(" \"')")
    for _ in range(MORE_QUESTIONS):
        further = _QUESTION.match(rest)
        if further is None or further.group().lstrip().startswith("or ") or _SPEAKER.match(further.group()):
            break
        rest = rest[further.end() :].lstrip(" \"')")
    rest = rest.lstrip("\n ")
    speaker = _SPEAKER.match(rest)
    answer = rest[speaker.end() if speaker else 0 :].split("\n", 1)[0]
    return _PLAIN_NO.match(answer) is not None and _TAKES_BACK.search(answer) is None
