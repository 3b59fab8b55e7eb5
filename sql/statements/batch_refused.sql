-- sql/statements/batch_refused.sql   $1 id, $2 Kubernetes' own words, $3 of which run (retries).
-- The API server will never take this object: the row stays, as the record of it, and nothing is owed any more.
WITH refused AS (
	UPDATE batch
	SET state = 'error', reason = 'refused', message = $2, finished_at = now(), changed_at = now(),
	    log_tail = CASE WHEN jsonb_array_length(log_tail) < 10 THEN log_tail ELSE log_tail - 0 END || to_jsonb($2::text),
	    log_lines_count = log_lines_count + 1
	WHERE id = $1::bigint AND finished_at IS NULL AND pushed_at IS NULL AND retries = $3::int
	RETURNING *
), paid AS (
	DELETE FROM batch_push WHERE batch_id = (SELECT id FROM batch WHERE id = $1::bigint AND retries = $3::int)
), line AS (
	-- behind the logs of earlier runs
	INSERT INTO batch_log (batch_id, first_line, lines)
	SELECT id, (log_lines_count - 1) / 1000 * 1000, ARRAY[$2::text] FROM refused
	ON CONFLICT (batch_id, first_line) DO UPDATE SET lines = batch_log.lines || excluded.lines
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, reason, message, request_id)
	SELECT id, 'state', state, reason, message, request_id FROM refused
)
SELECT id FROM refused
