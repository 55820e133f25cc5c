"""What one element says: money, dates, whole numbers and plain text, to and from X12's spelling; exact or refused."""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from models.errors import X12Broken

WHOLE = 10_000
"""Hundredths of a percent."""

_MONEY = re.compile(r"(-?)(?:([0-9]{1,15})(?:\.([0-9]{0,2})0*)?|\.([0-9]{1,2})0*)")
_SHARE = re.compile(r"(?=.*[0-9])([0-9]{0,3})(?:\.([0-9]{0,4})0*)?")
_WHOLE = re.compile(r"(-?[0-9]{1,15})(?:\.0*)?")
_DATE = re.compile(r"[0-9]{8}")


def broken(number: int, elements: Sequence[str], index: int, expected: str, part: int = 0) -> X12Broken:
    """The refusal of one element (``index`` from 1; ``part`` counts the components of a composite from 1)."""
    element = f"{elements[0]}{index:02}" + (f"-{part}" if part else "")
    return X12Broken(f"segment {number}, {element}: {expected} was expected", segment=number, element=element)


def out_of_place(number: int, elements: Sequence[str], expected: str) -> X12Broken:
    """The refusal of a segment that stands where another should."""
    return X12Broken(f"segment {number} ({elements[0]}): {expected} was expected before it", segment=number)


def value(elements: Sequence[str], index: int) -> str:
    """The element without the blanks around it, "" where the segment ends before it."""
    return elements[index].strip() if index < len(elements) else ""


def needed(number: int, elements: Sequence[str], index: int, expected: str) -> str:
    """The element's value; refused where there is none."""
    text = value(elements, index)
    if not text:
        raise broken(number, elements, index, expected)
    return text


def cents_at(number: int, elements: Sequence[str], index: int) -> int:
    """The amount of money in a required element, in cents."""
    try:
        return cents(elements[index])
    except (ValueError, IndexError):
        raise broken(number, elements, index, "an amount of money") from None


def cents_or_none(number: int, elements: Sequence[str], index: int) -> int | None:
    """As ``cents_at``, None where the element is empty."""
    return cents_at(number, elements, index) if value(elements, index) else None


def whole_at(number: int, elements: Sequence[str], index: int) -> int:
    """The whole number in a required element; ``2`` and ``2.00`` are the same."""
    try:
        return whole(elements[index])
    except (ValueError, IndexError):
        raise broken(number, elements, index, "a whole number") from None


def date_at(number: int, elements: Sequence[str], index: int) -> date:
    """The date (CCYYMMDD) in a required element."""
    try:
        return day(elements[index])
    except (ValueError, IndexError):
        raise broken(number, elements, index, "a date (CCYYMMDD)") from None


def period_at(number: int, elements: Sequence[str], index: int) -> tuple[date, date | None]:
    """The date, or first and last date, of a DTP segment: its qualifier (D8 or RD8) stands one element earlier."""
    text = value(elements, index)
    try:
        if value(elements, index - 1) == "RD8":
            first, last = text.split("-")
            return day(first), day(last)
        return day(text), None
    except ValueError:
        raise broken(number, elements, index, "a date (CCYYMMDD), or two with a dash") from None


def parts_at(number: int, elements: Sequence[str], index: int, component: str, least: int) -> list[str]:
    """The components of a required composite; refused where it has fewer than ``least``."""
    parts = [part.strip() for part in value(elements, index).split(component)]
    if len(parts) < least:
        raise broken(number, elements, index, f"{least} components, cut by the character in ISA16,")
    return parts


@lru_cache(maxsize=16_384)
def cents(text: str) -> int:
    """Money as X12 writes it, in cents: ``100``, ``100.5``, ``-12.30``, ``.5``; anything inexact is a ValueError."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        raise ValueError("not an amount of money")
    sign, dollars, decimals, bare = found.groups()
    amount = int(dollars or 0) * 100 + int((decimals or bare or "0").ljust(2, "0"))
    return -amount if sign else amount


def money(amount: int) -> str:
    """Cents as X12 writes money: no zeros at the end that say nothing."""
    dollars, rest = divmod(abs(amount), 100)
    text = str(dollars) if not rest else f"{dollars}.{rest:02}".rstrip("0")
    return f"-{text}" if amount < 0 else text


def hundredths(text: str) -> int:
    """A share of EB08 (``0.2``) in hundredths of a percent (2000); exact, else a ValueError.

    The guide writes 1 for the whole. A number above 1, up to 100, can only be a percentage, which some payers send.
    """
    found = _SHARE.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a share")
    scaled = int(found[1] or 0) * WHOLE + int((found[2] or "0").ljust(4, "0"))
    if scaled <= WHOLE:
        return scaled
    if scaled % 100 or scaled > 100 * WHOLE:
        raise ValueError("not a share")
    return scaled // 100


def share(percent: int) -> str:
    """Hundredths of a percent as EB08 has them: 2000 is ``0.2``."""
    ones, rest = divmod(percent, WHOLE)
    return f"{ones}.{rest:04}".rstrip("0").rstrip(".")


@lru_cache(maxsize=4_096)
def whole(text: str) -> int:
    """A whole number, also where it is written with decimals that are all zero; else a ValueError."""
    found = _WHOLE.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a whole number")
    return int(found[1])


@lru_cache(maxsize=16_384)
def day(text: str) -> date:
    """A date written CCYYMMDD; else a ValueError."""
    text = text.strip()
    if _DATE.fullmatch(text) is None:
        raise ValueError("not a date")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
