-- sql/statements/metrics_turns.sql   $1 {"CLUSTER": ["QUEUE", ...]}: the queues that are counted by name; all others together
-- as "*", for clients may ask for any.
WITH named AS (
	SELECT turns.cluster, CASE WHEN $1::jsonb -> turns.cluster ? turns.queue THEN turns.queue ELSE '*' END AS queue, runs
	FROM (SELECT cluster, queue, true AS runs FROM turn_taken UNION ALL SELECT cluster, queue, false FROM turn_awaited) AS turns
	UNION ALL
	SELECT cluster.key, queue.value, NULL FROM jsonb_each($1::jsonb) AS cluster
	CROSS JOIN jsonb_array_elements_text(cluster.value) AS queue
)
SELECT cluster, queue, count(*) FILTER (WHERE runs) AS running, count(*) FILTER (WHERE NOT runs) AS waiting
FROM named GROUP BY cluster, queue ORDER BY cluster, queue
