"""The base of the operational records: who, when, with whom, what is billed; never what was said or written."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class OperationalRecord(SQLModel, registry=registry()):
    """Lives in the operational database; its metadata is separate from the therapy database's."""


METADATA = OperationalRecord.metadata
