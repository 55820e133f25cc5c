"""Taking a case for one leg of its run, and reading where it stands."""

from dataclasses import dataclass

from adapters import operational_store as store
from models.codes import CaseStatus


@dataclass(frozen=True)
class Case:
    """One leg's hold on a case: ids and the fencing token only, so that it may be seen by the orchestrator."""

    number: str
    fence: int


def has_other_run(case_number: str, run_id: str) -> bool:
    """Whether the case has another run than this one: it ended or was thought gone, and came back too late."""
    with store.reading() as db:
        return store.one_case(db, case_number).run_id not in (None, run_id)


def take(case_number: str) -> Case:
    """Take the case for this leg; an older leg of the same case can write nothing from now on."""
    return Case(case_number, store.take_case(case_number))


def status_now(case: Case) -> CaseStatus:
    """Where the case stands; raises StaleLease when another leg has taken it. Never cached."""
    with store.reading() as db:
        found = store.one_case(db, case.number)
        store.check_fence(found, case.fence)
        status: CaseStatus = found.status
        return status
