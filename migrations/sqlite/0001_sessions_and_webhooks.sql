-- The tables that people query: sessions, the webhooks that made them, virtual numbers, and the texts of flows. All but
-- the flows are projected from the journal behind the replies (see src/store/sqlite/mod.rs).
--
-- House rules for every migration here: append-only (a migration that was released is never edited), every time is an
-- integer of milliseconds since 1970-01-01T00:00:00Z, every duration names its unit, and ids are the platform's, kept
-- as they came. What is private is sealed (see src/store/vault.rs): a BLOB that opens only in its own row.

-- "CWRT": tells a database of ours from another program's (see open.rs).
PRAGMA application_id = 1129796180;

-- One row: which database this is, and how far its journal has been projected.
CREATE TABLE projection (
    only             INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    -- 16 random bytes, which the journal's files name as well, so that files of two databases are never taken together.
    database         BLOB    NOT NULL,
    -- A known word, sealed: opens only with the keys that this database is sealed with.
    key_check        BLOB    NOT NULL,
    -- The number of the newest journal record that is in these tables.
    projected        INTEGER NOT NULL,
    -- Webhooks that came before this (ms) are no longer known by their event.
    forgotten_before INTEGER NOT NULL
);

-- The journal's files, each registered before its first record is written and struck off before it is deleted.
CREATE TABLE journal_files (
    number    INTEGER NOT NULL PRIMARY KEY,
    -- The number of its first record, once that was projected.
    first_seq INTEGER
);

-- One row a session, whatever made it known first. It is what its webhooks add up to (see known.rs).
CREATE TABLE sessions (
    -- The number of the session's first record: rows stand in the order in which sessions were first heard of, so
    -- that what is written together lies together.
    id                INTEGER NOT NULL PRIMARY KEY,
    session_id        TEXT    NOT NULL,
    -- What the calling and the called number are found by: 16 bytes of a keyed hash of their digits.
    source_index      BLOB,
    destination_index BLOB,
    -- The flow that carries the session, and the version it began on; both NULL when none does.
    flow_id           TEXT,
    flow_version      TEXT,
    -- The summary's word, in the platform's documented spelling; NULL while the session is live.
    status            TEXT,
    -- When it began (ms). Never changes once written: the listing's cursor stands on it.
    started_at        INTEGER NOT NULL,
    -- When its newest webhook came (ms).
    last_event_at     INTEGER NOT NULL,
    -- All that is known, numbers and variables with it, as JSON (see state.rs); sealed.
    state             BLOB    NOT NULL
);

CREATE UNIQUE INDEX sessions_by_session_id ON sessions (session_id);
-- The listing, newest first; the id decides between sessions of one millisecond.
CREATE INDEX sessions_by_start ON sessions (started_at, session_id);
-- The filter by number looks at both sides.
CREATE INDEX sessions_by_source ON sessions (source_index, started_at) WHERE source_index IS NOT NULL;
CREATE INDEX sessions_by_destination ON sessions (destination_index, started_at) WHERE destination_index IS NOT NULL;
-- Live sessions are few: which versions of flows they hold, and how many they are.
CREATE INDEX sessions_live ON sessions (flow_id, flow_version) WHERE status IS NULL;

-- Every webhook that was kept, in the order that it came: a session's trace, and the memory of what is known.
CREATE TABLE webhooks (
    -- The number of its journal record.
    id          INTEGER NOT NULL PRIMARY KEY,
    -- The row of its session; NULL for virtual number updates, which belong to no session.
    session     INTEGER REFERENCES sessions (id),
    -- What makes a second delivery known (see entry.rs).
    mark        BLOB    NOT NULL,
    -- Voice call actions that moved their session on: the number of the reply that it answers. NULL for all others,
    -- so that an apology is never taken for the reply of a step.
    answers     INTEGER,
    -- When it came (ms).
    received_at INTEGER NOT NULL,
    -- The journal's record as it stands there (see record.rs): meaning, reply and body; sealed.
    record      BLOB    NOT NULL
);

-- A session's trace, and what is known of it by event and by step.
CREATE INDEX webhooks_by_session ON webhooks (session) WHERE session IS NOT NULL;
-- What belongs to no session is known by its mark alone.
CREATE INDEX webhooks_by_mark ON webhooks (mark) WHERE session IS NULL;
-- How many are forgotten.
CREATE INDEX webhooks_by_arrival ON webhooks (received_at);

-- Virtual numbers, each as the platform's latest update of it says.
CREATE TABLE virtual_numbers (
    -- What it is found by: 16 bytes of a keyed hash of its digits.
    number_index BLOB NOT NULL PRIMARY KEY,
    -- The number in the spelling that the platform sent; sealed.
    number      BLOB NOT NULL,
    sub_account TEXT,
    -- Active, Unhealthy, Expiring or Inactive, as it came.
    status      TEXT,
    -- ISO 3166-1 alpha-2, as it came.
    country     TEXT,
    -- The platform's reference of its range.
    reference   TEXT,
    -- When the platform last changed it (ms); NULL when it did not say.
    updated_at  INTEGER
);

-- The texts of flows: the last good set, and the versions that calls in progress began on.
CREATE TABLE flow_versions (
    flow_id  TEXT NOT NULL,
    version  TEXT NOT NULL,
    -- Relative to the flows folder.
    path     TEXT NOT NULL,
    text     TEXT NOT NULL,
    -- When it left the last good set (ms); NULL while it belongs to it.
    left_at  INTEGER,
    PRIMARY KEY (flow_id, version)
);
