"""Errors named by what happens next, so that a caller reads the reaction off the name (HOUSE §6)."""


class CountersignError(Exception):
    """Base of our own errors; messages hold ids, counts and field names, never anything about a person."""


class ContractBroken(CountersignError):
    """What arrived does not fit its contract: quarantine it and tell the sender.

    ``row`` is the line a person would see in a spreadsheet (header = 1), ``field`` the column or FHIR path.
    """

    def __init__(self, message: str, *, row: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.row = row
        self.field = field


class X12Broken(ContractBroken):
    """An X12 file, or a value that should go into one, breaks the syntax or its guide: quarantine, tell the sender.

    ``segment`` is the segment's number in the file (ISA = 1), ``element`` its reference such as CLP03 or SVC01-2, ""
    where the segment as a whole is meant. The message names both and what was expected, never what stood there.
    """

    def __init__(self, message: str, *, segment: int | None = None, element: str = "") -> None:
        super().__init__(message, row=segment, field=element or None)
        self.segment = segment
        self.element = element


class OutsideUnavailable(CountersignError):
    """Something outside did not answer: retry later."""


class RecordsUnavailable(OutsideUnavailable):
    """A database takes or gives nothing now (somebody else holds it, the disk is full, it is away): retry later.

    The transaction that met it has changed nothing.
    """


class OutsideRefused(CountersignError):
    """Something outside said no for good: a person looks."""


class NotDeployed(OutsideRefused):
    """Prefect does not know what is to be started; right after a start it will, in a moment."""


class NotSignedOff(CountersignError):
    """A step that needs a signature found none: stop."""


class SignatureMismatch(CountersignError):
    """What is about to leave is not what was signed: stop."""


class NotAllowed(CountersignError):
    """This person may not do this, or did not prove who they are; the message says which rule refused."""


class StaleLease(CountersignError):
    """Another leg of the same case has taken over: stop without writing."""


class MovedOn(CountersignError):
    """The record is no longer in the state this act was meant for; show the present state instead."""


class Held(MovedOn):
    """The workflow is held at this location, so this step does not act; the case stands still until it goes on."""


class KeyMissing(CountersignError):
    """There is no usable master key, or not the one that is needed: stop until an operator puts it right."""


class SealBroken(CountersignError):
    """Sealed content is not what was sealed there (altered, cut, swapped, an older one put back): stop, look into it.

    ``table``, ``record_id`` and ``field`` say where, for a content field; the message says it in words.
    """

    def __init__(self, message: str, *, table: str = "", record_id: str = "", field: str = "") -> None:
        super().__init__(message)
        self.table = table
        self.record_id = record_id
        self.field = field


class Forgotten(CountersignError):
    """This content was forgotten on purpose: its key is destroyed, nobody can read it again."""


class BackupRefused(CountersignError):
    """A backup cannot be made, or is not what it should be, or may not be put here; the message says what and where."""


class WeightsDiffer(CountersignError):
    """Weights or thresholds are not the ones that were recorded: nothing is read with them, a person looks.

    The message names the file and both digests.
    """


class UndeclaredRead(CountersignError):
    """A step asked for therapy content that it has not declared it reads: nothing was opened, a person looks.

    ``kinds`` are the kinds of content (table names) it was refused, ``cases`` the cases they belong to.
    """

    def __init__(self, step: str, kinds: tuple[str, ...], cases: tuple[str, ...] = ()) -> None:
        super().__init__(f"the step {step!r} has not declared that it reads {', '.join(kinds)}")
        self.step = step
        self.kinds = kinds
        self.cases = cases
        self.on_record = False

    def __reduce__(self) -> tuple[type["UndeclaredRead"], tuple[object, ...]]:
        return type(self), (self.step, self.kinds, self.cases)
