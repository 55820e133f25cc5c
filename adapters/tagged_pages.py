"""Pages of a PDF whose text carries the structure that a screen reader follows.

fpdf2 tags pictures only (its issue 355), so the marks around text are set here: every heading and paragraph is a
structure element in reading order, what repeats on each page is an artifact. Slow to import (fontTools).
"""

import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont
from fpdf.prefs import ViewerPreferences

from adapters.note_wording import visible

FONTS = Path(__file__).resolve().parents[1] / "templates" / "fonts"
BODY, LABEL_WIDTH, SMALL = 10.0, 46.0, 8.0
LINE = 5.0
HEADINGS = {1: 16.0, 2: 12.0}
# Right-to-left scripts, and accents that stand apart from their letter: only these need HarfBuzz, which is slow.
RIGHT_TO_LEFT = frozenset(["R", "AL", "AN"])
# Embeddings, overrides, isolates: nobody sees them, and they change the order in which a line is read.
REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# fontTools tells at INFO which characters a text has
logging.getLogger("fontTools").setLevel(logging.WARNING)


class TaggedPages(FPDF):
    """Letter pages in one font, millimetres; what the font lacks is shown as a mark, never left out.

    To be left with ``with``, which closes the files of the fonts.
    ``running`` stands on every page but the first, ``total`` is the number of pages that each page names.
    """

    def __init__(self, *, title: str, author: str, written_at: datetime, running: str, total: int) -> None:
        super().__init__(unit="mm", format="letter")
        self.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
        self.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
        in_each = [frozenset(font.cmap) for font in self.fonts.values() if isinstance(font, TTFFont)]
        self._glyphs = frozenset.intersection(*in_each)
        self._running, self._total = running, total
        self._role: str | None = None
        self.has_marks = False
        # a text that holds fpdf2's placeholder for the number of pages must stay as it was written
        self.alias_nb_pages("")
        self.set_title(title)
        self.set_author(author)
        self.set_creator("Countersign")
        self.set_lang("en")
        self.set_creation_date(written_at)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_margins(20, 20)
        self.set_auto_page_break(True, margin=22)
        self.add_page()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    # What is set

    def title_line(self, text: str) -> None:
        self._heading(text, 1)

    def section(self, text: str) -> None:
        """A heading, on the next page where two lines would not follow it here, and in the bookmarks."""
        if self.will_page_break(4 + 8 + 2 * LINE):
            self.add_page()
        else:
            self.ln(4)
        self.start_section(self.shown(text))
        self._heading(text, 2)

    def paragraph(self, text: str, *, bold: bool = False) -> None:
        with self._structure("/P"):
            self._set(text, bold=bold)
        self.ln(1)

    def fact(self, label: str, text: str, *, size: float = BODY) -> None:
        """``Patient:`` and beside it what it is."""
        if self.will_page_break(LINE):
            self.add_page()
        with self._structure("/P"):
            self.set_font("DejaVu", "B", BODY)
            self.cell(LABEL_WIDTH, LINE, f"{label}:")
            self._set(text, size=size)
        self.ln(0.5)

    def picture(self, content: bytes, width: float, said: str) -> None:
        """A picture with what it shows in words, for whoever cannot see it; millimetres."""
        self.image(BytesIO(content), w=width, alt_text=said)
        self.ln(2)

    def keep_together(self, lines: int) -> None:
        """Go to the next page unless so many lines fit here."""
        if self.will_page_break(lines * LINE):
            self.add_page()

    def rule(self) -> None:
        """A line across the page, which says nothing."""
        self.ln(2)
        with self._artifact():
            self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)
        self.ln(2)

    def shown(self, text: str) -> str:
        """The text as the font can show it."""
        spaced = text.replace("\t", " ")
        self.has_marks |= any(not self._can_show(each) for each in spaced if each not in "\r\n")
        return visible(spaced, self._can_show)

    def _can_show(self, character: str) -> bool:
        return ord(character) in self._glyphs and character not in REORDERING

    # What repeats

    def header(self) -> None:
        if self.page_no() == 1:
            return
        with self._artifact():
            self.set_y(10)
            self._one_line(self._running, Align.L)
        self.set_y(self.t_margin)

    def footer(self) -> None:
        with self._artifact():
            self.set_y(-14)
            self._one_line(f"Page {self.page_no()} of {self._total}", Align.R)

    def add_page(self, *args: Any, **kwargs: Any) -> None:
        """A paragraph that goes on here ends its element on the last page and begins one on this."""
        if self._role:
            self._out("EMC")
        super().add_page(*args, **kwargs)
        if self._role:
            self._begin_element()

    # How

    def _heading(self, text: str, level: int) -> None:
        with self._structure(f"/H{level}"):
            self._set(text, bold=True, size=HEADINGS[level])
        self.ln(1)

    def _set(self, text: str, *, bold: bool = False, size: float = BODY) -> None:
        """The text from here to the right margin, over as many lines and pages as it takes."""
        shown = self.shown(text) or " "
        self.set_font("DejaVu", "B" if bold else "", size)
        self.set_text_shaping(needs_shaping(shown))
        self.multi_cell(0, max(LINE, LINE * size / BODY), shown, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_shaping(False)

    def _one_line(self, text: str, align: Align) -> None:
        shown = self.shown(text).replace("\n", " ")
        self.set_font("DejaVu", "", SMALL)
        self.set_text_shaping(needs_shaping(shown))
        if self.get_string_width(shown) > self.epw:
            while shown and self.get_string_width(f"{shown}…") > self.epw:
                shown = shown[:-1]
            shown = f"{shown}…"
        self.cell(0, LINE, shown, align=align)

    @contextmanager
    def _structure(self, role: str) -> Iterator[None]:
        self._role = role
        self._begin_element()
        yield
        self._out("EMC")
        self._role = None

    def _begin_element(self) -> None:
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=self._role, mcid=number)
        self._out(f"{self._role} <</MCID {number}>> BDC")

    @contextmanager
    def _artifact(self) -> Iterator[None]:
        self._out("/Artifact BMC")
        yield
        self._out("EMC")


def needs_shaping(text: str) -> bool:
    """Whether characters of the text stand otherwise than one after the other from the left."""
    if text.isascii():
        return False
    return any(
        unicodedata.bidirectional(each) in RIGHT_TO_LEFT or unicodedata.category(each).startswith("M") for each in text
    )
