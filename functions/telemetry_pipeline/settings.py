"""The settings: one frozen dataclass per function, read once from the environment (configuration.py).

A field declares its variable, how it is read and what it means. docs/settings.md is generated from these classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from telemetry_pipeline import contract
from telemetry_pipeline.configuration import (
    Settings,
    comma_separated,
    iso_day,
    matching,
    parse_api_keys,
    pseudonym_set,
    seconds,
    secret_key,
    setting,
    switch,
    whole,
)


def _stored_days() -> Any:  # noqa: ANN401 - as `setting`; `store` and `mirror` must agree
    return setting(
        whole(1, 3650, "days"),
        "Oldest event that is stored, counted from its arrival; an older one is recorded as rejected.",
        contract.RETENTION_MONTHS * 30 + 7,
    )


def _pseudonym_key() -> Any:  # noqa: ANN401 - as `setting`; `ingest` and the operator's command must agree
    return setting(
        secret_key,
        "The secret key that pseudonyms are made with: 32 random bytes or more, in hexadecimal or base64.",
        secret=True,
    )


def _pseudonym_key_epoch() -> Any:  # noqa: ANN401 - as `setting`
    return setting(whole(1, 32_767, "epochs"), "The key's number; one higher with each rotation.", 1)


def _previous_pseudonym_key() -> Any:  # noqa: ANN401 - as `setting`
    return setting(
        secret_key,
        "The key before, while who was there under it is to be known again; its number is one lower. Unset: forgotten.",
        b"",
        secret=True,
    )


def _k_anonymity() -> Any:  # noqa: ANN401 - as `setting`; `maintain` and `dashboard` must agree
    return setting(
        whole(1, 1000, "people"),
        "The smallest group of people that is shown; smaller ones are hidden, and what betrays them. 1 hides none.",
        5,
    )


def _dataset(*default: str) -> Any:  # noqa: ANN401 - as `setting`
    return setting(
        matching(r"[a-z0-9:.-]+\.[A-Za-z0-9_]+", "a dataset as PROJECT.DATASET"),
        "The BigQuery dataset that events are mirrored to, as PROJECT.DATASET.",
        *default,
    )


def _bigquery_rest() -> Any:  # noqa: ANN401 - as `setting`
    return setting(
        matching(r"https?://\S+", "a URL as http://HOST:PORT"),
        "A BigQuery emulator, as http://HOST:PORT; unset, it is Google Cloud.",
        "",
    )


def _bigquery_grpc() -> Any:  # noqa: ANN401 - as `setting`
    return setting(
        matching(r"[^:/\s]+:[0-9]+", "an address as HOST:PORT"),
        "Where that emulator takes the Storage Write API, as HOST:PORT.",
        "",
    )


@dataclass(frozen=True, slots=True)
class IngestSettings(Settings):
    """Settings of the function `ingest`."""

    events_topic: str = setting(
        matching(r"projects/[^/]+/topics/[^/]+", "a topic as projects/PROJECT/topics/TOPIC"),
        "The Pub/Sub topic that events are published to, as projects/PROJECT/topics/TOPIC.",
    )
    pseudonym_key: bytes = _pseudonym_key()
    pseudonym_key_epoch: int = _pseudonym_key_epoch()
    previous_pseudonym_key: bytes = _previous_pseudonym_key()
    pseudonym_key_since: date | None = setting(
        iso_day,
        "First day, as YYYY-MM-DD in UTC, whose log records are named with the present key: after the rotation's own.",
        None,
    )
    publish_timeout_seconds: float = setting(
        seconds(0.1, 60), "How long to wait for Pub/Sub before answering 503; below the exporters' own timeout.", 4.0
    )
    max_body_bytes: int = setting(
        whole(1024, 32 << 20, "bytes"), "Largest request body as it is sent; a larger one is answered 413.", 8 << 20
    )
    max_decompressed_bytes: int = setting(
        whole(1024, 256 << 20, "bytes"), "Largest request body after decompression; a larger one: 413.", 16 << 20
    )
    max_spans: int = setting(
        whole(1, 1_000_000, "spans"),
        "Most spans, or log records, and most resources or scopes, in a request; more: 413.",
        100_000,
    )
    max_attributes: int = setting(
        whole(16, 10_000, "attributes"), "Most attributes of one span; one with more is rejected.", 128
    )
    max_value_depth: int = setting(
        whole(1, 90, "levels"), "Deepest nesting of an attribute's value; a span with a deeper one is rejected.", 8
    )
    max_text_characters: int = setting(
        whole(256, 1 << 20, "characters"),
        "Longest text of any attribute; a span with a longer one is rejected.",
        16_384,
    )
    max_templates: int = setting(
        whole(10, 100_000, "templates"),
        "Most different endpoint templates per service that one instance passes.",
        2000,
    )
    max_age_days: int = setting(
        whole(1, 3650, "days"),
        "Oldest event that is accepted; an older one is rejected.",
        contract.RETENTION_MONTHS * 30,
    )
    max_erasures_per_hour: int = setting(
        whole(1, 100_000, "requests"),
        "Requests for erasure that one instance takes in an hour from one installation, and ten times as many from "
        "all; more: 429.",
        120,
    )
    api_keys: tuple[tuple[str, bytes], ...] = setting(
        parse_api_keys,
        "API keys as NAME=SHA256, separated by commas: with any, only their bearers may claim to be hosted (`cloud`).",
        (),
        secret=True,
    )
    max_values: int = setting(
        whole(10, 100_000, "values"),
        "Most different event types, feature names, feature actions and metadata keys, each per service, that one "
        "instance passes; others become `_OTHER`.",
        1000,
    )
    quota_events_per_second: int = setting(
        whole(0, 1_000_000, "events"),
        "Events per second that one instance takes from one installation in the long run; more: 429. 0: no quota.",
        500,
    )
    quota_burst_events: int = setting(
        whole(1, 10_000_000, "events"), "Events that it takes from one installation at once.", 10_000
    )
    blocked_installations: frozenset[str] = setting(
        pseudonym_set,
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

    database_url: str = setting(
        matching(r"postgresql(\+pg8000)?://\S+", "a URL as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        "The analytics database, as postgresql://USER:PASSWORD@HOST:PORT/DATABASE; unset where an instance is named.",
        "",
        secret=True,
    )
    database_instance: str = setting(
        matching(r"[a-z0-9:.-]+:[a-z0-9-]+:[a-z0-9-]+", "an instance as PROJECT:REGION:INSTANCE"),
        "The Cloud SQL instance, as PROJECT:REGION:INSTANCE, reached by its private address.",
        "",
    )
    database_name: str = setting(matching(r"\S+", "a name"), "The database in that instance.", "telemetry")
    database_user: str = setting(
        matching(r"\S+", "a name"),
        "The user to log in as: a service account's address without .gserviceaccount.com, or one with a password.",
        "",
    )
    database_password: str = setting(
        matching(r"\S+", "a password"),
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

    database_pool_size: int = setting(whole(1, 100, "connections"), "Most database connections of one instance.", 2)
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

    retention_months: int = setting(
        whole(1, 120, "months"),
        "Months that events are kept; a month is dropped when all of it is older. What was counted of it stays.",
        contract.RETENTION_MONTHS,
    )
    rejected_retention_days: int = setting(
        whole(1, 3650, "days"), "Days that records of rejected spans and parked messages are kept.", 30
    )
    backup_days: int = setting(
        whole(0, 3650, "days"),
        "Days that backups of the database are kept; a receipt tells when what was erased is gone from them too.",
        7,
    )
    bigquery_time_travel_hours: int = setting(
        whole(48, 168, "hours"), "How far the BigQuery dataset's time travel goes back, for the same reason.", 168
    )
    database_writers: tuple[str, ...] = setting(
        comma_separated, "Users of the database that may write events, as `store` does; separated by commas.", ()
    )
    database_readers: tuple[str, ...] = setting(
        comma_separated, "Users of the database that may read the views, small groups hidden; separated by commas.", ()
    )
    database_dashboards: tuple[str, ...] = setting(
        comma_separated,
        "Users of the database that may read exact counts, as `dashboard` does; separated by commas.",
        (),
    )
    database_publics: tuple[str, ...] = setting(
        comma_separated,
        "Users of the database that may read what everybody may, as `public` does; separated by commas.",
        (),
    )
    linkage_horizon_months: int = setting(
        whole(0, 120, "months"),
        "Months after which pseudonyms from before a rotation of the key are unlinked, for ever; 0: not by itself.",
        0,
    )
    unlinked_key_epoch: int = setting(
        whole(0, 32_767, "epochs"),
        "The last key whose predecessor was destroyed: its pseudonyms are linked to the former ones no more. 0: none.",
        0,
    )
    k_anonymity: int = _k_anonymity()
    dead_letters_subscription: str = setting(
        matching(
            r"projects/[^/]+/subscriptions/[^/]+", "a subscription as projects/PROJECT/subscriptions/SUBSCRIPTION"
        ),
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

    database_pool_size: int = setting(whole(1, 100, "connections"), "Most database connections of one instance.", 4)
    k_anonymity: int = _k_anonymity()
    public_page: bool = setting(switch, "Whether /public shows how many people are active, and nothing more.", False)
    embed_origins: str = setting(
        matching(
            r"('self'|https?://[A-Za-z0-9.*-]+(:[0-9]+)?)( https?://[A-Za-z0-9.*-]+(:[0-9]+)?)*",
            "origins, as https://WIKI",
        ),
        "Who may show `?embed=1` views in a frame: origins with blanks between them, as https://wiki.example.com.",
        "'self'",
    )
    otlp_url: str = setting(
        matching(r"https?://[A-Za-z0-9.:/\[\]-]+", "a URL as https://HOST"),
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

    observe_url: str = setting(
        matching(r"https?://[A-Za-z0-9.:\[\]-]+/?", "the root of a URL, as https://telemetry.googleapis.com"),
        "Where the function's own metrics and traces are sent by OTLP/HTTP: https://telemetry.googleapis.com, or a "
        "Collector as http://HOST:PORT; never `ingest`. Unset, nothing is measured.",
        "",
    )
    observe_project: str = setting(
        matching(r"[a-z0-9:.-]+", "a project's id"),
        "The Google Cloud project that they belong to; with it they are sent as the function's service account.",
        "",
    )
    observe_region: str = setting(matching(r"[a-z0-9-]+", "a region"), "The region that they are of.", "")
    observe_interval_seconds: float = setting(
        seconds(0.1, 3600), "How long metrics are summed up before they are sent.", 60.0
    )
    observe_traces: bool = setting(
        switch, "Whether traces are sent too, of the requests that Cloud Run marks as sampled.", True
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
