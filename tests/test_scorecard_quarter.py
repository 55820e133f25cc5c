"""Every figure of the sample practice's two quarters, reckoned again from the tables by other means.

Nothing of the scorecard's own code is used for it: SQL and pandas count, scipy makes the curves and the intervals.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sqlalchemy import text
from sqlmodel import select

from acts.scorecard import Scorecard, Wanted, scorecard_of, teams_at
from adapters import audit_chain, sample_quarter
from adapters import operational_store as store
from models.errors import NotAllowed
from models.governance_codes import Workflow
from models.operational import AuditEvent, Claim, LedgerEntry
from models.periods import Period
from models.transitions import CLAIM, NOTE, REFERRAL
from rules.intervals import Estimate, Verdict
from rules.periods import before, quarter_of
from rules.scorecard import Figure
from tasks import claim_figures, night_report
from tests.conftest import copied

TODAY = date(2026, 11, 20)
QUARTER = before(quarter_of(TODAY))
EARLIER = before(QUARTER)
PLACES = ("LOC-1", "LOC-2", "LOC-3")
F = Figure
IDLE = 30


@pytest.fixture(scope="module")
def quarter(seeded_installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("quarter") / "home"
    with pytest.MonkeyPatch.context() as patch, copied(seeded_installation, home, patch):
        yield sample_quarter.fill_quarters(EARLIER, QUARTER, TODAY)


@pytest.fixture(scope="module")
def shown(quarter: Any) -> Scorecard:
    return scorecard_of(Wanted(QUARTER, EARLIER, PLACES), TODAY)


def table(name: str, *moments: str) -> pd.DataFrame:
    """One table as it lies in the database, with the local date of each of these moments beside it."""
    with store.reading() as db:
        rows = db.connection().execute(text(f"SELECT * FROM {name}")).mappings().all()
    frame = pd.DataFrame([dict(row) for row in rows])
    for moment in moments:
        frame[moment] = pd.to_datetime(frame[moment], utc=True, format="ISO8601")
    return frame


def local(frame: pd.DataFrame, moment: str) -> pd.Series:
    """The calendar day of a moment on the clock of the row's location."""
    zones = dict(zip(*(table("location")[name] for name in ("id", "time_zone")), strict=True))
    return pd.Series(
        [
            None if pd.isna(at) else at.tz_convert(zones[place]).date()
            for at, place in zip(frame[moment], frame["location_id"], strict=True)
        ],
        index=frame.index,
        dtype=object,
    )


def within(days: pd.Series, period: Period) -> pd.Series:
    return days.map(lambda day: day is not None and not pd.isna(day) and period.first <= day <= period.last)


def as_day(value: Any) -> date | None:
    return None if pd.isna(value) else value if isinstance(value, date) else date.fromisoformat(str(value))


def of_share(part: int, whole: int) -> Estimate:
    found = stats.binomtest(int(part), int(whole)).proportion_ci(0.95, method="wilson")
    return Estimate(part / whole, found.low, found.high, int(whole))


def of_ratio(over: Any, under: Any) -> Estimate:
    """A ratio of sums by its first-order variance, with numpy."""
    y, x = np.asarray(over, dtype=float), np.asarray(under, dtype=float)
    value = y.sum() / x.sum()
    reach = stats.t.ppf(0.975, len(y) - 1) * np.std(y - value * x, ddof=1) * np.sqrt(len(y)) / x.sum()
    return Estimate(value, value - reach, value + reach, len(y))


def referrals() -> pd.DataFrame:
    frame = table("referral", "received_at", "first_session_at", "closed_at")
    frame = frame[frame["status"] != "closed_duplicate"]
    return frame.assign(
        received=local(frame, "received_at"), attended=local(frame, "first_session_at"), ended=local(frame, "closed_at")
    )


def waits(period: Period) -> dict[Figure, float | None]:
    frame = referrals()
    frame = frame[within(frame["received"], period)]
    ended = frame["attended"].notna()
    last = frame["attended"].fillna(frame["ended"]).map(lambda day: TODAY if pd.isna(day) else day)
    days = np.array([(end - start).days for start, end in zip(frame["received"], last, strict=True)])
    curve = stats.ecdf(stats.CensoredData(uncensored=days[ended], right=days[~ended])).sf
    return {
        figure: next(
            (float(day) for day, left in zip(curve.quantiles, curve.probabilities, strict=True) if left <= q + 1e-9),
            None,
        )
        for figure, q in ((F.FIRST_APPOINTMENT_MEDIAN, 0.5), (F.FIRST_APPOINTMENT_P90, 0.1))
    }


