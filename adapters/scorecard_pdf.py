"""Sets the scorecard as a PDF for people outside the practice's desk: figures and charts, no case, no small count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from adapters.scorecard_charts import png

if TYPE_CHECKING:
    from adapters.tagged_pages import TaggedPages

TITLE = "Scorecard"
LINES_OF_A_CHART = 22
CHART_WIDTH = 150.0
"""Millimetres."""


@dataclass(frozen=True)
class Sheet:
    """What the PDF says; its figures have their small counts hidden already.

    ``about``: facts such as the period, each with its label. ``groups``: each with its figures, a bold line and a
    sentence for each. ``charts``: title, what it shows in words, its specification. ``definitions``: name, how counted.
    """

    practice_name: str
    written_at: datetime
    about: Sequence[tuple[str, str]]
    notes: Sequence[str]
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    charts: Sequence[tuple[str, str, str]]
    definitions: Sequence[tuple[str, str]]


def scorecard_pdf(sheet: Sheet) -> bytes:
    """US Letter pages; the same sheet gives the same bytes. Its figures have their small counts hidden already."""
    pictures = {title: png(specification) for title, _, specification in sheet.charts}
    with _pages(sheet, total=1) as pages:
        _write(pages, sheet, pictures)
        total = pages.pages_count
    with _pages(sheet, total=total) as pages:
        _write(pages, sheet, pictures)
        return bytes(pages.output())


def _pages(sheet: Sheet, *, total: int) -> "TaggedPages":
    # its fonts take two seconds to import
    from adapters.tagged_pages import TaggedPages

    running = f"{sheet.practice_name} · {TITLE}"
    return TaggedPages(
        title=TITLE, author=sheet.practice_name, written_at=sheet.written_at, running=running, total=total
    )


def _write(pages: "TaggedPages", sheet: Sheet, pictures: Mapping[str, bytes]) -> None:
    pages.paragraph(sheet.practice_name, bold=True)
    pages.title_line(TITLE)
    for label, value in sheet.about:
        pages.fact(label, value)
    for note in sheet.notes:
        pages.paragraph(note)
    for name, figures in sheet.groups:
        pages.section(name)
        _pairs(pages, figures)
    for title, said, _ in sheet.charts:
        pages.keep_together(LINES_OF_A_CHART)
        pages.section(title)
        pages.picture(pictures[title], CHART_WIDTH, said)
        pages.paragraph(said)
    pages.section("How the figures are counted")
    _pairs(pages, sheet.definitions)


def _pairs(pages: "TaggedPages", pairs: Sequence[tuple[str, str]]) -> None:
    for bold, text in pairs:
        pages.keep_together(3)
        pages.paragraph(bold, bold=True)
        pages.paragraph(text)
