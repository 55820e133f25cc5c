"""Writes claims as an 837P (005010X222A1)."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from adapters.x12.elements import money
from adapters.x12.kinds import CLAIM
from adapters.x12.segments import USUAL, Delimiters
from adapters.x12.writing import InterchangeWriter, written
from models.claim_form import (
    BillingProvider,
    ClaimForm,
    EarlierPayment,
    Envelope,
    LineAdjustment,
    PersonName,
    PostalAddress,
    ServiceLine,
    Subscriber,
)
from models.errors import X12Broken

MOST_CLAIMS = 5_000
"""In one transaction set: the guide's recommended limit (005010X222A1, section 1.3.2)."""
MOST_LINES, MOST_DIAGNOSES, MOST_POINTERS, TRIPLES = 50, 12, 4, 6


def write_837(envelope: Envelope, claims: Iterable[ClaimForm], delimiters: Delimiters = USUAL) -> str:
    """One interchange with one set: claims in their order, those of one billing provider together.

    A subscriber's level is written for each claim; address and DMG of a subscriber who is not the patient are left out,
    as the guide has it. So is the rendering clinician (2310B) where NPI and taxonomy are the billing provider's. Raises
    X12Broken for a value or a claim that the guide has no place for; the message begins with the claim's number.
    """
    writer = InterchangeWriter(envelope, CLAIM, delimiters)
    writer.open_set()
    _write_header(writer)
    together: dict[BillingProvider, list[ClaimForm]] = {}
    for claim in claims:
        together.setdefault(claim.billing, []).append(claim)
    count = sum(map(len, together.values()))
    if not 1 <= count <= MOST_CLAIMS:
        raise X12Broken(f"a file holds 1 to {MOST_CLAIMS} claims, not {count}")
    for billing, of_one in together.items():
        top = _write_billing(writer, billing)
        for claim in of_one:
            try:
                _write_claim(writer, claim, top)
            except X12Broken as broken:
                message = f"claim {claim.claim_number}: {broken}"
                raise X12Broken(message, segment=broken.segment, element=broken.element) from None
    writer.close_set()
    return writer.finished()


def _write_header(writer: InterchangeWriter) -> None:
    envelope = writer.envelope
    writer.add(
        *("BHT", "0019", "00", f"{envelope.control_number:09}", written(envelope.at.date()), f"{envelope.at:%H%M}"),
        "CH",
    )
    for element, text in (("NM103", envelope.submitter_name), ("NM103", envelope.receiver_name)):
        if not text.strip():
            raise X12Broken(f"{element}: an 837P names its submitter and its receiver", element=element)
    if not envelope.contact_phone.strip():
        raise X12Broken("PER04: an 837P names a telephone number of its submitter", element="PER04")
    writer.add("NM1", "41", "2", envelope.submitter_name, "", "", "", "", "46", envelope.sender_id)
    writer.add("PER", "IC", envelope.contact_name, "TE", envelope.contact_phone)
    writer.add("NM1", "40", "2", envelope.receiver_name, "", "", "", "", "46", envelope.receiver_id)


def _write_billing(writer: InterchangeWriter, billing: BillingProvider) -> int:
    level = writer.add_level(None, "20", True)
    if billing.taxonomy:
        writer.add("PRV", "BI", "PXC", billing.taxonomy)
    writer.add("NM1", "85", "2", billing.name, "", "", "", "", "XX", billing.npi)
    _write_address(writer, billing.address)
    writer.add("REF", billing.tax_id_kind, billing.tax_id)
    return level


def _write_claim(writer: InterchangeWriter, claim: ClaimForm, top: int) -> None:
    subscriber, is_patient = claim.subscriber, claim.subscriber.is_patient
    _check(claim)
    level = writer.add_level(top, "22", not is_patient)
    writer.add(
        *("SBR", subscriber.rank.value, "18" if is_patient else "", subscriber.group_number),
        *("", "", "", "", "", subscriber.filing_code),
    )
    _write_person(
        writer, "IL", subscriber.person, subscriber.member_id, subscriber.address, in_full=subscriber.is_patient
    )
    writer.add("NM1", "PR", "2", claim.payer.name, "", "", "", "", "PI", claim.payer.payer_id)
    if claim.patient is not None:
        writer.add_level(level, "23", False)
        writer.add("PAT", subscriber.relationship)
        _write_person(writer, "QC", claim.patient, "", claim.patient_address)
    writer.add(
        *("CLM", claim.claim_number, money(claim.charge_cents), "", ""),
        (claim.place_of_service, "B", claim.frequency.value),
        *("Y", "A", "Y", "Y"),
    )
    if claim.authorisation:
        writer.add("REF", "G1", claim.authorisation)
    if claim.original_number:
        writer.add("REF", "F8", claim.original_number)
    codes = [code.replace(".", "") for code in claim.diagnoses]
    writer.add("HI", *(("ABF" if place else "ABK", code) for place, code in enumerate(codes)))
    rendering = claim.rendering
    if (rendering.npi, rendering.taxonomy) != (claim.billing.npi, claim.billing.taxonomy):
        writer.add(
            "NM1",
            "82",
            "1",
            rendering.family_name,
            rendering.given_name,
            "",
            "",
            "",
            "XX" if rendering.npi else "",
            rendering.npi,
        )
        if rendering.taxonomy:
            writer.add("PRV", "PE", "PXC", rendering.taxonomy)
    for payment in claim.earlier_payments:
        _write_earlier(writer, payment)
    for line in claim.lines:
        _write_line(writer, line, claim.earlier_payments)


