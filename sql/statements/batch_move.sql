-- sql/statements/batch_move.sql   $1 id, $2 state expected, $3 state wanted, $4 reason, $5 message, $6 app_id,
-- $7 driver_pod, $8 attempts, $9 whether the driver pod is to be followed from now on, $10 exit code, $11 the object's uid,
-- $12 the run (retries) of which it was seen.
-- Also what is merely learned (application id, driver pod) comes this way; only a new state is an event.
-- A DELETE in a worker and an event in the watcher may race: the row decides, no row means you lost.
WITH moved AS (
	UPDATE batch
	SET state = $3::batch_state, reason = $4::batch_reason, message = $5,
	    app_id = coalesce($6, app_id), driver_pod = coalesce($7, driver_pod), attempts = $8::int,
	    driver_followed = driver_followed OR $9::boolean, exit_code = coalesce($10::int, exit_code),
	    object_uid = coalesce(object_uid, $11), changed_at = now(),
	    started_at = CASE WHEN $3 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
	    finished_at = CASE WHEN $3 IN ('success', 'dead', 'killed', 'error') THEN now() END
	WHERE id = $1::bigint AND state = $2::batch_state AND finished_at IS NULL AND retries = $12::int
	RETURNING *
), paid AS (
	DELETE FROM batch_push WHERE batch_id = (SELECT id FROM moved WHERE finished_at IS NOT NULL)
), unheard AS (
	DELETE FROM k8s_application WHERE batch_id = (SELECT id FROM moved WHERE finished_at IS NOT NULL)
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, reason, message, request_id)
	SELECT id, 'state', state, reason, message, request_id FROM moved WHERE $2::text <> $3::text
)
SELECT id FROM moved
