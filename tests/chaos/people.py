"""What staff and patients do in the chaos test: each case has its plan; acts go through the desk and the portal."""

import email
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.policy import default
from html import unescape
from typing import Any

import httpx
import pyotp
from sqlmodel import col, select

from adapters import operational_store as store
from adapters.sample_practice import sample_sign_ins
from adapters.settings import settings
from models.codes import AppointmentStatus, ApprovalKind, ApprovalStatus, ReferralStatus, ToDoStatus
from models.operational import Appointment, Approval, Referral, Staff, ToDo
from tests.flows.people import referral_row

R = ReferralStatus
K = ApprovalKind

RISK = {"phq9_9": "2"}
NO_ANSWERS = {f"phq9_{item}": "" for item in range(1, 10)} | {f"gad7_{item}": "" for item in range(1, 8)}
PLACES = (
    {"location_id": "LOC-1", "state": "OR", "time_zone": "America/Los_Angeles", "payer_code": "AETNA"},
    {"location_id": "LOC-2", "state": "IL", "time_zone": "America/Chicago", "payer_code": "BCBS"},
    {"location_id": "LOC-3", "state": "NY", "time_zone": "America/New_York", "payer_code": "AETNA"},
)
MOST_REFUSALS = 40


@dataclass(frozen=True)
class Plan:
    """What everybody does with cases of this kind, and where they end."""

    name: str
    weight: int
    ends: ReferralStatus
    row: dict[str, str] = field(default_factory=dict)
    signs: dict[ApprovalKind, dict[str, str]] = field(default_factory=dict)
    chooses: bool = False
    cancels: str = ""
    answers: bool = False
    stops: bool = False


APPROVE = {"verdict": "approve"}
PLANS = (
    Plan("untouched", 5, R.RISK_REVIEW, RISK),
    Plan("silent", 3, R.QUESTIONNAIRES_REQUESTED, NO_ANSWERS),
    Plan("booked", 5, R.BOOKED, signs={K.ASSIGNMENT: APPROVE}, chooses=True),
    Plan("withdrawn", 2, R.CLOSED_WITHDRAWN, signs={K.ASSIGNMENT: APPROVE}, chooses=True, cancels="withdraw"),
    Plan("another time", 2, R.BOOKED, signs={K.ASSIGNMENT: APPROVE}, chooses=True, cancels="new"),
    Plan(
        "declined",
        4,
        R.CLOSED_DECLINED,
        RISK,
        {K.RISK_REVIEW: {"verdict": "reject", "reason": "outside what we offer"}, K.CLOSING_LETTER: APPROVE},
    ),
    Plan(
        "edited",
        2,
        R.OFFERED,
        RISK,
        {
            K.RISK_REVIEW: {"verdict": "edit_and_approve", "reason": "after a call", "safety_note": "call on Monday"},
            K.ASSIGNMENT: APPROVE,
        },
    ),
    Plan("asked", 2, R.ASSIGNMENT, NO_ANSWERS, answers=True),
    Plan("returned", 2, R.ASSIGNMENT, RISK, {K.RISK_REVIEW: APPROVE}),
    Plan("stopped", 1, R.CLOSED_WITHDRAWN, stops=True),
)
BY_NAME = {plan.name: plan for plan in PLANS}


def row_of(number: int, plan: Plan) -> dict[str, str]:
    """The referral of one invented patient, told from every other by everything."""
    born = f"{1950 + number % 50}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    who = {"given_name": GIVEN[number % len(GIVEN)], "family_name": f"{_word(number)}son", "birth_date": born}
    key = f"CH-{number:04d}"
    other = {"email": f"{key.lower()}@example.org", "phone": f"+1 503 {600 + number // 10000} {number % 10000:04d}"}
    # no words and no consent: the rules alone decide whether there is a risk, and no encoder is loaded
    quiet = {"consent_ai": "no", "referral_text": ""}
    return referral_row(key, **(who | other | PLACES[number % 3] | quiet | plan.row))


GIVEN = ("Robin", "Alex", "Sam", "Jo", "Kim", "Lee", "Max", "Noa", "Pat", "Ray", "Sky", "Val", "Wren")
SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "xa")


def _word(number: int) -> str:
    spread = number * 2654435761 % 2**16
    return "".join(SYLLABLES[(spread >> shift) % 16] for shift in (0, 4, 8, 12)).capitalize()


class Refused(Exception):
    """A door said no to what a person may do."""


