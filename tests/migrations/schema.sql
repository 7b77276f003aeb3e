CREATE TABLE public.analytics_cohorts (
    period text NOT NULL,
    cohort date NOT NULL,
    age integer NOT NULL,
    deployment_type text NOT NULL,
    people bigint NOT NULL
);
COMMENT ON TABLE public.analytics_cohorts IS 'People of a cohort who were active in the period age later.';
CREATE TABLE public.analytics_daily_endpoints (
    day date NOT NULL,
    method text NOT NULL,
    endpoint text NOT NULL,
    deployment_type text NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    timed bigint NOT NULL,
    microseconds bigint NOT NULL,
    satisfied bigint NOT NULL,
    tolerating bigint NOT NULL,
    p50_bin smallint,
    p95_bin smallint,
    p99_bin smallint,
    bins smallint[] NOT NULL,
    counts bigint[] NOT NULL
);
COMMENT ON TABLE public.analytics_daily_endpoints IS 'Requests by day and endpoint, with a histogram of how long they took.';
COMMENT ON COLUMN public.analytics_daily_endpoints.timed IS 'Requests whose duration is known.';
COMMENT ON COLUMN public.analytics_daily_endpoints.microseconds IS 'How long these took together.';
COMMENT ON COLUMN public.analytics_daily_endpoints.bins IS 'Bins of the histogram that hold any; see analytics_bin.';
COMMENT ON COLUMN public.analytics_daily_endpoints.counts IS 'How many requests are in each of these bins.';
CREATE TABLE public.analytics_daily_events (
    day date NOT NULL,
    deployment_type text NOT NULL,
    events bigint NOT NULL,
    late bigint DEFAULT 0 NOT NULL
);
COMMENT ON TABLE public.analytics_daily_events IS 'Events by day.';
COMMENT ON COLUMN public.analytics_daily_events.late IS 'How many reached ingest more than five minutes after they happened.';
CREATE TABLE public.analytics_daily_features (
    day date NOT NULL,
    feature_name text NOT NULL,
    action text,
    deployment_type text NOT NULL,
    users bigint NOT NULL,
    uses bigint NOT NULL
);
COMMENT ON TABLE public.analytics_daily_features IS 'Use of features by day.';
CREATE TABLE public.analytics_daily_people (
    day date NOT NULL,
    deployment_type text NOT NULL,
    active bigint NOT NULL,
    logins bigint NOT NULL,
    weekly_change bigint NOT NULL,
    monthly_change bigint NOT NULL
);
COMMENT ON TABLE public.analytics_daily_people IS 'People by day; their sums up to a day are that day''s.';
COMMENT ON COLUMN public.analytics_daily_people.weekly_change IS 'How many more the last 7 days have than the day before''s.';
COMMENT ON COLUMN public.analytics_daily_people.monthly_change IS 'The same for 30 days.';
CREATE TABLE public.analytics_daily_sessions (
    day date NOT NULL,
    deployment_type text NOT NULL,
    sessions bigint NOT NULL,
    median_seconds numeric NOT NULL,
    p90_seconds numeric NOT NULL,
    sessions_of_people bigint NOT NULL,
    people bigint NOT NULL
);
COMMENT ON TABLE public.analytics_daily_sessions IS 'Sessions by the day they began.';
COMMENT ON COLUMN public.analytics_daily_sessions.sessions_of_people IS 'Sessions of known people.';
COMMENT ON COLUMN public.analytics_daily_sessions.people IS 'Known people who had a session.';
CREATE TABLE public.analytics_daily_versions (
    day date NOT NULL,
    service_name text,
    service_version text,
    deployment_type text NOT NULL,
    installations bigint NOT NULL,
    users bigint NOT NULL
);
COMMENT ON TABLE public.analytics_daily_versions IS 'Where which version was in use, by day.';
CREATE TABLE public.analytics_daily_installations (
    day date NOT NULL,
    active bigint NOT NULL,
    new bigint NOT NULL,
    gone bigint NOT NULL
);
COMMENT ON TABLE public.analytics_daily_installations IS 'Installations by day.';
CREATE TABLE public.analytics_person_days (
    day date NOT NULL,
    deployment_type text NOT NULL,
    user_id text NOT NULL,
    has_login boolean NOT NULL
);
COMMENT ON TABLE public.analytics_person_days IS 'Who was active on which day; for as long as the day''s raw events are kept.';
COMMENT ON COLUMN public.analytics_person_days.deployment_type IS 'Where; all for anywhere.';
CREATE TABLE public.analytics_returns (
    cohort_day date NOT NULL,
    n integer NOT NULL,
    deployment_type text NOT NULL,
    people bigint NOT NULL
);
COMMENT ON TABLE public.analytics_returns IS 'People who were active on the n-th day after their first; n = 0 is all of them.';
CREATE TABLE public.analytics_weekly_people (
    week date NOT NULL,
    deployment_type text NOT NULL,
    new_users bigint NOT NULL,
    returning_users bigint NOT NULL,
    resurrected_users bigint NOT NULL,
    dormant_users bigint NOT NULL
);
COMMENT ON TABLE public.analytics_weekly_people IS 'People who came, stayed, came back or left, by week.';
CREATE TABLE public.analytics_daily_latency (
    day date NOT NULL,
    deployment_type text NOT NULL,
    bins smallint[] NOT NULL,
    counts bigint[] NOT NULL
);
COMMENT ON TABLE public.analytics_daily_latency IS 'A histogram of how long requests took, by day: that of analytics_daily_endpoints, all endpoints together.';
CREATE TABLE public.analytics_endpoint_usage (
    id uuid NOT NULL,
    endpoint text NOT NULL,
    method text NOT NULL,
    user_id text,
    organization_id text,
    status_code integer,
    duration_ms double precision,
    "timestamp" timestamp with time zone NOT NULL,
    deployment_type text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint NOT NULL,
    received_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE public.analytics_endpoint_usage IS 'A request to the API was answered.';
COMMENT ON COLUMN public.analytics_endpoint_usage.id IS 'First 16 bytes of SHA-256 of the span''s trace id and span id.';
COMMENT ON COLUMN public.analytics_endpoint_usage.endpoint IS 'Template of the route, such as /test_runs/{id}.';
COMMENT ON COLUMN public.analytics_endpoint_usage.method IS 'Method of the request, _OTHER if it is not a standard one.';
COMMENT ON COLUMN public.analytics_endpoint_usage.user_id IS 'Pseudonym of the person; null if anonymous.';
COMMENT ON COLUMN public.analytics_endpoint_usage.organization_id IS 'Pseudonym of the person''s organization.';
COMMENT ON COLUMN public.analytics_endpoint_usage.status_code IS 'Status of the response; null if it was not reported.';
COMMENT ON COLUMN public.analytics_endpoint_usage.duration_ms IS 'How long the request took, in milliseconds.';
COMMENT ON COLUMN public.analytics_endpoint_usage."timestamp" IS 'When it happened: the span''s start.';
COMMENT ON COLUMN public.analytics_endpoint_usage.deployment_type IS 'cloud, self_hosted or unknown.';
COMMENT ON COLUMN public.analytics_endpoint_usage.metadata IS 'The app''s own additions, scalars by key.';
COMMENT ON COLUMN public.analytics_endpoint_usage.service_name IS 'The app, or the part of it, that sent the event.';
COMMENT ON COLUMN public.analytics_endpoint_usage.service_version IS 'Version of the app.';
COMMENT ON COLUMN public.analytics_endpoint_usage.installation_id IS 'Pseudonym of the installation; null from old clients.';
COMMENT ON COLUMN public.analytics_endpoint_usage.key_epoch IS 'Number of the key that the pseudonyms were made with.';
COMMENT ON COLUMN public.analytics_endpoint_usage.received_at IS 'When the event reached ingest.';
CREATE TABLE public.analytics_erasure_requests (
    id uuid NOT NULL,
    user_id text,
    "timestamp" timestamp with time zone NOT NULL,
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    erased_at timestamp with time zone,
    erased_in_bigquery_at timestamp with time zone,
    erased_events bigint DEFAULT 0 NOT NULL,
    receipt text,
    kind text DEFAULT 'user'::text NOT NULL,
    organization_id text,
    subject text GENERATED ALWAYS AS (
CASE kind
    WHEN 'user'::text THEN user_id
    WHEN 'organization'::text THEN organization_id
    ELSE installation_id
END) STORED,
    removed_at timestamp with time zone,
    removed_in_bigquery_at timestamp with time zone,
    erased_events_in_bigquery bigint DEFAULT 0 NOT NULL,
    CONSTRAINT analytics_erasure_requests_kind CHECK ((kind = ANY (ARRAY['user'::text, 'organization'::text, 'installation'::text])))
);
COMMENT ON TABLE public.analytics_erasure_requests IS 'People who asked for their events to be erased.';
COMMENT ON COLUMN public.analytics_erasure_requests.user_id IS 'Whose events; null once none of them can arrive any more.';
COMMENT ON COLUMN public.analytics_erasure_requests."timestamp" IS 'Events from before this are erased.';
COMMENT ON COLUMN public.analytics_erasure_requests.installation_id IS 'Which one sent the request; of a request about an installation, whose events.';
COMMENT ON COLUMN public.analytics_erasure_requests.erased_at IS 'When the events were last looked for and erased.';
COMMENT ON COLUMN public.analytics_erasure_requests.erased_in_bigquery_at IS 'The same in BigQuery; null where there is none.';
COMMENT ON COLUMN public.analytics_erasure_requests.erased_events IS 'How many were erased, in Postgres.';
COMMENT ON COLUMN public.analytics_erasure_requests.receipt IS 'Hash of the token that the receipt is fetched with.';
COMMENT ON COLUMN public.analytics_erasure_requests.kind IS 'What is to be forgotten.';
COMMENT ON COLUMN public.analytics_erasure_requests.organization_id IS 'Whose events, of a request about an organization.';
COMMENT ON COLUMN public.analytics_erasure_requests.subject IS 'Whose events; null once none of them can arrive any more.';
COMMENT ON COLUMN public.analytics_erasure_requests.removed_at IS 'When events were last removed, or first looked for in vain.';
COMMENT ON COLUMN public.analytics_erasure_requests.removed_in_bigquery_at IS 'The same in BigQuery.';
COMMENT ON COLUMN public.analytics_erasure_requests.erased_events_in_bigquery IS 'How many were erased there.';
CREATE TABLE public.analytics_feature_usage (
    id uuid NOT NULL,
    feature_name text NOT NULL,
    user_id text,
    organization_id text,
    action text,
    "timestamp" timestamp with time zone NOT NULL,
    deployment_type text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    page_path text,
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint NOT NULL,
    received_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE public.analytics_feature_usage IS 'A feature of the product was used.';
COMMENT ON COLUMN public.analytics_feature_usage.id IS 'First 16 bytes of SHA-256 of the span''s trace id and span id.';
COMMENT ON COLUMN public.analytics_feature_usage.feature_name IS 'Name of the feature; page_view for a page.';
COMMENT ON COLUMN public.analytics_feature_usage.user_id IS 'Pseudonym of the person; null if anonymous.';
COMMENT ON COLUMN public.analytics_feature_usage.organization_id IS 'Pseudonym of the person''s organization.';
COMMENT ON COLUMN public.analytics_feature_usage.action IS 'What was done with the feature: created, viewed.';
COMMENT ON COLUMN public.analytics_feature_usage."timestamp" IS 'When it happened: the span''s start.';
COMMENT ON COLUMN public.analytics_feature_usage.deployment_type IS 'cloud, self_hosted or unknown.';
COMMENT ON COLUMN public.analytics_feature_usage.metadata IS 'The app''s own additions, scalars by key.';
COMMENT ON COLUMN public.analytics_feature_usage.page_path IS 'Template of the path of the page that was viewed.';
COMMENT ON COLUMN public.analytics_feature_usage.service_name IS 'The app, or the part of it, that sent the event.';
COMMENT ON COLUMN public.analytics_feature_usage.service_version IS 'Version of the app.';
COMMENT ON COLUMN public.analytics_feature_usage.installation_id IS 'Pseudonym of the installation; null from old clients.';
COMMENT ON COLUMN public.analytics_feature_usage.key_epoch IS 'Number of the key that the pseudonyms were made with.';
COMMENT ON COLUMN public.analytics_feature_usage.received_at IS 'When the event reached ingest.';
CREATE TABLE public.analytics_installation_days (
    day date NOT NULL,
    installation_id text NOT NULL
);
COMMENT ON TABLE public.analytics_installation_days IS 'Which installation was active on which day; kept as person_days are.';
CREATE TABLE public.analytics_installations (
    installation_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL
);
COMMENT ON TABLE public.analytics_installations IS 'First and last day of every installation that has raw events.';
CREATE TABLE public.analytics_key_overlaps (
    key_epoch smallint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    unlinked_at timestamp with time zone
);
COMMENT ON TABLE public.analytics_key_overlaps IS 'Overlaps of a key and the one before it that are over.';
COMMENT ON COLUMN public.analytics_key_overlaps.key_epoch IS 'Number of the later key.';
COMMENT ON COLUMN public.analytics_key_overlaps.began_at IS 'When the first event under the later key was received.';
COMMENT ON COLUMN public.analytics_key_overlaps.ended_at IS 'When it ended; no link is stored any more.';
COMMENT ON COLUMN public.analytics_key_overlaps.unlinked_at IS 'When its links were deleted; null until then.';
CREATE TABLE public.analytics_parked_messages (
    sha256 bytea NOT NULL,
    received_at timestamp with time zone NOT NULL,
    message_id text,
    reason text NOT NULL,
    contract_version integer,
    size_bytes integer NOT NULL,
    payload bytea
);
COMMENT ON TABLE public.analytics_parked_messages IS 'Messages that can never be stored, and were acknowledged.';
COMMENT ON COLUMN public.analytics_parked_messages.sha256 IS 'SHA-256 of the data: one row however often it comes.';
COMMENT ON COLUMN public.analytics_parked_messages.message_id IS 'Pub/Sub''s id of the message; null if it was not told.';
COMMENT ON COLUMN public.analytics_parked_messages.contract_version IS 'What the message says of itself; null if nothing.';
COMMENT ON COLUMN public.analytics_parked_messages.payload IS 'The data, kept only where ingest had scrubbed it.';
CREATE TABLE public.analytics_people (
    user_id text NOT NULL,
    deployment_type text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL
);
COMMENT ON TABLE public.analytics_people IS 'First and last day of everybody who has raw events.';
CREATE TABLE public.analytics_pseudonym_links (
    domain text NOT NULL,
    pseudonym text NOT NULL,
    previous text NOT NULL,
    key_epoch smallint NOT NULL,
    first_seen timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.analytics_pseudonym_links IS 'Whose pseudonym was which under the key before; while both are kept.';
COMMENT ON COLUMN public.analytics_pseudonym_links.domain IS 'What it stands for, user or installation.';
COMMENT ON COLUMN public.analytics_pseudonym_links.previous IS 'The pseudonym under the key before; people are counted by it.';
COMMENT ON COLUMN public.analytics_pseudonym_links.key_epoch IS 'Number of the key of the later pseudonym.';
COMMENT ON COLUMN public.analytics_pseudonym_links.first_seen IS 'When the first event under it was received.';
CREATE TABLE public.analytics_rejected_spans (
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    service_name text,
    event text,
    reason text NOT NULL,
    attribute text
);
COMMENT ON TABLE public.analytics_rejected_spans IS 'Spans that broke the contract; never the value that did.';
COMMENT ON COLUMN public.analytics_rejected_spans.id IS 'The id the event would have; for a broken span, a hash of its bytes.';
COMMENT ON COLUMN public.analytics_rejected_spans.event IS 'Name of the event, if the contract has it.';
COMMENT ON COLUMN public.analytics_rejected_spans.reason IS 'What is wrong, one of a fixed set of words.';
COMMENT ON COLUMN public.analytics_rejected_spans.attribute IS 'The contract''s name of the attribute that broke it.';
CREATE TABLE public.analytics_rolled_days (
    day date NOT NULL,
    events bigint NOT NULL,
    fingerprint bigint NOT NULL,
    refreshed_at timestamp with time zone DEFAULT now() NOT NULL,
    compared_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.analytics_rolled_days IS 'The days that are rolled up, in UTC.';
COMMENT ON COLUMN public.analytics_rolled_days.events IS 'How many raw events were rolled up.';
COMMENT ON COLUMN public.analytics_rolled_days.fingerprint IS 'Which; a day that has others by now is counted anew.';
COMMENT ON COLUMN public.analytics_rolled_days.compared_at IS 'When the raw events were last seen to be those that were rolled up.';
CREATE TABLE public.analytics_rollup_state (
    id boolean DEFAULT true NOT NULL,
    received_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    first_day date DEFAULT '-infinity'::date NOT NULL,
    recounted_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    definitions text DEFAULT ''::text NOT NULL,
    late_since timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    history_written_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    links_in_bigquery bigint DEFAULT 0 NOT NULL,
    round_began_at timestamp with time zone,
    round_received_before timestamp with time zone,
    CONSTRAINT analytics_rollup_state_one_row CHECK (id)
);
COMMENT ON TABLE public.analytics_rollup_state IS 'How far the rollups are; one row.';
COMMENT ON COLUMN public.analytics_rollup_state.received_before IS 'What was received before this is rolled up.';
COMMENT ON COLUMN public.analytics_rollup_state.first_day IS 'First day with raw events; earlier rollups are final.';
COMMENT ON COLUMN public.analytics_rollup_state.recounted_at IS 'All days were compared with their raw events since then.';
COMMENT ON COLUMN public.analytics_rollup_state.definitions IS 'SHA-256 of the views and functions that are installed.';
COMMENT ON COLUMN public.analytics_rollup_state.late_since IS 'What was received from this time on came late, since the last run began, and may not be rolled up.';
COMMENT ON COLUMN public.analytics_rollup_state.history_written_at IS 'What was counted until then is in BigQuery''s history.';
COMMENT ON COLUMN public.analytics_rollup_state.links_in_bigquery IS 'Which links BigQuery has, as a fingerprint; 0 for none.';
COMMENT ON COLUMN public.analytics_rollup_state.round_began_at IS 'Since when the days that received something are being counted; null once all of them are.';
COMMENT ON COLUMN public.analytics_rollup_state.round_received_before IS 'What received_before becomes when they are.';
CREATE TABLE public.analytics_upkeep (
    is_only boolean DEFAULT true NOT NULL,
    k_anonymity integer DEFAULT 5 NOT NULL,
    retention_months integer,
    rejected_retention_days integer,
    dead_letters bigint,
    dead_letters_at timestamp with time zone,
    backup_days integer,
    bigquery_time_travel_hours integer,
    linkage_horizon_months integer,
    CONSTRAINT analytics_upkeep_is_only CHECK (is_only),
    CONSTRAINT analytics_upkeep_k_anonymity CHECK ((k_anonymity >= 1))
);
COMMENT ON TABLE public.analytics_upkeep IS 'What maintain is set to, and what it found. One row.';
COMMENT ON COLUMN public.analytics_upkeep.k_anonymity IS 'The smallest group of people that the views show.';
COMMENT ON COLUMN public.analytics_upkeep.retention_months IS 'Months that events are kept; null before the first run.';
COMMENT ON COLUMN public.analytics_upkeep.rejected_retention_days IS 'Days that rejected spans and parked messages are kept.';
COMMENT ON COLUMN public.analytics_upkeep.dead_letters IS 'Messages in the dead-letter subscription; null where unknown.';
COMMENT ON COLUMN public.analytics_upkeep.dead_letters_at IS 'When that was so.';
COMMENT ON COLUMN public.analytics_upkeep.backup_days IS 'Days that backups are kept; null before the first run.';
COMMENT ON COLUMN public.analytics_upkeep.bigquery_time_travel_hours IS 'Hours that BigQuery can go back; null where there is none.';
COMMENT ON COLUMN public.analytics_upkeep.linkage_horizon_months IS 'Months after which links are deleted; 0 for never.';
CREATE TABLE public.analytics_user_activity (
    id uuid NOT NULL,
    user_id text,
    organization_id text,
    event_type text NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    session_id text,
    deployment_type text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    service_name text,
    service_version text,
    installation_id text,
    key_epoch smallint NOT NULL,
    received_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE ("timestamp");
COMMENT ON TABLE public.analytics_user_activity IS 'A person did something that shows they are active.';
COMMENT ON COLUMN public.analytics_user_activity.id IS 'First 16 bytes of SHA-256 of the span''s trace id and span id.';
COMMENT ON COLUMN public.analytics_user_activity.user_id IS 'Pseudonym of the person; null if anonymous.';
COMMENT ON COLUMN public.analytics_user_activity.organization_id IS 'Pseudonym of the person''s organization.';
COMMENT ON COLUMN public.analytics_user_activity.event_type IS 'What the person did: login, logout, session_start.';
COMMENT ON COLUMN public.analytics_user_activity."timestamp" IS 'When it happened: the span''s start.';
COMMENT ON COLUMN public.analytics_user_activity.session_id IS 'Pseudonym of the session.';
COMMENT ON COLUMN public.analytics_user_activity.deployment_type IS 'cloud, self_hosted or unknown.';
COMMENT ON COLUMN public.analytics_user_activity.metadata IS 'The app''s own additions, scalars by key.';
COMMENT ON COLUMN public.analytics_user_activity.service_name IS 'The app, or the part of it, that sent the event.';
COMMENT ON COLUMN public.analytics_user_activity.service_version IS 'Version of the app.';
COMMENT ON COLUMN public.analytics_user_activity.installation_id IS 'Pseudonym of the installation; null from old clients.';
COMMENT ON COLUMN public.analytics_user_activity.key_epoch IS 'Number of the key that the pseudonyms were made with.';
COMMENT ON COLUMN public.analytics_user_activity.received_at IS 'When the event reached ingest.';
ALTER TABLE ONLY public.analytics_cohorts
    ADD CONSTRAINT analytics_cohorts_pkey PRIMARY KEY (period, cohort, age, deployment_type);
ALTER TABLE ONLY public.analytics_daily_endpoints
    ADD CONSTRAINT analytics_daily_endpoints_pkey PRIMARY KEY (day, method, endpoint, deployment_type);
ALTER TABLE ONLY public.analytics_daily_events
    ADD CONSTRAINT analytics_daily_events_pkey PRIMARY KEY (day, deployment_type);
ALTER TABLE ONLY public.analytics_daily_features
    ADD CONSTRAINT analytics_daily_features_key UNIQUE NULLS NOT DISTINCT (day, feature_name, action, deployment_type);
ALTER TABLE ONLY public.analytics_daily_installations
    ADD CONSTRAINT analytics_daily_installations_pkey PRIMARY KEY (day);
ALTER TABLE ONLY public.analytics_daily_latency
    ADD CONSTRAINT analytics_daily_latency_pkey PRIMARY KEY (day, deployment_type);
ALTER TABLE ONLY public.analytics_daily_people
    ADD CONSTRAINT analytics_daily_people_pkey PRIMARY KEY (day, deployment_type);
ALTER TABLE ONLY public.analytics_daily_sessions
    ADD CONSTRAINT analytics_daily_sessions_pkey PRIMARY KEY (day, deployment_type);
ALTER TABLE ONLY public.analytics_daily_versions
    ADD CONSTRAINT analytics_daily_versions_key UNIQUE NULLS NOT DISTINCT (day, service_name, service_version, deployment_type);
ALTER TABLE ONLY public.analytics_endpoint_usage
    ADD CONSTRAINT analytics_endpoint_usage_pkey PRIMARY KEY ("timestamp", id);
ALTER TABLE ONLY public.analytics_erasure_requests
    ADD CONSTRAINT analytics_erasure_requests_pkey PRIMARY KEY ("timestamp", id);
ALTER TABLE ONLY public.analytics_feature_usage
    ADD CONSTRAINT analytics_feature_usage_pkey PRIMARY KEY ("timestamp", id);
ALTER TABLE ONLY public.analytics_installation_days
    ADD CONSTRAINT analytics_installation_days_pkey PRIMARY KEY (day, installation_id);
ALTER TABLE ONLY public.analytics_installations
    ADD CONSTRAINT analytics_installations_pkey PRIMARY KEY (installation_id);
ALTER TABLE ONLY public.analytics_key_overlaps
    ADD CONSTRAINT analytics_key_overlaps_pkey PRIMARY KEY (key_epoch);
ALTER TABLE ONLY public.analytics_parked_messages
    ADD CONSTRAINT analytics_parked_messages_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.analytics_people
    ADD CONSTRAINT analytics_people_pkey PRIMARY KEY (user_id, deployment_type);
ALTER TABLE ONLY public.analytics_person_days
    ADD CONSTRAINT analytics_person_days_pkey PRIMARY KEY (day, deployment_type, user_id);
ALTER TABLE ONLY public.analytics_pseudonym_links
    ADD CONSTRAINT analytics_pseudonym_links_pkey PRIMARY KEY (domain, pseudonym);
ALTER TABLE ONLY public.analytics_rejected_spans
    ADD CONSTRAINT analytics_rejected_spans_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.analytics_returns
    ADD CONSTRAINT analytics_returns_pkey PRIMARY KEY (cohort_day, n, deployment_type);
ALTER TABLE ONLY public.analytics_rolled_days
    ADD CONSTRAINT analytics_rolled_days_pkey PRIMARY KEY (day);
ALTER TABLE ONLY public.analytics_rollup_state
    ADD CONSTRAINT analytics_rollup_state_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.analytics_upkeep
    ADD CONSTRAINT analytics_upkeep_pkey PRIMARY KEY (is_only);
ALTER TABLE ONLY public.analytics_user_activity
    ADD CONSTRAINT analytics_user_activity_pkey PRIMARY KEY ("timestamp", id);
ALTER TABLE ONLY public.analytics_weekly_people
    ADD CONSTRAINT analytics_weekly_people_pkey PRIMARY KEY (week, deployment_type);
CREATE INDEX analytics_endpoint_usage_received_at ON ONLY public.analytics_endpoint_usage USING brin (received_at) WITH (autosummarize='on');
COMMENT ON INDEX public.analytics_endpoint_usage_received_at IS 'Days that received something; rows arrive in its order, so it stays tiny.';
CREATE INDEX analytics_erasure_requests_obeyed ON public.analytics_erasure_requests USING btree (subject) WHERE (subject IS NOT NULL);
CREATE INDEX analytics_erasure_requests_receipt ON public.analytics_erasure_requests USING btree (receipt) WHERE (receipt IS NOT NULL);
CREATE INDEX analytics_feature_usage_by_feature ON ONLY public.analytics_feature_usage USING btree (feature_name, "timestamp") INCLUDE (user_id, action, deployment_type);
CREATE INDEX analytics_feature_usage_received_at ON ONLY public.analytics_feature_usage USING brin (received_at) WITH (autosummarize='on');
COMMENT ON INDEX public.analytics_feature_usage_received_at IS 'Days that received something; rows arrive in its order, so it stays tiny.';
CREATE INDEX analytics_installation_days_installation_id ON public.analytics_installation_days USING btree (installation_id, day);
CREATE INDEX analytics_person_days_user_id ON public.analytics_person_days USING btree (user_id, deployment_type, day) INCLUDE (has_login);
CREATE INDEX analytics_rejected_spans_received_at ON public.analytics_rejected_spans USING brin (received_at);
CREATE INDEX analytics_user_activity_received_at ON ONLY public.analytics_user_activity USING brin (received_at) WITH (autosummarize='on');
COMMENT ON INDEX public.analytics_user_activity_received_at IS 'Days that received something; rows arrive in its order, so it stays tiny.';
GRANT SELECT ON TABLE public.analytics_daily_endpoints TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_events TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_features TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_people TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_sessions TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_versions TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_installations TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_daily_latency TO telemetry_dashboard;
GRANT SELECT,INSERT ON TABLE public.analytics_endpoint_usage TO telemetry_writer;
GRANT SELECT(endpoint) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(method) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(status_code) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(duration_ms) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT("timestamp") ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(deployment_type) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(service_name) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(service_version) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT(received_at) ON TABLE public.analytics_endpoint_usage TO telemetry_dashboard;
GRANT SELECT,INSERT ON TABLE public.analytics_erasure_requests TO telemetry_writer;
GRANT SELECT,INSERT ON TABLE public.analytics_feature_usage TO telemetry_writer;
GRANT SELECT(feature_name) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT(action) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT("timestamp") ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT(deployment_type) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT(page_path) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT(service_name) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT(service_version) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT(received_at) ON TABLE public.analytics_feature_usage TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_key_overlaps TO telemetry_writer;
GRANT SELECT,INSERT ON TABLE public.analytics_parked_messages TO telemetry_writer;
GRANT SELECT(received_at) ON TABLE public.analytics_parked_messages TO telemetry_dashboard;
GRANT SELECT(reason) ON TABLE public.analytics_parked_messages TO telemetry_dashboard;
GRANT SELECT(size_bytes) ON TABLE public.analytics_parked_messages TO telemetry_dashboard;
GRANT SELECT,INSERT ON TABLE public.analytics_pseudonym_links TO telemetry_writer;
GRANT SELECT,INSERT ON TABLE public.analytics_rejected_spans TO telemetry_writer;
GRANT SELECT(received_at) ON TABLE public.analytics_rejected_spans TO telemetry_dashboard;
GRANT SELECT(event) ON TABLE public.analytics_rejected_spans TO telemetry_dashboard;
GRANT SELECT(reason) ON TABLE public.analytics_rejected_spans TO telemetry_dashboard;
GRANT SELECT(attribute) ON TABLE public.analytics_rejected_spans TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_rolled_days TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_rollup_state TO telemetry_dashboard;
GRANT SELECT ON TABLE public.analytics_upkeep TO telemetry_dashboard;
GRANT SELECT,INSERT ON TABLE public.analytics_user_activity TO telemetry_writer;
GRANT SELECT(event_type) ON TABLE public.analytics_user_activity TO telemetry_dashboard;
GRANT SELECT("timestamp") ON TABLE public.analytics_user_activity TO telemetry_dashboard;
GRANT SELECT(deployment_type) ON TABLE public.analytics_user_activity TO telemetry_dashboard;
GRANT SELECT(service_name) ON TABLE public.analytics_user_activity TO telemetry_dashboard;
GRANT SELECT(service_version) ON TABLE public.analytics_user_activity TO telemetry_dashboard;
GRANT SELECT(received_at) ON TABLE public.analytics_user_activity TO telemetry_dashboard;
