-- What the customer's systems are told: written in the transaction of what it tells (for sessions, that of the projection),
-- delivered behind it.
CREATE TABLE events (
    -- The order in which they were written. No number comes twice, also when the newest rows are gone.
    number     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- What its data is sealed for: 16 random bytes, and the event's id.
    sealed_for BLOB    NOT NULL,
    -- As in docs/events.md: session.started …
    kind       TEXT    NOT NULL,
    -- What it is about: the session that it came of, a keyed hash of its booking's id; both NULL for a pool.
    session_id TEXT,
    booking_id TEXT,
    -- The how manieth of its subject it is, from 1; NULL where they are not counted.
    sequence   INTEGER,
    -- When it happened (ms).
    at         INTEGER NOT NULL,
    -- What is told, as JSON with its numbers marked (see told.rs); sealed.
    data       BLOB    NOT NULL
);

-- Which event waits for which endpoint: a row until it is delivered. The rows of an event are made after it.
CREATE TABLE deliveries (
    endpoint TEXT    NOT NULL,
    event    INTEGER NOT NULL,
    -- How many tries have failed.
    tries    INTEGER NOT NULL,
    -- When it is tried next (ms), which whoever takes it puts off for as long as it may take; NULL once it is given up.
    due_at   INTEGER,
    -- Counts how often it was taken: what carries an earlier count than the newest is refused.
    claim    INTEGER NOT NULL,
    PRIMARY KEY (endpoint, event)
) WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (endpoint, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_event ON deliveries (event);

-- What is known of the endpoints that are configured.
CREATE TABLE endpoints (
    name              TEXT    NOT NULL PRIMARY KEY,
    -- 16 bytes of the SHA-256 of its address: one that was disabled may be tried again at another.
    address           BLOB    NOT NULL,
    -- When it said that it wants no more (ms).
    disabled_at       INTEGER,
    -- Until when it wants to be left alone (ms).
    quiet_until       INTEGER,
    last_delivered_at INTEGER,
    last_failed_at    INTEGER,
    -- Why that failed, in our words.
    last_failure      TEXT
);

-- One row: up to which event deliveries have been made.
CREATE TABLE event_log (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    newest   INTEGER NOT NULL
);
INSERT INTO event_log (only_row, newest) VALUES (1, 0);

-- How many events were told of a session, and whether its end was.
ALTER TABLE sessions ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN end_is_told INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET end_is_told = 1 WHERE status IS NOT NULL;
