"""What matching asks of clinicians and of patients, as the records have it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from models.codes import Modality
from models.operational import Clinician, Licence, Location, PanelMembership, Patient, Staff
from rules import matching
from rules.matching import CandidateClinician, MatchRequest, Office


def clinicians_on(db: Session, day: date, ids: Collection[str] | None = None) -> list[CandidateClinician]:
    """These clinicians, or all of them, with the licences in force on that day; without free times or open places."""
    query: Any = select(Clinician, Staff).join(Staff, col(Staff.id) == col(Clinician.id))
    licensed: Any = select(Licence).where(col(Licence.expires_on) >= day)
    on_panels: Any = select(PanelMembership)
    if ids is not None:
        query = query.where(col(Clinician.id).in_(ids))
        licensed = licensed.where(col(Licence.clinician_id).in_(ids))
        on_panels = on_panels.where(col(PanelMembership.clinician_id).in_(ids))
    offices = {place.id: Office(place.id, place.state, place.accessible) for place in db.exec(select(Location)).all()}
    licences: dict[str, set[str]] = defaultdict(set)
    for licence in db.exec(licensed).all():
        licences[licence.clinician_id].add(licence.state)
    panels: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for panel in db.exec(on_panels).all():
        panels[panel.clinician_id].add((panel.payer_code, panel.plan_code))
    return [
        CandidateClinician(
            clinician_id=clinician.id,
            licensed_states=frozenset(licences[clinician.id]),
            panels=frozenset(panels[clinician.id]),
            min_age=clinician.min_age,
            max_age=clinician.max_age,
            modalities=frozenset(Modality(one) for one in clinician.modalities),
            languages=frozenset(clinician.languages),
            open_places=0,
            caseload_limit=clinician.caseload_limit,
            offices=tuple(offices[place] for place in staff.location_ids if place in offices),
            conflict_patient_ids=frozenset(clinician.conflict_patient_ids),
            focus_areas=frozenset(clinician.focus_areas),
            gender=clinician.gender,
        )
        for clinician, staff in db.exec(query).all()
    ]


def request_of(patient: Patient, day: date, *, modality: Modality, **wishes: Any) -> MatchRequest:
    """What this patient needs on that day; ``wishes`` are the other fields of MatchRequest."""
    return MatchRequest(
        patient_id=patient.id,
        patient_state=patient.state,
        age=matching.age_on(patient.birth_date, day),
        payer=patient.payer_code,
        plan=patient.plan_code,
        self_pay=patient.self_pay,
        modality=modality,
        language=patient.language,
        **wishes,
    )
