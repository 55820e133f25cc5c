"""Session transcripts: each format read back as it was written, each fault refused at its line, no word repeated."""

import codecs
import html
import json
import re
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters import transcripts
from adapters.speaker_labels import Unclear, role_of
from adapters.transcripts import Speakers, TooShort, read_transcript
from models.errors import ContractBroken
from models.transcript import LONGEST_SECONDS, SpeakerRole, Transcript, TranscriptTurn

ANA_AND_LENA = Speakers(patient="Ana María Quill-Núñez", clinician="Lena Abernathy")
PATIENT, CLINICIAN, OTHER = SpeakerRole.PATIENT, SpeakerRole.CLINICIAN, SpeakerRole.OTHER
LONG = "and then the week went on much as the one before it had until somebody asked me how I was"
TALK = (
    ("Therapist", f"How was it? {LONG}"),
    ("Patient", f"Not easy, {LONG}"),
    ("Therapist", f"What helped? {LONG}"),
    ("Patient", f"The walks did. {LONG}"),
)


def read(text: str | bytes, file_name: str = "one.txt", speakers: Speakers = ANA_AND_LENA) -> Transcript:
    return read_transcript(text if isinstance(text, bytes) else text.encode(), file_name, speakers)


def refused(text: str | bytes, file_name: str = "one.txt", speakers: Speakers = ANA_AND_LENA) -> ContractBroken:
    with pytest.raises(ContractBroken) as broken:
        read(text, file_name, speakers)
    return broken.value


def where(broken: ContractBroken) -> tuple[int | None, str | None]:
    return broken.row, broken.field


def lines_of(*turns: tuple[str, str]) -> str:
    return "".join(f"{label}: {words}\n" for label, words in turns)


def said(transcript: Transcript) -> list[tuple[SpeakerRole, str]]:
    return [(turn.role, turn.text) for turn in transcript.turns]


# --- written, and read back as it was ---


def clock(seconds: float, point: str = ".") -> str:
    whole, milli = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milli:03}"


def rows(text: str, width: int) -> str:
    words = text.split()
    return "\n".join(" ".join(words[at : at + width]) for at in range(0, len(words), width))


def as_webvtt_voices(turns: Sequence[TranscriptTurn], width: int) -> str:
    cues = [
        f"{at}-cue\n{clock(turn.starts)} --> {clock(turn.ends)} align:start position:10%\n"
        f"<v.loud {html.escape(turn.speaker)}>{rows(html.escape(turn.text), width)}</v>\n"
        for at, turn in enumerate(turns)
    ]
    return "WEBVTT - a session\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n" + "\nNOTE\nhear hear\n\n".join(cues)


def as_webvtt_lines(turns: Sequence[TranscriptTurn], width: int) -> str:
    cues = [
        f"{clock(turn.starts).removeprefix('00:')} --> {clock(turn.ends)}\n"
        f"<c.blue>{html.escape(turn.speaker)}:</c> {rows(html.escape(turn.text), width)}\n"
        for turn in turns
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def as_srt(turns: Sequence[TranscriptTurn], width: int) -> str:
    return "\n".join(
        f"{at}\n{clock(turn.starts, ',')} --> {clock(turn.ends, ',')}\n"
        f"<i>{turn.speaker}:</i> {rows(turn.text, width)}\n"
        for at, turn in enumerate(turns, 1)
    )


def as_plain(turns: Sequence[TranscriptTurn], width: int) -> str:
    return "\n".join(
        (f"[{clock(turn.starts)}] " if turn.starts is not None else "") + f"{turn.speaker}: {rows(turn.text, width)}"
        for turn in turns
    )


def as_json_list(turns: Sequence[TranscriptTurn], width: int) -> str:
    listed = [
        {"speaker": turn.speaker, "text": rows(turn.text, width), "start": turn.starts, "end": turn.ends}
        for turn in turns
    ]
    return json.dumps(listed)


def as_json_object(turns: Sequence[TranscriptTurn], width: int) -> str:
    segments = [
        {
            "role": str(turn.role),
            "name": turn.speaker,
            "content": rows(turn.text, width),
            "start_time": None if turn.starts is None else clock(turn.starts),
            "end_time": None if turn.ends is None else str(turn.ends),
        }
        for turn in turns
    ]
    return json.dumps({"language": "en", "segments": segments, "text": "all of it"}, indent=1, ensure_ascii=False)


Writes = Callable[[Sequence[TranscriptTurn], int], str]
WRITERS: dict[str, tuple[Writes, str]] = {
    "webvtt, voices": (as_webvtt_voices, "webvtt"),
    "webvtt, lines": (as_webvtt_lines, "webvtt"),
    "srt": (as_srt, "srt"),
    "plain": (as_plain, "plain"),
    "json, list": (as_json_list, "json"),
    "json, object": (as_json_object, "json"),
}
LABELS = st.sampled_from(
    [
        ("Therapist", CLINICIAN),
        ("Dr. Lena Abernathy", CLINICIAN),
        ("Patient", PATIENT),
        ("Ana Maria", PATIENT),
        ("Interpreter", OTHER),
        ("Patient's mother", OTHER),
    ]
)
# What would be markup, a label, a mark of a new speaker or a style in one of the formats is tested by itself.
LETTERS = st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="<>{}[](:\uff1a-\u2013\u2014\u2022")
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=7), min_size=1, max_size=9).map(" ".join)
ENDING = [
    TranscriptTurn("Therapist", CLINICIAN, f"So it was hard. {LONG} {LONG}"),
    TranscriptTurn("Ana", PATIENT, f"It was. {LONG} {LONG}"),
    TranscriptTurn("Therapist", CLINICIAN, "Until next week"),
    TranscriptTurn("Ana", PATIENT, "Yes"),
]


