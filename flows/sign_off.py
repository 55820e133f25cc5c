"""The gate every flow passes: it opens what is to be signed, waits without a process, and reads the record."""

from enum import StrEnum

from prefect import get_run_logger
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from models.codes import CaseStatus
from tasks import sign_offs, waits
from tasks.cases import Case


class PrefectVerdict(StrEnum):
    NOT_DECIDED = "not_decided"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


class PrefectReason(StrEnum):
    """Fixed words, because nothing about a person may be typed into the orchestrator."""

    AS_PROPOSED = "as_proposed"
    MORE_INFORMATION_NEEDED = "more_information_needed"
    OUTSIDE_OUR_SCOPE = "outside_our_scope"
    AGREED_BY_PHONE = "agreed_by_phone"


class SignOff(RunInput):
    """What Prefect's Resume dialog asks; left as it is, it decides nothing."""

    staff_id: str = Field(default="", pattern=r"^(ST-[A-Za-z0-9-]{1,40})?$", title="Your staff id")
    one_time_code: str = Field(default="", pattern=r"^([0-9]{6})?$", title="One-time code")
    verdict: PrefectVerdict = PrefectVerdict.NOT_DECIDED
    reason: PrefectReason = PrefectReason.AS_PROPOSED


async def sign_off(case: Case, status: CaseStatus) -> None:
    """Wait until this case's sign-off is decided. Returns only when something may have changed; the caller reads
    the case's status again, never a value of this run."""
    run_id = str(flow_run.id)
    approval_id = sign_offs.approval_of(case, status) or sign_offs.open_sign_off(case, status)
    if await sign_offs.take_decision_from_prefect(approval_id, run_id) == "decided":
        return
    key = sign_offs.next_wait_key(approval_id)
    await waits.name_the_wait(run_id, case.number, status.label)
    get_run_logger().info("%s waits for %s (%s)", case.number, status.label, approval_id)
    await asuspend_flow_run(wait_for_input=_form(approval_id, status), timeout=None, key=key)


def _form(approval_id: str, status: CaseStatus) -> type[SignOff]:
    digest = sign_offs.digest_of(approval_id)
    return SignOff.with_initial_data(
        description=(
            f"**Sign-off: {status.label}** · `{approval_id}`\n\n"
            f"1. [Open it on the sign-off desk]({sign_offs.desk_link(approval_id)}) and read it.\n"
            "2. Decide there, or sign here with your staff id and a one-time code.\n\n"
            f"You sign exactly what the desk shows: digest `{digest[:16]}…`. Without a valid code nothing changes."
        )
    )
