"""What a FHIR R4 referral bundle holds; the reader of the file and its contract agree here.

A bundle carries one referral: one Patient, one ServiceRequest, and where known Coverage, Consent and
QuestionnaireResponses about that same patient. Every reading raises ContractBroken that names the FHIR path,
never the value. Codes without a home in FHIR or HL7 terminology use the systems ``urn:countersign:…`` below.
Checked with fhir.resources R4B: its root is R5, it has no plain R4, and these resources read the same in
both.
"""

import json
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from models.codes import Modality
from models.columns import utc_now
from models.errors import ContractBroken
from models.measures import DEFINITIONS, Item, Measure
from models.referral_intake import Finding, MeasureAnswers
from models.referral_table import (
    DAYS,
    FOCUS_AREAS,
    LATEST,
    SELF_PAY_CODE,
    gentlest_channel,
    read_code,
    read_day,
    read_email,
    read_id,
    read_language,
    read_member_id,
    read_moment,
    read_phone,
    read_state,
    read_zone,
)
from models.therapy_text import TherapyText

MODALITY_SYSTEM = "urn:countersign:modality"
ACCESS_SYSTEM = "urn:countersign:access"
FOCUS_SYSTEM = "urn:countersign:focus-area"
CONSENT_SYSTEM = "urn:countersign:consent"
STEP_FREE, AI_READING = "step-free", "ai-reading"
SELF_PAY_SYSTEM = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
TIMEZONE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/timezone"
ORDINAL_EXTENSIONS = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
READ_TYPES = frozenset(
    [
        "Patient",
        "ServiceRequest",
        "Coverage",
        "Consent",
        "QuestionnaireResponse",
        "Practitioner",
        "PractitionerRole",
        "Organization",
    ]
)
# A stopped or entered-in-error form must not be scored, and must not vanish unseen either.
READ_RESPONSE_STATUSES = ("completed", "amended", "in-progress")
DAY_PART_OF_TIMING = {"MORN": "am", "NOON": "pm", "AFT": "pm", "EVE": "eve"}
LONGEST_TEXT = 20_000

_PROPERTY = re.compile(r"_?[a-z][A-Za-z]{1,39}")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")

Resource = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One resource of the bundle and where it stands (``at`` counts from 0)."""

    at: int
    full_url: str
    resource: Resource

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.at}].resource"

    @property
    def kind(self) -> str:
        return str(self.resource.get("resourceType", ""))

    def answers_to(self, reference: str) -> bool:
        """An empty reference names nobody, not even a resource without an address."""
        own = f"{self.kind}/{self.resource['id']}" if self.resource.get("id") else ""
        return bool(reference) and (reference in (self.full_url, own) or (bool(own) and reference.endswith(f"/{own}")))

    def broken(self, below: str, reason: str) -> ContractBroken:
        return ContractBroken(reason, row=self.at + 1, field=f"{self.path}.{below}")


@dataclass(frozen=True)
class ReferralBundle:
    """The bundle's own fields and its entries."""

    head: Resource
    entries: tuple[Entry, ...]
    known_locations: frozenset[str]
    latest: datetime
    """A time after this lies in the future."""

    def all_of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def only(self, kind: str) -> Entry:
        found = self.all_of(kind)
        if len(found) != 1:
            raise ContractBroken(f"the bundle must hold exactly one {kind}", row=0, field="Bundle.entry")
        return found[0]

    @cached_property
    def patient(self) -> Entry:
        return self.only("Patient")

    @cached_property
    def request(self) -> Entry:
        return self.only("ServiceRequest")

    @cached_property
    def coverage(self) -> Entry | None:
        """The coverage to ask first, None where the sender named none."""
        found = sorted(self.all_of("Coverage"), key=_order_of)
        if len(found) > 1 and _order_of(found[0]) == _order_of(found[1]):
            raise found[1].broken("order", "with several Coverages, order must say which one pays first")
        for entry in found:
            self.check_is_about_patient(entry, "beneficiary")
            if entry.resource.get("status") != "active":
                raise entry.broken("status", "a Coverage must be active")
        return found[0] if found else None

    def check_is_about_patient(self, entry: Entry, field: str) -> None:
        """A resource about somebody else in the same file must never reach this patient's record."""
        if not self.patient.answers_to((entry.resource.get(field) or {}).get("reference", "")):
            raise entry.broken(f"{field}.reference", f"{field} must refer to the bundle's Patient")

    def named_by(self, reference: Resource) -> Entry | None:
        """The entry a reference points to, if it is of a kind whose structure is checked."""
        target = reference.get("reference", "")
        return next((it for it in self.entries if it.kind in READ_TYPES and it.answers_to(target)), None)