@st.composite
def turns_with(draw: st.DrawFn, timed: bool, ended: bool) -> list[TranscriptTurn]:
    """Any talk; pauses are longer than what would join two cues of one speaker."""
    spoken = draw(st.lists(st.tuples(LABELS, WORDS), max_size=6))
    turns = [TranscriptTurn(label, role, text) for (label, role), text in spoken] + ENDING
    if not timed:
        return turns
    now = draw(st.integers(0, 3_000_000))
    made = []
    for turn in turns:
        lasts, pause = draw(st.tuples(st.integers(0, 90_000), st.integers(2_001, 400_000)))
        ends = (now + lasts) / 1000 if ended else None
        made.append(TranscriptTurn(turn.speaker, turn.role, turn.text, now / 1000, ends))
        now += lasts + pause
    return made


@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("name", WRITERS)
@given(data=st.data())
def test_transcript_is_read_back_as_it_was_written(name: str, data: st.DataObject) -> None:
    write, kind = WRITERS[name]
    timed = kind in ("webvtt", "srt") or data.draw(st.booleans())
    turns = data.draw(turns_with(timed=timed, ended=kind != "plain"))
    text = write(turns, data.draw(st.integers(1, 12)))
    ending = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    read_back = read(text.replace("\n", ending).encode(encoding), "a-session")
    assert read_back == Transcript(kind, tuple(turns))


# --- whatever comes, it is read or refused, and nothing of it is repeated ---

PLAIN_FILE = lines_of(*TALK).encode()
TIMED = [
    TranscriptTurn(label, PATIENT if label == "Patient" else CLINICIAN, words, at * 9.0, at * 9.0 + 7)
    for at, (label, words) in enumerate(TALK * 3)
]
WHOLE_FILES = [write(TIMED, 7).encode() for write, _ in WRITERS.values()] + [PLAIN_FILE]
PIECES = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=20).map(str.encode),
    st.sampled_from(
        [b"WEBVTT\n\n", b"\n00:01.000 --> 00:09.000\n", b"-->", b"<v Ana>", b"<v", b"&#x26;", b"\n\n", b"Speaker 1: ",
         b"[00:61:00] ", b'{"turns": [', b"]}", b"[{", b'"start": 1e999, ', b"\\ud800", b": ",
         b"\xef\xbb\xbf", b"\xff\xfe",
         b"Ana: ", b"T: ", b"NOTE\n", b"\x00", b"\xe9", b"\xc3\xa9", b">> "]
    ),
)  # fmt: skip


@st.composite
def spoilt_files(draw: st.DrawFn) -> bytes:
    """A whole file of any format with a piece cut out and others put in."""
    whole = draw(st.sampled_from(WHOLE_FILES))
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 60)))
    return whole[:start] + b"".join(draw(st.lists(PIECES, max_size=4))) + whole[end:]


def runs_of_four_words(data: bytes) -> set[str]:
    runs = set()
    for encoding in ("utf-8", "cp1252", "utf-16"):
        words = data.decode(encoding, errors="replace").split()
        runs |= {" ".join(words[at : at + 4]) for at in range(len(words) - 3)}
    return runs


