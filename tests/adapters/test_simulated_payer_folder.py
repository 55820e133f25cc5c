"""Does the simulated payer work a folder as a clearinghouse would, and remember everything when it is killed?"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from adapters.clearinghouse import FolderCarrier
from adapters.settings import Settings
from adapters.simulated_payer import (
    CLEAN,
    SAMPLE,
    SEASON,
    PayerRules,
    Shown,
    SimulatedPayer,
    Standing,
    Treatment,
    work_here,
)
from adapters.simulated_payer import payer as working
from adapters.simulated_payer.here import SEED as SAMPLE_SEED
from adapters.simulated_payer.plans import shown_by
from adapters.simulated_payer.rules import Chance
from models.claim_answers import RemittanceHead, RemittedClaim
from models.errors import X12Broken
from tests.adapters.simulated_claims import (
    NOW,
    SEED,
    claim,
    claim_file,
    line,
    parts,
    request,
    request_file,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PACED = PayerRules(
    "paced", acknowledged_after=(MINUTE, MINUTE), status_after=(2 * MINUTE, 2 * MINUTE), paid_after=(DAY, DAY)
)


@pytest.fixture
def carrier(tmp_path: Path) -> FolderCarrier:
    return FolderCarrier(tmp_path, settle_seconds=0.0)


def payer(tmp_path: Path, rules: PayerRules = PACED) -> SimulatedPayer:
    return SimulatedPayer(SEED, rules, tmp_path / "simulated-payer")


def taken(carrier: FolderCarrier) -> dict[str, bytes]:
    """What has come, and take it away."""
    found = {each.name: each.path.read_bytes() for each in carrier.fetch()}
    for each in carrier.fetch():
        carrier.done(each)
    return found


def test_answers_come_when_they_are_due(carrier: FolderCarrier, tmp_path: Path):
    carrier.send("837P-1.txt", claim_file(claim("CL-1")))
    working_payer = payer(tmp_path)
    assert working_payer.work(tmp_path, NOW) == []
    assert working_payer.next_due() == NOW + MINUTE
    comes = [
        [name[9:12] for name in working_payer.work(tmp_path, NOW + after)]
        for after in (MINUTE - timedelta(seconds=1), MINUTE, 2 * MINUTE, DAY, 2 * DAY)
    ]
    assert comes == [[], ["999"], ["277"], ["835"], []]
    assert len(taken(carrier)) == 3
    assert working_payer.next_due() is None


def test_file_is_taken_out_of_outgoing(carrier: FolderCarrier, tmp_path: Path):
    carrier.send("837P-1.txt", claim_file(claim("CL-1")))
    payer(tmp_path).work(tmp_path, NOW)
    assert list(carrier.outgoing.iterdir()) == []
    assert (tmp_path / "simulated-payer" / "taken" / "837P-1.txt").read_bytes() == claim_file(claim("CL-1"))


def test_what_it_does_not_answer_stays_and_is_not_named(
    carrier: FolderCarrier, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    carrier.send("837P-1.txt", claim_file(claim("CL-1"), usage="P"))
    carrier.send("TESTER.txt", b"TESTER")
    assert payer(tmp_path).work(tmp_path, NOW) == []
    assert sorted(path.name for path in carrier.outgoing.iterdir()) == ["837P-1.txt", "TESTER.txt"]
    assert "simulated" in caplog.text
    assert "TESTER" not in caplog.text


def test_book_and_waiting_answers_outlive_the_process(carrier: FolderCarrier, tmp_path: Path):
    first = payer(tmp_path)
    first.treats("CL-2", Treatment.DENIED, "197")
    first.shows_up_as("M0001", Shown.CARVE_OUT)
    carrier.send("837P-1.txt", claim_file(claim("CL-1"), claim("CL-2", line(code="90837"))))
    first.work(tmp_path, NOW)
    second = payer(tmp_path)
    assert (second.book(), second.checks(), second.paid_cents()) == (first.book(), first.checks(), first.paid_cents())
    assert [entry.standing for entry in second.book()] == [Standing.PAID, Standing.DENIED]
    assert len(second.work(tmp_path, NOW + DAY)) == 3
    carrier.send("837P-2.txt", claim_file(claim("CL-1"), claim("CL-3", member="M0001"), control=2))
    second.work(tmp_path, NOW + DAY)
    assert [entry.reason for entry in payer(tmp_path).book()] == ["", "197", "18", "109"]


def test_book_names_no_member_and_is_for_its_owner_alone(carrier: FolderCarrier, tmp_path: Path):
    """Answers that wait are in it too, so it is checked once they have gone."""
    carrier.send("837P-1.txt", claim_file(claim("CL-1")))
    for now in (NOW, NOW + DAY):
        payer(tmp_path).work(tmp_path, now)
    book = tmp_path / "simulated-payer" / "book.json"
    assert "CL-1" in book.read_text()
    assert "TESTER" not in book.read_text()
    assert "SIMMH" not in book.read_text()
    assert book.stat().st_mode & 0o777 == 0o600


class Killed(BaseException):
    pass


@pytest.mark.parametrize("killed_at", range(6))
def test_killed_at_any_write_it_loses_nothing_and_decides_once(
    carrier: FolderCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
):
    """The writes of this call: the book, the file moved, three answers laid, the book."""
    carrier.send("837P-1.txt", claim_file(claim("CL-1")))
    writes = 0

    def until_killed(real: Any) -> Any:
        def write(*given: Any) -> Any:
            nonlocal writes
            writes += 1
            if writes > killed_at:
                raise Killed
            return real(*given)

        return write

    with monkeypatch.context() as patch:
        patch.setattr(working, "write_private", until_killed(working.write_private))
        patch.setattr(working.Book, "save", until_killed(working.Book.save))
        patch.setattr(Path, "replace", until_killed(Path.replace))
        with pytest.raises(Killed):
            payer(tmp_path, CLEAN).work(tmp_path, NOW)
    payer(tmp_path, CLEAN).work(tmp_path, NOW + MINUTE)
    came = taken(carrier)
    again = payer(tmp_path, CLEAN)
    assert len(again.book()) == 1
    assert again.paid_cents() == 11_075
    assert sorted({name[9:12] for name in came}) == ["277", "835", "999"]
    heads = [part for name, data in came.items() if "-835-" in name for part in parts(data)]
    assert sum(part.paid_cents for part in heads if isinstance(part, RemittanceHead)) == 11_075


def season(tmp_path: Path, carrier: FolderCarrier, rules: PayerRules, claims: int) -> tuple[SimulatedPayer, list[str]]:
    """A year of claims in files of 20, a file a day; whatever comes is taken at once."""
    worker, came = payer(tmp_path, rules), []
    for day in range(0, claims // 20 + 120):
        now = NOW + day * DAY
        if day * 20 < claims:
            forms = [
                claim(f"CL-{n}", line(1, service_date=now.date()), line(2, "90785", 2_000, service_date=now.date()),
                      member=f"M{n:05}")
                for n in range(day * 20, day * 20 + 20)
            ]  # fmt: skip
            carrier.send(f"837P-{day}.txt", claim_file(*forms, control=day + 1))
        came += worker.work(tmp_path, now)
    return worker, came


def test_season_does_all_its_mischief_and_its_book_is_the_sum_of_its_checks(carrier: FolderCarrier, tmp_path: Path):
    worker, came = season(tmp_path, carrier, SEASON, 600)
    assert worker.next_due() is None
    received = taken(carrier)
    assert sorted(received) == sorted(came)
    checks: dict[str, int] = {}
    paid: dict[str, int] = {}
    broken = seen_twice = 0
    for name in came:
        if "-835-" not in name:
            continue
        try:
            found = parts(received[name])
        except X12Broken:
            broken += 1
            continue
        (head,) = (part for part in found if isinstance(part, RemittanceHead))
        if head.trace in checks:
            seen_twice += 1
            continue
        checks[head.trace] = head.paid_cents
        for part in found:
            if isinstance(part, RemittedClaim):
                paid[part.payer_control] = paid.get(part.payer_control, 0) + part.paid_cents
    assert broken > 0 and seen_twice > 0
    assert checks == {check.number: check.paid_cents for check in worker.checks()}
    assert paid == {entry.payer_control: entry.paid_cents for entry in worker.book() if entry.stands}
    assert {entry.standing for entry in worker.book()} == {Standing.PAID, Standing.DENIED, Standing.REJECTED}
    reasons = {reason for check in worker.checks() for reason, _, _ in check.adjustments}
    assert {"L6", "WO"} <= reasons
    statements = [name for name in came if "-277CA-" in name]
    acknowledgements = [name for name in came if "-999-" in name]
    assert len(acknowledgements) != len(statements)
    files = sum(1 for _ in (tmp_path / "simulated-payer" / "taken").iterdir())
    assert len(statements) < files


def test_season_is_the_same_for_one_seed_even_when_it_is_restarted_every_day(tmp_path: Path):
    results = []
    for restarted in (False, True):
        folder = tmp_path / str(restarted)
        worker = payer(folder, SEASON)
        carrier = FolderCarrier(folder, settle_seconds=0.0)
        for day in range(40):
            if restarted:
                worker = payer(folder, SEASON)
            forms = [claim(f"CL-{day}-{n}", member=f"M{day}{n}") for n in range(3)]
            carrier.send(f"837P-{day}.txt", claim_file(*forms, control=day + 1))
            worker.work(folder, NOW + day * DAY)
        results.append((worker.book(), worker.checks(), taken(carrier)))
    assert results[0] == results[1]


def test_sample_shows_a_bit_of_everything_within_a_minute(carrier: FolderCarrier, tmp_path: Path):
    worker = payer(tmp_path, SAMPLE)
    carrier.send("837P-1.txt", claim_file(*(claim(f"CL-{n}", member=f"M{n:04}") for n in range(24))))
    carrier.send("270-1.txt", request_file(*(request(f"M{n:04}", trace=f"EC-{n}") for n in range(24))))
    for second in range(0, 75, 5):
        worker.work(tmp_path, NOW + timedelta(seconds=second))
    assert worker.next_due() is None
    assert {entry.standing for entry in worker.book()} == {Standing.PAID, Standing.DENIED, Standing.REJECTED}
    assert {name[9:12] for name in taken(carrier)} == {"999", "277", "835", "271"}


def test_nothing_to_do_writes_nothing(carrier: FolderCarrier, tmp_path: Path):
    worker = payer(tmp_path)
    assert worker.work(tmp_path, NOW) == []
    assert not (tmp_path / "simulated-payer").exists()


def test_clock_is_the_callers(carrier: FolderCarrier, tmp_path: Path):
    carrier.send("837P-1.txt", claim_file(claim("CL-1")))
    worker = payer(tmp_path)
    worker.work(tmp_path, NOW)
    due = worker.next_due()
    assert isinstance(due, datetime)
    assert due.tzinfo is not None


# Where it works by itself


@pytest.fixture
def simulating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    here = Settings(home=tmp_path, simulated_payer=True)
    monkeypatch.setattr("adapters.simulated_payer.here.settings", lambda: here)
    return here


def test_installation_that_simulates_a_payer_is_answered(simulating: Settings):
    folder = simulating.clearinghouse_folder
    FolderCarrier(folder).send("270-1.txt", request_file(request("W100200301")))
    assert work_here(NOW) == []
    assert [name[9:12] for name in work_here(NOW + MINUTE)] == ["271"]
    assert work_here(NOW + DAY) == []


def test_two_processes_do_not_work_at_once(simulating: Settings):
    folder = simulating.clearinghouse_folder
    FolderCarrier(folder).send("270-1.txt", request_file(request("W100200301")))
    (folder / "simulated-payer").mkdir()
    with FileLock(folder / "simulated-payer" / ".working"):
        assert work_here(NOW) == []
        assert len(list((folder / "outgoing").iterdir())) == 1
    work_here(NOW)
    assert list((folder / "outgoing").iterdir()) == []


def test_installation_of_a_real_practice_is_never_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here = Settings(home=tmp_path)
    monkeypatch.setattr("adapters.simulated_payer.here.settings", lambda: here)
    FolderCarrier(here.clearinghouse_folder).send("270-1.txt", request_file(request()))
    assert work_here(NOW) == []
    assert [path.name for path in (here.clearinghouse_folder / "outgoing").iterdir()] == ["270-1.txt"]
    assert not (here.clearinghouse_folder / "simulated-payer").exists()


def test_sample_patients_do_not_all_show_up_alike():
    members = ("W100200301", "1EG4TE5MK73", "XYZ100200303", "U100200304", "W100200305")
    shown = [shown_by(SAMPLE, Chance(SAMPLE_SEED), {}, member) for member in members]
    assert sorted(shown) == [Shown.CARVE_OUT, Shown.LATER, Shown.MENTAL_HEALTH, Shown.MENTAL_HEALTH, Shown.ONLY_30]
