"""Tables for the events, for spans that were rejected and for messages that were parked.

The primary key of an event table begins with "timestamp" since a key of a partitioned table must hold the column it is
partitioned by; it serves every query that is bounded in time. There is one more index, BRIN on received_at, for "which
days received something".

No other, by EXPLAIN ANALYZE of tests/fixtures/wire/sample_queries.sql at 600,000 rows per table: indexes on
feature_name and on endpoint are not used, since the queries aggregate all events of their days. A covering index on
event_type makes the two that count logins 2.7 times faster (108 to 40 ms, 280 to 100 ms) and not of another order, and
would be paid for with every insert.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_EVENT_TABLES = ("analytics_user_activity", "analytics_endpoint_usage", "analytics_feature_usage")

_USER_ACTIVITY = """
create table analytics_user_activity (
    id uuid not null,
    user_id text,
    organization_id text,
    event_type text not null,
    "timestamp" timestamptz not null,
    session_id text,
    deployment_type text not null,
    metadata jsonb not null default '{}',
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint not null,
    received_at timestamptz not null,
    constraint analytics_user_activity_pkey primary key ("timestamp", id)
) partition by range ("timestamp");

comment on table analytics_user_activity is 'A person did something that shows they are active.';
comment on column analytics_user_activity.event_type is 'What the person did: login, logout, session_start.';
comment on column analytics_user_activity.session_id is 'Pseudonym of the session.';
"""

_ENDPOINT_USAGE = """
create table analytics_endpoint_usage (
    id uuid not null,
    endpoint text not null,
    method text not null,
    user_id text,
    organization_id text,
    status_code integer,
    duration_ms double precision,
    "timestamp" timestamptz not null,
    deployment_type text not null,
    metadata jsonb not null default '{}',
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint not null,
    received_at timestamptz not null,
    constraint analytics_endpoint_usage_pkey primary key ("timestamp", id)
) partition by range ("timestamp");

comment on table analytics_endpoint_usage is 'A request to the API was answered.';
comment on column analytics_endpoint_usage.endpoint is 'Template of the route, such as /test_runs/{id}.';
comment on column analytics_endpoint_usage.method is 'Method of the request, _OTHER if it is not a standard one.';
comment on column analytics_endpoint_usage.status_code is 'Status of the response; null if it was not reported.';
comment on column analytics_endpoint_usage.duration_ms is 'How long the request took, in milliseconds.';
"""

_FEATURE_USAGE = """
create table analytics_feature_usage (
    id uuid not null,
    feature_name text not null,
    user_id text,
    organization_id text,
    action text,
    "timestamp" timestamptz not null,
    deployment_type text not null,
    metadata jsonb not null default '{}',
    page_path text,
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint not null,
    received_at timestamptz not null,
    constraint analytics_feature_usage_pkey primary key ("timestamp", id)
) partition by range ("timestamp");

comment on table analytics_feature_usage is 'A feature of the product was used.';
comment on column analytics_feature_usage.feature_name is 'Name of the feature; page_view for a page.';
comment on column analytics_feature_usage.action is 'What was done with the feature: created, viewed.';
comment on column analytics_feature_usage.page_path is 'Template of the path of the page that was viewed.';
"""

_ALIKE = """
create index {table}_received_at on {table} using brin (received_at) with (autosummarize = on);

create table {table}_default partition of {table} default;

comment on index {table}_received_at is 'Days that received something; rows arrive in its order, so it stays tiny.';
comment on table {table}_default is 'Events of months that have no partition of their own.';
comment on column {table}.id is 'First 16 bytes of SHA-256 of the span''s trace id and span id.';
comment on column {table}.user_id is 'Pseudonym of the person; null if anonymous.';
comment on column {table}.organization_id is 'Pseudonym of the person''s organization.';
comment on column {table}."timestamp" is 'When it happened: the span''s start.';
comment on column {table}.deployment_type is 'cloud, self_hosted or unknown.';
comment on column {table}.metadata is 'The app''s own additions, scalars by key.';
comment on column {table}.service_name is 'The app, or the part of it, that sent the event.';
comment on column {table}.service_version is 'Version of the app.';
comment on column {table}.installation_id is 'Pseudonym of the installation; null from old clients.';
comment on column {table}.key_epoch is 'Number of the key that the pseudonyms were made with.';
comment on column {table}.received_at is 'When the event reached ingest.';
"""

# Three months back, for what clients kept while they were offline, and three ahead, until `maintain` makes more.
_PARTITIONS = """
do $$
declare
    month date;
begin
    for month in
        select generate_series(
            date_trunc('month', now() at time zone 'UTC') - interval '3 months',
            date_trunc('month', now() at time zone 'UTC') + interval '3 months',
            interval '1 month'
        )
    loop
        execute
            'create table {table}_' || to_char(month, 'YYYY_MM') ||
            ' partition of {table} for values from (' || quote_literal(month || ' 00:00:00+00') ||
            ') to (' || quote_literal((month + interval '1 month')::date || ' 00:00:00+00') || ')';
    end loop;
end
$$;
"""

_REJECTED_SPANS = """
create table analytics_rejected_spans (
    id uuid not null,
    received_at timestamptz not null,
    service_name text,
    event text,
    reason text not null,
    attribute text,
    constraint analytics_rejected_spans_pkey primary key (id)
);

create index analytics_rejected_spans_received_at on analytics_rejected_spans using brin (received_at);

comment on table analytics_rejected_spans is 'Spans that broke the contract; never the value that did.';
comment on column analytics_rejected_spans.id is 'The id the event would have; for a broken span, a hash of its bytes.';
comment on column analytics_rejected_spans.event is 'Name of the event, if the contract has it.';
comment on column analytics_rejected_spans.reason is 'What is wrong, one of a fixed set of words.';
comment on column analytics_rejected_spans.attribute is 'The contract''s name of the attribute that broke it.';
"""

_PARKED_MESSAGES = """
create table analytics_parked_messages (
    sha256 bytea not null,
    received_at timestamptz not null,
    message_id text,
    reason text not null,
    contract_version integer,
    size_bytes integer not null,
    payload bytea,
    constraint analytics_parked_messages_pkey primary key (sha256)
);

comment on table analytics_parked_messages is 'Messages that can never be stored, and were acknowledged.';
comment on column analytics_parked_messages.sha256 is 'SHA-256 of the data: one row however often it comes.';
comment on column analytics_parked_messages.message_id is 'Pub/Sub''s id of the message; null if it was not told.';
comment on column analytics_parked_messages.contract_version is 'What the message says of itself; null if nothing.';
comment on column analytics_parked_messages.payload is 'The data, kept only where ingest had scrubbed it.';
"""


def upgrade() -> None:
    for create in (_USER_ACTIVITY, _ENDPOINT_USAGE, _FEATURE_USAGE):
        op.execute(create)
    for table in _EVENT_TABLES:
        op.execute(_ALIKE.replace("{table}", table))
        op.execute(_PARTITIONS.replace("{table}", table))
    op.execute(_REJECTED_SPANS)
    op.execute(_PARKED_MESSAGES)


def downgrade() -> None:
    for table in (*_EVENT_TABLES, "analytics_rejected_spans", "analytics_parked_messages"):
        op.execute(f"drop table {table}")
