"""How fast are claims written and remittances read, in how much memory, and how does that compare with pyx12?

Files are made with our own writers in a temporary folder: an 835 of 10,000 and one of 100,000 service lines, and with
`--million` one of a million, one set for each 1,000 claims. Each is read in a process of its own, so that its peak
memory is its own. pyx12 reads a smaller 835 and 837P of the same make, in the same run: as a reader of segments (its
X12Reader beside our Segments) and as the whole (its x12n_document, which checks a file against its map and keeps
nothing, beside read_835 and read_837, which make values and check less). All rates are of CPU seconds of the one
process that works, so that a busy machine changes them little; pyx12's maps are loaded before its clock starts. One
JSON line.
"""

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

import pyx12.params
import pyx12.x12file
import pyx12.x12n_document

from adapters.x12 import Segments, read_271, read_835, read_837, second_opinion, write_271, write_835, write_837
from models.claim_answers import RemittanceHead, RemittedClaim, RemittedLine
from models.claim_form import (
    BillingProvider,
    ClaimForm,
    Envelope,
    LineAdjustment,
    PayerName,
    PersonName,
    PostalAddress,
    RenderingClinician,
    ServiceLine,
    Subscriber,
)
from models.eligibility import Benefit, EligibilityAnswer

T = TypeVar("T")

SIZES = (10_000, 100_000)
MILLION = 1_000_000
CLAIMS_IN_A_SET = 1_000
CLAIMS = 5_000
ANSWERS = 5_000
FOR_PYX12 = 500
"""Claims in each file that pyx12 reads."""

ENVELOPE = Envelope(
    "PAYER1", "PRACTICE1", 1, datetime(2026, 3, 1, 8), "PRACTICE", "DESK", "3125550100", "CLEARING HOUSE"
)
ADDRESS = PostalAddress("1 MAIN ST", "CHICAGO", "IL", "606011234")
PAYER = PayerName("NORTH HEALTH", "60054")
BILLING = BillingProvider("RIVER COUNSELING", "1234567893", "261QM0801X", "123456789", ADDRESS)
RENDERING = RenderingClinician("OKAFOR", "ADA", "1245319599", "1041C0700X")


def main() -> None:
    sizes = (*SIZES, MILLION) if "--million" in sys.argv[1:] else SIZES
    with tempfile.TemporaryDirectory() as folder:
        reads = []
        for size in sizes:
            path = Path(folder) / f"{size}.835"
            _write_remittances(path, size)
            reads.append(_alone("835", path) | {"service_lines": size})
            path.unlink()
        remittance, claims = Path(folder) / "beside.835", Path(folder) / "beside.837"
        _write_remittances(remittance, FOR_PYX12)
        claims.write_text(write_837(ENVELOPE, [_claim(number) for number in range(FOR_PYX12)]))
        beside = {
            kind: {
                "ours": _alone(kind, path, "20"),
                "our_segments": _alone("segments", path, "20"),
                "pyx12": _alone("pyx12", path),
                "pyx12_segments": _alone("pyx12-segments", path),
            }
            for kind, path in (("835", remittance), ("837P", claims))
        }
    per_claim, built = _seconds(lambda: write_837(ENVELOPE, [_claim(number) for number in range(CLAIMS)]))
    answers = write_271(ENVELOPE, [_answer(number) for number in range(ANSWERS)])
    per_answer, _ = _seconds(lambda: sum(1 for _ in read_271(io.BytesIO(answers.encode()))))
    print(
        json.dumps(
            {
                "claims_built_per_second": round(CLAIMS / per_claim),
                "837_megabytes_per_second_built": round(len(built) / 1e6 / per_claim, 1),
                "271_answers_read_per_second": round(ANSWERS / per_answer),
                "835": [
                    {
                        "service_lines": read["service_lines"],
                        "megabytes": round(read["bytes"] / 1e6, 1),
                        "service_lines_per_second": round(read["service_lines"] / read["seconds"]),
                        "segments_per_second": round(read["segments"] / read["seconds"]),
                        "megabytes_per_second": round(read["bytes"] / 1e6 / read["seconds"], 1),
                        "peak_mib": round(read["peak_mib"], 1),
                        "peak_mib_above_an_empty_run": round(read["peak_mib"] - read["before_mib"], 1),
                    }
                    for read in reads
                ],
                "beside_pyx12": {kind: _compared(found) for kind, found in beside.items()},
            }
        )
    )