@dataclass
class Actors:
    """Two threads, the staff and the patients, that do what each case's plan says until they are stopped."""

    desk: str
    portal: str
    plans: dict[str, Plan]
    """Plan by the referral's external key."""
    births: dict[str, str]
    stop: threading.Event = field(default_factory=threading.Event)
    browsers: dict[str, httpx.Client] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)
    links: dict[str, tuple[int, str]] = field(default_factory=dict)
    read_mails: set[str] = field(default_factory=set)

    def __enter__(self) -> "Actors":
        self.threads = [threading.Thread(target=self._go_on, args=(what,)) for what in (self._staff, self._patients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        for browser in self.browsers.values():
            browser.close()

    def _go_on(self, act: Any) -> None:
        try:
            while not self.stop.is_set():
                for name, one in act():
                    if self.stop.is_set():
                        return
                    self._try(name, one)
                time.sleep(0.2)
        except BaseException as trouble:
            self.broken.append(trouble)

    def _try(self, name: str, act: Any) -> None:
        """Act once; what a killed part did not answer is done again at the next look, as a person would."""
        try:
            act()
            self.acts[name.split(":")[0]] += 1
        except httpx.TransportError:
            time.sleep(0.2)
        except Refused as refusal:
            self.refusals[name] += 1
            if self.refusals[name] > MOST_REFUSALS:
                raise AssertionError(f"{name} is refused again and again: {refusal}") from None

    # -- staff

    def _staff(self) -> Iterator[tuple[str, Any]]:
        with store.reading() as db:
            cases = {case.case_number: case for case in db.exec(select(Referral)).all()}
            approvals = db.exec(select(Approval).where(Approval.status == ApprovalStatus.OPEN)).all()
            to_dos = db.exec(
                select(ToDo).where(
                    col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED)), ToDo.kind == "answer_question"
                )
            ).all()
            returned = set(db.exec(select(Approval.case_number).where(Approval.status == ApprovalStatus.DECIDED)).all())
        for approval in approvals:
            case = cases[approval.case_number]
            plan = self.plans[case.external_key]
            if plan.stops and approval.kind == K.ASSIGNMENT:
                yield f"stop:{case.case_number}", lambda case=case: self._stop_case(case)
                continue
            form = plan.signs.get(approval.kind)
            if plan.name == "returned" and case.case_number not in returned:
                form = {"verdict": "return", "reason": "Does the patient still live in the state?"}
            if form is not None:
                yield f"sign:{approval.id}", lambda approval=approval, form=form: self._sign(approval, form)
        for to_do in to_dos:
            yield f"answer:{to_do.id}", lambda to_do=to_do: self._answer(to_do)

    def _sign(self, approval: Approval, form: dict[str, str]) -> None:
        staff_id = approval.assigned_to or coordinator(approval.location_id)
        path = f"/approvals/{approval.id}"
        shown = self._get(staff_id, path)
        seen = re.search(r'name="seen_digest" value="(\w+)"', shown)
        proof = {"password": sign_in_of(staff_id).password, "code": code_of(staff_id)}
        self._post(staff_id, path, {"seen_digest": seen.group(1) if seen else "", **proof, **form})

    def _answer(self, to_do: ToDo) -> None:
        staff_id = coordinator(to_do.location_id)
        self._get(staff_id, f"/to-dos/{to_do.id}")
        self._post(staff_id, f"/to-dos/{to_do.id}/claim", {})
        self._post(staff_id, f"/to-dos/{to_do.id}/finish", {"outcome": "answered", "said": "Yes, they do."})

    def _stop_case(self, case: Referral) -> None:
        staff_id = coordinator(case.location_id)
        self._get(staff_id, f"/cases/{case.case_number}")
        self._post(staff_id, f"/cases/{case.case_number}/stop", {"exit": "withdrawn", "reason": "asked by phone"})

    def _browser(self, staff_id: str) -> httpx.Client:
        if staff_id not in self.browsers:
            self.browsers[staff_id] = self._sign_in(staff_id)
        return self.browsers[staff_id]

    def _sign_in(self, staff_id: str) -> httpx.Client:
        browser = httpx.Client(base_url=self.desk, timeout=60)
        shown = browser.get("/sign-in").text
        token = re.search(r'name="form_token" value="([^"]+)"', shown)
        known = sign_in_of(staff_id)
        fields = {"email": known.email, "password": known.password, "code": code_of(staff_id)}
        answer = browser.post("/sign-in", data={**fields, "form_token": token.group(1) if token else ""})
        if answer.status_code != 303:
            raise Refused(f"sign-in of {staff_id}: {answer.status_code}")
        return browser

    def _get(self, staff_id: str, path: str) -> str:
        answer = self._browser(staff_id).get(path)
        if answer.status_code != 200:
            raise Refused(f"GET {path}: {answer.status_code}")
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        if found:
            self.tokens[staff_id] = found.group(1)
        return answer.text

    def _post(self, staff_id: str, path: str, fields: dict[str, str]) -> None:
        answer = self._browser(staff_id).post(path, data={"csrf_token": self.tokens.get(staff_id, ""), **fields})
        if answer.status_code not in (303, 409):
            raise Refused(f"POST {path}: {answer.status_code} {_problem(answer.text)}")

    # -- patients

    def _patients(self) -> Iterator[tuple[str, Any]]:
        self._read_mails()
        with store.reading() as db:
            cases = db.exec(
                select(Referral).where(col(Referral.status).in_((R.OFFERED, R.BOOKED, R.QUESTIONNAIRES_REQUESTED)))
            ).all()
            had = Counter(
                db.exec(
                    select(Appointment.case_number).where(
                        col(Appointment.status).in_((AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED))
                    )
                ).all()
            )
        for case in cases:
            plan = self.plans[case.external_key]
            key = case.external_key.removeprefix("csv:")
            if key not in self.links:
                continue
            wants = {
                R.OFFERED: plan.chooses,
                R.QUESTIONNAIRES_REQUESTED: plan.answers,
                R.BOOKED: bool(plan.cancels) and not had[case.case_number],
            }[case.status]
            if wants:
                yield (
                    f"patient:{case.case_number}:{case.version}",
                    lambda key=key, plan=plan: self._visit(key, plan),
                )

    def _read_mails(self) -> None:
        for path in (settings().outbox_folder / "email").glob("*.eml"):
            if path.name in self.read_mails:
                continue
            mail = email.message_from_bytes(path.read_bytes(), policy=default)
            part = mail.get_body()  # type: ignore[attr-defined]
            found = re.search(r"/l/[\w.~=-]+", str(part.get_content()) if part else "")
            who = str(mail["To"]).split("@")[0].upper()
            if found and (who not in self.links or self.links[who][0] <= path.stat().st_mtime_ns):
                self.links[who] = (path.stat().st_mtime_ns, found.group(0))
            self.read_mails.add(path.name)

    def _visit(self, key: str, plan: Plan) -> None:
        """Open the newest link that came by mail, give the birth date, do what the page is for."""
        link = self.links[key][1]
        with httpx.Client(base_url=self.portal, timeout=60, follow_redirects=True) as browser:
            shown = browser.get(link)
            if 'name="year"' in shown.text:
                year, month, day = self.births[key].split("-")
                shown = _send(browser, shown, link, {"year": year, "month": str(int(month)), "day": str(int(day))})
            for _ in range(12):
                path = shown.url.path
                if path.endswith("/times"):
                    offer = re.search(r'name="offer" value="([^"]+)"', shown.text)
                    if offer is None:
                        raise Refused(f"no time on {_problem(shown.text)}")
                    shown = _send(browser, shown, path, {"offer": offer.group(1)})
                    return
                if path.endswith("/appointment"):
                    if plan.cancels:
                        home = path.removesuffix("/appointment")
                        page = browser.get(f"{home}/cancel")
                        _send(browser, page, f"{home}/cancel", {"wish": plan.cancels})
                    return
                if "/step/" not in path:
                    return
                shown = _send(browser, shown, path, _answers(shown.text))


