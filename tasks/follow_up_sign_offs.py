"""What a clinician signs between two sessions: an escalation with its evidence, or the words of a message."""

import hashlib
from typing import Any

from sqlmodel import col, select

from adapters import operational_store as store
from adapters import therapy_store
from models.codes import RiskLevel, ToDoKind
from models.operational import CheckIn, FollowUp, ToDo

WHERE = "open escalation"
EARLIER_SHOWN = 6
"""How many earlier answers to the same questions stand beside the latest."""


def escalation_content(case_number: str) -> dict[str, Any]:
    """What is to be signed: why it was opened, the answers and words it is about, and nothing yet of what is done."""
    with store.reading() as db:
        follow_up = store.one(db, FollowUp, case_number)
        about = db.get(CheckIn, follow_up.subject_id)
    episode = follow_up.episode_number
    answers = therapy_store.answers(episode, actor="system", where=WHERE)
    texts = therapy_store.texts(episode, actor="system", where=WHERE)
    flags = therapy_store.flags(episode, actor="system", where=WHERE)
    kind = about.kind.value if about else ""
    shown = [record for record in answers if record.measure == kind][-EARLIER_SHOWN:]
    words = [text for text in texts if about is not None and text.source_key == about.id]
    ids = {text.id for text in words}
    return {
        "kind": "escalation",
        "case": case_number,
        "episode": episode,
        "level": (follow_up.risk_level or RiskLevel.HIGH).value,
        "reasons": list(follow_up.reasons),
        "check_in": {"id": about.id, "kind": kind, "due_on": about.due_on.isoformat()} if about else None,
        "measures": [
            {
                "measure": record.measure,
                "version": record.instrument_version,
                "total": record.total,
                "band": record.band,
                "complete": record.complete,
                "answers": {str(item): value for item, value in therapy_store.answers_of(record).items()},
                "source_key": record.source_key,
                "at": record.authored_at.isoformat(),
            }
            for record in shown
        ],
        "texts": [
            {
                "id": text.id,
                "kind": text.kind,
                "edition": text.edition,
                "sha256": hashlib.sha256(text.text.unwrap().encode()).hexdigest(),
            }
            for text in words
        ],
        "flags": [flag.as_shown() for flag in flags if flag.text_id in ids or _is_open_item(flag)],
        "asked": _asked(case_number),
        "done": "",
        "done_words": "",
    }


def _is_open_item(flag: therapy_store.RiskFlag) -> bool:
    """An answer to a question that nobody has signed for."""
    return flag.text_id is None and flag.reviewed_by_approval is None


def message_content(case_number: str) -> dict[str, Any]:
    """What is to be signed: the words that would leave, as they were written."""
    with store.reading() as db:
        follow_up = store.one(db, FollowUp, case_number)
    kept = therapy_store.to_do_words(follow_up.subject_id, actor="system", where="open message")
    return {
        "kind": "message",
        "case": case_number,
        "episode": follow_up.episode_number,
        "written_by": follow_up.requested_by,
        "letter": kept.answer.unwrap() if kept is not None and kept.answer is not None else "",
        "asked": _asked(case_number),
    }


def _asked(case_number: str) -> list[dict[str, str]]:
    """What a signer has asked about this case before, with the answers."""
    with store.reading() as db:
        ids = db.exec(
            select(ToDo.id)
            .where(ToDo.case_number == case_number, ToDo.kind == ToDoKind.ANSWER_QUESTION)
            .order_by(col(ToDo.opened_at))
        ).all()
    kept = [therapy_store.to_do_words(each, actor="system", where="open question") for each in ids]
    return [
        {
            "question": words.question.unwrap() if words.question else "",
            "answer": words.answer.unwrap() if words.answer else "",
        }
        for words in kept
        if words is not None
    ]
