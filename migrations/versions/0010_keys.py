"""Two keys that overlap: who a pseudonym was under the key before, until that is forgotten for good.

Rows keep the pseudonym that they arrived with. While a key and the one before it overlap, `store` notes once for each
person and installation which pseudonym is which, and what counts people looks it up. In the end the links are deleted,
and a row that holds no ids says that and when.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_LINKS = """
create table analytics_pseudonym_links (
    domain text not null,
    pseudonym text not null,
    previous text not null,
    key_epoch smallint not null,
    first_seen timestamptz not null,
    constraint analytics_pseudonym_links_pkey primary key (domain, pseudonym)
);

comment on table analytics_pseudonym_links is 'Whose pseudonym was which under the key before; while both are kept.';
comment on column analytics_pseudonym_links.domain is 'What it stands for, user or installation.';
comment on column analytics_pseudonym_links.previous is 'The pseudonym under the key before; people are counted by it.';
comment on column analytics_pseudonym_links.key_epoch is 'Number of the key of the later pseudonym.';
comment on column analytics_pseudonym_links.first_seen is 'When the first event under it was received.';

create table analytics_key_overlaps (
    key_epoch smallint not null,
    began_at timestamptz not null,
    ended_at timestamptz not null,
    unlinked_at timestamptz,
    constraint analytics_key_overlaps_pkey primary key (key_epoch)
);

comment on table analytics_key_overlaps is 'Overlaps of a key and the one before it that are over.';
comment on column analytics_key_overlaps.key_epoch is 'Number of the later key.';
comment on column analytics_key_overlaps.began_at is 'When the first event under the later key was received.';
comment on column analytics_key_overlaps.ended_at is 'When it ended; no link is stored any more.';
comment on column analytics_key_overlaps.unlinked_at is 'When its links were deleted; null until then.';

alter table analytics_rollup_state add column links_in_bigquery bigint not null default 0;

comment on column analytics_rollup_state.links_in_bigquery is 'Which links BigQuery has, as a fingerprint; 0 for none.';

alter table analytics_upkeep add column linkage_horizon_months integer;

comment on column analytics_upkeep.linkage_horizon_months is 'Months after which links are deleted; 0 for never.';

grant select, insert on analytics_pseudonym_links to telemetry_writer;
grant select on analytics_key_overlaps to telemetry_writer;
"""


def upgrade() -> None:
    op.execute(_LINKS)


def downgrade() -> None:
    op.execute("alter table analytics_upkeep drop column linkage_horizon_months")
    op.execute("alter table analytics_rollup_state drop column links_in_bigquery")
    op.execute("drop table analytics_key_overlaps")
    op.execute("drop table analytics_pseudonym_links")