def reckoned(period: Period) -> dict[Figure, Estimate]:
    found: dict[Figure, Estimate] = {}
    # referrals that ended
    cases = referrals()
    ended = cases[within(cases["ended"], period)]
    found[F.LEAKAGE] = of_share(ended["attended"].isna().sum(), len(ended))
    decisions = table("decision", "at")
    sent_back = set(decisions[decisions["verdict"].isin(["return", "reject"])]["case_number"])
    kinds = decisions.merge(table("approval")[["id", "kind"]], left_on="approval_id", right_on="id")
    edited = kinds[(kinds["verdict"] == "edit_and_approve") & (kinds["kind"] != "risk_review")]
    corrected = set(edited["case_number"])
    audit = table("audit_event")
    details = audit["details"].map(lambda each: json.loads(each) if isinstance(each, str) else each)
    rerouted = set(audit[details.map(lambda each: each.get("rerouted") is True)]["case_number"])
    found[F.REFERRAL_REWORK] = of_share(ended["case_number"].isin(sent_back | corrected | rerouted).sum(), len(ended))
    # appointments
    visits = table("appointment", "starts_at")
    visits = visits[within(local(visits, "starts_at"), period)]
    count = visits["status"].value_counts()
    kept = count["attended"] + count["no_show"]
    found[F.NO_SHOWS] = of_share(count["no_show"], kept)
    found[F.LATE_CANCELLATIONS] = of_share(count["late_cancelled"], kept + count["late_cancelled"])
    # messages
    places = pd.concat(
        [
            table(name)[["case_number", "location_id", "patient_id"]]
            for name in ("referral", "episode", "claim", "session_note")
        ]
    )
    messages = table("outbox_message", "sent_at").merge(places, on="case_number")
    sent = messages[(messages["status"] == "sent") & within(local(messages, "sent_at"), period)]
    found[F.MESSAGES_AGAIN] = of_share((sent["attempts"] > 1).sum(), len(sent))
    # notes
    notes = table("session_note").merge(decisions[["id", "at"]], left_on="signed_decision_id", right_on="id")
    notes = notes[within(local(notes, "at"), period)]
    again = sent_back | set(table("note_addendum")["case_number"])
    found[F.NOTE_REWORK] = of_share(notes["case_number"].isin(again).sum(), len(notes))
    # claims
    claims = table("claim", "first_sent_at")
    claims = claims[claims["status"] != "closed_not_billed"].copy()
    claims["sent_on"], claims["decided"] = local(claims, "first_sent_at"), claims["decided_on"].map(as_day)
    first_sent = claims[within(claims["sent_on"], period)]
    found[F.CLEAN_CLAIMS] = of_share((first_sent["touched"] == 0).sum(), len(first_sent))
    times = table("claim_submission")["case_number"].value_counts()
    found[F.CLAIM_REWORK] = of_share((first_sent["case_number"].map(times) > 1).sum(), len(first_sent))
    ledger = table("ledger_entry", "at")
    denials = ledger[(ledger["account"] == "denied") & (ledger["amount_cents"] > 0)]
    claims["denied"] = claims["case_number"].map(denials.groupby("case_number")["amount_cents"].sum()).fillna(0)
    decided = claims[within(claims["decided"], period)]
    found[F.DENIED_CLAIMS] = of_share((decided["denied"] > 0).sum(), len(decided))
    found[F.DENIED_DOLLARS] = of_ratio(decided["denied"], decided["charge_cents"])
    until = pd.Timestamp(period.last, tz="UTC") + pd.Timedelta(days=1)
    owed = ledger[(ledger["at"] < until) & ledger["account"].isin(["payer", "denied", "patient"])]
    claims["owed"] = claims["case_number"].map(owed.groupby("case_number")["amount_cents"].sum()).fillna(0)
    served = claims["service_date"].map(as_day)
    charged = claims["sent_on"].map(lambda day: day is not None and day <= period.last) & served.map(
        lambda day: 0 <= (period.last - day).days < 365
    )
    claims["charged"] = claims["charge_cents"].where(charged, 0)
    units = claims[(claims["owed"] != 0) | charged]
    found[F.DAYS_IN_RECEIVABLES] = of_ratio(units["owed"] * 365, units["charged"])
    # staff's work
    tasks = table("to_do", "claimed_at", "done_at").merge(places[["case_number", "patient_id"]], on="case_number")
    tasks = tasks[(tasks["status"] == "done") & within(local(tasks, "done_at"), period)]
    minutes = ((tasks["done_at"] - tasks["claimed_at"]).dt.total_seconds() / 60).clip(upper=IDLE)
    by_patient = (minutes / 60).groupby(tasks["patient_id"]).sum()
    came = visits[visits["status"].isin(["attended", "no_show"])]["patient_id"]
    active = set(came) | set(cases[within(cases["received"], period)]["patient_id"]) | set(by_patient.index)
    hours = by_patient.reindex(sorted(active)).fillna(0)
    found[F.ADMIN_HOURS] = of_ratio(hours, np.ones(len(hours)))
    # what steps saved: counted here, minutes as docs/decisions/0026-scorecard.md states them
    plans = table("check_in_plan").merge(places, on="case_number")
    check_ins = table("check_in", "answered_at").merge(plans[["case_number", "location_id"]], on="case_number")
    links = table("portal_link", "used_at").merge(places, on="case_number")
    offers = table("waitlist_offer", "offered_at").merge(places, on="case_number")
    remitted = table("remitted_claim", "at").merge(places, on="case_number")
    drafted = int((notes["draft"] == "drafted").sum())
    scored = int(within(local(check_ins, "answered_at"), period).sum())
    taken_in = int(within(cases["received"], period).sum())
    chosen = int(within(local(links[links["purpose"] == "choose_time"], "used_at"), period).sum())
    reminded = int((sent["template"] == "appointment_reminder").sum())
    offered = int(within(local(offers, "offered_at"), period).sum())
    built = int((first_sent["touched"] == 0).sum())
    posted = int(within(local(remitted, "at"), period).sum())
    found[F.CLINICAL_HOURS] = of_minutes((drafted, 7, 3, 12), (scored, 4, 2, 6))
    found[F.OFFICE_HOURS] = of_minutes(
        (taken_in, 10, 5, 15),
        (chosen, 8, 4, 12),
        (reminded, 3, 1, 5),
        (offered, 4, 2, 6),
        (built, 8, 4, 12),
        (posted, 3, 2, 6),
    )
    # satisfaction
    answers = table("satisfaction_answer")
    answers = answers[within(answers["month"].map(as_day), period)]
    found[F.SATISFIED] = of_share((answers["satisfied"] >= 4).sum(), answers["satisfied"].notna().sum())
    n = int(answers["recommends"].notna().sum())
    up, down = int((answers["recommends"] >= 9).sum()), int((answers["recommends"] <= 6).sum())
    p, q = (up + 0.75) / (n + 3), (down + 0.75) / (n + 3)
    reach = stats.norm.ppf(0.975) * np.sqrt((p + q - (p - q) ** 2) / (n + 3))
    found[F.NET_PROMOTER] = Estimate((up - down) / n, p - q - reach, p - q + reach, n)
    surveys = table("satisfaction_survey")
    surveys["key"] = "survey:" + surveys["id"]
    reached = surveys.merge(table("outbox_message")[["unique_key", "status"]], left_on="key", right_on="unique_key")
    month = reached["asked_on"].map(as_day).map(lambda day: day.replace(day=1))
    reached = reached[(reached["status"] == "sent") & within(month, period)]
    found[F.RESPONSES] = of_share((reached["answered"] == 1).sum(), len(reached))
    return found


