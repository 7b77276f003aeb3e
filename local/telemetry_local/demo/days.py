"""A population's days as OTLP: resources with their spans, as clients would send them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry_local.demo.population import Installation, Person, Population
from telemetry_local.demo.scenes import Happening, Stage, sittings
from telemetry_pipeline import contract
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.otlp.requests import Group

_ANONYMOUS_SHARE = 0.05
_INCIDENT_DAYS_AGO = 20
_SERVICES = {"user_activity": "rhesis-backend", "endpoint_usage": "rhesis-backend", "feature_usage": "rhesis-frontend"}


class _Encoded(dict[tuple[str, str | int | float], bytes]):
    """Attribute → its serialised form, made once."""

    def __missing__(self, attribute: tuple[str, str | int | float]) -> bytes:
        name, content = attribute
        match content:
            case str():
                value = AnyValue(string_value=content)
            case int():
                value = AnyValue(int_value=content)
            case float():
                value = AnyValue(double_value=content)
        encoded = self[attribute] = KeyValue(key=name, value=value).SerializeToString()
        return encoded


def incident(last_day: date) -> date:
    """The day of the incident, an outage of two hours: three weeks before the last day, and a working day."""
    day = last_day - timedelta(days=_INCIDENT_DAYS_AGO)
    return day - timedelta(days=max(0, day.weekday() - 4))


class Days:
    """Plays the days of a population, with about so many events in all; a day is the same whenever it is played."""

    def __init__(self, population: Population, events: int, seed: int) -> None:
        self._population = population
        self._per_diligence = events * (1 - _ANONYMOUS_SHARE) / population.diligence()
        self._anonymous = events * _ANONYMOUS_SHARE / population.days
        self._seed = seed
        self._stage = Stage()

    def groups(self, day: int, until: datetime) -> list[Group]:
        """A day's events up to a moment, by the resource that sent them."""
        random = Random(f"{self._seed}/{day}")  # noqa: S311 - no secret
        encoded = _Encoded()
        midnight = datetime.combine(self._population.date(day), datetime.min.time(), UTC)
        begin, end = round(midnight.timestamp()) * 10**9, round(until.timestamp() * 10**9)
        groups: dict[tuple[str, Installation], list[bytes]] = defaultdict(list)
        for installation, person, session, happening in self._happenings(random, day):
            start = begin + int(happening.seconds * 1e9)
            span = _span(random, encoded, start, person, session, happening)
            if start <= end:
                groups[_SERVICES[happening.category], installation].append(span)
        return [
            Group(_resource(service, installation, day), items) for (service, installation), items in groups.items()
        ]

    def _happenings(self, random: Random, day: int) -> Iterator[tuple[Installation, Person | None, str, Happening]]:
        is_incident_day = self._population.date(day) == incident(self._population.last_day)
        for person in self._population.active(day):
            installation = random.choice(person.installations)
            release = installation.release(day)
            events = max(3, round(self._per_diligence * person.diligence * random.lognormvariate(-0.08, 0.4)))
            for number, size in enumerate(sittings(random, events)):
                session = f"{person.name}/{day}/{number}" if person.tells_sessions else ""
                for happening in self._stage.sitting(random, size, release, is_incident_day=is_incident_day):
                    yield installation, person, session, happening
        for _ in range(round(self._anonymous)):
            yield self._population.installations[0], None, "", self._stage.page_view(random)


def _span(
    random: Random, encoded: _Encoded, start: int, person: Person | None, session: str, happening: Happening
) -> bytes:
    attributes = [encoded[contract.EVENT_CATEGORY.name, happening.category]]
    attributes += [encoded[attribute] for attribute in happening.content]
    if person:
        attributes.append(encoded[contract.USER_ID.name, person.name])
        attributes.append(encoded[contract.ORGANIZATION_ID.name, person.installations[-1].name])
        if session and happening.category == contract.USER_ACTIVITY.name:
            attributes.append(encoded[contract.SESSION_ID.name, session])
    return wire.Span(
        trace_id=random.randbytes(16),
        span_id=random.randbytes(8),
        start_time_unix_nano=start,
        end_time_unix_nano=start,
        attributes=attributes,
    ).SerializeToString()


def _resource(service: str, installation: Installation, day: int) -> list[bytes]:
    encoded = _Encoded()
    attributes = [
        (contract.SERVICE_NAME.name, service),
        (contract.SERVICE_VERSION.name, f"0.{installation.release(day) + 3}.0"),
        (contract.DEPLOYMENT_TYPE.name, installation.deployment_type),
        (contract.RHESIS_INSTALLATION_ID.name, installation.name),
    ]
    return [encoded[attribute] for attribute in attributes]
