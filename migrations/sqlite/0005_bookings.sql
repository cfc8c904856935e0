-- Number masking: bookings, who holds which number, pools. These rows do not come from the journal: one writer commits whatever waits
-- in one transaction, on the disk before anybody is told. Only masked_calls is projected, since calls are the journal's.

-- Numbers of pools. Few.
CREATE TABLE pool_numbers (
    vn           INTEGER NOT NULL PRIMARY KEY,
    -- What it is found by: 16 bytes of a keyed hash of its digits.
    number_index BLOB    NOT NULL,
    -- All that is known of it, as CBOR (see booking_forms.rs); sealed.
    record       BLOB    NOT NULL
);

CREATE UNIQUE INDEX pool_numbers_by_number ON pool_numbers (number_index);

CREATE TABLE bookings (
    -- A newer one's is greater.
    number   INTEGER NOT NULL PRIMARY KEY,
    -- The customer's id: 16 bytes of a keyed hash.
    id_index BLOB    NOT NULL,
    -- The two that it is between, whichever of them is side a: 16 bytes of a hash of keyed hashes.
    pair     BLOB    NOT NULL,
    pool     TEXT    NOT NULL,
    -- 0 once it was closed.
    is_open  INTEGER NOT NULL,
    -- When something is due for it next (ms): its end, being erased.
    due_at   INTEGER NOT NULL,
    -- Counts the changes of this row: whoever writes it writes over what he has read.
    revision INTEGER NOT NULL,
    -- How many events were told of it.
    events   INTEGER NOT NULL DEFAULT 0,
    -- All that is known, numbers and PINs with it, as CBOR (see booking_forms.rs); sealed.
    record   BLOB    NOT NULL
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
    party      BLOB    NOT NULL,
    vn         INTEGER NOT NULL,
    -- The booking, by its number.
    booking    INTEGER NOT NULL,
    -- 0 is side a, 1 is side b; 2 and 3 the same of somebody who gave the PIN once.
    side       INTEGER NOT NULL,
    pair       BLOB    NOT NULL,
    -- From when on no call connects, and from when on another booking may have it (ms).
    rests_from INTEGER NOT NULL,
    free_from  INTEGER NOT NULL,
    PRIMARY KEY (party, vn)
) WITHOUT ROWID;

CREATE INDEX legs_by_end ON legs (free_from);

-- PINs: one on a number is one booking's.
CREATE TABLE pins (
    vn        INTEGER NOT NULL,
    -- 16 bytes of a keyed hash of number and PIN.
    pin       BLOB    NOT NULL,
    booking   INTEGER NOT NULL,
    side      INTEGER NOT NULL,
    free_from INTEGER NOT NULL,
    PRIMARY KEY (vn, pin)
) WITHOUT ROWID;

CREATE INDEX pins_by_end ON pins (free_from);

-- Calls that count for a booking: limits and reports are made of them.
CREATE TABLE masked_calls (
    -- The journal's record that connected it.
    seq          INTEGER NOT NULL PRIMARY KEY,
    -- The row of its session.
    session      INTEGER NOT NULL,
    booking      INTEGER NOT NULL,
    side         INTEGER NOT NULL,
    -- When it came (ms).
    at           INTEGER NOT NULL,
    -- Seconds talked, and the record that told; NULL until the summary has come.
    talk_seconds INTEGER,
    talk_seq     INTEGER
);

CREATE UNIQUE INDEX masked_calls_by_session ON masked_calls (session);
CREATE INDEX masked_calls_by_booking ON masked_calls (booking, at);

-- Parties that the company wants no call of.
CREATE TABLE blocked_parties (
    party BLOB NOT NULL PRIMARY KEY,
    -- Until when (ms); NULL for good.
    until INTEGER
) WITHOUT ROWID;