def of_minutes(*steps: tuple[int, int, int, int]) -> Estimate:
    value, low, high = (sum(step[0] * step[which] for step in steps) / 60 for which in (1, 2, 3))
    return Estimate(value, low, high, sum(step[0] for step in steps))


@pytest.mark.parametrize(("period", "side"), [(QUARTER, "now"), (EARLIER, "before")], ids=["quarter", "earlier"])
def test_every_figure_is_reckoned_again(shown: Scorecard, period: Period, side: str) -> None:
    cards = {card.figure: getattr(card, side) for card in shown.cards}
    again = reckoned(period)
    values = {figure: (each.value, each.low, each.high, each.n) for figure, each in again.items()}
    ours = {figure: (cards[figure].value, cards[figure].low, cards[figure].high, cards[figure].n) for figure in again}
    for figure, expected in values.items():
        assert ours[figure] == pytest.approx(expected, rel=2e-4, abs=1e-9), figure
    assert {figure: cards[figure].value for figure in waits(period)} == waits(period)
    # nobody has said what an hour is worth, so that no value is invented; every other figure was reckoned above
    left = set(F) - set(again) - set(waits(period))
    assert left == {F.CLINICAL_VALUE, F.OFFICE_VALUE}
    assert [cards[figure].value for figure in sorted(left)] == [None, None]


def test_every_figure_is_what_its_rows_say(shown: Scorecard) -> None:
    for card in shown.cards:
        rows = shown.rows(card.figure)
        assert rows, card.figure
        if card.figure in (F.LEAKAGE, F.NO_SHOWS, F.CLEAN_CLAIMS, F.RESPONSES):
            assert card.now.value == sum(row.value for row in rows) / len(rows)