@settings(deadline=None, max_examples=500)
@given(
    st.one_of(st.binary(max_size=300), spoilt_files(), st.lists(PIECES, max_size=12).map(b"".join)),
    st.sampled_from(["a.vtt", "a.srt", "a.txt", "a.json", ""]),
)
@example(b"[" * 200_000, "a.json")
@example(b'[{"speaker": ' + b"9" * 5_000 + b"}]", "a.json")
def test_transcript_answers_or_refuses_whatever_it_is_given(data: bytes, file_name: str) -> None:
    try:
        transcript = read(data, file_name)
    except ContractBroken as broken:
        shown = f"{broken} {broken.field} {broken!r}"
        assert broken.row and broken.field
        assert not {run for run in runs_of_four_words(data) if run in shown}
        assert broken.__context__ is None or broken.__suppress_context__
        return
    assert transcript.words >= transcripts.FEWEST_WORDS and len(transcript.turns) >= transcripts.FEWEST_TURNS
    assert {PATIENT, CLINICIAN} <= {turn.role for turn in transcript.turns}
    assert all(turn.text == " ".join(turn.text.split()) != "" for turn in transcript.turns)


def test_refusal_of_json_does_not_carry_the_text_with_it() -> None:
    """A decoder's error holds the whole document, and logs may print what an error came from."""
    broken = refused('[{"speaker": "Ana", "text": "what I never told"', "a.json")
    assert (broken.__context__, broken.__cause__) == (None, None)


def test_transcript_prints_nothing_that_was_said() -> None:
    shown = repr(read(PLAIN_FILE)) + repr(ANA_AND_LENA)
    assert not any(word in shown for word in ("week", "walks", "Ana", "Lena"))


# --- formats ---


def test_webvtt_header_is_stronger_than_the_suffix() -> None:
    assert read(as_webvtt_voices(TIMED, 9), "a.txt").format == "webvtt"


@pytest.mark.parametrize(
    ("text", "file_name", "kind"),
    [
        (as_srt(TIMED, 9), "a.txt", "srt"),
        (as_srt(TIMED, 9).replace(",", "."), "a.srt", "srt"),
        (as_srt(TIMED, 9), "a.vtt", "webvtt"),
        (as_json_list(TIMED, 9), "a.txt", "json"),
        ("\n \n" + as_json_object(TIMED, 9), "a", "json"),
        (lines_of(*TALK), "a.vtt", "plain"),
        (as_plain(TIMED, 9), "a.srt", "plain"),
    ],
)
def test_format_is_told_by_content_first(text: str, file_name: str, kind: str) -> None:
    assert read(text, file_name).format == kind


def cue(at: float, text: str, lasts: float = 2.0) -> str:
    return f"{clock(at)} --> {clock(at + lasts)}\n{text}\n\n"


TAIL = "".join(cue(100 + at * 10, f"{label}: {words}") for at, (label, words) in enumerate(TALK))
VOICED = "".join(cue(100 + at * 10, f"<v {label}>{words}") for at, (label, words) in enumerate(TALK))


def first_turns(text: str, count: int = 1, file_name: str = "a.vtt") -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in read(text, file_name).turns[:count]]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("I felt &lt;3 &amp; fine", "I felt <3 & fine"),
        ("&amp;lt; stays", "&lt; stays"),
        ("<i>so</i> <b>much</b> <c.red.big>louder</c>", "so much louder"),
        ("one<00:00:01.500> two", "one two"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("a&nbsp;&nbsp;b&lrm;c", "a bc"),
        ("<ruby>word<rt>note</rt></ruby>", "wordnote"),
        ("two\nlines\t here", "two lines here"),
    ],
)
def test_webvtt_markup_is_removed(words: str, text: str) -> None:
    assert first_turns(f"WEBVTT\n\n{cue(1, f'Patient: {words}')}{TAIL}") == [("Patient", text)]
    assert first_turns(f"WEBVTT\n\n{cue(1, f'<v Patient>{words}')}{VOICED}") == [("Patient", text)]


def test_srt_markup_is_removed_and_entities_stay() -> None:
    text = cue(1, "{\\an8}<font color=red>Patient:</font> salt &amp; <i>pepper</i>")
    assert first_turns(text + TAIL, file_name="a.srt") == [("Patient", "salt &amp; pepper")]


def test_cue_holds_several_speakers() -> None:
    both = [("Therapist", "How so?"), ("Patient", "I ran home")]
    assert first_turns("WEBVTT\n\n" + cue(1, "- Therapist: How so?\n- Patient: I ran\nhome") + TAIL, 2) == both
    assert first_turns("WEBVTT\n\n" + cue(1, "<v Therapist>How so?</v> <v Patient>I ran\nhome") + VOICED, 2) == both
    there_and_back = cue(1, "Patient: a\nTherapist: b\nPatient: c", 9)
    assert [text for _, text in first_turns("WEBVTT\n\n" + there_and_back + TAIL, 3)] == ["a", "b", "c"]


def test_cues_of_one_speaker_are_one_turn_where_the_pause_is_short() -> None:
    text = cue(1, "Patient: I was") + cue(5, "Patient: late") + cue(9.001, "Patient: again") + TAIL
    first, second, *_ = read(text, "a.srt").turns
    assert (first.text, first.starts, first.ends) == ("I was late", 1.0, 7.0)
    assert (second.text, second.starts, second.ends) == ("again", 9.001, 11.001)


