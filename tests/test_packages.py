"""Is every package pinned and as installed, and does no secret lie in the repository?"""

import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"([A-Za-z0-9._-]+)(\[[a-z,]+\])?==([A-Za-z0-9._!+-]+)")
# What pip and an editable installation bring along themselves, and what torch brings for a graphics card.
UNPINNED = re.compile(r"pip|setuptools|wheel|countersign|nvidia-.*|cuda-.*|triton")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        match = PIN.fullmatch(line)
        assert match, f"not pinned exactly: {line}"
        found[normal(match[1])] = match[3]
    return found


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


def test_every_direct_dependency_is_the_locked_one(locked: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = pins([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    assert {name: version for name, version in direct.items() if locked.get(name) != version} == {}


def test_what_is_installed_is_what_is_locked(locked: dict[str, str]) -> None:
    installed = {normal(one.metadata["Name"]): one.version.split("+")[0] for one in metadata.distributions()}
    there = {name: version for name, version in installed.items() if not UNPINNED.fullmatch(name)}
    assert {name: version for name, version in there.items() if locked.get(name) != version} == {}
    assert [name for name in locked if name not in installed] == []


def test_every_need_of_a_package_is_locked(locked: dict[str, str]) -> None:
    from packaging.requirements import Requirement

    unmet = []
    for name in locked:
        for line in metadata.requires(name) or []:
            need = Requirement(line)
            version = locked.get(normal(need.name))
            needed = need.marker is None or need.marker.evaluate({"extra": ""})
            if needed and version is None and not UNPINNED.fullmatch(normal(need.name)):
                unmet.append(f"{name} needs {need.name}")
    assert unmet == []


# Secrets

SHAPES = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token of a code host": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,})"),
    "token of a service": re.compile(
        r"\b(xox[abprs]-[\w-]{10,}|sk_(live|test)_\w{16,}|sk-[A-Za-z0-9]{32,}|AIza[\w-]{35})"
    ),
    "signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "password in an address": re.compile(r"\b[a-z][a-z0-9+]+://[^\s:/@\"'{}<>…]+:([^\s:/@\"'{}<>…$]{4,})@[\w.-]+"),
    "assigned secret": re.compile(
        r"(?i)\b\w*(password|passwd|secret|token|api_?key|master_key)\w*[\"']?\s*[:=]\s*[\"']"
        r"(?=[^\"'\s]*[0-9])(?=[^\"'\s]*[A-Za-z])([A-Za-z0-9+/_=-]{24,})[\"']"
    ),
}
# Made up, each for its test: what may look like a secret, and where.
INVENTED = {
    "tests/data/migrations/0001.json": "the sample practice of the first release: its passwords open nothing",
    "tests/test_packages.py": "the examples below",
}
# The example of every page about one-time codes.
TEXTBOOK = "JBSWY3DPEHPK3PXP"
PLACEHOLDER = re.compile(r"(?i)password|secret|words?|example|xxx|changeme|NAME")
SKIPPED = {".png", ".pt", ".safetensors", ".bin", ".ico", ".woff2", ".ttf", ".gz", ".zip", ".jsonl"}


def secrets_in(text: str) -> Iterator[str]:
    """What in a text looks like a secret, by the kind."""
    for kind, shape in SHAPES.items():
        for match in shape.finditer(text):
            said = match.groups()[-1] or "" if kind in ("password in an address", "assigned secret") else ""
            if not (said and (PLACEHOLDER.search(said) or said.startswith(TEXTBOOK))):
                yield f"{kind}: {match[0][:24]}…"


def test_no_secret_lies_in_the_repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so what is committed cannot be told")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [name for name in tracked if Path(name).suffix not in SKIPPED and name not in INVENTED]
    assert len(texts) > 200
    found = [
        f"{name}: {each}"
        for name in texts
        if (ROOT / name).is_file()
        for each in secrets_in((ROOT / name).read_text(errors="ignore"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "AKIAIOSFODNN7ABCDEFG",
        "ghp_" + "a1B2c3D4" * 5,
        "xoxb-123456789012-abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "postgresql+psycopg://countersign:hunter22@db.practice.org/countersign",
        'SMTP_PASSWORD = "q8Zr2LxN0vTb7KfYp4WsHc1M"',
        '{"api_key": "q8Zr2LxN0vTb7KfYp4WsHc1M"}',
    ],
)
def test_planted_secret_is_found(planted: str) -> None:
    assert len(list(secrets_in(f"line\n{planted}\nline"))) == 1


@pytest.mark.parametrize(
    "harmless",
    ["smtp://user:password@host:587", 'password = "a-long-enough-sentence"', "https://host/path:8080", "token: str"],
)
def test_what_only_speaks_of_secrets_is_none(harmless: str) -> None:
    assert list(secrets_in(harmless)) == []


# What `make audit` lets pass


@pytest.fixture(scope="module")
def supply_chain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply_chain", ROOT / ".ci" / "supply_chain.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FAULT = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0"]}


@pytest.mark.parametrize(
    ("fault", "let_pass", "told"),
    [
        (FAULT, [], 1),
        ({**FAULT, "fix_versions": []}, [], 0),
        (FAULT, [{"id": "CVE-1", "package": "Left", "until": date(2026, 12, 1)}], 0),
        (FAULT, [{"id": "CVE-1", "package": "left", "until": date(2026, 11, 30)}], 0),
        (FAULT, [{"id": "CVE-1", "package": "left", "until": date(2026, 11, 29)}], 1),
        (FAULT, [{"id": "CVE-1", "package": "right", "until": date(2027, 1, 1)}], 1),
        (FAULT, [{"id": "CVE-2", "package": "left", "until": date(2027, 1, 1)}], 1),
    ],
)
def test_vulnerability_with_a_fix_is_told_unless_let_pass_until_today(supply_chain, fault, let_pass, told) -> None:
    packages = [{"name": "left", "version": "1.0", "vulns": [fault]}]
    assert len(supply_chain.unmended(packages, let_pass, date(2026, 11, 30))) == told


@pytest.mark.parametrize(
    ("expression", "permitted"),
    [
        ("MIT", True),
        ("MIT License; BSD License", True),
        ("MIT; GNU Affero General Public License v3", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licence_is_permitted_when_all_that_binds_us_is_allowed(supply_chain, expression, permitted) -> None:
    assert supply_chain.permitted(expression, set(supply_chain.ALLOWED["licences"]["allowed"])) is permitted


def test_licence_that_nobody_agreed_to_is_told(supply_chain) -> None:
    packages = [
        {"Name": "left", "Version": "1", "License": "GPL-3.0-only"},
        {"Name": "Agreed", "Version": "1", "License": "GPL-3.0-only"},
        {"Name": "right", "Version": "1", "License": "MIT"},
    ]
    assert supply_chain.not_agreed(packages, {"MIT"}, {"agreed": "why"}) == ["left 1: GPL-3.0-only"]
