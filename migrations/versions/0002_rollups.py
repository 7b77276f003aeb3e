"""Rollups: what the views answer from, so that their cost does not grow with the events.

Two kinds of tables. Those of counts and histograms hold no ids and stay for ever. Those that say who was active when
(person_days, people, installation_days, installations) forget whoever has no event left; they exist because a distinct
count can't be brought up to date without knowing who is in it already.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PROGRESS = """
create table analytics_rollup_state (
    id boolean not null default true,
    received_before timestamptz not null default '-infinity',
    first_day date not null default '-infinity',
    recounted_at timestamptz not null default '-infinity',
    definitions text not null default '',
    constraint analytics_rollup_state_pkey primary key (id),
    constraint analytics_rollup_state_one_row check (id)
);

insert into analytics_rollup_state default values;

comment on table analytics_rollup_state is 'How far the rollups are; one row.';
comment on column analytics_rollup_state.received_before is 'What was received before this is rolled up.';
comment on column analytics_rollup_state.first_day is 'First day with raw events; earlier rollups are final.';
comment on column analytics_rollup_state.recounted_at is 'When all days were last compared with their raw events.';
comment on column analytics_rollup_state.definitions is 'SHA-256 of the views and functions that are installed.';

create table analytics_rolled_days (
    day date not null,
    events bigint not null,
    fingerprint bigint not null,
    refreshed_at timestamptz not null default now(),
    constraint analytics_rolled_days_pkey primary key (day)
);

comment on table analytics_rolled_days is 'The days that are rolled up, in UTC.';
comment on column analytics_rolled_days.events is 'How many raw events were rolled up.';
comment on column analytics_rolled_days.fingerprint is 'Which; a day that has others by now is counted anew.';
"""

_WHO = """
create table analytics_person_days (
    day date not null,
    deployment_type text not null,
    user_id text not null,
    has_login boolean not null,
    constraint analytics_person_days_pkey primary key (day, deployment_type, user_id)
);

create index analytics_person_days_user_id
on analytics_person_days (user_id, deployment_type, day) include (has_login);

create table analytics_people (
    user_id text not null,
    deployment_type text not null,
    first_day date not null,
    last_day date not null,
    constraint analytics_people_pkey primary key (user_id, deployment_type)
);

create table analytics_installation_days (
    day date not null,
    installation_id text not null,
    constraint analytics_installation_days_pkey primary key (day, installation_id)
);

create index analytics_installation_days_installation_id
on analytics_installation_days (installation_id, day);

create table analytics_installations (
    installation_id text not null,
    first_day date not null,
    last_day date not null,
    constraint analytics_installations_pkey primary key (installation_id)
);

comment on table analytics_person_days is 'Who was active on which day; for as long as the day''s raw events are kept.';
comment on column analytics_person_days.deployment_type is 'Where; all for anywhere.';
comment on table analytics_people is 'First and last day of everybody who has raw events.';
comment on table analytics_installation_days is 'Which installation was active on which day; kept as person_days are.';
comment on table analytics_installations is 'First and last day of every installation that has raw events.';
"""

_PEOPLE = """
create type analytics_person_change as (
    weight integer,
    user_id text,
    deployment_type text,
    day date,
    has_login boolean,
    first_day date
);

comment on type analytics_person_change is 'A day of a person to count no more (weight -1) or anew (1).';

create table analytics_daily_people (
    day date not null,
    deployment_type text not null,
    active bigint not null,
    logins bigint not null,
    weekly_change bigint not null,
    monthly_change bigint not null,
    constraint analytics_daily_people_pkey primary key (day, deployment_type)
);

create table analytics_weekly_people (
    week date not null,
    deployment_type text not null,
    new_users bigint not null,
    returning_users bigint not null,
    resurrected_users bigint not null,
    dormant_users bigint not null,
    constraint analytics_weekly_people_pkey primary key (week, deployment_type)
);

create table analytics_cohorts (
    period text not null,
    cohort date not null,
    age integer not null,
    deployment_type text not null,
    people bigint not null,
    constraint analytics_cohorts_pkey primary key (period, cohort, age, deployment_type)
);