def _order_of(coverage: Entry) -> int:
    return int(coverage.resource.get("order", 0))


def open_bundle(data: bytes, known_locations: Collection[str]) -> ReferralBundle:
    """The bundle, not yet checked beyond being JSON with resources in it."""
    try:
        bundle = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_members,
            parse_constant=_not_a_number,
            parse_float=_finite,
        )
    except RecursionError:
        raise ContractBroken("the file is nested too deeply to be a bundle", row=0, field="Bundle") from None
    except (UnicodeDecodeError, ValueError):
        raise ContractBroken("the file is not JSON in UTF-8", row=0, field="Bundle") from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise ContractBroken("the file must hold one FHIR Bundle", row=0, field="Bundle.resourceType")
    listed = bundle.pop("entry", None)
    if not isinstance(listed, list) or not listed:
        raise ContractBroken("the bundle has no entries", row=0, field="Bundle.entry")
    return ReferralBundle(bundle, tuple(_entries(listed)), frozenset(known_locations), utc_now() + LATEST)


def _members(pairs: list[tuple[str, Any]]) -> Resource:
    """One object's members; what a sender writes as null says nothing, so it is read like what is absent.

    Raises ContractBroken for a name that stands twice, because nobody can say which one is meant, and for what no
    database holds as text.
    """
    members: Resource = {}
    for name, value in pairs:
        listed = value if isinstance(value, list) else [value]
        if name in members:
            raise ContractBroken(f"{_known(name)} stands twice in one object", row=0, field="Bundle")
        if any(_NO_TEXT.search(it) for it in (name, *listed) if isinstance(it, str)):
            raise ContractBroken(f"{_known(name)} holds a character that is no text", row=0, field="Bundle")
        members[name] = [it for it in value if it is not None] if isinstance(value, list) else value
    return {name: value for name, value in members.items() if value is not None}


def _not_a_number(name: str) -> float:
    raise ContractBroken(f"{name} is no number in JSON", row=0, field="Bundle")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_a_number("a number too large")


def _known(name: str) -> str:
    """A property's name; one of the sender's own invention could say anything, so it shows as ?."""
    return name if _PROPERTY.fullmatch(name) else "?"


def _entries(listed: list[Any]) -> Iterator[Entry]:
    for at, entry in enumerate(listed):
        if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
            raise ContractBroken("the entry has no resource", row=at + 1, field=f"Bundle.entry[{at}].resource")
        yield Entry(at, str(entry.get("fullUrl", "")), entry["resource"])


def structure_findings(bundle: ReferralBundle) -> tuple[Finding, ...]:
    """What FHIR itself does not allow, in the bundle's head and in each resource that we read."""
    findings = _not_fhir("Bundle", bundle.head, "Bundle", 0)
    for entry in bundle.entries:
        if entry.kind in READ_TYPES:
            findings += _not_fhir(entry.kind, entry.resource, entry.path, entry.at + 1)
    return tuple(findings)


def _not_fhir(kind: str, resource: Resource, path: str, row: int) -> list[Finding]:
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    try:
        get_fhir_model_class(kind).model_validate(resource)
    except ValidationError as broken:
        # Pydantic's messages quote the input; only the place and the kind of fault are passed on.
        return [
            Finding(row, _path(path, fault["loc"]), "fhir_r4", f"is not valid FHIR R4 ({fault['type']})")
            for fault in broken.errors(include_input=False, include_context=False, include_url=False)
        ]
    except Exception:  # an unknown contained resource raises KeyError, odd input more; each is the sender's to fix
        return [Finding(row, path, "fhir_r4", f"is not a valid FHIR R4 {kind}")]
    return []


def _path(path: str, places: tuple[int | str, ...]) -> str:
    """The FHIR path; a property name of the sender's own invention could say anything, so it shows as ?."""
    for place in places:
        path += f"[{place}]" if isinstance(place, int) else f".{_known(place)}"
    return path


# --- one reading per fact, named as the referral names it -----------------------------------------


def _external_id(bundle: ReferralBundle) -> str:
    request = bundle.request
    given = next((it.get("value") for it in request.resource.get("identifier", []) if it.get("value")), None)
    found = read_id(given or request.resource.get("id") or "")
    if found is None:
        raise request.broken("identifier[0].value", "the referral needs a number: letters, digits and . _ : / -")
    return found


