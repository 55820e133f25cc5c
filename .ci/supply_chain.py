"""Does a package that we ship have a known vulnerability with a fix, or a licence that we did not agree to?

Runs in .venv-audit (`make audit`): pip-audit over constraints.txt, pip-licenses over .venv. Exit code 1 when there is
something to do. An index that does not answer is said, and is no failure: then nothing was looked at.
"""

import json
import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = tomllib.loads((ROOT / ".ci" / "supply-chain.toml").read_text())


def main() -> int:
    return max([vulnerabilities(), licences()])


def vulnerabilities() -> int:
    """Say what is known about the packages of constraints.txt; 1 when one of them has a fix that we lack."""
    command = ["--requirement", str(ROOT / "constraints.txt"), "--no-deps", "--disable-pip", "--format", "json"]
    told = subprocess.run(
        [sys.executable, "-m", "pip_audit", *command, "--progress-spinner", "off"], capture_output=True, text=True
    )
    try:
        packages = json.loads(told.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (told.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"Vulnerabilities: not looked at, the index does not answer ({last[:200]})")
        return 0
    looked_at = [package for package in packages if "skip_reason" not in package]
    if not looked_at:
        print(f"Vulnerabilities: not looked at, the index tells nothing about any of {len(packages)} packages")
        return 0
    to_mend = unmended(looked_at, ALLOWED.get("vulnerability", []), date.today())
    for line in to_mend:
        print(f"VULNERABLE {line}")
    print(f"Vulnerabilities: {len(looked_at)} of {len(packages)} packages looked at, {len(to_mend)} to mend")
    return 1 if to_mend else 0


def unmended(packages: list[dict[str, Any]], let_pass: list[dict[str, Any]], today: date) -> list[str]:
    """Every known vulnerability with a fix that is not let pass today, in words."""
    passed = {(one["package"].lower(), one["id"]) for one in let_pass if one["until"] >= today}
    return [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions'])}"
        for package in packages
        for fault in package["vulns"]
        if fault["fix_versions"]
        and not {(package["name"].lower(), name) for name in (fault["id"], *fault.get("aliases", []))} & passed
    ]


def licences() -> int:
    """Say what licences the installed packages have; 1 when one of them was not agreed to."""
    command = ["--python", str(ROOT / ".venv" / "bin" / "python"), "--from", "mixed", "--format", "json"]
    told = subprocess.run([sys.executable, "-m", "piplicenses", *command], capture_output=True, text=True, check=True)
    packages = json.loads(told.stdout)
    refused = not_agreed(packages, set(ALLOWED["licences"]["allowed"]), ALLOWED["licences"]["packages"])
    for line in refused:
        print(f"LICENCE {line}")
    print(f"Licences: {len(packages)} packages looked at, {len(refused)} not agreed to")
    return 1 if refused else 0


def not_agreed(packages: list[dict[str, str]], allowed: set[str], agreed: dict[str, str]) -> list[str]:
    """Every package with a licence that is neither allowed nor agreed to for this package, in words."""
    return [
        f"{package['Name']} {package['Version']}: {package['License']}"
        for package in packages
        if package["Name"].lower() not in {name.lower() for name in agreed}
        and not permitted(package["License"], allowed)
    ]


def permitted(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression, or a list of classifiers, holds nothing but what is allowed.

    Of alternatives one is enough; an exception (WITH) only ever allows more.
    """
    plain = re.sub(r" WITH [\w.-]+", "", expression)
    if plain.count("(") != plain.count(")"):
        return False
    if plain in allowed:
        return True
    for split, enough in ((r";\s*| AND (?![^()]*\))", all), (r" OR (?![^()]*\))", any)):
        parts = re.split(split, plain)
        if len(parts) > 1:
            return enough(permitted(part.strip(), allowed) for part in parts)
    return plain.startswith("(") and plain.endswith(")") and permitted(plain[1:-1], allowed)


if __name__ == "__main__":
    sys.exit(main())
