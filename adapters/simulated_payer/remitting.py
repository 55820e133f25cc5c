"""Puts what was decided into checks, and checks into 835 files, with the mischief that happens to such files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.simulated_payer import adjudication
from adapters.simulated_payer.book import Book, BookEntry, BookLine, Check
from adapters.simulated_payer.files import AnswerFile, cut, envelope_to, file_name, garbage
from adapters.simulated_payer.rules import Chance, PayerRules
from adapters.x12 import InterchangeHead, write_835
from models.claim_answers import (
    ProviderAdjustment,
    RemittanceEnd,
    RemittanceHead,
    RemittancePart,
    RemittedClaim,
    RemittedLine,
)
from models.claim_form import ClaimForm, PayerName

REVERSAL = "22"
FILING_CODES = frozenset({"12", "13", "14", "15", "16", "17", "AM", "CH", "DS", "HM", "LM", "MA", "MB", "MC", "OF"})
PREFERRED = "12"
"""CLP06 knows fewer kinds of plan than SBR09: for the others it says a preferred network's."""
RECOUPED_AT_MOST = 5_000
Group = tuple[str, str, bool]


@dataclass
class _Waiting:
    """What goes into one check: claims in their order, whose book entries they change."""

    payer: PayerName
    payee_npi: str
    payee_name: str
    later: bool
    claims: list[tuple[RemittedClaim, ...]] = field(default_factory=list)
    entries: list[BookEntry] = field(default_factory=list)


