-- sql/statements/metrics_batches.sql   no parameters. Unfinished batches by cluster and state: from the partial index.
SELECT cluster, state::text AS state, count(*) AS batches,
       (extract(epoch FROM now() - min(accepted_at)))::bigint AS oldest_s
FROM batch WHERE finished_at IS NULL GROUP BY cluster, state ORDER BY cluster, state