def _received_at(bundle: ReferralBundle) -> datetime:
    """When the bundle was sent; when the referral was written, if the bundle does not say."""
    stated = bundle.head.get("timestamp") or bundle.request.resource.get("authoredOn") or ""
    found = read_moment(str(stated))
    if found is None:
        raise ContractBroken("must be a time with its offset", row=0, field="Bundle.timestamp")
    if found > bundle.latest:
        raise ContractBroken("must not lie in the future", row=0, field="Bundle.timestamp")
    return found


def _name(bundle: ReferralBundle) -> tuple[Resource, str]:
    names = list(enumerate(bundle.patient.resource.get("name", [])))
    for use in ("official", "usual", None):
        for at, name in names:
            if name.get("use") == use:
                return name, f"name[{at}]"
    raise bundle.patient.broken("name", "the patient needs an official or usual name")


def _given_name(bundle: ReferralBundle) -> str:
    name, path = _name(bundle)
    return _short_text(bundle.patient, "".join(name.get("given", [])[:1]), f"{path}.given[0]", "a given name")


def _family_name(bundle: ReferralBundle) -> str:
    name, path = _name(bundle)
    return _short_text(bundle.patient, name.get("family"), f"{path}.family", "a family name")


def _short_text(entry: Entry, text: str | None, below: str, what: str) -> str:
    found = (text or "").strip()
    if not 0 < len(found) <= 100:
        raise entry.broken(below, f"must be {what} of at most 100 characters")
    return found


def _birth_date(bundle: ReferralBundle) -> date:
    born = read_day(str(bundle.patient.resource.get("birthDate", "")))
    if born is None:
        raise bundle.patient.broken("birthDate", "must be a full date that exists, such as 1990-04-23")
    received = _received_at(bundle).date()
    if not 0 <= received.year - born.year - ((received.month, received.day) < (born.month, born.day)) <= 120:
        raise bundle.patient.broken("birthDate", "must make the patient 0 to 120 years old on the day of receipt")
    return born


def _contacts(bundle: ReferralBundle) -> list[tuple[str, str, int]]:
    """(system, readable value, rank or 0) of the patient's present contacts, the preferred first."""
    found = []
    for at, contact in enumerate(bundle.patient.resource.get("telecom", [])):
        system = contact.get("system")
        if contact.get("use") == "old" or system not in ("email", "phone", "sms"):
            continue
        value = (read_email if system == "email" else read_phone)(str(contact.get("value", "")).strip())
        if value is None:
            raise bundle.patient.broken(f"telecom[{at}].value", f"must be a usable {system} contact")
        found.append((system, value, int(contact.get("rank", 0))))
    return sorted(found, key=lambda it: it[2] or 1_000)


def _email(bundle: ReferralBundle) -> str | None:
    return next((value for system, value, _ in _contacts(bundle) if system == "email"), None)


def _phone(bundle: ReferralBundle) -> str | None:
    return next((value for system, value, _ in _contacts(bundle) if system != "email"), None)


def _preferred_channel(bundle: ReferralBundle) -> str:
    stated = next((system for system, _, rank in _contacts(bundle) if rank), None)
    channel = stated or gentlest_channel(_email(bundle), _phone(bundle))
    if channel is None:
        raise bundle.patient.broken("telecom", "an email address or a phone number is needed to reach the patient")
    return channel


def _address(bundle: ReferralBundle) -> tuple[Resource, str]:
    """Where the patient is now: the home address, else the first that is not marked old."""
    present = [
        (it, f"address[{at}]")
        for at, it in enumerate(bundle.patient.resource.get("address", []))
        if it.get("use") != "old"
    ]
    return next((it for it in present if it[0].get("use") == "home"), present[0] if present else ({}, "address"))


def _state(bundle: ReferralBundle) -> str | None:
    address, path = _address(bundle)
    if not address.get("state"):
        return None
    state = read_state(address["state"])
    if state is None:
        raise bundle.patient.broken(f"{path}.state", "must be a two-letter USPS code")
    return state


def _time_zone(bundle: ReferralBundle) -> str | None:
    address, path = _address(bundle)
    for holder, below in ((bundle.patient.resource, ""), (address, f"{path}.")):
        for at, extension in enumerate(holder.get("extension", [])):
            if extension.get("url") == TIMEZONE_EXTENSION:
                zone = read_zone(extension.get("valueCode", ""))
                if zone is None:
                    raise bundle.patient.broken(f"{below}extension[{at}].valueCode", "must be an IANA zone name")
                return zone
    return None


