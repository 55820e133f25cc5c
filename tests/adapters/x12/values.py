"""Synthetic values for X12 tests: one plain of each kind, and strategies for as many as Hypothesis likes."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from hypothesis import strategies as st

from adapters.x12 import Delimiters
from models.claim_answers import (
    ClaimAcknowledgement,
    GroupAcknowledgement,
    ProviderAdjustment,
    RemittanceEnd,
    RemittanceHead,
    RemittancePart,
    RemittedClaim,
    RemittedLine,
    SetAcknowledgement,
    SetError,
    StatusNote,
)
from models.claim_form import (
    BillingProvider,
    ClaimForm,
    ClaimFrequency,
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
from models.eligibility import Benefit, EligibilityAnswer, EligibilityRequest, Refusal

T = TypeVar("T")

OTHERS = Delimiters(element="|", component="<", repetition="!", terminator="\n")

ENVELOPE = Envelope(
    sender_id="PRACTICE1",
    receiver_id="CLEARING",
    control_number=907,
    at=datetime(2026, 3, 1, 12, 30),
    submitter_name="RIVER COUNSELING",
    contact_name="BILLING DESK",
    contact_phone="3125550100",
    receiver_name="CLEARING HOUSE",
)
ADDRESS = PostalAddress("1 MAIN ST", "CHICAGO", "IL", "606011234")
BILLING = BillingProvider("RIVER COUNSELING", "1234567893", "261QM0801X", "123456789", ADDRESS)
RENDERING = RenderingClinician("OKAFOR", "ADA", "1245319599", "1041C0700X")
PERSON = PersonName("DOE", "JANE", "Q", date(1980, 1, 2), "F")
CHILD = PersonName("DOE", "SAM", "", date(2012, 5, 6), "M")
SUBSCRIBER = Subscriber(PERSON, "W123456789", ADDRESS, group_number="G77")
PAYER = PayerName("NORTH HEALTH", "60054")
LINE = ServiceLine(1, "90837", 15_050, date(2026, 2, 3), "L0001", ("95",), 1, (1, 2))
CLAIM = ClaimForm(
    claim_number="C-0001",
    charge_cents=15_050,
    place_of_service="10",
    diagnoses=("F41.1", "F33.1"),
    lines=(LINE,),
    billing=BILLING,
    rendering=RENDERING,
    subscriber=SUBSCRIBER,
    payer=PAYER,
)
POLICY_HOLDER = Subscriber(PersonName("DOE", "JANE", "Q"), "W123456789", relationship="19", group_number="G77")
DEPENDENT_CLAIM = replace(
    CLAIM, claim_number="C-0002", subscriber=POLICY_HOLDER, patient=CHILD, patient_address=ADDRESS
)
EARLIER = EarlierPayment(
    payer=PayerName("FIRST HEALTH", "11111"),
    subscriber=Subscriber(PersonName("DOE", "JOHN"), "F99", ADDRESS, relationship="01", filing_code="BL"),
    paid_cents=10_000,
    decided_on=date(2026, 2, 20),
    line_paid={1: 10_000},
    line_adjustments={1: (LineAdjustment("CO", "45", 3_000), LineAdjustment("PR", "3", 2_050))},
)
SECONDARY_CLAIM = replace(
    CLAIM,
    claim_number="C-0003",
    subscriber=replace(SUBSCRIBER, rank=PayerRank.SECONDARY),
    earlier_payments=(EARLIER,),
)
REQUEST = EligibilityRequest("T1", PAYER, "RIVER COUNSELING", "1234567893", PERSON, "W123456789", date(2026, 3, 2))
BENEFIT = Benefit("B", 0, "IND", ("MH", "A4"), "HM", "GOLD PLAN", "27", amount_cents=2_500, in_network="Y")
ANSWER = EligibilityAnswer("T1", PAYER, "W123456789", PERSON, (BENEFIT,), (), (("346", date(2026, 1, 1), None),), "G77")
ERROR = SetError("NM1", 9, "2010", "1", "9")
GROUP = GroupAcknowledgement(
    "907", "HC", "R", (SetAcknowledgement("837", "0907", "R", (ERROR,), codes=("5",)),), codes=()
)
NOTE = StatusNote("A2", "20", "PR", "WQ", 15_050)
REJECTION = StatusNote("A7", "562", "85", "U", 15_050)
ACKNOWLEDGEMENT = ClaimAcknowledgement(
    "C-0001",
    "ICN1",
    (NOTE,),
    date(2026, 3, 2),
    batch="000000907",
    patient=PersonName("DOE", "JANE", "Q"),
    member_id="W1",
)
REMITTED_LINE = RemittedLine(
    procedure_code="90837",
    modifiers=("95",),
    charge_cents=15_050,
    paid_cents=10_000,
    units=1,
    adjustments=(LineAdjustment("CO", "45", 3_000), LineAdjustment("PR", "3", 2_050)),
    service_date=date(2026, 2, 3),
    control_number="L0001",
    remarks=("N130",),
    allowed_cents=12_050,
)
REMITTED = RemittedClaim(
    claim_number="C-0001",
    status="1",
    charge_cents=15_050,
    paid_cents=10_000,
    patient_cents=2_050,
    payer_control="ICN1",
    adjustments=(),
    lines=(REMITTED_LINE,),
    remarks=("MA01",),
    member_id="W123456789",
    patient_name="JANE DOE",
    filing_code="12",
)
HEAD = RemittanceHead(
    set_control="0907",
    paid_cents=10_000,
    trace="EFT1",
    method="ACH",
    paid_on=date(2026, 3, 5),
    payer=PAYER,
    payee_npi="1234567893",
    payee_name="RIVER COUNSELING",
    company="1123456789",
)
END = RemittanceEnd("0907", 0)


def stream(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode("ascii"))


def without_places(value: Any) -> Any:
    """The value with every count of segments in it at zero: where it stood in a file is no part of what it says."""
    if isinstance(value, tuple):
        return tuple(without_places(one) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        changed = {
            name: 0 if name in ("segment", "segments", "first_segment", "last_segment") else without_places(inner)
            for name in value.__dataclass_fields__
            if isinstance(inner := getattr(value, name), tuple | int) or hasattr(inner, "__dataclass_fields__")
            if not isinstance(inner, bool)
        }
        return replace(value, **changed)
    return value


def all_of(read: Callable[[io.BytesIO], Iterator[T]], text: str) -> list[T]:
    return [without_places(value) for value in read(stream(text))]


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def codes(least: int = 1, most: int = 12, alphabet: str = _LETTERS + "0123456789") -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


def digits(count: int) -> st.SearchStrategy[str]:
    return codes(count, count, "0123456789")


def names(most: int = 20) -> st.SearchStrategy[str]:
    """Words as a file has them: capitals, marks inside, one blank between two."""
    return (
        st.lists(codes(1, 8, _LETTERS + "'-.&/(),"), min_size=1, max_size=3)
        .map(" ".join)
        .map(lambda t: t[:most].strip())
    )


DAYS = st.dates(date(1920, 1, 1), date(2035, 12, 31))
MONEY = st.integers(-10_000_000, 10_000_000)
POSITIVE = st.integers(0, 10_000_000)
NPIS = st.builds("1{}".format, digits(9))
TAXONOMIES = st.sampled_from(("101YM0800X", "1041C0700X", "103TC0700X", "2084P0800X"))
SEXES = st.sampled_from(("F", "M", "U"))

envelopes = st.builds(
    Envelope,
    sender_id=codes(2, 15),
    receiver_id=codes(2, 15),
    control_number=st.integers(1, 999_999_000),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2079, 1, 1)),
    submitter_name=names(),
    contact_name=names(),
    contact_phone=digits(10),
    receiver_name=names(),
    sender_qualifier=st.sampled_from(("ZZ", "30", "01")),
    usage=st.sampled_from(("P", "T")),
)
addresses = st.builds(
    PostalAddress,
    line=names(),
    city=codes(2, 12, _LETTERS),
    state=st.sampled_from(("IL", "CA", "NY")),
    zip_code=digits(5) | digits(9),
    second_line=st.just("") | names(),
)
undated = st.builds(PersonName, names(), names(), st.just("") | names())
persons = st.builds(PersonName, names(), names(), st.just("") | names(), DAYS, SEXES)
payers = st.builds(PayerName, names(), codes(2, 10))
billings = st.builds(BillingProvider, names(), NPIS, TAXONOMIES, digits(9), addresses, st.sampled_from(("EI", "SY")))
adjustments = st.builds(
    LineAdjustment,
    st.sampled_from(("CO", "PR", "OA", "PI")),
    st.sampled_from(("1", "2", "3", "45", "97", "197", "23")),
    MONEY.filter(bool),
    st.none() | st.integers(1, 99),
)
procedures = st.sampled_from(("90791", "90832", "90834", "90837", "90847", "90853"))
modifiers = st.lists(st.sampled_from(("95", "93", "GT", "HO")), max_size=4, unique=True).map(tuple)


def _lines(diagnoses: int) -> st.SearchStrategy[tuple[ServiceLine, ...]]:
    pointers = st.lists(st.integers(1, diagnoses), min_size=1, max_size=min(4, diagnoses), unique=True).map(tuple)
    line = st.builds(
        ServiceLine, st.just(0), procedures, POSITIVE, DAYS, codes(1, 20), modifiers, st.integers(1, 9), pointers
    )
    return st.lists(line, min_size=1, max_size=4).map(
        lambda lines: tuple(replace(line, number=number) for number, line in enumerate(lines, 1))
    )


@st.composite
def claims(draw: st.DrawFn, earlier: bool | None = None) -> ClaimForm:
    diagnoses = tuple(
        draw(st.lists(st.sampled_from(("F41.1", "F33.1", "F43.10", "F32.A", "F10.20", "Z63")), min_size=1, unique=True))
    )
    lines = draw(_lines(len(diagnoses)))
    patient = draw(st.none() | persons)
    relationship = draw(st.sampled_from(("01", "19", "G8"))) if patient else "18"
    paid = draw(st.booleans()) if earlier is None else earlier
    subscriber = Subscriber(
        person=draw(undated if patient else persons),
        member_id=draw(codes(2)),
        address=None if patient else draw(addresses),
        rank=PayerRank.SECONDARY if paid else PayerRank.PRIMARY,
        relationship=relationship,
        group_number=draw(st.just("") | codes()),
        filing_code=draw(st.sampled_from(("CI", "BL", "MC"))),
    )
    billing = draw(billings)
    payment = EarlierPayment(
        payer=draw(payers),
        subscriber=Subscriber(draw(undated), draw(codes(2)), draw(addresses), relationship=relationship),
        paid_cents=draw(POSITIVE),
        decided_on=draw(DAYS),
        line_paid={line.number: draw(POSITIVE) for line in lines},
        line_adjustments={lines[0].number: tuple(draw(st.lists(adjustments, min_size=1, max_size=3)))},
    )
    return ClaimForm(
        claim_number=draw(codes(1, 20, _LETTERS + "0123456789-")),
        charge_cents=sum(line.charge_cents for line in lines),
        place_of_service=draw(st.sampled_from(("11", "02", "10"))),
        diagnoses=diagnoses,
        lines=lines,
        billing=billing,
        rendering=RenderingClinician(
            draw(names()), draw(names()), draw(NPIS.filter(lambda npi: npi != billing.npi)), draw(TAXONOMIES)
        ),
        subscriber=subscriber,
        payer=draw(payers.filter(lambda payer: payer.payer_id != payment.payer.payer_id)),
        frequency=draw(st.sampled_from(ClaimFrequency)),
        original_number=draw(st.just("") | codes()),
        authorisation=draw(st.just("") | codes()),
        patient=patient,
        patient_address=draw(addresses) if patient else None,
        earlier_payments=(payment,) if paid else (),
    )


requests = st.builds(
    EligibilityRequest,
    trace=codes(1, 20),
    payer=payers,
    provider_name=names(),
    provider_npi=NPIS,
    subscriber=persons,
    member_id=codes(2),
    service_date=DAYS,
    service_types=st.lists(st.sampled_from(("MH", "A4", "A6", "30")), min_size=1, unique=True).map(tuple),
    dependent=st.none() | persons,
)
_periods = st.tuples(st.sampled_from(("291", "346", "347")), DAYS, st.none() | DAYS)
benefits = st.builds(
    Benefit,
    code=st.sampled_from(("1", "6", "A", "B", "C", "F", "G", "I", "R", "U", "V")),
    segment=st.just(0),
    level=st.sampled_from(("", "IND", "FAM")),
    service_types=st.lists(st.sampled_from(("MH", "A4", "30", "98")), unique=True).map(tuple),
    insurance_type=st.sampled_from(("", "HM", "PR")),
    plan=st.just("") | names(),
    period=st.sampled_from(("", "23", "27", "29")),
    amount_cents=st.none() | POSITIVE,
    percent=st.none() | st.integers(0, 10_000),
    quantity_kind=st.just("VS"),
    quantity=st.none() | st.integers(0, 200),
    needs_authorisation=st.sampled_from(("", "Y", "N", "U")),
    in_network=st.sampled_from(("", "Y", "N", "W")),
    messages=st.lists(names(), max_size=2).map(tuple),
    dates=st.lists(_periods, max_size=2).map(tuple),
    related=st.lists(st.tuples(st.sampled_from(("PR", "P3", "PRP")), names(), codes()), max_size=2).map(tuple),
    procedure=st.just("") | procedures,
)


@st.composite
def answers(draw: st.DrawFn) -> EligibilityAnswer:
    is_dependent = draw(st.booleans())
    last = "D" if is_dependent else "C"
    loops = ("2000A", "2100A", "2100B", *(("2100C",) if is_dependent else ()), f"2100{last}")
    refusals = [
        Refusal(draw(st.sampled_from(("42", "71", "75"))), draw(st.sampled_from(("C", "N", "R"))), loop, 0)
        for loop in loops
        if draw(st.booleans())
    ]
    told = tuple(draw(st.lists(benefits, max_size=3)))
    if told and draw(st.booleans()):
        refusals.append(Refusal("15", "C", f"2110{last}", 0))
    return EligibilityAnswer(
        trace=draw(codes(1, 20)),
        payer=draw(payers),
        member_id=draw(codes(2)),
        patient=draw(persons),
        benefits=told,
        refusals=tuple(refusals),
        plan_dates=tuple(draw(st.lists(_periods, max_size=2))),
        group_number=draw(st.just("") | codes()),
        is_dependent=is_dependent,
    )


_errors = st.builds(
    SetError,
    segment_id=st.sampled_from(("NM1", "CLM", "SV1", "HI")),
    position=st.integers(1, 9_999),
    loop=st.sampled_from(("", "2010", "2300", "2400")),
    code=st.sampled_from(("1", "3", "7")),
    element=st.sampled_from(("", "2", "1-2")),
    bad_value=st.just(""),
)
groups = st.builds(
    GroupAcknowledgement,
    group_control=st.integers(1, 999_999_999).map(str),
    functional_id=st.just("HC"),
    outcome=st.sampled_from(("A", "E", "P", "R")),
    sets=st.lists(
        st.builds(
            SetAcknowledgement,
            set_id=st.just("837"),
            set_control=digits(9),
            outcome=st.sampled_from(("A", "E", "R")),
            errors=st.lists(_errors, max_size=3).map(tuple),
            codes=st.sampled_from(((), ("5",), ("3", "4"))),
        ),
        max_size=3,
    ).map(tuple),
)
_notes = st.builds(
    StatusNote,
    category=st.sampled_from(("A1", "A2", "A3", "A7", "A8")),
    status=st.sampled_from(("20", "21", "562")),
    entity=st.sampled_from(("", "PR", "85")),
    action=st.sampled_from(("WQ", "U")),
    amount_cents=POSITIVE,
)
_line_notes = st.tuples(codes(), _notes.map(lambda note: replace(note, action="U", amount_cents=None)))
acknowledgements = st.builds(
    ClaimAcknowledgement,
    claim_number=codes(1, 20),
    payer_control=st.just("") | codes(),
    notes=st.lists(_notes, min_size=1, max_size=2).map(tuple),
    on=DAYS,
    line_notes=st.lists(_line_notes, max_size=2).map(tuple),
    batch=st.just("000000907"),
    patient=undated,
    member_id=codes(2),
)
_remitted_lines = st.builds(
    RemittedLine,
    procedure_code=procedures,
    modifiers=modifiers,
    charge_cents=MONEY,
    paid_cents=MONEY,
    units=st.integers(0, 9),
    adjustments=st.lists(adjustments, max_size=8).map(tuple),
    service_date=DAYS,
    control_number=codes(1, 20),
    remarks=st.lists(st.sampled_from(("N130", "MA01", "N20")), max_size=2).map(tuple),
    allowed_cents=st.none() | POSITIVE.filter(bool),
    submitted_code=st.just("") | procedures,
)
_remitted = st.builds(
    RemittedClaim,
    claim_number=codes(1, 20),
    status=st.sampled_from(("1", "2", "3", "4", "19", "22")),
    charge_cents=MONEY,
    paid_cents=MONEY,
    patient_cents=POSITIVE,
    payer_control=codes(),
    adjustments=st.lists(adjustments, max_size=2).map(tuple),
    lines=st.lists(_remitted_lines, max_size=3).map(tuple),
    remarks=st.lists(st.sampled_from(("MA01", "MA07", "N1")), max_size=5).map(tuple),
    member_id=codes(2),
    patient_name=names(),
    crossover=st.none() | payers,
    filing_code=st.sampled_from(("12", "13", "MC")),
)
_kept_back = st.builds(
    ProviderAdjustment,
    reason=st.sampled_from(("WO", "72", "FB", "L6")),
    reference=st.just("") | codes(),
    amount_cents=MONEY,
)


@st.composite
def remittances(draw: st.DrawFn, most_kept_back: int = 8) -> list[RemittancePart]:
    """One to three sets, as their parts in order."""
    parts: list[RemittancePart] = []
    for place in range(draw(st.integers(1, 3))):
        control = f"{place + 1:04}"
        method = draw(st.sampled_from(("ACH", "CHK", "NON")))
        parts.append(
            RemittanceHead(
                set_control=control,
                paid_cents=0 if method == "NON" else draw(POSITIVE),
                trace=draw(codes()),
                method=method,
                paid_on=draw(DAYS),
                payer=draw(payers),
                payee_npi=draw(NPIS),
                payee_name=draw(names()),
                company="1" + draw(digits(9)),
            )
        )
        parts += draw(st.lists(_remitted, min_size=1, max_size=3))
        parts += draw(st.lists(_kept_back, max_size=most_kept_back))
        parts.append(RemittanceEnd(control, 0))
    return parts
