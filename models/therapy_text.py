"""What a person said or wrote, wrapped so that it cannot be printed, logged or serialised by accident."""

from typing import NoReturn

SHOWN = "<therapy text>"


class TherapyText:
    """Text that only ``unwrap()`` gives back; every other way of writing it out shows ``<therapy text>``.

    No ``__dict__`` and no pickling: generic encoders (JSON, Prefect's result store) fail instead of leaking.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("therapy text is made from a str")
        self._text = text

    def unwrap(self) -> str:
        """The text itself; every call is a place where content leaves its wrapper."""
        return self._text

    @property
    def is_blank(self) -> bool:
        return not self._text.strip()

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TherapyText):
            return NotImplemented
        return self._text == other._text

    def __hash__(self) -> int:
        return hash((TherapyText, self._text))

    def __copy__(self) -> "TherapyText":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TherapyText":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("therapy text is not pickled; unwrap it where it is stored")
