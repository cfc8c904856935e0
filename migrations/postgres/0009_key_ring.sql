-- The keys that this database is sealed with: one, and while it is replaced two. A database that was made before has its first one
-- as the configured keys, and gets its row at the start.
CREATE TABLE key_ring (
    -- The first byte of every sealed text; beside those without one, key_number.
    number        SMALLINT NOT NULL PRIMARY KEY,
    -- COMING, CURRENT or GOING; at most one of each.
    state         TEXT COLLATE "C" NOT NULL,
    -- When it was made (ms), and since when it is written with.
    made_at       BIGINT NOT NULL,
    current_since BIGINT,
    -- Since when its rows are rewritten (ms), how many there were then, how many have not been looked at yet.
    rewritten_since BIGINT,
    rows_total    BIGINT,
    rows_waiting  BIGINT,
    -- The key itself (see src/store/ring.rs), sealed with the configured ones.
    sealed        BYTEA NOT NULL
);

CREATE UNIQUE INDEX key_ring_by_state ON key_ring (state);

-- Under which key party and pair, or PIN, stand.
ALTER TABLE legs ADD COLUMN key_number SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE pins ADD COLUMN key_number SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE blocked_parties ADD COLUMN key_number SMALLINT NOT NULL DEFAULT 1;
