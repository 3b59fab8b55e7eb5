-- sql/statements/retention_objects.sql   $1 cluster, $2 hours, $3 how many at most.
-- Ended batches whose object has been kept for long enough. What they said is stored: the state was the last to be written.
SELECT * FROM batch_brief
WHERE id IN (
	SELECT id FROM batch
	WHERE cluster = $1 AND finished_at IS NOT NULL AND pushed_at IS NOT NULL AND object_deleted_at IS NULL
	  AND finished_at < now() - $2::int * interval '1 hour'
	ORDER BY finished_at LIMIT $3::int
)
ORDER BY finished_at
