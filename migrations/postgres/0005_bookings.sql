-- Number masking: bookings, who holds which number, pools. A booking is kept with all that it takes by one statement, or nothing of
-- it is: no lock outlives it, and rows of several parties are taken in the order of their keys, so that two nodes never wait for
-- each other.

-- Numbers of pools. Few.
CREATE TABLE pool_numbers (
    vn           INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What it is found by: 16 bytes of a keyed hash of its digits.
    number_index BYTEA NOT NULL,
    -- All that is known of it, as CBOR (see booking_forms.rs); sealed.
    record       BYTEA NOT NULL
);

CREATE UNIQUE INDEX pool_numbers_by_number ON pool_numbers (number_index);

CREATE TABLE bookings (
    -- A newer one's is greater.
    number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The customer's id: 16 bytes of a keyed hash.
    id_index BYTEA   NOT NULL,
    -- The two that it is between, whichever of them is side a: 16 bytes of a hash of keyed hashes.
    pair     BYTEA   NOT NULL,
    pool     TEXT COLLATE "C" NOT NULL,
    -- False once it was closed.
    is_open  BOOLEAN NOT NULL,
    -- When something is due for it next (ms): its end, being erased.
    due_at   BIGINT  NOT NULL,
    -- Counts the changes of this row: a node writes only over what it has read.
    revision BIGINT  NOT NULL,
    -- How many events were told of it.
    events   BIGINT  NOT NULL DEFAULT 0,
    -- All that is known, numbers and PINs with it, as CBOR (see booking_forms.rs); sealed.
    record   BYTEA   NOT NULL
);

CREATE UNIQUE INDEX bookings_by_id ON bookings (id_index);
-- The numbers that a pair had last, and its other bookings.
CREATE INDEX bookings_by_pair ON bookings (pair, number);
-- The sweeper's next ones.
CREATE INDEX bookings_by_due ON bookings (due_at);

-- Who holds which number. The key is what keeps strangers apart: a call to a number from a party means one booking, and while
-- the leg is there no other booking of the party gets the number.
CREATE TABLE legs (
    -- 16 bytes of a keyed hash of the digits of the party's number.
    party      BYTEA    NOT NULL,
    vn         INTEGER  NOT NULL,
    -- The booking, by its number.
    booking    BIGINT   NOT NULL,
    -- 0 is side a, 1 is side b; 2 and 3 the same of somebody who gave the PIN once.
    side       SMALLINT NOT NULL,
    pair       BYTEA    NOT NULL,
    -- From when on no call connects, and from when on another booking may have it (ms).
    rests_from BIGINT   NOT NULL,
    free_from  BIGINT   NOT NULL,
    PRIMARY KEY (party, vn)
);

CREATE INDEX legs_by_end ON legs (free_from);

-- PINs: one on a number is one booking's.
CREATE TABLE pins (
    vn        INTEGER  NOT NULL,
    -- 16 bytes of a keyed hash of number and PIN.
    pin       BYTEA    NOT NULL,
    booking   BIGINT   NOT NULL,
    side      SMALLINT NOT NULL,
    free_from BIGINT   NOT NULL,
    PRIMARY KEY (vn, pin)
);

CREATE INDEX pins_by_end ON pins (free_from);

-- Calls that count for a booking: limits and reports are made of them.
CREATE TABLE masked_calls (
    session_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    booking      BIGINT   NOT NULL,
    side         SMALLINT NOT NULL,
    -- When it came (ms).
    at           BIGINT   NOT NULL,
    -- Seconds talked; NULL until the summary has come.
    talk_seconds BIGINT
);

CREATE INDEX masked_calls_by_booking ON masked_calls (booking, at);

-- Parties that the company wants no call of.
CREATE TABLE blocked_parties (
    party BYTEA NOT NULL PRIMARY KEY,
    -- Until when (ms); NULL for good.
    until BIGINT
);