def _language(bundle: ReferralBundle) -> str | None:
    spoken = list(enumerate(bundle.patient.resource.get("communication", [])))
    chosen = [it for it in spoken if it[1].get("preferred")] or (spoken if len(spoken) == 1 else [])
    if not chosen:
        return None
    at, communication = chosen[0]
    code = next((it.get("code", "") for it in communication.get("language", {}).get("coding", [])), "")
    language = read_language(code)
    if language is None:
        raise bundle.patient.broken(f"communication[{at}].language", "must be coded, such as en or es")
    return language


def _payer_code(bundle: ReferralBundle) -> str | None:
    """The payer's identifier in the Coverage or on its Organization, else the last part of the reference."""
    if bundle.coverage is None or _self_pay_coverage(bundle.coverage):
        return None
    payor = (bundle.coverage.resource.get("payor") or [{}])[0]
    organization = bundle.named_by(payor)
    identifiers = [payor.get("identifier") or {}]
    identifiers += organization.resource.get("identifier", []) if organization else []
    stated = next((it["value"] for it in identifiers if it.get("value")), None)
    code = read_code(stated or payor.get("reference", "").rsplit("/", 1)[-1])
    if code is None:
        raise bundle.coverage.broken("payor[0]", "must name the payer by identifier or reference")
    return code


def _plan_code(bundle: ReferralBundle) -> str | None:
    if bundle.coverage is None:
        return None
    for at, part in enumerate(bundle.coverage.resource.get("class", [])):
        if any(coding.get("code") == "plan" for coding in part.get("type", {}).get("coding", [])):
            code = read_code(part.get("value", ""))
            if code is None:
                raise bundle.coverage.broken(f"class[{at}].value", "must be the plan's code")
            return code
    return None


def _member_id(bundle: ReferralBundle) -> str | None:
    if bundle.coverage is None:
        return None
    resource = bundle.coverage.resource
    numbers = [
        (identifier.get("value", ""), f"identifier[{at}].value")
        for at, identifier in enumerate(resource.get("identifier", []))
        if any(coding.get("code") == "MB" for coding in identifier.get("type", {}).get("coding", []))
    ]
    if resource.get("subscriberId"):
        numbers.append((resource["subscriberId"], "subscriberId"))
    if not numbers:
        return None
    member_id = read_member_id(numbers[0][0])
    if member_id is None:
        raise bundle.coverage.broken(numbers[0][1], "must be the member number on the insurance card")
    return member_id


def _self_pay_coverage(coverage: Entry) -> bool:
    codings = coverage.resource.get("type", {}).get("coding", [])
    return any(it.get("system") == SELF_PAY_SYSTEM and it.get("code") == "pay" for it in codings)


def _self_pay(bundle: ReferralBundle) -> bool:
    if bundle.coverage is None:
        return False
    return _self_pay_coverage(bundle.coverage) or _payer_code(bundle) == SELF_PAY_CODE


def _order_details(bundle: ReferralBundle, system: str) -> list[tuple[str, str]]:
    """(code, path) of the order details that our own code system states."""
    return [
        (coding.get("code", ""), f"orderDetail[{at}].coding[{of}].code")
        for at, detail in enumerate(bundle.request.resource.get("orderDetail", []))
        for of, coding in enumerate(detail.get("coding", []))
        if coding.get("system") == system
    ]


def _modality(bundle: ReferralBundle) -> Modality:
    for code, path in _order_details(bundle, MODALITY_SYSTEM):
        if code not in set(Modality):
            raise bundle.request.broken(path, "must be office, telehealth or either")
        return Modality(code)
    return Modality.EITHER


def _needs_accessible(bundle: ReferralBundle) -> bool:
    stated = _order_details(bundle, ACCESS_SYSTEM)
    for code, path in stated:
        if code != STEP_FREE:
            raise bundle.request.broken(path, f"must be {STEP_FREE}")
    return bool(stated)


def _location_id(bundle: ReferralBundle) -> str:
    place = (bundle.request.resource.get("locationReference") or [{}])[0]
    stated = (place.get("identifier") or {}).get("value") or place.get("reference", "").rsplit("/", 1)[-1]
    if stated not in bundle.known_locations:
        known = ", ".join(sorted(bundle.known_locations))
        raise bundle.request.broken("locationReference[0]", f"must be one of the practice's locations: {known}")
    return str(stated)


