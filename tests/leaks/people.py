"""People with marker words in every field, and what staff and patients do to their cases on a real installation."""

import csv
import io
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from html import unescape
from typing import Any

import httpx
from sqlmodel import col, select

from adapters import credentials, staff_secrets
from adapters import operational_store as store
from adapters.portal_links import token_of
from adapters.settings import settings
from models.codes import ApprovalKind, ApprovalStatus, LinkPurpose, ReferralStatus, ToDoKind, ToDoStatus
from models.columns import utc_now
from models.operational import (
    Appointment,
    Approval,
    BreakGlass,
    Claim,
    Episode,
    LegalHold,
    Patient,
    PortalLink,
    QuarantinedRow,
    Referral,
    RemittedClaimRecord,
    SessionNote,
    Staff,
    ToDo,
)
from tests.chaos.people import NO_ANSWERS, RISK, sign_in_of
from tests.chaos.practice import Parts
from tests.flows.people import code_of, referral_row

R = ReferralStatus
COORDINATOR, ELSEWHERE = "ST-201", "ST-105"
CLINICIANS = ("ST-101", "ST-102", "ST-103", "ST-104")
ROLES = ("ST-101", "ST-201", "ST-301", "ST-401", "ST-501", "ST-601", "ST-701")
COMPLIANCE, ADMIN = "ST-601", "ST-701"

FILE_NAME = "gralfenny"
"""In the name of the dropped file, as a sender's may hold a person's."""
PASSWORD = "wumblequay"
"""In every password that the new member of staff chooses; stored nowhere."""
ACCOUNT = "quimborath"
"""Name, address and team of the new member of staff."""
NO_CASE = "RF-999999"
NOTED = "Z62.820"
"""The second diagnosis of every session."""


@dataclass(frozen=True)
class Person:
    """One invented patient, whose stem is a part of every field that says who they are."""

    number: int
    stem: str
    text: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def born(self) -> date:
        return date(1931 + self.number, 7, 11 + self.number)

    @property
    def phone(self) -> str:
        return f"503 61{self.number} 773{self.number}"

    @property
    def row(self) -> dict[str, str]:
        who = {
            "given_name": f"{self.stem}ina".capitalize(),
            "family_name": f"{self.stem}sky".capitalize(),
            "birth_date": self.born.isoformat(),
            "email": f"{self.stem}@example.org",
            "phone": f"+1 {self.phone}",
            "member_id": f"{self.stem.upper()}77",
            "referrer_name": f"{self.stem.capitalize()} family practice",
        }
        words = {"consent_ai": "no", "referral_text": self.text and f"The {self.text} has been worse since spring."}
        return referral_row(f"LK-{self.number}", **(who | words | self.more))

    @property
    def markers(self) -> tuple[str, ...]:
        """What tells who this is, in lower case, as it may be spelled."""
        day, area = self.born, self.phone.split()
        born = (
            f"{day}",
            f"{day:%Y%m%d}",
            f"{day:%m/%d/%Y}",
            f"{day.month}/{day.day}/{day.year}",
            f"{day:%b} {day.day}, {day.year}",
        )
        return (self.stem, *(each.lower() for each in born), *(mark.join(area) for mark in ("", "-", " ")))


PEOPLE = {
    "booked": Person(0, "qorvexam", "zibbertrance", RISK),
    # the one whose text the classifier may read
    "declined": Person(1, "plimsandro", "krindlespat", RISK | {"consent_ai": "yes"}),
    "asked": Person(2, "zephyrlock", "", NO_ANSWERS),
    "unsuited": Person(3, "tarnbogle", "ostrimell"),
    "withdrawn": Person(4, "wexlimund", "fandrocket"),
    "texting": Person(5, "jostlecarn", "", {"preferred_channel": "sms"}),
    "broken": Person(6, "mirthaldew", "gnarlepith", {"birth_date": "hibbertrop", "phq9_9": "hibbertrop"}),
    "typed": Person(7, "drosselkeep", "sprindolace"),
    "uploaded": Person(8, "nubbinford", "clathermoor"),
}
SAME = ("given_name", "family_name", "birth_date")
NAMESAKE = Person(9, "yaxenbright", "vorpelstitch", {name: PEOPLE["booked"].row[name] for name in SAME})
EVERYBODY = (*PEOPLE.values(), NAMESAKE)

