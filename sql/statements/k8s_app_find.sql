-- sql/statements/k8s_app_find.sql   $1 namespace, $2 application id, $3 cluster or null: any.
-- The batch that this application is, whether its driver was submitted here or ran before.
SELECT batch_brief.*, coalesce(k8s_application.driver_marked, false) AS driver_marked
FROM batch_brief LEFT JOIN k8s_application ON k8s_application.batch_id = batch_brief.id
WHERE protocol = 'k8s' AND app_id = $2 AND namespace = $1 AND ($3::text IS NULL OR batch_brief.cluster = $3)
ORDER BY batch_brief.id DESC
LIMIT 1
