"""Which body system is a symptom or a finding of? Reviews of systems and examinations are read by these headings."""

import re
from collections.abc import Iterator

from language.note_grammar import finished

# In the order in which they are written (Evaluation and Management guidelines, CMS 1997).
_WORDS: dict[str, str] = {
    "Constitutional": r"fevers?|feverish|chills?|fatigued?|tired\w*|weight (?:loss|gain)|(?:lost|gained|losing|gaining) (?:any |some )?weight|night sweats|sweats|appetite|malaise|distress|well[- ](?:appearing|nourished|developed)",
    "Eyes": r"vision|visual|eyes?|eyelids?|pupils?|conjunctiva\w*",
    "Ears, nose, mouth and throat": r"ears?|hearing|nose|nasal|nostrils?|congestion|congested|sinus\w*|throat|tonsils?|mouth|tongue|runny|swallow\w*|pharynx|oropharynx|tympanic|erythema of the throat|exudates?|canals?",
    "Neck": r"neck|thyroid|thyromegaly|carotids?|jugular",
    "Cardiovascular": r"chest pains?|chest pressure|chest discomfort|heart|cardiac|palpitations?|murmurs?|rhythm|edema|pulses?|capillary|lying flat|orthopnea|s1|gallops?|rubs?|racing",
    "Respiratory": r"short\w* of breath|breath\w*|dyspnea|cough\w*|wheez\w*|lungs?|rales|rhonchi|crackles?|respiratory|sputum|inspiratory|expiratory|auscultation",
    "Gastrointestinal": r"abdom\w*|stomach|belly|nausea\w*|nauseous|vomit\w*|diarrhea|constipat\w*|stools?|bowels?|heartburn|reflux|hepatosplenomegaly|liver|epigastri\w*|rebound|guarding|bloating|indigestion|melena|hernia\w*",
    "Genitourinary": r"urin\w*|bladder|kidneys?|flank|cva|costovertebral|prostate|vagin\w*|menstrua\w*|periods?|genital\w*|pelvi[cs]|groin|testic\w*|incontinence|pee\w*|hematuria",
    "Musculoskeletal": r"joints?|muscles?|muscular|musculoskeletal|backs?|lumbar|spine|spinal|knees?|hips?|ankles?|foot|feet|toes?|legs?|calf|calves|thighs?|arms?|elbows?|wrists?|hands?|fingers?|thumbs?|shoulders?|extremit\w+|range of motion|flexion|extension|gait|valgus|varus|lachman\w*|mcmurray\w*|drawer|tendon\w*|ligament\w*|bon[ey]s?|bony|meniscus|rotator|effusion|grip|fractures?|tenderness to palpation|limp\w*|injur\w+",
    "Skin": r"skin|rash\w*|lesions?|moles?|ulcers?|wounds?|erythema\w*|bruis\w*|ecchymosis|itch\w*|redness|scalp|hives|jaundice|hair|plaques?|incisions?|scars?|nails?",
    "Neurological": r"headaches?|dizz\w+|light-?headed\w*|numb\w*|tingl\w*|weakness|seizures?|faint\w*|pass(?:ed|ing)? out|syncope|balance|memory|tremors?|sensation|neuro\w*|reflex(?:es)?|cranial|speech|migraines?|twitch\w*|strength|confusion|foot drop|tinel\w*",
    "Psychiatric": r"anxi\w+|depress\w*|mood|panic|suicid\w*|(?:harm|hurt|kill)(?:ing)? (?:\w+sel(?:f|ves)|others|anyone|anybody|somebody|someone)|sleep\w*|insomnia|affect|oriented|hallucinat\w*|voices",
    "Endocrine": r"hot flashes|heat intolerance|cold intolerance|thirst\w*",
    "Hematologic and lymphatic": r"lymph\w*|lymphadenopathy|bleed\w*|blood clots?|nodes?",
    "Allergic": r"allerg\w+|pollen",
}  # fmt: skip
_SYSTEMS = {system: re.compile(rf"\b(?:{pattern})\b", re.I) for system, pattern in _WORDS.items()}
ORDER = (*_WORDS, "")
"""The systems as they follow one another; what belongs to none comes last."""


def system_of(text: str) -> str:
    """The system that a sentence names first; the longer name where two begin together; "" where it names none."""
    found = [
        (match.start(), -len(match.group()), system)
        for system, pattern in _SYSTEMS.items()
        if (match := pattern.search(text)) is not None
    ]
    return min(found)[2] if found else ""


# "And" joins what may have been asked for together only; "or" asks for each.
_ITEMS = re.compile(r",?\s+(?:or|nor)\s+|,\s+(?!and\b)")
# What is said of all the things named stands at the end, or before them, and cannot be shared out.
_OF_ALL = re.compile(
    r"[\"();]|\b(?:when|while|since|that|who|which|because|if|after|before|during|and|ever|having|feelings?|issues|wanting"
    r"|trouble|difficult\w*|problems?|history|changes?|new|recent|severe|frequent|unusual|worsening|worse|your|his|her|their|my)\b",
    re.I,
)


# What by itself is denied as a symptom; of "difficulty swallowing or breathing" the breathing is not.
_SYMPTOM = re.compile(
    r"\b(?:\w*pains?|\w*aches?|fevers?|chills?|fatigue|nausea|vomiting|diarrhea|constipation|cough\w*|wheez\w+|rash\w*|itch\w*|hives|dizziness|light-?headed\w*"
    r"|shortness of breath|numbness|tingling|weakness|swelling|edema|bleeding|palpitations|seizures?|sweats|weight (?:loss|gain)|loss of \w+|heartburn|reflux|congestion"
    r"|runny nose|sore throat|blurr\w+|anxiety|depression|insomnia|chest pressure|discomfort|dyspnea|hematuria|incontinence|malaise|bruising|fainting|syncope|tremors?"
    r"|lumps?|burning|tightness|stiffness|bloating|confusion|hallucinations)\b",
    re.I,
)


def by_system(text: str) -> Iterator[tuple[str, str]]:
    """What was denied, one sentence for each system: who denies either denies each."""
    lead, _, rest = text.partition(" ")
    items = [item for item in _ITEMS.split(rest.rstrip(".")) if item.strip()]
    of_items = [system_of(item) for item in items]
    if (
        lead != "Denies"
        or _OF_ALL.search(rest)
        or len(set(of_items)) < 2
        or not all(of_items)
        or not all(map(_SYMPTOM.search, items))
    ):
        yield system_of(text), text
        return
    for system in sorted(set(of_items), key=ORDER.index):
        its = [item for item, of in zip(items, of_items, strict=True) if of == system]
        yield system, finished(f"{lead} {_listed(its)}")


def _listed(items: list[str]) -> str:
    if len(items) < 3:
        return " or ".join(items)
    return f"{', '.join(items[:-1])}, or {items[-1]}"
