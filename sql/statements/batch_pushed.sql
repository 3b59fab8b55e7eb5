-- sql/statements/batch_pushed.sql   $1 id, $2 who pushed it, $3 for which run (retries).
-- The object is known to exist. A worker, a watcher and a watch event may all say so: the first one counts, and all of
-- them get the row as it is, to see whether a kill came in between. Of an earlier run it is no news: the next is still owed.
WITH pushed AS (
	UPDATE batch
	SET pushed_at = now(), changed_at = now(),
	    state = CASE WHEN state = 'accepted' THEN 'starting'::batch_state ELSE state END,
	    message = CASE WHEN finished_at IS NULL THEN NULL ELSE message END
	WHERE id = $1::bigint AND pushed_at IS NULL AND retries = $3::int
	RETURNING *
), paid AS (
	DELETE FROM batch_push WHERE batch_id = (SELECT id FROM batch WHERE id = $1::bigint AND retries = $3::int)
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'pushed', state, $2, request_id FROM pushed
)
SELECT * FROM pushed
UNION ALL
SELECT * FROM batch WHERE id = $1::bigint AND NOT EXISTS (SELECT FROM pushed)
