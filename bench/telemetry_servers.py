"""A telemetry server that is well, slow, refusing or lying: `python -m bench.telemetry_servers PORT KIND`."""

import socketserver
import sys
import time
from contextlib import suppress

_HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/x-protobuf\r\n"
_EMPTY = b"Content-Length: 0\r\n\r\n"


class _Connection(socketserver.StreamRequestHandler):
    kind = "well"

    def handle(self) -> None:
        """Answer requests until the client goes."""
        with suppress(OSError):
            while self.rfile.readline():
                length = 0
                for line in iter(self.rfile.readline, b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                self.rfile.read(length)
                self._answer()

    def _answer(self) -> None:
        if self.kind == "slow":
            time.sleep(30)
        if self.kind == "refusing":
            self.wfile.write(_HEAD % b"503 Service Unavailable" + _EMPTY)
        elif self.kind == "lying":
            self.wfile.write(_HEAD % b"200 OK" + b"Content-Length: 1000000000\r\n\r\n")
            while True:
                self.wfile.write(b"x" * 65_536)
        else:
            self.wfile.write(_HEAD % b"200 OK" + _EMPTY)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    _Connection.kind = sys.argv[2]
    _Server(("127.0.0.1", int(sys.argv[1])), _Connection).serve_forever()
