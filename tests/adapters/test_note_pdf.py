"""A signed note as a PDF: read back, its text, its structure and what it says of itself."""

import hashlib
import io
import logging
import os
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from adapters.note_pdf import note_pdf
from models.errors import ContractBroken
from models.signed_note import NoteSection, SignedNote
from tests.signed_notes import SIGNED_AT, make_addendum, make_signature, make_signed_note

CHECKOUT = Path(__file__).parents[2]
PRACTICE = "Lakeview Therapy & Family Counseling"
LEGEND = "[U+…] stands for a character that cannot be printed here"
SHOWS_TEXT = {b"Tj", b"TJ", b"'", b'"'}


def read(note: SignedNote, practice: str = PRACTICE) -> PdfReader:
    return PdfReader(io.BytesIO(note_pdf(note, practice)))


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def said(**wanted: Any) -> str:
    return text_of(read(make_signed_note(**wanted)))


def with_sentences(*sentences: str) -> SignedNote:
    return make_signed_note(sections=(NoteSection("Data", sentences),))


# --- what it says ---


def test_pdf_says_everything_that_the_note_holds() -> None:
    text = said()
    for expected in (
        PRACTICE,
        "Progress note SN-000042",
        "Patient: José Ñandú Müller",
        "Date of birth: 02/29/1988",
        "Session: Monday, November 2, 2026, 9:00 AM CST to 9:53 AM CST",
        "Face to face: 53 minutes",
        "Place: Lakeview office",
        "Modality: telehealth",
        "Service: individual",
        "Procedure code: 90837",
        "Format: SOAP, template soap-3",
        "Subjective The patient reports sleeping five hours a night. She said “no me fío de nadie”.",
        "Plan The next session is on Wednesday.",
        "Not assessed • risk of harm to others • substance use",
        "Diagnoses F41.1 Generalized anxiety disorder F33.1 Major depressive disorder, moderate",
        "Signed by: Ana Peña Ruiz, LCSW",
        "NPI: 1234567893",
        "Signed at: Monday, November 2, 2026, 10:14 AM CST (2026-11-02T16:14:05Z)",
        "Identity proved by: password and one-time code, at the desk",
        f"SHA-256 digest: {'3b' * 32}",
        "Drafted by grammar-1+notes-ab12cd34; reviewed and signed by Ana Peña Ruiz, LCSW.",
        "Page 1 of 1",
    ):
        assert expected in text, expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"not_assessed": ()}, "Not assessed Nothing is listed as not assessed."),
        ({"diagnoses": ()}, "Diagnoses None recorded."),
        ({"procedure_code": None}, "Procedure code: none"),
        (
            {"addons": (("90840", 2), ("90785", 1))},
            "Procedure code: 90837 Add-on codes: 90840 \xd7 2, 90785 \xd7 1 Format",
        ),
        ({"addons": ()}, "Procedure code: 90837 Format"),
        ({"template_version": None}, "Format: SOAP Subjective"),
        ({"sections": (NoteSection("Plan", ()),)}, "Plan Nothing was written under this heading."),
        ({"sections": (NoteSection("Plan", ("", "  \n")),)}, "Plan Nothing was written under this heading."),
        ({"signature": make_signature(npi=None)}, "NPI: none on record"),
        ({"signature": make_signature(credential="")}, "Signed by: Ana Peña Ruiz NPI"),
        ({"signature": make_signature(how="paper_form")}, "Identity proved by: paper form"),
        ({"service": "family_without_patient"}, "Service: family without patient"),
    ],
)
def test_pdf_says_what_is_missing_or_unusual_in_words(wanted: dict[str, Any], expected: str) -> None:
    assert expected in said(**wanted)


