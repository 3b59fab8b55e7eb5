-- sql/views/ended_time.sql   how many waited, started and ran how long, with what is not in the sums yet.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.ended_time AS
SELECT day, cluster, queue, team, measure, bucket, report_bucket_seconds(bucket) AS seconds, batches
FROM (
	SELECT day, cluster, queue, team, measure, bucket, batches FROM batch_rollup_time
	WHERE day BETWEEN (SELECT report.from_day()) AND (SELECT report.to_day())
	UNION ALL
	SELECT day, cluster, queue, team, measure, report_bucket(value), 1
	FROM batch_rollup_owed AS owed JOIN batch_measured AS measured ON measured.id = owed.batch_id
	CROSS JOIN LATERAL (VALUES ('queue', queue_s), ('start', start_s), ('run', run_s)) AS time (measure, value)
	WHERE value IS NOT NULL AND finished_at >= (SELECT report.days_begin()) AND finished_at < (SELECT report.days_end())
) AS counted;
COMMENT ON VIEW report.ended_time IS 'How long what has ended within the range took: how many batches are in which bucket of seconds.';
COMMENT ON COLUMN report.ended_time.day IS 'Of the end, in UTC.';
COMMENT ON COLUMN report.ended_time.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.ended_time.queue IS 'Null: none.';
COMMENT ON COLUMN report.ended_time.team IS 'By the label; null: none.';
COMMENT ON COLUMN report.ended_time.measure IS 'queue: from acceptance to its turn; start: from there to the driver''s start; run: to the end.';
COMMENT ON COLUMN report.ended_time.bucket IS 'In the order of seconds.';
COMMENT ON COLUMN report.ended_time.seconds IS 'The middle of the bucket; what is in it took that long, give or take 10 %.';
COMMENT ON COLUMN report.ended_time.batches IS 'How many. Several rows may have the same values before it: add them up.';
