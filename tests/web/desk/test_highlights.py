"""Cutting a text into parts for its evidence."""

from hypothesis import given
from hypothesis import strategies as st

from web.desk.highlights import Span, parts

SPANS = st.builds(
    Span,
    number=st.integers(1, 9),
    starts=st.integers(-3, 40),
    ends=st.integers(-3, 40),
    rank=st.integers(1, 3),
)


def test_parts_overlap_where_two_spans_do():
    cut = parts("abcdefgh", [Span(1, 1, 5, 2), Span(2, 3, 7, 3)])
    assert [(part.text, part.rank, part.flags) for part in cut] == [
        ("a", 0, ()),
        ("bc", 2, (1,)),
        ("de", 3, (1, 2)),
        ("fg", 3, (2,)),
        ("h", 0, ()),
    ]
    assert [part.begins for part in cut] == [(), (1,), (2,), (), ()]
    assert [part.ends for part in cut] == [(), (), (1,), (2,), ()]


def test_parts_of_an_empty_text_are_none():
    assert parts("", [Span(1, 0, 0, 1)]) == ()


def test_parts_print_no_text():
    assert "secret" not in repr(parts("secret", []))


@given(st.text(max_size=40), st.lists(SPANS, max_size=6))
def test_parts_add_up_to_the_whole_text(text: str, spans: list[Span]):
    cut = parts(text, spans)
    assert "".join(part.text for part in cut) == text
    assert all(part.rank == 0 for part in cut if not part.flags)
    inside = [span for span in spans if max(0, span.starts) < min(len(text), span.ends)]
    assert sum(len(part.begins) for part in cut) == len(inside) == sum(len(part.ends) for part in cut)
