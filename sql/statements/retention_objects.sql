-- sql/statements/retention_objects.sql   $1 cluster, $2 hours, $3 how many at most.
-- Ended batches whose object has been kept for long enough. What they said is stored: the state was the last to be written.
-- Those of earlier runs too, when the last was never pushed. Rows are compared, and looked up one by one, so that neither
-- index of what has ended is read past what is owed.
WITH owed AS MATERIALIZED (
	SELECT id FROM batch
	WHERE finished_at IS NOT NULL AND (pushed_at IS NOT NULL OR retries > 0) AND object_deleted_at IS NULL
	  AND (cluster, finished_at) > ($1::text, timestamptz '-infinity')
	  AND (cluster, finished_at) < ($1::text, now() - $2::int * interval '1 hour')
	ORDER BY cluster, finished_at LIMIT $3::int
)
SELECT batch.* FROM owed CROSS JOIN LATERAL (SELECT * FROM batch_brief WHERE batch_brief.id = owed.id OFFSET 0) AS batch
