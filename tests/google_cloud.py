"""Google Cloud's REST interfaces as far as the tests ask them, with the documented form of their answers.

The real ones can't be reached from a test. What stands in for the metadata server lets google-auth find an identity as
it does on Cloud Run (cloud.google.com/compute/docs/metadata/overview).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "ya29.of-the-metadata-server"
ACCOUNT = "operator@my-project.iam.gserviceaccount.com"

_METADATA: dict[str, tuple[str, object]] = {
    "/": ("text/plain", ""),
    "/computeMetadata/v1/project/project-id": ("text/plain", "my-project"),
    "/computeMetadata/v1/universe/universe-domain": ("text/plain", "googleapis.com"),
    "/computeMetadata/v1/instance/service-accounts/default/": (
        "application/json",
        {"email": ACCOUNT, "aliases": ["default"], "scopes": ["https://www.googleapis.com/auth/cloud-platform"]},
    ),
    "/computeMetadata/v1/instance/service-accounts/default/token": (
        "application/json",
        {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"},
    ),
}


@dataclass(slots=True)
class GoogleCloud:
    """Answers by path; a path without one is 404. `asked` has the paths so far with who asked."""

    url: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """What makes google-auth find this metadata server, and nothing that the machine has."""
        host = urlsplit(self.url).netloc
        return {
            "CLOUDSDK_CONFIG": "/does/not/exist",
            "GCE_METADATA_HOST": host,
            "GCE_METADATA_IP": host,
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            "GOOGLE_CLOUD_PROJECT": "",
        }

    def answer(self, path: str) -> tuple[int, str, object]:
        """Status, type and content."""
        if path in _METADATA:
            return 200, *_METADATA[path]
        status, content = self.answers.get(path, (404, {"error": {"code": 404, "status": "NOT_FOUND"}}))
        return status, "application/json", content


@contextmanager
def google_cloud() -> Iterator[GoogleCloud]:
    """Run it until the block ends."""
    cloud = GoogleCloud("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            cloud.asked.append((path, self.headers.get("Authorization", "")))
            status, media_type, content = cloud.answer(path)
            body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Metadata-Flavor", "Google")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        cloud.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield cloud
        finally:
            server.shutdown()
            thread.join()
