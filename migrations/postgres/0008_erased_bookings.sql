-- How many bookings went with a person who was erased.
ALTER TABLE erasures ADD COLUMN bookings BIGINT NOT NULL DEFAULT 0;
