"""A clinician corrects and signs notes of sessions in a real browser: by pointer, by keyboard alone, on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters import desk_logins, operational_store, therapy_store_sessions
from models.codes import NoteStatus, Role
from models.operational import SessionNote, Staff
from tests import factories, note_factories
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.e2e.page_checks import axe, one_column
from tests.note_factories import SLEPT, SMALLER, WORK, MadeNote, historical_flag
from tests.web.desk.conftest import PASSWORD, person, place
from web.desk.app import make_app
from web.desk.cookies import LOGIN as COOKIE

__all__ = ["person", "place"]

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.sqlite_only("about the pages, not about what lies behind them"),
]

NARROW = {"width": 320, "height": 640}


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with served(make_app()) as url:
        yield url


@pytest.fixture
def clinician(person) -> Staff:
    return person(Role.CLINICIAN)


@pytest.fixture
def visit(chromium: Browser, address: str, clinician: Staff) -> Iterator:
    """Opens a window of the clinician; what a page complains about, or asks of another host, fails the test."""
    windows, complaints = [], []

    def open_window(script: bool = True, **size: int) -> Page:
        window = chromium.new_context(
            base_url=address, viewport=size or {"width": 1280, "height": 800}, java_script_enabled=script
        )
        window.add_cookies([{"name": COOKIE, "value": desk_logins.open_login(clinician.id), "url": address}])
        windows.append(window)
        page = window.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        page.on("request", lambda it: None if it.url.startswith((address, "data:")) else complaints.append(it.url))
        return page

    yield open_window
    for window in windows:
        window.close()
    assert complaints == []


def long_session() -> list[dict]:
    """The fictional session with forty lines of small talk before what matters, so that the transcript scrolls."""
    talk = {"speaker": "Patient", "role": "patient", "text": "It rained on the way here again.", "starts": 1.0}
    return [*note_factories.TURNS[:1], *note_factories.TURNS[1:], *[talk | {"ends": None} for _ in range(40)]]


def sign(page: Page, staff: Staff) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("One-time code").fill(factories.fresh_code(staff.id))
    page.get_by_role("button", name="Sign", exact=True).click()


def changed_to(note: MadeNote) -> list[str]:
    copy = therapy_store_sessions.working_copy(note.approval.id, actor="test", where="test")
    return [plain["text"] for plain in copy.fields["sentences"]] if copy else []


def said(page: Page, sentence: str):
    return page.locator(f"#sentence-{sentence} .said")


def lit_words(page: Page) -> list[str]:
    return page.locator(".spoken .lit").all_inner_texts()


def test_sentence_lights_up_the_words_it_rests_on_and_the_other_way_round(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place, turns=long_session())
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    said(page, "S3").hover()
    expect(page.locator(".spoken .lit")).to_have_count(2)
    assert lit_words(page) == ["cognitive restructuring", "fired"]
    expect(page.locator("#line-5")).to_have_class(re.compile(r"\blit\b"))
    page.locator("#line-2 .spoken").hover()
    expect(page.locator(".sentence.lit")).to_have_count(2)
    assert page.locator(".sentence.lit .said").all_inner_texts() == [SLEPT, WORK]
    page.get_by_role("heading", name="Codes").hover()
    expect(page.locator(".lit")).to_have_count(0)


def test_pinned_sentence_stays_lit_and_the_transcript_goes_to_its_words(visit, clinician, place):
    turns = [*long_session()[7:], *note_factories.TURNS]
    shifted = [
        {**each, "sources": [[turn + 40, starts, ends] for turn, starts, ends in each["sources"]]}
        for each in note_factories.drafted_sentences()
    ]
    note = note_factories.make_proposed_note(clinician, place, turns=turns, changes={"sentences": shifted})
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    expect(page.locator("#line-46")).not_to_be_in_viewport()
    said(page, "S4").click()
    expect(page.locator("#line-46")).to_be_in_viewport()
    expect(said(page, "S4")).to_have_attribute("aria-pressed", "true")
    said(page, "S1").hover()
    assert lit_words(page) == ["It is smaller now, thirty percent."]
    page.keyboard.press("Escape")
    expect(said(page, "S4")).to_have_attribute("aria-pressed", "false")
    # pinning a line of the transcript shows the sentences that rest on it
    page.locator("#line-42 .spoken").click()
    expect(page.locator(".sentence.lit")).to_have_count(2)


def test_keyboard_alone_corrects_signs_and_goes_on_to_the_next_note(visit, clinician, place):
    first = note_factories.make_proposed_note(clinician, place)
    second = note_factories.make_proposed_note(clinician, place)
    page = visit()
    page.goto(f"/notes/{first.number}/draft")
    press = page.keyboard.press
    press("j")
    expect(said(page, "S1")).to_be_focused()
    press("j")
    press("Enter")
    assert lit_words(page) == ["I could not go to work"]
    press("e")
    expect(page.locator("#text-S2")).to_be_focused()
    press("Control+A")
    page.keyboard.type("Patient missed two days of work; j and x are letters here.")
    press("Tab")
    press("Enter")
    expect(said(page, "S2")).to_have_text("Patient missed two days of work; j and x are letters here.")
    expect(said(page, "S2")).to_be_focused()
    expect(page.locator("#announced")).to_have_text("The sentence is changed.")
    press("k")
    press("x")
    expect(page.locator("#sentence-S1")).to_have_count(0)
    expect(said(page, "S2")).to_be_focused()
    press("a")
    page.keyboard.type("Patient was calm.")
    press("Tab")
    press("Enter")
    expect(page.locator(".sentence.added .said")).to_have_text("Patient was calm.")
    expect(page.locator(".sentence.added .said")).to_be_focused()
    press("/")
    expect(page.locator("#format-choice")).to_be_focused()
    press("s")  # within a field the keys are letters
    expect(page.locator("#format-choice")).to_be_focused()
    press("Tab")
    press("s")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    press("Tab")
    page.keyboard.type(factories.fresh_code(clinician.id))
    press("Enter")
    expect(page.get_by_role("status").filter(has_text="The note is signed.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Next note: {second.number}")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("heading", name="Session note")).to_be_visible()
    assert page.url.endswith(f"/notes/{second.number}/draft")
    with operational_store.reading() as db:
        assert operational_store.one(db, SessionNote, first.number).status == NoteStatus.CLOSED_SIGNED


def test_keys_can_be_switched_off(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    page.get_by_text("Keys", exact=True).click()
    page.get_by_label("Use these keys").uncheck()
    page.reload()
    page.keyboard.press("j")
    expect(said(page, "S1")).not_to_be_focused()


def test_flag_is_answered_and_the_note_signed_on_a_phone(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place, flags=[historical_flag()])
    page = visit(**PHONE)
    page.goto(f"/notes/{note.number}/draft")
    said(page, "S4").click()
    expect(page.locator("#sentence-S4 .quoted-words strong")).to_have_text("It is smaller now, thirty percent.")
    page.get_by_label("What was done").select_option("historical")
    page.get_by_role("button", name="Keep the answer to flag 1").click()
    expect(page.get_by_role("heading", name="Risk: 1 flag, answered")).to_be_visible()
    assert one_column(page) == []
    sign(page, clinician)
    expect(page.get_by_role("status").filter(has_text="The note is signed.")).to_be_visible()
    assert one_column(page) == []


def test_what_is_typed_and_not_saved_is_neither_lost_nor_left_out_of_a_signature(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    page.locator("#sentence-S1 summary").click()
    page.locator("#text-S1").fill("Typed, not saved.")
    said(page, "S2").click()
    page.keyboard.press("x")
    expect(page.locator("#sentence-S2")).to_have_count(0)
    expect(page.locator("#text-S1")).to_have_value("Typed, not saved.")
    expect(page.locator("#text-S1")).to_be_visible()
    sign(page, clinician)
    expect(page.get_by_role("alert").filter(has_text="is not saved yet")).to_be_focused()
    page.get_by_role("link", name="go to it").click()
    expect(page.locator("#text-S1")).to_be_focused()
    page.locator("#sentence-S1").get_by_role("button", name="Save").click()
    expect(said(page, "S1")).to_have_text("Typed, not saved.")
    sign(page, clinician)
    expect(page.get_by_role("status").filter(has_text="The note is signed.")).to_be_visible()


def test_stale_page_says_so_and_keeps_what_was_typed(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    one, other = visit(), visit()
    for page in (one, other):
        page.goto(f"/notes/{note.number}/draft")
    said(one, "S4").focus()
    one.keyboard.press("x")
    expect(one.locator("#sentence-S4")).to_have_count(0)
    said(other, "S1").focus()
    other.keyboard.press("e")
    other.locator("#text-S1").fill("From the other window.")
    other.locator("#sentence-S1").get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert").filter(has_text="changed on another page")).to_be_focused()
    expect(other.locator("#text-S1")).to_have_value("From the other window.")
    expect(other.locator("#sentence-S4")).to_have_count(0)
    other.locator("#sentence-S1").get_by_role("button", name="Save").click()
    expect(said(other, "S1")).to_have_text("From the other window.")
    assert SMALLER not in changed_to(note) and "From the other window." in changed_to(note)


def test_note_is_corrected_and_signed_without_scripts_on_a_narrow_screen(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page = visit(script=False, **NARROW)
    page.goto(f"/notes/{note.number}/draft")
    page.locator("#sentence-S3 .rests-on a").click()
    expect(page.locator("#line-5")).to_be_in_viewport()
    page.locator("#line-5 .ref").click()
    expect(page.locator("#sentence-S3")).to_be_in_viewport()
    page.locator("#sentence-S3 summary").click()
    page.locator("#text-S3").fill("Clinician used a thought record.")
    page.locator("#sentence-S3").get_by_role("button", name="Save").click()
    expect(page.locator("#sentence-S3 .said")).to_have_text("Clinician used a thought record.")
    expect(page.locator("#sentence-S3")).to_be_in_viewport()
    sign(page, clinician)
    expect(page.get_by_role("status").filter(has_text="The note is signed.")).to_be_visible()


def test_private_note_is_opened_on_demand_and_saved_in_its_place(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page = visit()
    asked = []
    page.on("request", lambda it: asked.append(it.url) if "/private" in it.url else None)
    page.goto(f"/notes/{note.number}/draft")
    assert asked == []
    page.get_by_text("Private psychotherapy note (only you)").click()
    page.get_by_label("Your private psychotherapy note").fill("For me alone.")
    page.get_by_role("button", name="Save the private note").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    page.get_by_text("Private psychotherapy note (only you)").click()
    expect(page.get_by_label("Your private psychotherapy note")).to_have_value("For me alone.")


def test_reason_is_asked_for_when_the_note_is_returned_and_not_before(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    expect(page.get_by_label("Why, or your question")).to_be_hidden()
    page.get_by_label("Return it").check()
    page.get_by_label("Why, or your question").fill("The wrong hour?")
    sign(page, clinician)
    expect(page.get_by_role("status").filter(has_text="The note is returned")).to_be_visible()


def test_private_note_that_is_not_saved_holds_up_the_signature_and_the_way_off_the_page(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page, asked = visit(), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.goto(f"/notes/{note.number}/draft")
    page.get_by_text("Private psychotherapy note (only you)").click()
    private = page.get_by_label("Your private psychotherapy note")
    private.fill("For me alone.")
    page.get_by_label("No note from here").check()
    page.get_by_label("Why, or your question").fill("Written elsewhere.")
    sign(page, clinician)
    page.get_by_role("alert").get_by_role("link", name="go to it").click()
    expect(private).to_be_focused()
    page.get_by_role("link", name="Notes", exact=True).first.click()
    expect(private).to_have_value("For me alone.")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save the private note").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    sign(page, clinician)
    expect(page.get_by_role("status").filter(has_text="closed without a note")).to_be_visible()
    assert asked == ["beforeunload"]


def test_point_that_was_assessed_is_taken_off_by_keyboard(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place)
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    page.get_by_text("It was assessed").press("Enter")
    page.get_by_role("button", name=re.compile("Take it off *: appetite")).press("Enter")
    expect(page.locator("#not-assessed > p")).to_contain_text("Not assessed in this session: substance use.")
    expect(page.locator("#not-assessed")).to_be_focused()
    expect(page.get_by_role("button", name=re.compile("Put it back *: appetite"))).to_be_visible()
    assert axe(page) == []


def test_note_can_be_left_for_later_without_the_list(visit, clinician, place):
    first, second = [note_factories.make_proposed_note(clinician, place) for _ in range(2)]
    page = visit()
    page.goto(f"/notes/{first.number}/draft")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(f"/notes/{second.number}/draft$"))


def test_page_after_a_change_has_no_fault_that_a_program_can_find(visit, clinician, place):
    note = note_factories.make_proposed_note(clinician, place, flags=[historical_flag()], turns=long_session())
    page = visit()
    page.goto(f"/notes/{note.number}/draft")
    said(page, "S1").focus()
    page.keyboard.press("x")
    expect(page.locator("#sentence-S1")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("e")
    assert axe(page) == []
