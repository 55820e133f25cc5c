"""How long an address that fails must wait, and that it is asked for at the sign-in page."""

from time import monotonic

import pytest
from fastapi.testclient import TestClient

from models.codes import Role
from tests.web.desk.test_sign_in import sign_in
from web.desk import sign_in as sign_in_pages
from web.desk.address_delays import FREE, LONGEST_WAIT, MOST_ADDRESSES, AddressDelays


def failed(times: int, address: str = "192.0.2.7") -> AddressDelays:
    delays = AddressDelays()
    for _ in range(times):
        delays.failed(address, 0.0)
    return delays


@pytest.mark.parametrize(
    ("times", "seconds"),
    [(0, 0), (FREE, 0), (FREE + 1, 30), (FREE + 2, 60), (FREE + 5, 480), (FREE + 40, LONGEST_WAIT)],
)
def test_wait_grows_with_each_failure(times: int, seconds: float):
    delays = failed(times)
    assert delays.wait("192.0.2.7", 0.0) == seconds
    assert delays.wait("192.0.2.8", 0.0) == 0


def test_wait_ends_and_failures_are_forgiven_in_time():
    delays = failed(FREE + 1)
    assert delays.wait("192.0.2.7", 29.0) == 1.0
    assert delays.wait("192.0.2.7", 30.0) == 0
    delays.failed("192.0.2.7", 600.0 * 11)
    assert delays.wait("192.0.2.7", 600.0 * 11) == 0


def test_memory_is_bounded():
    delays = AddressDelays()
    for number in range(MOST_ADDRESSES + 5):
        delays.failed(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", 0.0)
    assert len(delays._failures) == MOST_ADDRESSES


def test_address_that_failed_waits_but_a_known_browser_does_not(desk: TestClient, at_the_desk):
    known, other = at_the_desk(Role.BILLER), at_the_desk(Role.BILLER)
    assert sign_in(desk, known).status_code == 303
    for _ in range(FREE + 1):
        sign_in_pages.ATTEMPTS.failed("testclient", monotonic())
    assert sign_in(desk, known).status_code == 303
    desk.cookies.clear()
    answer = sign_in(desk, other)
    assert answer.status_code == 429 and "These do not fit" in answer.text
    sign_in_pages.ATTEMPTS.clear()
    assert sign_in(desk, other).status_code == 303
