"""Does a remittance add up, and which line that we sent does each of its lines answer?

Source: ASC X12N/005010X221A1 (835), section 1.10.2, Data Use by Business Use (balancing; line control numbers).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from models.claim_answers import ProviderAdjustment, RemittanceHead, RemittedClaim, RemittedLine
from models.claim_form import LineAdjustment
from models.remittance import Imbalance, LineMatch, MatchedBy, MatchedLine, NeedsAPerson, SentLine

REVERSAL = "22"


def balance_line(line: RemittedLine) -> Imbalance | None:
    """By how much the payment misses the charge less the adjustments; None if the line balances."""
    return _off("line", line.paid_cents, line.charge_cents - _sum(line.adjustments), line.segment)


def balance_claim(claim: RemittedClaim) -> tuple[Imbalance, ...]:
    """All that does not add up: each line, the claim, then its charge and payment against those of its lines."""
    lines_off = [balance_line(line) for line in claim.lines]
    on_lines = sum(_sum(line.adjustments) for line in claim.lines)
    should_be = claim.charge_cents - _sum(claim.adjustments) - on_lines
    found = [*lines_off, _off("claim", claim.paid_cents, should_be, claim.segment)]
    if claim.lines:
        charged = sum(line.charge_cents for line in claim.lines)
        paid = sum(line.paid_cents for line in claim.lines) - _sum(claim.adjustments)
        found.append(_off("charge of the claim beside its lines", claim.charge_cents, charged, claim.segment))
        found.append(_off("payment of the claim beside its lines", claim.paid_cents, paid, claim.segment))
    return tuple(each for each in found if each)


def balance_file(
    head: RemittanceHead, claims_total_cents: int, adjustments: Iterable[ProviderAdjustment]
) -> Imbalance | None:
    """By how much BPR02 misses the sum of CLP04 less the sum of PLB; None if the remittance balances."""
    stated = head.paid_cents if head.credit else -head.paid_cents
    should_be = claims_total_cents - sum(each.amount_cents for each in adjustments)
    return _off("payment of the remittance", stated, should_be, head.segment)


def _off(where: str, stated: int, should_be: int, segment: int) -> Imbalance | None:
    return Imbalance(where, stated - should_be, segment) if stated != should_be else None


def _sum(adjustments: Iterable[LineAdjustment]) -> int:
    return sum(each.amount_cents for each in adjustments)


def match_lines(claim: RemittedClaim, sent: Sequence[SentLine]) -> LineMatch:
    """Which sent line each remitted line answers: by REF*6R; else by code, modifiers and charge; else code and charge.

    A sent line is used once. Several remitted lines with the REF*6R of one sent line are its parts, and their charges
    must sum to its charge. Two that fit equally well are for a person, as is one that fits nothing. In a reversal
    (CLP02 22) the charges are those sent, with a minus.
    """
    sign = -1 if claim.status == REVERSAL else 1
    if not claim.lines:
        return _whole_claim(claim, sent, sign)
    controls = Counter(line.control_number for line in sent)
    by_control = {line.control_number: line for line in sent if line.control_number}
    parts: dict[str, list[RemittedLine]] = {}
    rest: list[RemittedLine] = []
    for line in claim.lines:
        known = line.control_number in by_control
        parts.setdefault(line.control_number, []).append(line) if known else rest.append(line)

    matched: list[MatchedLine] = []
    problems: list[NeedsAPerson] = []
    for control, said in parts.items():
        charged = sign * sum(line.charge_cents for line in said)
        if controls[control] > 1:
            problems.append(NeedsAPerson(f"{controls[control]} sent lines have the number {control}", said[0].segment))
        elif charged != by_control[control].charge_cents:
            problems.append(_other_charge(by_control[control], said, charged))
        else:
            matched.append(MatchedLine(by_control[control], tuple(said), MatchedBy.CONTROL_NUMBER))
    free = [line for line in sent if line.control_number not in parts]
    for by, fits in ((MatchedBy.CODE_AND_MODIFIERS, _same_code_and_modifiers), (MatchedBy.CODE, _same_code)):
        pairs, ambiguous, rest = _one_to_one(rest, free, fits, sign)
        matched += [MatchedLine(ours, (theirs,), by) for ours, theirs in pairs]
        problems += [NeedsAPerson("more than one sent line fits this line", line.segment) for line in ambiguous]
        used = {id(ours) for ours, _ in pairs}
        free = [line for line in free if id(line) not in used]
    problems += [NeedsAPerson("no sent line fits this line", line.segment) for line in rest]
    order = {id(line): at for at, line in enumerate(sent)}
    return LineMatch(tuple(sorted(matched, key=lambda each: order[id(each.sent)])), tuple(free), tuple(problems))


def _whole_claim(claim: RemittedClaim, sent: Sequence[SentLine], sign: int) -> LineMatch:
    charged = sum(line.charge_cents for line in sent)
    if sign * claim.charge_cents != charged:
        reason = f"the claim without its lines charges {sign * claim.charge_cents} cents; {charged} were sent"
        return LineMatch(problems=(NeedsAPerson(reason, claim.segment),))
    earlier = sum(line.earlier_cents for line in sent)
    return LineMatch(whole=SentLine("", "", (), charged, earlier_cents=earlier))


def _other_charge(ours: SentLine, said: Sequence[RemittedLine], charged: int) -> NeedsAPerson:
    what = "the line charges" if len(said) == 1 else f"the {len(said)} parts of the line charge"
    return NeedsAPerson(f"{what} {charged} cents; {ours.charge_cents} were sent", said[0].segment)


Fits = Callable[[SentLine, RemittedLine], bool]


def _same_code(ours: SentLine, theirs: RemittedLine) -> bool:
    dated = ours.service_date is not None and theirs.service_date is not None
    return ours.procedure_code == theirs.procedure_code and not (dated and ours.service_date != theirs.service_date)


def _same_code_and_modifiers(ours: SentLine, theirs: RemittedLine) -> bool:
    return _same_code(ours, theirs) and sorted(ours.modifiers) == sorted(theirs.modifiers)


def _one_to_one(
    theirs: Sequence[RemittedLine], ours: Sequence[SentLine], fits: Fits, sign: int
) -> tuple[list[tuple[SentLine, RemittedLine]], list[RemittedLine], list[RemittedLine]]:
    """Pairs that fit each other and nothing else; lines with more than one partner; lines with none."""
    partners = [
        [at for at, line in enumerate(ours) if line.charge_cents == sign * said.charge_cents and fits(line, said)]
        for said in theirs
    ]
    wanted = Counter(at for found in partners for at in found)
    pairs, ambiguous, without = [], [], []
    for said, found in zip(theirs, partners, strict=True):
        if not found:
            without.append(said)
        elif len(found) > 1 or wanted[found[0]] > 1:
            ambiguous.append(said)
        else:
            pairs.append((ours[found[0]], said))
    return pairs, ambiguous, without
