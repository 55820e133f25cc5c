"""Do the HL segments of a set count up and point at a parent that is there?"""

from collections.abc import Mapping

from adapters.x12.elements import broken, value


class Hierarchy:
    """The levels of one set; ``parents`` says which level code each may stand under ("" for none).

    A new set (ST) needs a new one.
    """

    def __init__(self, parents: Mapping[str, tuple[str, ...]]) -> None:
        self._parents = parents
        self._count = 0
        self._open: list[tuple[str, str]] = []

    def level(self, number: int, elements: list[str]) -> str:
        """The level's code (HL03). Raises X12Broken where the count or the parent is wrong.

        The parent must be open still: a level that points back past its neighbours would be read as somebody else's.
        """
        own, parent, code = value(elements, 1), value(elements, 2), value(elements, 3)
        if own != str(self._count + 1):
            raise broken(number, elements, 1, f"level number {self._count + 1}")
        if code not in self._parents:
            raise broken(number, elements, 3, f"a level code ({', '.join(self._parents)})")
        while self._open and self._open[-1][0] != parent:
            self._open.pop()
        above = self._open[-1][1] if self._open else ""
        if above not in self._parents[code] or (parent and not above):
            raise broken(number, elements, 2, "the number of the level above it")
        self._count += 1
        self._open.append((own, code))
        return code
