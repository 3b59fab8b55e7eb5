-- sql/statements/k8s_app_stopped.sql   $1 id. Its driver has begun to remove what it had; a watcher ends the batch.
WITH stopped AS (
	UPDATE batch SET stopped_at = now(), changed_at = now()
	WHERE id = $1::bigint AND operator_kind = 'client' AND finished_at IS NULL AND stopped_at IS NULL
	RETURNING id, cluster
), due AS (
	UPDATE k8s_application SET look_after = now() WHERE batch_id = (SELECT id FROM stopped)
)
SELECT pg_notify('sparkgate_' || cluster, id::text) FROM stopped
