"""Writes an 835 (005010X221A1), as a payer would."""

from collections.abc import Iterable

from adapters.x12.claim_writing import write_adjustments
from adapters.x12.elements import money
from adapters.x12.kinds import REMITTANCE
from adapters.x12.segments import USUAL, Delimiters
from adapters.x12.writing import InterchangeWriter, written
from models.claim_answers import (
    ProviderAdjustment,
    RemittanceEnd,
    RemittanceHead,
    RemittancePart,
    RemittedClaim,
    RemittedLine,
)
from models.claim_form import Envelope
from models.errors import X12Broken

NO_COMPANY = "1000000000"
NO_BANK = "000000000"
NO_ACCOUNT = "0"
"""What stands where the guide asks for a number that ``RemittanceHead`` does not have."""

MOST_REMARKS, MOST_PAIRS = 5, 6


def write_835(envelope: Envelope, parts: Iterable[RemittancePart], delimiters: Delimiters = USUAL) -> str:
    """One interchange: a set begins at each RemittanceHead; what follows it until the next one belongs to it.

    ``RemittanceEnd`` closes its set; its count and every ``segment`` are made anew. Company, bank, accounts and the
    payer's address are placeholders where the values do not say them. Raises X12Broken.
    """
    writer = InterchangeWriter(envelope, REMITTANCE, delimiters)
    head: RemittanceHead | None = None
    has_claims = False
    adjustments: list[ProviderAdjustment] = []
    for part in parts:
        if isinstance(part, RemittanceHead):
            if head is not None:
                _close(writer, head, adjustments)
            head, has_claims, adjustments = part, False, []
            _write_head(writer, part)
            continue
        if head is None:
            raise X12Broken("ST01: a set begins with its RemittanceHead", element="ST01")
        if isinstance(part, RemittanceEnd):
            _close(writer, head, adjustments)
            head = None
        elif isinstance(part, ProviderAdjustment):
            adjustments.append(part)
        else:
            if adjustments:
                raise X12Broken("PLB01: adjustments of the provider stand after all claims of a set", element="PLB01")
            if not has_claims:
                writer.add("LX", 1)
                has_claims = True
            _write_claim(writer, part)
    if head is not None:
        _close(writer, head, adjustments)
    return writer.finished()


def _close(writer: InterchangeWriter, head: RemittanceHead, adjustments: list[ProviderAdjustment]) -> None:
    """PLB, six pairs to a segment, in the fiscal year of the payment; then SE."""
    for start in range(0, len(adjustments), MOST_PAIRS):
        pairs: list[str | tuple[str, ...]] = []
        for adjustment in adjustments[start : start + MOST_PAIRS]:
            pairs += [(adjustment.reason, adjustment.reference), money(adjustment.amount_cents)]
        writer.add("PLB", head.payee_npi, f"{head.paid_on.year:04}1231", *pairs)
    writer.close_set()


def _write_head(writer: InterchangeWriter, head: RemittanceHead) -> None:
    writer.open_set(head.set_control, with_version=False)
    company = head.company or NO_COMPANY
    bank = ["CCP", "01", NO_BANK, "DA", NO_ACCOUNT, company, "", "01", NO_BANK, "DA", NO_ACCOUNT]
    writer.add(
        *("BPR", "H" if head.method == "NON" else "I", money(head.paid_cents), "C" if head.credit else "D"),
        *(head.method, *(bank if head.method == "ACH" else [""] * len(bank)), written(head.paid_on)),
    )
    writer.add("TRN", "1", head.trace, company)
    writer.add("DTM", "405", written(writer.envelope.at.date()))
    writer.add("N1", "PR", head.payer.name)
    writer.add("N3", "NO ADDRESS")
    writer.add("N4", "NO CITY", "NY", "100010000")
    if head.payer.payer_id:
        writer.add("REF", "2U", head.payer.payer_id)
    writer.add("PER", "BL", "CLAIMS", "TE", "8005550100")
    writer.add("N1", "PE", head.payee_name, "XX" if head.payee_npi else "", head.payee_npi)


def _write_claim(writer: InterchangeWriter, claim: RemittedClaim) -> None:
    writer.add(
        *("CLP", claim.claim_number, claim.status, money(claim.charge_cents), money(claim.paid_cents)),
        *(money(claim.patient_cents) if claim.patient_cents else "", claim.filing_code, claim.payer_control),
    )
    write_adjustments(writer, claim.adjustments)
    given, _, family = claim.patient_name.rpartition(" ")
    identified = ("MI", claim.member_id) if claim.member_id else ("", "")
    writer.add("NM1", "QC", "1", family, given, "", "", "", *identified)
    if claim.crossover is not None:
        writer.add("NM1", "TT", "2", claim.crossover.name, "", "", "", "", "PI", claim.crossover.payer_id)
    if len(claim.remarks) > MOST_REMARKS:
        raise writer.refused("MOA", 3, f"at most {MOST_REMARKS} remarks fit")
    if claim.remarks:
        writer.add("MOA", "", "", *claim.remarks)
    for line in claim.lines:
        _write_line(writer, line)


def _write_line(writer: InterchangeWriter, line: RemittedLine) -> None:
    writer.add(
        *("SVC", ("HC", line.procedure_code, *line.modifiers), money(line.charge_cents), money(line.paid_cents)),
        *("", line.units, ("HC", line.submitted_code) if line.submitted_code else ""),
    )
    if line.service_date is not None:
        writer.add("DTM", "472", written(line.service_date))
    write_adjustments(writer, line.adjustments)
    if line.control_number:
        writer.add("REF", "6R", line.control_number)
    if line.allowed_cents is not None:
        writer.add("AMT", "B6", money(line.allowed_cents))
    for remark in line.remarks:
        writer.add("LQ", "HE", remark)
