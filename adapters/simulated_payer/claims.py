"""How the simulated payer takes in one claim: gets in or not, replaces what, is treated how."""

from datetime import date, datetime, timedelta

from adapters.simulated_payer import adjudication
from adapters.simulated_payer.book import Book, BookEntry, Standing, member_of, services_of
from adapters.simulated_payer.plans import plan_of, shown_by
from adapters.simulated_payer.remitting import Remitting, reversal_of, told
from adapters.simulated_payer.rules import Chance, PayerRules, Shown, Treatment
from models.claim_answers import ClaimAcknowledgement, StatusNote
from models.claim_form import ClaimForm, ClaimFrequency, PayerRank

CORRECTION_PERCENTS = {90: 1, 108: 1}
"""What a correction allows of the fee schedule, by weight."""
_WITH_A_REASON = (Treatment.DENIED, Treatment.PARTLY_DENIED)


class ClaimDesk:
    """Decides claims and enters them into the book."""

    def __init__(self, rules: PayerRules, chance: Chance, book: Book) -> None:
        self._rules, self._chance, self._book = rules, chance, book

    def take(self, claim: ClaimForm, interchange: str, now: datetime, remitting: Remitting) -> ClaimAcknowledgement:
        """Decide one claim, enter it, hand on what a check is to tell; returns what the 277CA says."""
        entry = BookEntry(
            payer_control=f"SIM{self._book.next('claim'):09}",
            claim_number=claim.claim_number,
            payer_id=claim.payer.payer_id,
            npi=claim.billing.npi,
            interchange=interchange,
            charge_cents=claim.charge_cents,
            standing=Standing.REJECTED,
        )
        treatment, carc = self._treatment(claim)
        original = self._original(claim)
        why = self._refusal(claim, treatment, original, now.date())
        if why is not None:
            entry.reason = "/".join(filter(None, why))
            self._book.enter(entry)
            return _status(claim, "", adjudication.refused(why, claim), now, remitting.batch)
        undone = [reversal_of(original, claim, self._book)] if original else []
        if claim.frequency is ClaimFrequency.VOID:
            entry.standing = Standing.VOIDED
        else:
            self._price(claim, entry, treatment, self._own_denial(claim, now.date()), carc)
            undone.append(told(entry, claim))
        if original:
            original.standing = Standing.VOIDED if claim.frequency is ClaimFrequency.VOID else Standing.REPLACED
        self._book.enter(entry)
        remitting.add(claim, undone, [original, entry] if original else [entry])
        if treatment is Treatment.REVERSED and entry.standing is Standing.PAID:
            self._correct(claim, entry, remitting)
        return _status(claim, entry.payer_control, adjudication.accepted(claim), now, remitting.batch)

    def shown(self, member_id: str) -> Shown:
        return shown_by(self._rules, self._chance, self._book.forced, member_id)

    def _price(
        self, claim: ClaimForm, entry: BookEntry, treatment: Treatment, own_denial: str, carc: str, percent: int = 100
    ) -> None:
        entry.deductible_of = f"{member_of(claim.subscriber.member_id)}/{claim.lines[0].service_date.year}"
        entry.services = services_of(claim)
        if own_denial or treatment is Treatment.DENIED:
            decision = adjudication.denied(claim, own_denial or carc)
        else:
            plan = plan_of(self._chance, claim.subscriber.member_id)
            left = max(0, plan.deductible_cents - self._book.deductibles.get(entry.deductible_of, 0))
            decision = adjudication.priced(claim, self._rules, plan, left, denied_line=carc, percent=percent)
        entry.standing = Standing.DENIED if decision.status == adjudication.DENIED else Standing.PAID
        entry.status, entry.reason, entry.lines = decision.status, decision.reason, decision.lines
        entry.deductible_cents = decision.deductible_cents
        used = self._book.deductibles.get(entry.deductible_of, 0)
        self._book.deductibles[entry.deductible_of] = used + decision.deductible_cents

    def _correct(self, claim: ClaimForm, entry: BookEntry, remitting: Remitting) -> None:
        """Undo what was told and tell it anew with other amounts, in a later check."""
        undone = reversal_of(entry, claim, self._book)
        percent = self._chance.one_of(CORRECTION_PERCENTS, "corrected", claim.claim_number)
        self._price(claim, entry, Treatment.PAID, "", "", percent)
        remitting.add(claim, [undone, told(entry, claim)], [entry], later=True)

    def _treatment(self, claim: ClaimForm) -> tuple[Treatment, str]:
        """How this submission is treated, and with which CARC."""
        forced = self._book.forced.pop(f"claim/{claim.claim_number}", "")
        times = len(self._book.by_claim.get(claim.claim_number, ()))
        draw = (claim.claim_number, claim.subscriber.rank, str(times))
        if forced:
            name, _, carc = forced.partition("/")
            treatment = Treatment(name)
        else:
            carc = ""
            again = times > 0 or claim.frequency is not ClaimFrequency.ORIGINAL or bool(claim.earlier_payments)
            weights = self._rules.treatments_again if again else self._rules.treatments
            treatment = self._chance.one_of(weights, "treatment", *draw)
        if treatment not in _WITH_A_REASON:
            return treatment, ""
        return treatment, carc or self._chance.one_of(self._rules.denials, "denial", *draw)

    def _own_denial(self, claim: ClaimForm, today: date) -> str:
        """The CARC by which the payer's own rules deny this claim, "" for none."""
        shown = self.shown(claim.subscriber.member_id)
        if shown is Shown.INACTIVE:
            return "27"
        if shown is Shown.CARVE_OUT:
            return "109"
        if claim.subscriber.rank is not PayerRank.PRIMARY and not claim.earlier_payments:
            return "22"
        first = claim.frequency is ClaimFrequency.ORIGINAL and not claim.earlier_payments
        last = max(line.service_date for line in claim.lines)
        if first and today - last > timedelta(days=self._rules.filing_days):
            return "29"
        if claim.frequency is ClaimFrequency.ORIGINAL and self._is_known(claim):
            return "18"
        codes = {line.procedure_code for line in claim.lines}
        return "197" if codes & self._rules.needs_authorisation and not claim.authorisation else ""

    def _is_known(self, claim: ClaimForm) -> bool:
        paid = any(
            each.standing is Standing.PAID and each.payer_id == claim.payer.payer_id
            for each in self._book.earlier(claim.claim_number)
        )
        return paid or self._book.same_service(services_of(claim)) is not None

    def _original(self, claim: ClaimForm) -> BookEntry | None:
        """The standing submission that this one replaces or voids."""
        if claim.frequency is ClaimFrequency.ORIGINAL:
            return None
        found = self._book.entries.get(claim.original_number)
        ours = found is not None and found.npi == claim.billing.npi and found.payer_id == claim.payer.payer_id
        return found if found is not None and ours and found.stands else None

    def _refusal(
        self, claim: ClaimForm, treatment: Treatment, original: BookEntry | None, today: date
    ) -> tuple[str, str, str] | None:
        if why := adjudication.front_end_refusal(claim, self._rules, today):
            return why
        if claim.frequency is not ClaimFrequency.ORIGINAL and original is None:
            return "A7", "464", "PR"
        if self.shown(claim.subscriber.member_id) is Shown.NOT_FOUND:
            return "A3", "33", "IL"
        if treatment is Treatment.REJECTED:
            return self._chance.one_of(adjudication.INJECTED_REJECTIONS, "rejection", claim.claim_number)
        return None


def _status(claim: ClaimForm, payer_control: str, note: StatusNote, now: datetime, batch: str) -> ClaimAcknowledgement:
    return ClaimAcknowledgement(
        claim.claim_number,
        payer_control,
        (note,),
        on=now.date(),
        patient=claim.patient or claim.subscriber.person,
        member_id=claim.subscriber.member_id,
        batch=batch,
    )
