"""Tests of the text messages' carrier, a file until there is a gateway."""

from pathlib import Path

from adapters.sms import send_sms


def test_sms_is_a_file_only_its_user_can_read_and_the_same_id_overwrites_it(home: Path) -> None:
    send_sms("MS-1", "+15035550142", "first")
    send_sms("MS-1", "+15035550142", "second")
    files = list((home / "outbox" / "sms").iterdir())
    assert [file.name for file in files] == ["MS-1.txt"]
    assert files[0].read_text() == "To: +15035550142\n\nsecond\n"
    assert files[0].stat().st_mode & 0o777 == 0o600
