-- sql/statements/k8s_batch_by_pod.sql   $1 namespace, $2 pod's name, $3 cluster or null: any.
-- The newest one: a name is free again when its pod is gone.
SELECT * FROM batch_brief
WHERE protocol = 'k8s' AND driver_pod = $2 AND namespace = $1 AND ($3::text IS NULL OR cluster = $3)
ORDER BY id DESC
LIMIT 1
