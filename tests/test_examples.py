"""Do the examples in docs/examples work: does nginx take them, do the alerts ask for figures that exist?"""

import configparser
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from adapters.operational_store import audit, writing
from adapters.settings import settings
from models.codes import MessageChannel, ReferralStatus
from tests import factories
from web.desk.app import make_app

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
OPERATIONS = EXAMPLES.parent / "operations.md"
NGINX = shutil.which("nginx")


def alerts() -> list[dict]:
    groups = yaml.safe_load((EXAMPLES / "countersign-alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def certificate(folder: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.practice.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(made.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


@pytest.fixture
def nginx(tmp_path: Path) -> Path:
    """nginx's whole configuration with our example in it, its paths and ports turned to this test's folder."""
    for name in ("desk", "portal"):
        certificate(tmp_path, name)
    shutil.copy(EXAMPLES / "countersign-proxy.conf", tmp_path)
    ours = (EXAMPLES / "nginx.conf").read_text()
    for path in ("/etc/ssl/countersign", "/etc/nginx", "/var/log/nginx"):
        ours = ours.replace(path, str(tmp_path))
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; events {{}}\nhttp {{\n"
        + "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + ours
        + "}\n"
    )
    return whole


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_takes_the_example(nginx: Path):
    ended = subprocess.run(
        [NGINX, "-t", "-q", "-c", str(nginx), "-p", str(nginx.parent)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert "warn" not in ended.stderr


def test_nginx_closes_what_is_not_for_the_network():
    text = (EXAMPLES / "nginx.conf").read_text()
    assert text.count("location = /metrics { return 404; }") == 2
    assert text.count("location = /health { return 404; }") == 2
    assert set(re.findall(r"server 127\.0\.0\.1:(\d+)", text)) == {
        str(settings().desk_port),
        str(settings().portal_port),
    }
    assert str(settings().prefect_port) not in text


def test_visitors_word_about_their_address_is_replaced():
    text = (EXAMPLES / "countersign-proxy.conf").read_text()
    assert "X-Forwarded-For $remote_addr;" in text
    assert "proxy_add_x_forwarded_for" not in text


def test_every_alert_asks_for_figures_that_exist(home: Path):
    """The names and labels in the rules, against what the desk really shows when there is something to show."""
    case = factories.make_case_at(ReferralStatus.RISK_REVIEW)
    factories.make_message(channel=MessageChannel.EMAIL)
    with writing() as db:
        for action, subject in (("run.failed", ("flow_run", "a")), ("process.restarted", ("process", "worker"))):
            audit(db, "test", action, subject, case.number)
    with TestClient(make_app()) as browser:
        browser.get("/healthz")
        text = browser.get("/metrics", headers={"Authorization": f"Bearer {settings().metrics_token()}"}).text
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    for rule in alerts():
        asked = re.findall(r"(countersign_\w+)(?:\{([^}]*)\})?", rule["expr"])
        asked = [(name, given) for name, given in asked if name != "countersign_"]
        assert asked or rule["alert"] == "CountersignDown"
        for name, given in asked:
            assert name in labels, rule["alert"]
            wanted = set(re.findall(r"(\w+)=", given))
            wanted |= {one.strip() for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for one in group.split(",")}
            assert wanted <= labels[name], rule["alert"]


def test_every_alert_has_its_row_in_the_runbook():
    runbook = OPERATIONS.read_text()
    rows = {name: f"| `{name}` |" in runbook for name in (rule["alert"] for rule in alerts())}
    assert all(rows.values()), rows
    assert all(rule["labels"]["severity"] in {"page", "ticket"} for rule in alerts())


def test_scrape_example_names_the_token_and_the_ports():
    [scrape] = yaml.safe_load((EXAMPLES / "prometheus.yml").read_text())["scrape_configs"]
    assert scrape["authorization"]["credentials_file"].endswith("/metrics-token")
    assert scrape["static_configs"][0]["targets"] == [
        f"127.0.0.1:{settings().desk_port}",
        f"127.0.0.1:{settings().portal_port}",
    ]


def test_systemd_unit_starts_the_command_as_nobody_special():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(EXAMPLES / "countersign.service")
    service = unit["Service"]
    assert service["ExecStart"].endswith("/countersign run")
    assert service["User"] != "root"
    assert (service["UMask"], service["NoNewPrivileges"]) == ("0077", "yes")
