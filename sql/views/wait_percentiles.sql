-- sql/views/wait_percentiles.sql   how long batches waited, started and ran.
-- SPDX-License-Identifier: Apache-2.0
DO $$
DECLARE
	measure record;
	share integer;
	columns text := '';
	comments text := '';
BEGIN
	FOR measure IN SELECT * FROM (VALUES
		('queue', 'from acceptance to its turn'), ('start', 'from its turn to its driver''s start'), ('run', 'from there to its end')
	) AS row (name, said) LOOP
		FOREACH share IN ARRAY ARRAY[50, 90, 99] LOOP
			columns := columns || format(', report_bucket_seconds(min(bucket) FILTER (WHERE measure = %L AND so_far * 100 >= whole * %s)) AS %s_p%s_s',
						     measure.name, share, measure.name, share);
			comments := comments || format('COMMENT ON COLUMN report.wait_percentiles.%s_p%s_s IS %L;', measure.name, share,
						       format('%s %% took so many seconds or less %s; give or take 10 %%.', share, measure.said));
		END LOOP;
	END LOOP;
	EXECUTE 'CREATE VIEW report.wait_percentiles AS
		SELECT day, max(whole) FILTER (WHERE measure = ''run'')::bigint AS ran' || columns || '
		FROM (
			SELECT day, measure, bucket, sum(sum(batches)) OVER (PARTITION BY day, measure ORDER BY bucket) AS so_far,
			       sum(sum(batches)) OVER (PARTITION BY day, measure) AS whole
			FROM report.ended_time GROUP BY day, measure, bucket
		) AS counted
		GROUP BY day ORDER BY day';
	EXECUTE comments;
END $$;
COMMENT ON VIEW report.wait_percentiles IS 'How long what has ended within the range waited for its turn, started and ran, by day.';
COMMENT ON COLUMN report.wait_percentiles.day IS 'Of the end, in UTC.';
COMMENT ON COLUMN report.wait_percentiles.ran IS 'How many ran at all.';