SAID = {
    "question": "vexibarn",
    "answer": "wumblefort",
    "edit reason": "moxtingle",
    "safety note": "snorfelkind",
    "reassigned": "yarbelstone",
    "reject reason": "flumerack",
    "letter": "moltquiver",
    "letter reason": "tessigold",
    "own words": "brasktumble",
    "emergency": "corvashent",
    "reroute": "plonkwater",
    "stop": "dorniquest",
    "no answer": "hubberwick",
    "text message": "trindlemoss",
    "dismissed": "quavenholt",
    "namesake": "pelverdash",
    "talk": "grobbintwist",
    "edited": "snibberlock",
    "added": "trellowham",
    "flag words": "quastermoor",
    "addendum": "vintlesop",
    "private": "hobrackle",
    "homework": "glimberfoss",
    "check-in": "tolbrandish",
    "message": "merrowkelp",
    "done": "huxterloam",
    "goals": "umberflint",
    "returned": "jasselwick",
    "claim returned": "plessiford",
    "correction": "womberglade",
    "code": "trussenby",
    "appeal": "kelverstrop",
    "attached": "mondrellick",
    "stray": "fessonwick",
    "write-off": "glimmerstoat",
}
"""One word for each field in which somebody says something about a patient."""
OF_BROKEN_ROW = ("gnarlepith", "hibbertrop")
THERAPY = (*SAID.values(), *(person.text for person in EVERYBODY if person.text), "hibbertrop")


@dataclass(frozen=True)
class Answered:
    """One request as it was made, and its answer; ``who`` is a staff id, ``patient`` or ``nobody``."""

    who: str
    part: str
    method: str
    url: str
    status: int
    location: str
    text: str

    @property
    def path(self) -> str:
        return httpx.URL(self.url).path


class Seat:
    """One browser with one person before it."""

    def __init__(self, practice: "Practice", part: str, who: str) -> None:
        self.practice, self.part, self.who, self.token, self.shown = practice, part, who, "", ""
        base = practice.parts.desk if part == "desk" else practice.parts.portal
        self.browser = httpx.Client(base_url=base, timeout=60, event_hooks={"response": [self._note]})
        practice.browsers.append(self.browser)

    def _note(self, answer: httpx.Response) -> None:
        answer.read()
        asked, location = answer.request, answer.headers.get("location", "")
        noted = Answered(
            self.who, self.part, asked.method, str(asked.url), answer.status_code, location, unescape(answer.text)
        )
        self.practice.answers.append(noted)
        self.shown = answer.text
        found = re.search(r'name="(?:csrf|form)_token" value="([^"]+)"', answer.text)
        self.token = found.group(1) if found else self.token

    def get(self, path: str, *expected: int, **asked: str) -> str:
        answer = self.browser.get(path, params=asked or None)
        assert answer.status_code in (expected or (200,)), f"GET {path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, *expected: int, **fields: Any) -> httpx.Response:
        """Send the form of the page that was shown last."""
        tokens = {"csrf_token": self.token, "form_token": self.token}
        answer = self.browser.post(path, data=tokens | fields)
        said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))[:600]
        assert answer.status_code in (expected or (303,)), f"POST {path}: {answer.status_code} {said}"
        return answer


