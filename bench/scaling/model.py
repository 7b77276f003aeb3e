"""The pipeline as queues (SimPy): requests, instances, the bus and its push window, group commit, the database.

An instance's CPU serves one piece of work after the other, as Python's lock has it; long work is cut into pieces, so
that short work is served between them. A wait (for the bus' disk, for a commit) holds a slot of the instance, no CPU.
What a work needs varies around what was measured (a gamma distribution, its deviation half its mean); chance is seeded.
"""

from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import simpy

from bench.service_times import ServiceTimes

Steps = Generator[simpy.Event, Any, None]

_PIECE_SECONDS = 0.005
"""Python's sys.getswitchinterval()."""
_ROWS_PER_TRANSACTION = 4096
"""As store/group.py has it."""
_SHAPE = 4
"""Of the gamma distribution."""


@dataclass(frozen=True, slots=True)
class Instances:
    """How many instances of a function there are, and how many requests each serves at once."""

    count: int
    concurrency: int = 16


@dataclass(frozen=True, slots=True)
class Push:
    """How a subscription is pushed: what is under way at first and at most, and what a delivery takes beside CPU.

    Below `most` the window doubles with every round of deliveries that succeed.
    """

    first: int = 4
    most: int = 3000
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plant:
    """A pipeline: its parts, and what they need.

    `cores` are those that all parts share, as on one machine; without, each instance has one of its own and the
    database `database_cores`. `connections` is how many requests may be on their way to ingest; without, any number.
    """

    times: ServiceTimes
    ingest: Instances
    store: Instances
    pool_size: int = 2
    database_cores: float = 1
    push: Push = Push()
    cores: float | None = None
    connections: int | None = None


@dataclass(slots=True)
class Gauge:
    """A number over time, and its integral since `reset`."""

    env: simpy.Environment
    value: float = 0
    most: float = 0
    active_seconds: float = 0
    """How long it was not 0."""
    _integral: float = 0
    _begun: float = 0
    _since: float = 0

    def add(self, amount: float) -> None:
        """Change it."""
        self._advance()
        self.value += amount
        self.most = max(self.most, self.value)

    def reset(self) -> None:
        """Forget what was."""
        self._advance()
        self._integral = self.active_seconds = 0
        self._begun, self.most = self.env.now, self.value

    def mean(self) -> float:
        """Its mean since `reset`."""
        self._advance()
        return self._integral / (self.env.now - self._begun)

    def _advance(self) -> None:
        passed = self.env.now - self._since
        self._integral += self.value * passed
        self.active_seconds += passed if self.value > 0 else 0
        self._since = self.env.now


class Cpu:
    """One or more cores; `within` are those that it shares with others."""

    def __init__(self, env: simpy.Environment, dice: Random, cores: float, within: "Cpu | None" = None) -> None:
        whole = max(int(cores), 1)
        self._env, self._dice = env, dice
        self._speed = cores / whole
        self._free = simpy.Resource(env, whole)
        self._within = within
        self.busy = Gauge(env)

    def use(self, mean_seconds: float) -> Steps:
        """Hold a core until about so much CPU time is used."""
        yield from self.hold(self._dice.gammavariate(_SHAPE, mean_seconds / _SHAPE) if mean_seconds > 0 else 0)

    def hold(self, seconds: float) -> Steps:
        """Hold a core until exactly so much CPU time is used."""
        while seconds > 0:
            piece = min(seconds, _PIECE_SECONDS)
            seconds -= piece
            with self._free.request() as turn:
                yield turn
                self.busy.add(1)
                if self._within:
                    yield from self._within.hold(piece)
                else:
                    yield self._env.timeout(piece / self._speed)
                self.busy.add(-1)


class Instance:
    """One instance of a function: slots for requests, and a CPU."""

    def __init__(self, env: simpy.Environment, dice: Random, concurrency: int, within: Cpu | None) -> None:
        self.slots = simpy.Resource(env, concurrency)
        self.cpu = Cpu(env, dice, 1, within)
        self.in_hand = Gauge(env)

    @property
    def load(self) -> int:
        """Requests that it has or that wait for it."""
        return self.slots.count + len(self.slots.queue)


