"""`rhesis-telemetry`: see what is sent, and say yes or no for the site."""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from rhesis_telemetry import choice, contract, preview, settings
from rhesis_telemetry.settings import Settings

_TIMEOUT_SECONDS = 5
_ANSWER_BYTES = 1 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    commands = {"show": _show, "status": _status, "enable": _enable, "disable": _disable}
    parser = argparse.ArgumentParser(prog="rhesis-telemetry", description=__doc__)
    parsers = parser.add_subparsers(dest="command", required=True)
    show = parsers.add_parser("show", help="print exactly what would be sent for a sample of every event")
    show.add_argument("--stored", action="store_true", help="ask the server what would remain of the sample")
    parsers.add_parser("status", help="print whether telemetry is on, and why")
    parsers.add_parser("enable", help="say yes for this site")
    parsers.add_parser("disable", help="say no for this site, and forget the installation's id")
    options = parser.parse_args(arguments)
    try:
        return commands[options.command](settings.read(), options)
    except OSError as error:
        return _failed(f"{error.strerror or type(error).__name__}: {choice.path(settings.read())}")


def _show(found: Settings, options: argparse.Namespace) -> int:
    if not options.stored:
        from rhesis_telemetry.sending import readable

        _print(json.dumps(readable(preview.body(found)), indent=2))
        return 0
    if found.off_because:
        return _failed(f"{found.off_because}, so nothing is sent, not even a sample")
    try:
        _print(json.dumps(_stored(found), indent=2))
    except (OSError, ValueError) as error:
        return _failed(f"{found.endpoint}/v1/preview did not answer as it should ({type(error).__name__})")
    return 0


def _stored(found: Settings) -> Any:  # noqa: ANN401 - JSON
    headers = {"Content-Type": "application/x-protobuf"} | ({"x-api-key": found.api_key} if found.api_key else {})
    # The scheme is http or https: whatever else turns telemetry off.
    request = urllib.request.Request(f"{found.endpoint}/v1/preview", preview.body(found), headers)  # noqa: S310
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with directly.open(request, timeout=_TIMEOUT_SECONDS) as response:
        return json.loads(response.read(_ANSWER_BYTES))


def _status(found: Settings, _: argparse.Namespace) -> int:
    for line in _lines(found):
        _print(line)
    return 0


def _lines(found: Settings) -> Iterator[str]:
    standing = choice.standing(found, record=False)
    yield f"telemetry is {'on' if standing.allowed else 'off'}: {standing.because}"
    yield f"endpoint: {found.endpoint or 'none'}"
    yield f"service: {found.service_name} {found.service_version}".rstrip()
    yield f"deployment: {found.deployment_type}"
    yield f"contract: version {contract.VERSION}"
    recorded = choice.read(found)
    if recorded is not None:
        yes = "yes" if recorded.enabled else "no"
        yield f"choice: {yes}, by {recorded.by}, for version {recorded.version}, at {recorded.at or 'an unknown time'}"
    yield f"installation: {recorded.installation_id if recorded and recorded.installation_id else 'no id'}"
    yield f"kept in: {choice.path(found)}"


def _enable(found: Settings, _: argparse.Namespace) -> int:
    choice.enable(found)
    if found.off_because:
        _print(f"recorded, but telemetry stays off: {found.off_because}")
    else:
        _print(f"telemetry is on (contract version {contract.VERSION}); each person still decides for themselves")
    return 0


def _disable(found: Settings, _: argparse.Namespace) -> int:
    choice.disable(found)
    _print("telemetry is off, and the installation's id is forgotten")
    return 0


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
