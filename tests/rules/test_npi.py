"""An NPI has ten digits, begins with 1 or 2, and its last digit checks the others."""

import pytest

from rules.npi import is_npi


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("1234567893", True),  # CMS's own example
        ("1234567890", False),
        ("1000000103", True),
        ("1000000104", False),
        ("2000000002", True),
        ("3000000001", False),
        ("0000000000", False),
        ("123456789", False),
        ("12345678931", False),
        ("123456789a", False),
        ("\u0661234567893", False),
        ("", False),
    ],
)
def test_npi_is_checked_by_its_last_digit(text: str, fits: bool) -> None:
    assert is_npi(text) is fits


@pytest.mark.parametrize("last", "012456789")
def test_every_other_last_digit_is_refused(last: str) -> None:
    assert not is_npi(f"123456789{last}")
