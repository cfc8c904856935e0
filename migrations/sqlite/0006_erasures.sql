-- Who was to be erased, without a trace of whom once that is done.
CREATE TABLE erasures (
    number   INTEGER NOT NULL PRIMARY KEY,
    -- Ours.
    id       TEXT    NOT NULL,
    asked_at INTEGER NOT NULL,
    -- When nothing was left (ms); NULL while something of the person is under way.
    done_at  INTEGER,
    -- The person's number, sealed; NULL once it is done.
    subject  BLOB,
    -- What went.
    sessions INTEGER NOT NULL DEFAULT 0,
    events   INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX erasures_under_way ON erasures (number) WHERE done_at IS NULL;
