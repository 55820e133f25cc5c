"""Is a calendar file read within bounds, and does each fault name its event and field?"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import calendar_reading
from adapters.calendar_reading import ReadCalendar, first_words, read_calendar
from models.errors import ContractBroken

FROM = datetime(2026, 10, 19, 15, 0, tzinfo=UTC)
TO = FROM + timedelta(days=366)
CHICAGO = "America/Chicago"


def calendar(*events: str, head: str = "BEGIN:VCALENDAR", tail: str = "END:VCALENDAR") -> bytes:
    lines = [head, "VERSION:2.0"]
    for event in events:
        lines += ["BEGIN:VEVENT", *(line.strip() for line in event.strip().splitlines()), "END:VEVENT"]
    return "\r\n".join([*lines, tail, ""]).encode()


def read(*events: str, **more) -> ReadCalendar:
    return read_calendar(calendar(*events), zone=CHICAGO, from_utc=FROM, to_utc=TO, **more)


def event(uid: str = "a", starts: str = "DTSTART;TZID=America/Chicago:20261102T180000", *lines: str) -> str:
    return "\n".join((f"UID:{uid}", starts, *(lines or ("DURATION:PT1H",))))


def spans(found: ReadCalendar) -> list[str]:
    return [f"{each.starts_at:%m-%d %H:%M}-{each.ends_at:%H:%M}" for each in found.busy]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (event(), ["11-03 00:00-01:00"]),
        (event("a", "DTSTART:20261102T180000Z"), ["11-02 18:00-19:00"]),
        (event("a", "DTSTART:20261102T180000Z", "DTEND:20261102T183000Z"), ["11-02 18:00-18:30"]),
        (event("a", "DTSTART;TZID=Central Standard Time:20261102T180000"), ["11-03 00:00-01:00"]),
        (event("a", 'DTSTART;TZID="America/New_York":20261102T180000'), ["11-02 23:00-00:00"]),
        (event("a", "DTSTART;TZID=/citadel.org/20210210_1/America/Chicago:20261102T180000"), ["11-03 00:00-01:00"]),
        (event("a", "DTSTART;VALUE=DATE:20261102", "TRANSP:OPAQUE"), ["11-02 06:00-06:00"]),
        (event("a", "DTSTART;VALUE=DATE:20261101", "DTEND;VALUE=DATE:20261102"), ["11-01 05:00-06:00"]),
        (event("a", "DTSTART:20261102T180000Z", "TRANSP:TRANSPARENT", "DURATION:PT1H"), []),
        (event("a", "DTSTART:20261102T180000Z", "STATUS:CANCELLED", "DURATION:PT1H"), []),
        (event("a", "DTSTART:20261102T180000Z", "SUMMARY:no length"), []),
        (event("a", "DTSTART:20261019T140000Z"), []),
        (event("a", "DTSTART:20261019T143000Z"), ["10-19 14:30-15:30"]),
        (event("a", "DTSTART:20271020T150000Z"), []),
    ],
)
def test_event_takes_its_time(one: str, expected: list[str]):
    found = read(one)
    assert (spans(found), found.faults) == (expected, ())


def test_evening_stays_evening_over_both_changes_of_clocks():
    rule = "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270329T230000Z"
    found = read(event("a", "DTSTART;TZID=America/Chicago:20261019T180000", "DURATION:PT1H", rule))
    hours = {each.starts_at.astimezone(calendar_reading.ZoneInfo(CHICAGO)).hour for each in found.busy}
    assert (hours, len(found.busy), len({each.starts_at.hour for each in found.busy})) == ({18}, 24, 2)


def test_changed_and_left_out_dates_are_respected():
    found = read(
        event(
            "a",
            "DTSTART;TZID=America/Chicago:20261102T180000",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE;TZID=America/Chicago:20261109T180000",
        ),
        event(
            "a",
            "DTSTART;TZID=America/Chicago:20261117T190000",
            "DURATION:PT1H",
            "RECURRENCE-ID;TZID=America/Chicago:20261116T180000",
        ),
        event(
            "a",
            "DTSTART;TZID=America/Chicago:20261123T180000",
            "DURATION:PT1H",
            "STATUS:CANCELLED",
            "RECURRENCE-ID;TZID=America/Chicago:20261123T180000",
        ),
    )
    assert spans(found) == ["11-03 00:00-01:00", "11-18 01:00-02:00"]


def test_reading_again_gives_the_same_keys():
    rule = ("DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5")
    first, again = (read(event("a", "DTSTART:20261102T180000Z", *rule)) for _ in range(2))
    assert [each.key for each in first.busy] == [each.key for each in again.busy]
    assert len({each.key for each in first.busy}) == 5


GOOD = "DTSTART:20261102T180000Z"


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (event("a", "DTSTART;TZID=Mars/Olympus:20261102T180000"), "DTSTART: its time zone is not known"),
        (event("a", "DTSTART;TZID=../../etc/passwd:20261102T180000"), "DTSTART: its time zone is not known"),
        (event("a", GOOD, "DTEND;TZID=:20261102T190000"), "DTEND: its time zone is not known"),
        (event("a", "DTSTART:20261102T180000"), "DTSTART: has no time zone (a floating time)"),
        (event("a", GOOD, "DTEND:20261102T190000"), "DTEND: has no time zone (a floating time)"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261103T180000"), "EXDATE: has no time zone"),
        (event("a", "DTSTART:soon"), "DTSTART: cannot be read"),
        (event("a", "DTSTART:20261302T180000Z"), "DTSTART: cannot be read"),
        (event("a", "SUMMARY:nothing"), "DTSTART: is missing"),
        (event(" ", GOOD), "UID: is missing"),
        (f"{GOOD}\nDURATION:PT1H", "UID: is missing"),
        (event("a", GOOD, GOOD), "DTSTART: is there twice"),
        (event("a", "DTSTART:18500101T000000Z"), "DTSTART: must lie between 1900"),
        (event("a", GOOD, "DTEND:20261102T170000Z"), "DTEND: must not be before"),
        (event("a", GOOD, "DTEND;VALUE=DATE:20261103"), "DTEND: must be a date where"),
        (event("a", GOOD, "DTEND:20281102T170000Z"), "DTEND: makes the event longer"),
        (event("a", GOOD, "DURATION:-PT1H"), "DURATION: must be positive"),
        (event("a", GOOD, "DURATION:P400D"), "DURATION: must be positive, at most"),
        (event("a", GOOD, "RRULE:FREQ=SECONDLY"), "RRULE: FREQ must be one of"),
        (event("a", GOOD, "RRULE:FREQ=HOURLY;COUNT=9"), "RRULE: FREQ must be one of"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYHOUR=1,2,3"), "RRULE: uses BYHOUR"),
        (event("a", GOOD, "RRULE:FREQ=YEARLY;BYYEARDAY=366"), "RRULE: uses BYYEARDAY"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;INTERVAL=0"), "RRULE: INTERVAL and COUNT"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;COUNT=10001"), "RRULE: INTERVAL and COUNT"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z"), "RRULE: may have COUNT or UNTIL"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "RRULE: names a day that never comes"),
        (event("a", GOOD, "RRULE:FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=-31"), "RRULE: names a day that never comes"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU"), "RRULE: names a day that never comes"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYSETPOS=2;BYDAY=MO"), "RRULE: BYSETPOS is read"),
        (event("a", GOOD, "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6"), "RRULE: BYSETPOS must be"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYMONTHDAY=0"), "RRULE: BYMONTH, BYMONTHDAY or BYDAY"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYMONTHDAY=32"), "RRULE: BYMONTH, BYMONTHDAY or BYDAY"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYMONTH=13"), "RRULE:"),
        (event("a", GOOD, "RRULE:FREQ=DAILY;BYDAY=2MO"), "RRULE: BYMONTH, BYMONTHDAY or BYDAY"),
        (event("a", GOOD, "RRULE:FREQ=MONTHLY;BYDAY=6MO"), "RRULE: BYMONTH, BYMONTHDAY or BYDAY"),
        (event("a", GOOD, "RRULE:FREQ=WEEKLY;BYMONTHDAY=3"), "RRULE: BYMONTHDAY does not fit"),
        (event("a", GOOD, "RRULE:every second Tuesday"), "RRULE:"),
        (event("a", GOOD, "RDATE;VALUE=PERIOD:20261102T180000Z/PT1H"), "RDATE: names periods"),
    ],
)
def test_fault_names_its_event_and_field_and_nothing_is_read(bad: str, fault: str):
    found = read(event("fine", GOOD), bad)
    assert found.busy == ()
    assert [each for each in found.faults if each.startswith(f"event 2, {fault}")], found.faults


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU",
        "FREQ=DAILY;INTERVAL=7",
        "FREQ=WEEKLY;UNTIL=20261201",
    ],
)
def test_rule_that_people_use_is_read(rule: str):
    assert read(event("a", GOOD, "DURATION:PT1H", f"RRULE:{rule}")).faults == ()


@pytest.mark.parametrize(
    ("rule", "taken", "notice"),
    [
        ("FREQ=WEEKLY", 51, "event 1, RRULE: has no end; taken until 2027-10-20"),
        ("FREQ=DAILY", 353, "event 1, RRULE: has no end"),
        ("FREQ=DAILY;COUNT=1000", 353, "event 1, RRULE: recurs 1000 times; taken until 2027-10-20"),
        ("FREQ=DAILY;COUNT=10", 10, None),
    ],
)
def test_rule_that_goes_on_is_taken_as_far_as_one_sees_and_told(rule: str, taken: int, notice: str | None):
    found = read(event("a", GOOD, "DURATION:PT1H", f"RRULE:{rule}"))
    assert len(found.busy) in (taken, taken - 1)
    assert [each[: len(notice)] for each in found.notices] == [notice] if notice else found.notices == ()


@pytest.mark.parametrize("lines", [1, 20])
def test_thousand_dates_are_refused_by_event_and_field(lines: int):
    dates = [f"{datetime(2026, 11, 1) + timedelta(hours=n):%Y%m%dT%H0000Z}" for n in range(1000)]
    size = len(dates) // lines
    rows = [f"RDATE:{','.join(dates[n : n + size])}" for n in range(0, len(dates), size)]
    found = read(event("a", GOOD, "DURATION:PT1H", *rows))
    assert found.faults == ("event 1, RDATE: names more than 400 dates",)


def test_thousand_lines_of_dates_are_refused():
    rows = [f"EXDATE:{datetime(2026, 11, 1) + timedelta(hours=n):%Y%m%dT%H0000Z}" for n in range(1000)]
    assert read(event("a", GOOD, *rows)).faults == ("event 1, EXDATE: is one of more than 500 lines about its times",)


def test_overlapping_events_are_told_once_a_pair():
    weekly = ("DURATION:PT2H", "RRULE:FREQ=WEEKLY;COUNT=3")
    found = read(
        event("a", "DTSTART:20261102T180000Z", *weekly),
        event("b", "DTSTART:20261102T190000Z", *weekly),
        event("c", "DTSTART:20261102T210000Z", *weekly),
    )
    assert found.notices == ("event 2, DTSTART: lies over event 1; both are kept",)
    assert len(found.busy) == 9


def test_own_appointments_are_left_out():
    found = read(event("AT-1@IN-9", GOOD), event("b@elsewhere", GOOD), ours="@IN-9")
    assert (len(found.busy), found.left_out, found.events) == (1, 1, 2)


def test_words_of_an_event_never_reach_the_parser(monkeypatch: pytest.MonkeyPatch):
    seen = []
    real = calendar_reading.Event.from_ical
    monkeypatch.setattr(calendar_reading.Event, "from_ical", lambda text: seen.append(text) or real(text))
    secret = ("SUMMARY:Marker Mustermann", "DESCRIPTION:line one", "  Marker folded", "ATTENDEE;CN=Marker:mailto:m@x")
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT15M", "DESCRIPTION:Marker", "END:VALARM")
    found = read(event("a", GOOD, "DURATION:PT1H", *secret, *alarm))
    assert len(found.busy) == 1 and seen
    assert not [text for text in seen if "Marker" in text or "TRIGGER" in text]


def test_folded_line_is_one_line():
    folded = calendar(event("a", "DTSTART;TZID=America/Chi#cago:20261102T180000")).replace(b"#", b"\r\n ")
    assert len(read_calendar(folded, zone=CHICAGO, from_utc=FROM, to_utc=TO).busy) == 1


def test_zone_definitions_of_a_file_are_not_followed():
    """They hold rules of their own, without bounds."""
    zone = "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19000101T000000\r\nRRULE:FREQ=SECONDLY\r\n"
    raw = calendar(event()).replace(b"VERSION:2.0\r\n", f"{zone}END:STANDARD\r\nEND:VTIMEZONE\r\n".encode())
    assert len(read_calendar(raw, zone=CHICAGO, from_utc=FROM, to_utc=TO).busy) == 1


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "does not begin with BEGIN:VCALENDAR"),
        (b"given_name,family_name\r\n", "does not begin with BEGIN:VCALENDAR"),
        (b"\xff\xfeB\x00", "line 1 is not UTF-8"),
        (calendar(event()) + b"\0", "is no text"),
        (calendar(event(), tail=""), "cut off"),
        (calendar(event()).replace(b"END:VEVENT\r\n", b""), "closes nothing"),
        (calendar(tail="END:VEVENT"), "closes nothing"),
        (calendar(*[event()] * 5001), "more than 5000 events"),
        (b"x" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_calendar_is_refused(raw: bytes, message: str):
    with pytest.raises(ContractBroken, match=message):
        read_calendar(raw, zone=CHICAGO, from_utc=FROM, to_utc=TO)


def test_too_much_busy_time_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calendar_reading, "MOST_BUSY", 9)
    daily = ("DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5")
    assert len(read(event("a", GOOD, *daily)).busy) == 5
    with pytest.raises(ContractBroken, match="more than 9 busy times"):
        read(event("a", GOOD, *daily), event("b", GOOD, *daily))


def test_rules_that_take_too_long_are_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calendar_reading, "MOST_SECONDS", -1.0)
    with pytest.raises(ContractBroken, match="too long"):
        read(event())


def test_many_faults_are_told_in_a_number_a_person_reads():
    found = read(*[event(str(n), "DTSTART:soon") for n in range(60)])
    words = first_words(found)
    assert (len(found.faults), len(words), words[-1]) == (60, 51, "and 10 more")


LINES = st.sampled_from(
    [
        *("DTSTART:20261102T180000Z", "DTSTART:20261102", "DTSTART;VALUE=DATE:20261102", "DTSTART;TZID=x:1", "DTEND:"),
        *(
            "DTEND:20261102T190000Z",
            "DURATION:P",
            "DURATION:PT1H",
            "RRULE:",
            "RRULE:FREQ=DAILY;UNTIL=x",
            "UID:a",
            "UID",
        ),
        *("RRULE:FREQ=WEEKLY;BYDAY=XX", "RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "RRULE:FREQ=YEARLY;BYMONTH=13", "EXDATE:,,"),
        *("RRULE:FREQ=DAILY;COUNT=-1", "RDATE;VALUE=PERIOD:x", "RECURRENCE-ID:20261102T180000Z", "RECURRENCE-ID:x"),
        *(
            "BEGIN:VEVENT",
            "END:VEVENT",
            "BEGIN:VALARM",
            "END:VALARM",
            "SEQUENCE:x",
            "STATUS:",
            "DTSTART;=:",
            ":",
            ";",
            '"',
        ),
        *("RRULE:FREQ=DAILY;BYMONTH=1L", "RRULE:FREQ=DAILY;INTERVAL=", "RDATE:20261103", "EXDATE;TZID=UTC:20261103T1"),
    ]
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(events=st.lists(st.lists(st.one_of(LINES, st.text(max_size=20)), max_size=7), max_size=4))
def test_whatever_is_sent_is_read_or_refused_in_words(events: list[list[str]]):
    lines = ["BEGIN:VCALENDAR"]
    for each in events:
        lines += ["BEGIN:VEVENT", "UID:a", "DTSTART:20261102T180000Z", *each, "END:VEVENT"]
    raw = "\r\n".join([*lines, "END:VCALENDAR"]).encode("utf-8", "replace")
    try:
        found = read_calendar(raw, zone=CHICAGO, from_utc=FROM, to_utc=TO)
    except ContractBroken:
        return
    assert not (found.busy and found.faults)
    assert all(each.starts_at < each.ends_at for each in found.busy)
    assert all(a.starts_at <= b.starts_at for a, b in pairwise(found.busy))
    assert all(fault.startswith("event ") for fault in found.faults)
