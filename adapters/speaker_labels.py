"""Whom does a transcript's speaker label mean: the patient, the clinician, or somebody else who was there?"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from models.person_names import plain_name
from models.transcript import SpeakerRole

LONGEST_LABEL = 60

_WORDS: dict[SpeakerRole, str] = {
    SpeakerRole.CLINICIAN: """
        therapist, psychotherapist, clinician, counsellor, counselor, doctor, dr, psychologist, psychiatrist, provider,
        social worker, interviewer, t, c, th, cotherapist, co therapist, trainee therapist""",
    SpeakerRole.PATIENT: "patient, pt, p, client, interviewee",
    SpeakerRole.OTHER: """
        interpreter, translator, mother, mom, mum, mama, stepmother, father, dad, papa, stepfather, parent, guardian,
        foster parent, grandmother, grandma, grandfather, grandpa, grandparent, wife, husband, spouse, partner, fiance,
        fiancee, girlfriend, boyfriend, sister, brother, sibling, son, daughter, child, aunt, uncle, cousin, friend,
        family, family member, relative, carer, caregiver, nurse, teacher, support worker, case worker, caseworker,
        case manager, advocate, supervisor, observer, student, trainee, receptionist, visitor, group member, other""",
}
_ROLE_OF_WORD = {
    word: role for role, words in _WORDS.items() for word in (" ".join(each.split()) for each in words.split(","))
}
_NUMBERED_ROLE = re.compile(r"(.+?) ?\d{1,2}")
_RELATIVE_OF = re.compile(r"(?P<whose>.+?)s (?P<what>.+)|(?:the|her|his|their) (?P<who>.+)|(?P<whom>.+) of (?P<of>.+)")
_PATIENTS = frozenset({"patient", "client", "pt", "the patient", "the client"})
_NOBODY = (
    r"(?:(?:unknown|unidentified) ?)?"
    r"(?:speakers?|spkr?|s|voice|participant|person|talker|channel|ch|user)? ?(?:[a-z]|\d{1,3})?"
)
_NAMES_NOBODY = re.compile(_NOBODY)
_ASIDES = re.compile(r"[()\[\]]|\s[-\u2013\u2014]\s")
_LISTED = re.compile(r"[/|,]")
_DOCTORS = frozenset({"dr", "doctor", "prof", "professor"})
_TITLES = _DOCTORS | {"mr", "mrs", "ms", "miss", "mx"}
_CREDENTIALS = frozenset(
    ["lcsw", "licsw", "lmsw", "msw", "lmft", "mft", "lpc", "lpcc", "lmhc", "phd", "psyd", "md", "do", "np", "pmhnp"]
)


@dataclass(frozen=True)
class Speakers:
    """The two people of a session by their full names as the practice knows them; "" where it does not."""

    patient: str = field(default="", repr=False)
    clinician: str = field(default="", repr=False)


class Unclear(StrEnum):
    """Why a label cannot be read, as its sender is told."""

    UNKNOWN = (
        "the label names neither the patient nor the clinician nor anybody known: write Patient or Therapist there"
    )
    NUMBERED = "speaker labels do not say who is the clinician and who the patient: write Patient and Therapist"
    SEVERAL = "the label can mean more than one of those present: write Patient or Therapist there"


def role_of(label: str, speakers: Speakers) -> SpeakerRole | Unclear:
    """The role a label means: by a role's word, by a relation to the patient, or by a name the practice knows.

    A name is known when each of its words belongs to one person's name or is an initial of it, in any order, accents
    and titles aside. A doctor of another name is not the clinician. Nothing is guessed: numbered speakers, a name
    that both bear and a label whose parts contradict each other are unclear. What stands in brackets may add nothing
    (``Patient (by phone)``), but nobody unknown may be named beside somebody known.
    """
    if len(label) > LONGEST_LABEL:
        return Unclear.UNKNOWN
    found = _roles(plain_name(label), speakers)
    for part in _ASIDES.split(label) if not found else ():
        found |= _roles(plain_name(part), speakers) or _listed(part, speakers)
    if len(found) > 1:
        return Unclear.SEVERAL
    return found.pop() if found else _why_unclear(plain_name(label))


def means_either(label: str) -> bool:
    """Whether a label is the one letter by which both a clinician and a client are known."""
    return plain_name(label) == "c"


def _why_unclear(label: str) -> Unclear:
    if _NAMES_NOBODY.fullmatch(label):
        return Unclear.NUMBERED
    numbered = _NUMBERED_ROLE.fullmatch(label)
    return Unclear.NUMBERED if numbered and numbered[1] in _ROLE_OF_WORD else Unclear.UNKNOWN


def _roles(label: str, speakers: Speakers) -> set[SpeakerRole]:
    """Every role that a plain label can mean."""
    roles = {role for role in (_ROLE_OF_WORD.get(label), _numbered(label), _relation(label, speakers)) if role}
    words = label.split()
    named = [word for word in words if word not in _TITLES | _CREDENTIALS]
    titled = bool(_DOCTORS & set(words))
    if _is_name(named, speakers.clinician):
        roles.add(SpeakerRole.CLINICIAN)
    if _is_name(named, speakers.patient):
        roles |= {SpeakerRole.PATIENT, SpeakerRole.CLINICIAN} if titled else {SpeakerRole.PATIENT}
    if not roles and len(words) > 1 and words[0] in _ROLE_OF_WORD:
        return _roles(" ".join(words[1:]), speakers) & {_ROLE_OF_WORD[words[0]]}
    return roles


def _listed(part: str, speakers: Speakers) -> set[SpeakerRole]:
    """The roles of several named together; none where one of them is unknown."""
    roles = [_roles(plain_name(each), speakers) for each in _LISTED.split(part)]
    return set.union(*roles) if all(roles) else set()


def _numbered(label: str) -> SpeakerRole | None:
    """Therapist 2 is a clinician, Interpreter 1 somebody else; which patient is meant by Patient 2, nobody says."""
    found = _NUMBERED_ROLE.fullmatch(label)
    role = _ROLE_OF_WORD.get(found[1]) if found and len(found[1]) > 1 else None
    return role if role is not SpeakerRole.PATIENT else None


def _relation(label: str, speakers: Speakers) -> SpeakerRole | None:
    """The patient's mother is somebody else, and so are the mother of the patient and, by the patient's name, hers."""
    found = _RELATIVE_OF.fullmatch(label)
    if not found:
        return None
    whose = found["whose"] or found["of"]
    if whose and whose not in _PATIENTS and not _is_name(whose.split(), speakers.patient):
        return None
    return _ROLE_OF_WORD.get(found["what"] or found["who"] or found["whom"])


def _is_name(words: list[str], name: str) -> bool:
    known = plain_name(name).split()
    whole = [word for word in words if word in known and len(word) > 1]
    initials = {word[0] for word in known}
    return bool(whole) and all(word in known or word in initials for word in words)