create table analytics_returns (
    cohort_day date not null,
    n integer not null,
    deployment_type text not null,
    people bigint not null,
    constraint analytics_returns_pkey primary key (cohort_day, n, deployment_type)
);

create table analytics_daily_installations (
    day date not null,
    active bigint not null,
    new bigint not null,
    gone bigint not null,
    constraint analytics_daily_installations_pkey primary key (day)
);

comment on table analytics_daily_people is 'People by day; their sums up to a day are that day''s.';
comment on column analytics_daily_people.weekly_change is 'How many more the last 7 days have than the day before''s.';
comment on column analytics_daily_people.monthly_change is 'The same for 30 days.';
comment on table analytics_weekly_people is 'People who came, stayed, came back or left, by week.';
comment on table analytics_cohorts is 'People of a cohort who were active in the period age later.';
comment on table analytics_returns is 'People who were active on the n-th day after their first; n = 0 is all of them.';
comment on table analytics_daily_installations is 'Installations by day.';
"""

_DAYS = """
create table analytics_daily_events (
    day date not null,
    deployment_type text not null,
    events bigint not null,
    constraint analytics_daily_events_pkey primary key (day, deployment_type)
);

create table analytics_daily_features (
    day date not null,
    feature_name text not null,
    action text,
    deployment_type text not null,
    users bigint not null,
    uses bigint not null,
    constraint analytics_daily_features_key unique nulls not distinct (day, feature_name, action, deployment_type)
);

create table analytics_daily_endpoints (
    day date not null,
    method text not null,
    endpoint text not null,
    deployment_type text not null,
    requests bigint not null,
    errors bigint not null,
    timed bigint not null,
    microseconds bigint not null,
    satisfied bigint not null,
    tolerating bigint not null,
    p50_bin smallint,
    p95_bin smallint,
    p99_bin smallint,
    bins smallint[] not null,
    counts bigint[] not null,
    constraint analytics_daily_endpoints_pkey primary key (day, method, endpoint, deployment_type)
);

create table analytics_daily_sessions (
    day date not null,
    deployment_type text not null,
    sessions bigint not null,
    median_seconds numeric not null,
    p90_seconds numeric not null,
    sessions_of_people bigint not null,
    people bigint not null,
    constraint analytics_daily_sessions_pkey primary key (day, deployment_type)
);

create table analytics_daily_versions (
    day date not null,
    service_name text,
    service_version text,
    deployment_type text not null,
    installations bigint not null,
    users bigint not null,
    constraint analytics_daily_versions_key
    unique nulls not distinct (day, service_name, service_version, deployment_type)
);

comment on table analytics_daily_events is 'Events by day.';
comment on table analytics_daily_features is 'Use of features by day.';
comment on table analytics_daily_endpoints is 'Requests by day and endpoint, with a histogram of how long they took.';
comment on column analytics_daily_endpoints.timed is 'Requests whose duration is known.';
comment on column analytics_daily_endpoints.microseconds is 'How long these took together.';
comment on column analytics_daily_endpoints.bins is 'Bins of the histogram that hold any; see analytics_bin.';
comment on column analytics_daily_endpoints.counts is 'How many requests are in each of these bins.';
comment on table analytics_daily_sessions is 'Sessions by the day they began.';
comment on column analytics_daily_sessions.people is 'Known people who had a session.';
comment on column analytics_daily_sessions.sessions_of_people is 'Sessions of known people.';
comment on table analytics_daily_versions is 'Where which version was in use, by day.';
"""

_TABLES = (
    "rollup_state",
    "rolled_days",
    "person_days",
    "people",
    "installation_days",
    "installations",
    "daily_people",
    "weekly_people",
    "cohorts",
    "returns",
    "daily_installations",
    "daily_events",
    "daily_features",
    "daily_endpoints",
    "daily_sessions",
    "daily_versions",
)


def upgrade() -> None:
    for create in (_PROGRESS, _WHO, _PEOPLE, _DAYS):
        op.execute(create)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.execute(f"drop table analytics_{table}")
    op.execute("drop type analytics_person_change")