def test_cue_without_a_name_goes_on_with_the_speaker_before() -> None:
    text = cue(1, "Patient: I was") + cue(3, "late") + cue(20, "Therapist:") + cue(23, "Were you?") + TAIL
    assert first_turns(text, 2, "a.srt") == [("Patient", "I was late"), ("Therapist", "Were you?")]


def test_cue_numbers_are_no_words_even_without_blank_lines() -> None:
    text = "1\n00:01,000 --> 00:02,000\nPatient: I was\n2\n00:00:05 --> 00:00:06\nTherapist: yes\n\n" + TAIL
    assert first_turns(text, 2, "a.srt") == [("Patient", "I was"), ("Therapist", "yes")]


@pytest.mark.parametrize(
    ("text", "row", "field", "says"),
    [
        (cue(1, "Hello?") + TAIL, 1, "speaker", "first words do not say who speaks"),
        ("WEBVTT\n\n" + cue(1, "Hello?") + VOICED, 3, "speaker", "does not say who speaks, while others do"),
        (cue(1, "Patient: no") + cue(4, ">> Why not?") + TAIL, 5, "speaker", "without saying who speaks"),
        (cue(1, "Patient: no") + cue(4, "- Why not?\n- Because") + TAIL, 5, "speaker", "without saying who speaks"),
        (cue(1, "Patient: no") + "left over\n\n" + TAIL, 4, "text", "outside the cues"),
        ("NOTE no WebVTT\n\n" + TAIL, 1, "text", "outside the cues"),
        (TAIL.replace("00:01:50.000 -->", "00:01:50.000->"), 4, "text", "outside the cues"),
        (TAIL.replace("00:01:50.000 -->", "00:61:50.000 -->"), 4, "starts", "times cannot be read"),
        (TAIL.replace("00:01:50.000 -->", "soon -->"), 4, "starts", "times cannot be read"),
        ("WEBVTT\n", 1, "turns", "no turn in the file"),
        (cue(1, "Patient:"), 1, "turns", "no turn in the file"),
    ],
)
def test_cues_that_break_the_contract_are_refused_at_their_line(text: str, row: int, field: str, says: str) -> None:
    broken = refused(text, "a.srt")
    assert says in str(broken)
    assert where(broken) == (row, field)


def test_plain_lines_go_on_until_the_next_label() -> None:
    text = (
        "Therapist: How\nwas it:\n\n  10:30 was late; I said to him: no.\nhttps://example.org/a\nPatient:\nNot easy\n"
    )
    turns = said(read(text + lines_of(*TALK)))
    assert turns[:2] == [
        (CLINICIAN, "How was it: 10:30 was late; I said to him: no. https://example.org/a"),
        (PATIENT, "Not easy"),
    ]


@pytest.mark.parametrize(
    ("line", "starts", "ends"),
    [
        ("[00:01:02] Patient: no", 62.0, None),
        ("00:01:02 Patient: no", 62.0, None),
        ("(1:02) Patient: no", 62.0, None),
        ("01:02.250 - Patient: no", 62.25, None),
        ("[00:01:02,5 - 00:01:04] Patient: no", 62.5, 64.0),
        ("[01:01:02 --> 01:01:03] **Patient:** no", 3662.0, 3663.0),
        ("[75:10]\nPatient: no", 4510.0, None),
        ("- Patient: no", None, None),
    ],
)
def test_plain_times_are_read(line: str, starts: float | None, ends: float | None) -> None:
    first = read(f"{line}\n{lines_of(*TALK)}").turns[0]
    assert (first.text, first.starts, first.ends) == ("no", starts, ends)


def test_plain_time_within_a_turn_is_dropped() -> None:
    assert said(read(f"Patient: no\n[00:02:00] never\n{lines_of(*TALK)}"))[0] == (PATIENT, "no never")


def test_plain_headings_are_passed_over_before_the_first_turn_only() -> None:
    headings = "Session: S-1\nDate: 2026-11-03\nParticipants: two\n\n"
    assert len(read(headings + lines_of(*TALK)).turns) == len(TALK)
    assert where(refused(lines_of(*TALK) + "Date: 2026-11-03\n")) == (5, "speaker")


