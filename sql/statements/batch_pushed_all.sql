-- sql/statements/batch_pushed_all.sql   $1 ids, $2 for which run of each (retries), $3 who says so.
-- As batch_pushed.sql, of several whose objects have been seen, in one commit; answers those of which it was news. A row
-- that somebody else has in hand is left out: it is noted when it is looked at on its own, and nobody waits in a ring.
WITH seen AS MATERIALIZED (
	SELECT batch.id
	FROM unnest($1::bigint[], $2::int[]) AS asked (id, run) JOIN batch ON batch.id = asked.id AND batch.retries = asked.run
	WHERE pushed_at IS NULL
	FOR UPDATE OF batch SKIP LOCKED
), pushed AS (
	UPDATE batch
	SET pushed_at = now(), changed_at = now(),
	    state = CASE WHEN state = 'accepted' THEN 'starting'::batch_state ELSE state END,
	    message = CASE WHEN finished_at IS NULL THEN NULL ELSE message END
	WHERE id = ANY (ARRAY(SELECT id FROM seen))
	RETURNING id, state, message, pushed_at, request_id
), paid AS (
	DELETE FROM batch_push WHERE batch_id = ANY (ARRAY(SELECT id FROM seen))
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'pushed', state, $3, request_id FROM pushed
)
SELECT id, state, message, pushed_at FROM pushed