def _compared(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """Megabytes a second of each, and how many times pyx12's rate ours is."""
    rates = {name: run["bytes"] / 1e6 / run["seconds"] for name, run in found.items()}
    return {
        "megabytes": round(found["ours"]["bytes"] / 1e6, 3),
        **{f"{name}_megabytes_per_second": round(rate, 3) for name, rate in rates.items()},
        "times_as_fast": round(rates["ours"] / rates["pyx12"], 1),
        "segments_times_as_fast": round(rates["our_segments"] / rates["pyx12_segments"], 1),
    }


def _write_remittances(path: Path, lines: int) -> None:
    """One interchange of as many service lines: the same thousand claims, set after set, under their own numbers."""
    in_a_set = min(lines, CLAIMS_IN_A_SET)
    head = RemittanceHead("0001", 10_000, "EFT1", "ACH", date(2026, 3, 1), PAYER, "1234567893", "RIVER COUNSELING")
    text = write_835(ENVELOPE, [head, *[_remitted(number) for number in range(in_a_set)]])
    opening, body = text[: text.index("ST*835*")], text[text.index("ST*835*") : text.index("GE*1*")]
    body = body.replace("ST*835*0001", "ST*835*{0}").removesuffix("*0001~")
    sets = lines // in_a_set
    with path.open("w") as file:
        file.write(opening)
        for number in range(1, sets + 1):
            file.write(f"{body.replace('{0}', f'{number:04}')}*{number:04}~")
        file.write(f"GE*{sets}*1~IEA*1*000000001~")


def _claim(number: int) -> ClaimForm:
    person = PersonName(f"DOE{number}", "JANE", "", date(1980, 1, 2), "F")
    line = ServiceLine(1, "90837", 15_050 + number, date(2026, 2, 3), f"L{number}", ("95",), 1, (1, 2))
    return ClaimForm(
        f"C-{number}",
        15_050 + number,
        "10",
        ("F41.1", "F33.1"),
        (line,),
        BILLING,
        RENDERING,
        Subscriber(person, f"W{number:09}", ADDRESS, group_number="G77"),
        PAYER,
    )


def _remitted(number: int) -> RemittedClaim:
    taken = (LineAdjustment("CO", "45", 3_000), LineAdjustment("PR", "3", 2_050 + number))
    line = RemittedLine(
        "90837", ("95",), 15_050 + number, 10_000, 1, taken, date(2026, 2, 3), f"L{number}", ("N130",), 12_050
    )
    return RemittedClaim(
        f"C-{number}",
        "1",
        15_050 + number,
        10_000,
        2_050 + number,
        f"ICN{number}",
        (),
        (line,),
        member_id=f"W{number:09}",
        patient_name=f"JANE DOE{number}",
        filing_code="12",
    )


def _answer(number: int) -> EligibilityAnswer:
    benefits = (
        Benefit("1", 0, service_types=("30", "MH", "98"), plan="GOLD PLAN"),
        Benefit("B", 0, service_types=("MH",), period="27", amount_cents=2_500, in_network="Y"),
        Benefit("C", 0, service_types=("30",), period="23", amount_cents=100_000, in_network="Y"),
        Benefit("F", 0, service_types=("MH",), period="29", quantity_kind="VS", quantity=12),
    )
    person = PersonName(f"DOE{number}", "JANE", "", date(1980, 1, 2), "F")
    return EligibilityAnswer(f"T{number}", PAYER, f"W{number:09}", person, benefits, ())


def _seconds(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds of one run, after one that warms up, and what it gave."""
    work()
    started = time.process_time()
    given = work()
    return time.process_time() - started, given


def _alone(what: str, path: Path, times: str = "1") -> dict[str, float]:
    """What one reading of the file costs in a fresh process; the best of so many."""
    ended = subprocess.run(
        [sys.executable, __file__, what, str(path), times], capture_output=True, text=True, check=True
    )
    return json.loads(ended.stdout)


def _measured(what: str, path: Path, times: int) -> dict[str, float]:
    read: Callable[[Path], int] = {
        "835": lambda file: _count(read_835, file),
        "837P": lambda file: _count(read_837, file),
        "segments": lambda file: _count(Segments, file),
        "pyx12": _by_pyx12,
        "pyx12-segments": _segments_by_pyx12,
    }[what]
    if what == "pyx12":
        # Its maps are loaded once, so that they do not count against its rate.
        second_opinion(path.read_text()[:2_000])
    before, seconds = _peak_mib(), float("inf")
    for _ in range(times):
        started = time.process_time()
        read(path)
        seconds = min(seconds, time.process_time() - started)
    peak = _peak_mib()
    with path.open("rb") as file:
        segments = sum(chunk.count(b"~") for chunk in iter(lambda: file.read(1 << 20), b""))
    return {
        "seconds": seconds,
        "bytes": path.stat().st_size,
        "segments": segments,
        "before_mib": before,
        "peak_mib": peak,
    }


def _count(read: Callable[[BinaryIO], Iterable[object]], path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in read(file))


def _by_pyx12(path: Path) -> int:
    with path.open() as file:
        accepted = pyx12.x12n_document.x12n_document(pyx12.params.ParamsBase(), file, fd_997=None, fd_html=None)
    if not accepted:
        raise RuntimeError("pyx12 does not accept the file, so its time says nothing")
    return 1


def _segments_by_pyx12(path: Path) -> int:
    with path.open() as file:
        return sum(1 for _ in pyx12.x12file.X12Reader(file))


def _peak_mib() -> float:
    """The most memory this process itself ever held."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(_measured(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
