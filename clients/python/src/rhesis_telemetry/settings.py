"""What the environment says about telemetry: where to, as whom, and whether at all."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

DeploymentType = Literal["cloud", "self_hosted", "unknown"]

_DEPLOYMENT_TYPES: Mapping[str, DeploymentType] = {
    "cloud": "cloud",
    "self_hosted": "self_hosted",
    "self-hosted": "self_hosted",
}
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable, what it means, and what holds where it is not set."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "none: telemetry is off",
        "Where events go, such as `https://telemetry.example.com`; `/v1/traces` is added.",
    ),
    Variable("OTEL_SERVICE_NAME", "`rhesis-backend`", "The app's name."),
    Variable("APP_VERSION", "none", "The app's version."),
    Variable(
        "OTEL_DEPLOYMENT_TYPE",
        "`unknown`",
        "`cloud` or `self_hosted`. On `cloud` telemetry is on with notice, otherwise off until somebody says yes.",
    ),
    Variable("DEPLOYMENT_TYPE", "`unknown`", "The same, where `OTEL_DEPLOYMENT_TYPE` is not set."),
    Variable(
        "OTEL_RHESIS_TELEMETRY_ENABLED",
        "not decided",
        "The site's switch. `false` turns everything off; `true` says yes where no choice is recorded yet.",
    ),
    Variable("OTEL_API_KEY", "none", "Sent as the header `x-api-key`."),
    Variable("OTEL_SDK_DISABLED", "`false`", "`true` turns everything off, as it does for all of OpenTelemetry."),
    Variable("DO_NOT_TRACK", "not set", "Anything but `0` and `false` turns everything off."),
    Variable("RHESIS_TELEMETRY_DEBUG", "`0`", "`1` logs each payload instead of sending it; no socket is opened."),
    Variable(
        "RHESIS_TELEMETRY_DIRECTORY",
        "the user's state directory",
        "Where the site's choice and the installation's id are kept. In a container: a volume.",
    ),
    Variable(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "the system's authorities",
        "A file of certificates to trust. Proxies and `.netrc` are never used.",
    ),
)
"""All variables that are read; the last one by the exporter."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for this process.

    `off_because` names what turns everything off, whatever anybody has chosen; it is empty where nothing does. `switch`
    is the site's own word, None where the environment has none.
    """

    endpoint: str = ""
    service_name: str = "rhesis-backend"
    service_version: str = ""
    deployment_type: DeploymentType = "unknown"
    switch: bool | None = None
    off_because: str = ""
    api_key: str = field(default="", repr=False)
    debug: bool = False
    directory: Path = Path()


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; what can't be understood turns telemetry off rather than on."""
    endpoint = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip().rstrip("/")
    endpoint = endpoint.removesuffix("/v1/traces")
    switch = environment.get("OTEL_RHESIS_TELEMETRY_ENABLED", "").strip().lower()
    deployment = environment.get("OTEL_DEPLOYMENT_TYPE") or environment.get("DEPLOYMENT_TYPE", "")
    return Settings(
        endpoint=endpoint,
        service_name=environment.get("OTEL_SERVICE_NAME", "").strip() or "rhesis-backend",
        service_version=environment.get("APP_VERSION", "").strip(),
        deployment_type=_DEPLOYMENT_TYPES.get(deployment.strip().lower(), "unknown"),
        switch=switch in _YES if switch else None,
        off_because=_off_because(environment, endpoint, switch),
        api_key=environment.get("OTEL_API_KEY", "").strip(),
        debug=environment.get("RHESIS_TELEMETRY_DEBUG", "").strip().lower() in _YES,
        directory=_directory(environment),
    )


def _off_because(environment: Mapping[str, str], endpoint: str, switch: str) -> str:
    if environment.get("DO_NOT_TRACK", "").strip().lower() not in {"", "0", "false"}:
        return "DO_NOT_TRACK is set"
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return "OTEL_SDK_DISABLED is true"
    if switch in _NO:
        return "OTEL_RHESIS_TELEMETRY_ENABLED is false"
    if switch and switch not in _YES:
        return "OTEL_RHESIS_TELEMETRY_ENABLED is neither true nor false"
    if not endpoint:
        return "OTEL_EXPORTER_OTLP_ENDPOINT is not set"
    if not _is_endpoint(endpoint):
        return "OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// address, or has a password in it"
    return ""


def _is_endpoint(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        reachable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return reachable and "@" not in parts.netloc


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        # Of a user whom the system does not know, as in some containers; nothing can be kept.
        return Path("/nonexistent")


def _directory(environment: Mapping[str, str]) -> Path:
    """Where an app keeps what is neither configuration nor cache, as the platform has it."""
    if named := environment.get("RHESIS_TELEMETRY_DIRECTORY"):
        return Path(named)
    home = Path(environment["HOME"]) if environment.get("HOME") else _home()
    if sys.platform == "win32":
        state = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        state = home / "Library" / "Application Support"
    else:
        state = Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state")
    return state / "rhesis-telemetry"
