"""Which X12 transactions are spoken here, each with its functional group and implementation guide."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``functional_id`` is GS01, ``set_id`` ST01, ``version`` GS08 as we write it.

    ``guide`` is what GS08 must begin with when we read: a later addendum of the same guide has the same segments.
    """

    name: str
    functional_id: str
    set_id: str
    version: str

    @property
    def guide(self) -> str:
        return self.version[:10]


CLAIM = Kind("837P", "HC", "837", "005010X222A1")
ELIGIBILITY_REQUEST = Kind("270", "HS", "270", "005010X279A1")
ELIGIBILITY_ANSWER = Kind("271", "HB", "271", "005010X279A1")
FILE_ACKNOWLEDGEMENT = Kind("999", "FA", "999", "005010X231A1")
CLAIM_ACKNOWLEDGEMENT = Kind("277CA", "HN", "277", "005010X214")
REMITTANCE = Kind("835", "HP", "835", "005010X221A1")

KINDS = (CLAIM, ELIGIBILITY_REQUEST, ELIGIBILITY_ANSWER, FILE_ACKNOWLEDGEMENT, CLAIM_ACKNOWLEDGEMENT, REMITTANCE)
