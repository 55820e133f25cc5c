"""The CAS segment: why less, or more, was paid than charged."""

from adapters.x12.elements import cents_at, needed, value, whole_at
from models.claim_form import LineAdjustment


def adjustments_of(number: int, elements: list[str]) -> tuple[LineAdjustment, ...]:
    """The one to six triples of a CAS; an empty triple between two is passed over."""
    group = needed(number, elements, 1, "a group code")
    found = []
    for index in range(2, len(elements), 3):
        reason, quantity = elements[index].strip(), value(elements, index + 2)
        if not reason and not value(elements, index + 1):
            continue
        found.append(
            LineAdjustment(
                group,
                reason or needed(number, elements, index, "an adjustment's reason"),
                cents_at(number, elements, index + 1),
                whole_at(number, elements, index + 2) if quantity else None,
            )
        )
    return tuple(found)