@pytest.mark.parametrize(
    ("text", "row", "field"),
    [
        ("Our session\n" + lines_of(*TALK), 1, "speaker"),
        (lines_of(*TALK, ("Bob", "hello")), 5, "speaker"),
        (lines_of(*TALK, ("bob", "hello")), 5, "speaker"),
        (lines_of(*TALK, ("Bob of Acre", "hello")), 5, "speaker"),
        (lines_of(*TALK, ("tall bob", "hello"), ("Therapist", "who?"), ("tall bob", "me")), 7, "speaker"),
        ("[00:75:00] " + lines_of(*TALK), 1, "starts"),
    ],
)
def test_plain_lines_that_break_the_contract_are_refused(text: str, row: int, field: str) -> None:
    assert where(refused(text)) == (row, field)


def json_file(**changed: object) -> str:
    turns: list[dict[str, object]] = [{"speaker": label, "text": words} for label, words in TALK]
    turns[2] = {**turns[2], **changed}
    return json.dumps({"turns": turns}, indent=1)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": ["a"]}, "text"),
        ({"speaker": None}, "speaker"),
        ({"speaker": " "}, "speaker"),
        ({"speaker": {"name": "Ana"}}, "speaker"),
        ({"speaker": True}, "speaker"),
        ({"speaker": 1}, "speaker"),
        ({"speaker": "Bob"}, "speaker"),
        ({"role": "patient"}, "speaker"),
        ({"role": "assistant", "speaker": "Bob"}, "speaker"),
        ({"start": "soon"}, "start"),
        ({"start": -1}, "start"),
        ({"start": True}, "start"),
        ({"start_time": "00:61:00"}, "start_time"),
        ({"start": 9, "end": "8..5"}, "end"),
        ({"start": 9, "end": 8.5}, "ends"),
    ],
)
def test_json_turn_that_breaks_the_contract_is_refused_at_its_line_and_path(
    changed: dict[str, object], field: str
) -> None:
    assert where(refused(json_file(**changed))) == (11, f"turns[2].{field}")


@pytest.mark.parametrize(
    "changed",
    [
        {"speaker": "Speaker 1", "role": "clinician"},
        {"speaker": "Lena", "role": "provider", "name": "Abernathy"},
        {"speaker": "C", "role": "therapist"},
        {"role": None},
        {"start": 9, "end": 9},
        {"start": "9.25", "end": "00:00:10"},
    ],
)
def test_json_turn_may_say_who_and_when_in_several_ways(changed: dict[str, object]) -> None:
    assert read(json_file(**changed)).turns[2].role is CLINICIAN


@pytest.mark.parametrize(
    ("text", "row", "field"),
    [
        ('{"turns": [\n{"speaker": "Ana", "text": "a"},\n{"speaker" "Ana"}]}', 3, "file"),
        ('[{"speaker": "Ana", "text": "a"}', 1, "file"),
        ('[{"speaker": "Ana", "text": "a"}] more', 1, "file"),
        ('[{"speaker": "Ana", "text": "a"},]', 1, "file"),
        ('{"turns": [], "turns": []}', 1, "file"),
        ('[\n{"text": "a", "text": "b"}]', 2, "file"),
        ('[\n{"text": "a", "start": NaN}]', 2, "file"),
        ("{1: 2}", 1, "file"),
        ('{"a": 1 "turns": []}', 1, "file"),
        ('{"a":' * 100_000, 1, "file"),
        ('{"turns": [],\n"segments": []}', 2, "segments"),
        ('{"words": []}', 1, "turns"),
        ('{"turns": "none"}', 1, "turns"),
        ("[]", 1, "turns"),
        ('{"transcript": ["a"]}', 1, "transcript[0]"),
        ('[\n\n"a"]', 3, "turns[0]"),
        ("", 1, "file"),
    ],
)
def test_json_that_cannot_be_read_is_refused(text: str, row: int, field: str) -> None:
    assert where(refused(text, "a.json")) == (row, field)


# --- what a file must be ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be-mark"])
def test_each_encoding_is_read(encoding: str) -> None:
    text = lines_of(("Núñez", "“C'est là”, à côté"), *TALK)
    data = codecs.BOM_UTF16_BE + text.encode("utf-16-be") if encoding == "utf-16-be-mark" else text.encode(encoding)
    assert said(read(data))[0] == (PATIENT, "“C'est là”, à côté")


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (lines_of(("Ana", "à"), ("Ana", "b")).encode() + "Ana: là\n".encode("cp1252"), 3),
        ("Ana: là\nAna: b\n".encode("cp1252") + "Ana: là\n".encode(), 3),
        (codecs.BOM_UTF8 + b"Ana: b\n" + "Ana: là\n".encode("cp1252"), 2),
        ("Ana: là\n".encode("utf-16") + b"Ana: and then I went home again\n", 2),
    ],
)
def test_two_encodings_in_one_file_are_refused_at_the_line(data: bytes, row: int) -> None:
    broken = refused(data)
    assert "goes on in another encoding" in str(broken)
    assert where(broken) == (row, "file")


