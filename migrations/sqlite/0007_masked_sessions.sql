-- Whether it was told that a session began. That of a session which masking alone carries is not: its calls are told.
ALTER TABLE sessions ADD COLUMN start_is_told INTEGER NOT NULL DEFAULT 1;
