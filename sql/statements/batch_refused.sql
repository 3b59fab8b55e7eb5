-- sql/statements/batch_refused.sql   $1 id, $2 Kubernetes' own words.
-- The API server will never take this object: the row stays, as the record of it, and nothing is owed any more.
WITH refused AS (
	UPDATE batch
	SET state = 'error', reason = 'refused', message = $2, finished_at = now(), changed_at = now(),
	    log_tail = to_jsonb(ARRAY[$2::text]), log_lines_count = 1
	WHERE id = $1::bigint AND finished_at IS NULL AND pushed_at IS NULL
	RETURNING *
), paid AS (
	DELETE FROM batch_push WHERE batch_id = $1::bigint
), line AS (
	INSERT INTO batch_log (batch_id, first_line, lines) SELECT id, 0, ARRAY[$2::text] FROM refused
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, reason, message, request_id)
	SELECT id, 'state', state, reason, message, request_id FROM refused
)
SELECT id FROM refused
