-- The first tables: sessions, the webhooks that made them, virtual numbers, and the texts of flows.
--
-- House rules for every migration here: append-only (a migration that was released is never edited), every time is an
-- integer of milliseconds since 1970-01-01T00:00:00Z, every duration names its unit, and ids are the platform's, kept
-- as they came.

-- "CWRT": tells a database of ours from another program's (see open.rs).
PRAGMA application_id = 1129796180;

-- One row a session, whatever made it known first. It is what its webhooks add up to (see known.rs), kept ready
-- because each voice call action needs it and people list it.
CREATE TABLE sessions (
    session_id         TEXT    NOT NULL PRIMARY KEY,
    sub_account        TEXT,
    -- INBOUND or OUTBOUND; NULL while no webhook has said.
    direction          TEXT,
    -- The calling and the called number, in the spelling that the platform sent, because replies use that spelling.
    source             TEXT,
    destination        TEXT,
    -- The same without the leading +: what a number is found by.
    source_digits      TEXT,
    destination_digits TEXT,
    -- Which kind of webhook direction and numbers are from, and the platform's time of it (ms): a better kind, or an
    -- earlier one of the same kind, replaces them, so that the order in which webhooks come does not matter.
    face_from          INTEGER NOT NULL,
    face_at            INTEGER NOT NULL,
    -- ISO 3166-1 alpha-2 of the person.
    caller_country     TEXT,
    -- The flow that carries the session, and the version it began on; both NULL when none does.
    flow_id            TEXT,
    flow_version       TEXT,
    -- Where the flow waits, as JSON (see forms.rs); NULL when our last reply hung up or the session has ended.
    -- Holds no secret variable.
    position           TEXT,
    -- How many replies the session has been given.
    replies            INTEGER NOT NULL,
    -- The summary's word, in the platform's documented spelling; NULL while the session is live.
    status             TEXT,
    -- The platform's error, from the summary.
    error_code         INTEGER,
    error_message      TEXT,
    -- When it began (ms). Never changes once written: the listing's cursor stands on it.
    started_at         INTEGER NOT NULL,
    -- When it ended, by its summary (ms).
    ended_at           INTEGER,
    -- When its newest webhook came (ms).
    last_event_at      INTEGER NOT NULL
);

-- The listing, newest first; the id decides between sessions of one millisecond.
CREATE INDEX sessions_by_start ON sessions (started_at, session_id);
-- The filter by number looks at both sides.
CREATE INDEX sessions_by_source ON sessions (source_digits, started_at, session_id) WHERE source_digits IS NOT NULL;
CREATE INDEX sessions_by_destination ON sessions (destination_digits, started_at, session_id)
    WHERE destination_digits IS NOT NULL;
-- Live sessions are few: which versions of flows they hold, and how many they are.
CREATE INDEX sessions_live ON sessions (flow_id, flow_version) WHERE status IS NULL;

-- Every webhook that was stored, in the order that it came: a session's trace, and the memory of what is known.
CREATE TABLE webhooks (
    id            INTEGER NOT NULL PRIMARY KEY,
    -- VCA, VCS, VSS, VRU or VNU.
    kind          TEXT    NOT NULL,
    -- What makes a second delivery known: the platform's event id, or `sha256:` and the body's hash where the
    -- platform gives none. NULL once it has been forgotten.
    event_key     TEXT,
    -- NULL for virtual number updates, which belong to no session.
    session_id    TEXT REFERENCES sessions (session_id) DEFERRABLE INITIALLY DEFERRED,
    -- When it came (ms), and when the platform says it happened (ms).
    received_at   INTEGER NOT NULL,
    happened_at   INTEGER,
    -- What it says has happened, in the platform's word.
    status        TEXT    NOT NULL,
    -- The keys that came with it, when they are no secret; and 1 when they were one and are not here.
    digits        TEXT,
    secret_digits INTEGER NOT NULL DEFAULT 0,
    -- Voice call actions: the step that waited, the steps passed (JSON array), why this reply, and the reply's bytes.
    step          TEXT,
    path          TEXT,
    outcome       TEXT,
    reply         TEXT,
    -- Voice call actions that moved their session on: the number of the reply that it answers. NULL for all others,
    -- so that an apology is never taken for the reply of a step.
    answers       INTEGER,
    -- What the webhook tells beyond that, as JSON (see forms.rs): the leg of a status, the legs of a summary, the
    -- recording of a recording update.
    detail        TEXT,
    -- The body as it came, secret digits blanked.
    body          TEXT    NOT NULL
);

-- Known before new: one event is kept once.
CREATE UNIQUE INDEX webhooks_by_event ON webhooks (kind, event_key) WHERE event_key IS NOT NULL;
-- A session's trace.
CREATE INDEX webhooks_by_session ON webhooks (session_id) WHERE session_id IS NOT NULL;
-- One step of a session is left once; also finds the reply that it was left with.
CREATE UNIQUE INDEX webhooks_by_answer ON webhooks (session_id, answers) WHERE answers IS NOT NULL;
-- What is next to be forgotten.
CREATE INDEX webhooks_remembered ON webhooks (received_at) WHERE event_key IS NOT NULL;

-- Virtual numbers, each as the platform's latest update of it says.
CREATE TABLE virtual_numbers (
    -- Without the leading +.
    digits      TEXT NOT NULL PRIMARY KEY,
    -- In the spelling that the platform sent.
    number      TEXT NOT NULL,
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
