-- sql/statements/batch_waiting.sql   $1 cluster, $2 id after which to go on, $3 how many at most. Batches whose
-- driver should run by now, or has ended although its operator does not say so: Kubernetes is asked. What ran before
-- it came here waits for nothing.
SELECT * FROM batch_brief
WHERE cluster = $1 AND finished_at IS NULL AND state IN ('starting', 'running') AND kill_requested_at IS NULL AND id > $2::bigint
      AND pushed_at < now() - interval '10 s' AND operator_kind <> 'client'
ORDER BY id
LIMIT $3::int