def test_pdf_of_a_note_that_a_person_wrote_names_no_drafter() -> None:
    assert "Drafted by" in said()
    assert "Drafted by" not in said(drafted_by=None)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, None),
        (1, "Amended: 1 addendum follows the signature"),
        (3, "Amended: 3 addenda follow the signature"),
    ],
)
def test_pdf_sets_each_addendum_with_its_own_signature(count: int, expected: str | None) -> None:
    other = make_signature(name="Bo Chen", credential="PhD", digest="0d" * 32, at=datetime(2027, 1, 5, 9, tzinfo=UTC))
    addenda = tuple(make_addendum(number) for number in range(1, count)) + (
        (make_addendum(count, signature=other),) if count else ()
    )
    text = said(addenda=addenda)
    assert text.count("Signed by:") == 1 + count
    assert (expected in text) if expected else ("Amended" not in text)
    for each in addenda:
        assert f"Addendum {each.number} {each.text} Signature of addendum {each.number}" in text
        assert f"SHA-256 digest: {each.signature.digest}" in text
    assert ("Signed by: Bo Chen, PhD" in text) is (count > 0)
    assert text.count("Drafted by") == 1


# --- odd characters ---


ODD: list[tuple[str, str | None]] = [
    ("¿Qué pasó? Ångström, œuvre, naïve", None),
    ("Жук, Ωμέγα, Łódź, İstanbul, ẞ", None),
    ("<script>alert(1)</script> & \"quotes\" 'single'", None),
    ("{nb} of {nb}, **bold**, __under__, --strike--", None),
    ("a smile 😀", None),
    ("thumbs 👍🏽 up", "thumbs [U+1F44D thumbs up sign][U+1F3FD emoji modifier fitzpatrick type-4] up"),
    ("王小明", "[U+738B][U+5C0F][U+660E]"),
    ("नमस्ते", None),
    ("a\x00b\x07c\x7f", "a[U+0000]b[U+0007]c[U+007F]"),
    ("lone \ud800 half", "lone [U+D800] half"),
    ("tab\there", "tab here"),
    ("first\nsecond\r\nthird\u2028fourth", "first second third fourth"),
    ("gro\u202edrow\u202c", "gro[U+202E right-to-left override]drow[U+202C pop directional formatting]"),
    ("iso\u2066lated", "iso[U+2066 left-to-right isolate]lated"),
    ("no\u200bspace\u200dor\u2060join\ufeffer", None),
    ("\ue123 \U0010ffff", None),
]


@pytest.fixture(scope="module")
def odd_text() -> str:
    """One PDF of all of them, read back."""
    return text_of(read(with_sentences(*(f"Begin{at} {each} end{at}." for at, (each, _) in enumerate(ODD)))))


@pytest.mark.parametrize(("at", "written", "read_back"), [(at, *each) for at, each in enumerate(ODD)])
def test_pdf_shows_every_character_or_its_mark(odd_text: str, at: int, written: str, read_back: str | None) -> None:
    text = odd_text[odd_text.index(f"Begin{at} ") : odd_text.index(f" end{at}.")].removeprefix(f"Begin{at} ")
    if read_back is None and "[U+" in text:
        # nothing but the font decides these: what it lacks is marked, and nothing is left out
        for each in written:
            assert each.isspace() or each in text or f"[U+{ord(each):04X}" in text, hex(ord(each))
    else:
        assert text == (read_back or written)


@pytest.mark.parametrize(("written", "marked"), [("José & Ana", False), ("José & 王", True), ("José\u202e", True)])
def test_pdf_explains_its_marks_where_it_has_some(written: str, marked: bool) -> None:
    assert (LEGEND in text_of(read(with_sentences(written)))) is marked


def test_pdf_keeps_right_to_left_words_and_joined_accents_together() -> None:
    decomposed = unicodedata.normalize("NFD", "José Peña")
    text = text_of(read(with_sentences("قال مرحبا", "she said שלום twice", f"{decomposed} came")))
    for word in ("مرحبا", "قال", "שלום"):
        assert word in text
    assert "José Peña came" in unicodedata.normalize("NFC", text)
    assert LEGEND not in text


@pytest.mark.parametrize("field", ["patient_name", "location_name"])
def test_pdf_marks_odd_characters_outside_the_sections_too(field: str) -> None:
    text = said(**{field: "Ana 王 <b>"})
    assert "Ana [U+738B] <b>" in text
    assert LEGEND in text


