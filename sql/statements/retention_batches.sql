-- sql/statements/retention_batches.sql   $1 days, $2 how many at most.
-- Removes what ended longer ago and is in the sums. Its events and its log go with their partition, or are swept. One watcher
-- at a time: the lock ends with the statement. The oldest are looked at and no others: while the sums are still to come, as after
-- an upgrade, nothing is removed, instead of all being searched for what is in them.
WITH turn AS MATERIALIZED (
	SELECT pg_try_advisory_xact_lock(hashtext('sparkgate retention'), 0) AS held
), old AS MATERIALIZED (
	SELECT id FROM batch
	WHERE (SELECT held FROM turn) AND finished_at IS NOT NULL AND finished_at < now() - $1::int * interval '1 day'
	ORDER BY finished_at LIMIT $2::int
	FOR UPDATE SKIP LOCKED
), removed AS (
	DELETE FROM batch WHERE id = ANY (ARRAY(
		SELECT id FROM old WHERE NOT EXISTS (SELECT FROM batch_rollup_owed WHERE batch_id = old.id)
	)) RETURNING id
)
SELECT count(*) AS batches FROM removed
