-- sql/views/now.sql   what has not ended.
-- SPDX-License-Identifier: Apache-2.0
CREATE VIEW report.now AS
SELECT cluster, queue, owner AS "user", count(*) AS batches, count(*) FILTER (WHERE admitted_at IS NULL) AS waiting_turn,
       count(*) FILTER (WHERE state = 'accepted' AND admitted_at IS NOT NULL) AS waiting_push,
       count(*) FILTER (WHERE state = 'starting' AND admitted_at IS NOT NULL) AS starting,
       count(*) FILTER (WHERE state = 'running') AS running,
       sum(cores) FILTER (WHERE state = 'running') AS running_cores,
       sum(memory_mib) FILTER (WHERE state = 'running') / 1024 AS running_gib, min(accepted_at) AS oldest_at
FROM batch_measured WHERE finished_at IS NULL
GROUP BY cluster, queue, owner
ORDER BY cluster, queue, owner;
COMMENT ON VIEW report.now IS 'What has not ended, by cluster, queue and user; the range does not matter.';
COMMENT ON COLUMN report.now.cluster IS 'Of the gateway''s configuration.';
COMMENT ON COLUMN report.now.queue IS 'Null: none.';
COMMENT ON COLUMN report.now."user" IS 'Null: nobody had to say who he is.';
COMMENT ON COLUMN report.now.batches IS 'How many.';
COMMENT ON COLUMN report.now.waiting_turn IS 'Of them wait for their turn, because limits are reached.';
COMMENT ON COLUMN report.now.waiting_push IS 'Of them Kubernetes does not know yet.';
COMMENT ON COLUMN report.now.starting IS 'Of them have no driver that runs yet.';
COMMENT ON COLUMN report.now.running IS 'Of them run.';
COMMENT ON COLUMN report.now.running_cores IS 'Cores that those asked for.';
COMMENT ON COLUMN report.now.running_gib IS 'GiB of memory that those asked for.';
COMMENT ON COLUMN report.now.oldest_at IS 'When the oldest one was accepted.';