# --- pages ---


def test_pdf_of_200_sentences_runs_over_pages_that_each_say_where_they_are() -> None:
    sentences = tuple(f"Sentence {number} says that the patient slept {number} hours." for number in range(200))
    reader = read(with_sentences(*sentences))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        head = f"{PRACTICE} · Progress note SN-000042 · José Ñandú Müller, born 02/29/1988"
        assert (head in page) is (number > 1)
    text = " ".join(pages)
    assert [text.count(sentence) for sentence in sentences] == [1] * 200
    assert [text.index(sentence) for sentence in sentences] == sorted(text.index(sentence) for sentence in sentences)
    assert all(page.mediabox[2:] == [612, 792] for page in reader.pages)


def test_pdf_shortens_a_name_too_long_for_the_head_of_a_page_and_there_alone() -> None:
    name = "Maximiliano " * 20
    note = make_signed_note(patient_name=name, addenda=(make_addendum(1, text="A line.\n" * 60),))
    first, second, *_ = (" ".join(page.extract_text().split()) for page in read(note).pages)
    assert name.strip() in first
    assert second.startswith(f"{PRACTICE} · Progress note SN-000042 · Maximiliano")
    assert "…" in second and name.strip() not in second


def test_pdf_breaks_a_text_longer_than_a_page_without_losing_a_word() -> None:
    words = [f"word{number}" for number in range(2500)]
    arabic = "مرحبا " * 500
    reader = read(make_signed_note(addenda=(make_addendum(1, text=" ".join(words)), make_addendum(2, text=arabic))))
    assert len(reader.pages) >= 5
    text = text_of(reader)
    assert re.findall(r"word\d+", text) == words
    assert text.count("مرحبا") == 500


def test_pdf_never_leaves_a_heading_alone_at_the_foot_of_a_page() -> None:
    for count in (21, 22, 23, 24, 25, 26):
        reader = read(with_sentences(*["A line of the note."] * count))
        for page in reader.pages:
            lines = [line for line in page.extract_text().splitlines() if line.strip()]
            body = [line for line in lines if not line.startswith("Page ")]
            assert body[-1].strip() not in ("Not assessed", "Diagnoses", "Signature")


# --- structure ---


def roles_of(reader: PdfReader) -> list[tuple[str, int]]:
    """Each structure element's role and page in reading order."""
    document = reader.trailer["/Root"]["/StructTreeRoot"]["/K"][0].get_object()
    pages = [page.indirect_reference.idnum for page in reader.pages if page.indirect_reference]
    kids = [kid.get_object() for kid in document["/K"]]
    return [(kid["/S"], pages.index(kid.raw_get("/Pg").idnum)) for kid in kids]


def marks_of(reader: PdfReader, page: int) -> list[tuple[str, int | None]]:
    """Every mark of a page, with its number; fails where text stands outside of all marks, or within two."""
    found: list[tuple[str, int | None]] = []
    depth = 0
    for operands, operator in ContentStream(reader.pages[page].get_contents(), reader).operations:
        if operator in (b"BDC", b"BMC"):
            depth += 1
            found.append((operands[0], operands[1]["/MCID"] if operator == b"BDC" else None))
        elif operator == b"EMC":
            depth -= 1
        elif operator in SHOWS_TEXT:
            assert depth == 1, f"text in {depth} marks on page {page + 1}"
    assert depth == 0
    return found


