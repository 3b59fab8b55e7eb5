-- sql/statements/batch_push_deferred.sql   $1 id, $2 milliseconds until the next try, $3 why, for people, $4 of which run
-- (retries).
-- Nobody holds the push until then; the watcher takes it up.
WITH deferred AS (
	UPDATE batch_push
	SET claimed_until = clock_timestamp() + $2::int * interval '1 millisecond', last_error = $3
	WHERE batch_id = $1::bigint AND EXISTS (SELECT FROM batch WHERE id = $1::bigint AND retries = $4::int)
	RETURNING batch_id, cluster
), told AS (
	UPDATE batch SET message = $3, changed_at = now()
	WHERE id = (SELECT batch_id FROM deferred) AND finished_at IS NULL
)
SELECT pg_notify('sparkgate_' || cluster, batch_id::text) FROM deferred