@dataclass
class Practice:
    """The installation, who sits before it, and everything that was asked of it."""

    parts: Parts
    answers: list[Answered] = field(default_factory=list)
    seats: dict[str, Seat] = field(default_factory=dict)
    browsers: list[httpx.Client] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    opened: str = ""
    """All content of the therapy database in the open, as its own store reads it."""

    def go_home(self) -> None:
        for browser in self.browsers:
            browser.close()

    # -- looking

    def until(self, what: str, true: Any) -> Any:
        return self.parts.wait_for(what, true)

    def find(self, record: Any, *which: Any) -> Any:
        """The newest record of this kind."""
        newest = next(iter(record.__table__.primary_key)).desc()
        with store.reading() as db:
            return db.exec(select(record).where(*which).order_by(newest)).first()

    def case(self, name: str) -> Referral:
        if name not in self.numbers:
            person = NAMESAKE if name == "namesake" else PEOPLE[name]
            patient = self.until(f"a case of {name}", lambda: self.find(Patient, Patient.email == person.row["email"]))
            found = self.until(f"a case of {name}", lambda: self.find(Referral, Referral.patient_id == patient.id))
            self.numbers[name] = found.case_number
        return self.find(Referral, Referral.case_number == self.numbers[name])

    def at(self, name: str, *statuses: ReferralStatus) -> Referral:
        """The case once it has come here."""
        return self.until(
            f"{name} at {statuses}", lambda: (case := self.case(name)) and case.status in statuses and case
        )

    def open_approval(self, name: str) -> Approval:
        which = (Approval.case_number == self.case(name).case_number, Approval.status == ApprovalStatus.OPEN)
        return self.until(f"a sign-off of {name}", lambda: self.find(Approval, *which))

    def open_to_do(self, name: str, kind: ToDoKind, role: str = "coordinator") -> ToDo:
        which = (
            ToDo.case_number == self.case(name).case_number,
            ToDo.kind == kind,
            ToDo.role == role,
            col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED)),
        )
        return self.until(f"a to-do of {name}", lambda: self.find(ToDo, *which))

    # -- staff

    def seat(self, staff_id: str) -> Seat:
        if staff_id not in self.seats:
            known = sign_in_of(staff_id)
            self.seats[staff_id] = self.sign_in(staff_id, known.email, known.password, code_of(staff_id))
        return self.seats[staff_id]

    def sign_in(self, who: str, email: str, password: str, code: str) -> Seat:
        seat = Seat(self, "desk", who)
        seat.get("/sign-in")
        seat.post("/sign-in", email=email, password=password, code=code)
        return seat

    def proof(self, staff_id: str) -> dict[str, str]:
        return {"password": sign_in_of(staff_id).password, "code": code_of(staff_id)}

    def sign(self, name: str, **form: str) -> None:
        """Whoever it was given to reads the open sign-off and decides it; before, they forget their password."""
        approval = self.open_approval(name)
        signer = COORDINATOR if approval.kind == ApprovalKind.ASSIGNMENT else str(approval.assigned_to)
        path, seat = f"/approvals/{approval.id}", self.seat(signer)
        shown = seat.get(path)
        found = re.search(r'name="seen_digest" value="(\w+)"', shown)
        labels = dict.fromkeys(re.findall(r'name="(label-[^"]+)"', shown), "in_error")
        form = {"verdict": "approve", "seen_digest": found.group(1) if found else ""} | labels | form
        seat.post(path, 422, **form)
        seat.post(path, **form, **self.proof(signer))
        seat.get(f"{path}/signed")
        seat.get(f"{path}/progress", 200, 286)

    def pass_assignment(self, name: str) -> Referral:
        """To the times that are offered, whatever is to be signed on the way."""
        while self.at(name, R.RISK_REVIEW, R.ASSIGNMENT, R.OFFERED).status != R.OFFERED:
            approval = self.open_approval(name)
            self.sign(name)
            self.until("the signature", lambda done=approval: self.find(Approval, Approval.id == done.id).decided_at)
        return self.case(name)

    # -- patients

    def arrive(self, name: str, purpose: LinkPurpose, number: str = "") -> tuple[Seat, str]:
        """Open the newest link of this purpose, mistake the birth date once, then give it; the page it leads to.

        ``number``: of the case that the link is about, where that is not how this patient came.
        """
        which = (PortalLink.case_number == (number or self.case(name).case_number), PortalLink.purpose == purpose)

        def newest() -> PortalLink | None:
            with store.reading() as db:
                return db.exec(select(PortalLink).where(*which).order_by(col(PortalLink.created_at).desc())).first()

        home = f"/l/{token_of(self.until(f'a link of {name}', newest))}"
        seat, born = Seat(self, "portal", "patient"), PEOPLE[name].born
        seat.get(home)
        seat.post(home, 422, year=str(born.year + 1), month=str(born.month), day=str(born.day))
        seat.post(home, year=str(born.year), month=str(born.month), day=str(born.day))
        seat.get(home, 303)
        return seat, home


def drop_referrals() -> None:
    """One file of everybody but those who come through the desk, with a name in its own name."""
    people = [person for name, person in PEOPLE.items() if name not in ("typed", "uploaded")]
    rows = [person.row for person in (*people, NAMESAKE)]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    hidden = settings().intake_folder / f".{FILE_NAME}"
    hidden.write_text(out.getvalue())
    hidden.rename(settings().intake_folder / f"{FILE_NAME} Qorvexam referrals.csv")


def come_through_the_desk(at: Practice) -> None:
    seat = at.seat(COORDINATOR)
    seat.get("/referrals/new")
    given = ("external", "received", "time_zone", "phq9", "gad7")
    row = {name: value for name, value in PEOPLE["typed"].row.items() if not name.startswith(given)}
    seat.post("/referrals/new", 422, **row | {"phone": "drosselkeep"})
    seat.post("/referrals/new", **row)
    out, row = io.StringIO(), PEOPLE["uploaded"].row
    writer = csv.DictWriter(out, fieldnames=list(row))
    writer.writeheader()
    writer.writerow(row)
    seat.get("/intake")
    sent = {"file": (f"{FILE_NAME}.csv", out.getvalue().encode(), "text/csv")}
    assert seat.browser.post("/intake", data={"csrf_token": seat.token}, files=sent).status_code == 303


def look_after_the_broken_row(at: Practice) -> None:
    fault = at.until("a broken row", lambda: at.find(QuarantinedRow))
    seat = at.seat(COORDINATOR)
    shown = seat.get("/intake")
    seat.get(f"/intake/rows/{fault.id}")
    link = at.until("a file to correct", lambda: re.search(r"/intake/to-fix/\w+", seat.get("/intake") or shown))
    seat.get(link.group(0))
    seat.get("/intake")
    seat.post(f"/intake/rows/{fault.id}/dismiss", 422, reason="")
    seat.post(f"/intake/rows/{fault.id}/dismiss", reason=SAID["dismissed"])


