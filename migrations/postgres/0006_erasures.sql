-- Who was to be erased, without a trace of whom once that is done.
CREATE TABLE erasures (
    number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Ours.
    id       TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    -- When nothing was left (ms); NULL while something of the person is under way.
    done_at  BIGINT,
    -- The person's number, sealed; NULL once it is done.
    subject  BYTEA,
    -- What went.
    sessions BIGINT NOT NULL DEFAULT 0,
    events   BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX erasures_under_way ON erasures (number) WHERE done_at IS NULL;
