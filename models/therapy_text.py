"""What a person said or wrote, wrapped so that it cannot be printed, logged or serialised by accident."""

from typing import NoReturn, Self

SHOWN = "<therapy text>"


class TherapyText:
    """Text that only ``unwrap()`` gives back; every other way of writing it out shows ``<therapy text>``.

    No ``__dict__`` and no pickling: generic encoders (JSON, Prefect's result store) fail instead of leaking.

    As it comes out of the database it is closed: only its sealed form is known, and asking for the text raises
    TypeError until ``adapters.therapy_store_seals`` has opened it. ``sealed_form`` is empty until it was sealed.
    """

    __slots__ = ("_sealed", "_text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("therapy text is made from a str")
        self._text: str | None = text
        self._sealed: str | None = None

    @classmethod
    def closed(cls, sealed_form: str) -> Self:
        """Text of which only the sealed form is known."""
        made = cls("")
        made._text, made._sealed = None, sealed_form
        return made

    def sealed_as(self, sealed_form: str) -> "TherapyText":
        """The same text together with the form in which it is stored in one field of one record."""
        made = TherapyText(self.unwrap())
        made._sealed = sealed_form
        return made

    @property
    def is_open(self) -> bool:
        return self._text is not None

    @property
    def sealed_form(self) -> str | None:
        return self._sealed

    def unwrap(self) -> str:
        """The text itself; every call is a place where content leaves its wrapper."""
        if self._text is None:
            raise TypeError("sealed therapy text is opened before it is read")
        return self._text

    @property
    def is_blank(self) -> bool:
        return not self.unwrap().strip()

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TherapyText):
            return NotImplemented
        return self.unwrap() == other.unwrap()

    def __hash__(self) -> int:
        return hash((TherapyText, self.unwrap()))

    def __copy__(self) -> "TherapyText":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TherapyText":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("therapy text is not pickled; unwrap it where it is stored")
