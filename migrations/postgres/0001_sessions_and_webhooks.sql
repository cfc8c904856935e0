-- The first tables: sessions, the webhooks that made them, virtual numbers, the texts of flows, and leases.
--
-- House rules for every migration here: append-only (a migration that was released is never edited), paired by number
-- with the SQLite one of the same meaning, every time is a number of milliseconds since 1970-01-01T00:00:00Z, ids are
-- the platform's, kept as they came and compared byte for byte (COLLATE "C"). Plain SQL: no ctid, no advisory locks,
-- no LISTEN.

-- One row: which keys this database is sealed with.
CREATE TABLE database_keys (
    only_row  SMALLINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    -- A known word, sealed: opens only with the keys of this database.
    key_check BYTEA    NOT NULL
);

-- One row a session, whatever made it known first. It is what its webhooks add up to (see known.rs).
CREATE TABLE sessions (
    session_id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Counts the changes of this row: a node writes only over what it has read.
    revision          BIGINT NOT NULL,
    -- What the calling and the called number are found by: 16 bytes of a keyed hash of their digits.
    source_index      BYTEA,
    destination_index BYTEA,
    -- The flow that carries the session, and the version it began on; both NULL when none does.
    flow_id           TEXT COLLATE "C",
    flow_version      TEXT COLLATE "C",
    -- The summary's word, in the platform's documented spelling; NULL while the session is live.
    status            TEXT COLLATE "C",
    -- When it began (ms). Never changes once written: the listing's cursor stands on it.
    started_at        BIGINT NOT NULL,
    -- When its newest webhook came (ms).
    last_event_at     BIGINT NOT NULL,
    -- All that is known, numbers and variables with it, as JSON (see state.rs); sealed.
    state             BYTEA NOT NULL
);

-- The listing, newest first; the id decides between sessions of one millisecond.
CREATE INDEX sessions_by_start ON sessions (started_at, session_id);
-- The filter by number looks at both sides.
CREATE INDEX sessions_by_source ON sessions (source_index, started_at) WHERE source_index IS NOT NULL;
CREATE INDEX sessions_by_destination ON sessions (destination_index, started_at) WHERE destination_index IS NOT NULL;
-- Live sessions are few: which versions of flows they hold, and how many they are.
CREATE INDEX sessions_live ON sessions (flow_id, flow_version) WHERE status IS NULL;

-- Every webhook that was kept: a session's trace, and the memory of what is known.
CREATE TABLE webhooks (
    -- The order in which they were kept.
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What its record is sealed for: 16 random bytes, given by the node that keeps it.
    sealed_for  BYTEA  NOT NULL,
    -- NULL for virtual number updates, which belong to no session.
    session_id  TEXT COLLATE "C" REFERENCES sessions (session_id),
    -- What makes a second delivery known (see entry.rs). NULL once it has been forgotten.
    mark        BYTEA,
    -- Voice call actions that moved their session on: the number of the reply that it answers. NULL for all others,
    -- so that an apology is never taken for the reply of a step.
    answers     BIGINT,
    -- When it came (ms).
    received_at BIGINT NOT NULL,
    -- Meaning, reply and body (see record.rs); sealed.
    record      BYTEA  NOT NULL
);

-- Known before new: one event is kept once, whichever node it comes to.
CREATE UNIQUE INDEX webhooks_by_mark ON webhooks (mark) WHERE mark IS NOT NULL;
-- One step of a session is left once; also finds the reply that it was left with.
CREATE UNIQUE INDEX webhooks_by_answer ON webhooks (session_id, answers) WHERE answers IS NOT NULL;
-- A session's trace.
CREATE INDEX webhooks_by_session ON webhooks (session_id) WHERE session_id IS NOT NULL;
-- What is next to be forgotten.
CREATE INDEX webhooks_remembered ON webhooks (received_at) WHERE mark IS NOT NULL;

-- Virtual numbers, each as the platform's latest update of it says.
CREATE TABLE virtual_numbers (
    -- What it is found by: 16 bytes of a keyed hash of its digits.
    number_index BYTEA NOT NULL PRIMARY KEY,
    -- The number in the spelling that the platform sent; sealed.
    number       BYTEA NOT NULL,
    sub_account  TEXT,
    -- Active, Unhealthy, Expiring or Inactive, as it came.
    status       TEXT,
    -- ISO 3166-1 alpha-2, as it came.
    country      TEXT,
    -- The platform's reference of its range.
    reference    TEXT,
    -- When the platform last changed it (ms); NULL when it did not say.
    updated_at   BIGINT
);

-- The texts of flows: the last good set, and the versions that calls in progress began on.
CREATE TABLE flow_versions (
    flow_id  TEXT COLLATE "C" NOT NULL,
    version  TEXT COLLATE "C" NOT NULL,
    -- Relative to the flows folder.
    path     TEXT NOT NULL,
    text     TEXT NOT NULL,
    -- When it left the last good set (ms); NULL while it belongs to it.
    left_at  BIGINT,
    PRIMARY KEY (flow_id, version)
);

-- Work that one node does at a time. Whoever takes a lease over counts its epoch up, and what carries an earlier epoch
-- is refused in the transaction that would do it.
CREATE TABLE leases (
    name       TEXT        NOT NULL PRIMARY KEY,
    -- The node, by the name it gave itself.
    holder     TEXT        NOT NULL,
    epoch      BIGINT      NOT NULL,
    -- By the database's clock, which all nodes share.
    held_until TIMESTAMPTZ NOT NULL
);
