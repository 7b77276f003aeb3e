"""Settings: read once from the environment, validated, frozen; one dataclass per function.

A field declares its variable, how it is read and what it means; `read` reports every missing or bad variable at once.
docs/settings.md is generated from these classes.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import Any, Self
from urllib.parse import urlsplit

from telemetry_pipeline import contract

API_KEY_NAME = r"[a-z0-9][a-z0-9_-]{0,62}"
"""The pattern of an API key's name."""


class SettingsError(ValueError):
    """One or more settings are missing or bad; the message has one line for each, with what to write."""


def _setting(read: Callable[[str], object], meaning: str, default: object = MISSING, *, secret: bool = False) -> Any:  # noqa: ANN401 - it stands for a value of the field's type
    return field(default=default, repr=not secret, metadata={"read": read, "meaning": meaning, "secret": secret})


def _text(pattern: str, expected: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"expected {expected}")
        return value

    return read


def _whole(minimum: int, maximum: int, unit: str) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"expected a whole number of {unit} from {minimum} to {maximum}")
        return int(value)

    return read


def _seconds(minimum: float, maximum: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) or not minimum <= float(value) <= maximum:
            raise ValueError(f"expected seconds from {minimum:g} to {maximum:g}")
        return float(value)

    return read


def _switch(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise ValueError("expected true or false")
    return value.lower() == "true"


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _key(value: str) -> bytes:
    try:
        key = bytes.fromhex(value) if re.fullmatch(r"[0-9a-fA-F]*", value) else b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) < 32:
        raise ValueError("expected at least 32 random bytes in hexadecimal or base64, as `openssl rand -hex 32` makes")
    return key


def parse_api_keys(value: str) -> tuple[tuple[str, bytes], ...]:
    """Read the names and hashes of API keys, as `RHESIS_API_KEYS` has them.

    Raises:
        ValueError: It has another form; the text does not repeat it, since somebody may have put a key there.
    """
    pairs = [pair.partition("=") for pair in _names(value)]
    if not all(re.fullmatch(API_KEY_NAME, name) and re.fullmatch("[0-9a-f]{64}", known) for name, _, known in pairs):
        raise ValueError("expected NAME=SHA256,… as `telemetry api-keys create NAME` prints it, never a key itself")
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise ValueError("expected each name once")
    return tuple((name, bytes.fromhex(known)) for name, _, known in pairs)


def _pseudonyms(value: str) -> frozenset[str]:
    names = frozenset(_names(value))
    if not all(re.fullmatch("[0-9a-f]{32}", name) for name in names):
        raise ValueError("expected pseudonyms of 32 hexadecimal digits, separated by commas")
    return names


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day as YYYY-MM-DD") from None


def _stored_days() -> Any:  # noqa: ANN401 - as `_setting`; `store` and `mirror` must agree
    return _setting(
        _whole(1, 3650, "days"),
        "Oldest event that is stored, counted from its arrival; an older one is recorded as rejected.",
        contract.RETENTION_MONTHS * 30 + 7,
    )


def _pseudonym_key() -> Any:  # noqa: ANN401 - as `_setting`; `ingest` and the operator's command must agree
    return _setting(
        _key,
        "The secret key that pseudonyms are made with: 32 random bytes or more, in hexadecimal or base64.",
        secret=True,
    )


def _pseudonym_key_epoch() -> Any:  # noqa: ANN401 - as `_setting`
    return _setting(_whole(1, 32_767, "epochs"), "The key's number; one higher with each rotation.", 1)


def _previous_pseudonym_key() -> Any:  # noqa: ANN401 - as `_setting`
    return _setting(
        _key,
        "The key before, while who was there under it is to be known again; its number is one lower. Unset: forgotten.",
        b"",
        secret=True,
    )


def _k_anonymity() -> Any:  # noqa: ANN401 - as `_setting`; `maintain` and `dashboard` must agree
    return _setting(
        _whole(1, 1000, "people"),
        "The smallest group of people that is shown; smaller ones are hidden, and what betrays them. 1 hides none.",
        5,
    )


def _dataset(*default: str) -> Any:  # noqa: ANN401 - as `_setting`
    return _setting(
        _text(r"[a-z0-9:.-]+\.[A-Za-z0-9_]+", "a dataset as PROJECT.DATASET"),
        "The BigQuery dataset that events are mirrored to, as PROJECT.DATASET.",
        *default,
    )


def _bigquery_rest() -> Any:  # noqa: ANN401 - as `_setting`
    return _setting(
        _text(r"https?://\S+", "a URL as http://HOST:PORT"),
        "A BigQuery emulator, as http://HOST:PORT; unset, it is Google Cloud.",
        "",
    )


