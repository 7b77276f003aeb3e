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
ALTER TABLE ONLY public.analytics_endpoint_usage
    ADD CONSTRAINT analytics_endpoint_usage_pkey PRIMARY KEY ("timestamp", id);
ALTER TABLE ONLY public.analytics_feature_usage
    ADD CONSTRAINT analytics_feature_usage_pkey PRIMARY KEY ("timestamp", id);
ALTER TABLE ONLY public.analytics_parked_messages
    ADD CONSTRAINT analytics_parked_messages_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.analytics_rejected_spans
    ADD CONSTRAINT analytics_rejected_spans_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.analytics_user_activity
    ADD CONSTRAINT analytics_user_activity_pkey PRIMARY KEY ("timestamp", id);
CREATE INDEX analytics_endpoint_usage_received_at ON ONLY public.analytics_endpoint_usage USING brin (received_at) WITH (autosummarize='on');
COMMENT ON INDEX public.analytics_endpoint_usage_received_at IS 'Days that received something; rows arrive in its order, so it stays tiny.';
CREATE INDEX analytics_feature_usage_received_at ON ONLY public.analytics_feature_usage USING brin (received_at) WITH (autosummarize='on');
COMMENT ON INDEX public.analytics_feature_usage_received_at IS 'Days that received something; rows arrive in its order, so it stays tiny.';
CREATE INDEX analytics_rejected_spans_received_at ON public.analytics_rejected_spans USING brin (received_at);
CREATE INDEX analytics_user_activity_received_at ON ONLY public.analytics_user_activity USING brin (received_at) WITH (autosummarize='on');
COMMENT ON INDEX public.analytics_user_activity_received_at IS 'Days that received something; rows arrive in its order, so it stays tiny.';
