"""Incoming referrals on the desk, the data docs, the audit."""

import stat
from pathlib import Path

import pytest
from sqlmodel import select

from adapters import file_drop, operational_store, referral_csv, therapy_store
from adapters.settings import Settings, settings
from models.codes import QuarantineStatus, Role, RowOutcome
from models.columns import utc_now
from models.operational import AuditEvent, IntakeFile, IntakeRow, QuarantinedRow
from web.desk.contract_docs import kept_inside
from web.desk.intake import check_cells

GOOD = {
    "given_name": "Odalys",
    "family_name": "Brennick",
    "birth_date": "1984-02-29",
    "email": "odalys@example.org",
    "location_id": "LOC-1",
    "referral_text": 'Sleeps badly, "worries"; since May.',
}


@pytest.fixture
def coordinator(at_the_desk):
    return at_the_desk(Role.COORDINATOR)


@pytest.fixture
def broken_row(place) -> QuarantinedRow:
    with operational_store.writing() as db:
        db.add(IntakeFile(id="IF-1", digest="d", kind="csv", rows=3, contract_docs="index.html", finished_at=utc_now()))
        db.flush()
        db.add(IntakeRow(id="IR-1", file_id="IF-1", row=2, external_key="csv:R-1", outcome=RowOutcome.ACCEPTED))
        for field in ("birth_date", "email"):
            db.add(
                QuarantinedRow(
                    id=f"QR-{field}",
                    file_id="IF-1",
                    row=4,
                    field=field,
                    rule="wanted",
                    reason=f"{field} must be readable",
                    external_key="csv:R-3",
                    content_id="QC-1",
                )
            )
    with operational_store.reading() as db:
        return operational_store.one(db, QuarantinedRow, "QR-birth_date")


def dropped() -> list[Path]:
    return sorted(settings().intake_folder.iterdir())


def test_intake_shows_counts_and_broken_rows(coordinator, broken_row):
    shown = coordinator.get("/intake").text
    assert "birth_date must be readable" in shown and "csv:R-3" in shown
    assert '<td data-label="Accepted" class="figure">1</td>' in shown
    assert '<td data-label="Quarantined" class="figure">1</td>' in shown
    assert "/contract-docs/index.html" in shown


def test_analyst_sees_intake_but_changes_nothing_there(at_the_desk, broken_row):
    shown = at_the_desk(Role.ANALYST).get("/intake").text
    assert "birth_date must be readable" in shown
    assert "Dismiss" not in shown and 'type="file"' not in shown and "Type a referral in" not in shown


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.COORDINATOR])
def test_row_that_may_hold_a_risk_is_announced_and_can_be_read(at_the_desk, broken_row, role: Role):
    seated = at_the_desk(role)
    therapy_store.quarantine("QC-1", {"given_name": "Odalys", "referral_text": "does not <want> to live"})
    assert "may hold a risk" not in seated.get("/").text
    with operational_store.writing() as db:
        for fault in db.exec(select(QuarantinedRow)).all():
            fault.urgent = True
            db.add(fault)
    shown = seated.get("/").text
    assert shown.count("may hold a risk") == 1 and "Odalys" not in shown
    read = seated.get(f"/intake/rows/{broken_row.id}").text
    assert "does not &lt;want&gt; to live" in read and "birth_date must be readable" in read
    with therapy_store.writing() as db:
        events = db.exec(select(therapy_store.TherapyAuditEvent)).all()
    assert {e.subject_kind for e in events if e.actor == seated.staff.id} == {"quarantined_content"}


def test_analyst_may_not_read_a_broken_row(at_the_desk, broken_row):
    assert at_the_desk(Role.ANALYST).get(f"/intake/rows/{broken_row.id}").status_code == 403


def test_dismissing_needs_a_reason_and_takes_the_whole_row(coordinator, broken_row):
    path = f"/intake/rows/{broken_row.id}/dismiss"
    assert "A reason is needed" in coordinator.post(path, reason=" ").text
    assert coordinator.post(path, reason="sent twice").status_code == 303
    with operational_store.reading() as db:
        left = db.exec(select(QuarantinedRow.status)).all()
    assert set(left) == {QuarantineStatus.DISMISSED} and len(left) == 2
    assert coordinator.post(path, reason="again").status_code == 409


def test_fix_file_opens_for_a_coordinator(coordinator, broken_row):
    file_drop.write_fix_file(settings().to_fix_folder, "Brennick Odalys.csv", b"a,b\r\n1,2\r\n")
    shown = coordinator.get("/intake").text
    path = next(part for part in shown.split('"') if part.startswith("/intake/to-fix/"))
    assert "Brennick" not in path
    answer = coordinator.get(path)
    assert answer.content == b"a,b\r\n1,2\r\n" and "attachment" in answer.headers["content-disposition"]
    assert coordinator.get("/intake/to-fix/0000000000000000").status_code == 409


@pytest.mark.parametrize(
    ("content", "suffix"), [(b"id,name\n1,x\n", ".csv"), (b'\xef\xbb\xbf {"resourceType": "Bundle"}', ".json")]
)
def test_upload_lands_whole_and_private_in_the_intake_folder(coordinator, content: bytes, suffix: str):
    answer = coordinator.browser.post(
        "/intake",
        data={"csrf_token": coordinator.token},
        files={"file": ("Odalys Brennick.csv", content)},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    (path,) = dropped()
    assert path.read_bytes() == content and path.suffix == suffix
    assert "Odalys" not in path.name and stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("content", "says"), [(b"  \n", "The file is empty"), (b"x" * 11, "larger than")])
