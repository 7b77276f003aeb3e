#!/usr/bin/env python3
"""Whether what is locked has known vulnerabilities: pip-audit on Python's locks, npm audit on JavaScript's.

An advisory source that can't be reached is no failure: it is said, and the rest is done. Run by `make audit`.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT = ROOT / ".venv" / "audit" / "bin" / "pip-audit"
ADVISORIES = "https://api.osv.dev/v1/vulns/GHSA-9hjg-9r4m-mvj7"
"""One that is known to be there."""
PYTHON_LOCKS = ("functions/requirements.txt", "local/requirements.txt")
NPM_LOCKS = ("clients/web", "examples/frontend")
SECONDS = 20


def main() -> int:
    """Audit; 1 if anything was found."""
    return max(python(), *map(npm, NPM_LOCKS))


def python() -> int:
    """What is deployed, and what `make run` installs."""
    try:
        urllib.request.urlopen(ADVISORIES, timeout=SECONDS).close()
    except urllib.error.HTTPError:
        pass  # it answers
    except OSError as error:
        print(f"pip-audit skipped: api.osv.dev can't be reached ({type(error).__name__})")
        return 0
    command = [PIP_AUDIT, "--vulnerability-service=osv", "--disable-pip", "--require-hashes"]
    return subprocess.run(
        [*command, *(f"--requirement={lock}" for lock in PYTHON_LOCKS)], cwd=ROOT, check=False
    ).returncode


def npm(directory: str) -> int:
    """What a web client brings along."""
    command = ["npm", "audit", "--json", "--omit=dev", "--audit-level=moderate", "--package-lock-only"]
    try:
        done = subprocess.run(
            command, cwd=ROOT / directory, capture_output=True, text=True, timeout=SECONDS * 3, check=False
        )
        report = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        print(f"npm audit of {directory} skipped: {type(error).__name__}")
        return 0
    if "auditReportVersion" not in report:
        print(f"npm audit of {directory} skipped: the registry has no advisories")
        return 0
    found = report["vulnerabilities"]
    print(f"npm audit of {directory}: {len(found)} vulnerable packages {', '.join(sorted(found))}")
    return int(done.returncode > 0)


sys.exit(main())