def test_pdf_is_tagged_in_reading_order() -> None:
    long = " ".join(f"word{number}" for number in range(900))
    reader = read(make_signed_note(addenda=(make_addendum(1, text=long),)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    roles = roles_of(reader)
    assert [role for role, _ in roles].count("/H1") == 1
    # Subjective … Plan, Not assessed, Diagnoses, Signature, Addendum 1, its signature
    assert [role for role, _ in roles].count("/H2") == 9
    assert {role for role, _ in roles} == {"/H1", "/H2", "/P"}
    assert [page for _, page in roles] == sorted(page for _, page in roles)
    for number in range(len(reader.pages)):
        marks = marks_of(reader, number)
        numbered = [(role, mcid) for role, mcid in marks if mcid is not None]
        assert [mcid for _, mcid in numbered] == list(range(len(numbered)))
        assert [role for role, _ in numbered] == [role for role, page in roles if page == number]
        # the foot, and from the second page on the head
        assert [role for role, mcid in marks if mcid is None].count("/Artifact") == (1 if number == 0 else 2)


def test_pdf_has_bookmarks_for_its_headings() -> None:
    assert [each["/Title"] for each in read(make_signed_note()).outline] == [
        *("Subjective", "Objective", "Assessment", "Plan", "Not assessed", "Diagnoses", "Signature")
    ]


def test_pdf_embeds_its_fonts() -> None:
    fonts = [font.get_object() for font in read(make_signed_note()).pages[0]["/Resources"]["/Font"].values()]
    assert len(fonts) == 2
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "DejaVuSans" in descriptor["/FontName"]
        assert "/FontFile2" in descriptor
        assert "/ToUnicode" in font


def test_fonts_are_the_ones_that_their_readme_names() -> None:
    folder = CHECKOUT / "templates" / "fonts"
    named = dict(re.findall(r"\| (\S+\.ttf) \| ([0-9a-f]{64}) \|", (folder / "README.md").read_text()))
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.ttf")}
    assert there == named
    assert len(there) == 2


# --- what it says of itself ---


def test_pdf_names_its_number_and_never_its_patient_in_its_metadata() -> None:
    reader = read(make_signed_note(addenda=(make_addendum(2),)))
    assert reader.metadata is not None
    assert reader.metadata.title == "Progress note SN-000042"
    assert reader.metadata.author == PRACTICE
    assert reader.metadata.creation_date == make_addendum(2).signature.at
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"] is True or (
        reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    )
    told = " ".join(map(str, reader.metadata.values()))
    for word in ("José", "Ñandú", "Müller", "1988", "PAT-31", "F41"):
        assert word not in told


def test_pdf_without_addenda_is_dated_by_the_signature() -> None:
    metadata = read(make_signed_note()).metadata
    assert metadata is not None and metadata.creation_date == SIGNED_AT


def test_pdf_of_the_same_note_is_the_same_bytes() -> None:
    note = make_signed_note(addenda=(make_addendum(1, text="مرحبا 👍 " * 20),))
    assert note_pdf(note, PRACTICE) == note_pdf(note, PRACTICE)
    assert note_pdf(note, PRACTICE) != note_pdf(make_signed_note(), PRACTICE)


def test_pdf_is_the_same_in_another_process() -> None:
    script = (
        "import hashlib; from adapters.note_pdf import note_pdf; from tests.signed_notes import make_signed_note; "
        f"print(hashlib.sha256(note_pdf(make_signed_note(), {PRACTICE!r})).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == hashlib.sha256(note_pdf(make_signed_note(), PRACTICE)).hexdigest()


# --- what is told to nobody ---


def test_pdf_logs_no_word_of_the_note(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        note_pdf(make_signed_note(patient_name="Zanzibarius 王 👍 \x00 \ud800 مرحبا"), PRACTICE)
    told = " ".join(record.getMessage() for record in caplog.records)
    assert "Zanzibarius" not in told
    # fontTools would list the characters
    assert {record.name for record in caplog.records if record.levelno >= logging.INFO} == set()


def test_pdf_refuses_a_time_that_nobody_can_tell() -> None:
    with pytest.raises(ContractBroken) as refused:
        note_pdf(make_signed_note(started_at=datetime(2026, 11, 2, 15)), PRACTICE)
    assert refused.value.field == "started_at"


def test_signed_note_prints_without_what_was_said() -> None:
    note = make_signed_note(addenda=(make_addendum(1),))
    printed = repr(note) + str(note)
    for word in ("Ñandú", "1988", "sleeping", "no me fío", "Anxiety", "anxiety", "F41.1", "Correction"):
        assert word not in printed
    assert "SN-000042" in printed
