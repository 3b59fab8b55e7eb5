-- sql/statements/batch_kill_all.sql   $1 protocol, $2 cluster or null, $3 actor or null, $4 request_id.
-- As batch_kill_request.sql, for all that are unfinished and the actor's; each cluster's watcher is told once.
WITH asked AS (
	UPDATE batch
	SET kill_requested_at = now(), changed_at = now()
	WHERE finished_at IS NULL AND kill_requested_at IS NULL AND protocol = $1::batch_protocol
	  AND ($2::text IS NULL OR cluster = $2)
	  AND ($3::text IS NULL OR owner IS NULL OR owner = $3 OR proxy_user = $3)
	RETURNING id, state, cluster
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'kill', state, $3, $4 FROM asked
), told AS (
	SELECT pg_notify('sparkgate_' || cluster, '') FROM asked GROUP BY cluster
)
SELECT (SELECT count(*) FROM asked) AS batches, (SELECT count(*) FROM told) AS clusters