def go_to_the_first_session(at: Practice) -> None:
    """Returned with a question, answered, given to a colleague, edited, assigned, seen."""
    at.at("booked", R.RISK_REVIEW)
    coordinator = at.seat(COORDINATOR)
    at.sign("booked", verdict="return", reason=f"{SAID['question']}: since when?")
    to_do = at.open_to_do("booked", ToDoKind.ANSWER_QUESTION)
    for act in ("claim", "give-back", "claim"):
        coordinator.get(f"/to-dos/{to_do.id}")
        coordinator.post(f"/to-dos/{to_do.id}/{act}")
    coordinator.post(f"/to-dos/{to_do.id}/finish", 422, said=SAID["answer"])
    coordinator.post(f"/to-dos/{to_do.id}/finish", outcome="answered", said=f"{SAID['answer']}, since May")
    at.at("booked", R.RISK_REVIEW)
    approval = at.open_approval("booked")
    number = approval.case_number
    colleague = next(each for each in CLINICIANS if each != approval.assigned_to)
    coordinator.get(f"/cases/{number}")
    coordinator.post(f"/cases/{number}/consent", agreed="no")
    coordinator.post(f"/approvals/{approval.id}/reassign", 422, reason=SAID["reassigned"])
    coordinator.post(f"/approvals/{approval.id}/reassign", to_staff_id=colleague, reason=SAID["reassigned"])
    edited = {"level": "low", "disposition": "continue_intake", "safety_note": f"{SAID['safety note']} is with them"}
    at.sign("booked", verdict="edit_and_approve", reason=SAID["edit reason"], **edited)
    at.pass_assignment("booked")
    at.seat(colleague).get(f"/cases/{number}/content")
    be_seen(at)


def be_seen(at: Practice) -> None:
    """A time is chosen, confirmed, not cancelled after all, and attended."""
    number, coordinator = at.case("booked").case_number, at.seat(COORDINATOR)
    patient, home = at.arrive("booked", LinkPurpose.CHOOSE_TIME)
    offer = re.search(r'name="offer" value="([^"]+)"', patient.get(f"{home}/times"))
    assert offer
    home = patient.post(f"{home}/times", offer=offer.group(1)).headers["location"].removesuffix("/appointment")
    patient.get(f"{home}/appointment")
    patient.post(f"{home}/confirm")
    patient.get(f"{home}/cancel")
    patient.post(f"{home}/cancel", 422)
    at.at("booked", R.BOOKED)
    with store.writing() as db:  # the hour has come
        booked = db.exec(select(Appointment).where(Appointment.case_number == number)).one()
        booked.starts_at = utc_now() - timedelta(minutes=1)
        db.add(booked)
    coordinator.get(f"/cases/{number}")
    coordinator.post(f"/cases/{number}/outcome", 422, outcome="")
    coordinator.post(f"/cases/{number}/outcome", outcome="attended")
    at.at("booked", R.CLOSED_ATTENDED)


def be_declined(at: Practice) -> None:
    at.at("declined", R.RISK_REVIEW)
    at.sign("declined", verdict="reject", reason=f"{SAID['reject reason']}: outside our scope")
    at.at("declined", R.CLOSING_LETTER)
    letter = f"Dear {PEOPLE['declined'].row['given_name']}, {SAID['letter']}. Goodbye."
    at.sign("declined", verdict="edit_and_approve", reason=SAID["letter reason"], letter=letter)
    at.at("declined", R.CLOSED_DECLINED)


def answer_the_questions(at: Practice) -> None:
    at.at("asked", R.QUESTIONNAIRES_REQUESTED)
    patient, home = at.arrive("asked", LinkPurpose.QUESTIONNAIRES)
    step = 1
    while 'name="words"' not in patient.get(f"{home}/step/{step}"):
        shown = patient.shown
        asked = re.findall(r'name="asked" value="(\d+)"', shown)
        values = {item: re.search(rf'name="item_{item}" value="(\d+)"', shown) for item in asked}
        given = {f"item_{item}": found.group(1) for item, found in values.items() if found}
        sent = patient.post(f"{home}/step/{step}", 200, 303, **given, asked=asked, then="next")
        step += sent.status_code == 303
    own = {"words": f"{SAID['own words']} every night", "modality": "either", "language": "en"}
    patient.post(f"{home}/step/{step}", 200, **own, then="later")
    patient.get(f"{home}/step/{step}")
    patient.post(f"{home}/step/{step}", consent="no", **own, then="send")
    patient.get(home)
    at.at("asked", R.RISK_REVIEW, R.ASSIGNMENT)
    at.open_approval("asked")


def open_in_an_emergency(at: Practice) -> None:
    number = at.case("asked").case_number
    seat = at.seat(ELSEWHERE)
    seat.get(f"/cases/{number}", 403)
    seat.get(f"/cases/{number}/break-glass")
    reason = f"{SAID['emergency']}: the patient is on the phone now"
    proof = {"current": sign_in_of(ELSEWHERE).password, "code": code_of(ELSEWHERE)}
    seat.post(f"/cases/{number}/break-glass", 422, reason=reason)
    seat.post(f"/cases/{number}/break-glass", reason=reason, **proof)
    seat.get(f"/cases/{number}/content")
    compliance = at.seat(COMPLIANCE)
    compliance.get("/break-glass")
    glass = at.find(BreakGlass)
    compliance.get(f"/break-glass/{glass.id}")
    compliance.post(f"/break-glass/{glass.id}/review")
    why = "the patient asked for their record in writing"
    proof = {"current": sign_in_of(COMPLIANCE).password, "code": code_of(COMPLIANCE)}
    compliance.post("/patient-file", 422, case=number, reason="why")
    compliance.post("/patient-file", 200, case=number, reason=why, **proof)
    compliance.post("/retention/holds", case=number, reason=why)
    compliance.post(f"/retention/holds/{at.find(LegalHold).id}/lift")
    compliance.post("/retention", 422)  # nobody is over their time
    compliance.get("/retention/RL-none", 409)
    compliance.post("/retention/RL-none", 409)


