-- Calls that we start: one row a request, written before anything of it is sent, and the same statement says whether the
-- line is free, the request new, and the node's lease its own.
CREATE TABLE attempts (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Ours; the platform gives it back as `clientRequestId`.
    attempt_id   TEXT COLLATE "C" NOT NULL,
    -- The client's Idempotency-Key: 16 bytes of a keyed hash. One key, one row, for good.
    request_key  BYTEA  NOT NULL,
    -- Who calls whom: 16 bytes of a keyed hash of both numbers.
    line         BYTEA  NOT NULL,
    -- PENDING, DIALING, ACCEPTED, REJECTED or UNKNOWN.
    state        TEXT   NOT NULL,
    -- The platform's session, once it is known.
    session_id   TEXT COLLATE "C",
    -- What the call opens with, so that its text is kept until the session is heard of.
    flow_id      TEXT COLLATE "C" NOT NULL,
    flow_version TEXT COLLATE "C" NOT NULL,
    -- When it was asked for (ms).
    begun_at     BIGINT NOT NULL,
    -- Counts the changes of this row: a node writes only over what it has read.
    revision     BIGINT NOT NULL,
    -- All that is known, numbers and variables with it, as CBOR (see attempts.rs); sealed.
    record       BYTEA  NOT NULL
);

CREATE UNIQUE INDEX attempts_by_id ON attempts (attempt_id);
CREATE UNIQUE INDEX attempts_by_request_key ON attempts (request_key);
-- While a call may be on a line, no other is placed to it, whichever node is asked.
CREATE UNIQUE INDEX attempts_on_the_line ON attempts (line) WHERE state IN ('DIALING', 'UNKNOWN');
CREATE INDEX attempts_by_session ON attempts (session_id) WHERE session_id IS NOT NULL;
-- What is still worked on: few.
CREATE INDEX attempts_unsettled ON attempts (number) WHERE state IN ('PENDING', 'DIALING');
-- Where the rates of the last hour begin.
CREATE INDEX attempts_by_start ON attempts (begun_at);
