-- sql/statements/retention_logs.sql   $1 days, $2 how many pieces at most, $3 how many batches at most.
-- Logs first, in pieces: with the rows alone a step could be as large as the logs of all its batches.
WITH turn AS MATERIALIZED (
	SELECT pg_try_advisory_xact_lock(hashtext('sparkgate retention'), 0) AS held
), old AS MATERIALIZED (
	SELECT id FROM batch
	WHERE (SELECT held FROM turn) AND finished_at IS NOT NULL AND finished_at < now() - $1::int * interval '1 day'
	ORDER BY finished_at LIMIT $3::int
), pieces AS MATERIALIZED (
	SELECT piece.place
	FROM old CROSS JOIN LATERAL (
		SELECT ctid AS place FROM batch_log WHERE batch_id = old.id ORDER BY first_line LIMIT $2::int
	) AS piece
	LIMIT $2::int
), removed AS (
	-- by their places: what was found through the index is not looked for again
	DELETE FROM batch_log WHERE ctid = ANY (ARRAY(SELECT place FROM pieces)) RETURNING batch_id
)
SELECT count(*) AS pieces FROM removed
