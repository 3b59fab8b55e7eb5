-- sql/views/failure_reasons.sql   why batches did not succeed.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.failure_reasons AS
SELECT day, cluster, state, reason, sum(batches)::bigint AS batches
FROM report.ended WHERE state <> 'success'
GROUP BY day, cluster, state, reason
ORDER BY day, cluster, batches DESC;
COMMENT ON VIEW report.failure_reasons IS 'What did not succeed within the range, by day, cluster and reason.';
COMMENT ON COLUMN report.failure_reasons.day IS 'Of the end, in UTC.';
COMMENT ON COLUMN report.failure_reasons.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.failure_reasons.state IS 'dead, killed, error.';
COMMENT ON COLUMN report.failure_reasons.reason IS 'E.g. out_of_memory: README, "How a batch ends".';
COMMENT ON COLUMN report.failure_reasons.batches IS 'How many.';