def test_old_encoding_with_capitals_before_quotes_is_one_encoding() -> None:
    text = lines_of(("Ana", "“CAFÉ” and “É”"), ("Ana", "É” là"), *TALK)
    assert said(read(text.encode("cp1252")))[1] == (PATIENT, "É” là")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no text"),
        (b"\xef\xbb\xbf \r\n\t\r\n", "no text"),
        ("\u200b\u200e\n".encode(), "no text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not text"),
        (PLAIN_FILE.replace(b"week", b"we\x00ek"), "not text"),
        (lines_of(*TALK).encode("utf-16-le"), "not text"),
        (b"PK\x03\x04\x14\x00\x06\x00document", "a ZIP archive or a workbook: unpack it"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"{\\rtf1\\ansi Patient: no}", "a formatted document"),
    ],
)
def test_file_without_text_is_refused(data: bytes, says: str) -> None:
    broken = refused(data)
    assert says in str(broken)
    assert where(broken) == (1, "file")


def test_file_may_be_as_large_as_it_may_be() -> None:
    padding = b"\n" * (transcripts.LARGEST_BYTES - len(PLAIN_FILE))
    assert len(read(PLAIN_FILE + padding).turns) == len(TALK)
    assert where(refused(PLAIN_FILE + padding + b"\n")) == (1, "file")


def test_what_cannot_be_seen_is_dropped() -> None:
    text = "\u200eThera\u200bpist: \x07so\xadme\ufeff  \u00a0 \u2009how\n" + lines_of(*TALK)
    assert read(text).turns[0] == TranscriptTurn("Therapist", CLINICIAN, "some how")
    assert said(read(json_file(text=f"\x00a\ud800\u202eb {LONG}")))[2] == (CLINICIAN, f"ab {LONG}")


# --- who speaks ---


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("Therapist", CLINICIAN),
        ("THERAPIST 2", CLINICIAN),
        ("counsellor", CLINICIAN),
        ("Dr", CLINICIAN),
        ("Dr.", CLINICIAN),
        ("t", CLINICIAN),
        ("Interviewer", CLINICIAN),
        ("Patient", PATIENT),
        ("The patient", PATIENT),
        ("Pt.", PATIENT),
        ("P", PATIENT),
        ("Client", PATIENT),
        ("Interpreter 1", OTHER),
        ("Mother", OTHER),
        ("Patient's partner", OTHER),
        ("Mother of the patient", OTHER),
        ("Ana's mother", OTHER),
        ("Lena's mother", Unclear.UNKNOWN),
        ("ana", PATIENT),
        ("ANA MARIA", PATIENT),
        ("Quill-Nunez, Ana", PATIENT),
        ("Núñez", PATIENT),
        ("Ana Q.", PATIENT),
        ("Ms. Quill", PATIENT),
        ("Ana Smith", Unclear.UNKNOWN),
        ("A. Q.", Unclear.UNKNOWN),
        ("Lena", CLINICIAN),
        ("Dr. Abernathy", CLINICIAN),
        ("Abernathy, LCSW", CLINICIAN),
        ("L. Abernathy", CLINICIAN),
        ("Dr. Smith", Unclear.UNKNOWN),
        ("Dr. Quill", Unclear.SEVERAL),
        ("Patient (Ana)", PATIENT),
        ("Patient (by phone)", PATIENT),
        ("Lena Abernathy - Therapist", CLINICIAN),
        ("Therapist Lena", CLINICIAN),
        ("Therapist Ana", Unclear.UNKNOWN),
        ("Therapist (Ana)", Unclear.SEVERAL),
        ("Patient/Mother", Unclear.SEVERAL),
        ("Mother, Father", OTHER),
        ("Ana, Bob", Unclear.UNKNOWN),
        ("Quill, Ana (guest)", PATIENT),
        ("Bob", Unclear.UNKNOWN),
        ("Speaker 1", Unclear.NUMBERED),
        ("SPEAKER_00", Unclear.NUMBERED),
        ("spk_0", Unclear.NUMBERED),
        ("S2", Unclear.NUMBERED),
        ("Speaker A", Unclear.NUMBERED),
        ("Unknown speaker", Unclear.NUMBERED),
        ("Participant 3", Unclear.NUMBERED),
        ("1", Unclear.NUMBERED),
        ("B", Unclear.NUMBERED),
        ("Patient 2", Unclear.NUMBERED),
        ("T1", Unclear.NUMBERED),
        ("", Unclear.NUMBERED),
        ("assistant", Unclear.UNKNOWN),
        ("Patient " * 20, Unclear.UNKNOWN),
    ],
)
def test_label_means_whom_it_says_and_nobody_else(label: str, meant: object) -> None:
    assert role_of(label, ANA_AND_LENA) is meant


