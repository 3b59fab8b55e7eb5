-- sql/statements/batch_retry.sql   $1 id, $2 run that has failed (retries), $3 reason, $4 message, $5 exit code, $6 spec of
-- its object.
-- Instead of a final state: one commit for the row as it is before a run, for the push that the next run owes and for the
-- record of the one that failed, in the log too. Its lines are all there, and the next driver's are counted from its own
-- beginning. No row: it has been run again already, or is to be killed, or none is left.
WITH failed AS (
	SELECT id, now() + retry_interval_s * interval '1 second' AS next_at,
	       format('run %s of %s failed: %s', retries + 1, retry_max + 1, coalesce($4::text, $3::text)) AS what
	FROM batch WHERE id = $1::bigint
), told AS (
	SELECT id, next_at,
	       what || to_char(next_at AT TIME ZONE 'UTC', '", and the next begins at "YYYY-MM-DD"T"HH24:MI:SS"Z"') AS message
	FROM failed
), again AS (
	UPDATE batch
	SET state = 'starting', reason = NULL, message = told.message, retries = retries + 1, attempts = retries + 2,
	    end_state = NULL, end_reason = NULL, end_message = NULL, exit_code = NULL, app_id = NULL, driver_pod = NULL,
	    driver_followed = false, object_uid = NULL, pushed_at = NULL, changed_at = now(),
	    log_lines_count = log_lines_count + 1,
	    log_tail = CASE WHEN jsonb_array_length(log_tail) < 10 THEN log_tail ELSE log_tail - 0 END
		       || to_jsonb('(sparkgate: ' || translate(told.message, E'\r\n', '  ') || ')')
	FROM told
	WHERE batch.id = told.id AND retries = $2::int AND retries < retry_max AND finished_at IS NULL
	  AND kill_requested_at IS NULL
	RETURNING batch.id, cluster, state, batch.message, request_id, next_at, log_lines_count - 1 AS number,
		  log_tail ->> -1 AS line
), line AS (
	INSERT INTO batch_log (batch_id, first_line, lines) SELECT id, number / 1000 * 1000, ARRAY[line] FROM again
	ON CONFLICT (batch_id, first_line) DO UPDATE SET lines = batch_log.lines || excluded.lines
), position AS (
	UPDATE batch_log_position SET last_at_ns = 0, second_count = 0, second_before_count = 0
	WHERE batch_id = (SELECT id FROM again)
), push AS (
	-- tries 0: nobody has had it in hand
	INSERT INTO batch_push (batch_id, cluster, object, claimed_until, tries)
	SELECT id, cluster, $6::jsonb, next_at, 0 FROM again
	ON CONFLICT (batch_id) DO UPDATE
	SET object = excluded.object, claimed_until = excluded.claimed_until, tries = 0, last_error = NULL
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, reason, message, request_id)
	SELECT id, 'retry', state, $3::batch_reason, message || coalesce(' (exit code ' || $5::int || ')', ''), request_id FROM again
)
SELECT id FROM again