def _check(claim: ClaimForm) -> None:
    """What the guide has no place for, so that it cannot be written at all; whether it makes sense is the rules'."""
    if (claim.patient is None) != claim.subscriber.is_patient:
        raise X12Broken("PAT01: a patient who is not the subscriber, and only such, is written apart", element="PAT01")
    if not 1 <= len(claim.lines) <= MOST_LINES or [line.number for line in claim.lines] != list(
        range(1, len(claim.lines) + 1)
    ):
        raise X12Broken(f"LX01: 1 to {MOST_LINES} lines, numbered from 1, were expected", element="LX01")
    if not 1 <= len(claim.diagnoses) <= MOST_DIAGNOSES:
        raise X12Broken(f"HI01: 1 to {MOST_DIAGNOSES} diagnoses were expected", element="HI01")
    for line in claim.lines:
        if not 1 <= len(line.pointers) <= MOST_POINTERS or not set(line.pointers) <= set(
            range(1, len(claim.diagnoses) + 1)
        ):
            raise X12Broken(
                f"SV107 of line {line.number}: 1 to {MOST_POINTERS} pointers to the claim's diagnoses were expected",
                element="SV107",
            )
        if len(line.modifiers) > 4:
            raise X12Broken(f"SV101 of line {line.number}: at most 4 modifiers fit", element="SV101")


def _write_person(
    writer: InterchangeWriter,
    code: str,
    person: PersonName,
    member_id: str,
    address: PostalAddress | None,
    in_full: bool = True,
) -> None:
    identified = ("MI", member_id) if member_id else ("", "")
    writer.add("NM1", code, "1", person.family_name, person.given_name, person.middle_name, "", "", *identified)
    if in_full and address is not None:
        _write_address(writer, address)
    if in_full and person.birth_date is not None and person.sex:
        writer.add("DMG", "D8", written(person.birth_date), person.sex)


def _write_address(writer: InterchangeWriter, address: PostalAddress) -> None:
    writer.add("N3", address.line, address.second_line)
    writer.add("N4", address.city, address.state, address.zip_code)


def _write_earlier(writer: InterchangeWriter, payment: EarlierPayment) -> None:
    """Loop 2320 with 2330A and 2330B; the date stands there only where no line carries it."""
    other: Subscriber = payment.subscriber
    writer.add(
        *("SBR", other.rank.value, other.relationship, other.group_number, "", "", "", "", "", other.filing_code)
    )
    writer.add("AMT", "D", money(payment.paid_cents))
    writer.add("OI", "", "", "Y", "", "", "Y")
    without_dates = PersonName(other.person.family_name, other.person.given_name, other.person.middle_name)
    _write_person(writer, "IL", without_dates, other.member_id, other.address)
    writer.add("NM1", "PR", "2", payment.payer.name, "", "", "", "", "PI", payment.payer.payer_id)
    if not payment.line_paid:
        writer.add("DTP", "573", "D8", written(payment.decided_on))


def _write_line(writer: InterchangeWriter, line: ServiceLine, earlier: Sequence[EarlierPayment]) -> None:
    procedure = ("HC", line.procedure_code, *line.modifiers)
    pointers = tuple(str(pointer) for pointer in line.pointers)
    writer.add("LX", line.number)
    writer.add("SV1", procedure, money(line.charge_cents), "UN", line.units, "", "", pointers)
    writer.add("DTP", "472", "D8", written(line.service_date))
    writer.add("REF", "6R", line.control_number)
    for payment in earlier:
        adjustments = payment.line_adjustments.get(line.number, ())
        if line.number not in payment.line_paid:
            if adjustments:
                raise X12Broken(
                    f"SVD02 of line {line.number}: what the earlier payer paid for it was expected", element="SVD02"
                )
            continue
        paid = money(payment.line_paid[line.number])
        writer.add("SVD", payment.payer.payer_id, paid, procedure, "", line.units)
        write_adjustments(writer, adjustments)
        writer.add("DTP", "573", "D8", written(payment.decided_on))


def write_adjustments(writer: InterchangeWriter, adjustments: Iterable[LineAdjustment]) -> None:
    """CAS segments: neighbours of one group share a segment, six to each at most."""
    for group, of_group in groupby(adjustments, key=lambda adjustment: adjustment.group):
        triples = list(of_group)
        for start in range(0, len(triples), TRIPLES):
            said: list[str] = []
            for triple in triples[start : start + TRIPLES]:
                quantity = "" if triple.quantity is None else str(triple.quantity)
                said += [triple.reason, money(triple.amount_cents), quantity]
            writer.add("CAS", group, *said)