@pytest.mark.parametrize(
    ("label", "speakers", "meant"),
    [
        ("Lena", Speakers("Lena Quill", "Lena Abernathy"), Unclear.SEVERAL),
        ("Lena A.", Speakers("Lena Quill", "Lena Abernathy"), CLINICIAN),
        ("Quill", Speakers("Lena Quill", "Lena Abernathy"), PATIENT),
        ("Partner", Speakers("Joy Partner", "Lena Abernathy"), Unclear.SEVERAL),
        ("Sørensen", Speakers("Bo Sorensen", "Lena Abernathy"), PATIENT),
        ("Ana", Speakers(), Unclear.UNKNOWN),
        ("Patient", Speakers(), PATIENT),
    ],
)
def test_label_of_two_people_is_unclear(label: str, speakers: Speakers, meant: object) -> None:
    assert role_of(label, speakers) is meant


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (("Speaker 1", "Speaker 2"), Unclear.NUMBERED),
        (("SPEAKER_00", "SPEAKER_01"), Unclear.NUMBERED),
        (("Therapist", "Speaker 2"), Unclear.NUMBERED),
        (("Dr. Smith", "Patient"), Unclear.UNKNOWN),
        (("Dr. Quill", "Patient"), Unclear.SEVERAL),
    ],
)
@pytest.mark.parametrize("name", WRITERS)
def test_labels_that_do_not_say_who_are_refused_in_every_format(
    labels: tuple[str, str], reason: Unclear, name: str
) -> None:
    turns = [
        TranscriptTurn(labels[turn.role is PATIENT], turn.role, turn.text, turn.starts, turn.ends) for turn in TIMED
    ]
    written = WRITERS[name][0](turns, 40)
    if name == "json, object":
        written = re.sub(r'"role": "\w+"', '"role": null', written)
    broken = refused(written)
    assert str(broken) == reason
    assert broken.field and broken.field.endswith("speaker")


@pytest.mark.parametrize(
    ("labels", "row"),
    [(("T", "C"), 2), (("C", "Dr. Abernathy"), 1)],
)
def test_the_letter_c_beside_another_clinician_is_refused(labels: tuple[str, str], row: int) -> None:
    text = lines_of(*((labels[at % 2], words) for at, (_, words) in enumerate(TALK)), ("P", "yes"))
    assert where(refused(text)) == (row, "speaker")


def test_the_letter_c_alone_is_the_clinician() -> None:
    text = lines_of(*(("CP"[at % 2], words) for at, (_, words) in enumerate(TALK)))
    assert [role for role, _ in said(read(text))] == [CLINICIAN, PATIENT] * 2


@pytest.mark.parametrize(
    ("label", "missing"), [("Patient", "clinician"), ("Therapist", "patient"), ("Mother", "patient")]
)
def test_one_side_alone_is_no_session(label: str, missing: str) -> None:
    broken = refused(lines_of(*((label, words) for _, words in TALK)))
    assert str(broken) == f"nothing is spoken by the {missing}"
    assert where(broken) == (1, "speaker")
    assert not isinstance(broken, TooShort)


# --- how much, and when ---


