"""Where in a text a find is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a find is: the lower-cased text, its sentence, and the find itself, as offsets into the text."""

    text: str
    sentence: tuple[int, int]
    find: tuple[int, int]

    @property
    def before(self) -> str:
        return self.text[self.sentence[0] : self.find[0]]

    @property
    def after(self) -> str:
        return self.text[self.find[1] : self.sentence[1]]

    @property
    def found(self) -> str:
        return self.text[self.find[0] : self.find[1]]

    @property
    def following(self) -> str:
        """What stands after the sentence on the same line."""
        return self.text[self.sentence[1] :].split("\n", 1)[0].lstrip()

    @property
    def whole(self) -> str:
        return self.text[self.sentence[0] : self.sentence[1]]