class Remitting:
    """Gathers the decisions about one file's claims, then writes the checks that pay them.

    A claim and the reversal before it are in one check; corrections come in checks of their own, later.
    """

    def __init__(self, rules: PayerRules, chance: Chance, book: Book, head: InterchangeHead) -> None:
        self._rules, self._chance, self._book, self._head = rules, chance, book, head
        self.batch = f"{head.control_number:09}"
        """What the file calls itself in BHT03, as far as its sender counts as we do."""
        self._waiting: dict[Group, list[_Waiting]] = {}

    def add(
        self, claim: ClaimForm, remitted: Iterable[RemittedClaim], entries: Iterable[BookEntry], *, later: bool = False
    ) -> None:
        """What a check tells of this claim, in this order, and the book entries that it changes."""
        opened = self._waiting.setdefault((claim.payer.payer_id, claim.billing.npi, later), [])
        if not opened or len(opened[-1].claims) >= self._rules.claims_per_check:
            opened.append(_Waiting(claim.payer, claim.billing.npi, claim.billing.name, later))
        opened[-1].claims.append(tuple(remitted))
        opened[-1].entries.extend(entries)

    def files(self, now: datetime) -> list[AnswerFile]:
        """The remittances, corrections last, with the broken and repeated files between them."""
        groups = sorted(self._waiting.items(), key=lambda group: group[0][2])
        return [file for _, checks in groups for each in checks for file in self._check(each, now)]

    def _check(self, waiting: _Waiting, now: datetime) -> list[AnswerFile]:
        number = f"SIMCHK{self._book.next('check'):08}"
        due = self._due(waiting, number, now)
        claims = [each for together in waiting.claims for each in together]
        total = sum(each.paid_cents for each in claims)
        adjustments = self._adjustments(waiting, number, total)
        paid = total - sum(each.amount_cents for each in adjustments)
        method = "NON" if paid == 0 else "ACH" if self._chance.happens(0.7, "method", number) else "CHK"
        file = self._book.next("file")
        control = f"{file:04}"
        parts: list[RemittancePart] = [
            RemittanceHead(
                control, paid, number, method, due.date(), waiting.payer, waiting.payee_npi, waiting.payee_name
            ),
            *claims,
            *adjustments,
            RemittanceEnd(control, 0),
        ]
        data = write_835(envelope_to(self._head, file, due), parts).encode()
        name = file_name("835", file)
        self._book.checks.append(
            Check(
                number,
                waiting.payer.payer_id,
                waiting.payee_npi,
                paid,
                total,
                tuple((each.reason, each.reference, each.amount_cents) for each in adjustments),
                name,
            )
        )
        for entry in waiting.entries:
            entry.checks = (*entry.checks, number)
            entry.remitted_at = max(filter(None, (entry.remitted_at, due)))
        return [AnswerFile(name, data, due), *self._mischief(number, data, due)]

    def _due(self, waiting: _Waiting, number: str, now: datetime) -> datetime:
        """Never before what it reverses."""
        due = now + self._chance.time(self._rules.paid_after, "835", number)
        before = max((each.remitted_at for each in waiting.entries if each.remitted_at), default=None)
        if waiting.later and before is not None:
            due = before + self._chance.time(self._rules.corrected_after, "corrected", number)
        return max(due, before) if before is not None else due

    def _adjustments(self, waiting: _Waiting, number: str, total: int) -> list[ProviderAdjustment]:
        """PLB: interest, money kept back, and what a negative check leaves over for the next one (FB)."""
        found: list[ProviderAdjustment] = []
        if total > 0 and self._chance.happens(self._rules.interest, "interest", number):
            found.append(ProviderAdjustment("L6", waiting.claims[0][0].payer_control, -max(1, total // 500)))
        if total > 0 and self._chance.happens(self._rules.recoupment, "recoupment", number):
            found.append(ProviderAdjustment("WO", number, min(RECOUPED_AT_MOST, total // 10)))
        left = total - sum(each.amount_cents for each in found)
        account = f"{waiting.payer.payer_id}/{waiting.payee_npi}"
        owed, since = self._book.balances.get(account, (0, ""))
        if left < 0:
            found.append(ProviderAdjustment("FB", number, left))
            self._book.balances[account] = (owed - left, number)
        elif owed and left > 0:
            taken = min(owed, left)
            found.append(ProviderAdjustment("FB", since, taken))
            self._book.balances[account] = (owed - taken, since)
        return [each for each in found if each.amount_cents]

    def _mischief(self, number: str, data: bytes, due: datetime) -> list[AnswerFile]:
        files = []
        if self._chance.happens(self._rules.remittance_twice, "twice", number):
            later = due + self._chance.time(self._rules.late_by, "twice by", number)
            files.append(AnswerFile(self._next_name(), data, later))
        if self._chance.happens(self._rules.remittance_cut, "cut", number):
            earlier = due - self._chance.share("cut by", number) * timedelta(minutes=10)
            files.append(AnswerFile(self._next_name(), cut(data), earlier))
        if self._chance.happens(self._rules.garbage, "garbage", number):
            files.append(AnswerFile(self._next_name(), garbage(self._chance, number), due))
        return files

    def _next_name(self) -> str:
        return file_name("835", self._book.next("file"))


def told(entry: BookEntry, claim: ClaimForm) -> RemittedClaim:
    """The claim as it stands in the book, as an 835 tells it."""
    return _remitted(entry, claim, entry.status, entry.lines)


def reversal_of(entry: BookEntry, claim: ClaimForm, book: Book) -> RemittedClaim:
    """What was told of it with every amount turned round; gives back what it had used of the deductible."""
    used = book.deductibles.get(entry.deductible_of, 0)
    book.deductibles[entry.deductible_of] = used - entry.deductible_cents
    entry.deductible_cents = 0
    return _remitted(entry, claim, REVERSAL, tuple(adjudication.undone(line) for line in entry.lines))


def _remitted(entry: BookEntry, claim: ClaimForm, status: str, lines: Iterable[BookLine]) -> RemittedClaim:
    person = claim.patient or claim.subscriber.person
    told_lines = tuple(_line(line) for line in lines)
    return RemittedClaim(
        claim_number=entry.claim_number,
        status=status,
        charge_cents=sum(line.charge_cents for line in told_lines),
        paid_cents=sum(line.paid_cents for line in told_lines),
        patient_cents=sum(each.amount_cents for line in told_lines for each in line.adjustments if each.group == "PR"),
        payer_control=entry.payer_control,
        adjustments=(),
        lines=told_lines,
        member_id=claim.subscriber.member_id,
        patient_name=f"{person.given_name} {person.family_name}".strip(),
        filing_code=filing if (filing := claim.subscriber.filing_code) in FILING_CODES else PREFERRED,
    )


def _line(line: BookLine) -> RemittedLine:
    return RemittedLine(
        procedure_code=line.procedure_code,
        modifiers=line.modifiers,
        charge_cents=line.charge_cents,
        paid_cents=line.paid_cents,
        units=line.units,
        adjustments=line.adjustments,
        service_date=line.service_date,
        control_number=line.control_number,
        remarks=(line.remark,) if line.remark else (),
    )
