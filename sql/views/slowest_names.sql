-- sql/views/slowest_names.sql   which jobs take longest.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.slowest_names AS
SELECT name, cluster, count(*) AS batches, avg(run_s) AS run_avg_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY run_s) AS run_p50_s, max(run_s) AS run_max_s,
       (array_agg(id ORDER BY run_s DESC))[1] AS slowest_id
FROM report.recent WHERE state = 'success' AND name IS NOT NULL AND run_s IS NOT NULL
GROUP BY name, cluster
ORDER BY run_avg_s DESC, name;
COMMENT ON VIEW report.slowest_names IS
	'Names whose successful batches take longest, of those accepted within the range; without one, in the last 30 days.';
COMMENT ON COLUMN report.slowest_names.name IS 'What the client calls it.';
COMMENT ON COLUMN report.slowest_names.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.slowest_names.batches IS 'How many succeeded.';
COMMENT ON COLUMN report.slowest_names.run_avg_s IS 'Seconds that they ran, on average.';
COMMENT ON COLUMN report.slowest_names.run_p50_s IS 'Half of them ran so many seconds or less.';
COMMENT ON COLUMN report.slowest_names.run_max_s IS 'The longest run, in seconds.';
COMMENT ON COLUMN report.slowest_names.slowest_id IS 'That batch.';
