"""What `telemetry doctor` finds, and how it is shown."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` says what to do about a fault and is empty where there is none."""

    check: str
    found: str
    advice: str = ""


def show(findings: Iterable[Finding]) -> None:
    """Write a line for each as it comes, and exit with 1 if there was a fault."""
    faults = 0
    for finding in findings:
        faults += bool(finding.advice)
        mark = click.style("FAULT", fg="red") if finding.advice else click.style("ok   ", fg="green")
        click.echo(f"{mark} {finding.check}: {finding.found}")
        if finding.advice:
            click.echo(f"      {finding.advice}")
    sys.exit(1 if faults else 0)
