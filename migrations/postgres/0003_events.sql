-- What the customer's systems are told: written by the statement of what it tells, delivered behind it.
CREATE TABLE events (
    -- What its data is sealed for: 16 random bytes, and the event's id.
    sealed_for BYTEA  NOT NULL PRIMARY KEY,
    -- Its place in the order in which events are told, given by one node at a time after the event is there, so that nobody
    -- who reads on from a number misses one that was written at the same moment. NULL until then.
    number     BIGINT,
    -- As in docs/events.md: session.started …
    kind       TEXT   NOT NULL,
    -- What it is about: the session that it came of, a keyed hash of its booking's id; both NULL for a pool.
    session_id TEXT COLLATE "C",
    booking_id TEXT COLLATE "C",
    -- The how manieth of its subject it is, from 1; NULL where they are not counted.
    sequence   BIGINT,
    -- When it happened (ms).
    at         BIGINT NOT NULL,
    -- What is told, as JSON with its numbers marked (see told.rs); sealed.
    data       BYTEA  NOT NULL
);

CREATE UNIQUE INDEX events_by_number ON events (number) WHERE number IS NOT NULL;
CREATE INDEX events_unnumbered ON events (at, sequence) WHERE number IS NULL;
-- What is told of a person is found by their sessions and bookings.
CREATE INDEX events_by_session ON events (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX events_by_booking ON events (booking_id) WHERE booking_id IS NOT NULL;

-- Which event waits for which endpoint: a row until it is delivered. The rows of an event are made with its number.
CREATE TABLE deliveries (
    endpoint TEXT COLLATE "C" NOT NULL,
    event    BIGINT NOT NULL,
    -- How many tries have failed.
    tries    BIGINT NOT NULL,
    -- When it is tried next (ms), which whoever takes it puts off for as long as it may take; NULL once it is given up.
    due_at   BIGINT,
    -- Counts how often it was taken: what carries an earlier count than the newest is refused.
    claim    BIGINT NOT NULL,
    PRIMARY KEY (endpoint, event)
);

CREATE INDEX deliveries_due ON deliveries (endpoint, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_event ON deliveries (event);

-- What is known of the endpoints that are configured.
CREATE TABLE endpoints (
    name              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- 16 bytes of the SHA-256 of its address: one that was disabled may be tried again at another.
    address           BYTEA  NOT NULL,
    -- When it said that it wants no more (ms).
    disabled_at       BIGINT,
    -- Until when it wants to be left alone (ms).
    quiet_until       BIGINT,
    last_delivered_at BIGINT,
    last_failed_at    BIGINT,
    -- Why that failed, in our words.
    last_failure      TEXT
);

-- One row: the newest number that was given.
CREATE TABLE event_log (
    only_row SMALLINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    newest   BIGINT   NOT NULL
);
INSERT INTO event_log (only_row, newest) VALUES (1, 0);

-- How many events were told of a session. Whether its end was is seen by its status.
ALTER TABLE sessions ADD COLUMN events BIGINT NOT NULL DEFAULT 0;
