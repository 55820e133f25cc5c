"""Claims, requests and files of them for the simulated payer; every person and number is invented."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from adapters.simulated_payer import AnswerFile, SimulatedPayer
from adapters.x12 import read_271, read_277ca, read_835, read_999, write_270, write_837
from models.claim_answers import (
    ClaimAcknowledgement,
    GroupAcknowledgement,
    ProviderAdjustment,
    RemittanceHead,
    RemittancePart,
    RemittedClaim,
)
from models.claim_form import (
    BillingProvider,
    ClaimForm,
    EarlierPayment,
    Envelope,
    LineAdjustment,
    PayerName,
    PayerRank,
    PersonName,
    PostalAddress,
    RenderingClinician,
    ServiceLine,
    Subscriber,
)
from models.eligibility import EligibilityAnswer, EligibilityRequest

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PAYER = PayerName("SIMULATED HEALTH", "SIMPAYER1")
OTHER_PAYER = PayerName("SIMULATED SECOND", "SIMPAYER2")
BILLING = BillingProvider(
    "HARBOR GROUP", "1234567893", "261QM0801X", "123456789", PostalAddress("1 MAIN ST", "PORTLAND", "OR", "972010000")
)
RENDERING = RenderingClinician("ODUYA", "MAREN", "1000000103", "103TC0700X")
COPAY, SHARE, FULL = "SIMMH00000", "SIMMH00002", "SIMMH00001"
"""Members by the plan that seed 7 draws for them: 25 dollars a visit, a fifth after a deductible, all of it."""
SEED = 7


def line(number: int = 1, code: str = "90834", cents: int = 15_000, **changes: Any) -> ServiceLine:
    return replace(ServiceLine(number, code, cents, date(2026, 11, 20), f"LINE{number}"), **changes)


def claim(number: str = "CL-1", *lines: ServiceLine, member: str = FULL, **changes: Any) -> ClaimForm:
    """A claim of one line unless more are given; its control numbers begin with its number."""
    given = lines or (line(),)
    own = tuple(replace(each, control_number=f"{number}-{each.number}") for each in given)
    person = PersonName("TESTER", "TINA", birth_date=date(1990, 2, 3), sex="F")
    subscriber = Subscriber(person, member, PostalAddress("2 SIDE ST", "PORTLAND", "OR", "972010000"))
    form = ClaimForm(
        claim_number=number,
        charge_cents=sum(each.charge_cents for each in own),
        place_of_service="11",
        diagnoses=("F41.1",),
        lines=own,
        billing=BILLING,
        rendering=RENDERING,
        subscriber=subscriber,
        payer=PAYER,
    )
    return replace(form, **changes)


def after(first: ClaimForm, paid: int, *patient: tuple[str, int]) -> ClaimForm:
    """The same claim to a second payer, whom it tells what the first one paid and left to the patient."""
    left = sum(cents for _, cents in patient)
    written_off = LineAdjustment("CO", "45", first.charge_cents - paid - left)
    adjustments = (written_off, *(LineAdjustment("PR", reason, cents) for reason, cents in patient))
    earlier = EarlierPayment(PAYER, first.subscriber, paid, date(2026, 11, 24), {1: paid}, {1: adjustments})
    second = replace(first.subscriber, rank=PayerRank.SECONDARY)
    return replace(first, subscriber=second, payer=OTHER_PAYER, earlier_payments=(earlier,))


def envelope(control: int = 1, **changes: Any) -> Envelope:
    made = Envelope(
        "HARBOR", "SIMPAYER", control, NOW, "HARBOR GROUP", "BILLING", "5035550101", "SIMULATED PAYER NOT REAL"
    )
    return replace(made, **changes)


def claim_file(*claims: ClaimForm, control: int = 1, **changes: Any) -> bytes:
    return write_837(envelope(control, **changes), claims).encode()


def request(member: str = FULL, **changes: Any) -> EligibilityRequest:
    person = PersonName("TESTER", "TINA", birth_date=date(1990, 2, 3), sex="F")
    made = EligibilityRequest("EC-1", PAYER, "HARBOR GROUP", "1234567893", person, member, date(2026, 11, 27))
    return replace(made, **changes)


def request_file(*requests: EligibilityRequest, control: int = 1) -> bytes:
    return write_270(envelope(control), requests).encode()


def of_kind(kind: str, answers: list[AnswerFile]) -> list[AnswerFile]:
    return [each for each in answers if each.name.startswith(f"SIMPAYER-{kind}-")]


def acknowledgement(answers: list[AnswerFile]) -> GroupAcknowledgement:
    (file,) = of_kind("999", answers)
    (group,) = read_999(BytesIO(file.data))
    return group


def statuses(answers: list[AnswerFile]) -> dict[str, str]:
    """Category, status and entity by claim number, of the one 277CA."""
    return {one.claim_number: "/".join(said(one)) for one in acknowledged_claims(answers)}


def said(one: ClaimAcknowledgement) -> tuple[str, str, str]:
    (note,) = one.notes
    return note.category, note.status, note.entity


def acknowledged_claims(answers: list[AnswerFile]) -> list[ClaimAcknowledgement]:
    (file,) = of_kind("277CA", answers)
    return list(read_277ca(BytesIO(file.data)))


def parts(data: bytes) -> list[RemittancePart]:
    return list(read_835(BytesIO(data)))


def remittances(answers: list[AnswerFile]) -> list[list[RemittancePart]]:
    return [parts(each.data) for each in of_kind("835", answers)]


def remitted(answers: list[AnswerFile]) -> list[RemittedClaim]:
    return [part for file in remittances(answers) for part in file if isinstance(part, RemittedClaim)]


def money_of(file: list[RemittancePart]) -> tuple[int, int, int]:
    """(BPR02, the sum of CLP04, the sum of PLB) of a file with one check."""
    (head,) = (part for part in file if isinstance(part, RemittanceHead))
    claims = sum(part.paid_cents for part in file if isinstance(part, RemittedClaim))
    return head.paid_cents, claims, sum(part.amount_cents for part in file if isinstance(part, ProviderAdjustment))


def coverages(answers: list[AnswerFile]) -> list[EligibilityAnswer]:
    return [one for file in of_kind("271", answers) for one in read_271(BytesIO(file.data))]


def adjustments(one: RemittedClaim) -> list[list[str]]:
    """CAS of each line, as ``CO-45 3925``."""
    return [[f"{each.group}-{each.reason} {each.amount_cents}" for each in line.adjustments] for line in one.lines]


def only(payer: SimulatedPayer, *claims: ClaimForm, control: int = 1) -> RemittedClaim:
    """What the 835 says of the one claim in a file of these."""
    (told,) = remitted(payer.answer(claim_file(*claims, control=control), NOW))
    return told
