"""Google's interfaces, asked with the identity that this process has."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


def session(scope: str = CLOUD_PLATFORM) -> "requests.Session":
    """A session whose requests carry the process' own identity (Application Default Credentials).

    Raises:
        GoogleAuthError: It has none.
    """
    # Imported here: what asks nobody starts without it.
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[scope])
    authorized: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return authorized
