"""Erasure by operators, and receipts.

A request may be about a person, an organization or an installation. Whoever asks may choose a random token, of which a
hash is kept: with the token they see what became of their request (analytics_erasure_receipt).
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_REQUESTS = """
alter table analytics_erasure_requests
add column receipt text,
add column kind text not null default 'user',
add column organization_id text,
add column subject text generated always as (
    case kind
        when 'user' then user_id
        when 'organization' then organization_id
        else installation_id
    end
) stored,
add column removed_at timestamptz,
add column removed_in_bigquery_at timestamptz,
add column erased_events_in_bigquery bigint not null default 0,
add constraint analytics_erasure_requests_kind check (kind in ('user', 'organization', 'installation'));

drop index analytics_erasure_requests_obeyed;

create index analytics_erasure_requests_obeyed
on analytics_erasure_requests (subject)
where subject is not null;

create index analytics_erasure_requests_receipt
on analytics_erasure_requests (receipt)
where receipt is not null;

comment on column analytics_erasure_requests.receipt is 'Hash of the token that the receipt is fetched with.';
comment on column analytics_erasure_requests.kind is 'What is to be forgotten.';
comment on column analytics_erasure_requests.organization_id is 'Whose events, of a request about an organization.';
comment on column analytics_erasure_requests.installation_id is
'Which one sent the request; of a request about an installation, whose events.';
comment on column analytics_erasure_requests.subject is
'Whose events; null once none of them can arrive any more.';
comment on column analytics_erasure_requests.removed_at is
'When events were last removed, or first looked for in vain.';
comment on column analytics_erasure_requests.removed_in_bigquery_at is 'The same in BigQuery.';
comment on column analytics_erasure_requests.erased_events_in_bigquery is 'How many were erased there.';

alter table analytics_upkeep
add column backup_days integer,
add column bigquery_time_travel_hours integer;

comment on column analytics_upkeep.backup_days is 'Days that backups are kept; null before the first run.';
comment on column analytics_upkeep.bigquery_time_travel_hours is
'Hours that BigQuery can go back; null where there is none.';
"""


def upgrade() -> None:
    op.execute(_REQUESTS)


def downgrade() -> None:
    op.execute("delete from analytics_erasure_requests where kind <> 'user'")
    op.execute("""
        alter table analytics_upkeep
        drop column backup_days,
        drop column bigquery_time_travel_hours
    """)
    op.execute("""
        alter table analytics_erasure_requests
        drop column subject,
        drop column receipt,
        drop column kind,
        drop column organization_id,
        drop column removed_at,
        drop column removed_in_bigquery_at,
        drop column erased_events_in_bigquery
    """)
    op.execute("comment on column analytics_erasure_requests.installation_id is null")
    op.execute("""
        create index analytics_erasure_requests_obeyed
        on analytics_erasure_requests (user_id)
        where user_id is not null
    """)