def find_no_time(at: Practice) -> None:
    """No offered time suits, one is booked on the phone, and that is cancelled again."""
    at.pass_assignment("unsuited")
    patient, home = at.arrive("unsuited", LinkPurpose.CHOOSE_TIME)
    patient.get(f"{home}/times")
    patient.post(f"{home}/none-suit")
    at.at("unsuited", R.WAITLISTED)
    number, seat = at.case("unsuited").case_number, at.seat(COORDINATOR)
    times = re.findall(r'<option value="([^"]+)">[^<]*, (?:office|telehealth|either)', seat.get(f"/cases/{number}"))
    seat.post(f"/cases/{number}/book", 422, slot_id="")
    seat.post(f"/cases/{number}/book", slot_id=times[-1])  # the first may be so soon that a cancellation is a late one
    at.at("unsuited", R.BOOKED)
    patient, home = at.arrive("unsuited", LinkPurpose.APPOINTMENT)
    patient.get(f"{home}/cancel")
    patient.post(f"{home}/cancel", wish="call")


def withdraw(at: Practice) -> None:
    at.pass_assignment("withdrawn")
    patient, home = at.arrive("withdrawn", LinkPurpose.CHOOSE_TIME)
    patient.get(f"{home}/withdraw")
    patient.post(f"{home}/withdraw")
    patient.get(home)
    at.at("withdrawn", R.CLOSED_WITHDRAWN)


def write_a_text_message(at: Practice) -> None:
    """Words come by text message; the case is sent another way, nobody answers the phone, it is stopped."""
    at.pass_assignment("texting")
    number, seat = at.case("texting").case_number, at.seat(COORDINATOR)
    gateway = Seat(at, "portal", "nobody").browser
    words = {"From": f"+1{PEOPLE['texting'].phone}", "Body": f"{SAID['text message']}, please call me"}
    secret = settings().sms_in_secret
    assert gateway.post("/sms-in", data=words, headers={"x-countersign-secret": secret}).status_code == 200
    heard = at.open_to_do("texting", ToDoKind.WARM_HANDOFF, "clinician")
    case = at.case("texting")
    at.seat(case.clinician_id or CLINICIANS[0]).get(f"/to-dos/{heard.id}")
    seat.get(f"/cases/{number}")
    seat.post(f"/cases/{number}/reroute", 422, reason=SAID["reroute"])
    seat.post(f"/cases/{number}/reroute", to="contact_patient", reason=SAID["reroute"])
    at.at("texting", R.RISK_REVIEW)  # nothing goes unread: the message comes before the call
    at.pass_assignment("texting")
    seat.post(f"/cases/{number}/reroute", to="contact_patient", reason=SAID["reroute"])
    call = at.open_to_do("texting", ToDoKind.CALL_PATIENT)
    seat.get(f"/to-dos/{call.id}")
    seat.post(f"/to-dos/{call.id}/finish", outcome="no_answer_try_again", said=SAID["no answer"])
    seat.get(f"/cases/{number}")
    seat.post(f"/cases/{number}/stop", 422, reason=SAID["stop"])
    seat.post(f"/cases/{number}/stop", exit="unreachable", reason=SAID["stop"])
    at.at("texting", R.CLOSING_LETTER)
    at.sign("texting")
    at.at("texting", R.CLOSED_UNREACHABLE)


def tell_namesakes_apart(at: Practice) -> None:
    at.at("namesake", R.POSSIBLE_DUPLICATE)
    to_do, seat = at.open_to_do("namesake", ToDoKind.CHECK_DUPLICATE), at.seat(COORDINATOR)
    seat.get(f"/to-dos/{to_do.id}")
    seat.post(f"/to-dos/{to_do.id}/finish", outcome="different_person", said=SAID["namesake"])


