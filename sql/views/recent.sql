-- sql/views/recent.sql   what has ended lately: names are in no sums, so batches themselves are read.
-- SPDX-License-Identifier: Apache-2.0
-- The range by its functions themselves, as in batch.sql.
CREATE VIEW report.recent AS
SELECT id, name, cluster, owner AS "user", team, state::text AS state, reason::text AS reason, accepted_at, finished_at, run_s
FROM batch_measured
WHERE finished_at IS NOT NULL AND accepted_at < report.to_time()
  AND accepted_at >= coalesce(nullif(report.from_time(), '-infinity'), now() - interval '30 days');
COMMENT ON VIEW report.recent IS 'Ended batches that were accepted within the range; without one, in the last 30 days.';
COMMENT ON COLUMN report.recent.id IS 'The id of all routes.';
COMMENT ON COLUMN report.recent.name IS 'What the client calls it.';
COMMENT ON COLUMN report.recent.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.recent."user" IS 'Who submitted it.';
COMMENT ON COLUMN report.recent.team IS 'By the label.';
COMMENT ON COLUMN report.recent.state IS 'success, dead, killed, error.';
COMMENT ON COLUMN report.recent.reason IS 'Null with success.';
COMMENT ON COLUMN report.recent.accepted_at IS 'When it was committed.';
COMMENT ON COLUMN report.recent.finished_at IS 'When it ended.';
COMMENT ON COLUMN report.recent.run_s IS 'Seconds from the driver''s start to the end.';
