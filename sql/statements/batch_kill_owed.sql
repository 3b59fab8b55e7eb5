-- sql/statements/batch_kill_owed.sql   $1 cluster, $2 how many at most. Kills that Kubernetes has not confirmed.
-- "held": somebody may be creating the object, or an executor, just now, so its absence proves nothing yet; once that
-- claim has run out nobody takes it again. A push that waits for its retry nobody has in hand.
SELECT batch.*, coalesce(greatest(CASE WHEN batch_push.tries > 0 THEN batch_push.claimed_until END, creating_until)
			 >= clock_timestamp(), false) AS held
FROM batch LEFT JOIN batch_push ON batch_push.batch_id = batch.id LEFT JOIN k8s_application ON k8s_application.batch_id = batch.id
WHERE batch.cluster = $1 AND batch.kill_requested_at IS NOT NULL AND batch.finished_at IS NULL
ORDER BY batch.id
LIMIT $2::int