def talk_of(words: int, turns: int) -> str:
    """So many words in so many turns of both by turns."""
    each = [words // turns + (at < words % turns) for at in range(turns)]
    return lines_of(*((("Therapist", "Patient")[at % 2], " ".join(["so"] * count)) for at, count in enumerate(each)))


@pytest.mark.parametrize(
    ("words", "turns", "short"), [(60, 4, False), (59, 4, True), (60, 3, True), (600, 3, True), (1, 1, True)]
)
def test_too_short_is_told_apart_from_unreadable(words: int, turns: int, short: bool) -> None:
    text = talk_of(words, turns)
    if not short:
        assert read(text).words == words
        return
    broken = refused(text)
    assert isinstance(broken, TooShort)
    assert where(broken) == (1, "turns")


def test_more_words_than_one_session_holds_are_refused() -> None:
    assert read(talk_of(transcripts.MOST_WORDS, 400)).words == transcripts.MOST_WORDS
    assert where(refused(talk_of(transcripts.MOST_WORDS + 1, 400))) == (400, "text")


@pytest.mark.parametrize(
    "text",
    [
        lines_of(*TALK, ("Patient", "a" * transcripts.MOST_CHARACTERS)),
        lines_of(*TALK) + "Patient:\n" * (transcripts.MOST_WORDS + 1),
        lines_of(*TALK) + "a\n" * (transcripts.MOST_WORDS + 1),
    ],
    ids=["one word", "no words", "lines"],
)
def test_what_is_not_divided_into_words_is_bounded_too(text: str) -> None:
    assert refused(text).field == "text"


@pytest.mark.parametrize(
    "text",
    [
        "Patient: " + " " * 3_000_000 + "a:",
        "-" * 3_000_000,
        "<v " * 1_000_000,
        "<v" + " " * 3_000_000,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<a" * 1_000_000,
        "00:01.000 --> 00:02.000\n" + "{\\" * 1_000_000,
        "[" + " " * 3_000_000,
        "[{" + " " * 3_000_000,
        '{"a": [' + "[]," * 500_000,
        "é\n".encode("cp1252") * 500_000,
        "".join(f"so it went for {at}: {LONG}\n" for at in range(5_000)),
        "NOTE\n\n" * 500_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_files_take_no_longer_than_their_length(text: str | bytes) -> None:
    """Squared, a length of millions would be hours."""
    began = time.process_time()
    refused(text)
    assert time.process_time() - began < 30


def timed(*cues: tuple[str, float, float]) -> str:
    """A file in which so was said; each cue is who, from and to."""
    return json.dumps(
        [{"speaker": who, "start": start, "end": end, "text": LONG} for who, start, end in cues], indent=None
    ).replace("}, {", "},\n{")


STEADY = [("TP"[at % 2], at * 10.0, at * 10.0 + 9) for at in range(40)]


@pytest.mark.parametrize(
    ("cues", "broken_at"),
    [
        (STEADY, None),
        ([*STEADY, ("T", 400.0, 400.0)], None),
        ([*STEADY, ("T", 400.0, 399.999)], (41, "turns[40].ends")),
        ([*STEADY, ("T", 388.0, 402.0)], None),
        ([*STEADY, ("T", 387.9, 402.0)], (41, "turns[40].starts")),
        ([*STEADY, ("T", 400.0, 410.0), ("T", 408.0, 412.0)], None),
        ([*STEADY, ("T", 400.0, 410.0), ("T", 407.9, 412.0)], (42, "turns[41].starts")),
        ([*STEADY, ("T", 400.0, 410.0), ("P", 403.0, 404.0), ("T", 409.0, 412.0)], None),
        ([*STEADY, ("T", LONGEST_SECONDS - 9.0, LONGEST_SECONDS - 0.001)], None),
        ([*STEADY, ("T", LONGEST_SECONDS - 9.0, float(LONGEST_SECONDS))], (41, "turns[40].ends")),
        ([(who, start + 50_000, end + 50_000) for who, start, end in STEADY], None),
    ],
    ids=["steady", "no length", "ends before", "a little back", "back", "own slack", "own overlap", "interjection",
         "under six hours", "six hours", "by the clock on the wall"],
)  # fmt: skip
def test_times_are_those_of_one_conversation(
    cues: list[tuple[str, float, float]], broken_at: tuple[int, str] | None
) -> None:
    if broken_at is None:
        assert len(read(timed(*cues)).turns) == len(cues)
    else:
        assert where(refused(timed(*cues))) == broken_at


def crossing(count: int, share: float) -> list[tuple[str, float, float]]:
    """Forty cues, of which the second of so many pairs overlaps the first by that share of its ten seconds."""
    return [
        ("TP"[at % 2], at * 11.0 - (1.0 + share * 10 if at % 2 and at < 2 * count else 0), at * 11.0 + 10 -
         (1.0 + share * 10 if at % 2 and at < 2 * count else 0))
        for at in range(40)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "share", "is_refused"), [(9, 0.51, True), (8, 0.51, False), (20, 0.49, False), (20, 0.9, True)]
)
def test_two_recordings_laid_over_each_other_are_refused(count: int, share: float, is_refused: bool) -> None:
    text = timed(*crossing(count, share))
    if is_refused:
        assert where(refused(text)) == (2, "turns[1].starts")
    else:
        assert len(read(text).turns) == 40


def test_few_crossings_pass_however_short_the_file_is() -> None:
    assert len(read(timed(*crossing(4, 0.9)[:8])).turns) == 8
    assert where(refused(timed(*crossing(5, 0.9)[:10]))) == (2, "turns[1].starts")


def test_interjections_within_long_sentences_are_ordinary() -> None:
    pairs = [[("P", at * 20.0, at * 20.0 + 19), ("T", at * 20.0 + 5, at * 20.0 + 6)] for at in range(30)]
    assert len(read(timed(*(cue for pair in pairs for cue in pair))).turns) == 60


def test_two_speakers_within_one_cue_do_not_cross() -> None:
    text = "WEBVTT\n\n" + "".join(
        cue(at * 10, f"Therapist: {LONG}\nPatient: {LONG}\nTherapist: so", 9) for at in range(9)
    )
    assert len(read(text, "a.vtt").turns) == 27 - 8  # the last words of a cue join the first of the next
