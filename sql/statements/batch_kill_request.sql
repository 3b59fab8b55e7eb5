-- sql/statements/batch_kill_request.sql   $1 id, $2 actor, $3 request_id, $4 'delete' or 'kill'.
-- Only the intent; the watcher does the work and repeats it until Kubernetes confirms. What nobody is pushing and was
-- never pushed ends here and now: there is nothing in Kubernetes to kill. A second request changes nothing.
WITH asked AS (
	UPDATE batch
	SET kill_requested_at = CASE WHEN finished_at IS NULL THEN coalesce(kill_requested_at, now())
				     ELSE kill_requested_at END,
	    deleted_at = CASE WHEN $4 = 'delete' THEN coalesce(deleted_at, now()) ELSE deleted_at END,
	    changed_at = now()
	WHERE id = $1::bigint
	RETURNING *
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, $4, state, $2, $3 FROM asked
)
SELECT asked.*, CASE WHEN finished_at IS NULL THEN pg_notify('sparkgate_' || cluster, id::text) END AS told
FROM asked
