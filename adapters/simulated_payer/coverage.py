"""What the simulated payer answers to one eligibility request."""

from dataclasses import replace
from datetime import date

from adapters.simulated_payer.plans import Plan
from adapters.simulated_payer.rules import Shown
from models.eligibility import Benefit, EligibilityAnswer, EligibilityRequest, Refusal

MENTAL_HEALTH = ("MH", "A4", "A6")
CARVED_OUT_TO = ("PR", "SIMULATED BEHAVIORAL CARVE OUT", "SIMPAYERBH")
_NETWORK = "Y"


def coverage_answer(request: EligibilityRequest, shown: Shown, plan: Plan, deductible_left: int) -> EligibilityAnswer:
    """One answer; ``Shown.LATER`` is refused for now (AAA 42): whoever asks again is to be shown otherwise."""
    patient = request.dependent or request.subscriber
    year = request.service_date.year
    answer = EligibilityAnswer(
        trace=request.trace,
        payer=request.payer,
        member_id=request.member_id,
        patient=patient,
        benefits=(),
        refusals=(),
        plan_dates=(("346", date(year, 1, 1), None),),
        group_number="SIMGROUP",
        is_dependent=request.dependent is not None,
    )
    loop = "2100D" if answer.is_dependent else "2100C"
    if shown is Shown.NOT_FOUND:
        return _refused(answer, Refusal("75", "C", loop, 0))
    if shown is Shown.LATER:
        return _refused(answer, Refusal("42", "R", "2100A", 0))
    if shown is Shown.EMPTY:
        return answer
    if shown is Shown.INACTIVE:
        ended = (("346", date(year - 2, 1, 1), None), ("347", date(year - 1, 12, 31), None))
        return replace(answer, benefits=(Benefit("6", 0, service_types=("30",)),), plan_dates=ended)
    if shown is Shown.WRONG_PERSON:
        patient = replace(patient, given_name="SIMULATED", birth_date=date(1901, 1, 1))
    return replace(answer, patient=patient, benefits=_benefits(shown, plan, deductible_left))


def _refused(answer: EligibilityAnswer, refusal: Refusal) -> EligibilityAnswer:
    return replace(answer, refusals=(refusal,), plan_dates=(), group_number="")


def _benefits(shown: Shown, plan: Plan, deductible_left: int) -> tuple[Benefit, ...]:
    whole = Benefit("1", 0, level="IND", service_types=("30",), plan=plan.name)
    if shown is Shown.ONLY_30:
        return (whole,)
    if shown is Shown.CARVE_OUT:
        return (whole, Benefit("U", 0, service_types=("MH",), related=(CARVED_OUT_TO,)))
    found = [whole, Benefit("1", 0, level="IND", service_types=MENTAL_HEALTH, plan=plan.name)]
    if plan.copay_cents:
        found.append(_of("B", plan, period="27", amount_cents=plan.copay_cents))
    if plan.coinsurance_percent:
        found.append(_of("A", plan, percent=plan.coinsurance_percent * 100))
    if plan.deductible_cents:
        found.append(_of("C", plan, period="23", amount_cents=plan.deductible_cents))
        found.append(_of("C", plan, period="29", amount_cents=deductible_left))
    found.append(_of("F", plan, period="29", quantity_kind="VS", quantity=plan.visits))
    return tuple(found)


def _of(
    code: str,
    plan: Plan,
    *,
    period: str = "",
    amount_cents: int | None = None,
    percent: int | None = None,
    quantity_kind: str = "",
    quantity: int | None = None,
) -> Benefit:
    return Benefit(
        code,
        0,
        level="IND",
        service_types=("MH",),
        period=period,
        amount_cents=amount_cents,
        percent=percent,
        quantity_kind=quantity_kind,
        quantity=quantity,
        in_network=_NETWORK,
    )
