-- sql/views/flakiest_names.sql   which jobs fail now and then.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.flakiest_names AS
SELECT name, cluster, count(*) AS batches, count(*) FILTER (WHERE state <> 'success') AS failed,
       count(*) FILTER (WHERE (state = 'success') <> (before = 'success')) AS changes,
       round(count(*) FILTER (WHERE state <> 'success')::numeric / count(*), 4) AS failure_rate,
       mode() WITHIN GROUP (ORDER BY reason) AS usual_reason, max(id) FILTER (WHERE state <> 'success') AS last_failed_id
FROM (
	SELECT *, lag(state) OVER (PARTITION BY name, cluster ORDER BY id) AS before
	FROM report.recent WHERE state <> 'killed' AND name IS NOT NULL
) AS run
GROUP BY name, cluster
HAVING count(*) FILTER (WHERE (state = 'success') <> (before = 'success')) > 0
ORDER BY changes DESC, failure_rate DESC, name;
COMMENT ON VIEW report.flakiest_names IS
	'Names whose batches now succeed and now fail, of those accepted within the range; without one, in the last 30 days.';
COMMENT ON COLUMN report.flakiest_names.name IS 'What the client calls it.';
COMMENT ON COLUMN report.flakiest_names.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.flakiest_names.batches IS 'How many ended by themselves.';
COMMENT ON COLUMN report.flakiest_names.failed IS 'How many of them dead or error.';
COMMENT ON COLUMN report.flakiest_names.changes IS 'How often a failure followed a success, or a success a failure.';
COMMENT ON COLUMN report.flakiest_names.failure_rate IS 'failed of batches.';
COMMENT ON COLUMN report.flakiest_names.usual_reason IS 'The reason that most failures had.';
COMMENT ON COLUMN report.flakiest_names.last_failed_id IS 'The newest one that failed.';