def _answers(page: str) -> dict[str, Any]:
    """No to everything that the page asks."""
    if 'name="words"' in page:
        return {"words": "", "consent": "no", "modality": "either", "language": "en", "then": "send"}
    asked = sorted(set(re.findall(r'name="item_(\d+)"', page)), key=int)
    first = {number: re.search(rf'name="item_{number}" value="(\d+)"', page) for number in asked}
    given = {f"item_{number}": found.group(1) for number, found in first.items() if found}
    return {**given, "asked": re.findall(r'name="asked" value="(\d+)"', page), "then": "next"}


def _send(browser: httpx.Client, shown: httpx.Response, path: str, fields: dict[str, Any]) -> httpx.Response:
    token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
    answer = browser.post(path, data={"form_token": token.group(1) if token else "", **fields})
    if answer.status_code not in (200, 409):
        raise Refused(f"POST to the portal: {answer.status_code} {_problem(answer.text)}")
    return answer


def _problem(page: str) -> str:
    """The words of a page, for a failing test; everything in them is invented."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))[:600]


def sign_in_of(staff_id: str) -> Any:
    return next(one for one in sample_sign_ins() if one.staff_id == staff_id)


def coordinator(location_id: str) -> str:
    return {"LOC-1": "ST-201", "LOC-2": "ST-202", "LOC-3": "ST-203"}[location_id]


def code_of(staff_id: str) -> str:
    """A one-time code that is still good: as if the next thirty seconds had come since the last one."""
    with store.writing() as db:
        staff = store.one(db, Staff, staff_id)
        staff.totp_last_step = 0
        db.add(staff)
    return pyotp.TOTP(sign_in_of(staff_id).totp_secret).now()