def test_upload_that_is_empty_or_too_large_is_refused(coordinator, monkeypatch, content: bytes, says: str):
    monkeypatch.setattr(Settings, "largest_file", 10)
    answer = coordinator.browser.post(
        "/intake", data={"csrf_token": coordinator.token}, files={"file": ("a.csv", content)}
    )
    assert answer.status_code == 422 and says in answer.text
    assert dropped() == []


def test_typed_referral_becomes_a_one_row_file_that_reads_back(coordinator):
    answer = coordinator.post(
        "/referrals/new", **GOOD, focus_areas=["anxiety", "sleep"], preferred_times=["mon-am", "thu-eve"]
    )
    assert answer.status_code == 303
    (path,) = dropped()
    table = referral_csv.read_referral_table(path.read_bytes())
    (referral,) = referral_csv.referrals_from_table(table, [])
    assert (referral.given_name, referral.location_id) == ("Odalys", "LOC-1")
    assert referral.focus_areas == ("anxiety", "sleep") and referral.preferred_times == ("mon-am", "thu-eve")
    assert referral.referral_text.unwrap() == GOOD["referral_text"]
    assert referral.consent_ai is None and referral.state is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"given_name": ""}, "given_name"),
        ({"birth_date": "1984-02-30"}, "birth_date"),
        ({"email": ""}, "email"),
        ({"phone": "12"}, "phone"),
        ({"language": "1"}, "language"),
        ({"referral_text": "x" * 20_001}, "referral_text"),
    ],
)
def test_typed_referral_is_checked_beside_its_fields(changed: dict[str, str], field: str):
    assert list(check_cells(GOOD | changed)) == [field]


def test_typed_referral_that_fits_has_no_errors():
    assert check_cells(GOOD) == {}
    assert check_cells(GOOD | {"email": "", "phone": "503 555 0123"}) == {}


def test_refused_referral_keeps_what_was_typed(coordinator):
    answer = coordinator.post("/referrals/new", **GOOD | {"birth_date": "1984-02-30"}, focus_areas=["grief"])
    assert answer.status_code == 422 and dropped() == []
    assert "Odalys" in answer.text and "worries" in answer.text
    assert 'value="grief" checked' in answer.text


def test_referral_for_another_location_is_refused(coordinator):
    assert "one of your locations" in coordinator.post("/referrals/new", **GOOD | {"location_id": "LOC-9"}).text


def test_data_docs_are_served_inside_their_folder_only(at_the_desk):
    seated = at_the_desk(Role.ANALYST)
    folder = settings().contract_docs_folder
    (folder / "index.html").write_text("<html><head></head><body>all rows</body></html>")
    (folder.parent / "secret.html").write_text("secret")
    answer = seated.get("/contract-docs/")
    assert "all rows" in answer.text and "contract-docs.css" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for path in ("/contract-docs/%2e%2e/secret.html", "/contract-docs/none.html", "/contract-docs//etc/passwd"):
        answer = seated.get(path)
        assert answer.status_code in (404, 409) and answer.text != "secret"


def test_data_docs_fetch_nothing_and_run_nothing():
    page = (
        '<html><head><script src="https://cdn.example.com/a.js"></script><link rel="x" href="https://cdn.example.com/b">'
        '<style>p{}</style></head><body class="a"><p onclick="x()">kept</p><script>\nrun()\n</script>'
        '<img src="//cdn.example.com/c.png"><img src="static/d.png"></body></html>'
    )
    inside = kept_inside(page)
    assert "cdn.example.com" not in inside and "<script" not in inside and "onclick" not in inside
    assert "kept" in inside and "static/d.png" in inside and "<style>p{}</style>" in inside


def test_audit_lists_filters_and_pages(at_the_desk, home):
    seated = at_the_desk(Role.COMPLIANCE)
    with operational_store.writing() as db:
        for number in range(120):
            operational_store.audit(db, "system", "case.moved", ("referral", f"RF-{number}"), f"RF-{number:06d}")
    with operational_store.reading() as db:
        last = max(db.exec(select(AuditEvent.id)).all())
    first = seated.get("/audit?action=case.moved").text
    assert first.count('<td data-label="Who"') == 100
    assert seated.get(f"/audit?action=case.moved&before={last - 99}").text.count('<td data-label="Who"') == 20
    assert seated.get("/audit?case=rf-000007").text.count('<td data-label="Who"') == 1
    assert "No event fits" in seated.get("/audit?actor=ST-none").text


@pytest.mark.parametrize("path", ["/intake", "/referrals/new"])
def test_body_that_no_page_of_the_desk_takes_is_cut_off(coordinator, monkeypatch, path: str):
    monkeypatch.setattr("web.desk.app.MOST_FORM", 1024)
    monkeypatch.setattr(Settings, "largest_file", 1024)
    answer = coordinator.browser.post(path, data={"csrf_token": coordinator.token, "given_name": "x" * 4096})
    assert answer.status_code == 413 and "nothing of it was kept" in answer.text
    assert dropped() == []
