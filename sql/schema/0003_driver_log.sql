-- sql/schema/0003_driver_log.sql   driver logs are followed while they run: how far each has been taken.
-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE batch_log_position (
	batch_id bigint PRIMARY KEY REFERENCES batch ON DELETE CASCADE,
	size_bytes bigint NOT NULL,
	last_at_ns bigint NOT NULL,
	second_count bigint NOT NULL,
	second_before_count bigint NOT NULL,
	closed boolean NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE batch_log_position IS
	'From where a driver''s log is read on: written together with its lines, so that none is lost and none doubled.';
COMMENT ON COLUMN batch_log_position.last_at_ns IS 'Newest time of a line, in ns since 1970, as the node wrote it; 0: none yet.';
COMMENT ON COLUMN batch_log_position.second_count IS 'Lines taken that are of that second; the API can only be asked by seconds.';
COMMENT ON COLUMN batch_log_position.closed IS 'The limit of bytes was reached: no more of this log is kept.';
COMMENT ON COLUMN batch.log_tail IS 'The last 10 lines of the driver log.';

-- Logs compress well, and lz4 takes a fraction of pglz's time; a server built without it keeps pglz.
DO $$
BEGIN
	ALTER TABLE batch_log ALTER COLUMN lines SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
	RAISE NOTICE 'this PostgreSQL has no lz4';
END $$;
