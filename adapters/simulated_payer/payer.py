"""The simulated payer itself: takes files in, decides, keeps its book, answers when it is time."""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from pathlib import Path

from adapters.file_drop import waiting_files
from adapters.private_files import write_private
from adapters.simulated_payer.book import Book, BookEntry, Check, load, member_of
from adapters.simulated_payer.claims import ClaimDesk
from adapters.simulated_payer.coverage import coverage_answer
from adapters.simulated_payer.files import AnswerFile, envelope_to, error_found, error_injected, file_name
from adapters.simulated_payer.plans import plan_of
from adapters.simulated_payer.remitting import Remitting
from adapters.simulated_payer.rules import Chance, PayerRules, Shown, Treatment
from adapters.x12 import InterchangeHead, head_of, read_270, read_837, write_271, write_277ca, write_999
from models.claim_answers import GroupAcknowledgement, SetAcknowledgement, SetError
from models.claim_form import ClaimForm
from models.eligibility import EligibilityAnswer, EligibilityRequest
from models.errors import OutsideRefused, X12Broken

BOOK_FILE = "book.json"
_SETS = {"837P": "837", "270": "270"}
log = logging.getLogger(__name__)


class SimulatedPayer:
    """One payer with its book. With ``folder`` the book lies there and outlives the process; else it is in memory.

    Everything that happens depends on ``seed``, ``rules``, the files and the clock that is passed in.
    """

    def __init__(self, seed: int, rules: PayerRules, folder: Path | None = None) -> None:
        self.rules, self.folder = rules, folder
        self._chance = Chance(seed)
        self._book = load(folder / BOOK_FILE) if folder else Book()
        self._desk = ClaimDesk(rules, self._chance, self._book)

    # What a caller may ask for

    def treats(self, claim_number: str, treatment: Treatment, carc: str = "") -> None:
        """The next submission of this claim is treated so; ``carc`` is why, for a denial."""
        self._book.forced[f"claim/{claim_number}"] = f"{treatment}/{carc}"

    def shows_up_as(self, member_id: str, shown: Shown) -> None:
        """From now on this member shows up so, in answers and where claims are decided."""
        self._book.forced[f"member/{member_of(member_id)}"] = shown

    def book(self) -> list[BookEntry]:
        """Every submission it took in, in the order of its own numbers; rejected ones too."""
        return list(self._book.entries.values())

    def checks(self) -> list[Check]:
        """Every payment, in the order in which they were decided."""
        return list(self._book.checks)

    def paid_cents(self) -> int:
        """Σ BPR02 of all its remittances, each counted once."""
        return sum(check.paid_cents for check in self._book.checks)

    # The folder

    def work(self, clearinghouse_folder: Path, now: datetime) -> list[str]:
        """Take what lies in ``outgoing``, lay what is due by ``now`` (UTC) into ``incoming``; returns those names.

        Taken files are moved to the payer's own folder. The book is written before an answer is laid, so that
        whoever is killed goes on where it was; an answer whose laying was not yet noted is laid once more.
        """
        folder = self.folder or clearinghouse_folder / "simulated-payer"
        outgoing, incoming = clearinghouse_folder / "outgoing", clearinghouse_folder / "incoming"
        moved: list[Path] = []
        for file in waiting_files(outgoing, settle_seconds=0) if outgoing.is_dir() else []:
            data = file.path.read_bytes()
            try:
                _head(data)
            except (OutsideRefused, X12Broken) as refused:
                log.warning("the simulated payer leaves a file lying: %s", refused)
                continue
            answers = self.answer(data, now)
            self._book.pending += [(each.name, each.data.decode("latin-1"), each.due_at) for each in answers]
            moved.append(file.path)
        due = sorted((each for each in self._book.pending if each[2] <= now), key=lambda each: (each[2], each[0]))
        if moved:
            self._save()
            taken = folder / "taken"
            taken.mkdir(parents=True, exist_ok=True, mode=0o700)
            for path in moved:
                path.replace(taken / path.name)
        for name, text, _ in due:
            write_private(incoming / name, text.encode("latin-1"))
        if due:
            self._book.pending = [each for each in self._book.pending if each[2] > now]
            self._save()
        return [name for name, _, _ in due]

    def next_due(self) -> datetime | None:
        """When the next answer comes, None when none is waiting."""
        return min((due for _, _, due in self._book.pending), default=None)

    def _save(self) -> None:
        if self.folder:
            self._book.save(self.folder / BOOK_FILE)

    # One file

    def answer(self, outgoing: Path | bytes, now: datetime) -> list[AnswerFile]:
        """What comes back for one of our files, each with when. Raises OutsideRefused for a production file, and
        X12Broken for what is no interchange or no kind of file it answers."""
        data = outgoing.read_bytes() if isinstance(outgoing, Path) else outgoing
        head = _head(data)
        key = f"{head.sender_id}/{head.kind}/{head.control_number}"
        digest = hashlib.sha256(data).hexdigest()
        known = self._book.interchanges.get(key)
        if known is not None:
            again = SetError("ST", 1, "", "7", element="2") if known.partition("/")[0] != digest else None
            refused_before = known.endswith("/R")
            return [self._acknowledged(head, now, again or (error_injected(data) if refused_before else None))]
        if head.kind == "837P" and self._loses(key):
            return []
        self._book.interchanges[key] = digest
        try:
            content = list(read_837(BytesIO(data)) if head.kind == "837P" else read_270(BytesIO(data)))
        except X12Broken as broken:
            return self._refuse(key, head, now, error_found(broken, data))
        if head.kind == "837P" and self._chance.happens(self.rules.file_rejected, "file rejected", key):
            return self._refuse(key, head, now, error_injected(data))
        if head.kind == "270":
            return self._eligibility(head, [each for each in content if isinstance(each, EligibilityRequest)], now)
        return self._claims(key, head, [each for each in content if isinstance(each, ClaimForm)], now)

    def _loses(self, key: str) -> bool:
        """Once only: whoever sends the file again is heard."""
        if key in self._book.lost or not self._chance.happens(self.rules.file_lost, "file lost", key):
            return False
        self._book.lost.append(key)
        return True

    def _refuse(self, key: str, head: InterchangeHead, now: datetime, error: SetError) -> list[AnswerFile]:
        self._book.interchanges[key] += "/R"
        return [self._acknowledged(head, now, error)]

    def _acknowledged(self, head: InterchangeHead, now: datetime, error: SetError | None = None) -> AnswerFile:
        outcome, codes = ("R", ("5",)) if error else ("A", ())
        about = SetAcknowledgement(
            _SETS[head.kind], head.set_control, outcome, errors=(error,) if error else (), codes=codes
        )
        group = GroupAcknowledgement(head.group_control, head.functional_id, outcome, (about,))
        due = now + self._chance.time(self.rules.acknowledged_after, "999", str(head.control_number))
        number = self._book.next("file")
        return AnswerFile(file_name("999", number), write_999(envelope_to(head, number, due), [group]).encode(), due)

    def _claims(self, key: str, head: InterchangeHead, claims: list[ClaimForm], now: datetime) -> list[AnswerFile]:
        answers = []
        if not self._chance.happens(self.rules.acknowledgement_lost, "acknowledgement lost", key):
            answers.append(self._acknowledged(head, now))
        told_of, remitting = [], Remitting(self.rules, self._chance, self._book, head)
        for claim in claims:
            told_of.append(self._desk.take(claim, key, now, remitting))
        remittances = remitting.files(now)
        status_due = now + self._chance.time(self.rules.status_after, "277CA", key)
        if remittances and self._chance.happens(self.rules.status_late, "status late", key):
            first = min(each.due_at for each in remittances)
            status_due = max(status_due, first + self._chance.time(self.rules.late_by, "status late by", key))
        number = self._book.next("file")
        written = write_277ca(envelope_to(head, number, status_due), told_of)
        answers.append(AnswerFile(file_name("277CA", number), written.encode(), status_due))
        return answers + remittances

    def _eligibility(
        self, head: InterchangeHead, requests: Iterable[EligibilityRequest], now: datetime
    ) -> list[AnswerFile]:
        answers = [self._acknowledged(head, now)] if self.rules.acknowledges_requests else []
        due = now + self._chance.time(self.rules.coverage_after, "271", str(head.control_number))
        number = self._book.next("file")
        said = write_271(envelope_to(head, number, due), [self._coverage(request) for request in requests])
        return [*answers, AnswerFile(file_name("271", number), said.encode(), due)]

    def _coverage(self, request: EligibilityRequest) -> EligibilityAnswer:
        member = member_of(request.member_id)
        shown = self._desk.shown(request.member_id)
        self._book.asked[member] = self._book.asked.get(member, 0) + 1
        if shown is Shown.LATER and self._book.asked[member] > 1:
            shown = Shown.MENTAL_HEALTH
        plan = plan_of(self._chance, request.member_id)
        used = self._book.deductibles.get(f"{member}/{request.service_date.year}", 0)
        return coverage_answer(request, shown, plan, max(0, plan.deductible_cents - used))


def _head(data: bytes) -> InterchangeHead:
    """The head of a file that is answered; raises for any other."""
    head = head_of(BytesIO(data))
    if head.usage != "T":
        raise OutsideRefused("this payer is simulated; it answers test files (ISA15 T) only")
    if head.kind not in _SETS:
        raise X12Broken("a simulated payer answers 837P and 270 files only", segment=3, element="ST01")
    return head
