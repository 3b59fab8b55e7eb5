-- sql/statements/batch_pushed.sql   $1 id, $2 who pushed it.
-- The object is known to exist. A worker, a watcher and a watch event may all say so: the first one counts, and all of
-- them get the row as it is, to see whether a kill came in between.
WITH pushed AS (
	UPDATE batch
	SET pushed_at = now(), changed_at = now(),
	    state = CASE WHEN state = 'accepted' THEN 'starting'::batch_state ELSE state END,
	    message = CASE WHEN finished_at IS NULL THEN NULL ELSE message END
	WHERE id = $1::bigint AND pushed_at IS NULL
	RETURNING *
), paid AS (
	DELETE FROM batch_push WHERE batch_id = $1::bigint
), event AS (
	INSERT INTO batch_event (batch_id, kind, state, actor, request_id)
	SELECT id, 'pushed', state, $2, request_id FROM pushed
)
SELECT * FROM pushed
UNION ALL
SELECT * FROM batch WHERE id = $1::bigint AND NOT EXISTS (SELECT FROM pushed)
