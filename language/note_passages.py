"""Several statements of one turn as one sentence: who said it is written once, what was said keeps its order.

"The patient is 56." "The patient has 11 years of mortgage." → "The patient is 56; has 11 years of mortgage."
Nothing is left out but the repeated subject, so what each part's sources support, all sources together support.
"""

import re
from collections.abc import Sequence

from language.note_grammar import finished, uncapitalised

MOST_WORDS = 45
"""A sentence takes no further part beyond this: a longer one cannot be checked at a glance, or mended in one place."""


# What opens a statement, and is written once for several in a row that open with it.
_LEAD = re.compile(
    r"(?P<asked>Asked, \"[^\"]*\" the patient (?:answered, (?=\"))?)"
    r"|(?P<reports>(?:The patient|They|She|He) reports? that )"
    r"|(?P<quotes>(?:The patient|The clinician|They|She|He|Another person present) said, )(?=\".*\"\Z)"
    r"|(?P<subjectless>(?:Reports|Denies) )"
    r"|(?P<explains>(?:The clinician|I) said that )"
    r"|(?P<subject>(?:The patient|The clinician|They|She|He) )"
)


def as_one_sentence(parts: Sequence[str]) -> str:
    """Finished sentences as one; a part with the subject of the part before does not name it again."""
    text, lead, subject = "", "", ""
    for part in parts:
        found = _LEAD.match(part)
        its_lead = found.group() if found else ""
        if found and found["asked"]:
            # what follows goes on answering
            its_lead = "The patient said, " if part.endswith('"') else "The patient "
        elif found and found["subjectless"]:
            its_lead = "The patient "
        its_subject = _subject(its_lead)
        said = part[len(its_lead) :]
        if not text:
            text = part
        elif found and found["quotes"] and found["asked"] is None and lead == its_lead and text.endswith('"'):
            text = f"{_open(text[:-1])} {said[1:]}"
        elif found and (found["reports"] or found["explains"]) and lead == its_lead:
            text = f"{text.rstrip('.')}, and that {said}"
        elif its_subject and its_subject == subject:
            text = f"{text.rstrip('.')}; {uncapitalised(part.removeprefix(subject).lstrip())}"
        else:
            text = f"{text.rstrip('.')}; {uncapitalised(part)}"
        lead, subject = its_lead, its_subject
    return finished(text)


def as_a_pair(first: str, then: str) -> str | None:
    """Two short sentences of one subject with "and" between them; None where either is long or has parts of its own."""
    subject = re.match(r"(?:The patient(?: reports (?:he|she))?|He|She) ", first)
    again = re.match(r"(?:He|She) ", then)
    if subject is None or again is None or '"' in first + then:
        return None
    # "The patient reports she has a brother." "He fell." are two.
    spoken_of = re.search(r"reports (he|she) ", subject.group())
    alike = subject.group() in ("The patient ", again.group()) or bool(
        spoken_of and spoken_of[1].title() == again.group().strip()
    )
    if not alike or _PARTED.search(first + then) or max(len(first.split()), len(then.split())) > WORDS_OF_A_SHORT_ONE:
        return None
    return finished(f"{first.rstrip('.')} and {then[again.end() :]}")


WORDS_OF_A_SHORT_ONE = 10
_PARTED = re.compile(r"[;,]|\b(?:and|or|but|because|if|when|so|that|not)\b")


def _subject(lead: str) -> str:
    return next((each for each in ("The patient", "The clinician", "They", "She", "He") if lead.startswith(each)), "")


def _open(quoted: str) -> str:
    """A quotation that goes on: its last sentence ended."""
    return quoted if quoted.endswith((".", "?", "!", "…")) else f"{quoted}."
