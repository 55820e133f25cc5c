"""Coverage is what was established, else unknown."""

import pytest

from rules.coverage import Coverage, CoverageStatus, status_from, unknown


def test_unknown_coverage_keeps_its_reason() -> None:
    found = unknown("not checked yet")
    assert (found.status, found.reason) == (CoverageStatus.UNKNOWN, "not checked yet")


@pytest.mark.parametrize("status", list(CoverageStatus))
def test_only_active_for_mental_health_needs_nobody(status: CoverageStatus) -> None:
    assert Coverage(status, "answer").needs_a_person is (status is not CoverageStatus.ACTIVE_MENTAL_HEALTH)
    assert status.label


@pytest.mark.parametrize("status", list(CoverageStatus))
def test_stored_status_is_read_back(status: CoverageStatus) -> None:
    assert status_from(status.value) is status


@pytest.mark.parametrize("value", [None, "", "active", "ACTIVE_MENTAL_HEALTH", "1"])
def test_unfamiliar_status_is_unknown_never_active(value: str | None) -> None:
    assert status_from(value) is CoverageStatus.UNKNOWN
