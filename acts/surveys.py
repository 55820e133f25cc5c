"""What a patient does about a survey: reads the two questions, answers them once, or asks not to be asked again."""

from sqlmodel import Session

from acts.patient_visit import Visit, must_be_open, visit
from adapters.operational_store import audit, one, reading, writing
from models.codes import LinkPurpose
from models.columns import new_id, utc_now
from models.errors import MovedOn
from models.operational import PortalLink, SatisfactionAnswer, SatisfactionSurvey
from rules.surveys import check_answer


class SurveyAnswered(MovedOn):
    """This survey has its answer; a second one is not kept."""


def open_survey(token: str, proof: str | None) -> None:
    """Whether this link asks anything now; raises SurveyAnswered, LinkClosed, NotAllowed."""
    with reading() as db:
        _survey(db, visit(db, token, proof))


def _survey(db: Session, visitor: Visit) -> SatisfactionSurvey:
    if visitor.link.purpose == LinkPurpose.SURVEY and visitor.link.used_at is not None:
        raise SurveyAnswered("the survey is answered")
    must_be_open(visitor, LinkPurpose.SURVEY)
    return one(db, SatisfactionSurvey, visitor.link.subject_id or "")


def answer(
    token: str, proof: str | None, satisfied: int | None, recommends: int | None, *, no_more: bool = False
) -> None:
    """Keep one answer apart from whose it is; ``no_more``: this patient is never asked again, answered or not.

    The audit says that the survey was answered, never how. Raises SurveyAnswered, LinkClosed, NotAllowed, ValueError
    for what the form cannot send or where nothing was said.
    """
    says_something = satisfied is not None or recommends is not None
    if says_something or not no_more:
        check_answer(satisfied, recommends)
    with writing() as db:
        visitor = visit(db, token, proof)
        link = db.get_one(PortalLink, visitor.link.id, with_for_update=True, populate_existing=True)
        survey = _survey(db, visitor)
        link.used_at = utc_now()
        survey.answered, survey.no_more = says_something, no_more
        db.add_all([link, survey])
        if says_something:
            db.add(
                SatisfactionAnswer(
                    id=new_id("SA"),
                    location_id=survey.location_id,
                    moment=survey.moment,
                    month=survey.asked_on.replace(day=1),
                    satisfied=satisfied,
                    recommends=recommends,
                )
            )
        done = "survey.answered" if says_something else "survey.declined"
        audit(db, visitor.actor, done, survey, survey.case_number, no_more=no_more)
