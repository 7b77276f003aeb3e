"""Requests for erasure: what a person asks for, recorded by `store` and obeyed by `maintain`.

A request is obeyed for as long as an older event of that person may still arrive; then its `user_id` goes, and what
stays says that somebody was forgotten, and not who.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REQUESTS = """
create table analytics_erasure_requests (
    id uuid not null,
    user_id text,
    "timestamp" timestamptz not null,
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint not null,
    received_at timestamptz not null,
    erased_at timestamptz,
    erased_in_bigquery_at timestamptz,
    erased_events bigint not null default 0,
    constraint analytics_erasure_requests_pkey primary key ("timestamp", id)
);

create index analytics_erasure_requests_obeyed
on analytics_erasure_requests (user_id)
where user_id is not null;

comment on table analytics_erasure_requests is 'People who asked for their events to be erased.';
comment on column analytics_erasure_requests.user_id is 'Whose events; null once none of them can arrive any more.';
comment on column analytics_erasure_requests."timestamp" is 'Events from before this are erased.';
comment on column analytics_erasure_requests.erased_at is 'When the events were last looked for and erased.';
comment on column analytics_erasure_requests.erased_in_bigquery_at is 'The same in BigQuery; null where there is none.';
comment on column analytics_erasure_requests.erased_events is 'How many were erased, in Postgres.';

grant select, insert on analytics_erasure_requests to telemetry_writer;
"""


def upgrade() -> None:
    op.execute(_REQUESTS)


def downgrade() -> None:
    op.execute("drop table analytics_erasure_requests")