def drop_sessions(at: Practice) -> None:
    """Three sessions of the booked patient, one of them with words that worry; a name stands in a file's name."""
    patient = at.case("booked").patient_id
    folder = settings().sessions_folder
    talk = [
        ("Therapist", "How was the week since we last met, and what did you try?"),
        ("Patient", f"I practised the breathing every evening and told my sister about {SAID['talk']} on Monday."),
        ("Therapist", "Have you had any thoughts of killing yourself?"),
        ("Patient", "Sometimes, when I lie awake, but I would call somebody before I did anything."),
        ("Therapist", "Thank you for telling me. Let's write down whom you would call."),
        ("Patient", "My sister, and then the crisis line. I will put the card next to my bed tonight."),
        ("Therapist", "Next week we will look at the sleep diary again."),
        ("Patient", "Okay, I will bring it, and I will try to get up at seven each day."),
    ]
    head = (
        "session_key,patient_id,clinician_id,location_id,started_at,ended_at,modality,service,patient_state,note_format,"
        "transcript_file,appointment_id,diagnoses,plan_dated,plan_goals"
    )
    rows = [head]
    for number in (1, 2, 3):
        name = f"{FILE_NAME} {number}.txt"
        said = "".join(f"{who}: {words}\n" for who, words in [*talk, ("Patient", f"This was the {number}. time.")])
        (folder / name).write_text(said)
        day = (utc_now() - timedelta(days=number)).date()
        times = f"{day}T10:00:00-08:00,{day}T10:45:00-08:00"
        rows.append(
            f"LK-S{number},{patient},{HELD_BY},LOC-1,{times},office,individual,OR,SOAP,{name},,F41.1; {NOTED},"
            f"2026-01-05,{SAID['goals']}"
        )
    hidden = folder / f".{FILE_NAME}"
    hidden.write_text("\n".join(rows) + "\n")
    hidden.rename(folder / f"{FILE_NAME} sessions.csv")


HELD_BY = "ST-101"
PAPERS = ("transcribe_for_the_record", "draft_note_for_review")


def _session(at: Practice, number: int) -> SessionNote:
    """The session once its note waits to be signed."""

    def waiting() -> SessionNote | None:
        session: SessionNote | None = at.find(SessionNote, SessionNote.external_key == f"sessions:LK-S{number}")
        which = (
            Approval.status == ApprovalStatus.OPEN,
            Approval.case_number == (session.case_number if session else ""),
        )
        return session if session is not None and at.find(Approval, *which) is not None else None

    found: SessionNote = at.until(f"the note of session {number}", waiting)
    return found


def write_notes(at: Practice) -> None:
    """Papers are signed, sessions come, one note is worked on and signed, one returned, one stopped by its patient."""
    patient = at.case("booked").patient_id
    coordinator, consents = at.seat(COORDINATOR), f"/patients/{patient}/consents"
    coordinator.get(consents)
    coordinator.post(consents, 422, purpose=PAPERS[0])
    for purpose in PAPERS:
        coordinator.post(consents, purpose=purpose, given_on="2026-01-05", document_id="paper 7")
    drop_sessions(at)
    _sign_a_note(at, _session(at, 1).case_number)
    _return_a_note(at, _session(at, 2).case_number)
    session = _session(at, 3)
    coordinator.get(consents)
    coordinator.post(f"{consents}/revoke", kind="ai_note_drafting")
    at.until("the note without a program", lambda: _session(at, 3).draft == "plain_no_consent")
    coordinator.get(consents)
    coordinator.post(f"/patients/{patient}/purge", number=session.case_number)


def _sign_a_note(at: Practice, number: str) -> None:
    seat, page = at.seat(HELD_BY), f"/notes/{number}"
    seat.get("/notes")
    session = at.find(SessionNote, SessionNote.case_number == number)
    patient = at.find(Patient, Patient.id == session.patient_id)
    seat.post("/notes", 200, patient=f"{patient.given_name} {patient.family_name}")
    seat.get(page)

    def change(kind: str, *expected: int, **fields: str) -> None:
        shown = seat.get(f"{page}/draft")
        pinned = {name: _pinned(shown, name) for name in ("proposal", "edition")}
        seat.post(f"{page}/changes", *expected, change=kind, **pinned, **fields)

    shown = seat.get(f"{page}/draft")
    first = re.search(r'name="sentence" value="(S\d+)"', shown)
    assert first and SAID["talk"] in shown.lower()
    change("edit", sentence=first.group(1), text=f"The patient spoke of {SAID['edited']}.")
    change("add", section="Plan", text=f"The clinician will read {SAID['added']}.")
    seat.post(f"{page}/changes", 409, change="drop", edition="0", sentence=first.group(1))
    for flag in sorted(set(re.findall(r'name="flag" value="(FL-[^"]+)"', shown))):
        change("flag", flag=flag, action="safety_plan_reviewed", words=SAID["flag words"])
    for section in re.findall(r'name="section" value="([A-Z][a-z]+)"', shown):
        change("nothing", 303, 422, section=section)
    digests = _digests(seat.get(f"{page}/draft"))
    seat.post(f"{page}/draft", 422, verdict="approve", **digests)
    seat.post(f"{page}/draft", verdict="approve", **digests, **at.proof(HELD_BY))
    seat.get(page)
    for export in ("note.pdf", "note.fhir.json"):
        assert seat.browser.get(f"{page}/{export}").status_code == 200
    seat.get(page)
    seat.post(f"{page}/addenda", 422, text=SAID["addendum"])
    seat.post(f"{page}/addenda", text=f"{SAID['addendum']} was forgotten.", **at.proof(HELD_BY))
    seat.get(f"{page}/private")
    seat.post(f"{page}/private", private=f"{SAID['private']}, my own thought")
    seat.get(f"{page}/private")
    at.seat(COMPLIANCE).get(f"{page}/changes")


