-- The broker's whole state. Times are microseconds since 1970.

create table if not exists topic (
    name text primary key,
    body blob not null -- google.pubsub.v1.Topic
) without rowid;

create table if not exists subscription (
    id integer primary key,
    name text not null unique,
    topic text not null,
    body blob not null -- google.pubsub.v1.Subscription
);

create index if not exists subscription_topic on subscription (topic);

-- One row per published message, for as long as one subscription still has to have it.
create table if not exists message (
    id integer primary key autoincrement, -- the message id that the publisher gets: never used again
    published_at integer not null,
    body blob not null -- google.pubsub.v1.PubsubMessage without its id and time
);

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
