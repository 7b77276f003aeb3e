-- The broker's whole state. Times are microseconds since 1970.

create table if not exists topic (
    name text primary key,
    body blob not null -- google.pubsub.v1.Topic
) without rowid;

create table if not exists subscription (
    id integer primary key,
    name text not null unique,
    topic text not null,
    body blob not null, -- google.pubsub.v1.Subscription
    after_message integer not null default 0, -- the last message that was published before it was made
    retains integer not null default 0        -- how long it retains what it has acknowledged, 0 if it does not
);

create index if not exists subscription_topic on subscription (topic);

-- One row per published message, for as long as one subscription still has to have it or it is retained.
create table if not exists message (
    id integer primary key autoincrement, -- the message id that the publisher gets: never used again
    published_at integer not null,
    body blob not null, -- google.pubsub.v1.PubsubMessage without its id and time
    topic text not null default '',
    kept_until integer not null default 0 -- until when it is retained for a seek, whoever has acknowledged it
);

create index if not exists message_kept on message (kept_until) where kept_until > 0;

-- One row per message and subscription that has not acknowledged it.
create table if not exists delivery (
    message integer not null references message (id),
    subscription integer not null references subscription (id),
    attempt integer not null default 0, -- how often it has been handed out
    is_out integer not null default 0,  -- whether a subscriber has it now, unless it is due
    due_at integer not null,            -- from when on it may be handed out (again)
    primary key (message, subscription)
) without rowid;

create index if not exists delivery_due on delivery (subscription, due_at);