def _bigquery_grpc() -> Any:  # noqa: ANN401 - as `_setting`
    return _setting(
        _text(r"[^:/\s]+:[0-9]+", "an address as HOST:PORT"),
        "Where that emulator takes the Storage Write API, as HOST:PORT.",
        "",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What all functions' settings have in common: how they are read."""

    @classmethod
    def variable(cls, name: str) -> str:
        """The environment variable of a field."""
        return f"RHESIS_{name.upper()}"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from environment variables; an empty variable counts as absent.

        Raises:
            SettingsError: Listing all that is missing or bad; a secret's value is never repeated.
        """
        values: dict[str, Any] = {}
        faults = []
        for one in fields(cls):
            variable = cls.variable(one.name)
            text = environment.get(variable, "").strip()
            if text:
                try:
                    values[one.name] = one.metadata["read"](text)
                except ValueError as error:
                    shown = "" if one.metadata["secret"] else f", got {text!r}"
                    faults.append(f"{variable}: {error}{shown}")
            elif one.default is MISSING:
                faults.append(f"{variable}: missing. {one.metadata['meaning']}")
        if faults:
            raise SettingsError("\n".join(faults))
        settings = cls(**values)
        if fault := settings.fault():
            raise SettingsError(fault)
        return settings

    def fault(self) -> str:
        """What is wrong with settings that are each right by themselves; empty if nothing is."""
        return ""


@dataclass(frozen=True, slots=True)
class IngestSettings(Settings):
    """Settings of the function `ingest`."""

    events_topic: str = _setting(
        _text(r"projects/[^/]+/topics/[^/]+", "a topic as projects/PROJECT/topics/TOPIC"),
        "The Pub/Sub topic that events are published to, as projects/PROJECT/topics/TOPIC.",
    )
    pseudonym_key: bytes = _pseudonym_key()
    pseudonym_key_epoch: int = _pseudonym_key_epoch()
    previous_pseudonym_key: bytes = _previous_pseudonym_key()
    pseudonym_key_since: date | None = _setting(
        _day,
        "First day, as YYYY-MM-DD in UTC, whose log records are named with the present key: after the rotation's own.",
        None,
    )
    publish_timeout_seconds: float = _setting(
        _seconds(0.1, 60), "How long to wait for Pub/Sub before answering 503; below the exporters' own timeout.", 4.0
    )
    max_body_bytes: int = _setting(
        _whole(1024, 32 << 20, "bytes"), "Largest request body as it is sent; a larger one is answered 413.", 8 << 20
    )
    max_decompressed_bytes: int = _setting(
        _whole(1024, 256 << 20, "bytes"), "Largest request body after decompression; a larger one: 413.", 16 << 20
    )
    max_spans: int = _setting(
        _whole(1, 1_000_000, "spans"),
        "Most spans, or log records, and most resources or scopes, in a request; more: 413.",
        100_000,
    )
    max_attributes: int = _setting(
        _whole(16, 10_000, "attributes"), "Most attributes of one span; one with more is rejected.", 128
    )
    max_value_depth: int = _setting(
        _whole(1, 90, "levels"), "Deepest nesting of an attribute's value; a span with a deeper one is rejected.", 8
    )
    max_text_characters: int = _setting(
        _whole(256, 1 << 20, "characters"),
        "Longest text of any attribute; a span with a longer one is rejected.",
        16_384,
    )
    max_templates: int = _setting(
        _whole(10, 100_000, "templates"),
        "Most different endpoint templates per service that one instance passes.",
        2000,
    )
    max_age_days: int = _setting(
        _whole(1, 3650, "days"),
        "Oldest event that is accepted; an older one is rejected.",
        contract.RETENTION_MONTHS * 30,
    )
    max_erasures_per_hour: int = _setting(
        _whole(1, 100_000, "requests"),
        "Requests for erasure that one instance takes in an hour from one installation, and ten times as many from "
        "all; more: 429.",
        120,
    )
    api_keys: tuple[tuple[str, bytes], ...] = _setting(
        parse_api_keys,
        "API keys as NAME=SHA256, separated by commas: with any, only their bearers may claim to be hosted (`cloud`).",
        (),
        secret=True,
    )
    max_values: int = _setting(
        _whole(10, 100_000, "values"),
        "Most different event types, feature names, feature actions and metadata keys, each per service, that one "
        "instance passes; others become `_OTHER`.",
        1000,
    )
    quota_events_per_second: int = _setting(
        _whole(0, 1_000_000, "events"),
        "Events per second that one instance takes from one installation in the long run; more: 429. 0: no quota.",
        500,
    )
    quota_burst_events: int = _setting(
        _whole(1, 10_000_000, "events"), "Events that it takes from one installation at once.", 10_000
    )
    blocked_installations: frozenset[str] = _setting(
        _pseudonyms,
        "Installations whose events are left out, as `sending_anomalies` shows them; separated by commas.",
        frozenset(),
    )

    def fault(self) -> str:
        """Beside what `_keys_fault` says, it is known since when a previous key is one."""
        if fault := _keys_fault(self):
            return fault
        if self.previous_pseudonym_key and self.pseudonym_key_since is None:
            previous = self.variable("previous_pseudonym_key")
            return f"{self.variable('pseudonym_key_since')}: missing. {previous} needs the day after the rotation."
        return ""


@dataclass(frozen=True, slots=True)
class PseudonymSettings(Settings):
    """What an operator's command needs to find somebody's events by an id."""

    pseudonym_key: bytes = _pseudonym_key()
    pseudonym_key_epoch: int = _pseudonym_key_epoch()
    previous_pseudonym_key: bytes = _previous_pseudonym_key()

    def fault(self) -> str:
        """As `_keys_fault`."""
        return _keys_fault(self)


def _keys_fault(settings: IngestSettings | PseudonymSettings) -> str:
    """A previous key is another one, of an earlier epoch."""
    if not settings.previous_pseudonym_key:
        return ""
    previous, epoch = settings.variable("previous_pseudonym_key"), settings.variable("pseudonym_key_epoch")
    if settings.previous_pseudonym_key == settings.pseudonym_key:
        return f"{previous}: it is the present key. Give the one before, or leave it out."
    if settings.pseudonym_key_epoch == 1:
        return f"{epoch}: the present key can't be the first where {previous} is set; raise it by one."
    return ""


@dataclass(frozen=True, slots=True)
class DatabaseSettings(Settings):
    """How a function reaches Postgres: by a URL, or by the name of a Cloud SQL instance."""

    database_url: str = _setting(
        _text(r"postgresql(\+pg8000)?://\S+", "a URL as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        "The analytics database, as postgresql://USER:PASSWORD@HOST:PORT/DATABASE; unset where an instance is named.",
        "",
        secret=True,
    )
    database_instance: str = _setting(
        _text(r"[a-z0-9:.-]+:[a-z0-9-]+:[a-z0-9-]+", "an instance as PROJECT:REGION:INSTANCE"),
        "The Cloud SQL instance, as PROJECT:REGION:INSTANCE, reached by its private address.",
        "",
    )
    database_name: str = _setting(_text(r"\S+", "a name"), "The database in that instance.", "telemetry")
    database_user: str = _setting(
        _text(r"\S+", "a name"),
        "The user to log in as: a service account's address without .gserviceaccount.com, or one with a password.",
        "",
    )
    database_password: str = _setting(
        _text(r"\S+", "a password"),
        "That user's password; without one the service account logs in by IAM.",
        "",
        secret=True,
    )

    def fault(self) -> str:
        """Exactly one way to the database is given, and whole."""
        url, instance = self.variable("database_url"), self.variable("database_instance")
        if bool(self.database_url) == bool(self.database_instance):
            return f"{url}: set it, or {instance}, but not both. Where the analytics database is."
        if self.database_instance and not self.database_user:
            return f"{self.variable('database_user')}: missing. {instance} needs a user to log in as."
        return ""


@dataclass(frozen=True, slots=True)
class StoreSettings(DatabaseSettings):
    """Settings of the function `store`."""

    database_pool_size: int = _setting(_whole(1, 100, "connections"), "Most database connections of one instance.", 2)
    max_age_days: int = _stored_days()


@dataclass(frozen=True, slots=True)
class WarehouseSettings(Settings):
    """How a function reaches BigQuery: a dataset, and where it is emulated, the emulator's addresses."""

    bigquery_dataset: str = _dataset()
    bigquery_rest: str = _bigquery_rest()
    bigquery_grpc: str = _bigquery_grpc()


@dataclass(frozen=True, slots=True)
class MaintainSettings(DatabaseSettings):
    """Settings of the function `maintain`."""

    retention_months: int = _setting(
        _whole(1, 120, "months"),
        "Months that events are kept; a month is dropped when all of it is older. What was counted of it stays.",
        contract.RETENTION_MONTHS,
    )
    rejected_retention_days: int = _setting(
        _whole(1, 3650, "days"), "Days that records of rejected spans and parked messages are kept.", 30
    )
    backup_days: int = _setting(
        _whole(0, 3650, "days"),
        "Days that backups of the database are kept; a receipt tells when what was erased is gone from them too.",
        7,
    )
    bigquery_time_travel_hours: int = _setting(
        _whole(48, 168, "hours"), "How far the BigQuery dataset's time travel goes back, for the same reason.", 168
    )
    database_writers: tuple[str, ...] = _setting(
        _names, "Users of the database that may write events, as `store` does; separated by commas.", ()
    )
    database_readers: tuple[str, ...] = _setting(
        _names, "Users of the database that may read the views, small groups hidden; separated by commas.", ()
    )
    database_dashboards: tuple[str, ...] = _setting(
        _names, "Users of the database that may read exact counts, as `dashboard` does; separated by commas.", ()
    )
    database_publics: tuple[str, ...] = _setting(
        _names, "Users of the database that may read what everybody may, as `public` does; separated by commas.", ()
    )
    linkage_horizon_months: int = _setting(
        _whole(0, 120, "months"),
        "Months after which pseudonyms from before a rotation of the key are unlinked, for ever; 0: not by itself.",
        0,
    )
    unlinked_key_epoch: int = _setting(
        _whole(0, 32_767, "epochs"),
        "The last key whose predecessor was destroyed: its pseudonyms are linked to the former ones no more. 0: none.",
        0,
    )
    k_anonymity: int = _k_anonymity()
    dead_letters_subscription: str = _setting(
        _text(r"projects/[^/]+/subscriptions/[^/]+", "a subscription as projects/PROJECT/subscriptions/SUBSCRIPTION"),
        "The subscription that keeps what could not be delivered, whose messages are counted; unset, they are not.",
        "",
    )
    bigquery_dataset: str = _dataset("")
    bigquery_rest: str = _bigquery_rest()

    @property
    def warehouse(self) -> WarehouseSettings | None:
        """How BigQuery is reached, if there is one."""
        if not self.bigquery_dataset:
            return None
        return WarehouseSettings(self.bigquery_dataset, self.bigquery_rest)


@dataclass(frozen=True, slots=True)
class MirrorSettings(WarehouseSettings):
    """Settings of the function `mirror`."""

    max_age_days: int = _stored_days()


@dataclass(frozen=True, slots=True)
class DashboardSettings(DatabaseSettings):
    """Settings of the function `dashboard`."""

    database_pool_size: int = _setting(_whole(1, 100, "connections"), "Most database connections of one instance.", 4)
    k_anonymity: int = _k_anonymity()
    public_page: bool = _setting(_switch, "Whether /public shows how many people are active, and nothing more.", False)
    embed_origins: str = _setting(
        _text(
            r"('self'|https?://[A-Za-z0-9.*-]+(:[0-9]+)?)( https?://[A-Za-z0-9.*-]+(:[0-9]+)?)*",
            "origins, as https://WIKI",
        ),
        "Who may show `?embed=1` views in a frame: origins with blanks between them, as https://wiki.example.com.",
        "'self'",
    )
    otlp_url: str = _setting(
        _text(r"https?://[A-Za-z0-9.:/\[\]-]+", "a URL as https://HOST"),
        "Where apps post events, as https://HOST: pages link to the contract there, and a dashboard without events "
        "shows how to send the first one.",
        "",
    )


@dataclass(frozen=True, slots=True)
class PublicSettings(DashboardSettings):
    """Settings of the function `public`, which has two of the dashboard's pages."""


@dataclass(frozen=True, slots=True)
class ObservingSettings(Settings):
    """Where a function's own metrics and traces go."""

    observe_url: str = _setting(
        _text(r"https?://[A-Za-z0-9.:\[\]-]+/?", "the root of a URL, as https://telemetry.googleapis.com"),
        "Where the function's own metrics and traces are sent by OTLP/HTTP: https://telemetry.googleapis.com, or a "
        "Collector as http://HOST:PORT; never `ingest`. Unset, nothing is measured.",
        "",
    )
    observe_project: str = _setting(
        _text(r"[a-z0-9:.-]+", "a project's id"),
        "The Google Cloud project that they belong to; with it they are sent as the function's service account.",
        "",
    )
    observe_region: str = _setting(_text(r"[a-z0-9-]+", "a region"), "The region that they are of.", "")
    observe_interval_seconds: float = _setting(
        _seconds(0.1, 3600), "How long metrics are summed up before they are sent.", 60.0
    )
    observe_traces: bool = _setting(
        _switch, "Whether traces are sent too, of the requests that Cloud Run marks as sampled.", True
    )

    def fault(self) -> str:
        """They don't go to a function of ours, nor to Google without a project."""
        variable, host = self.variable("observe_url"), urlsplit(self.observe_url).hostname or ""
        if host.endswith((".run.app", ".cloudfunctions.net")):
            return f"{variable}: {host} is a function's address, and what a function measures must not come back to it."
        if host.endswith(".googleapis.com") and not self.observe_project:
            return f"{self.variable('observe_project')}: missing. {host} needs a project."
        return ""


FUNCTIONS: Mapping[str, type[Settings]] = {
    "ingest": IngestSettings,
    "store": StoreSettings,
    "mirror": MirrorSettings,
    "maintain": MaintainSettings,
    "dashboard": DashboardSettings,
    "public": PublicSettings,
}
"""Each function's settings, by its entry point."""
