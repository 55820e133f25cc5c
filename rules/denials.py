"""To whom does a denial go, what does that person do first, and by when?

Reasons are those of X12 external code lists 139 (CARC) and 411 (RARC); what is done about each is the practice's table.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from models.claim_answers import RemittedClaim
from models.claim_form import LineAdjustment
from models.codes import CaseOwner
from models.denials import REVIEW_QUEUE, CorrectsBy, Denial, DenialRoute, DenialRoutes, RoutedDenial
from models.ledger import EARLIER_PAYER_REASONS, LedgerKind
from rules.posting import CAPITATION, LATER_PAYER, kind_of

ORDER = (
    CorrectsBy.BILL_OTHER_PAYER,
    CorrectsBy.OBTAIN_AUTHORISATION,
    CorrectsBy.RESUBMIT,
    CorrectsBy.APPEAL,
    CorrectsBy.CALL_PAYER,
    CorrectsBy.REVIEW,
    CorrectsBy.BILL_PATIENT,
    CorrectsBy.WRITE_OFF,
)
"""Which of several denials decides: who pays comes before what is corrected, and nothing is given up, or asked of the
patient, while another answer is open. Of two alike the larger amount decides, then the earlier in the file."""

REVIEW = DenialRoute(
    reason="",
    remark="",
    group="",
    payer_code="",
    queue=REVIEW_QUEUE,
    next_action="Nobody has said yet what to do about this reason: read the remittance, call the payer, add a row.",
    days=3,
    owner=CaseOwner.BILLER,
    corrects_by=CorrectsBy.REVIEW,
    label="a reason that the table does not know",
)
"""Where a reason goes that no row of the table fits."""


def denials_of(claim: RemittedClaim) -> tuple[Denial, ...]:
    """Every adjustment with which the payer says no, the claim's own first, then line by line.

    Contract and cost share are not among them, nor what a later payer repeats of the payers before it. A reduction by
    contract of the whole charge of an unpaid line is a denial.
    """
    found = _denials(claim, claim.adjustments, claim.charge_cents, claim.paid_cents, claim.remarks, "", claim.segment)
    for line in claim.lines:
        remarks = tuple(dict.fromkeys((*line.remarks, *claim.remarks)))
        found += _denials(
            claim,
            line.adjustments,
            line.charge_cents,
            line.paid_cents,
            remarks,
            line.control_number,
            line.segment,
        )
    return tuple(found)


def _denials(
    claim: RemittedClaim,
    adjustments: Sequence[LineAdjustment],
    charge_cents: int,
    paid_cents: int,
    remarks: tuple[str, ...],
    line_control: str,
    segment: int,
) -> list[Denial]:
    said = [each for each in adjustments if each.amount_cents > 0 and each.reason != CAPITATION]
    refused = [each for each in said if kind_of(each) is LedgerKind.DENIAL]
    if claim.status in LATER_PAYER:
        refused = [each for each in refused if each.reason not in EARLIER_PAYER_REASONS]
    by_contract = [each for each in said if kind_of(each) is LedgerKind.CONTRACTUAL]
    if not refused and not paid_cents and sum(each.amount_cents for each in by_contract) == charge_cents:
        refused = by_contract
    return [Denial(each.group, each.reason, each.amount_cents, remarks, line_control, segment) for each in refused]


def route(denial: Denial, routes: DenialRoutes, payer_code: str, on: date) -> tuple[DenialRoute, str]:
    """The most specific row in force for one adjustment, and why it was taken; "review" where no row fits.

    A row for the remark goes before one for the payer, one for both before either; then one for the group.
    """
    fitting = [row for row in routes.by_reason.get(denial.reason, ()) if _fits(row, denial, payer_code, on)]
    if not fitting:
        return REVIEW, f"no row of the table fits reason {denial.reason}"
    best = max(fitting, key=lambda row: (*_specificity(row), -_place(row, denial), -row.row))
    said = [f"reason {best.reason}"]
    said += [f"remark {best.remark}"] if best.remark else []
    said += [f"group {best.group}"] if best.group else []
    said += [f"payer {best.payer_code}"] if best.payer_code else []
    return best, f"row {best.row}: {', '.join(said)}"


def _fits(row: DenialRoute, denial: Denial, payer_code: str, on: date) -> bool:
    return (
        row.payer_code in ("", payer_code)
        and row.group in ("", denial.group)
        and row.remark in ("", *denial.remarks)
        and row.valid_from <= on
        and (row.valid_to is None or on <= row.valid_to)
    )


def _specificity(row: DenialRoute) -> tuple[bool, bool, bool]:
    return bool(row.remark), bool(row.payer_code), bool(row.group)


def _place(row: DenialRoute, denial: Denial) -> int:
    """Of two rows for two remarks, the one for the remark that the payer gave first."""
    return denial.remarks.index(row.remark) if row.remark else 0


def routed(denials: Sequence[Denial], routes: DenialRoutes, payer_code: str, on: date) -> RoutedDenial | None:
    """Where a claim with these denials goes, decided on ``on`` (the payer's date); None where nothing was denied."""
    ways = [(denial, *route(denial, routes, payer_code, on)) for denial in denials]
    if not ways:
        return None
    (first, way, why), *rest = sorted(ways, key=lambda each: (ORDER.index(each[1].corrects_by), -each[0].amount_cents))
    return RoutedDenial(
        first,
        way,
        why,
        on + timedelta(days=way.days),
        tuple((denial, other) for denial, other, _ in rest),
    )
