"""Calls to functions that are deployed, with the identity that this machine has."""

import json
import urllib.error
import urllib.request
from typing import Any

import click

_SECONDS = 600.0


def post(url: str, body: object = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """POST to a function; returns its answer's JSON.

    Raises:
        click.ClickException: It did not answer with success.
    """
    data = b"" if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - an operator's own URL
        url, data, {"Content-Type": "application/json"} | (headers or {}), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            answered: dict[str, Any] = json.loads(answer.read() or b"{}")
            return answered
    except urllib.error.HTTPError as error:
        error.close()
        raise click.ClickException(f"{url} answered {error.code} {error.reason}") from None
    except OSError as error:
        raise click.ClickException(f"{url} could not be reached: {error}") from None


def identity(url: str) -> dict[str, str]:
    """Headers that say who calls; none for a function on this machine, which does not ask.

    Raises:
        click.ClickException: This machine has no identity.
    """
    if not url.startswith("https://"):
        return {}
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request
    from google.oauth2.id_token import fetch_id_token

    try:
        token = fetch_id_token(Request(), url)  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise click.ClickException(f"no identity to call {url} with: {error}") from None
    return {"Authorization": f"Bearer {token}"}