@dataclass(slots=True)
class Outcome:
    """What was seen after the warm-up; latencies in seconds."""

    answers: list[float] = field(default_factory=list)
    to_row: list[float] = field(default_factory=list)
    """Of each message, from its request's begin to the commit."""
    spans: int = 0
    stored: int = 0
    transactions: int = 0
    seconds: float = 0
    in_ingest: float = 0
    """Requests in ingest, on average, those that wait for it among them."""
    waiting: float = 0
    """Messages that wait on the bus for room in the window, at the end."""
    under_way: float = 0
    """Pushes under way, on average."""
    ingest_busy: float = 0
    """CPUs of ingest that are busy, on average."""
    store_busy: float = 0
    database_busy: float = 0
    ingest_slots: float = 0
    """Requests in hand, on average."""
    store_slots: float = 0
    ingest_billed: float = 0
    """Instances that have a request in hand, on average."""
    store_billed: float = 0


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of them don't exceed; not a number if there are none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


class Pipeline:
    """A plant at work: give it requests, run `env`, ask for its `outcome`."""

    def __init__(self, plant: Plant, seed: int = 1) -> None:
        self.env = env = simpy.Environment()
        self.dice = dice = Random(seed)
        self._plant, self._times = plant, plant.times
        self._machine = Cpu(env, dice, plant.cores) if plant.cores else None
        self._ingest = [Instance(env, dice, plant.ingest.concurrency, self._machine) for _ in range(plant.ingest.count)]
        self._store = [_Store(self) for _ in range(plant.store.count)]
        self.database = Cpu(env, dice, plant.database_cores, self._machine)
        self._bus = Cpu(env, dice, 1, self._machine)
        self._load = Cpu(env, dice, 1, self._machine)
        self._connections = simpy.Resource(env, plant.connections or 1_000_000)
        self._queue: deque[tuple[float, int]] = deque()
        self._window = float(plant.push.first)
        self._under_way, self._in_ingest = Gauge(env), Gauge(env)
        self._outcome, self._counts_from = Outcome(), 0.0

    @property
    def plant(self) -> Plant:
        """What it is made of."""
        return self._plant

    @property
    def machine(self) -> Cpu | None:
        """The cores that all share."""
        return self._machine

    def at(self, due: float, spans: int) -> None:
        """Have a request come at a time."""
        self.env.process(self._come(due, spans))

    def arrive(self, per_second: float, spans: int) -> None:
        """Have requests of so many spans come independently of each other (a Poisson process), for ever."""

        def source() -> Steps:
            while True:
                yield self.env.timeout(self.dice.expovariate(per_second))
                self.env.process(self.request(spans))

        self.env.process(source())

    def warm(self, until: float) -> None:
        """Run up to a time, and begin to look only then."""
        self.env.run(until)
        self._outcome, self._counts_from = Outcome(), until
        for gauge in self._gauges():
            gauge.reset()

    def outcome(self) -> Outcome:
        """What was seen."""
        seen = self._outcome
        seen.seconds = self.env.now - self._counts_from
        seen.in_ingest, seen.under_way = self._in_ingest.mean(), self._under_way.mean()
        seen.waiting = len(self._queue)
        seen.ingest_busy = sum(one.cpu.busy.mean() for one in self._ingest)
        seen.store_busy = sum(one.instance.cpu.busy.mean() for one in self._store)
        seen.database_busy = self.database.busy.mean()
        seen.ingest_slots = sum(one.in_hand.mean() for one in self._ingest)
        seen.store_slots = sum(one.instance.in_hand.mean() for one in self._store)
        seen.ingest_billed = sum(one.in_hand.active_seconds for one in self._ingest) / seen.seconds
        seen.store_billed = sum(one.instance.in_hand.active_seconds for one in self._store) / seen.seconds
        return seen

    def request(self, spans: int) -> Steps:
        """One request, from when it is due to its answer; what follows goes on by itself."""
        due, times = self.env.now, self._times
        with self._connections.request() as connection:
            yield connection
            if self._machine:
                yield from self._load.use(times.load_request + spans * times.load_event)
            received = self.env.now
            self._in_ingest.add(1)
            instance = min(self._ingest, key=lambda one: one.load)
            with instance.slots.request() as slot:
                yield slot
                instance.in_hand.add(1)
                yield from instance.cpu.use(times.ingest_request + spans * times.ingest_event)
                if self._machine:
                    yield from self._bus.use((times.bus_message + spans * times.bus_event) / 2)
                yield self.env.timeout(times.publish_wait)
                instance.in_hand.add(-1)
            self._in_ingest.add(-1)
        if due >= self._counts_from:
            self._outcome.answers.append(self.env.now - due)
            self._outcome.spans += spans
        self._queue.append((received, spans))
        self._dispatch()

    def committed(self, received: float, spans: int) -> None:
        """Count a message whose rows are there."""
        if received >= self._counts_from:
            self._outcome.to_row.append(self.env.now - received)
        self._outcome.stored += spans

    def transacted(self) -> None:
        """Count a transaction."""
        self._outcome.transactions += 1

    def _come(self, due: float, spans: int) -> Steps:
        yield self.env.timeout(due)
        yield from self.request(spans)

    def _dispatch(self) -> None:
        while self._queue and self._under_way.value < int(self._window):
            self._under_way.add(1)
            self.env.process(self._pushed(*self._queue.popleft()))

    def _pushed(self, received: float, spans: int) -> Steps:
        if self._machine:
            yield from self._bus.use((self._times.bus_message + spans * self._times.bus_event) / 2)
        yield self.env.timeout(self._plant.push.seconds)
        yield from min(self._store, key=lambda one: one.instance.load).take(received, spans)
        self._under_way.add(-1)
        self._window = min(self._window + 1, self._plant.push.most)
        self._dispatch()

    def _gauges(self) -> Iterable[Gauge]:
        yield from (self._under_way, self._in_ingest, self.database.busy)
        for instance in (*self._ingest, *(one.instance for one in self._store)):
            yield from (instance.cpu.busy, instance.in_hand)


