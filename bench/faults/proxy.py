"""A TCP proxy whose connections can be dropped, refused, delayed or brought to a stop."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65_536


class Proxy:
    """Passes connections to a port of 127.0.0.1; the faults may be set at any time, from any thread."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._delay_seconds = 0.0
        self._refuses = False
        self.port = 0

    def drop(self) -> None:
        """Cut every connection that there is, in the middle of whatever it carries."""
        self._call(self._drop)

    def refuse(self) -> None:
        """Cut every connection, and each new one at once."""
        self._refuses = True
        self.drop()

    def delay(self, seconds: float) -> None:
        """Hold back everything for so long, in both directions."""
        self._delay_seconds = seconds

    def stop(self) -> None:
        """Carry nothing any more, with the connections open, as a cable does that was pulled."""
        self._call(self._passing.clear)

    def heal(self) -> None:
        """Be a good proxy again."""
        self._refuses = False
        self._delay_seconds = 0.0
        self._call(self._passing.set)

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        try:
            yield self
        finally:
            self.heal()
            self._call(self._loop.stop)
            thread.join()

    def _call(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._refuses:
                return
            with suppress(OSError):
                behind, before = await asyncio.open_connection("127.0.0.1", self._target)
                self._writers.add(before)
                try:
                    await asyncio.gather(self._carry(reader, before), self._carry(behind, writer))
                finally:
                    self._writers.discard(before)
                    before.close()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await asyncio.sleep(self._delay_seconds)
                await self._passing.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
