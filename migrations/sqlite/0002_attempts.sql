-- Calls that we start: one row a request, written before anything of it is sent, and the same transaction says whether the
-- line is free and the request new. These rows do not come from the journal: each write is on the disk before the next step.
CREATE TABLE attempts (
    number       INTEGER NOT NULL PRIMARY KEY,
    -- Ours; the platform gives it back as `clientRequestId`.
    attempt_id   TEXT    NOT NULL,
    -- The client's Idempotency-Key: 16 bytes of a keyed hash. One key, one row, for good.
    request_key  BLOB    NOT NULL,
    -- Who calls whom: 16 bytes of a keyed hash of both numbers.
    line         BLOB    NOT NULL,
    -- PENDING, DIALING, ACCEPTED, REJECTED or UNKNOWN.
    state        TEXT    NOT NULL,
    -- The platform's session, once it is known.
    session_id   TEXT,
    -- What the call opens with, so that its text is kept until the session is heard of.
    flow_id      TEXT    NOT NULL,
    flow_version TEXT    NOT NULL,
    -- When it was asked for (ms).
    begun_at     INTEGER NOT NULL,
    -- Counts the changes of this row: whoever writes it writes over what he has read.
    revision     INTEGER NOT NULL,
    -- All that is known, numbers and variables with it, as CBOR (see attempts.rs); sealed.
    record       BLOB    NOT NULL
);

CREATE UNIQUE INDEX attempts_by_id ON attempts (attempt_id);
CREATE UNIQUE INDEX attempts_by_request_key ON attempts (request_key);
-- While a call may be on a line, no other is placed to it.
CREATE UNIQUE INDEX attempts_on_the_line ON attempts (line) WHERE state IN ('DIALING', 'UNKNOWN');
CREATE INDEX attempts_by_session ON attempts (session_id) WHERE session_id IS NOT NULL;
-- What is still worked on: few.
CREATE INDEX attempts_unsettled ON attempts (number) WHERE state IN ('PENDING', 'DIALING');
-- Where the rates of the last hour begin.
CREATE INDEX attempts_by_start ON attempts (begun_at);
