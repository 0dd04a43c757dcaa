"""`make audit`: asks a vulnerability service about every package of requirements.lock.

Exit codes: 0 nothing known · 1 something known, listed · 3 the service did not answer · 4 no pip-audit.
OSV is asked; AUDIT_OSV_URL names a mirror of it. pip-audit lives in an environment of its own, `.audit`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

HOUSE = Path(__file__).resolve().parent.parent
TOOL = HOUSE / ".audit"
LOCK = HOUSE / "requirements.lock"
KNOWN, SILENT, MISSING = 1, 3, 4


def main() -> int:
    """Audits; answers the exit code."""
    if not (TOOL / "bin" / "pip-audit").exists() and not installed():
        print("audit: pip-audit cannot be installed; is a package index reachable?", file=sys.stderr)
        return MISSING
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(TOOL / "bin" / "pip-audit"), "--disable-pip", "--require-hashes", "-r", str(LOCK)]
        command += ["--progress-spinner", "off", "-s", "osv", "-f", "json", "-o", str(report)]
        if url := os.environ.get("AUDIT_OSV_URL"):
            command += ["--osv-url", url]
        done = subprocess.run(command, capture_output=True, text=True)
        # The tool says 1 for both; only who got answers writes a report.
        if not report.exists():
            print(f"audit: nobody could say: {last_line(done.stderr)}", file=sys.stderr)
            return SILENT
        return told(json.loads(report.read_text()))


def installed() -> bool:
    """Makes the environment of the tool."""
    venv.create(TOOL, clear=True, with_pip=True)
    pip = [str(TOOL / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, "pip-audit>=2.10,<3"]).returncode == 0


def told(report: dict[str, list[dict[str, object]]]) -> int:
    """Says what is known."""
    found = [(package, vuln) for package in report["dependencies"] for vuln in package.get("vulns", [])]  # type: ignore[attr-defined]
    for package, vuln in found:
        mend = ", ".join(vuln["fix_versions"]) or "no release yet"
        print(f"{package['name']} {package['version']}: {vuln['id']}, mended in {mend}")
    print(f"audit: {len(report['dependencies'])} packages, {len(found)} known vulnerabilities")
    return KNOWN if found else 0


def last_line(text: str) -> str:
    """The line that says why."""
    return (text.strip().splitlines() or ["no reason was given"])[-1]


if __name__ == "__main__":
    sys.exit(main())
