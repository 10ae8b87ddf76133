-- Channels and their events.

CREATE TABLE channels (
    -- Never given out twice.
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- `training`, or the path of a created one. NULL: removed; the row stays until its events are gone.
    name TEXT UNIQUE,
    -- Milliseconds.
    created_at INTEGER NOT NULL,
    -- Where its log started. Positions before it are of another log.
    first_id INTEGER NOT NULL,
    after_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    -- What its events take, about.
    bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE channel_events (
    -- In the order in which they were told, over all channels.
    place INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- In bytes, about.
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (channel, id)
) STRICT;