def _digests(shown: str) -> dict[str, str]:
    return {name: _pinned(shown, name) for name in ("seen_digest", "on_screen")}


def _pinned(shown: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([\w-]+)"', shown)
    return found.group(1) if found else ""


def _return_a_note(at: Practice, number: str) -> None:
    seat, page = at.seat(HELD_BY), f"/notes/{number}"
    shown = seat.get(f"{page}/draft")
    digests = _digests(shown)
    reason = f"{SAID['returned']} was not in this session"
    seat.post(f"{page}/draft", verdict="return", reason=reason, **digests, **at.proof(HELD_BY))
    which = (ToDo.case_number == number, ToDo.kind == ToDoKind.CHECK_TRANSCRIPT)
    to_do = at.until("a transcript to check", lambda: at.find(ToDo, *which))
    coordinator = at.seat(COORDINATOR)
    coordinator.get(f"/to-dos/{to_do.id}")
    coordinator.post(f"/to-dos/{to_do.id}/finish", outcome="no_note")


def look_after_accounts(at: Practice) -> None:
    """A new member of staff from the first password to the closed account."""
    admin, email = at.seat(ADMIN), f"{ACCOUNT}@example.org"
    admin.get("/accounts")
    who = {"name": f"{ACCOUNT.capitalize()} Veldersnap", "email": email, "team": f"{ACCOUNT}s"}
    admin.post("/accounts", 422, **who)
    made = admin.post("/accounts", 200, **who, role="biller", locations="LOC-1").text
    first = re.search(r'id="first-password">([^<]+)<', made)
    assert first
    staff_id = at.until("the account", lambda: at.find(Staff, Staff.email == email)).id
    own = at.sign_in(staff_id, email, unescape(first.group(1)), "")
    own.get("/enrol")
    password = f"tidal {PASSWORD} lamp oak"
    own.post("/enrol/password", 422, password=password, again=f"{password}s")
    own.post("/enrol/password", password=password, again=password)
    _set_up_app(at, own, staff_id)
    other = at.sign_in(staff_id, email, password, code_of(staff_id))
    own.get("/me")
    login = re.search(r'name="login" value="([^"]+)"', own.shown)
    assert login
    own.post("/me/logins/revoke", login=login.group(1))
    own.post("/me/logins/revoke-others")
    other.get("/me", 303)
    proof = {"current": password, "code": code_of(staff_id)}
    own.get("/me")
    own.post("/me/recovery-codes", 200, **proof)
    changed = f"granite {PASSWORD} spoon seven"
    own.post("/me/password", 422, current=password, code="000000", password=changed, again=changed)
    own.post("/me/password", current=password, code=code_of(staff_id), password=changed, again=changed)
    own.get("/me")
    own.post("/me/app", current=changed, code=code_of(staff_id))
    _set_up_app(at, own, staff_id)
    own.get("/me")
    own.post("/sign-out")
    page = f"/accounts/{staff_id}"
    admin.get(page)
    admin.post(f"{page}/rights", role="analyst", locations="LOC-2", team=f"{ACCOUNT}s")
    for act in ("unlock", "allow-service", "untie-service", "end-sign-ins", "close", "reopen"):
        admin.post(f"{page}/{act}")
    admin.post(f"{page}/reset", 200)


def _set_up_app(at: Practice, own: Seat, staff_id: str) -> None:
    own.get("/enrol", 200, 303)
    own.get("/enrol")
    own.get("/enrol/qr.svg")
    own.post("/enrol/app", 422, code="12345")
    pending = staff_secrets.opened_pending(at.find(Staff, Staff.id == staff_id))
    own.post("/enrol/app", 200, code=credentials.totp_now(pending, utc_now()))


def make_mistakes(at: Practice) -> None:
    """Names and words typed where they do not belong: into a sign-in, a stranger's link, an address that is no page.

    What is typed into an address cannot be helped, so these are not noted; the logs must hold nothing of it.
    """
    desk, portal = at.parts.desk, at.parts.portal
    stem = PEOPLE["booked"].stem
    addresses = (f"{desk}/{stem}", f"{desk}/cases/{stem}?next={SAID['stop']}", f"{portal}/{stem}", f"{portal}/l/{stem}")
    for address in addresses:
        assert httpx.get(address).status_code in (303, 404)
    stranger = Seat(at, "desk", "nobody")
    stranger.get("/sign-in")
    fields = {"email": f"{stem}@example.org", "password": f"{PASSWORD} {SAID['answer']}", "code": "123456"}
    stranger.post("/sign-in", 403, **fields)


def look_at_everything(at: Practice) -> None:
    """One of each role opens every page there is, with the numbers of what is there."""
    number, approval = at.case("asked").case_number, at.open_approval("asked")
    ids = {
        "case": number,
        "to_do": at.open_to_do("unsuited", ToDoKind.CALL_PATIENT).id,
        "account": at.find(Staff, Staff.email == f"{ACCOUNT}@example.org").id,
        "glass": at.find(BreakGlass).id,
    }
    paths = [
        *("/", "/queue", "/cases", f"/cases/{number}", f"/cases/{number}/content", f"/cases/{number}/break-glass"),
        *(f"/cases/{at.case(name).case_number}" for name in ("booked", "declined", "texting", "namesake", "typed")),
        *(f"/approvals/{approval.id}", f"/to-dos/{ids['to_do']}", "/intake", "/referrals/new", "/accounts"),
        *(
            f"/accounts/{ids['account']}",
            "/break-glass",
            f"/break-glass/{ids['glass']}",
            "/audit",
            "/audit/reads",
            "/retention",
            "/reader",
            "/map",
            f"/patient-file?case={number}",
            "/map?workflow=notes",
            "/map/waiting?status=risk_review",
            "/safety",
            "/practice-round",
            "/governance",
            "/workflows",
            "/workflows/claims/LOC-1/up",
            "/workflows/referral/LOC-1/shadow",
            "/steps",
            "/steps/entry/receive-file",
            "/steps/plot.svg",
            "/minimum-necessary",
            "/minimum-necessary/export",
        ),
        *("/notes", f"/notes/{at.find(SessionNote).case_number}", f"/patients/{at.case('booked').patient_id}/consents"),
        *("/care", "/care?scope=all", "/library", f"/care/{at.find(Episode).case_number}"),
        *("/me", "/enrol", "/claims", "/claims/all", f"/claims/{at.find(Claim).case_number}", "/coverage"),
        *("/clearinghouse", f"/claims/remitted/{at.find(RemittedClaimRecord).id}"),
        *("/contract-docs/index.html", "/oidc/again", "/oidc/sign-in", "/oidc/back", "/healthz", "/health"),
        *(f"/audit/export?form={form}" for form in ("csv", "jsonl", "fhir")),
        "/audit/export/found?form=jsonl&log=therapy&action=read",
    ]
    today = utc_now().date()
    days = f"period=days&begin={today - timedelta(days=60)}&end={today}"
    paths += [f"/scorecard{page}?{days}" for page in ("", "/scorecard.pdf", "/charts/shares.svg", "/figures/leakage")]
    for staff_id in ROLES:
        seat = at.seat(staff_id)
        for path in paths:
            answer = seat.browser.get(path)
            assert answer.status_code in (200, 303, 403, 409) or path == "/health", f"{path}: {answer.status_code}"
    for part in ("desk", "portal"):
        nobody = Seat(at, part, "nobody").browser
        for path in ("/healthz", "/health", "/robots.txt", f"/assets/{part}.css"):
            nobody.get(path)
        nobody.get("/metrics", headers={"Authorization": f"Bearer {settings().metrics_token()}"})


def break_a_seal(at: Practice) -> None:
    """What is stored of a case is altered: its page and its run fail while they hold what was said."""
    number = at.case("typed").case_number
    with sqlite3.connect(settings().home / "therapy.db", timeout=30) as therapy:
        changed = therapy.execute(
            "UPDATE intake_text SET text = substr(text, 1, length(text) - 6) || 'AAAAAA' WHERE case_number = ?",
            (number,),
        )
        assert changed.rowcount
    therapy.close()
    seat = at.seat(COORDINATOR)
    seat.get(f"/cases/{number}")
    seat.post(f"/cases/{number}/reroute", to="ready_to_screen", reason=SAID["reroute"])
    for each in CLINICIANS:
        at.seat(each).get(f"/cases/{number}/content", 403, 500)


def run_everything(at: Practice, names: list[str]) -> None:
    """Every deployment that nothing else has started; a case that is none; then the alarm about it."""
    deployed = {each["name"]: each["id"] for each in at.parts.ask_prefect("/deployments/filter", limit=200)}
    for name, parameters in (("on-demand", {}), ("nightly", {}), ("case", {"case_number": NO_CASE})):
        path = f"/deployments/{deployed[name]}/create_flow_run"
        asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        at.until(f"Prefect to take {name}", partial(at.parts.ask_prefect, path, **asked))

    def completed() -> set[str]:
        ended = {run["deployment_id"] for run in at.parts.runs() if run["state_type"] == "COMPLETED"}
        return {name for name in names if deployed[name] in ended}

    at.until("every deployment to have run", lambda: completed() == set(names))
    number = at.case("typed").case_number
    at.until("the broken seal and the case that is none to be met", lambda: {number, NO_CASE} <= failed_runs(at.parts))


def failed_runs(parts: Parts) -> set[str]:
    """Cases whose run failed, by the number they were started with."""
    ended = [run for run in parts.runs() if run["state_type"] in ("FAILED", "CRASHED")]
    return {run["parameters"].get("case_number", "") for run in ended}