class _Store:
    """An instance of `store`: who comes while a connection is idle begins a transaction, who waits shares the next."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline, self._env = pipeline, pipeline.env
        self.instance = Instance(pipeline.env, pipeline.dice, pipeline.plant.store.concurrency, pipeline.machine)
        self._idle = pipeline.plant.pool_size
        self._waiting: deque[tuple[simpy.Event, float, int]] = deque()

    def take(self, received: float, spans: int) -> Steps:
        times, instance = self._pipeline.plant.times, self.instance
        with instance.slots.request() as slot:
            yield slot
            instance.in_hand.add(1)
            yield from instance.cpu.use(times.store_message + spans * times.store_event)
            called = self._env.event()
            if self._idle:
                self._idle -= 1
                yield from self._lead([(called, received, spans)])
            else:
                self._waiting.append((called, received, spans))
                if (yield called) == "lead":
                    yield from self._lead([(called, received, spans)])
            instance.in_hand.add(-1)

    def _lead(self, shares: list[tuple[simpy.Event, float, int]]) -> Steps:
        times = self._pipeline.plant.times
        rows = shares[0][2]
        while self._waiting and rows + self._waiting[0][2] <= _ROWS_PER_TRANSACTION:
            shares.append(self._waiting.popleft())
            rows += shares[-1][2]
        yield from self.instance.cpu.use(times.store_transaction)
        yield from self._pipeline.database.use(times.postgres_transaction + rows * times.postgres_event)
        yield self._env.timeout(times.commit_wait)
        self._pipeline.transacted()
        for called, received, spans in shares:
            self._pipeline.committed(received, spans)
            if called is not shares[0][0]:
                called.succeed("stored")
        if self._waiting:
            following = self._waiting.popleft()
            following[0].succeed("lead")
        else:
            self._idle += 1
