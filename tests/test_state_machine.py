"""Whatever happens to cases in whatever order: no illegal move, no orphan wait, nothing twice, nothing unrecorded."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select

from acts import cases as case_acts
from acts import decisions, patient, to_dos
from adapters import operational_store, outbox, portal_links, therapy_store
from adapters.operational_store import reading, writing
from adapters.settings import settings
from language.risk_values import RiskReading
from models import databases
from models.codes import (
    OUTCOMES,
    AppointmentStatus,
    ApprovalStatus,
    AuthenticatedHow,
    CaseOwner,
    ExitKind,
    LinkPurpose,
    Modality,
    OfferStatus,
    ReferralStatus,
    Role,
    SlotStatus,
    ToDoKind,
    ToDoStatus,
    Verdict,
)
from models.columns import utc_now
from models.errors import CountersignError, MovedOn, StaleLease
from models.measures import Measure
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Decision,
    Offer,
    OutboxMessage,
    PortalLink,
    Referral,
    Slot,
    Staff,
    ToDo,
)
from models.therapy_text import TherapyText
from models.transitions import REFERRAL_OWNERS, TABLES
from rules import sign_off
from tasks import cases, coverage, matching, questionnaires, risk, sign_offs, waits, watch
from tests import conftest as shared
from tests import databases as test_databases
from tests.factories import (
    BIRTH_DATE,
    fresh_code,
    make_location,
    make_patient,
    make_referral,
    make_signer,
    make_slot_of,
)

R = ReferralStatus
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
LIVE = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)
TO_DO_OF = {**waits.TO_DO_AT, R.QUESTION_OPEN: ToDoKind.ANSWER_QUESTION}
ANY_STATUS = (ToDoKind.WARM_HANDOFF,)
CALM = {
    Measure.PHQ9: dict.fromkeys(range(1, 10), 0),
    Measure.GAD7: dict.fromkeys(range(1, 8), 1),
    Measure.CSSRS_SCREENER: {1: 0, 2: 0, 6: 0},
}
FLAGGED = {**CALM, Measure.PHQ9: {**CALM[Measure.PHQ9], 9: 2}}
CHOICES = patient.IntakeChoices((), Modality.EITHER, "en", False, False)
WORDS = TherapyText("as it was said")
REACHED = (R.QUESTIONNAIRES_REQUESTED, R.OFFERED, R.BOOKED, R.CONTACT_PATIENT)
"""What a walk must have met to count as one."""
WITH_STATUS = (Referral, Approval, ToDo, Offer, Slot, Appointment, OutboxMessage)
WHICH = st.integers(0, 7)


class Killed(BaseException):
    """The process died here."""


class Dying:
    """Lets the process die before or after the commit of a coming transaction, of either database."""

    def __init__(self) -> None:
        self.left = 0
        self.after = False
        self.real = databases.writing

    @contextmanager
    def writing(self, engine: Any, *more: Any, **named: Any) -> Iterator[Any]:
        self.left -= 1
        here = self.left == 0
        with self.real(engine, *more, **named) as db:
            yield db
            if here and not self.after:
                raise Killed
        if here:
            raise Killed


def reads_calmly(text: str, rules_only: bool = False) -> RiskReading:
    return RiskReading(True, "", (), "test-1")


def reachable(statuses: Any) -> set[tuple[Any, Any]]:
    """Every pair of statuses that legal moves lead between."""
    table = TABLES[statuses]
    pairs = {(old, new) for old in table for new in table[old]}
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


LEGAL = {statuses: reachable(statuses) for statuses in TABLES}


class Practice(RuleBasedStateMachine):
    """Two or three cases at one small location, so that they compete for its few times."""

    template: Path
    folder: Path
    patch: pytest.MonkeyPatch
    examples = 0
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        home = self.folder / f"home-{type(self).examples}"
        shutil.copytree(self.template, home)
        self.home = home
        self.patch.setenv("COUNTERSIGN_HOME", str(home))
        self.own_databases = test_databases.in_force(home, self.patch, self.template)
        self.own_databases.__enter__()
        settings.cache_clear()
        self.dying = Dying()
        self.patch.setattr(databases, "writing", self.dying.writing)
        self.numbers: list[str] = []
        self.in_a_leg: set[str] = set()
        self.seen: dict[tuple[str, str], Any] = {}
        self.audited = 0
        self.days = 0.0

    def teardown(self) -> None:
        self.patch.setattr(databases, "writing", self.dying.real)
        for engine in (
            operational_store.engine_for(settings().operational_database),
            therapy_store.engine_for(settings().therapy_database),
        ):
            engine.dispose()
        self.own_databases.__exit__(None, None, None)
        shutil.rmtree(self.home)

    @initialize()
    def open_the_practice(self) -> None:
        self.place = make_location(id="LOC-1")
        self.clinicians = [make_signer(location=self.place, on_call=True, phone="+15035550141") for _ in range(2)]
        self.coordinator = make_signer(Role.COORDINATOR, location=self.place)
        for clinician in self.clinicians:
            for hours in (96, 120):
                make_slot_of(clinician, self.place, hours_ahead=hours)
        for email in ("a@example.org", "b@example.org", None):
            person = make_patient(email=email, birth_date=BIRTH_DATE, self_pay=True)
            referral = make_referral(patient=person, location=self.place)
            therapy_store.keep_intake(
                [therapy_store.IntakeContent(referral.case_number, TherapyText("sleeps badly"), (), ())]
            )
            self.numbers.append(referral.case_number)

    # -- what happens

    def case(self, which: int) -> Referral:
        number = self.numbers[which % len(self.numbers)]
        with reading() as db:
            return db.get_one(Referral, number)

    def rows(self, record: type, **where: Any) -> list[Any]:
        with reading() as db:
            return list(db.exec(select(record).filter_by(**where)).all())

    def may_be_refused(self, act: Callable[[], object]) -> None:
        """People and patients come too late, or twice: they are told, and nothing else may come of it."""
        with suppress(CountersignError, ValueError):
            act()

    def leg(self, number: str) -> None:
        """One leg of the case's run up to its next wait, as the flow does it."""
        case = cases.take(number)
        with suppress(StaleLease):
            for _ in range(12):
                status = cases.status_now(case)
                try:
                    if status.is_closed or not self.step(case, status):
                        return
                except MovedOn:
                    if cases.status_now(case) == status:
                        raise
            raise AssertionError("a leg does not come to a wait")

    def step(self, case: cases.Case, status: R) -> bool:
        """Says whether the leg goes on."""
        match status:
            case R.RECEIVED:
                questionnaires.begin(case)
            case R.READY_TO_SCREEN:
                risk.screen.fn(case, reads_calmly)
            case R.READY_TO_MATCH:
                if not questionnaires.ask_for_missing.fn(case):
                    coverage.check_coverage.fn(case)
                    matching.propose.fn(case)
            case R.READY_TO_OFFER:
                matching.offer.fn(case)
            case R.RISK_REVIEW | R.ASSIGNMENT | R.CLOSING_LETTER:
                sign_offs.approval_of(case, status) or sign_offs.open_sign_off.fn(case, status)
                return False
            case _:
                waits.prepare.fn(case, status)
                return cases.status_now(case) != status
        return True

    @rule(which=WHICH)
    def run_goes_on(self, which: int) -> None:
        number = self.case(which).case_number
        self.leg(number)
        self.in_a_leg.discard(number)

    @rule()
    def every_run_goes_on(self) -> None:
        for which in range(len(self.numbers)):
            self.run_goes_on(which)

    @rule(which=WHICH)
    def all_goes_well(self, which: int) -> None:
        """The run comes to its wait, and whoever is waited for does what is hoped for."""
        for _ in range(2):
            self.run_goes_on(which)
            case = self.case(which)
            match case.status:
                case R.QUESTIONNAIRES_REQUESTED:
                    self.patient_answers(which, CALM, 0)
                case R.RISK_REVIEW | R.ASSIGNMENT:
                    self.staff_decide(which, Verdict.APPROVE, 0)
                case R.OFFERED:
                    self.patient_chooses(which, 0, 0, False)
                case R.CONTACT_PATIENT | R.QUESTION_OPEN | R.WAITLISTED | R.MISSED:
                    self.staff_finish(which, 0, 0)

    @rule(which=WHICH)
    def all_goes_well_again(self, which: int) -> None:
        self.all_goes_well(which)

    @rule()
    def all_goes_well_for_everybody(self) -> None:
        for which in range(len(self.numbers)):
            self.all_goes_well(which)

    @rule(which=WHICH, transactions=st.integers(1, 9), after=st.booleans())
    def worker_dies_in_a_leg(self, which: int, transactions: int, after: bool) -> None:
        number = self.case(which).case_number
        self.in_a_leg.add(number)
        self.dies(lambda: self.leg(number), transactions, after, lambda: self.in_a_leg.discard(number))

    def dies(
        self, act: Callable[[], object], transactions: int, after: bool, lived: Callable[[], object] = lambda: None
    ) -> None:
        self.dying.left, self.dying.after = transactions, after
        try:
            self.may_be_refused(act)
            lived()
        except Killed:
            pass
        finally:
            self.dying.left = 0

    @rule(
        which=WHICH,
        answers=st.sampled_from([CALM, FLAGGED, {Measure.PHQ9: {1: 1, 9: 1}}]),
        dies_at=st.sampled_from([0, 0, 1, 2, 3, 4, 5]),
    )
    def patient_answers(self, which: int, answers: dict, dies_at: int) -> None:
        def act() -> None:
            token, proof = self.opened(which, LinkPurpose.QUESTIONNAIRES)
            patient.answer(token, proof, answers, WORDS, CHOICES)

        self.dies(act, dies_at, after=bool(dies_at % 2))
        self.may_be_refused(act)

    def opened(self, which: int, purpose: LinkPurpose) -> tuple[str, str]:
        """The newest link of the case for this purpose, whatever became of it, with a proof."""
        links = self.rows(PortalLink, case_number=self.case(which).case_number, purpose=purpose)
        if not links:
            raise MovedOn("no link was sent")
        link = max(links, key=lambda each: (each.created_at, each.id))
        return portal_links.token_of(link), portal_links.make_proof(link.id)

    @rule(which=WHICH, offer=WHICH, dies_at=st.sampled_from([0, 0, 1, 2]), twice=st.booleans())
    def patient_chooses(self, which: int, offer: int, dies_at: int, twice: bool) -> None:
        def act() -> None:
            token, proof = self.opened(which, LinkPurpose.CHOOSE_TIME)
            offers = self.rows(Offer, case_number=self.case(which).case_number)
            if offers:
                patient.choose(token, proof, sorted(offers, key=lambda each: each.id)[offer % len(offers)].id)

        self.dies(act, dies_at, after=bool(dies_at % 2))
        if twice:
            self.may_be_refused(act)

    @rule(which=WHICH, what=st.sampled_from(["confirm", "cancel new", "cancel call", "withdraw", "none suit"]))
    def patient_does(self, which: int, what: str) -> None:
        purpose = LinkPurpose.CHOOSE_TIME if what == "none suit" else LinkPurpose.APPOINTMENT

        def act() -> None:
            token, proof = self.opened(which, purpose)
            match what:
                case "confirm":
                    patient.confirm(token, proof)
                case "withdraw":
                    patient.withdraw(token, proof)
                case "none suit":
                    patient.none_suit(token, proof)
                case _:
                    patient.cancel(token, proof, wants_new_time=what == "cancel new")

        self.may_be_refused(act)
        self.may_be_refused(act)

    @rule(which=WHICH, words=st.sampled_from(["STOP", "I will be late", "I want to kill myself"]))
    def patient_texts(self, which: int, words: str) -> None:
        from models.operational import Patient

        phone = self.rows(Patient, id=self.case(which).patient_id)[0].phone
        patient.hear_text_message(phone, TherapyText(words))

    @rule(which=WHICH, verdict=st.sampled_from([*Verdict]), dies_at=st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6]))
    def staff_decide(self, which: int, verdict: Verdict, dies_at: int) -> None:
        number = self.case(which).case_number
        for approval in self.rows(Approval, case_number=number, status=ApprovalStatus.OPEN):
            signer = self.coordinator if approval.role == Role.COORDINATOR else self.clinicians[which % 2]
            content = sign_off.EDITABLE[approval.kind]
            edited = {"clinician_id": self.clinicians[1].id} if "clinician_id" in content else {"letter": "Goodbye."}
            edited = {name: value for name, value in edited.items() if name in content} or {"safety_note": "seen"}

            sign = partial(self.sign, approval.id, signer.id, verdict, edited)
            with pytest.raises(CountersignError):
                sign("0" * 64)
            self.dies(partial(sign, approval.digest), dies_at, after=bool(dies_at % 2))
            self.may_be_refused(partial(sign, approval.digest))

    def sign(self, approval_id: str, staff_id: str, verdict: Verdict, edited: dict[str, str], digest: str) -> None:
        decisions.decide(
            approval_id,
            staff_id=staff_id,
            verdict=verdict,
            reason=WORDS,
            seen_digest=digest,
            how=AuthenticatedHow.PREFECT_CODE,
            code=fresh_code(staff_id),
            edited=dict(edited) if verdict == Verdict.EDIT_AND_APPROVE else None,
        )

    @rule(which=WHICH, outcome=WHICH, dies_at=st.sampled_from([0, 0, 1, 2, 3]))
    def staff_finish(self, which: int, outcome: int, dies_at: int) -> None:
        for to_do in self.rows(ToDo, case_number=self.case(which).case_number):
            fits = OUTCOMES[to_do.kind]
            by = self.clinicians[0] if to_do.role == Role.CLINICIAN else self.coordinator

            def act(to_do: ToDo = to_do, by: Staff = by, fits: tuple = fits) -> None:
                to_dos.finish(to_do.id, by.id, fits[outcome % len(fits)], WORDS)

            if to_do.status in LIVE:
                self.may_be_refused(lambda to_do=to_do, by=by: to_dos.claim(to_do.id, by.id))
                self.dies(act, dies_at, after=bool(dies_at % 2))
            self.may_be_refused(act)

    @rule(which=WHICH, to=st.sampled_from([*R]), dies_at=st.sampled_from([0, 0, 0, 1, 2, 3]))
    def staff_reroute(self, which: int, to: R, dies_at: int) -> None:
        number = self.case(which).case_number
        act = lambda: case_acts.reroute(number, to=to, staff_id=self.coordinator.id, reason=WORDS)  # noqa: E731
        self.dies(act, dies_at, after=bool(dies_at % 2))

    @precondition(lambda self: self.days > 0)
    @rule(which=WHICH, exit_kind=st.sampled_from([None, *ExitKind]))
    def staff_stop(self, which: int, exit_kind: ExitKind | None) -> None:
        number = self.case(which).case_number
        act = lambda: case_acts.stop(number, staff_id=self.coordinator.id, reason=WORDS, exit_kind=exit_kind)  # noqa: E731
        self.may_be_refused(act)
        self.may_be_refused(act)

    @rule(which=WHICH, slot=WHICH)
    def staff_book(self, which: int, slot: int) -> None:
        slots = sorted(self.rows(Slot), key=lambda each: each.id)
        number = self.case(which).case_number
        self.may_be_refused(
            lambda: case_acts.book_by_hand(number, slot_id=slots[slot % len(slots)].id, staff_id=self.coordinator.id)
        )

    @rule(which=WHICH, attended=st.booleans())
    def first_session_takes_place(self, which: int, attended: bool) -> None:
        number = self.case(which).case_number
        with writing() as db:
            for visit in db.exec(select(Appointment).where(Appointment.case_number == number)).all():
                if visit.status in STANDING:
                    visit.starts_at = utc_now() - timedelta(minutes=70)
                    db.add(visit)
                    slot = db.get_one(Slot, visit.slot_id)
                    slot.starts_at = visit.starts_at - timedelta(seconds=len(self.seen))
                    db.add(slot)
        from models.codes import ToDoOutcome

        outcome = ToDoOutcome.ATTENDED if attended else ToDoOutcome.NO_SHOW
        act = lambda: case_acts.record_outcome(number, staff_id=self.coordinator.id, outcome=outcome)  # noqa: E731
        self.may_be_refused(act)
        self.may_be_refused(act)

    @rule(days=st.sampled_from([0.01, 1, 4, 15]), dies_at=st.sampled_from([0, 0, 1, 3, 6]))
    def time_passes(self, days: float, dies_at: int) -> None:
        """The watch looks as if it were later; what is due leaves."""
        self.days += days
        now = utc_now() + timedelta(days=self.days)
        self.dies(lambda: watch.watch.fn(now), dies_at, after=bool(dies_at % 2))
        self.dies(lambda: outbox.send_due(now, limit=20), dies_at, after=bool(dies_at % 2))

    # -- what must hold after every step

    @invariant()
    def every_change_was_legal_and_is_on_record(self) -> None:
        with reading() as db:
            events = db.exec(select(AuditEvent).where(AuditEvent.id > self.audited)).all()
            records = [row for kind in WITH_STATUS for row in db.exec(select(kind)).all()]
        named = {event.subject_id for event in events}
        for record in records:
            key = str(getattr(record, "id", "") or record.case_number)
            place = (str(record.__tablename__), key)
            old, new = self.seen.get(place), record.status
            if old is not None and old != new:
                assert (old, new) in LEGAL[type(new)], f"{place}: {old.value} became {new.value}"
                assert key in named, f"{place}: {old.value} became {new.value} without a word in the audit"
            if old != new:
                self.reached[f"{record.__tablename__} {new.value}"] += 1
            self.seen[place] = new
        moves = sorted((each for each in events if each.action == "case.moved"), key=lambda each: each.id or 0)
        for number in self.numbers:
            steps = [(R(e.details["old"]), R(e.details["new"])) for e in moves if e.case_number == number]
            assert all(new in TABLES[R][old] for old, new in steps)
            assert all(before[1] == after[0] for before, after in pairwise(steps))
        self.audited = max((event.id or 0 for event in events), default=self.audited)

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        for which in range(len(self.numbers)):
            case = self.case(which)
            owner = REFERRAL_OWNERS[case.status]
            if case.case_number in self.in_a_leg or case.wake_wanted or owner in (CaseOwner.SYSTEM, CaseOwner.NOBODY):
                continue  # a run is at it, or will be woken
            assert self.provided(case), f"{case.status.value} with nobody to act"

    def provided(self, case: Referral) -> bool:
        """Whether somebody has this wait before them, with a clock and a next in line."""
        number = case.case_number
        if case.status.value in {each.value for each in sign_offs.KIND_AT.values()}:
            waiting: list[Any] = self.rows(Approval, case_number=number, status=ApprovalStatus.OPEN)
        elif case.status in TO_DO_OF:
            waiting = [
                each for each in self.rows(ToDo, case_number=number, kind=TO_DO_OF[case.status]) if each.status in LIVE
            ]
        elif case.status == R.BOOKED:
            return any(each.status in STANDING for each in self.rows(Appointment, case_number=number))
        else:
            purpose = waits.LINK_AT[case.status][0]
            links = self.rows(PortalLink, case_number=number, purpose=purpose, revoked=False)
            offered = case.status != R.OFFERED or self.rows(Offer, case_number=number, status=OfferStatus.OPEN)
            return bool(offered) and any(each.used_at is None for each in links)
        return len(waiting) == 1 and all(each.due_at and each.role and each.location_id for each in waiting)

    @invariant()
    def nothing_waits_for_a_case_that_has_gone_on(self) -> None:
        status = {row.case_number: row.status for row in self.rows(Referral)}
        for approval in self.rows(Approval, status=ApprovalStatus.OPEN):
            assert status[approval.case_number].value == approval.kind.value
        for to_do in self.rows(ToDo):
            if to_do.status in LIVE and to_do.kind not in ANY_STATUS:
                at = {kind: each for each, kind in TO_DO_OF.items()} | {ToDoKind.RECORD_OUTCOME: R.BOOKED}
                assert status[to_do.case_number] == at[to_do.kind], f"{to_do.kind} at {status[to_do.case_number]}"
        for offer in self.rows(Offer, status=OfferStatus.OPEN):
            assert status[offer.case_number] == R.OFFERED

    @invariant()
    def nothing_is_booked_or_written_twice(self) -> None:
        visits = [each for each in self.rows(Appointment) if each.status in STANDING]
        assert max(Counter(each.case_number for each in visits).values(), default=0) <= 1
        for one in visits:
            for other in visits:
                if one.id < other.id and one.clinician_id == other.clinician_id:
                    first, second = sorted((one, other), key=lambda each: each.starts_at)
                    assert first.starts_at + timedelta(minutes=first.minutes) <= second.starts_at
        taken = {each.id for each in self.rows(Slot, status=SlotStatus.BOOKED)}
        assert {each.slot_id for each in visits} <= taken
        status = {row.case_number: row.status for row in self.rows(Referral)}
        assert {number for number, at in status.items() if at == R.BOOKED} == {each.case_number for each in visits}
        letters = Counter(
            (message.template, message.case_number, str(message.facts.get("appointment_id")), message.channel)
            for message in self.rows(OutboxMessage)
            if message.template in ("booking_confirmed", "booking_cancelled", "waitlisted")
        )
        rounds = {
            key: len([1 for e in self.rows(AuditEvent, action="case.moved", case_number=key[1])]) for key in letters
        }
        assert all(count == 1 or (key[0] == "waitlisted" and count <= rounds[key]) for key, count in letters.items())
        decided = Counter(each.approval_id for each in self.rows(Decision))
        assert max(decided.values(), default=0) <= 1
        sent = Counter(path.name for path in settings().outbox_folder.rglob("*") if path.is_file())
        assert max(sent.values(), default=0) <= 1


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, migrated_installation: Path) -> Iterator[type[Practice]]:
    with pytest.MonkeyPatch.context() as patch:
        Practice.template, Practice.folder = migrated_installation, tmp_path_factory.mktemp("machine")
        Practice.patch = patch
        patch.setenv("COUNTERSIGN_HOME", str(migrated_installation))
        with shared._settings_read_anew():
            yield Practice
            patch.setenv("COUNTERSIGN_HOME", str(migrated_installation))
            settings.cache_clear()


def test_cases_survive_whatever_happens_in_whatever_order(practice: type[Practice]) -> None:
    import os

    run_state_machine_as_test(
        practice,
        settings=hypothesis_settings(
            max_examples=int(os.environ.get("COUNTERSIGN_TEST_EXAMPLES", "6")),
            stateful_step_count=25,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate] if "COUNTERSIGN_TEST_QUICK" in os.environ else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    unmet = {f"referral {each.value}" for each in REACHED} - set(practice.reached)
    assert not unmet, sorted(unmet)
    assert {"appointment booked", "approval decided", "offer accepted", "to_do done"} <= set(practice.reached)
