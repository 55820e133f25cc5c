"""Whether a National Provider Identifier can be one."""

from models.roster import read_npi


def is_npi(text: str) -> bool:
    """Ten digits beginning with 1 or 2, whose last one checks the others.

    CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit": Luhn over 80840 and the number.
    """
    return read_npi(text) is not None
