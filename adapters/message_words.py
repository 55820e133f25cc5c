"""Turns a queued message into its words, from templates/messages, in the reader's language.

A template's first line is ``Subject: …``, the rest the body. What it may ask for is ``MessageFacts``.
"""

from dataclasses import asdict, dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from adapters.settings import CHECKOUT
from models.errors import ContractBroken

LANGUAGES = ("en", "es")


@dataclass(frozen=True, repr=False)
class MessageFacts:
    """Everything a message may say. Times are already spoken; ``letter`` is the signed text, ``amount``,
    ``paid`` and ``returned`` in dollars."""

    channel: str
    practice: str
    practice_phone: str
    case_number: str = ""
    desk_url: str = ""
    prefect_url: str = ""
    run_id: str = ""
    trouble: str = ""
    staff_id: str = ""
    by_staff_id: str = ""
    link: str = ""
    when: str = ""
    place: str = ""
    letter: str = ""
    amount: str = ""
    paid: str = ""
    returned: str = ""

    def __repr__(self) -> str:
        return f"<message facts {self.channel}>"


@dataclass(frozen=True, repr=False)
class MessageWords:
    subject: str
    body: str

    def __repr__(self) -> str:
        return "<message words>"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(CHECKOUT / "templates" / "messages"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def known_language(language: str | None) -> str:
    """The language we write in for this reader: theirs where we have it, else English."""
    return language if language in LANGUAGES else "en"


def render(template: str, language: str | None, facts: MessageFacts) -> MessageWords:
    """The words of one message; raises ContractBroken when there is no such template or it has no subject."""
    names = [f"{template}.{known_language(language)}.txt.j2", f"{template}.en.txt.j2"]
    try:
        text = _templates().select_template(names).render(asdict(facts))
    except TemplateNotFound as missing:
        raise ContractBroken(f"there is no message template {template}") from missing
    first, _, body = text.partition("\n")
    label, _, subject = first.partition(":")
    if label != "Subject" or not subject.strip():
        raise ContractBroken(f"message template {template} has no subject line")
    return MessageWords(subject.strip(), body.strip() + "\n")