def _focus_areas(bundle: ReferralBundle) -> tuple[str, ...]:
    areas = []
    for at, reason in enumerate(bundle.request.resource.get("reasonCode", [])):
        for of, coding in enumerate(reason.get("coding", [])):
            if coding.get("system") == FOCUS_SYSTEM:
                if coding.get("code") not in FOCUS_AREAS:
                    path = f"reasonCode[{at}].coding[{of}].code"
                    raise bundle.request.broken(path, "must be one of: " + ", ".join(FOCUS_AREAS))
                areas.append(coding["code"])
    return tuple(dict.fromkeys(areas))


def _preferred_times(bundle: ReferralBundle) -> tuple[str, ...]:
    """Every named part of every named day; the whole day where no part is named."""
    repeat = bundle.request.resource.get("occurrenceTiming", {}).get("repeat", {})
    parts = []
    for at, code in enumerate(repeat.get("when", [])):
        part = DAY_PART_OF_TIMING.get(code.split(".")[0])
        if part is None:
            path = f"occurrenceTiming.repeat.when[{at}]"
            raise bundle.request.broken(path, "must be a part of the day: MORN, NOON, AFT or EVE")
        parts.append(part)
    days = [day for day in DAYS if day in repeat.get("dayOfWeek", [])]
    return tuple(dict.fromkeys(f"{day}-{part}" for day in days for part in parts or ("am", "pm", "eve")))


def _referrer_name(bundle: ReferralBundle) -> str | None:
    requester = bundle.request.resource.get("requester") or {}
    named = bundle.named_by(requester)
    if requester.get("display"):
        return str(requester["display"])[:200]
    if named is None:
        return None
    name = named.resource.get("name")
    if isinstance(name, list) and name:
        whole = name[0].get("text") or " ".join([*name[0].get("given", []), name[0].get("family", "")]).strip()
        return whole[:200] or None
    return name[:200] if isinstance(name, str) else None


def _referral_text(bundle: ReferralBundle) -> TherapyText:
    request = bundle.request.resource
    reasons = [reason.get("text", "") for reason in request.get("reasonCode", [])]
    notes = [note.get("text", "") for note in request.get("note", [])]
    text = "\n\n".join(part.strip() for part in [*reasons, *notes] if part.strip())
    if len(text) > LONGEST_TEXT:
        raise bundle.request.broken("note", f"must be at most {LONGEST_TEXT} characters long")
    return TherapyText(text)


def _ai_consent(bundle: ReferralBundle) -> Resource | None:
    """The patient's latest word on AI reading; a Consent about anything else is not it."""
    found = []
    for entry in bundle.all_of("Consent"):
        codings = [it for category in entry.resource.get("category", []) for it in category.get("coding", [])]
        if any(it.get("system") == CONSENT_SYSTEM and it.get("code") == AI_READING for it in codings):
            bundle.check_is_about_patient(entry, "patient")
            said_on = read_day(str(entry.resource.get("dateTime", ""))[:10])
            if said_on and said_on > bundle.latest.date():
                raise entry.broken("dateTime", "must not lie in the future")
            found.append(entry.resource)
    return max(found, key=lambda it: str(it.get("dateTime", "")), default=None)


def _consent_ai(bundle: ReferralBundle) -> bool | None:
    consent = _ai_consent(bundle) or {}
    if consent.get("status") in ("rejected", "inactive"):
        return False
    stated = consent.get("provision", {}).get("type")
    if consent.get("status") != "active" or stated not in ("permit", "deny"):
        return None
    return bool(stated == "permit")


def _consent_ai_on(bundle: ReferralBundle) -> date | None:
    return read_day(str((_ai_consent(bundle) or {}).get("dateTime", ""))[:10])


def _answers(bundle: ReferralBundle) -> tuple[MeasureAnswers, ...]:
    """Each measure answered, oldest first."""
    found = [filled for entry in bundle.all_of("QuestionnaireResponse") for filled in _measures_in(bundle, entry)]
    return tuple(sorted(found, key=lambda it: it.authored_at))


def _measures_in(bundle: ReferralBundle, entry: Entry) -> Iterator[MeasureAnswers]:
    bundle.check_is_about_patient(entry, "subject")
    if entry.resource.get("status") not in READ_RESPONSE_STATUSES:
        raise entry.broken("status", "must be completed, amended or in-progress")
    for filled in read_response(entry):
        if filled.authored_at > bundle.latest:
            raise entry.broken("authored", "must not lie in the future")
        yield filled


