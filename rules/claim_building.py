"""Makes a claim from its facts and the billing tables, or says what is missing and who can give it.

What a claim must hold: ASC X12, 005010X222A1 (837P). Places of service: CMS, "Place of Service Code Set" (11 office, 02
telehealth elsewhere than at home, 10 at home). Which modifiers go with telehealth (95, 93 for sound alone, GT) is the
payer's to say, and in the payer's row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from models.billing import BillingTables, ClinicianBilling, Fee, Payer, PracticeBilling
from models.claim_facts import ClaimFacts
from models.claim_findings import MissingFact
from models.claim_form import (
    ClaimForm,
    PayerName,
    PersonName,
    PostalAddress,
    RenderingClinician,
    ServiceLine,
    Subscriber,
)
from models.codes import CaseOwner, Modality

MOST_POINTERS = 4
"""Diagnoses one service line may point to (SV107)."""
RELATIONSHIPS = frozenset({"18", "01", "19", "20", "21", "39", "40", "53", "G8"})
"""Who the patient is to the subscriber: SBR02 (18) and PAT01 in 005010X222A1."""
PATIENT, CLINICIAN, BILLER = CaseOwner.PATIENT, CaseOwner.CLINICIAN, CaseOwner.BILLER


@dataclass(frozen=True)
class Built:
    """The claim, or everything that is missing for one."""

    form: ClaimForm | None
    missing: tuple[MissingFact, ...] = ()


def build_claim(facts: ClaimFacts, tables: BillingTables) -> Built:
    """The claim these facts make under the rows in force on the date of service."""
    on = facts.service_date
    payer, practice = tables.payer(facts.coverage.payer_code, on), tables.practice(on)
    clinician = tables.clinician(facts.clinician.staff_id, on)
    place = place_of_service(payer, facts) if payer else None
    fees = _fees(facts, payer, tables)
    missing = (
        *_missing_rows(facts, payer, practice, clinician, fees),
        *_missing_of_session(facts, payer, place),
        *_missing_of_people(facts),
    )
    if missing or payer is None or practice is None or clinician is None or place is None:
        return Built(None, missing)
    lines = _lines(facts, payer, fees)
    held_by, coverage = facts.clinician, facts.coverage
    return Built(
        ClaimForm(
            claim_number=facts.claim_number,
            charge_cents=sum(line.charge_cents for line in lines),
            place_of_service=place,
            diagnoses=facts.diagnoses,
            lines=lines,
            billing=practice.billing,
            rendering=RenderingClinician(held_by.family_name, held_by.given_name, held_by.npi, clinician.taxonomy),
            subscriber=_subscriber(facts, payer),
            payer=PayerName(payer.name, payer.payer_id),
            frequency=facts.frequency,
            original_number=facts.original_number,
            authorisation=facts.authorisation.number if facts.authorisation else "",
            patient=None if coverage.patient_is_subscriber else facts.patient,
            patient_address=None if coverage.patient_is_subscriber else facts.patient_address,
            earlier_payments=facts.earlier_payments,
        )
    )


def place_of_service(payer: Payer, facts: ClaimFacts) -> str | None:
    """CLM05-1 as this payer wants it; None where nobody wrote down where the patient was, or how they met."""
    if facts.modality is Modality.OFFICE:
        return payer.place_office
    if facts.modality is not Modality.TELEHEALTH:
        return None
    if payer.place_telehealth_home == payer.place_telehealth_elsewhere:
        return payer.place_telehealth_home
    if facts.patient_at_home is None:
        return payer.place_telehealth_unsaid or None
    return payer.place_telehealth_home if facts.patient_at_home else payer.place_telehealth_elsewhere


def modifiers(payer: Payer, facts: ClaimFacts) -> tuple[str, ...]:
    """SV101-3 to -6 as this payer wants them beside every code of the session."""
    if facts.modality is not Modality.TELEHEALTH:
        return ()
    return payer.audio_modifiers if facts.audio_only else payer.telehealth_modifiers


def claimed_codes(facts: ClaimFacts) -> tuple[tuple[str, int], ...]:
    """The main code and its add-ons with their units, in the order of their lines."""
    return ((facts.procedure_code, 1), *facts.addons)


def _fees(facts: ClaimFacts, payer: Payer | None, tables: BillingTables) -> dict[str, Fee]:
    if payer is None:
        return {}
    beside = modifiers(payer, facts)
    found = {code: tables.fee(payer.code, code, beside, facts.service_date) for code, _ in claimed_codes(facts)}
    return {code: fee for code, fee in found.items() if fee is not None}


def _lines(facts: ClaimFacts, payer: Payer, fees: dict[str, Fee]) -> tuple[ServiceLine, ...]:
    beside = modifiers(payer, facts)
    pointers = tuple(range(1, min(len(facts.diagnoses), MOST_POINTERS) + 1))
    return tuple(
        ServiceLine(
            number=number,
            procedure_code=code,
            charge_cents=fees[code].charge_cents * units,
            service_date=facts.service_date,
            control_number=f"{facts.claim_number}L{number}",
            modifiers=beside,
            units=units,
            pointers=pointers,
        )
        for number, (code, units) in enumerate(claimed_codes(facts), 1)
    )


def _subscriber(facts: ClaimFacts, payer: Payer) -> Subscriber:
    coverage = facts.coverage
    if coverage.patient_is_subscriber or coverage.subscriber is None:
        person, address = facts.patient, facts.patient_address
    else:
        person, address = coverage.subscriber, coverage.subscriber_address
    return Subscriber(
        person=person,
        member_id=coverage.member_id,
        address=address,
        rank=coverage.rank,
        relationship=coverage.relationship,
        group_number=coverage.group_number,
        filing_code=payer.filing_code,
    )


# --- what is missing ------------------------------------------------------------------------------


def _missing_rows(
    facts: ClaimFacts,
    payer: Payer | None,
    practice: PracticeBilling | None,
    clinician: ClinicianBilling | None,
    fees: dict[str, Fee],
) -> Iterator[MissingFact]:
    on = _on(facts.service_date)
    if payer is None:
        yield MissingFact("coverage.payer_code", f"The payer's row that holds {on} is missing.", BILLER)
    if practice is None:
        yield MissingFact("practice", f"Who bills {on} is missing in the billing tables.", BILLER)
    if clinician is None:
        yield MissingFact("clinician.taxonomy", f"The clinician's taxonomy code {on} is missing.", BILLER)
    if not facts.clinician.npi:
        yield MissingFact("clinician.npi", "The clinician's NPI is missing.", BILLER)
    if payer is not None:
        for code, _ in claimed_codes(facts):
            if code and code not in fees:
                yield MissingFact(f"fee.{code}", f"What {code} is billed at {on} is missing.", BILLER)


def _missing_of_session(facts: ClaimFacts, payer: Payer | None, place: str | None) -> Iterator[MissingFact]:
    if not facts.procedure_code:
        yield MissingFact("procedure_code", "The signed note has no procedure code.", CLINICIAN)
    if any(units < 1 for _, units in facts.addons):
        yield MissingFact("addons", "How often an add-on code is claimed is missing.", CLINICIAN)
    if not facts.diagnoses:
        yield MissingFact("diagnoses", "The signed note has no diagnosis.", CLINICIAN)
    if facts.modality not in (Modality.OFFICE, Modality.TELEHEALTH):
        yield MissingFact("modality", "Whether the session was in the office or by telehealth is missing.", CLINICIAN)
    elif payer is not None and place is None:
        yield MissingFact("patient_at_home", "Whether the patient was at home is missing.", CLINICIAN)


def _missing_of_people(facts: ClaimFacts) -> Iterator[MissingFact]:
    coverage = facts.coverage
    if not coverage.member_id:
        yield MissingFact("coverage.member_id", "The member number on the insurance card is missing.", PATIENT)
    if coverage.relationship not in RELATIONSHIPS:
        yield MissingFact("coverage.relationship", "Who the patient is to the subscriber is missing.", PATIENT)
    yield from _missing_of_person("patient", "patient's", facts.patient)
    yield from _missing_of_address("patient_address", "patient's", facts.patient_address)
    if not coverage.patient_is_subscriber:
        if coverage.subscriber is None:
            yield MissingFact("coverage.subscriber", "Whose policy it is is missing.", PATIENT)
        else:
            yield from _missing_of_name("coverage.subscriber", "subscriber's", coverage.subscriber)


def _missing_of_name(field: str, whose: str, person: PersonName) -> Iterator[MissingFact]:
    if not person.family_name:
        yield MissingFact(f"{field}.family_name", f"The {whose} family name is missing.", PATIENT)


def _missing_of_person(field: str, whose: str, person: PersonName) -> Iterator[MissingFact]:
    yield from _missing_of_name(field, whose, person)
    if person.birth_date is None:
        yield MissingFact(f"{field}.birth_date", f"The {whose} birth date is missing.", PATIENT)
    if person.sex not in ("F", "M", "U"):
        yield MissingFact(f"{field}.sex", f"The {whose} sex as the payer has it (F, M, or U) is missing.", PATIENT)


def _missing_of_address(field: str, whose: str, address: PostalAddress | None) -> Iterator[MissingFact]:
    if address is None:
        yield MissingFact(field, f"The {whose} address is missing.", PATIENT)
        return
    parts: tuple[tuple[str, Callable[[PostalAddress], str], str], ...] = (
        ("line", lambda it: it.line, "street"),
        ("city", lambda it: it.city, "city"),
        ("state", lambda it: it.state, "state"),
        ("zip_code", lambda it: it.zip_code, "ZIP code"),
    )
    for name, said, words in parts:
        if not said(address):
            yield MissingFact(f"{field}.{name}", f"The {words} of the {whose} address is missing.", PATIENT)


def _on(day: date) -> str:
    return f"on {day.isoformat()}"
