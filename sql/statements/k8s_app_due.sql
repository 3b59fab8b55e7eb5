-- sql/statements/k8s_app_due.sql   $1 cluster, $2 seconds of silence, $3 how many at most. Applications whose drivers
-- were not submitted here, and which may have ended: stopped, or not heard of. A pod's end is better evidence than
-- that its SparkContext was stopped, and comes soon after; where it does not, the pod does other things. Also those
-- whose driver's pod is known and has no labels yet.
SELECT batch_brief.*, driver_marked, heard_at < now() - $2::int * interval '1 s' AS is_silent,
       stopped_at IS NOT NULL AND (driver_pod IS NULL OR stopped_at < now() - $2::int * interval '1 s') AS is_over
FROM k8s_application JOIN batch_brief ON batch_brief.id = batch_id
WHERE k8s_application.cluster = $1 AND operator_kind = 'client' AND finished_at IS NULL AND kill_requested_at IS NULL
  AND look_after <= now()
  AND (heard_at < now() - $2::int * interval '1 s' OR (driver_pod IS NOT NULL AND NOT driver_marked)
       OR (stopped_at IS NOT NULL AND (driver_pod IS NULL OR stopped_at < now() - $2::int * interval '1 s')))
ORDER BY batch_id
LIMIT $3::int
