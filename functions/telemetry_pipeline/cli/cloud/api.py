"""Google's REST interfaces, read with the identity that this machine has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telemetry_pipeline import identity

if TYPE_CHECKING:
    import requests

_TIMEOUT_SECONDS = 15.0

Answer = dict[str, Any]


class Unanswered(Exception):
    """An interface did not tell what was asked; `advice` says what may be done about it."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(found)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Deployment:
    """What Terraform was told: the project, the region (empty if it is to be found) and the prefix of all names."""

    project: str
    region: str
    prefix: str


class Api:
    """Reads what a deployment consists of.

    `deployment` may be set to what is known better, and `functions` to what was found: these are asked for once.

    Args:
        deployment: Which.
        root: Where all interfaces are instead, each below a path of its host's name, as a test has them.
    """

    def __init__(self, deployment: Deployment, root: str = "") -> None:
        self.deployment = deployment
        self.functions: dict[str, Answer] | None = None
        self._root = root
        self._session = _authorized()

    def get(self, address: str, **parameters: str) -> Answer | None:
        """GET `HOST/PATH`; None if there is no such thing.

        Raises:
            Unanswered: It may not be read, or nobody answers.
        """
        return self._ask("GET", address, params=parameters)

    def post(self, address: str, body: object) -> Answer | None:
        """POST a question to `HOST/PATH`; as `get`."""
        return self._ask("POST", address, json=body)

    def items(self, address: str, name: str, **parameters: str) -> Iterator[Answer]:
        """All that a list holds under `name`, page by page."""
        token = ""
        while True:
            page = self.get(address, **parameters, **({"pageToken": token} if token else {})) or {}
            yield from page.get(name, ())
            token = page.get("nextPageToken", "")
            if not token:
                return

    def _ask(self, method: str, address: str, **arguments: Any) -> Answer | None:  # noqa: ANN401 - passed on
        from google.auth.exceptions import GoogleAuthError

        host = address.partition("/")[0]
        url = f"{self._root}/{address}" if self._root else f"https://{address}"
        try:
            response = self._session.request(method, url, timeout=_TIMEOUT_SECONDS, **arguments)
        except GoogleAuthError as error:
            raise Unanswered(f"no identity to ask {host} with ({type(error).__name__})", _LOG_IN) from None
        except OSError as error:
            raise Unanswered(f"{host} did not answer ({type(error).__name__})", "Is this machine online?") from None
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise _refused(host, response, self.deployment.project)
        answer: Answer = response.json()
        return answer


_LOG_IN = "Type `gcloud auth application-default login`."


def _authorized() -> "requests.Session":
    from google.auth.exceptions import GoogleAuthError

    try:
        return identity.session()
    except GoogleAuthError:
        raise Unanswered("this machine has no identity in Google Cloud", _LOG_IN) from None


def _refused(host: str, response: "requests.Response", project: str) -> Unanswered:
    try:
        error = response.json()["error"]
        reasons = {detail.get("reason") for detail in error.get("details", ())}
    except (ValueError, KeyError, TypeError, AttributeError):
        reasons = set()
    if "SERVICE_DISABLED" in reasons:
        return Unanswered(f"{host} is not enabled", f"Type `gcloud services enable {host} --project={project}`.")
    if response.status_code == 401:
        return Unanswered(f"{host} does not know this identity", _LOG_IN)
    if response.status_code == 403:
        return Unanswered(
            f"{host} does not let this identity look",
            f"Type `gcloud projects add-iam-policy-binding {project} --member=user:YOU --role=ROLE`, with the roles "
            "of docs/observability.md.",
        )
    return Unanswered(f"{host} answered {response.status_code}", "Ask again in a minute: this is not the deployment's.")
