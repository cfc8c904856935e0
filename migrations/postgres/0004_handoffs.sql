-- Calls that were handed to the Contact Center: one row each, written before anything is asked, and again with what came of it.
CREATE TABLE handoffs (
    -- Ours: a UUID of version 7, so the order of ids is that of time.
    handoff_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- UNDER_WAY, TAKEN, REFUSED, NOT_SENT or UNKNOWN.
    state      TEXT   NOT NULL,
    -- All that is known, what the agent sees with it, as CBOR (see handoffs.rs); sealed.
    record     BYTEA  NOT NULL
);

-- Calls that a tenant's script told of a moment before they came: whose SIP id a call of ours has. Kept for a day.
CREATE TABLE sip_calls (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Who calls whom: 16 bytes of a keyed hash of both numbers.
    line    BYTEA  NOT NULL,
    -- When it was told (ms).
    told_at BIGINT NOT NULL,
    -- The SIP id; sealed.
    record  BYTEA  NOT NULL
);

CREATE INDEX sip_calls_by_line ON sip_calls (line, told_at);
CREATE INDEX sip_calls_by_age ON sip_calls (told_at);

-- What the Contact Center gave back when a call back or a click-to-dial call was over.
CREATE TABLE callback_results (
    -- Ours: a UUID of version 7, so the order of ids is that of time.
    result_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- All that came, as CBOR (see handoffs.rs); sealed.
    record    BYTEA NOT NULL
);
