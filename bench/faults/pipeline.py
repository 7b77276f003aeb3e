"""The local stack with proxies before its bus and its database, in a process of its own: `python -m` this."""

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from sqlalchemy import make_url

from telemetry_local.home import Home
from telemetry_local.ports import Ports
from telemetry_local.stack import Stack


class Proxied(Stack):
    """A stack whose functions reach the database at another port than Postgres listens on."""

    def __init__(self, home: Home, ports: Ports, bus_host: str, database_port: int) -> None:
        super().__init__(home, ports, bus_host)
        self._database_port = database_port

    @property
    def database_url(self) -> str:
        """By way of the proxy."""
        return make_url(super().database_url).set(port=self._database_port).render_as_string(hide_password=False)


def main() -> None:
    """Run it; the argument is the directory, its `Ports` and the ports of the proxies, as JSON."""
    signal.signal(signal.SIGTERM, _stop)
    directory, ports, bus_port, database_port = json.loads(sys.argv[1])
    home = Home(Path(directory))
    home.open()
    stack = Proxied(home, Ports(**ports), f"127.0.0.1:{bus_port}", database_port)
    try:
        stack.start(print)
        stack.watch(print)
    except KeyboardInterrupt:
        pass
    finally:
        stack.stop()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