def read_response(entry: Entry) -> Iterator[MeasureAnswers]:
    """The answers of one QuestionnaireResponse, for each of our measures that its items belong to."""
    authored_at = _authored_at(entry)
    _, _, version = str(entry.resource.get("questionnaire", "")).partition("|")
    answers: dict[Measure, dict[int, int]] = {}
    for response_item, path in _items(entry.resource, ""):
        known = _item_of(response_item)
        if known is None:
            continue
        measure, item = known
        of_measure = answers.setdefault(measure, {})
        if item.number in of_measure:
            raise entry.broken(path, "this question is answered twice")
        value = _answer(entry, item, response_item.get("answer") or [], f"{path}.answer")
        if value is not None:
            of_measure[item.number] = value
    if not answers:
        raise entry.broken("item", "none of the questions is one that we read; their linkIds must be LOINC codes")
    for measure, given in answers.items():
        yield MeasureAnswers(measure.value, version or "unstated", authored_at, given)


def _authored_at(entry: Entry) -> datetime:
    """A day without a time is kept as that day's first moment in UTC."""
    stated = str(entry.resource.get("authored", ""))
    day = read_day(stated)
    found = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else read_moment(stated)
    if found is None:
        raise entry.broken("authored", "must be a date, or a time with its offset")
    return found


def _items(parent: Resource, path: str) -> Iterator[tuple[Resource, str]]:
    """Every item with its path, inside groups and under answers too."""
    for at, item in enumerate(parent.get("item", [])):
        below = f"{path}item[{at}]"
        yield item, below
        yield from _items(item, f"{below}.")
        for of, answer in enumerate(item.get("answer", [])):
            yield from _items(answer, f"{below}.answer[{of}].")


def _item_of(response_item: Resource) -> tuple[Measure, Item] | None:
    link_id = str(response_item.get("linkId", "")).rsplit("/", 1)[-1]
    for measure, definition in DEFINITIONS.items():
        item = definition.item_of_link(link_id)
        if item is not None:
            return measure, item
    return None


def _answer(entry: Entry, item: Item, answers: list[Resource], path: str) -> int | None:
    """The item's value, None where it was left open; all ways in which the sender states it must agree."""
    if not answers:
        return None
    if len(answers) > 1:
        raise entry.broken(path, "this question takes one answer")
    stated = _stated_values(item, answers[0])
    if len(set(stated)) != 1 or stated[0] not in item.values:
        low, high = min(item.values), max(item.values)
        raise entry.broken(f"{path}[0]", f"must be one of the question's answers, {low} to {high}")
    return int(stated[0])


def _stated_values(item: Item, answer: Resource) -> list[float]:
    """Every number the answer states; what is no number (true, "2") becomes one that no question has."""
    coding = answer.get("valueCoding") or {}
    stated: list[float | None] = [answer.get("valueInteger"), answer.get("valueDecimal")]
    stated.append(item.value_of_code(coding.get("code", "")))
    for extension in [*coding.get("extension", []), *answer.get("extension", [])]:
        if extension.get("url") in ORDINAL_EXTENSIONS:
            stated.append(extension.get("valueDecimal", extension.get("valueInteger")))
    return [math.nan if isinstance(value, bool | str) else value for value in stated if value is not None]


READINGS: dict[str, Callable[[ReferralBundle], Any]] = {
    "external_id": _external_id,
    "received_at": _received_at,
    "given_name": _given_name,
    "family_name": _family_name,
    "birth_date": _birth_date,
    "email": _email,
    "phone": _phone,
    "state": _state,
    "time_zone": _time_zone,
    "language": _language,
    "preferred_channel": _preferred_channel,
    "payer_code": _payer_code,
    "plan_code": _plan_code,
    "member_id": _member_id,
    "self_pay": _self_pay,
    "modality": _modality,
    "location_id": _location_id,
    "needs_accessible": _needs_accessible,
    "focus_areas": _focus_areas,
    "preferred_times": _preferred_times,
    "referrer_name": _referrer_name,
    "referral_text": _referral_text,
    "consent_ai": _consent_ai,
    "consent_ai_on": _consent_ai_on,
    "answers": _answers,
}


def check_request(bundle: ReferralBundle) -> None:
    """The request stands and is about the bundle's patient."""
    if bundle.request.resource.get("status") != "active":
        raise bundle.request.broken("status", "a referral must be active")
    bundle.check_is_about_patient(bundle.request, "subject")