def test_the_better_quarter_is_told_from_the_worse_one(shown: Scorecard) -> None:
    """The generator made the second quarter better; what it changed most is seen, the rest is not claimed."""
    verdicts = {card.figure: card.change.verdict for card in shown.cards if card.change is not None}
    assert verdicts[F.FIRST_APPOINTMENT_MEDIAN] is verdicts[F.NO_SHOWS] is Verdict.LOWER
    assert verdicts[F.CLEAN_CLAIMS] is Verdict.HIGHER
    assert Verdict.CANNOT_TELL in verdicts.values()
    # its claims go back half a year, so that days in receivables cannot be compared yet
    assert F.DAYS_IN_RECEIVABLES not in verdicts and not shown.whole_year


def test_locations_and_teams_add_up_to_the_whole(shown: Scorecard) -> None:
    whole = {card.figure: card.now.n for card in shown.cards}
    parts = [scorecard_of(Wanted(QUARTER, EARLIER, (place,)), TODAY) for place in PLACES]
    for figure in (F.NO_SHOWS, F.CLEAN_CLAIMS, F.LEAKAGE, F.RESPONSES):
        assert sum(card.now.n for part in parts for card in part.cards if card.figure is figure) == whole[figure]
    # its two teams are all who treat at the first location
    of_teams = [scorecard_of(Wanted(QUARTER, EARLIER, PLACES, team=team), TODAY) for team in teams_at(["LOC-1"])]
    missed = [card.now.n for card in parts[0].cards if card.figure is F.NO_SHOWS]
    assert [sum(card.now.n for part in of_teams for card in part.cards if card.figure is F.NO_SHOWS)] == missed
    assert {card.now.n for part in of_teams for card in part.cards if card.figure is F.RESPONSES} == {0}


def test_one_workflow_shows_its_own_figures(shown: Scorecard) -> None:
    claims = scorecard_of(Wanted(QUARTER, EARLIER, PLACES, Workflow.CLAIMS), TODAY)
    figures = {card.figure: card.now for card in claims.cards}
    assert F.CLEAN_CLAIMS in figures and F.NO_SHOWS not in figures
    assert 0 < (figures[F.ADMIN_HOURS].value or 0) < 0.2


def test_invented_claims_agree_with_their_ledger_and_the_nights_figures(shown: Scorecard) -> None:
    with store.reading() as db:
        entries = db.exec(select(LedgerEntry)).all()
        claims = db.exec(select(Claim)).all()
    for claim in claims[::97]:
        own = [entry for entry in entries if entry.case_number == claim.case_number]
        assert claim.patient_cents == sum(entry.amount_cents for entry in own if entry.account == "patient")
        assert claim.payer_cents == sum(entry.amount_cents for entry in own if entry.account in ("payer", "denied"))
    night = claim_figures.figures(as_of=TODAY)
    days = Period(TODAY, TODAY)
    today = {card.figure: card.now.value for card in scorecard_of(Wanted(days, days, PLACES), TODAY).cards}
    assert today[F.DAYS_IN_RECEIVABLES] == pytest.approx(float(night.days_in_receivables or 0))


def test_night_tells_the_same(shown: Scorecard) -> None:
    told = night_report.summary(QUARTER.last, "all").figures
    days = Period(QUARTER.last - timedelta(days=90), QUARTER.last)
    again = reckoned(days)
    assert told["leakage, last 90 days"].startswith(f"{100 * (again[F.LEAKAGE].value or 0):.1f} % (")
    assert told["clean claims, last 90 days"].startswith(f"{100 * (again[F.CLEAN_CLAIMS].value or 0):.1f} % (")


def test_invented_cases_move_as_cases_may(quarter: Any) -> None:
    with store.reading() as db:
        moved = db.exec(select(AuditEvent.details).where(AuditEvent.action == "case.moved")).all()
    moves = {(each["old"], each["new"]) for each in moved}
    allowed = {
        (old.value, new.value) for table in (REFERRAL, NOTE, CLAIM) for old, after in table.items() for new in after
    }
    assert len(moves) > 10 and moves <= allowed


def test_invented_events_stand_in_a_whole_chain(quarter: Any) -> None:
    assert audit_chain.verify_all() == []


def test_quarters_are_invented_once_and_only_where_nobody_is(quarter: Any) -> None:
    with pytest.raises(NotAllowed, match="patients here"):
        sample_quarter.fill_quarters(EARLIER, QUARTER, TODAY)


def test_quarters_are_not_invented_in_a_real_practice(home: Path) -> None:
    with pytest.raises(NotAllowed, match="not the sample"):
        sample_quarter.fill_quarters(EARLIER, QUARTER, TODAY)
